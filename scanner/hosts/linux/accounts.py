"""The collector for accounts of a Linux machine: passwd, group and shadow, homes, and the record of logins."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Final

from scanner.facts.accounts import Account, AccountGroup, Accounts, Password
from scanner.facts.readings import FileRights
from scanner.hosts.base import FileKind, Files, Names, Reader, Run, collector
from scanner.hosts.linux import sshd_files
from scanner.hosts.linux.base import FIRST_PERSON, LAST_PERSON, MOST_ACCOUNTS, seen, shown
from scanner.hosts.linux.passwd import GROUP, LARGEST, OTHER, PASSWD, SHADOW, Entry, Shadow, groups, passwd, shadow
from scanner.hosts.linux.ssh_keys import HOMES, expanded, key_places
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason
from scanner.wire.pam import variable

CLOCK: Final = ("date", "+%s")
LASTLOG: Final[tuple[tuple[str], ...]] = (("lastlog",), ("lastlog2",))
MOST_LOGINS: Final = 2000
LAST: Final = ("last", "--time-format", "iso", "-w", "-n", str(MOST_LOGINS))
LONGEST_NAME: Final = 32
"""Of an account in wtmp(5)."""
DISPLAY: Final = "/etc/systemd/system/display-manager.service"
RED_HAT_LOGIN: Final = "/etc/pam.d/postlogin"
TRUSTING: Final = (".rhosts", ".shosts", ".netrc", ".forward")
TRUSTED_HOSTS: Final = ("/etc/hosts.equiv", "/etc/ssh/shosts.equiv", "/etc/shosts.equiv")
OWN_SOURCES: Final = frozenset({"files", "compat", "systemd", "altfiles", "db", "extrausers", "mymachines", "myhostname"})
NEVER: Final = 99_998
MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
DAY: Final = 86_400


@collector(
    Platform.LINUX,
    Files(PASSWD, limit=LARGEST),
    Files(GROUP, limit=LARGEST),
    Files(SHADOW, limit=LARGEST, root=True),
    Files("/etc/login.defs"),
    Files("/etc/nsswitch.conf"),
    Files(sshd_files.MAIN, root=True),
    Files("/etc/ssh/sshd_config.d/*", root=True),
    Names("/etc/ssh/sshd_config.d", root=True),
    Files("/home/*/.ssh/authorized_keys*", root=True),
    Run(CLOCK),
    *(Run(argv) for argv in LASTLOG),
    Run(LAST),
    *(Names(path) for path in TRUSTED_HOSTS),
    Names(DISPLAY),
    Names(RED_HAT_LOGIN),
    Names("/"),
    Names("/home"),
    *HOMES,
    Names("/home/*/.[rs]hosts", root=True),
    Names("/home/*/.netrc", root=True),
    Names("/home/*/.forward", root=True),
)
def accounts(read: Reader) -> Accounts:
    """See the accounts of the machine."""
    entries = seen(lambda: passwd(read))
    return Accounts(
        accounts=entries if isinstance(entries, Unobserved) else seen(lambda: _accounts(read, entries)),
        groups=seen(lambda: tuple(AccountGroup(shown(g.name), str(g.gid), tuple(map(shown, g.members))) for g in groups(read))),
        directories=_directories(read),
        trusted_hosts=seen(lambda: tuple(path for path in TRUSTED_HOSTS if read.state(path) is not None)),
        recorded_days=seen(lambda: _Record(read).recorded_days()),
    )


class _Record:
    """The record of logins: user → seconds since 1970, and how many days back it reaches. Raises ``CannotObserve``."""

    def __init__(self, read: Reader) -> None:
        if not read.live:
            raise CannotObserve(Reason.UNSUPPORTED, "the machine does not run, so that nobody knows how long ago anything was")
        clock = read.command(CLOCK)
        if clock is None or not clock.stdout.strip().isdigit():
            raise CannotObserve(Reason.UNSUPPORTED, "the machine's clock was not told")
        self.now = int(clock.stdout)
        self.latest: dict[str, int] = {}
        self.whole = False
        self.reaches: int | None = None
        for argv in LASTLOG:
            output = read.command(argv)
            if output is not None and output.status == 0:
                self.whole |= argv[0] == "lastlog2" or _notes_all(read)
                for line in output.stdout.decode("utf-8", "replace").split("\n")[1:]:
                    if (when := _written(line)) is not None:
                        self._note(line.split()[0], when)
        output = read.command(LAST)
        if output is not None and output.status == 0:
            times: list[int] = []
            for line in output.stdout.decode("utf-8", "replace").split("\n"):
                told = re.findall(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:?\d\d", line)  # wtmpdb's has no second colon
                if not told:
                    continue
                when = int(datetime.fromisoformat(told[0]).timestamp())
                if re.match(r"\S+ begins ", line):
                    self.reaches = self._days(when)
                    continue
                times.append(when)
                if not line.startswith(("reboot ", "shutdown ", "runlevel ")):
                    self._note(line.split()[0], when)
            if len(times) >= MOST_LOGINS:
                self.reaches = self._days(min(times))

    def _days(self, when: int) -> int:
        return max(0, (self.now - when) // DAY)

    def _note(self, name: str, when: int) -> None:
        self.latest[name] = max(when, self.latest.get(name, 0))

    def idle_days(self, name: str) -> int | None:
        """Give the days since an account's last login; ``None`` where none is recorded. Raises ``CannotObserve``."""
        self.recorded_days()
        when = self.latest.get(name[:LONGEST_NAME])
        return None if when is None else self._days(when)

    def recorded_days(self) -> int | None:
        """Give how many days of logins are recorded; ``None``: the last one of every account is. Raises ``CannotObserve``."""
        if not self.whole and self.reaches is None:
            raise CannotObserve(Reason.UNSUPPORTED, "neither lastlog, lastlog2 nor last tells of logins")
        return None if self.whole else self.reaches


def _notes_all(read: Reader) -> bool:
    """Tell whether lastlog(8) has the last login of every account: graphical ones are noted by the Red Hat family's PAM only."""
    return read.state(DISPLAY) is None or read.state(RED_HAT_LOGIN) is not None


def _written(line: str) -> int | None:
    """Read the time at the end of a line of lastlog: ``Sun Nov 22 11:54:51 +0900 2026``."""
    found = re.search(r"(\w{3}) +(\d{1,2}) (\d\d):(\d\d):(\d\d) ([+-]\d{4}) (\d{4})\s*$", line)
    if found is None or found[1] not in MONTHS:
        return None
    month = MONTHS.index(found[1]) + 1
    try:
        when = datetime.fromisoformat(
            f"{found[7]}-{month:02d}-{int(found[2]):02d}T{found[3]}:{found[4]}:{found[5]}{found[6][:3]}:{found[6][3:]}"
        )
    except ValueError:
        return None
    return int(when.astimezone(UTC).timestamp())


def _accounts(read: Reader, entries: tuple[Entry, ...]) -> tuple[Account, ...]:
    secrets = seen(lambda: {line.name: line for line in reversed(shadow(read))})
    record = seen(lambda: _Record(read))
    first, last = _people(read)
    places = key_places(sshd_files.files(read))
    people = [e for e in entries if e.logs_in]
    if len(people) > MOST_ACCOUNTS:
        raise CannotObserve(Reason.TOO_LARGE, f"{PASSWD}: more than {MOST_ACCOUNTS} accounts that log in")
    held = _Held(secrets, record, places)
    return tuple(_account(read, e, held, first <= e.uid <= last) for e in entries)


def _people(read: Reader) -> tuple[int, int]:
    data = read.file("/etc/login.defs") or b""
    least, most = variable(data, "UID_MIN", last=True), variable(data, "UID_MAX", last=True)
    return (
        int(least) if least and re.fullmatch(r"\d{1,9}", least) else FIRST_PERSON,
        int(most) if most and re.fullmatch(r"\d{1,9}", most) else LAST_PERSON,
    )


_STATES: Final = {"empty": Password.EMPTY, "locked": Password.LOCKED, "none": Password.NONE}


@dataclass(frozen=True, slots=True)
class _Held:
    """What all accounts are looked up in: /etc/shadow, the record of logins, where keys stand and where else they may."""

    secrets: Mapping[str, Shadow] | Unobserved
    record: _Record | Unobserved
    places: tuple[tuple[str, ...], tuple[str, ...]]


def _keys(read: Reader, entry: Entry, places: tuple[tuple[str, ...], tuple[str, ...]]) -> bool:
    """Tell whether keys open an account. Raises ``CannotObserve``, also where they may come from places that are not looked at."""
    if any(_stands(read, expanded(place, entry)) for place in places[0]):
        return True
    if places[1]:
        raise CannotObserve(Reason.UNSUPPORTED, f"keys may also come from {', '.join(places[1][:3])}")
    return False


def _account(read: Reader, entry: Entry, all_: _Held, person: bool) -> Account:
    secrets, record = all_.secrets, all_.record
    password: Password | Unobserved
    kind: str | Unobserved = ""
    age: int | Unobserved | None = None
    most: int | Unobserved | None = None
    expired: bool | Unobserved = False
    held = secrets.get(entry.name) if not isinstance(secrets, Unobserved) else None
    if OTHER in {entry.password, held.password if held else ""}:
        password = kind = Unobserved(Reason.UNSUPPORTED, f"{shown(entry.name)}: the password field has a form that is not known")
    elif entry.password != "shadow":  # noqa: S105  the kind of entry; the field itself opens the account
        password = _STATES.get(entry.password, Password.SET)
        kind = entry.password if password is Password.SET else ""
    elif isinstance(secrets, Unobserved):
        password = kind = age = most = expired = secrets
    elif held is None:
        password = Password.NONE
    else:
        line = held
        password = _STATES.get(line.password, Password.SET)
        kind = line.password if password is Password.SET else ""
        most = None if line.most_days is None or line.most_days < 0 or line.most_days > NEVER else line.most_days
        if isinstance(record, Unobserved):
            age = None if line.changed is None else record
            expired = False if line.expires is None or line.expires < 0 else record
        else:
            today = record.now // DAY
            age = None if line.changed is None else max(0, today - line.changed) if line.changed > 0 else None
            expired = line.expires is not None and 0 <= line.expires <= today
    login = entry.logs_in
    looked = login and entry.home.startswith("/") and entry.home != "/"
    return Account(
        name=shown(entry.name),
        number=str(entry.uid),
        group=str(entry.gid),
        person=person,
        login=login,
        shell=shown(entry.shell),
        password=password,
        hash=kind,
        age_days=age,
        most_days=most,
        expired=expired,
        keys=seen(partial(_keys, read, entry, all_.places)) if login else False,
        idle_days=record if isinstance(record, Unobserved) else seen(lambda: record.idle_days(entry.name)),
        home=seen(lambda: _home(read, entry.home)) if looked else None,
        trusts=seen(lambda: tuple(name for name in TRUSTING if _stands(read, f"{entry.home}/{name}"))) if looked else (),
    )


def _stands(read: Reader, path: str) -> bool:
    return read.state(path) is not None


def _home(read: Reader, path: str) -> FileRights | None:
    state = read.state(path)
    if state is None or state.kind is not FileKind.DIRECTORY:
        return None
    return FileRights(shown(path), state.mode, state.uid, state.gid)


def _directories(read: Reader) -> tuple[str, ...]:
    data = seen(lambda: read.file("/etc/nsswitch.conf"))
    if isinstance(data, Unobserved):
        return (shown(data.detail),)
    for row in (data or b"").decode("utf-8", "replace").split("\n"):
        key, colon, value = row.partition("#")[0].partition(":")
        if key.strip() == "passwd" and colon:
            words = re.sub(r"\[[^\]]*\]", " ", value).split()
            return tuple(shown(word) for word in words if word not in OWN_SOURCES)
    return ()

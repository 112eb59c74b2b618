"""The machine's own accounts and groups: from its accounts database where that may be read, else as Windows answers.

What a domain keeps is not here; that the machine belongs to one is said.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Final, TypeVar

from scanner.facts.accounts import Account, AccountGroup, Accounts, Password
from scanner.hosts.base import Key, collector
from scanner.hosts.seeing import needed, parsed, seen, shown
from scanner.hosts.windows import answers
from scanner.hosts.windows.base import SERVICES, WindowsReader, service_start
from scanner.hosts.windows.system import now
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import sam

T = TypeVar("T")
SAM: Final = r"HKLM\SAM\SAM\Domains"
USERS: Final = SAM + r"\Account\Users"
ALIASES: Final = SAM + r"\Builtin\Aliases"
OWN_ALIASES: Final = SAM + r"\Account\Aliases"
MOST: Final = 5_000
DAY: Final = 86_400
PROGRAMS: Final = frozenset({"503", "504"})
"""DefaultAccount and WDAGUtilityAccount: made by Windows for itself and switched off."""
LONGEST_V: Final = 65_536
_RID: Final = re.compile(r"[0-9A-Fa-f]{8}\Z")
_DISABLED, _KEEPS_PASSWORD = 0x2, 0x10000
"""USER_INFO_3's flags (lmaccess.h), which are not those of the accounts database."""
NO_HASH: Final = Unobserved(Reason.UNSUPPORTED, "Windows keeps NT hashes, encrypted with a key of the machine; no setting changes that")
RIGHTS: Final = Unobserved(Reason.UNSUPPORTED, "access control lists of profiles are not read")
TRUSTS: Final = Unobserved(Reason.UNSUPPORTED, "files of profiles are not looked at")


@collector(
    Platform.WINDOWS,
    Key(USERS + r"\*", root=True),
    Key(ALIASES + r"\*", root=True),
    Key(OWN_ALIASES + r"\*", root=True),
    answers.ACCOUNTS.source,
    answers.GROUPS.source,
    answers.JOINED.source,
    answers.CLOCK.source,
    Key(SERVICES + r"\sshd"),
)
def accounts(read: WindowsReader) -> Accounts:
    """Give the accounts that the machine itself keeps, by SID whatever they are called."""
    today = seen(lambda: now(read))
    keys = seen(lambda: _keys(read))
    found = seen(lambda: _accounts(read, today, keys))
    groups = seen(lambda: _groups(read))
    domain = seen(lambda: _domain(read))
    if not isinstance(found, Unobserved):
        read.keep("accounts", ", ".join(f"{a.name} {a.number}" for a in found))
    return Accounts(
        accounts=found,
        groups=groups,
        directories=("unknown",) if isinstance(domain, Unobserved) else domain,
        trusted_hosts=(),
        recorded_days=None,
    )


def _keys(read: WindowsReader) -> bool:
    """Tell that no account can be opened by a key: there is no SSH server. With one, nobody looks for keys here."""
    if service_start(read, "sshd") in {None, 4}:
        return False
    raise CannotObserve(Reason.UNSUPPORTED, "an SSH server is installed; files of keys are not looked for")


def _domain(read: WindowsReader) -> tuple[str, ...]:
    """Name the domain that the machine belongs to. A machine that does not run names it in its Group Policy's state."""
    if read.live:
        joined = read.ask(answers.JOINED)
        return (shown(joined.name),) if joined.domain else ()
    own = read.value(r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Group Policy\State\Machine", "Distinguished-Name")
    if isinstance(own, str) and own:
        return (shown(".".join(re.findall(r"DC=([^,]+)", own, re.IGNORECASE))) or "domain",)
    raise CannotObserve(Reason.UNSUPPORTED, "the machine does not run, so it is not known whether it belongs to a domain")


def _accounts(read: WindowsReader, today: int | Unobserved, keys: bool | Unobserved) -> tuple[Account, ...]:
    stored = seen(lambda: read.subkeys(USERS))
    if isinstance(stored, tuple):
        return _stored(read, stored, today, keys)
    try:
        told = read.ask(answers.ACCOUNTS).accounts
    except CannotObserve as why:
        # of the two reasons the one that an administrator can do something about
        raise stored.error() if isinstance(stored, Unobserved) and read.live else why from why
    return tuple(_from_windows(account, today, keys) for account in _within(told))


def _within(found: tuple[T, ...]) -> tuple[T, ...]:
    """Refuse more accounts or groups than are read."""
    if len(found) > MOST:
        raise CannotObserve(Reason.TOO_LARGE, f"more than {MOST} accounts or groups")
    return found


def _stored(read: WindowsReader, names: tuple[str, ...], today: int | Unobserved, keys: bool | Unobserved) -> tuple[Account, ...]:
    rids = [name for name in _within(names) if _RID.match(name)]
    domain = needed(parsed("Account V", _octets(read, SAM + r"\Account", "V"), sam.parse_domain_sid))
    found = []
    for rid in rids:
        fixed = needed(parsed(f"{rid} F", _octets(read, rf"{USERS}\{rid}", "F"), sam.parse_account))
        named = needed(parsed(f"{rid} V", _octets(read, rf"{USERS}\{rid}", "V"), sam.parse_name))
        password: Password | Unobserved
        if fixed.flags & sam.DISABLED:
            password = Password.LOCKED
        elif named.has_password is None:
            password = Unobserved(Reason.PROTOCOL_VIOLATION, f"{rid}: a stored password of a form that is not known")
        else:
            password = Password.SET if named.has_password else Password.EMPTY
        found.append(
            _account(
                name=named.name,
                sid=f"{domain}-{int(rid, 16)}",
                password=password,
                keeps=bool(fixed.flags & sam.KEEPS_PASSWORD),
                age=_days(today, fixed.password_set),
                most=seen(lambda: _most_days(read)),
                ended=_ended(today, fixed.expires),
                idle=_days(today, fixed.last_logon),
                keys=keys,
            )
        )
    return tuple(found)


def _from_windows(told: answers.LocalAccount, today: int | Unobserved, keys: bool | Unobserved) -> Account:
    """Make an account of what NetUserEnum says. Its flags tell whether a password is asked for from now on, not whether there is one."""
    return _account(
        name=told.name,
        sid=told.sid,
        password=Password.LOCKED if told.flags & _DISABLED else Password.SET_OR_EMPTY,
        keeps=bool(told.flags & _KEEPS_PASSWORD),
        age=told.password_age // DAY,
        most=Unobserved(Reason.ACCESS_DENIED, "the accounts database may not be read"),
        ended=_ended(today, told.expires),
        idle=_days(today, told.last_logon),
        keys=keys,
    )


def _account(
    *,
    name: str,
    sid: str,
    password: Password | Unobserved,
    keeps: bool,
    age: int | Unobserved | None,
    most: int | Unobserved | None,
    ended: bool | Unobserved,
    idle: int | Unobserved | None,
    keys: bool | Unobserved,
) -> Account:
    disabled = password is Password.LOCKED
    return Account(
        name=shown(name),
        number=sid,
        group="",
        person=sid.rsplit("-", 1)[-1] not in PROGRAMS,
        login=not disabled,
        shell="",
        password=password,
        hash="" if disabled or password is Password.EMPTY else NO_HASH,
        age_days=age,
        most_days=None if keeps else most,
        expired=ended,
        keys=False if disabled else keys,
        idle_days=idle,
        home=RIGHTS,
        trusts=TRUSTS,
    )


def _octets(read: WindowsReader, key: str, name: str) -> bytes:
    value = read.value(key, name)
    if not isinstance(value, bytes) or len(value) > LONGEST_V:
        raise CannotObserve(Reason.PROTOCOL_VIOLATION, rf"{key}\{name}: not what the accounts database holds")
    return value


def _most_days(read: WindowsReader) -> int | None:
    rules = needed(parsed("Account F", _octets(read, SAM + r"\Account", "F"), sam.parse_rules))
    return None if rules.most_age is None else rules.most_age // DAY


def _days(today: int | Unobserved, when: int | None) -> int | Unobserved | None:
    if when is None or isinstance(today, Unobserved):
        return None if when is None else today
    return max(0, (today - when) // DAY)


def _ended(today: int | Unobserved, expires: int | None) -> bool | Unobserved:
    if expires is None:
        return False
    return today if isinstance(today, Unobserved) else expires <= today


def _groups(read: WindowsReader) -> tuple[AccountGroup, ...]:
    found = []
    stored = seen(lambda: read.subkeys(ALIASES))
    if not isinstance(stored, tuple):
        told = read.ask(answers.GROUPS).groups
        return tuple(AccountGroup(shown(g.name), g.sid, tuple(shown(name or sid) for sid, name in g.members)) for g in _within(told))
    names = seen(partial(_names, read))
    domain = needed(parsed("Account V", _octets(read, SAM + r"\Account", "V"), sam.parse_domain_sid))
    for place, prefix in ((ALIASES, "S-1-5-32"), (OWN_ALIASES, domain)):
        for rid in [name for name in _within(read.subkeys(place) or ()) if _RID.match(name)]:
            octets = _octets(read, rf"{place}\{rid}", "C")
            members = needed(parsed(f"{rid} C", octets, sam.parse_members))
            title = needed(parsed(f"{rid} C", octets, sam.parse_group_name))
            known = {} if isinstance(names, Unobserved) else names
            found.append(AccountGroup(shown(title), f"{prefix}-{int(rid, 16)}", tuple(known.get(sid, sid) for sid in members)))
    return tuple(found)


def _names(read: WindowsReader) -> dict[str, str]:
    domain = needed(parsed("Account V", _octets(read, SAM + r"\Account", "V"), sam.parse_domain_sid))
    found = {}
    for rid in [name for name in _within(read.subkeys(USERS) or ()) if _RID.match(name)]:
        named = needed(parsed(f"{rid} V", _octets(read, rf"{USERS}\{rid}", "V"), sam.parse_name))
        found[f"{domain}-{int(rid, 16)}"] = shown(named.name)
    return found

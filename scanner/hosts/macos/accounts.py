"""The collector for the accounts of macOS, as its directory service lists them. Of passwords only their state is asked, never a hash."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import partial
from typing import Final

from scanner.facts.accounts import Account, AccountGroup, Accounts, Password
from scanner.facts.readings import FileRights
from scanner.hosts.base import Names, Reader, Run, collector
from scanner.hosts.macos.base import PEOPLE, said
from scanner.hosts.macos.software import NOW, today
from scanner.hosts.seeing import needed, parsed, seen, shown
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import plist

ATTRIBUTES: Final = ("RecordName", "UniqueID", "PrimaryGroupID", "UserShell", "NFSHomeDirectory", "AuthenticationAuthority")
USERS: Final = Run(("dscl", "-plist", ".", "-readall", "/Users", *ATTRIBUTES, "accountPolicyData"), seconds=20.0, root=True)
GROUPS: Final = Run(("dscl", "-plist", ".", "-readall", "/Groups", "RecordName", "PrimaryGroupID", "GroupMembership"), seconds=20.0)
SEARCH: Final = Run(("dscl", "/Search", "-read", "/", "CSPSearchPath"))
FIRST_PERSON: Final = 500
NO_LOGIN: Final = frozenset({"/usr/bin/false", "/usr/sbin/uucico", "/sbin/nologin", "/usr/sbin/nologin"})
MOST: Final = 5_000
HASH: Final = "pbkdf2-sha512"
"""How macOS keeps passwords from 10.8 on (SALTED-SHA512-PBKDF2)."""


@collector(Platform.MACOS, *PEOPLE, USERS, GROUPS, SEARCH, NOW, Names("/Users"))
def accounts(read: Reader) -> Accounts:
    """See who has an account on the machine, and which directories give it more."""
    return Accounts(
        accounts=seen(partial(_accounts, read)),
        groups=seen(partial(_groups, read)),
        directories=_directories(read),
        trusted_hosts=(),  # macOS has no rlogin
        recorded_days=Unobserved(Reason.UNSUPPORTED, "the record of log-ons is not read"),
    )


def records(read: Reader, asked: Run) -> list[dict[str, tuple[str, ...]]]:
    """Give the records that dscl prints, each attribute by its name without the prefix of its type. Raises ``CannotObserve``."""
    answer = needed(said(read, asked))
    held = needed(parsed("dscl", answer.encode(), plist.parse_list))
    if len(held) > MOST:
        raise CannotObserve(Reason.TOO_LARGE, f"dscl: more than {MOST} records")
    found = []
    for record in held:
        if isinstance(record, Mapping):
            names = {str(key).rpartition(":")[2]: value for key, value in record.items()}
            found.append({key: tuple(map(str, value)) for key, value in names.items() if isinstance(value, list)})
    return found


def _one(record: Mapping[str, tuple[str, ...]], key: str) -> str:
    return next(iter(record.get(key, ())), "")


def _accounts(read: Reader) -> tuple[Account, ...]:
    day = today(read)
    found = []
    for record in records(read, USERS):
        name, number = _one(record, "RecordName"), _one(record, "UniqueID")
        if not name or not re.fullmatch(r"-?\d{1,10}", number):
            continue
        shell = _one(record, "UserShell")
        ways = record.get("AuthenticationAuthority", ())
        home = _one(record, "NFSHomeDirectory")
        person = int(number) >= FIRST_PERSON and not name.startswith("_")
        state = _password(ways)
        found.append(
            Account(
                name=shown(name),
                number=number,
                group=_one(record, "PrimaryGroupID"),
                person=person,
                login=shell not in NO_LOGIN and bool(shell),
                shell=shown(shell),
                password=state,
                hash=HASH if any(";ShadowHash;" in way for way in ways) else "",
                age_days=_age(_one(record, "accountPolicyData"), day),
                most_days=Unobserved(Reason.UNSUPPORTED, "the policy of single accounts is not read"),
                expired=False,
                keys=seen(partial(_keys, read, home)) if person else False,
                idle_days=Unobserved(Reason.UNSUPPORTED, "the record of log-ons is not read"),
                home=seen(partial(_home, read, home)) if person else None,
                trusts=(),
            )
        )
    if not found:
        raise CannotObserve(Reason.UNSUPPORTED, "dscl lists no account")
    return tuple(found)


def _password(ways: tuple[str, ...]) -> Password | Unobserved:
    """Tell the state of a password. That one is kept does not say that it is not empty, unless the account may unlock the disk."""
    if any(";DisabledUser;" in way for way in ways):
        return Password.LOCKED
    if any(";SecureToken;" in way for way in ways):
        return Password.SET
    if any(";ShadowHash;" in way or ";basic;" in way for way in ways):
        return Unobserved(Reason.UNSUPPORTED, "a password is kept, and whether it is empty cannot be told without trying it")
    return Password.NONE


def _age(policy: str, day: date | Unobserved) -> int | Unobserved | None:
    """Give the days since the password was set: ``passwordLastSetTime``, seconds since 1970, in the account's policy data."""
    if not policy:
        return Unobserved(Reason.UNSUPPORTED, "dscl shows no policy data of the account")
    held = parsed("accountPolicyData", policy.encode(), plist.parse)
    if isinstance(held, Unobserved):
        return held
    seconds = plist.whole(held.get("passwordLastSetTime"))
    if seconds is None or not 0 < seconds < 1 << 36:
        return None
    return day if isinstance(day, Unobserved) else max(0, (day - datetime.fromtimestamp(seconds, UTC).date()).days)


def _keys(read: Reader, home: str) -> bool:
    return home.startswith("/") and read.state(f"{home}/.ssh/authorized_keys") is not None


def _home(read: Reader, home: str) -> FileRights | None:
    state = read.state(home) if home.startswith("/") else None
    return None if state is None else FileRights(shown(home), state.mode, state.uid, state.gid)


def _groups(read: Reader) -> tuple[AccountGroup, ...]:
    return tuple(
        AccountGroup(shown(_one(r, "RecordName")), _one(r, "PrimaryGroupID"), tuple(map(shown, r.get("GroupMembership", ()))))
        for r in records(read, GROUPS)
    )


def _directories(read: Reader) -> tuple[str, ...]:
    """Name the directory services that are searched beside the machine's own; where that is unknown, say so in their place."""
    answer = said(read, SEARCH)
    if isinstance(answer, Unobserved):
        return ("?",)
    paths = (line.strip().removeprefix("CSPSearchPath:").strip() for line in answer.split("\n"))
    return tuple(shown(path) for path in paths if path.startswith("/") and not path.startswith("/Local"))

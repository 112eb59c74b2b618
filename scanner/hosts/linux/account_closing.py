"""The collector for accounts of Linux that close when their password was not changed in time: shadow(5), and useradd(8) for new ones."""

from __future__ import annotations

import re
from typing import Final

from scanner.facts.account_closing import AccountClosing, ClosingAccount, ClosingRule
from scanner.hosts.base import Files, Reader, collector
from scanner.hosts.linux.base import needed, seen, shown
from scanner.hosts.linux.passwd import LARGEST, PASSWD, SHADOW, passwd, shadow
from scanner.hosts.linux.password_rules import DEFS, NO_LIMIT, of_defs
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason

DEFAULTS: Final = "/etc/default/useradd"
OPENS_NOTHING: Final = frozenset({"locked", "none", "empty"})
"""Kinds of password fields under which no password is kept that could end; see ``kind_of_password``."""


@collector(Platform.LINUX, Files(PASSWD, limit=LARGEST), Files(SHADOW, limit=LARGEST, root=True), Files(DEFS), Files(DEFAULTS))
def account_closing(read: Reader) -> AccountClosing:
    """See when accounts close whose password is not changed."""
    fact = AccountClosing(seen(lambda: _default(read)), seen(lambda: _accounts(read)))
    read.keep(DEFAULTS, f"new accounts: {fact.default}")
    return fact


def _default(read: Reader) -> ClosingRule:
    """Read what useradd(8) gives a new account: the last INACTIVE counts, and without one accounts never close."""
    lines = (read.file(DEFAULTS) or b"").decode("utf-8", "replace").split("\n")
    written = [line.partition("=")[2] for line in lines if line.startswith("INACTIVE=")]
    value = written[-1] if written else "-1"
    if not re.fullmatch(r"-?\d{1,9}", value):
        raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"{DEFAULTS}: INACTIVE={shown(value)} is no number")
    return ClosingRule(needed(of_defs(read.file(DEFS), "PASS_MAX_DAYS")), _days(int(value)))


def _accounts(read: Reader) -> tuple[ClosingAccount, ...]:
    lines = {line.name: line for line in reversed(shadow(read))}
    found = []
    for entry in passwd(read):
        line = lines.get(entry.name)
        if entry.logs_in and line is not None and entry.password == "shadow" and line.password not in OPENS_NOTHING:  # noqa: S105  a kind
            rule = ClosingRule(_days(line.most_days), _days(line.close_days))
            found.append(ClosingAccount(shown(entry.name), str(entry.uid), rule))
    return tuple(found)


def _days(number: int | None) -> int | None:
    return None if number is None or not 0 <= number <= NO_LIMIT else number

"""Who holds an administrator's rights on a machine, worked out of its accounts, groups and rules of sudo. Nothing is judged here."""

from __future__ import annotations

from collections.abc import Iterable

from scanner.facts.accounts import Account, AccountGroup, Password
from scanner.facts.sudo import SudoRule

SUPERUSER = "0"
POWERFUL = frozenset({"root", "sudo", "wheel", "admin", "adm-sudo", "docker", "lxd", "incus-admin", "disk", "shadow", "libvirt"})
"""Groups whose members can become administrator: by rule of the distribution, or because of what the group may touch."""
POWERFUL_SIDS = frozenset(f"S-1-5-32-{rid}" for rid in (544, 547, 548, 549, 550, 551, 578))
"""The same on Windows: administrators, power users, account, server, print and backup operators, administrators of Hyper-V."""


def who_administers(users: tuple[Account, ...], groups: tuple[AccountGroup, ...], rules: Iterable[SudoRule]) -> dict[str, str]:
    """Give the names of those who hold the rights, each with what gives them: ``UID 0``, the name of a group, ``sudoers``."""
    holders = {a.name: "UID 0" for a in users if a.number == SUPERUSER}
    closed = {a.name for a in users if a.password is Password.LOCKED and a.keys is False}
    for powerful in groups:  # by SID, whatever they are called
        if powerful.number in POWERFUL_SIDS:
            holders.update({name: powerful.name for name in powerful.members if name not in holders and name not in closed})
    for group in sorted(g.name for g in groups if g.name in POWERFUL):
        holders.update({name: group for name in sorted(_meant(f"%{group}", users, groups)) if name not in holders})
    for rule in rules:
        if "ALL" not in rule.commands or not {"root", "ALL", "#0"} & set(rule.targets):
            continue
        for who in rule.users:
            names = _meant(who, users, groups)
            holders.update({name: "sudoers" for name in sorted(names) if name not in holders and not who.startswith("!")})
    return holders


def _meant(who: str, users: tuple[Account, ...], groups: tuple[AccountGroup, ...]) -> set[str]:
    """Give the accounts that a word of sudoers(5) means: a name or ``#number``, ``%group`` or ``%#number``, ``ALL``; others as they are."""
    if who == "ALL":
        return {a.name for a in users}
    if who.startswith("%"):
        meant = [g for g in groups if who in {f"%{g.name}", f"%#{g.number}"}]
        numbers = {g.number for g in meant} | ({who[2:]} if who.startswith("%#") else set())
        return {name for g in meant for name in g.members} | {a.name for a in users if a.group in numbers}
    return {a.name for a in users if who == f"#{a.number}"} or {who}

"""Who may act as another account through sudo: rules and settings as the program resolves them, names of aliases written out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from scanner.facts.readings import FileRights
from scanner.model.fact import Fact, Unobserved
from scanner.model.platform import Platform
from scanner.model.target import Kind


@dataclass(frozen=True, slots=True)
class SudoRule:
    """One rule: who, on which hosts, as whom, which commands. A group has ``%`` before its name, what is excepted has ``!``.

    ``asks`` is whether the rule asks for a password, ``None`` where the settings decide.
    """

    users: tuple[str, ...]
    hosts: tuple[str, ...]
    targets: tuple[str, ...]
    commands: tuple[str, ...]
    asks: bool | None


@dataclass(frozen=True, slots=True)
class SudoSetting:
    """One setting; ``binding`` is empty where it holds for all, otherwise the users, hosts, commands or targets it holds for."""

    name: str
    value: str
    """``yes`` and ``no`` for switches, otherwise as it is written."""
    binding: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SudoRules(Fact):
    """The rules of sudo. ``version`` is empty where it is not known."""

    of: ClassVar[Kind] = Kind.MACHINE
    arises_on: ClassVar[frozenset[Platform]] = frozenset({Platform.LINUX, Platform.MACOS})

    installed: bool | Unobserved
    version: str
    rules: tuple[SudoRule, ...] | Unobserved
    settings: tuple[SudoSetting, ...] | Unobserved
    files: tuple[FileRights, ...] | Unobserved
    """The files that hold the rules, and their directory."""
    elsewhere: tuple[str, ...] = ()
    """Further places that rules come from (LDAP, SSSD), which were not looked at."""

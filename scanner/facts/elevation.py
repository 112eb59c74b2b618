"""The facts about how programs come by an administrator's rights on a Windows machine: User Account Control, Windows Installer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique
from typing import ClassVar

from scanner.facts.readings import Readings
from scanner.model.fact import Fact, Unobserved
from scanner.model.platform import Platform
from scanner.model.target import Kind


@unique
class Prompt(StrEnum):
    """What an administrator is asked before a program gets all rights."""

    NOTHING = "nothing"
    CONSENT_TO_OTHERS = "consent-to-others"
    """A yes, and nothing for programs of Windows itself."""
    CONSENT = "consent"
    CREDENTIALS = "credentials"


@dataclass(frozen=True, slots=True)
class Elevation(Fact):
    """How an administrator's rights are taken up."""

    of: ClassVar[Kind] = Kind.MACHINE
    arises_on: ClassVar[frozenset[Platform]] = frozenset({Platform.WINDOWS})

    controlled: Readings[bool]
    """Whether administrators work without these rights until they take them up."""
    prompt: Prompt | Unobserved
    built_in: bool | Unobserved
    """Whether that holds for the built-in administrator as well."""


@dataclass(frozen=True, slots=True)
class OwnHalf:
    """What one account's own policy says of ``InstallerRights``."""

    account: str
    elevated: bool | Unobserved


@dataclass(frozen=True, slots=True)
class InstallerRights(Fact):
    """Whether Windows Installer gives every package all rights of the machine, whoever starts it (AlwaysInstallElevated).

    It does for the accounts whose own half is set, where the machine's half is set as well.
    """

    of: ClassVar[Kind] = Kind.MACHINE
    arises_on: ClassVar[frozenset[Platform]] = frozenset({Platform.WINDOWS})

    barred: bool | Unobserved
    """Whether the installer never runs at all."""
    machine: bool | Unobserved
    accounts: tuple[OwnHalf, ...] | Unobserved
    """Every account that has a profile on the machine."""

"""The fact about macros in office documents: which ones run, and who decides on it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique
from typing import ClassVar

from scanner.model.fact import Fact, Unobserved
from scanner.model.target import Kind


@unique
class MacroRule(StrEnum):
    """Which macros run."""

    NEVER = "never"
    TRUSTED_PLACES = "trusted-places"
    """Only those of documents in folders that are listed as trusted."""
    SIGNED = "signed"
    """Only those signed by a trusted author, and those in trusted folders."""
    ASKS = "asks"
    """All that the user agrees to."""
    ALL = "all"


@dataclass(frozen=True, slots=True)
class OfficeProgram:
    """One office program, for one account or for all that have no settings of their own."""

    name: str
    """``libreoffice``; ``word``, ``excel``, ``powerpoint`` … or ``microsoft-office`` where one setting is for all of them."""
    account: str
    rule: MacroRule | Unobserved
    fixed: bool | Unobserved
    """Whether ordinary users cannot change it."""
    blocks_foreign: bool | Unobserved | None
    """Whether macros of documents from the internet are blocked, whatever ``rule`` says; ``None``: it has no such function."""
    trusted_places: tuple[str, ...] | Unobserved
    """Folders whose documents run their macros freely, as far as an administrator or user listed them."""
    source: str


@dataclass(frozen=True, slots=True)
class OfficeMacros(Fact):
    """What the office programs of a machine do with macros."""

    of: ClassVar[Kind] = Kind.MACHINE

    programs: tuple[OfficeProgram, ...] | Unobserved

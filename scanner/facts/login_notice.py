"""The fact about what a machine tells people before they log on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from scanner.model.fact import Fact, Unobserved
from scanner.model.target import Kind


@dataclass(frozen=True, slots=True)
class Notice:
    """A text that is shown before or at a log-on. The text itself is not kept."""

    place: str
    warns: bool
    """Whether it speaks of who may use the machine, or of records and watching."""
    tells_system: bool
    """Whether it tells the system's name or version to whoever connects."""


@dataclass(frozen=True, slots=True)
class LoginNotice(Fact):
    """What people are told at a log-on."""

    of: ClassVar[Kind] = Kind.MACHINE

    before: tuple[Notice, ...] | Unobserved
    """Shown before the log-on."""
    after: tuple[Notice, ...] | Unobserved
    """Shown to those who logged on."""

"""The fact about how a machine locks itself when nobody works at it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from scanner.facts.readings import Readings, Wait
from scanner.model.fact import Fact, Unobserved
from scanner.model.target import Kind


@dataclass(frozen=True, slots=True)
class DesktopLock:
    """How one desktop locks, for one account or for all that have no settings of their own."""

    desktop: str
    """``gnome``, ``kde``, another desktop's name as it calls itself (later ``windows``, ``macos``)."""
    account: str
    """Whose own settings these are; empty for what every account without settings of its own gets."""
    idle: Readings[Wait]
    """Time without input until the screen goes dark or the saver starts."""
    idle_fixed: bool | Unobserved
    """Whether ordinary users cannot change it."""
    password: Readings[bool]
    """Whether the session is then locked, so that a password is asked for on return."""
    password_fixed: bool | Unobserved
    grace: Readings[Wait]
    """Time from the dark screen until the lock is in place."""
    grace_fixed: bool | Unobserved


@dataclass(frozen=True, slots=True)
class ConsoleLimit:
    """One setting that ends or locks an idle text console or login shell."""

    means: str
    """The platform's own word: ``TMOUT``, ``StopIdleSessionSec``, ``IdleAction=lock``."""
    idle: Readings[Wait]
    fixed: bool | Unobserved


@dataclass(frozen=True, slots=True)
class ScreenLock(Fact):
    """How a machine is locked when nobody works at it."""

    of: ClassVar[Kind] = Kind.MACHINE

    has_display: bool | Unobserved
    """Whether a graphical session can be opened at it."""
    desktops: tuple[DesktopLock, ...] | Unobserved
    lockers: tuple[str, ...] | Unobserved
    """Screen locking programs that are installed and that a user has to set up: ``swaylock``, ``xss-lock`` …"""
    console: tuple[ConsoleLimit, ...] | Unobserved
    """Limits on text consoles that were looked for; empty where the platform has no text console."""

"""One setting of a machine, read three times, and the small values that such settings hold. No fact types here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Generic, TypeVar

from scanner.model.fact import Unobserved

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Readings(Generic[T]):
    """What lasting settings ask for, what holds now, and what will hold after the next start.

    The three differ where a file was edited and not applied, where a command changed the running machine, or where
    something is only there until the next start. A verdict speaks of the reading that its requirement speaks of.
    """

    configured: T | Unobserved | None
    """What policy or files say; ``None``: they say nothing, so the platform's default of this version applies."""
    in_force: T | Unobserved | None
    """What the running kernel, session or service does; ``None``: the machine does not run (a mounted image)."""
    after_restart: T | Unobserved
    source: str
    """Where the deciding value stands, in the platform's own words (file and key, registry value, command)."""

    def effective(self) -> tuple[T | Unobserved, ...]:
        """Give what is or will be so: in force now where the machine runs, and after the next start."""
        if self.in_force is None:
            return (self.after_restart,)
        return (self.in_force, self.after_restart)

    def seen(self) -> tuple[T, ...]:
        """Give the parts of ``effective`` that could be observed."""
        return tuple(part for part in self.effective() if not isinstance(part, Unobserved))

    def missing(self) -> Unobserved | None:
        """Give the first part of ``effective`` that could not be observed."""
        return next((part for part in self.effective() if isinstance(part, Unobserved)), None)


@dataclass(frozen=True, slots=True)
class Wait:
    """How long something waits before it happens. ``None`` seconds: it never happens; a written zero often means that."""

    seconds: int | None


@unique
class Hold(StrEnum):
    """How firmly something is prevented."""

    FULL = "full"
    PARTIAL = "partial"
    """It is made harder, or prevented for some and not for others."""
    NONE = "none"


@dataclass(frozen=True, slots=True)
class FileRights:
    """Who may do what with a file or directory: owner, group and the permission bits."""

    path: str
    mode: int
    uid: int
    gid: int

    def loose(self, allowed: int, owners: frozenset[int] = frozenset({0})) -> bool:
        """Tell whether it grants more than the bits ``allowed``, or belongs to somebody else than ``owners``."""
        return bool(self.mode & 0o777 & ~allowed) or self.uid not in owners


@unique
class Audience(StrEnum):
    """For whom a server does something."""

    NOBODY = "nobody"
    ITSELF = "itself"
    """The machine itself, or its own networks, or whoever holds a shared key."""
    SOME = "some"
    """Networks that are named."""
    EVERYBODY = "everybody"

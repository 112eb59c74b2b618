"""Facts about the file systems of a machine: rights of sensitive files, what a walk found, mounts, schedules, integrity checking."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from scanner.facts.readings import Readings
from scanner.model.fact import Fact, Unobserved
from scanner.model.platform import Platform
from scanner.model.target import Kind


@dataclass(frozen=True, slots=True)
class FileRights:
    """Who may do what with one file or directory: permission bits as POSIX has them, owner and group by name (a number without one)."""

    path: str
    directory: bool
    mode: int
    owner: str
    group: str


@dataclass(frozen=True, slots=True)
class SensitiveFiles(Fact):
    """The rights of files that guard the machine. What does not exist is left out."""

    of: ClassVar[Kind] = Kind.MACHINE

    files: tuple[FileRights, ...]
    unseen: tuple[str, ...]
    """Paths whose rights could not be read."""
    command_directories: tuple[FileRights, ...] | Unobserved
    """The directories in which the administrator's commands are looked for, in order; a relative one has no rights (mode -1)."""
    schedulers: tuple[str, ...] | Unobserved
    """Installed programs that run things at set times for accounts: ``cron``, ``at``."""
    open_schedulers: tuple[str, ...] | Unobserved
    """Those that every account may use."""


@dataclass(frozen=True, slots=True)
class FoundFile:
    """One file that a walk found. ``mode`` holds the permission bits."""

    path: str
    mode: int
    owner: str
    group: str


@dataclass(frozen=True, slots=True)
class FileWalk(Fact):
    """What a walk over the machine's own file systems found; bounded in time and number."""

    of: ClassVar[Kind] = Kind.MACHINE
    arises_on: ClassVar[frozenset[Platform]] = frozenset({Platform.LINUX, Platform.MACOS})

    privileged: tuple[FoundFile, ...]
    """Programs that run with the rights of their owner or group (setuid, setgid)."""
    open_files: tuple[FoundFile, ...]
    """Files that everybody may write."""
    open_directories: tuple[FoundFile, ...]
    """Directories in which everybody may replace what others put there."""
    unowned: tuple[FoundFile, ...]
    """Files whose owner or group exists no longer."""
    complete: bool
    """Whether the walk came to its end within its time and number."""
    seconds: int
    """The time that it was given."""
    left_out: tuple[str, ...]
    """File systems and folders that were not walked: network shares, containers' layers, media."""


@dataclass(frozen=True, slots=True)
class Mount:
    """One place of the tree that is, or should be, a file system of its own; where it is none, its options are empty."""

    path: str
    type: str
    options: Readings[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Mounts(Fact):
    """File systems that have to be kept apart, with their options; and entries for media that people plug in."""

    of: ClassVar[Kind] = Kind.MACHINE
    arises_on: ClassVar[frozenset[Platform]] = frozenset({Platform.LINUX, Platform.MACOS})

    container: str | Unobserved
    places: tuple[Mount, ...]
    media: tuple[Mount, ...] | Unobserved


@dataclass(frozen=True, slots=True)
class IntegrityTool:
    """One program that notices changed files."""

    name: str
    database_days: int | Unobserved | None
    """Days since its database was made; ``None``: there is none."""
    checked_days: int | Unobserved | None
    """Days since it last compared; ``None``: no trace of it."""
    scheduled: Readings[bool] | Unobserved
    watches: bool
    """Whether it is a service that looks all the time."""


@dataclass(frozen=True, slots=True)
class FileIntegrity(Fact):
    """What notices changes of the machine's files."""

    of: ClassVar[Kind] = Kind.MACHINE

    tools: tuple[IntegrityTool, ...] | Unobserved

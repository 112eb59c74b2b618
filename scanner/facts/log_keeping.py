"""The facts about a machine's logs: what is recorded, where it is kept and for how long, who may touch it, and to whom it is sent."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique
from typing import ClassVar

from scanner.facts.readings import Readings
from scanner.model.fact import Fact, Unobserved
from scanner.model.target import Kind


@unique
class RecordKind(StrEnum):
    """Kinds of records."""

    AUTHENTICATION = "authentication"
    """Log-ons, refused and admitted, and the use of an administrator's rights."""
    SYSTEM = "system"
    """What the operating system's services say."""


@dataclass(frozen=True, slots=True)
class LogProgram:
    """A program that takes records."""

    name: str
    """``rsyslog``, ``syslog-ng``, ``systemd-journald`` (later ``windows-event-log`` …)."""
    running: bool | Unobserved | None
    starts: bool | Unobserved


@dataclass(frozen=True, slots=True)
class LogStore:
    """A place on the machine where records are kept."""

    name: str
    """A file's path, or ``journal``."""
    kinds: tuple[RecordKind, ...]
    lasting: bool | Unobserved
    """Whether what is in it is still there after a restart."""
    kept_seconds: int | Unobserved | None
    """For how long a record is surely kept; ``None``: nothing removes it; unobserved where its size decides."""
    most_seconds: int | None
    """For how long one is kept at most, where there is such a limit."""
    source: str
    """Where that stands."""


@dataclass(frozen=True, slots=True)
class LogTarget:
    """Another machine that records are sent to."""

    host: str
    port: int
    protocol: str
    kinds: tuple[RecordKind, ...]
    encrypted: bool
    verified: bool
    queued: bool
    source: str


@dataclass(frozen=True, slots=True)
class LogEntrance:
    """A port on which records of other machines are taken."""

    protocol: str
    port: int
    encrypted: bool
    source: str


@dataclass(frozen=True, slots=True)
class LogKeeping(Fact):
    """What becomes of a machine's records."""

    of: ClassVar[Kind] = Kind.MACHINE

    programs: tuple[LogProgram, ...] | Unobserved
    stores: tuple[LogStore, ...] | Unobserved
    targets: tuple[LogTarget, ...] | Unobserved
    entrances: tuple[LogEntrance, ...] | Unobserved
    rotates: Readings[bool]
    """Whether old records are taken away regularly, so that the disk does not run full."""


@dataclass(frozen=True, slots=True)
class LogFile:
    """A log file or a directory of logs."""

    path: str
    directory: bool
    mode: int
    owner: int
    group: int


@dataclass(frozen=True, slots=True)
class LogFiles(Fact):
    """The files of the logs and the room that is left for them."""

    of: ClassVar[Kind] = Kind.MACHINE

    files: tuple[LogFile, ...] | Unobserved
    left_out: int
    """How many files at least were not looked at: beyond the cap, or in directories that could not be listed though others can enter."""
    free_percent: float | Unobserved | None
    """Room that is left where logs are written; ``None``: the machine does not run."""

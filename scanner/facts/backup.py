"""The facts about the backups that a machine makes of itself: what is scheduled, and the result files that the ledger names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from scanner.model.fact import Fact, Unobserved
from scanner.model.target import Kind


@dataclass(frozen=True, slots=True)
class BackupJob:
    """A backup that runs on a schedule."""

    tool: str
    """``restic``, ``borg``, ``rsync``, ``pg_dump`` …"""
    place: str
    """Where it is scheduled: a cron file or a timer."""
    succeeded: bool | Unobserved | None
    """How its last run ended; ``None``: it has not run since the machine started."""
    hours: int | Unobserved | None
    """Hours since then."""


@dataclass(frozen=True, slots=True)
class Backup(Fact):
    """The backups that a machine makes by itself, and the agents that let a backup server fetch them."""

    of: ClassVar[Kind] = Kind.MACHINE

    jobs: tuple[BackupJob, ...] | Unobserved
    agents: tuple[str, ...] | Unobserved
    """Programs of backup servers that run here: ``bareos-fd``, ``veeamservice`` …"""


@dataclass(frozen=True, slots=True)
class BackupResult:
    """A result file that the ledger names. Of what it says only whether the awaited words stand in its last line is kept."""

    path: str
    good: bool | Unobserved | None
    """Whether they do; ``None``: there is no such file."""
    hours: int | Unobserved | None
    """Hours since it was written."""


@dataclass(frozen=True, slots=True)
class BackupResults(Fact):
    """Every result file that the ledger names for a machine."""

    of: ClassVar[Kind] = Kind.MACHINE

    results: tuple[BackupResult, ...]

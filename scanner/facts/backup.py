"""The fact about the backups that a machine makes of itself."""

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

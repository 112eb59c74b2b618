"""Facts about the records that Windows itself keeps: which doings are recorded, and how much of them is kept."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique
from typing import ClassVar

from scanner.model.fact import Fact, Unobserved
from scanner.model.platform import Platform
from scanner.model.target import Kind

WINDOWS = frozenset({Platform.WINDOWS})


@dataclass(frozen=True, slots=True)
class AuditSetting:
    """One subcategory of the audit policy, by the last octet of the first part of its GUID: 0x15 is {0cce9215-...}, Logon."""

    subcategory: int
    success: bool
    failure: bool


@dataclass(frozen=True, slots=True)
class AuditPolicy(Fact):
    """The audit policy in force. Subcategories that this Windows does not have are not there."""

    of: ClassVar[Kind] = Kind.MACHINE
    arises_on: ClassVar[frozenset[Platform]] = WINDOWS

    settings: tuple[AuditSetting, ...]
    command_lines: bool
    """Whether records of started programs hold their command lines."""
    source: str


@unique
class WhenFull(StrEnum):
    """What becomes of records when a log has reached its size."""

    OVERWRITES = "overwrites"
    ARCHIVES = "archives"
    """A full log is set aside under another name, and a new one begun."""
    STOPS = "stops"
    """New records are dropped until somebody clears the log."""


@dataclass(frozen=True, slots=True)
class EventLog:
    """One log."""

    name: str
    """``Application``, ``Security``, ``System`` …"""
    most_bytes: int | Unobserved
    when_full: WhenFull | Unobserved
    source: str
    """Where its size stands."""


@dataclass(frozen=True, slots=True)
class EventLogs(Fact):
    """The logs of Windows, and the records of what PowerShell runs."""

    of: ClassVar[Kind] = Kind.MACHINE
    arises_on: ClassVar[frozenset[Platform]] = WINDOWS

    logs: tuple[EventLog, ...]
    script_blocks: bool | Unobserved
    """Whether every script that PowerShell runs is recorded."""

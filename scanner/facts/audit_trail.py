"""The fact about what a machine's kernel records of its users' doings, beside what programs log themselves."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique
from typing import ClassVar

from scanner.facts.readings import Readings
from scanner.model.fact import Fact, Unobserved
from scanner.model.platform import Platform
from scanner.model.target import Kind


@unique
class AuditSubject(StrEnum):
    """What records are kept of."""

    IDENTITIES = "identities"
    """Changes of accounts, groups and passwords."""
    PRIVILEGE_RULES = "privilege-rules"
    """Changes of who may become administrator."""
    PRIVILEGE_USE = "privilege-use"
    """Commands run with an administrator's rights."""
    LOGINS = "logins"
    TIME = "time"
    """Changes of the clock."""
    MODULES = "modules"
    """Drivers and other code that is put into the kernel."""
    RIGHTS = "rights"
    """Changes of owners and rights of files."""
    DELETION = "deletion"
    POLICY = "policy"
    """Changes of mandatory access control."""


@unique
class AuditSwitch(StrEnum):
    """Whether records are made."""

    OFF = "off"
    ON = "on"
    FIXED = "fixed"
    """On, and nobody can change it before the next start."""


@dataclass(frozen=True, slots=True)
class AuditStore:
    """What happens to the records."""

    when_full: str
    """What is done when the newest log file is full, in the program's word: ``rotate``, ``keep_logs``, ``ignore`` …"""
    when_short: str
    """What is done when little room is left on the disk."""
    when_disk_full: str


@dataclass(frozen=True, slots=True)
class AuditTrail(Fact):
    """The record that the operating system itself keeps. Windows has one of another make: ``AuditPolicy``."""

    of: ClassVar[Kind] = Kind.MACHINE
    arises_on: ClassVar[frozenset[Platform]] = frozenset({Platform.LINUX, Platform.MACOS})

    container: bool | Unobserved
    """Whether the kernel, and with it the record, is another machine's."""
    installed: bool | Unobserved
    running: bool | Unobserved | None
    """Whether the program that writes the records runs; ``None``: the machine does not run."""
    starts: bool | Unobserved
    switch: Readings[AuditSwitch]
    subjects: Readings[tuple[AuditSubject, ...]]
    compat: Readings[bool]
    """Whether programs may call the kernel in a second form, that of 32-bit machines."""
    compat_subjects: Readings[tuple[AuditSubject, ...]]
    """What is recorded of programs that do."""
    store: AuditStore | Unobserved

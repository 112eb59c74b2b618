"""Facts about SNMP agents on a machine, read from their own configuration. Network devices have ``network_device``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from scanner.facts.network_device import SnmpAccess
from scanner.model.fact import Fact, Unobserved
from scanner.model.platform import Platform
from scanner.model.target import Kind


@dataclass(frozen=True, slots=True)
class SnmpUser:
    """A user of version 3 by its algorithms: ``SHA-256``, ``AES`` …; empty: none, ``?``: not known. Name and keys are not kept."""

    authentication: str
    privacy: str


@dataclass(frozen=True, slots=True)
class SnmpAgent:
    """One program that answers SNMP."""

    name: str
    running: bool | Unobserved | None
    starts: bool | Unobserved
    applied: Unobserved | None
    source: str
    local: bool | Unobserved
    """Whether it can be reached from the machine itself alone."""
    access: tuple[SnmpAccess, ...] | Unobserved
    """The ways in that are known, by file and line."""
    beyond: Unobserved | None
    """Why there may be further ways in."""
    users: tuple[SnmpUser, ...] | Unobserved


@dataclass(frozen=True, slots=True)
class SnmpConfiguration(Fact):
    """Every SNMP agent on a machine that is known here; empty where there is none."""

    of: ClassVar[Kind] = Kind.MACHINE
    arises_on: ClassVar[frozenset[Platform]] = frozenset({Platform.LINUX})

    agents: tuple[SnmpAgent, ...] | Unobserved

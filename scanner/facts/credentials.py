"""The fact about secrets of log-ons that a Windows machine keeps, and how they are kept from programs. No secret is ever in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from scanner.facts.readings import Readings
from scanner.model.fact import Fact, Unobserved
from scanner.model.platform import Platform
from scanner.model.target import Kind


@dataclass(frozen=True, slots=True)
class KeptCredentials(Fact):
    """What is kept of passwords, and who can get at it."""

    of: ClassVar[Kind] = Kind.MACHINE
    arises_on: ClassVar[frozenset[Platform]] = frozenset({Platform.WINDOWS})

    clear_text: bool | Unobserved
    """Whether passwords of people who are logged on stand in memory in clear text (WDigest)."""
    protected: Readings[bool]
    """Whether the process that holds secrets (LSA) lets only signed code in."""
    logs_on_alone: bool | Unobserved
    """Whether somebody is logged on when the machine starts, with a password that it keeps."""
    cached: int | Unobserved
    """Log-ons to a domain whose proofs are kept for when the domain cannot be reached."""
    joined: bool | Unobserved
    """Whether the machine belongs to a domain, so that there is something to keep."""
    rotates: bool | Unobserved
    """Whether the local administrator's password is changed by itself, and kept by the organisation (LAPS)."""
    source: str
    """Where the setting of LAPS stands."""

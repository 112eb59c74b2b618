"""Facts about print services on a machine, read from their own configuration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from scanner.facts.readings import Audience
from scanner.model.fact import Fact, Unobserved
from scanner.model.platform import Platform
from scanner.model.target import Kind


@dataclass(frozen=True, slots=True)
class PrintService:
    """One program that takes print jobs."""

    name: str
    running: bool | Unobserved | None
    starts: bool | Unobserved
    applied: Unobserved | None
    source: str
    clients: Audience | Unobserved
    """Who gets through to it: what it listens on and its access rules together."""
    encrypted: bool | Unobserved
    """Whether other machines have to use TLS."""
    administration_asks: bool | Unobserved
    """Whether printers can be added and changed only after a login."""
    administrators: tuple[str, ...] | Unobserved
    """The accounts beside root by whose login that is done; ``*``: anybody's."""
    announces: bool | Unobserved
    """Whether it tells the network about its printers."""
    file_devices: bool | Unobserved
    """Whether printers can be made that write to files and devices of the machine."""


@dataclass(frozen=True, slots=True)
class Printing(Fact):
    """Every print service on a machine that is known here; empty where there is none."""

    of: ClassVar[Kind] = Kind.MACHINE
    arises_on: ClassVar[frozenset[Platform]] = frozenset({Platform.LINUX})

    services: tuple[PrintService, ...] | Unobserved

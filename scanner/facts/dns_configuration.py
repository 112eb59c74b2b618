"""Facts about DNS server programs on a machine, read from their own configuration. What the network shows of them is in ``dns_server``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from scanner.facts.readings import Audience
from scanner.model.fact import Fact, Unobserved
from scanner.model.platform import Platform
from scanner.model.target import Kind


@dataclass(frozen=True, slots=True)
class ServedZone:
    """A zone that the server is authoritative for, or copies, and who may transfer it; ``where`` is a view or empty."""

    name: str
    where: str
    transfers: Audience | Unobserved


@dataclass(frozen=True, slots=True)
class DnsProgram:
    """One DNS server program. A part is ``None`` where the program has no such thing (NSD never recurses)."""

    name: str
    """``bind``, ``unbound``, ``nsd`` or ``knot``."""
    version: str | Unobserved
    running: bool | Unobserved | None
    starts: bool | Unobserved
    applied: Unobserved | None
    """Why the files may not be what it goes by now: they are newer than the running program."""
    source: str
    recursion: Audience | Unobserved | None
    zones: tuple[ServedZone, ...] | Unobserved
    """Zones of the program's own, such as ``localhost``, left out."""
    rate_limit: bool | Unobserved
    """Whether answers to one client or network are limited in number (response rate limiting)."""
    hides_version: bool | Unobserved
    validates: bool | Unobserved | None
    """Whether it validates with DNSSEC when it resolves."""
    anchor_kept: bool | Unobserved | None
    """Whether it keeps its trust anchors up to date by itself (RFC 5011); ``None``: it does not validate."""
    hints: tuple[str, ...] | Unobserved | None
    """Addresses of root servers that the program is given; ``None``: those built into it."""
    account: str | Unobserved
    """The account it runs as or will run as, ``root`` for example."""


@dataclass(frozen=True, slots=True)
class DnsConfiguration(Fact):
    """Every DNS server program on a machine; empty where there is none."""

    of: ClassVar[Kind] = Kind.MACHINE
    arises_on: ClassVar[frozenset[Platform]] = frozenset({Platform.LINUX})

    programs: tuple[DnsProgram, ...] | Unobserved

"""The fact about the packet filter of a machine, whatever program keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from scanner.facts.readings import Readings
from scanner.model.fact import Fact, Unobserved
from scanner.model.target import Kind


@dataclass(frozen=True, slots=True)
class Opening:
    """New connections that a filter lets through beside its rule for all others."""

    protocol: str
    """``tcp``, ``udp``, or a service's name where its ports were not looked up."""
    first: int
    last: int
    sources: tuple[str, ...]
    """Networks from which it is open (to which, for outgoing traffic); empty: all."""
    interfaces: tuple[str, ...]
    """Interfaces on which it is open; empty: all."""


@dataclass(frozen=True, slots=True)
class Filter:
    """What becomes of new connections in one direction, of one version of IP."""

    filtered: bool
    """Whether there is any rule or policy for them at all."""
    let_through_on: tuple[str, ...]
    """Interfaces on which what no rule names is let through; ``*`` is every interface, empty means that it is refused on all."""
    openings: tuple[Opening, ...]
    logs: bool | Unobserved
    """Whether refused packets are logged, at least in part."""
    unclear: tuple[str, ...]
    """Rules that may let something through and are beyond understanding."""


@dataclass(frozen=True, slots=True)
class FilterProgram:
    """A program that loads filter rules."""

    name: str
    """``nftables``, ``iptables``, ``ufw``, ``firewalld`` (later ``windows-firewall``, ``pf`` …)."""
    starts: bool | Unobserved
    """Whether it loads its rules when the machine starts."""
    running: bool | Unobserved | None
    """Whether its service runs; ``None`` where it has none that stays, or the machine does not run."""


@dataclass(frozen=True, slots=True)
class Firewall(Fact):
    """The packet filter of a machine. IPv4 and IPv6 are kept apart: one may be open where the other is shut."""

    of: ClassVar[Kind] = Kind.MACHINE

    programs: tuple[FilterProgram, ...] | Unobserved
    inbound_ipv4: Readings[Filter]
    inbound_ipv6: Readings[Filter]
    outbound_ipv4: Readings[Filter]
    outbound_ipv6: Readings[Filter]

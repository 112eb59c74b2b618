"""Which ways of carrying packets inside packets a host takes from a stranger. No opinion stands here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique
from typing import ClassVar

from scanner.model.fact import Fact, Unobserved
from scanner.model.target import Kind


@unique
class Carrier(StrEnum):
    """What carries the packet inside, at the layer of IP."""

    IPV4 = "ipip"
    """IP protocol 4: IPv4 inside (RFC 2003; over IPv6 RFC 2473)."""
    IPV6 = "6in4"
    """IP protocol 41: IPv6 inside, as configured tunnels, 6to4, 6rd and ISATAP do it (RFC 4213, 3056, 5214; over IPv6 RFC 2473)."""
    GRE = "gre"
    """IP protocol 47 (RFC 2784)."""


@unique
class Taken(StrEnum):
    """What became of a packet that carried another one."""

    ANSWERED = "answered"
    """It was unpacked: the echo request inside was answered, or an ICMP error spoke of it without its wrapping."""
    TURNED_DOWN = "turned-down"
    """An ICMP message turned it down: nobody there speaks the protocol, or a filter forbids it."""


@dataclass(frozen=True, slots=True)
class TunnelEnd:
    """One way to one address. Silence is no answer: who unpacks need not answer what was inside."""

    address: str
    carrier: Carrier
    seen: Taken | Unobserved


@dataclass(frozen=True, slots=True)
class HostTunnels(Fact):
    """Every way to every address of a host; ``left_out`` counts addresses beyond the cap."""

    of: ClassVar[Kind] = Kind.HOST

    ends: tuple[TunnelEnd, ...]
    left_out: int = 0

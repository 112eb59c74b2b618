"""Facts about IPv6 on a machine: the protocol itself, and tunnels that carry it over or beside IPv4."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique
from typing import ClassVar

from scanner.facts.readings import Hold, Readings
from scanner.model.fact import Fact, Unobserved
from scanner.model.target import Kind


@dataclass(frozen=True, slots=True)
class Ipv6Interface:
    """IPv6 on one network interface; loopback and tunnel interfaces are not among them."""

    name: str
    """Empty for every interface that has no settings of its own, those that come later among them."""
    manager: str
    """What sets it up: ``systemd-networkd``, ``NetworkManager``, ``ifupdown`` or empty."""
    enabled: Readings[bool]
    """Whether the interface speaks IPv6, be it with a link-local address only."""
    accepts_advertisements: Readings[bool]
    """Whether router advertisements set addresses or routes on it."""
    addresses: tuple[str, ...] | Unobserved
    """Its IPv6 addresses now, ``fe80::1/64``; empty where the machine does not run."""


@dataclass(frozen=True, slots=True)
class Ipv6Native(Fact):
    """IPv6 as such on a machine."""

    of: ClassVar[Kind] = Kind.MACHINE

    stack: Readings[bool]
    """Whether the machine has the protocol at all."""
    forwards: Readings[bool]
    """Whether it passes on packets of others, as a router does."""
    interfaces: tuple[Ipv6Interface, ...] | Unobserved
    """The first is the entry for interfaces without settings of their own."""


@unique
class Technique(StrEnum):
    """Ways of carrying IPv6 where there is no IPv6 line."""

    CONFIGURED = "6in4"
    """IPv6 in IPv4 protocol 41, far end given (RFC 4213)."""
    SIX_TO_FOUR = "6to4"
    """RFC 3056: prefix 2002::/16, any far end."""
    RAPID = "6rd"
    """RFC 5969."""
    ISATAP = "isatap"
    """RFC 5214."""
    TEREDO = "teredo"
    """RFC 4380: prefix 2001::/32, over UDP."""
    OVER_IPV6 = "over-ipv6"
    """Anything carried inside IPv6 packets (RFC 2473)."""
    GENERIC = "gre"
    """Generic encapsulation that carries IPv6 among others (RFC 2784, 7676), counted where IPv6 runs on it."""
    HTTPS = "ip-https"


@dataclass(frozen=True, slots=True)
class TunnelInterface:
    """A tunnel interface that is there now."""

    name: str
    technique: Technique
    kind: str
    """The platform's own word for the kind of device: ``sit``, ``ip6tnl``, ``tun`` …"""
    up: bool
    fallback: bool
    """A device that appears by itself when the driver loads and carries nothing unless it is brought up."""
    local: str
    remote: str
    """The outer addresses, ``any`` where none is given, empty where they could not be told."""


@dataclass(frozen=True, slots=True)
class TunnelAddress:
    """An IPv6 address that only a transition technique gives."""

    address: str
    interface: str
    technique: Technique


@dataclass(frozen=True, slots=True)
class TunnelDefinition:
    """A tunnel that lasting settings describe."""

    name: str
    technique: Technique
    starts: bool | Unobserved
    """Whether it comes up by itself at the next start."""
    source: str


@dataclass(frozen=True, slots=True)
class TunnelDriver:
    """A driver that tunnels need and whether it is kept from being loaded."""

    name: str
    loaded: bool | Unobserved | None
    """``None``: the machine does not run."""
    barred: Readings[Hold]


@dataclass(frozen=True, slots=True)
class Ipv6Tunnels(Fact):
    """Tunnels that carry IPv6, there now or described in lasting settings."""

    of: ClassVar[Kind] = Kind.MACHINE

    interfaces: tuple[TunnelInterface, ...] | Unobserved | None
    """``None``: the machine does not run."""
    addresses: tuple[TunnelAddress, ...] | Unobserved | None
    definitions: tuple[TunnelDefinition, ...]
    """What could be read of them; ``unread`` says what could not."""
    unread: tuple[Unobserved, ...]
    drivers: tuple[TunnelDriver, ...]

"""Facts about the way that a machine's traffic takes: web proxies and virtual private networks. Credentials are never here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique
from typing import ClassVar

from scanner.model.fact import Fact, Unobserved
from scanner.model.target import Kind


@unique
class ProxyMode(StrEnum):
    """How a proxy is chosen."""

    NONE = "none"
    FIXED = "fixed"
    SCRIPT = "script"
    """By a script at a fixed address (PAC)."""
    DISCOVERY = "discovery"
    """By a script that the network at hand offers (WPAD)."""
    SYSTEM = "system"
    """As the system's own setting says."""


@dataclass(frozen=True, slots=True)
class ProxySetting:
    """How one program, or the system for all that ask it, gets to the web."""

    program: str
    """``system``, ``environment``, ``gnome``, ``firefox`` …"""
    account: str
    """Whose own setting this is; empty for what every account without a setting of its own gets."""
    mode: ProxyMode | Unobserved
    server: str
    """Host and port of the proxy, or the address of the script, without credentials; empty where there is none."""
    fixed: bool | Unobserved
    """Whether ordinary users cannot change it."""
    source: str


@dataclass(frozen=True, slots=True)
class WebProxies(Fact):
    """How a machine's programs get to the web."""

    of: ClassVar[Kind] = Kind.MACHINE

    settings: tuple[ProxySetting, ...] | Unobserved


@dataclass(frozen=True, slots=True)
class VpnConnection:
    """A virtual private network that the machine has settings for."""

    name: str
    technique: str
    """``ipsec``, ``ikev2``, ``l2tp``, ``openvpn``, ``openconnect``, ``wireguard``, ``pptp``, ``sstp``, another one's own word."""
    starts: bool | Unobserved
    """Whether it is joined without anybody's doing."""
    up: bool | Unobserved | None
    """``None``: the machine does not run."""
    takes_all: bool | Unobserved
    """Whether all traffic, of IPv4 and IPv6 alike, goes through it while it is up."""
    source: str


@dataclass(frozen=True, slots=True)
class VpnConnections(Fact):
    """The virtual private networks that a machine has settings for."""

    of: ClassVar[Kind] = Kind.MACHINE

    connections: tuple[VpnConnection, ...] | Unobserved

"""Facts about a network device (router, switch, firewall), read from its configuration: what it says, and what its silence means."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique
from typing import ClassVar

from scanner.facts.readings import Wait
from scanner.model.fact import Fact, Unobserved
from scanner.model.platform import DEVICES, Platform
from scanner.model.target import Kind


@dataclass(frozen=True, slots=True)
class ManagementService:
    """A way of managing the device over the network, ``telnet`` for example; ``where`` is the line, interface or statement."""

    name: str
    where: str
    on: bool | Unobserved
    limited: bool | Unobserved
    """Whether an access list or a list of trusted hosts stands before it."""


@unique
class SnmpSecurity(StrEnum):
    """What SNMP asks of whoever speaks to the device (RFC 3414)."""

    COMMUNITY = "community"
    """Versions 1 and 2c: a name sent in clear text."""
    NONE = "noauth"
    AUTHENTICATED = "auth"
    ENCRYPTED = "priv"


@dataclass(frozen=True, slots=True)
class SnmpAccess:
    """One way in by SNMP. Communities are not kept; ``usual`` tells that one is ``public``, ``private`` or the like."""

    where: str
    security: SnmpSecurity
    writes: bool
    usual: bool
    limited: bool | Unobserved


@unique
class PasswordForm(StrEnum):
    """How a password stands in the configuration."""

    PLAIN = "plain"
    REVERSIBLE = "reversible"
    """Anybody can turn it back: type 7 of IOS, ``$9$`` of Junos."""
    OLD_HASH = "old-hash"
    """MD5 and single SHA-1 or SHA-256: type 5 and 4, ``$1$``, AK1 and SH2 of FortiOS."""
    HASH = "hash"
    NONE = "none"
    """There is none, and one may log in all the same."""


@dataclass(frozen=True, slots=True)
class StoredPassword:
    """A password of the configuration: whose, and in what form. Its text is not kept."""

    owner: str
    form: PasswordForm | Unobserved


@dataclass(frozen=True, slots=True)
class IdleLimit:
    """After how long an idle session of management is ended."""

    where: str
    idle: Wait | Unobserved


@dataclass(frozen=True, slots=True)
class LogHost:
    """Where log messages are sent; ``transport`` is ``udp``, ``tcp`` or ``tls``."""

    host: str
    transport: str


@dataclass(frozen=True, slots=True)
class NeedlessService:
    """A service that a device seldom needs."""

    name: str
    on: bool | Unobserved


@dataclass(frozen=True, slots=True)
class AccessPorts:
    """Ports for terminals, and how many of them keep out router advertisements."""

    count: int
    guarded: int
    """Ports with IPv6 RA guard (RFC 6105), of their own or by their VLAN."""
    unguarded: tuple[str, ...]
    """Names of those without, the first ones."""


@dataclass(frozen=True, slots=True)
class NetworkDevice(Fact):
    """What the configuration of a network device says of its management and of what it offers."""

    of: ClassVar[Kind] = Kind.MACHINE
    arises_on: ClassVar[frozenset[Platform]] = DEVICES

    dialect: str
    """``ios``, ``junos`` or ``fortios``."""
    version: str | Unobserved
    services: tuple[ManagementService, ...]
    ssh_version_1: bool | Unobserved
    snmp: tuple[SnmpAccess, ...]
    central: tuple[str, ...] | Unobserved
    """How administrators are authenticated by a server: ``radius``, ``tacacs+``, ``ldap``; empty: only by the device itself."""
    passwords: tuple[StoredPassword, ...]
    lockout: bool | Unobserved
    """Whether repeated wrong logins are held off."""
    idle: tuple[IdleLimit, ...]
    time_servers: tuple[str, ...] | Unobserved
    log_hosts: tuple[LogHost, ...] | Unobserved
    log_times: bool | Unobserved
    """Whether log messages carry date and time."""
    needless: tuple[NeedlessService, ...]
    tunnels: tuple[str, ...]
    """Interfaces that carry IPv6 over IPv4."""
    access_ports: AccessPorts | Unobserved | None
    """``None``: no port for terminals, as on a router."""
    saved: bool | Unobserved
    """Whether the running configuration is what the next start will read."""
    more: Unobserved | None = None
    """Why the text may set more than was read; where it is given, what is missing above may be there all the same."""

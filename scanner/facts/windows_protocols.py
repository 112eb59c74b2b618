"""Facts about services and protocols that machines with Windows offer their neighbours: file sharing, remote desktop, guessing of names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from scanner.facts.readings import Readings
from scanner.model.fact import Fact, Unobserved
from scanner.model.platform import Platform
from scanner.model.target import Kind

WINDOWS = frozenset({Platform.WINDOWS})


@dataclass(frozen=True, slots=True)
class SmbProtocol(Fact):
    """How files are shared: whether the first version of the protocol is spoken, and whether signatures are insisted on."""

    of: ClassVar[Kind] = Kind.MACHINE
    arises_on: ClassVar[frozenset[Platform]] = WINDOWS

    first_version_served: Readings[bool]
    first_version_used: Readings[bool]
    """Whether the machine speaks it to servers of others."""
    signature_served: Readings[bool]
    """Whether the server insists on signed messages."""
    signature_used: Readings[bool]


@dataclass(frozen=True, slots=True)
class RemoteDesktop(Fact):
    """Whether the machine's desktop can be used from afar, and whether that needs authentication before a session is made (NLA)."""

    of: ClassVar[Kind] = Kind.MACHINE
    arises_on: ClassVar[frozenset[Platform]] = WINDOWS

    offered: Readings[bool]
    authenticates_first: Readings[bool]
    assistance: Readings[bool]
    """Whether the person at the screen can let somebody else look on or take over (Remote Assistance)."""
    unasked_assistance: Readings[bool]
    """Whether somebody may offer that without being asked."""


@dataclass(frozen=True, slots=True)
class NetbiosAdapter:
    """NetBIOS over TCP/IP on one adapter."""

    adapter: str
    on: Readings[bool]


@dataclass(frozen=True, slots=True)
class NameGuessing(Fact):
    """Ways in which names are looked up by asking the neighbours, any of whom may answer."""

    of: ClassVar[Kind] = Kind.MACHINE
    arises_on: ClassVar[frozenset[Platform]] = WINDOWS

    llmnr: Readings[bool]
    mdns: Readings[bool]
    netbios: tuple[NetbiosAdapter, ...] | Unobserved


@dataclass(frozen=True, slots=True)
class NtlmProtocol(Fact):
    """Which versions of the old logon protocol are spoken: ``LmCompatibilityLevel``, 0 to 5."""

    of: ClassVar[Kind] = Kind.MACHINE
    arises_on: ClassVar[frozenset[Platform]] = WINDOWS

    level: Readings[int]

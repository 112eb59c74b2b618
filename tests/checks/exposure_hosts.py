"""Facts for the cases of the exposure checks: hosts with a port or two. No case is here."""

from __future__ import annotations

from scanner.facts.exposure import (
    AddressPorts,
    Answered,
    HostDatagrams,
    HostListeners,
    HostPorts,
    Listener,
    OpenPorts,
    Speaks,
    Spoken,
    Trait,
    UdpPort,
)
from scanner.facts.ledger import DeclaredHost, DeclaredPort
from scanner.facts.tunnels import Carrier, HostTunnels, Taken, TunnelEnd
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason

A, B = "192.0.2.1", "2001:db8::1"
OUTSIDE = DeclaredHost((), (), vantage_outside=True, zone="internet")
INSIDE = DeclaredHost((), (), vantage_outside=False, zone="office")
NOWHERE = DeclaredHost(None, (), vantage_outside=None, zone="x")
SILENT = Unobserved(Reason.TIMEOUT, "no answer at any port")
LIMITED = Unobserved(Reason.TIMEOUT, "a limit on connections")


def ledger(*services: DeclaredPort, outside: bool | None = True) -> DeclaredHost:
    return DeclaredHost(services, (), vantage_outside=outside, zone="internet")


def tcp(port: int, protocol: str = "x", *, here: bool = True) -> DeclaredPort:
    return DeclaredPort(port, protocol, tcp=True, udp=False, here=here)


def udp(port: int, protocol: str) -> DeclaredPort:
    return DeclaredPort(port, protocol, tcp=False, udp=True)


def open_at(address: str, *ports: int, unsettled: Unobserved | None = None, filtered: tuple[tuple[int, int], ...] = ()) -> AddressPorts:
    return AddressPorts(address, OpenPorts(((1, 1000),), ports, ((1, 1000),), filtered, unsettled))


def ports(*addresses: AddressPorts, left_out: int = 0) -> HostPorts:
    return HostPorts(addresses, left_out)


def host(
    *listeners: tuple[int, Speaks | Unobserved] | tuple[int, Speaks, tuple[Trait, ...]], unseen: bool = False, left_out: int = 0
) -> HostListeners:
    found = tuple(
        Listener(A, row[0], row[1] if isinstance(row[1], Unobserved) else Spoken(row[1], row[2] if len(row) == 3 else ()))
        for row in listeners
    )
    return HostListeners(found, (AddressPorts(B, SILENT),) if unseen else (), left_out)


def answers(*rows: tuple[Speaks, Answered | Unobserved | None]) -> HostDatagrams:
    return HostDatagrams(tuple(UdpPort(A, 1000 + number, speaks, seen) for number, (speaks, seen) in enumerate(rows)))


def answered(received: int = 40, *traits: Trait) -> Answered:
    return Answered(40, received, traits)


def tunnels(*seen: Taken | Unobserved, left_out: int = 0) -> HostTunnels:
    return HostTunnels(tuple(TunnelEnd(A, carrier, each) for carrier, each in zip(Carrier, seen, strict=False)), left_out)

"""The collectors for IPv6 on macOS: the protocol on each interface, and tunnels."""

from __future__ import annotations

import ipaddress
from functools import partial
from typing import Final

from scanner.facts.ipv6 import Ipv6Interface, Ipv6Native, Ipv6Tunnels, Technique, TunnelAddress, TunnelDefinition, TunnelInterface
from scanner.facts.readings import Readings
from scanner.hosts.base import Files, Reader, Run, collector
from scanner.hosts.combining import same
from scanner.hosts.macos.base import said
from scanner.hosts.macos.network import IFCONFIG, SETTINGS, Interface, Service, interfaces, services
from scanner.hosts.seeing import seen, shown
from scanner.hosts.transition import technique
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.wire import plist

FORWARDING: Final = Run(("sysctl", "-n", "net.inet6.ip6.forwarding"))
ALWAYS: Final = frozenset({"gif0", "stf0"})
"""Devices that every macOS has; only an address or UP counts."""
NOT_ONES_OWN: Final = ("lo", "utun", "gif", "stf", "awdl", "llw", "anpi", "ap", "bridge", "ipsec", "ppp", "p2p")
"""Beginnings of names of interfaces that are no way to a network: loopback, tunnels, Apple's direct links between devices."""


@collector(Platform.MACOS, Files(SETTINGS), IFCONFIG, FORWARDING)
def ipv6_native(read: Reader) -> Ipv6Native:
    """See where the machine speaks IPv6."""
    configured = seen(partial(services, read))
    now = seen(partial(interfaces, read)) if read.live else None
    answer = said(read, FORWARDING) if read.live else None
    forwards = answer if answer is None or isinstance(answer, Unobserved) else answer.strip() == "1"
    return Ipv6Native(
        stack=same(True, read.live, "macOS"),
        forwards=Readings(None, forwards, False if forwards is None else forwards, "net.inet6.ip6.forwarding"),
        interfaces=configured if isinstance(configured, Unobserved) else _interfaces(read, configured, now),
    )


def _interfaces(
    read: Reader, configured: tuple[Service, ...], now: tuple[Interface, ...] | Unobserved | None
) -> tuple[Ipv6Interface, ...] | Unobserved:
    if isinstance(now, Unobserved):
        return now
    general = Ipv6Interface("", "", same(True, read.live, "macOS"), same(True, read.live, "macOS"), ())
    held = {interface.name: interface for interface in now or ()}
    found = [general]
    for service in configured:
        if not service.device or service.device.startswith(NOT_ONES_OWN):
            continue
        method = plist.text(plist.inside(service.held, "IPv6", "ConfigMethod")) or "Automatic"
        # networksetup -setv6off leaves a dictionary with __INACTIVE__, older versions the method Off
        off = method in {"Off", "__INACTIVE__"} or plist.flag(plist.inside(service.held, "IPv6", "__INACTIVE__")) is True
        automatic = not off and method == "Automatic"
        interface = held.get(service.device)
        if interface is None:
            enabled: bool | None = None if now is None else not off
            advertised: bool | None = None if now is None else automatic
        else:
            enabled, advertised = bool(interface.inet6), automatic and bool(interface.inet6)
        source = f"{SETTINGS} {service.name} ConfigMethod={method}"
        found.append(
            Ipv6Interface(
                service.device,
                "configd",
                Readings(not off, enabled, not off, source),
                Readings(automatic, advertised, automatic, source),
                interface.inet6 if interface else (),
            )
        )
    return tuple(found)


@collector(Platform.MACOS, Files(SETTINGS), IFCONFIG)
def ipv6_tunnels(read: Reader) -> Ipv6Tunnels:
    """See which tunnels there are: gif and stf devices, addresses that only a transition technique gives, services of the kind 6to4."""
    now = seen(partial(interfaces, read)) if read.live else None
    configured = seen(partial(services, read))
    unread = (configured,) if isinstance(configured, Unobserved) else ()
    definitions = tuple(
        TunnelDefinition(service.name, Technique.SIX_TO_FOUR, True, SETTINGS)
        for service in (() if isinstance(configured, Unobserved) else configured)
        if service.kind == "6to4"
    )
    if now is None or isinstance(now, Unobserved):
        return Ipv6Tunnels(now, now, definitions, unread, ())
    return Ipv6Tunnels(tuple(_tunnels(now)), tuple(_addresses(now)), definitions, unread, ())


def _tunnels(now: tuple[Interface, ...]) -> list[TunnelInterface]:
    found = []
    for interface in now:
        if not interface.name.startswith(("gif", "stf")):
            continue
        up = "UP" in interface.flags or bool(interface.inet6)
        technique = Technique.SIX_TO_FOUR if interface.name.startswith("stf") else Technique.CONFIGURED
        local, remote = interface.tunnel
        fallback = interface.name in ALWAYS and not interface.inet6 and not local
        found.append(TunnelInterface(interface.name, technique, interface.name.rstrip("0123456789"), up, fallback, local, remote))
    return found


def _addresses(now: tuple[Interface, ...]) -> list[TunnelAddress]:
    found = []
    for interface in now:
        for address in interface.inet6:
            try:
                way = technique(ipaddress.IPv6Address(address.split("/")[0]))
            except ValueError:
                continue
            if way is not None:
                found.append(TunnelAddress(shown(address), interface.name, way))
    return found

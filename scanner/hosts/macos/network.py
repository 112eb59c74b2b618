"""What the collectors for the network of macOS share: interfaces as ifconfig prints them, hardware ports, services. No collector here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from scanner.facts.network_history import LinkKind
from scanner.hosts.base import Files, Reader, Run, Source
from scanner.hosts.macos.base import read_plist, said
from scanner.hosts.seeing import needed, shown
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import plist

IFCONFIG: Final = Run(("ifconfig", "-a"))
PORTS: Final = Run(("networksetup", "-listallhardwareports"))
SETTINGS: Final = "/Library/Preferences/SystemConfiguration/preferences.plist"
READS: Final[tuple[Source, ...]] = (IFCONFIG, PORTS, Files(SETTINGS))
MOST: Final = 500


@dataclass(frozen=True, slots=True)
class Interface:
    """One interface now."""

    name: str
    flags: frozenset[str]
    inet: tuple[str, ...]
    inet6: tuple[str, ...]
    """With their prefix length, without the zone: ``fe80::1/64``."""
    active: bool
    tunnel: tuple[str, str]
    """The outer addresses; empty where there are none."""


@dataclass(frozen=True, slots=True)
class Service:
    """One network service of the set in use: its name, device, kind, and its dictionary."""

    name: str
    device: str
    kind: str
    held: Mapping[str, object]


def interfaces(read: Reader) -> tuple[Interface, ...]:
    """Give the interfaces of a running machine. Raises ``CannotObserve``."""
    answer = needed(said(read, IFCONFIG))
    found = []
    for block in re.split(r"(?m)^(?=\S)", answer):
        head = re.match(r"([A-Za-z0-9_.-]+): flags=[0-9a-f]+<([A-Z0-9_,]*)>", block)
        if not head:
            continue
        six = re.findall(r"(?m)^[ \t]+inet6 ([0-9a-fA-F:.]+)(?:%\S+)? prefixlen (\d{1,3})", block)
        outer = re.search(r"(?m)^[ \t]+tunnel inet6? (\S+) --> (\S+)", block)
        found.append(
            Interface(
                name=head[1],
                flags=frozenset(head[2].split(",")),
                inet=tuple(re.findall(r"(?m)^[ \t]+inet (\d+\.\d+\.\d+\.\d+)", block)),
                inet6=tuple(f"{address}/{length}" for address, length in six),
                active=re.search(r"(?m)^[ \t]+status: inactive", block) is None,
                tunnel=(outer[1], outer[2]) if outer else ("", ""),
            )
        )
        if len(found) > MOST:
            raise CannotObserve(Reason.TOO_LARGE, f"more than {MOST} interfaces")
    return tuple(found)


def hardware_ports(read: Reader) -> Mapping[str, str] | Unobserved:
    """Give the name of each device's port, in English: ``en0`` → ``Wi-Fi``."""
    answer = said(read, PORTS)
    if isinstance(answer, Unobserved):
        return answer
    return {device: name for name, device in re.findall(r"Hardware Port: (.+)\nDevice: (\S+)", answer)}


def link_kind(port: str) -> LinkKind:
    """Tell what a hardware port is by its name; ports of phones are lines of a mobile network."""
    word = port.lower()
    if "wi-fi" in word or "airport" in word:
        return LinkKind.WIRELESS
    if "iphone" in word or "ipad" in word or "wwan" in word or "modem" in word:
        return LinkKind.MOBILE
    if "bluetooth" in word:
        return LinkKind.BLUETOOTH
    return LinkKind.WIRED if "bridge" not in word else LinkKind.OTHER


def services(read: Reader) -> tuple[Service, ...]:
    """Give the network services that are switched on, from the system's own list. Raises ``CannotObserve``."""
    held = needed(read_plist(read, SETTINGS))
    if held is None:
        raise CannotObserve(Reason.UNSUPPORTED, f"{SETTINGS} is not there")
    everything = held.get("NetworkServices")
    current = plist.text(held.get("CurrentSet")) or ""
    chosen = plist.inside(held.get("Sets"), current.rpartition("/")[2], "Network", "Service")
    found = []
    for key, service in everything.items() if isinstance(everything, Mapping) else ():
        if not isinstance(service, Mapping) or (isinstance(chosen, Mapping) and key not in chosen):
            continue
        if plist.flag(service.get("__INACTIVE__")):
            continue
        device = plist.text(plist.inside(service, "Interface", "DeviceName")) or ""
        kind = plist.text(plist.inside(service, "Interface", "SubType")) or plist.text(plist.inside(service, "Interface", "Type")) or ""
        name = plist.text(service.get("UserDefinedName")) or device or "?"
        found.append(Service(shown(name), shown(device), shown(kind), service))
    if len(found) > MOST:
        raise CannotObserve(Reason.TOO_LARGE, f"{SETTINGS}: more than {MOST} services")
    return tuple(found)

"""The collectors for wireless networks and for joined networks on macOS: the list that it remembers, and what is in use now."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Final

from scanner.facts.network_history import ActiveLink, JoinedNetwork, LinkKind, NetworksJoined
from scanner.facts.wireless import WirelessMode, WirelessNetwork, WirelessNetworks, WirelessSecurity
from scanner.hosts.base import Files, Reader, Run, collector
from scanner.hosts.macos.base import managed_files, read_plist, said
from scanner.hosts.macos.network import IFCONFIG, PORTS, hardware_ports, interfaces, link_kind
from scanner.hosts.seeing import needed, parsed, seen, shown
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import plist

OPEN, OWE, WEP, WPA, WPA2, WPA3 = WirelessSecurity
KNOWN: Final = "/Library/Preferences/com.apple.wifi.known-networks.plist"
"""macOS 12 and later. What stood in com.apple.airport.preferences.plist before is not read: those versions have no support any more."""
AIRPORT: Final = Run(("system_profiler", "-xml", "SPAirPortDataType"), seconds=30.0)
SHARING: Final = "/Library/Preferences/SystemConfiguration/com.apple.nat.plist"
REDACTED: Final = "<redacted>"
MOST: Final = 2_000
_WORDS: Final = {"wep": WEP, "wpa": WPA, "wpa2": WPA2, "wpa3": WPA3, "open": OPEN, "none": OPEN, "owe": OWE}
_ORDER: Final = (OPEN, WEP, WPA, OWE, WPA2, WPA3)


@collector(Platform.MACOS, Files(KNOWN, root=True), Files(SHARING), *managed_files("com.apple.wifi.managed"), PORTS, AIRPORT)
def wireless_networks(read: Reader) -> WirelessNetworks:
    """See which wireless networks the machine remembers, and what it uses now."""
    adapters = _adapters(read) if read.live else None
    networks = seen(partial(_networks, read))
    if isinstance(networks, Unobserved) or not adapters:
        return WirelessNetworks(adapters, networks)
    now = adapters if isinstance(adapters, Unobserved) else seen(partial(_now, read))
    if isinstance(now, Unobserved):
        return WirelessNetworks(adapters, tuple(n if n.mode is WirelessMode.ACCESS_POINT else replace(n, uses=now) for n in networks))
    used = tuple(replace(n, uses=now[n.name]) if n.name in now else n for n in networks)
    names = {network.name for network in networks}
    others = [_joined(name, uses) for name, uses in now.items() if name not in names]
    return WirelessNetworks(adapters, (*used, *others))


def _adapters(read: Reader) -> tuple[str, ...] | Unobserved:
    ports = hardware_ports(read)
    return (
        ports if isinstance(ports, Unobserved) else tuple(device for device, name in ports.items() if link_kind(name) is LinkKind.WIRELESS)
    )


def _known(read: Reader) -> list[tuple[str, Mapping[str, object]]]:
    held = needed(read_plist(read, KNOWN))
    found = []
    for key, network in (held or {}).items():
        if isinstance(network, Mapping) and key.startswith("wifi.network."):
            raw = network.get("SSID")
            name = raw.decode("utf-8", "surrogateescape") if isinstance(raw, bytes) else key.partition("ssid.")[2]
            found.append((shown(name), network))
    if len(found) > MOST:
        raise CannotObserve(Reason.TOO_LARGE, f"{KNOWN}: more than {MOST} networks")
    return found


def _networks(read: Reader) -> tuple[WirelessNetwork, ...]:
    networks = []
    for name, held in _known(read):
        text = plist.text(held.get("SupportedSecurityTypes")) or plist.text(held.get("SecurityType"))
        accepts = security(text)
        enterprise = accepts if isinstance(accepts, Unobserved) else "enterprise" in (text or "").lower()
        joins = plist.flag(held.get("AutoJoinDisabled")) is not True
        verifies = Unobserved(Reason.UNSUPPORTED, "the profile that brought it is not read") if enterprise is True else None
        networks.append(WirelessNetwork(name, "", WirelessMode.CLIENT, accepts, None, enterprise, verifies, joins, KNOWN))
    sharing = needed(read_plist(read, SHARING))
    if sharing is not None and plist.flag(plist.inside(sharing.get("NAT"), "Enabled")):
        air = plist.inside(sharing.get("NAT"), "AirPort")
        if plist.flag(plist.inside(air, "AirPortEnabled")) is not False and isinstance(air, Mapping):
            named = air.get("SSID_STR") or air.get("NetworkName")
            why = Unobserved(Reason.UNSUPPORTED, f"{SHARING}: its protection is not read")
            networks.append(WirelessNetwork(shown(str(named or "?")), "", WirelessMode.ACCESS_POINT, why, None, False, None, True, SHARING))
    return tuple(networks)


def security(text: str | None) -> tuple[WirelessSecurity, ...] | Unobserved:
    """Read ``WPA2/WPA3 Personal``, ``WPA2 Enterprise``, ``Open``: every protection that the machine would join with."""
    words = re.findall(r"[A-Za-z]+[23]?", (text or "").lower())
    found = {_WORDS[word] for word in words if word in _WORDS}
    if not found:
        return Unobserved(Reason.UNSUPPORTED, f"{KNOWN}: protection {shown(text or '')!r}")
    return tuple(sorted(found, key=_ORDER.index))


def _now(read: Reader) -> dict[str, WirelessSecurity | Unobserved]:
    """Give the network that is joined now. From macOS 14 on its name is hidden from programs without the right to locations."""
    answer = needed(said(read, AIRPORT))
    held = needed(parsed("system_profiler", answer.encode(), plist.parse_list))
    found: dict[str, WirelessSecurity | Unobserved] = {}
    for part in held:
        for item in _list(plist.inside(part, "_items")):
            for interface in _list(plist.inside(item, "spairport_airport_interfaces")):
                current = plist.inside(interface, "spairport_current_network_information")
                mode = plist.text(plist.inside(current, "spairport_security_mode"))
                if isinstance(current, Mapping) and current:
                    name = shown(plist.text(current.get("_name")) or REDACTED)
                    found[name] = _mode(mode or "")
    return found


def _mode(mode: str) -> WirelessSecurity | Unobserved:
    """Read ``spairport_security_mode_wpa2_personal_mixed``; of two protections the better one is in use."""
    words = [_WORDS[word] for word in mode.removeprefix("spairport_security_mode_").split("_") if word in _WORDS]
    return max(words, key=_ORDER.index) if words else Unobserved(Reason.UNSUPPORTED, f"system_profiler: {shown(mode)!r}")


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _joined(name: str, uses: WirelessSecurity | Unobserved) -> WirelessNetwork:
    why = Unobserved(Reason.UNSUPPORTED, "joined now, and which of the remembered networks it is cannot be told")
    accepts = uses if isinstance(uses, Unobserved) else (uses,)
    return WirelessNetwork(name, "", WirelessMode.CLIENT, accepts, uses, why, None, False, " ".join(AIRPORT.argv))


@collector(Platform.MACOS, Files(KNOWN, root=True), IFCONFIG, PORTS)
def networks_joined(read: Reader) -> NetworksJoined:
    """See which wireless networks the machine remembers, with the day on which each was joined last, and which links are up."""
    return NetworksJoined(seen(partial(_remembered, read)), seen(partial(_active, read)) if read.live else None)


def _remembered(read: Reader) -> tuple[JoinedNetwork, ...]:
    found = []
    for name, held in _known(read):
        days = [day for key in ("JoinedByUserAt", "JoinedBySystemAt", "LastConnected") if (day := plist.day(held.get(key)))]
        found.append(JoinedNetwork(name, LinkKind.WIRELESS, max(days, default=None), KNOWN))
    return tuple(found)


def _active(read: Reader) -> tuple[ActiveLink, ...]:
    ports = needed(hardware_ports(read))
    links = []
    for interface in interfaces(read):
        if not interface.active or not any(not address.startswith("169.254.") for address in interface.inet):
            continue
        if interface.name in ports:
            links.append(ActiveLink(shown(interface.name), link_kind(ports[interface.name])))
        elif interface.name.startswith(("utun", "ppp", "ipsec")):
            links.append(ActiveLink(shown(interface.name), LinkKind.VPN))
    return tuple(links)

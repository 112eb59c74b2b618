"""The virtual private networks that a Windows machine has settings for: its phone books, WireGuard, other makers' by their services."""

from __future__ import annotations

from typing import Final

from scanner.facts.network_path import VpnConnection, VpnConnections
from scanner.hosts.base import Files, Key, collector
from scanner.hosts.seeing import needed, parsed, seen, shown
from scanner.hosts.windows import answers
from scanner.hosts.windows.base import AUTOMATIC, SERVICES, WindowsReader, people, service_start
from scanner.hosts.windows.own_files import home
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import keyfile

BOOK: Final = "Microsoft/Network/Connections/Pbk/rasphone.pbk"
OWN: Final = f"AppData/Roaming/{BOOK}"
ALL: Final = f"/ProgramData/{BOOK}"
MOST: Final = 2_000_000
STRATEGIES: Final = {
    "1": "pptp", "2": "pptp", "3": "l2tp", "4": "l2tp", "5": "sstp", "6": "sstp", "7": "ikev2", "8": "ikev2",
    "12": "sstp", "13": "sstp", "14": "ikev2",
}  # fmt: skip
"""VpnStrategy of RASENTRY: the technique that is used alone or tried first."""
VPN: Final = "2"
"""Type of an entry (RASET_Vpn); others are lines and broadband."""
WIREGUARD: Final = "wireguardtunnel$"
OTHERS: Final = {
    "openvpnserviceinteractive": "openvpn",
    "openvpnservice": "openvpn",
    "vpnagent": "anyconnect",
    "csc_vpnagent": "anyconnect",
    "pangps": "globalprotect",
    "fortisslvpndaemon": "fortissl",
    "pulsesecureservice": "pulse",
    "nordvpn-service": "nordvpn",
    "zsaservice": "zscaler",
    "tailscale": "wireguard",
    "softether_vpnclient": "softether",
    "sevpnclient": "softether",
}
"""Services of other clients, whose settings are not read."""


@collector(
    Platform.WINDOWS,
    Files(ALL, limit=MOST),
    Files(f"/Users/*/{OWN}", limit=MOST, root=True),
    Key(SERVICES),
    *(Key(rf"{SERVICES}\{name}") for name in OTHERS),
    answers.SERVICE_STATES.source,
)
def vpn_connections(read: WindowsReader) -> VpnConnections:
    """Give every VPN that the machine or one of its accounts has settings for."""
    found = seen(lambda: (*_books(read), *_services(read)))
    if not isinstance(found, Unobserved):
        read.keep(BOOK, ", ".join(f"{c.name} ({c.technique})" for c in found) or "none")
    return VpnConnections(found)


def _books(read: WindowsReader) -> list[VpnConnection]:
    found = []
    for path in (ALL, *(f"{home(read, person)}/{OWN}" for person in people(read))):
        data = read.file(path, limit=MOST)
        if data is None:
            continue
        for group in needed(parsed(shown(path), data, keyfile.parse)).groups:
            told: dict[str, str] = {}
            for entry in group.entries:
                told.setdefault(entry.key, entry.value)  # the devices of an entry follow with names of their own
            if told.get("Type") != VPN:
                continue
            strategy = told.get("VpnStrategy", "0")
            both = [told.get(name) == "1" for name in ("IpPrioritizeRemote", "Ipv6PrioritizeRemote")]
            found.append(
                VpnConnection(
                    name=shown(group.name),
                    technique=STRATEGIES.get(strategy, "automatic"),
                    starts=Unobserved(Reason.UNSUPPORTED, "whether it is joined by itself (Always On) is not read"),
                    up=Unobserved(Reason.UNSUPPORTED, "whether it is joined now is not read") if read.live else None,
                    takes_all=all(both),
                    source=shown(path),
                )
            )
    return found


def _services(read: WindowsReader) -> list[VpnConnection]:
    names = read.subkeys(SERVICES)
    if names is None:
        raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"{SERVICES}: there are none")
    running = seen(lambda: {one.name.lower() for one in read.ask(answers.SERVICE_STATES).services if one.state == 4}) if read.live else None
    split = Unobserved(Reason.UNSUPPORTED, "which networks it takes stands in settings that are not read")
    found = []
    for name in names:
        tunnel = name.lower().startswith(WIREGUARD)
        technique = "wireguard" if tunnel else OTHERS.get(name.lower(), "")
        if not technique:
            continue
        start = service_start(read, name)
        # a tunnel of WireGuard is its service; the service of another client only waits to be used
        up: bool | Unobserved | None = running if isinstance(running, Unobserved) else None
        if isinstance(running, set):
            up = name.lower() in running if tunnel else Unobserved(Reason.UNSUPPORTED, "whether it is joined now is not read")
        starts: bool | Unobserved = start in AUTOMATIC if tunnel else split
        found.append(
            VpnConnection(shown(name[len(WIREGUARD) :] if tunnel else name), technique, starts, up, split, rf"{SERVICES}\{shown(name)}")
        )
    return found

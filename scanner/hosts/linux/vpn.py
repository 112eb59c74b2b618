"""The collector for virtual private networks on Linux: NetworkManager, WireGuard, OpenVPN, strongSwan and ppp."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import Final

from scanner.facts.network_path import VpnConnection, VpnConnections
from scanner.hosts.base import Files, Names, Reader, Run, collector
from scanner.hosts.linux.base import enabled, needed, parsed, seen, shown
from scanner.hosts.linux.named_paths import absolute, matching
from scanner.hosts.linux.nmprofiles import READS, WIREGUARD, Profile, profiles
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import ipsecconf
from scanner.wire.ipsecconf import Setting

WG, OPENVPN, PPP = "/etc/wireguard", ("/etc/openvpn/client", "/etc/openvpn"), "/etc/ppp/peers"
IPSEC, IPSEC_PARTS = "/etc/ipsec.conf", "/etc/ipsec.d"
SWANCTL, SWANCTL_PARTS = "/etc/swanctl/swanctl.conf", "/etc/swanctl/conf.d"
STARTING: Final = frozenset({"start", "route", "trap", "trap|start", "route|start", "ondemand", "up", "keep"})
"""Words of ``auto`` in ipsec.conf(5) of either program by which a connection is made without anybody's doing."""
DEEPEST: Final = 20
ACTIVE: Final = Run(("nmcli", "-t", "-f", "UUID", "connection", "show", "--active"))
CLASS: Final = "/sys/class/net"
MOST: Final = 200
TECHNIQUES: Final = {
    "openvpn": "openvpn",
    "pptp": "pptp",
    "l2tp": "l2tp",
    "strongswan": "ikev2",
    "libreswan": "ipsec",
    "openconnect": "openconnect",
    "vpnc": "ipsec",
    "sstp": "sstp",
    "fortisslvpn": "fortisslvpn",
}
PUSHED: Final = Unobserved(Reason.UNSUPPORTED, "the far end decides which traffic goes through it")


@collector(
    Platform.LINUX,
    *READS,
    Names(WG, root=True),
    Files(f"{WG}/*.conf", root=True),
    *(Names(place) for place in OPENVPN),
    *(Files(f"{place}/*.conf", root=True) for place in OPENVPN),
    Names(PPP, root=True),
    Files(f"{PPP}/*", root=True),
    *(Files(path, root=True) for path in (IPSEC, f"{IPSEC_PARTS}/*.conf", SWANCTL, f"{SWANCTL_PARTS}/*.conf")),
    Names(IPSEC_PARTS),
    Names(SWANCTL_PARTS, root=True),
    Names(CLASS),
    ACTIVE,
)
def vpn_connections(read: Reader) -> VpnConnections:
    """See which virtual private networks the machine has settings for."""
    return VpnConnections(seen(lambda: _all(read)))


def _all(read: Reader) -> tuple[VpnConnection, ...]:
    found, unread = profiles(read)
    if unread:
        raise CannotObserve(unread[0].reason, unread[0].detail)
    tunnels = [profile for profile in found if profile.kind in {"vpn", WIREGUARD}]
    up = seen(partial(_up, read)) if read.live and tunnels else None
    connections = [_of_profile(profile, up) for profile in tunnels]
    connections += _wireguard(read)
    connections += _openvpn(read)
    connections += _ppp(read)
    connections += _ipsec(read)
    if len(connections) > MOST:
        raise CannotObserve(Reason.TOO_LARGE, f"more than {MOST} virtual private networks")
    return tuple(connections)


def _up(read: Reader) -> frozenset[str]:
    answer = read.command(ACTIVE.argv)
    if answer is None or answer.status != 0:
        raise CannotObserve(Reason.UNSUPPORTED, "nmcli does not tell which connections are up")
    return frozenset(answer.stdout.decode("utf-8", "replace").split())


def _of_profile(profile: Profile, up: frozenset[str] | Unobserved | None) -> VpnConnection:
    service = (profile.text("vpn", "service-type") or "").rpartition(".")[2]
    technique = "wireguard" if profile.kind == WIREGUARD else TECHNIQUES.get(service, shown(service) or "vpn")
    uuid = profile.text("connection", "uuid") or ""
    joined = up if up is None or isinstance(up, Unobserved) else uuid in up
    return VpnConnection(profile.name, technique, profile.joins, joined, _takes_all(profile), profile.path)


def _takes_all(profile: Profile) -> bool | Unobserved:
    """Tell whether a profile takes everything; nm-settings-nmcli(5): a VPN gets the default routes unless ``never-default`` is set."""
    never = [(profile.text(group, "never-default") or "false").lower() in {"true", "yes", "1"} for group in ("ipv4", "ipv6")]
    if any(never):
        return False
    if profile.kind == WIREGUARD:
        peers = [group for group in profile.held.groups if group.name.startswith("wireguard-peer.")]
        return _covers([entry.value for group in peers for entry in group.entries if entry.key == "allowed-ips"])
    # whether the far end gives IPv6 as well, or IPv6 passes the tunnel by, does not show in the profile
    return Unobserved(Reason.UNSUPPORTED, f"{profile.path}: whether IPv6 goes through it is up to the far end")


def _covers(allowed: list[str]) -> bool:
    """Tell whether networks cover all of IPv4 and IPv6; two halves are as good as the whole."""
    networks = {word for text in allowed for word in re.split(r"[;,\s]+", text) if word}
    four = "0.0.0.0/0" in networks or {"0.0.0.0/1", "128.0.0.0/1"} <= networks
    six = "::/0" in networks or {"::/1", "8000::/1"} <= networks
    return four and six


def _is_up(read: Reader, device: str) -> bool | Unobserved | None:
    if not read.live:
        return None
    names = seen(partial(read.names, CLASS))
    return names if isinstance(names, Unobserved) else device in (names or ())


def _wireguard(read: Reader) -> list[VpnConnection]:
    """Read wg-quick(8)'s files. Their keys are passed over."""
    found = []
    for name in read.names(WG) or ():
        if name.endswith(".conf"):
            path, device = f"{WG}/{name}", name.removesuffix(".conf")
            text = (read.file(path) or b"").decode("utf-8", "replace")
            if not re.search(r"(?im)^[ \t]*Endpoint[ \t]*=", text):
                continue  # nobody is called from here: this end is the one that is called
            allowed = re.findall(r"(?im)^[ \t]*AllowedIPs[ \t]*=(.+)$", text)
            starts = seen(partial(enabled, read, f"wg-quick@{device}.service"))
            found.append(VpnConnection(shown(device), "wireguard", starts, _is_up(read, device), _covers(allowed), shown(path)))
    return found


def _openvpn(read: Reader) -> list[VpnConnection]:
    """Read OpenVPN's clients; a file without ``client`` or ``remote`` is a server's."""
    found = []
    for place in OPENVPN:
        unit = "openvpn-client@" if place.endswith("client") else "openvpn@"
        for name in read.names(place) or ():
            if not name.endswith(".conf"):
                continue
            path, stem = f"{place}/{name}", name.removesuffix(".conf")
            text = (read.file(path) or b"").decode("utf-8", "replace")
            if not re.search(r"(?m)^[ \t]*(client\b|remote[ \t])", text):
                continue
            gateway = re.search(r"(?m)^[ \t]*redirect-gateway\b(.*)$", text)
            split = re.search(r"(?m)^[ \t]*(route-nopull\b|pull-filter[ \t]+ignore[ \t]+\"?redirect-gateway)", text)
            takes: bool | Unobserved = PUSHED
            if split and not gateway:
                takes = False
            elif gateway and "ipv6" in gateway[1].split():
                takes = True
            starts = seen(partial(enabled, read, f"{unit}{stem}.service"))
            up = Unobserved(Reason.UNSUPPORTED, "not looked at") if read.live else None
            found.append(VpnConnection(shown(stem), "openvpn", starts, up, takes, shown(path)))
    return found


def _ppp(read: Reader) -> list[VpnConnection]:
    """Read the peers of pppd(8) that pptp(8) or a daemon of L2TP carries; others are telephone lines."""
    found = []
    for name in read.names(PPP) or ():
        text = (read.file(f"{PPP}/{name}") or b"").decode("utf-8", "replace")
        kind = "pptp" if re.search(r"(?m)^[ \t]*(pty[ \t].*\bpptp\b|plugin[ \t]+pptp)", text) else ""
        kind = kind or ("sstp" if re.search(r"(?m)^[ \t]*pty[ \t].*\bsstpc\b", text) else "")
        if kind:
            takes = PUSHED if re.search(r"(?m)^[ \t]*defaultroute\b", text) else False
            up = Unobserved(Reason.UNSUPPORTED, "not looked at") if read.live else None
            starts = Unobserved(Reason.UNSUPPORTED, "not looked at")
            found.append(VpnConnection(shown(name), kind, starts, up, takes, shown(f"{PPP}/{name}")))
    return found


def _ipsec(read: Reader) -> list[VpnConnection]:
    """Read strongSwan's and Libreswan's connections; those between networks are no matter of this machine's own traffic."""
    found = []
    up = Unobserved(Reason.UNSUPPORTED, "not looked at") if read.live else None
    settings = tuple(_ipsec_file(read, IPSEC, 0))
    for name, values in needed(parsed(IPSEC, b"", lambda _: ipsecconf.connections(settings))).items():
        if "leftsubnet" not in values:
            starts = values.get("auto") in STARTING
            found.append(VpnConnection(shown(name), "ipsec", starts, up, _covers([values.get("rightsubnet", "")]), IPSEC))
    for path in (SWANCTL, *matching(read, f"{SWANCTL_PARTS}/*.conf")):
        text = re.sub(r"(?m)(?:^|\s)#.*", "", (read.file(path) or b"").decode("utf-8", "replace"))
        if any(other != "conf.d/*.conf" for other in re.findall(r"(?m)^\s*include\s+(\S+)", text)):
            raise CannotObserve(Reason.UNSUPPORTED, f"{shown(path)} includes files that are not read")
        if re.search(r"\bconnections\b", text):
            why = Unobserved(Reason.UNSUPPORTED, f"{shown(path)}: not understood")
            name = path.rpartition("/")[2].removesuffix(".conf")
            found.append(VpnConnection(shown(name), "ipsec", why, up, why, shown(path)))
    return found


def _ipsec_file(read: Reader, path: str, depth: int) -> Iterator[Setting]:
    """Give the lines of a file and of those that it includes; a pattern that fits nothing is passed over. Raises ``CannotObserve``."""
    if depth > DEEPEST:
        raise CannotObserve(Reason.TOO_LARGE, f"{shown(path)}: included too deeply")
    for one in needed(parsed(path, read.file(path) or b"", ipsecconf.parse)):
        if isinstance(one, Setting):
            yield one
            continue
        pattern = absolute(path.rpartition("/")[0], one.pattern)
        for other in matching(read, pattern):
            yield from _ipsec_file(read, other, depth + 1)

"""The collector for virtual private networks on Linux: NetworkManager, WireGuard, OpenVPN, strongSwan and ppp."""

from __future__ import annotations

import re
from functools import partial
from typing import Final

from scanner.facts.network_path import VpnConnection, VpnConnections
from scanner.hosts.base import Files, Names, Reader, Run, collector
from scanner.hosts.linux.base import enabled, seen, shown
from scanner.hosts.linux.nmprofiles import READS, WIREGUARD, Profile, profiles
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason

WG, OPENVPN, PPP = "/etc/wireguard", ("/etc/openvpn/client", "/etc/openvpn"), "/etc/ppp/peers"
IPSEC, SWANCTL = "/etc/ipsec.conf", "/etc/swanctl/conf.d"
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
    Files(IPSEC, root=True),
    Names(SWANCTL, root=True),
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
    """Read the connections of ipsec.conf(5); those between networks are no matter of this machine's own traffic."""
    found = []
    up = Unobserved(Reason.UNSUPPORTED, "not looked at") if read.live else None
    text = (read.file(IPSEC) or b"").decode("utf-8", "replace")
    for name, body in re.findall(r"(?ms)^conn[ \t]+(\S+)(.*?)(?=^\S|\Z)", text):
        if name != "%default" and not re.search(r"(?m)^[ \t]*leftsubnet[ \t]*=", body):
            far = re.findall(r"(?m)^[ \t]*rightsubnet[ \t]*=(.+)$", body)
            starts = bool(re.search(r"(?m)^[ \t]*auto[ \t]*=[ \t]*(start|route)", body))
            found.append(VpnConnection(shown(name), "ipsec", starts, up, _covers(far), IPSEC))
    for name in read.names(SWANCTL) or ():
        if name.endswith(".conf"):
            why = Unobserved(Reason.UNSUPPORTED, f"{SWANCTL}/{shown(name)}: not understood")
            found.append(VpnConnection(shown(name.removesuffix(".conf")), "ipsec", why, up, why, shown(f"{SWANCTL}/{name}")))
    return found

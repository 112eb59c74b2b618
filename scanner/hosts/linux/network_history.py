"""The collector for the networks that a Linux machine remembers and the links that it has now."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Final

from scanner.facts.network_history import ActiveLink, JoinedNetwork, LinkKind, NetworksJoined
from scanner.hosts.base import Files, Names, Reader, Run, collector
from scanner.hosts.linux.base import parsed, seen, shown
from scanner.hosts.linux.nmprofiles import READS, WIRELESS, profiles, ssid
from scanner.hosts.linux.wireless import IWD, SUPPLICANT, adapters, other_networks
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import keyfile

TIMES: Final = "/var/lib/NetworkManager/timestamps"
CLASS: Final = "/sys/class/net"
ADDRESSES: Final = Run(("ip", "-o", "address", "show", "scope", "global"))
KINDS: Final = {
    "wifi": LinkKind.WIRELESS,
    "ethernet": LinkKind.WIRED,
    "gsm": LinkKind.MOBILE,
    "cdma": LinkKind.MOBILE,
    "bluetooth": LinkKind.BLUETOOTH,
    "vpn": LinkKind.VPN,
    "wireguard": LinkKind.VPN,
}


@collector(
    Platform.LINUX,
    *READS,
    Files(TIMES, root=True),
    Names(SUPPLICANT),
    Files(f"{SUPPLICANT}/*.conf", root=True),
    Names(IWD, root=True),
    Files(f"{IWD}/*.psk", root=True),
    Files(f"{IWD}/*.open", root=True),
    Files(f"{IWD}/*.8021x", root=True),
    Names(CLASS),
    Names(f"{CLASS}/*/phy80211"),
    Names(f"{CLASS}/*/device"),
    Files(f"{CLASS}/*/uevent"),
    ADDRESSES,
)
def networks_joined(read: Reader) -> NetworksJoined:
    """See which networks the machine remembers and which links are up."""
    active = seen(lambda: _active(read)) if read.live else None
    return NetworksJoined(seen(lambda: _remembered(read)), active)


def _remembered(read: Reader) -> tuple[JoinedNetwork, ...]:
    found, unread = profiles(read)
    if unread:
        raise CannotObserve(unread[0].reason, unread[0].detail)
    times = _times(read) if found else {}
    networks = []
    for profile in found:
        kind = KINDS.get(profile.kind, LinkKind.OTHER)
        name = ssid(profile.text("wifi", "ssid") or "") if profile.kind == WIRELESS else profile.name
        uuid = profile.text("connection", "uuid") or ""
        day = times if isinstance(times, Unobserved) else _day(times.get(uuid) or profile.text("connection", "timestamp"))
        networks.append(JoinedNetwork(name, kind, day, profile.path))
    for network in other_networks(read):
        networks.append(JoinedNetwork(network.name, LinkKind.WIRELESS, _touched(read, network.source), network.source))
    return tuple(networks)


def _times(read: Reader) -> dict[str, str] | Unobserved:
    """Give when each profile was last in use, by its uuid: NetworkManager writes it down at joining, leaving and every few minutes."""
    data = seen(partial(read.file, TIMES))
    if data is None or isinstance(data, Unobserved):
        return {} if data is None else data
    held = parsed(TIMES, data, keyfile.parse)
    if isinstance(held, Unobserved):
        return held
    return {entry.key: entry.value for group in held.groups if group.name == "timestamps" for entry in group.entries}


def _day(seconds: str | None) -> str | None:
    if not seconds or not seconds.isdecimal() or not 0 < int(seconds) < 1 << 36:
        return None
    return datetime.fromtimestamp(int(seconds), UTC).date().isoformat()


def _touched(read: Reader, source: str) -> str | Unobserved | None:
    """Give the day that iwd last joined a network: it touches its file then. Others keep no such day."""
    if not source.startswith(IWD):
        return Unobserved(Reason.UNSUPPORTED, f"{source}: no day is kept")
    state = seen(partial(read.state, source))
    return state if isinstance(state, Unobserved) else _day(str(state.modified)) if state else None


def _active(read: Reader) -> tuple[ActiveLink, ...]:
    answer = read.command(ADDRESSES.argv)
    if answer is None or answer.status != 0:
        raise CannotObserve(Reason.UNSUPPORTED, "ip address: no answer")
    words = [line.split() for line in answer.stdout.decode("utf-8", "replace").split("\n")]
    devices = dict.fromkeys(fields[1].split("@")[0] for fields in words if len(fields) > 3)
    radios = adapters(read)
    links = [ActiveLink(shown(device), kind) for device in devices if (kind := _kind(read, device, radios)) is not None]
    return tuple(links)


def _kind(read: Reader, device: str, radios: tuple[str, ...]) -> LinkKind | None:
    """Tell what a device is; ``None`` for virtual ones of the machine itself. The kernel says it in ``DEVTYPE`` of its uevent."""
    if device in radios:
        return LinkKind.WIRELESS
    uevent = (read.file(f"{CLASS}/{device}/uevent", limit=65_536) or b"").decode("utf-8", "replace")
    kind = next((line.removeprefix("DEVTYPE=") for line in uevent.split("\n") if line.startswith("DEVTYPE=")), "")
    if kind in {"wwan", "wlan", "bluetooth", "wireguard"}:
        return {"wwan": LinkKind.MOBILE, "wlan": LinkKind.WIRELESS, "bluetooth": LinkKind.BLUETOOTH, "wireguard": LinkKind.VPN}[kind]
    if device.startswith(("tun", "tap", "ppp", "ipsec")):
        return LinkKind.VPN
    return LinkKind.WIRED if read.state(f"{CLASS}/{device}/device") is not None else None

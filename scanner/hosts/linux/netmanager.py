"""Who sets up a network interface on Linux, and what that program does about IPv6 on it.

systemd-networkd and NetworkManager answer router advertisements themselves and switch the kernel's own handling off, so
``accept_ra`` of the kernel says nothing on the interfaces that they manage.
"""

from __future__ import annotations

from dataclasses import dataclass

from scanner.hosts.base import Reader
from scanner.hosts.linux import systemd_conf
from scanner.hosts.linux.base import needed, one_file, parsed, seen, shown
from scanner.hosts.linux.kconfig import boolean
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import keyfile

PROFILES = (
    "/etc/NetworkManager/system-connections",
    "/run/NetworkManager/system-connections",
    "/usr/lib/NetworkManager/system-connections",
)
NETWORKD, NETWORK_MANAGER = "systemd-networkd", "NetworkManager"


@dataclass(frozen=True, slots=True)
class Managed:
    """How a program manages IPv6 on one interface. ``None`` where it leaves the matter to the kernel's settings."""

    by: str
    advertisements: bool | Unobserved | None
    off: bool | Unobserved
    """Whether it keeps IPv6 off the interface altogether."""
    source: str
    lasting: bool
    """Whether the settings are still there after a restart."""


def manager(read: Reader, index: str) -> Managed | None:
    """Tell what manages the interface with that index; ``None``: neither of the two programs. Raises ``CannotObserve``."""
    state = read.file(f"/run/systemd/netif/links/{index}")
    if state is not None:
        path = _value(state, "NETWORK_FILE")
        if path:
            return _networkd(read, path)
    device = read.file(f"/run/NetworkManager/devices/{index}")
    if device is not None:
        held = needed(parsed(f"/run/NetworkManager/devices/{index}", device, keyfile.parse))
        # "managed-type" full, unmanaged or assumed; the uuid of the profile in use
        if held.last("device", "managed-type") != "unmanaged" and (uuid := held.last("device", "connection-uuid")):
            return seen_profile(read, uuid)
    return None


def _value(data: bytes, name: str) -> str:
    for line in data.decode("utf-8", "replace").split("\n"):
        key, equals, value = line.partition("=")
        if equals and key == name:
            return value.strip()
    return ""


def _networkd(read: Reader, path: str) -> Managed:
    lasting = not path.startswith("/run/")
    file = one_file(read, path)
    if file is None:
        raise CannotObserve(Reason.UNSUPPORTED, f"{shown(path)}: systemd-networkd names it and it is not there")
    held = needed(parsed(path, needed(file.data), systemd_conf.parse))
    local = (held.last("Network", "LinkLocalAddressing") or "ipv6").lower()
    accept = held.last("Network", "IPv6AcceptRA")
    forwards = held.last("Network", "IPForward") or held.last("Network", "IPv6Forwarding") or "no"
    without = local in {"no", "ipv4", "false", "off", "0"}
    # systemd.network(5): by default on, unless forwarding or link-local addressing is off for IPv6
    default = not without and forwards.lower() not in {"yes", "ipv6", "true", "1", "on"}
    return Managed(NETWORKD, boolean(accept) if accept else default, without and not accept, shown(path), lasting)


def seen_profile(read: Reader, uuid: str) -> Managed:
    """Read the NetworkManager profile in use. They are root's alone, so others learn only that there is one."""
    found = seen(lambda: _profile(read, uuid))
    if isinstance(found, Unobserved):
        return Managed(NETWORK_MANAGER, found, found, "NetworkManager profile", True)
    path, held = found
    method = held.last("ipv6", "method") or "auto"  # nm-settings-nmcli(5)
    advertisements = None if method == "ignore" else method in {"auto", "dhcp"}
    return Managed(
        NETWORK_MANAGER, advertisements, method == "disabled", f"{shown(path)} [ipv6] method={method}", not path.startswith("/run/")
    )


def _profile(read: Reader, uuid: str) -> tuple[str, keyfile.KeyFile]:
    for directory in PROFILES:
        for name in read.names(directory) or ():
            path = f"{directory}/{name}"
            data = read.file(path)
            held = needed(parsed(path, data or b"", keyfile.parse))
            if held.last("connection", "uuid") == uuid:
                return path, held
    raise CannotObserve(Reason.UNSUPPORTED, f"NetworkManager: no profile with the uuid {shown(uuid)}")

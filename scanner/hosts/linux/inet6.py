"""IPv6 addresses of a running Linux machine, and what an address tells of a transition technique."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from scanner.facts.ipv6 import Technique
from scanner.hosts.base import Reader
from scanner.hosts.linux.base import first_line, shown
from scanner.hosts.transition import technique
from scanner.model.reason import CannotObserve, Reason

TUNNEL, TUNNEL6, SIT, IPGRE, IP6GRE = 768, 769, 776, 778, 823
"""Kinds of device in /sys/class/net/*/type, linux/if_arp.h."""
TUNNEL_TYPES = frozenset({TUNNEL, TUNNEL6, SIT, IPGRE, IP6GRE})
MOST_ADDRESSES = 65_536


@dataclass(frozen=True, slots=True)
class Address:
    """An IPv6 address of an interface."""

    interface: str
    address: ipaddress.IPv6Address
    length: int

    @property
    def technique(self) -> Technique | None:
        """The transition technique that gives such an address, or ``None``."""
        return technique(self.address)


def flags(read: Reader, name: str) -> int | None:
    """Give the flags of a device, netdevice(7); ``None`` where /sys does not have it. Raises ``CannotObserve``."""
    path = f"/sys/class/net/{name}/flags"
    text = first_line(read, path)
    try:
        return None if text is None else int(text, 16)
    except ValueError as error:
        raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"{shown(path)}: no flags") from error


def addresses(read: Reader) -> tuple[Address, ...]:
    """Give all IPv6 addresses; none where the kernel has no IPv6. Raises ``CannotObserve``."""
    found = []
    lines = (read.file("/proc/net/if_inet6", limit=16_000_000) or b"").decode("utf-8", "replace").split("\n")
    if len(lines) > MOST_ADDRESSES:
        raise CannotObserve(Reason.TOO_LARGE, f"more than {MOST_ADDRESSES} IPv6 addresses")
    for line in lines:
        # address, interface index, prefix length, scope, flags (all hexadecimal), name
        fields = line.split()
        if len(fields) != 6 or len(fields[0]) != 32:
            continue
        try:
            found.append(Address(shown(fields[5]), ipaddress.IPv6Address(bytes.fromhex(fields[0])), int(fields[2], 16)))
        except ValueError:
            continue
    return tuple(sorted(found, key=lambda a: (a.interface, a.address)))

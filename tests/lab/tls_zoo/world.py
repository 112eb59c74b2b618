"""The network of the zoo: a namespace of servers and a namespace of scanners, one cable between them, no way out. No server is started."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.lab import netns

NETNS = Path("/run/netns")
ZOO = "zoo"
SCANNER = "scanner"
SCANNER4, SCANNER6 = "192.52.193.200", "3ffe:c::200"
SCOPE = ("192.175.48.0/24", "192.31.196.0/24", "3ffe:a::/64")
"""Why not documentation addresses is said in ``tests/lab/plan.py``."""
HERD = tuple(f"192.31.196.{number}" for number in range(1, 201))
"""Addresses of a network that is all local to the zoo: 200 servers that are one nginx."""
DEAF = tuple(f"192.31.196.{number}" for number in range(201, 206))
"""Addresses at which something accepts and never answers."""

_SETTINGS = {
    "ipv6/conf/default/accept_dad": "0",
    "ipv6/conf/all/accept_dad": "0",
    "ipv4/conf/all/rp_filter": "0",
    "ipv4/conf/default/rp_filter": "0",
    "ipv4/icmp_ratelimit": "0",
    "ipv6/icmp/ratelimit": "0",
    # PostgreSQL, Prosody and others bind low ports after they have given up root.
    "ipv4/ip_unprivileged_port_start": "0",
}


def address4(number: int) -> str:
    """IPv4 address of the entry with this number."""
    return f"192.175.48.{number}"


def address6(number: int) -> str:
    """IPv6 address of the entry with this number: the same digits."""
    return f"3ffe:a::{number}"


def nft(namespace: str, rules: str) -> None:
    """Load rules of nftables in a namespace."""
    with netns.inside(NETNS / namespace):
        subprocess.run(["nft", "-f", "-"], input=rules, text=True, check=True)


def raise_world(addresses: Mapping[str, tuple[str, str]]) -> None:
    """Make both namespaces, the cable, and the addresses of all entries."""
    netns.tmpfs(NETNS)
    for name in (ZOO, SCANNER):
        netns.make(NETNS / name, _SETTINGS)
    netns.ip(ZOO, ["link set lo up", f"link add name eth0 type veth peer name eth0 netns {SCANNER}", "link set eth0 up"])
    pairs = set(addresses.values())
    netns.ip(ZOO, [f"addr add {v4}/32 dev eth0" for v4, _ in pairs] + [f"addr add {v6}/128 dev eth0 nodad" for _, v6 in pairs])
    netns.ip(ZOO, ["addr add 169.254.0.1/32 dev eth0", "addr add fe80::1/64 dev eth0 nodad", f"route add local {HERD[0][:-1]}0/24 dev lo"])
    netns.ip(SCANNER, ["link set lo up", "link set eth0 up", f"addr add {SCANNER4}/32 dev eth0", f"addr add {SCANNER6}/128 dev eth0 nodad"])
    netns.ip(SCANNER, [f"route add default via 169.254.0.1 dev eth0 onlink src {SCANNER4}", "addr add fe80::2/64 dev eth0 nodad"])
    netns.ip(SCANNER, [f"route add ::/0 via fe80::1 dev eth0 src {SCANNER6}"])
    netns.ip(ZOO, [f"route add {SCANNER4}/32 dev eth0"])
    netns.ip(ZOO, [f"route add {SCANNER6}/128 via fe80::2 dev eth0"])

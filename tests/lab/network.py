"""Raise the hosts and the router between them inside the keeper's own mount namespace. Nothing here starts a server.

Every host has one cable to the router and host routes only, so an address of any network can live on any host, and an
unknown address is answered "network unreachable". No namespace has a way out of the machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.lab import netns, plan

NETNS = Path("/run/netns")
ROUTER = "router"
GATEWAY4 = "169.254.0.1"
GATEWAY6 = "fe80::1"
PRIVATE = ("10.0.0.0/8", "fc00::/7")

_SETTINGS = {
    # Duplicate address detection would keep IPv6 silent for seconds.
    "ipv6/conf/default/accept_dad": "0",
    "ipv6/conf/all/accept_dad": "0",
    "ipv4/conf/all/rp_filter": "0",
    "ipv4/conf/default/rp_filter": "0",
    # The scanner's view of "unreachable" must not depend on how many it asked for in this second.
    "ipv4/icmp_ratelimit": "0",
    "ipv6/icmp/ratelimit": "0",
}
_ROUTER_SETTINGS = {**_SETTINGS, "ipv4/ip_forward": "1", "ipv6/conf/all/forwarding": "1"}


def hosts(servers: Mapping[str, plan.Server]) -> dict[str, list[str]]:
    """Host name → its places; vantage points included."""
    found: dict[str, list[str]] = {}
    for server in servers.values():
        found.setdefault(server.host, []).append(server.place)
    for host, places in plan.SPARE.items():
        found[host] += places
    for name, place in plan.VANTAGE.items():
        found[name] = [place]
    return found


def raise_network(servers: Mapping[str, plan.Server]) -> None:
    """Make the router, every host and the two vantage points, addressed and routed."""
    netns.tmpfs(NETNS)
    netns.make(NETNS / ROUTER, _ROUTER_SETTINGS)
    wanted = hosts(servers)
    for host in wanted:
        netns.make(NETNS / host, _SETTINGS)

    router = ["link set lo up"]
    for host, places in wanted.items():
        cable = f"v-{host}"
        router += [
            f"link add name {cable} type veth peer name eth0 netns {host}",
            f"addr add {GATEWAY4}/32 dev {cable}",
            f"addr add {GATEWAY6}/64 dev {cable} nodad",
            f"link set {cable} up",
        ]
        for place in places:
            router += [f"route add {plan.ip4(place)}/32 dev {cable}", f"-6 route add {plan.ip6(place)}/128 dev {cable}"]
    router += [f"route add blackhole {plan.ip4(plan.BLACKHOLE)}/32", f"-6 route add blackhole {plan.ip6(plan.BLACKHOLE)}/128"]
    router += [f"route add prohibit {plan.ip4(plan.PROHIBITED)}/32", f"-6 route add prohibit {plan.ip6(plan.PROHIBITED)}/128"]
    netns.ip(ROUTER, [line for line in router if not line.startswith("-6")])
    netns.ip(ROUTER, [line[3:] for line in router if line.startswith("-6")])

    for host, places in wanted.items():
        lines = ["link set lo up", "link set eth0 up"]
        for place in places:
            lines += [f"addr add {plan.ip4(place)}/32 dev eth0", f"addr add {plan.ip6(place)}/128 dev eth0 nodad"]
        lines += [
            f"route add default via {GATEWAY4} dev eth0 onlink src {plan.ip4(places[0])}",
            f"route add ::/0 via {GATEWAY6} dev eth0 src {plan.ip6(places[0])}",
        ]
        if host == "outside":  # the Internet has no way into the office
            lines += [f"route add unreachable {network}" for network in PRIVATE]
        netns.ip(host, lines)

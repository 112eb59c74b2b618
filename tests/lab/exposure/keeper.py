"""The process that holds the exposure laboratory up: PID 1 of a PID and mount namespace. Started by ``lab.ExposureLab``, never by hand.

It works as ``tests.lab.keeper`` does: one JSON answer on standard output once every server answers, then silence until
standard input closes.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.lab import held, netns
from tests.lab.certs import Authority
from tests.lab.exposure.hosts import BULK, HOSTS, OUTSIDE
from tests.lab.exposure.servers import READY, commands

NETNS = Path("/run/netns")
_SETTINGS = {
    "ipv6/conf/default/accept_dad": "0",
    "ipv6/conf/all/accept_dad": "0",
    # One kernel stands for all hosts here, and would send but one ICMP error a second for all of them together.
    "ipv4/icmp_ratelimit": "0",
    "ipv6/icmp/ratelimit": "0",
    "ipv4/conf/default/rp_filter": "0",
    "ipv4/conf/all/rp_filter": "0",
}


def _network() -> None:
    netns.tmpfs(NETNS)
    for name in ("servers", "outside"):
        netns.make(NETNS / name, _SETTINGS)
    lines = ["link set lo up", "link add name wire type veth peer name eth0 netns outside"]
    for host in HOSTS.values():
        lines += [f"addr add {a}/{64 if ':' in a else 24} dev wire{' nodad' if ':' in a else ''}" for a in host.addresses]
    lines += [f"addr add {BULK}.{number}/24 dev wire" for number in range(1, 255)]
    netns.ip("servers", [*lines, "link set wire up"])
    lines = ["link set lo up", "link set eth0 up"]
    lines += [f"addr add {a}/{64 if ':' in a else 24} dev eth0{' nodad' if ':' in a else ''}" for a in OUTSIDE]
    netns.ip("outside", [*lines, f"route add {BULK}.0/24 dev eth0"])


def _filters() -> None:
    filters = [line for host in HOSTS.values() for line in host.filters]
    # Of the 254 addresses most refuse, every fifth drops what is not its web server; a counter tells what arrives at each.
    bulk = [
        f"ip daddr {BULK}.0/24 tcp flags & (syn | ack) == syn update @arrived {{ ip daddr counter }}",
        f"ip daddr {BULK}.200-{BULK}.250 tcp dport != 80 drop",
    ]
    redirected = [line for host in HOSTS.values() for line in host.redirected]
    redirected.append(f"ip daddr {BULK}.0/24 tcp dport {{ 22, 80 }} redirect to :9998")
    rules = (
        "table inet lab {\n set arrived { type ipv4_addr; flags dynamic; size 512; counter; }\n"
        " chain pre { type nat hook prerouting priority -100;\n  " + "\n  ".join(redirected) + "\n }\n"
        " chain early { type filter hook prerouting priority -150;\n  " + "\n  ".join(bulk) + "\n }\n"
        " chain in { type filter hook input priority 0;\n  " + "\n  ".join(filters) + "\n }\n}\n"
    )
    done = subprocess.run(["nft", "-f", "-"], input=rules, capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(f"nft: {done.stderr.strip()}")


def _raise(folder: Path) -> None:
    _network()
    authority = Authority()
    authority.write(folder)
    (folder / "lab.pem").write_bytes(authority.leaf(["well.exposure.test"]))
    (folder / "leaf.key").rename(folder / "lab.key")
    programs = held.Programs(folder)
    with netns.inside(NETNS / "servers"):
        _filters()
        for number, argv in enumerate((*commands(folder), (sys.executable, "-m", "tests.lab.exposure.odd", str(folder)))):
            programs.start(f"{number}-{Path(argv[0]).name}", argv)
    with netns.inside(NETNS / "outside"):
        places = ((address, port) for host, ports in READY for address in host.addresses for port in ports)
        programs.wait(places, file=folder / "odd-ready")


if __name__ == "__main__":
    held.keep(_raise)

"""How quickly ports are looked at: 254 addresses × 60 ports of the exposure laboratory, a fifth of them silent, beside nmap -T4.

What arrives is counted at the receiving side, where pace is kept or is not.
"""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from scanner.engine.catalogue import catalogue
from scanner.engine.collect import Collecting
from scanner.engine.plan import make_plan
from scanner.engine.run import Seen
from scanner.engine.scan import see
from scanner.facts.exposure import HostPorts, OpenPorts
from scanner.facts.ledger import DeclaredHost
from scanner.ledger.profile import EMPTY
from scanner.model.fact import Fact, Observed
from scanner.model.target import Host, Target
from scanner.net.network import Network, Settings
from scanner.net.pacing import Pace
from scanner.net.scope import Entry, Match, Scope
from tests.lab.exposure.hosts import BULK
from tests.lab.exposure.lab import ExposureLab

FIRST, LAST = 21, 80
ADDRESSES = tuple(f"{BULK}.{number}" for number in range(1, 255))


class _Taking:
    """Counts open ports as targets end."""

    def __init__(self) -> None:
        self.open = 0
        self.unseen = 0

    def take(self, seen: Seen) -> None:
        for observed in seen.facts.seen.values():
            ports = observed.get(HostPorts)
            fact = ports.fact if isinstance(ports, Observed) else None
            for address in fact.addresses if isinstance(fact, HostPorts) else ():
                if isinstance(address.seen, OpenPorts):
                    self.open += len(address.seen.open)
                else:
                    self.unseen += 1


async def _tenken(pace: Pace) -> _Taking:
    plan = make_plan(catalogue(), (), EMPTY, ["exposure.ports"])
    declared = DeclaredHost((), (), vantage_outside=True, ports=((FIRST, LAST),))

    def declare(subject: Target) -> Mapping[type[Fact], Fact]:
        return {DeclaredHost: declared}

    taking = _Taking()
    settings = Settings(scope=Scope((Entry(Match.NETWORK, f"{BULK}.0/24"),)), pace=pace)
    with ThreadPoolExecutor(1) as threads:
        async with Network(settings) as network:
            collecting = Collecting(plan, catalogue().observers, network, declare, lambda _: None, threads)
            await see(taking, collecting, [Host(address) for address in ADDRESSES], 110.0)
    return taking


def ports(lab: ExposureLab, runs: int = 3) -> None:
    """Measure the run over 254 addresses × 60 ports, the two beside each other in turn."""
    ours, theirs = [], []
    taking = _Taking()
    for _ in range(runs):
        before = lab.arrived()
        start = time.monotonic()
        taking = lab.run_async(lambda: _tenken(Pace()))
        ours.append(time.monotonic() - start)
        arrived = {address: count - before.get(address, 0) for address, count in lab.arrived().items()}
        start = time.monotonic()
        done = lab.run(["nmap", "-T4", "-n", "-Pn", "-p", f"{FIRST}-{LAST}", "--disable-arp-ping", f"{BULK}.1-254"])
        theirs.append(time.monotonic() - start)
        found = len(re.findall(r"^\d+/tcp +open", done.stdout, re.MULTILINE))
        total = sum(arrived.values())
        print(f"tenken {ours[-1]:.1f} s, {taking.open} open, {taking.unseen} unseen; nmap -T4 {theirs[-1]:.1f} s, {found} open")
        print(f"  arrived: {total} connections, {total / ours[-1]:.0f} a second in all, {max(arrived.values())} at most at one address")
        for count, rate in ((max(arrived.values()), Pace().ports), (total, Pace().ports_operator)):
            if count > rate.burst + ours[-1] * rate.per_second:
                raise RuntimeError(f"{count} connections in {ours[-1]:.1f} s where the pace allows {rate.per_second:g} a second")
    print(f"median: tenken {statistics.median(ours):.1f} s, nmap {statistics.median(theirs):.1f} s")

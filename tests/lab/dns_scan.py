"""Runs the DNS probes and checks through the real network inside the laboratory, as the engine does. No expectation stands here."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from scanner.engine.catalogue import catalogue
from scanner.engine.collect import Collecting, Declare
from scanner.engine.judge import Result, judge
from scanner.engine.plan import make_plan
from scanner.facts.dns_server import DnsTestNames
from scanner.facts.ledger import DeclaredDnsService, DeclaredDomain, Vantage
from scanner.ledger.profile import EMPTY
from scanner.model.fact import Fact
from scanner.model.target import Domain, Service, Target, parse_target
from scanner.net.net import DnsServer
from scanner.net.network import Network, Settings
from scanner.net.pacing import Pace, Rate
from scanner.net.scope import Entry, Match, Scope
from scanner.net.view import Timing
from tests.lab import Lab

# The laboratory bears more than strangers' servers should be asked to.
FAST = Pace(address=Rate(64), operator=Rate(256))
BUDGET_SECONDS = 100.0
PATIENT = Timing()
QUICK = Timing(udp=0.5, tcp=1.0)
"""For servers that answer at once or never; the laboratory's slow one needs three seconds."""
OUTSIDE_NAME = "a.dns.jp"
"""A name that none of the servers under test holds: it stands in the zone jp itself."""
BROKEN_NAME = "dnssec-wrong-ds.lg.jp"


def ledger(*, internal: Sequence[str] = (), exception: str = "", site: bool | None = None) -> DeclaredDomain:
    """What the ledger says of a domain: nothing but what is given."""
    return DeclaredDomain(
        sends_mail=None,
        receives_mail=None,
        dkim_selectors=(),
        outbound_addresses=(),
        internal_names=tuple(internal),
        public_site=site,
        domain_exception=exception,
        vantage_outside=None,
    )


def declare(
    lab: Lab, where: str, domains: Mapping[str, DeclaredDomain], service: DeclaredDnsService, names: DnsTestNames | None = None
) -> Declare:
    """The ledger's word on every subject of a scan from ``where``; ``domains`` are those that it says something special of."""
    zone = "probe.test" if where == "outside" else "probe-office.test"
    tests = names or DnsTestNames(outside=OUTSIDE_NAME, signed="jp", broken=BROKEN_NAME, probe_zone=zone, listen=lab.vantage[where])

    def of(subject: Target) -> Mapping[type[Fact], Fact]:
        if isinstance(subject, Domain):
            return {DeclaredDomain: replace(domains.get(subject.name, ledger()), vantage_outside=where == "outside")}
        return {DeclaredDnsService: service, DnsTestNames: tests} if isinstance(subject, Service) else {}

    return of


OUTSIDER = DeclaredDnsService(None, None, Vantage.OUTSIDER)
CLIENT = DeclaredDnsService(None, ("office",), Vantage.CLIENT)


def scan(
    lab: Lab,
    targets: Sequence[str],
    only: Sequence[str],
    *,
    where: str = "outside",
    domains: Mapping[str, DeclaredDomain] | None = None,
    service: DeclaredDnsService = OUTSIDER,
    names: DnsTestNames | None = None,
    networks: Sequence[str] | None = None,
    timing: Timing = PATIENT,
) -> dict[str, list[Result]]:
    """See and judge targets side by side from one vantage point; ``only`` are prefixes of check ids, ``networks`` the scope."""
    listed = lab.scope_networks if networks is None else networks
    settings = Settings(
        scope=Scope(tuple(Entry(Match.NETWORK, network) for network in listed)),
        zone="internet" if where == "outside" else "office",
        resolvers=(DnsServer("", lab.resolver),),
        pace=FAST,
        timing=timing,
    )
    plan = make_plan(catalogue(), (), EMPTY, only)
    said = declare(lab, where, domains or {}, service, names)
    parsed = {text: parse_target(text) for text in targets}

    async def run() -> dict[str, list[Result]]:
        with ThreadPoolExecutor(1) as threads:
            async with Network(settings) as network, asyncio.TaskGroup() as run_group:
                collecting = Collecting(plan, catalogue().observers, network, said, lambda _: None, threads)
                collecting.group = run_group
                async with asyncio.TaskGroup() as group:
                    tasks = {text: group.create_task(collecting.collect(target, BUDGET_SECONDS)) for text, target in parsed.items()}
                return {text: list(judge(task.result(), plan.for_target(parsed[text]))) for text, task in tasks.items()}

    return lab.run_async(run, where)

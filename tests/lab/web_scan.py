"""Sees and judges sites of the web laboratory with the program's own engine. For tests and for looking by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from scanner.engine.catalogue import catalogue
from scanner.engine.collect import Collecting
from scanner.engine.judge import Result, judge
from scanner.engine.plan import make_plan
from scanner.facts.ledger import DeclaredWebService
from scanner.ledger.profile import EMPTY
from scanner.model.fact import Fact
from scanner.model.target import Kind, Service, Target
from scanner.net.net import DnsServer
from scanner.net.network import Network, Settings
from scanner.net.pacing import Pace, Rate
from scanner.net.scope import Entry, Match, Scope
from tests.lab.web.lab import SCOPE, WebLab
from tests.lab.web.sites import Site

PLAN = make_plan(catalogue(), (), EMPTY, ("web",))
FAST = Pace(address=Rate(16), operator=Rate(128))
BUDGET_SECONDS = 200.0


def service_of(site: Site) -> Service:
    """The subject of a site."""
    return Service(site.host, 443 if site.protocol == "https" else 80, site.protocol)


def scan(lab: WebLab, sites: Iterable[Site], *, pace: Pace = FAST) -> dict[str, Sequence[Result]]:
    """See and judge sites side by side, from outside: name → results."""
    settings = Settings(
        scope=Scope(tuple(Entry(Match.NETWORK, network) for network in SCOPE)), resolvers=(DnsServer("", lab.resolver),), pace=pace
    )

    def declare(subject: Target) -> Mapping[type[Fact], Fact]:
        return {DeclaredWebService: DeclaredWebService(True)} if Kind.WEB_SERVICE in subject.kinds else {}

    async def run() -> dict[str, Sequence[Result]]:
        with ThreadPoolExecutor(1) as threads:
            async with Network(settings) as network, asyncio.TaskGroup() as run_group:
                collecting = Collecting(PLAN, catalogue().observers, network, declare, lambda _: None, threads)
                collecting.group = run_group
                async with asyncio.TaskGroup() as group:
                    seen = {site.name: group.create_task(collecting.collect(service_of(site), BUDGET_SECONDS)) for site in sites}
                return {name: list(judge(task.result(), PLAN.variants)) for name, task in seen.items()}

    return lab.run_async(run)

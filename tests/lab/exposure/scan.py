"""Runs the exposure probes and checks inside the laboratory, as the engine does. No expectation stands here."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from scanner.engine.catalogue import catalogue
from scanner.engine.collect import Collecting
from scanner.engine.factset import FactSet
from scanner.engine.judge import Result, judge
from scanner.engine.plan import make_plan
from scanner.facts.ledger import DeclaredHost
from scanner.ledger.profile import EMPTY
from scanner.model.fact import Fact
from scanner.model.target import Host, Target
from scanner.net.network import Network, Settings
from scanner.net.scope import Consent, Entry, Level, Match, Scope, Window
from tests.lab.exposure.hosts import BULK
from tests.lab.exposure.lab import ExposureLab

NETWORKS = ("10.77.0.0/24", f"{BULK}.0/24", "fd77::/64")
BUDGET_SECONDS = 110.0
PLAN = make_plan(catalogue(), (), EMPTY, ["exposure"])


@dataclass(frozen=True)
class Looked:
    """What was seen of a host, and what the checks say of it."""

    facts: FactSet
    results: Sequence[Result]

    @property
    def tags(self) -> set[str]:
        """The tags given."""
        return {result.ending.tag for result in self.results if result.ending.tag}


def consents() -> tuple[Consent, ...]:
    """Consent to the one test that needs it."""
    now = datetime.now(UTC)
    window = Window(now - timedelta(hours=1), now + timedelta(hours=1))
    return tuple(Consent(network, ("exposure.snmp-default",), window, "情報政策課長") for network in ("10.77.0.0/24", "fd77::/64"))


def look(lab: ExposureLab, declared: Mapping[str, DeclaredHost], *, given: tuple[Consent, ...] = ()) -> dict[str, Looked]:
    """See and judge hosts side by side, each with what the ledger says of it; the keys are host names or addresses."""
    level = Level.INTRUSIVE if given else Level.NORMAL
    settings = Settings(scope=Scope(tuple(Entry(Match.NETWORK, network, level) for network in NETWORKS)), consents=given)
    hosts = {name: Host(name) for name in declared}

    def declare(subject: Target) -> Mapping[type[Fact], Fact]:
        return {DeclaredHost: declared[subject.name]} if isinstance(subject, Host) else {}

    async def run() -> dict[str, Looked]:
        with ThreadPoolExecutor(1) as threads:
            async with Network(settings) as network, asyncio.TaskGroup() as run_group:
                collecting = Collecting(PLAN, catalogue().observers, network, declare, lambda _: None, threads)
                collecting.group = run_group
                async with asyncio.TaskGroup() as group:
                    tasks = {name: group.create_task(collecting.collect(host, BUDGET_SECONDS)) for name, host in hosts.items()}
                return {
                    name: Looked(task.result(), tuple(judge(task.result(), PLAN.for_target(hosts[name])))) for name, task in tasks.items()
                }

    return lab.run_async(run)

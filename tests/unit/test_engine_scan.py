"""Seeing targets: every fact ends, whatever a probe does; leads are seen once a run; a slow target keeps none waiting."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from scanner.engine.catalogue import Observers, catalogue
from scanner.engine.collect import Collecting
from scanner.engine.factset import FactSet
from scanner.engine.plan import Plan, make_plan
from scanner.engine.run import Judging, RunEnd, RunStart, TargetDone
from scanner.engine.scan import scan
from scanner.facts.agent import AgentContact
from scanner.ledger.exceptions import Exceptions
from scanner.ledger.inventory import Inventory
from scanner.ledger.profile import EMPTY
from scanner.model.fact import Fact, Observed, Unobserved
from scanner.model.reason import CannotObserve, Reason
from scanner.model.target import Domain, Endpoint, Host, Service, Target
from scanner.model.verdict import Outcome
from scanner.net.network import Network, Settings
from scanner.probes.base import Probe
from tests.unit.frame import Doors, Keys, Lights, doors, keyed, start, world

Run = Callable[..., Awaitable[Fact]]


def _probe(makes: type[Fact], run: Run, limit: float = 5.0) -> Probe:
    return Probe(makes.__name__, makes, makes.of, (), False, limit, run)


async def _one_light(target: Domain, net: object) -> Lights:
    return Lights(1, ("ns.example.jp",))


async def _shut(target: Service, net: object) -> Doors:
    return Doors(False)


async def _hang(target: Target, net: object) -> Lights:
    await asyncio.sleep(3600)
    raise AssertionError


async def _refuse(target: Target, net: object) -> Lights:
    raise CannotObserve(Reason.REFUSED, "192.0.2.1:53/udp refused")


async def _break(target: Target, net: object) -> Lights:
    raise KeyError("a defect")


class _Heard:
    """A sink that keeps what it hears."""

    def __init__(self) -> None:
        self.order: list[str] = []
        self.facts: list[FactSet] = []

    def begin(self, start: RunStart) -> None:
        self.order.append("begin")

    def target(self, done: TargetDone) -> None:
        self.order.append(done.seen.facts.target.key)
        self.facts.append(done.seen.facts)

    def end(self, end: RunEnd) -> None:
        self.order.append("end")


def _scan(targets: list[Target], lights: Probe, doors: Probe, budget: float = 5.0, workers: int = 4) -> tuple[RunEnd, _Heard]:
    return _look(targets, make_plan(world(), [], EMPTY), {Lights: (lights,), Doors: (doors,)}, budget, workers)


def _look(
    targets: list[Target], plan: Plan, observers: Mapping[type[Fact], tuple[Probe, ...]], budget: float = 5.0, workers: int = 4
) -> tuple[RunEnd, _Heard]:
    heard = _Heard()

    async def go() -> RunEnd:
        head = start(targets=len(targets), checks=len(plan.variants))
        judging = Judging(head, plan, Inventory.of_targets(targets), EMPTY, Exceptions(), [heard])
        with ThreadPoolExecutor(1) as threads:
            async with Network(Settings(resolv_conf="/nonexistent")) as network:
                collecting = Collecting(plan, Observers(observers, {}), network, lambda _: {}, lambda _: None, threads)
                return await scan(judging, collecting, targets, budget, workers)

    return asyncio.run(go()), heard


EXAMPLE: list[Target] = [Domain("example.jp")]
DOORS = _probe(Doors, _shut)


@pytest.mark.parametrize(
    ("run", "limit", "budget", "reason"),
    [
        (_refuse, 5.0, 5.0, Reason.REFUSED),
        (_break, 5.0, 5.0, Reason.DEFECT),
        (_hang, 0.05, 5.0, Reason.TIMEOUT),
        (_hang, 60.0, 0.05, Reason.BUDGET_SPENT),
    ],
    ids=["refuses", "breaks", "hangs beyond its limit", "hangs beyond the target's time"],
)
def test_whatever_a_probe_does_its_fact_ends_with_a_reason(
    run: Run, limit: float, budget: float, reason: Reason, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.CRITICAL):
        end, heard = _scan(EXAMPLE, _probe(Lights, run, limit), DOORS, budget)
    seen = heard.facts[0].get(EXAMPLE[0], Lights)
    assert isinstance(seen, Unobserved)
    assert seen.reason is reason
    assert end.outcomes == {Outcome.UNDETERMINED: 3}
    assert (end.planned_targets, end.ended_targets) == (1, 1)
    assert end.exit_status == (70 if reason is Reason.DEFECT else 3)


def test_a_lead_of_many_targets_is_seen_once() -> None:
    asked: list[str] = []

    async def count(target: Service, net: object) -> Doors:
        asked.append(target.key)
        return Doors(False)

    targets: list[Target] = [Domain(f"d{n}.example.jp") for n in range(20)]
    end, heard = _scan(targets, _probe(Lights, _one_light), _probe(Doors, count))
    assert asked == ["service:ns.example.jp:53/dns"]
    assert all(isinstance(f.get(Service("ns.example.jp", 53, "dns"), Doors), Observed) for f in heard.facts)
    assert end.outcomes == {Outcome.PASS: 60}
    assert end.exit_status == 0


def test_a_lead_outlives_the_target_that_first_asked_for_it() -> None:
    async def slow(target: Service, net: object) -> Doors:
        await asyncio.sleep(0.45)
        return Doors(False)

    targets: list[Target] = [Domain("first.example.jp"), Domain("second.example.jp")]
    _, heard = _scan(targets, _probe(Lights, _one_light), _probe(Doors, slow), budget=0.3, workers=1)
    door = Service("ns.example.jp", 53, "dns")
    cut, kept = (f.get(door, Doors) for f in heard.facts)
    assert isinstance(cut, Unobserved)
    assert cut.reason is Reason.BUDGET_SPENT
    assert isinstance(kept, Observed)


def test_sinks_hear_of_a_target_when_it_ends() -> None:
    async def uneven(target: Domain, net: object) -> Lights:
        if target.name.startswith("d0"):
            await asyncio.sleep(0.1)
        return Lights(1)

    targets: list[Target] = [Domain(f"d{n}.example.jp") for n in range(6)]
    _, heard = _scan(targets, _probe(Lights, uneven), DOORS)
    assert sorted(heard.order[1:-1]) == [t.key for t in targets]
    assert (heard.order[0], heard.order[-2:]) == ("begin", ["domain:d0.example.jp", "end"])


def test_a_run_that_evaluated_nothing_is_no_success() -> None:
    end, _ = _scan([], _probe(Lights, _one_light), DOORS)
    assert end.exit_status == 3


def test_a_fact_nobody_can_see_is_unsupported() -> None:
    async def go() -> Reason:
        plan = make_plan(world(), [], EMPTY)
        with ThreadPoolExecutor(1) as threads:
            async with Network(Settings(resolv_conf="/nonexistent")) as network:
                facts = await Collecting(plan, Observers({}, {}), network, lambda _: {}, lambda _: None, threads).collect(EXAMPLE[0], 5)
        seen = facts.get(EXAMPLE[0], Lights)
        assert isinstance(seen, Unobserved)
        return seen.reason

    assert asyncio.run(go()) is Reason.UNSUPPORTED


def test_of_an_endpoint_without_a_way_into_it_not_even_the_agent_was_heard() -> None:
    targets: list[Target] = [Endpoint("pc-17"), Host("www.example.jp")]
    _, heard = _look(targets, make_plan(catalogue(), [], EMPTY, ("endpoint.agent",)), {})
    reasons = {}
    for facts in heard.facts:
        contact = facts.get(facts.target, AgentContact)
        assert isinstance(contact, Unobserved)
        reasons[facts.target] = contact.reason
    # an endpoint is one whose agent has to report; a host is looked at in other ways
    assert reasons == {targets[0]: Reason.NOT_DECLARED, targets[1]: Reason.UNSUPPORTED}


def test_a_sink_that_fails_ends_the_run_with_its_own_error() -> None:
    class Full(_Heard):
        def target(self, done: TargetDone) -> None:
            raise OSError(28, "No space left on device", "record.jsonl")

    async def go() -> None:
        plan = make_plan(world(), [], EMPTY)
        judging = Judging(start(targets=1), plan, Inventory.of_targets(EXAMPLE), EMPTY, Exceptions(), [Full()])
        with ThreadPoolExecutor(1) as threads:
            async with Network(Settings(resolv_conf="/nonexistent")) as network:
                observers = {Lights: (_probe(Lights, _one_light),), Doors: (DOORS,)}
                await scan(
                    judging, Collecting(plan, Observers(observers, {}), network, lambda _: {}, lambda _: None, threads), EXAMPLE, 5.0
                )

    with pytest.raises(OSError, match="No space left"):
        asyncio.run(go())


def test_a_fact_that_two_facts_of_a_lead_need_is_seen_once() -> None:
    asked: list[str] = []

    async def count(target: Service, net: object) -> Doors:
        asked.append(target.key)
        return Doors(False)

    async def keys(target: Service, net: object, seen: Doors) -> Keys:
        return Keys(0 if seen.open else 1)

    async def go() -> None:
        plan = make_plan(world(doors, keyed), [], EMPTY)
        judging = Judging(start(targets=1), plan, Inventory.of_targets(EXAMPLE), EMPTY, Exceptions(), [])
        probes = {
            Lights: (_probe(Lights, _one_light),),
            Doors: (_probe(Doors, count),),
            Keys: (replace(_probe(Keys, keys), needs=((Doors, False),)),),
        }
        with ThreadPoolExecutor(1) as threads:
            async with Network(Settings(resolv_conf="/nonexistent")) as network:
                end = await scan(
                    judging, Collecting(plan, Observers(probes, {}), network, lambda _: {}, lambda _: None, threads), EXAMPLE, 5.0
                )
        assert end.outcomes == {Outcome.PASS: 2}

    asyncio.run(go())
    assert asked == ["service:ns.example.jp:53/dns"]

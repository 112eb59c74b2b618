"""The half of a run that needs no network: what was seen is judged, counted, assessed and handed to the sinks.

planned = ended: every planned target reaches the sinks, also one that was cut off, and every planned check gives a result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Protocol

from baselines.model import Baseline
from scanner.engine.assess import Assessment, Assessor
from scanner.engine.catalogue import AnyValue
from scanner.engine.factset import FactSet
from scanner.engine.judge import Result, judge
from scanner.engine.keys import KeyUse, Register, keys_of
from scanner.engine.plan import Plan
from scanner.facts.keys import KeysInUse
from scanner.ledger.exceptions import Exceptions
from scanner.ledger.inventory import Inventory, System
from scanner.ledger.profile import Profile
from scanner.model.fact import Observed
from scanner.model.reason import Reason
from scanner.model.target import WHOLE_RUN, parse_target
from scanner.model.verdict import Outcome

UNLISTED = System("unlisted", "台帳に未登録の対象 / targets in no system of the ledger")
"""Stands for the system of a target that the ledger puts in none; its grade and class are unknown."""


@dataclass(frozen=True, slots=True)
class RunStart:
    """What a run is: id, time, vantage zone, and what the same facts would have to be judged with to give the same results."""

    run: str
    started_at: str
    zone: str
    approved_by: str
    version: str
    catalogue_digest: str
    baselines: tuple[Baseline, ...]
    profile_file: str
    profile_digest: str
    inventory_file: str
    inventory_digest: str
    systems: tuple[System, ...]
    planned_targets: int
    planned_checks: int
    values: tuple[AnyValue, ...] = ()
    """The organisation's values that the planned checks take."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One target as it was seen, with the times when looking began and ended."""

    facts: FactSet
    started_at: str
    ended_at: str


@dataclass(frozen=True, slots=True)
class TargetDone:
    """One target seen and judged. ``written`` is set where another process has written its record, see ``scanner.engine.shares``.

    The facts and what the results rest on stay behind in that process then.
    """

    seen: Seen
    systems: tuple[System, ...]
    results: tuple[Result, ...]
    written: object | None = None
    keys: tuple[KeyUse, ...] = ()
    """The keys that its services use, for what is judged over the whole run."""


@dataclass(frozen=True, slots=True)
class RunEnd:
    """The counts of a whole run and its assessments."""

    run: str
    ended_at: str
    planned_targets: int
    ended_targets: int
    planned_results: int
    ended_results: int
    outcomes: Mapping[Outcome, int]
    defects: int
    assessments: tuple[Assessment, ...]

    @property
    def exit_status(self) -> int:
        """0 all determined and nothing failing, 1 failures, 3 nothing failing but something undetermined, 70 a defect of ours.

        A run in which nothing was evaluated never gives 0.
        """
        if self.defects or self.planned_targets != self.ended_targets:
            return 70
        if self.outcomes.get(Outcome.FAIL):
            return 1
        evaluated = self.outcomes.get(Outcome.PASS, 0) + self.outcomes.get(Outcome.NOT_APPLICABLE, 0)
        return 3 if self.outcomes.get(Outcome.UNDETERMINED) or not evaluated else 0


class Sink(Protocol):
    """Whatever takes a run: a record, a store, a terminal. Called from one thread, target by target as they end."""

    def begin(self, start: RunStart) -> None:
        """The run begins."""
        ...

    def target(self, done: TargetDone) -> None:
        """One target was seen and judged."""
        ...

    def end(self, end: RunEnd) -> None:
        """The run has ended."""
        ...


@dataclass(slots=True)
class Judging:
    """A run being judged: takes what was seen, counts it and tells the sinks."""

    start: RunStart
    plan: Plan
    inventory: Inventory
    profile: Profile
    exceptions: Exceptions
    sinks: Sequence[Sink]
    whole: bool = False
    """Whether the run itself is judged at the end, over all of its targets; its facts are then a target's like any other."""
    _register: Register = field(init=False, default_factory=Register)
    _assessor: Assessor = field(init=False)
    _outcomes: dict[Outcome, int] = field(init=False, default_factory=dict)
    _ended: int = field(init=False, default=0)
    _planned_results: int = field(init=False, default=0)
    _defects: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        today = date.fromisoformat(self.start.started_at[:10])
        self._assessor = Assessor(self.start.baselines, self.profile, self.exceptions, today)

    def begin(self) -> None:
        """Tell the sinks that the run begins."""
        for sink in self.sinks:
            sink.begin(self.start)

    def take(self, seen: Seen) -> None:
        """Judge one target and pass it on. Raises ``AssertionError`` when a planned check did not end: a defect of ours."""
        self.pass_on(judged(seen, self.plan, self.inventory))

    def pass_on(self, done: TargetDone) -> None:
        """Count a target that was judged and tell the sinks."""
        for result in done.results:
            outcome = result.ending.outcome
            self._outcomes[outcome] = self._outcomes.get(outcome, 0) + 1
            self._defects += result.ending.reason is Reason.DEFECT
            self._assessor.add(result, done.systems)
        self._register.take(done.keys)
        self._planned_results += len(done.results)
        self._ended += 1
        for sink in self.sinks:
            sink.target(done)

    def finish(self, ended_at: str) -> RunEnd:
        """Judge the run itself where that is asked, assess, tell the sinks and give the end of the run."""
        if self.whole:
            facts = FactSet(WHOLE_RUN)
            facts.put(WHOLE_RUN, KeysInUse, Observed(self._register.fact(), ended_at))
            self.take(Seen(facts, self.start.started_at, ended_at))
        end = RunEnd(
            run=self.start.run,
            ended_at=ended_at,
            planned_targets=self.start.planned_targets,
            ended_targets=self._ended,
            planned_results=self._planned_results,
            ended_results=sum(self._outcomes.values()),
            outcomes=dict(self._outcomes),
            defects=self._defects,
            assessments=tuple(self._assessor.assessments()),
        )
        for sink in self.sinks:
            sink.end(end)
        return end


def judged(seen: Seen, plan: Plan, inventory: Inventory) -> TargetDone:
    """Judge one target. Raises ``AssertionError`` when a planned check did not end: a defect of ours."""
    target = seen.facts.target
    planned = plan.for_target(target)
    results = tuple(judge(seen.facts, planned))
    assert {r.variant.key for r in results} == {v.key for v in planned}, f"{target.key}: planned and ended checks differ"
    return TargetDone(seen, systems_of(seen.facts, inventory), results, keys=keys_of(seen.facts))


def systems_of(facts: FactSet, inventory: Inventory) -> tuple[System, ...]:
    """Give the systems that a target's results bear on; for the run itself those of the services that share a key."""
    if facts.target != WHOLE_RUN:
        return inventory.systems_of(facts.target) or (UNLISTED,)
    seen = facts.get(WHOLE_RUN, KeysInUse)
    keys = (*seen.fact.tls, *seen.fact.ssh) if isinstance(seen, Observed) and isinstance(seen.fact, KeysInUse) else ()
    services = dict.fromkeys(service for key in keys for service in key.services)
    return tuple(dict.fromkeys(s for service in services for s in inventory.systems_of(parse_target(service)))) or (UNLISTED,)


def judge_again(judging: Judging, seen: Iterator[Seen], ended_at: Callable[[], str]) -> RunEnd:
    """Judge facts that were seen before; the same facts, catalogue, baselines and ledger give the same bytes."""
    judging.begin()
    for one in seen:
        judging.take(one)
    return judging.finish(ended_at())


def new_run_id(now: datetime, suffix: str) -> str:
    """Make a run id that sorts by time: ``20261122T053000Z-1f3a``."""
    return f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{suffix}"

"""Sees one target: runs the probes and collectors that the plan's facts need, each once, and never loses one.

Every observation ends: as a fact, or as a reason. What runs side by side is parented by a task group; what several
targets share, such as a name server of many zones, is seen once a run.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from scanner.engine.catalogue import Observers
from scanner.engine.factset import FactSet
from scanner.engine.plan import Plan
from scanner.hosts.machine import AnyCollector, Machine
from scanner.model.fact import Evidence, Fact, Observation, Observed, Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason
from scanner.model.target import Endpoint, Kind, Target
from scanner.net.network import Network
from scanner.net.stopwatch import Deadlines
from scanner.probes.base import Probe

log = logging.getLogger(__name__)

SHARED_SUBJECTS = 4096
"""Services remembered for further targets of the same run; the oldest are forgotten first, so memory stays bounded."""
MACHINE_SHARE = 0.9
"""The part of a target's time within which a machine has to give what it has, so that a slow one is not lost as a whole."""
MACHINE_SECONDS = 60.0
"""The same for a machine that another target led to."""
_SECOND = timedelta(seconds=1)


Declare = Callable[[Target], Mapping[type[Fact], Fact]]
"""What the ledger declares of a subject."""


@dataclass
class Collecting:
    """What all targets of one run have in common: the plan, the observers, the network and the ledger."""

    plan: Plan
    observers: Observers
    network: Network
    declare: Declare
    machine_for: Callable[[Target], Machine | None]
    """The way into a target, if there is one."""
    threads: Executor
    shared: OrderedDict[Target, _Looking] = field(default_factory=OrderedDict)
    group: asyncio.TaskGroup | None = None
    deadlines: Deadlines = field(default_factory=Deadlines)
    _second: tuple[datetime, str] = (datetime.min.replace(tzinfo=UTC), "")

    async def collect(self, target: Target, budget: float) -> FactSet:
        """See one target within ``budget`` seconds. What is cut off ends as ``budget-spent``."""
        facts = FactSet(target)
        try:
            async with asyncio.timeout(budget), asyncio.TaskGroup() as group:
                looking = _Looking(self, facts, group, MACHINE_SHARE * budget)
                for fact in self._facts_of(target):
                    looking.want(target, fact)
                await looking.follow_leads()
        except TimeoutError:
            log.info("%s: cut off after %g s", target.key, budget)
        self._end_what_was_cut_off(facts, budget)
        return facts

    def _facts_of(self, target: Target) -> tuple[type[Fact], ...]:
        return tuple(dict.fromkeys(fact for kind in target.kinds if self.plan.kinds.get(kind) for fact in self.plan.facts[kind]))

    def _end_what_was_cut_off(self, facts: FactSet, budget: float) -> None:
        spent = Unobserved(Reason.BUDGET_SPENT, f"{facts.target.key}: the time of {budget:g} s for this target was spent", self.now())
        for fact in self._facts_of(facts.target):
            facts.seen.setdefault(facts.target, {}).setdefault(fact, spent)
        for kind in self._leading_kinds(facts.target):
            subjects = facts.subjects(kind)
            for subject in () if isinstance(subjects, Unobserved) else subjects:
                for fact in self.plan.facts[kind]:
                    facts.seen.setdefault(subject, {}).setdefault(fact, spent)

    def _leading_kinds(self, target: Target) -> tuple[Kind, ...]:
        return tuple(sorted(self.plan.kinds_below(target) - set(target.kinds)))

    def looking_at(self, subject: Target) -> _Looking:
        """Give the one look at a lead that all targets of the run share. Raises ``RuntimeError`` outside a run."""
        if self.group is None:
            raise RuntimeError("leads are followed within a run only")
        looking = self.shared.get(subject)
        if looking is None:
            looking = self.shared[subject] = _Looking(self, FactSet(subject), self.group)
            if len(self.shared) > SHARED_SUBJECTS:
                oldest = next(iter(self.shared))
                if self.shared[oldest].idle:
                    del self.shared[oldest]
                    self.network.forget(oldest.key)
        else:
            self.shared.move_to_end(subject)
        return looking

    def now(self) -> str:
        """Give the wall clock in UTC, whole seconds."""
        moment = self.network.now()
        since, written = self._second
        if not since <= moment < since + _SECOND:
            since = moment.astimezone(UTC).replace(microsecond=0)
            written = since.strftime("%Y-%m-%dT%H:%M:%SZ")
            self._second = since, written
        return written


_Tasks = dict[type[Fact], asyncio.Task[Observation[Fact]]]


class _Looking:
    """One target being looked at: each wanted fact is one task, started once."""

    def __init__(self, run: Collecting, facts: FactSet, group: asyncio.TaskGroup, seconds: float = MACHINE_SECONDS) -> None:
        self.run = run
        self.facts = facts
        self.group = group
        self.seconds = seconds
        self.inside: dict[Target, asyncio.Task[Mapping[type[Fact], Observation[Fact]]]] = {}
        self.own: _Tasks = {}
        self.tasks: dict[Target, _Tasks] = {facts.target: self.own}
        self.declared: dict[Target, Mapping[type[Fact], Fact]] = {}

    def want(self, subject: Target, fact: type[Fact]) -> asyncio.Task[Observation[Fact]]:
        tasks = self.own if subject is self.facts.target else self.tasks.setdefault(subject, {})
        task = tasks.get(fact)
        if task is None:
            task = tasks[fact] = self.group.create_task(self._see(subject, fact))
        return task

    async def follow_leads(self) -> None:
        """Start the facts of the leads as soon as every fact that names them is there."""
        target = self.facts.target
        for kind in self.run._leading_kinds(target):
            for fact in self.run._facts_of(target):
                if kind in fact.leads_to:
                    await self.want(target, fact)
            subjects = self.facts.subjects(kind)
            for subject in () if isinstance(subjects, Unobserved) else subjects:
                for fact in self.run.plan.facts[kind]:
                    self.want(subject, fact)

    async def _see(self, subject: Target, fact: type[Fact]) -> Observation[Fact]:
        looking = self if subject == self.facts.target else self.run.looking_at(subject)
        # A lead's task belongs to the run, so that the end of this target does not end it.
        observation = await (self._observe(subject, fact) if looking is self else asyncio.shield(looking.want(subject, fact)))
        self.facts.put(subject, fact, observation)
        return observation

    @property
    def idle(self) -> bool:
        """Whether everything wanted so far has been seen."""
        return all(task.done() for tasks in self.tasks.values() for task in tasks.values())

    async def _observe(self, subject: Target, fact: type[Fact]) -> Observation[Fact]:
        """See one fact. Raises nothing but cancellation."""
        declared = self.declared.get(subject)
        if declared is None:
            declared = self.declared[subject] = self.run.declare(subject)
        known = declared.get(fact)
        if known is not None:
            return Observed(known, self.run.now(), (Evidence("ledger", subject.key),))
        try:
            return await self._run(subject, fact)
        except CannotObserve as why:
            return Unobserved(why.reason, why.detail, self.run.now())
        except Exception as error:  # a broken probe is a visible ending, never a lost one
            log.exception("defect while seeing %s of %s", fact.__name__, subject.key)
            return Unobserved(Reason.DEFECT, f"{fact.__name__}: {type(error).__name__}: {error}", self.run.now())

    async def _run(self, subject: Target, fact: type[Fact]) -> Observation[Fact]:
        if fact.of is Kind.MACHINE:
            return await self._within(subject, fact)
        probes = self.run.observers.probes.get(fact)
        if not probes:
            raise CannotObserve(Reason.UNSUPPORTED, f"nothing here can observe {fact.__name__} of {subject.key}")
        return await self._probe(probes[0], subject)

    async def _within(self, subject: Target, fact: type[Fact]) -> Observation[Fact]:
        # facts of an endpoint that nobody observes here come with its agent's report
        if not (fact.collected or isinstance(subject, Endpoint)):
            raise CannotObserve(Reason.UNSUPPORTED, f"nothing here can observe {fact.__name__} of {subject.key}")
        inside = self.inside.get(subject)
        if inside is None:
            machine = self.run.machine_for(subject)
            if machine is None:  # one sentence for all of them, so that a report says it once
                raise CannotObserve(Reason.NOT_DECLARED, f"no login to {subject.key}: what shows from within only was not seen")
            inside = self.inside[subject] = self.group.create_task(self._see_inside(machine, self.declared.get(subject, {})))
        return (await inside)[fact]

    async def _see_inside(self, machine: Machine, declared: Mapping[type[Fact], Fact]) -> Mapping[type[Fact], Observation[Fact]]:
        """Run every planned collector of the machine's platform, in one thread; every planned fact has an ending."""
        # They load in a thread of their own, while another logs in.
        choosing = self.run.threads.submit(self._collectors, machine.platform, declared)
        loop = asyncio.get_running_loop()
        try:
            seen = await loop.run_in_executor(self.run.threads, machine.see, choosing.result, self.run.now, self.seconds)
        except asyncio.CancelledError:
            machine.stop()
            raise
        return {**self._unread(machine.platform), **seen}

    def _collectors(self, platform: Platform, declared: Mapping[type[Fact], Fact]) -> Sequence[AnyCollector]:
        known = self.run.observers.collectors.get(platform, {})
        return [known[fact].on_machine(declared) for fact in self.run.plan.facts[Kind.MACHINE] if fact in known]

    def _unread(self, platform: Platform) -> Mapping[type[Fact], Observation[Fact]]:
        """Say of every planned fact why no collector of a platform makes it, if none does."""
        unread: dict[type[Fact], Observation[Fact]] = {}
        for fact in self.run.plan.facts[Kind.MACHINE]:
            if platform not in fact.arises_on:
                unread[fact] = Unobserved(Reason.OTHER_PLATFORM, f"{fact.__name__} does not arise on {platform}", self.run.now())
            else:
                unread[fact] = Unobserved(Reason.UNSUPPORTED, f"{fact.__name__} is not read on {platform} yet", self.run.now())
        return unread

    async def _probe(self, probe: Probe, subject: Target) -> Observation[Fact]:
        given: list[Fact | Unobserved] = []
        for need, takes_absence in probe.needs:
            seen = await self.want(subject, need)
            if isinstance(seen, Unobserved):
                if not takes_absence:
                    return seen
                given.append(seen)
            else:
                given.append(seen.fact)
        net = self.run.network.view(self.facts.target.key)
        try:
            with self.run.deadlines.within(probe.limit) as clock:
                net.stop_with(clock)
                fact = await probe.run(subject, net, *given)
        except TimeoutError as error:
            raise CannotObserve(Reason.TIMEOUT, f"{probe.name} of {subject.key} did not end within {probe.limit:g} s") from error
        # By source, because questions asked side by side end in any order and the same facts must give the same bytes.
        return Observed(fact, self.run.now(), tuple(sorted(net.evidence())))

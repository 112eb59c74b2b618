"""What a machine of the laboratory comes to: every host collector run on it, every check judged. No expectation stands here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, partial
from pathlib import Path

from scanner.engine.catalogue import catalogue
from scanner.engine.factset import FactSet
from scanner.engine.judge import Ending, judge
from scanner.engine.plan import Plan, make_plan
from scanner.hosts.base import Collector
from scanner.hosts.machine import observe
from scanner.ledger.profile import Profile, ProfileSetting
from scanner.model.fact import Fact, Observation, Observed
from scanner.model.platform import Platform
from scanner.model.target import Host, Kind
from tests.lab import netns
from tests.lab.hosts.lab import Machine
from tests.lab.hosts.state import State

AT = "2026-11-22T00:00:00Z"


def plan(state: State) -> Plan:
    """Plan every check of machines, with the values that the state asks for."""
    return make_plan(catalogue(), (), Profile(values={key: ProfileSetting(value, "profile") for key, value in state.values.items()}))


def facts(machine: Machine) -> Mapping[type[Fact], Observation[Fact]]:
    """Run every collector for Linux from within: /proc/sys/net speaks of the network namespace of whoever reads it."""
    return netns.call(Path(f"/proc/{machine.init}/ns/net"), partial(_facts, machine))


def _facts(machine: Machine) -> Mapping[type[Fact], Observation[Fact]]:
    found: dict[type[Fact], Observation[Fact]] = {}
    declared = {type(fact): fact for fact in machine.state.declares}
    for fact in plan(machine.state).facts[Kind.MACHINE]:
        for observer in catalogue().observers.get(fact, ()):
            if isinstance(observer, Collector) and observer.on is Platform.LINUX:
                found[fact] = observe(observer.on_machine(declared), machine.reader(), lambda: AT)
    found.update({kind: Observed(fact, AT) for kind, fact in declared.items()})
    return found


def endings(machine: Machine, seen: Mapping[type[Fact], Observation[Fact]]) -> Mapping[str, Sequence[Ending]]:
    """Judge what was seen; check id → its endings (one for each set of settings)."""
    host = Host(f"{machine.name}.example.jp")
    set_ = FactSet(host)
    for fact, observation in seen.items():
        set_.put(host, fact, observation)
    chosen = plan(machine.state)
    variants = [v for v in chosen.variants if v.check.of is Kind.MACHINE]
    found: dict[str, list[Ending]] = {}
    for result in judge(set_, variants):
        found.setdefault(result.variant.check.id, []).append(result.ending)
    return found


@cache
def checks_of_machines() -> frozenset[str]:
    """Name every check that judges machines."""
    return frozenset(check.id for check in catalogue().checks.values() if check.of is Kind.MACHINE)

"""Finds everything that can be plugged in: checks, organisation values, probes and collectors.

The packages are walked; nothing is listed by hand, and whatever is declared twice is refused.
"""

from __future__ import annotations

import difflib
import hashlib
import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import chain
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import TypeVar

import checks
import scanner.hosts
import scanner.probes
from baselines.profiles.loader import digest as reference_digest
from scanner.engine.references import with_choices
from scanner.hosts.base import Collector
from scanner.hosts.machine import AnyCollector
from scanner.model.check import BadCheck, Check, Value
from scanner.model.fact import Fact
from scanner.model.target import Kind
from scanner.probes.base import Probe

AnyValue = Value[bool] | Value[int] | Value[float] | Value[str] | Value[tuple[str, ...]]
Observer = Probe | AnyCollector
T = TypeVar("T")


Makers = Mapping[type[Fact], tuple[Observer, ...]]


class Observers(Makers):
    """Every probe and collector by the fact it makes. What sees machines from within and what sees from outside load when first asked for.

    Facts of machines are made by collectors and lead nowhere, all others by probes: a scan of domains loads no collector, an audit of
    hosts no probe. Each is loaded once, by the function that is given for it.
    """

    def __init__(self, probes: Callable[[], Makers], collectors: Callable[[], Makers]) -> None:
        self._probes = probes
        self._collectors = collectors

    def __getitem__(self, fact: type[Fact]) -> tuple[Observer, ...]:
        """Give what makes the fact."""
        return (self.collectors if fact.of is Kind.MACHINE else self.probes)[fact]

    def __iter__(self) -> Iterator[type[Fact]]:
        """Give every fact that something makes."""
        return chain(self.probes, self.collectors)

    def __len__(self) -> int:
        """Count them."""
        return len(self.probes) + len(self.collectors)

    @cached_property
    def probes(self) -> Makers:
        """What sees from outside."""
        return self._probes()

    @cached_property
    def collectors(self) -> Makers:
        """What sees from within."""
        return self._collectors()


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every check by its id, every organisation value by its key, every observer by the fact it makes."""

    checks: Mapping[str, Check]
    formerly: Mapping[str, str]
    values: Mapping[str, AnyValue]
    observers: Observers
    digest: str

    def nearest_check(self, name: str) -> str | None:
        """Give the check id nearest to a wrong one."""
        return next(iter(difflib.get_close_matches(name, self.checks, 1)), None)


_ELSEWHERE = ("scanner.hosts.ssh.", "scanner.hosts.winapi.")
"""Without collectors: the first loads paramiko, which takes as long as a hundred checks, the other loads on Windows only."""


@cache
def catalogue() -> Catalogue:
    """Walk the packages once. Raises ``BadCheck`` where two things share a name."""
    found: dict[str, Check] = {}
    formerly: dict[str, str] = {}
    values: dict[str, AnyValue] = {}
    modules = tuple(_modules(checks))
    for module in modules:
        for check in _members(module, Check):
            if found.setdefault(check.id, check) is not check:
                raise BadCheck(f"two checks are called {check.id}")
    found = {check_id: with_choices(check) for check_id, check in found.items()}
    for check in found.values():
        for old in check.formerly:
            if old in found or formerly.setdefault(old, check.id) != check.id:
                raise BadCheck(f"{check.id}: the former id {old} is in use")
        for parameter in check.parameters.values():
            value = parameter.value
            if value and values.setdefault(value.key, value) != value:
                raise BadCheck(f"two different values are called {value.key}")
    return Catalogue(
        checks=MappingProxyType(dict(sorted(found.items()))),
        formerly=MappingProxyType(formerly),
        values=MappingProxyType(dict(sorted(values.items()))),
        observers=Observers(
            lambda: _made_in(scanner.probes, Probe, lambda fact: fact.of is not Kind.MACHINE),
            lambda: _made_in(scanner.hosts, Collector, lambda fact: fact.of is Kind.MACHINE and not fact.leads_to),
        ),
        digest=_digest(modules),
    )


def _made_in(package: ModuleType, kind: type[Probe] | type[AnyCollector], fits: Callable[[type[Fact]], bool]) -> Makers:
    """Walk a package for what makes facts. Raises ``BadCheck`` for a fact that cannot be made there, or that two make."""
    found: dict[type[Fact], list[Observer]] = {}
    for module in _modules(package):
        for observer in _members(module, kind):
            found.setdefault(observer.makes, []).append(observer)
    for fact, makers in found.items():
        if not fits(fact):
            raise BadCheck(f"{fact.__name__} cannot be made in {package.__name__}")
        if len({getattr(maker, "on", None) for maker in makers}) != len(makers):
            raise BadCheck(f"two probes, or two collectors of one platform, make {fact.__name__}")
    return MappingProxyType({fact: tuple(makers) for fact, makers in found.items()})


def _digest(modules: Iterable[ModuleType]) -> str:
    """Digest the source of the checks and of what they share, and the reference data: a changed judgement is a changed catalogue."""
    text = hashlib.sha256(reference_digest().encode())
    for module in modules:
        # not by inspect, which keeps every line of every module in memory
        text.update(b"\n" + Path(str(module.__file__)).read_bytes().replace(b"\r\n", b"\n"))
    return "sha256:" + text.hexdigest()


def _modules(package: ModuleType) -> Iterator[ModuleType]:
    for found in sorted(pkgutil.walk_packages(package.__path__, package.__name__ + "."), key=lambda m: m.name):
        if not found.name.startswith(_ELSEWHERE):
            yield importlib.import_module(found.name)


def _members(module: ModuleType, kind: type[T]) -> Iterator[T]:
    for _, member in sorted(vars(module).items()):
        if (
            isinstance(member, kind)
            and getattr(member, "module", getattr(getattr(member, "run", None), "__module__", None)) == module.__name__
        ):
            yield member

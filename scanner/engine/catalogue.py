"""Finds everything that can be plugged in: checks, organisation values, probes and collectors.

The packages are walked; nothing is listed by hand, and whatever is declared twice is refused.
"""

from __future__ import annotations

import difflib
import hashlib
import importlib
import pkgutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
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
from scanner.probes.base import Probe

AnyValue = Value[bool] | Value[int] | Value[float] | Value[str] | Value[tuple[str, ...]]
Observer = Probe | AnyCollector
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every check by its id, every organisation value by its key, every observer by the fact it makes."""

    checks: Mapping[str, Check]
    formerly: Mapping[str, str]
    values: Mapping[str, AnyValue]
    observers: Mapping[type[Fact], tuple[Observer, ...]]
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
    for module in _modules(checks):
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
    observers: dict[type[Fact], list[Observer]] = {}
    for package in (scanner.probes, scanner.hosts):
        for module in _modules(package):
            members: list[Observer] = [*_members(module, Probe), *_members(module, Collector)]
            for observer in members:
                observers.setdefault(observer.makes, []).append(observer)
    for fact, makers in observers.items():
        if len({getattr(m, "on", None) for m in makers}) != len(makers):
            raise BadCheck(f"two probes, or two collectors of one platform, make {fact.__name__}")
    return Catalogue(
        checks=MappingProxyType(dict(sorted(found.items()))),
        formerly=MappingProxyType(formerly),
        values=MappingProxyType(dict(sorted(values.items()))),
        observers=MappingProxyType({fact: tuple(makers) for fact, makers in observers.items()}),
        digest=_digest(found),
    )


def _digest(found: Mapping[str, Check]) -> str:
    """Digest the source of every module that holds a check, and the reference data: a changed judgement is a changed catalogue."""
    modules = sorted({check.module for check in found.values()})
    # not by inspect, which keeps every line of every module in memory
    text = "\n".join([reference_digest(), *(Path(str(sys.modules[name].__file__)).read_text(encoding="utf-8") for name in modules)])
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


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

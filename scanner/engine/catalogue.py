"""Finds everything that can be plugged in: checks, organisation values, probes and collectors.

The packages are walked; nothing is listed by hand, and whatever is declared twice is refused. What a run does not ask for is not loaded.
"""

from __future__ import annotations

import difflib
import hashlib
import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property, partial
from itertools import chain
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import TypeVar

import checks
import scanner.hosts
import scanner.probes
from baselines.profiles.loader import digest as reference_digest
from scanner.engine.families import Families
from scanner.engine.references import with_choices
from scanner.hosts.base import Collector
from scanner.hosts.machine import AnyCollector
from scanner.model.check import BadCheck, Check, Value
from scanner.model.fact import Fact
from scanner.model.platform import DEVICES, Platform
from scanner.model.target import NAMED, Kind
from scanner.probes.base import Probe

AnyValue = Value[bool] | Value[int] | Value[float] | Value[str] | Value[tuple[str, ...]]
Observer = Probe | AnyCollector
T = TypeVar("T")
Made = TypeVar("Made", Probe, AnyCollector)


Makers = Mapping[type[Fact], tuple[Observer, ...]]
Probes = Mapping[type[Fact], tuple[Probe, ...]]
Collectors = Mapping[type[Fact], AnyCollector]


class Observers(Makers):
    """Every probe and collector by the fact it makes.

    Facts of machines are made by collectors and lead nowhere, all others by probes: a scan of domains loads no collector, an audit of
    hosts no probe, and collectors of the platforms only that it meets.
    """

    def __init__(self, probes: Probes, collectors: Mapping[Platform, Collectors]) -> None:
        self.probes = probes
        """What sees from outside."""
        self.collectors = collectors
        """What sees from within."""

    def __getitem__(self, fact: type[Fact]) -> tuple[Observer, ...]:
        """Give what makes the fact."""
        if fact.of is not Kind.MACHINE:
            return self.probes[fact]
        makers = tuple(own[fact] for own in self.collectors.values() if fact in own)
        if not makers:
            raise KeyError(fact)
        return makers

    def __iter__(self) -> Iterator[type[Fact]]:
        """Give every fact that something makes."""
        return iter(dict.fromkeys(chain(self.probes, *self.collectors.values())))

    def __len__(self) -> int:
        """Count them."""
        return sum(1 for _ in self)


class Checks(Families[str, Check]):
    """Every check by its id, in order; the family of a check is the first word of its id."""

    def __init__(self, families: Mapping[str, Callable[[], Mapping[str, Check]]]) -> None:
        super().__init__(families, lambda check_id: check_id.partition(".")[0])

    def below(self, prefix: str) -> tuple[Check, ...]:
        """Give the checks whose id is ``prefix``, or begins with it and a dot; a final ``.`` or ``.*`` says no more."""
        bare = prefix.rstrip(".*")
        family = self.family(bare.partition(".")[0])
        return tuple(check for name, check in family.items() if name == bare or name.startswith(bare + "."))


@dataclass(frozen=True)
class Catalogue:
    """Every check by its id, every observer by the fact it makes, and the digest of all that decides how facts are judged."""

    checks: Checks
    observers: Observers
    digest: str

    @cached_property
    def formerly(self) -> Mapping[str, str]:
        """Every former id of a check with the present one. Raises ``BadCheck`` for one that is in use."""
        found: dict[str, str] = {}
        for check in self.checks.values():
            for old in check.formerly:
                if old in self.checks or found.setdefault(old, check.id) != check.id:
                    raise BadCheck(f"{check.id}: the former id {old} is in use")
        return MappingProxyType(found)

    @cached_property
    def values(self) -> Mapping[str, AnyValue]:
        """Every organisation value by its key. Raises ``BadCheck`` where two differ."""
        found: dict[str, AnyValue] = {}
        for check in self.checks.values():
            for parameter in check.parameters.values():
                value = parameter.value
                if value and found.setdefault(value.key, value) != value:
                    raise BadCheck(f"two different values are called {value.key}")
        return MappingProxyType(dict(sorted(found.items())))

    def nearest_check(self, name: str) -> str | None:
        """Give the check id nearest to a wrong one."""
        return next(iter(difflib.get_close_matches(name, self.checks, 1)), None)

    def collectors_on(self, platform: Platform) -> Iterable[AnyCollector]:
        """Give every collector for a platform."""
        return self.observers.collectors[platform].values()


@cache
def catalogue() -> Catalogue:
    """Name what can be plugged in. It is loaded when it is asked for, and where two things share a name ``BadCheck`` is raised then."""
    families = [found.name for found in pkgutil.iter_modules(checks.__path__) if found.ispkg]
    return Catalogue(
        checks=Checks({name: partial(_family, name) for name in families}),
        observers=Observers(
            Families({word: partial(_probes, word) for word in _first_words(scanner.probes)}, lambda fact: _first_word(fact.__module__)),
            Families({platform: partial(_collectors, platform) for platform in Platform}, str),
        ),
        digest=_digest(Path(str(checks.__file__)).parent),
    )


def _family(name: str) -> Mapping[str, Check]:
    """Walk the package of a family. Raises ``BadCheck`` for an id that two checks have, or that belongs to another family."""
    found: dict[str, Check] = {}
    for module in _modules(importlib.import_module(f"{checks.__name__}.{name}")):
        for check in _members(module, Check):
            if found.setdefault(check.id, check) is not check:
                raise BadCheck(f"two checks are called {check.id}")
            if check.id.partition(".")[0] != name:
                raise BadCheck(f"{check.id} does not belong into {module.__name__}: the first word of an id is the family")
    return MappingProxyType({check_id: with_choices(check) for check_id, check in sorted(found.items())})


def _probes(word: str) -> Probes:
    """Load the modules of probes whose names begin with a word. Those of the facts that they make begin with the same word."""
    modules = [m for m in _names(scanner.probes) if _first_word(m) == word]

    def fits(probe: Probe) -> bool:
        fact = probe.makes
        return fact.of is not Kind.MACHINE and NAMED.isdisjoint(fact.leads_to) and _first_word(fact.__module__) == word

    return {fact: (probe,) for fact, probe in _by_fact(_found(modules, Probe, fits)).items()}


def _collectors(platform: Platform) -> Mapping[Platform, Collectors]:
    """Load the folder of a platform."""
    folder = _folder(platform)

    def fits(collector: AnyCollector) -> bool:
        return collector.makes.of is Kind.MACHINE and not collector.makes.leads_to and _folder(collector.on) == folder

    modules = _names(importlib.import_module(f"{scanner.hosts.__name__}.{folder}"))
    return {platform: _by_fact(c for c in _found(modules, Collector, fits) if c.on is platform)}


def _folder(platform: Platform) -> str:
    return "devices" if platform in DEVICES else platform.value


def _first_words(package: ModuleType) -> set[str]:
    return {_first_word(found.name) for found in pkgutil.iter_modules(package.__path__)}


def _first_word(module: str) -> str:
    return module.rpartition(".")[2].partition("_")[0]


def _found(modules: Iterable[str], kind: type[Made], fits: Callable[[Made], bool]) -> Iterator[Made]:
    """Load modules and give the observers in them. Raises ``BadCheck`` for one that does not belong there."""
    for module in map(importlib.import_module, modules):
        for observer in _members(module, kind):
            if not fits(observer):
                raise BadCheck(f"{observer.makes.__name__} cannot be made in {module.__name__}")
            yield observer


def _by_fact(observers: Iterable[Made]) -> Mapping[type[Fact], Made]:
    """Give observers by the fact they make. Raises ``BadCheck`` for a fact that two make."""
    found: dict[type[Fact], Made] = {}
    for observer in observers:
        if found.setdefault(observer.makes, observer) is not observer:
            raise BadCheck(f"two probes, or two collectors of one platform, make {observer.makes.__name__}")
    return MappingProxyType(found)


def _digest(folder: Path) -> str:
    """Digest the source of the checks and of what they share, and the reference data: a changed judgement is a changed catalogue."""
    text = hashlib.sha256(reference_digest().encode())
    for source in sorted(folder.glob("**/*.py")):
        text.update(f"\n{source.relative_to(folder).as_posix()}\n".encode() + source.read_bytes().replace(b"\r\n", b"\n"))
    return "sha256:" + text.hexdigest()


def _modules(package: ModuleType) -> Iterator[ModuleType]:
    return map(importlib.import_module, _names(package))


def _names(package: ModuleType) -> list[str]:
    return sorted(found.name for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."))


def _members(module: ModuleType, kind: type[T]) -> Iterator[T]:
    for _, member in sorted(vars(module).items()):
        if (
            isinstance(member, kind)
            and getattr(member, "module", getattr(getattr(member, "run", None), "__module__", None)) == module.__name__
        ):
            yield member

"""What a run will judge, and so what it has to see: checks with their settings, the facts they need, the leads to follow.

A check may run in several variants, one for each distinct set of settings that the chosen baselines ask of it. A
setting comes from the baseline, else from the organisation's profile, else from the shipped default, and says which.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum, unique
from functools import cached_property

from baselines.model import Baseline, Use
from scanner.codec import canonical
from scanner.engine.catalogue import Catalogue
from scanner.ledger.profile import Profile
from scanner.model.check import Check, Setting
from scanner.model.fact import Fact
from scanner.model.target import NAMED, Kind, Target
from scanner.probes.base import Probe


@unique
class Source(StrEnum):
    """Where a setting comes from."""

    DEFAULT = "default"
    PROFILE = "profile"
    BASELINE = "baseline"


@dataclass(frozen=True, slots=True)
class Applied:
    """A setting in use. ``key`` is the organisation value behind it, ``where`` the file and line or the control that set it."""

    setting: Setting
    source: Source
    key: str
    where: str


@dataclass(frozen=True)
class Variant:
    """One check with one set of settings, and the controls (baseline id, control id) that rest on it."""

    check: Check
    settings: Mapping[str, Applied]
    controls: tuple[tuple[str, str], ...]
    narrowed: Mapping[tuple[str, str], Use] = field(default_factory=dict)
    """For controls that speak of some services or machines only: which."""

    def controls_for(self, subject: Target) -> tuple[tuple[str, str], ...]:
        """Give the controls on which a result about ``subject`` bears."""
        if not self.narrowed:
            return self.controls
        return tuple(c for c in self.controls if c not in self.narrowed or self.narrowed[c].speaks_of(subject))

    @cached_property
    def values(self) -> dict[str, Setting]:
        """The settings as the check takes them."""
        return {name: applied.setting for name, applied in self.settings.items()}

    @cached_property
    def key(self) -> str:
        """The check id, and the settings that differ from the shipped ones, in canonical form."""
        changed = {n: a.setting for n, a in self.settings.items() if a.setting != self.check.parameters[n].default}
        return self.check.id + (canonical(changed).decode() if changed else "")


@dataclass(frozen=True)
class Plan:
    """The variants in order of check id, and for each kind of subject the fact types that they rest on."""

    variants: tuple[Variant, ...]
    facts: Mapping[Kind, tuple[type[Fact], ...]]
    kinds: Mapping[Kind, frozenset[Kind]]
    """For a kind of target: the kinds of subject it can lead to that some check judges, itself included."""
    _chosen: dict[tuple[Kind, ...], tuple[Variant, ...]] = field(init=False, repr=False, compare=False, default_factory=dict)

    def for_target(self, target: Target) -> tuple[Variant, ...]:
        """Give the variants that are judged for a target."""
        chosen = self._chosen.get(target.kinds)
        if chosen is None:
            judged = self.kinds_below(target)
            chosen = self._chosen[target.kinds] = tuple(v for v in self.variants if v.check.of in judged)
        return chosen

    def kinds_below(self, target: Target) -> frozenset[Kind]:
        """The kinds of subject that a target is or can lead to and that some check judges."""
        return frozenset().union(*(self.kinds.get(kind, frozenset()) for kind in target.kinds))


def make_plan(catalogue: Catalogue, baselines: Iterable[Baseline], profile: Profile, only: Sequence[str] = ()) -> Plan:
    """Plan for the chosen baselines; ``only`` holds prefixes of check ids, empty for all."""
    chosen = {c.id: c for prefix in only for c in catalogue.checks.below(prefix)} if only else dict(catalogue.checks)
    by_any_id = {name: check for check in chosen.values() for name in (check.id, *check.formerly)}
    grouped: dict[str, dict[bytes, tuple[Mapping[str, Applied], list[tuple[str, str]]]]] = {name: {} for name in chosen}
    narrowed: dict[str, dict[tuple[str, str], Use]] = {}
    for baseline in baselines:
        for control in baseline.controls:
            for use in control.checks:
                check = by_any_id.get(use.check)
                if check is None:
                    continue
                settings = _settings(check, profile, use.settings, f"{baseline.id} {control.id}")
                key = canonical({name: applied.setting for name, applied in settings.items()})
                grouped[check.id].setdefault(key, (settings, []))[1].append((baseline.id, control.id))
                if use.services or use.machines:
                    narrowed.setdefault(check.id, {})[baseline.id, control.id] = use
    variants = []
    for check in chosen.values():
        if not grouped[check.id]:
            grouped[check.id][b""] = (_settings(check, profile, {}, ""), [])
        variants += [
            Variant(check, s, tuple(controls), narrowed.get(check.id, {})) for _, (s, controls) in sorted(grouped[check.id].items())
        ]
    variants.sort(key=lambda v: v.key)
    return _with_facts(catalogue, tuple(variants))


def _settings(check: Check, profile: Profile, asked: Mapping[str, Setting], where: str) -> dict[str, Applied]:
    settings = {}
    for name, parameter in check.parameters.items():
        key = parameter.value.key if parameter.value else ""
        if name in asked:
            settings[name] = Applied(asked[name], Source.BASELINE, key, where)
        elif parameter.value and (own := profile.values.get(key)):
            settings[name] = Applied(own.value, Source.PROFILE, key, f"{own.file}:{own.line}")
        else:
            settings[name] = Applied(parameter.default, Source.DEFAULT, key, "")
    return settings


def _with_facts(catalogue: Catalogue, variants: tuple[Variant, ...]) -> Plan:
    kinds: dict[Kind, frozenset[Kind]] = {}
    judged = {v.check.of for v in variants}
    # all probes are loaded only where something is judged that one of them may lead to
    leading = [fact for fact in catalogue.observers.probes if fact.leads_to] if judged - NAMED else []
    for kind in Kind:
        reached = {kind} | {lead for fact in leading if fact.of is kind for lead in fact.leads_to}
        kinds[kind] = frozenset(reached & judged)
    needed: dict[Kind, dict[type[Fact], None]] = {kind: {} for kind in Kind}
    for variant in variants:
        for need in variant.check.needs:
            needed[need.fact.of][need.fact] = None
    for fact in leading:
        if any(lead in judged for lead in fact.leads_to):
            needed[fact.of][fact] = None
    for kind, facts in needed.items():
        for fact in list(facts):
            _close(catalogue, fact, facts)
        needed[kind] = dict.fromkeys(sorted(facts, key=lambda f: f.__name__))
    return Plan(variants, {kind: tuple(facts) for kind, facts in needed.items()}, kinds)


def _close(catalogue: Catalogue, fact: type[Fact], facts: dict[type[Fact], None]) -> None:
    """Add the facts that the probes of a fact need in turn. Collectors need none, and are loaded when the first machine is met."""
    if fact.of is Kind.MACHINE:
        return
    for observer in catalogue.observers.get(fact, ()):
        if isinstance(observer, Probe):
            for need, _ in observer.needs:
                if need not in facts:
                    facts[need] = None
                    _close(catalogue, need, facts)

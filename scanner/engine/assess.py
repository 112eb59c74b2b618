"""From results to clauses: one assessment for each control that checks bear on and each system (docs/architecture.md has the rules).

Conditions and grading come first, then the strength of the clause. Results are tallied as they arrive, so that memory
does not grow with the number of targets.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum, unique
from typing import NamedTuple

from baselines.model import Baseline, Control, Status, Strength
from scanner.engine.judge import Result
from scanner.ledger.attestations import Attestation, Choice, Decision
from scanner.ledger.exceptions import Exceptions
from scanner.ledger.grading import Axis, Scale, SystemClass
from scanner.ledger.inventory import System
from scanner.ledger.profile import Profile
from scanner.model.text import Text
from scanner.model.verdict import Outcome

KEPT = 20
"""Results named in an assessment, of each outcome; the counts are always whole."""


@unique
class Finding(StrEnum):
    """How an assessment ends."""

    SATISFIED = "satisfied"
    NOT_SATISFIED = "not-satisfied"
    UNDETERMINED = "undetermined"
    NOT_APPLICABLE = "not-applicable"
    EVIDENCE_NEEDED = "evidence-needed"


@unique
class Why(StrEnum):
    """The rule that decided an assessment."""

    ALL_PASS = "all-pass"  # noqa: S105  a rule, no password
    A_CHECK_FAILS = "a-check-fails"
    NOT_ALL_SEEN = "not-all-seen"
    NOTHING_APPLIES = "nothing-applies"
    NOTHING_JUDGED = "nothing-judged"
    REST_NEEDS_EVIDENCE = "rest-needs-evidence"
    GRADE_UNKNOWN = "grade-unknown"
    GRADE_BELOW = "grade-below"
    CLASS_UNKNOWN = "class-unknown"
    CLASS_BELOW = "class-below"
    CONDITION_UNRECORDED = "condition-unrecorded"
    DECIDED_NOT_NEEDED = "decided-not-needed"
    SUBSTITUTE = "substitute"
    DECISION_NEEDED = "decision-needed"
    EXAMPLE_MISSING = "example-missing"
    EXAMPLE_FOUND = "example-found"
    NO_EXAMPLE_FOUND = "no-example-found"
    EXAMPLES_NOT_ALL_SEEN = "examples-not-all-seen"
    ATTESTED = "attested"
    ATTESTATION_LAPSED = "attestation-lapsed"


WHY_WORDS: Mapping[Why, Text] = {
    Why.ALL_PASS: Text(ja="該当する点検項目がすべて適合した", en="every check that applies passed"),
    Why.A_CHECK_FAILS: Text(ja="不適合の点検結果がある", en="a check fails"),
    Why.NOT_ALL_SEEN: Text(
        ja="判定できない点検項目があり、適合とはいえない", en="a check could not be determined, so this is not shown to be met"
    ),
    Why.NOTHING_APPLIES: Text(ja="この対象には当てはまる点検項目がない", en="no check applies to these targets"),
    Why.NOTHING_JUDGED: Text(ja="この版では判定する点検項目が実行されていない", en="no check that bears on this clause was run"),
    Why.REST_NEEDS_EVIDENCE: Text(
        ja="点検した範囲では適合した。残りは記録による確認が必要である", en="what was checked passed; the rest has to be shown by records"
    ),
    Why.GRADE_UNKNOWN: Text(
        ja="情報の格付が台帳にないため、適用の有無を判断できない",
        en="the grading is not in the ledger, so it cannot be told whether this applies",
    ),
    Why.GRADE_BELOW: Text(ja="取り扱う情報の格付により適用されない", en="does not apply to the grade of the information held"),
    Why.CLASS_UNKNOWN: Text(
        ja="システムの区分が台帳にないため、追加対策の適用を判断できない",
        en="the system class is not in the ledger, so it cannot be told whether the additional measure binds",
    ),
    Why.CLASS_BELOW: Text(
        ja="追加対策は区分「高」のシステムにのみ適用される", en="the additional measure binds only systems of the high class"
    ),
    Why.CONDITION_UNRECORDED: Text(ja="条件に当たるかどうかの判断が記録されていない", en="whether the condition holds is not on record"),
    Why.DECIDED_NOT_NEEDED: Text(ja="不要とする判断が記録されている", en="a decision that it is not needed is on record"),
    Why.SUBSTITUTE: Text(ja="同等の代替措置が記録されている", en="an equal measure is on record"),
    Why.DECISION_NEEDED: Text(
        ja="対策が見られない。不要とする場合は判断の記録が必要である",
        en="the measure was not seen; a recorded decision is needed if it is not wanted",
    ),
    Why.EXAMPLE_MISSING: Text(
        ja="例示された手段は見られない。同等の手段があればその記録で足りる",
        en="this means, given as an example, was not seen; a record of an equal measure will do",
    ),
    Why.EXAMPLE_FOUND: Text(ja="例示された手段の一つが確認された", en="one of the means given as examples was found"),
    Why.NO_EXAMPLE_FOUND: Text(
        ja="例示された手段がいずれも見られない対策があり、代替措置の記録もない。同等の措置も認められる",
        en="none of the means given as examples of a measure was found and no substitute is on record; an equal measure is accepted",
    ),
    Why.EXAMPLES_NOT_ALL_SEEN: Text(
        ja="例示された手段の一部は点検できておらず、判断できない",
        en="some of the means given as examples were not examined, so it cannot be told",
    ),
    Why.ATTESTED: Text(ja="有効期間内の記録によって示されている", en="shown by a record that is in force"),
    Why.ATTESTATION_LAPSED: Text(
        ja="示していた記録の有効期間が過ぎており、現在も満たしているかは分からない",
        en="the record that showed it has lapsed, so it cannot be told whether it is still met",
    ),
}


class Because(NamedTuple):
    """One result that an assessment rests on; sorted by target, subject and check."""

    target: str
    subject: str
    check: str
    outcome: Outcome
    tag: str


@dataclass(frozen=True, slots=True)
class Assessment:
    """One control for one system. ``examples`` names the controls whose examples spoke for this clause."""

    baseline: str
    control: Control
    system: str
    finding: Finding
    why: Why
    counts: Mapping[Outcome, int]
    because: tuple[Because, ...]
    examples: tuple[str, ...]
    decision: Decision | None
    attestation: Attestation | None
    exception: str | None


@dataclass(slots=True)
class _Tally:
    counts: dict[Outcome, int] = field(default_factory=dict)
    kept: dict[Outcome, list[Because]] = field(default_factory=dict)

    def add(self, one: Because) -> None:
        self.counts[one.outcome] = self.counts.get(one.outcome, 0) + 1
        self._keep(one)

    def merge(self, other: _Tally) -> None:
        for outcome, n in other.counts.items():
            self.counts[outcome] = self.counts.get(outcome, 0) + n
        for kept in other.kept.values():
            for one in kept:
                self._keep(one)

    def _keep(self, one: Because) -> None:
        """Keep the first ones by target, subject and check: targets end in any order, and the same results are to give the same bytes."""
        kept = self.kept.get(one.outcome)
        if kept is None:
            self.kept[one.outcome] = [one]
        elif len(kept) < KEPT:
            insort(kept, one)
        elif one < kept[-1]:
            insort(kept, one)
            kept.pop()

    def has(self, outcome: Outcome) -> bool:
        return self.counts.get(outcome, 0) > 0

    def because(self, *outcomes: Outcome) -> tuple[Because, ...]:
        return tuple(b for outcome in outcomes for b in self.kept.get(outcome, ()))


Judged = tuple[Finding, Why]


class Assessor:
    """Takes results one by one, in any order, and gives the assessments at the end, in the order of documents and systems."""

    def __init__(self, baselines: Sequence[Baseline], profile: Profile, exceptions: Exceptions, today: date) -> None:
        self._baselines = baselines
        self._profile = profile
        self._exceptions = exceptions
        self._today = today
        self._systems: dict[str, System] = {}
        self._tallies: dict[tuple[str, str, str], _Tally] = {}
        self._attestations: dict[str, list[Attestation]] = {}
        for attestation in profile.attestations:
            if attestation.valid_from <= today:
                self._attestations.setdefault(attestation.control, []).append(attestation)

    def add(self, result: Result, systems: Iterable[System]) -> None:
        """Count one result for each system that its target belongs to."""
        ending = result.ending
        one = Because(result.target.key, result.subject.key, result.variant.check.id, ending.outcome, ending.tag)
        for system in systems:
            self._systems[system.id] = system
            for baseline, control in result.variant.controls_for(result.subject):
                key = (system.id, baseline, control)
                tally = self._tallies.get(key)
                if tally is None:
                    tally = self._tallies[key] = _Tally()
                tally.add(one)

    def assessments(self) -> Iterator[Assessment]:
        """Give one assessment for each system and each control on which a result or record bears, directly or as its example.

        Systems are those of the results that were added.
        """
        for baseline in self._baselines:
            for system in sorted(self._systems.values(), key=lambda s: s.id):
                for control in baseline:
                    if not control.strength.binds:
                        continue
                    children = baseline.examples_of(control)
                    if any(self._bears(system, baseline.id, one) for one in (control, *children)):
                        yield self._assess(baseline.id, control, system, children)

    def _bears(self, system: System, baseline: str, control: Control) -> bool:
        """Tell whether there is anything to assess a control by: a result, or a record where no check could be asked instead."""
        by_record = not control.checks and self._attestation(control, system) is not None
        return by_record or (system.id, baseline, control.id) in self._tallies

    def _assess(self, baseline: str, control: Control, system: System, children: Sequence[Control]) -> Assessment:
        tally = self._tally(system, baseline, control)
        decision = self._decision(control, system)
        finding, why, spoke = self._judge(baseline, control, system, children)
        return Assessment(
            baseline=baseline,
            control=control,
            system=system.id,
            finding=finding,
            why=why,
            counts=dict(tally.counts),
            because=tally.because(Outcome.FAIL, Outcome.UNDETERMINED, Outcome.PASS),
            examples=spoke,
            decision=decision,
            attestation=self._attestation(control, system),
            exception=self._exception(control, system, tally),
        )

    def _exception(self, control: Control, system: System, tally: _Tally) -> str | None:
        """Name the exception that covers the system, or all of its failing targets."""
        for exception in self._exceptions.covering(self._today, control.id, [system.key, *system.targets]):
            failing = {because.target for because in tally.because(Outcome.FAIL)}
            if system.id in exception.systems or (failing and failing <= set(exception.targets)):
                return exception.id
        return None

    def _tally(self, system: System, baseline: str, control: Control) -> _Tally:
        return self._tallies.get((system.id, baseline, control.id), _Tally())

    def _judge(self, baseline: str, control: Control, system: System, children: Sequence[Control]) -> tuple[Finding, Why, tuple[str, ...]]:
        if early := self._applicability(control, system):
            return *early, ()
        own = self._own(baseline, control, system)
        match control.strength:
            case Strength.EXAMPLE | Strength.CONDITIONAL_EXAMPLE:
                return *_example(own), ()
            case Strength.AS_NEEDED | Strength.CONSIDER | Strength.WHERE_FEASIBLE:
                if own[0] is Finding.NOT_SATISFIED:
                    return Finding.EVIDENCE_NEEDED, Why.DECISION_NEEDED, ()
                return *own, ()
            case _:
                return self._with_examples(baseline, system, own, children, has_own=bool(control.checks))

    def _own(self, baseline: str, control: Control, system: System) -> Judged:
        """Judge by the control's own checks, and by a record for what only a record can show: it never outweighs a check."""
        own = _by_checks(control, self._tally(system, baseline, control))
        attestation = self._attestation(control, system)
        if attestation is None or own[1] is not (Why.REST_NEEDS_EVIDENCE if control.checks else Why.NOTHING_JUDGED):
            return own
        return (Finding.SATISFIED, Why.ATTESTED) if attestation.holds(self._today) else (Finding.UNDETERMINED, Why.ATTESTATION_LAPSED)

    def _attestation(self, control: Control, system: System) -> Attestation | None:
        """Give the record on a control that lasts longest, also when it has lapsed."""
        found = [a for a in self._attestations.get(control.id, ()) if not a.systems or system.id in a.systems]
        return max(found, key=lambda a: (a.valid_until, -a.line), default=None)

    def _with_examples(
        self, baseline: str, system: System, own: Judged, children: Sequence[Control], *, has_own: bool
    ) -> tuple[Finding, Why, tuple[str, ...]]:
        """Judge a clause together with the means that the document gives as examples for it: each measure needs one of its own."""
        if not any(child.checks for child in children) or own[0] is Finding.NOT_SATISFIED:
            return *own, ()
        findings = {child.id: self._child(baseline, system, child) for child in children}
        measures: dict[str, list[str]] = {}
        for child in children:
            if findings[child.id] is not Finding.NOT_APPLICABLE:
                measures.setdefault(child.measure, []).append(child.id)
        found = tuple(i for i, f in findings.items() if f is Finding.SATISFIED)
        unmet = [ids for ids in measures.values() if not any(i in found for i in ids)]
        if not unmet or own[0] is Finding.SATISFIED:
            return (*own, found) if has_own or not found else (Finding.SATISFIED, Why.EXAMPLE_FOUND, found)
        missing = [ids for ids in unmet if all(findings[i] is Finding.EVIDENCE_NEEDED for i in ids)]
        if missing:
            return Finding.NOT_SATISFIED, Why.NO_EXAMPLE_FOUND, tuple(i for ids in missing for i in ids)
        return Finding.UNDETERMINED, Why.EXAMPLES_NOT_ALL_SEEN, tuple(i for ids in unmet for i in ids)

    def _child(self, baseline: str, system: System, child: Control) -> Finding | None:
        """Give the finding of an example, ``None`` where nothing examines it in this version and no record shows it."""
        if early := self._applicability(child, system):
            return early[0]
        if not child.checks and self._attestation(child, system) is None:
            return None
        finding, why = _example(self._own(baseline, child, system))
        if finding is Finding.EVIDENCE_NEEDED and why is Why.REST_NEEDS_EVIDENCE:
            return Finding.UNDETERMINED
        return finding

    def _decision(self, control: Control, system: System) -> Decision | None:
        """Give the decision in force on a control: one made for the system before one made for all."""
        held = [d for d in self._profile.decisions if d.control == control.id and d.holds(self._today)]
        own = [d for d in held if system.id in d.systems]
        return next(iter(own or [d for d in held if not d.systems]), None)

    def _applicability(self, control: Control, system: System) -> Judged | None:
        """Tell whether conditions and grading settle the matter before any result is looked at."""
        choice = decision.choice if (decision := self._decision(control, system)) else None
        if choice is Choice.SUBSTITUTE:
            return Finding.SATISFIED, Why.SUBSTITUTE
        if choice is Choice.NOT_NEEDED and control.strength in {Strength.AS_NEEDED, Strength.CONSIDER, Strength.WHERE_FEASIBLE}:
            return Finding.SATISFIED, Why.DECIDED_NOT_NEEDED
        if control.strength in {Strength.CONDITIONAL, Strength.CONDITIONAL_EXAMPLE}:
            if choice is None:
                return Finding.UNDETERMINED, Why.CONDITION_UNRECORDED
            if choice is Choice.NOT_NEEDED:
                return Finding.NOT_APPLICABLE, Why.DECIDED_NOT_NEEDED
        if control.info_class:
            applies = [_grade_meets(system, info_class, self._profile.scale) for info_class in control.info_class]
            if not any(applies):
                if None in applies:
                    return Finding.UNDETERMINED, Why.GRADE_UNKNOWN
                return Finding.NOT_APPLICABLE, Why.GRADE_BELOW
        if control.tier == "追加" and system.classed is not SystemClass.HIGH:
            if system.classed is None:
                return Finding.UNDETERMINED, Why.CLASS_UNKNOWN
            return Finding.NOT_APPLICABLE, Why.CLASS_BELOW
        return None


_RANKS = {"要機密": Axis.CONFIDENTIALITY, "要保全": Axis.INTEGRITY, "要安定": Axis.AVAILABILITY}


def _grade_meets(system: System, info_class: str, scale: Scale) -> bool | None:
    """Tell whether the information held is of the rank that a clause names; ``None`` where the ledger does not say.

    要機密, 要保全 and 要安定 speak of one axis each, 要保護 of any of them.
    """
    for word, axis in _RANKS.items():
        if word in info_class:
            return scale.needs_protection(system.grade, axis)
    met = [scale.needs_protection(system.grade, axis) for axis in Axis]
    return True if any(met) else None if None in met else False


def _by_checks(control: Control, tally: _Tally) -> Judged:
    """Judge by the control's own checks alone."""
    if tally.has(Outcome.FAIL):
        return Finding.NOT_SATISFIED, Why.A_CHECK_FAILS
    if tally.has(Outcome.UNDETERMINED):
        return Finding.UNDETERMINED, Why.NOT_ALL_SEEN
    if tally.has(Outcome.PASS):
        if control.status is Status.AUTOMATED:
            return Finding.SATISFIED, Why.ALL_PASS
        return Finding.EVIDENCE_NEEDED, Why.REST_NEEDS_EVIDENCE
    if tally.has(Outcome.NOT_APPLICABLE):
        return Finding.NOT_APPLICABLE, Why.NOTHING_APPLIES
    return Finding.UNDETERMINED, Why.NOTHING_JUDGED


def _example(own: Judged) -> Judged:
    """Judge an example: without it the clause is not violated, but evidence of an equal measure is needed."""
    if own[0] is Finding.NOT_SATISFIED:
        return Finding.EVIDENCE_NEEDED, Why.EXAMPLE_MISSING
    return own

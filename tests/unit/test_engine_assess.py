"""From results to clauses: one row for each rule of docs/architecture.md."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from baselines.model import Control, Status, Strength
from scanner.engine.assess import WHY_WORDS, Assessor, Finding, Why
from scanner.engine.judge import judge
from scanner.engine.plan import make_plan
from scanner.ledger.attestations import Attestation, Choice, Decision
from scanner.ledger.exceptions import Exceptions
from scanner.ledger.grading import Grade, SystemClass
from scanner.ledger.inventory import System
from scanner.ledger.profile import Profile
from scanner.model.fact import Fact, Observation
from tests.unit.frame import EXAMPLE, Lights, absence, baseline, control, facts, lights, seen, silent, world

TODAY = date(2026, 11, 22)
GOOD, BAD, NONE, UNSEEN = seen(Lights(1)), seen(Lights(9)), seen(Lights(0)), silent()
HIGH = System("sys", "系", Grade(3, 2, 2), SystemClass.HIGH)


def _assess(
    on: Observation[Fact],
    *controls: Control,
    system: System = HIGH,
    decisions: tuple[Decision, ...] = (),
    attestations: tuple[Attestation, ...] = (),
) -> dict[str, tuple[Finding, Why]]:
    profile = Profile(decisions=decisions, attestations=attestations)
    document = baseline(*controls)
    assessor = Assessor([document], profile, Exceptions(), TODAY)
    for result in judge(facts(on), make_plan(world(lights), [document], profile).for_target(EXAMPLE)):
        assessor.add(result, [system])
    return {a.control.id: (a.finding, a.why) for a in assessor.assessments()}


def _one(on: Observation[Fact], **more: Any) -> tuple[Finding, Why]:
    system = more.pop("system", HIGH)
    decisions = more.pop("decisions", ())
    return _assess(on, control("c", "test.lights", **more), system=system, decisions=decisions)["c"]


def _decided(choice: Choice, name: str = "c", **more: Any) -> tuple[Decision, ...]:
    return (Decision(control=name, choice=choice, by="CISO", on=date(2026, 4, 1), reason="理由", **more),)


@pytest.mark.parametrize("strength", [Strength.REQUIRED, Strength.PROHIBITION])
@pytest.mark.parametrize(
    ("on", "expected"),
    [
        (GOOD, (Finding.SATISFIED, Why.ALL_PASS)),
        (BAD, (Finding.NOT_SATISFIED, Why.A_CHECK_FAILS)),
        (NONE, (Finding.NOT_APPLICABLE, Why.NOTHING_APPLIES)),
        (UNSEEN, (Finding.UNDETERMINED, Why.NOT_ALL_SEEN)),
    ],
    ids=["good", "bad", "none", "unseen"],
)
def test_a_duty_follows_its_checks(strength: Strength, on: Observation[Fact], expected: tuple[Finding, Why]) -> None:
    assert _one(on, strength=strength) == expected


def test_a_duty_that_is_checked_in_part_is_never_satisfied_by_the_program_alone() -> None:
    assert _one(GOOD, status=Status.PARTIAL) == (Finding.EVIDENCE_NEEDED, Why.REST_NEEDS_EVIDENCE)
    assert _one(BAD, status=Status.PARTIAL) == (Finding.NOT_SATISFIED, Why.A_CHECK_FAILS)


@pytest.mark.parametrize("strength", [Strength.EXAMPLE, Strength.CONDITIONAL_EXAMPLE])
def test_an_example_never_violates_by_itself(strength: Strength) -> None:
    decisions = _decided(Choice.NEEDED) if strength is Strength.CONDITIONAL_EXAMPLE else ()
    assert _one(BAD, strength=strength, decisions=decisions) == (Finding.EVIDENCE_NEEDED, Why.EXAMPLE_MISSING)
    assert _one(GOOD, strength=strength, decisions=decisions) == (Finding.SATISFIED, Why.ALL_PASS)


@pytest.mark.parametrize("strength", [Strength.AS_NEEDED, Strength.CONSIDER, Strength.WHERE_FEASIBLE])
def test_an_optional_measure_is_satisfied_by_a_result_or_a_recorded_decision(strength: Strength) -> None:
    assert _one(GOOD, strength=strength)[0] is Finding.SATISFIED
    assert _one(BAD, strength=strength) == (Finding.EVIDENCE_NEEDED, Why.DECISION_NEEDED)
    assert _one(BAD, strength=strength, decisions=_decided(Choice.NOT_NEEDED)) == (Finding.SATISFIED, Why.DECIDED_NOT_NEEDED)


def test_a_duty_is_not_waived_by_a_decision_that_it_is_not_needed() -> None:
    assert _one(BAD, decisions=_decided(Choice.NOT_NEEDED)) == (Finding.NOT_SATISFIED, Why.A_CHECK_FAILS)


def test_a_declared_substitute_satisfies_until_it_lapses() -> None:
    assert _one(BAD, decisions=_decided(Choice.SUBSTITUTE, substitute="別の手段")) == (Finding.SATISFIED, Why.SUBSTITUTE)
    assert _one(BAD, decisions=_decided(Choice.SUBSTITUTE, until=date(2026, 11, 21)))[0] is Finding.NOT_SATISFIED
    assert _one(BAD, decisions=_decided(Choice.SUBSTITUTE, systems=("other",)))[0] is Finding.NOT_SATISFIED


def test_a_condition_must_be_on_record() -> None:
    assert _one(BAD, strength=Strength.CONDITIONAL) == (Finding.UNDETERMINED, Why.CONDITION_UNRECORDED)
    assert _one(BAD, strength=Strength.CONDITIONAL, decisions=_decided(Choice.NEEDED)) == (Finding.NOT_SATISFIED, Why.A_CHECK_FAILS)
    assert _one(BAD, strength=Strength.CONDITIONAL, decisions=_decided(Choice.NOT_NEEDED)) == (
        Finding.NOT_APPLICABLE,
        Why.DECIDED_NOT_NEEDED,
    )


@pytest.mark.parametrize(
    ("grade", "expected"),
    [
        (Grade(1, 1, 2), Finding.NOT_SATISFIED),
        (Grade(3, 2, 1), Finding.NOT_APPLICABLE),
        (Grade(None, None, None), Finding.UNDETERMINED),
    ],
    ids=["graded", "below", "unknown"],
)
def test_grading_comes_before_results(grade: Grade, expected: Finding) -> None:
    assert _one(BAD, info_class=("要安定情報",), system=System("sys", "系", grade, SystemClass.HIGH))[0] is expected


@pytest.mark.parametrize(
    ("classed", "expected"),
    [(SystemClass.HIGH, Finding.NOT_SATISFIED), (SystemClass.LOW, Finding.NOT_APPLICABLE), (None, Finding.UNDETERMINED)],
)
def test_additional_measures_bind_the_high_class_only(classed: SystemClass | None, expected: Finding) -> None:
    assert _one(BAD, tier="追加", system=System("sys", "系", Grade(3, 2, 2), classed))[0] is expected


@pytest.mark.parametrize("strength", [Strength.DEFINITION, Strength.PERMISSION, Strength.INFORMATIVE])
def test_what_does_not_bind_is_not_assessed(strength: Strength) -> None:
    assert _assess(BAD, control("c", "test.lights", strength=strength)) == {}


PARENT = control("parent", ref="6.2.4(1)(b)")
CHILD = control("child", "test.lights", ref="6.2.4(1)-2 a)", strength=Strength.EXAMPLE, supports=("6.2.4(1)(b)",))
BLIND = control("blind", ref="6.2.4(1)-2 b)", strength=Strength.EXAMPLE, supports=("6.2.4(1)(b)",))
OTHER = control("other", "test.absence", ref="6.2.4(1)-3 a)", strength=Strength.EXAMPLE, supports=("6.2.4(1)(b)",))


def test_one_example_that_is_found_satisfies_the_clause() -> None:
    assert _assess(GOOD, PARENT, CHILD, BLIND)["parent"] == (Finding.SATISFIED, Why.EXAMPLE_FOUND)


def test_a_clause_fails_only_when_every_example_was_looked_for_and_none_was_found() -> None:
    assert _assess(BAD, PARENT, CHILD)["parent"] == (Finding.NOT_SATISFIED, Why.NO_EXAMPLE_FOUND)
    assert _assess(BAD, PARENT, CHILD, BLIND)["parent"] == (Finding.UNDETERMINED, Why.EXAMPLES_NOT_ALL_SEEN)
    assert _assess(UNSEEN, PARENT, CHILD)["parent"] == (Finding.UNDETERMINED, Why.EXAMPLES_NOT_ALL_SEEN)


def _examples_of(on: Observation[Fact], *controls: Control, decisions: tuple[Decision, ...] = ()) -> tuple[Finding, Why, tuple[str, ...]]:
    profile, document = Profile(decisions=decisions), baseline(*controls)
    assessor = Assessor([document], profile, Exceptions(), TODAY)
    for result in judge(facts(on), make_plan(world(lights, absence), [document], profile).for_target(EXAMPLE)):
        assessor.add(result, [HIGH])
    (parent,) = [a for a in assessor.assessments() if a.control.id == "parent"]
    return parent.finding, parent.why, parent.examples


def test_each_measure_of_a_clause_needs_an_example_of_its_own() -> None:
    """The other measure is met (its check always passes); a missing one is not made good by it."""
    assert _examples_of(GOOD, PARENT, CHILD, OTHER) == (Finding.SATISFIED, Why.EXAMPLE_FOUND, ("child", "other"))
    assert _examples_of(BAD, PARENT, CHILD, OTHER) == (Finding.NOT_SATISFIED, Why.NO_EXAMPLE_FOUND, ("child",))
    assert _examples_of(BAD, PARENT, CHILD, BLIND, OTHER) == (Finding.UNDETERMINED, Why.EXAMPLES_NOT_ALL_SEEN, ("child", "blind"))
    substitute = _decided(Choice.SUBSTITUTE, "child")
    assert _examples_of(BAD, PARENT, CHILD, OTHER, decisions=substitute)[0] is Finding.SATISFIED


def test_a_measure_that_does_not_apply_asks_for_nothing() -> None:
    assert _examples_of(NONE, PARENT, CHILD, OTHER) == (Finding.SATISFIED, Why.EXAMPLE_FOUND, ("other",))


@pytest.mark.parametrize(
    ("ref", "measure"),
    [
        ("第106条第1号", "第106条"),
        ("第196条第2項第4号", "第196条第2項"),
        ("6.2.4(1)-1 a)", "6.2.4(1)-1"),
        ("6.2.4(1)-1 a)-c)", "6.2.4(1)-1"),
        ("第99条", "第99条"),
        ("7.1.5(2)(a)(ア)", "7.1.5(2)(a)(ア)"),
    ],
)
def test_the_measure_of_an_example_is_its_ref_without_its_own_number(ref: str, measure: str) -> None:
    assert control("c", ref=ref).measure == measure


def test_a_substitute_for_an_example_satisfies_the_clause() -> None:
    assert _assess(BAD, PARENT, CHILD, decisions=_decided(Choice.SUBSTITUTE, "child"))["parent"] == (Finding.SATISFIED, Why.EXAMPLE_FOUND)


def _record(name: str = "c", begin: str = "2026-04-01", end: str = "2027-03-31", **more: Any) -> Attestation:
    day = date.fromisoformat
    return Attestation(name, "確認した", "点検記録", day(begin), day(end), "情報政策課", **more)


LAPSED = {"end": "2026-11-21"}
PAPER = control("c", status=Status.EVIDENCE)


def test_a_clause_that_only_a_document_can_prove_is_assessed_by_its_record() -> None:
    assert _assess(GOOD, PAPER, control("d", "test.lights")) == {"d": (Finding.SATISFIED, Why.ALL_PASS)}
    assert _assess(GOOD, PAPER, control("d", "test.lights"), attestations=(_record(),))["c"] == (Finding.SATISFIED, Why.ATTESTED)


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        ((_record(**LAPSED),), (Finding.UNDETERMINED, Why.ATTESTATION_LAPSED)),
        ((_record(end="2026-11-22"),), (Finding.SATISFIED, Why.ATTESTED)),
        ((_record(), _record(**LAPSED)), (Finding.SATISFIED, Why.ATTESTED)),
        ((_record(systems=("sys",)),), (Finding.SATISFIED, Why.ATTESTED)),
        ((_record(systems=("other",)),), None),
        ((_record(begin="2026-11-23"),), None),
        ((_record("another"),), None),
    ],
    ids=["lapsed", "last-day", "renewed", "own-system", "other-system", "not-begun", "other-clause"],
)
def test_a_record_holds_for_its_clause_its_systems_and_its_time(
    records: tuple[Attestation, ...], expected: tuple[Finding, Why] | None
) -> None:
    assert _assess(GOOD, PAPER, control("d", "test.lights"), attestations=records).get("c") == expected


@pytest.mark.parametrize(
    ("on", "record", "expected"),
    [
        (GOOD, _record(), (Finding.SATISFIED, Why.ATTESTED)),
        (GOOD, _record(**LAPSED), (Finding.UNDETERMINED, Why.ATTESTATION_LAPSED)),
        (BAD, _record(), (Finding.NOT_SATISFIED, Why.A_CHECK_FAILS)),
        (UNSEEN, _record(), (Finding.UNDETERMINED, Why.NOT_ALL_SEEN)),
        (NONE, _record(), (Finding.NOT_APPLICABLE, Why.NOTHING_APPLIES)),
    ],
    ids=["rest-shown", "rest-lapsed", "failing", "unseen", "not-applicable"],
)
def test_a_record_shows_the_rest_of_a_clause_and_never_outweighs_a_check(
    on: Observation[Fact], record: Attestation, expected: tuple[Finding, Why]
) -> None:
    assert _assess(on, control("c", "test.lights", status=Status.PARTIAL), attestations=(record,))["c"] == expected


def test_a_check_that_was_left_out_of_a_run_is_not_replaced_by_a_record() -> None:
    left_out = control("c", "test.doors", status=Status.PARTIAL)
    assert "c" not in _assess(GOOD, left_out, control("d", "test.lights"), attestations=(_record(),))


def test_a_record_stands_for_an_example_that_nothing_examines() -> None:
    held, lapsed = (_record("blind"),), (_record("blind", **LAPSED),)
    assert _assess(BAD, PARENT, CHILD, BLIND, attestations=held)["parent"] == (Finding.SATISFIED, Why.EXAMPLE_FOUND)
    assert _assess(BAD, PARENT, CHILD, BLIND, attestations=lapsed)["parent"] == (Finding.UNDETERMINED, Why.EXAMPLES_NOT_ALL_SEEN)
    assert _assess(BAD, PARENT, CHILD, attestations=(_record("parent"),))["parent"] == (Finding.SATISFIED, Why.ATTESTED)


def test_conditions_and_grading_come_before_a_record() -> None:
    below = control("c", status=Status.EVIDENCE, tier="追加")
    system = System("sys", "系", Grade(3, 2, 2), SystemClass.LOW)
    found = _assess(GOOD, below, control("d", "test.lights"), system=system, attestations=(_record(),))
    assert found["c"] == (Finding.NOT_APPLICABLE, Why.CLASS_BELOW)


def test_every_rule_has_its_words() -> None:
    assert set(WHY_WORDS) == set(Why)

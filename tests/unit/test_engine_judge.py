"""The four endings, and that a check never disappears."""

from __future__ import annotations

import logging

import pytest

from scanner.engine.factset import FactSet
from scanner.engine.judge import judge, judge_one, says
from scanner.engine.plan import make_plan
from scanner.ledger.profile import EMPTY, Profile, ProfileSetting
from scanner.model.fact import Fact, Observation, cannot_tell
from scanner.model.reason import WORDS, Reason
from scanner.model.target import LOCAL, Kind, Service
from scanner.model.text import Text
from scanner.model.verdict import Outcome
from tests.unit.frame import EXAMPLE, Doors, Lights, absence, baseline, control, doors, facts, lights, porch, seen, silent, world


@pytest.mark.parametrize(
    ("on", "outcome", "tag"),
    [(1, Outcome.PASS, "LIGHTS_OK"), (4, Outcome.FAIL, "LIGHTS_MANY"), (0, Outcome.NOT_APPLICABLE, "NO_LIGHTS")],
)
def test_a_fact_that_was_seen_is_judged(on: int, outcome: Outcome, tag: str) -> None:
    ending = judge_one(lights, [seen(Lights(on))], {})
    assert (ending.outcome, ending.tag, ending.reason) == (outcome, tag, None)


@pytest.mark.parametrize("reason", sorted(set(Reason) - {Reason.OTHER_PLATFORM}))
def test_a_missing_fact_is_undetermined_for_its_own_reason(reason: Reason) -> None:
    ending = judge_one(lights, [silent(reason)], {})
    assert (ending.outcome, ending.reason) == (Outcome.UNDETERMINED, reason)
    assert reason in WORDS


def test_a_question_that_does_not_arise_on_what_the_machine_runs_is_not_applicable() -> None:
    ending = judge_one(lights, [silent(Reason.OTHER_PLATFORM)], {})
    assert (ending.outcome, ending.tag, ending.reason) == (Outcome.NOT_APPLICABLE, "OTHER_PLATFORM", None)


def test_a_check_that_asks_for_absence_hears_of_it_and_may_hand_it_on() -> None:
    assert judge_one(absence, [silent(Reason.REFUSED)], {}).reason is Reason.REFUSED
    assert judge_one(absence, [seen(Lights(1))], {}).outcome is Outcome.PASS


def test_what_a_check_cannot_tell_it_says_in_both_languages() -> None:
    """The reason comes first, then what the check itself says; nothing of it is a technical note."""
    why = cannot_tell(Reason.NOT_DECLARED, "{name} の用途が台帳にない", "the ledger does not say what {name} is for", name="a.jp {x}")
    ending = judge_one(absence, [why], {})
    assert says(absence, ending) == Text(
        ja="台帳に記載がない：a.jp {x} の用途が台帳にない", en="the ledger does not say: the ledger does not say what a.jp {x} is for"
    )
    assert (ending.reason, ending.detail) == (Reason.NOT_DECLARED, "")


def test_a_verdict_on_an_unconfirmed_reference_is_no_violation() -> None:
    ending = judge_one(lights, [seen(Lights(13))], {})
    assert (ending.outcome, ending.tag, ending.reason, ending.confirmed) == (Outcome.UNDETERMINED, "LIGHTS_ODD", Reason.UNCONFIRMED, False)


@pytest.mark.parametrize("on", [98, 99])
def test_a_broken_check_is_a_visible_defect(on: int, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.CRITICAL):
        ending = judge_one(lights, [seen(Lights(on))], {})
    assert (ending.outcome, ending.reason) == (Outcome.UNDETERMINED, Reason.DEFECT)


PLAN = make_plan(world(), [], EMPTY)


def _endings(made: FactSet) -> dict[tuple[str, str], tuple[str, str]]:
    return {(r.variant.check.id, r.subject.key): (r.ending.outcome.value, r.ending.tag) for r in judge(made, PLAN.for_target(EXAMPLE))}


def test_each_lead_is_judged_for_itself() -> None:
    made = facts(seen(Lights(1, ("a.example.jp", "b.example.jp"))), {"a.example.jp": seen(Doors(True)), "b.example.jp": silent()})
    found = _endings(made)
    assert found["test.doors", "service:a.example.jp:53/dns"] == ("fail", "DOOR_OPEN")
    assert found["test.doors", "service:b.example.jp:53/dns"] == ("undetermined", "TIMEOUT")


def test_a_check_of_a_lead_may_ask_for_what_the_domain_shows() -> None:
    plan = make_plan(world(porch), [], EMPTY)
    made = facts(seen(Lights(0, ("a.example.jp",))), {"a.example.jp": seen(Doors(True))})
    (result,) = judge(made, plan.for_target(EXAMPLE))
    assert (result.subject.key, result.ending.tag) == ("service:a.example.jp:53/dns", "PORCH_DARK")
    assert [fact for fact, _ in result.basis] == [Doors, Lights]
    alone = FactSet(Service("a.example.jp", 53, "dns"))
    alone.put(alone.target, Doors, seen(Doors(True)))
    (result,) = judge(alone, plan.for_target(alone.target))
    assert (result.ending.outcome, result.ending.reason) == (Outcome.UNDETERMINED, Reason.UNSUPPORTED)


@pytest.mark.parametrize(
    ("on", "expected"),
    [(seen(Lights(1)), ("not-applicable", "NO_SUBJECT")), (silent(Reason.SERVER_FAILURE), ("undetermined", "SERVER_FAILURE"))],
    ids=["no lead", "lead unseen"],
)
def test_a_check_without_a_subject_still_ends(on: Observation[Fact], expected: tuple[str, str]) -> None:
    assert _endings(facts(on))["test.doors", "domain:example.jp"] == expected


def test_nothing_is_judged_twice_and_nothing_is_left_out() -> None:
    results = list(judge(facts(seen(Lights(1))), PLAN.for_target(EXAMPLE)))
    assert [r.variant.check.id for r in results] == ["test.absence", "test.doors", "test.lights"]


def test_a_setting_comes_from_the_baseline_before_the_profile_before_the_default() -> None:
    profile = Profile(values={"lights.most": ProfileSetting(5, "profile", "profile.yaml", 3)})
    from baselines.model import Use

    strict = control("strict", "test.lights", checks=(Use("test.lights", {"most": 1}),))
    loose = control("loose", "test.lights")
    plan = make_plan(world(lights), [baseline(strict, loose)], profile)
    sources = {v.controls[0][1]: (v.values["most"], v.settings["most"].source.value, v.settings["most"].where) for v in plan.variants}
    assert sources == {"strict": (1, "baseline", "doc strict"), "loose": (5, "profile", "profile.yaml:3")}
    (alone,) = make_plan(world(lights), [], EMPTY).variants
    assert (alone.values["most"], alone.settings["most"].source.value) == (3, "default")


def test_the_plan_asks_for_leads_only_where_somebody_judges_them() -> None:
    assert make_plan(world(doors), [], EMPTY).facts[Kind.DOMAIN] == (Lights,)
    assert make_plan(world(lights), [], EMPTY).facts[Kind.DNS_SERVICE] == ()
    assert make_plan(world(), [], EMPTY, only=["test.doors"]).variants[0].check is doors


def test_a_target_of_another_kind_gets_no_check() -> None:
    assert PLAN.for_target(LOCAL) == ()
    assert PLAN.for_target(EXAMPLE) != ()

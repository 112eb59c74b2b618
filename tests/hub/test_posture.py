"""What agents report is judged by the engine: on arrival, again when something changes, and no more when a machine is silent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from scanner.engine.catalogue import catalogue
from scanner.engine.factset import FactSet
from scanner.engine.plan import make_plan
from scanner.facts.agent import AgentContact
from scanner.facts.screen_lock import ScreenLock
from scanner.hub import book, clock
from scanner.hub.database import Database
from scanner.hub.door import Door
from scanner.hub.posture import Posture, Rules
from scanner.ledger.inventory import Inventory
from scanner.ledger.profile import parse_profile
from scanner.model.fact import Fact, Observation, Observed, Unobserved
from scanner.model.reason import Reason
from scanner.model.target import LOCAL, Endpoint, Host, Target
from tests.hub.simulated import AT, Simulated
from tests.hub.test_chain import send

ONLY = ("endpoint.screen-lock", "endpoint.agent")
HEADLESS = ScreenLock(has_display=False, desktops=(), lockers=(), console=())


def reported(number: int = 0) -> dict[str, Observation[Fact]]:
    return {"ScreenLock": Observed(HEADLESS, clock.now() if number else AT)}


def posture_of(database: Database, hours: int = 72, expected: Sequence[Target] = ()) -> Posture:
    profile = parse_profile("p", f"values: {{endpoint.agent.most-silence-hours: {hours}}}\n", catalogue().values)
    rules = Rules.of(make_plan(catalogue(), (), profile, ONLY), Inventory.of_targets(expected))
    assert rules.silence == timedelta(hours=hours)
    return Posture(database, rules)


def outcomes(database: Database, agent: str) -> dict[str, tuple[str, str | None]]:
    return {line["check"]: (line["outcome"], line["reason"]) for line in book.result_lines(database, agent)}


def test_a_report_is_judged_when_it_has_come_and_again_only_when_something_changed(door: Door) -> None:
    agent = Simulated.enrol(door)
    judging = posture_of(door.database)
    assert judging.bring_up_to_date() == 0, "nothing was reported"
    send(door, agent.report(reported(), made_at=clock.now()))
    assert judging.bring_up_to_date() == 1
    found = outcomes(door.database, agent.agent)
    assert found["endpoint.screen-lock.idle"] == ("not-applicable", None)
    assert found["endpoint.agent.reporting"] == ("pass", None)
    send(door, agent.report(reported(), made_at=clock.now()))
    assert judging.bring_up_to_date() == 0, "unchanged"
    assert posture_of(door.database, 71).bring_up_to_date() == 1, "other rules"
    assert posture_of(door.database, 71).bring_up_to_date() == 0


def test_a_machine_that_is_silent_for_too_long_is_undetermined_stale_until_it_reports_again(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = Simulated.enrol(door)
    judging = posture_of(door.database)
    send(door, agent.report(reported(), made_at=clock.now()))
    judging.bring_up_to_date()
    later = clock.written(clock.read(clock.now()) + timedelta(hours=73))
    with monkeypatch.context() as patch:
        patch.setattr(clock, "now", lambda: later)
        assert judging.bring_up_to_date() == 1
        assert set(outcomes(door.database, agent.agent).values()) == {("undetermined", "stale")}
        assert judging.bring_up_to_date() == 0
        assert book.agent_rows(door.database)[0].stale
    send(door, agent.report(reported(), made_at=clock.now()))
    assert judging.bring_up_to_date() == 1
    assert ("undetermined", "stale") not in outcomes(door.database, agent.agent).values()


def test_a_report_with_an_old_time_or_a_time_to_come_does_not_make_old_facts_fresh(door: Door) -> None:
    old, ahead = Simulated.enrol(door), Simulated.enrol(door)
    send(door, old.report(reported(), made_at="2020-01-01T00:00:00Z"), ahead.report(reported(), made_at="2099-01-01T00:00:00Z"))
    posture_of(door.database).bring_up_to_date()
    assert set(outcomes(door.database, old.agent).values()) == {("undetermined", "stale")}
    rows = {row.agent: row for row in book.agent_rows(door.database)}
    assert (rows[old.agent].stale, rows[ahead.agent].stale) == (True, False)


def test_a_machine_that_cannot_be_judged_keeps_no_other_one_waiting(
    door: Door, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    agents = [Simulated.enrol(door) for _ in range(3)]
    send(door, *(agent.report(reported(), made_at=clock.now()) for agent in agents))
    judging = posture_of(door.database)
    facts = judging._facts

    def some_facts(machine: Any, *rest: Any, **more: Any) -> FactSet:
        if machine.agent == agents[1].agent:
            raise ValueError("hostile")
        return facts(machine, *rest, **more)

    with monkeypatch.context() as patch:
        patch.setattr(judging, "_facts", some_facts)
        assert judging.bring_up_to_date() == 2
    assert f"defect while judging what {agents[1].agent} reported" in caplog.text
    assert [bool(outcomes(door.database, agent.agent)) for agent in agents] == [True, False, True]
    assert judging.bring_up_to_date() == 1, "it is tried again"


def test_the_night_sees_every_agent_that_is_not_revoked_with_every_planned_fact(door: Door) -> None:
    agents = [Simulated.enrol(door) for _ in range(3)]
    send(door, agents[0].report(reported(), made_at=clock.now()))
    judging = posture_of(door.database)
    seen = list(judging.seen())
    assert [s.facts.target.key for s in seen] == sorted(f"endpoint:{a.agent}" for a in agents)
    for one in seen:
        assert ScreenLock in one.facts.seen[one.facts.target]


def test_an_endpoint_of_the_ledger_that_never_enrolled_is_stale_not_left_out(door: Door) -> None:
    agent = Simulated.enrol(door)
    send(door, agent.report(reported(), made_at=clock.now()))
    ledger = (Endpoint(agent.agent), Endpoint("pc-17"), LOCAL, Host("www.example.jp"))
    heard, missing = posture_of(door.database, expected=ledger).seen()
    assert heard.facts.target == Endpoint(agent.agent)
    assert missing.facts.target == Endpoint("pc-17")
    for fact in (AgentContact, ScreenLock):
        why = missing.facts.get(missing.facts.target, fact)
        assert isinstance(why, Unobserved)
        assert why.reason is Reason.STALE

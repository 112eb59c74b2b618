"""The history of a machine at its hub: which reports are compared, what is kept of it, and what is judged from it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from scanner.engine.catalogue import catalogue
from scanner.engine.plan import make_plan
from scanner.facts.malware import MalwareProduct, MalwareProtection, Protection
from scanner.facts.network_history import JoinedNetwork, LinkKind, NetworksJoined
from scanner.facts.rejoining import Rejoinings
from scanner.facts.software import InstalledSoftware, Package, SecurityUpdates
from scanner.hub import book, changes, clock, history
from scanner.hub.door import Door
from scanner.hub.posture import Posture, Rules
from scanner.ledger.inventory import Inventory
from scanner.ledger.profile import parse_profile
from scanner.model.fact import Fact, Observation, Observed, Unobserved
from scanner.model.reason import Reason
from tests.hub.simulated import Simulated
from tests.hub.test_chain import send

NOW = clock.read(clock.now())
CHECK = "endpoint.network.rejoining"


def at(hours: int) -> str:
    """A moment some hours ago."""
    return clock.written(NOW - timedelta(hours=hours))


def day(hours: int) -> str:
    return at(hours)[:10]


def facts(realtime: bool = True, software: tuple[str, ...] = ("vim",), **joined: str) -> dict[str, Observation[Fact]]:
    product = MalwareProduct("clamav", Protection.ANTIVIRUS, True, True, realtime, True, 1, True, True)
    networks = tuple(JoinedNetwork(name, LinkKind.WIRELESS, last, "store") for name, last in joined.items())
    found: tuple[Fact, ...] = (
        NetworksJoined(networks, ()),
        InstalledSoftware("dpkg", tuple(Package(name, "1") for name in software)),
        MalwareProtection((product,)),
        SecurityUpdates("apt", True, 0, (), ()),
    )
    return {type(fact).__name__: Observed(fact, "") for fact in found}


@pytest.fixture
def posture(door: Door) -> Posture:
    profile = parse_profile("p", "values: {networks.inside: [office]}\n", catalogue().values)
    return Posture(door.database, Rules.of(make_plan(catalogue(), (), profile, (CHECK,)), Inventory.of_targets([])))


def told(door: Door, agent: Simulated) -> list[tuple[str, str, str]]:
    """Sign, subject and detail of the changes, the newest report first."""
    return [(row.sign, row.subject, row.detail) for row in history.change_rows(door.database, agent.agent)]


def judged(door: Door, agent: Simulated) -> tuple[str, str, str | None]:
    line = next(line for line in book.result_lines(door.database, agent.agent) if line["check"] == CHECK)
    return line["outcome"], line["tag"], line["reason"]


def test_the_first_report_is_compared_with_nothing_and_the_next_one_with_it(door: Door, posture: Posture) -> None:
    agent = Simulated.enrol(door)
    send(door, agent.report(facts(office=day(60)), made_at=at(60)))
    posture.bring_up_to_date()
    first = [("not-compared", "InstalledSoftware", "first-report"), ("not-compared", "NetworksJoined", "first-report")]
    assert told(door, agent) == first
    assert judged(door, agent) == ("undetermined", "UNSUPPORTED", "unsupported"), "there is nothing to compare with yet"
    send(door, agent.report(facts(software=("vim", "nmap"), office=day(60)), made_at=at(50)))
    posture.bring_up_to_date()
    assert told(door, agent) == [("software-installed", "nmap", "1"), *first]
    assert judged(door, agent)[1] == "STAYED_INSIDE"


def test_a_first_report_from_the_future_is_no_obstacle_once_the_next_has_come(door: Door, posture: Posture) -> None:
    agent = Simulated.enrol(door)
    send(door, agent.report(facts(office=day(60)), made_at="2099-01-01T00:00:00Z"))
    send(door, agent.report(facts(software=("nmap",), office=day(60)), made_at="2099-01-01T04:00:00Z"))
    posture.bring_up_to_date()
    assert judged(door, agent)[1] == "STAYED_INSIDE"


def test_how_a_terminal_stood_when_it_came_back_stays_told_after_it_was_mended(door: Door, posture: Posture) -> None:
    agent = Simulated.enrol(door)
    send(door, agent.report(facts(office=day(60)), made_at=at(60)))
    send(door, agent.report(facts(realtime=False, office=day(60), cafe=day(30)), made_at=at(2)))
    posture.bring_up_to_date()
    assert judged(door, agent)[1] == "RETURNED_UNGUARDED"
    send(door, agent.report(facts(office=day(60), cafe=day(30)), made_at=at(1)))
    posture.bring_up_to_date()
    assert judged(door, agent)[1] == "RETURNED_UNGUARDED", "it did come back so"
    newest = history.change_rows(door.database, agent.agent)[0]
    assert (newest.sign, newest.subject, newest.before_at, newest.at) == ("network-new", "cafe", at(60), at(2))


def test_reports_between_two_judgements_are_compared_one_by_one(door: Door, posture: Posture) -> None:
    agent = Simulated.enrol(door)
    for hours, software in ((60, ("vim",)), (50, ("vim", "nmap")), (40, ("vim",))):
        send(door, agent.report(facts(software=software), made_at=at(hours)))
    posture.bring_up_to_date()
    assert told(door, agent)[:2] == [("software-removed", "nmap", "1"), ("software-installed", "nmap", "1")]
    posture.bring_up_to_date()
    assert len(told(door, agent)) == 4, "nothing is told twice"


def test_what_could_not_be_seen_for_a_while_is_compared_with_what_was_seen_last(door: Door, posture: Posture) -> None:
    agent = Simulated.enrol(door)
    denied: dict[str, Observation[Fact]] = {"InstalledSoftware": Unobserved(Reason.ACCESS_DENIED, "", "")}
    send(door, agent.report(facts(), made_at=at(60)))
    posture.bring_up_to_date()
    send(door, agent.report({**facts(), **denied}, made_at=at(50)))
    posture.bring_up_to_date()
    send(door, agent.report(facts(software=("vim", "nmap")), made_at=at(40)))
    posture.bring_up_to_date()
    rows = history.change_rows(door.database, agent.agent)
    assert told(door, agent)[:2] == [("software-installed", "nmap", "1"), ("not-compared", "InstalledSoftware", "not-observed")]
    assert (rows[0].before_at, rows[0].at) == (at(60), at(40)), "some time between these two"


def test_a_gap_in_the_chain_widens_the_time_between(door: Door, posture: Posture) -> None:
    agent = Simulated.enrol(door)
    send(door, agent.report(facts(), made_at=at(60)))
    agent.report(facts(software=("vim", "lost")), made_at=at(50))
    send(door, agent.report(facts(software=("vim", "nmap")), made_at=at(40)))
    posture.bring_up_to_date()
    newest = history.change_rows(door.database, agent.agent)[0]
    assert (newest.subject, newest.before_at, newest.at) == ("nmap", at(60), at(40))


def test_a_machine_that_was_enrolled_anew_is_not_compared_with_what_it_was(door: Door, posture: Posture) -> None:
    agent = Simulated.enrol(door)
    send(door, agent.report(facts(), made_at=at(60)))
    again = Simulated.enrol(door, again=agent.agent)
    send(door, again.report(facts(software=("emacs",), cafe=day(30)), made_at=at(40)))
    posture.bring_up_to_date()
    assert told(door, agent)[:2] == [
        ("not-compared", "InstalledSoftware", "enrolled-anew"),
        ("not-compared", "NetworksJoined", "enrolled-anew"),
    ]
    assert judged(door, agent) == ("undetermined", "UNSUPPORTED", "unsupported")


def test_what_a_new_enrolment_shows_later_is_not_compared_with_what_was_before_it_either(door: Door, posture: Posture) -> None:
    agent = Simulated.enrol(door)
    send(door, agent.report(facts(), made_at=at(60)))
    again = Simulated.enrol(door, again=agent.agent)
    send(door, again.report({**facts(), "InstalledSoftware": Unobserved(Reason.ACCESS_DENIED, "", "")}, made_at=at(50)))
    posture.bring_up_to_date()
    send(door, again.report(facts(software=("emacs",)), made_at=at(40)))
    posture.bring_up_to_date()
    assert told(door, agent)[0] == ("not-compared", "InstalledSoftware", "first-report")


def test_a_clock_set_back_leaves_open_what_was_joined(door: Door, posture: Posture) -> None:
    agent = Simulated.enrol(door)
    send(door, agent.report(facts(office=day(20)), made_at=at(20)))
    send(door, agent.report(facts(office=day(20), more=day(60)), made_at=at(60)))
    posture.bring_up_to_date()
    assert ("not-compared", "NetworksJoined", "clock-set-back") in told(door, agent)
    assert ("network-new", "more", "wireless") in told(door, agent)


def test_more_networks_than_are_told_leave_the_rest_open(door: Door, posture: Posture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "MOST", 1)
    agent = Simulated.enrol(door)
    send(door, agent.report(facts(), made_at=at(60)), agent.report(facts(office=day(30), zcafe=day(30)), made_at=at(40)))
    posture.bring_up_to_date()
    assert ("more", "network-new", "1") in told(door, agent)
    assert judged(door, agent) == ("undetermined", "UNSUPPORTED", "unsupported")


def test_what_an_agent_says_of_its_own_returns_is_not_believed(door: Door, posture: Posture) -> None:
    agent = Simulated.enrol(door)
    send(door, agent.report({"Rejoinings": Observed(Rejoinings((), None), "")}, made_at=at(2)))
    posture.bring_up_to_date()
    assert judged(door, agent) == ("undetermined", "UNSUPPORTED", "unsupported"), "it has not reported its networks"


def test_only_the_newest_changes_are_kept(door: Door, posture: Posture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "KEPT", 3)
    agent = Simulated.enrol(door)
    for number in range(6):
        send(door, agent.report(facts(software=(f"p{number}",)), made_at=at(60 - number)))
        posture.bring_up_to_date()
    assert [subject for _, subject, _ in told(door, agent)] == ["p5", "p4"]

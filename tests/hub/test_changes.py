"""What changed between two reports: each sign of it, and each reason why something cannot be compared."""

from __future__ import annotations

import pytest

from scanner.facts.accounts import Account, AccountGroup, Accounts, Password
from scanner.facts.media_history import InsertedMedium, MediaInsertions
from scanner.facts.network_history import JoinedNetwork, LinkKind, NetworksJoined
from scanner.facts.software import InstalledSoftware, Package
from scanner.facts.sudo import SudoRule, SudoRules
from scanner.hub.change_words import FACT_WORDS, LINK_WORDS, SIGN_WORDS, WHY_WORDS, detail, subject
from scanner.hub.changes import LONGEST, MOST, SUBJECTS, Change, Sign, State, Step, Why, compare
from scanner.model.fact import Fact, Observed, Unobserved
from scanner.model.reason import Reason

STEP = Step("2026-11-20T08:00:00Z", "2026-11-22T08:00:00Z")
BACK = Step("2026-11-22T08:00:00Z", "2026-11-20T08:00:00Z")
DENIED = Unobserved(Reason.ACCESS_DENIED)


def state(*facts: Fact) -> State:
    return {type(fact): Observed(fact, "") for fact in facts}


def joined(**days: str | Unobserved | None) -> NetworksJoined:
    return NetworksJoined(tuple(JoinedNetwork(name, LinkKind.WIRELESS, day, "store") for name, day in days.items()), None)


def networks(before: NetworksJoined, now: NetworksJoined, step: Step = STEP) -> list[tuple[str, str]]:
    return said(compare(step, NetworksJoined, state(before), state(now)))


def said(changes: tuple[Change, ...]) -> list[tuple[str, str]]:
    return [(c.sign.value, c.detail if c.sign is Sign.NOT_COMPARED else c.subject) for c in changes]


def test_a_network_is_new_or_joined_again_or_neither() -> None:
    was = joined(office="2026-11-20", home="2026-11-18", never=None)
    assert networks(was, was) == []
    now = joined(office="2026-11-22", home="2026-11-18", never="2026-11-21", cafe="2026-11-21")
    assert networks(was, now) == [("network-again", "office"), ("network-new", "never"), ("network-new", "cafe")]
    # it was joined before the report before, and only its record came later; or it was never joined
    assert networks(was, joined(hotel="2026-11-19", prepared=None)) == []


def test_two_profiles_of_one_network_are_one_network() -> None:
    days = ("2026-11-20", "2026-11-10", None)
    twice = NetworksJoined(tuple(JoinedNetwork("office", LinkKind.WIRELESS, one, "store") for one in days), None)
    assert networks(twice, twice) == []
    assert networks(twice, joined(office="2026-11-20")) == []
    assert networks(twice, joined(office="2026-11-21")) == [("network-again", "office")]


def test_where_no_days_are_kept_only_new_networks_show_and_it_says_so() -> None:
    assert networks(joined(office=DENIED), joined(office=DENIED, cafe=DENIED)) == [("network-new", "cafe"), ("not-compared", "no-days")]
    assert networks(joined(office=DENIED), joined(office="2026-11-22")) == [("network-again", "office"), ("not-compared", "no-days")]


def test_a_clock_that_was_set_back_compares_names_and_no_days() -> None:
    was = joined(office="2026-11-22")
    assert networks(was, joined(office="2026-11-22", cafe="2026-11-20"), BACK) == [
        ("network-new", "cafe"),
        ("not-compared", "clock-set-back"),
    ]


def test_what_was_not_seen_is_not_compared() -> None:
    unseen = NetworksJoined(DENIED, None)
    assert networks(unseen, joined(cafe="2026-11-21")) == [("not-compared", "not-observed")]
    assert networks(joined(cafe="2026-11-21"), unseen) == [("not-compared", "not-observed")]


def media(*found: tuple[str, str | None], since: str | Unobserved | None = None) -> MediaInsertions:
    return MediaInsertions(tuple(InsertedMedium("Stick", "0781:5567", serial, day) for serial, day in found), since, "journal")


@pytest.mark.parametrize(
    ("was", "now", "expected"),
    [
        (media(("A", "2026-11-19")), media(("A", "2026-11-19")), []),
        (
            media(("A", "2026-11-19")),
            media(("A", "2026-11-21"), ("B", "2026-11-20")),
            [("medium-again", "Stick A"), ("medium-new", "Stick B")],
        ),
        (media(), media(("A", None)), [("medium-new", "Stick A"), ("not-compared", "no-days")]),
        (media(("A", None)), media(("A", None)), [("not-compared", "no-days")]),
        # on the day of the report before: whether before or after it, the record does not tell; a new name is told
        (media(), media(("A", "2026-11-20"), since="2026-11-20"), [("medium-new", "Stick A")]),
        (media(since="2026-11-01"), media(since="2026-11-21"), [("not-compared", "record-begins-later")]),
        (media(since="2026-11-01"), media(since=DENIED), [("not-compared", "record-begins-later")]),
    ],
)
def test_media(was: MediaInsertions, now: MediaInsertions, expected: list[tuple[str, str]]) -> None:
    assert said(compare(STEP, MediaInsertions, state(was), state(now))) == expected


def software(*names: str, manager: str = "dpkg", unread: Unobserved | None = None) -> InstalledSoftware:
    return InstalledSoftware(manager, tuple(Package(name, "1") for name in names), unread)


@pytest.mark.parametrize(
    ("was", "now", "expected"),
    [
        (software("vim"), software("vim", "nmap"), [("software-installed", "nmap")]),
        (software("vim", "nmap"), software("vim"), [("software-removed", "nmap")]),
        # what could be read in one of the two only seems to come or to go
        (software("a", unread=DENIED), software("b"), [("software-removed", "a"), ("not-compared", "not-all-accounts")]),
        (software("a"), software("b", unread=DENIED), [("software-installed", "b"), ("not-compared", "not-all-accounts")]),
        (software("a", unread=DENIED), software("b", unread=DENIED), [("software-installed", "b"), ("software-removed", "a")]),
        (software("a"), software("b", manager="rpm"), [("not-compared", "other-manager")]),
    ],
)
def test_software(was: InstalledSoftware, now: InstalledSoftware, expected: list[tuple[str, str]]) -> None:
    assert said(compare(STEP, InstalledSoftware, state(was), state(now))) == expected


def accounts(*administrators: str) -> Accounts:
    users = tuple(
        Account(name, str(n), "100", True, True, "/bin/sh", Password.SET, "yescrypt", 1, None, False, False, 1, None, ())
        for n, name in enumerate(("root", "taro", "jiro"))
    )
    return Accounts(users, (AccountGroup("sudo", "27", administrators),), (), (), None)


def sudo(*users: str) -> SudoRules:
    return SudoRules(True, "1.9", tuple(SudoRule((user,), ("ALL",), ("ALL",), ("ALL",), None) for user in users), (), ())


def test_administrators_by_group_and_by_rule() -> None:
    was, now = state(accounts("taro"), sudo()), state(accounts(), sudo("jiro"))
    found = compare(STEP, Accounts, was, now)
    assert [(c.sign, c.subject, c.detail) for c in found] == [
        (Sign.ADMINISTRATOR_ADDED, "jiro", "sudoers"),
        (Sign.ADMINISTRATOR_REMOVED, "taro", "sudo"),
    ]


def test_rules_that_are_known_once_only_make_no_administrators() -> None:
    was, now = state(accounts()), state(accounts("taro"), sudo("jiro"))
    assert said(compare(STEP, Accounts, was, now)) == [("administrator-added", "taro"), ("not-compared", "not-observed")]
    windows: State = {SudoRules: Unobserved(Reason.OTHER_PLATFORM)}
    assert said(compare(STEP, Accounts, {**state(accounts()), **windows}, {**state(accounts("taro")), **windows})) == [
        ("administrator-added", "taro")
    ]


def test_many_changes_are_counted_and_odd_names_are_made_fit_for_a_database() -> None:
    many = software(*(f"p{n:04}" for n in range(MOST + 5)))
    found = compare(STEP, InstalledSoftware, state(software()), state(many))
    assert len(found) == MOST + 1
    assert found[-1] == Change(Sign.MORE, "software-installed", "5")
    odd = compare(STEP, InstalledSoftware, state(software()), state(software("a\0b\ud800" + "x" * 999)))
    assert odd[0].subject.startswith("a\ufffdb\ufffdxx")
    assert len(odd[0].subject) == LONGEST


def test_every_word_is_stored_as_it_always_was() -> None:
    assert {sign.value for sign in Sign} >= {"network-new", "medium-new", "software-installed", "administrator-added", "not-compared"}
    assert {why.value for why in Why} >= {"first-report", "enrolled-anew", "clock-set-back"}


def test_everything_that_can_be_told_has_its_words() -> None:
    assert set(SIGN_WORDS) == set(Sign)
    assert set(WHY_WORDS) == set(Why)
    assert set(LINK_WORDS) == set(LinkKind)
    assert set(FACT_WORDS) == {fact.__name__ for parts in SUBJECTS.values() for fact in parts}
    assert (detail("not-compared", "no-days"), detail("medium-new", "no-days")) == (WHY_WORDS[Why.DAYS], "no-days")
    assert (subject("more", "medium-new"), subject("network-new", "medium-new")) == (SIGN_WORDS[Sign.MEDIUM_NEW], "medium-new")

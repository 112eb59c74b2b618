"""Whatever two reports say, they are compared: no text of a machine stops it, and what comes out can be kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.facts.accounts import Account, AccountGroup, Accounts, Password
from scanner.facts.media_history import InsertedMedium, MediaInsertions
from scanner.facts.network_history import JoinedNetwork, LinkKind, NetworksJoined
from scanner.facts.software import InstalledSoftware, Package
from scanner.facts.sudo import SudoRule, SudoRules
from scanner.hub.changes import LONGEST, SUBJECTS, Sign, State, Step, compare
from scanner.model.fact import Fact, Observed
from scanner.protocol.texts import is_fit
from tests.hub.test_changes import BACK, DENIED, STEP

T = TypeVar("T")


def _few(one: st.SearchStrategy[T]) -> st.SearchStrategy[tuple[T, ...]]:
    return st.lists(one, max_size=3).map(tuple)


TEXTS = st.text(max_size=6) | st.sampled_from(["office", "\0", "\ud800", "2026-11-21"])
UNSEEN = st.just(DENIED)
DAYS = UNSEEN | st.none() | TEXTS
NUMBERS = st.integers(0, 3) | UNSEEN | st.none()
ACCOUNTS = st.builds(
    Account,
    *(TEXTS, TEXTS | st.just("0"), TEXTS, st.booleans(), st.booleans(), TEXTS, st.sampled_from(Password) | UNSEEN, TEXTS, NUMBERS, NUMBERS),
    *(st.booleans(), st.booleans(), NUMBERS, st.none(), st.just(())),
)
FACTS: Mapping[type[Fact], st.SearchStrategy[Any]] = {
    NetworksJoined: st.builds(
        NetworksJoined, _few(st.builds(JoinedNetwork, TEXTS, st.sampled_from(LinkKind), DAYS, TEXTS)) | UNSEEN, st.none()
    ),
    MediaInsertions: st.builds(MediaInsertions, _few(st.builds(InsertedMedium, TEXTS, TEXTS, TEXTS, DAYS)) | UNSEEN, DAYS, TEXTS),
    InstalledSoftware: st.builds(InstalledSoftware, TEXTS, _few(st.builds(Package, TEXTS, TEXTS)) | UNSEEN, UNSEEN | st.none()),
    Accounts: st.builds(
        Accounts,
        _few(ACCOUNTS) | UNSEEN,
        _few(st.builds(AccountGroup, TEXTS | st.just("sudo"), TEXTS, _few(TEXTS))) | UNSEEN,
        _few(TEXTS),
        UNSEEN,
        st.none(),
    ),
    SudoRules: st.builds(
        SudoRules,
        st.booleans(),
        TEXTS,
        _few(st.builds(SudoRule, _few(TEXTS), _few(TEXTS), _few(TEXTS | st.just("ALL")), _few(TEXTS | st.just("ALL")), st.none())) | UNSEEN,
        st.just(()),
        st.just(()),
    ),
}
STATES = st.fixed_dictionaries({}, optional={fact: some.map(lambda one: Observed(one, "")) for fact, some in FACTS.items()})


@given(STATES, STATES, st.sampled_from([STEP, BACK, Step("", ""), Step(STEP.at, STEP.at)]))
@settings(max_examples=150, deadline=None)
def test_whatever_machines_say_is_compared_and_can_be_kept(before: State, now: State, step: Step) -> None:
    for told_of in SUBJECTS:
        for change in compare(step, told_of, before, now):
            assert is_fit(change.subject + change.detail + change.day)
            assert max(map(len, (change.subject, change.detail, change.day))) <= LONGEST
        assert {change.sign for change in compare(step, told_of, now, now)} <= {Sign.NOT_COMPARED}, "nothing changed"

"""Words of access lists: whom they stand for, when they shut out everybody, and that a wide network lets strangers in but shuts out few."""

from __future__ import annotations

import pytest

from scanner.facts.readings import Audience
from scanner.hosts.linux.audience import audience_of, narrowest, shuts_out_all, widest
from scanner.hosts.linux.file_sharing import admitted
from scanner.wire import cupsd


@pytest.mark.parametrize(
    ("word", "who"),
    [
        ("all", Audience.EVERYBODY),
        ("ALL", Audience.EVERYBODY),
        ("0.0.0.0/0", Audience.EVERYBODY),
        ("0.0.0.0/0.0.0.0", Audience.EVERYBODY),
        ("128.0.0.0/1", Audience.EVERYBODY),
        ("::/0", Audience.EVERYBODY),
        ("10.0.0.0/8", Audience.SOME),
        ("192.0.2.1-192.0.2.9", Audience.SOME),
        ("10.0.0.0&255.0.0.0", Audience.SOME),
        ("127.0.0.1", Audience.ITSELF),
        ("::1@53", Audience.ITSELF),
        ("pc-1.example", Audience.SOME),
        ("10.1", Audience.SOME),
    ],
)
def test_a_word_stands_for_somebody(word: str, who: Audience) -> None:
    assert audience_of(word) is who


@pytest.mark.parametrize(
    ("denied", "all_out"),
    [
        (["all"], True),
        (["0.0.0.0/0", "::/0"], True),
        (["0.0.0.0/0"], False),
        (["0.0.0.0/1", "::/0"], False),
        ([], False),
        (["nobody.example"], False),
    ],
)
def test_everybody_is_shut_out_over_both_versions_or_not_at_all(denied: list[str], all_out: bool) -> None:
    assert shuts_out_all(denied) is all_out


def test_audiences_are_compared() -> None:
    assert (widest(()), narrowest(())) == (Audience.NOBODY, Audience.EVERYBODY)
    assert widest([Audience.SOME, Audience.ITSELF]) is Audience.SOME
    assert narrowest([Audience.SOME, Audience.ITSELF]) is Audience.ITSELF


def test_programs_lists_take_wide_networks_for_strangers() -> None:
    assert admitted(["0.0.0.0/1"], ["ALL"]) is Audience.EVERYBODY
    assert admitted(["10.0.0.0/8"], ["0.0.0.0/1"]) is Audience.EVERYBODY
    assert admitted(["10.0.0.0/8"], ["ALL"]) is Audience.SOME
    assert cupsd.admits(cupsd.Block("/", {"order": "deny,allow"}, allow=["[2000::]/3"], deny=["all"])) == "everybody"
    assert cupsd.admits(cupsd.Block("/", {"order": "deny,allow"}, allow=["10.0.0.0/8"], deny=["0.0.0.0/0"])) == "everybody"
    assert cupsd.admits(cupsd.Block("/", {"order": "deny,allow"}, allow=["10.0.0.0/8"], deny=["all"])) == "some"

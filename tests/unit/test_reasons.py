"""The words of the reasons: each says in both languages what happened, what follows and what to do; a detail is called a technical note."""

from __future__ import annotations

import re

import pytest

from scanner.model.reason import ADVICE, MEANS, TECHNICAL_NOTE, WORDS, Reason

JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_says_what_happened_what_follows_and_what_to_do(reason: Reason) -> None:
    said = [WORDS[reason], MEANS[reason], ADVICE[reason]]
    assert all(JAPANESE.search(text.ja) for text in said)
    assert not any(JAPANESE.search(text.en) for text in said)
    assert len({text.ja for text in said}) == len({text.en for text in said}) == 3


@pytest.mark.parametrize("reason", Reason)
def test_what_follows_and_what_to_do_are_whole_sentences(reason: Reason) -> None:
    for text in (MEANS[reason], ADVICE[reason]):
        assert text.ja.endswith("。")
        assert text.en.endswith((".", "…"))
        assert text.en[0].isupper()


def test_words_are_found_by_the_value_that_a_record_holds() -> None:
    assert MEANS["timeout"] is MEANS[Reason.TIMEOUT]
    assert "newer-reason" not in ADVICE


def test_the_label_of_a_technical_note_tells_a_japanese_reader_that_it_is_english() -> None:
    assert "英語" in TECHNICAL_NOTE.ja

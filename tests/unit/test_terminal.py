"""What the terminal says of a run: failures with their remedies, and what could not be judged just as prominently."""

from __future__ import annotations

import pytest

from scanner.cli.sinks import TerminalSink
from scanner.cli.words import Language
from scanner.engine.plan import make_plan
from scanner.engine.run import Judging, judge_again
from scanner.ledger.exceptions import Exceptions
from scanner.ledger.inventory import Inventory
from scanner.ledger.profile import EMPTY
from scanner.model.reason import ADVICE, MEANS, WORDS, Reason
from tests.unit.frame import AT, Lights, baseline, control, facts, looked, seen, silent, start, world

SEEN = [looked(facts(silent(reason), name=f"{n}.jp")) for n, reason in enumerate((Reason.TIMEOUT, Reason.TIMEOUT, Reason.REFUSED))]


def _said(capsys: pytest.CaptureFixture[str], language: Language) -> str:
    document = baseline(control("c1", "test.lights"))
    plan = make_plan(world(), [document], EMPTY)
    targets = [*SEEN, looked(facts(seen(Lights(13)), name="odd.jp"))]
    sink = TerminalSink(language, summary=True)
    head = start(document, targets=len(targets), checks=len(plan.variants))
    judge_again(Judging(head, plan, Inventory.of_targets([]), EMPTY, Exceptions(), [sink]), iter(targets), lambda: AT)
    return capsys.readouterr().out


@pytest.mark.parametrize("language", Language)
def test_each_reason_is_told_once_with_what_follows_and_what_to_do(capsys: pytest.CaptureFixture[str], language: Language) -> None:
    said = _said(capsys, language)
    for reason in (Reason.TIMEOUT, Reason.REFUSED, Reason.UNCONFIRMED):
        for words in (MEANS[reason], ADVICE[reason]):
            assert said.count(language.of(words)) == 1
        assert f"? {language.of(WORDS[reason])} ({reason.value})" in said
    assert all(name in said for name in ("0.jp", "1.jp", "2.jp"))


@pytest.mark.parametrize(("language", "label"), [(Language.JA, "技術情報（英語）"), (Language.EN, "technical note")])
def test_what_a_probe_said_is_labelled(capsys: pytest.CaptureFixture[str], language: Language, label: str) -> None:
    assert f"{label}: no answer from 192.0.2.1:53/udp within 2 s (2 tries)" in _said(capsys, language)


def test_what_an_unconfirmed_result_saw_is_said_beside_its_reason(capsys: pytest.CaptureFixture[str]) -> None:
    assert "odd.jp  odd (" in _said(capsys, Language.EN)

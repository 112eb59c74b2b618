"""What the terminal says of a run: failures with their remedies, and what could not be judged just as prominently."""

from __future__ import annotations

import pytest
from rich.console import Console

from scanner.cli import console, summary
from scanner.cli.sinks import TerminalSink
from scanner.cli.words import Language
from scanner.engine.plan import make_plan
from scanner.engine.run import Judging, judge_again
from scanner.ledger.exceptions import Exceptions
from scanner.ledger.inventory import Inventory
from scanner.ledger.profile import EMPTY
from scanner.model.reason import ADVICE, MEANS, WORDS, Reason
from tests.golden.report_record import judge_into
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


def _town(capsys: pytest.CaptureFixture[str], language: Language) -> list[str]:
    judge_into(lambda *_: TerminalSink(language, summary=True))
    return capsys.readouterr().out.splitlines()


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        (Language.JA, "mx1.example.jp:25 smtp  3 項目を判定できなかった"),
        (Language.EN, "mx1.example.jp:25 smtp  3 checks could not be judged"),
    ],
)
def test_a_server_that_refuses_is_one_entry_with_its_checks(capsys: pytest.CaptureFixture[str], language: Language, sentence: str) -> None:
    said = _town(capsys, language)
    (at,) = [n for n, line in enumerate(said) if sentence in line]
    assert said[at + 1].split() == ["golden.tls.newest,", "golden.tls.offered,", "golden.tls.versions"]
    assert "refused (Connection refused)" in said[at + 2]


def test_the_true_count_of_results_stands_beside_the_count_of_causes(capsys: pytest.CaptureFixture[str]) -> None:
    said = _town(capsys, Language.JA)
    assert any(line.startswith("? ") and "(refused)  6（原因 1）" in line for line in said)  # two targets lead to the same server
    (counts,) = [line for line in said if line.startswith("対象 7 件")]
    total = next(int(word) for word in counts.split("判定不能 ")[1].split())
    (causes,) = [line for line in said if line.startswith("  判定不能（原因 ")]
    assert 0 < int(causes.removeprefix("  判定不能（原因 ").partition("）")[0]) < total


def test_failures_of_one_check_stand_together_with_its_remedy_once(capsys: pytest.CaptureFixture[str]) -> None:
    said = _town(capsys, Language.EN)
    (at,) = [n for n, line in enumerate(said) if "golden.tls.versions (medium)" in line]
    assert said[at].endswith("  2")  # results: two targets lead to the same server
    assert said[at + 1].split("  ")[-2:] == ["mx2.example.jp:25 smtp", "old versions are spoken: TLSv1"]
    assert said[at + 2].strip() == "→ Leave TLS 1.2 and above on only."


def test_nothing_is_counted_as_told_that_is_not(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert not any("more are in the report" in line for line in _town(capsys, Language.EN))
    monkeypatch.setattr(summary, "MOST_SHOWN", 1)
    (rest,) = [line for line in _town(capsys, Language.EN) if "more are in the report" in line]
    assert int(rest.split()[0]) > 5


@pytest.mark.parametrize(
    ("width", "lines"), [(100, ["run      started", "2026-ab  2026-11"]), (40, ["run: 2026-ab", "started: 2026-11", ""])]
)
def test_a_narrow_terminal_gets_cells_below_each_other(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], width: int, lines: list[str]
) -> None:
    monkeypatch.setattr(console, "out", Console(width=width, force_terminal=True, color_system=None))
    console.print_table(("run", "started"), [("2026-ab", "2026-11")])
    assert [line.rstrip() for line in capsys.readouterr().out.splitlines()] == lines

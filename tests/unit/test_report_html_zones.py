"""Two runs side by side: what differs, what only one has, failures first; and the command that puts them so."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from typer.testing import CliRunner

from scanner.cli.commands import command_line
from scanner.cli.sinks import RecordSink
from scanner.report import html_zones
from scanner.report.html import write_html
from scanner.store.store import Store
from tests.golden.report_record import RECORD, judge_into, make_report
from tests.unit.html_page import Element, Page
from tests.unit.report_lines import Line, golden_lines

HOSTILE = "<script>alert(9)</script> \u202e"


def _inside() -> list[Line]:
    """Give the town as seen from inside: the mail server that refuses answers there, and one of its checks fails."""
    lines = golden_lines()
    for line in lines:
        if "zone" in line:
            line["zone"] = "inside"
        if line["type"] == "result" and line["reason"] == "refused":
            good = line["check"] != "golden.tls.offered"
            message = {"ja": f"提供しない {HOSTILE}", "en": f"it is not {HOSTILE}"}
            line |= {"outcome": "pass" if good else "fail", "tag": "SEEN", "reason": None, "detail": "", "message": message}
    return lines


def _page(first: list[Line], second: list[Line]) -> Page:
    out = io.BytesIO()
    write_html(lambda: iter(first), out, "ja", lambda: iter(second))
    return Page(out.getvalue())


def _rows(page: Page) -> list[Element]:
    return [e for e in page.all if e.tag == "tr" and "data-n" in e.attributes and page.by_id("zones") in e.within()]


def test_what_differs_stands_side_by_side_failures_first() -> None:
    page = _page(golden_lines(), _inside())
    first, second = _rows(page)
    assert first.attributes["data-outcome"] == "fail"
    assert first.attributes["data-n"] == "2"  # two targets lead to the server
    cells = [e.text for e in first.children if isinstance(e, Element) and e.tag == "td"]
    assert "判定不能" in cells[0]
    assert "refused (Connection refused)" in cells[0]
    assert "不適合" in cells[1]
    assert "提供しない" in cells[1]
    assert [e.attributes["data-n"] for e in (second,)] == ["4"]
    assert "2 項目" in second.text
    text = page.by_id("zones").text
    assert "結果が異なったもの 6 件" in text
    assert f"{len([x for x in golden_lines() if x['type'] == 'result']) - 6} 件である" in text


def test_both_zones_are_named_with_their_counts() -> None:
    page = _page(golden_lines(), _inside())
    (table,) = [e for e in page.all if "tally" in e.classes and page.by_id("zones") in e.within()]
    assert "internet" in table.text
    assert "inside" in table.text
    assert [e.attributes["href"] for e in page.all if e.attributes.get("href") == "#zones"]


def test_a_check_that_fails_in_the_other_run_only_says_what_to_do() -> None:
    page = _page(golden_lines(), _inside())
    (check,) = [e for e in page.all if "check" in e.classes and "golden.tls.offered" in e.text]
    assert "STARTTLS を有効にする。" in check.text
    alone = Page(make_report(RECORD.read_bytes()))
    (check,) = [e for e in alone.all if "check" in e.classes and "golden.tls.offered" in e.text]
    assert "STARTTLS を有効にする。" not in check.text


def test_hostile_text_of_the_other_run_is_inert() -> None:
    page = _page(golden_lines(), _inside())
    assert len([e for e in page.all if e.tag == "script"]) == 1
    assert "<script>alert(9)</script> U+202E" in page.by_id("zones").text


def test_results_of_one_run_only_are_counted_and_not_compared() -> None:
    second = [x for x in _inside() if not (x["type"] == "result" and x["target"] == "domain:odd.example.jp")]
    alone = sum(x["type"] == "result" and x["target"] == "domain:odd.example.jp" for x in golden_lines())
    page = _page(golden_lines(), second)
    (table,) = [e for e in page.all if "tally" in e.classes and page.by_id("zones") in e.within()]
    (body,) = [e for e in page.all if e.tag == "tbody" and table in e.within()]
    here, there = [e.text for e in body.children if isinstance(e, Element)]
    assert f"この実行だけにある結果results of this run only{alone}" in here
    assert "この実行だけにある結果results of this run only0" in there
    assert "結果が異なったもの 6 件" in page.by_id("zones").text


def test_two_runs_that_agree_say_so_and_one_run_has_no_such_part() -> None:
    assert "違いはない" in _page(golden_lines(), golden_lines()).by_id("zones").text
    assert not [e for e in Page(make_report(RECORD.read_bytes())).all if e.attributes.get("id") == "zones"]


def test_an_other_record_that_was_cut_off_is_called_so() -> None:
    second = _inside()
    page = _page(golden_lines(), second[: len(second) // 2])
    assert "途中で切れている" in page.by_id("zones").text
    assert "違いはない" not in _page(golden_lines(), []).by_id("zones").text


def test_rows_beyond_the_cap_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html_zones, "MOST_SHOWN", 1)
    page = _page(golden_lines(), _inside())
    assert len(_rows(page)) == 1
    assert "さらに 4 件ある" in page.by_id("zones").text


def test_the_command_puts_two_runs_side_by_side(tmp_path: Path) -> None:
    path = tmp_path / "runs.sqlite3"
    with Store(path) as store:
        judge_into(lambda start, exceptions: RecordSink(start, exceptions, [], lambda: store))
    run = golden_lines()[0]["run"]
    ran = CliRunner().invoke(
        command_line(), ["report", run, run, "--store", str(path), "--out", str(tmp_path), "--format", "html"], prog_name="tenken"
    )
    assert ran.exit_code == 0, ran.output
    assert "違いはない" in Page((tmp_path / "report.html").read_bytes()).by_id("zones").text
    refused = CliRunner().invoke(command_line(), ["report", run, run, "--store", str(path), "--format", "csv"], prog_name="tenken")
    assert refused.exit_code == 2

"""Lists on stdout: what other programs read of them, and what the template command refuses."""

from __future__ import annotations

import csv
import json

import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from scanner.cli import console
from scanner.cli.commands import command_line
from scanner.engine.catalogue import catalogue

LANGUAGES = ("ja", "en")


def _run(*words: str) -> Result:
    return CliRunner().invoke(command_line(), list(words), prog_name="tenken")


def _table(*words: str) -> list[dict[str, str]]:
    ran = _run(*words)
    assert ran.exit_code == 0, ran.output
    return list(csv.DictReader(ran.stdout.splitlines(), delimiter="\t", strict=True))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("words", "count"),
    [("checks list", len(catalogue().checks)), ("baselines list", 5), ("baselines show nite", 354)],
)
def test_a_list_has_one_line_of_heads_and_one_for_each_row(words: str, count: int, language: str) -> None:
    rows = _table(*words.split(), f"--lang={language}")
    assert len(rows) == count
    assert next(iter(rows[0])) == "id"
    assert all(None not in row and None not in row.values() for row in rows)
    assert all(head.strip() for head in rows[0])


def test_the_edition_of_a_document_is_short_and_in_both_languages() -> None:
    for one in json.loads(_run("baselines", "list", "--format=json").stdout):
        assert 0 < len(one["edition"]["ja"]) <= 30
        assert 0 < len(one["edition"]["en"]) <= 70
        assert one["edition"]["en"].isascii()


def test_what_would_break_a_line_or_a_column_does_not(capsys: pytest.CaptureFixture[str]) -> None:
    console.print_table(("a", "b"), [("x\ty", "1\r\n2")])
    assert capsys.readouterr().out == "a\tb\nx y\t1 2\n"


def test_what_other_machines_said_is_neither_obeyed_by_a_terminal_nor_read_as_markup(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    hostile = "\x1b]0;owned\x07[red]x[/blue]"
    console.print_table(("a",), [(hostile,)])
    monkeypatch.setattr(console, "out", Console(force_terminal=True, no_color=True, width=80))
    console.print_table(("a",), [(hostile,)])
    piped, on_terminal = capsys.readouterr().out.split("\n", 2)[1:]
    assert piped == "\\u001b]0;owned\\u0007[red]x[/blue]"
    assert piped in on_terminal


def test_a_list_of_nothing_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    console.print_table(("a", "b"), [])
    assert not capsys.readouterr().out


def test_the_template_of_a_check_names_the_fact_that_was_asked_for() -> None:
    ran = _run("checks", "new", "mail.example.aspect", "SpfPolicy")
    assert ran.exit_code == 0
    assert "def example_aspect(seen: SpfPolicy) -> Verdict:" in ran.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("Mail", "SpfPolicy"), "family.subject"),
        (("mail.spf.all", "SpfPolicy"), "exists already"),
        (("mail.example.aspect", "SpfPolicie"), "SpfPolicy"),
    ],
)
def test_a_template_that_could_not_be_a_check_is_refused(words: tuple[str, ...], said: str) -> None:
    ran = _run("checks", "new", *words)
    assert (ran.exit_code, said in ran.stderr) == (2, True), ran.output

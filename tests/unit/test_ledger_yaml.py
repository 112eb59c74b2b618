"""YAML as the ledger takes it: places of keys and values, types by what is asked for, caps, and files that cannot be read."""

from __future__ import annotations

import os
import time
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import yaml

from scanner.ledger.inventory_file import load_inventory
from scanner.ledger.yamlfile import BadLedger, finish, open_file, open_text
from scanner.model import yamltext
from scanner.model.problem import MOST_PROBLEMS, BadFile, Place, Problems
from scanner.model.yamlfields import Fields, fields
from scanner.model.yamltext import LARGEST, MOST_NODES, Leaf, Series, parse


def top(text: str | bytes) -> Fields:
    problems = Problems("f.yaml")
    return fields(parse(text, problems), problems)


def told(text: str | bytes) -> list[str]:
    with pytest.raises(BadFile) as caught:
        top(text).problems.close()
    return [p.text.en for p in caught.value.problems]


def test_keys_and_values_know_where_they_stand() -> None:
    tree = parse("# 見出し\na: 1\nb:\n  - 'x'\n  -  y\n", Problems("f"))
    first, second = tree.entries
    assert (first.key, first.place, first.node) == ("a", Place(2, 1), Leaf(Place(2, 4), "1", plain=True))
    assert second.node == Series(Place(4, 3), (Leaf(Place(4, 5), "x", plain=False), Leaf(Place(5, 6), "y", plain=True)))


def test_the_type_that_is_asked_for_decides_what_a_value_means() -> None:
    table = top("a: no\nb: no\nc: 2026\nd: 2026\ne: 2026-04-01\nf: 2026-04-01\ng: 1.50\nh: '007'\ni: 2026-04-01T09:00+09:00\nj: 1:30\n")
    assert table.text("a") == "no"
    assert table.flag("b") is False
    assert table.text("c") == "2026"
    assert table.whole("d") == 2026
    assert table.text("e") == "2026-04-01"
    assert table.day("f") == date(2026, 4, 1)
    assert table.number("g") == 1.5
    assert table.text("h") == "007"
    assert table.moment("i") == datetime(2026, 4, 1, 0, 0, tzinfo=UTC)
    assert table.text("j") == "1:30"
    finish(table)


@pytest.mark.parametrize("text", ["010", "0x10", "1_000", "1.0", "１２", "9" * 19, "1e3", "90:00"])
def test_a_number_that_could_be_read_in_two_ways_is_refused(text: str) -> None:
    table = top(f"n: {text}\n")
    assert table.whole("n", 7) == 7
    with pytest.raises(BadFile, match="not a whole number"):
        finish(table)


@pytest.mark.parametrize("text", ["9999-12-31T23:59-14:00", "0001-01-01T00:00+14:00", "2026-02-30T00:00Z", "2026-04-01 09:00"])
def test_a_moment_outside_the_calendar_or_without_offset_is_refused(text: str) -> None:
    table = top(f"n: {text}\n")
    assert table.moment("n", None) is None
    with pytest.raises(BadFile, match="is not a time with its offset"):
        finish(table)


def test_absent_keys_give_their_default_and_wrong_ones_too() -> None:
    table = top("wrong: x\n")
    assert table.whole("absent", 5) == 5
    assert table.whole("wrong", 5) == 5
    assert table.texts("none", ("d",)) == ("d",)
    assert table.items("none") == ()
    with pytest.raises(BadFile, match=r"f\.yaml:1:8: wrong: 'x' is not a whole number"):
        finish(table)


def test_an_unknown_key_is_refused_with_the_nearest_of_those_that_are_missing() -> None:
    table = top("limit: 1\nlimits: 2\nmost_limit: 3\n")
    table.whole("limit")
    table.whole("limited", 0)
    with pytest.raises(BadFile) as caught:
        finish(table)
    assert [(p.key_path, p.nearest) for p in caught.value.problems] == [("limits", "limited"), ("most_limit", "limit")]


def test_a_problem_noted_twice_is_told_once() -> None:
    table = top("a: x\n")
    assert [table.flag("a", None), table.flag("a", None)] == [None, None]
    with pytest.raises(BadFile) as caught:
        finish(table)
    assert len(caught.value.problems) == 1


def test_aliases_stand_for_what_they_name() -> None:
    table = top("a: &x [1, 2]\nb: *x\n")
    assert table.texts("a") == table.texts("b") == ("1", "2")


def test_a_bomb_of_aliases_is_refused_by_what_it_stands_for() -> None:
    layers = "".join(f"l{i}: &l{i} [{', '.join([f'*l{i - 1}'] * 10)}]\n" for i in range(1, 30))
    assert told("l0: &l0 [x, x, x, x, x, x, x, x, x, x]\n" + layers) == [
        f"f.yaml:6:15: l5[1]: there are too many values (the limit is {MOST_NODES})"
    ]


def test_too_many_values_are_refused() -> None:
    assert "too many values" in told("a:\n" + "- b\n" * (MOST_NODES + 1))[0]


def test_thousands_of_problems_are_counted_and_some_of_them_kept() -> None:
    with pytest.raises(BadFile) as caught:
        top("a: 1\n" * 5_000).problems.close()
    assert len(caught.value.problems) == MOST_PROBLEMS
    assert caught.value.more == 4_999 - MOST_PROBLEMS
    assert str(caught.value).endswith(f"… and {4_999 - MOST_PROBLEMS} more")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "組織: 市\n".encode("shift_jis"),
            "f.yaml:1:1: there is a byte that is not UTF-8 (was it saved as Shift_JIS?); save the file as UTF-8",
        ),
        (
            "a: 1\nb: é".encode("latin-1"),
            "f.yaml:2:4: there is a byte that is not UTF-8 (was it saved as Shift_JIS?); save the file as UTF-8",
        ),
        ("a: 1\n".encode("utf-16"), "f.yaml:1:1: saved as UTF-16; save it as UTF-8"),
    ],
)
def test_other_encodings_are_named(content: bytes, message: str) -> None:
    assert told(content) == [message]


def test_a_byte_order_mark_and_windows_line_ends_are_taken() -> None:
    table = top(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n")
    assert (table.whole("a"), table.whole("b")) == (1, 2)


def test_values_in_messages_are_short_and_printable() -> None:
    table = top('a: "\\e[31m' + "x" * 5_000 + '"\n')
    table.flag("a", None)
    table.whole("a", None)
    with pytest.raises(BadFile) as caught:
        finish(table)
    message = caught.value.problems[0].message
    assert "\x1b" not in message.ja + message.en
    assert len(message.en) < 150


def test_a_file_of_ten_megabytes_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "big.yaml"
    path.write_bytes(b"a: 1\n" * 2_000_000)
    before = time.process_time()
    with pytest.raises(BadLedger) as caught:
        load_inventory(path)
    assert time.process_time() - before < 0.5
    [problem] = caught.value.problems
    assert problem.text.en == f"{path}: the file is too large (10000000 bytes; the limit is {LARGEST})"
    assert problem.text.ja == f"{path}: ファイルが大きすぎる（10000000 バイト。上限は {LARGEST} バイト）"


def test_ten_megabytes_of_text_are_refused_too() -> None:
    assert told("a" * 10_000_000) == [f"f.yaml: the file is too large (10000000 bytes; the limit is {LARGEST})"]


def test_files_that_cannot_be_read_are_problems_of_the_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name, words in (
        ("absent.yaml", "no such file"),
        (".", "a folder|not a regular file"),
        ("pipe", "not a regular file"),
        ("a\0b", "not a file name"),
    ):
        with pytest.raises(BadLedger, match=words) as caught:
            open_file(tmp_path / name)
        assert [p.line for p in caught.value.problems] == [0]


def test_a_file_that_grows_while_it_is_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "growing.yaml"
    path.write_bytes(b"#" * (LARGEST + 10))
    real = os.fstat

    class Small:
        def __init__(self, found: os.stat_result) -> None:
            self.st_mode, self.st_size = found.st_mode, 10

    monkeypatch.setattr(os, "fstat", lambda handle: Small(real(handle)))
    with pytest.raises(BadLedger, match="too large"):
        open_file(path)


@pytest.mark.parametrize(
    "text", ["a: [1\n", "a: 'x\n", "a: b: c\n", "a:\n\t- b\n", "a: @x\n", 'a: "\\q"\n', "a: {b: 1\n", "a: 'x' y\n", "a:\n- b\n  c: d\n"]
)
def test_the_parser_without_libyaml_tells_the_same(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    fast = told(text)
    monkeypatch.setattr(yamltext, "_LOADER", yaml.SafeLoader)
    assert [m.partition(": ")[2] for m in told(text)] == [m.partition(": ")[2] for m in fast]


def test_all_problems_of_a_file_come_together_and_in_order() -> None:
    table = open_text("f.yaml", "a: 1\na: 2\nb: x\n1: y\nc: z\n")
    table.whole("b", None)
    table.text("a")
    with pytest.raises(BadLedger) as caught:
        finish(table)
    assert [(p.line, p.key_path) for p in caught.value.problems] == [(2, "a"), (3, "b"), (4, "1"), (5, "c")]

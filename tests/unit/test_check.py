"""Checks and values as they are declared: what is refused and with which words, and the template that a new check begins from."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from scanner.cli.template import new_check
from scanner.codec import fact_types
from scanner.engine.judge import judge_one
from scanner.facts.mail_sender import SpfPolicy
from scanner.model.check import TO_WRITE, BadCheck, Check, Setting, Value, fits, is_id
from scanner.model.reason import Reason
from scanner.model.text import Text
from tests.unit.frame import seen

ROOT = Path(__file__).parents[2]
W = Text(ja="試験の値", en="a value for tests")


def _run(source: str) -> Check:
    module = ModuleType("checks.mail.example")
    sys.modules[module.__name__] = module
    try:
        exec(compile(source, "checks/mail/example.py", "exec"), module.__dict__)
        (found,) = [value for value in vars(module).values() if isinstance(value, Check)]
        return found
    finally:
        del sys.modules[module.__name__]


def test_an_unfinished_template_is_refused_with_the_words_that_are_missing() -> None:
    with pytest.raises(BadCheck) as refused:
        _run(new_check("mail.example.aspect", SpfPolicy))
    said = str(refused.value)
    assert said.startswith("mail.example.aspect in checks.mail.example is not finished")
    assert all(part in said for part in ("title", "why", "remedy", "says EXAMPLE_ASPECT_OK", "says EXAMPLE_ASPECT_BAD"))


def test_one_forgotten_word_is_named() -> None:
    source = new_check("mail.example.aspect", SpfPolicy).replace(f"{TO_WRITE}: ", "", 5)
    with pytest.raises(BadCheck, match=r"both languages: remedy, says"):
        _run(source)


@pytest.mark.parametrize("check_id", ["mail.example.aspect", "mail.from", "tls.1-0.use", "web.a-b.c-d.e-f"])
@pytest.mark.parametrize("fact", [SpfPolicy, *list(fact_types().values())[:2]], ids=lambda f: f.__name__)
def test_a_template_is_right_in_form_and_a_check_once_its_words_are_written(check_id: str, fact: type[SpfPolicy]) -> None:
    source = new_check(check_id, fact)
    for words in (["check"], ["format", "--check"]):
        command = [sys.executable, "-m", "ruff", *words, "--stdin-filename", "checks/mail/example.py", "-"]
        ran = subprocess.run(command, input=source, capture_output=True, text=True, cwd=ROOT, check=False)
        assert ran.returncode == 0, ran.stdout + ran.stderr
    check = _run(source.replace(f"{TO_WRITE}: ", ""))
    assert (check.id, check.needs[0].fact, len(check.says)) == (check_id, fact, 2)


def test_a_template_that_judges_nothing_yet_passes_nothing() -> None:
    check = _run(new_check("mail.example.aspect", SpfPolicy).replace(f'"{TO_WRITE}: ', '"'))
    fact = SpfPolicy.__new__(SpfPolicy)
    assert judge_one(check, [seen(fact)], {}).reason is Reason.DEFECT


@pytest.mark.parametrize(("name", "right"), [("mail.spf", True), ("mail", False), ("Mail.spf", False), ("mail.spf\n", False)])
def test_the_form_of_an_id(name: str, right: bool) -> None:
    assert is_id(name) is right


NUMBER = Value("t.number", 3, W, least=1, most=9)
WORD = Value("t.word", "a", W, choices=("a", "b"))
LIST: Value[tuple[str, ...]] = Value("t.list", ("a",), W, choices=("a", "b"))


@pytest.mark.parametrize(
    ("value", "given", "ja", "en"),
    [
        (NUMBER, 0, "1 以上でなければならない", "must be at least 1"),
        (NUMBER, 10, "9 以下でなければならない", "must be at most 9"),
        (NUMBER, "3", "整数でなければならない", "must be a whole number"),
        (NUMBER, True, "整数でなければならない", "must be a whole number"),
        (WORD, "c", "a、b のいずれかでなければならない", "must be one of a, b"),
        (LIST, ("a", "c"), "a、b のいずれかでなければならない", "must be one of a, b"),
        (LIST, "a", "文字列の一覧でなければならない", "must be a list of texts"),
    ],
)
def test_a_value_says_in_both_languages_what_it_does_not_take(value: Value[Setting], given: object, ja: str, en: str) -> None:
    assert value.accepts(given) == Text(ja=ja, en=en)


@pytest.mark.parametrize(("value", "given"), [(NUMBER, 1), (NUMBER, 9), (WORD, "b"), (LIST, ()), (LIST, ("b", "a"))])
def test_a_value_takes_what_fits(value: Value[Setting], given: object) -> None:
    assert value.accepts(given) is None


@pytest.mark.parametrize(("kind", "wrong"), [("bool", 1), ("float", "1"), ("str", 1), ("choice: x, y", "z")])
def test_every_type_of_setting_has_its_words(kind: str, wrong: object) -> None:
    said = fits(wrong, kind)
    assert said is not None
    assert said.ja.endswith("でなければならない")
    assert said.en.startswith("must be ")

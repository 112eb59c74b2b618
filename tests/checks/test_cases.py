"""What holds for every check: its cases, its words, its tags. The cases stand in the modules beside this one, by family."""

from __future__ import annotations

import ast
import importlib.util
import pkgutil
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from scanner.engine.catalogue import catalogue
from scanner.engine.judge import Ending, judge_one
from scanner.model.check import Check
from scanner.model.fact import Observed, Unobserved
from scanner.model.text import placeholders
from scanner.model.verdict import Outcome
from tests.checks.cases import Case

HERE = Path(__file__).parent
CHECKS = catalogue().checks


def _case_modules() -> list[ModuleType]:
    return [importlib.import_module(m.name) for m in pkgutil.walk_packages([str(HERE)], "tests.checks.") if m.name.count(".") == 3]


def _all_cases() -> dict[str, list[Case]]:
    found: dict[str, list[Case]] = {}
    for module in _case_modules():
        for check_id, cases in module.CASES.items():
            found.setdefault(check_id, []).extend(cases)
    return found


CASES = _all_cases()
ROWS = [
    pytest.param(check_id, case, id=f"{check_id}-{n}-{case.says or case.reason}")
    for check_id, rows in CASES.items()
    for n, case in enumerate(rows)
]


@pytest.mark.parametrize(("check_id", "case"), ROWS)
def test_a_case_is_judged_as_written(check_id: str, case: Case) -> None:
    check = CHECKS[check_id]
    ending = _answer(check, case)
    if case.says is not None:
        assert ending.tag == case.says
        assert ending.outcome is not Outcome.UNDETERMINED or not ending.confirmed
    else:
        assert ending.outcome == case.outcome == Outcome.UNDETERMINED
        assert case.reason is not None
        assert ending.reason is case.reason
    assert {k: ending.args.get(k) for k in case.args} == dict(case.args)


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS)
def test_every_tag_of_a_check_has_a_case(check: Check) -> None:
    said = {case.says for case in CASES.get(check.id, [])}
    assert set(check.says) - said == set()


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS)
def test_the_words_of_a_check_exist_in_both_languages_and_agree(check: Check) -> None:
    for name, text in {"title": check.title, "why": check.why, "remedy": check.remedy, **check.says}.items():
        assert text.ja.strip(), name
        assert text.en.strip(), name
        assert placeholders(text.ja) == placeholders(text.en), name
        assert not text.ja.isascii(), f"{name} is not Japanese: {text.ja}"
        assert text.en.isascii() or "–" in text.en or "≥" in text.en, f"{name} is not English: {text.en}"
    assert check.remedy.placeholders() <= set(check.parameters), "a remedy names settings only"


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS)
def test_what_is_to_be_typed_stands_in_double_quotes_in_english(check: Check) -> None:
    """One style, and reports set it as code; a single quote is left for the apostrophe."""
    for text in (check.title, check.why, check.remedy, *check.says.values()):
        assert not re.search(r"(?<!\w)'|'(?!\w)|`", text.en), text.en
        assert text.en.count('"') % 2 == 0, text.en


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS)
def test_the_function_of_a_check_is_called_as_its_id_says(check: Check) -> None:
    family = check.id.split(".")[0]
    assert check.module.startswith(f"checks.{family}.")


def test_no_check_says_in_one_language_why_it_cannot_tell() -> None:
    """``Unobserved(reason, detail)`` is for probes, whose notes are English; a check says ``cannot_tell(reason, ja=…, en=…)``."""
    root = Path(importlib.import_module("checks").__path__[0])
    wrong = [
        f"{path.relative_to(root)}:{node.lineno}"
        for path in sorted(root.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Unobserved"
    ]
    assert wrong == []


def test_what_a_check_cannot_tell_is_japanese_in_japanese_and_english_in_english() -> None:
    said = [
        answer.said
        for check_id, rows in CASES.items()
        for case in rows
        if case.reason is not None and not any(isinstance(f, Unobserved) for f in case.facts)
        for answer in [_answer(CHECKS[check_id], case)]
        if answer.said is not None
    ]
    assert len(said) > 10
    for text in said:
        assert not text.ja.isascii(), text
        assert not re.search(r"[\u3040-\u30ff\u4e00-\u9fff]", text.en.partition("（")[0]), text


def _answer(check: Check, case: Case) -> Ending:
    return judge_one(check, [f if isinstance(f, Unobserved) else Observed(f, "2026-11-22T00:00:00Z") for f in case.facts], case.settings)


def test_no_case_is_written_for_an_unknown_check() -> None:
    assert set(CASES) - set(CHECKS) == set()


def test_importing_every_check_loads_no_module_that_can_do_io() -> None:
    names = [m.name for m in pkgutil.walk_packages(importlib.import_module("checks").__path__, "checks.")]
    script = (
        f"import importlib, sys\nfor name in {names!r}: importlib.import_module(name)\n"
        "print(sorted(set(sys.modules) & {'socket', 'ssl', 'asyncio', 'sqlite3', 'subprocess'}))"
    )
    seen = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert seen.stdout.strip() == "[]"

"""The five documents as data: whole, unique, mapped to checks that exist, and every mistake in a baseline explained."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from baselines.loader import HERE, SHIPPED, load, load_shipped
from baselines.model import Baseline, MachineRole, Status, Strength
from scanner.cli.catalogue import coverage_lines
from scanner.engine.catalogue import catalogue
from scanner.model.problem import BadFile

CHECKS = catalogue().checks
ROWS = {"nite": 354, "ciip": 445, "kochi": 608, "nisc-r5": 262, "ssk": 835}
MAPPED_AREAS = {"email", "dns", "domain-name", "tls-crypto"}
OBSERVED = {"remote", "authenticated-host", "endpoint-agent"}
FROM_WITHIN = {"authenticated-host", "endpoint-agent"}
SECTIONS = {
    MachineRole.TERMINAL: re.compile(r"第1節 端末|第14章 端末|6\.1 端末"),
    MachineRole.SERVER: re.compile(r"第2節 サーバ装置|第15章 サーバ装置 第1節|サーバ装置 > 6\.2\.1"),
}
"""Sections that speak of terminals alone, and of servers as machines alone."""
OF_ANY_MACHINE = (
    *("endpoint.", "host.accounts.", "host.backup.", "host.credentials.", "host.disk.", "host.elevation.", "host.files.", "host.firewall."),
    *("host.kernel.", "host.mac.", "host.malware.", "host.mounts.", "host.password.", "host.platform.", "host.services.", "host.software."),
    *("host.ssh.", "host.updates."),
)
"""Checks that servers and terminals alike have results of."""


@pytest.fixture(scope="module")
def documents() -> list[Baseline]:
    return [load_shipped(name, CHECKS) for name in SHIPPED]


def test_every_row_of_the_five_documents_is_there_once(documents: list[Baseline]) -> None:
    assert {b.id: len(b.controls) for b in documents} == ROWS
    ids = Counter(c.id for b in documents for c in b)
    assert [i for i, n in ids.items() if n > 1] == []


def test_machine_observable_rows_of_mail_dns_and_tls_are_mapped_or_say_why_not(documents: list[Baseline]) -> None:
    silent = [
        c.id
        for b in documents
        for c in b
        if c.area in MAPPED_AREAS
        and OBSERVED & set(c.verification)
        and not c.checks
        and c.reason is None
        and c.strength is not Strength.DEFINITION
    ]
    assert silent == []


def test_clauses_on_terminals_or_on_servers_take_results_of_these_only(documents: list[Baseline]) -> None:
    loose = [
        (c.id, use.check)
        for b in documents
        for c in b
        for role, section in SECTIONS.items()
        for use in c.checks
        if section.search(c.section) and use.check.startswith(OF_ANY_MACHINE) and use.machines != {role}
    ]
    assert loose == []


def test_rows_that_machines_could_show_from_within_are_mapped_or_say_why_not(documents: list[Baseline]) -> None:
    silent = [
        c.id
        for b in documents
        for c in b
        if FROM_WITHIN & set(c.verification)
        and c.strength.binds
        and not c.checks
        and c.reason is None
        and c.status is not Status.THROUGH_EXAMPLES
    ]
    assert silent == []


def test_what_binds_nobody_is_never_counted_as_checked(documents: list[Baseline]) -> None:
    wrong = [c.id for b in documents for c in b if c.strength is Strength.DEFINITION and c.status in {Status.AUTOMATED, Status.PARTIAL}]
    assert wrong == []


def test_coverage_has_one_line_a_control_with_its_reason(documents: list[Baseline]) -> None:
    lines = list(coverage_lines(documents))
    assert len(lines) == sum(ROWS.values())
    assert all((line["reason"] is None) == (line["status"] == "automated") for line in lines)
    assert {key for line in lines for key in line} == {
        "baseline",
        "id",
        "ref",
        "area",
        "strength",
        "verification",
        "confidence",
        "status",
        "checks",
        "reason",
    }


def test_the_refs_that_rows_belong_to_are_written_as_the_document_writes_them(documents: list[Baseline]) -> None:
    """A misspelt parent would silently take its examples away; those of whole chapters are known to have no row of their own."""
    for document in documents:
        refs = {c.ref for c in document}
        for control in document:
            if control.checks and control.strength in {Strength.EXAMPLE, Strength.CONDITIONAL_EXAMPLE}:
                stray = [ref for ref in control.supports if ref not in refs]
                assert stray == [], control.id


ABOUT = "id: own\ntitle_ja: 自組織の基準\ntitle_en: our own\nissuer: 架空市\nedition_ja: 第1版\nedition_en: first\n"
ROW = """controls:
  - id: own-1
    ref: 第1条
    section: 章
    title: 題
    summary_ja: 要約
    summary_en: summary
    area: email
    strength: required
    verification: [remote]
    confidence: high
    status: automated
    checks:
      - {use: mail.spf.all, with: {accept: ["-"]}}
"""


def _load(folder: Path, row: str) -> Baseline:
    (folder / "document.yaml").write_text(ABOUT)
    (folder / "controls.yaml").write_text(row)
    return load(folder, CHECKS)


def test_clauses_that_are_judged_by_their_examples_are_not_called_planned(documents: list[Baseline]) -> None:
    wrong = [
        c.id
        for b in documents
        for c in b
        if (c.status is Status.THROUGH_EXAMPLES) != (not c.checks and c.strength.binds and any(e.checks for e in b.examples_of(c)))
    ]
    assert wrong == []
    (ssk,) = [b for b in documents if b.id == "ssk"]
    found = {line["id"] for line in coverage_lines([ssk]) if line["status"] == "through-examples"}
    assert found >= {"ssk-6.2.4-1-a", "ssk-6.2.4-1-b"}


def test_articles_106_to_109_of_kochi_are_examples_of_article_105_by_a_link_of_ours(documents: list[Baseline]) -> None:
    (kochi,) = [b for b in documents if b.id == "kochi"]
    links = {c.measure: c.supports for c in kochi if c.measure in {f"第{n}条" for n in range(106, 110)}}
    assert links == {
        "第106条": ("第105条第1項",),
        "第107条": ("第105条第2項",),
        "第108条": ("第105条第2項",),
        "第109条": ("第105条第3項",),
    }
    notes = [c.note for c in kochi if c.measure in links]
    assert all(note and "Tenken" in note.ja and "ours" in note.en for note in notes)


EXAMPLE = """  - id: own-1-1
    ref: 第1条第1号
    section: 章
    title: 例
    summary_ja: 要約
    summary_en: summary
    area: email
    strength: example
    verification: [remote]
    confidence: high
    status: automated
    checks:
      - use: mail.spf.all
    parameters:
      related: [第1条]
"""


def test_a_status_that_follows_from_other_rows_is_computed_and_never_written(tmp_path: Path) -> None:
    parent = ROW[: ROW.index("    checks:")].replace("status: automated", "status: planned")
    document = _load(tmp_path, parent + EXAMPLE)
    assert [c.status for c in document] == [Status.THROUGH_EXAMPLES, Status.AUTOMATED]
    assert document.examples_of(document.controls[0]) == (document.controls[1],)
    with pytest.raises(BadFile, match="through-examples"):
        _load(tmp_path, parent.replace("status: planned", "status: through-examples"))


def test_an_organisations_own_baseline_loads(tmp_path: Path) -> None:
    (control,) = _load(tmp_path, ROW)
    assert control.checks[0].settings == {"accept": ("-",)}


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("mail.spf.all", "mail.spf.al", 14, "mail.spf.all"),
        ("accept:", "acept:", 14, "accept"),
        ('["-"]', "5", 14, "list"),
        ('["-"]', '["x"]', 14, "must be one of"),
        ("strength: required", "strength: requird", 9, "required"),
        ("status: automated", "status: planned", 12, "checks"),
        ("ref: 第1条", "reff: 第1条", 3, "ref"),
        ("summary_en: summary", "summary_en: [a]", 7, "text"),
        ("    confidence: high\n", "", 2, "confidence"),
    ],
)
def test_a_mistake_is_told_with_line_and_nearest_name(tmp_path: Path, old: str, new: str, line: int, said: str) -> None:
    with pytest.raises(BadFile) as error:
        _load(tmp_path, ROW.replace(old, new))
    told = {(p.line, p.text.en) for p in error.value.problems}
    assert any(where == line and said in text for where, text in told), told


def test_a_setting_that_a_check_does_not_take_is_explained_in_both_languages(tmp_path: Path) -> None:
    with pytest.raises(BadFile) as error:
        _load(tmp_path, ROW.replace('["-"]', '["x"]'))
    (problem,) = error.value.problems
    assert "のいずれかでなければならない" in problem.text.ja
    assert "must be" not in problem.text.ja


def test_a_row_with_half_its_words_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadFile) as error:
        _load(tmp_path, ROW + "    note_ja: 注\n")
    assert "both" in error.value.problems[0].text.en


def test_the_shipped_folders_are_all_listed() -> None:
    assert {p.parent.name for p in HERE.glob("*/controls.yaml")} == set(SHIPPED)

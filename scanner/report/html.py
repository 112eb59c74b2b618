"""The run as one self-contained HTML file, for people: Japanese and English in one page, no outside request, nothing of a record trusted.

Takes the lines of the record and nothing else. What is gathered of them is in ``html_gather`` and the modules that it names, the words of
closed sets in ``html_words``, what makes text harmless in ``html_text``; layout and single sentences are in ``templates``. What stands many
times in a record is written once and referred to: the words of a check, the evidence of a fact, the cause of undetermined results.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO

import jinja2
from markupsafe import Markup

from scanner.report import html_text
from scanner.report.html_checks import Variant
from scanner.report.html_environment import asset, environment
from scanner.report.html_findings import by_program
from scanner.report.html_gather import FAIL, MOST_BASES, UNDETERMINED, Assessed, Basis, Clause, Gathered, Line
from scanner.report.html_papers import Paper
from scanner.report.html_targets import by_target
from scanner.report.html_zones import Zones

PACKAGE = "scanner.report"
_BUFFERED = 200  # pieces of the page written at once
SHORT_LIST = 4
"""Checks below which a list is written out each time."""
MOST_LISTS = 5_000
"""Lists of checks that are remembered to be referred to."""
_PARTS = "①②③④⑤⑥⑦⑧⑨⑩"


def write_html(
    lines: Callable[[], Iterator[Line]], out: IO[bytes], language: str, beside: Callable[[], Iterator[Line]] | None = None
) -> None:
    """Write the report of a record in UTF-8; ``language`` (``ja`` or ``en``) is the one shown first.

    ``lines`` is called twice or more: memory stays bounded, however many targets there are. A record that was cut off gives a report
    that says so. The same lines give the same bytes. ``beside`` are the lines of another run over the same targets, mostly from
    another zone: where the two see something different stands in a part of its own.
    """
    seen = Gathered(lines())
    zones = Zones(lines, beside, seen.checks) if beside else None
    page = _environment().get_template("report.html.j2")
    style, script = asset(PACKAGE, "report.css"), asset(PACKAGE, "report.js")
    stream = page.stream(
        seen=seen,
        zones=zones,
        language=language,
        targets=by_target(lines(), seen.shown, seen.checks),
        style=style,
        script=script,
        policy=f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; base-uri 'none'; form-action 'none'",
        list_of=_Lists().of,
        checks_of=lambda clause: _checks_of(seen, clause),
        told_of=lambda clause: _told(seen, clause),
    )
    stream.enable_buffering(_BUFFERED)
    for piece in stream:
        out.write(piece.encode("utf-8", "backslashreplace"))


def _environment() -> jinja2.Environment:
    made = environment(PACKAGE)
    made.globals.update(
        papers_of=_papers,
        articles=_articles,
        by_program=by_program,
        own=lambda variants: [(v, v.anchor) for v in variants],
        refs=_refs,
        refs_of=_refs_of,
        part=lambda n: _PARTS[n] if n < len(_PARTS) else f"({n + 1})",
        bars=_bars,
        excerpt=lambda text: html_text.shown(text, lines=True),
        more_than=more_than,
    )
    return made


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def more_than(n: int, most: int) -> int:
    """Tell how many of ``n`` are left out where ``most`` are shown."""
    return max(0, n - most)


def _papers(papers: Iterable[Paper]) -> tuple[list[Paper], list[Paper]]:
    """Give the evidence to be written here, and the evidence that stands elsewhere and is referred to."""
    here: list[Paper] = []
    elsewhere: list[Paper] = []
    for paper in papers:
        (here if paper.first() else elsewhere).append(paper)
    return here, elsewhere


def _articles(variant: Variant) -> list[tuple[str, list[Line]]]:
    """Give the articles that a check bears on, by document."""
    documents: dict[str, list[Line]] = {}
    for control in variant.controls.values():
        documents.setdefault(control["baseline"], []).append(control)
    return list(documents.items())


def _refs(variants: Iterable[Variant]) -> Markup:
    """Refer to checks by their ids; the script puts the titles in their place."""
    return _refs_of((v, v.anchor) for v in variants)


def _refs_of(variants: Iterable[tuple[Variant, str]]) -> Markup:
    """Refer to checks, each by an anchor of its own."""
    written = (Markup('<a href="#{}">{}</a>').format(anchor, html_text.shown(v.line["check"])) for v, anchor in variants)
    return Markup("\n").join(written)


@dataclass(slots=True)
class _Told:
    """One conclusion on a clause, put together for the page: for one system, or for several of which the same is to be said."""

    like: Assessed
    systems: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    failures: list[tuple[Basis, Variant | None]] = field(default_factory=list)
    doubts: dict[tuple[str | None, str], _Doubt] = field(default_factory=dict)
    """By the cause and, where it has no place of its own, the check."""


@dataclass(slots=True)
class _Doubt:
    """What could not be judged for one cause: its anchor, the checks, and some of the subjects."""

    block: str | None
    variants: dict[int, Variant] = field(default_factory=dict)
    subjects: list[tuple[str, str]] = field(default_factory=list)
    more: int = 0

    def take(self, variant: Variant, basis: Basis) -> None:
        self.variants[variant.n] = variant
        for of in basis.subjects:
            if of[1] not in {subject for _, subject in self.subjects}:
                if len(self.subjects) < MOST_BASES:
                    self.subjects.append(of)
                else:
                    self.more += 1
        self.more += basis.more


def _told(seen: Gathered, clause: Clause) -> list[_Told]:
    """Give what is to be said of a clause. Systems that fail stand alone, others together where outcome and ground are the same."""
    made: dict[object, _Told] = {}
    for one in clause.systems:
        fails = any(basis.outcome == FAIL for basis in one.bases)
        ground = [one.outcome, one.message, one.decision, one.attestation, one.exception, one.examples, fails and one.system]
        told = made.setdefault(json.dumps(ground, sort_keys=True), _Told(one))
        told.systems.append(one.system)
        told.counts.update(one.counts)
        for basis in one.bases:
            variant = seen.checks.for_clause(basis.check, clause.line["baseline"], clause.line["control"])
            if basis.outcome == FAIL:
                told.failures.append((basis, variant))
            elif basis.outcome == UNDETERMINED and variant:
                block = seen.causes.anchor_of(variant)
                told.doubts.setdefault((block, "" if block else basis.check), _Doubt(block)).take(variant, basis)
    return list(made.values())


def _checks_of(seen: Gathered, clause: Clause) -> list[Variant]:
    """Give the checks that a clause rests on for any of its systems."""
    names = sorted({basis.check for assessed in clause.systems for basis in assessed.bases})
    found = (seen.checks.for_clause(name, clause.line["baseline"], clause.line["control"]) for name in names)
    return [variant for variant in found if variant]


class _Lists:
    """The lists of checks that the part by target has written: one that stands there already is referred to."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, ...], str] = {}

    def of(self, pairs: Sequence[tuple[Variant, str]]) -> tuple[str, str]:
        """Give the id under which a list is to be written, and the id of the one like it; one of the two is empty, or both."""
        if len(pairs) < SHORT_LIST:
            return "", ""
        key = tuple(anchor for _, anchor in pairs)
        if before := self._known.get(key, ""):
            return "", before
        if len(self._known) >= MOST_LISTS:
            return "", ""
        made = self._known[key] = f"l{len(self._known) + 1}"
        return made, ""


def _bars(counts: Mapping[str, int], order: Sequence[str]) -> list[tuple[str, float, float]]:
    """Give outcome, start and width in percent of the parts of a bar."""
    total = sum(counts.values())
    made, at = [], 0.0
    for outcome in order:
        if share := counts.get(outcome, 0):
            width = round(100 * share / total, 2)
            made.append((outcome, round(at, 2), width))
            at += width
    return made

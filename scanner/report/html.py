"""The run as one self-contained HTML file, for people: Japanese and English in one page, no outside request, nothing of a record trusted.

Takes the lines of the record and nothing else. What is gathered of them is in ``html_gather``, the words of closed sets in
``html_words``, what makes text harmless in ``html_text``; layout and single sentences are in ``templates``.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import IO

import jinja2
from markupsafe import Markup

from scanner.report import html_text, html_words
from scanner.report.html_gather import FAIL, UNDETERMINED, Basis, Gathered, Group, Line, by_target

_BUFFERED = 200  # pieces of the page written at once


def write_html(lines: Callable[[], Iterator[Line]], out: IO[bytes], language: str) -> None:
    """Write the report of a record in UTF-8; ``language`` (``ja`` or ``en``) is the one shown first.

    ``lines`` is called twice: memory stays bounded, however many targets there are. A record that was cut off gives a report
    that says so. The same lines give the same bytes.
    """
    seen = Gathered(lines())
    page = _environment().get_template("report.html.j2")
    style, script = _asset("report.css"), _asset("report.js")
    stream = page.stream(
        seen=seen,
        language=language,
        targets=by_target(lines(), seen.shown),
        style=style,
        script=script,
        policy=f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; base-uri 'none'; form-action 'none'",
        basis=lambda basis, baseline, control: _basis(seen, basis, baseline, control),
    )
    stream.enable_buffering(_BUFFERED)
    for piece in stream:
        out.write(piece.encode("utf-8", "backslashreplace"))


def _environment() -> jinja2.Environment:
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("scanner.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.do"],
    )
    made.globals.update(
        w=html_text.words,
        both=html_text.both,
        moment=html_text.moment,
        kind=html_text.kind,
        remedy=html_text.remedy,
        words=html_words,
        evidence=_evidence,
        articles=_articles,
        bars=_bars,
        excerpt=lambda text: html_text.shown(text, lines=True),
        more_than=more_than,
    )
    made.filters.update(shown=html_text.shown, n=html_text.number, bare=html_text.bare, name=html_text.name)
    return made


def _asset(name: str) -> Markup:
    source, _, _ = jinja2.PackageLoader("scanner.report").get_source(jinja2.Environment(autoescape=True), name)
    return Markup(source)  # noqa: S704  our own file


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def more_than(n: int, most: int) -> int:
    """Tell how many of ``n`` are left out where ``most`` are shown."""
    return max(0, n - most)


def _evidence(line: Line) -> list[tuple[str, str, list[Line]]]:
    """Give the evidence of a result by fact: fact, digest, and what was seen where. Facts without a sighting come with none."""
    facts: dict[tuple[str, str], list[Line]] = {}
    for one in line["evidence"]:
        seen = facts.setdefault((one["fact"], one["digest"]), [])
        if one["source"] or one["excerpt"]:
            seen.append(one)
    return [(fact, digest, seen) for (fact, digest), seen in facts.items()]


def _articles(group: Group) -> list[tuple[str, list[Line]]]:
    """Give the articles that a finding bears on, by document."""
    documents: dict[str, list[Line]] = {}
    for control in group.line["controls"]:
        documents.setdefault(control["baseline"], []).append(control)
    return list(documents.items())


def _basis(seen: Gathered, basis: Basis, baseline: str, control: str) -> str | None:
    """Give the anchor of the finding behind a basis of a clause, where there is one."""
    if basis.outcome in {FAIL, UNDETERMINED}:
        return seen.group_of(basis.outcome, basis.check, baseline, control)
    return None


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

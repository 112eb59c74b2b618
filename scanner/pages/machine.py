"""The results of one machine as its page shows them: what fails, by severity or by the articles of one document, and the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from scanner.codec import Plain
from scanner.model.verdict import Outcome
from scanner.pages.names import Article, Document, Documents
from scanner.report.html_words import SEVERITIES

_RANK = {severity: place for place, severity in enumerate(SEVERITIES)}


@dataclass(frozen=True, slots=True)
class Finding:
    """A failing result, with the articles that it bears on, by the title of their document (its id where it is not known here)."""

    line: Plain
    articles: Mapping[str, tuple[Document | None, tuple[Article | str, ...]]]


@dataclass(frozen=True, slots=True)
class Findings:
    """The results of a machine. ``by_article`` is there where one document was asked for."""

    counts: Mapping[str, int]
    failures: Sequence[Finding]
    by_article: Sequence[tuple[Article, Sequence[Finding]]] | None
    doubts: Mapping[str, Sequence[Plain]]
    """Undetermined results by reason."""
    rest: Sequence[Plain]
    """What passes or does not apply."""
    documents: Mapping[str, int]
    """How many failures bear on each document."""


def findings_of(lines: Iterable[Plain], documents: Documents, wanted: str) -> Findings:
    """Sort the results of a machine; ``wanted`` is the id of a document, or empty."""
    all_lines = sorted(lines, key=lambda line: (_RANK.get(line["severity"], len(_RANK)), line["check"], line["subject"]))
    failures = [Finding(line, _articles(line, documents)) for line in all_lines if line["outcome"] == Outcome.FAIL]
    doubts: dict[str, list[Plain]] = {}
    for line in all_lines:
        if line["outcome"] == Outcome.UNDETERMINED:
            doubts.setdefault(line["reason"] or "", []).append(line)
    document = documents.get(wanted)
    shown = [one for one in failures if wanted in one.articles] if document else failures
    return Findings(
        counts=Counter(line["outcome"] for line in all_lines),
        failures=shown,
        by_article=_by_article(shown, document, wanted) if document else None,
        doubts=doubts,
        rest=[line for line in all_lines if line["outcome"] not in {Outcome.FAIL, Outcome.UNDETERMINED}],
        documents=Counter(id_ for one in failures for id_ in one.articles),
    )


def _articles(line: Plain, documents: Documents) -> dict[str, tuple[Document | None, tuple[Article | str, ...]]]:
    found: dict[str, list[Article | str]] = {}
    for control in line["controls"]:
        document = documents.get(control["baseline"])
        found.setdefault(control["baseline"], []).append((document and document.articles.get(control["id"])) or control["id"])
    return {id_: (documents.get(id_), tuple(articles)) for id_, articles in found.items()}


def _by_article(failures: Sequence[Finding], document: Document, wanted: str) -> list[tuple[Article, list[Finding]]]:
    found = []
    for article in document.articles.values():
        bearing = [one for one in failures if article in one.articles[wanted][1]]
        if bearing:
            found.append((article, bearing))
    return found

"""The documents as pages name them: their titles, and the articles by the ids that results carry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from baselines.model import Baseline
from scanner.model.text import Text


@dataclass(frozen=True, slots=True)
class Article:
    """One article: how the document numbers it, and what it asks for."""

    ref: str
    summary: Text


@dataclass(frozen=True, slots=True)
class Document:
    """One document with its articles, in its own order."""

    title: Text
    articles: Mapping[str, Article]


Documents = Mapping[str, Document]


def documents_of(baselines: Iterable[Baseline]) -> Documents:
    """Give the documents that results are judged against, by id."""
    return {b.id: Document(b.title, {control.id: Article(control.ref, control.summary) for control in b}) for b in baselines}

"""What pages call things by: documents, articles and systems, by the ids that results and the ledger carry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

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


@dataclass(frozen=True, slots=True)
class Names:
    """Documents and systems by id; a system that is not here is called by its id."""

    documents: Documents = field(default_factory=dict)
    systems: Mapping[str, str] = field(default_factory=dict)

    def of_systems(self, ids: Iterable[str]) -> tuple[tuple[str, str], ...]:
        """Give each system by id and name."""
        return tuple((id_, self.systems.get(id_, id_)) for id_ in ids)


def documents_of(baselines: Iterable[Baseline]) -> Documents:
    """Give the documents that results are judged against, by id."""
    return {b.id: Document(b.title, {control.id: Article(control.ref, control.summary) for control in b}) for b in baselines}

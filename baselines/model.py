"""Baselines, controls and what a control says of the checks that bear on it, as plain values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum, unique

from scanner.model.check import Setting
from scanner.model.text import Text


@unique
class Strength(StrEnum):
    """How strongly a clause binds. What follows from each is in ``scanner.engine.assess``."""

    REQUIRED = "required"
    PROHIBITION = "prohibition"
    EXAMPLE = "example"
    CONDITIONAL = "conditional"
    CONDITIONAL_EXAMPLE = "conditional-example"
    AS_NEEDED = "as-needed"
    CONSIDER = "consider"
    WHERE_FEASIBLE = "where-feasible"
    DEFINITION = "definition"
    PERMISSION = "permission"
    INFORMATIVE = "informative"

    @property
    def binds(self) -> bool:
        """Whether the clause asks for anything that could be judged."""
        return self not in {Strength.DEFINITION, Strength.PERMISSION, Strength.INFORMATIVE}


@unique
class Status(StrEnum):
    """How far this version of the program covers a clause."""

    AUTOMATED = "automated"
    """The checks named answer the clause."""
    PARTIAL = "partial"
    """The checks named can refute the clause, or prove a part of it; the rest needs a record or a later part."""
    PLANNED = "planned"
    """A machine could observe it; this version does not yet."""
    EVIDENCE = "evidence"
    """Only a record with a validity period can show it."""
    NONE = "none"
    """Nothing to judge: a definition, or outside what a program can see."""


STATUS_WORDS: Mapping[Status, Text] = {
    Status.AUTOMATED: Text(ja="自動で点検する", en="checked by program"),
    Status.PARTIAL: Text(ja="一部を自動で点検する", en="checked in part by program"),
    Status.PLANNED: Text(ja="機械で観測できるが、この版では未対応", en="observable by machine, not yet in this version"),
    Status.EVIDENCE: Text(ja="記録によって確認する", en="shown by a record"),
    Status.NONE: Text(ja="点検の対象となる事項がない", en="nothing that a program could judge"),
}


@dataclass(frozen=True, slots=True)
class Use:
    """One check that bears on a control, with the settings that the document itself fixes."""

    check: str
    settings: Mapping[str, Setting]


@dataclass(frozen=True, slots=True)
class Control:
    """One row of a baseline.

    ``supports`` holds the refs of the clauses that an example or a basic measure belongs to, ``info_class`` the
    information ranks (要機密, 要保全, 要安定, 要保護) that the clause names as its condition.
    """

    id: str
    ref: str
    section: str
    title: str
    summary: Text
    area: str
    strength: Strength
    tier: str
    duty_holder: tuple[str, ...]
    verification: tuple[str, ...]
    confidence: str
    observables: tuple[str, ...]
    supports: tuple[str, ...]
    info_class: tuple[str, ...]
    status: Status
    checks: tuple[Use, ...]
    related: tuple[str, ...]
    note: Text | None
    reason: Text | None
    file: str
    line: int


@dataclass(frozen=True)
class Baseline:
    """One document in one edition. ``edition`` is short, for tables; ``edition_note`` says how it is known and what went before."""

    id: str
    title: Text
    issuer: str
    edition: Text
    edition_note: Text | None
    controls: tuple[Control, ...]
    digest: str

    def __iter__(self) -> Iterator[Control]:
        """Give the controls in the document's order."""
        return iter(self.controls)

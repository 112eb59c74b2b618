"""Baselines, controls and what a control says of the checks that bear on it, as plain values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum, unique
from functools import cached_property

from scanner.model.check import Setting
from scanner.model.target import Endpoint, Host, Service, Target
from scanner.model.text import Text

_OWN_NUMBER = re.compile(r"(?:第\d+号|\s+[a-z]\)).*\Z")
"""How the documents number the examples of one measure: 第106条第1号, 6.2.4(1)-1 a)."""


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
    THROUGH_EXAMPLES = "through-examples"
    """No check of its own, but checks look for its examples. Computed when a baseline is read, never written in one."""
    PLANNED = "planned"
    """A machine could observe it; this version does not yet."""
    EVIDENCE = "evidence"
    """Only a record with a validity period can show it."""
    NONE = "none"
    """Nothing to judge: a definition, or outside what a program can see."""


STATUS_WORDS: Mapping[Status, Text] = {
    Status.AUTOMATED: Text(ja="自動で点検する", en="checked by program"),
    Status.PARTIAL: Text(ja="一部を自動で点検する", en="checked in part by program"),
    Status.THROUGH_EXAMPLES: Text(ja="例示された手段の点検結果から判定する", en="judged by the means that the document gives as examples"),
    Status.PLANNED: Text(ja="機械で観測できるが、この版では未対応", en="observable by machine, not yet in this version"),
    Status.EVIDENCE: Text(ja="記録によって確認する", en="shown by a record"),
    Status.NONE: Text(ja="点検の対象となる事項がない", en="nothing that a program could judge"),
}


@unique
class MachineRole(StrEnum):
    """What a machine is for, as far as clauses tell them apart."""

    SERVER = "server"
    TERMINAL = "terminal"


@dataclass(frozen=True, slots=True)
class Use:
    """One check that bears on a control, with the settings that the document itself fixes.

    ``services`` names the protocols of the services that the clause speaks of (a clause on web servers says nothing of mail),
    ``machines`` whether it speaks of servers or of terminals; empty for all that the check judges.
    """

    check: str
    settings: Mapping[str, Setting]
    services: frozenset[str] = frozenset()
    machines: frozenset[MachineRole] = frozenset()

    def speaks_of(self, subject: Target) -> bool:
        """Tell whether a result about ``subject`` bears on the clause. Hosts of the ledger are servers, endpoints are terminals."""
        match subject:
            case Service():
                return not self.services or subject.protocol in self.services
            case Host():
                return not self.machines or MachineRole.SERVER in self.machines
            case Endpoint():
                return not self.machines or MachineRole.TERMINAL in self.machines
            case _:
                return True


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

    @property
    def measure(self) -> str:
        """The measure that an example belongs to: its ref without the example's own number.

        A document that asks for two measures, each with its examples, asks for one example (or its equal) of each.
        """
        return _OWN_NUMBER.sub("", self.ref)


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

    def examples_of(self, control: Control) -> tuple[Control, ...]:
        """Give the rows that name means for a clause as examples, in the document's order; none for what is an example itself."""
        return () if control.strength is Strength.EXAMPLE else self._examples.get(control.ref, ())

    @cached_property
    def _examples(self) -> Mapping[str, tuple[Control, ...]]:
        found: dict[str, tuple[Control, ...]] = {}
        for control in self.controls:
            if control.strength in {Strength.EXAMPLE, Strength.CONDITIONAL_EXAMPLE}:
                for ref in control.supports:
                    found[ref] = (*found.get(ref, ()), control)
        return found

"""What the HTML report shows of a record, gathered in one pass: whole counts, and of the details no more than the caps here and beside it.

Memory grows with the catalogue and the documents, and by a few bytes for each subject that fails or that something stopped.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from scanner.report.html_causes import Block, Causes
from scanner.report.html_checks import Checks
from scanner.report.html_findings import Group
from scanner.report.html_papers import Papers
from scanner.report.html_targets import NO_SUBJECT, Chooser
from scanner.report.html_words import FINDINGS, SEVERITIES

Line = dict[str, Any]  # one JSON object of the record

MOST_ASSESSED = 20
"""Systems for which one clause is told, the worst of them where there are more."""
MOST_BASES = 3
"""Subjects named for one check and outcome that a clause rests on."""
MOST_BASES_IN_ALL = 20_000
MOST_OPEN = 20_000
"""Undetermined results of one target that are put together at once."""

FAIL, UNDETERMINED = "fail", "undetermined"
_WORST = {outcome: rank for rank, outcome in enumerate(FINDINGS)}
_GRAVEST = {severity: rank for rank, severity in enumerate(SEVERITIES)}
_UNFIT = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(slots=True)
class Basis:
    """What a clause rests on: one check with one outcome."""

    check: str
    outcome: str
    subjects: list[tuple[str, str]] = field(default_factory=list)
    """Target and subject."""
    more: int = 0


@dataclass(slots=True)
class Assessed:
    """One clause for one system, of its line only what is shown."""

    system: str
    outcome: str
    message: Line
    counts: Mapping[str, int]
    examples: list[str]
    decision: Line | None
    attestation: Line | None
    exception: str | None
    bases: list[Basis]


@dataclass(slots=True)
class Clause:
    """One clause of a document for all systems: the line of the first system has its words."""

    anchor: str
    line: Line
    outcomes: Counter[str] = field(default_factory=Counter)
    systems: list[Assessed] = field(default_factory=list)

    @property
    def outcome(self) -> str:
        """The worst outcome over the systems."""
        return min(self.outcomes, key=lambda o: _WORST.get(o, 0))

    @property
    def left_out(self) -> int:
        """How many systems only the record names."""
        return self.outcomes.total() - len(self.systems)


@dataclass(slots=True)
class Document:
    """One document with its clauses that were assessed, in the document's order."""

    line: Line
    anchor: str
    clauses: dict[str, Clause] = field(default_factory=dict)
    excepted: int = 0

    @property
    def outcomes(self) -> Counter[str]:
        """Clauses by their worst outcome."""
        return Counter(clause.outcome for clause in self.clauses.values())


@dataclass(slots=True)
class System:
    """The counts of one system of the ledger."""

    name: str
    targets: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    clauses: dict[str, Counter[str]] = field(default_factory=dict)
    """Outcomes of clauses by document."""


class Gathered:
    """Everything that the report says, except the rows of the part by target."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self.run: Line | None = None
        self.end: Line | None = None
        self.outcomes: Counter[str] = Counter()
        self.severities: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        self.excepted = 0
        self.targets = 0
        self.documents: dict[str, Document] = {}
        self.names: dict[str, str] = {}
        self._systems: dict[str, System] = {}
        self.checks = Checks()
        self.papers = Papers()
        self.causes = Causes(self.checks, self.papers)
        self._groups: dict[int, Group] = {}
        self._anchors: set[str] = set()
        self._chooser = Chooser()
        self._open: list[Line] = []
        self._bases = 0
        self._messages: dict[str, Line] = {}
        here: list[System] = []
        for line in lines:
            if line["type"] != "result":
                self._close()
            match line["type"]:
                case "run":
                    self._run(line)
                case "target":
                    here = self._target(line)
                case "result":
                    self._result(line, here)
                case "assessment":
                    self._assessment(line)
                case "end":
                    self.end = line
        self._close()

    # Taking lines

    def _run(self, line: Line) -> None:
        self.run = line
        self.names = {system["id"]: system["name"] for system in line.get("systems", ())}
        for baseline in line["baselines"]:
            self.documents[baseline["id"]] = Document(baseline, self._anchor("d", baseline["id"]))

    def _target(self, line: Line) -> list[System]:
        self.targets += 1
        self._chooser.take(line)
        systems = [self._system(name) for name in line["systems"]]
        for system in systems:
            system.targets += 1
        return systems

    def _system(self, name: str) -> System:
        return self._systems.setdefault(name, System(name))

    def _result(self, line: Line, systems: list[System]) -> None:
        outcome = line["outcome"]
        self.outcomes[outcome] += 1
        for system in systems:
            system.outcomes[outcome] += 1
        variant = self.checks.of(line)
        variant.take(line)
        if outcome == FAIL:
            self.severities[line["severity"]] += 1
            self.excepted += line["exception"] is not None
            group = self._groups.get(variant.n)
            if group is None:
                group = self._groups[variant.n] = Group(self._anchor("f", line["check"]), line, variant)
                variant.finding = group.anchor
            group.add(line, self.papers)
        elif outcome == UNDETERMINED:
            self.reasons[line["reason"]] += 1
            self._open.append(line)
            if len(self._open) >= MOST_OPEN:
                self._close()
        elif outcome == "not-applicable" and line["tag"] != NO_SUBJECT:
            variant.keep_sentence(line["message"])

    def _close(self) -> None:
        """Take what could not be judged of the target that ends here."""
        if self._open:
            self.causes.take(self._open[0]["target"], self._open)
            self._open = []

    def _assessment(self, line: Line) -> None:
        document = self.documents.get(line["baseline"])
        if document is None:
            return  # the record names a document that its run line does not: `feed verify` says so
        clause = document.clauses.get(line["control"])
        if clause is None:
            clause = document.clauses[line["control"]] = Clause(self._anchor("c", line["control"]), line)
        outcome = line["outcome"]
        clause.outcomes[outcome] += 1
        document.excepted += line["exception"] is not None
        self._system(line["system"]).clauses.setdefault(line["baseline"], Counter())[outcome] += 1
        if len(clause.systems) >= MOST_ASSESSED:
            best = max(range(MOST_ASSESSED), key=lambda n: _WORST.get(clause.systems[n].outcome, 0))
            if _WORST.get(clause.systems[best].outcome, 0) <= _WORST.get(outcome, 0):
                return
            del clause.systems[best]
        message = self._messages.setdefault(line["why"], line["message"])
        told = (line["system"], outcome, message, line["counts"], line["examples"], line["decision"])
        clause.systems.append(Assessed(*told, line.get("attestation"), line["exception"], self._rests_on(line["because"])))

    def _rests_on(self, because: list[Line]) -> list[Basis]:
        found: dict[tuple[str, str], Basis] = {}
        for one in because:
            key = (one["check"], one["outcome"])
            basis = found.setdefault(key, Basis(*key))
            if one["outcome"] not in {FAIL, UNDETERMINED}:
                continue  # only the check is named
            if len(basis.subjects) < MOST_BASES and self._bases < MOST_BASES_IN_ALL:
                basis.subjects.append((one["target"], one["subject"]))
                self._bases += 1
            else:
                basis.more += 1
        return list(found.values())

    def _anchor(self, *words: str) -> str:
        wanted = "-".join(_UNFIT.sub("_", word) for word in words)
        anchor, n = wanted, 1
        while anchor in self._anchors:
            n += 1
            anchor = f"{wanted}--{n}"
        self._anchors.add(anchor)
        return anchor

    # Giving what the page needs

    @property
    def whole(self) -> bool:
        """Whether everything planned has ended and is here."""
        end = self.end
        return (
            end is not None
            and end["targets"]["planned"] == end["targets"]["ended"] == self.targets
            and end["results"]["planned"] == end["results"]["ended"] == self.outcomes.total()
        )

    def meaning(self, key: str | None) -> Line | None:
        """Give what an organisation's value means, where the record says."""
        known = self.run.get("values", {}).get(key) if self.run else None
        return known["text"] if known else None

    @property
    def results(self) -> int:
        """Results in the record."""
        return self.outcomes.total()

    @cached_property
    def failures(self) -> list[Group]:
        """Findings, gravest first, then those that hit most."""
        return sorted(self._groups.values(), key=lambda g: (_GRAVEST.get(g.line["severity"], 0), -g.count, g.line["check"]))

    @cached_property
    def doubts(self) -> list[tuple[str, list[Block]]]:
        """What could not be judged by reason, the most frequent reason first."""
        return self.causes.blocks()

    @cached_property
    def systems(self) -> list[System]:
        """Systems, those with most failures first."""

        def rank(system: System) -> tuple[int, int, str]:
            return -system.outcomes[FAIL], -system.outcomes[UNDETERMINED], system.name

        return sorted(self._systems.values(), key=rank)

    @cached_property
    def shown(self) -> Mapping[str, str]:
        """Anchors of the targets that are listed, by key."""
        return self._chooser.shown()

    def clause_of(self, baseline: str, control: str) -> Clause | None:
        """Give a clause that was assessed."""
        document = self.documents.get(baseline)
        return document.clauses.get(control) if document else None

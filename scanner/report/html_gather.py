"""What the HTML report shows of a record, gathered in one pass: whole counts, and of the details no more than the caps below.

Memory grows with the catalogue and the documents, not with the targets.
"""

from __future__ import annotations

import heapq
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from scanner.report.html_words import FINDINGS, OUTCOMES, SEVERITIES

Line = dict[str, Any]  # one JSON object of the record

MOST_DETAILED = 20
"""Results shown with their evidence in one finding."""
MOST_NAMED = 100
"""Results beyond these that are still named."""
MOST_SYSTEMS = 100
"""Systems in the tables of the summary."""
MOST_ASSESSED = 20
"""Systems for which one clause is told, the worst of them where there are more."""
MOST_BASES = 3
"""Subjects named for one check and outcome that a clause rests on."""
MOST_BASES_IN_ALL = 20_000
MOST_TARGETS = 400
MOST_ROWS = 10_000
"""Results listed in the part by target; the targets with most failures come first into it."""

FAIL, UNDETERMINED = "fail", "undetermined"
_WORST = {outcome: rank for rank, outcome in enumerate(FINDINGS)}
_GRAVEST = {severity: rank for rank, severity in enumerate(SEVERITIES)}
_UNFIT = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(slots=True)
class Group:
    """The results of one check, judged with the same settings, that fail, or that are undetermined for the same reason."""

    anchor: str
    line: Line
    count: int = 0
    excepted: int = 0
    items: list[Line] = field(default_factory=list)
    named: list[str] = field(default_factory=list)

    def add(self, line: Line) -> None:
        """Take one more result."""
        self.count += 1
        self.excepted += line["exception"] is not None
        if len(self.items) < MOST_DETAILED:
            self.items.append(line)
        elif len(self.named) < MOST_NAMED:
            self.named.append(line["subject"])

    @property
    def left_out(self) -> int:
        """How many results only the record names."""
        return self.count - len(self.items) - len(self.named)


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


@dataclass(frozen=True, slots=True, order=True)
class ShownTarget:
    """A target that the part by target shows; ordered by how much is wrong, worst last, so that a heap drops the best."""

    failing: int
    undetermined: int
    earlier: int
    rows: int
    name: str
    key: str


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
        self.titles: dict[str, Line] = {}
        self.documents: dict[str, Document] = {}
        self.names: dict[str, str] = {}
        self._systems: dict[str, System] = {}
        self._groups: dict[tuple[str, str, str, str], Group] = {}
        self._first: dict[tuple[str, str, str, str], str] = {}
        self._by_check: dict[tuple[str, str], str] = {}
        self._anchors: set[str] = set()
        self._heap: list[ShownTarget] = []
        self._bases = 0
        self._messages: dict[str, Line] = {}
        here: list[System] = []
        for line in lines:
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

    # Taking lines

    def _run(self, line: Line) -> None:
        self.run = line
        self.names = {system["id"]: system["name"] for system in line.get("systems", ())}
        for baseline in line["baselines"]:
            self.documents[baseline["id"]] = Document(baseline, self._anchor("d", baseline["id"]))

    def _target(self, line: Line) -> list[System]:
        outcomes = line["outcomes"]
        seen = ShownTarget(
            outcomes.get(FAIL, 0), outcomes.get(UNDETERMINED, 0), -self.targets, line["planned"], line["name"], line["target"]
        )
        self.targets += 1
        (heapq.heappush if len(self._heap) < MOST_TARGETS else heapq.heappushpop)(self._heap, seen)
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
        if line["check"] not in self.titles:
            self.titles[line["check"]] = line["title"]
        if outcome == FAIL:
            self.severities[line["severity"]] += 1
            self.excepted += line["exception"] is not None
        elif outcome == UNDETERMINED:
            self.reasons[line["reason"]] += 1
        else:
            return
        key = _key(line)
        group = self._groups.get(key)
        if group is None:
            words = ("f", line["check"]) if outcome == FAIL else ("u", line["reason"], line["check"])
            group = self._groups[key] = Group(self._anchor(*words), line)
            self._by_check.setdefault((outcome, line["check"]), group.anchor)
            for control in line["controls"]:
                self._first.setdefault((outcome, line["check"], control["baseline"], control["id"]), group.anchor)
        group.add(line)

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
        groups = [group for (outcome, *_), group in self._groups.items() if outcome == FAIL]
        return sorted(groups, key=lambda g: (_GRAVEST.get(g.line["severity"], 0), -g.count, g.line["check"]))

    @cached_property
    def doubts(self) -> list[tuple[str, list[Group]]]:
        """Undetermined results by reason, the most frequent reason first, each by severity."""
        by_reason: dict[str, list[Group]] = {}
        for (outcome, reason, *_), group in self._groups.items():
            if outcome == UNDETERMINED:
                by_reason.setdefault(reason, []).append(group)
        for groups in by_reason.values():
            groups.sort(key=lambda g: (_GRAVEST.get(g.line["severity"], 0), -g.count, g.line["check"]))
        return sorted(by_reason.items(), key=lambda pair: (-self.reasons[pair[0]], pair[0]))

    @cached_property
    def systems(self) -> list[System]:
        """Systems, those with most failures first."""

        def rank(system: System) -> tuple[int, int, str]:
            return -system.outcomes[FAIL], -system.outcomes[UNDETERMINED], system.name

        return sorted(self._systems.values(), key=rank)

    @cached_property
    def shown(self) -> Mapping[str, str]:
        """Anchors of the targets that are listed, by key: the worst for which there is room, in the order of the record."""
        chosen: list[ShownTarget] = []
        room = MOST_ROWS
        for target in sorted(self._heap, reverse=True):
            if chosen and target.rows > room:
                break
            room -= target.rows
            chosen.append(target)
        chosen.sort(key=lambda target: -target.earlier)
        return {target.key: f"t-{n}" for n, target in enumerate(chosen, 1)}

    def group_of(self, outcome: str, check: str, baseline: str, control: str) -> str | None:
        """Give the anchor of the finding that a clause rests on."""
        return self._first.get((outcome, check, baseline, control)) or self._by_check.get((outcome, check))

    def group_of_row(self, line: Line) -> str | None:
        """Give the anchor of the finding that a failing or undetermined result belongs to."""
        group = self._groups.get(_key(line))
        return group.anchor if group else None

    def clause_of(self, baseline: str, control: str) -> Clause | None:
        """Give a clause that was assessed."""
        document = self.documents.get(baseline)
        return document.clauses.get(control) if document else None


def _key(line: Line) -> tuple[str, str, str, str]:
    settings = json.dumps(line["settings"], sort_keys=True) if line["settings"] else ""
    return line["outcome"], line["reason"] or "", line["check"], settings


@dataclass(slots=True)
class TargetRows:
    """One target with its results, worst first."""

    anchor: str
    line: Line
    rows: list[Line]
    left_out: int


def by_target(lines: Iterable[Line], shown: Mapping[str, str]) -> Iterator[TargetRows]:
    """Give the targets to be listed, one at a time."""
    rank = {outcome: n for n, outcome in enumerate(OUTCOMES)}
    here: TargetRows | None = None

    def done(one: TargetRows) -> TargetRows:
        one.rows.sort(key=lambda row: rank.get(row["outcome"], 0))
        return one

    for line in lines:
        if line["type"] == "target":
            if here:
                yield done(here)
            here = TargetRows(shown[line["target"]], line, [], 0) if line["target"] in shown else None
        elif line["type"] == "result" and here:
            if len(here.rows) < MOST_ROWS:
                here.rows.append(line)
            else:
                here.left_out += 1
        elif here:
            yield done(here)
            here = None
    if here:
        yield done(here)

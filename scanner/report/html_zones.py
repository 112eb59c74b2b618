"""Two runs side by side, mostly one from outside and one from inside: what they see differently of the same subjects. No layout is here.

Results are the same question where target, subject, check and settings are the same; they differ where outcome or tag do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from scanner.report.html_causes import MOST_TARGETS_NAMED
from scanner.report.html_checks import Checks, Variant, key_of
from scanner.report.html_words import SEVERITIES, only_reason

Line = dict[str, Any]  # one JSON object of the record
Lines = Callable[[], Iterator[Line]]

MOST_DIFFERENT = 20_000
"""Differing results that are put together; all of them are counted."""
MOST_SHOWN = 1_000
"""Rows, each of one subject, that are shown."""
_GRAVEST = {severity: rank for rank, severity in enumerate(SEVERITIES)}


class Seen(NamedTuple):
    """How a result ended in one of the runs. A sentence only where it says more than the outcome or the reason."""

    outcome: str
    reason: str
    message: Line | None
    detail: str


@dataclass(slots=True)
class Side:
    """One of the two runs."""

    run: Line | None = None
    end: Line | None = None
    targets: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    alone: Counter[str] = field(default_factory=Counter)
    """Outcomes of the results that only this run has."""

    def take(self, line: Line) -> None:
        """Count a line."""
        match line["type"]:
            case "run":
                self.run = line
            case "target":
                self.targets += 1
            case "result":
                self.outcomes[line["outcome"]] += 1
            case "end":
                self.end = line


@dataclass(slots=True)
class Row:
    """What ended so in the one run and so in the other: several checks of one subject, or one check of several subjects."""

    sides: tuple[Seen, Seen]
    results: int = 0
    variants: dict[int, Variant] = field(default_factory=dict)
    subjects: list[str] = field(default_factory=list)
    more_subjects: int = 0
    targets: list[str] = field(default_factory=list)
    more_targets: int = 0

    def take(self, variant: Variant, subject: str, target: str) -> None:
        """Add one result of each run."""
        self.results += 1
        self.variants[variant.n] = variant
        self.more_subjects += _add(self.subjects, subject)
        self.more_targets += _add(self.targets, target)

    @property
    def rank(self) -> tuple[bool, int, bool, int, str]:
        """Failures first, the gravest before all, then what could not be judged."""
        outcomes = {side.outcome for side in self.sides}
        gravest = min(_GRAVEST.get(v.line["severity"], 0) for v in self.variants.values())
        return "fail" not in outcomes, gravest, "undetermined" not in outcomes, -self.results, self.subjects[0]


def _add(names: list[str], name: str) -> bool:
    """Name one more; tells whether it could not be named."""
    if name in names:
        return False
    if len(names) >= MOST_TARGETS_NAMED:
        return True
    names.append(name)
    return False


class Zones:
    """What two records say differently. Memory grows with the results of the first, by some hundred bytes each."""

    def __init__(self, first: Lines, second: Lines, checks: Checks) -> None:
        self.sides = (Side(), Side())
        self.differing = self.same = 0
        self._checks = checks
        self._rows: dict[tuple[object, ...], Row] = {}
        one, other = self.sides
        ended = {_key(line): (line["outcome"], line["tag"]) for line in _counted(first(), one)}
        differing: dict[int, Seen] = {}
        for line in _counted(second(), other):
            before = ended.get(key := _key(line))
            if before is None:
                other.alone[line["outcome"]] += 1
            elif before == (line["outcome"], line["tag"]):
                self.same += 1
                del ended[key]
            else:
                self.differing += 1
                del ended[key]
                if len(differing) < MOST_DIFFERENT:
                    differing[key] = _seen(line)
        for line in (x for x in first() if x["type"] == "result"):
            if (key := _key(line)) in differing:
                self._row(line, _seen(line), differing[key])
            elif key in ended:
                one.alone[line["outcome"]] += 1

    def _row(self, line: Line, here: Seen, there: Seen) -> None:
        variant = self._checks.of(line)
        if there.outcome == "fail" and here.outcome != "fail":
            variant.fails_elsewhere = True
        own = "fail" in {here.outcome, there.outcome} or _own(here) or _own(there)
        # A check with sentences of its own has a row; of the others those of one subject are put together, and no sentence is compared.
        key = (variant.n, *_ground(here), *_ground(there)) if own else (line["subject"], *_ground(here)[:3], *_ground(there)[:3])
        self._rows.setdefault(key, Row((here, there))).take(variant, line["subject"], line["target"])

    @property
    def rows(self) -> list[Row]:
        """The rows that are shown, the worst first."""
        return sorted(self._rows.values(), key=lambda row: row.rank)[:MOST_SHOWN]

    @property
    def left_out(self) -> int:
        """How many differing results stand in no row that is shown."""
        return self.differing - sum(row.results for row in self.rows)


def _counted(lines: Iterable[Line], side: Side) -> Iterator[Line]:
    for line in lines:
        side.take(line)
        if line["type"] == "result":
            yield line


def _key(line: Line) -> int:
    return hash((line["target"], line["subject"], *key_of(line)))


def _seen(line: Line) -> Seen:
    reason = line["reason"] or ""
    message = None if reason and only_reason(line) else line["message"]
    return Seen(line["outcome"], reason, message, line.get("detail") or "")


def _own(seen: Seen) -> bool:
    return seen.outcome == "undetermined" and seen.message is not None


def _ground(seen: Seen) -> tuple[str, str, str, str]:
    return seen.outcome, seen.reason, seen.detail, seen.message["ja"] if seen.message else ""

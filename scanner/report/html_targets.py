"""What the HTML report says of each target: failures one by one, doubts by cause, the rest by reference. No layout is here."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from scanner.report.html_causes import Causes, stops
from scanner.report.html_checks import Checks, Variant, key_of

Line = dict[str, Any]  # one JSON object of the record

Pairs = tuple[tuple[Variant, str], ...]
"""Checks, each with the anchor that it is referred to by."""

MOST_TARGETS = 1_000
MOST_ROWS = 150_000
"""Rows in the part by target; the targets with most failures come first into it."""
ROWS_OF_FAILURE = 10
"""Rows for which a failure counts: it has its sentence in both languages, where a check that passes is only named."""
NO_SUBJECT = "NO_SUBJECT"
"""The engine's tag for checks of a kind of server that the target does not have."""


@dataclass(frozen=True, slots=True, order=True)
class ShownTarget:
    """A target that the part by target shows; ordered by how much is wrong, worst last, so that a heap drops the best."""

    failing: int
    undetermined: int
    earlier: int
    rows: int
    name: str
    key: str


class Chooser:
    """Chooses the targets that are listed: the worst for which there is room."""

    def __init__(self) -> None:
        self._heap: list[ShownTarget] = []
        self._count = 0

    def take(self, line: Line) -> None:
        """Take one target."""
        failing = line["outcomes"].get("fail", 0)
        rows = line["planned"] + (ROWS_OF_FAILURE - 1) * failing
        seen = ShownTarget(failing, line["outcomes"].get("undetermined", 0), -self._count, rows, line["name"], line["target"])
        self._count += 1
        (heapq.heappush if len(self._heap) < MOST_TARGETS else heapq.heappushpop)(self._heap, seen)

    def shown(self) -> Mapping[str, str]:
        """Give the anchors of the targets that are listed, by key, in the order of the record."""
        chosen: list[ShownTarget] = []
        room = MOST_ROWS
        for target in sorted(self._heap, reverse=True):
            if chosen and target.rows > room:
                break
            room -= target.rows
            chosen.append(target)
        chosen.sort(key=lambda target: -target.earlier)
        return {target.key: f"t-{n}" for n, target in enumerate(chosen, 1)}


@dataclass(slots=True)
class TargetRows:
    """One target with its results."""

    anchor: str
    line: Line
    failures: list[Line] = field(default_factory=list)
    undetermined: list[Line] = field(default_factory=list)
    passes: dict[str, list[Variant]] = field(default_factory=dict)
    """By subject."""
    unfit: dict[str, list[tuple[Variant, str]]] = field(default_factory=dict)
    """By subject: checks that do not apply, with the anchor of the sentence why."""
    no_subject: dict[str, list[Variant]] = field(default_factory=dict)
    """Checks of servers that the target does not have, by family."""
    other: list[Line] = field(default_factory=list)
    """Results with an outcome that this version does not know."""
    count: int = 0
    left_out: int = 0

    def take(self, line: Line, checks: Checks) -> None:
        """Take one result; beyond the cap it is only counted."""
        if self.count >= MOST_ROWS:
            self.left_out += 1
            return
        self.count += 1
        variant = checks.of(line)
        match line["outcome"]:
            case "fail":
                self.failures.append(line)
            case "undetermined":
                self.undetermined.append(line)
            case "pass":
                self.passes.setdefault(line["subject"], []).append(variant)
            case "not-applicable" if line["tag"] == NO_SUBJECT:
                self.no_subject.setdefault(line["check"].partition(".")[0], []).append(variant)
            case "not-applicable":
                self.unfit.setdefault(line["subject"], []).append((variant, variant.sentence(line["message"])))
            case _:
                self.other.append(line)

    def by_check(self) -> list[list[Line]]:
        """Give the failures with those of one check together."""
        found: dict[tuple[str, str], list[Line]] = {}
        for line in self.failures:
            found.setdefault(key_of(line), []).append(line)
        return list(found.values())

    def doubts(self, checks: Checks, causes: Causes) -> list[tuple[list[str], str, list[Variant], str | None]]:
        """Give what could not be judged: subjects of which the same is to be said, reason, checks, and the anchor of the (first) cause."""
        found: dict[tuple[str, str], tuple[list[Variant], str | None]] = {}
        for stop in stops(self.undetermined, checks):
            found.setdefault((stop.subject, stop.reason), ([], causes.anchor(stop)))[0].extend(stop.variants)
        alike: dict[tuple[object, ...], tuple[list[str], str, list[Variant], str | None]] = {}
        for (subject, reason), (variants, anchor) in found.items():
            key = (reason, *(v.n for v in variants))
            alike.setdefault(key, ([], reason, variants, anchor))[0].append(subject)
        return list(alike.values())

    @property
    def passing(self) -> list[tuple[list[str], Pairs]]:
        """What passes, subjects of which the same is to be said together."""
        return _alike({subject: tuple((v, v.anchor) for v in variants) for subject, variants in self.passes.items()})

    @property
    def not_applying(self) -> list[tuple[list[str], Pairs]]:
        """What does not apply, likewise, each check with the anchor of the sentence why."""
        return _alike({subject: tuple(pairs) for subject, pairs in self.unfit.items()})


def _alike(by_subject: Mapping[str, Pairs]) -> list[tuple[list[str], Pairs]]:
    alike: dict[tuple[str, ...], tuple[list[str], Pairs]] = {}
    for subject, pairs in by_subject.items():
        alike.setdefault(tuple(anchor for _, anchor in pairs), ([], pairs))[0].append(subject)
    return list(alike.values())


def by_target(lines: Iterable[Line], shown: Mapping[str, str], checks: Checks) -> Iterator[TargetRows]:
    """Give the targets to be listed, one at a time."""
    here: TargetRows | None = None
    for line in lines:
        if line["type"] == "result":
            if here:
                here.take(line, checks)
            continue
        if here:
            yield here
        here = TargetRows(shown[line["target"]], line) if line["type"] == "target" and line["target"] in shown else None
    if here:
        yield here

"""Undetermined results put together by what stopped them: a server that refuses is one entry, not one for each check. No layout is here.

A cause is one subject, one reason, one technical note and, where a check has more to say than its reason, one sentence.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from scanner.report.html_checks import Checks, Variant
from scanner.report.html_findings import suggested
from scanner.report.html_papers import Paper, Papers
from scanner.report.html_words import SEVERITIES, only_reason

Line = dict[str, Any]  # one JSON object of the record

MOST_ENTRIES = 40
"""Subjects of one block that are shown with what was said there."""
MOST_NAMED = 100
"""Subjects beyond these that are still named."""
MOST_TARGETS_NAMED = 20
"""Targets named for one subject that several of them lead to."""
MOST_BLOCKS = 400
MOST_PAPERS = 8
MOST_SUGGESTED = 3
_GRAVEST = {severity: rank for rank, severity in enumerate(SEVERITIES)}


class Note(NamedTuple):
    """What is said of a cause beside its reason: a sentence of the check's own, and the probe's technical note."""

    message: Line | None
    detail: str


class Cause(NamedTuple):
    """What stopped some checks of one subject, with one result of each."""

    note: Note
    lines: list[Line]


class Stop(NamedTuple):
    """What belongs into one block of one subject: the sets of checks, and what stopped each set."""

    subject: str
    reason: str
    parts: tuple[tuple[Variant, ...], ...]
    causes: tuple[Cause, ...]

    @property
    def key(self) -> tuple[str, tuple[tuple[int, ...], ...]]:
        """What the block is found by."""
        return self.reason, tuple(tuple(v.n for v in part) for part in self.parts)

    @property
    def variants(self) -> list[Variant]:
        """The checks of all parts."""
        return [variant for part in self.parts for variant in part]

    @property
    def results(self) -> int:
        """How many results these are."""
        return sum(len(cause.lines) for cause in self.causes)


@dataclass(slots=True)
class Entry:
    """One subject of a block."""

    subject: str
    notes: tuple[Note, ...]
    zone: str
    observed_at: str
    papers: tuple[Paper, ...]
    exceptions: tuple[str, ...]
    targets: list[str] = field(default_factory=list)
    more_targets: int = 0

    def of(self, target: str) -> None:
        """Name one more target that leads here."""
        if len(self.targets) < MOST_TARGETS_NAMED:
            self.targets.append(target)
        else:
            self.more_targets += 1


@dataclass(slots=True)
class Block:
    """The subjects on which the same checks could not be judged for the same reason."""

    anchor: str
    reason: str
    parts: tuple[tuple[Variant, ...], ...]
    count: int = 0
    """Results."""
    subjects: int = 0
    entries: dict[tuple[object, ...], Entry] = field(default_factory=dict)
    named: list[str] = field(default_factory=list)
    suggested: dict[tuple[str, ...], None] = field(default_factory=dict)
    """Lines of configuration that checks suggest though they cannot conclude."""

    @property
    def severity(self) -> str:
        """The gravest severity of its checks."""
        severities: list[str] = [v.line["severity"] for part in self.parts for v in part]
        return min(severities, key=lambda s: _GRAVEST.get(s, 0))

    @property
    def checks(self) -> int:
        """How many checks could not be judged on each subject."""
        return sum(map(len, self.parts))

    def common(self, part: int) -> Line | None:
        """Give the sentence of a part that is the same for all subjects, where there are several."""
        messages = [entry.notes[part].message for entry in self.entries.values()]
        return messages[0] if len(messages) > 1 and all(message == messages[0] for message in messages) else None

    @property
    def left_out(self) -> int:
        """How many subjects only the record names."""
        return self.subjects - len(self.entries) - len(self.named)


class Causes:
    """All that could not be judged. Grows with the caps above, and by one number for each cause that it has to tell from others."""

    def __init__(self, checks: Checks, papers: Papers) -> None:
        self._checks, self._papers = checks, papers
        self._blocks: dict[object, Block] = {}
        self._seen: set[int] = set()
        self._causes: set[int] = set()
        self._of_check: dict[int, str] = {}
        self.left_out = 0
        """Results that have no block, because there are too many blocks."""

    def __len__(self) -> int:
        """Tell how many causes there are."""
        return len(self._causes)

    def take(self, target: str, lines: Iterable[Line]) -> None:
        """Take the undetermined results of one target."""
        for stop in stops(lines, self._checks):
            self._causes.update(hash((stop.subject, stop.reason, *_words_of(cause.note))) for cause in stop.causes)
            block = self._blocks.get(stop.key)
            if block is None:
                if len(self._blocks) >= MOST_BLOCKS:
                    self.left_out += stop.results
                    continue
                block = self._blocks[stop.key] = Block(f"u{len(self._blocks) + 1}", stop.reason, stop.parts)
                for variant in (v for part in stop.parts for v in part):
                    self._of_check.setdefault(variant.n, block.anchor)
            block.count += stop.results
            self._enter(block, stop, target)

    def _enter(self, block: Block, stop: Stop, target: str) -> None:
        key = (stop.subject, *(_words_of(cause.note) for cause in stop.causes))
        if (entry := block.entries.get(key)) is not None:
            entry.of(target)
            return
        if (mark := hash((block.anchor, key))) in self._seen:
            return
        self._seen.add(mark)
        block.subjects += 1
        if len(block.entries) >= MOST_ENTRIES:
            if len(block.named) < MOST_NAMED:
                block.named.append(stop.subject)
            return
        lines = [line for cause in stop.causes for line in cause.lines]
        block.suggested.update((told, None) for told in map(suggested, lines) if told and len(block.suggested) < MOST_SUGGESTED)
        evidence: dict[str, Line] = {}
        for one in (one for line in lines for one in line["evidence"] if one["source"] or one["excerpt"]):
            if len(evidence) < MOST_PAPERS:
                evidence.setdefault(f"{one['digest']} {one['source']} {one['excerpt']}", one)
        entry = block.entries[key] = Entry(
            stop.subject,
            tuple(cause.note for cause in stop.causes),
            lines[0]["zone"],
            max(line["observed_at"] for line in lines),
            self._papers.of(evidence.values()),
            tuple(sorted({line["exception"] for line in lines if line["exception"]})),
        )
        entry.of(target)

    def blocks(self) -> list[tuple[str, list[Block]]]:
        """Give the blocks by reason: what stopped most results comes first."""
        by_reason: dict[str, list[Block]] = {}
        for block in self._blocks.values():
            by_reason.setdefault(block.reason, []).append(block)
        for blocks in by_reason.values():
            blocks.sort(key=lambda b: (b.checks == 1, _GRAVEST.get(b.severity, 0), -b.count))
        return sorted(by_reason.items(), key=lambda pair: (-sum(b.count for b in pair[1]), pair[0]))

    def anchor(self, stop: Stop) -> str | None:
        """Give the anchor of the block that these results stand in."""
        block = self._blocks.get(stop.key)
        return block.anchor if block else None

    def anchor_of(self, variant: Variant) -> str | None:
        """Give the anchor of a block with this check."""
        return self._of_check.get(variant.n)


def stops(lines: Iterable[Line], checks: Checks) -> Iterator[Stop]:
    """Put the undetermined results of one target together by subject and reason, those of several checks at once first."""
    found: dict[tuple[str, str], dict[tuple[str, str], Cause]] = {}
    for line in lines:
        message = None if only_reason(line) else line["message"]
        note = Note(message, line.get("detail") or "")
        found.setdefault((line["subject"], line["reason"]), {}).setdefault(_words_of(note), Cause(note, [])).lines.append(line)
    for (subject, reason), causes in found.items():
        many = sorted((c for c in causes.values() if len(c.lines) > 1), key=lambda c: (-len(c.lines), c.lines[0]["check"]))
        if many:
            yield _stop(subject, reason, many, checks)
        for cause in causes.values():
            if len(cause.lines) == 1:
                yield _stop(subject, reason, [cause], checks)


def _stop(subject: str, reason: str, causes: list[Cause], checks: Checks) -> Stop:
    parts = tuple(tuple(sorted({v.n: v for v in map(checks.of, cause.lines)}.values(), key=_by_id)) for cause in causes)
    return Stop(subject, reason, parts, tuple(causes))


def _by_id(variant: Variant) -> tuple[str, int]:
    return variant.line["check"], variant.n


def _words_of(note: Note) -> tuple[str, str]:
    return (note.message["ja"] if note.message else "", note.detail)

"""What a report or a note of a gap means for the chain that it belongs to: pure decisions, so that every case can be tried.

A chain is named exactly: what was dropped is a hole with first and last number, what comes late must fit its hole on a side that
is known, what differs from what is there is refused. The order of arrival never changes which report has which number.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from scanner.protocol.refusal import Refusal, Refused
from scanner.protocol.report import Gap, Report


@dataclass(frozen=True, slots=True)
class Hole:
    """Reports that are not here. ``digest`` is that of the last one. ``reason`` is the agent's own, empty where it gave none."""

    first: int
    last: int
    digest: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Around:
    """What is known around a number that was passed already."""

    received: str | None
    """Digest of the report with this number."""
    before: str | None
    """Digest of the report before it."""
    hole: Hole | None
    """The hole that it lies in."""


@dataclass(frozen=True, slots=True)
class Next:
    """The report is the newest; ``hole`` are those that were passed over on the way to it."""

    hole: Hole | None


@dataclass(frozen=True, slots=True)
class Late:
    """The report fills part of a hole; ``left`` is what remains of it."""

    hole: Hole
    left: tuple[Hole, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """The same was received before."""


Place = Next | Late | Repeat


def place(last: int, last_digest: str, report: Report, digest: str, around: Around | None) -> Place:
    """Tell where a report belongs. ``around`` is needed for numbers up to ``last``. Raises ``Refused``."""
    number = report.sequence
    if number == last + 1:
        if report.previous != last_digest:
            raise Refused(Refusal.CHAIN_BROKEN, f"report {number} does not follow report {last} as it was received")
        return Next(None)
    if number > last:
        return Next(Hole(last + 1, number - 1, report.previous))
    assert around is not None
    if around.received is not None:
        if around.received != digest:
            raise Refused(Refusal.FORKED, f"report {number} was received before with another content")
        return Repeat()
    hole = around.hole
    if hole is None:
        raise Refused(Refusal.REPLAY, f"report {number} is older than the hub's memory of this chain")
    fits_before = number == hole.first and around.before == report.previous
    fits_behind = number == hole.last and hole.digest == digest
    if not (fits_before or fits_behind) or (hole.first == hole.last and not (fits_before and fits_behind)):
        raise Refused(Refusal.CHAIN_BROKEN, f"report {number} does not fit the chain around {hole.first} to {hole.last}")
    if fits_before:
        left = (replace(hole, first=number + 1),) if hole.first < hole.last else ()
    else:
        left = (replace(hole, last=number - 1, digest=report.previous),)
    return Late(hole, left)


@dataclass(frozen=True, slots=True)
class Explained:
    """What a note of a gap changes: where the chain ends now, and the holes as they are then (``gone`` are replaced by ``now``)."""

    last: int
    digest: str
    gone: tuple[Hole, ...]
    now: tuple[Hole, ...]


def explain(last: int, last_digest: str, gap: Gap, holes: tuple[Hole, ...]) -> Explained:
    """Take an agent's note. Reports of its range that did arrive stay; holes in it are explained. Raises ``Refused``."""
    if gap.last == last and gap.digest != last_digest:
        raise Refused(Refusal.CHAIN_BROKEN, f"the note's last report {gap.last} is not the one that was received")
    gone: list[Hole] = []
    now: list[Hole] = []
    for hole in holes:
        first, end = max(hole.first, gap.first), min(hole.last, gap.last)
        if hole.reason or first > end:
            continue
        if gap.last == hole.last and gap.digest != hole.digest:
            raise Refused(Refusal.CHAIN_BROKEN, f"the note does not fit report {hole.last + 1}")
        if first > hole.first or end < hole.last:
            # A part of a hole: the digest at the cut is known only where the note ends there.
            if first > hole.first:
                continue
            now.append(replace(hole, first=end + 1))
        gone.append(hole)
        now.append(Hole(first, end, gap.digest if end == gap.last else hole.digest, gap.reason))
    if gap.last <= last:
        return Explained(last, last_digest, tuple(gone), tuple(now))
    if gap.first > last + 1:
        # What lies between is unexplained, and its last digest is unknown for ever: nothing late can be fitted there from behind.
        now.append(Hole(last + 1, gap.first - 1, ""))
    now.append(Hole(max(gap.first, last + 1), gap.last, gap.digest, gap.reason))
    return Explained(gap.last, gap.digest, tuple(gone), tuple(now))

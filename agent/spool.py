"""Reports that wait for the hub: one file each, in the order of their numbers, bounded. When it is full the newest stay.

What is let go is named by a note of a gap that takes its place in the order. The name of a file holds the digest of its
content, so the chain can go on even where a file was damaged.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from agent import files
from scanner.protocol.envelope import Sort, open_envelope
from scanner.protocol.refusal import Refused

_REPORT = re.compile(r"([0-9]{12})-([0-9a-f]{64})\.report\Z")
_GAP = re.compile(r"([0-9]{12})-([0-9]{12})-([0-9a-f]{64})\.gap\Z")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A report (``first`` = ``last``) or a note of a gap that waits. ``digest`` is that of report number ``last``."""

    path: Path
    first: int
    last: int
    digest: str
    gap: bool

    def read(self) -> bytes:
        """Give the envelope."""
        return self.path.read_bytes()


SealGap = Callable[[int, int, str, str], bytes]
"""From first, last, digest of the last and the reason to the envelope of a gap."""


class Spool:
    """The directory. ``seal_gap`` signs a note."""

    def __init__(self, directory: Path, most_reports: int, most_octets: int, seal_gap: SealGap) -> None:
        self._directory = directory
        self._most_reports = most_reports
        self._most_octets = most_octets
        self._seal_gap = seal_gap

    def recover(self, acknowledged: int) -> None:
        """Put in order what a stop at any moment may have left. ``acknowledged`` is the last number that the hub has."""
        files.make_directory(self._directory)
        files.remove_unfinished(self._directory)
        for waiting in self.waiting():
            if waiting.last <= acknowledged:
                files.remove(waiting.path)
        gaps = [w for w in self.waiting() if w.gap]
        for waiting in self.waiting():
            # A note is in place before what it covers is removed; a longer note before a shorter one.
            if any(g != waiting and g.first <= waiting.first and waiting.last <= g.last for g in gaps):
                files.remove(waiting.path)
            elif not waiting.gap and not _whole(waiting):
                self._note(waiting.first, waiting.last, waiting.digest, "damaged")
                files.remove(waiting.path)

    def waiting(self) -> list[Waiting]:
        """Give what waits, the oldest first."""
        found = []
        for path in self._directory.iterdir() if self._directory.exists() else ():
            if report := _REPORT.match(path.name):
                found.append(Waiting(path, int(report[1]), int(report[1]), "sha256:" + report[2], gap=False))
            elif gap := _GAP.match(path.name):
                found.append(Waiting(path, int(gap[1]), int(gap[2]), "sha256:" + gap[3], gap=True))
        return sorted(found, key=lambda w: (w.first, not w.gap, -w.last))

    def put(self, sequence: int, digest: str, envelope: bytes) -> None:
        """Add a report and make room for it."""
        files.replace(self._directory / f"{sequence:012d}-{digest.removeprefix('sha256:')}.report", envelope)
        self._make_room()

    def remove(self, waiting: Waiting) -> None:
        """Let go what the hub has acknowledged."""
        files.remove(waiting.path)

    def give_up(self, waiting: Waiting, reason: str) -> None:
        """Put a note in the place of a report that will never be accepted."""
        self._note(waiting.first, waiting.last, waiting.digest, reason)
        files.remove(waiting.path)

    def _make_room(self) -> None:
        waiting = self.waiting()
        sizes = {w: w.path.stat().st_size for w in waiting}
        reports = [w for w in waiting if not w.gap]
        octets = sum(sizes.values())
        while len(reports) > 1 and (len(reports) > self._most_reports or octets > self._most_octets):
            oldest = reports.pop(0)
            octets -= sizes[oldest]
            # A note that ends right before it grows; the two are one gap to the hub.
            before = next((w for w in waiting if w.gap and w.last == oldest.first - 1), None)
            noted = self._note(before.first if before else oldest.first, oldest.last, oldest.digest, "spool-full")
            files.remove(oldest.path)
            if before:
                files.remove(before.path)
                waiting.remove(before)
            waiting.append(noted)

    def _note(self, first: int, last: int, digest: str, reason: str) -> Waiting:
        path = self._directory / f"{first:012d}-{last:012d}-{digest.removeprefix('sha256:')}.gap"
        files.replace(path, self._seal_gap(first, last, digest, reason))
        return Waiting(path, first, last, digest, gap=True)


def _whole(waiting: Waiting) -> bool:
    """Tell whether the disk has kept a report as it was written."""
    try:
        return open_envelope(waiting.read(), {Sort.REPORT}).claimed().digest == waiting.digest
    except (OSError, Refused):
        return False

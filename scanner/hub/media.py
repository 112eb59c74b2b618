"""Reports that come on approved media: a file of envelopes, one a line, and the file of receipts that goes back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from scanner.hub.door import Door
from scanner.hub.ingest import Item
from scanner.protocol.answer import Receipt
from scanner.protocol.envelope import LARGEST
from scanner.protocol.refusal import Refusal, Refused

AT_A_TIME = 200
FROM = "media"


@dataclass(frozen=True, slots=True)
class Line:
    """What became of one line of the file."""

    number: int
    agent: str
    sequence: int
    outcome: Receipt | Refused


def take(door: Door, source: IO[bytes], receipts: IO[bytes] | None) -> Iterator[Line]:
    """Take every envelope of a file, in order, and write the receipts. Lines that are refused do not keep the others out."""
    waiting: list[tuple[int, Item]] = []
    number = 0
    while line := source.readline(LARGEST + 2):
        number += 1
        if len(line) > LARGEST + 1:
            yield Line(number, "", 0, Refused(Refusal.TOO_LARGE, f"the most is {LARGEST} octets"))
            return  # where the next line begins is not known
        if not line.strip():
            continue
        try:
            waiting.append((number, door.read(line.strip(), FROM)))
        except Refused as refused:
            yield Line(number, "", 0, refused)
        if len(waiting) >= AT_A_TIME:
            yield from _taken(door, waiting, receipts)
            waiting = []
    yield from _taken(door, waiting, receipts)
    door.refusals.flush()


def _taken(door: Door, waiting: list[tuple[int, Item]], receipts: IO[bytes] | None) -> Iterator[Line]:
    for (number, item), outcome in zip(waiting, door.take([item for _, item in waiting]), strict=True):
        if isinstance(outcome, Receipt):
            if receipts:
                receipts.write(door.sign(outcome).encode() + b"\n")
            yield Line(number, outcome.agent, outcome.sequence, outcome)
        elif isinstance(outcome, Refused):
            yield Line(number, item.said.agent, 0, outcome)
        else:
            raise outcome

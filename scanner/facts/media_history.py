"""The fact about removable media that were put into a machine. What is on them is never looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from scanner.model.fact import Fact, Unobserved
from scanner.model.target import Kind


@dataclass(frozen=True, slots=True)
class InsertedMedium:
    """One storage device that was put in, however often."""

    model: str
    """As it names itself; empty where it does not."""
    ids: str
    """Maker and product by the numbers of the USB, ``0781:5567``; empty where they are not recorded."""
    serial: str
    """Its serial number; empty: it has none, so that it cannot be told from others of its kind."""
    last_day: str | Unobserved | None
    """The day on which it was put in last, ISO 8601 in UTC; ``None``: the record gives no day."""


@dataclass(frozen=True, slots=True)
class MediaInsertions(Fact):
    """Removable storage that the machine's own records name. What was put in since a report shows by comparing two of them."""

    of: ClassVar[Kind] = Kind.MACHINE

    media: tuple[InsertedMedium, ...] | Unobserved
    since: str | Unobserved | None
    """The first day that the record covers; ``None``: it forgets nothing."""
    source: str

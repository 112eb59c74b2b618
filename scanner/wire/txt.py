"""What the parsers of TXT records share: how an oddity is told, how text of a stranger is shown, and how one record is chosen among many.

The grammars are not here: each format has its own module, and the tag=value list that several of them use is in ``scanner.wire.tags``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum, unique
from itertools import islice
from typing import Generic, TypeVar

MAX_RECORD = 65536
"""Octets of one record that are looked at; TXT RDATA cannot be longer (RFC 1035 section 3.2.1)."""
MAX_RECORDS = 8192
"""Records looked at in a selection; one DNS message cannot hold as many TXT records as this."""
MAX_EXCERPT = 80
"""Characters of a stranger's text shown to people."""

FlawT = TypeVar("FlawT", bound=StrEnum, covariant=True)


@dataclass(frozen=True, slots=True)
class Problem(Generic[FlawT]):
    """One oddity: its kind, the tag or field it concerns (may be empty), and the text in question, escaped and cut."""

    kind: FlawT
    tag: str = ""
    excerpt: str = ""


def excerpt(text: bytes | str, limit: int = MAX_EXCERPT) -> str:
    """Make a stranger's text fit to show: printable ASCII as it is, all else as ``\\xNN`` or ``\\uNNNN``, cut to ``limit`` with ``…``."""
    head = text[: limit + 1].decode("latin-1") if isinstance(text, bytes) else text[: limit + 1]
    shown = "".join(c if " " <= c <= "~" and c != "\\" else c.encode("unicode_escape").decode("ascii") for c in head)
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


@unique
class Choice(StrEnum):
    """How many records of a format stand at a name."""

    NONE = "none"
    ONE = "one"
    SEVERAL = "several"


@dataclass(frozen=True, slots=True)
class Selection:
    """The records of one format among all TXT records of a name.

    ``record`` is there only for ``Choice.ONE``. ``near`` holds records that were evidently meant to be of the format but that receivers
    drop, such as ``v=dmarc1``. ``cut`` says that there were more than ``MAX_RECORDS`` and the rest was not read.
    """

    choice: Choice
    records: tuple[bytes, ...] = ()
    near: tuple[bytes, ...] = ()
    cut: bool = False

    @property
    def record(self) -> bytes | None:
        """The one record that counts, if there is exactly one."""
        return self.records[0] if self.choice is Choice.ONE else None


def choose(records: Iterable[bytes], belongs: Callable[[bytes], object], near: re.Pattern[bytes]) -> Selection:
    """Sort the TXT records of a name: those that belong to a format, and those that ``near`` finds in their first 256 octets."""
    seen = tuple(islice(records, MAX_RECORDS + 1))
    cut = len(seen) > MAX_RECORDS
    ours: list[bytes] = []
    close: list[bytes] = []
    for record in seen[:MAX_RECORDS]:
        if belongs(record):
            ours.append(record)
        elif near.search(record, 0, 256):
            close.append(record)
    choice = Choice.NONE if not ours else Choice.ONE if len(ours) == 1 else Choice.SEVERAL
    return Selection(choice, tuple(ours), tuple(close), cut)

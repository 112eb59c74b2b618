"""How lines lie in the run store: JSON, compressed. Pure: a target may be packed in another process than the one with the database."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Protocol

Line = dict[str, Any]  # one JSON object of the record

_LEVEL = 1
"""Of zlib: the quickest."""


class Row(Protocol):
    """A result as the store takes it: its record line as written, and the fields by which results are found and compared."""

    @property
    def raw(self) -> bytes:
        """The line."""
        ...

    @property
    def target(self) -> str:
        """Key of the target."""
        ...

    @property
    def subject(self) -> str:
        """Key of the subject."""
        ...

    @property
    def check(self) -> str:
        """Id of the check."""
        ...

    @property
    def settings(self) -> str:
        """What tells the variants of one check apart."""
        ...

    @property
    def outcome(self) -> str:
        """The ending."""
        ...

    @property
    def tag(self) -> str:
        """The tag."""
        ...


class Found(NamedTuple):
    """The fields of a result by which it is found, as the columns are called."""

    target: str
    subject: str
    check_id: str
    variant: str
    outcome: str
    tag: str


class PackedTarget(NamedTuple):
    """A target as it lies in the store: its line, its result lines and its facts, packed, and what its results are found by."""

    run: str
    zone: str
    target: str
    line: bytes
    results: bytes
    facts: bytes
    found: tuple[Found, ...]


def packed_target(line: Line, results: Sequence[Row], facts: bytes) -> PackedTarget:
    """Pack a target: its ``target`` line, its results and its line of facts."""
    return PackedTarget(
        run=line["run"],
        zone=line["zone"],
        target=line["target"],
        line=packed([line]),
        results=zlib.compress(b"[" + b",".join([result.raw.rstrip(b"\n") for result in results]) + b"]", _LEVEL),
        facts=zlib.compress(facts, _LEVEL),
        found=tuple([Found(r.target, r.subject, r.check, r.settings, r.outcome, r.tag) for r in results]),
    )


def packed(lines: Iterable[Line]) -> bytes:
    """Pack lines."""
    text = json.dumps(list(lines), ensure_ascii=False, separators=(",", ":"))
    return zlib.compress(text.encode("utf-8", "surrogatepass"), _LEVEL)


def unpacked(content: bytes) -> list[Line]:
    """Give the lines that were packed."""
    lines: list[Line] = json.loads(zlib.decompress(content).decode("utf-8", "surrogatepass"))
    return lines


def unpacked_facts(content: bytes) -> bytes:
    """Give the line of facts of a target."""
    return zlib.decompress(content)

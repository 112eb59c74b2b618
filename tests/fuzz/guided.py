"""A small fuzzer that keeps what reaches new lines: mutations of a corpus, guided by the edges between lines of the code under test.

It needs nothing but the interpreter. Runs are repeatable: the same seed and number of rounds give the same inputs.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import CodeType, FrameType
from typing import Any

MOST_OCTETS = 6000
"""Longer inputs are cut: they only make runs slow."""

_NUMBERS = (0, 1, 2, 3, 4, 5, 11, 12, 16, 20, 22, 23, 32, 48, 64, 127, 128, 254, 255)
_SIZES = (0, 1, 2, 255, 256, 0x0303, 0x0304, 0x4000, 0x4001, 0x4800, 0x4801, 0xFFFF)

Edge = tuple[CodeType, int, int]


@dataclass
class Outcome:
    """What a run found: edges that the seeds reached, edges at the end, inputs that were kept, and what escaped."""

    seeds: int
    edges: int
    kept: list[bytes] = field(default_factory=list)
    escaped: list[tuple[bytes, BaseException]] = field(default_factory=list)


class _Watch:
    """Collects edges between lines of files under ``folder`` while it is switched on."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.edges: set[Edge] = set()

    def __call__(self, frame: FrameType, event: str, argument: Any) -> Any:  # Any: the interface of sys.settrace
        code = frame.f_code
        if self.folder not in code.co_filename:
            return None
        last = frame.f_lineno
        edges = self.edges

        def line(frame: FrameType, event: str, argument: Any) -> Any:  # Any: the same
            nonlocal last
            if event == "line":
                edges.add((code, last, frame.f_lineno))
                last = frame.f_lineno
            return line

        return line


def run(
    target: Callable[[bytes], None],
    seeds: Sequence[bytes],
    *,
    folder: str,
    rounds: int,
    seed: int = 1,
    allowed: tuple[type[BaseException], ...] = (),
) -> Outcome:
    """Call ``target`` with ``rounds`` mutations of ``seeds``; whatever it raises that is not ``allowed`` is an escape."""
    chance = random.Random(seed)
    known: set[Edge] = set()
    corpus = list(seeds)
    outcome = Outcome(0, 0)

    def one(data: bytes) -> bool:
        watch = _Watch(folder)
        before = sys.gettrace()
        sys.settrace(watch)
        try:
            target(data)
        except allowed:
            pass
        except Exception as error:  # noqa: BLE001  the very thing that is looked for
            outcome.escaped.append((data, error))
        finally:
            sys.settrace(before)
        new = watch.edges - known
        known.update(new)
        return bool(new)

    for data in seeds:
        one(data)
    outcome.seeds = len(known)
    for _ in range(rounds):
        data = mutate(chance, chance.choice(corpus), chance.choice(corpus))
        if one(data):
            corpus.append(data)
            outcome.kept.append(data)
    outcome.edges = len(known)
    return outcome


def mutate(chance: random.Random, data: bytes, other: bytes) -> bytes:
    """One to four changes: bits, octets, lengths, pieces cut, doubled, moved or taken from ``other``."""
    out = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(out) + 1)
        match chance.randrange(8):
            case 0 if at < len(out):
                out[at] ^= 1 << chance.randrange(8)
            case 1 if at < len(out):
                out[at] = chance.choice(_NUMBERS)
            case 2 if at + 2 <= len(out):
                out[at : at + 2] = chance.choice(_SIZES).to_bytes(2, "big")
            case 3 if at + 2 <= len(out):
                out[at : at + 2] = ((int.from_bytes(out[at : at + 2], "big") + chance.choice((-2, -1, 1, 2))) & 0xFFFF).to_bytes(2, "big")
            case 4:
                del out[at : at + chance.randint(1, 40)]
            case 5:
                out[at:at] = out[at : at + chance.randint(1, 200)]
            case 6 if other:
                start = chance.randrange(len(other))
                out[at:at] = other[start : start + chance.randint(1, 400)]
            case _:
                out[at:at] = chance.randbytes(chance.randint(1, 8))
    return bytes(out[:MOST_OCTETS])

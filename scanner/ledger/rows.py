"""Thousands of entries and targets, held as a few large pieces of memory instead of several objects each.

A large run is divided among forked processes. Whoever looks at an object in Python writes to its count of references, so that each
process comes to have its own copy of an inventory made of objects. What is held here all of them share to the end of the run.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate
from typing import Any, TypeVar, overload

from scanner.ledger.entries import InventoryEntry
from scanner.model.target import WHOLE_RUN, Target, target_of

E = TypeVar("E", bound=InventoryEntry)


class _Texts:
    """Many texts in one, by place."""

    __slots__ = ("_all", "_ends")

    def __init__(self, texts: Sequence[str]) -> None:
        self._all = "".join(texts)
        self._ends = array("I", accumulate(map(len, texts), initial=0))

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __getitem__(self, place: int) -> str:
        return self._all[self._ends[place] : self._ends[place + 1]]


class Targets(Sequence[Target]):
    """Targets in the order in which they are given; each is made anew when it is asked for."""

    __slots__ = ("_keys",)

    def __init__(self, targets: Iterable[Target]) -> None:
        self._keys = _Texts([target.key for target in targets])

    def __len__(self) -> int:
        return len(self._keys)

    @overload
    def __getitem__(self, place: int) -> Target: ...
    @overload
    def __getitem__(self, place: slice) -> Targets: ...
    def __getitem__(self, place: int | slice) -> Target | Targets:
        if isinstance(place, slice):
            return Targets(self[each] for each in range(len(self))[place])
        return target_of(self._keys[range(len(self))[place]])


class Entries(Mapping[str, InventoryEntry]):
    """Entries by the key of their target, in the order of the keys; each is made anew when it is asked for.

    What is said of a target is held once for all targets of which the same is said.
    """

    __slots__ = ("_keys", "_lines", "_said", "_sayings")

    def __init__(self, entries: Iterable[InventoryEntry]) -> None:
        listed = {entry.target.key: entry for entry in entries}
        keys = sorted(listed)
        sayings: dict[InventoryEntry, int] = {}
        self._keys = _Texts(keys)
        self._lines = array("I", [listed[key].line for key in keys])
        self._said = array("I", [sayings.setdefault(_of(listed[key], WHOLE_RUN, 0), len(sayings)) for key in keys])
        self._sayings = tuple(sayings)

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __getitem__(self, key: str) -> InventoryEntry:
        place = bisect_left(self._keys, key)
        if place == len(self._keys) or self._keys[place] != key:
            raise KeyError(key)
        return self._at(place, self._sayings[self._said[place]])

    def of(self, sort: type[E], saying: Callable[[E], object] = lambda _: True) -> Iterator[E]:
        """Give the entries of one sort. ``saying`` chooses by what is said, and is asked once for all of which the same is said."""
        wanted = {number: said for number, said in enumerate(self._sayings) if isinstance(said, sort) and saying(said)}
        return (self._at(place, wanted[number]) for place, number in enumerate(self._said) if number in wanted)

    def _at(self, place: int, saying: E) -> E:
        return _of(saying, target_of(self._keys[place]), self._lines[place])


def _of(saying: E, target: Any, line: int) -> E:  # any target: each sort of entry has its own, which the types cannot tell here
    return replace(saying, target=target, line=line)

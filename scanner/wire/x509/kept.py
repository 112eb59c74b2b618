"""A small memory of what was worked out last, bounded by count and by weight, so that a stranger's data cannot fill the machine."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Kept(Generic[K, V]):
    """Keeps the values used last: at most ``most`` of them, and at most ``heaviest`` units of weight together."""

    def __init__(self, most: int, heaviest: int) -> None:
        self._most = most
        self._heaviest = heaviest
        self._weight = 0
        self._values: OrderedDict[K, tuple[V, int]] = OrderedDict()

    def known(self, key: K) -> V | None:
        """Give the value of ``key`` where it is at hand."""
        found = self._values.get(key)
        return None if found is None else found[0]

    def get(self, key: K, make: Callable[[], V], weight: int = 1) -> V:
        """Give the value of ``key``, made anew where it is not at hand. What ``make`` raises is not kept."""
        known = self._values.get(key)
        if known is not None:
            self._values.move_to_end(key)
            return known[0]
        value = make()
        self._values[key] = (value, weight)
        self._weight += weight
        while self._values and (len(self._values) > self._most or self._weight > self._heaviest):
            _, (_, less) = self._values.popitem(last=False)
            self._weight -= less
        return value

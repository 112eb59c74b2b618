"""A mapping that loads in parts: each family of keys when one of them is first asked for. It knows nothing of checks or probes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Families(Mapping[K, V]):
    """``families`` names the families, each with the function that loads it; ``family_of`` tells to which a key belongs.

    Iterating loads everything, in the order of the families' names.
    """

    def __init__(self, families: Mapping[str, Callable[[], Mapping[K, V]]], family_of: Callable[[K], str]) -> None:
        self._families = families
        self._family_of = family_of
        self._loaded: dict[str, Mapping[K, V]] = {}

    def __getitem__(self, key: K) -> V:
        """Give what stands under a key."""
        return self.family(self._family_of(key))[key]

    def __iter__(self) -> Iterator[K]:
        """Give every key."""
        for name in sorted(self._families):
            yield from self.family(name)

    def __len__(self) -> int:
        """Count the keys."""
        return sum(len(self.family(name)) for name in self._families)

    def family(self, name: str) -> Mapping[K, V]:
        """Give all of one family; nothing where there is no such family."""
        loaded = self._loaded.get(name)
        if loaded is None:
            if name not in self._families:
                return {}
            loaded = self._loaded[name] = self._families[name]()
        return loaded

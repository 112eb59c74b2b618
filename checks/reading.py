"""One reading of a fact for all the checks that judge it. What is read, and how, stands with the checks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from scanner.model.fact import Fact

F = TypeVar("F", bound=Fact)
T = TypeVar("T")


def remembered(read: Callable[[F], T]) -> Callable[[F], T]:
    """Keep the last reading: the checks of one subject come one after the other and read the same fact, the very same object."""
    last: tuple[F, T] | None = None

    def again(fact: F) -> T:
        nonlocal last
        known = last
        if known is not None and known[0] is fact:
            return known[1]
        reading = read(fact)
        last = (fact, reading)
        return reading

    return again

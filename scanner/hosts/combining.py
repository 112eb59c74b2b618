"""Making one reading out of others. Pure; what cannot be observed in a part cannot be observed in the whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from scanner.facts.readings import Readings
from scanner.model.fact import Unobserved

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")


def mapped(readings: Readings[A], make: Callable[[A], B]) -> Readings[B]:
    """Apply ``make`` to each reading that is there."""
    configured, now, later = readings.configured, readings.in_force, readings.after_restart
    return Readings(
        configured if configured is None or isinstance(configured, Unobserved) else make(configured),
        now if now is None or isinstance(now, Unobserved) else make(now),
        later if isinstance(later, Unobserved) else make(later),
        readings.source,
    )


def joined(first: Readings[A], second: Readings[B], make: Callable[[A, B], C], *, unset: tuple[A, B], source: str) -> Readings[C]:
    """Make one reading of two. ``unset`` stands in where only one of the two is configured."""

    def one(a: A | Unobserved, b: B | Unobserved) -> C | Unobserved:
        if isinstance(a, Unobserved):
            return a
        return b if isinstance(b, Unobserved) else make(a, b)

    configured: C | Unobserved | None = None
    if first.configured is not None or second.configured is not None:
        configured = one(
            unset[0] if first.configured is None else first.configured,
            unset[1] if second.configured is None else second.configured,
        )
    now: C | Unobserved | None = None
    if first.in_force is not None and second.in_force is not None:
        now = one(first.in_force, second.in_force)
    return Readings(configured, now, one(first.after_restart, second.after_restart), source)


def both(first: bool | Unobserved, second: bool | Unobserved) -> bool | Unobserved:
    """Tell whether both are true; one that is false settles it, even where the other could not be seen."""
    if first is False or second is False:
        return False
    return first if isinstance(first, Unobserved) else second


def same(value: A | Unobserved, live: bool, source: str, *, configured: A | Unobserved | None = None) -> Readings[A]:
    """Give a setting that is read anew each time it is used, so that now and later cannot differ."""
    return Readings(configured, value if live else None, value, source)


def unknown(why: Unobserved, live: bool, source: str) -> Readings[A]:
    """Give a setting of which nothing can be told."""
    return Readings(why, why if live else None, why, source)

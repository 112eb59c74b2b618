"""Readings as the cases of this family write them."""

from __future__ import annotations

from typing import TypeVar

from scanner.facts.readings import Readings
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason

T = TypeVar("T")
DENIED = Unobserved(Reason.ACCESS_DENIED)
STALE = Unobserved(Reason.STALE)


def always(value: T, configured: T | Unobserved | None = None) -> Readings[T]:
    """So now and after a restart."""
    return Readings(configured, value, value, "place")


def off(value: T) -> Readings[T]:
    """A machine that does not run."""
    return Readings(None, None, value, "place")


def unknown() -> Readings[T]:
    """Nothing could be read."""
    return Readings(DENIED, DENIED, DENIED, "place")

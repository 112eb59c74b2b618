"""What checks of several families share: lists for sentences, the first part that nobody saw. No check is here, nothing of one family."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from scanner.model.fact import Unobserved

MAX_LISTED: Final = 10
"""Items of a list that a sentence names; the rest is counted."""


def listed(items: Iterable[str]) -> tuple[str, ...]:
    """Give a list fit for a sentence: each item once, in order, cut with a count of the rest."""
    found = tuple(dict.fromkeys(items))
    return found if len(found) <= MAX_LISTED else (*found[:MAX_LISTED], f"… (+{len(found) - MAX_LISTED})")


def first_missing(parts: Iterable[object]) -> Unobserved | None:
    """Give the first part that could not be seen."""
    return next((part for part in parts if isinstance(part, Unobserved)), None)

"""What the checks of this family share: three-valued logic on readings, and whose a setting is. No check stands here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from scanner.facts.readings import Readings
from scanner.model.check import Judgement
from scanner.model.fact import Unobserved
from scanner.model.verdict import Outcome, Verdict

T = TypeVar("T")


def whose(program: str, account: str) -> str:
    """Name a program, with the account where the setting is one person's own."""
    return f"{program}:{account}" if account else program


def settled(judged: Judgement) -> bool:
    """Whether the wished state was seen, so that no further value is needed."""
    return isinstance(judged, Verdict) and judged.outcome is Outcome.PASS


def every(parts: Sequence[bool | Unobserved]) -> bool | Unobserved:
    """Tell whether all hold: one that does not settles it, an unobserved one leaves it open."""
    if any(part is False for part in parts):
        return False
    return next((part for part in parts if isinstance(part, Unobserved)), True)


def now_and_later(readings: Readings[T]) -> tuple[T | Unobserved | None, T | Unobserved]:
    """Give the two readings that a verdict speaks of; the first is ``None`` where the machine does not run."""
    return readings.in_force, readings.after_restart

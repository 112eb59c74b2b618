"""Moments as text, and what the hub thinks of a report's own clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

TOLERANCE = timedelta(minutes=10)
"""How far an agent's clock may differ before the report is flagged."""
OLD = timedelta(days=1)
"""A report that arrives later than this after it was made is flagged."""
_FORM = "%Y-%m-%dT%H:%M:%SZ"


def now() -> str:
    """Give the wall clock in UTC, whole seconds."""
    return written(datetime.now(UTC))


def written(moment: datetime) -> str:
    """Write a moment as everywhere here."""
    return moment.astimezone(UTC).strftime(_FORM)


def read(text: str) -> datetime:
    """Read what ``written`` wrote."""
    return datetime.fromisoformat(text)  # with its Z; several times as fast as strptime


def flags(made_at: str, received_at: str, before: str | None) -> tuple[str, ...]:
    """Name what is odd about a report's time. ``before`` is the time in the report before it. Odd reports are kept all the same."""
    made, received = read(made_at), read(received_at)
    found = []
    if made > received + TOLERANCE:
        found.append("clock-ahead")
    if made < received - OLD:
        found.append("old")
    if before is not None and made < read(before) - TOLERANCE:
        found.append("clock-backwards")
    return tuple(found)

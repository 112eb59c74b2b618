"""Spans of time as systemd writes them, systemd.time(7): text to seconds."""

from __future__ import annotations

import re

LONGEST = 200
_UNITS = {
    "": 1.0, "us": 1e-6, "usec": 1e-6, "µs": 1e-6, "ms": 1e-3, "msec": 1e-3,
    "s": 1.0, "sec": 1.0, "second": 1.0, "seconds": 1.0, "m": 60.0, "min": 60.0, "minute": 60.0, "minutes": 60.0,
    "h": 3600.0, "hr": 3600.0, "hour": 3600.0, "hours": 3600.0, "d": 86400.0, "day": 86400.0, "days": 86400.0,
    "w": 604800.0, "week": 604800.0, "weeks": 604800.0, "M": 2629800.0, "month": 2629800.0, "months": 2629800.0,
    "y": 31557600.0, "year": 31557600.0, "years": 31557600.0,
}  # fmt: skip
_PART = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([A-Za-zµ]*)")


class NotATimespan(ValueError):
    """The text is not a span of time."""


def seconds(text: str) -> float | None:
    """Give the seconds, ``None`` for ``infinity``. Raises ``NotATimespan``."""
    text = text.strip()
    if text == "infinity":
        return None
    total, at = 0.0, 0
    while at < len(text) <= LONGEST:
        part = _PART.match(text, at)
        if not part or part[2] not in _UNITS:
            break
        total += float(part[1]) * _UNITS[part[2]]
        at = part.end()
    if not text or at != len(text):
        raise NotATimespan(f"{text[:40]!r} is not a span of time")
    return total

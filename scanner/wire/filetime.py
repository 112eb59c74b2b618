"""Times as Windows stores them: 100 ns since 1601, and the text forms of its administration tools. Nothing is translated in them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

NEVER: Final = 0x7FFF_FFFF_FFFF_FFFF
_EPOCH: Final = 11_644_473_600
"""Seconds from 1601 to 1970."""
_JSON: Final = re.compile(r"/Date\((-?\d{1,15})\)/")


def seconds(ticks: int) -> int | None:
    """Turn 100 ns since 1601 into seconds since 1970; ``None`` for zero and "never", and for what lies before 1970."""
    if ticks <= 0 or ticks >= NEVER:
        return None
    found = ticks // 10_000_000 - _EPOCH
    return found if found >= 0 else None


def stored(octets: bytes) -> int | None:
    """Read a time that a value of eight octets holds; ``None`` for "never". Raises ``ValueError`` for another length."""
    if len(octets) != 8:
        raise ValueError("a time has eight octets")
    return seconds(int.from_bytes(octets, "little"))


def written(value: str) -> int | None:
    r"""Read a time in the forms that PowerShell's ``ConvertTo-Json`` and Windows' registry use, as seconds since 1970.

    ``/Date(1700000000000)/`` is PowerShell 5, ``2023-11-14T22:13:20Z`` ISO 8601. ``None``: neither of them.
    """
    if match := _JSON.fullmatch(value.strip()):
        return int(match[1]) // 1000
    try:
        read = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    return int((read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp())

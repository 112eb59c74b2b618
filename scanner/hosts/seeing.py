"""What collectors of every platform share: giving a reason instead of a value, and text fit to be shown."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import TypeVar

from scanner.model.fact import Unobserved, needed
from scanner.model.reason import CannotObserve, Reason

__all__ = ["needed"]  # the way back from ``seen``, for collectors to take from here

T = TypeVar("T")
_LONE = re.compile("[\ud800-\udc7f\udd00-\udfff]")
"""Single surrogates, which Windows' registry may hold. Those by which Python writes octets that are no UTF-8 are not among them."""


def seen(ask: Callable[[], T]) -> T | Unobserved:
    """Give what ``ask`` gives, or why it cannot be observed."""
    try:
        return ask()
    except CannotObserve as error:
        return Unobserved(error.reason, shown(error.detail))


def parsed(path: str, data: bytes, parse: Callable[[bytes], T]) -> T | Unobserved:
    """Give what a parser makes of a file; what it refuses (all its refusals are ``ValueError``) is unobserved."""
    try:
        return parse(data)
    except ValueError as error:
        return Unobserved(Reason.PROTOCOL_VIOLATION, shown(f"{path}: {error}"))


def shown(text: str) -> str:
    """Write a name or a line of a file so that it can stand in a fact: one line, no surrogates, no control characters."""
    text = _LONE.sub(lambda half: f"\\u{ord(half[0]):04x}", text)
    clean = text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in clean)[:500]


def parse_json(data: bytes) -> object:
    """Read JSON, with or without a mark at its beginning. Raises ``ValueError``."""
    try:
        return json.loads(data.decode("utf-8-sig"))
    except RecursionError as error:
        raise ValueError("nested too deeply") from error

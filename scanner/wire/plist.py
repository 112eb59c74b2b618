"""Apple's property lists, XML and binary. What is no such list, or one beyond the caps, is refused; nothing else gets out."""

from __future__ import annotations

import plistlib
import struct
from collections.abc import Mapping
from datetime import datetime
from xml.parsers.expat import ExpatError

Plist = Mapping[str, object]
LARGEST = 16_000_000


class NotPlist(ValueError):
    """The octets are no property list whose top is a dictionary."""


def parse(data: bytes) -> Plist:
    """Give the dictionary at the top. Values are ``bool int float str bytes datetime list dict``; times are UTC. Raises ``NotPlist``.

    What stands before ``<?xml`` is passed over, since some programs write a line of words first.
    """
    found = _load(data)
    if not isinstance(found, dict):
        raise NotPlist("its top is no dictionary")
    return {key: value for key, value in found.items() if isinstance(key, str)}


def parse_list(data: bytes) -> list[object]:
    """Give the array at the top, as several of Apple's programs print one. Raises ``NotPlist``."""
    found = _load(data)
    if not isinstance(found, list):
        raise NotPlist("its top is no array")
    return found


def _load(data: bytes) -> object:
    if len(data) > LARGEST:
        raise NotPlist(f"more than {LARGEST} octets")
    start = data.find(b"<?xml")
    if start > 0 and not data.startswith(b"bplist"):
        data = data[start:]
    try:
        return plistlib.loads(data)
    except (
        ValueError,  # InvalidFileException and UnicodeDecodeError among them
        ExpatError,
        RecursionError,
        OverflowError,
        AttributeError,  # plistlib trips over lists whose parts do not fit together
        TypeError,
        LookupError,
        AssertionError,
        MemoryError,
        struct.error,
    ) as error:
        raise NotPlist(f"{type(error).__name__}: {error}"[:200]) from error


def flag(value: object) -> bool | None:
    """Read a switch: true and false, and numbers as Apple's programs write them; ``None`` for anything else."""
    if isinstance(value, bool):
        return value
    return value != 0 if isinstance(value, int) else None


def whole(value: object) -> int | None:
    """Read a number; a real one is cut, text of digits is taken too."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)) and abs(value) < 1 << 53:
        return int(value)
    if isinstance(value, str) and value.strip().isdecimal() and value.isascii() and len(value) < 16:
        return int(value)
    return None


def text(value: object) -> str | None:
    """Read text."""
    return value if isinstance(value, str) else None


def inside(value: object, *names: str) -> object:
    """Give what stands deeper in dictionaries; ``None`` where it is not there."""
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def day(value: object) -> str | None:
    """Read a time as a day in UTC, ISO 8601."""
    return value.date().isoformat() if isinstance(value, datetime) else None

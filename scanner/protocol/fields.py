"""Reading of JSON objects that came from outside: every field by its name and type, nothing unknown, every length capped."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime

from scanner.codec import Plain
from scanner.protocol.refusal import Refusal, Refused
from scanner.protocol.texts import is_fit

DIGEST = re.compile(r"sha256:[0-9a-f]{64}\Z")
MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z\Z")
NAME = re.compile(r"[A-Za-z][A-Za-z0-9]{0,63}\Z")
"""Names of fact types."""
_NAMES = re.compile(r"(?:[A-Za-z][A-Za-z0-9]{0,63}\n)*\Z")
_DIGESTS = re.compile(r"(?:sha256:[0-9a-f]{64}\n)*\Z")
LARGEST_NUMBER = 2**53 - 1


def exactly(plain: Plain, schema: str, keys: Collection[str]) -> None:
    """Raise unless the object is of the schema and has these keys and no other."""
    if plain.get("schema") != schema:
        raise refuse(f"no {schema}")
    if plain.keys() != {"schema", *keys}:
        odd = sorted(plain.keys() ^ {"schema", *keys})
        raise refuse(f"{schema}: missing or unknown: {', '.join(odd)[:200]}")


def text(plain: Plain, key: str, most: int = 200) -> str:
    """Give a text of at most ``most`` characters that can be kept."""
    value = plain[key]
    if not isinstance(value, str) or len(value) > most or not is_fit(value):
        raise refuse(f"{key}: a text of at most {most} characters is needed")
    return value


def matching(plain: Plain, key: str, pattern: re.Pattern[str]) -> str:
    """Give a text of a form."""
    value = plain[key]
    if not isinstance(value, str) or not pattern.match(value):
        raise refuse(f"{key}: not of its form")
    return value


def moment(plain: Plain, key: str) -> str:
    """Give a moment in UTC, whole seconds; one that the calendar has."""
    value = matching(plain, key, MOMENT)
    try:
        datetime.fromisoformat(value)
    except ValueError as error:
        raise refuse(f"{key}: no moment of the calendar") from error
    return value


def whole(plain: Plain, key: str, least: int = 0) -> int:
    """Give a whole number that every JSON reader holds exactly."""
    value = plain[key]
    if type(value) is not int or not least <= value <= LARGEST_NUMBER:
        raise refuse(f"{key}: a whole number from {least} on is needed")
    return value


def names(plain: Plain, key: str, most: int) -> tuple[str, ...]:
    """Give names of fact types, sorted, none twice."""
    value = plain[key]
    if not isinstance(value, list) or len(value) > most or not all_match(_NAMES, value):
        raise refuse(f"{key}: at most {most} names are needed")
    if value != sorted(set(value)):
        raise refuse(f"{key}: sorted, and none twice")
    return tuple(value)


def digests(values: Collection[object]) -> bool:
    """Tell whether all of them are digests."""
    return all_match(_DIGESTS, values)


def all_match(lines: re.Pattern[str], values: Collection[object]) -> bool:
    """Tell whether all are texts that a pattern of whole lines takes; at once, because a report has many and a hub many reports."""
    if not all(type(value) is str for value in values):
        return False
    joined = "".join([f"{value}\n" for value in values])
    return joined.count("\n") == len(values) and lines.match(joined) is not None


def refuse(detail: str) -> Refused:
    """Make the exception for content that breaks the schema."""
    return Refused(Refusal.NOT_OF_SCHEMA, detail)

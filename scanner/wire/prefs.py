"""Preference files of Mozilla programs: ``prefs.js``, ``user.js`` and the defaults that a distribution adds. Nothing is run."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from types import MappingProxyType

Pref = bool | int | str
MOST_LINES = 50_000
LONGEST_LINE = 1_000_000
_CALL = re.compile(
    r"""\s*(?:user_pref|pref|lockPref|defaultPref)\s*\(\s*(?P<quote>["'])(?P<name>[^"'\\]{1,300})(?P=quote)\s*,\s*"""
    r"""(?P<value>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s"'(),;]+)\s*(?:,\s*\w+\s*)?\)\s*;?"""
)
"""A call; others, and a comment, may stand behind it."""


class NotPrefs(ValueError):
    """A file beyond the caps."""


def parse(data: bytes) -> Mapping[str, Pref]:
    """Give the preferences by name; the last line of a name counts. Lines that are no preference are passed over. Raises ``NotPrefs``."""
    lines = data.decode("utf-8", "replace").split("\n")
    if len(lines) > MOST_LINES:
        raise NotPrefs(f"more than {MOST_LINES} lines")
    found: dict[str, Pref] = {}
    for line in lines:
        if len(line) > LONGEST_LINE or line.lstrip().startswith("//"):
            continue
        at = 0
        while match := _CALL.match(line, at):
            at = match.end()
            value = _value(match["value"])
            if value is not None:
                found[match["name"]] = value
    return MappingProxyType(found)


def _value(text: str) -> Pref | None:
    if text in {"true", "false"}:
        return text == "true"
    if re.fullmatch(r"-?\d{1,10}", text):
        return int(text)
    if text.startswith("'") and text.endswith("'") and len(text) > 1 and '"' not in text:
        text = f'"{text[1:-1]}"'
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, str) else None

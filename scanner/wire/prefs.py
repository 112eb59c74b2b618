"""Preference files of Mozilla programs: ``prefs.js``, ``user.js`` and the defaults that a distribution adds. Nothing is run."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from types import MappingProxyType

Pref = bool | int | str
MOST_LINES = 50_000
LONGEST_LINE = 1_000_000
_STRING = r""""(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'"""
_PASSED = re.compile(rf"(?P<string>{_STRING})|/\*(?s:.*?\*/|.*)|//[^\n]*|^[ \t]*#[^\n]*", re.MULTILINE)
"""Comments, and strings that may hold what looks like one."""
_CALL = re.compile(
    r"""[ \t\r]*(?:user_pref|pref|lockPref|defaultPref)\s{0,99}\(\s{0,99}(?P<quote>["'])(?P<name>[^"'\\\n]{1,300})(?P=quote)\s{0,99},"""
    rf"""\s{{0,99}}(?P<value>{_STRING}|[^\s"'(),;]+)\s{{0,99}}(?:,\s{{0,99}}\w+\s{{0,99}})?\)[ \t\r]*;?"""
)
"""A call at the beginning of a line or behind another; its words may stand on several lines."""


class NotPrefs(ValueError):
    """A file beyond the caps."""


def parse(data: bytes) -> Mapping[str, Pref]:
    """Give the preferences by name; the last call for a name counts. What is no preference is passed over. Raises ``NotPrefs``."""
    text = data.decode("utf-8", "replace")
    if text.count("\n") >= MOST_LINES:
        raise NotPrefs(f"more than {MOST_LINES} lines")
    if max(map(len, text.split("\n"))) > LONGEST_LINE:
        raise NotPrefs(f"a line of more than {LONGEST_LINE} characters")
    text = _PASSED.sub(lambda passed: passed["string"] or ("\n" if "\n" in passed[0] else " "), text)
    found: dict[str, Pref] = {}
    at = 0
    while 0 <= at < len(text):
        match = _CALL.match(text, at)
        if match is None:
            at = text.find("\n", at) + 1 or len(text)
            continue
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

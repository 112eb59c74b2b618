"""ipsec.conf of strongSwan and Libreswan, ipsec.conf(5): sections, what they take over from others, includes. No defaults of a version."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

MOST_LINES = 50_000
LONGEST = 10_000
DEEPEST = 20
"""Sections that take over each other."""
_HEAD = re.compile(r"(config|conn|ca|include)\s+(\S+)\Z")


class NotIpsec(ValueError):
    """The text goes beyond the caps, or its sections take over what is not there."""


@dataclass(frozen=True, slots=True)
class Include:
    """A pattern of further files, which stand in this place."""

    pattern: str


@dataclass(frozen=True, slots=True)
class Setting:
    """A line of a connection: its section, its name in lower case, its value without quotation marks."""

    section: str
    name: str
    value: str


def parse(data: bytes) -> tuple[Setting | Include, ...]:
    """Read the connections of a text; a section without lines gives an empty setting. Raises ``NotIpsec``."""
    lines = data.decode("utf-8", "replace").replace("\r\n", "\n").split("\n")
    if len(lines) > MOST_LINES:
        raise NotIpsec(f"more than {MOST_LINES} lines")
    found: list[Setting | Include] = []
    section = ""
    for number, line in enumerate(lines, 1):
        if len(line) > LONGEST:
            raise NotIpsec(f"line {number} is longer than {LONGEST} characters")
        text = re.sub(r"(?:^|\s)#.*", "", line).strip()
        head = _HEAD.match(text)
        if head and head[1] == "include":
            found.append(Include(head[2].strip('"')))
        elif head and not line[:1].isspace():
            section = head[2] if head[1] == "conn" else ""
            found += [Setting(section, "", "")] if section else []
        elif section and line[:1].isspace() and "=" in text:
            name, _, value = text.partition("=")
            found.append(Setting(section, name.strip().lower(), value.strip().strip('"')))
    return tuple(found)


def connections(settings: Iterable[Setting]) -> Mapping[str, Mapping[str, str]]:
    """Give every connection's settings: its own, then those of sections that ``also`` names, then those of ``%default``.

    A section that is only there for others to take over, never loaded itself, is none. Raises ``NotIpsec``.
    """
    own: dict[str, dict[str, str]] = {"%default": {}}
    also: dict[str, list[str]] = {}
    for one in settings:
        values = own.setdefault(one.section, {})
        if one.name == "also":
            also.setdefault(one.section, []).append(one.value)
        elif one.name:
            values[one.name] = one.value

    known: dict[str, dict[str, str]] = {}

    def whole(section: str, depth: int) -> dict[str, str]:
        if section not in own or depth > DEEPEST:
            raise NotIpsec(f"conn {section} is taken over, and is not there or takes over itself")
        if section not in known:
            taken: dict[str, str] = {}
            for other in also.get(section, ()):
                taken.update(whole(other, depth + 1))
            known[section] = {**taken, **own[section]}
        return known[section]

    default = whole("%default", 0)
    every = {section: {**default, **whole(section, 0)} for section in own if section != "%default"}
    parts = {other for section, others in also.items() if section != "%default" for other in others}
    return {section: values for section, values in every.items() if section not in parts or values.get("auto", "ignore") != "ignore"}

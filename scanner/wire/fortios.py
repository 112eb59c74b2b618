"""Configuration text of FortiOS: ``config``, ``edit``, ``set``, ``next``, ``end`` to a tree. What settings mean is not known here.

A backup holds only what differs from the default of its version. Virtual domains nest the same tables once more.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field

MOST_LINES = 500_000
DEEPEST = 24
MOST_LINES_OF_A_VALUE = 500
_VERSION = "#config-version="
_QUOTES = re.compile(r"\\.|\"")


class NotFortios(ValueError):
    """The text is no such configuration, or goes beyond the caps."""


@dataclass(slots=True)
class Table:
    """A table or an entry of one: its settings, the tables below it, and its entries in order."""

    settings: dict[str, tuple[str, ...]] = field(default_factory=dict)
    tables: dict[str, Table] = field(default_factory=dict)
    entries: dict[str, Table] = field(default_factory=dict)

    def table(self, name: str) -> Table:
        """Give a table by its whole name (``system interface``); an empty one where it is not there."""
        return self.tables.get(name) or Table()

    def value(self, name: str) -> str | None:
        """Give the first word of a setting."""
        found = self.settings.get(name)
        return found[0] if found else None


@dataclass(frozen=True, slots=True)
class Config:
    """A whole configuration: what holds for the device, with virtual domains apart, and what the head of a backup says of the version."""

    top: Table
    domains: dict[str, Table]
    version: str


def parse(data: bytes) -> Config:
    """Read a backup or the output of ``show``. Raises ``NotFortios``."""
    if b"\0" in data:
        raise NotFortios("the text holds zero octets")
    lines = data.decode("utf-8", "replace").replace("\r", "").split("\n")
    if len(lines) > MOST_LINES:
        raise NotFortios(f"more than {MOST_LINES} lines")
    top = Table()
    open_ = [top]
    entered = [False]  # whether each open one is an entry of a table
    version = ""
    numbered = iter(enumerate(lines, 1))
    for number, raw in numbered:
        line = raw.strip()
        if line.startswith(_VERSION):
            version = line.removeprefix(_VERSION).split(":")[0]
        if not line or line.startswith("#"):
            continue
        words = _words(line, numbered)
        here = open_[-1]
        match words[0]:
            case "config" if len(words) > 1:
                open_.append(here.tables.setdefault(" ".join(words[1:]), Table()))
                entered.append(False)
            case "edit" if len(words) > 1:
                open_.append(here.entries.setdefault(words[1], Table()))
                entered.append(True)
            case "set" if len(words) > 1:
                here.settings[words[1]] = tuple(words[2:])
            case "unset" if len(words) > 1:
                here.settings.pop(words[1], None)
            case "next" if entered[-1]:
                open_.pop()
                entered.pop()
            case "end" if len(open_) > 1 + entered[-1]:  # leaves the table, from within an entry too, as virtual domains are written
                for _ in range(1 + entered[-1]):
                    open_.pop()
                    entered.pop()
            case _:
                raise NotFortios(f"line {number} is none of config, edit, set, unset, next, end, or closes what is not open")
        if len(open_) > DEEPEST:
            raise NotFortios(f"line {number}: nested deeper than {DEEPEST}")
    if len(open_) != 1:
        raise NotFortios("the text ends within a table")
    whole = top.tables.get("global", top)
    if not any(name.startswith("system ") for name in whole.tables):
        raise NotFortios("no table of such a configuration is in it")
    return Config(whole, dict(top.table("vdom").entries), version)


def _words(line: str, more: Iterator[tuple[int, str]]) -> list[str]:
    """Split a line as the device does; a quoted value may run over several lines, as keys and texts do."""
    parts, quoted = [line], False
    while len(parts) <= MOST_LINES_OF_A_VALUE:
        quoted ^= _QUOTES.findall(parts[-1]).count('"') % 2 == 1
        following = next(more, None) if quoted else None
        if following is None:
            break
        parts.append(following[1])
    try:
        return shlex.split("\n".join(parts), posix=True)
    except ValueError:
        raise NotFortios("a quotation is not closed") from None

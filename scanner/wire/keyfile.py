"""Files of groups and keys: desktop entries, dconf key files, KConfig files, systemd units, NetworkManager profiles.

One tolerant parser for the family. What a line of one dialect means (an immutable mark, a repeated section) is kept, so
that each reader can take it as its own program would.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

MOST_LINES = 50_000
LONGEST_LINE = 65_536

_MARKED = re.compile(r"(?P<rest>.*?)\[\$(?P<marks>[deiq]+)\]\Z", re.DOTALL)


class NotKeyFile(ValueError):
    """The octets are not a file of groups and keys, or one beyond the caps."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line ``key[marks]=value``. ``marks`` are KConfig's letters: ``i`` immutable, ``e`` expanded, ``d`` deleted."""

    key: str
    value: str
    marks: str
    line: int


@dataclass(frozen=True, slots=True)
class Group:
    """One ``[name]`` section as it stands in the file; the same name may come again."""

    name: str
    immutable: bool
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class KeyFile:
    """A file in its own order. ``immutable``: a ``[$i]`` line at the top fixes everything that follows."""

    groups: tuple[Group, ...]
    immutable: bool
    odd_lines: int
    """Lines that are neither a group, a key nor a comment."""

    def entries(self, group: str, key: str) -> Iterator[tuple[Group, Entry]]:
        """Give every entry of that group and key, in file order."""
        for held in self.groups:
            if held.name == group:
                yield from ((held, entry) for entry in held.entries if entry.key == key)

    def last(self, group: str, key: str) -> str | None:
        """Give the value that stands last, or ``None``."""
        value = None
        for _, entry in self.entries(group, key):
            value = entry.value
        return value


def parse(data: bytes, *, comments: str = "#", continued: bool = False) -> KeyFile:
    """Read a file. ``continued``: a backslash at the end of a line joins the next one (systemd). Raises ``NotKeyFile``.

    Octets that are not UTF-8 become replacement characters. Blanks around keys and values are cut.
    """
    lines = data.decode("utf-8", "replace").replace("\r\n", "\n").split("\n")
    if len(lines) > MOST_LINES:
        raise NotKeyFile(f"more than {MOST_LINES} lines")
    groups: list[tuple[str, bool, list[Entry]]] = []
    immutable, odd, numbered = False, 0, iter(enumerate(lines, 1))
    for number, first in numbered:
        line = first
        if len(line) > LONGEST_LINE:
            raise NotKeyFile(f"line {number} is longer than {LONGEST_LINE} characters")
        if continued and not line.lstrip().startswith(tuple(comments)):
            while line.endswith("\\"):
                _, more = next(numbered, (0, ""))
                if more.lstrip().startswith(tuple(comments)):  # systemd.syntax(7): such a line is left out, and what it breaks goes on
                    continue
                line = line[:-1] + " " + more
                if len(line) > LONGEST_LINE:
                    raise NotKeyFile(f"line {number} goes on for more than {LONGEST_LINE} characters")
        text = line.strip()
        if not text or text.startswith(tuple(comments)):
            continue
        if text.startswith("["):
            if not text.endswith("]"):
                odd += 1
            elif text == "[$i]" and not groups:
                immutable = True
            else:
                name, marks = _marks(text)
                groups.append((name[1:-1], "i" in marks, []))
            continue
        key, equals, value = text.partition("=")
        if not equals and "d" not in _marks(key)[1]:  # KConfig deletes with "key[$d]" alone
            odd += 1
            continue
        if not groups:
            groups.append(("", False, []))
        name, marks = _marks(key.strip())
        groups[-1][2].append(Entry(name, value.strip(), marks, number))
    return KeyFile(tuple(Group(name, fixed or immutable, tuple(entries)) for name, fixed, entries in groups), immutable, odd)


def _marks(text: str) -> tuple[str, str]:
    found = _MARKED.match(text)
    return (found["rest"].strip(), found["marks"]) if found else (text, "")

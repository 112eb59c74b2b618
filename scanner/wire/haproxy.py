"""HAProxy's configuration language: text to sections of lines of words. Inheritance and defaults are not known here."""

from __future__ import annotations

import re
from dataclasses import dataclass

MOST_OCTETS = 8_000_000
MOST_LINES = 200_000
SECTIONS = frozenset(
    {"global", "defaults", "frontend", "backend", "listen", "userlist", "peers", "resolvers", "mailers", "cache", "program", "ring"}
    | {"http-errors", "fcgi-app", "crt-store", "log-forward", "log-profile", "traces", "acme"}
)
_WORD = re.compile(r"""(?:\\.|"(?:\\.|[^"\\])*"|'[^']*'|[^\s\\"'\#])+""", re.DOTALL)
_PART = re.compile(r"""\\(.)|"((?:\\.|[^"\\])*)"|'([^']*)'|([^\\"']+)""", re.DOTALL)


class NotHaproxy(ValueError):
    """The text is no such configuration, goes beyond the caps, or has what is not followed: conditions, variables of the environment."""


@dataclass(frozen=True, slots=True)
class Section:
    """A section: its kind, the words behind it, its lines."""

    kind: str
    words: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]

    def all(self, *first: str) -> tuple[tuple[str, ...], ...]:
        """Give the lines that begin with these words."""
        return tuple(line for line in self.lines if line[: len(first)] == first)


def parse(data: bytes) -> tuple[Section, ...]:
    """Read one file. Raises ``NotHaproxy``."""
    if len(data) > MOST_OCTETS or b"\0" in data:
        raise NotHaproxy("the text is too long, or holds zero octets")
    found: list[tuple[str, tuple[str, ...], list[tuple[str, ...]]]] = []
    for number, line in enumerate(data.decode("utf-8", "replace").split("\n")):
        if number >= MOST_LINES:
            raise NotHaproxy(f"more than {MOST_LINES} lines")
        words = _words(line.strip())
        if not words:
            continue
        if words[0].startswith("."):
            raise NotHaproxy(f"the condition {words[0]} is not followed")
        if words[0] in SECTIONS:
            found.append((words[0], words[1:], []))
        elif not found:
            raise NotHaproxy(f"{words[0]} stands in no section")
        else:
            found[-1][2].append(words)
    return tuple(Section(kind, words, tuple(lines)) for kind, words, lines in found)


def _words(line: str) -> tuple[str, ...]:
    found, at = [], 0
    while at < len(line):
        if line[at].isspace():
            at += 1
            continue
        if line[at] == "#":
            break
        word = _WORD.match(line, at)
        if word is None:
            raise NotHaproxy("a quotation or a backslash is not finished")
        found.append(_plain(word[0]))
        at = word.end()
    return tuple(found)


def _plain(word: str) -> str:
    """Take quotations off a word; only between double ones the environment is put in."""
    parts = []
    for escaped, double, single, bare in _PART.findall(word):
        if "$" in double:
            raise NotHaproxy("a variable of the environment is not followed")
        parts.append(escaped or re.sub(r"\\(.)", r"\1", double) or single or bare)
    return "".join(parts)

"""sysctl.d(5) and sysctl.conf(5): text to assignments, and what a series of them amounts to. Reads no file itself."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

MOST_LINES = 50_000


class NotSysctl(ValueError):
    """The text goes beyond the caps."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """One line. ``key`` is in path form (``net/ipv6/conf/eth0.100/accept_ra``) and may be a pattern.

    ``value`` is ``None`` for a line ``-key``, which only keeps the key out of patterns.
    """

    key: str
    value: str | None
    line: int

    @property
    def pattern(self) -> bool:
        """Whether the key has wildcards."""
        return any(letter in self.key for letter in "*?[")


def path(key: str) -> str:
    """Give the path form of a key: where the first separator is a dot, dots and slashes change places."""
    dot, slash = key.find("."), key.find("/")
    if dot != -1 and (slash == -1 or dot < slash):
        key = key.translate(str.maketrans("./", "/."))
    return key.strip("/")


def parse(data: bytes) -> tuple[Assignment, ...]:
    """Read one file; lines that are no assignment are left out, as the programs do. Raises ``NotSysctl``."""
    lines = data.decode("utf-8", "replace").split("\n")
    if len(lines) > MOST_LINES:
        raise NotSysctl(f"more than {MOST_LINES} lines")
    found = []
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text or text[0] in "#;":
            continue
        key, equals, value = text.partition("=")
        key = key.strip()
        if equals:
            found.append(Assignment(path(key.removeprefix("-").strip()), value.strip(), number))
        elif key.startswith("-"):
            found.append(Assignment(path(key[1:].strip()), None, number))
    return tuple(found)


def covers(assignment: Assignment, key: str) -> bool:
    """Tell whether an assignment speaks of a key in path form."""
    if not assignment.pattern:
        return assignment.key == key
    # glob(3): a wildcard does not reach over a slash
    mine, theirs = assignment.key.split("/"), key.split("/")
    return len(mine) == len(theirs) and all(fnmatchcase(part, name) for name, part in zip(mine, theirs, strict=True))

"""Option files of MariaDB and MySQL: text to groups of options and directives. Which groups and files count is not known here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MOST_OCTETS = 4_000_000
MOST_OPTIONS = 20_000
_ESCAPE = re.compile(r"\\(.)")
_ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "r": "\r", "s": " ", "\\": "\\", '"': '"', "'": "'"}
_ON = frozenset({"1", "on", "true"})
SHORTEST = 4
"""Letters that a shortened name has at least to be taken for one; the programs take any beginning that fits one option only."""


class NotOptions(ValueError):
    """The text is no such file, or goes beyond the caps. The programs would not take it either."""


@dataclass(frozen=True, slots=True)
class Option:
    """One option: its group, its name with dashes in small letters, its value; ``None``: it stands without one."""

    group: str
    name: str
    value: str | None


@dataclass(frozen=True, slots=True)
class Include:
    """A line that has a file, or all ``.cnf`` files of a directory, read in its place."""

    directory: bool
    path: str


def parse(data: bytes) -> tuple[Option | Include, ...]:
    """Read a whole file. Raises ``NotOptions``."""
    if len(data) > MOST_OCTETS or b"\0" in data:
        raise NotOptions("the text is too long, or holds zero octets")
    found: list[Option | Include] = []
    group = None
    for number, line in enumerate(data.decode("utf-8", "replace").split("\n"), 1):
        text = line.strip()
        if not text or text[0] in "#;":
            continue
        if text.startswith("!"):
            word, _, path = text[1:].partition(" ")
            if word not in {"include", "includedir"} or not path.strip():
                raise NotOptions(f"line {number}: no known directive")
            found.append(Include(word == "includedir", path.strip()))
        elif text.startswith("["):
            name, bracket, _ = text[1:].partition("]")
            if not bracket:
                raise NotOptions(f"line {number}: a group's name is not ended")
            group = name.strip()
        elif group is None:
            raise NotOptions(f"line {number}: an option before the first group")
        else:
            found.append(_option(group, text))
        if len(found) > MOST_OPTIONS:
            raise NotOptions(f"more than {MOST_OPTIONS} options")
    return tuple(found)


def _option(group: str, line: str) -> Option:
    name, equals, value = _without_comment(line).partition("=")
    return Option(group, plain(name.strip()), _value(value.strip()) if equals else None)


def _without_comment(line: str) -> str:
    """Cut what stands behind a hash outside quotes (find_end_comment() of my_default.c)."""
    quote = ""
    escaped = False
    for at, letter in enumerate(line):
        if letter in "'\"" and not escaped:
            quote = "" if letter == quote else quote or letter
        if not quote and letter == "#":
            return line[:at].rstrip()
        escaped = bool(quote) and letter == "\\" and not escaped
    return line


def _value(text: str) -> str:
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        text = text[1:-1]
    return _ESCAPE.sub(lambda found: _ESCAPES.get(found[1], found[0]), text)


def plain(name: str) -> str:
    """Give an option's name in the one form used here: small letters, dashes, no ``loose-`` in front."""
    return name.lower().replace("_", "-").removeprefix("loose-")


def of_command_line(argv: Iterable[str]) -> tuple[Option, ...]:
    """Give the long options of a command line, in the group ``""``; a word without dashes is the value of the option before it."""
    found: list[Option] = []
    for word in argv:
        if word.startswith("--") and len(word) > 2:
            name, equals, value = word[2:].partition("=")
            found.append(Option("", plain(name), value if equals else None))
        elif not word.startswith("-") and found and found[-1].value is None:
            found[-1] = Option("", found[-1].name, word)
    return tuple(found)


def last(options: Sequence[Option], name: str) -> str | None:
    """Give the last value of an option, as text; ``None``: nobody wrote it. An option without a value gives ``ON``.

    ``skip-`` and ``disable-`` in front of it turn it off, ``enable-`` on; only the value ``0`` turns that around.
    Raises ``NotOptions`` where a shortened name may mean it.
    """
    found: str | None = None
    for option in options:
        if option.name == name:
            found = "ON" if option.value is None else option.value
        elif option.name == f"enable-{name}":
            found = "OFF" if option.value == "0" else "ON"
        elif option.name in {f"skip-{name}", f"disable-{name}"}:
            found = "ON" if option.value == "0" else "OFF"
        elif len(option.name) >= SHORTEST and name.startswith(option.name) and option.name not in WHOLE:
            raise NotOptions(f"{option.name} may be short for {name}")
    return found


WHOLE = frozenset({"ssl", "skip", "user", "general-log", "plugin-load", "server-audit"})
"""Names that are options themselves, though longer ones begin with them."""


def switched(value: str) -> bool:
    """Read a boolean. The programs warn of every other word, ``yes`` among them, and take it for off (my_getopt.c)."""
    return value.strip().lower() in _ON

"""unbound.conf, nsd.conf and knot.conf: text to clauses of options. Defaults of the programs are not known here.

Unbound and NSD write ``clause:`` and below it ``option: value``; indentation means nothing. Knot writes a small part of YAML:
sections at the margin, items that begin with a dash, lists in brackets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

MOST_LINES = 200_000
CLAUSES = frozenset(
    {"server", "remote-control", "stub-zone", "forward-zone", "auth-zone", "view", "python", "dynlib", "dnscrypt", "cachedb", "dnstap"}
    | {"ipset", "redis", "rpz", "zone", "pattern", "key", "tls-auth", "verify", "xdp"}
)
_OPTION = re.compile(r"([A-Za-z0-9_-]+):\s*(.*)\Z")
_WORD = re.compile(r'"([^"]*)"|\'([^\']*)\'|([^\s#"\']+)|(#.*)')


class NotDnsConf(ValueError):
    """The text is no such configuration, or goes beyond the caps."""


@dataclass(frozen=True, slots=True)
class Option:
    """One line: its name in small letters and its words."""

    name: str
    words: tuple[str, ...]

    @property
    def value(self) -> str:
        """The first word, empty where there is none."""
        return self.words[0] if self.words else ""


@dataclass(frozen=True, slots=True)
class Clause:
    """A clause or an item of a section, with its options in order."""

    name: str
    options: tuple[Option, ...]

    def all(self, name: str) -> tuple[Option, ...]:
        """Give the options of a name."""
        return tuple(option for option in self.options if option.name == name)

    def last(self, name: str) -> str | None:
        """Give the value of the last option of a name: a later line beats an earlier one."""
        found = self.all(name)
        return found[-1].value if found else None


def parse(data: bytes) -> tuple[Clause, ...]:
    """Read unbound.conf or nsd.conf; ``include`` lines are options. What stands before any clause is in one without a name.

    Raises ``NotDnsConf``.
    """
    found: list[tuple[str, list[Option]]] = [("", [])]
    for option in _lines(data):
        if option.name in CLAUSES and not option.words:
            found.append((option.name, []))
        else:
            found[-1][1].append(option)
    return tuple(Clause(name, tuple(options)) for name, options in found)


def parse_knot(data: bytes) -> tuple[Clause, ...]:
    """Read knot.conf: one clause an item of each section. Raises ``NotDnsConf``."""
    found: list[tuple[str, list[Option]]] = []
    section = ""
    for raw in _checked(data):
        line = raw.rstrip()
        bare = line.lstrip()
        if not bare or bare.startswith("#"):
            continue
        item = bare.startswith("- ")
        option = _option(bare[2:].lstrip() if item else bare)
        if option is None:
            if bare.startswith("- ") and found and found[-1][1]:  # an item of a list of values
                last = found[-1][1][-1]
                found[-1][1][-1] = Option(last.name, (*last.words, *_words(bare[2:])))
                continue
            raise NotDnsConf(f"a line is no option: {bare[:60]!r}")
        if line == bare and not item:
            section = option.name
            found.append((section, []))
            if option.words:  # include: "file" at the margin
                found[-1][1].append(option)
        else:
            if item and found and found[-1][1]:
                found.append((section, []))
            if not found:
                raise NotDnsConf("an option stands before any section")
            found[-1][1].append(Option(option.name, tuple(w for word in option.words for w in re.split(r"[\[\],]", word) if w)))
    return tuple(Clause(name, tuple(options)) for name, options in found)


def _lines(data: bytes) -> Iterator[Option]:
    for raw in _checked(data):
        bare = raw.strip()
        while bare and not bare.startswith("#"):
            option = _option(bare)
            if option is None:
                raise NotDnsConf(f"a line is no option: {bare[:60]!r}")
            # A clause and its first option may stand on one line: server: verbosity: 1
            if option.name in CLAUSES and option.words and option.value.endswith(":"):
                yield Option(option.name, ())
                bare = bare[bare.index(":") + 1 :].strip()
                continue
            yield option
            break


def _checked(data: bytes) -> list[str]:
    if b"\0" in data:
        raise NotDnsConf("the text holds zero octets")
    lines = data.decode("utf-8", "replace").replace("\r", "").split("\n")
    if len(lines) > MOST_LINES:
        raise NotDnsConf(f"more than {MOST_LINES} lines")
    return lines


def _option(text: str) -> Option | None:
    found = _OPTION.match(text)
    return None if found is None else Option(found[1].lower(), tuple(_words(found[2])))


def _words(text: str) -> list[str]:
    return [a or b or c for a, b, c, comment in _WORD.findall(text.partition(" #")[0]) if not comment]

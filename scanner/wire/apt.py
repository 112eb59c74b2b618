"""apt.conf(5) and sources.list(5): text to assignments and to sources. Reads no file itself, follows no ``#include``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

MOST_OCTETS = 2_000_000
MOST_WORDS = 100_000
DEEPEST = 50
MOST_SOURCES = 5_000

_WORD = re.compile(r'"(?:\\.|[^"\\])*"|[{};]|[^\s{};"]+')
_COMMENT = re.compile(r'("(?:\\.|[^"\\])*")|//[^\n]*|/\*.*?(?:\*/|\Z)|#(?!clear\b|include\b)[^\n]*', re.DOTALL)
_ON = frozenset({"yes", "true", "with", "on", "enable", "1"})


class NotApt(ValueError):
    """The text is not of this language, or goes beyond the caps."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """One setting: its full name in lower case (``apt::periodic::enable``) and value; a list's items have a name that ends in ``::``.

    ``value`` is ``None`` for ``#clear``.
    """

    name: str
    value: str | None


@dataclass(frozen=True, slots=True)
class Source:
    """One source of packages. ``options`` have lower-case names, with dashes: ``trusted``, ``signed-by``, ``allow-insecure``."""

    line: int
    addresses: tuple[str, ...]
    suites: tuple[str, ...]
    options: Mapping[str, str]

    def says(self, option: str) -> bool:
        """Tell whether an option is switched on (apt's own words for yes)."""
        return self.options.get(option, "").strip().lower() in _ON


def _text(data: bytes) -> str:
    if len(data) > MOST_OCTETS:
        raise NotApt(f"more than {MOST_OCTETS} octets")
    return data.decode("utf-8", "replace").replace("\r\n", "\n")


def is_on(value: str | None) -> bool:
    """Read a value as apt reads a switch."""
    return (value or "").strip().lower() in _ON


def configuration(data: bytes) -> tuple[Assignment, ...]:
    """Read an apt.conf file, or what ``apt-config dump`` prints, in its order. Raises ``NotApt``."""
    text = _COMMENT.sub(lambda match: match[1] or " ", _text(data))
    found: list[Assignment] = []
    scope: list[str] = []
    words: list[str] = []
    for count, match in enumerate(_WORD.finditer(text)):
        if count > MOST_WORDS:
            raise NotApt(f"more than {MOST_WORDS} words")
        word = match[0]
        if word == "{":
            if len(scope) >= DEEPEST:
                raise NotApt(f"more than {DEEPEST} scopes")
            scope.append(words[0] if words else "")
            words = []
        elif word == "}":
            if scope:
                scope.pop()
            words = []
        elif word == ";":
            if words:
                found.append(_assigned(scope, words))
            words = []
        else:
            words.append(word)
    return tuple(found)


def _assigned(scope: list[str], words: list[str]) -> Assignment:
    if words[0] == "#clear":
        return Assignment("::".join([*scope, *words[1:2]]).lower(), None)
    if words[0].startswith('"'):  # an item of the list that the scope is
        return Assignment("::".join([*scope, ""]).lower(), _unquoted(words[0]))
    value = " ".join(_unquoted(word) for word in words[1:])
    return Assignment("::".join([*scope, words[0]]).lower(), value)


def _unquoted(word: str) -> str:
    return word[1:-1].replace('\\"', '"') if word.startswith('"') else word


def one_line_sources(data: bytes) -> tuple[Source, ...]:
    """Read a file in the one-line form (``deb [options] uri suite component…``); lines that are no source are left out."""
    found: list[Source] = []
    for number, line in enumerate(_text(data).split("\n"), 1):
        match = re.match(r"\s*deb(?:-src)?\s+(?:\[([^\]]*)\]\s*)?(\S+)\s+(\S+)", line.split("#", 1)[0])
        if match is None:
            continue
        if len(found) >= MOST_SOURCES:
            raise NotApt(f"more than {MOST_SOURCES} sources")
        pairs = [word.partition("=") for word in (match[1] or "").split()]
        options = {name.rstrip("+-").lower(): value for name, equals, value in pairs if equals}
        found.append(Source(number, (match[2],), (match[3],), options))
    return tuple(found)


def stanza_sources(data: bytes) -> tuple[Source, ...]:
    """Read a file in the deb822 form. Stanzas that are switched off or name no address are left out. Raises ``NotApt``."""
    found: list[Source] = []
    fields: dict[str, str] = {}
    begins, last = 1, ""
    for number, line in enumerate([*_text(data).split("\n"), ""], 1):
        if line.startswith("#"):
            continue
        if not line.strip():
            if len(found) >= MOST_SOURCES:
                raise NotApt(f"more than {MOST_SOURCES} sources")
            if fields.get("uris") and fields.get("enabled", "yes").strip().lower() not in {"no", "false", "off", "0", "without", "disable"}:
                found.append(Source(begins, tuple(fields["uris"].split()), tuple(fields.get("suites", "").split()), dict(fields)))
            fields, last = {}, ""
            continue
        if line[0] in " \t":
            if last:
                fields[last] += "\n" + line.strip()
            continue
        name, colon, value = line.partition(":")
        if colon:
            begins = number if not fields else begins
            last = name.strip().lower()
            fields[last] = value.strip()
    return tuple(found)

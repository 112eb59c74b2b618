"""postgresql.conf and postgresql.auto.conf: text to settings, as PostgreSQL's guc-file.l reads them. No defaults, no other files."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

MOST_OCTETS = 4_000_000
MOST_SETTINGS = 20_000
INCLUDES = frozenset({"include", "include_if_exists", "include_dir"})
_NAME = r"[A-Za-z_\x80-\xff][A-Za-z_0-9\x80-\xff]*"
_STRING = r"'(?:[^'\\\n]|\\.|'')*'"
_BARE = r"[A-Za-z_\x80-\xff][A-Za-z_0-9\x80-\xff._:/-]*"
_NUMBER = r"[-+]?(?:0x[0-9a-fA-F]+|[0-9]*\.[0-9]*(?:[Ee][-+]?[0-9]+)?|[0-9]+)[A-Za-z]*"
_LINE = re.compile(
    # A name goes as far as it can: "ssl" alone is no name "ss" with the value "l".
    rf"({_NAME}(?:\.{_NAME})?)(?![A-Za-z_0-9.\x80-\xff])[ \t\r]*(?:=[ \t\r]*)?({_STRING}|{_BARE}|{_NUMBER})[ \t\r]*(?:#.*)?"
)
_ESCAPE = re.compile(r"''|\\([0-7]{1,3}|.)", re.DOTALL)
_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


class NotPostgresql(ValueError):
    """The text is no such configuration, or goes beyond the caps. The server would not take it either."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One line: a name in small letters, its value without quotes. ``include`` and its kin are among them, in their place."""

    name: str
    value: str
    line: int


def parse(data: bytes) -> tuple[Setting, ...]:
    """Read a whole file. Raises ``NotPostgresql``."""
    if len(data) > MOST_OCTETS or b"\0" in data:
        raise NotPostgresql("the text is too long, or holds zero octets")
    found = []
    # Octets, not letters: what a name is made of does not depend on an encoding.
    for number, line in enumerate(data.decode("latin-1").split("\n"), 1):
        text = line.strip(" \t\r")
        if not text or text.startswith("#"):
            continue
        match = _LINE.fullmatch(text)
        if match is None:
            raise NotPostgresql(f"line {number} is no setting")
        found.append(Setting(match[1].lower(), _unquoted(match[2]), number))
        if len(found) > MOST_SETTINGS:
            raise NotPostgresql(f"more than {MOST_SETTINGS} settings")
    return tuple(found)


def _unquoted(text: str) -> str:
    if text.startswith("'"):
        text = _ESCAPE.sub(_plain, text[1:-1])
    return text.encode("latin-1", "replace").decode("utf-8", "replace")


def _plain(found: re.Match[str]) -> str:
    escaped = found[1]
    if escaped is None:
        return "'"
    return chr(int(escaped, 8) & 0xFF) if escaped[0] in "01234567" else _ESCAPES.get(escaped, escaped)


def switched(value: str) -> bool | None:
    """Read a boolean as parse_bool() does: any beginning of a word that fits one only; ``None``: it is none."""
    text = value.lower()
    if not text or text == "o":
        return None
    if any(word.startswith(text) for word in _TRUE):
        return True
    return False if any(word.startswith(text) for word in _FALSE) else None


def words(value: str) -> tuple[str, ...]:
    """Split a list such as that of addresses: at commas, blanks around a part left out, double quotes taken off."""
    return tuple(part for piece in value.split(",") if (part := piece.strip().strip('"')))


def given(argv: Sequence[str]) -> dict[str, str]:
    """Give the settings of a server's command line, and its directory as ``-D`` (postgres(1)); later words win."""
    found: dict[str, str] = {}
    words_ = iter(argv)
    for word in words_:
        if word.startswith("--") and "=" in word:
            name, _, value = word[2:].partition("=")
        elif word[:2] in {"-c", "-D", "-h", "-p", "-k"}:
            text = word[2:] or next(words_, "")
            name, _, value = text.partition("=") if word[:2] == "-c" else (_SHORT[word[:2]], "", text)
        elif word == "-i":
            name, value = "listen_addresses", "*"
        elif word == "-l":
            name, value = "ssl", "on"
        else:
            continue
        found[name if name == "-D" else name.replace("-", "_").lower()] = value
    return found


_SHORT = {"-D": "-D", "-h": "listen_addresses", "-p": "port", "-k": "unix_socket_directories"}

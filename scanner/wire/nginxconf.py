"""nginx's configuration language: text to directives. Includes, inheritance and defaults are not known here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

MOST_OCTETS = 8_000_000
MOST_DIRECTIVES = 200_000
DEEPEST = 32
_SPACE = " \t\r\n"
_ESCAPED = {"t": "\t", "r": "\r", "n": "\n", '"': '"', "'": "'", "\\": "\\"}
_LUA = re.compile(r"--\[(=*)\[.*?\]\1\]|--[^\n]*|\[(=*)\[.*?\]\2\]|\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|[{}]", re.DOTALL)


class NotNginx(ValueError):
    """The text is no such configuration, or goes beyond the caps."""


@dataclass(frozen=True, slots=True)
class Directive:
    """One directive: its words, and what stands in its braces (``None``: it has none)."""

    words: tuple[str, ...]
    block: tuple[Directive, ...] | None = None

    @property
    def name(self) -> str:
        """Its first word; nginx tells capital and small letters apart."""
        return self.words[0]

    @property
    def value(self) -> str:
        """The word behind the name, empty where there is none."""
        return self.words[1] if len(self.words) > 1 else ""


def parse(data: bytes) -> tuple[Directive, ...]:
    """Read one file. Raises ``NotNginx``. A block of Lua is kept as a directive with an empty block."""
    if len(data) > MOST_OCTETS or b"\0" in data:
        raise NotNginx("the text is too long, or holds zero octets")
    count = 0
    open_: list[tuple[tuple[str, ...], list[Directive]]] = [((), [])]
    words: list[str] = []
    for word, quoted in _tokens(data.decode("utf-8", "replace")):
        if quoted or word not in {";", "{", "}"}:
            words.append(word)
            continue
        if word == "}":
            if words or len(open_) == 1:
                raise NotNginx("a brace is closed that was not open, or a directive is not ended")
            head, inner = open_.pop()
            open_[-1][1].append(Directive(head, tuple(inner)))
            continue
        if not words:
            raise NotNginx(f"{word} without a directive")
        count += 1
        if count > MOST_DIRECTIVES or len(open_) > DEEPEST:
            raise NotNginx(f"more than {MOST_DIRECTIVES} directives, or nested deeper than {DEEPEST}")
        if word == ";":
            open_[-1][1].append(Directive(tuple(words)))
        else:
            open_.append((tuple(words), []))
        words = []
    if words or len(open_) != 1:
        raise NotNginx("the text ends within a directive")
    return tuple(open_[0][1])


def _tokens(text: str) -> Iterator[tuple[str, bool]]:
    """Give the tokens, and whether each was quoted, as ``ngx_conf_read_token`` takes them apart."""
    at, first = 0, True
    lua = False
    while at < len(text):
        letter = text[at]
        if letter in _SPACE:
            at += 1
        elif letter == "#":
            end = text.find("\n", at)
            at = len(text) if end < 0 else end
        elif letter in ";{}":
            yield letter, False
            at += 1
            first = True
            if letter == "{" and lua:
                at = _behind_lua(text, at)
                yield "}", False
            lua = False
        elif letter in "\"'":
            token, at = _quoted(text, at)
            if at < len(text) and text[at] not in f"{_SPACE};{{)":
                raise NotNginx(f"{text[at]!r} follows a quotation at once")
            yield token, True
            first = False
        else:
            token, at = _bare(text, at)
            yield token, False
            lua = lua or (first and token.endswith("_by_lua_block"))
            first = False


def _quoted(text: str, at: int) -> tuple[str, int]:
    mark = text[at]
    found: list[str] = []
    at += 1
    while at < len(text):
        letter = text[at]
        if letter == mark:
            return "".join(found), at + 1
        if letter == "\\" and at + 1 < len(text):
            found.append(_ESCAPED.get(text[at + 1], text[at : at + 2]))
            at += 2
        else:
            found.append(letter)
            at += 1
    raise NotNginx("a quotation is not closed")


def _bare(text: str, at: int) -> tuple[str, int]:
    found: list[str] = []
    while at < len(text):
        letter = text[at]
        if letter == "\\" and at + 1 < len(text):
            found.append(_ESCAPED.get(text[at + 1], text[at : at + 2]))
            at += 2
        elif letter == "$" and text[at + 1 : at + 2] == "{":
            found.append("${")
            at += 2
        elif letter in f"{_SPACE};{{":  # a closing brace inside a word belongs to it: ${name}
            break
        else:
            found.append(letter)
            at += 1
    return "".join(found), at


def _behind_lua(text: str, at: int) -> int:
    """Give the place behind the brace that ends a block of Lua."""
    depth = 1
    for found in _LUA.finditer(text, at):
        depth += {"{": 1, "}": -1}.get(found[0], 0)
        if depth == 0:
            return found.end()
    raise NotNginx("a block of Lua is not closed")

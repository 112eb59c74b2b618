"""lighttpd's configuration language: text to statements. Includes, variables, conditions and defaults are not known here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

MOST_OCTETS = 8_000_000
MOST_STATEMENTS = 100_000
DEEPEST = 32
ASSIGNMENTS = frozenset({"=", "+=", ":="})
ELSE = frozenset({"else", "elif", "elsif", "elseif"})
"""All but the first, and ``if`` before a condition, since 1.4.74."""
COMPARISONS = frozenset({"==", "!=", "=~", "!~", "=^", "=$"})
_TOKEN = re.compile(
    r"""(?P<space>[ \t\xa0]+|\#[^\r\n]*)
    |(?P<end>[\r\n]+)
    |"(?P<text>(?:\\"|[^"\\]|\\(?!"))*)"
    |(?P<mark>=>|==|=~|=\^|=\$|!=|!~|\+=|:=|[=+(){}\[\],$])
    |(?P<word>[A-Za-z0-9._-]+)""",
    re.VERBOSE | re.DOTALL,
)


class NotLighttpd(ValueError):
    """The text is no such configuration, or goes beyond the caps."""


@dataclass(frozen=True, slots=True)
class Name:
    """A variable or setting whose value stands in for the word."""

    name: str


@dataclass(frozen=True, slots=True)
class Items:
    """What stands in parentheses: values, with a key where there is one."""

    items: tuple[tuple[Sum | None, Sum], ...]


@dataclass(frozen=True, slots=True)
class Sum:
    """Terms with ``+`` between them."""

    terms: tuple[str | int | Name | Items, ...]


@dataclass(frozen=True, slots=True)
class Assignment:
    """``name = value``, ``+=`` or ``:=``."""

    name: str
    how: str
    value: Sum


@dataclass(frozen=True, slots=True)
class Include:
    """A file, a pattern, or with ``shell`` a command whose output is read."""

    what: Sum
    shell: bool


@dataclass(frozen=True, slots=True)
class Condition:
    """``$HTTP["url"] =~ "^/x"``: ``field`` is ``HTTP[url]``."""

    field: str
    how: str
    value: Sum


@dataclass(frozen=True, slots=True)
class Block:
    """Statements under a condition; without one for all requests (``global``), or where nothing of the chain before holds (``else``)."""

    condition: Condition | None
    statements: tuple[Statement, ...]
    otherwise: bool = False
    """Whether it stands behind ``else``."""


Statement = Assignment | Include | Block
_Token = tuple[str, str]
"""Its kind and what it says."""


def parse(data: bytes) -> tuple[Statement, ...]:
    """Read one file. Raises ``NotLighttpd``."""
    if len(data) > MOST_OCTETS or b"\0" in data:
        raise NotLighttpd("the text is too long, or holds zero octets")
    reading = _Reading([*_tokens(data.decode("utf-8", "replace")), ("end", ""), ("stop", "")])
    return reading.statements("stop")


def _tokens(text: str) -> Iterator[_Token]:
    at, parentheses = 0, 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise NotLighttpd(f"{text[at]!r} stands where nothing of the kind can")
        at, kind = found.end(), str(found.lastgroup)
        said = found[kind]
        parentheses += {"(": 1, ")": -1}.get(said, 0) if kind == "mark" else 0
        if kind == "text":
            yield kind, said.replace('\\"', '"')  # no other letter is taken out of its backslash
        elif kind in {"mark", "word"} or (kind == "end" and parentheses <= 0):
            yield kind, said


class _Reading:
    """The tokens and how far they were read."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._count = 0
        self._depth = 0

    def _next(self) -> _Token:
        token = self._tokens[self._at]
        self._at += token[0] != "stop"
        return token

    def _sees(self, *marks: str) -> bool:
        kind, said = self._tokens[self._at]
        return kind == "mark" and said in marks

    def _take(self, mark: str) -> None:
        if not self._sees(mark):
            raise NotLighttpd(f"{mark} is missing before {self._tokens[self._at][1]!r}")
        self._at += 1

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > DEEPEST:
            raise NotLighttpd(f"nested deeper than {DEEPEST}")

    def statements(self, until: str) -> tuple[Statement, ...]:
        """Read up to the closing brace, or to the end of the text."""
        found: list[Statement] = []
        while True:
            kind, said = self._next()
            if kind == "end":
                continue
            if kind == until or (kind == "mark" and said == until):
                return tuple(found)
            self._count += 1
            if self._count > MOST_STATEMENTS:
                raise NotLighttpd(f"more than {MOST_STATEMENTS} statements")
            found.append(self._statement(kind, said, found))

    def _statement(self, kind: str, said: str, before: list[Statement]) -> Statement:
        if kind == "word" and said in {"include", "include_shell"}:
            return self._ended(Include(self._sum(), said == "include_shell"))
        if kind == "word" and said == "global":
            return Block(None, self._block())
        if kind == "word" and said in ELSE:
            if not before or not isinstance(before[-1], Block) or before[-1].condition is None:
                raise NotLighttpd("else without a condition before it")
            self._if()
            condition = self._condition() if self._sees("$") or said != "else" else None
            return Block(condition, self._block(), otherwise=True)
        if (kind == "mark" and said == "$") or (kind == "word" and said == "if" and self._sees("$")):
            self._at -= said == "$"
            return Block(self._condition(), self._block())
        if kind != "word":
            raise NotLighttpd(f"{said!r} begins no statement")
        how = self._next()[1]
        if how not in ASSIGNMENTS:
            raise NotLighttpd(f"{said} is followed by {how!r}")
        return self._ended(Assignment(_full(said), how, self._sum()))

    def _if(self) -> None:
        self._at += self._tokens[self._at] == ("word", "if")

    def _ended(self, statement: Statement) -> Statement:
        kind, said = self._tokens[self._at]
        if kind not in {"end", "stop"} and (kind, said) != ("mark", "}"):
            raise NotLighttpd(f"{said!r} stands behind a statement")
        return statement

    def _condition(self) -> Condition:
        self._take("$")
        kind, base = self._next()
        self._take("[")
        inner, part = self._next()
        self._take("]")
        how = self._next()[1]
        if kind != "word" or inner != "text" or how not in COMPARISONS:
            raise NotLighttpd(f"no condition is made of {base} {part} {how}"[:200])
        return Condition(f"{base}[{part}]", how, self._sum())

    def _block(self) -> tuple[Statement, ...]:
        while self._tokens[self._at][0] == "end":
            self._at += 1
        self._take("{")
        self._deeper()
        found = self.statements("}")
        self._depth -= 1
        return found

    def _sum(self) -> Sum:
        terms = [self._term()]
        while self._sees("+"):
            self._at += 1
            terms.append(self._term())
        return Sum(tuple(terms))

    def _term(self) -> str | int | Name | Items:
        kind, said = self._next()
        if kind == "text":
            return said
        if kind == "word":
            return int(said[:18]) if said.isascii() and said.isdecimal() else Name(_full(said))
        if (kind, said) != ("mark", "("):
            raise NotLighttpd(f"{said!r} is no value")
        self._deeper()
        items: list[tuple[Sum | None, Sum]] = []
        while not self._sees(")"):
            value = self._sum()
            key = None
            if self._sees("=>"):
                self._at += 1
                key, value = value, self._sum()
            items.append((key, value))
            while self._sees(","):
                self._at += 1
        self._take(")")
        self._depth -= 1
        return Items(tuple(items))


def _full(name: str) -> str:
    """Names without a dot are variables."""
    return name if "." in name else f"var.{name}"

"""named.conf of BIND 9: text to statements, and who an address match list lets in. Defaults of a version are not known here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_network

from scanner.wire.addresses import wide

MOST_OCTETS = 8_000_000
MOST_STATEMENTS = 200_000
DEEPEST = 16
DEEPEST_ACL = 32
_TOKEN = re.compile(r'\s+|#[^\n]*|//[^\n]*|/\*.*?\*/|"(?:[^"\\]|\\.)*"|[{};!]|(?:(?!/[*/])[^\s{};!"#])+', re.DOTALL)


class NotNamed(ValueError):
    """The text is no such configuration, or goes beyond the caps."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement: its words, and what stands in its braces (``None``: it has none). ``!`` is a word of its own."""

    words: tuple[str, ...]
    block: tuple[Statement, ...] | None

    @property
    def name(self) -> str:
        """Its first word, in small letters."""
        return self.words[0].lower() if self.words else ""


def parse(data: bytes) -> tuple[Statement, ...]:
    """Read a whole text. Raises ``NotNamed``."""
    if len(data) > MOST_OCTETS or b"\0" in data:
        raise NotNamed("the text is too long, or holds zero octets")
    tokens = _tokens(data.decode("utf-8", "replace"))
    count = 0
    open_: list[tuple[list[str], list[Statement]]] = [([], [])]
    closed: tuple[Statement, ...] | None = None
    for token in tokens:
        words, statements = open_[-1]
        match token:
            case "{":
                if closed is not None:
                    raise NotNamed("a statement has two blocks")
                open_.append(([], []))
                if len(open_) > DEEPEST:
                    raise NotNamed(f"nested deeper than {DEEPEST}")
            case "}":
                if len(open_) == 1 or words or closed is not None:
                    raise NotNamed("a brace is closed that was not open, or a statement is not ended")
                open_.pop()
                closed = tuple(statements)
            case ";":
                if words or closed is not None:
                    statements.append(Statement(tuple(words), closed))
                    count += 1
                words.clear()
                closed = None
            case _:
                # Words may follow a block: controls { inet * allow { any; } keys { k; }; }; only the last block is kept with all words.
                closed = None
                words.append(token)
        if count > MOST_STATEMENTS:
            raise NotNamed(f"more than {MOST_STATEMENTS} statements")
    if len(open_) != 1 or open_[0][0] or closed is not None:
        raise NotNamed("the text ends within a statement")
    return tuple(open_[0][1])


def _tokens(text: str) -> Iterator[str]:
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise NotNamed("a quotation or a comment is not closed")
        at = found.end()
        token = found[0]
        if not token[0].isspace() and not token.startswith(("#", "//", "/*")):
            yield re.sub(r"\\(.)", r"\1", token[1:-1]) if token[0] == '"' else token


def find(block: tuple[Statement, ...] | None, name: str) -> Statement | None:
    """Give the last statement of a name."""
    return next((s for s in reversed(block or ()) if s.name == name), None)


def value(block: tuple[Statement, ...] | None, name: str) -> str | None:
    """Give the word behind a name."""
    found = find(block, name)
    return found.words[1] if found and len(found.words) > 1 else None


def reaches(listed: tuple[Statement, ...], acls: Mapping[str, tuple[Statement, ...]]) -> set[str]:
    """Tell whom an address match list lets in: of ``everybody``, ``most``, ``itself``, ``some``; empty for nobody.

    ``most`` stands for networks that are larger than an organisation's own. The first element that fits an address decides, so
    nothing behind ``any`` counts, and ``!any`` ends the list. A list that nests itself raises ``NotNamed``.
    """
    return _reaches(listed, acls, {}, 0)


def _reaches(listed: tuple[Statement, ...], acls: Mapping[str, tuple[Statement, ...]], known: dict[str, set[str]], depth: int) -> set[str]:
    """See ``reaches``. ``known`` remembers lists by name: each is followed once, however often it is named."""
    if depth > DEEPEST_ACL:
        raise NotNamed("an address match list is nested too deep or in itself")
    found: set[str] = set()
    for element in listed:
        words = [word for word in element.words if word != "!"]
        refused = len(words) < len(element.words)
        if element.block is not None:
            inner = _reaches(element.block, acls, known, depth + 1)
        elif not words:
            continue
        else:
            inner = _of_word(words, acls, known, depth)
        if "everybody" in inner:
            return found if refused else found | {"everybody"}
        if not refused:
            found |= inner
    return found


def _of_word(words: list[str], acls: Mapping[str, tuple[Statement, ...]], known: dict[str, set[str]], depth: int) -> set[str]:
    word = words[0].lower()
    if word in acls:  # an acl of one's own may not be called any, none, localhost or localnets
        if word not in known:
            known[word] = _reaches(acls[word], acls, known, depth + 1)
        return known[word]
    if word in {"any", "0/0", "0.0.0.0/0", "::/0"}:
        return {"everybody"}
    if word == "none":
        return set()
    if _is_wide(word):
        return {"most"}
    return {"itself"} if word in {"localhost", "localnets", "key"} or word.startswith("127.") or word == "::1" else {"some"}


def _is_wide(word: str) -> bool:
    """Tell whether a network is larger than an organisation's own; BIND lets the last octets be left out: ``133/8``."""
    address, slash, length = word.partition("/")
    if slash and ":" not in address:
        address = ".".join([*address.rstrip(".").split("."), "0", "0", "0"][:4])
    try:
        return wide(ip_network(f"{address}{slash}{length}", strict=False))
    except ValueError:
        return False  # the name of a key, or a list that is not defined

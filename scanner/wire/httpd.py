"""Apache httpd's configuration language: text to directives and sections. Conditions, variables and merging are not known here."""

from __future__ import annotations

import re
from dataclasses import dataclass

MOST_OCTETS = 8_000_000
MOST_LINES = 200_000
DEEPEST = 32
_WORD = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|\'((?:[^\'\\]|\\.)*)\'|([^\s"\']\S*))')
_OPEN = re.compile(r"<([A-Za-z][\w:]*)\s*(.*?)\s*>?\Z", re.DOTALL)
_CLOSE = re.compile(r"</([A-Za-z][\w:]*)\s*>\Z")


class NotHttpd(ValueError):
    """The text is no such configuration, or goes beyond the caps."""


@dataclass(frozen=True, slots=True)
class Node:
    """A directive (``body`` is ``None``) or a section. ``name`` is in small letters, ``rest`` as it is written behind it."""

    name: str
    rest: str
    body: tuple[Node, ...] | None = None

    @property
    def words(self) -> tuple[str, ...]:
        """The arguments, taken apart at spaces and quotations."""
        return split(self.rest)


def parse(data: bytes) -> tuple[Node, ...]:
    """Read one file. Raises ``NotHttpd``. Sections may not reach beyond their file, as in httpd itself."""
    if len(data) > MOST_OCTETS or b"\0" in data:
        raise NotHttpd("the text is too long, or holds zero octets")
    lines = _lines(data.decode("utf-8", "surrogateescape"))
    open_: list[tuple[str, str, list[Node]]] = [("", "", [])]
    for line in lines:
        if not line or line.startswith("#"):
            continue
        if line.startswith("</"):
            closing = _CLOSE.match(line)
            if closing is None or len(open_) == 1 or open_[-1][0] != closing[1].lower():
                raise NotHttpd(f"a section is closed that was not open: {line[:60]!r}")
            name, rest, inner = open_.pop()
            open_[-1][2].append(Node(name, rest, tuple(inner)))
        elif line.startswith("<"):
            opening = _OPEN.match(line)
            if opening is None or not line.endswith(">"):
                raise NotHttpd(f"no section: {line[:60]!r}")
            open_.append((opening[1].lower(), opening[2], []))
            if len(open_) > DEEPEST:
                raise NotHttpd(f"nested deeper than {DEEPEST}")
        else:
            name, *rest_ = line.split(None, 1)
            open_[-1][2].append(Node(name.lower(), rest_[0] if rest_ else ""))
    if len(open_) != 1:
        raise NotHttpd(f"<{open_[-1][0]}> is not closed")
    return tuple(open_[0][2])


def _lines(text: str) -> list[str]:
    """Join lines that end in a backslash; spaces around a line mean nothing, nor does a carriage return at its end."""
    found: list[str] = []
    before = ""
    for raw in text.split("\n"):
        line = before + raw.removesuffix("\r")
        if line.endswith("\\"):
            before = line[:-1]
            continue
        before = ""
        found.append(line.strip())
        if len(found) > MOST_LINES:
            raise NotHttpd(f"more than {MOST_LINES} lines")
    return [*found, before.strip()]


def split(text: str) -> tuple[str, ...]:
    """Take arguments apart as ``ap_getword_conf`` does: quotations with backslashes, else up to the next space."""
    found, at = [], 0
    while match := _WORD.match(text, at):
        if match.end() == at:
            break
        quoted = match[1] if match[1] is not None else match[2]
        found.append(match[3] if quoted is None else re.sub(r"\\([\\\"'])", r"\1", quoted))
        at = match.end()
    if rest := text[at:].strip():  # a quotation without an end is taken as it stands
        found.append(rest)
    return tuple(found)

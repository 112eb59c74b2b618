"""udev rules, udev(7): text to rules. What a rule amounts to is decided elsewhere."""

from __future__ import annotations

import re
from dataclasses import dataclass

MOST_LINES = 50_000
_TERM = re.compile(r'\s*([A-Z_]+)(?:\{([^}"]*)\})?\s*(==|!=|\+=|-=|:=|=)\s*[ei]?"((?:[^"\\]|\\.)*)"\s*(?:,|$)')


class NotUdevRules(ValueError):
    """The text goes beyond the caps."""


@dataclass(frozen=True, slots=True)
class Term:
    """One comparison (``==``, ``!=``) or assignment, such as ``ATTR{authorized}="0"``."""

    key: str
    attribute: str
    operator: str
    value: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One line: what it compares and what it sets."""

    matches: tuple[Term, ...]
    sets: tuple[Term, ...]
    line: int


def parse(data: bytes) -> tuple[Rule, ...]:
    """Read one file. A line that is not made of terms is left out, as udev does. Raises ``NotUdevRules``."""
    lines = data.decode("utf-8", "replace").split("\n")
    if len(lines) > MOST_LINES:
        raise NotUdevRules(f"more than {MOST_LINES} lines")
    rules: list[Rule] = []
    joined, begun = "", 0
    for number, line in enumerate(lines, 1):
        if not joined:
            begun = number
            if line.lstrip().startswith("#"):
                continue
        joined += line.strip()
        if joined.endswith("\\"):
            joined = joined[:-1]
            continue
        terms = _terms(joined)
        if terms:
            matches = tuple(t for t in terms if t.operator in {"==", "!="})
            rules.append(Rule(matches, tuple(t for t in terms if t.operator not in {"==", "!="}), begun))
        joined = ""
    return tuple(rules)


def _terms(text: str) -> tuple[Term, ...]:
    found, at = [], 0
    while at < len(text):
        term = _TERM.match(text, at)
        if not term:
            return ()
        found.append(Term(term[1], term[2] or "", term[3], term[4]))
        at = term.end()
    return tuple(found)

"""The failures that the HTML report shows: by check, within it by what was seen, within that by subject. No layout is here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from scanner.report.html_checks import Variant
from scanner.report.html_papers import Paper, Papers

Line = dict[str, Any]  # one JSON object of the record

MOST_DETAILED = 40
"""Subjects of one finding shown with their evidence."""
MOST_NAMED = 100
"""Subjects beyond these that are still named."""
MOST_TARGETS_NAMED = 20
"""Targets named for one subject that several of them lead to."""


@dataclass(slots=True)
class Item:
    """One subject that fails."""

    line: Line
    papers: tuple[Paper, ...]
    targets: list[str]
    more_targets: int = 0


@dataclass(slots=True)
class Saying:
    """Subjects of which the same sentence is said."""

    message: Line
    items: list[Item] = field(default_factory=list)


@dataclass(slots=True)
class Group:
    """The failures of one check, judged with the same settings."""

    anchor: str
    line: Line
    variant: Variant
    count: int = 0
    """Results."""
    excepted: int = 0
    subjects: int = 0
    sayings: dict[str, Saying] = field(default_factory=dict)
    """By the Japanese sentence."""
    suggested: dict[tuple[str, ...], list[str]] = field(default_factory=dict)
    """Lines of configuration that the check suggests, each with the program's name before it; for which subjects."""
    named: list[str] = field(default_factory=list)
    _items: dict[tuple[str, str, str | None], Item] = field(default_factory=dict)
    _seen: set[int] = field(default_factory=set)

    def add(self, line: Line, papers: Papers) -> None:
        """Take one more result. A subject that several targets lead to is told once."""
        self.count += 1
        self.excepted += line["exception"] is not None
        key = (line["subject"], line["message"]["ja"], line["exception"])
        if (known := self._items.get(key)) is not None:
            if len(known.targets) < MOST_TARGETS_NAMED:
                known.targets.append(line["target"])
            else:
                known.more_targets += 1
            return
        if (mark := hash(key)) in self._seen:
            return
        self._seen.add(mark)
        self.subjects += 1
        if len(self._items) < MOST_DETAILED:
            self._show(key, line, papers)
        elif len(self.named) < MOST_NAMED:
            self.named.append(line["subject"])

    def _show(self, key: tuple[str, str, str | None], line: Line, papers: Papers) -> None:
        saying = self.sayings.setdefault(line["message"]["ja"], Saying(line["message"]))
        item = self._items[key] = Item(line, papers.of(line["evidence"]), [line["target"]])
        saying.items.append(item)
        if settings := suggested(line):
            self.suggested.setdefault(settings, []).append(line["subject"])

    @property
    def left_out(self) -> int:
        """How many subjects only the record names."""
        return self.subjects - len(self._items) - len(self.named)


def suggested(line: Line) -> tuple[str, ...]:
    """Give the lines of configuration that a result carries as its argument ``settings``: ``nginx: ssl_protocols TLSv1.3;``."""
    lines = line["args"].get("settings", ())
    return tuple(lines) if isinstance(lines, list) and all(isinstance(one, str) for one in lines) else ()


def by_program(lines: tuple[str, ...]) -> list[tuple[str, list[str]]]:
    """Put lines of configuration together by the program before the colon."""
    programs: dict[str, list[str]] = {}
    for line in lines:
        program, _, typed = line.partition(": ")
        programs.setdefault(program if typed else "", []).append(typed or program)
    return list(programs.items())

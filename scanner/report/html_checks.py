"""The checks of a record, each told once: the HTML report names them everywhere else by a reference. No layout is here."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

Line = dict[str, Any]  # one JSON object of the record

MOST_SENTENCES = 12
"""Sentences of one check, saying why it does not apply, that are told."""
_WORDS = ("check", "title", "severity", "why", "remedy", "settings")


@dataclass(slots=True)
class Variant:
    """One check as judged with certain settings: its words, the articles that it bears on, and how often it ended how."""

    n: int
    line: Line
    controls: dict[tuple[str, str], Line] = field(default_factory=dict)
    outcomes: Counter[str] = field(default_factory=Counter)
    sentences: dict[str, tuple[int, Line]] = field(default_factory=dict)
    """Why it did not apply, with a number, by the Japanese sentence."""
    finding: str | None = None
    """The anchor of its failures."""
    fails_elsewhere: bool = False
    """Whether it fails in a run that stands beside this one, and not in this."""
    _bears: object = None

    @property
    def anchor(self) -> str:
        """The anchor of its words."""
        return f"k{self.n}"

    def take(self, line: Line) -> None:
        """Count one more result. Its articles are added: they differ by protocol."""
        self.outcomes[line["outcome"]] += 1
        controls = line["controls"]
        if controls and controls != self._bears:
            self._bears = controls
            for control in controls:
                self.controls.setdefault((control["baseline"], control["id"]), control)

    def keep_sentence(self, message: Line) -> None:
        """Keep why it did not apply."""
        known = self.sentences
        if message["ja"] not in known and len(known) < MOST_SENTENCES:
            known[message["ja"]] = (len(known) + 1, message)

    def sentence(self, message: Line) -> str:
        """Give the anchor of why it did not apply; that of the check where there are too many reasons."""
        known = self.sentences.get(message["ja"])
        return f"{self.anchor}-{known[0]}" if known else self.anchor


class Checks:
    """All checks of a record. Grows with the catalogue, not with the targets."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], Variant] = {}
        self._of: dict[tuple[str, str, str], Variant] = {}
        self._first: dict[str, Variant] = {}

    def __iter__(self) -> Iterator[Variant]:
        """Give them by id."""
        return iter(sorted(self._known.values(), key=lambda v: (v.line["check"], v.n)))

    def of(self, line: Line) -> Variant:
        """Give the variant that a result is of."""
        key = key_of(line)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = Variant(len(self._known) + 1, {name: line[name] for name in _WORDS})
            self._first.setdefault(key[0], known)
        return known

    def for_clause(self, check: str, baseline: str, control: str) -> Variant | None:
        """Give the variant that a clause rests on; any of the check where none names the clause."""
        if not self._of:
            for variant in self._known.values():
                for of in variant.controls:
                    self._of.setdefault((variant.line["check"], *of), variant)
        return self._of.get((check, baseline, control)) or self._first.get(check)


def key_of(line: Line) -> tuple[str, str]:
    """Give check and settings of a result: what tells one variant from another."""
    return line["check"], json.dumps(line["settings"], sort_keys=True) if line["settings"] else ""

"""The evidence that the HTML report shows, each piece once however many results rest on it. No layout is here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

Line = dict[str, Any]  # one JSON object of the record


@dataclass(slots=True)
class Paper:
    """What was seen of one fact, where."""

    n: int
    fact: str
    digest: str
    sightings: list[tuple[str, str]]
    """Source and excerpt."""
    _written: bool = False

    @property
    def anchor(self) -> str:
        """The anchor of the place where it is written."""
        return f"e{self.n}"

    def first(self) -> bool:
        """Whether this is the first place that asks: it writes the evidence, the others refer to it."""
        written, self._written = self._written, True
        return not written


class Papers:
    """The evidence of all results that are shown with it. Grows with these, which are capped."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str, tuple[str, str]], Paper] = {}

    def of(self, evidence: Iterable[Line]) -> tuple[Paper, ...]:
        """Keep the evidence of a result, by fact. A fact that nothing was sighted of is named without."""
        facts: dict[tuple[str, str], list[tuple[str, str]]] = {}
        for one in evidence:
            seen = facts.setdefault((one["fact"], one["digest"]), [])
            if one["source"] or one["excerpt"]:
                seen.append((one["source"], one["excerpt"]))
        return tuple(self._kept(fact, digest, seen) for (fact, digest), seen in facts.items())

    def _kept(self, fact: str, digest: str, sightings: list[tuple[str, str]]) -> Paper:
        # The same fact may have been sighted at several places, so that the first sighting is part of the key. A result that
        # rests on many facts has less room for each: the longest list of one fact is the one to show.
        key = (fact, digest, sightings[0] if sightings else ("", ""))
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = Paper(len(self._known) + 1, fact, digest, sightings)
        elif len(sightings) > len(known.sightings):
            known.sightings = sightings
        return known

"""What every reader does with excerpts that support a fact, and how much it keeps. Loads on every platform."""

from __future__ import annotations

from scanner.model.fact import Evidence

KEPT = 64
"""Excerpts of evidence that one reader keeps; later ones are dropped."""
EXCERPT = 2_000


class Keeping:
    """What every reader does with excerpts."""

    def __init__(self) -> None:
        self._kept: list[Evidence] = []

    def keep(self, source: str, excerpt: str) -> None:
        """Keep an excerpt as evidence, capped in length and number."""
        if len(self._kept) < KEPT:
            self._kept.append(Evidence(source[:EXCERPT], excerpt[:EXCERPT]))

    def evidence(self) -> tuple[Evidence, ...]:
        """Give what was kept, in order."""
        return tuple(self._kept)

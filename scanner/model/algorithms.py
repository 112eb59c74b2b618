"""A list of approved algorithms and the strength that keys must have, as values: names with their standing, key lengths, periods of use.

The data are in ``baselines/profiles/algorithms``; TLS, SSH, DNSSEC and DKIM are judged against the same list.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum, unique

from scanner.model.text import Text


@unique
class Standing(StrEnum):
    """Where an algorithm stands on the list."""

    RECOMMENDED = "recommended"
    RECOMMENDED_PQC = "recommended-pqc"
    CANDIDATE = "candidate"
    MONITORED = "monitored"
    """Kept for compatibility with running systems only (運用監視暗号リスト)."""
    UNLISTED = "unlisted"


@unique
class Use(StrEnum):
    """What a strength is good for in a period."""

    USABLE = "usable"
    TRANSITION = "transition"
    """The move to more bits has to be completed inside the period (移行完遂期間)."""
    TOLERATED = "tolerated"
    """Accepted for data processed before (許容)."""
    UNUSABLE = "unusable"


@unique
class Family(StrEnum):
    """Kinds of public key whose strength follows from their length."""

    RSA = "RSA"
    DH = "DH"
    EC = "EC"


@dataclass(frozen=True, slots=True)
class Period:
    """What a strength is good for between two years: ``new`` processing, and ``existing`` data already encrypted or signed."""

    strength: int
    first: int
    last: int
    new: Use
    existing: Use


@dataclass(frozen=True, slots=True)
class AlgorithmList:
    """The list. ``fixed`` has the strength of ciphers and hashes, ``lengths`` the least key length of each strength, in bits."""

    id: str
    title: Text
    edition: str
    entries: Mapping[str, Standing]
    fixed: Mapping[str, int]
    lengths: Mapping[Family, tuple[tuple[int, int], ...]]
    periods: tuple[Period, ...]

    def standing(self, name: str) -> Standing:
        """Tell where an algorithm stands, by the list's own name for it (``SHA-256``, ``3-key Triple DES``)."""
        return self.entries.get(name, Standing.UNLISTED)

    def strength(self, family: Family, bits: int) -> int:
        """Give the strength of a key in bits: that of the longest listed length that it reaches, 0 below all of them."""
        return max((strength for least, strength in self.lengths[family] if bits >= least), default=0)

    def least_bits(self, family: Family, strength: int) -> int:
        """Give the shortest key that has a strength. Raises ``KeyError`` for a strength that the list does not know."""
        for least, has in sorted(self.lengths[family]):
            if has >= strength:
                return least
        raise KeyError(strength)

    def use(self, strength: int, year: int, *, existing: bool = False) -> Use | None:
        """Tell what a strength is good for in a year; ``None`` outside the years that the list speaks of. Below all listed: unusable."""
        if not any(p.first <= year <= p.last for p in self.periods):
            return None
        fitting = [p for p in self.periods if p.first <= year <= p.last and p.strength <= strength]
        if not fitting:
            return Use.UNUSABLE
        best = max(fitting, key=lambda p: p.strength)
        return best.existing if existing else best.new

    def last_year(self, strength: int) -> int | None:
        """Give the last year in which new processing with a strength is usable or in transition; ``None`` for one never usable."""
        good = [p for p in self.periods if p.strength <= strength and p.new is not Use.UNUSABLE]
        best = max((p.strength for p in good), default=None)
        return max((p.last for p in good if p.strength == best), default=None)

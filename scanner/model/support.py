"""Until when releases of operating systems are supported, as values. The data are in ``baselines/profiles/support``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from scanner.model.text import Text

REGULAR = "regular"
"""The kind of support that everybody has; every other is something that an organisation has to subscribe to or to choose."""


@dataclass(frozen=True, slots=True)
class Phase:
    """Security updates until a day, of one kind."""

    kind: str
    until: date


@dataclass(frozen=True, slots=True)
class SupportedRelease:
    """One release of one system; ``confirmed`` is false where the days could not be checked at their source."""

    system: str
    release: str
    phases: tuple[Phase, ...]
    confirmed: bool


@dataclass(frozen=True, slots=True)
class SupportTable:
    """Releases with the days on which their support ends."""

    id: str
    title: Text
    edition: str
    releases: tuple[SupportedRelease, ...]

    def find(self, system: str, release: str) -> SupportedRelease | None:
        """Give the row of a release: of its exact number, else of the number before the first full stop."""
        for wanted in dict.fromkeys((release, release.split(".", 1)[0])):
            for row in self.releases:
                if (row.system, row.release) == (system, wanted):
                    return row
        return None

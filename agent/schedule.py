"""When to report and when to try again: spread by chance, so that ten thousand machines do not come in the same second."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

SPREAD = 0.1
"""An interval is up to this part shorter or longer."""
FIRST_WAIT = 15.0
LONGEST_WAIT = 3600.0


def next_interval(interval: float, rng: Random) -> float:
    """Give the seconds until the next report."""
    return interval * rng.uniform(1 - SPREAD, 1 + SPREAD)


def first_delay(interval: float, rng: Random) -> float:
    """Give the seconds to wait after a start: a whole office switches its machines on at nine."""
    return rng.uniform(0, min(interval / 4, 300))


@dataclass
class BackOff:
    """Waits that double from failure to failure, each drawn between half and whole."""

    rng: Random
    failures: int = 0

    def next(self, patience: float) -> float:
        """Give the seconds to wait after one more failure; never less than the hub asked for."""
        longest = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(self.failures, 20))
        self.failures += 1
        return max(patience, self.rng.uniform(longest / 2, longest))

    def reset(self) -> None:
        """It worked."""
        self.failures = 0

"""What a look at one DNS program's configuration gives, and reading root hints. Shared by the readers of the programs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from scanner.facts.dns_configuration import ServedZone
from scanner.facts.readings import Audience
from scanner.hosts.base import Reader
from scanner.hosts.linux.base import file_needed
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason

MOST_HINTS = 100
MOST_ZONES = 2_000


@dataclass(frozen=True)
class Read:
    """See ``DnsProgram`` for the parts; ``files`` are those that were read."""

    source: str
    files: tuple[str, ...]
    version: str | Unobserved
    recursion: Audience | Unobserved | None
    zones: tuple[ServedZone, ...] | Unobserved
    rate_limit: bool | Unobserved
    hides_version: bool | Unobserved
    validates: bool | Unobserved | None
    anchor_kept: bool | Unobserved | None
    hints: tuple[str, ...] | Unobserved | None


def hints(read: Reader, path: str) -> tuple[str, ...]:
    """Give the addresses in a file of root hints, sorted. Raises ``CannotObserve``."""
    data = file_needed(read, path)
    lines = [line.split(";")[0].split() for line in data.decode("ascii", "replace").split("\n")]
    found = {
        words[-1].lower()
        for words in lines
        if len(words) > 2 and words[-2].upper() in {"A", "AAAA"} and re.fullmatch(r"[0-9A-Fa-f.:]+", words[-1])
    }
    if len(found) > MOST_HINTS:
        raise CannotObserve(Reason.TOO_LARGE, f"{path}: more than {MOST_HINTS} addresses")
    return tuple(sorted(found))


def among(zones: Sequence[ServedZone], others: Unobserved | None = None) -> tuple[ServedZone, ...] | Unobserved:
    """Give the zones of the text; ``others`` tells why there may be more, and leaves all open unless a zone of the text decides."""
    if len(zones) > MOST_ZONES:
        others = Unobserved(Reason.TOO_LARGE, f"more than {MOST_ZONES} zones")
    if others is None:
        return tuple(zones)
    return tuple(zone for zone in zones if zone.transfers is Audience.EVERYBODY)[:MOST_ZONES] or others

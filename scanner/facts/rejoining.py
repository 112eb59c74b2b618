"""The fact about a machine's returns from other networks, as its hub tells it from report to report. Nothing reads it on the machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from scanner.facts.malware import MalwareProtection
from scanner.facts.network_history import JoinedNetwork
from scanner.facts.software import SecurityUpdates
from scanner.model.fact import Fact, Unobserved
from scanner.model.target import Kind


@dataclass(frozen=True, slots=True)
class Return:
    """The first report after networks were joined, and how the machine stood then.

    ``left_at`` is the time of the report before it, ``at`` of the report itself, both by the machine's clock.
    """

    left_at: str
    at: str
    networks: tuple[JoinedNetwork, ...]
    """Those joined in between, or still joined."""
    protection: MalwareProtection | Unobserved
    updates: SecurityUpdates | Unobserved


@dataclass(frozen=True, slots=True)
class Rejoinings(Fact):
    """A machine's latest returns, the newest first."""

    of: ClassVar[Kind] = Kind.MACHINE
    collected: ClassVar[bool] = False

    returns: tuple[Return, ...]
    untold: Unobserved | None
    """Why networks may have been joined since the newest return that are not told; ``None``: two reports were compared whole."""

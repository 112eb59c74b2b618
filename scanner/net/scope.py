"""What may be touched, as values: scope, entries, windows, consents. The ledger reads them from YAML; ``guard`` applies them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum, unique


@unique
class Level(StrEnum):
    """How far a scan may go. Passive: nothing is ever sent to the listed thing itself."""

    PASSIVE = "passive"
    NORMAL = "normal"
    INTRUSIVE = "intrusive"


@unique
class Match(StrEnum):
    """What an entry names: a domain with everything below it, one host name, or a network (CIDR or one address)."""

    DOMAIN = "domain"
    HOST = "host"
    NETWORK = "network"


@unique
class Purpose(StrEnum):
    """Why a conversation is wanted. Third parties are granted the first two only, and REVOCATION where the scope says so."""

    ZONE_DATA = "zone-data"
    TLS_HANDSHAKE = "tls-handshake"
    PUBLIC_POLICY = "public-policy"
    REVOCATION = "revocation"
    TEST = "test"
    INTRUSIVE = "intrusive"


@dataclass(frozen=True, slots=True)
class Window:
    """When something is allowed: between two moments, and within hours of the day on some days of the week.

    ``start`` and ``end`` carry a time zone; ``daily`` is local time at ``utc_offset_minutes`` and may pass midnight, the
    weekday (Monday is 0) is then the one on which it began. Nothing set means always.
    """

    start: datetime | None = None
    end: datetime | None = None
    daily: tuple[time, time] | None = None
    weekdays: tuple[int, ...] = ()
    utc_offset_minutes: int = 540

    def contains(self, now: datetime) -> bool:
        """Tell whether ``now`` (with a time zone) lies inside."""
        if (self.start and now < self.start) or (self.end and now >= self.end):
            return False
        if self.daily is None and not self.weekdays:
            return True
        local = (now + timedelta(minutes=self.utc_offset_minutes) - (now.utcoffset() or timedelta())).replace(tzinfo=None)
        day = local.weekday()
        if self.daily:
            first, last = self.daily
            clock = local.time()
            if first < last:
                if not first <= clock < last:
                    return False
            elif clock < last:
                day = (day - 1) % 7  # the window began yesterday
            elif clock < first:
                return False
        return not self.weekdays or day in self.weekdays


ALWAYS = Window()


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the scope. ``what`` is normalised: a name in lower-case A-labels without the final dot, or a CIDR.

    Empty ``zones`` means from every vantage point.
    """

    match: Match
    what: str
    level: Level = Level.NORMAL
    zones: tuple[str, ...] = ()
    window: Window = ALWAYS
    approved_by: str = ""


@dataclass(frozen=True, slots=True)
class Scope:
    """All that may be touched. Forbidden entries win over allowed ones; control networks are passive whatever is listed."""

    allowed: tuple[Entry, ...] = ()
    forbidden: tuple[Entry, ...] = ()
    control_networks: tuple[str, ...] = ()
    third_parties: bool = True
    """Whether hosts found on the way and not listed get DNS questions and one TLS handshake."""
    revocation: bool = False
    """Whether certification authorities that nobody listed are asked about the state of certificates, over HTTP."""


@dataclass(frozen=True, slots=True)
class Consent:
    """Consent to intrusive tests: ``target`` is a name (with ``*.`` for all below it) or a CIDR, ``tests`` are their ids or ``*``."""

    target: str
    tests: tuple[str, ...]
    window: Window
    approver: str

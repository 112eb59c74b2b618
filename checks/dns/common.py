"""What the DNS checks share: words for a name that does not exist, servers and those that stayed silent. No check is here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from checks.common import first_missing
from scanner.facts.dns import ServerView, ZoneServers, ZoneTransfers
from scanner.model.fact import Unobserved, cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text

NAME_ABSENT: Final[Mapping[str, Text]] = {
    "NAME_ABSENT": Text(ja="名前が DNS に存在しない", en="the name does not exist in the DNS"),
}
"""The tag of every check on a zone for a domain that the DNS does not know; ``dns.name.exists`` is the one that fails."""


def who(name: str, address: str) -> str:
    """Write a server for a sentence."""
    return f"{name} ({address})"


def unlooked(zone: ZoneServers | ZoneTransfers) -> Unobserved | None:
    """Say why a name server could not be asked at all, if so: its addresses could not be looked up."""
    return first_missing(server.addresses for server in zone.unresolved)


def unserved(zone: ZoneServers) -> Unobserved:
    """Say why nothing is known of a zone that nobody was seen to serve."""
    missing = unlooked(zone) or first_missing(view.answer for view in zone.views)
    ja, en = "{zone} のネームサーバがいずれも {zone} について答えない", "no name server of {zone} answers for it"
    return missing or cannot_tell(Reason.SERVER_FAILURE, ja, en, zone=zone.zone)


def serving(zone: ZoneServers) -> tuple[ServerView, ...]:
    """Give the server addresses that speak for the zone."""
    return tuple(v for v in zone.views if not isinstance(v.answer, Unobserved) and v.answer.serves)


def silent_names(zone: ZoneServers) -> dict[str, Unobserved]:
    """Name the servers of which nothing is known, because none of their addresses answered or could be found, and why."""
    answering = {v.name for v in zone.views if not isinstance(v.answer, Unobserved)}
    found: dict[str, Unobserved] = {}
    for view in zone.views:
        if view.name not in answering and isinstance(view.answer, Unobserved):
            found.setdefault(view.name, view.answer)
    for server in zone.unresolved:
        if isinstance(server.addresses, Unobserved) and server.name not in answering:
            found.setdefault(server.name, server.addresses)
    return found

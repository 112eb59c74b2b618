"""What a look at one DNS program's configuration gives, and reading root hints. Shared by the readers of the programs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network, summarize_address_range

from scanner.facts.dns_configuration import ServedZone
from scanner.facts.readings import Audience
from scanner.hosts.base import Reader
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from scanner.wire.addresses import wide

MOST_HINTS = 100
MOST_ZONES = 2_000
RANK = (Audience.NOBODY, Audience.ITSELF, Audience.SOME, Audience.EVERYBODY)


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
    data = read.file(path)
    if data is None:
        raise CannotObserve(Reason.UNSUPPORTED, f"{path} is not there")
    lines = [line.split(";")[0].split() for line in data.decode("ascii", "replace").split("\n")]
    found = {
        words[-1].lower()
        for words in lines
        if len(words) > 2 and words[-2].upper() in {"A", "AAAA"} and re.fullmatch(r"[0-9A-Fa-f.:]+", words[-1])
    }
    return tuple(sorted(found)[:MOST_HINTS])


def among(zones: Sequence[ServedZone], others: Unobserved | None = None) -> tuple[ServedZone, ...] | Unobserved:
    """Give the zones of the text; ``others`` tells why there may be more, and leaves all open unless a zone of the text decides."""
    if len(zones) > MOST_ZONES:
        others = Unobserved(Reason.TOO_LARGE, f"more than {MOST_ZONES} zones")
    if others is None:
        return tuple(zones)
    return tuple(zone for zone in zones if zone.transfers is Audience.EVERYBODY)[:MOST_ZONES] or others


def audience_of(text: str, own: Audience = Audience.ITSELF) -> Audience:
    """Say who has an address of a text: a network, ``ADDRESS&MASK``, ``FIRST-LAST``, a port after ``@``; ``own``: the machine itself.

    What cannot be read counts as some addresses: the programs refuse to start with it.
    """
    networks: list[IPv4Network | IPv6Network]
    try:
        bare = text.partition("@")[0]
        if "-" in bare:
            first, last = (ip_address(end) for end in bare.split("-", 1))
            networks = [*summarize_address_range(first, last)]
        else:
            networks = [ip_network(bare.replace("&", "/"), strict=False)]
    except (ValueError, TypeError):  # the latter for a range from one version to the other
        return Audience.SOME
    if any(wide(network) for network in networks):
        return Audience.EVERYBODY
    return own if all(network.is_loopback for network in networks) else Audience.SOME

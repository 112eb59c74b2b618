"""For whom a server does something, out of the words of its access lists: audiences compared, and addresses read. No program's grammar."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network, summarize_address_range

from scanner.facts.readings import Audience
from scanner.wire.addresses import Reach, special_use, whole, wide

_RANK = (Audience.NOBODY, Audience.ITSELF, Audience.SOME, Audience.EVERYBODY)


def widest(audiences: Iterable[Audience]) -> Audience:
    """Give the widest of audiences, nobody where there is none."""
    return max(audiences, key=_RANK.index, default=Audience.NOBODY)


def narrowest(audiences: Iterable[Audience]) -> Audience:
    """Give the narrowest of audiences, everybody where there is none."""
    return min(audiences, key=_RANK.index, default=Audience.EVERYBODY)


def shuts_out_all(denied: Iterable[str]) -> bool:
    """Tell whether words of an access list together name every address there is; a wide network that is denied leaves the rest."""
    return frozenset().union(*(whole(word) for word in denied)) == whole("all")


def audience_of(text: str, own: Audience = Audience.ITSELF) -> Audience:
    """Say who has an address of a text: ``all``, a network, ``ADDRESS&MASK``, ``FIRST-LAST``, with ``@`` and a port; ``own``: itself.

    What is none of these (a host name, a part of an address) counts as some addresses.
    """
    if text.lower() == "all":
        return Audience.EVERYBODY
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


def of_bound(text: str) -> Audience:
    """Say from where an address that a server listens on is reached: from the machine itself, from one network, from everywhere."""
    if text in {"", "*", "::*"}:
        return Audience.EVERYBODY
    try:
        address = ip_address(text)
    except ValueError:
        return Audience.ITSELF if text == "localhost" else Audience.EVERYBODY
    if address.is_loopback:
        return Audience.ITSELF
    block = special_use(address)
    return Audience.SOME if not address.is_unspecified and block is not None and block.reach is Reach.LOCAL else Audience.EVERYBODY

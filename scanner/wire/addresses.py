"""Which addresses are nobody's public ones, how far such an address means something, and which IPv4 address an IPv6 one carries inside.

The table follows the IANA special-purpose registries (RFC 6890 and what updates it). Python's own ``is_global`` differs from release to
release and does not say why. Data and look-ups only; who is refused or blamed for an address is decided elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address


class Reach(StrEnum):
    """From where an address of a block can be reached."""

    LOCAL = "local"  # from one machine, link or network
    NOWHERE = "nowhere"  # from no place that counts: documentation, benchmarks, groups, what nobody has assigned
    RELAYED = "relayed"  # from everywhere, as far as strangers' relays carry it
    GLOBAL = "global"  # from everywhere; the block has a special purpose all the same


@dataclass(frozen=True, slots=True)
class Block:
    """Addresses with a special purpose, and the document that gives it to them."""

    network: IPv4Network | IPv6Network
    what: str  # English, with its article: "a private address"
    source: str  # "RFC 1918"
    reach: Reach

    @property
    def words(self) -> str:
        """``a private address (RFC 1918)``."""
        return f"{self.what} ({self.source})"


def _blocks(*rows: tuple[str, str, str, Reach]) -> tuple[Block, ...]:
    return tuple(Block(ip_network(network), what, source, reach) for network, what, source, reach in rows)


# The first block that holds an address speaks: exceptions stand before what they are taken from.
_SPECIAL_4 = _blocks(
    ("0.0.0.0/8", "an address of this network", "RFC 1122", Reach.LOCAL),
    ("10.0.0.0/8", "a private address", "RFC 1918", Reach.LOCAL),
    ("100.64.0.0/10", "a shared address", "RFC 6598", Reach.LOCAL),
    ("127.0.0.0/8", "a loopback address", "RFC 1122", Reach.LOCAL),
    ("169.254.0.0/16", "a link-local address", "RFC 3927", Reach.LOCAL),
    ("172.16.0.0/12", "a private address", "RFC 1918", Reach.LOCAL),
    ("192.0.0.0/29", "an address of a DS-Lite or 464XLAT host", "RFC 7335", Reach.LOCAL),
    ("192.0.0.9/32", "a port control anycast address", "RFC 7723", Reach.GLOBAL),
    ("192.0.0.10/32", "a TURN anycast address", "RFC 8155", Reach.GLOBAL),
    ("192.0.0.0/24", "a protocol assignment", "RFC 6890", Reach.NOWHERE),
    ("192.0.2.0/24", "a documentation address", "RFC 5737", Reach.NOWHERE),
    ("192.88.99.0/24", "a former 6to4 relay address", "RFC 7526", Reach.NOWHERE),
    ("192.168.0.0/16", "a private address", "RFC 1918", Reach.LOCAL),
    ("198.18.0.0/15", "a benchmark address", "RFC 2544", Reach.NOWHERE),
    ("198.51.100.0/24", "a documentation address", "RFC 5737", Reach.NOWHERE),
    ("203.0.113.0/24", "a documentation address", "RFC 5737", Reach.NOWHERE),
    ("224.0.0.0/4", "a multicast address", "RFC 5771", Reach.NOWHERE),
    ("240.0.0.0/4", "a reserved or broadcast address", "RFC 1112", Reach.NOWHERE),
)
_SPECIAL_6 = _blocks(
    ("::/128", "the unspecified address", "RFC 4291", Reach.LOCAL),
    ("::1/128", "a loopback address", "RFC 4291", Reach.LOCAL),
    ("64:ff9b:1::/48", "a local NAT64 address", "RFC 8215", Reach.LOCAL),
    ("2001::/32", "a Teredo address", "RFC 4380", Reach.RELAYED),
    ("2001:1::1/128", "a port control anycast address", "RFC 7723", Reach.GLOBAL),
    ("2001:1::2/128", "a TURN anycast address", "RFC 8155", Reach.GLOBAL),
    ("2001:1::3/128", "a DNS-SD registration anycast address", "RFC 9665", Reach.GLOBAL),
    ("2001:2::/48", "a benchmark address", "RFC 5180", Reach.NOWHERE),
    ("2001:3::/32", "an address of multicast tunnels", "RFC 7450", Reach.GLOBAL),
    ("2001:4:112::/48", "an AS112 address", "RFC 7535", Reach.GLOBAL),
    ("2001:20::/28", "an ORCHIDv2 identifier", "RFC 7343", Reach.GLOBAL),
    ("2001:30::/28", "a drone identifier", "RFC 9374", Reach.GLOBAL),
    ("2001::/23", "a protocol assignment", "RFC 2928", Reach.NOWHERE),
    ("2001:db8::/32", "a documentation address", "RFC 3849", Reach.NOWHERE),
    ("3fff::/20", "a documentation address", "RFC 9637", Reach.NOWHERE),
    ("fc00::/7", "a unique local address", "RFC 4193", Reach.LOCAL),
    ("fe80::/10", "a link-local address", "RFC 4291", Reach.LOCAL),
    ("fec0::/10", "a site-local address", "RFC 3879", Reach.LOCAL),
    ("ff00::/8", "a multicast address", "RFC 4291", Reach.NOWHERE),
)
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_UNASSIGNED = Block(IPv6Network("::/0"), "no global unicast address", "RFC 4291", Reach.NOWHERE)
_MAPPED = Block(IPv6Network("::ffff:0:0/96"), "an IPv4-mapped address", "RFC 4291", Reach.LOCAL)
_NAT64 = Block(IPv6Network("64:ff9b::/96"), "an address behind a translator", "RFC 6052", Reach.NOWHERE)
WIDEST_OWN = {4: 16, 6: 32}
"""Public networks with shorter prefixes are larger than any one organisation's own."""
_LOW_96 = IPv6Network("::/96")  # IPv4-compatible, RFC 4291 section 2.5.5.1


def parse_address(text: str) -> Address:
    """Read an address; an IPv4-mapped IPv6 address is the IPv4 address. Raises ``ValueError``; a scope id (``%eth0``) is refused."""
    if "%" in text:
        raise ValueError(f"{text!r} has a scope id")
    address = ip_address(text)
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def is_address(text: str) -> bool:
    """Whether ``parse_address`` takes it."""
    try:
        parse_address(text)
    except ValueError:
        return False
    return True


def carried(address: Address) -> IPv4Address | None:
    """Give the IPv4 address to which packets for an IPv6 address are translated or tunnelled: 6to4, NAT64, IPv4-compatible."""
    if isinstance(address, IPv4Address):
        return None
    if address.sixtofour is not None:
        return address.sixtofour
    if address in _NAT64.network or (address in _LOW_96 and int(address) > 1):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def special_use(address: Address) -> Block | None:
    """Give the block that keeps an address from being a public one, ``None`` for public unicast addresses and NAT64's well-known prefix.

    An address carried inside is not looked at: ask for it with ``carried``.
    """
    if isinstance(address, IPv4Address):
        return next((block for block in _SPECIAL_4 if address in block.network), None)
    found = next((block for block in _SPECIAL_6 if address in block.network), None)
    if found is not None or address in _GLOBAL_UNICAST or address in _NAT64.network:
        return found
    return _UNASSIGNED


def wide(network: IPv4Network | IPv6Network) -> bool:
    """Whether a network is everybody, or public and larger than an organisation's own: whoever is let in from it is a stranger."""
    if network.prefixlen >= WIDEST_OWN[network.version]:
        return False
    block = special_use(network.network_address)
    return block is None or network.prefixlen < block.network.prefixlen or network.prefixlen == 0


def is_wide(text: str) -> bool | None:
    """Tell whether a network in CIDR form is ``wide``; ``None`` for what is no network."""
    try:
        return wide(ip_network(text, strict=False))
    except ValueError:
        return None


def whole(text: str) -> frozenset[int]:
    """Give the versions of IP of which a word of an access list names every address: ``all``, ``0.0.0.0/0``, ``::/0``."""
    if text.lower() == "all":
        return frozenset(WIDEST_OWN)
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        return frozenset()
    return frozenset({network.version}) if network.prefixlen == 0 else frozenset()


@lru_cache(maxsize=1024)  # mail hosts and name servers of providers serve many domains
def published(text: str) -> Block | None:
    """Give the block that keeps an A or AAAA record's address from being reached everywhere; ``None`` when nothing does.

    Written into a record, IPv4-mapped and NAT64 addresses are of no use to others even where the IPv4 address inside is public.
    Raises ``ValueError`` for what is no address.
    """
    address = ip_address(text)
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or carried(address)
        within = special_use(inner) if inner is not None else None
        dress = next((block for block in (_MAPPED, _NAT64) if address in block.network), None)
        if (found := within or dress) is not None:
            return found
    found = special_use(address)
    return None if found is None or found.reach is Reach.GLOBAL else found


def tunnelled(text: str) -> bool:
    """Whether an address belongs to an automatic tunnel over strangers' relays: 6to4 (RFC 3056) or Teredo (RFC 4380)."""
    address = ip_address(text)
    return isinstance(address, IPv6Address) and (address.sixtofour is not None or address.teredo is not None)

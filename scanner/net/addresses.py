"""Which addresses are nobody's public ones, and which IPv4 address an IPv6 address carries inside. Data and look-ups only.

The tables follow the IANA special-purpose registries (RFC 6890 and what updates it). Python's own ``is_global`` differs
from release to release and does not say why.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address

_SPECIAL_4 = [
    (IPv4Network(network), words)
    for network, words in (
        ("0.0.0.0/8", "an address of this network (RFC 1122)"),
        ("10.0.0.0/8", "a private address (RFC 1918)"),
        ("100.64.0.0/10", "a shared address (RFC 6598)"),
        ("127.0.0.0/8", "a loopback address"),
        ("169.254.0.0/16", "a link-local address (RFC 3927)"),
        ("172.16.0.0/12", "a private address (RFC 1918)"),
        ("192.0.0.0/24", "a protocol assignment (RFC 6890)"),
        ("192.0.2.0/24", "a documentation address (RFC 5737)"),
        ("192.88.99.0/24", "a former 6to4 relay address (RFC 7526)"),
        ("192.168.0.0/16", "a private address (RFC 1918)"),
        ("198.18.0.0/15", "a benchmark address (RFC 2544)"),
        ("198.51.100.0/24", "a documentation address (RFC 5737)"),
        ("203.0.113.0/24", "a documentation address (RFC 5737)"),
        ("224.0.0.0/4", "a multicast address"),
        ("240.0.0.0/4", "a reserved or broadcast address (RFC 1112)"),
    )
]
_SPECIAL_6 = [
    (IPv6Network(network), words)
    for network, words in (
        ("::/128", "the unspecified address"),
        ("::1/128", "a loopback address"),
        ("64:ff9b:1::/48", "a local NAT64 address (RFC 8215)"),
        ("2001::/23", "a protocol assignment (RFC 2928), Teredo among them"),
        ("2001:db8::/32", "a documentation address (RFC 3849)"),
        ("3fff::/20", "a documentation address (RFC 9637)"),
        ("fc00::/7", "a unique local address (RFC 4193)"),
        ("fe80::/10", "a link-local address (RFC 4291)"),
        ("fec0::/10", "a site-local address (RFC 3879)"),
        ("ff00::/8", "a multicast address"),
    )
]
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052 section 2.1
_LOW_96 = IPv6Network("::/96")  # IPv4-compatible, RFC 4291 section 2.5.5.1


def parse_address(text: str) -> Address:
    """Read an address; an IPv4-mapped IPv6 address is the IPv4 address. Raises ``ValueError``; a scope id (``%eth0``) is refused."""
    if "%" in text:
        raise ValueError(f"{text!r} has a scope id")
    address = ip_address(text)
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def carried(address: Address) -> IPv4Address | None:
    """Give the IPv4 address to which packets for an IPv6 address are translated or tunnelled: 6to4, NAT64, IPv4-compatible."""
    if isinstance(address, IPv4Address):
        return None
    if address.sixtofour is not None:
        return address.sixtofour
    if address in _NAT64 or (address in _LOW_96 and int(address) > 1):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def special_use(address: Address) -> str | None:
    """Say in a few English words what keeps an address from being a public one, or ``None`` for public unicast addresses."""
    if isinstance(address, IPv4Address):
        return next((words for network, words in _SPECIAL_4 if address in network), None)
    for network, words in _SPECIAL_6:
        if address in network:
            return words
    if address in _GLOBAL_UNICAST or address in _NAT64:
        return None
    return "no global unicast address (RFC 4291)"

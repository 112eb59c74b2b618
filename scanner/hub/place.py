"""Where a question comes from, as far as it tells people apart: an address, or the network of addresses that one person has."""

from __future__ import annotations

import ipaddress


def place_of(address: str) -> str:
    """Give what one person is likely to have of addresses: one of IPv4, a network of 64 bits of IPv6."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is None:
            return str(ipaddress.ip_network((found, 64), strict=False))
        found = found.ipv4_mapped  # a socket for both families gives IPv4 like this; in one /64 all of it would be one place
    return str(found)

"""What an IPv6 address tells of the transition technique that gave it."""

from __future__ import annotations

import ipaddress

from scanner.facts.ipv6 import Technique

SIX_TO_FOUR = ipaddress.IPv6Network("2002::/16")  # RFC 3056
TEREDO = ipaddress.IPv6Network("2001::/32")  # RFC 4380
_ISATAP = (0x00005EFE, 0x02005EFE)  # RFC 5214 section 6.1: the upper half of the interface identifier


def technique(address: ipaddress.IPv6Address) -> Technique | None:
    """Name the technique that gives such an address, or ``None``."""
    if address in SIX_TO_FOUR:
        return Technique.SIX_TO_FOUR
    if address in TEREDO:
        return Technique.TEREDO
    return Technique.ISATAP if (int(address) >> 32) & 0xFFFFFFFF in _ISATAP else None

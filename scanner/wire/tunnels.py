"""Packets that carry an echo request for the very host they are sent to, and what proves that they were unpacked. No sockets.

What is inside may live for one hop only: nothing that unpacks it can pass it on to somebody else.
Sources: RFC 2003 (IP in IP), RFC 2473 (tunnels over IPv6), RFC 2784 and 2890 (GRE), RFC 3056 (6to4), RFC 4213 (IPv6 in IPv4),
RFC 4380 (Teredo), RFC 5214 (ISATAP), RFC 6333 (the addresses of DS-Lite), RFC 792 and 4443 (ICMP).
"""

from __future__ import annotations

import struct
from ipaddress import IPv4Address, IPv6Address
from typing import Final

ICMP, IPIP, IPV6, GRE, ICMPV6 = 1, 4, 41, 47, 58
"""IP protocol numbers."""
MARKER_OCTETS = 16

_HOPS = 1
_DEEPEST = 3
_REPLIES = {ICMP: b"\x00\x00", ICMPV6: b"\x81\x00"}  # type and code of an echo reply
_REQUESTS = {ICMP: b"\x08\x00", ICMPV6: b"\x80\x00"}
_ERRORS = {ICMP: frozenset({3, 11, 12}), ICMPV6: frozenset({1, 3, 4})}  # unreachable, time exceeded, parameter problem
_QUOTED = {ICMP: IPIP, ICMPV6: IPV6}
_ERROR_HEADER = 8
_ETHERTYPES = {0x0800: IPIP, 0x86DD: IPV6}
_DS_LITE: Final = (IPv4Address("192.0.0.2"), IPv4Address("192.0.0.1"))  # RFC 6333 section 5.7: the client's end and the far one
_ALL_NODES: Final = IPv6Address("ff02::1")


def trials(carrier: int, ours: str, theirs: str, marker: bytes) -> tuple[bytes, ...]:
    """Make what goes into packets of IP protocol ``carrier`` from our address to theirs: each carries an echo request with ``marker``.

    More than one where an end recognises only what is addressed in its own manner.
    """
    here, there = _address(ours), _address(theirs)
    if isinstance(here, IPv4Address) and isinstance(there, IPv4Address):
        plain = ipv4(here, there, marker)
        if carrier == IPIP:
            return (plain,)
        if carrier == GRE:
            return (_gre(0x0800, plain),)
        return (
            ipv6(_six_to_four(here), _six_to_four(there), marker),
            ipv6(_six_to_four(here), _ALL_NODES, marker),
            ipv6(_isatap(here), _isatap(there), marker),
        )
    if isinstance(here, IPv6Address) and isinstance(there, IPv6Address):
        if carrier == IPIP:
            return (ipv4(*_DS_LITE, marker),)
        return (_gre(0x86DD, ipv6(here, there, marker)),) if carrier == GRE else (ipv6(here, there, marker),)
    raise ValueError(f"{ours} and {theirs} are not of one family")


def ipv4(source: IPv4Address, destination: IPv4Address, marker: bytes, *, kind: int = 8) -> bytes:
    """Make an IPv4 packet with an ICMP echo request (``kind`` 0: the reply)."""
    echo = _icmp(kind, struct.pack(">HH", int.from_bytes(marker[:2], "big"), 1) + marker)
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(echo), 0, 0, _HOPS, ICMP, 0, source.packed, destination.packed)
    return head[:10] + _checksum(head) + head[12:] + echo


def ipv6(source: IPv6Address, destination: IPv6Address, marker: bytes, *, kind: int = 128) -> bytes:
    """Make an IPv6 packet with an ICMPv6 echo request (``kind`` 129: the reply)."""
    return _icmpv6(source, destination, kind, struct.pack(">HH", int.from_bytes(marker[:2], "big"), 1) + marker, hops=_HOPS)


def teredo_solicitation() -> bytes:
    """Make what a Teredo client first sends to its server (RFC 4380 section 5.2.1), without an indication of a cone NAT."""
    return _icmpv6(IPv6Address("fe80::ffff:ffff:ffff"), IPv6Address("ff02::2"), 133, bytes(4), hops=255)


def teredo_advertised(payload: bytes) -> bool:
    """Tell whether a datagram is a Teredo server's router advertisement (RFC 4380 section 5.1.1: it may begin with indications)."""
    if payload[:2] == b"\x00\x01" and len(payload) >= 4:  # authentication: lengths of an identifier and a value, then 9 octets
        payload = payload[13 + payload[2] + payload[3] :]
    if payload[:2] == b"\x00\x00":  # origin: port and address
        payload = payload[8:]
    protocol, inside = _unwrapped(IPV6, payload)
    return protocol == ICMPV6 and inside[:2] == b"\x86\x00"


def unpacked(protocol: int, payload: bytes, marker: bytes) -> bool:
    """Tell whether a packet's payload proves that the echo request was unpacked; it may itself be inside other packets.

    That is the echo reply with this marker, or an ICMP error about the request: a filter that turns it down has met it unwrapped.
    """
    for _ in range(_DEEPEST):
        if protocol in _REPLIES:
            if payload[:1] and payload[0] in _ERRORS[protocol]:
                about, quoted = _unwrapped(_QUOTED[protocol], payload[_ERROR_HEADER:])
                return about == protocol and quoted[:2] == _REQUESTS[protocol] and quoted[8 : 8 + MARKER_OCTETS] == marker
            return payload[:2] == _REPLIES[protocol] and payload[8:] == marker
        protocol, payload = _unwrapped(protocol, payload)
    return False


def _unwrapped(protocol: int, payload: bytes) -> tuple[int, bytes]:
    """Give the protocol and payload of the packet inside; protocol 0 where there is none that could be read."""
    if protocol == IPIP and len(payload) >= 20 and payload[0] >> 4 == 4:
        return payload[9], payload[(payload[0] & 15) * 4 : int.from_bytes(payload[2:4], "big")]
    if protocol == IPV6 and len(payload) >= 40 and payload[0] >> 4 == 6:
        return payload[6], payload[40 : 40 + int.from_bytes(payload[4:6], "big")]
    if protocol == GRE and len(payload) >= 4 and not payload[0] & 0x40 and not payload[1] & 7:  # no source route, version 0
        optional = sum(4 for flag in (0x80, 0x20, 0x10) if payload[0] & flag)  # checksum, key, sequence number
        return _ETHERTYPES.get(int.from_bytes(payload[2:4], "big"), 0), payload[4 + optional :]
    return 0, b""


def _address(text: str) -> IPv4Address | IPv6Address:
    return IPv6Address(text.partition("%")[0]) if ":" in text else IPv4Address(text)


def _gre(kind: int, inside: bytes) -> bytes:
    return struct.pack(">HH", 0, kind) + inside


def _six_to_four(address: IPv4Address) -> IPv6Address:
    return IPv6Address(0x2002 << 112 | int(address) << 80 | 1)


def _isatap(address: IPv4Address) -> IPv6Address:
    return IPv6Address(0xFE80 << 112 | 0x5EFE << 32 | int(address))


def _icmpv6(source: IPv6Address, destination: IPv6Address, kind: int, body: bytes, *, hops: int) -> bytes:
    ends = source.packed + destination.packed
    message = _icmp(kind, body, ends + struct.pack(">II", 4 + len(body), ICMPV6))
    return struct.pack(">IHBB", 6 << 28, len(message), ICMPV6, hops) + ends + message


def _icmp(kind: int, body: bytes, pseudo: bytes = b"") -> bytes:
    """Put type, code 0 and checksum before a body; ``pseudo`` is the header that ICMPv6 sums too (RFC 4443 section 2.3)."""
    return bytes([kind, 0]) + _checksum(pseudo + bytes([kind, 0, 0, 0]) + body) + body


def _checksum(data: bytes) -> bytes:
    """Sum as RFC 1071 does."""
    padded = data + bytes(len(data) % 2)
    total: int = sum(struct.unpack(f">{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return struct.pack(">H", ~total & 0xFFFF)

"""Record data, type by type: from the wire to a value, and to wire form with names decompressed. No message structure here.

Every reader gets the message, the bounds of the data and the names known so far, and gives ``(value, wire form)``. It
raises ``NotDns`` where the data does not fit its type; ``IndexError`` and ``struct.error`` are translated by ``parse``.
"""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Callable

from scanner.wire.dns.names import Known, escaped, read_name
from scanner.wire.dns.values import (
    Caa,
    Dnskey,
    Ds,
    Mx,
    NotDns,
    Nsec,
    Nsec3,
    Nsec3Param,
    RData,
    Rrsig,
    Soa,
    Tlsa,
    Type,
)

MOST_TYPES = 1024  # in one NSEC or NSEC3 bitmap; a name with more than a hundred types has not been seen

Reader = Callable[[bytes, int, int, Known], tuple[RData, bytes]]

_five = struct.Struct("!5I")
_key = struct.Struct("!HBB")
_sig = struct.Struct("!HBBIIIH")
_nsec3 = struct.Struct("!BBHB")


def _a(wire: bytes, at: int, end: int, known: Known) -> tuple[RData, bytes]:
    if end - at != 4:
        raise NotDns(f"an A record of {end - at} octets")
    data = wire[at:end]
    return "%d.%d.%d.%d" % (data[0], data[1], data[2], data[3]), data  # noqa: UP031  half the time of an f-string here


def _aaaa(wire: bytes, at: int, end: int, known: Known) -> tuple[RData, bytes]:
    if end - at != 16:
        raise NotDns(f"an AAAA record of {end - at} octets")
    data = wire[at:end]
    return str(ipaddress.IPv6Address(data)), data


def _name(wire: bytes, at: int, end: int, known: Known) -> tuple[RData, bytes]:
    name, full, after = read_name(wire, at, known)
    if after != end:
        raise NotDns(f"a name at octet {at} that does not fill its record")
    return name, full


def _mx(wire: bytes, at: int, end: int, known: Known) -> tuple[RData, bytes]:
    name, full, after = read_name(wire, at + 2, known)
    if after != end:
        raise NotDns(f"an MX record at octet {at} whose name does not fill it")
    return Mx(wire[at] << 8 | wire[at + 1], name), wire[at : at + 2] + full


def _txt(wire: bytes, at: int, end: int, known: Known) -> tuple[RData, bytes]:
    start = at
    strings = []
    while at < end:
        stop = at + 1 + wire[at]
        strings.append(wire[at + 1 : stop])
        at = stop
    if at != end:
        raise NotDns(f"a string in a TXT record at octet {start} that passes its end")
    return tuple(strings), wire[start:end]


def _soa(wire: bytes, at: int, end: int, known: Known) -> tuple[RData, bytes]:
    mname, mfull, middle = read_name(wire, at, known)
    rname, rfull, after = read_name(wire, middle, known)
    if end - after != 20:
        raise NotDns(f"an SOA record at octet {at} of a wrong length")
    return Soa(mname, rname, *_five.unpack_from(wire, after)), mfull + rfull + wire[after:end]


def _ds(wire: bytes, at: int, end: int, known: Known) -> tuple[RData, bytes]:
    data = wire[at:end]
    tag, algorithm, digest_type = _key.unpack_from(data)
    return Ds(tag, algorithm, digest_type, data[4:]), data


def _dnskey(wire: bytes, at: int, end: int, known: Known) -> tuple[RData, bytes]:
    data = wire[at:end]
    flags, protocol, algorithm = _key.unpack_from(data)
    return Dnskey(flags, protocol, algorithm, data[4:]), data


def _rrsig(wire: bytes, at: int, end: int, known: Known) -> tuple[RData, bytes]:
    # RFC 4034 section 3.1.7 forbids a compressed signer; one that comes all the same is read.
    fixed = wire[at : at + _sig.size]
    signer, full, after = read_name(wire, at + _sig.size, known)
    if after > end:
        raise NotDns(f"an RRSIG record at octet {at} whose signer passes its end")
    signature = wire[after:end]
    return Rrsig._make((*_sig.unpack(fixed), signer, signature)), fixed + full + signature


def _nsec(wire: bytes, at: int, end: int, known: Known) -> tuple[RData, bytes]:
    name, full, after = read_name(wire, at, known)
    return Nsec(name, _types(wire, after, end)), full + wire[after:end]


def _nsec3_record(wire: bytes, at: int, end: int, known: Known) -> tuple[RData, bytes]:
    algorithm, flags, iterations, salt_length = _nsec3.unpack_from(wire, at)
    hash_at = at + _nsec3.size + salt_length
    types_at = hash_at + 1 + wire[hash_at]
    salt = wire[at + _nsec3.size : hash_at]
    return Nsec3(algorithm, flags, iterations, salt, wire[hash_at + 1 : types_at], _types(wire, types_at, end)), wire[at:end]


def _nsec3param(wire: bytes, at: int, end: int, known: Known) -> tuple[RData, bytes]:
    data = wire[at:end]
    algorithm, flags, iterations, salt_length = _nsec3.unpack_from(data)
    if len(data) != _nsec3.size + salt_length:
        raise NotDns(f"an NSEC3PARAM record at octet {at} of a wrong length")
    return Nsec3Param(algorithm, flags, iterations, data[_nsec3.size :]), data


def _tlsa(wire: bytes, at: int, end: int, known: Known) -> tuple[RData, bytes]:
    data = wire[at:end]
    if len(data) < 3:
        raise NotDns(f"a TLSA record of {len(data)} octets")
    return Tlsa(data[0], data[1], data[2], data[3:]), data


def _caa(wire: bytes, at: int, end: int, known: Known) -> tuple[RData, bytes]:
    data = wire[at:end]
    value_at = 2 + data[1]
    if data[1] == 0 or value_at > len(data):
        raise NotDns(f"a CAA record at octet {at} whose tag is empty or passes its end")
    return Caa(data[0], escaped(data[2:value_at].lower()), data[value_at:]), data


def _types(wire: bytes, at: int, end: int) -> tuple[int, ...]:
    # RFC 4034 section 4.1.2: windows in ascending order, each with 1 to 32 octets of bits.
    types: list[int] = []
    last = -1
    while at < end:
        window, length = wire[at], wire[at + 1]
        at += 2
        if window <= last or not 0 < length <= 32 or at + length > end:
            raise NotDns(f"a type bitmap at octet {at - 2} with a wrong window")
        last = window
        for index, octet in enumerate(wire[at : at + length]):
            if octet:
                base = window << 8 | index << 3
                types.extend(base + bit for bit in range(8) if octet & 0x80 >> bit)
        if len(types) > MOST_TYPES:
            raise NotDns(f"a type bitmap of more than {MOST_TYPES} types")
        at += length
    if at != end:
        raise NotDns(f"a type bitmap that passes the end of its record at octet {end}")
    return tuple(types)


def _with_names(before: int, names: int, strings: int = 0, *, rest: bool = False) -> Reader:
    """Make the reader of an older type without a form of its own here, whose names may be compressed (RFC 3597 section 4)."""

    def read(wire: bytes, at: int, end: int, known: Known) -> tuple[RData, bytes]:
        position = at + before
        for _ in range(strings):
            position += 1 + wire[position]
        parts = [wire[at:position]]
        for _ in range(names):
            _, full, position = read_name(wire, position, known)
            parts.append(full)
        if position > end or (position < end and not rest):
            raise NotDns(f"a record at octet {at} whose names do not fill it")
        parts.append(wire[position:end])
        data = b"".join(parts)
        return data, data

    return read


READERS: dict[int, Reader] = {
    Type.NS: _name,
    Type.CNAME: _name,
    Type.SOA: _soa,
    Type.PTR: _name,
    Type.MX: _mx,
    Type.TXT: _txt,
    Type.DNAME: _name,
    Type.DS: _ds,
    Type.RRSIG: _rrsig,
    Type.NSEC: _nsec,
    Type.DNSKEY: _dnskey,
    Type.NSEC3: _nsec3_record,
    Type.NSEC3PARAM: _nsec3param,
    Type.TLSA: _tlsa,
    Type.CDS: _ds,
    Type.CDNSKEY: _dnskey,
    Type.CAA: _caa,
    3: _with_names(0, 1),  # MD
    4: _with_names(0, 1),  # MF
    7: _with_names(0, 1),  # MB
    8: _with_names(0, 1),  # MG
    9: _with_names(0, 1),  # MR
    14: _with_names(0, 2),  # MINFO
    17: _with_names(0, 2),  # RP
    18: _with_names(2, 1),  # AFSDB
    21: _with_names(2, 1),  # RT
    24: _with_names(18, 1, rest=True),  # SIG
    26: _with_names(2, 2),  # PX
    30: _with_names(0, 1, rest=True),  # NXT
    35: _with_names(4, 1, strings=3),  # NAPTR
    Type.SRV: _with_names(6, 1),
}
"""Types whose data does not depend on the class, or is read alike in all that matter."""

INTERNET: dict[int, Reader] = READERS | {Type.A: _a, Type.AAAA: _aaaa}
"""The same and those that only the class IN has in this form: Chaos has another A record (RFC 1035 section 3.4.1)."""

"""The DNS parser against dnspython as an oracle, against every cut, and against junk."""

from __future__ import annotations

import base64
import struct
from contextlib import suppress
from ipaddress import ip_address
from typing import Any

import dns.dnssec
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.wire.dns import BadName, Dnskey, Message, NotDns, Nsec, Record, Type, name_to_wire, parse, query

LABELS = st.binary(min_size=1, max_size=12) | st.sampled_from([b"example", b"jp", b"Www", b"_dmarc", b"xn--wgv71a", b"a" * 63])
NAMES: st.SearchStrategy[dns.name.Name] = st.lists(LABELS, max_size=3).map(lambda labels: dns.name.Name([*labels, b""]))
OCTETS = st.binary(max_size=40)
U8, U16, U32 = st.integers(0, 255), st.integers(0, 65535), st.integers(0, 2**32 - 1)


def wired(type_: int, *parts: st.SearchStrategy[bytes]) -> st.SearchStrategy[dns.rdata.Rdata]:
    """Record data made by dnspython from octets without compression."""
    return st.tuples(*parts).map(lambda p: _rdata(type_, b"".join(p)))


def _rdata(type_: int, wire: bytes) -> dns.rdata.Rdata:
    return dns.rdata.from_wire(dns.rdataclass.IN, dns.rdatatype.RdataType.make(type_), wire, 0, len(wire))


FULL = NAMES.map(lambda n: n.to_wire() or b"")
SHORT = U16.map(lambda n: n.to_bytes(2, "big"))
BYTE = U8.map(lambda n: bytes((n,)))
TEXTS = st.lists(OCTETS, min_size=1, max_size=4).map(lambda strings: b"".join(bytes((len(s),)) + s for s in strings))
TIMES = st.tuples(U32, U32, U32, U32, U32).map(lambda t: struct.pack("!5I", *t))
DATA = st.one_of(
    wired(Type.A, st.binary(min_size=4, max_size=4)),
    wired(Type.AAAA, st.binary(min_size=16, max_size=16)),
    wired(Type.NS, FULL),
    wired(Type.CNAME, FULL),
    wired(Type.PTR, FULL),
    wired(Type.DNAME, FULL),
    wired(Type.MX, SHORT, FULL),
    wired(Type.SRV, SHORT, SHORT, SHORT, FULL),
    wired(Type.TXT, TEXTS),
    wired(Type.SOA, FULL, FULL, TIMES),
    wired(Type.DS, SHORT, BYTE, st.just(b"\x02"), st.binary(min_size=32, max_size=32)),
    wired(Type.DNSKEY, SHORT, BYTE, st.integers(2, 255).map(lambda n: bytes((n,))), OCTETS),
    wired(Type.RRSIG, SHORT, BYTE, BYTE, st.binary(min_size=14, max_size=14), FULL, OCTETS),
    wired(Type.NSEC, FULL, st.sampled_from([b"\0\x01\x40", b"\0\x06\x40\x01\0\0\0\x03\x01\x01\x40"])),
    wired(Type.NSEC3PARAM, BYTE, BYTE, SHORT, st.binary(max_size=9).map(lambda s: bytes((len(s),)) + s)),
    wired(Type.TLSA, BYTE, BYTE, st.just(b"\0"), OCTETS),
    wired(Type.CAA, BYTE, st.sampled_from([b"\x05issue", b"\x05iodef"]), OCTETS),
    wired(65280, OCTETS),
)
RRSETS = st.lists(st.tuples(NAMES, st.integers(0, 2**31 - 1), DATA), max_size=6)


@st.composite
def messages(draw: st.DrawFn) -> dns.message.Message:
    asked = dns.message.make_query(draw(NAMES), draw(st.sampled_from(["A", "TXT", "MX", "TYPE65280"])), id=draw(U16))
    reply = dns.message.make_response(asked, recursion_available=draw(st.booleans()))
    for section in (reply.answer, reply.authority, reply.additional):
        for name, ttl, data in draw(RRSETS):
            section.append(dns.rrset.from_rdata(name, ttl, data))
    if draw(st.booleans()):
        reply.use_edns(0, dns.flags.DO, draw(st.integers(512, 65535)))
        reply.set_rcode(dns.rcode.Rcode(draw(st.integers(0, 23))))
    return reply


def flat(section: list[dns.rrset.RRset]) -> list[tuple[dns.name.Name, int, int, dns.rdata.Rdata]]:
    return [(rrset.name, rrset.rdtype, rrset.ttl, data) for rrset in section for data in rrset]


def agrees(seen: Record, name: dns.name.Name, type_: int, ttl: int, data: dns.rdata.Rdata) -> bool:
    same_data = _rdata(type_, seen.rdata) == data
    return same_data and dns.name.from_text(seen.name) == name and (seen.type, seen.ttl) == (type_, ttl) and _value_agrees(seen, data)


def _value_agrees(seen: Record, data: Any) -> bool:  # Any: dnspython chooses the class of the data when it runs
    """Compare the value's readable fields with the oracle's."""
    match seen.data:
        case str() if seen.type in (Type.A, Type.AAAA):
            return seen.data == str(ip_address(data.address))
        case str():
            return bool(dns.name.from_text(seen.data) == data.target)
        case Dnskey():
            return seen.data.key_tag == dns.dnssec.key_id(data)
        case Nsec():
            bits = [
                (window << 8 | 8 * index + bit, octet & 0x80 >> bit)
                for window, bitmap in data.windows
                for index, octet in enumerate(bitmap)
                for bit in range(8)
            ]
            return seen.data.types == tuple(number for number, present in bits if present)
        case tuple() if seen.type == Type.TXT:
            return bool(seen.data == data.strings)
        case bytes():
            return seen.data == seen.rdata
        case _:
            return True


@settings(max_examples=100, deadline=None)
@given(messages())
def test_what_dnspython_writes_is_read_as_dnspython_means_it(reply: dns.message.Message) -> None:
    wire = reply.to_wire(max_size=65535)
    seen = parse(wire)
    assert (seen.id, seen.qr, seen.ra, seen.size) == (reply.id, True, bool(reply.flags & dns.flags.RA), len(wire))
    assert seen.rcode == reply.rcode()
    assert (seen.edns is not None) == (reply.edns >= 0)
    assert seen.edns is None or (seen.edns.size, seen.edns.do) == (reply.payload, True)
    assert [dns.name.from_text(q.name) for q in seen.question] == [reply.question[0].name]
    for got, meant in ((seen.answer, reply.answer), (seen.authority, reply.authority), (seen.additional, reply.additional)):
        oracle = flat(meant)
        assert len(got) == len(oracle)
        assert all(agrees(record, *other) for record, other in zip(got, oracle, strict=True))


@settings(max_examples=25, deadline=None)
@given(messages())
def test_a_message_cut_anywhere_is_not_dns(reply: dns.message.Message) -> None:
    wire = reply.to_wire(max_size=65535)
    for cut in range(len(wire)):
        try:
            parse(wire[:cut])
        except NotDns:
            continue
        raise AssertionError(f"a message of {len(wire)} octets was read from its first {cut}")


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300))
def test_any_octets_end_in_a_message_or_not_dns(junk: bytes) -> None:
    with suppress(NotDns):
        assert isinstance(parse(junk), Message)
    with suppress(NotDns):
        assert isinstance(parse(b"\0\x01\x81\x80\0\x01\0\x02\0\x01\0\x01\x02jp\0\0\x01\0\x01" + junk), Message)


@settings(max_examples=100, deadline=None)
@given(messages(), st.data())
def test_a_message_with_changed_octets_ends_in_a_message_or_not_dns(reply: dns.message.Message, data: st.DataObject) -> None:
    wire = bytearray(reply.to_wire(max_size=65535))
    for _ in range(data.draw(st.integers(1, 4))):
        wire[data.draw(st.integers(0, len(wire) - 1))] = data.draw(U8 | st.sampled_from([0, 0xC0, 0xC0 | 0x0C, 63, 64]))
    with suppress(NotDns):
        assert isinstance(parse(bytes(wire)), Message)


@settings(max_examples=200, deadline=None)
@given(NAMES, U16, U16, st.booleans(), st.tuples(st.none() | U16, st.none() | U32))
def test_questions_are_read_by_dnspython_and_by_us(
    name: dns.name.Name, id_: int, type_: int, flag: bool, extras: tuple[int | None, int | None]
) -> None:
    edns, serial = extras
    text = parse(dns.message.make_query(name, "A").to_wire()).question[0].name
    assert name_to_wire(text) == (name.canonicalize().to_wire() or b"")
    wire = query(text, type_, id=id_, rd=flag, cd=not flag, edns=edns, do=flag, ixfr_serial=serial)
    theirs, ours = dns.message.from_wire(wire), parse(wire)
    assert (theirs.id, theirs.question[0].name, theirs.question[0].rdtype) == (id_, name, type_)
    assert (theirs.payload if edns is not None else None) == edns
    assert (ours.id, ours.question[0].name, ours.question[0].type, ours.rd, ours.cd) == (id_, text, type_, flag, not flag)
    assert (ours.edns.do if ours.edns else flag) == flag


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=80))
def test_any_text_is_a_name_or_a_bad_name(text: str) -> None:
    with suppress(BadName):
        assert len(name_to_wire(text)) <= 255


def test_the_tag_of_a_key_as_given_in_the_standard() -> None:
    # RFC 8080 section 6.1: Ed25519 key with tag 3613.
    key = base64.b64decode("l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4=")
    assert Dnskey(257, 3, 15, key).key_tag == 3613

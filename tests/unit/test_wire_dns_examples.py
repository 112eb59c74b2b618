"""DNS messages by example: what each kind of record gives, and each rule whose breach makes a message no DNS."""

from __future__ import annotations

import base64
import struct
from ipaddress import IPv6Address

import pytest

from scanner.wire.dns import (
    BadName,
    Caa,
    Dnskey,
    Ds,
    Edns,
    Mx,
    NotDns,
    Nsec,
    Nsec3,
    Nsec3Param,
    Question,
    Rclass,
    Rcode,
    RData,
    Record,
    Rrsig,
    Soa,
    Tlsa,
    Type,
    name_to_wire,
    parse,
    query,
    rcode_name,
    type_name,
)
from scanner.wire.dns.message import MOST_OPTIONS, MOST_QUESTIONS, MOST_RECORDS
from scanner.wire.dns.rdata import MOST_TYPES

QUESTION = b"\x07example\x02jp\0\0\x01\0\x01"
OWNER = b"\xc0\x0c"


def message(*records: bytes, flags: int = 0x8180, question: bytes = QUESTION, counts: tuple[int, int, int] | None = None) -> bytes:
    answers, authorities, additionals = counts or (len(records), 0, 0)
    return struct.pack("!6H", 7, flags, 1 if question else 0, answers, authorities, additionals) + question + b"".join(records)


def record(type_: int, data: bytes, *, owner: bytes = OWNER, rclass: int = 1, ttl: int = 300) -> bytes:
    return owner + struct.pack("!HHIH", type_, rclass, ttl, len(data)) + data


def opt(options: bytes = b"", *, owner: bytes = b"\0", flags: int = 0x8000, extended: int = 0, version: int = 0) -> bytes:
    return record(Type.OPT, options, owner=owner, rclass=1232, ttl=extended << 24 | version << 16 | flags)


KEY = b"\x01\x01\x03\x0d" + bytes(64)
RECORDS: list[tuple[int, bytes, RData, bytes | None]] = [
    (Type.A, b"\xc0\0\x02\x01", "192.0.2.1", None),
    (Type.AAAA, IPv6Address("2001:db8::1").packed, "2001:db8::1", None),
    (Type.NS, b"\x03NS1\xc0\x0c", "ns1.example.jp", b"\x03NS1\x07example\x02jp\0"),
    (Type.CNAME, b"\0", ".", None),
    (Type.MX, b"\0\x0a\x02mx\xc0\x0c", Mx(10, "mx.example.jp"), b"\0\x0a\x02mx\x07example\x02jp\0"),
    (Type.MX, b"\0\0\0", Mx(0, "."), None),
    (Type.TXT, b"\x03a\0b\x00\x01\xff", (b"a\0b", b"", b"\xff"), None),
    (Type.TXT, b"", (), None),
    (Type.SOA, b"\xc0\x0c\xc0\x0c" + struct.pack("!5I", 1, 2, 3, 4, 5), Soa("example.jp", "example.jp", 1, 2, 3, 4, 5), b"*"),
    (Type.DS, b"\x01\x02\x0d\x02dig", Ds(258, 13, 2, b"dig"), None),
    (Type.CDS, b"\0\0\0\0\0", Ds(0, 0, 0, b"\0"), None),
    (Type.DNSKEY, KEY, Dnskey(257, 3, 13, bytes(64)), None),
    (Type.CDNSKEY, KEY, Dnskey(257, 3, 13, bytes(64)), None),
    (
        Type.RRSIG,
        struct.pack("!HBBIIIH", 1, 13, 2, 300, 9, 8, 7) + b"\x02jp\0sig",
        Rrsig(1, 13, 2, 300, 9, 8, 7, "jp", b"sig"),
        None,
    ),
    (Type.NSEC, b"\x02jp\0\0\x02\x40\x01\x01\x01\x40", Nsec("jp", (1, 15, 257)), None),
    (Type.NSEC3, b"\x01\x01\0\x0a\x02ab\x03hsh\0\x01\x40", Nsec3(1, 1, 10, b"ab", b"hsh", (1,)), None),
    (Type.NSEC3PARAM, b"\x01\0\0\x05\0", Nsec3Param(1, 0, 5, b""), None),
    (Type.TLSA, b"\x03\x01\x01dig", Tlsa(3, 1, 1, b"dig"), None),
    (Type.CAA, b"\x80\x05IssueCA", Caa(128, "issue", b"CA"), None),
    (Type.CAA, b"\0\x03a\0b;", Caa(0, "a\\000b", b";"), None),
    (
        Type.SRV,
        b"\0\x01\0\x02\0\x19\x01s\xc0\x0c",
        b"\0\x01\0\x02\0\x19\x01s\x07example\x02jp\0",
        b"\0\x01\0\x02\0\x19\x01s\x07example\x02jp\0",
    ),
    (
        35,
        b"\0\x01\0\x02\x01u\0\x01!\xc0\x0c",
        b"\0\x01\0\x02\x01u\0\x01!\x07example\x02jp\0",
        b"\0\x01\0\x02\x01u\0\x01!\x07example\x02jp\0",
    ),
    (65280, b"\xc0\x0c", b"\xc0\x0c", None),
]


@pytest.mark.parametrize(("type_", "data", "value", "rdata"), RECORDS)
def test_each_type_gives_its_value_and_its_data_without_compression(type_: int, data: bytes, value: RData, rdata: bytes | None) -> None:
    (seen,) = parse(message(record(type_, data))).answer
    if rdata == b"*":
        rdata = b"\x07example\x02jp\0\x07example\x02jp\0" + data[4:]
    assert seen == Record("example.jp", type_, 300, value, data if rdata is None else rdata)


@pytest.mark.parametrize(
    ("type_", "data"),
    [
        (Type.A, b"\xc0\0\x02"),
        (Type.AAAA, bytes(15)),
        (Type.NS, b"\x02ns\xc0\x0c\0"),
        (Type.NS, b"\x02ns"),
        (Type.MX, b"\0\x0a"),
        (Type.MX, b"\0\x0a\0\0"),
        (Type.TXT, b"\x02a"),
        (Type.SOA, b"\0\0" + bytes(19)),
        (Type.DS, b"\0\0\0"),
        (Type.DNSKEY, b"\0"),
        (Type.RRSIG, bytes(17)),
        (Type.RRSIG, bytes(18) + b"\x02jp"),
        (Type.NSEC, b"\0\0"),
        (Type.NSEC, b"\0\0\x00"),
        (Type.NSEC, b"\0\0\x21" + bytes(33)),
        (Type.NSEC, b"\0\x01\x01\x40\0\x01\x40"),
        (Type.NSEC, b"\0" + b"".join(bytes((window, 32)) + b"\xff" * 32 for window in range(5))),
        (Type.NSEC3, b"\x01\0\0\0\x05abc"),
        (Type.NSEC3, b"\x01\0\0\0\0\x05abc"),
        (Type.NSEC3PARAM, b"\x01\0\0\0\x02a"),
        (Type.NSEC3PARAM, b"\x01\0\0\0\0a"),
        (Type.TLSA, b"\0\0"),
        (Type.CAA, b"\0"),
        (Type.CAA, b"\0\0value"),
        (Type.CAA, b"\0\x09issue"),
        (Type.SRV, b"\0\0\0\0\0\0"),
        (Type.SRV, b"\0\0\0\0\0\0\0\0"),
    ],
)
@pytest.mark.parametrize("behind", [b"", record(Type.A, b"\xc0\0\x02\x01") * 3])
def test_data_that_does_not_fit_its_type_is_not_dns(type_: int, data: bytes, behind: bytes) -> None:
    with pytest.raises(NotDns):
        parse(message(record(type_, data), behind, counts=(4 if behind else 1, 0, 0)))
    assert MOST_TYPES == 1024


def test_a_chaos_address_and_a_chaos_text() -> None:
    seen = parse(message(record(Type.A, b"\0\x01\x02", rclass=3), record(Type.TXT, b"\x049.18", rclass=3))).answer
    assert seen == (
        Record("example.jp", 1, 300, b"\0\x01\x02", b"\0\x01\x02", 3),
        Record("example.jp", 16, 300, (b"9.18",), b"\x049.18", 3),
    )


def test_header_bits_and_sections() -> None:
    wire = message(record(1, bytes(4)), record(2, b"\0"), record(16, b"\0"), opt(b"\0\x0f\0\x02\0\x06"), flags=0xA7B3, counts=(1, 1, 2))
    seen = parse(wire)
    assert (seen.id, seen.qr, seen.opcode, seen.aa, seen.tc, seen.rd, seen.ra, seen.ad, seen.cd) == (
        7,
        True,
        4,
        True,
        True,
        True,
        True,
        True,
        True,
    )
    assert (seen.rcode, seen.size) == (Rcode.NXDOMAIN, len(wire))
    assert seen.question == (Question("example.jp", 1, 1),)
    assert [len(section) for section in (seen.answer, seen.authority, seen.additional)] == [1, 1, 1]
    assert seen.edns == Edns(1232, 0, True, ((15, b"\0\x06"),))


def test_an_extended_response_code() -> None:
    seen = parse(message(opt(extended=1, version=1, flags=0), counts=(0, 0, 1), flags=0x8000))
    assert (seen.rcode, rcode_name(seen.rcode)) == (Rcode.BADVERS, "BADVERS")
    assert seen.edns == Edns(1232, 1, False, ())


def test_a_ttl_with_the_highest_bit_counts_as_zero() -> None:
    assert [r.ttl for r in parse(message(record(1, bytes(4), ttl=0x80000000), record(1, bytes(4), ttl=0x7FFFFFFF))).answer] == [
        0,
        0x7FFFFFFF,
    ]


@pytest.mark.parametrize(
    "wire",
    [
        b"",
        bytes(11),
        message(opt(), counts=(1, 0, 0)),
        message(opt(), opt(), counts=(0, 0, 2)),
        message(opt(owner=b"\xc0\x0c"), counts=(0, 0, 1)),
        message(opt(b"\0\x0f\0\x03ab"), counts=(0, 0, 1)),
        message(opt(b"\0\x0f\0"), counts=(0, 0, 1)),
        message(opt(b"\0\x0f\0\0" * (MOST_OPTIONS + 1)), counts=(0, 0, 1)),
        message() + b"\0",
        message(counts=(1, 0, 0)),
        message(counts=(65535, 65535, 65535)),
        message(record(1, bytes(4)) * (MOST_RECORDS + 1), counts=(MOST_RECORDS + 1, 0, 0)),
        struct.pack("!6H", 7, 0x8180, MOST_QUESTIONS + 1, 0, 0, 0) + QUESTION * (MOST_QUESTIONS + 1),
        message(record(16, bytes(4))[:-1] + bytes(70000)),
    ],
    ids=range(14),
)
def test_a_message_out_of_form_is_not_dns(wire: bytes) -> None:
    with pytest.raises(NotDns):
        parse(wire)


@pytest.mark.parametrize(
    ("owner", "why"),
    [
        (b"\xc0\x00", "pointer"),  # into the header
        (b"\xc0\x1c", "pointer"),  # to itself
        (b"\x01a\xc0\x1c", "pointer"),  # to its own beginning
        (b"\xc0\xff", "pointer"),  # forward
        (b"\x41" + b"a" * 65 + b"\0", "unknown kind"),
        (b"\x81a\0", "unknown kind"),
        ((b"\x3f" + b"a" * 63) * 4 + b"\0", "longer than 255"),
        ((b"\x3f" + b"a" * 63) * 3 + b"\x33" + b"a" * 51 + b"\xc0\x0c", "longer than 255"),
    ],
)
def test_names_that_break_a_rule(owner: bytes, why: str) -> None:
    with pytest.raises(NotDns, match=why):
        parse(message(record(1, bytes(4), owner=owner)))


def test_a_chain_of_pointers_has_a_limit() -> None:
    at = 12 + len(QUESTION) + 12  # data of the first record begins here
    data = b"\0"
    for _ in range(70):
        data += struct.pack("!H", 0xC000 | (at if len(data) == 1 else at + len(data) - 2))
    wire = message(record(65280, data), record(1, bytes(4), owner=struct.pack("!H", 0xC000 | (at + len(data) - 2))))
    with pytest.raises(NotDns, match="more than 64"):
        parse(wire)


def test_pointers_into_the_middle_of_a_name_and_of_a_tail() -> None:
    long = b"\x03www\xc0\x0c"
    at = 12 + len(QUESTION)
    seen = parse(
        message(
            record(1, bytes(4), owner=long),
            record(1, bytes(4), owner=b"\xc0\x14"),  # the label jp inside the question
            record(1, bytes(4), owner=b"\x01x\xc0\x14"),
            record(1, bytes(4), owner=struct.pack("!H", 0xC000 | at)),  # www.example.jp
            record(1, bytes(4), owner=b"\0"),
            record(1, bytes(4), owner=b"\x01y\xc0\x17"),  # the root inside the question
        )
    ).answer
    assert [r.name for r in seen] == ["www.example.jp", "jp", "x.jp", "www.example.jp", ".", "y"]


def test_odd_octets_in_names_are_escaped_and_read_back() -> None:
    owner = b'\x05a.B\0\xff\x03\\" \x01_\0'
    name = parse(message(record(1, bytes(4), owner=owner))).answer[0].name
    assert name == "a\\046b\\000\\255.\\092\\034\\032._"
    assert name_to_wire(name) == owner.lower()


def test_questions() -> None:
    assert query("example.jp", Type.A, id=7, edns=None) == b"\0\x07\0\0\0\x01\0\0\0\0\0\0" + QUESTION
    asked = parse(query("Example.JP.", Type.TXT, id=65535, rd=True, cd=True, do=True, rclass=Rclass.CH))
    assert (asked.id, asked.qr, asked.rd, asked.cd, asked.edns) == (65535, False, True, True, Edns(1232, 0, True, ()))
    assert asked.question == (Question("example.jp", 16, 3),)
    transfer = parse(query("example.jp", Type.IXFR, id=1, edns=None, ixfr_serial=2026112201))
    assert transfer.authority == (
        Record("example.jp", 6, 0, Soa(".", ".", 2026112201, 0, 0, 0, 0), b"\0\0" + struct.pack("!5I", 2026112201, 0, 0, 0, 0)),
    )


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "empty label"),
        ("..", "empty label"),
        ("a..jp", "empty label"),
        (".jp", "empty label"),
        ("a" * 64, "more than 63"),
        (".".join(["a" * 63] * 4), "longer than 255"),
        ("日本.jp", "not ASCII"),
        ("a\\25", "escapes nothing"),
        ("a\\256.jp", "escapes nothing"),
        ("a\\", "escapes nothing"),
        ("\\065..", "empty label"),
    ],
)
def test_texts_that_are_no_names(name: str, why: str) -> None:
    with pytest.raises(BadName, match=why):
        name_to_wire(name)


def test_names_at_their_limits() -> None:
    longest = ".".join(["a" * 63] * 3 + ["a" * 61])
    assert len(name_to_wire(longest)) == 255
    assert parse(query(longest, Type.A, id=1)).question[0].name == longest
    assert name_to_wire("a\\.b\\065.") == b"\x04a.bA\0"
    assert name_to_wire(".") == b"\0"


RSA_2048 = b"\x03\x01\0\x01" + b"\x80" + bytes(255)


@pytest.mark.parametrize(
    ("algorithm", "key", "bits"),
    [
        (8, RSA_2048, 2048),
        (8, b"\0\0\x03\x01\0\x01" + b"\x01" + bytes(127), 1017),
        (8, b"", None),
        (8, b"\x09abc", None),
        (8, b"\0\0\0abc", 23),
        (13, bytes(64), 256),
        (13, bytes(63), None),
        (14, bytes(96), 384),
        (15, bytes(32), 256),
        (16, bytes(57), 456),
        (3, b"\x08" + bytes(200), 1024),
        (3, b"\x09", None),
        (253, bytes(10), None),
    ],
)
def test_key_lengths(algorithm: int, key: bytes, bits: int | None) -> None:
    assert Dnskey(257, 3, algorithm, key).bits == bits


def test_key_flags_and_tags() -> None:
    # RFC 4034 section 5.4 gives this key the tag 60485.
    key = base64.b64decode(
        "AQOeiiR0GOMYkDshWoSKz9XzfwJr1AYtsmx3TGkJaNXVbfi/2pHm822aJ5iI9BMzNXxeYCmZDRD99WYwYqUSdjMmmAphXdvxegXd/M5+X7OrzKBaMbCVdFLUUh6DhweJBjEVv5f2wwjM9XzcnOf+EPbtG9DMBmADjFDc2w/rljwvFw=="
    )
    assert Dnskey(256, 3, 5, key).key_tag == 60485
    assert (Dnskey(257, 3, 8, RSA_2048).sep, Dnskey(256, 3, 8, RSA_2048).sep, Dnskey(385, 3, 8, RSA_2048).revoked) == (True, False, True)
    assert Dnskey(256, 3, 1, b"abc\x01\x02d").key_tag == 0x0102
    assert Dnskey(256, 3, 1, b"a").key_tag == 0


def test_mnemonics() -> None:
    assert (type_name(257), type_name(65280), rcode_name(5), rcode_name(15)) == ("CAA", "TYPE65280", "REFUSED", "RCODE15")

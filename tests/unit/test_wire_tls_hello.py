"""ClientHello octet by octet, and as OpenSSL understands it."""

from __future__ import annotations

import struct
import timeit

import pytest
from cryptography.hazmat.primitives.asymmetric import mlkem

from scanner.wire.tls.dh import ffdhe_prime
from scanner.wire.tls.groups import GROUPS
from scanner.wire.tls.hello import (
    USUAL_GROUPS,
    ClientHello,
    HelloTemplate,
    alert,
    change_cipher_spec,
    client_hello,
    heartbeat_request,
    sni,
    with_retry,
)
from scanner.wire.tls.names import Extension, NotTls, is_grease
from scanner.wire.tls.rsa import oracle_blocks, rsa_numbers
from scanner.wire.tls.shares import CannotCompute, FiniteField, can_compute, key_share
from scanner.wire.tls.ssl2 import ssl2_client_hello
from scanner.wire.tls.suites import suites_for

RANDOM = bytes(range(32))
ENTROPY = bytes(range(64))


class Parsed:
    """A hello taken apart without the code under test."""

    def __init__(self, wire: bytes) -> None:
        self.records: list[tuple[int, int, int]] = []
        message = b""
        while wire:
            type_, version, length = struct.unpack("!BHH", wire[:5])
            self.records.append((type_, version, length))
            message += wire[5 : 5 + length]
            wire = wire[5 + length :]
        assert message[0] == 1
        assert int.from_bytes(message[1:4], "big") == len(message) - 4
        self.length = len(message)
        self.version = struct.unpack("!H", message[4:6])[0]
        self.random = message[6:38]
        at = 39 + message[38]
        self.session_id = message[39:at]
        count = struct.unpack("!H", message[at : at + 2])[0]
        self.suites = struct.unpack(f"!{count // 2}H", message[at + 2 : at + 2 + count])
        at += 2 + count
        self.compression = message[at + 1 : at + 1 + message[at]]
        at += 1 + message[at]
        self.extensions: list[tuple[int, bytes]] = []
        if at < len(message):
            assert struct.unpack("!H", message[at : at + 2])[0] == len(message) - at - 2
            at += 2
        while at < len(message):
            code, length = struct.unpack("!HH", message[at : at + 4])
            self.extensions.append((code, message[at + 4 : at + 4 + length]))
            at += 4 + length
        assert at == len(message)

    def get(self, code: int) -> bytes | None:
        return dict(self.extensions).get(code)


def test_a_plain_hello_of_tls_12() -> None:
    parsed = Parsed(
        client_hello(ClientHello(suites=(0xC02F, 0x009C), random=RANDOM, server_name="www.example.jp", alpn=("h2", "http/1.1")))
    )
    assert parsed.records == [(22, 0x0301, parsed.length)]
    assert (parsed.version, parsed.random, parsed.session_id, parsed.compression) == (0x0303, RANDOM, b"", b"\0")
    assert parsed.suites == (0xC02F, 0x009C, 0x00FF)
    assert [code for code, _ in parsed.extensions] == [0, 23, 10, 11, 16, 13]
    assert parsed.get(0) == b"\x00\x11\x00\x00\x0ewww.example.jp"
    assert parsed.get(16) == b"\x00\x0c\x02h2\x08http/1.1"


def test_tls_13_without_key_share_asks_for_a_retry_with_an_empty_list() -> None:
    parsed = Parsed(client_hello(ClientHello(version=0x0304, suites=(0x1301,), random=RANDOM)))
    assert parsed.version == 0x0303
    assert parsed.get(Extension.KEY_SHARE) == b"\0\0"
    assert parsed.get(Extension.SUPPORTED_VERSIONS) == b"\x02\x03\x04"
    assert parsed.suites == (0x1301,)
    assert parsed.get(Extension.EXTENDED_MASTER_SECRET) is None
    retried = with_retry(ClientHello(version=0x0304, random=RANDOM, early_data=True), group=29, share=bytes(32), cookie=b"abc")
    again = Parsed(client_hello(retried))
    assert again.get(Extension.KEY_SHARE) == b"\0\x24\0\x1d\0\x20" + bytes(32)
    assert again.get(Extension.COOKIE) == b"\0\x03abc"
    assert again.get(Extension.EARLY_DATA) is None


def test_several_versions_together_keep_what_the_old_ones_need() -> None:
    parsed = Parsed(client_hello(ClientHello(version=0x0304, versions=(0x0304, 0x0303), suites=(0x1301, 0xC02F), random=RANDOM, etm=True)))
    assert parsed.get(Extension.SUPPORTED_VERSIONS) == b"\x04\x03\x04\x03\x03"
    assert parsed.get(Extension.ENCRYPT_THEN_MAC) == b""
    assert parsed.suites[-1] == 0x00FF


def test_ssl_3_has_no_extensions() -> None:
    parsed = Parsed(client_hello(ClientHello(version=0x0300, suites=(0x0005,), random=RANDOM, server_name="a.test", ems=True)))
    assert parsed.extensions == []
    assert (parsed.version, parsed.records[0][1]) == (0x0300, 0x0300)


@pytest.mark.parametrize("name", ["192.0.2.1", "2001:db8::1", "[2001:db8::1]", "fe80::1%eth0", "192.0.2.1.", ""])
def test_an_address_is_never_sent_as_a_name(name: str) -> None:
    assert Parsed(client_hello(ClientHello(suites=(1,), random=RANDOM, server_name=name))).get(0) is None


def test_names_lose_their_last_dot_and_must_be_ascii() -> None:
    assert sni("a.test.") == b"\0\x09\0\0\x06a.test"
    with pytest.raises(ValueError, match="ascii"):
        sni("例え.test")


def test_every_switch_writes_its_extension() -> None:
    hello = ClientHello(
        version=0x0304,
        versions=(0x0304, 0x0303),
        suites=(0x1301,),
        random=RANDOM,
        ticket=b"tick",
        status_request=True,
        sct=True,
        heartbeat=1,
        scsv_fallback=True,
        compression=(1, 0),
        reneg_info="extension",
        early_data=True,
        session_id=b"s" * 32,
        extra=((0x1234, b"x"),),
    )
    parsed = Parsed(client_hello(hello))
    assert {code: parsed.get(code) for code in (35, 5, 18, 15, 0xFF01, 42, 45, 0x1234)} == {
        35: b"tick",
        5: b"\x01\0\0\0\0",
        18: b"",
        15: b"\x01",
        0xFF01: b"\0",
        42: b"",
        45: b"\x01\x01",
        0x1234: b"x",
    }
    assert (parsed.suites, parsed.compression, parsed.session_id) == ((0x1301, 0x5600), b"\x01\0", b"s" * 32)


def test_a_renegotiation_sends_what_the_first_handshake_ended_with() -> None:
    parsed = Parsed(client_hello(ClientHello(suites=(1,), random=RANDOM, verify_data=b"v" * 12, reneg_info="")))
    assert parsed.get(0xFF01) == b"\x0c" + b"v" * 12
    assert parsed.suites == (1,)


@pytest.mark.parametrize("seed", range(16))
def test_grease_stands_everywhere_and_never_twice(seed: int) -> None:
    random = bytes((seed,)) * 32
    parsed = Parsed(client_hello(ClientHello(version=0x0304, versions=(0x0304, 0x0303), suites=(0x1301,), random=random, grease=True)))
    codes = [code for code, _ in parsed.extensions]
    assert is_grease(parsed.suites[0])
    assert (is_grease(codes[0]), is_grease(codes[-1])) == (True, True)
    assert len(set(codes)) == len(codes)
    shares = parsed.get(Extension.KEY_SHARE)
    groups = parsed.get(Extension.SUPPORTED_GROUPS)
    assert shares is not None
    assert groups is not None
    assert shares[2:4] == groups[2:4]
    assert is_grease(struct.unpack("!H", groups[2:4])[0])


@pytest.mark.parametrize("wanted", [256, 512, 517, 4000])
def test_padding_reaches_its_length(wanted: int) -> None:
    parsed = Parsed(client_hello(ClientHello(suites=(1,), random=RANDOM, padding=wanted)))
    assert parsed.length == wanted
    psk = ClientHello(version=0x0304, suites=(1,), random=RANDOM, padding=wanted, extra=((Extension.PRE_SHARED_KEY, b"p"),), grease=True)
    assert [code for code, _ in Parsed(client_hello(psk)).extensions][-1] == Extension.PRE_SHARED_KEY


def test_a_hello_that_is_only_just_too_short_for_the_padding_is_not_shorter_than_asked() -> None:
    bare = Parsed(client_hello(ClientHello(suites=(1,), random=RANDOM))).length
    for wanted in range(bare - 2, bare + 8):
        assert Parsed(client_hello(ClientHello(suites=(1,), random=RANDOM, padding=wanted))).length >= wanted


def test_a_long_hello_goes_into_several_records() -> None:
    parsed = Parsed(client_hello(ClientHello(suites=(1,), random=RANDOM, padding=40000)))
    assert [length for _, _, length in parsed.records] == [16384, 16384, 40000 - 32768]


def test_a_template_writes_what_a_new_hello_would_and_quickly() -> None:
    hello = ClientHello(suites=suites_for(0x0303), random=RANDOM, server_name="a.test")
    template = HelloTemplate(hello)
    assert template.write((0xC02F,), bytes(32)) == client_hello(ClientHello(suites=(0xC02F,), random=bytes(32), server_name="a.test"))
    assert template.write() == client_hello(hello)
    suites = suites_for(0x0303)[:100]
    assert min(timeit.repeat(lambda: template.write(suites), number=200, repeat=5)) / 200 < 0.0002


def test_what_does_not_fit_is_refused() -> None:
    for hello in (
        ClientHello(random=b"short"),
        ClientHello(random=RANDOM, session_id=bytes(256)),
        ClientHello(random=RANDOM, compression=()),
        ClientHello(random=RANDOM, extra=((1, bytes(70000)),)),
        ClientHello(random=RANDOM, alpn=("x" * 256,)),
    ):
        with pytest.raises(ValueError, match=r"octets|compressions"):
            client_hello(hello)


def test_ssl_2_and_small_records() -> None:
    wire = ssl2_client_hello((0x010080, 0x0700C0), bytes(16))
    assert wire.hex() == "801f" + "01" + "0002" + "0006" + "0000" + "0010" + "010080" + "0700c0" + "00" * 16
    with pytest.raises(ValueError, match="challenge"):
        ssl2_client_hello((1,), b"")
    assert change_cipher_spec(0x0304).hex() == "140303000101"
    assert alert(0x0301, 0, fatal=False).hex() == "15030100020100"
    assert heartbeat_request(b"ab", 20).hex() == "0100146162" + "00" * 16


@pytest.mark.parametrize("group", [code for code in GROUPS if can_compute(code) and GROUPS[code].kind in ("ecdhe", "dhe")])
def test_two_halves_agree(group: int) -> None:
    ours, theirs = key_share(group, ENTROPY), key_share(group, ENTROPY[::-1])
    assert ours.public != theirs.public
    assert ours.agree(theirs.public) == theirs.agree(ours.public)
    if GROUPS[group].client_share:
        assert len(ours.public) == GROUPS[group].client_share
    assert key_share(group, ENTROPY).public == ours.public
    for wrong in (b"", b"\4", theirs.public[:-1], theirs.public + b"\0", bytes(len(theirs.public))):
        with pytest.raises(NotTls):
            ours.agree(wrong)


@pytest.mark.parametrize("group", [code for code in GROUPS if can_compute(code) and GROUPS[code].kind in ("hybrid", "kem")])
def test_shares_of_hybrids_have_their_length(group: int) -> None:
    share = key_share(group, ENTROPY)
    assert len(share.public) == GROUPS[group].client_share
    for wrong in (b"", bytes(GROUPS[group].server_share - 1), bytes(3000)):
        with pytest.raises(NotTls):
            share.agree(wrong)


@pytest.mark.parametrize(
    ("group", "curve", "bits"), [(0x11EC, 29, 768), (0x11EB, 23, 768), (0x11ED, 24, 1024), (0x0201, 0, 768), (0x0202, 0, 1024)]
)
def test_hybrids_agree_with_a_server_made_of_its_parts(group: int, curve: int, bits: int) -> None:
    ours = key_share(group, ENTROPY)
    size = {768: 1184, 1024: 1568}[bits]
    kind = mlkem.MLKEM768PublicKey if bits == 768 else mlkem.MLKEM1024PublicKey
    kem_first = group not in (0x11EB, 0x11ED)
    kem, point = (ours.public[:size], ours.public[size:]) if kem_first else (ours.public[-size:], ours.public[:-size])
    secret, ciphertext = kind.from_public_bytes(kem).encapsulate()
    if not curve:
        assert ours.agree(ciphertext) == secret
        return
    server = key_share(curve, ENTROPY[::-1])
    # draft-ietf-tls-ecdhe-mlkem section 4: the KEM first with X25519, the curve first with the others, in share and secret alike.
    answer = ciphertext + server.public if kem_first else server.public + ciphertext
    assert ours.agree(answer) == (secret + server.agree(point) if kem_first else server.agree(point) + secret)


def test_groups_that_cannot_be_computed_are_named() -> None:
    with pytest.raises(CannotCompute, match="sect283k1"):
        key_share(9, ENTROPY)
    with pytest.raises(ValueError, match="entropy"):
        key_share(29, b"")
    assert all(can_compute(code) for code in USUAL_GROUPS)


def test_finite_fields_keep_or_strip_leading_zeros() -> None:
    prime = ffdhe_prime(256)
    one, other = FiniteField(prime, 2, ENTROPY, padded=False), FiniteField(prime, 2, ENTROPY[::-1])
    assert one.agree(other.public) == other.agree(one.public).lstrip(b"\0")
    for outside in (b"\0", b"\1", (prime - 1).to_bytes(256, "big"), prime.to_bytes(256, "big")):
        with pytest.raises(ValueError, match="outside"):
            one.agree(outside)


def test_the_blocks_of_the_oracle_test_are_wrong_where_they_say() -> None:
    key = rsa_numbers(b"\xff" * 128, b"\1\0\1")
    blocks = oracle_blocks(key, 0x0303, ENTROPY)
    assert {name: len(block) for name, block in blocks.items()} == dict.fromkeys(
        ("right", "start", "early-zero", "no-zero", "version"), 128
    )
    right = blocks["right"]
    assert right[:2] == b"\0\2"
    assert right.index(b"\0", 2) == 128 - 49
    assert right[-48:-46] == b"\3\3"
    assert (blocks["start"][:2], blocks["start"][2:]) == (b"\x41\x17", right[2:])
    assert blocks["no-zero"].count(b"\0") == 1
    assert blocks["early-zero"].index(b"\0", 2) == 128 - 50
    assert blocks["version"][-48:-46] == b"\2\2"
    with pytest.raises(NotTls):
        rsa_numbers(b"\xff" * 40, b"\3")

"""What servers send, however it arrives and whatever is changed in it, is read or refused with ``NotTls``; OpenSSL is the oracle."""

from __future__ import annotations

import ssl
import subprocess
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.wire.tls.hello import ClientHello, client_hello
from scanner.wire.tls.messages import Finished, Message, ServerHello
from scanner.wire.tls.names import NotTls
from scanner.wire.tls.protect12 import can_protect, protection
from scanner.wire.tls.reader import HandshakeReader
from scanner.wire.tls.schedule import Keys13
from scanner.wire.tls.shares import CannotCompute
from scanner.wire.tls.suites import SUITES, suite_by_name, suites_for
from tests.fuzz.recorded import ENTROPY, OLD, names, recorded
from tests.fuzz.targets import drive_12, drive_13, read

FLIGHTS = [recorded(name) for name in names() if name != "http"]
SUITE_LISTS = st.lists(st.sampled_from(suites_for(0x0303)), min_size=1, max_size=30, unique=True)


def gentle(data: bytes, sizes: list[int]) -> tuple[list[Message], str]:
    """The messages of ``data`` fed in pieces of these sizes again and again, and what ended the reading."""
    reader = HandshakeReader()
    out: list[Message] = []
    at = turn = 0
    try:
        while at < len(data):
            size = sizes[turn % len(sizes)]
            reader.feed(data[at : at + size])
            at += size
            turn += 1
            while (message := reader.next()) is not None:
                out.append(message)
    except NotTls as error:
        return out, str(error)
    return out, ""


@given(st.sampled_from(FLIGHTS), st.lists(st.integers(1, 400), min_size=1, max_size=5))
@settings(max_examples=60, deadline=None)
def test_any_chunking_gives_the_same_messages(flight: bytes, sizes: list[int]) -> None:
    assert gentle(flight, sizes) == (read(flight), "")


@pytest.mark.parametrize("flight", FLIGHTS, ids=[name for name in names() if name != "http"])
def test_cut_at_every_octet_it_is_a_prefix_and_a_wish_for_more(flight: bytes) -> None:
    whole = read(flight)
    for cut in range(len(flight)):
        part = read(flight[:cut])
        assert part == whole[: len(part)]


@given(st.sampled_from(FLIGHTS), st.data())
@settings(max_examples=300, deadline=None)
def test_a_changed_octet_ends_in_messages_or_not_tls(flight: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, min(len(flight) - 1, 400)))
    changed = bytearray(flight)
    changed[at] = data.draw(st.integers(0, 255))
    whole, error = gentle(bytes(changed), [1 << 16])
    again, same = gentle(bytes(changed), [7])
    # How much was seen when the end came may differ; what was read before it may not.
    assert again == whole or error.startswith("not TLS")
    assert bool(error) == bool(same)


@given(st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_any_octets_end_in_a_message_a_wish_for_more_or_not_tls(junk: bytes) -> None:
    for front in (b"", b"\x16\x03\x03\x00\x50", b"\x16\x03\x01\x00\x60\x02\x00\x00\x5c\x03\x03"):
        with suppress(NotTls):
            read(front + junk)


@given(st.sampled_from(sorted(OLD)), st.integers(0, 1800), st.integers(0, 7))
@settings(max_examples=60, deadline=None)
def test_a_client_of_an_older_version_survives_any_flipped_bit(name: str, at: int, bit: int) -> None:
    flight = bytearray(recorded(name))
    flight[at % len(flight)] ^= 1 << bit
    with suppress(NotTls, CannotCompute):
        drive_12(bytes(flight), *OLD[name])


@given(st.integers(0, 875), st.integers(0, 7))
@settings(max_examples=60, deadline=None)
def test_no_flipped_bit_of_tls_13_goes_unseen(at: int, bit: int) -> None:
    flight = bytearray(recorded("tls13-aes128gcm"))
    flight[at] ^= 1 << bit
    try:
        messages, _ = drive_13(bytes(flight), retry=False)
    except (NotTls, CannotCompute):
        return
    # The lower octet of a plaintext record's version means nothing (RFC 8446 section 5.1): ServerHello's and ChangeCipherSpec's.
    assert messages != drive_13(recorded("tls13-aes128gcm"), retry=False)[0] or at in (2, 97)


@given(
    st.sampled_from([suite for suite in SUITES.values() if can_protect(suite) and suite.oldest < 0x0304 and "GCM" not in suite.mode]),
    st.sampled_from((0x0301, 0x0302, 0x0303)),
    st.booleans(),
    st.lists(st.binary(max_size=300), min_size=1, max_size=4),
)
@settings(max_examples=80, deadline=None)
def test_what_is_protected_is_opened_by_the_same_keys_and_no_change_passes(
    suite: object, version: int, etm: bool, payloads: list[bytes]
) -> None:
    chosen = suite_by_name(getattr(suite, "name", ""))
    assert chosen is not None
    if chosen.aead:
        version = 0x0303
    pairs = [protection(version, chosen, bytes(48), bytes(64), etm=etm and chosen.mode == "CBC", entropy=ENTROPY) for _ in range(3)]
    for payload in payloads:
        record = pairs[0].client.seal(23, payload)
        assert record == pairs[2].client.seal(23, payload)
        assert pairs[1].client.open(23, version, record[5:]) == (23, payload)
    spoilt = bytearray(pairs[0].client.seal(23, b"last"))
    spoilt[-1] ^= 1
    with pytest.raises(NotTls):
        pairs[1].client.open(23, version, bytes(spoilt[5:]))


@given(
    st.sampled_from((0x1301, 0x1302, 0x1303, 0x1304, 0x1305)),
    st.lists(st.binary(max_size=300), min_size=1, max_size=4),
    st.binary(max_size=60),
)
@settings(max_examples=60, deadline=None)
def test_records_of_tls_13_come_back_and_junk_does_not(suite: int, payloads: list[bytes], junk: bytes) -> None:
    secret = bytes(48 if suite == 0x1302 else 32)
    ours, theirs = Keys13(suite, secret), Keys13(suite, secret)
    for payload in payloads:
        assert theirs.open(23, 0x0303, ours.seal(22, payload)[5:]) == (22, payload)
    with pytest.raises(NotTls):
        theirs.open(23, 0x0303, junk)


@cache
def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        certificate, key = Path(folder) / "c.pem", Path(folder) / "k.pem"
        subject = ["-subj", "/CN=a.test", "-nodes", "-keyout", str(key), "-out", str(certificate)]
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", *subject], check=True, capture_output=True
        )
        context.load_cert_chain(certificate, key)
    context.set_ciphers("ALL:COMPLEMENTOFALL:@SECLEVEL=0")
    return context


def _answer(hello: bytes) -> bytes:
    """What OpenSSL, as a server in this process, answers to a hello."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = _context().wrap_bio(incoming, outgoing, server_side=True)
    incoming.write(hello)
    with suppress(ssl.SSLError):
        server.do_handshake()
    return outgoing.read()


@given(
    SUITE_LISTS,
    st.binary(min_size=32, max_size=32),
    st.booleans(),
    st.sampled_from((0, 512, 3000, 20000)),
    st.sampled_from(("scsv", "extension", "")),
)
@settings(max_examples=60, deadline=None)
def test_openssl_understands_every_hello_and_chooses_from_it(
    suites: list[int], random: bytes, grease: bool, padding: int, reneg: str
) -> None:
    hello = ClientHello(
        suites=tuple(suites),
        random=random,
        grease=grease,
        padding=padding,
        server_name="a.test",
        reneg_info=reneg,
        ticket=b"",
        etm=True,
        sct=True,
    )
    first = read(_answer(client_hello(hello)))[0]
    if isinstance(first, ServerHello):
        assert first.suite in suites
        assert first.extended_master_secret
        assert first.secure_renegotiation is (reneg != "")
        assert SUITES[first.suite].auth in ("ECDSA", "anon", "PSK")
    else:
        assert getattr(first, "name", "") in ("handshake_failure", "internal_error")
        usable = {code for code in suites if SUITES[code].kind == "ECDHE_ECDSA" and SUITES[code].cipher.startswith(("AES", "CHACHA"))}
        assert not usable


@given(st.binary(min_size=32, max_size=32), st.booleans(), st.sampled_from((0, 600)))
@settings(max_examples=20, deadline=None)
def test_openssl_in_tls_13_asks_again_where_no_share_was_sent(random: bytes, grease: bool, padding: int) -> None:
    hello = ClientHello(version=0x0304, suites=(0x1302, 0x1301), random=random, grease=grease, padding=padding, groups=(24, 23))
    first = read(_answer(client_hello(hello)))[0]
    assert (getattr(first, "suite", 0), getattr(first, "group", 0)) in ((0x1302, 23), (0x1302, 24))


def test_the_recording_holds_what_the_other_tests_take_from_it() -> None:
    messages, said = drive_13(recorded("tls13-aes128gcm"), retry=False)
    assert [type(message) for message in messages].index(Finished) == 5
    assert said.startswith(b"\x16\x03\x01")

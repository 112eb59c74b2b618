"""What tells listeners and datagrams apart takes anything: no answer makes it raise, and the known ones are read from any prefix on."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.facts.exposure import Speaks, Spoken, Trait
from scanner.wire import listeners as text
from scanner.wire import listeners_binary as octets
from scanner.wire.datagrams import questions, snmp_get
from scanner.wire.ports import spans, within

HEADS = (
    b"", b"SSH-2.0-x", b"220 ", b"RFB 003.008\n", b"@RSYNCD: 31.0\n", b"\xff\xfd", b"HTTP/1.1 200 OK\r\n\r\n",
    b"HTTP/1.0 401 x\r\nServer: ", b"RTSP/1.0 200 OK\r\n", b"\x00\x00\x00\x40\xfeSMB", b"\x00\x00\x00\x23\xffSMB\x72",
    b"\x03\x00\x00\x13\x0e\xd0", b"R\x00\x00\x00\x08", b"E\x00\x00\x00\x40", b"\x4a\x00\x00\x00\x0a5.5.5\x00", b"0\x84",
    b"\x80\x00\x00\x1c", b"\x05\x00", b"\x01\x00\x0b\x00", b"\x16\x82", b"\x97\x00\x03\x2a", b"HTTP/1.1 200 OK\r\n\r\n{",
)  # fmt: skip
ANSWERS = st.builds(lambda head, rest: head + rest, st.sampled_from(HEADS), st.binary(max_size=300))

READERS: tuple[Callable[[bytes], Spoken | None], ...] = (
    text.greeting,
    text.redis,
    text.memcached,
    text.rsync,
    text.http,
    text.docker,
    text.etcd,
    text.kubelet,
    text.rtsp,
    text.ipp,
    octets.smb2,
    octets.x11,
    octets.postgresql,
    octets.mysql,
    octets.mongodb,
    octets.ldap,
    octets.socks,
    lambda data: octets.rdp(data, octets.TLS_ONLY),
    lambda data: octets.portmap(data, 7),
    lambda data: octets.vnc_security(b"RFB 003.008\n", data),
    lambda data: octets.vnc_security(b"RFB 003.003\n", data),
)


@settings(max_examples=300, deadline=None)
@given(ANSWERS)
def test_no_answer_of_a_listener_makes_a_reader_raise(data: bytes) -> None:
    for read in READERS:
        seen = read(data)
        assert seen is None or (len(seen.words) <= 400 and seen.words.isprintable())
    assert octets.smb1(data) in {True, False}
    assert text.ftp_tls(data) in {None, Trait.TLS, Trait.NO_TLS}


@settings(max_examples=300, deadline=None)
@given(ANSWERS, st.integers(min_value=0, max_value=9))
def test_no_datagram_makes_a_reader_raise(data: bytes, seed: int) -> None:
    for question in questions(random.Random(seed), "192.0.2.1"):
        assert 0 < len(question.payload) < 600
        reading = question.read(data)
        assert reading is None or reading[1].isprintable()


def test_random_octets_are_nobody() -> None:
    rng = random.Random(5)
    for _ in range(2000):
        data = rng.randbytes(rng.randrange(1, 80))
        assert text.greeting(data) is None or data[0] == 0xFF
        assert octets.smb2(data) is None
        assert octets.postgresql(data) is None
        assert text.http(data) is None


def test_known_answers_are_read() -> None:
    assert text.greeting(b"220 mail.example.jp ESMTP\r\n") == Spoken(Speaks.SMTP, (), "220 mail.example.jp ESMTP")
    assert text.redis(b"-NOAUTH Authentication required.\r\n") == Spoken(Speaks.REDIS, (Trait.LOGIN,), "-NOAUTH Authentication required.")
    assert octets.socks(b"\x05\xff") == Spoken(Speaks.SOCKS, (Trait.LOGIN,))
    assert octets.rdp(b"\x03\x00\x00\x13\x0e\xd0\x00\x00\x12\x34\x00\x03\x00\x08\x00\x05\x00\x00\x00", 1) == Spoken(
        Speaks.RDP, (Trait.NLA,)
    )
    hybrid = b"\x03\x00\x00\x13\x0e\xd0\x00\x00\x12\x34\x00\x02\x00\x08\x00\x01\x00\x00\x00"
    assert octets.rdp(hybrid, 1) == Spoken(Speaks.RDP, (Trait.WITHOUT_NLA,))
    assert octets.vnc_security(b"RFB 003.008\n", b"\x01\x02") == Spoken(Speaks.VNC, (Trait.LOGIN,), "RFB 003.008, security types 2")
    past = b"E\x00\x00\x00\x30SFATAL\x00C28000\x00Mrole does not exist\x00RInitializeSessionUserId\x00\x00"
    assert octets.postgresql(past) == Spoken(Speaks.POSTGRESQL, (Trait.NO_LOGIN,), "role does not exist")
    refused = b"E\x00\x00\x00\x30SFATAL\x00C28000\x00Mno pg_hba.conf entry\x00RClientAuthentication\x00\x00"
    assert octets.postgresql(refused) == Spoken(Speaks.POSTGRESQL, (Trait.LOGIN,), "no pg_hba.conf entry")
    listed = struct.pack(">IIIIII", 7, 1, 0, 0, 0, 0) + struct.pack(">IIIII", 1, 100003, 3, 6, 2049) + bytes(4)
    assert octets.portmap(listed, 7) == Spoken(Speaks.PORTMAP, (Trait.NFS,), "programs 100003")
    assert octets.portmap(listed, 8) is None


def test_the_community_stands_in_the_questions_that_need_consent_and_nowhere_else() -> None:
    asked = questions(random.Random(1), "192.0.2.1")
    assert [q.test for q in asked if b"public" in q.payload] == ["exposure.snmp-default"] * 2
    assert not [q for q in asked if q.test and b"public" not in q.payload]
    assert snmp_get(1, b"public", 5)[:5] == b"\x30\x2f\x02\x01\x01"


@settings(max_examples=200, deadline=None)
@given(st.sets(st.integers(min_value=1, max_value=65535), max_size=40))
def test_spans_hold_what_was_put_in_and_nothing_else(ports: set[int]) -> None:
    held = spans(ports)
    assert sum(last - first + 1 for first, last in held) == len(ports)
    assert all(within(port, held) for port in ports)
    assert all(left[1] + 1 < right[0] for left, right in pairwise(held))

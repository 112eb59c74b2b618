"""Messages of servers: each shape, each cap, each thing that is no TLS."""

from __future__ import annotations

import pytest

from scanner.wire.tls.handshake import MOST_CERTIFICATES, read_handshake
from scanner.wire.tls.messages import (
    Alert,
    Certificate,
    CertificateRequest,
    CertificateStatus,
    ChangeCipherSpec,
    EncryptedRecord,
    Heartbeat,
    HelloRequest,
    Message,
    NewSessionTicket,
    OtherHandshake,
    ServerHello,
    ServerHelloDone,
    ServerKeyExchange,
)
from scanner.wire.tls.names import NotTls
from scanner.wire.tls.reader import MOST_MESSAGE, MOST_MESSAGES, MOST_OCTETS, MOST_RECORD, HandshakeReader
from scanner.wire.tls.ssl2 import Ssl2Error, Ssl2ServerHello


def vector(size: int, data: bytes) -> bytes:
    return len(data).to_bytes(size, "big") + data


def shake(type_: int, body: bytes) -> bytes:
    return bytes((type_,)) + vector(3, body)


def record(type_: int, data: bytes, version: int = 0x0303) -> bytes:
    return bytes((type_,)) + version.to_bytes(2, "big") + vector(2, data)


def extension(code: int, data: bytes) -> bytes:
    return code.to_bytes(2, "big") + vector(2, data)


def hello(suite: int = 0xC02F, version: int = 0x0303, extensions: bytes | None = b"", compression: int = 0, session: bytes = b"") -> bytes:
    tail = b"" if extensions is None else vector(2, extensions)
    body = version.to_bytes(2, "big") + bytes(32) + vector(1, session) + suite.to_bytes(2, "big") + bytes((compression,)) + tail
    return shake(2, body)


def read(data: bytes) -> list[Message]:
    reader = HandshakeReader()
    reader.feed(data)
    out: list[Message] = []
    while (message := reader.next()) is not None:
        out.append(message)
    return out


def exchange(suite: int, body: bytes, version: int = 0x0303) -> ServerKeyExchange:
    message = read_handshake(12, shake(12, body), version, suite)
    assert isinstance(message, ServerKeyExchange)
    return message


def test_server_hello_with_every_extension_that_is_looked_at() -> None:
    extensions = b"".join(
        (
            *(extension(code, b"") for code in (23, 22, 35, 5)),
            extension(0xFF01, b"\0"),
            extension(15, b"\1"),
            extension(16, b"\0\3\2h2"),
            extension(18, b"\0\4abcd"),
        )
    )
    (message,) = read(record(22, hello(extensions=extensions, compression=1, session=b"s")))
    assert isinstance(message, ServerHello)
    assert (message.version, message.suite, message.compression, message.session_id) == (0x0303, 0xC02F, 1, b"s")
    assert (message.extended_master_secret, message.encrypt_then_mac, message.session_ticket, message.secure_renegotiation) == (True,) * 4
    assert (message.heartbeat, message.alpn, message.scts, message.downgrade, message.key_share) == (1, "h2", b"\0\4abcd", False, None)


def test_a_server_hello_without_extensions_is_whole() -> None:
    (message,) = read(record(22, hello(extensions=None)))
    assert isinstance(message, ServerHello)
    assert (message.extensions, message.secure_renegotiation, message.heartbeat, message.alpn) == ((), False, None, None)


def test_the_version_is_that_of_the_extension_and_never_an_old_one() -> None:
    (message,) = read(record(22, hello(0x1301, extensions=extension(43, b"\3\4"))))
    assert isinstance(message, ServerHello)
    assert (message.version, message.legacy_version) == (0x0304, 0x0303)
    with pytest.raises(NotTls, match="0x0303 chosen in supported_versions"):
        read(record(22, hello(extensions=extension(43, b"\3\3"))))
    with pytest.raises(NotTls, match="version 0x0203"):
        read(record(22, hello(version=0x0203)))


@pytest.mark.parametrize(
    ("suite", "version", "body", "expected"),
    [
        (0xC02F, 0x0303, b"\3\0\x17" + vector(1, b"point") + b"\4\1" + vector(2, b"sig"), ("ECDHE", 0x17, b"", b"point", 0x0401, b"sig")),
        (0xC013, 0x0301, b"\3\0\x17" + vector(1, b"point") + vector(2, b"sig"), ("ECDHE", 0x17, b"", b"point", None, b"sig")),
        (0xC018, 0x0303, b"\3\0\x17" + vector(1, b"point"), ("ECDHE", 0x17, b"", b"point", None, b"")),
        (0xC02F, 0x0303, b"\1whatever", ("ECDHE", None, b"", b"", None, b"")),
        (0x0033, 0x0302, b"".join(vector(2, x) for x in (b"\x80", b"\2", b"\7", b"sig")), ("DHE", None, b"\x80", b"\7", None, b"sig")),
        (0x0034, 0x0303, b"".join(vector(2, x) for x in (b"\x80", b"\2", b"\7")), ("DHE", None, b"\x80", b"\7", None, b"")),
        (0x0003, 0x0301, b"".join(vector(2, x) for x in (b"\xff" * 64, b"\1\0\1", b"sig")), ("RSA", None, b"\xff" * 64, b"", None, b"sig")),
        (0x008C, 0x0303, vector(2, b"hint"), ("PSK", None, b"", b"", None, b"")),
        (
            0x00AA,
            0x0303,
            vector(2, b"") + b"".join(vector(2, x) for x in (b"\x80", b"\2", b"\7")),
            ("DHE", None, b"\x80", b"\7", None, b""),
        ),
        (0xC035, 0x0303, vector(2, b"hint") + b"\3\0\x1d" + vector(1, b"point"), ("ECDHE", 0x1D, b"", b"point", None, b"")),
        (
            0xC01D,
            0x0303,
            vector(2, b"\x80") + vector(2, b"\2") + vector(1, b"salt") + vector(2, b"\7"),
            ("SRP", None, b"\x80", b"\7", None, b""),
        ),
        (0x0080, 0x0303, b"anything", ("GOSTR341094", None, b"", b"", None, b"")),
        (0xEEEE, 0x0303, b"anything", ("", None, b"", b"", None, b"")),
    ],
)
def test_server_key_exchange_by_suite(suite: int, version: int, body: bytes, expected: tuple[object, ...]) -> None:
    message = exchange(suite, body, version)
    assert (message.kind, message.group, message.prime, message.public, message.scheme, message.signature) == expected


def test_the_size_of_a_prime_is_counted_without_leading_zeros() -> None:
    assert exchange(0x0034, b"".join(vector(2, x) for x in (b"\0\x80" + bytes(127), b"\2", b"\7"))).bits == 1024


@pytest.mark.parametrize("body", [b"", b"\3\0", b"\3\0\x17\x05abc", b"\3\0\x17\x01x\4\1\0\5abc", b"\3\0\x17\x01x\4\1\0\1sX"])
def test_a_broken_server_key_exchange_is_refused(body: bytes) -> None:
    with pytest.raises(NotTls):
        exchange(0xC02F, body)


def test_certificates_before_tls_13_and_in_it() -> None:
    old = read_handshake(11, shake(11, vector(3, vector(3, b"one") + vector(3, b"two"))), 0x0303, 0)
    assert isinstance(old, Certificate)
    assert (old.certificates, old.left_out, old.staple, old.scts) == ((b"one", b"two"), 0, None, None)
    beside = vector(2, extension(5, b"\1" + vector(3, b"ocsp")) + extension(18, b"scts"))
    new = read_handshake(11, shake(11, b"\0" + vector(3, vector(3, b"one") + beside + vector(3, b"two") + vector(2, b""))), 0x0304, 0)
    assert isinstance(new, Certificate)
    assert (new.certificates, new.staple, new.scts) == ((b"one", b"two"), b"ocsp", b"scts")
    empty = read_handshake(11, shake(11, vector(3, b"")), 0x0303, 0)
    assert isinstance(empty, Certificate)
    assert (empty.certificates, empty.scts) == ((), None)


def test_certificates_beyond_the_cap_are_counted_and_giants_refused() -> None:
    many = read_handshake(11, shake(11, vector(3, vector(3, b"x") * 20)), 0x0303, 0)
    assert isinstance(many, Certificate)
    assert (len(many.certificates), many.left_out) == (MOST_CERTIFICATES, 4)
    for body in (vector(3, vector(3, bytes(70000))), vector(3, vector(3, b"")), vector(3, b"\0\0\5ab"), vector(3, b"") + b"x"):
        with pytest.raises(NotTls):
            read_handshake(11, shake(11, body), 0x0303, 0)


def test_stapled_answers_of_both_kinds() -> None:
    one = read_handshake(22, shake(22, b"\1" + vector(3, b"ocsp")), 0x0303, 0)
    several = read_handshake(22, shake(22, b"\2" + vector(3, vector(3, b"a") + vector(3, b""))), 0x0303, 0)
    assert isinstance(one, CertificateStatus)
    assert isinstance(several, CertificateStatus)
    assert (one.responses, several.responses) == ((b"ocsp",), (b"a", b""))
    with pytest.raises(NotTls, match="type 3"):
        read_handshake(22, shake(22, b"\3"), 0x0303, 0)


def test_certificate_requests_of_every_version() -> None:
    names = vector(2, vector(2, b"dn"))
    oldest = read_handshake(13, shake(13, vector(1, b"\1\2") + names), 0x0302, 0)
    middle = read_handshake(13, shake(13, vector(1, b"\1") + vector(2, b"\4\3") + names), 0x0303, 0)
    listed = vector(2, extension(13, vector(2, bytes.fromhex("04030804"))) + extension(47, names))
    newest = read_handshake(13, shake(13, vector(1, b"ctx") + listed), 0x0304, 0)
    for message, expected in ((oldest, ((1, 2), (), b"")), (middle, ((1,), (0x0403,), b"")), (newest, ((), (0x0403, 0x0804), b"ctx"))):
        assert isinstance(message, CertificateRequest)
        assert (message.types, message.schemes, message.context) == expected
        assert message.authorities == (b"dn",)


def test_small_messages() -> None:
    old = read_handshake(4, shake(4, b"\0\0\1\0" + vector(2, b"tick")), 0x0303, 0)
    assert isinstance(old, NewSessionTicket)
    assert (old.lifetime, old.ticket, old.early_data) == (256, b"tick", None)
    assert read_handshake(14, shake(14, b""), 0x0303, 0) == ServerHelloDone(b"\x0e\0\0\0")
    assert read_handshake(0, shake(0, b""), 0x0303, 0) == HelloRequest(bytes(4))
    assert read_handshake(23, shake(23, b"x"), 0x0303, 0) == OtherHandshake(23, shake(23, b"x"))
    for type_, body in ((14, b"x"), (0, b"x"), (20, b"short"), (24, b"\2"), (200, b""), (1, b"")):
        with pytest.raises(NotTls):
            read_handshake(type_, shake(type_, body), 0x0303, 0)


def test_after_its_change_cipher_spec_a_server_cannot_be_read_without_keys() -> None:
    messages = read(record(22, hello()) + record(20, b"\1") + record(22, b"secret") + record(21, b"alert"))
    assert [type(message) for message in messages] == [ServerHello, ChangeCipherSpec, EncryptedRecord, EncryptedRecord]
    last = messages[-1]
    assert isinstance(last, EncryptedRecord)
    assert (last.type, last.payload) == (21, b"alert")


def test_alerts_alone_together_and_in_pieces() -> None:
    (single,) = read(record(21, b"\2\x28", 0x0301))
    assert single == Alert(2, 40, 0x0301)
    assert isinstance(single, Alert)
    assert (single.name, single.registered) == ("handshake_failure", True)
    assert read(record(21, b"\1\x70\2\x28")) == [Alert(1, 112), Alert(2, 40)]
    assert read(record(21, b"\2") + record(21, b"\x46")) == [Alert(2, 70)]
    assert Alert(2, 200).name == "alert 200"


def test_a_heartbeat_gives_its_sizes_and_not_its_content() -> None:
    (message,) = read(record(22, hello()) + record(24, b"\2\x40\0" + b"private"))[1:]
    assert message == Heartbeat(2, 0x4000, 10)
    assert "private" not in repr(message)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"HTTP/1.1 400 Bad Request\r\nServer: x\r\n", 'not TLS but text: "HTTP/1.1 400 Bad Request"'),
        (b"220 mx.example.jp ESMTP\r\n", 'not TLS but text: "220 mx.example.jp ESMTP"'),
        (b"SSH-2.0-OpenSSH_9.2", 'not TLS but text: "SSH-2.0-OpenSSH_9.2"'),
        (b"\r\n\r\nlogin:", "not TLS: begins with 0d0a0d0a6c6f6769"),
        (b"\xff\xfb\x01\xff", "not TLS: begins with fffb01ff"),
        (b"<" * 500, 'not TLS but text: "' + "<" * 60 + '"'),
        (b"\x16\x02\0", "not TLS: begins with 160200"),
        ("日本語\n".encode(), "not TLS: begins with e697a5e69cace8aa"),
    ],
)
def test_what_is_no_tls_is_quoted(data: bytes, said: str) -> None:
    with pytest.raises(NotTls) as caught:
        read(data)
    assert str(caught.value) == said


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (record(22, b""), "an empty handshake record"),
        (b"\x16\3\3\xff\xff", f"at most {MOST_RECORD}"),
        (record(22, b"\2\xff\xff\xff"), f"at most {MOST_MESSAGE}"),
        (record(22, shake(11, b"")), "before the ServerHello"),
        (record(20, b"\2"), "ChangeCipherSpec of 1 octets"),
        (record(22, hello() + b"\x0b\0") + record(20, b"\1"), "in the middle"),
        (record(24, b"\2"), "a heartbeat of 1 octets"),
        (record(22, hello(extensions=extension(1, b"") * 65)), "more than 64 extensions"),
        (record(22, hello(session=bytes(33))), "a session id of 33 octets"),
        (record(22, hello() + shake(2, b"\3\3")), "ServerHello"),
    ],
)
def test_what_breaks_the_rules_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(NotTls, match=said):
        read(data)


def test_a_refusal_stays() -> None:
    reader = HandshakeReader()
    reader.feed(b"HTTP/1.0 400")
    for _ in range(3):
        with pytest.raises(NotTls, match="HTTP"):
            reader.next()


def test_no_peer_can_go_on_for_ever() -> None:
    reader = HandshakeReader()
    reader.feed(record(21, b"\1\0") * (MOST_MESSAGES + 1))
    for _ in range(MOST_MESSAGES):
        assert reader.next() == Alert(1, 0)
    with pytest.raises(NotTls, match="messages"):
        reader.next()
    reader = HandshakeReader()
    reader.feed(bytes(MOST_OCTETS))
    with pytest.raises(NotTls, match=str(MOST_OCTETS)):
        reader.feed(b"x")
    with pytest.raises(NotTls, match=str(MOST_OCTETS)):
        reader.next()


def test_what_is_cut_off_is_known() -> None:
    reader = HandshakeReader()
    assert reader.waiting == 0
    reader.feed(record(22, hello())[:-1])
    assert reader.next() is None
    assert reader.waiting == len(record(22, hello())) - 1


def test_ssl_2() -> None:
    body = bytes.fromhex("04" + "00" + "01" + "0002" + "0004" + "0006" + "0010") + b"cert" + bytes.fromhex("010080" + "0700c0") + bytes(16)
    (message,) = read((0x8000 | len(body)).to_bytes(2, "big") + body)
    assert message == Ssl2ServerHello(2, (0x010080, 0x0700C0), b"cert", bytes(16), False)
    (error,) = read(bytes.fromhex("8003000001"))
    assert error == Ssl2Error(1)
    assert isinstance(error, Ssl2Error)
    assert (error.name, Ssl2Error(9).name) == ("no_cipher", "error 9")
    for broken in ("800300000100"[:8] + "ff", "8002" + "0400", "800b" + "04000100020004000600"):
        wire = bytes.fromhex(broken) + bytes(20)
        with pytest.raises(NotTls):
            read(wire)

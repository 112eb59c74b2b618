"""The TLS 1.3 key schedule and client against the traces of RFC 8448, and both clients against recorded handshakes of OpenSSL."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from scanner.wire.tls.client13 import Client13
from scanner.wire.tls.messages import (
    Certificate,
    CertificateVerify,
    EncryptedExtensions,
    Finished,
    HelloRetryRequest,
    NewSessionTicket,
    ServerHello,
    ServerKeyExchange,
)
from scanner.wire.tls.names import NotTls, RecordType
from scanner.wire.tls.reader import HandshakeReader, Opener
from scanner.wire.tls.schedule import Tls13Keys, expand_label
from scanner.wire.tls.shares import key_share
from tests.fuzz.recorded import ENTROPY, HELLO_13, OLD, recorded
from tests.fuzz.targets import drive_12, drive_13

HANDSHAKE = RecordType.HANDSHAKE


def _traces() -> dict[str, bytes]:
    out: dict[str, str] = {}
    name = ""
    for line in (Path(__file__).parent / "rfc8448.txt").read_text().splitlines():
        if line.startswith("["):
            name = line.strip("[]")
            out[name] = ""
        elif not line.startswith("#"):
            out[name] += line
    return {name: bytes.fromhex(text) for name, text in out.items()}


TRACE = _traces()


class _Plain:
    def __init__(self) -> None:
        self.reader = HandshakeReader()

    def messages(self, record: bytes, opener: Opener | None = None) -> list[object]:
        if opener is not None:
            self.reader.protect(opener)
        self.reader.feed(record)
        out: list[object] = []
        while (message := self.reader.next()) is not None:
            out.append(message)
        return out


def test_rfc_8448_section_3_from_the_shared_secret_to_the_ticket() -> None:
    plain = _Plain()
    (hello,) = plain.messages(TRACE["server_hello_record"])
    assert isinstance(hello, ServerHello)
    assert hello.key_share is not None
    group, share = hello.key_share
    assert (hello.version, hello.suite, group) == (0x0304, 0x1301, 29)
    private = X25519PrivateKey.from_private_bytes(TRACE["client_private"])
    assert private.exchange(X25519PublicKey.from_public_bytes(share)) == TRACE["shared_secret"]

    transcript = TRACE["client_hello"] + hello.wire
    keys = Tls13Keys(hello.suite, TRACE["shared_secret"], transcript)
    assert keys.client_secret == TRACE["client_handshake_secret"]
    assert keys.server_secret == TRACE["server_handshake_secret"]
    # The key and vector that the RFC prints beside the secret.
    assert expand_label("sha256", keys.server_secret, "key", b"", 16).hex() == "3fce516009c21727d0f2e4e86ee403bc"
    assert expand_label("sha256", keys.server_secret, "iv", b"", 12).hex() == "5d313eb2671276ee13000b30"

    flight = plain.messages(TRACE["server_flight_record"], keys.server())
    extensions, certificate, verify, finished = flight
    assert isinstance(extensions, EncryptedExtensions)
    assert isinstance(certificate, Certificate)
    assert isinstance(verify, CertificateVerify)
    assert isinstance(finished, Finished)
    assert (len(certificate.certificates), len(certificate.certificates[0]), verify.scheme) == (1, 432, 0x0804)
    transcript += extensions.wire + certificate.wire + verify.wire
    assert finished.verify_data == keys.verify_data(keys.server_secret, transcript)

    transcript += finished.wire
    mine = b"\x14\x00\x00\x20" + keys.verify_data(keys.client_secret, transcript)
    assert keys.client().seal(HANDSHAKE, mine) == TRACE["client_finished_record"]
    client, server = keys.application(transcript)
    assert client.seal(RecordType.APPLICATION_DATA, bytes(range(50))) == TRACE["client_data_record"]
    (ticket,) = plain.messages(TRACE["new_session_ticket_record"], server)
    assert isinstance(ticket, NewSessionTicket)
    assert (ticket.lifetime, ticket.early_data, len(ticket.ticket)) == (30, 1024, 178)
    assert server.open(23, 0x0303, TRACE["server_data_record"][5:]) == (23, bytes(range(50)))


def test_rfc_8448_section_5_hello_retry_request() -> None:
    (retry,) = _Plain().messages(TRACE["retry_record"])
    assert isinstance(retry, HelloRetryRequest)
    assert (retry.version, retry.suite, retry.group, len(retry.cookie)) == (0x0304, 0x1301, 23, 114)


def test_a_record_with_one_bit_changed_is_refused() -> None:
    plain = _Plain()
    (hello,) = plain.messages(TRACE["server_hello_record"])
    assert isinstance(hello, ServerHello)
    keys = Tls13Keys(hello.suite, TRACE["shared_secret"], TRACE["client_hello"] + hello.wire)
    spoilt = bytearray(TRACE["server_flight_record"])
    spoilt[200] ^= 1
    with pytest.raises(NotTls, match="not made with the keys"):
        plain.messages(bytes(spoilt), keys.server())


@pytest.mark.parametrize(("name", "retry"), [("tls13-aes128gcm", False), ("tls13-retry", True)])
def test_a_recorded_handshake_of_tls_13_is_read_to_its_tickets(name: str, retry: bool) -> None:
    messages, _ = drive_13(recorded(name), retry=retry)
    kinds = [type(message) for message in messages]
    assert kinds[-6:] == [EncryptedExtensions, Certificate, CertificateVerify, Finished, NewSessionTicket, NewSessionTicket]
    assert (HelloRetryRequest in kinds) is retry
    ticket = messages[-1]
    assert isinstance(ticket, NewSessionTicket)
    assert ticket.early_data == 16384


def test_with_another_key_the_recording_cannot_be_read() -> None:
    client = Client13(HELLO_13, [key_share(29, bytes(32))])
    client.start()
    client.feed(recorded("tls13-aes128gcm"))
    assert isinstance(client.next(), ServerHello)
    client.next()
    with pytest.raises(NotTls, match="not made with the keys"):
        client.next()


def test_a_group_without_share_leaves_the_records_closed_and_says_so() -> None:
    client = Client13(HELLO_13, [key_share(23, ENTROPY)])
    client.start()
    client.feed(recorded("tls13-aes128gcm"))
    client.next()
    assert client.unreadable == "the server chose no share that it was offered"
    with pytest.raises(ValueError, match="has not finished"):
        client.finish()


@pytest.mark.parametrize("name", OLD)
def test_a_recorded_handshake_of_an_older_version_is_completed(name: str) -> None:
    messages, client = drive_12(recorded(name), *OLD[name])
    assert client.rounds == (2 if name.endswith("renegotiated") else 1)
    assert any(isinstance(message, NewSessionTicket) for message in messages)
    exchanges = [message for message in messages if isinstance(message, ServerKeyExchange)]
    expected = {"tls10-dhe-cbc": ("DHE", None, 128), "tls12-ecdhe-gcm": ("ECDHE", 0x0403, 71), "tls12-anon": ("DHE", None, 0)}
    if name in expected:
        kind, scheme, signature = expected[name]
        assert (exchanges[0].kind, exchanges[0].scheme) == (kind, scheme)
        assert abs(len(exchanges[0].signature) - signature) <= 2
    if name.endswith("renegotiated"):
        assert client.session is not None
        assert len(client.session.master) == 48

"""The probe for known defects beside servers that have them, as far as the defect goes, and beside the same servers mended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from scanner.facts.tls import AddressSeen, DefectsSeen, Features, TlsDefects, TlsSeen, TlsSurvey, Upgrade, Version, VersionSeen
from scanner.model.fact import Evidence, Unobserved
from scanner.model.reason import Reason
from scanner.net.network import Network
from scanner.net.scope import ALWAYS, Consent, Entry, Level, Match, Scope
from scanner.probes import tls_defects as defects
from scanner.probes.tls_defects import tls_defects
from scanner.wire.tls.names import TLS12
from scanner.wire.tls.protect12 import Pair, prf, protection, transcript_hash
from scanner.wire.tls.suites import suite_by_name
from tests.unit.tls_servers import Gate, certificate, openssl_server, service, settings

Talk = Callable[["Peer", asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
SUITE = "TLS_RSA_WITH_AES_128_CBC_SHA"
CONSENT = Consent("127.0.0.0/8", ("tls.robot", "tls.ticketbleed"), ALWAYS, "somebody")
ALERT = 21
HEARTBEAT = 24


def record(kind: int, payload: bytes) -> bytes:
    return bytes((kind, 3, 3)) + len(payload).to_bytes(2, "big") + payload


def alert(number: int) -> bytes:
    return record(ALERT, bytes((2, number)))


def message(kind: int, body: bytes) -> bytes:
    return bytes((kind,)) + len(body).to_bytes(3, "big") + body


def hello(session_id: bytes = b"", extensions: bytes = b"") -> bytes:
    body = (
        b"\x03\x03" + bytes(32) + bytes((len(session_id),)) + session_id + b"\x00\x2f\x00" + len(extensions).to_bytes(2, "big") + extensions
    )
    return message(2, body)


async def read_record(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = await reader.readexactly(5)
    return head[0], await reader.readexactly(int.from_bytes(head[3:], "big"))


class Peer:
    """Sends the flight of a TLS 1.2 server with RSA key exchange, then does what a test says."""

    def __init__(self, then: Talk) -> None:
        pem, secret = certificate("rsa")
        self.der = x509.load_pem_x509_certificate(Path(pem).read_bytes()).public_bytes(Encoding.DER)
        key = load_pem_private_key(Path(secret).read_bytes(), None)
        assert isinstance(key, RSAPrivateKey)
        self.numbers = key.private_numbers()
        self._then = then
        self._asked = self._flight = b""

    @asynccontextmanager
    async def open(self) -> AsyncIterator[int]:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                _, self._asked = await read_record(reader)
                chain = len(self.der).to_bytes(3, "big") + self.der
                flight = hello(extensions=b"\x00\x0f\x00\x01\x01") + message(11, len(chain).to_bytes(3, "big") + chain) + message(14, b"")
                writer.write(record(22, flight))
                self._flight = flight
                await self._then(self, reader, writer)
            except (ConnectionError, asyncio.IncompleteReadError):
                pass
            finally:
                writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()

    def deciphered(self, exchange: bytes) -> bytes:
        """The block inside a ClientKeyExchange."""
        size = (self.numbers.public_numbers.n.bit_length() + 7) // 8
        return pow(int.from_bytes(exchange[6:], "big"), self.numbers.d, self.numbers.public_numbers.n).to_bytes(size, "big")

    async def complete(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Pair:
        """Complete the handshake; gives the keys (RFC 5246 sections 7.4.7.1 and 8.1)."""
        suite = suite_by_name(SUITE)
        assert suite
        exchange, _, finished = [(await read_record(reader))[1] for _ in range(3)]
        randoms = bytes(32), self._asked[6:38]
        master = prf(TLS12, suite, self.deciphered(exchange)[-48:], "master secret", randoms[1] + randoms[0], length=48)
        keys = protection(TLS12, suite, master, randoms[0] + randoms[1], etm=False, entropy=bytes(32))
        said = self._asked + self._flight + exchange + keys.client.open(22, TLS12, finished)[1]
        proof = prf(TLS12, suite, master, "server finished", transcript_hash(TLS12, suite, said), length=12)
        writer.write(record(20, b"\x01") + keys.server.seal(22, message(20, proof)))
        return keys


def survey(port: int, features: Features, *suites: str) -> TlsSurvey:
    seen = TlsSeen(Upgrade.IMPLICIT, versions=(VersionSeen(Version.TLS12, True, suites or (SUITE,)),), features=features)
    return TlsSurvey("www.lab.test", port, "https", "2026-01-01T00:00:00Z", (AddressSeen("127.0.0.1", seen),))


async def look(port: int, features: Features, *suites: str, consents: tuple[Consent, ...] = ()) -> tuple[DefectsSeen, tuple[Evidence, ...]]:
    scope = Scope(allowed=(Entry(Match.NETWORK, "127.0.0.0/8", Level.INTRUSIVE),))
    async with Network(settings(scope=scope, consents=consents)) as net:
        view = net.view("x")
        found = await tls_defects.run(service(port), view, survey(port, features, *suites))
        assert isinstance(found, TlsDefects)
        return found.addresses[0], view.evidence()


def seen(then: Talk, features: Features, *consents: Consent) -> DefectsSeen:
    async def go() -> DefectsSeen:
        async with Peer(then).open() as port:
            return (await look(port, features, consents=consents))[0]

    return asyncio.run(go())


def beating(answer: Callable[[bytes, int], bytes]) -> Talk:
    """Completes the handshake, and then gives ``answer`` to the requests: what a record held, and the length claimed in it."""

    async def talk(peer: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        keys = await peer.complete(reader, writer)
        while True:
            kind, sealed = await read_record(reader)
            kind, payload = keys.client.open(kind, TLS12, sealed)
            said = answer(payload, int.from_bytes(payload[1:3], "big")) if kind == HEARTBEAT else b""
            if said:
                writer.write(keys.server.seal(HEARTBEAT, said))

    return talk


def bleed(payload: bytes, claimed: int) -> bytes:
    """As much as was claimed."""
    return b"\x02" + payload[1:3] + (payload[3:] + b"secret" * 20)[:claimed] + bytes(16)


def sound(payload: bytes, claimed: int) -> bytes:
    """Nothing for requests that claim more than they hold (RFC 6520 section 4)."""
    return b"\x02" + payload[1 : 3 + claimed] + bytes(16) if claimed + 19 <= len(payload) else b""


def silence(payload: bytes, claimed: int) -> bytes:
    """No word at all."""
    return b""


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Peers on loopback answer at once or not at all."""
    monkeypatch.setattr(defects, "SETTLE", 0.2)
    monkeypatch.setattr(defects, "CONVERSATION", 0.8)


async def mute(peer: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


def test_heartbleed_is_told_from_its_mending() -> None:
    with_heartbeat = Features(heartbeat=True)
    assert seen(beating(bleed), with_heartbeat).heartbleed is True
    assert seen(beating(sound), with_heartbeat).heartbleed is False
    silent = seen(beating(silence), with_heartbeat).heartbleed
    assert isinstance(silent, Unobserved)
    assert silent.reason is Reason.TIMEOUT


def test_the_heartbeat_claims_no_more_than_it_brings() -> None:
    """The request itself can learn nothing: payload and padding together are as long as the claim."""
    heard: list[tuple[int, int]] = []

    def listen(payload: bytes, claimed: int) -> bytes:
        heard.append((claimed, len(payload) - 3))
        return b""

    seen(beating(listen), Features(heartbeat=True))
    assert len(heard) == 2
    assert all(claimed <= there for claimed, there in heard)


def test_heartbeats_behind_suites_that_cannot_be_completed_are_not_judged() -> None:
    async def go() -> DefectsSeen:
        async with Peer(mute).open() as port:
            return (await look(port, Features(heartbeat=True), "TLS_RSA_WITH_ARIA_128_CBC_SHA256"))[0]

    found = asyncio.run(go()).heartbleed
    assert isinstance(found, Unobserved)
    assert found.reason is Reason.UNSUPPORTED


def test_without_heartbeats_nothing_is_asked() -> None:
    assert seen(beating(sound), Features(heartbeat=False)).heartbleed is None


@pytest.mark.parametrize(("number", "shows"), [(20, True), (21, True), (10, False), (40, False)])
def test_an_early_change_of_keys_shows_by_what_becomes_of_a_warning(number: int, shows: bool) -> None:
    async def answer(peer: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert [(await read_record(reader))[0] for _ in range(2)] == [20, 21]
        writer.write(alert(number))

    assert seen(answer, Features(heartbeat=False)).early_ccs is shows


@pytest.mark.parametrize("last_word", [b"", alert(10), alert(20), alert(80)])
def test_a_server_that_ends_at_an_early_change_of_keys_has_not_carried_it_out(last_word: bytes) -> None:
    async def end(peer: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert (await read_record(reader))[0] == 20
        writer.write(last_word)

    assert seen(end, Features(heartbeat=False)).early_ccs is False


@pytest.mark.parametrize("touchy", [False, True])
def test_a_close_without_a_word_is_held_against_the_warning_alone(touchy: bool) -> None:
    """OpenSSL 1.0.1e inside Node.js closes so: what it could not decipher it does not answer."""

    async def close(peer: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        changed = False
        while True:
            kind, _ = await read_record(reader)
            if kind == 21 and (changed or touchy):
                return
            changed = changed or kind == 20

    found = seen(close, Features(heartbeat=False)).early_ccs
    if touchy:
        assert isinstance(found, Unobserved)
        assert found.reason is Reason.UNCONFIRMED
    else:
        assert found is True


def test_a_server_that_soon_ends_any_handshake_has_not_carried_out_an_early_change_of_keys() -> None:
    async def impatient(peer: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(reader.read(), 0.5)

    found = seen(impatient, Features(heartbeat=False)).early_ccs
    assert isinstance(found, Unobserved)
    assert found.reason is Reason.UNCONFIRMED


def test_silence_to_an_early_change_of_keys_says_nothing() -> None:
    found = seen(mute, Features(heartbeat=False)).early_ccs
    assert isinstance(found, Unobserved)
    assert found.reason is Reason.TIMEOUT


async def oracle(peer: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Has another alert for a block that does not begin as it should."""
    kind, payload = await read_record(reader)
    if kind != 22:
        writer.write(alert(10))
        return
    writer.write(alert(20 if peer.deciphered(payload).startswith(b"\x00\x02") else 51))


async def even(peer: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    kind, _ = await read_record(reader)
    writer.write(alert(20 if kind == 22 else 10))


def test_an_oracle_is_told_from_a_server_that_treats_all_blocks_alike() -> None:
    assert seen(oracle, Features(), CONSENT).robot is True
    assert seen(even, Features(), CONSENT).robot is False


def test_a_server_that_changes_its_mind_is_no_oracle() -> None:
    answers = iter([20, 51] + [20] * 30)

    async def fickle(peer: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        kind, _ = await read_record(reader)
        writer.write(alert(next(answers) if kind == 22 else 10))

    found = seen(fickle, Features(), CONSENT).robot
    assert isinstance(found, Unobserved)
    assert found.reason is Reason.UNCONFIRMED


def test_intrusive_probes_are_not_made_without_consent() -> None:
    one = seen(even, Features(session_ticket=True))
    assert isinstance(one.robot, Unobserved)
    assert one.robot.reason is Reason.NO_CONSENT
    other = seen(even, Features(session_ticket=True), Consent("127.0.0.0/8", ("tls.robot",), ALWAYS, "somebody"))
    assert other.robot is False


@pytest.mark.parametrize("bleeds", [True, False, None])
def test_ticketbleed(bleeds: bool | None) -> None:
    """The first handshake is a real one; then a server answers that gives the session id back, one octet longer or not, or gives none."""

    class Bleeding(Gate):
        async def _spoil(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            _, said = await read_record(reader)
            mark = said[39 : 39 + said[38]]
            writer.write(record(22, hello(b"" if bleeds is None else mark + b"S" * bleeds)))
            await reader.read()

    async def go(behind: int) -> DefectsSeen:
        gate = Bleeding(behind, most=2)  # the early ChangeCipherSpec, and the handshake that brings the ticket
        async with gate.open() as port:
            found, evidence = await look(port, Features(session_ticket=True), "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", consents=(CONSENT,))
            assert any("31 octets" in each.excerpt for each in evidence)
            return found

    with openssl_server("-tls1_2", "-www") as port:
        found = asyncio.run(go(port)).ticketbleed
    if bleeds is None:
        assert isinstance(found, Unobserved)
        assert found.reason is Reason.UNCONFIRMED
    else:
        assert found is bleeds


def test_an_address_that_was_not_seen_keeps_its_reason() -> None:
    async def go() -> DefectsSeen:
        why = Unobserved(Reason.TIMEOUT, "no answer")
        fact = TlsSurvey("", 443, "https", "", (AddressSeen("127.0.0.1", why),))
        async with Network(settings()) as net:
            found = await tls_defects.run(service(443), net.view("x"), fact)
            assert isinstance(found, TlsDefects)
            return found.addresses[0]

    one = asyncio.run(go())
    assert [part for part in (one.heartbleed, one.early_ccs, one.ticketbleed, one.robot) if isinstance(part, Unobserved)] == [
        Unobserved(Reason.TIMEOUT, "no answer")
    ] * 4

"""A client that completes handshakes of TLS 1.0 to 1.2 where a fact needs it: tickets, resumption, renegotiation. It trusts anybody."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

from scanner.wire.tls.groups import group_name, groups_for
from scanner.wire.tls.hello import MOST_FRAGMENT, ClientHello, HelloTemplate, handshake, record
from scanner.wire.tls.messages import (
    Certificate,
    CertificateRequest,
    ChangeCipherSpec,
    Finished,
    HelloRequest,
    Message,
    NewSessionTicket,
    ServerHello,
    ServerHelloDone,
    ServerKeyExchange,
)
from scanner.wire.tls.names import SSL3, TLS12, HandshakeType, NotTls, RecordType, version_name
from scanner.wire.tls.protect12 import Pair, Protection, can_protect, prf, protection, transcript_hash
from scanner.wire.tls.reader import HandshakeReader
from scanner.wire.tls.rsa import RsaKey, client_key_exchange, padded, premaster, rsa_key, rsa_numbers
from scanner.wire.tls.shares import CannotCompute, FiniteField, key_share
from scanner.wire.tls.suites import DRAFT_SUITES, SUITES, Suite, suite_name

_LEAST_PRIME_BITS = 256
_MOST_PRIME_BITS = 8192
_MASTER = 48


@dataclass(frozen=True, slots=True)
class Session:
    """What resumes a session: give ``ticket`` or ``session_id`` in the next hello, and the session to its ``Client12``."""

    version: int
    suite: int
    master: bytes
    session_id: bytes
    ticket: bytes
    extended: bool


class Client12:
    """One connection. Send ``start()``, then ``feed`` what comes and take messages from ``next``.

    After ServerHelloDone, ``finish()`` gives the client's half; when the server's Finished has come and fits, ``complete`` is true and
    ``session`` resumes it. With a ``session`` that the server takes up, ``resumed`` is true with the server's Finished, and ``finish()``
    comes after that. ``renegotiate`` then begins anew inside the protection, and the same steps follow; ``rounds`` counts what was
    completed. What this program cannot compute raises ``CannotCompute`` from ``finish``, or from ``next`` when resuming.
    """

    __slots__ = (
        "_asked",
        "_certificate",
        "_entropy",
        "_exchange",
        "_finished",
        "_hello",
        "_keys",
        "_master",
        "_offered",
        "_reader",
        "_seen",
        "_session_offered",
        "_ticket",
        "_transcript",
        "_write",
        "complete",
        "resumed",
        "rounds",
        "server_hello",
    )

    def __init__(self, hello: ClientHello, entropy: bytes, session: Session | None = None) -> None:
        """``entropy``: at least 32 random octets, from which every secret of this connection is made."""
        self._reader = HandshakeReader()
        self._entropy = entropy
        self._write: Protection | None = None
        self.rounds = 0
        self._finished: tuple[bytes, bytes] = (b"", b"")
        self._begin(hello, session)

    def _begin(self, hello: ClientHello, session: Session | None) -> None:
        self._hello = hello
        self._session_offered = session
        self._transcript = b""
        self._offered = min(hello.version, TLS12) if hello.legacy_version is None else hello.legacy_version
        self._certificate = b""
        self._exchange: ServerKeyExchange | None = None
        self._asked = False
        self._keys: Pair | None = None
        self._master = b""
        self._ticket = b""
        self._seen = False
        self.server_hello: ServerHello | None = None
        self.resumed = False
        self.complete = False

    @property
    def waiting(self) -> int:
        """Octets of a record or message that is not whole yet."""
        return self._reader.waiting

    @property
    def session(self) -> Session | None:
        """What resumes this session, once the handshake is complete."""
        hello = self.server_hello
        if not self.complete or hello is None:
            return None
        return Session(hello.version, hello.suite, self._master, hello.session_id, self._ticket, hello.extended_master_secret)

    def start(self) -> bytes:
        """The first flight. Raises ``ValueError`` for a hello that does not fit its fields."""
        template = HelloTemplate(self._hello)
        self._transcript = template.message()
        return template.write()

    def renegotiate(self, random: bytes) -> bytes:
        """A new ClientHello inside the protection (RFC 5746 section 3.5), without resumption. Raises ``ValueError`` before ``complete``."""
        if not self.complete or self.server_hello is None or self._write is None:
            raise ValueError("the handshake is not complete")
        secure = self.server_hello.secure_renegotiation
        version = self.server_hello.version
        hello = replace(
            self._hello,
            version=version,
            versions=None,
            random=random,
            session_id=b"",
            ticket=None,
            reneg_info="",
            verify_data=self._finished[0] if secure else b"",
        )
        self._entropy = hashlib.shake_256(b"tenken renegotiation" + self._entropy).digest(64)
        self._begin(hello, None)
        self._transcript = HelloTemplate(hello).message()
        return self._write.seal(RecordType.HANDSHAKE, self._transcript)

    def feed(self, data: bytes) -> None:
        """Take octets from the server. Raises ``NotTls`` beyond the cap."""
        self._reader.feed(data)

    def next(self) -> Message | None:
        """Give the next message, deciphered; ``None`` asks for more octets. Raises ``NotTls``, and ``CannotCompute`` when resuming."""
        message = self._reader.next()
        if isinstance(message, ChangeCipherSpec):
            self._server_turns()
            return message
        if isinstance(message, Finished):
            self._check(message)
            return message
        if isinstance(message, ServerHello):
            if self.server_hello is not None:
                raise NotTls("a second ServerHello")
            self.server_hello = message
        elif isinstance(message, Certificate):
            self._certificate = message.certificates[0] if message.certificates else b""
        elif isinstance(message, ServerKeyExchange):
            self._exchange = message
        elif isinstance(message, CertificateRequest):
            self._asked = True
        elif isinstance(message, NewSessionTicket):
            self._ticket = message.ticket
        elif isinstance(message, ServerHelloDone):
            if self._seen:
                raise NotTls("a second ServerHelloDone")
            self._seen = True
        if message is not None and not isinstance(message, HelloRequest) and (wire := getattr(message, "wire", None)):
            self._transcript += wire
        return message

    def finish(self) -> bytes:
        """The client's half of the handshake, after ServerHelloDone or, resumed, after the server's Finished.

        Raises ``ValueError`` before its time, ``CannotCompute`` for an exchange or a suite that this program does not have, ``NotTls`` for
        numbers of the server that cannot be computed with.
        """
        hello = self.server_hello
        if (
            hello is None
            or not (self._seen or self.resumed)
            or (self._keys is not None) != self.resumed
            or (self.resumed and not self._finished[1])
        ):
            raise ValueError("the server has not said all that is needed")
        out = []
        if not self.resumed:
            suite = self._suite(hello)
            secret, exchange = self._client_key_exchange(hello, suite)
            if self._asked:
                refusal = handshake(HandshakeType.CERTIFICATE, b"\0\0\0")
                self._transcript += refusal
                out.append(self._records(RecordType.HANDSHAKE, refusal))
            self._transcript += exchange
            out.append(self._records(RecordType.HANDSHAKE, exchange))
            self._derive(hello, suite, self._master_secret(hello, suite, secret))
        out.append(self._records(RecordType.CHANGE_CIPHER_SPEC, b"\x01"))
        assert self._keys is not None
        self._write = self._keys.client
        data = self._verify_data("client finished")
        mine = handshake(HandshakeType.FINISHED, data)
        self._transcript += mine
        self._finished = (data, self._finished[1] if self.resumed else b"")
        out.append(self._write.seal(RecordType.HANDSHAKE, mine))
        if self.resumed:
            self.complete = True
            self.rounds += 1
        return b"".join(out)

    def send(self, data: bytes, type_: int = RecordType.APPLICATION_DATA) -> bytes:
        """Records that carry ``data`` to the server, under protection once there is one."""
        return self._records(type_, data)

    def close(self) -> bytes:
        """A close_notify, which must go out before the connection ends: OpenSSL forgets a session that ended without one."""
        return self._records(RecordType.ALERT, b"\1\0")

    def _records(self, type_: int, data: bytes) -> bytes:
        version = self.server_hello.version if self.server_hello is not None else TLS12
        pieces = [data[at : at + MOST_FRAGMENT] for at in range(0, len(data), MOST_FRAGMENT)]
        if self._write is None:
            return b"".join(record(type_, version, piece) for piece in pieces)
        return b"".join(self._write.seal(type_, piece) for piece in pieces)

    def _suite(self, hello: ServerHello) -> Suite:
        suite = SUITES.get(hello.suite) or DRAFT_SUITES.get(hello.suite)
        if not SSL3 < hello.version <= TLS12:
            raise CannotCompute(f"no completed handshake in {version_name(hello.version)}")
        if suite is None or not can_protect(suite):
            raise CannotCompute(f"no records of {suite_name(hello.suite)}")
        if hello.compression:
            raise CannotCompute("no compressed records")
        return suite

    def _client_key_exchange(self, hello: ServerHello, suite: Suite) -> tuple[bytes, bytes]:
        """The premaster secret, and the ClientKeyExchange that tells the server."""
        exchange = self._exchange
        if suite.kx == "RSA" and suite.auth == "RSA":
            key: RsaKey = rsa_numbers(exchange.prime, exchange.generator) if exchange is not None else rsa_key(self._certificate)
            secret = premaster(self._offered, self._entropy)
            return secret, client_key_exchange(hello.version, key.encipher(padded(key, secret, self._entropy)))
        if exchange is None or suite.auth in ("PSK", "SRP"):
            raise CannotCompute(f"no key exchange of {suite.name}")
        if exchange.kind == "ECDHE":
            if exchange.group is None:
                raise CannotCompute("no key exchange over a curve that is written out")
            if exchange.group not in groups_for(hello.version, "ecdhe"):
                raise CannotCompute(f"no key exchange over {group_name(exchange.group)} in {version_name(hello.version)}")
            share = key_share(exchange.group, self._entropy)
            return share.agree(exchange.public), handshake(HandshakeType.CLIENT_KEY_EXCHANGE, bytes((len(share.public),)) + share.public)
        if exchange.kind == "DHE":
            prime, generator = int.from_bytes(exchange.prime, "big"), int.from_bytes(exchange.generator, "big")
            if not _LEAST_PRIME_BITS <= prime.bit_length() <= _MOST_PRIME_BITS or not prime % 2 or not 1 < generator < prime - 1:
                raise NotTls(f"finite-field parameters of {prime.bit_length()} bits that cannot be computed with")
            half = FiniteField(prime, generator, hashlib.shake_256(b"tenken dhe" + self._entropy).digest(64), padded=False)
            try:
                secret = half.agree(exchange.public)
            except ValueError as error:
                raise NotTls(f"a public number of the server {error}") from None
            return secret, handshake(HandshakeType.CLIENT_KEY_EXCHANGE, len(half.public).to_bytes(2, "big") + half.public)
        raise CannotCompute(f"no key exchange of {suite.name}")

    def _master_secret(self, hello: ServerHello, suite: Suite, secret: bytes) -> bytes:
        if hello.extended_master_secret:
            digest = transcript_hash(hello.version, suite, self._transcript)
            return prf(hello.version, suite, secret, "extended master secret", digest, length=_MASTER)
        return prf(hello.version, suite, secret, "master secret", self._hello.random + hello.random, length=_MASTER)

    def _derive(self, hello: ServerHello, suite: Suite, master: bytes) -> None:
        self._master = master
        etm = hello.encrypt_then_mac and suite.mode == "CBC"
        self._keys = protection(hello.version, suite, master, hello.random + self._hello.random, etm=etm, entropy=self._entropy)

    def _server_turns(self) -> None:
        """The server changes to its new keys: after our half, or at once where it resumes."""
        hello = self.server_hello
        if hello is None:
            return
        if self._keys is None:
            session = self._session_offered
            if session is None or self._seen or self._certificate or (session.version, session.suite) != (hello.version, hello.suite):
                return
            self.resumed = True
            self._derive(hello, self._suite(hello), session.master)
            self._ticket = self._ticket or session.ticket
        assert self._keys is not None
        self._reader.protect(self._keys.server)

    def _check(self, message: Finished) -> None:
        hello = self.server_hello
        if hello is None or self._keys is None:
            raise NotTls("a Finished before its time")
        if message.verify_data != self._verify_data("server finished"):
            raise NotTls("a Finished that does not fit the handshake")
        self._transcript += message.wire
        self._finished = (self._finished[0], message.verify_data)
        if not self.resumed:
            self.complete = True
            self.rounds += 1

    def _verify_data(self, label: str) -> bytes:
        hello = self.server_hello
        assert hello is not None
        suite = self._suite(hello)
        return prf(hello.version, suite, self._master, label, transcript_hash(hello.version, suite, self._transcript), length=12)

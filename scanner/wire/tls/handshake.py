"""Handshake messages read: the body of one message in, a value out. Records and fragments are the matter of ``reader``."""

from __future__ import annotations

from typing import Final

from scanner.wire.tls.messages import (
    Certificate,
    CertificateRequest,
    CertificateStatus,
    CertificateVerify,
    EncryptedExtensions,
    Extensions,
    Finished,
    HandshakeMessage,
    HelloRequest,
    HelloRetryRequest,
    KeyUpdate,
    NewSessionTicket,
    OtherHandshake,
    ServerHello,
    ServerHelloDone,
    ServerKeyExchange,
    find,
)
from scanner.wire.tls.names import SSL3, TLS12, TLS13, Extension, HandshakeType, NotTls
from scanner.wire.tls.suites import DRAFT_SUITES, SUITES

MOST_EXTENSIONS: Final = 64
MOST_CERTIFICATES: Final = 16
MOST_CERTIFICATE: Final = 1 << 16
"""Octets of one certificate."""
MOST_AUTHORITIES: Final = 1024
MOST_SCHEMES: Final = 256
MOST_RESPONSES: Final = 16
MOST_PRIME: Final = 2048
"""Octets of a prime or modulus: 16384 bits."""

RETRY_RANDOM: Final = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
"""The random of a HelloRetryRequest: SHA-256 of "HelloRetryRequest" (RFC 8446 section 4.1.3)."""

_NAMED_CURVE: Final = 3
_CERTIFICATE_AUTHORITIES: Final = 47


class Take:
    """A cursor over one message. Every step checks that the octets are there; falling off the end is ``NotTls``."""

    __slots__ = ("at", "data", "end", "what")

    def __init__(self, data: bytes, what: str, at: int = 0) -> None:
        self.data = data
        self.at = at
        self.end = len(data)
        self.what = what

    def number(self, octets: int) -> int:
        """A whole number of so many octets."""
        at = self.at
        self.at = at + octets
        if self.at > self.end:
            raise NotTls(f"{self.what} ends in the middle of a number, {self.end} octets")
        return int.from_bytes(self.data[at : self.at], "big")

    def octets(self, count: int) -> bytes:
        """So many octets."""
        at = self.at
        self.at = at + count
        if self.at > self.end:
            raise NotTls(f"{self.what} promises {count} octets and has {self.end - at}")
        return self.data[at : self.at]

    def vector(self, octets: int) -> bytes:
        """Octets behind their length, which takes ``octets`` octets."""
        return self.octets(self.number(octets))

    def rest(self) -> bytes:
        """What is left."""
        at, self.at = self.at, self.end
        return self.data[at:]

    def done(self) -> None:
        """Raise ``NotTls`` where something is left."""
        if self.at != self.end:
            raise NotTls(f"{self.end - self.at} octets behind {self.what}")


def read_handshake(type_: int, wire: bytes, version: int, suite: int) -> HandshakeMessage:
    """Read one handshake message, header included, of a server that chose ``version`` and ``suite``. Raises ``NotTls``."""
    reader = _READERS.get(type_)
    if reader is None:
        raise NotTls(f"a handshake message of type {type_}")
    return reader(wire, version, suite)


def read_extensions(take: Take) -> Extensions:
    """Read a list of extensions with its length in front."""
    inner = Take(take.vector(2), "the list of extensions")
    out: list[tuple[int, bytes]] = []
    while inner.at < inner.end:
        if len(out) >= MOST_EXTENSIONS:
            raise NotTls(f"more than {MOST_EXTENSIONS} extensions")
        out.append((inner.number(2), inner.vector(2)))
    return tuple(out)


def _server_hello(wire: bytes, _version: int, _suite: int) -> ServerHello | HelloRetryRequest:
    take = Take(wire, "ServerHello", 4)
    legacy = take.number(2)
    random = take.octets(32)
    session_id = take.vector(1)
    if len(session_id) > 32:
        raise NotTls(f"a session id of {len(session_id)} octets")
    suite = take.number(2)
    compression = take.number(1)
    if legacy >> 8 != 3:
        raise NotTls(f"a ServerHello of version 0x{legacy:04X}")
    # Servers older than extensions end here (RFC 5246 section 7.4.1.2).
    extensions = read_extensions(take) if take.at < take.end else ()
    take.done()
    version = legacy
    chosen = find(extensions, Extension.SUPPORTED_VERSIONS)
    if chosen is not None:
        if len(chosen) != 2:
            raise NotTls(f"a chosen version of {len(chosen)} octets")
        version = chosen[0] << 8 | chosen[1]
        if version < TLS13:
            # RFC 8446 section 4.2.1: this extension chooses TLS 1.3 and nothing older.
            raise NotTls(f"version 0x{version:04X} chosen in supported_versions")
    if random != RETRY_RANDOM:
        return ServerHello(version, legacy, random, session_id, suite, compression, extensions, wire)
    if version < TLS13:
        raise NotTls("a HelloRetryRequest that does not choose TLS 1.3")
    share = find(extensions, Extension.KEY_SHARE)
    if share is not None and len(share) != 2:
        raise NotTls(f"a HelloRetryRequest that names its group in {len(share)} octets")
    cookie = find(extensions, Extension.COOKIE)
    return HelloRetryRequest(
        version,
        suite,
        None if share is None else share[0] << 8 | share[1],
        b"" if cookie is None else Take(cookie, "the cookie").vector(2),
        session_id,
        extensions,
        wire,
    )


def _encrypted_extensions(wire: bytes, _version: int, _suite: int) -> EncryptedExtensions:
    take = Take(wire, "EncryptedExtensions", 4)
    extensions = read_extensions(take)
    take.done()
    return EncryptedExtensions(extensions, wire)


def _certificate(wire: bytes, version: int, _suite: int) -> Certificate:
    take = Take(wire, "Certificate", 4)
    new = version >= TLS13
    if new:
        take.vector(1)
    inner = Take(take.vector(3), "the list of certificates")
    take.done()
    certificates: list[bytes] = []
    extensions: list[Extensions] = []
    left_out = 0
    while inner.at < inner.end:
        certificate = inner.vector(3)
        if not 0 < len(certificate) <= MOST_CERTIFICATE:
            raise NotTls(f"a certificate of {len(certificate)} octets; at most {MOST_CERTIFICATE}")
        beside = read_extensions(inner) if new else ()
        if len(certificates) < MOST_CERTIFICATES:
            certificates.append(certificate)
            extensions.append(beside)
        else:
            left_out += 1
    return Certificate(tuple(certificates), left_out, tuple(extensions), wire)


def _certificate_status(wire: bytes, _version: int, _suite: int) -> CertificateStatus:
    take = Take(wire, "CertificateStatus", 4)
    kind = take.number(1)
    if kind not in (1, 2):
        raise NotTls(f"a certificate status of type {kind}")
    whole = take.vector(3)
    take.done()
    if kind == 1:
        return CertificateStatus((whole,), wire)
    inner = Take(whole, "the list of OCSP answers")
    responses: list[bytes] = []
    while inner.at < inner.end:
        if len(responses) >= MOST_RESPONSES:
            raise NotTls(f"more than {MOST_RESPONSES} OCSP answers")
        responses.append(inner.vector(3))
    return CertificateStatus(tuple(responses), wire)


def _server_key_exchange(wire: bytes, version: int, code: int) -> ServerKeyExchange:
    suite = SUITES.get(code) or DRAFT_SUITES.get(code)
    kx, auth = (suite.kx, suite.auth) if suite else ("", "")
    take = Take(wire, "ServerKeyExchange", 4)
    group: int | None = None
    prime = generator = public = b""
    hint = take.vector(2) if auth == "PSK" else b""
    kind = kx
    if kx == "ECDHE" or (kx == "ECDH" and auth == "anon"):
        kind = "ECDHE"
        curve = take.number(1)
        if curve != _NAMED_CURVE:
            # RFC 8422 section 5.4 forbids curves that are written out, as does common sense: only that it came is kept.
            return ServerKeyExchange(kind, None, b"", b"", b"", hint, None, b"", take.rest(), wire)
        group = take.number(2)
        public = take.vector(1)
    elif kx in ("DHE", "DH"):
        kind = "DHE"
        prime, generator, public = (_whole(take) for _ in range(3))
    elif kx == "SRP":
        prime, generator = _whole(take), _whole(take)
        hint = take.vector(1)
        public = _whole(take)
    elif kx == "RSA" and auth != "PSK":
        prime, generator = _whole(take), _whole(take)
    elif auth == "PSK":
        kind = "PSK"
    else:
        return ServerKeyExchange(kind, None, b"", b"", b"", b"", None, b"", take.rest(), wire)
    signed = wire[4 : take.at]
    scheme: int | None = None
    signature = b""
    if auth not in ("anon", "PSK", "SRP"):
        if version >= TLS12:
            scheme = take.number(2)
        signature = take.vector(2)
    take.done()
    return ServerKeyExchange(kind, group, prime, generator, public, hint, scheme, signature, signed, wire)


def _whole(take: Take) -> bytes:
    octets = take.vector(2)
    if not 0 < len(octets) <= MOST_PRIME:
        raise NotTls(f"a number of {len(octets)} octets; at most {MOST_PRIME}")
    return octets


def _certificate_request(wire: bytes, version: int, _suite: int) -> CertificateRequest:
    take = Take(wire, "CertificateRequest", 4)
    if version >= TLS13:
        context = take.vector(1)
        extensions = read_extensions(take)
        take.done()
        signing = find(extensions, Extension.SIGNATURE_ALGORITHMS)
        listed = find(extensions, _CERTIFICATE_AUTHORITIES)
        schemes = () if signing is None else _schemes(Take(signing, "the list of schemes").vector(2))
        authorities, left_out = ((), 0) if listed is None else _authorities(Take(listed, "the list of authorities").vector(2))
        return CertificateRequest((), schemes, authorities, left_out, context, wire)
    types = take.vector(1)
    numbers = _schemes(take.vector(2)) if version >= TLS12 else ()
    authorities, left_out = _authorities(take.vector(2))
    take.done()
    return CertificateRequest(tuple(types), numbers, authorities, left_out, b"", wire)


def _schemes(data: bytes) -> tuple[int, ...]:
    if len(data) % 2 or len(data) > 2 * MOST_SCHEMES:
        raise NotTls(f"a list of signature schemes of {len(data)} octets")
    return tuple(data[at] << 8 | data[at + 1] for at in range(0, len(data), 2))


def _authorities(data: bytes) -> tuple[tuple[bytes, ...], int]:
    inner = Take(data, "the list of authorities")
    out: list[bytes] = []
    left_out = 0
    while inner.at < inner.end:
        name = inner.vector(2)
        if len(out) < MOST_AUTHORITIES:
            out.append(name)
        else:
            left_out += 1
    return tuple(out), left_out


def _empty(wire: bytes, what: str) -> None:
    if len(wire) != 4:
        raise NotTls(f"{what} of {len(wire) - 4} octets")


def _server_hello_done(wire: bytes, _version: int, _suite: int) -> ServerHelloDone:
    _empty(wire, "ServerHelloDone")
    return ServerHelloDone(wire)


def _hello_request(wire: bytes, _version: int, _suite: int) -> HelloRequest:
    _empty(wire, "HelloRequest")
    return HelloRequest(wire)


def _new_session_ticket(wire: bytes, version: int, _suite: int) -> NewSessionTicket:
    take = Take(wire, "NewSessionTicket", 4)
    lifetime = take.number(4)
    if version < TLS13:
        ticket = take.vector(2)
        take.done()
        return NewSessionTicket(lifetime, ticket, wire)
    age_add = take.number(4)
    nonce = take.vector(1)
    ticket = take.vector(2)
    early = find(read_extensions(take), Extension.EARLY_DATA)
    take.done()
    if early is not None and len(early) != 4:
        raise NotTls(f"an early_data limit of {len(early)} octets")
    return NewSessionTicket(lifetime, ticket, wire, age_add, nonce, None if early is None else int.from_bytes(early, "big"))


def _certificate_verify(wire: bytes, _version: int, _suite: int) -> CertificateVerify:
    take = Take(wire, "CertificateVerify", 4)
    scheme = take.number(2)
    signature = take.vector(2)
    take.done()
    return CertificateVerify(scheme, signature, wire)


def _finished(wire: bytes, version: int, _suite: int) -> Finished:
    # TLS 1.0 to 1.2 have 12 octets, SSL 3.0 36, TLS 1.3 the length of its hash.
    fitting = (32, 48) if version >= TLS13 else (36,) if version == SSL3 else (12,)
    if len(wire) - 4 not in fitting:
        raise NotTls(f"a Finished of {len(wire) - 4} octets")
    return Finished(wire[4:], wire)


def _key_update(wire: bytes, _version: int, _suite: int) -> KeyUpdate:
    if len(wire) != 5 or wire[4] > 1:
        raise NotTls(f"a KeyUpdate of {len(wire) - 4} octets")
    return KeyUpdate(wire[4] == 1, wire)


def _other(wire: bytes, _version: int, _suite: int) -> OtherHandshake:
    return OtherHandshake(wire[0], wire)


_READERS: Final = {
    HandshakeType.HELLO_REQUEST: _hello_request,
    HandshakeType.SERVER_HELLO: _server_hello,
    HandshakeType.NEW_SESSION_TICKET: _new_session_ticket,
    HandshakeType.ENCRYPTED_EXTENSIONS: _encrypted_extensions,
    HandshakeType.CERTIFICATE: _certificate,
    HandshakeType.SERVER_KEY_EXCHANGE: _server_key_exchange,
    HandshakeType.CERTIFICATE_REQUEST: _certificate_request,
    HandshakeType.SERVER_HELLO_DONE: _server_hello_done,
    HandshakeType.CERTIFICATE_VERIFY: _certificate_verify,
    HandshakeType.FINISHED: _finished,
    HandshakeType.CERTIFICATE_STATUS: _certificate_status,
    HandshakeType.SUPPLEMENTAL_DATA: _other,
    HandshakeType.KEY_UPDATE: _key_update,
    HandshakeType.COMPRESSED_CERTIFICATE: _other,
}

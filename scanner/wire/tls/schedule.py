"""The key schedule and the record protection of TLS 1.3 (RFC 8446 sections 5 and 7). Nothing is verified but the Finished messages."""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESCCM, AESGCM, ChaCha20Poly1305

from scanner.wire.tls.names import NotTls
from scanner.wire.tls.shares import CannotCompute
from scanner.wire.tls.suites import suite_name

MOST_INNER: Final = (1 << 14) + 1
"""Octets of the plaintext of one record with its content type (RFC 8446 section 5.4)."""

_SUITES: Final = {0x1301: ("sha256", 16), 0x1302: ("sha384", 32), 0x1303: ("sha256", 32), 0x1304: ("sha256", 16), 0x1305: ("sha256", 16)}

Aead = AESGCM | AESCCM | ChaCha20Poly1305


def can_decrypt(suite: int) -> bool:
    """Whether records of this TLS 1.3 suite can be read; those with SM4, GOST and without encryption cannot."""
    return suite in _SUITES


def expand_label(hash_: str, secret: bytes, label: str, context: bytes, length: int) -> bytes:
    """HKDF-Expand-Label (RFC 8446 section 7.1)."""
    name = b"tls13 " + label.encode("ascii")
    info = length.to_bytes(2, "big") + bytes((len(name),)) + name + bytes((len(context),)) + context
    out = block = b""
    counter = 0
    while len(out) < length:
        counter += 1
        block = hmac.digest(secret, block + info + bytes((counter,)), hash_)
        out += block
    return out[:length]


class Keys13:
    """Protects or opens the records of one direction under one traffic secret."""

    __slots__ = ("_aead", "_hash", "_iv", "_sequence", "_suite", "secret")

    def __init__(self, suite: int, secret: bytes) -> None:
        """Raises ``CannotCompute`` for a suite that ``can_decrypt`` denies."""
        if suite not in _SUITES:
            raise CannotCompute(f"no records of {suite_name(suite)}")
        self._suite = suite
        self._hash, size = _SUITES[suite]
        self.secret = secret
        key = expand_label(self._hash, secret, "key", b"", size)
        self._iv = int.from_bytes(expand_label(self._hash, secret, "iv", b"", 12), "big")
        self._sequence = 0
        self._aead = _aead(suite, key)

    def updated(self) -> Keys13:
        """The keys after a KeyUpdate (RFC 8446 section 7.2)."""
        return Keys13(self._suite, expand_label(self._hash, self.secret, "traffic upd", b"", len(self.secret)))

    def _nonce(self) -> bytes:
        nonce = (self._iv ^ self._sequence).to_bytes(12, "big")
        self._sequence += 1
        return nonce

    def seal(self, type_: int, payload: bytes) -> bytes:
        """One record, header included. ``payload`` is at most 2^14 octets."""
        header = b"\x17\x03\x03" + (len(payload) + 1 + self._overhead).to_bytes(2, "big")
        return header + self._aead.encrypt(self._nonce(), payload + bytes((type_,)), header)

    def open(self, type_: int, version: int, payload: bytes) -> tuple[int, bytes]:
        """The content type and the plaintext. Raises ``NotTls`` where the record was not made with these keys."""
        header = bytes((type_,)) + version.to_bytes(2, "big") + len(payload).to_bytes(2, "big")
        try:
            inner = self._aead.decrypt(self._nonce(), payload, header)
        except (InvalidTag, ValueError):
            raise NotTls(f"a record of {len(payload)} octets that was not made with the keys of this handshake") from None
        if len(inner) > MOST_INNER:
            raise NotTls(f"a record with {len(inner)} octets inside")
        content = inner.rstrip(b"\0")
        if not content:
            raise NotTls("a record without a content type")
        return content[-1], content[:-1]

    @property
    def _overhead(self) -> int:
        return 8 if self._suite == 0x1305 else 16


def _aead(suite: int, key: bytes) -> Aead:
    if suite == 0x1303:
        return ChaCha20Poly1305(key)
    if suite in (0x1304, 0x1305):
        return AESCCM(key, tag_length=8 if suite == 0x1305 else 16)
    return AESGCM(key)


class Tls13Keys:
    """The secrets of one handshake: made from the shared secret and the messages from ClientHello to ServerHello.

    ``transcript`` arguments are the handshake messages so far, without record headers; after a HelloRetryRequest the first hello is
    replaced by ``retry_hash`` of it (RFC 8446 section 4.4.1).
    """

    __slots__ = ("_handshake", "_hash", "client_secret", "server_secret", "suite")

    def __init__(self, suite: int, shared_secret: bytes, transcript: bytes) -> None:
        """Raises ``CannotCompute`` for a suite that ``can_decrypt`` denies."""
        if suite not in _SUITES:
            raise CannotCompute(f"no keys for {suite_name(suite)}")
        self.suite = suite
        self._hash = _SUITES[suite][0]
        zeros = bytes(hashlib.new(self._hash).digest_size)
        early = hmac.digest(zeros, zeros, self._hash)
        self._handshake = hmac.digest(self._derive(early, "derived", b""), shared_secret, self._hash)
        self.client_secret = self._derive(self._handshake, "c hs traffic", transcript)
        self.server_secret = self._derive(self._handshake, "s hs traffic", transcript)

    def _derive(self, secret: bytes, label: str, transcript: bytes) -> bytes:
        digest = hashlib.new(self._hash, transcript).digest()
        return expand_label(self._hash, secret, label, digest, len(digest))

    def server(self) -> Keys13:
        """What the server's handshake messages are protected with."""
        return Keys13(self.suite, self.server_secret)

    def client(self) -> Keys13:
        """What ours are protected with."""
        return Keys13(self.suite, self.client_secret)

    def verify_data(self, secret: bytes, transcript: bytes) -> bytes:
        """The content of a Finished under ``client_secret`` or ``server_secret``."""
        key = expand_label(self._hash, secret, "finished", b"", hashlib.new(self._hash).digest_size)
        return hmac.digest(key, hashlib.new(self._hash, transcript).digest(), self._hash)

    def application(self, transcript: bytes) -> tuple[Keys13, Keys13]:
        """The client's and the server's keys for application data; ``transcript`` ends with the server's Finished."""
        zeros = bytes(hashlib.new(self._hash).digest_size)
        master = hmac.digest(self._derive(self._handshake, "derived", b""), zeros, self._hash)
        return (
            Keys13(self.suite, self._derive(master, "c ap traffic", transcript)),
            Keys13(self.suite, self._derive(master, "s ap traffic", transcript)),
        )


def retry_hash(suite: int, first_hello: bytes) -> bytes:
    """The message that stands for the first ClientHello in a transcript with HelloRetryRequest. Raises ``CannotCompute``."""
    if suite not in _SUITES:
        raise CannotCompute(f"no hash for {suite_name(suite)}")
    digest = hashlib.new(_SUITES[suite][0], first_hello).digest()
    return b"\xfe\0\0" + bytes((len(digest),)) + digest

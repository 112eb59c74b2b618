"""RSA key transport: the key of a certificate, premaster secrets padded and enciphered, and the spoilt paddings that show an oracle."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from scanner.wire.der import NotDer, read_rsa_key, subject_public_key_info
from scanner.wire.tls.hello import handshake, record
from scanner.wire.tls.names import SSL3, HandshakeType, NotTls, RecordType

MOST_MODULUS: Final = 2048
"""Octets of a modulus that are computed with."""
PREMASTER: Final = 48
_LEAST_MODULUS: Final = PREMASTER + 11


@dataclass(frozen=True, slots=True)
class RsaKey:
    """An RSA public key."""

    modulus: int
    exponent: int

    @property
    def octets(self) -> int:
        """The length of the modulus and of everything enciphered with it."""
        return (self.modulus.bit_length() + 7) // 8

    def encipher(self, block: bytes) -> bytes:
        """The bare operation on a padded block of ``octets`` octets (RFC 8017 section 5.1.1)."""
        return pow(int.from_bytes(block, "big"), self.exponent, self.modulus).to_bytes(self.octets, "big")


def rsa_key(certificate: bytes) -> RsaKey:
    """The key of a certificate (DER). Raises ``NotTls`` for one of another kind, and for sizes that cannot carry a premaster secret."""
    try:
        numbers = read_rsa_key(subject_public_key_info(certificate))
    except NotDer as error:
        raise NotTls(f"no RSA key in the certificate: {error}") from None
    return rsa_numbers(numbers.modulus, numbers.exponent)


def rsa_numbers(modulus: bytes, exponent: bytes) -> RsaKey:
    """The key of two big-endian numbers, as ServerKeyExchange brings a temporary one. Raises ``NotTls`` as ``rsa_key`` does."""
    key = RsaKey(int.from_bytes(modulus, "big"), int.from_bytes(exponent, "big"))
    if not _LEAST_MODULUS <= key.octets <= MOST_MODULUS or not 0 < key.exponent.bit_length() <= 64:
        raise NotTls(f"an RSA key of {key.octets} octets with an exponent of {key.exponent.bit_length()} bits")
    return key


def premaster(version: int, entropy: bytes) -> bytes:
    """A premaster secret: the version that the hello offered, and 46 octets from ``entropy`` (RFC 5246 section 7.4.7.1)."""
    return version.to_bytes(2, "big") + hashlib.shake_256(b"tenken premaster" + entropy).digest(PREMASTER - 2)


def padded(key: RsaKey, secret: bytes, entropy: bytes) -> bytes:
    """``secret`` in PKCS #1 v1.5 padding (RFC 8017 section 7.2.1)."""
    return b"\0\2" + _filler(key.octets - 3 - len(secret), entropy) + b"\0" + secret


def oracle_blocks(key: RsaKey, version: int, entropy: bytes) -> dict[str, bytes]:
    """The blocks that a server must answer all alike (RFC 5246 section 7.4.7.1), by what is wrong with each.

    ``right`` is well made; ``start`` begins with other octets; ``early-zero`` ends the padding too soon; ``no-zero`` never ends it;
    ``version`` carries another version. A server that tells any two of them apart deciphers for whoever asks often enough.
    """
    right = padded(key, premaster(version, entropy), entropy)
    other = premaster(0x0202, entropy)
    size = key.octets
    return {
        "right": right,
        "start": b"\x41\x17" + right[2:],
        "early-zero": b"\0\2" + _filler(size - 4 - PREMASTER, entropy) + b"\0" + b"\x11" + right[-PREMASTER:],
        "no-zero": b"\0\2" + _filler(size - 2, entropy),
        "version": right[:-PREMASTER] + other,
    }


def client_key_exchange(version: int, enciphered: bytes) -> bytes:
    """The handshake message that carries an enciphered premaster secret; SSL 3.0 writes no length in front (RFC 6101 section 5.6.7.1)."""
    return handshake(HandshakeType.CLIENT_KEY_EXCHANGE, enciphered if version == SSL3 else len(enciphered).to_bytes(2, "big") + enciphered)


def client_key_exchange_record(version: int, key: RsaKey, block: bytes) -> bytes:
    """A whole record with a ClientKeyExchange of ``block``, well padded or not."""
    return record(RecordType.HANDSHAKE, version, client_key_exchange(version, key.encipher(block)))


def _filler(count: int, entropy: bytes) -> bytes:
    """Octets that are none of them zero."""
    octets = hashlib.shake_256(b"tenken filler" + entropy).digest(count)
    return bytes(octet or 1 for octet in octets)

"""Whether a signature over certificates, OCSP answers and revocation lists holds, and what is to be read of algorithms and keys.

The work is that of ``cryptography``; the plain RSA signature is reckoned here, because a library may refuse the short keys and old hashes
that this program meets and must tell apart from false ones.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from scanner.facts.tls import PublicKey
from scanner.wire.der import NotDer, bit_length
from scanner.wire.x509 import oids
from scanner.wire.x509.asn1 import CONSTRUCTED, INTEGER, OBJECT_IDENTIFIER, SEQUENCE, Cursor, bit_string, integer, oid, sole
from scanner.wire.x509.kept import Kept

MOST_RSA_BITS = 16384
MOST_EXPONENT_BITS = 64
"""Larger ones cost time out of all proportion; nobody uses them."""
MOST_KEPT = 4096
_EXPLICIT: Final = "explicit"

_DIGEST_INFO: Final = {  # RFC 8017 section 9.2, note 1
    "MD5": "3020300c06082a864886f70d020505000410",
    "SHA1": "3021300906052b0e03021a05000414",
    "SHA224": "302d300d06096086480165030402040500041c",
    "SHA256": "3031300d060960864801650304020105000420",
    "SHA384": "3041300d060960864801650304020205000430",
    "SHA512": "3051300d060960864801650304020305000440",
}


@unique
class Checked(StrEnum):
    """How the check of a signature ended. ``UNKNOWN``: the algorithm, or this form of the key, cannot be checked here."""

    HOLDS = "holds"
    BROKEN = "broken"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Algorithm:
    """A signature algorithm as read: its name, its hash, the kind of key it needs, and the length of the salt of RSA-PSS."""

    name: str
    hash: str
    key: str
    salt: int = 0


def read_algorithm(data: bytes) -> Algorithm:
    """Read an AlgorithmIdentifier of a signature; one that nobody here knows is named by its number. Raises ``NotDer``."""
    cursor = sole(data, SEQUENCE).inside()
    number = oid(cursor.take(OBJECT_IDENTIFIER))
    known = oids.SIGNATURES.get(number)
    if known is None:
        return Algorithm(number, "", "")
    if number == oids.RSA_PSS:
        return _read_pss(cursor)
    return Algorithm(known.name, known.hash, known.key)


def _read_pss(cursor: Cursor) -> Algorithm:
    """RSASSA-PSS-params, RFC 4055 section 3.1; a mask made with another hash than the message's cannot be checked."""
    hashed, mask, salt = "SHA1", "SHA1", 20
    if cursor.tag == SEQUENCE:
        fields = cursor.take(SEQUENCE).inside()
        if field := fields.maybe(CONSTRUCTED):
            hashed = _hash_name(field.inside())
        if field := fields.maybe(CONSTRUCTED + 1):
            inner = field.inside().take(SEQUENCE).inside()
            mask = _hash_name(inner) if oid(inner.take(OBJECT_IDENTIFIER)) == oids.MGF1 else ""
        if field := fields.maybe(CONSTRUCTED + 2):
            salt = integer(field.inside().take(INTEGER))
    usable = hashed == mask and 0 <= salt <= MOST_RSA_BITS // 8
    return Algorithm("RSASSA-PSS", hashed, "RSA-PSS" if usable else "", salt if usable else 0)


def _hash_name(cursor: Cursor) -> str:
    number = oid(cursor.take(SEQUENCE).inside().take(OBJECT_IDENTIFIER))
    return oids.HASHES.get(number, number)


def read_key(spki: bytes, note: Callable[[str], None]) -> PublicKey:
    """Measure a SubjectPublicKeyInfo without asking whether anybody would use it; oddities are noted. Raises ``NotDer``."""
    outer = sole(spki, SEQUENCE).inside()
    algorithm = outer.take(SEQUENCE).inside()
    number = oid(algorithm.take(OBJECT_IDENTIFIER))
    key = bit_string(outer.take())
    if number in (oids.RSA, oids.RSA_PSS):
        return _rsa("RSA" if number == oids.RSA else "RSA-PSS", key, note)
    if number == oids.EC:
        return _ec(algorithm, key, note)
    if number == oids.DSA:
        bits = integer(algorithm.take(SEQUENCE).inside().take(INTEGER)).bit_length() if algorithm.tag == SEQUENCE else 0
        return PublicKey("DSA", bits)
    if number == oids.ED25519:
        return PublicKey("Ed25519", 256, "ed25519")
    if number == oids.ED448:
        return PublicKey("Ed448", 456, "ed448")
    return PublicKey(number, len(key) * 8)


def _rsa(kind: str, key: bytes, note: Callable[[str], None]) -> PublicKey:
    numbers = sole(key, SEQUENCE).inside()
    modulus, exponent = numbers.take(INTEGER), numbers.take(INTEGER)
    for what, item in (("modulus", modulus), ("exponent", exponent)):
        if item.size and item.data[item.body] & 0x80:
            note(f"RSA {what} is negative")
    bits = bit_length(exponent.contents)
    if bits >= MOST_EXPONENT_BITS:
        note(f"RSA exponent of {bits} bits")
    return PublicKey(kind, bit_length(modulus.contents), "", integer(exponent) if bits < MOST_EXPONENT_BITS else 0)


def _ec(algorithm: Cursor, key: bytes, note: Callable[[str], None]) -> PublicKey:
    coordinates = 1 if key[:1] in (b"\2", b"\3") else 2
    guess = max(len(key) - 1, 0) // coordinates * 8
    if algorithm.tag == OBJECT_IDENTIFIER:
        number = oid(algorithm.take())
        name, bits = oids.CURVES.get(number, (number, guess))
        if number not in oids.CURVES:
            note(f"unknown curve {number}")
        return PublicKey("ECDSA", bits, name)
    note("explicit curve parameters" if algorithm.tag == SEQUENCE else "no curve is named")
    return PublicKey("ECDSA", guess, _EXPLICIT if algorithm.tag == SEQUENCE else "")


_answers: Kept[bytes, Checked] = Kept(MOST_KEPT, MOST_KEPT)


def check(spki: bytes, algorithm: bytes, signed: bytes, signature: bytes) -> Checked:
    """Tell whether ``signature`` over ``signed`` is by the key ``spki``; ``algorithm`` is the AlgorithmIdentifier. Remembers answers.

    Never raises: what cannot be read is ``UNKNOWN``, a signature that the algorithm does not allow is ``BROKEN``.
    """
    digest = hashlib.sha256()
    for part in (spki, algorithm, signed, signature):
        digest.update(len(part).to_bytes(4) + part)
    return _answers.get(digest.digest(), lambda: _check(spki, algorithm, signed, signature))


def _check(spki: bytes, algorithm: bytes, signed: bytes, signature: bytes) -> Checked:
    try:
        how = read_algorithm(algorithm)
        measured = read_key(spki, lambda _: None)
    except NotDer:
        return Checked.UNKNOWN
    if measured.type.startswith("RSA") and (measured.bits > MOST_RSA_BITS or not measured.exponent):
        return Checked.UNKNOWN
    if not _fits(how.key, measured.type):
        return Checked.BROKEN if how.key and not measured.type[0].isdigit() else Checked.UNKNOWN
    try:
        if how.key == "RSA" and how.hash in _DIGEST_INFO:
            return _plain_rsa(spki, how.hash, signed, signature)
        return _by_library(spki, how, signed, signature)
    except InvalidSignature:
        return Checked.BROKEN
    except (ValueError, TypeError, UnsupportedAlgorithm, OverflowError):
        return Checked.UNKNOWN


def _fits(wanted: str, key: str) -> bool:
    return wanted == key or (wanted, key) == ("RSA-PSS", "RSA")


def _plain_rsa(spki: bytes, hashed: str, signed: bytes, signature: bytes) -> Checked:
    """RSASSA-PKCS1-v1_5, RFC 8017 section 8.2.2, by comparing with the one octet string that is right."""
    outer = sole(spki, SEQUENCE).inside()
    outer.take(SEQUENCE)
    numbers = sole(bit_string(outer.take()), SEQUENCE).inside()
    modulus, exponent = (int.from_bytes(numbers.take(INTEGER).contents) for _ in range(2))
    size = (modulus.bit_length() + 7) // 8
    given = int.from_bytes(signature)
    if len(signature) != size or given >= modulus:
        return Checked.BROKEN
    ending = bytes.fromhex(_DIGEST_INFO[hashed]) + hashlib.new(hashed.lower(), signed, usedforsecurity=False).digest()
    filling = size - len(ending) - 3
    if filling < 8:
        return Checked.BROKEN
    expected = b"\0\1" + b"\xff" * filling + b"\0" + ending
    return Checked.HOLDS if pow(given, exponent, modulus).to_bytes(size) == expected else Checked.BROKEN


def _by_library(spki: bytes, how: Algorithm, signed: bytes, signature: bytes) -> Checked:
    # Loaded for the signatures that need it: most are plain RSA ones.
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding, rsa
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    made: Callable[[], hashes.HashAlgorithm] | None = getattr(hashes, how.hash) if how.hash in _DIGEST_INFO else None
    match load_der_public_key(spki):
        case rsa.RSAPublicKey() as key if how.key == "RSA-PSS" and made is not None:
            key.verify(signature, signed, padding.PSS(padding.MGF1(made()), how.salt), made())
        case ec.EllipticCurvePublicKey() as key if made is not None:
            key.verify(signature, signed, ec.ECDSA(made()))
        case dsa.DSAPublicKey() as key if made is not None:
            key.verify(signature, signed, made())
        case ed25519.Ed25519PublicKey() | ed448.Ed448PublicKey() as key:
            key.verify(signature, signed)
        case _:
            return Checked.UNKNOWN
    return Checked.HOLDS

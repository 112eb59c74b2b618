"""A small reader of DER (X.690), enough to find the parts of public keys and certificates.

It exists because a library that loads keys refuses the weak and odd ones that this program must measure. It verifies nothing, decodes no
values but whole numbers, and is not an ASN.1 library.
"""

from __future__ import annotations

from dataclasses import dataclass

MAX_DER = 65536
"""Octets of one structure that are read."""

INTEGER = 0x02
BIT_STRING = 0x03
NULL = 0x05
OBJECT_IDENTIFIER = 0x06
SEQUENCE = 0x30
EXPLICIT_0 = 0xA0

_RSA_ENCRYPTION = bytes.fromhex("2a864886f70d010101")  # 1.2.840.113549.1.1.1


class NotDer(ValueError):
    """The octets do not have the structure asked for."""


@dataclass(frozen=True, slots=True)
class Element:
    """One element: its tag octet, its contents, and the whole of it with tag and length."""

    tag: int
    contents: bytes
    whole: bytes


def take(data: bytes, tag: int | None = None) -> tuple[Element, bytes]:
    """Take one element (of ``tag``, if given) off the front of ``data``; gives it and the rest. Raises ``NotDer``."""
    if len(data) > MAX_DER:
        raise NotDer(f"{len(data)} octets, more than {MAX_DER}")
    if len(data) < 2:
        raise NotDer("the data end where an element should begin")
    if tag is not None and data[0] != tag:
        raise NotDer(f"tag {data[0]:#04x} where {tag:#04x} should be")
    if data[0] & 0x1F == 0x1F:
        raise NotDer("a tag of several octets")
    size, start = data[1], 2
    if size >= 0x80:
        octets = size & 0x7F
        if not 1 <= octets <= 4 or len(data) < 2 + octets:
            raise NotDer("an indefinite, oversized or cut-off length")
        start = 2 + octets
        size = int.from_bytes(data[2:start])
        if size < 0x80 or data[2] == 0:
            raise NotDer("a length in more octets than it needs")
    end = start + size
    if end > len(data):
        raise NotDer(f"an element of {size} octets where {len(data) - start} are left")
    return Element(data[0], data[start:end], data[:end]), data[end:]


def only(data: bytes, tag: int) -> Element:
    """Take the one element that fills ``data``. Raises ``NotDer``, also for octets behind it."""
    element, rest = take(data, tag)
    if rest:
        raise NotDer(f"{len(rest)} octets behind the end")
    return element


@dataclass(frozen=True, slots=True)
class RsaNumbers:
    """The numbers of an RSA key as contents of their DER integers (big-endian), and whether the key was wrapped with its algorithm."""

    modulus: bytes
    exponent: bytes
    wrapped: bool


def read_rsa_key(data: bytes) -> RsaNumbers:
    """Take an RSA public key: SubjectPublicKeyInfo (RFC 5280) or bare RSAPublicKey (RFC 8017 A.1.1). Raises ``NotDer``.

    The numbers are positive and without needless leading zeros, otherwise unjudged: a modulus of any size, an exponent of 1 or even.
    """
    outer = only(data, SEQUENCE).contents
    wrapped = outer[:1] == bytes([SEQUENCE])
    if wrapped:
        algorithm, rest = take(outer, SEQUENCE)
        identifier, parameters = take(algorithm.contents, OBJECT_IDENTIFIER)
        if identifier.contents != _RSA_ENCRYPTION:
            raise NotDer("the key is not marked as rsaEncryption")
        if parameters and parameters != bytes([NULL, 0]):
            raise NotDer("rsaEncryption with parameters")
        bits = only(rest, BIT_STRING).contents
        if bits[:1] != b"\0":
            raise NotDer("a key that does not fill its octets")
        outer = only(bits[1:], SEQUENCE).contents
    modulus, rest = take(outer, INTEGER)
    exponent = only(rest, INTEGER)
    return RsaNumbers(_positive(modulus.contents), _positive(exponent.contents), wrapped)


def subject_public_key_info(certificate: bytes) -> bytes:
    """The whole SubjectPublicKeyInfo of an X.509 certificate, RFC 5280 section 4.1. Raises ``NotDer``."""
    body, _ = take(only(certificate, SEQUENCE).contents, SEQUENCE)
    rest = body.contents
    if rest[:1] == bytes([EXPLICIT_0]):  # version; missing in a v1 certificate
        _, rest = take(rest, EXPLICIT_0)
    _, rest = take(rest, INTEGER)  # serialNumber
    for _ in ("signature", "issuer", "validity", "subject"):
        _, rest = take(rest, SEQUENCE)
    key, _ = take(rest, SEQUENCE)
    return key.whole


def bit_length(number: bytes) -> int:
    """The bits of a big-endian number, leading zeros not counted."""
    bare = number.lstrip(b"\0")
    return (len(bare) - 1) * 8 + bare[0].bit_length() if bare else 0


def _positive(contents: bytes) -> bytes:
    if not contents:
        raise NotDer("a whole number without octets")
    if contents[0] & 0x80:
        raise NotDer("a negative number")
    if contents[0] == 0 and len(contents) > 1 and not contents[1] & 0x80:
        raise NotDer("a number in more octets than it needs")
    return contents.lstrip(b"\0") or b"\0"

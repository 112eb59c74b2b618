"""Cases for the small DER reader: lengths, whole numbers, RSA keys and the key inside a certificate."""

from __future__ import annotations

import datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from scanner.wire.der import (
    BIT_STRING,
    INTEGER,
    MAX_DER,
    SEQUENCE,
    Element,
    NotDer,
    bit_length,
    only,
    read_rsa_key,
    subject_public_key_info,
    take,
)


def element(tag: int, *parts: bytes) -> bytes:
    """One DER element around the parts."""
    contents = b"".join(parts)
    size = len(contents)
    if size < 0x80:
        return bytes([tag, size]) + contents
    octets = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes([tag, 0x80 | len(octets)]) + octets + contents


def number(value: int) -> bytes:
    return element(INTEGER, value.to_bytes(value.bit_length() // 8 + 1))


def bare_rsa(modulus: int, exponent: int) -> bytes:
    return element(SEQUENCE, number(modulus), number(exponent))


def wrapped_rsa(modulus: int, exponent: int, algorithm: str = "06092a864886f70d0101010500") -> bytes:
    return element(SEQUENCE, element(SEQUENCE, bytes.fromhex(algorithm)), element(BIT_STRING, b"\0", bare_rsa(modulus, exponent)))


@pytest.mark.parametrize("size", [0, 1, 0x7F, 0x80, 0xFF, 0x100, 0x1234])
def test_an_element_is_taken_whole_and_the_rest_given_back(size: int) -> None:
    wire = element(SEQUENCE, b"x" * size)
    assert take(wire + b"tail", SEQUENCE) == (Element(SEQUENCE, b"x" * size, wire), b"tail")
    for cut in range(min(len(wire), 8)):
        with pytest.raises(NotDer):
            take(wire[:cut])


@pytest.mark.parametrize(
    "wire",
    [
        "3080050000",  # indefinite length
        "308105050000000000",  # length in more octets than it needs
        "30820080" + "00" * 128,  # leading zero in the length
        "3085010000000000",  # length of five octets
        "30840000",  # cut inside the length
        "1f8101",  # tag of several octets
        "3002ff",  # cut inside the contents
    ],
)
def test_other_encodings_are_refused(wire: str) -> None:
    with pytest.raises(NotDer):
        take(bytes.fromhex(wire))


def test_caps_tags_and_tails() -> None:
    with pytest.raises(NotDer, match=str(MAX_DER)):
        take(b"\x30" * (MAX_DER + 1))
    with pytest.raises(NotDer, match="0x02 where 0x30"):
        take(number(5), SEQUENCE)
    with pytest.raises(NotDer, match="1 octets behind"):
        only(number(5) + b"\0", INTEGER)


@pytest.mark.parametrize(("value", "bits"), [(b"", 0), (b"\0", 0), (b"\1", 1), (b"\0\xff", 8), (b"\1\0\1", 17)])
def test_bits_are_counted_without_leading_zeros(value: bytes, bits: int) -> None:
    assert bit_length(value) == bits


@pytest.mark.parametrize("wrap", [bare_rsa, wrapped_rsa])
def test_rsa_numbers_of_any_size_are_read_in_both_forms(wrap: object) -> None:
    assert callable(wrap)
    for bits in (8, 512, 1024, 4096, 20000):
        modulus = (1 << (bits - 1)) + 1
        read = read_rsa_key(wrap(modulus, 65537))
        assert (int.from_bytes(read.modulus), int.from_bytes(read.exponent)) == (modulus, 65537)
        assert bit_length(read.modulus) == bits
        assert read.wrapped is (wrap is wrapped_rsa)


def test_numbers_are_those_that_the_library_reads() -> None:
    public = rsa.generate_private_key(65537, 1024).public_key()
    for form in (PublicFormat.SubjectPublicKeyInfo, PublicFormat.PKCS1):
        read = read_rsa_key(public.public_bytes(Encoding.DER, form))
        assert int.from_bytes(read.modulus) == public.public_numbers().n


@pytest.mark.parametrize(
    "key",
    [
        b"",
        b"\0" * 32,
        element(SEQUENCE),
        element(SEQUENCE, number(35)),
        element(SEQUENCE, number(35), number(3), number(1)),
        bare_rsa(35, 3) + b"\0",
        element(SEQUENCE, element(INTEGER), number(3)),
        element(SEQUENCE, element(INTEGER, b"\x80\x01"), number(3)),  # negative
        element(SEQUENCE, element(INTEGER, b"\0\x01"), number(3)),  # needless zero
        wrapped_rsa(35, 3, "06032b6570"),  # marked as Ed25519
        wrapped_rsa(35, 3, "06092a864886f70d0101010201ff"),  # parameters that are not NULL
        element(SEQUENCE, element(SEQUENCE, bytes.fromhex("06092a864886f70d0101010500")), element(BIT_STRING, b"\1", bare_rsa(35, 3))),
        element(SEQUENCE, element(SEQUENCE, bytes.fromhex("06092a864886f70d0101010500")), element(BIT_STRING)),
    ],
)
def test_what_is_no_rsa_key_is_refused(key: bytes) -> None:
    with pytest.raises(NotDer):
        read_rsa_key(key)


def test_the_missing_parameters_of_some_generators_are_accepted() -> None:
    assert read_rsa_key(wrapped_rsa(35, 3, "06092a864886f70d010101")).wrapped


def test_the_key_of_a_certificate_is_found() -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mx.example.jp")])
    start = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(days=1))
        .sign(key, None)
    ).public_bytes(Encoding.DER)
    info = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert subject_public_key_info(certificate) == info
    for cut in (0, 1, 10, len(certificate) - 1):
        with pytest.raises(NotDer):
            subject_public_key_info(certificate[:cut])


def test_a_certificate_of_version_1_has_its_key_found_too() -> None:
    parts = [number(7), *[element(SEQUENCE)] * 4, wrapped_rsa(35, 3)]
    certificate = element(SEQUENCE, element(SEQUENCE, *parts), element(SEQUENCE), element(BIT_STRING, b"\0"))
    assert subject_public_key_info(certificate) == wrapped_rsa(35, 3)

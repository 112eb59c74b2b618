"""Cases for TLSA records for SMTP: which are of use, which are advised, and which certificate they match."""

from __future__ import annotations

import datetime
import hashlib

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from scanner.wire.der import NotDer
from scanner.wire.tlsa import MAX_DATA, TlsaFlaw, matches, parse, usable


def certificate(name: str) -> tuple[bytes, bytes]:
    """A self-signed certificate and its public key, both in DER."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    start = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key()).serial_number(1)
    made = builder.not_valid_before(start).not_valid_after(start + datetime.timedelta(days=1)).sign(key, SHA256())
    return made.public_bytes(Encoding.DER), key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


CERTIFICATE, KEY = certificate("mx.example.jp")
OTHER, OTHER_KEY = certificate("mx.example.jp")
SHA2_256, SHA2_512 = hashlib.sha256(KEY).digest(), hashlib.sha512(KEY).digest()

RECORDS: list[tuple[tuple[int, int, int, bytes], bool, bool, list[TlsaFlaw]]] = [
    ((3, 1, 1, SHA2_256), True, True, []),
    ((2, 1, 1, SHA2_256), True, True, []),
    ((3, 0, 1, SHA2_256), True, False, []),
    ((2, 0, 1, SHA2_256), True, False, []),
    ((3, 1, 2, SHA2_512), True, False, []),
    ((3, 1, 0, KEY), True, False, [TlsaFlaw.FULL_DATA]),
    ((3, 0, 0, CERTIFICATE), True, False, [TlsaFlaw.FULL_DATA]),
    ((3, 0, 0, KEY), False, False, [TlsaFlaw.FULL_DATA, TlsaFlaw.DATA_STRUCTURE]),
    ((3, 1, 0, SHA2_256), False, False, [TlsaFlaw.FULL_DATA, TlsaFlaw.DATA_STRUCTURE]),
    ((3, 1, 0, KEY + b"\0"), False, False, [TlsaFlaw.FULL_DATA, TlsaFlaw.DATA_STRUCTURE]),
    ((0, 1, 1, SHA2_256), False, False, [TlsaFlaw.USAGE_PKIX]),
    ((1, 1, 1, SHA2_256), False, False, [TlsaFlaw.USAGE_PKIX]),
    ((4, 1, 1, SHA2_256), False, False, [TlsaFlaw.USAGE_UNKNOWN]),
    ((255, 255, 255, b"x"), False, False, [TlsaFlaw.USAGE_UNKNOWN, TlsaFlaw.SELECTOR_UNKNOWN, TlsaFlaw.MATCHING_UNKNOWN]),
    ((3, 2, 1, SHA2_256), False, False, [TlsaFlaw.SELECTOR_UNKNOWN]),
    ((3, 1, 3, SHA2_256), False, False, [TlsaFlaw.MATCHING_UNKNOWN]),
    ((3, 1, 1, SHA2_256[:-1]), False, False, [TlsaFlaw.DIGEST_LENGTH]),
    ((3, 1, 1, SHA2_512), False, False, [TlsaFlaw.DIGEST_LENGTH]),
    ((3, 1, 2, SHA2_256), False, False, [TlsaFlaw.DIGEST_LENGTH]),
    ((3, 1, 1, b""), False, False, [TlsaFlaw.DATA_EMPTY]),
    ((3, 1, 0, b"\x30" * (MAX_DATA + 1)), False, False, [TlsaFlaw.DATA_TOO_LONG]),
]


@pytest.mark.parametrize(("parts", "of_use", "advised", "flaws"), RECORDS, ids=range(len(RECORDS)))
def test_a_record_says(parts: tuple[int, int, int, bytes], of_use: bool, advised: bool, flaws: list[TlsaFlaw]) -> None:
    record = parse(*parts)
    assert (record.usable, record.advised) == (of_use, advised)
    assert [problem.kind for problem in record.problems] == flaws


def test_every_flaw_has_a_case() -> None:
    assert {flaw for *_, flaws in RECORDS for flaw in flaws} == set(TlsaFlaw)


def test_usable_records_are_picked() -> None:
    good, pkix = parse(3, 1, 1, SHA2_256), parse(1, 1, 1, SHA2_256)
    assert usable([pkix, good]) == (good,)
    assert usable([pkix]) == ()


def test_the_text_is_the_presentation_form_cut_for_people() -> None:
    assert parse(3, 1, 1, b"\xab\xcd").text == "3 1 1 abcd"
    assert len(parse(3, 1, 0, KEY).text) <= 6 + 80


@pytest.mark.parametrize("usage", [2, 3])
@pytest.mark.parametrize(("selector", "selected"), [(0, CERTIFICATE), (1, KEY)])
def test_a_certificate_matches_by_each_selector_and_type(usage: int, selector: int, selected: bytes) -> None:
    for matching, data in ((0, selected), (1, hashlib.sha256(selected).digest()), (2, hashlib.sha512(selected).digest())):
        record = parse(usage, selector, matching, data)
        assert matches(record, CERTIFICATE)
        assert not matches(record, OTHER)


def test_a_record_of_no_use_matches_nothing() -> None:
    assert not matches(parse(1, 1, 1, SHA2_256), CERTIFICATE)
    assert not matches(parse(3, 1, 1, SHA2_256[:-1]), CERTIFICATE)


def test_what_is_no_certificate_is_said_and_not_judged() -> None:
    with pytest.raises(NotDer):
        matches(parse(3, 1, 1, SHA2_256), b"no certificate")

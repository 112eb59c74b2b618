"""Certificates from octets: good, odd, weak, broken. The library is the second opinion on what good ones say."""

from __future__ import annotations

import hashlib
import warnings
from pathlib import Path

import certifi
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.utils import CryptographyDeprecationWarning

from scanner.facts.tls import CertificateSeen, PublicKey
from scanner.wire.x509 import BadRoots, NotCertificate, Roots, parse, recall, scts, seen
from scanner.wire.x509.certificate import LARGEST
from scanner.wire.x509.extensions import MOST_NAMES
from scanner.wire.x509.roots import read_file
from tests.unit.certificates import DAY, NOW, SERVER_AUTH, make, weak

LEAF = make(
    "www.example.lg.jp",
    dns=("www.example.lg.jp", "*.example.jp"),
    ips=("192.0.2.1", "2001:db8::1"),
    uses=("digital_signature",),
    purposes=(SERVER_AUTH,),
    extensions=((x509.TLSFeature([x509.TLSFeatureType.status_request]), False),),
    ocsp_url="http://ocsp.example.jp/",
    crl_url="http://crl.example.jp/a.crl",
)


def test_a_good_certificate_is_read_whole() -> None:
    read = seen(LEAF.der)
    spki = LEAF.key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    assert read == CertificateSeen(
        sha256=hashlib.sha256(LEAF.der).hexdigest(),
        sha512=hashlib.sha512(LEAF.der).hexdigest(),
        spki_sha256=hashlib.sha256(spki).hexdigest(),
        spki_sha512=hashlib.sha512(spki).hexdigest(),
        subject="O=架空,CN=www.example.lg.jp",
        issuer="O=架空,CN=www.example.lg.jp",
        serial=read.serial,
        not_before="2026-10-23T00:00:00Z",
        not_after="2027-01-21T00:00:00Z",
        key=PublicKey("ECDSA", 256, "secp256r1"),
        signature="ecdsa-with-SHA256",
        signature_hash="SHA256",
        dns_names=("www.example.lg.jp", "*.example.jp"),
        ip_names=("192.0.2.1", "2001:db8::1"),
        common_names=("www.example.lg.jp",),
        usage=("digitalSignature",),
        extended_usage=("serverAuth",),
        must_staple=True,
        ocsp_urls=("http://ocsp.example.jp/",),
        crl_urls=("http://crl.example.jp/a.crl",),
        self_signed=True,
    )
    assert int(read.serial, 16) == LEAF.certificate.serial_number
    assert recall(read.sha256) is parse(LEAF.der)


@pytest.mark.parametrize(
    ("key", "shown", "signature"),
    [
        (rsa.generate_private_key(65537, 2048), PublicKey("RSA", 2048, "", 65537), "sha256WithRSAEncryption"),
        (rsa.generate_private_key(3, 1024), PublicKey("RSA", 1024, "", 3), "sha256WithRSAEncryption"),
        (ec.generate_private_key(ec.SECP384R1()), PublicKey("ECDSA", 384, "secp384r1"), "ecdsa-with-SHA256"),
        (ec.generate_private_key(ec.SECP521R1()), PublicKey("ECDSA", 521, "secp521r1"), "ecdsa-with-SHA256"),
        (ec.generate_private_key(ec.BrainpoolP256R1()), PublicKey("ECDSA", 256, "brainpoolP256r1"), "ecdsa-with-SHA256"),
        (ed25519.Ed25519PrivateKey.generate(), PublicKey("Ed25519", 256, "ed25519"), "Ed25519"),
        (ed448.Ed448PrivateKey.generate(), PublicKey("Ed448", 456, "ed448"), "Ed448"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_keys_are_measured_and_own_signatures_verified(key: rsa.RSAPrivateKey, shown: PublicKey, signature: str) -> None:
    read = seen(make("a", key=key).der)
    assert (read.key, read.signature, read.self_signed, read.problems) == (shown, signature, True, ())


def test_rsa_pss_is_named_with_its_hash() -> None:
    read = seen(make("a", key=rsa.generate_private_key(65537, 2048), pss=True).der)
    assert (read.key.type, read.signature, read.signature_hash, read.self_signed) == ("RSA", "RSASSA-PSS", "SHA256", True)


@pytest.mark.parametrize(
    ("bits", "digest", "signature"),
    [(512, "md5", "md5WithRSAEncryption"), (1024, "sha1", "sha1WithRSAEncryption"), (768, "sha256", "sha256WithRSAEncryption")],
)
def test_weak_certificates_are_read_like_others(tmp_path: Path, bits: int, digest: str, signature: str) -> None:
    read = seen(weak(tmp_path, f"rsa:{bits}", digest))
    assert (read.key.bits, read.signature, read.signature_hash, read.self_signed) == (bits, signature, digest.upper(), True)
    assert read.dns_names == ("weak.example.lg.jp",)


def test_a_curve_written_out_is_told_apart_from_a_named_one(tmp_path: Path) -> None:
    der = weak(tmp_path, "ec", "sha256", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-pkeyopt", "ec_param_enc:explicit")
    read = seen(der)
    assert (read.key, read.problems) == (PublicKey("ECDSA", 256, "explicit"), ("explicit curve parameters",))
    assert len(read.spki_sha256) == 64


def test_an_old_curve_is_measured(tmp_path: Path) -> None:
    read = seen(weak(tmp_path, "ec", "sha256", "-pkeyopt", "ec_paramgen_curve:secp160r1"))
    assert read.key == PublicKey("ECDSA", 160, "secp160r1")


def _patched(der: bytes, old: bytes, new: bytes) -> bytes:
    assert der.count(old) >= 1
    assert len(old) == len(new)
    return der.replace(old, new)


@pytest.mark.parametrize(
    ("der", "problem"),
    [
        (_patched(LEAF.der, b"261023000000Z", b"261323000000Z"), "notBefore: there is no such time: 20261323000000"),
        (_patched(LEAF.der, b"261023000000Z", b"2610230000+09"), "notBefore: a time that is not written to the second in UTC"),
        (_patched(LEAF.der, b"270121000000Z", b"000121000000Z"), "notAfter is before notBefore"),
        (_patched(LEAF.der, b"*.example.jp", b"*.exam\0le.jp"), "NUL in an alternative name"),
        (_patched(LEAF.der, b"*.example.jp", b"*.exam\xffle.jp"), "an alternative name that is not ASCII"),
        (_patched(LEAF.der, "架空".encode(), b"\xff\xfe\xfd\0\0\0"), "subject: O: a string that is not utf-8"),
        (LEAF.der + b"\0\0", "2 octets behind the end"),
    ],
)
def test_oddities_cost_a_part_and_are_named(der: bytes, problem: str) -> None:
    read = seen(der)
    assert problem in read.problems
    assert read.key == PublicKey("ECDSA", 256, "secp256r1")


def test_odd_names_are_shown_safely() -> None:
    read = seen(_patched(LEAF.der, b"*.example.jp", b"*.exam\0le.jp"))
    assert read.dns_names == ("www.example.lg.jp", "*.exam\\x00le.jp")
    tricky = make("x", extensions=())
    read = seen(_patched(tricky.der, b"\x0c\x01x", b"\x0c\x01\0"))
    assert read.subject == "O=架空,CN=\\00"
    assert "NUL in subject" in read.problems


def test_a_negative_serial_number_is_a_problem_and_nothing_more() -> None:
    der = make("a", serial=0x7F).der
    read = seen(_patched(der, b"\x02\x01\x7f\x30", b"\x02\x01\x80\x30"))
    assert read.problems == ("the serial number is negative or empty",)
    assert read.serial == "80"
    assert seen(make("a", serial=2**159 - 1).der).problems == ()


def test_thousands_of_names_are_cut() -> None:
    read = seen(make("a", dns=[f"a{n}.example.jp" for n in range(MOST_NAMES + 5)]).der)
    assert len(read.dns_names) == MOST_NAMES
    assert read.problems == (f"more than {MOST_NAMES} alternative names",)


@pytest.mark.parametrize("octets", [b"", b"\x30", b"\x30\x80", b"junk", b"\x30\x03\x02\x01\x01", b"\x30\x84\xff\xff\xff\xff", bytes(1000)])
def test_what_is_no_certificate_says_so(octets: bytes) -> None:
    read = seen(octets)
    assert read.sha256 == hashlib.sha256(octets).hexdigest()
    assert read.problems[0].startswith("not a certificate: ")
    with pytest.raises(NotCertificate):
        parse(octets)


def test_what_is_too_large_is_not_read() -> None:
    assert seen(bytes(LARGEST + 1)).problems == (f"not a certificate: {LARGEST + 1} octets, more than {LARGEST}",)


def test_the_public_roots_read_the_same_as_the_library_reads_them() -> None:
    ours = [parse(der) for der in read_file(certifi.where())]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)  # some public roots have the serial number 0
        theirs = x509.load_pem_x509_certificates(Path(certifi.where()).read_bytes())
    assert len(ours) == len(theirs) > 100
    for one, other in zip(ours, theirs, strict=True):
        assert one.not_after == other.not_valid_after_utc
        assert one.not_before == other.not_valid_before_utc
        assert one.subject == other.subject.public_bytes()
        assert one.seen.is_ca
        assert one.seen.self_signed
        assert one.seen.key.bits == getattr(other.public_key(), "key_size", 0)
        assert set(one.seen.problems) <= {"the serial number is zero"}


def test_embedded_timestamps_are_read() -> None:
    one = b"\0" + bytes(range(32)) + (1_700_000_000_000).to_bytes(8) + b"\0\0" + b"\4\3\0\1\0"
    listed = (len(one) + 2).to_bytes(2) + len(one).to_bytes(2) + one
    extension = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2"), b"\x04" + bytes([len(listed)]) + listed)
    read = seen(make("a", extensions=((extension, False),)).der)
    assert [(sct.log, sct.at) for sct in read.scts] == [(bytes(range(32)).hex(), "2023-11-14T22:13:20Z")]
    assert scts(listed) == read.scts
    assert scts(listed[:-1]) == scts(b"") == ()
    cut = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2"), b"\x04\x02\x00\x09")
    assert seen(make("a", extensions=((cut, False),)).der).problems == ("SCT list: its length does not fit",)


def test_a_time_far_away_is_no_trouble() -> None:
    one = b"\0" + bytes(32) + b"\xff" * 8 + b"\0\0\4\3\0\0"
    assert scts((len(one) + 2).to_bytes(2) + len(one).to_bytes(2) + one)[0].at == ""
    assert seen(make("a", ends=NOW.replace(year=9999)).der).not_after == "9999-11-22T00:00:00Z"


def test_roots_of_the_organisation_come_from_a_file(tmp_path: Path) -> None:
    root = make("Own CA", ca=True, ends=NOW + 3650 * DAY)
    file = tmp_path / "roots.pem"
    file.write_bytes(b"comment\n" + root.pem + root.pem)
    assert len(Roots.with_file(file)) == len(Roots.public()) + 2
    assert len(Roots.with_file(None)) == len(Roots.public())
    file.write_bytes(root.der)
    assert len(Roots.with_file(file)) == len(Roots.public()) + 1
    empty = b"-----BEGIN CERTIFICATE-----AAAA-----END CERTIFICATE-----"
    for content in (b"", b"nothing", root.pem[:200], root.pem.replace(b"MII", b"!!!"), empty):
        file.write_bytes(content)
        with pytest.raises(BadRoots):
            Roots.with_file(file)
    with pytest.raises(BadRoots):
        Roots.with_file(tmp_path / "absent.pem")

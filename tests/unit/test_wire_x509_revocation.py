"""OCSP answers and revocation lists: good, revoked, about others, by others, broken."""

from __future__ import annotations

import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from scanner.facts.tls import Revocation, RevocationSeen
from scanner.wire.x509 import Roots, find_issuer, ocsp_scts, parse, question, revocation_list, staple
from scanner.wire.x509.asn1 import BIT_STRING, INTEGER, SEQUENCE, UTC_TIME, element
from scanner.wire.x509.crl import LARGEST
from tests.unit import certificates as made
from tests.unit.certificates import DAY, NOW, Made, make

ROOT = make("Root", ca=True)
LEAF = make("www.example.lg.jp", ROOT)
OTHER = make("other.example.lg.jp", ROOT)
CHAIN = (LEAF.der, ROOT.der)
REVOKED = ocsp.OCSPCertStatus.REVOKED
PRODUCED = "2026-11-21T00:00:00Z"


def test_a_good_answer_by_the_issuer() -> None:
    said = staple(made.answer(LEAF, ROOT), CHAIN)
    assert (said.state, said.next_update, said.signed_by_issuer, said.problem) == (Revocation.GOOD, "2026-11-23T00:00:00Z", True, "")


@pytest.mark.parametrize("hashed", [hashes.SHA1(), hashes.SHA256(), hashes.SHA512()], ids=lambda h: h.name)
def test_the_issuer_is_known_by_any_usual_hash(hashed: hashes.HashAlgorithm) -> None:
    assert staple(made.answer(LEAF, ROOT, hashed=hashed), CHAIN).state is Revocation.GOOD


def test_a_revoked_certificate_says_when_and_why() -> None:
    said = staple(made.answer(LEAF, ROOT, status=REVOKED, reason=x509.ReasonFlags.key_compromise), CHAIN)
    assert (said.state, said.revoked_at, said.reason) == (Revocation.REVOKED, "2026-11-20T00:00:00Z", "keyCompromise")
    assert staple(made.answer(LEAF, ROOT, status=REVOKED), CHAIN).reason == ""
    assert staple(made.answer(LEAF, ROOT, status=ocsp.OCSPCertStatus.UNKNOWN), CHAIN).state is Revocation.UNKNOWN


def test_an_answer_without_an_end_has_none() -> None:
    assert staple(made.answer(LEAF, ROOT, until=None), CHAIN).next_update == ""


def responder(by: Made, *, purpose: bool = True, ends_before: bool = False) -> Made:
    purposes = (ExtendedKeyUsageOID.OCSP_SIGNING,) if purpose else ()
    # The library that makes the answers dates them by the clock, so that the responder has to be good for long.
    return make("Responder", by, purposes=purposes or None, ends=NOW - 5 * DAY if ends_before else NOW + 20_000 * DAY)


def test_a_responder_that_the_issuer_appointed_counts() -> None:
    by = responder(ROOT)
    assert staple(made.answer(LEAF, ROOT, signer=by, along=(by,)), CHAIN).signed_by_issuer


@pytest.mark.parametrize(
    ("by", "words"),
    [
        (responder(make("Stranger", ca=True)), "is not by the issuer"),
        (responder(ROOT, purpose=False), "is not for OCSP"),
        (responder(ROOT, ends_before=True), "outside its time"),
    ],
    ids=["stranger", "purpose", "time"],
)
def test_other_signers_do_not_count(by: Made, words: str) -> None:
    said = staple(made.answer(LEAF, ROOT, signer=by, along=(by,)), CHAIN)
    assert (said.state, said.signed_by_issuer) == (Revocation.GOOD, False)
    assert words in said.problem
    assert "neither by the issuer nor" in staple(made.answer(LEAF, ROOT, signer=by), CHAIN).problem


def test_without_the_issuer_the_signature_is_open() -> None:
    said = staple(made.answer(LEAF, ROOT), (LEAF.der,))
    assert not said.signed_by_issuer
    assert "not at hand" in said.problem
    assert staple(made.answer(LEAF, ROOT), (LEAF.der,), Roots(public=[ROOT.der])).signed_by_issuer


def test_an_answer_by_a_namesake_of_the_issuer_does_not_count() -> None:
    namesake = make("Root", ca=True)
    assert not staple(made.answer(LEAF, namesake), (LEAF.der, namesake.der)).signed_by_issuer


def test_an_answer_about_another_certificate_says_nothing() -> None:
    assert staple(made.answer(OTHER, ROOT), CHAIN) == RevocationSeen(
        Revocation.UNKNOWN, "", "", False, problem="the answer is about another certificate"
    )
    namesake = make("Root", ca=True)
    same_serial = make("x", namesake, serial=LEAF.certificate.serial_number)
    assert staple(made.answer(same_serial, namesake), CHAIN).problem == "the answer is about another certificate"


def test_refusals_and_rubbish_are_problems() -> None:
    later = ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.TRY_LATER).public_bytes(serialization.Encoding.DER)
    assert staple(later, CHAIN).problem == "the responder answered tryLater"
    good = made.answer(LEAF, ROOT)
    for cut in range(len(good)):
        assert staple(good[:cut], CHAIN).state is Revocation.UNKNOWN
    assert staple(good, ()).problem == staple(good, (b"junk",)).problem == "the certificate itself cannot be read"
    forged = good[:-1] + bytes([good[-1] ^ 1])
    assert not staple(forged, CHAIN).signed_by_issuer
    assert ocsp_scts(good) == ocsp_scts(b"junk") == ()


def test_the_question_is_what_the_library_would_ask() -> None:
    own, issuer = parse(LEAF.der), find_issuer(CHAIN, None)
    assert issuer is not None
    theirs = ocsp.OCSPRequestBuilder().add_certificate(LEAF.certificate, ROOT.certificate, hashes.SHA1()).build()
    assert question(own, issuer) == theirs.public_bytes(serialization.Encoding.DER)


def listed(data: bytes, leaf: Made = LEAF, issuer: Made | None = ROOT) -> RevocationSeen:
    return revocation_list(data, parse(leaf.der), parse(issuer.der) if issuer else None)


def test_a_list_tells_good_from_revoked() -> None:
    data = made.revoked_list(ROOT, [1, LEAF.certificate.serial_number, 2], reason=x509.ReasonFlags.superseded)
    assert listed(data) == RevocationSeen(Revocation.REVOKED, PRODUCED, "2026-11-23T00:00:00Z", True, "2026-11-20T00:00:00Z", "superseded")
    assert listed(data, OTHER) == RevocationSeen(Revocation.GOOD, PRODUCED, "2026-11-23T00:00:00Z", True)
    assert listed(made.revoked_list(ROOT, [])).state is Revocation.GOOD


def test_a_serial_number_within_another_is_not_found() -> None:
    inner = make("a", ROOT, serial=0x0102)
    outer = int.from_bytes(bytes.fromhex("11300702020102170533"))
    assert listed(made.revoked_list(ROOT, [outer, 5]), inner).state is Revocation.GOOD
    assert listed(made.revoked_list(ROOT, [outer, 0x0102]), inner).state is Revocation.REVOKED


def test_lists_of_others_and_parts_of_lists_do_not_count() -> None:
    stranger = make("Stranger", ca=True)
    assert listed(made.revoked_list(stranger, [])).problem == "the list is another issuer's"
    assert "not by the issuer" in listed(made.revoked_list(ROOT, [], signer=stranger)).problem
    assert "not at hand" in listed(made.revoked_list(ROOT, []), issuer=None).problem
    delta = (x509.DeltaCRLIndicator(1), True)
    assert listed(made.revoked_list(ROOT, [], extensions=(delta,))).problem == "the list holds changes only"
    part = (x509.IssuingDistributionPoint(None, None, False, True, None, False, False), True)
    assert "or holds a part" in listed(made.revoked_list(ROOT, [], extensions=(part,))).problem
    placed = make("www.example.lg.jp", ROOT, crl_url="http://a/")
    for place, state in (("http://a/", Revocation.GOOD), ("http://b/", Revocation.UNKNOWN)):
        names = [x509.UniformResourceIdentifier(place)]
        shard = (x509.IssuingDistributionPoint(names, None, True, False, None, False, False), True)
        assert listed(made.revoked_list(ROOT, [], extensions=(shard,)), placed).state is state
    odd = (x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3"), b"\5\0"), True)
    assert "1.2.3" in listed(made.revoked_list(ROOT, [], extensions=(odd,))).problem


def test_a_broken_list_says_so() -> None:
    data = made.revoked_list(ROOT, [LEAF.certificate.serial_number])
    for cut in range(len(data)):
        assert listed(data[:cut]).problem.startswith("the list cannot be read: ")
    assert listed(b"-----BEGIN X509 CRL-----").problem.startswith("the list cannot be read: ")


def huge(entries: bytes) -> bytes:
    """A list that nobody signed, with these entries."""
    own = parse(LEAF.der)
    times = element(UTC_TIME, b"261121000000Z") + element(UTC_TIME, b"261123000000Z")
    signed = element(SEQUENCE, own.algorithm + own.issuer + times + element(SEQUENCE, entries))
    return element(SEQUENCE, signed + own.algorithm + element(BIT_STRING, bytes(65)))


def test_a_long_list_is_searched_quickly() -> None:
    entry = element(SEQUENCE, element(INTEGER, b"\1" * 20) + element(UTC_TIME, b"261120000000Z"))
    mine = element(SEQUENCE, element(INTEGER, parse(LEAF.der).serial) + element(UTC_TIME, b"261120000000Z"))
    many = entry * (LARGEST // len(entry) - 100)
    start = time.process_time()
    assert listed(huge(many)).state is Revocation.GOOD
    assert listed(huge(many + mine)).state is Revocation.REVOKED
    assert listed(huge(many + many)).problem.endswith(f"more than {LARGEST}")
    assert time.process_time() - start < 5


def test_a_list_full_of_false_places_is_given_up() -> None:
    one = make("a", ROOT, serial=5)
    inner = element(INTEGER, b"\5")
    false = element(SEQUENCE, element(INTEGER, b"\1") + element(SEQUENCE, inner * 20))
    start = time.process_time()
    assert "more than" in listed(huge(false * 3000), one).problem
    assert listed(huge(false * 100), one).state is Revocation.GOOD
    assert time.process_time() - start < 2

"""OCSP (RFC 6960): the question about one certificate, and what an answer says of it, signature and signer included.

Whether an answer is still fresh is not asked here: that depends on when it was seen. Who is asked, and how, is the business of probes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from scanner.facts.tls import Revocation, RevocationSeen, Sct
from scanner.wire.der import NotDer
from scanner.wire.x509 import oids
from scanner.wire.x509.asn1 import (
    CONSTRUCTED,
    CONTEXT,
    ENUMERATED,
    GENERALIZED_TIME,
    INTEGER,
    OBJECT_IDENTIFIER,
    OCTET_STRING,
    SEQUENCE,
    Item,
    bit_string,
    element,
    integer,
    moment,
    oid,
    sole,
)
from scanner.wire.x509.certificate import Certificate, NotCertificate, parse
from scanner.wire.x509.distinguished import same_name
from scanner.wire.x509.extensions import read_extension
from scanner.wire.x509.roots import Roots
from scanner.wire.x509.sct import scts
from scanner.wire.x509.signature import Checked, check

LARGEST = 65536
MOST_ANSWERS = 64
"""Single answers looked at; a responder that was asked about one certificate gives one."""
MOST_SIGNERS = 4

REASONS: Final = {  # CRLReason, RFC 5280 section 5.3.1
    0: "unspecified",
    1: "keyCompromise",
    2: "cACompromise",
    3: "affiliationChanged",
    4: "superseded",
    5: "cessationOfOperation",
    6: "certificateHold",
    8: "removeFromCRL",
    9: "privilegeWithdrawn",
    10: "aACompromise",
}
_STATUS: Final = {1: "malformedRequest", 2: "internalError", 3: "tryLater", 5: "sigRequired", 6: "unauthorized"}
_HASHES: Final = {name: number for number, name in oids.HASHES.items()}
_SHA1_ALGORITHM: Final = bytes.fromhex("300906052b0e03021a0500")


def find_issuer(chain: Sequence[bytes], roots: Roots | None) -> Certificate | None:
    """Give the issuer of the first certificate among those sent and the roots, by its name and its signature; ``None`` where none is it."""
    found = []
    for der in chain:
        try:
            found.append(parse(der))
        except NotCertificate:
            if not found:
                return None
    return issuer_among(found[0], found[1:], roots) if found else None


def issuer_among(own: Certificate, others: Sequence[Certificate], roots: Roots | None) -> Certificate | None:
    """See ``find_issuer``; a certificate that is its own issuer is its issuer."""
    known = [root.certificate for root in roots.named(own.issuer)] if roots is not None else []
    candidates = [one for one in (*others, *known, own) if same_name(one.subject, own.issuer)]
    return next((one for one in candidates if own.signed_by(one) is Checked.HOLDS), None)


def question(certificate: Certificate, issuer: Certificate) -> bytes:
    """Write the request about one certificate, without a nonce: responders give the same signed answer to everybody (RFC 5019)."""
    name = hashlib.sha1(certificate.issuer, usedforsecurity=False).digest()
    key = hashlib.sha1(issuer.key_octets, usedforsecurity=False).digest()
    asked = _SHA1_ALGORITHM + element(OCTET_STRING, name) + element(OCTET_STRING, key) + element(INTEGER, certificate.serial)
    inner = element(SEQUENCE, asked)
    for _ in range(4):  # Request, requestList, TBSRequest, OCSPRequest
        inner = element(SEQUENCE, inner)
    return inner


def staple(ocsp: bytes, chain: Sequence[bytes], roots: Roots | None = None) -> RevocationSeen:
    """Say what an OCSP answer tells of the first certificate of a chain (DER, as sent). Never raises.

    An answer that cannot be used is ``UNKNOWN`` with a ``problem``: broken, an error of the responder, about another certificate.
    ``signed_by_issuer``: by the issuer's key or by a responder that the issuer has appointed (RFC 6960 section 4.2.2.2). The issuer is
    looked for among the certificates sent and in ``roots``.
    """
    try:
        own = parse(chain[0])
    except (NotCertificate, IndexError):
        return _unusable("the certificate itself cannot be read")
    return answer(ocsp, own, find_issuer(chain, roots))


def answer(ocsp: bytes, certificate: Certificate, issuer: Certificate | None) -> RevocationSeen:
    """Say what an OCSP answer tells of a certificate; see ``staple``."""
    try:
        basic = _basic(ocsp)
        return basic if isinstance(basic, RevocationSeen) else _about(basic, certificate, issuer)
    except NotDer as error:
        return _unusable(f"the answer cannot be read: {error}")


def ocsp_scts(ocsp: bytes) -> tuple[Sct, ...]:
    """Give the signed certificate timestamps that an OCSP answer carries (RFC 6962 section 3.3). Never raises."""
    found: list[Sct] = []
    try:
        basic = _basic(ocsp)
        for single in () if isinstance(basic, RevocationSeen) else basic.answers[:MOST_ANSWERS]:
            for extensions in single.inside().each():
                if extensions.tag != CONSTRUCTED + 1:
                    continue
                for item in extensions.inside().take(SEQUENCE).inside().each(SEQUENCE):
                    number, _, value = read_extension(item)
                    if number == oids.OCSP_SCT_LIST:
                        found += scts(sole(value, OCTET_STRING).contents)
    except NotDer:
        pass  # what could be read counts
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Basic:
    """A BasicOCSPResponse: what was signed, by which algorithm, the signature, certificates that came along, and what it says."""

    signed: bytes
    algorithm: bytes
    signature: bytes
    certificates: tuple[bytes, ...]
    produced_at: str
    answers: tuple[Item, ...]


def _unusable(problem: str) -> RevocationSeen:
    return RevocationSeen(Revocation.UNKNOWN, "", "", False, problem=problem)


def _basic(ocsp: bytes) -> _Basic | RevocationSeen:
    if len(ocsp) > LARGEST:
        raise NotDer(f"{len(ocsp)} octets, more than {LARGEST}")
    outer = sole(ocsp, SEQUENCE).inside()
    status = integer(outer.take(ENUMERATED))
    if status != 0:
        return _unusable(f"the responder answered {_STATUS.get(status, str(status))}")
    body = outer.take(CONSTRUCTED).inside().take(SEQUENCE).inside()
    if oid(body.take(OBJECT_IDENTIFIER)) != oids.OCSP_BASIC:
        raise NotDer("an answer of an unknown type")
    basic = sole(body.take(OCTET_STRING).contents, SEQUENCE).inside()
    signed, algorithm, signature = basic.take(SEQUENCE), basic.take(SEQUENCE), bit_string(basic.take())
    along: tuple[bytes, ...] = ()
    if (wrapped := basic.maybe(CONSTRUCTED)) is not None:
        along = tuple(item.whole for item, _ in zip(wrapped.inside().take(SEQUENCE).inside().each(), range(MOST_SIGNERS), strict=False))
    fields = signed.inside()
    fields.maybe(CONSTRUCTED)  # version
    if fields.tag not in (CONSTRUCTED + 1, CONSTRUCTED + 2):
        raise NotDer("no responder is named")
    fields.take()
    produced = moment(fields.take(GENERALIZED_TIME))
    answers = tuple(item for item, _ in zip(fields.take(SEQUENCE).inside().each(SEQUENCE), range(MOST_ANSWERS), strict=False))
    return _Basic(signed.whole, algorithm.whole, signature, along, f"{produced:%Y-%m-%dT%H:%M:%SZ}", answers)


def _about(basic: _Basic, certificate: Certificate, issuer: Certificate | None) -> RevocationSeen:
    mine = next((single for single in basic.answers if _is_about(single, certificate, issuer)), None)
    if mine is None:
        return _unusable("the answer is about another certificate")
    fields = mine.inside()
    fields.take(SEQUENCE)
    status = fields.take()
    fields.take(GENERALIZED_TIME)  # thisUpdate
    until = fields.maybe(CONSTRUCTED)
    next_update = f"{moment(until.inside().take(GENERALIZED_TIME)):%Y-%m-%dT%H:%M:%SZ}" if until is not None else ""
    state, revoked_at, reason = Revocation.UNKNOWN, "", ""
    if status.tag == CONTEXT:
        state = Revocation.GOOD
    elif status.tag == CONSTRUCTED + 1:
        state = Revocation.REVOKED
        inside = status.inside()
        revoked_at = f"{moment(inside.take(GENERALIZED_TIME)):%Y-%m-%dT%H:%M:%SZ}"
        if (given := inside.maybe(CONSTRUCTED)) is not None:
            number = integer(given.inside().take(ENUMERATED))
            reason = REASONS.get(number, str(number)[:8])
    problem = _signer_problem(basic, issuer)
    return RevocationSeen(state, basic.produced_at, next_update, not problem, revoked_at, reason, problem)


def _is_about(single: Item, certificate: Certificate, issuer: Certificate | None) -> bool:
    """Whether a single answer names this serial number of this issuer, by hashes that can be made here."""
    asked = single.inside().take(SEQUENCE).inside()
    number = oid(asked.take(SEQUENCE).inside().take(OBJECT_IDENTIFIER))
    name, key, serial = asked.take(OCTET_STRING).contents, asked.take(OCTET_STRING).contents, asked.take(INTEGER).contents
    if serial != certificate.serial:
        return False
    hashed = oids.HASHES.get(number)
    if hashed is None:
        return False
    if name != _digest(hashed, certificate.issuer):
        return False
    return issuer is None or key == _digest(hashed, issuer.key_octets)


def _digest(hashed: str, data: bytes) -> bytes:
    return hashlib.new(hashed.lower(), data, usedforsecurity=False).digest()


def _signer_problem(basic: _Basic, issuer: Certificate | None) -> str:
    """Why the signature is not one that counts, in English; empty where it is."""
    if issuer is None:
        return "the issuer is not at hand, so the signature was not verified"
    by_issuer = check(issuer.spki, basic.algorithm, basic.signed, basic.signature)
    if by_issuer is Checked.HOLDS:
        return ""
    for der in basic.certificates:
        try:
            signer = parse(der)
        except NotCertificate:
            continue
        if check(signer.spki, basic.algorithm, basic.signed, basic.signature) is not Checked.HOLDS:
            continue
        if not same_name(signer.issuer, issuer.subject) or signer.signed_by(issuer) is not Checked.HOLDS:
            return "the responder's certificate is not by the issuer"
        if "OCSPSigning" not in (signer.seen.extended_usage or ()):
            return "the responder's certificate is not for OCSP"
        if not _held(signer, basic.produced_at):
            return "the responder's certificate was outside its time"
        return ""
    if by_issuer is Checked.UNKNOWN:
        return "the signature is of a kind that cannot be verified here"
    return "the signature is neither by the issuer nor by a responder that it appointed"


def _held(signer: Certificate, produced_at: str) -> bool:
    return signer.seen.not_before <= produced_at <= signer.seen.not_after

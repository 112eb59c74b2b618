"""One X.509 certificate (RFC 5280) from its octets: what the facts say of it, and what building a path needs beside that.

Read part by part with a reader of our own: a part that is broken costs that part and is named in ``problems``, where a library would refuse
the whole. Whether the certificate is any good is not asked here.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from scanner.facts.tls import CertificateSeen, PublicKey
from scanner.wire.der import NotDer
from scanner.wire.x509.asn1 import (
    CONSTRUCTED,
    INTEGER,
    SEQUENCE,
    Cursor,
    Item,
    bit_string,
    integer,
    moment,
)
from scanner.wire.x509.distinguished import Comparable, common_names, same_name, shown_name
from scanner.wire.x509.extensions import Limits, Problems, read_extensions
from scanner.wire.x509.kept import Kept
from scanner.wire.x509.signature import Algorithm, Checked, check, read_algorithm, read_key

LARGEST = 65536
"""Octets of one certificate that are read."""
MOST_SERIAL = 20  # octets, RFC 5280 section 4.1.2.2
MOST_KEPT = 4096
HEAVIEST_KEPT = 16 * 1024 * 1024

_NO_KEY: Final = PublicKey("", 0)


class NotCertificate(ValueError):
    """The octets are no certificate, not even a broken one: its outline cannot be made out."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate as read. ``seen`` goes into facts; the rest is what a path is built with.

    ``subject``, ``issuer``, ``spki``, ``algorithm`` and ``signed`` are the very octets. The times are ``None`` where they cannot be read.
    ``limits`` is ``None`` without name constraints. ``directory_names`` and ``other_names`` are alternative names beside those in ``seen``:
    names as ``comparable`` gives them, and kinds that are not compared. ``issuer_urls`` are the places of its issuer's certificate.
    ``unknown_critical`` are extensions that nobody here knows and that must not be passed over, ``unreadable`` those that are broken.
    """

    der: bytes
    seen: CertificateSeen
    version: int
    subject: bytes
    issuer: bytes
    serial: bytes
    spki: bytes
    key_octets: bytes
    signed: bytes
    algorithm: bytes
    signature: bytes
    not_before: datetime | None
    not_after: datetime | None
    key_id: bytes = b""
    authority_key_id: bytes = b""
    limits: Limits | None = None
    directory_names: tuple[Comparable, ...] = ()
    other_names: frozenset[str] = frozenset()
    issuer_urls: tuple[str, ...] = ()
    unknown_critical: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()

    @property
    def self_issued(self) -> bool:
        """Whether subject and issuer are the same name."""
        return same_name(self.subject, self.issuer)

    def signed_by(self, issuer: Certificate) -> Checked:
        """Tell whether the issuer's key made the signature; names are not looked at."""
        return check(issuer.spki, self.algorithm, self.signed, self.signature)


_kept: Kept[bytes, Certificate] = Kept(MOST_KEPT, HEAVIEST_KEPT)


def seen(der: bytes) -> CertificateSeen:
    """Give what the facts say of a certificate. Never raises: octets that are none give their hashes and a problem."""
    try:
        return parse(der).seen
    except NotCertificate as error:
        sha256, sha512 = _hashes(der)
        return CertificateSeen(sha256, sha512, "", "", "", "", "", "", "", _NO_KEY, "", "", problems=(f"not a certificate: {error}",))


def parse(der: bytes) -> Certificate:
    """Read a certificate; the last ones read are remembered. Raises ``NotCertificate`` where not even its outline can be made out."""
    if len(der) > LARGEST:
        raise NotCertificate(f"{len(der)} octets, more than {LARGEST}")
    return _kept.get(hashlib.sha256(der).digest(), lambda: _parse(der), len(der))


def recall(sha256: str) -> Certificate | None:
    """Give a certificate that was read before, by its hash (hex), as long as it is remembered: facts keep no octets."""
    return _kept.known(bytes.fromhex(sha256))


def subject_of(der: bytes) -> bytes:
    """Give the octets of the subject's name alone, quickly. Raises ``NotCertificate``."""
    try:
        return _outline(der).subject.whole
    except NotDer as error:
        raise NotCertificate(str(error)) from error


@dataclass(frozen=True, slots=True)
class _Outline:
    signed: Item
    inner_algorithm: Item
    algorithm: Item
    signature: bytes
    version: int
    serial: Item
    issuer: Item
    validity: Item
    subject: Item
    spki: Item
    rest: Cursor
    behind: int


def _outline(der: bytes) -> _Outline:
    cursor = Cursor(der)
    outer = cursor.take(SEQUENCE).inside()
    signed = outer.take(SEQUENCE)
    algorithm = outer.take(SEQUENCE)
    signature = bit_string(outer.take())
    outer.done()
    fields = signed.inside()
    written = fields.maybe(CONSTRUCTED)
    version = integer(written.inside().take(INTEGER)) + 1 if written else 1
    serial = fields.take(INTEGER)
    inner, issuer, validity, subject, spki = (fields.take(SEQUENCE) for _ in range(5))
    return _Outline(signed, inner, algorithm, signature, version, serial, issuer, validity, subject, spki, fields, len(der) - cursor.at)


def _parse(der: bytes) -> Certificate:
    try:
        outline = _outline(der)
    except NotDer as error:
        raise NotCertificate(str(error)) from error
    problems = Problems()
    if outline.behind:
        problems.note(f"{outline.behind} octets behind the end")
    if outline.inner_algorithm.whole != outline.algorithm.whole:
        problems.note("the signature algorithm differs inside and outside")
    key, algorithm = _NO_KEY, Algorithm("", "", "")
    with problems.reading("key"):
        key = read_key(outline.spki.whole, problems.note)
    with problems.reading("signature algorithm"):
        algorithm = read_algorithm(outline.algorithm.whole)
    key_octets = b""
    with problems.reading("key"):
        parts = outline.spki.inside()
        parts.take(SEQUENCE)
        key_octets = bit_string(parts.take())
    not_before, not_after = _times(outline.validity, problems)
    sha256, sha512 = _hashes(der)
    spki_sha256, spki_sha512 = _hashes(outline.spki.whole)
    known = read_extensions(outline.rest, outline.version, problems)
    certificate = Certificate(
        der=der,
        seen=CertificateSeen(
            sha256=sha256,
            sha512=sha512,
            spki_sha256=spki_sha256,
            spki_sha512=spki_sha512,
            subject=shown_name(outline.subject, "subject", problems.note),
            issuer=shown_name(outline.issuer, "issuer", problems.note),
            serial=_serial(outline.serial, problems),
            not_before=_written(not_before),
            not_after=_written(not_after),
            key=key,
            signature=algorithm.name,
            signature_hash=algorithm.hash,
            dns_names=known.dns_names,
            ip_names=known.ip_names,
            common_names=common_names(outline.subject),
            is_ca=known.is_ca,
            path_length=known.path_length,
            usage=known.usage,
            extended_usage=known.extended_usage,
            must_staple=known.must_staple,
            ocsp_urls=known.ocsp_urls,
            crl_urls=known.crl_urls,
            scts=known.scts,
        ),
        version=outline.version,
        subject=outline.subject.whole,
        issuer=outline.issuer.whole,
        serial=outline.serial.contents,
        spki=outline.spki.whole,
        key_octets=key_octets,
        signed=outline.signed.whole,
        algorithm=outline.algorithm.whole,
        signature=outline.signature,
        not_before=not_before,
        not_after=not_after,
        key_id=known.key_id,
        authority_key_id=known.authority_key_id,
        limits=known.limits,
        directory_names=known.directory_names,
        other_names=known.other_names,
        issuer_urls=known.issuer_urls,
        unknown_critical=tuple(known.unknown_critical),
        unreadable=tuple(known.unreadable),
    )
    own = certificate.self_issued and certificate.signed_by(certificate) is not Checked.BROKEN
    return replace(certificate, seen=replace(certificate.seen, self_signed=own, problems=tuple(problems.words)))


def _hashes(data: bytes) -> tuple[str, str]:
    return hashlib.sha256(data).hexdigest(), hashlib.sha512(data).hexdigest()


def _serial(item: Item, problems: Problems) -> str:
    octets = item.contents
    if not octets or octets[0] & 0x80:
        problems.note("the serial number is negative or empty")
    elif not octets.strip(b"\0"):
        problems.note("the serial number is zero")
    if len(octets.lstrip(b"\0")) > MOST_SERIAL:
        problems.note(f"the serial number has {len(octets)} octets")
    bare = octets.lstrip(b"\0")[: 2 * MOST_SERIAL]
    return bare.hex() or "00"


def _times(validity: Item, problems: Problems) -> tuple[datetime | None, datetime | None]:
    found: list[datetime | None] = [None, None]
    fields = validity.inside()
    for at, what in enumerate(("notBefore", "notAfter")):
        with problems.reading(what):
            item = fields.take()
            found[at] = moment(item)
    if found[0] is not None and found[1] is not None and found[1] < found[0]:
        problems.note("notAfter is before notBefore")
    return found[0], found[1]


def _written(time: datetime | None) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0") if time is not None else ""

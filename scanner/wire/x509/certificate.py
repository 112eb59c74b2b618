"""One X.509 certificate (RFC 5280) from its octets: what the facts say of it, and what building a path needs beside that.

Read part by part with a reader of our own: a part that is broken costs that part and is named in ``problems``, where a library would refuse
the whole. Whether the certificate is any good is not asked here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from ipaddress import ip_address
from typing import Final

from scanner.facts.tls import CertificateSeen, PublicKey, Sct
from scanner.wire.der import NotDer
from scanner.wire.txt import excerpt
from scanner.wire.x509 import oids
from scanner.wire.x509.asn1 import (
    BOOLEAN,
    CONSTRUCTED,
    CONTEXT,
    INTEGER,
    OBJECT_IDENTIFIER,
    OCTET_STRING,
    SEQUENCE,
    Cursor,
    Item,
    bit_string,
    bits,
    boolean,
    integer,
    moment,
    oid,
    sole,
)
from scanner.wire.x509.distinguished import common_names, shown_name
from scanner.wire.x509.kept import Kept
from scanner.wire.x509.sct import read_list
from scanner.wire.x509.signature import Algorithm, Checked, check, read_algorithm, read_key

LARGEST = 65536
"""Octets of one certificate that are read."""
MOST_NAMES = 1000
"""Alternative names that are read; certificates of public authorities have at most a few hundred."""
MOST_EXTENSIONS = 64
MOST_URLS = 8
LONGEST_URL = 1024
MOST_SERIAL = 20  # octets, RFC 5280 section 4.1.2.2
MOST_KEPT = 4096
HEAVIEST_KEPT = 16 * 1024 * 1024

_DNS_NAME, URI, _IP_ADDRESS = CONTEXT + 2, CONTEXT + 6, CONTEXT + 7
_NO_KEY: Final = PublicKey("", 0)


class NotCertificate(ValueError):
    """The octets are no certificate, not even a broken one: its outline cannot be made out."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The names that an authority may certify, as its name constraints say (RFC 5280 section 4.2.1.10); ``None``: no limit of that kind.

    DNS names are lower case without a leading dot, networks ``(address, mask)`` in octets. ``other`` tells of critical limits on kinds of
    name that are not looked at here.
    """

    dns: tuple[str, ...] | None = None
    no_dns: tuple[str, ...] = ()
    ip: tuple[tuple[bytes, bytes], ...] | None = None
    no_ip: tuple[tuple[bytes, bytes], ...] = ()


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate as read. ``seen`` goes into facts; the rest is what a path is built with.

    ``subject``, ``issuer``, ``spki``, ``algorithm`` and ``signed`` are the very octets. The times are ``None`` where they cannot be read.
    ``names_limits`` is ``None`` without name constraints. ``unknown_critical`` are extensions that nobody here knows and that must not be
    passed over. ``has_basic`` tells that the basic constraints are there and can be read.
    """

    der: bytes
    seen: CertificateSeen
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
    unknown_critical: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()

    @property
    def self_issued(self) -> bool:
        """Whether subject and issuer are the same name."""
        return self.subject == self.issuer

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


class _Problems:
    """Collects what could not be read; ``reading`` turns the reader's exceptions into such words."""

    def __init__(self) -> None:
        self.words: list[str] = []

    def note(self, words: str) -> None:
        if words not in self.words:
            self.words.append(words)

    @contextmanager
    def reading(self, what: str) -> Iterator[None]:
        try:
            yield
        except NotDer as error:
            self.note(f"{what}: {error}")


def _parse(der: bytes) -> Certificate:
    try:
        outline = _outline(der)
    except NotDer as error:
        raise NotCertificate(str(error)) from error
    problems = _Problems()
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
    known = _extensions(outline, problems)
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
        unknown_critical=tuple(known.unknown_critical),
        unreadable=tuple(known.unreadable),
    )
    own = certificate.self_issued and certificate.signed_by(certificate) is not Checked.BROKEN
    return replace(certificate, seen=replace(certificate.seen, self_signed=own, problems=tuple(problems.words)))


def _hashes(data: bytes) -> tuple[str, str]:
    return hashlib.sha256(data).hexdigest(), hashlib.sha512(data).hexdigest()


def _serial(item: Item, problems: _Problems) -> str:
    octets = item.contents
    if not octets or octets[0] & 0x80:
        problems.note("the serial number is negative or empty")
    elif not octets.strip(b"\0"):
        problems.note("the serial number is zero")
    if len(octets.lstrip(b"\0")) > MOST_SERIAL:
        problems.note(f"the serial number has {len(octets)} octets")
    bare = octets.lstrip(b"\0")[: 2 * MOST_SERIAL]
    return bare.hex() or "00"


def _times(validity: Item, problems: _Problems) -> tuple[datetime | None, datetime | None]:
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


@dataclass(slots=True)
class _Extensions:
    dns_names: tuple[str, ...] = ()
    ip_names: tuple[str, ...] = ()
    is_ca: bool = False
    path_length: int | None = None
    usage: tuple[str, ...] | None = None
    extended_usage: tuple[str, ...] | None = None
    must_staple: bool = False
    ocsp_urls: tuple[str, ...] = ()
    crl_urls: tuple[str, ...] = ()
    scts: tuple[Sct, ...] = ()
    key_id: bytes = b""
    authority_key_id: bytes = b""
    limits: Limits | None = None
    unknown_critical: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)


def _extensions(outline: _Outline, problems: _Problems) -> _Extensions:
    known = _Extensions()
    with problems.reading("extensions"):
        rest = outline.rest
        for unique_id in (CONTEXT + 1, CONTEXT + 2):
            rest.maybe(unique_id)
        wrapped = rest.maybe(CONSTRUCTED + 3)
        rest.done()
        if wrapped is None:
            return known
        if outline.version != 3:
            problems.note(f"extensions in a certificate of version {outline.version}")
        listing = wrapped.inside()
        listed = listing.take(SEQUENCE).inside()
        listing.done()
        met: set[str] = set()
        for item in listed.each(SEQUENCE):
            if len(met) >= MOST_EXTENSIONS:
                problems.note(f"more than {MOST_EXTENSIONS} extensions")
                known.unknown_critical.append("…")
                break
            number, critical, value = read_extension(item)
            if number in met:
                problems.note(f"extension {number} is there twice")
                known.unreadable.append(number)
            met.add(number)
            if critical and number not in oids.HANDLED:
                known.unknown_critical.append(number)
            _extension(number, value, known, problems)
    return known


def read_extension(item: Item) -> tuple[str, bool, bytes]:
    """Take an Extension apart: its number, whether it is critical, its value. Raises ``NotDer``."""
    fields = item.inside()
    number = oid(fields.take(OBJECT_IDENTIFIER))
    flag = fields.maybe(BOOLEAN)
    value = fields.take(OCTET_STRING).contents
    fields.done()
    return number, flag is not None and boolean(flag), value


def _extension(number: str, value: bytes, known: _Extensions, problems: _Problems) -> None:
    read = _READERS.get(number)
    if read is None:
        return
    name, reader = read
    try:
        reader(value, known, problems.note)
    except NotDer as error:
        problems.note(f"{name}: {error}")
        known.unreadable.append(number)


_Note = Callable[[str], None]


def _alternative_names(value: bytes, known: _Extensions, note: _Note) -> None:
    dns: list[str] = []
    addresses: list[str] = []
    for count, item in enumerate(sole(value, SEQUENCE).inside().each()):
        if count == MOST_NAMES:
            note(f"more than {MOST_NAMES} alternative names")
            break
        if item.tag == _DNS_NAME:
            name = item.contents
            if b"\0" in name:
                note("NUL in an alternative name")
            elif not name.isascii():
                note("an alternative name that is not ASCII")
            dns.append(excerpt(name, 255))
        elif item.tag == _IP_ADDRESS:
            if item.size in (4, 16):
                addresses.append(str(ip_address(item.contents)))
            else:
                note(f"an address of {item.size} octets among the alternative names")
    known.dns_names, known.ip_names = tuple(dns), tuple(addresses)


def _basic_constraints(value: bytes, known: _Extensions, note: _Note) -> None:
    fields = sole(value, SEQUENCE).inside()
    flag = fields.maybe(BOOLEAN)
    length = fields.maybe(INTEGER)
    fields.done()
    longest = integer(length) if length is not None else None
    if longest is not None and not 0 <= longest < 256:
        note("a path length that makes no sense")
        longest = 0 if longest < 0 else None
    known.is_ca, known.path_length = flag is not None and boolean(flag), longest


def _key_usage(value: bytes, known: _Extensions, note: _Note) -> None:
    cursor = Cursor(value)
    known.usage = ()
    known.usage = tuple(oids.USAGES[bit] for bit in sorted(bits(cursor.take(0x03))) if bit < len(oids.USAGES))
    cursor.done()
    if not known.usage:
        note("key usage without any use")


def _extended_usage(value: bytes, known: _Extensions, _: _Note) -> None:
    known.extended_usage = ()
    found = []
    for item in sole(value, SEQUENCE).inside().each(OBJECT_IDENTIFIER):
        number = oid(item)
        found.append(oids.EXTENDED_USAGES.get(number, number))
        if len(found) == MOST_NAMES:
            break
    known.extended_usage = tuple(dict.fromkeys(found))


def _authority_access(value: bytes, known: _Extensions, _: _Note) -> None:
    found = []
    for item in sole(value, SEQUENCE).inside().each(SEQUENCE):
        fields = item.inside()
        method, place = oid(fields.take(OBJECT_IDENTIFIER)), fields.take()
        if method == oids.OCSP_ACCESS and place.tag == URI:
            found.append(place)
    known.ocsp_urls = _urls(found)


def _crl_points(value: bytes, known: _Extensions, _: _Note) -> None:
    found = []
    for item in sole(value, SEQUENCE).inside().each(SEQUENCE):
        fields = item.inside()
        point = fields.maybe(CONSTRUCTED)
        # A list for some reasons only, or by another issuer, says less than the whole: it is left aside.
        if point is None or fields.tag != -1 or (names := point.inside().maybe(CONSTRUCTED)) is None:
            continue
        found += [name for name in names.inside().each() if name.tag == URI]
    known.crl_urls = _urls(found)


def _urls(items: list[Item]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(excerpt(item.contents, LONGEST_URL) for item in items if item.size <= LONGEST_URL))[:MOST_URLS]


def _tls_feature(value: bytes, known: _Extensions, _: _Note) -> None:
    numbers = [integer(item) for item in sole(value, SEQUENCE).inside().each(INTEGER)]
    known.must_staple = 5 in numbers or 17 in numbers  # status_request and its version 2, RFC 7633 section 4.2.3


def _sct_list(value: bytes, known: _Extensions, note: _Note) -> None:
    known.scts, problem = read_list(sole(value, OCTET_STRING).contents)
    if problem:
        note(f"SCT list: {problem}")


def _subject_key_id(value: bytes, known: _Extensions, _: _Note) -> None:
    known.key_id = sole(value, OCTET_STRING).contents


def _authority_key_id(value: bytes, known: _Extensions, _: _Note) -> None:
    found = sole(value, SEQUENCE).inside().maybe(CONTEXT)
    known.authority_key_id = found.contents if found is not None else b""


def _name_constraints(value: bytes, known: _Extensions, note: _Note) -> None:
    known.limits = Limits((), (), ())  # nothing is permitted until the whole was read
    dns: list[list[str]] = [[], []]
    networks: list[list[tuple[bytes, bytes]]] = [[], []]
    fields = sole(value, SEQUENCE).inside()
    for side in (0, 1):
        part = fields.maybe(CONSTRUCTED + side)
        for item in part.inside().each(SEQUENCE) if part is not None else ():
            base = item.inside().take()
            if base.tag == _DNS_NAME:
                dns[side].append(excerpt(base.contents, 255).lower().removeprefix("."))
            elif base.tag == _IP_ADDRESS and base.size in (8, 32):
                half = base.size // 2
                networks[side].append((base.contents[:half], base.contents[half:]))
            if len(dns[side]) + len(networks[side]) > MOST_NAMES:
                note(f"more than {MOST_NAMES} name constraints")
                raise NotDer("too many to be honoured")
    fields.done()
    known.limits = Limits(tuple(dns[0]) or None, tuple(dns[1]), tuple(networks[0]) or None, tuple(networks[1]))


_READERS: Final[dict[str, tuple[str, Callable[[bytes, _Extensions, _Note], None]]]] = {
    oids.SUBJECT_ALT_NAME: ("alternative names", _alternative_names),
    oids.BASIC_CONSTRAINTS: ("basic constraints", _basic_constraints),
    oids.KEY_USAGE: ("key usage", _key_usage),
    oids.EXTENDED_KEY_USAGE: ("extended key usage", _extended_usage),
    oids.AUTHORITY_ACCESS: ("authority access", _authority_access),
    oids.CRL_POINTS: ("CRL points", _crl_points),
    oids.TLS_FEATURE: ("TLS feature", _tls_feature),
    oids.SCT_LIST: ("SCT list", _sct_list),
    oids.SUBJECT_KEY_ID: ("subject key id", _subject_key_id),
    oids.AUTHORITY_KEY_ID: ("authority key id", _authority_key_id),
    oids.NAME_CONSTRAINTS: ("name constraints", _name_constraints),
}

"""The extensions of a certificate (RFC 5280 section 4.2), read one by one: a broken one costs itself alone and is named."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final

from scanner.facts.tls import Sct
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
    bits,
    boolean,
    integer,
    oid,
    sole,
)
from scanner.wire.x509.distinguished import Comparable, comparable
from scanner.wire.x509.sct import read_list

MOST_NAMES = 1000
"""Alternative names that are read; certificates of public authorities have at most a few hundred."""
MOST_EXTENSIONS = 64
MOST_URLS = 8
LONGEST_URL = 1024

_DNS_NAME, _DIRECTORY_NAME, URI, _IP_ADDRESS = CONTEXT + 2, CONSTRUCTED + 4, CONTEXT + 6, CONTEXT + 7
OTHER_KINDS: Final = {
    CONSTRUCTED: "otherName",
    CONTEXT + 1: "rfc822Name",
    CONSTRUCTED + 3: "x400Address",
    CONSTRUCTED + 5: "ediPartyName",
    URI: "uniformResourceIdentifier",
    CONTEXT + 8: "registeredID",
}
"""Kinds of GeneralName (RFC 5280 section 4.2.1.6) that are not compared with name constraints here."""

Network = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Limits:
    """The names that an authority may certify, as its name constraints say (RFC 5280 section 4.2.1.10); ``None``: no limit of that kind.

    DNS names are lower case, networks octets of the address, address and mask as numbers, subjects as ``comparable`` gives them.
    ``others`` are the kinds of name that are limited too, in words of ``OTHER_KINDS``.
    """

    dns: frozenset[str] | None = None
    no_dns: frozenset[str] = frozenset()
    ip: frozenset[Network] | None = None
    no_ip: frozenset[Network] = frozenset()
    subjects: frozenset[Comparable] | None = None
    no_subjects: frozenset[Comparable] = frozenset()
    others: frozenset[str] = frozenset()


class Problems:
    """Collects what could not be read; ``reading`` turns the reader's exceptions into such words."""

    def __init__(self) -> None:
        self.words: list[str] = []

    def note(self, words: str) -> None:
        """Note something, once."""
        if words not in self.words:
            self.words.append(words)

    @contextmanager
    def reading(self, what: str) -> Iterator[None]:
        """Read a part, which may turn out to be broken."""
        try:
            yield
        except NotDer as error:
            self.note(f"{what}: {error}")


@dataclass(slots=True)
class Extensions:
    """What the extensions say, in the words of ``CertificateSeen`` and ``Certificate``."""

    dns_names: tuple[str, ...] = ()
    ip_names: tuple[str, ...] = ()
    directory_names: tuple[Comparable, ...] = ()
    other_names: frozenset[str] = frozenset()
    is_ca: bool = False
    path_length: int | None = None
    usage: tuple[str, ...] | None = None
    extended_usage: tuple[str, ...] | None = None
    must_staple: bool = False
    ocsp_urls: tuple[str, ...] = ()
    issuer_urls: tuple[str, ...] = ()
    crl_urls: tuple[str, ...] = ()
    scts: tuple[Sct, ...] = ()
    key_id: bytes = b""
    authority_key_id: bytes = b""
    limits: Limits | None = None
    unknown_critical: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)


def read_extensions(rest: Cursor, version: int, problems: Problems) -> Extensions:
    """Read what stands behind the key of a certificate of this version. What cannot be read is noted, and left as if it were not there."""
    known = Extensions(unknown_critical=["…"])  # what nobody has read may be critical
    with problems.reading("extensions"):
        for unique_id in (CONTEXT + 1, CONTEXT + 2):
            rest.maybe(unique_id)
        wrapped = rest.maybe(CONSTRUCTED + 3)
        rest.done()
        if wrapped is None:
            known.unknown_critical.clear()
            return known
        if version != 3:
            problems.note(f"extensions in a certificate of version {version}")
        listing = wrapped.inside()
        listed = listing.take(SEQUENCE).inside()
        listing.done()
        met: set[str] = set()
        critical_unknown: list[str] = []
        for item in listed.each(SEQUENCE):
            if len(met) >= MOST_EXTENSIONS:
                problems.note(f"more than {MOST_EXTENSIONS} extensions")
                return known
            number, critical, value = read_extension(item)
            if number in met:
                problems.note(f"extension {number} is there twice")
                known.unreadable.append(number)
            met.add(number)
            if critical and number not in oids.HANDLED:
                critical_unknown.append(number)
            _extension(number, value, known, problems)
        known.unknown_critical = critical_unknown
    return known


def read_extension(item: Item) -> tuple[str, bool, bytes]:
    """Take an Extension apart: its number, whether it is critical, its value. Raises ``NotDer``."""
    fields = item.inside()
    number = oid(fields.take(OBJECT_IDENTIFIER))
    flag = fields.maybe(BOOLEAN)
    value = fields.take(OCTET_STRING).contents
    fields.done()
    return number, flag is not None and boolean(flag), value


def _extension(number: str, value: bytes, known: Extensions, problems: Problems) -> None:
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


def _alternative_names(value: bytes, known: Extensions, note: _Note) -> None:
    dns: list[str] = []
    addresses: list[str] = []
    directory: list[Comparable] = []
    others: set[str] = set()
    for count, item in enumerate(sole(value, SEQUENCE).inside().each()):
        if count == MOST_NAMES:
            note(f"more than {MOST_NAMES} alternative names")
            known.unreadable.append(oids.SUBJECT_ALT_NAME)
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
        elif item.tag == _DIRECTORY_NAME:
            directory.append(comparable(item.inside().take(SEQUENCE)))
        else:
            others.add(OTHER_KINDS.get(item.tag, "?"))
    known.dns_names, known.ip_names = tuple(dns), tuple(addresses)
    known.directory_names, known.other_names = tuple(directory), frozenset(others)


def _basic_constraints(value: bytes, known: Extensions, note: _Note) -> None:
    fields = sole(value, SEQUENCE).inside()
    flag = fields.maybe(BOOLEAN)
    length = fields.maybe(INTEGER)
    fields.done()
    longest = integer(length) if length is not None else None
    if longest is not None and not 0 <= longest < 256:
        note("a path length that makes no sense")
        longest = 0 if longest < 0 else None
    known.is_ca, known.path_length = flag is not None and boolean(flag), longest


def _key_usage(value: bytes, known: Extensions, note: _Note) -> None:
    cursor = Cursor(value)
    known.usage = ()
    known.usage = tuple(oids.USAGES[bit] for bit in sorted(bits(cursor.take(0x03))) if bit < len(oids.USAGES))
    cursor.done()
    if not known.usage:
        note("key usage without any use")


def _extended_usage(value: bytes, known: Extensions, _: _Note) -> None:
    known.extended_usage = ()
    found = []
    for item in sole(value, SEQUENCE).inside().each(OBJECT_IDENTIFIER):
        number = oid(item)
        found.append(oids.EXTENDED_USAGES.get(number, number))
        if len(found) == MOST_NAMES:
            break
    known.extended_usage = tuple(dict.fromkeys(found))


def _authority_access(value: bytes, known: Extensions, _: _Note) -> None:
    found: dict[str, list[Item]] = {oids.OCSP_ACCESS: [], oids.ISSUER_ACCESS: []}
    for item in sole(value, SEQUENCE).inside().each(SEQUENCE):
        fields = item.inside()
        method, place = oid(fields.take(OBJECT_IDENTIFIER)), fields.take()
        if method in found and place.tag == URI:
            found[method].append(place)
    known.ocsp_urls, known.issuer_urls = _urls(found[oids.OCSP_ACCESS]), _urls(found[oids.ISSUER_ACCESS])


def _crl_points(value: bytes, known: Extensions, _: _Note) -> None:
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


def _tls_feature(value: bytes, known: Extensions, _: _Note) -> None:
    numbers = [integer(item) for item in sole(value, SEQUENCE).inside().each(INTEGER)]
    known.must_staple = 5 in numbers or 17 in numbers  # status_request and its version 2, RFC 7633 section 4.2.3


def _sct_list(value: bytes, known: Extensions, note: _Note) -> None:
    known.scts, problem = read_list(sole(value, OCTET_STRING).contents)
    if problem:
        note(f"SCT list: {problem}")


def _subject_key_id(value: bytes, known: Extensions, _: _Note) -> None:
    known.key_id = sole(value, OCTET_STRING).contents


def _authority_key_id(value: bytes, known: Extensions, _: _Note) -> None:
    found = sole(value, SEQUENCE).inside().maybe(CONTEXT)
    known.authority_key_id = found.contents if found is not None else b""


def _name_constraints(value: bytes, known: Extensions, note: _Note) -> None:
    known.limits = Limits(dns=frozenset(), ip=frozenset(), subjects=frozenset())  # nothing is permitted until the whole was read
    dns: list[list[str]] = [[], []]
    networks: list[list[Network]] = [[], []]
    subjects: list[list[Comparable]] = [[], []]
    others: set[str] = set()
    fields = sole(value, SEQUENCE).inside()
    for side in (0, 1):
        part = fields.maybe(CONSTRUCTED + side)
        for item in part.inside().each(SEQUENCE) if part is not None else ():
            base = _base(item)
            if base.tag == _DNS_NAME:
                if not base.contents.isascii():
                    raise NotDer("a DNS name that is not ASCII")
                dns[side].append(excerpt(base.contents, 255).lower())
            elif base.tag == _IP_ADDRESS:
                if base.size not in (8, 32):
                    raise NotDer(f"a network of {base.size} octets")
                half = base.size // 2
                networks[side].append((half, int.from_bytes(base.contents[:half]), int.from_bytes(base.contents[half:])))
            elif base.tag == _DIRECTORY_NAME:
                subjects[side].append(comparable(base.inside().take(SEQUENCE)))
            else:
                others.add(OTHER_KINDS.get(base.tag, "?"))
            if len(dns[side]) + len(networks[side]) + len(subjects[side]) > MOST_NAMES:
                note(f"more than {MOST_NAMES} name constraints")
                raise NotDer("too many to be honoured")
    fields.done()
    known.limits = Limits(
        dns=frozenset(dns[0]) or None,
        no_dns=frozenset(dns[1]),
        ip=frozenset(networks[0]) or None,
        no_ip=frozenset(networks[1]),
        subjects=frozenset(subjects[0]) or None,
        no_subjects=frozenset(subjects[1]),
        others=frozenset(others),
    )


def _base(subtree: Item) -> Item:
    """The name of a GeneralSubtree. The minimum is 0 and there is no maximum (RFC 5280 section 4.2.1.10)."""
    fields = subtree.inside()
    base = fields.take()
    minimum = fields.maybe(CONTEXT)
    if (minimum is not None and minimum.contents != b"\0") or fields.tag != -1:
        raise NotDer("a subtree with a minimum or a maximum")
    return base


_READERS: Final[dict[str, tuple[str, Callable[[bytes, Extensions, _Note], None]]]] = {
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

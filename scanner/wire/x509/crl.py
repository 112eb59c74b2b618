"""Revocation lists (RFC 5280 section 5): is one certificate on the list, and did its issuer sign it. Fetching them is for probes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from scanner.facts.tls import Revocation, RevocationSeen
from scanner.wire.der import NotDer
from scanner.wire.x509 import oids
from scanner.wire.x509.asn1 import (
    CONSTRUCTED,
    CONTEXT,
    ENUMERATED,
    INTEGER,
    SEQUENCE,
    Cursor,
    Item,
    bit_string,
    element,
    integer,
    moment,
    sole,
)
from scanner.wire.x509.certificate import Certificate
from scanner.wire.x509.extensions import URI, read_extension
from scanner.wire.x509.ocsp import REASONS
from scanner.wire.x509.signature import Checked, check

LARGEST: Final = 10 * 1024 * 1024
"""Octets of a list that are read."""
MOST_HITS = 10_000
"""Places looked at where the octets of the serial number stand."""


def revocation_list(data: bytes, certificate: Certificate, issuer: Certificate | None) -> RevocationSeen:
    """Say what a list (DER) tells of a certificate: REVOKED or, where it is whole and does not name it, GOOD. Never raises.

    A list that cannot be used is UNKNOWN with a ``problem``: broken, another issuer's, or one that holds only a part.
    ``produced_at`` is its time of issue. No list beyond ``LARGEST`` octets is read.
    """
    try:
        return _read(data, certificate, issuer)
    except NotDer as error:
        return _unusable(f"the list cannot be read: {error}")


def _unusable(problem: str) -> RevocationSeen:
    return RevocationSeen(Revocation.UNKNOWN, "", "", False, problem=problem)


def _read(data: bytes, certificate: Certificate, issuer: Certificate | None) -> RevocationSeen:
    if len(data) > LARGEST:
        raise NotDer(f"{len(data)} octets, more than {LARGEST}")
    outer = sole(data, SEQUENCE).inside()
    signed, algorithm, signature = outer.take(SEQUENCE), outer.take(SEQUENCE), bit_string(outer.take())
    fields = signed.inside()
    fields.maybe(INTEGER)
    fields.take(SEQUENCE)
    by = fields.take(SEQUENCE).whole
    made = moment(fields.take())
    until = moment(fields.take()) if fields.tag not in (SEQUENCE, CONSTRUCTED, -1) else None
    entries = fields.maybe(SEQUENCE)
    if by != certificate.issuer:
        return _unusable("the list is another issuer's")
    if problem := _partial(fields.maybe(CONSTRUCTED), certificate.seen.crl_urls):
        return _unusable(problem)
    found = _entry(entries, certificate.serial) if entries is not None else None
    state, revoked_at, reason = Revocation.GOOD, "", ""
    if found is not None:
        state = Revocation.REVOKED
        inside = found.inside()
        inside.take(INTEGER)
        revoked_at = f"{moment(inside.take()):%Y-%m-%dT%H:%M:%SZ}"
        reason = _reason(inside)
        if reason == "removeFromCRL":
            state = Revocation.GOOD
    problem = _signer_problem(issuer, algorithm.whole, signed.whole, signature)
    next_update = f"{until:%Y-%m-%dT%H:%M:%SZ}" if until is not None else ""
    return RevocationSeen(state, f"{made:%Y-%m-%dT%H:%M:%SZ}", next_update, not problem, revoked_at, reason, problem)


def _partial(wrapped: Item | None, places: Sequence[str]) -> str:
    """Why the list says less than everything about this certificate; empty where it is whole.

    Authorities divide long lists by place: one that is not for a place that the certificate names proves nothing (RFC 5280 section 6.3.3).
    """
    if wrapped is None:
        return ""
    for item in wrapped.inside().take(SEQUENCE).inside().each(SEQUENCE):
        number, critical, value = read_extension(item)
        if number == oids.DELTA_CRL:
            return "the list holds changes only"
        if number == oids.ISSUING_POINT:
            fields = sole(value, SEQUENCE).inside()
            if (point := fields.maybe(CONSTRUCTED)) is not None and not _is_for(point, places):
                return "the list is for certificates of another place"
            for field in fields.each():
                # onlyContainsCACerts, onlySomeReasons, indirectCRL, onlyContainsAttributeCerts
                if field.tag in (CONTEXT + 2, CONTEXT + 3, CONTEXT + 4, CONTEXT + 5) and field.contents != b"\0":
                    return "the list is not about servers' certificates, or holds a part of them"
        elif critical:
            return f"the list has a critical extension that is not known: {number}"
    return ""


def _is_for(point: Item, places: Sequence[str]) -> bool:
    names = point.inside().maybe(CONSTRUCTED)
    if names is None:  # relative to the issuer's name, as directories have it
        return False
    return any(item.tag == URI and item.contents.decode("latin-1") in places for item in names.inside().each())


def _entry(entries: Item, serial: bytes) -> Item | None:
    """Find the entry of a serial number. A list of 10 MiB has 280,000 entries: only those where the octets stand are read."""
    wanted = element(INTEGER, serial)
    data, hit = entries.data, entries.body
    start = at = entries.body
    for _ in range(MOST_HITS):
        hit = data.find(wanted, hit, entries.end)
        if hit < 0:
            return None
        while at < hit:  # the entry that holds the place: the lengths lead there
            start, at = at, _behind(data, at)
        if start < hit < at:
            item = Cursor(data, start, entries.end).take(SEQUENCE)
            if item.body == hit:
                return item
        hit += 1
    raise NotDer(f"the serial number stands in more than {MOST_HITS} places")


def _behind(data: bytes, at: int) -> int:
    """Where the element at a place ends, by its length alone."""
    size, head = data[at + 1], 2
    if size >= 0x80:
        head += size & 0x7F
        size = int.from_bytes(data[at + 2 : at + head])
    return at + head + size


def _reason(rest: Cursor) -> str:
    extensions = rest.maybe(SEQUENCE)
    for item in extensions.inside().each(SEQUENCE) if extensions is not None else ():
        number, _, value = read_extension(item)
        if number == oids.CRL_REASON:
            code = integer(sole(value, ENUMERATED))
            return REASONS.get(code, str(code)[:8])
    return ""


def _signer_problem(issuer: Certificate | None, algorithm: bytes, signed: bytes, signature: bytes) -> str:
    if issuer is None:
        return "the issuer is not at hand, so the signature was not verified"
    if issuer.seen.usage is not None and "cRLSign" not in issuer.seen.usage:
        return "the issuer may not sign lists"
    match check(issuer.spki, algorithm, signed, signature):
        case Checked.HOLDS:
            return ""
        case Checked.UNKNOWN:
            return "the signature is of a kind that cannot be verified here"
        case Checked.BROKEN:
            return "the signature is not by the issuer"

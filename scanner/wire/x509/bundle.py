"""Certificates as authorities publish them (RFC 5280 section 4.2.2.1): one by itself, or several in a CMS message without content."""

from __future__ import annotations

from typing import Final

from scanner.wire.der import NotDer
from scanner.wire.x509.asn1 import CONSTRUCTED, INTEGER, OBJECT_IDENTIFIER, SEQUENCE, SET, Cursor, oid

MOST_BUNDLED = 32
_SIGNED_DATA: Final = "1.2.840.113549.1.7.2"


def bundled(octets: bytes) -> tuple[bytes, ...]:
    """Give the certificates (DER) of what was fetched; none where it is neither of the two. Whether they are any good is not asked."""
    try:
        outer = Cursor(octets).take(SEQUENCE).inside()
        first = outer.take()
        if first.tag == SEQUENCE:
            return (octets,)
        if first.tag != OBJECT_IDENTIFIER or oid(first) != _SIGNED_DATA:
            return ()
        # SignedData (RFC 5652 section 5.1): version, digest algorithms, what was signed, then the certificates.
        fields = outer.take(CONSTRUCTED).inside().take(SEQUENCE).inside()
        for tag in (INTEGER, SET, SEQUENCE):
            fields.take(tag)
        certificates = fields.maybe(CONSTRUCTED)
        listed = certificates.inside().each() if certificates is not None else ()
        return tuple(item.whole for item, _ in zip(listed, range(MOST_BUNDLED), strict=False) if item.tag == SEQUENCE)
    except NotDer:
        return ()

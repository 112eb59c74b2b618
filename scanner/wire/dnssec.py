"""DNSSEC's tables: what the RFCs ask of signing algorithms and DS digests, how sure we are of that, and the digest of a key.

Pure and light, so that checks can read it. Verifying signatures needs a library and is in ``dnssec_verify``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum, unique
from types import MappingProxyType

from scanner.wire.dns import Dnskey, Ds, name_to_wire


@unique
class Level(StrEnum):
    """What is asked of those who sign a zone or delegate to it."""

    USE = "use"
    ALLOWED = "allowed"
    DISCOURAGED = "discouraged"
    FORBIDDEN = "forbidden"


@unique
class Provenance(StrEnum):
    """Where an entry comes from: read in the document or in a text that cites it, or remembered with high or lower confidence."""

    SOURCED = "sourced"
    REMEMBERED_HIGH = "remembered-high"
    REMEMBERED = "remembered"


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the IANA registries as changed by RFC 9904, 9905 and 9906 (November 2025)."""

    name: str
    level: Level
    document: str
    provenance: Provenance

    @property
    def confirmed(self) -> bool:
        """Whether a violation may rest on this row; otherwise it is shown as "to be confirmed"."""
        return self.provenance is not Provenance.REMEMBERED


ALGORITHMS: Mapping[int, Rule] = MappingProxyType(
    {
        1: Rule("RSAMD5", Level.FORBIDDEN, "RFC 9904", Provenance.SOURCED),
        3: Rule("DSA", Level.FORBIDDEN, "RFC 9904", Provenance.SOURCED),
        5: Rule("RSASHA1", Level.FORBIDDEN, "RFC 9905", Provenance.SOURCED),
        6: Rule("DSA-NSEC3-SHA1", Level.FORBIDDEN, "RFC 9904", Provenance.SOURCED),
        7: Rule("RSASHA1-NSEC3-SHA1", Level.FORBIDDEN, "RFC 9905", Provenance.SOURCED),
        8: Rule("RSASHA256", Level.USE, "RFC 9904", Provenance.REMEMBERED_HIGH),
        10: Rule("RSASHA512", Level.DISCOURAGED, "RFC 9904", Provenance.SOURCED),
        12: Rule("ECC-GOST", Level.FORBIDDEN, "RFC 9906", Provenance.SOURCED),
        13: Rule("ECDSAP256SHA256", Level.USE, "RFC 9904", Provenance.REMEMBERED_HIGH),
        14: Rule("ECDSAP384SHA384", Level.ALLOWED, "RFC 9904", Provenance.REMEMBERED_HIGH),
        15: Rule("ED25519", Level.USE, "RFC 9904", Provenance.REMEMBERED_HIGH),
        16: Rule("ED448", Level.ALLOWED, "RFC 9904", Provenance.REMEMBERED_HIGH),
    }
)
"""Signing algorithms by number. A number that is not here is newer than this table and says nothing bad of a zone."""

PARTS: Mapping[int, tuple[str, ...]] = MappingProxyType(
    {
        1: ("RSASSA-PKCS1-v1_5", "MD5"),
        3: ("DSA", "SHA-1"),
        5: ("RSASSA-PKCS1-v1_5", "SHA-1"),
        6: ("DSA", "SHA-1"),
        7: ("RSASSA-PKCS1-v1_5", "SHA-1"),
        8: ("RSASSA-PKCS1-v1_5", "SHA-256"),
        10: ("RSASSA-PKCS1-v1_5", "SHA-512"),
        12: ("GOST R 34.10-2001", "GOST R 34.11-94"),
        13: ("ECDSA", "SHA-256"),
        14: ("ECDSA", "SHA-384"),
        15: ("EdDSA",),
        16: ("EdDSA",),
        17: ("SM2", "SM3"),  # RFC 9563
        23: ("GOST R 34.10-2012", "GOST R 34.11-2012"),  # RFC 9558
    }
)
"""What each number signs and hashes with, by the names that lists of approved algorithms (LS-0001) use."""

DIGESTS: Mapping[int, Rule] = MappingProxyType(
    {
        1: Rule("SHA-1", Level.FORBIDDEN, "RFC 9905", Provenance.SOURCED),
        2: Rule("SHA-256", Level.USE, "RFC 9904", Provenance.REMEMBERED_HIGH),
        3: Rule("GOST R 34.11-94", Level.FORBIDDEN, "RFC 9906", Provenance.SOURCED),
        4: Rule("SHA-384", Level.ALLOWED, "RFC 9904", Provenance.REMEMBERED_HIGH),
    }
)
"""DS digest types by number."""

_HASHES = {1: "sha1", 2: "sha256", 4: "sha384"}


def algorithm_name(number: int) -> str:
    """Give the name with the number, ``RSASHA1 (5)``, or the number alone."""
    rule = ALGORITHMS.get(number)
    return f"{rule.name} ({number})" if rule else str(number)


def digest_name(number: int) -> str:
    """Give the name with the number, ``SHA-1 (1)``, or the number alone."""
    rule = DIGESTS.get(number)
    return f"{rule.name} ({number})" if rule else str(number)


def digest(owner: str, key: bytes, digest_type: int) -> bytes | None:
    """Compute the DS digest of a DNSKEY's rdata (RFC 4034 section 5.1.4), ``None`` for a digest type that we cannot compute.

    ``owner`` is in lower case, as names in records are: the canonical form that the section asks for.
    """
    method = _HASHES.get(digest_type)
    if method is None:
        return None
    return hashlib.new(method, name_to_wire(owner) + key, usedforsecurity=False).digest()


def matches(ds: Ds, owner: str, key: Dnskey, rdata: bytes) -> bool | None:
    """Tell whether a DS record stands for a key of the zone ``owner``; ``None`` when only an unknown digest type hides the answer.

    A key without the zone flag, or of another protocol than 3, is no zone key (RFC 4034 section 2.1).
    """
    if not key.flags & 0x0100 or key.protocol != 3 or key.key_tag != ds.key_tag or key.algorithm != ds.algorithm:
        return False
    computed = digest(owner, rdata, ds.digest_type)
    return None if computed is None else computed == ds.digest

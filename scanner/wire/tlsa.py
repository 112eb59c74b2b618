"""TLSA records for SMTP: is a record of use, is it of an advised kind, does a certificate match it; RFC 6698, RFC 7671, RFC 7672.

DNSSEC state is not here: without a secure answer a TLSA record counts for nothing, whatever it says (RFC 7672 section 2.2).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum, unique

from scanner.wire.der import SEQUENCE, NotDer, only, subject_public_key_info
from scanner.wire.txt import Problem, excerpt

MAX_DATA = 65532
"""Octets of association data: what RDATA leaves beside the three numbers."""

PKIX_TA, PKIX_EE, DANE_TA, DANE_EE = range(4)  # certificate usages, RFC 6698 section 2.1.1, names of RFC 7218
CERT, SPKI = range(2)  # selectors, section 2.1.2
FULL, SHA2_256, SHA2_512 = range(3)  # matching types, section 2.1.3

_DIGEST_OCTETS = {SHA2_256: 32, SHA2_512: 64}


@unique
class TlsaFlaw(StrEnum):
    """What can be odd about a TLSA record for SMTP."""

    USAGE_PKIX = "usage-pkix"  # 0 or 1: should not be published for SMTP, senders pass over it (RFC 7672 section 3.1.3)
    USAGE_UNKNOWN = "usage-unknown"
    SELECTOR_UNKNOWN = "selector-unknown"
    MATCHING_UNKNOWN = "matching-unknown"
    DATA_EMPTY = "data-empty"
    DATA_TOO_LONG = "data-too-long"
    DIGEST_LENGTH = "digest-length"
    DATA_STRUCTURE = "data-structure"  # matching type 0 and not one DER structure
    FULL_DATA = "full-data"  # matching type 0 works but is not advised (RFC 7671 section 10.1.2)


@dataclass(frozen=True, slots=True)
class Tlsa:
    """A TLSA record as published, with its three numbers and its association data."""

    usage: int
    selector: int
    matching: int
    data: bytes
    problems: tuple[Problem[TlsaFlaw], ...] = ()

    @property
    def usable(self) -> bool:
        """Whether senders of mail can use the record: all but ``FULL_DATA`` make it unusable."""
        return all(problem.kind is TlsaFlaw.FULL_DATA for problem in self.problems)

    @property
    def advised(self) -> bool:
        """Whether it is of the kinds advised, ``3 1 1`` or ``2 1 1`` (RFC 7671 sections 5.1 and 5.2), and usable."""
        return self.usable and self.usage in (DANE_EE, DANE_TA) and (self.selector, self.matching) == (SPKI, SHA2_256)

    @property
    def text(self) -> str:
        """The record in presentation form, the data cut for people."""
        return f"{self.usage} {self.selector} {self.matching} {excerpt(self.data.hex())}"


def parse(usage: int, selector: int, matching: int, data: bytes) -> Tlsa:
    """Take the parts of a record. Never raises: unknown numbers and wrong lengths are problems."""
    problems: list[Problem[TlsaFlaw]] = []

    def add(kind: TlsaFlaw, field: str, shown: str) -> None:
        problems.append(Problem(kind, field, shown))

    if usage in (PKIX_TA, PKIX_EE):
        add(TlsaFlaw.USAGE_PKIX, "usage", str(usage))
    elif usage not in (DANE_TA, DANE_EE):
        add(TlsaFlaw.USAGE_UNKNOWN, "usage", str(usage))
    if selector not in (CERT, SPKI):
        add(TlsaFlaw.SELECTOR_UNKNOWN, "selector", str(selector))
    if not data:
        add(TlsaFlaw.DATA_EMPTY, "data", "")
    elif len(data) > MAX_DATA:
        add(TlsaFlaw.DATA_TOO_LONG, "data", f"{len(data)} octets")
        data = data[:MAX_DATA]
    elif matching == FULL:
        add(TlsaFlaw.FULL_DATA, "matching", f"{len(data)} octets")
        if oddity := _odd_structure(selector, data):
            add(TlsaFlaw.DATA_STRUCTURE, "data", oddity)
    elif matching in _DIGEST_OCTETS and len(data) != _DIGEST_OCTETS[matching]:
        add(TlsaFlaw.DIGEST_LENGTH, "data", f"{len(data)} octets")
    if matching != FULL and matching not in _DIGEST_OCTETS:
        add(TlsaFlaw.MATCHING_UNKNOWN, "matching", str(matching))
    return Tlsa(usage, selector, matching, data, tuple(problems))


def usable(records: Iterable[Tlsa]) -> tuple[Tlsa, ...]:
    """The records that senders can use. With records but none usable they still demand TLS, unauthenticated (RFC 7672 section 2.2)."""
    return tuple(record for record in records if record.usable)


def matches(record: Tlsa, certificate: bytes) -> bool:
    """Tell whether a certificate (DER) is the one that the record names, or has its key; false for a record that is not usable.

    Nothing else is looked at: for DANE-TA the caller tries each certificate of the chain and checks the path.
    Raises ``NotDer`` when the record names a key and none can be found in the certificate.
    """
    if not record.usable:
        return False
    selected = certificate if record.selector == CERT else subject_public_key_info(certificate)
    if record.matching == SHA2_256:
        return hashlib.sha256(selected).digest() == record.data
    if record.matching == SHA2_512:
        return hashlib.sha512(selected).digest() == record.data
    return selected == record.data


def _odd_structure(selector: int, data: bytes) -> str:
    """Why the data of matching type 0 cannot be what the selector says; empty when they can."""
    try:
        if selector == CERT:
            subject_public_key_info(data)
        else:
            only(data, SEQUENCE)
    except NotDer as error:
        return str(error)
    return ""

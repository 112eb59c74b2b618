"""Signatures over DNS records: which key may have made one, whether it holds, and when. The caller chooses the keys, and whom to trust."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from scanner.facts.dns import SignatureState
from scanner.wire.dns import Dnskey, Record, Rrsig, Type

KEYS_TRIED = 4
"""Keys of equal tag and algorithm tried for one signature: more would let a zone make us work for it (CVE-2023-50387)."""
LARGEST_RSA_BITS = 4096
RECORDS_VERIFIED = 256
SERIAL_WRAP = 2**32

_SUPPORTED = frozenset({5, 7, 8, 10, 13, 14, 15, 16})


def signature_time(field: int, now: datetime) -> int:
    """Give the seconds since 1970 that an RRSIG time field means: the moment nearest to ``now`` (RFC 4034 section 3.1.5)."""
    present = int(now.timestamp())
    distance = (field - present) % SERIAL_WRAP
    return present + (distance if distance < SERIAL_WRAP // 2 else distance - SERIAL_WRAP)


def verify(records: Sequence[Record], signature: Record, keys: Sequence[Record], now: datetime) -> SignatureState:
    """Tell whether ``signature`` holds over ``records``, made by one of the DNSKEY records ``keys``, at the moment ``now``.

    ``records`` are one set: same owner and type. Anything malformed is WRONG, an algorithm or size that we do not verify UNSUPPORTED.
    The times are looked at last, so that EXPIRED and EARLY say that the signature itself was good.
    """
    if not isinstance(signature.data, Rrsig) or not records:
        return SignatureState.WRONG
    rrsig = signature.data
    if rrsig.algorithm not in _SUPPORTED or len(records) > RECORDS_VERIFIED:
        return SignatureState.UNSUPPORTED
    fitting = [key for key in keys if _fits(key, rrsig)]
    if not fitting:
        return SignatureState.NO_KEY
    if all(isinstance(key.data, Dnskey) and (key.data.bits or 0) > LARGEST_RSA_BITS for key in fitting):
        return SignatureState.UNSUPPORTED
    fitting = [key for key in fitting if isinstance(key.data, Dnskey) and (key.data.bits or 0) <= LARGEST_RSA_BITS][:KEYS_TRIED]
    inception, expiration = signature_time(rrsig.inception, now), signature_time(rrsig.expiration, now)
    present = int(now.timestamp())
    from scanner.wire.dnssec_library import holds  # dnspython takes as long to load as fifty checks

    if not holds(records, signature, fitting):
        return SignatureState.WRONG
    if present > expiration:
        return SignatureState.EXPIRED
    return SignatureState.EARLY if present < inception else SignatureState.VALID


def _fits(key: Record, rrsig: Rrsig) -> bool:
    # RFC 4035 section 5.3.1; a revoked key speaks for the key set only (RFC 5011 section 2.1).
    data = key.data
    return (
        isinstance(data, Dnskey)
        and key.name == rrsig.signer
        and data.algorithm == rrsig.algorithm
        and data.key_tag == rrsig.key_tag
        and bool(data.flags & 0x0100)
        and data.protocol == 3
        and (not data.revoked or rrsig.covered == Type.DNSKEY)
    )

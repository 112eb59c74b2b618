"""Cases: signed, chain, algorithms, digests, expiry, denial, walking."""

from __future__ import annotations

from dataclasses import replace

from scanner.facts.dns import (
    Chain,
    ChainProblem,
    Denial,
    DenialKind,
    Dnssec,
    DsSeen,
    KeySeen,
    SignatureSeen,
    SignatureState,
    Validation,
    ZoneWalk,
)
from scanner.model.reason import Reason
from tests.checks.cases import Case, case
from tests.checks.dns_zones import SILENT, ZONE

DAY = 86_400
SIGNATURE = SignatureSeen(ZONE, "SOA", 13, 2, SignatureState.VALID, 12 * DAY, 14 * DAY)
KEYS = (KeySeen(1, 13, 256, True, False), KeySeen(2, 13, 256, False, False))
SIGNED = Dnssec(
    zone=ZONE,
    exists=True,
    chain=Chain.VALID,
    problem=ChainProblem.NONE,
    ds=(DsSeen(1, 13, 2, True),),
    keys=KEYS,
    signatures=(replace(SIGNATURE, type="DNSKEY", key_tag=1), SIGNATURE),
    validation=Validation.SECURE,
    denial=Denial(DenialKind.NSEC3),
)
UNSIGNED = Dnssec(ZONE, True, Chain.UNSIGNED, ChainProblem.NONE, (), (), (), Validation.INSECURE, None)
ABSENT = replace(UNSIGNED, zone="lg.jp", exists=False)


def state(**changed: object) -> Dnssec:
    """A well-signed zone, but for what is changed."""
    return replace(SIGNED, **changed)  # type: ignore[arg-type]  # a test's shorthand


def broken(problem: ChainProblem, *signatures: SignatureSeen) -> Dnssec:
    """A zone whose chain is broken."""
    return state(chain=Chain.BROKEN, problem=problem, signatures=signatures, validation=Validation.BOGUS)


def keys(*algorithms: int, bits: int = 2048) -> Dnssec:
    """A zone signed with other algorithms."""
    return state(keys=tuple(KeySeen(n, number, bits, True, False) for n, number in enumerate(algorithms)))


def digests(*types: int) -> Dnssec:
    """A zone with other DS digests."""
    return state(ds=tuple(DsSeen(1, 13, n, True) for n in types))


def denial(kind: DenialKind, **numbers: object) -> Dnssec:
    """A zone that denies names in another way."""
    return state(denial=replace(Denial(kind), **numbers))  # type: ignore[arg-type]  # a test's shorthand


def walk(kind: DenialKind, *declared: str, **seen: object) -> ZoneWalk:
    """What a walk showed."""
    return replace(ZoneWalk(ZONE, kind, declared), **seen)  # type: ignore[arg-type]  # a test's shorthand


EXPIRED = replace(SIGNATURE, state=SignatureState.EXPIRED, seconds_left=-5)

CASES: dict[str, list[Case]] = {
    "dns.dnssec.signed": [
        case(SIGNED, says="DNSSEC_SIGNED"),
        case(ABSENT, says="NAME_ABSENT"),
        case(UNSIGNED, says="DNSSEC_UNSIGNED"),
        case(state(chain=Chain.ISLAND, ds=()), says="DNSSEC_ISLAND"),
        case(broken(ChainProblem.NO_DNSKEY), says="DNSSEC_NO_KEYS"),
        case(broken(ChainProblem.NO_MATCHING_KEY), says="DNSSEC_SIGNED"),
    ],
    "dns.dnssec.chain": [
        case(SIGNED, says="CHAIN_VALID"),
        case(state(missing=SILENT), outcome="undetermined", reason=Reason.TIMEOUT),
        case(
            replace(broken(ChainProblem.DATA_NOT_SIGNED, SIGNATURE), unsigned=("TXT",), missing=SILENT),
            says="CHAIN_DATA_UNSIGNED",
            args={"signatures": (f"TXT {ZONE} RRSIG=0",)},
        ),
        case(ABSENT, says="NAME_ABSENT"),
        case(UNSIGNED, says="CHAIN_NONE"),
        case(state(chain=Chain.ISLAND, ds=()), says="CHAIN_NONE"),
        case(broken(ChainProblem.NO_DNSKEY), says="CHAIN_NO_KEYS"),
        case(broken(ChainProblem.NO_MATCHING_KEY), says="CHAIN_NO_MATCH", args={"tags": ("1",)}),
        case(broken(ChainProblem.KEYS_NOT_SIGNED), says="CHAIN_KEYS_UNSIGNED", args={"signatures": ("RRSIG=0",)}),
        case(broken(ChainProblem.DATA_NOT_SIGNED, EXPIRED), says="CHAIN_DATA_UNSIGNED", args={"signatures": (f"SOA {ZONE} expired (2)",)}),
        case(state(validation=Validation.BOGUS), says="CHAIN_BOGUS"),
        case(state(validation=Validation.INSECURE), says="CHAIN_NOT_ANCHORED"),
        case(state(validation=Validation.OFF), outcome="undetermined", reason=Reason.UNSUPPORTED),
        case(state(validation=SILENT), outcome="undetermined", reason=Reason.TIMEOUT),
        # What we cannot verify the resolver may.
        case(state(chain=Chain.UNSUPPORTED), says="CHAIN_VALID"),
        case(state(chain=Chain.UNSUPPORTED, validation=Validation.INSECURE), outcome="undetermined", reason=Reason.UNSUPPORTED),
    ],
    "dns.dnssec.algorithms": [
        case(SIGNED, says="ALGORITHMS_GOOD", args={"algorithms": ("ECDSAP256SHA256 (13)",)}),
        case(ABSENT, says="NAME_ABSENT"),
        case(UNSIGNED, says="ALGORITHMS_NONE"),
        case(keys(5), says="ALGORITHMS_FORBIDDEN", args={"algorithms": ("RSASHA1 (5)",)}),
        case(keys(7, 13), says="ALGORITHMS_FORBIDDEN"),
        case(keys(12), says="ALGORITHMS_FORBIDDEN"),
        case(keys(10), says="ALGORITHMS_DISCOURAGED"),
        case(keys(8), says="ALGORITHMS_GOOD"),
        case(keys(8, bits=1024), says="KEYS_SHORT", args={"keys": ("0 (1024)",)}),
        case(keys(8, bits=1024), says="ALGORITHMS_GOOD", with_={"least_rsa_bits": 1024}),
        case(keys(16), says="ALGORITHMS_GOOD"),
        case(keys(17), says="ALGORITHMS_UNLISTED", args={"algorithms": ("SM2 (17)", "SM3 (17)")}),
        case(keys(13, 23), says="ALGORITHMS_UNLISTED"),
        case(keys(18), outcome="undetermined", reason=Reason.UNCONFIRMED),  # newer than the table: nothing bad is known of it
    ],
    "dns.dnssec.digests": [
        case(SIGNED, says="DIGESTS_GOOD", args={"digests": ("SHA-256 (2)",)}),
        case(ABSENT, says="NAME_ABSENT"),
        case(UNSIGNED, says="DIGESTS_NONE"),
        case(digests(1), says="DIGESTS_FORBIDDEN", args={"digests": ("SHA-1 (1)",)}),
        case(digests(1, 3), says="DIGESTS_FORBIDDEN"),
        case(digests(1, 2), says="DIGESTS_MIXED"),
        case(digests(4), says="DIGESTS_GOOD"),
        case(digests(6), outcome="undetermined", reason=Reason.UNCONFIRMED),
    ],
    "dns.dnssec.expiry": [
        case(SIGNED, says="EXPIRY_FAR", args={"left": "12 d"}),
        case(state(missing=SILENT), outcome="undetermined", reason=Reason.TIMEOUT),
        case(state(signatures=(replace(SIGNATURE, seconds_left=DAY),), missing=SILENT), says="EXPIRY_NEAR"),
        case(state(signatures=(), missing=SILENT), outcome="undetermined", reason=Reason.TIMEOUT),
        case(ABSENT, says="NAME_ABSENT"),
        case(UNSIGNED, says="EXPIRY_NONE"),
        case(state(signatures=(replace(SIGNATURE, seconds_left=DAY),)), says="EXPIRY_NEAR", args={"left": "24 h"}),
        case(state(signatures=(EXPIRED,)), says="EXPIRY_PAST", args={"records": (f"SOA {ZONE}",)}),
        # A fresh signature beside the old one is enough.
        case(state(signatures=(EXPIRED, SIGNATURE)), says="EXPIRY_FAR"),
        case(state(signatures=(replace(SIGNATURE, state=SignatureState.EARLY),)), says="EXPIRY_FUTURE"),
        # Signed for each question: valid for two days by design.
        case(state(signatures=(replace(SIGNATURE, seconds_left=DAY, lifetime_seconds=2 * DAY),)), says="EXPIRY_FAR"),
        case(state(signatures=(replace(SIGNATURE, lifetime_seconds=90 * DAY),)), says="EXPIRY_NEAR", with_={"least_days": 13}),
    ],
    "dns.dnssec.nsec3": [
        case(SIGNED, says="NSEC3_PLAIN"),
        case(ABSENT, says="NAME_ABSENT"),
        case(UNSIGNED, says="NSEC3_UNSIGNED"),
        case(denial(DenialKind.NSEC), says="NSEC3_UNUSED"),
        case(denial(DenialKind.MINIMAL), says="NSEC3_UNUSED"),
        case(denial(DenialKind.NONE), says="DENIAL_MISSING"),
        case(denial(DenialKind.NSEC3, iterations=10), says="NSEC3_ITERATIONS", args={"iterations": 10}),
        case(denial(DenialKind.NSEC3, iterations=10), says="NSEC3_PLAIN", with_={"most_iterations": 10}),
        case(denial(DenialKind.NSEC3, salt=8), says="NSEC3_SALTED"),
        case(denial(DenialKind.NSEC3, opt_out=True), says="NSEC3_OPT_OUT"),
        case(state(denial=SILENT), outcome="undetermined", reason=Reason.TIMEOUT),
    ],
    "dns.dnssec.walking": [
        case(walk(DenialKind.NONE), says="WALK_UNSIGNED"),
        case(walk(DenialKind.NSEC3, "in.kakuu.lg.jp"), says="WALK_HASHED"),
        case(walk(DenialKind.MINIMAL, "in.kakuu.lg.jp"), says="WALK_MINIMAL"),
        case(walk(DenialKind.NSEC), says="WALK_NOTHING_INTERNAL"),
        case(walk(DenialKind.NSEC, "in.kakuu.lg.jp", internal=("in.kakuu.lg.jp",), steps=9), says="WALK_SHOWS"),
        case(walk(DenialKind.NSEC, "in.kakuu.lg.jp", steps=9, complete=True), says="WALK_CLEAN", args={"steps": 9}),
        case(walk(DenialKind.NSEC, "in.kakuu.lg.jp", steps=256), outcome="undetermined", reason=Reason.BUDGET_SPENT),
        case(SILENT, outcome="undetermined", reason=Reason.TIMEOUT),
    ],
}

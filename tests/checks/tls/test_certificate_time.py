"""Cases of the checks of a certificate's time."""

from __future__ import annotations

from dataclasses import replace

from scanner.facts.tls import CertificateSeen
from scanner.model.reason import Reason
from tests.checks.cases import Case, case
from tests.checks.tls_certificates import CA, GOOD, HALF_SEEN, ORGANISATION, PUBLIC, SELF_PATH, SELF_SIGNED, common, service

EXPIRED = replace(GOOD, not_after="2026-11-21T23:59:59Z")
EARLY = replace(GOOD, not_before="2026-11-22T00:00:01Z")
TIMELESS = replace(GOOD, not_after="", problems=("notAfter: a time that is not written to the second in UTC",))
OLD_CA = replace(CA, not_after="2026-01-01T00:00:00Z")
GONE_ABOVE = replace(PUBLIC, expired=(1,))


def lasting(begin: str, end: str) -> CertificateSeen:
    """A certificate from midnight of one day to midnight of another."""
    return replace(GOOD, not_before=f"{begin}T00:00:00Z", not_after=f"{end}T00:00:00Z")


CASES: dict[str, list[Case]] = {
    "tls.certificate.validity": [
        case(service(), says="VALID", args={"until": GOOD.not_after}),
        case(service(EXPIRED), says="EXPIRED", args={"until": EXPIRED.not_after}),
        case(service(EARLY), says="NOT_YET_VALID", args={"start": EARLY.not_before}),
        case(service(GOOD, OLD_CA, path=GONE_ABOVE), says="EXPIRED_ABOVE", args={"until": OLD_CA.not_after}),
        case(service(EXPIRED, protocol="smtp"), says="VALIDITY_OPPORTUNISTIC"),
        case(service(EXPIRED, protocol="submission"), says="EXPIRED"),
        case(service(replace(SELF_SIGNED, not_after=EXPIRED.not_after), path=SELF_PATH), says="EXPIRED"),
        case(service(TIMELESS), outcome="undetermined", reason=Reason.PROTOCOL_VIOLATION),
        case(HALF_SEEN, outcome="undetermined", reason=Reason.TIMEOUT),
        *common(),
    ],
    "tls.certificate.remaining-days": [
        case(service(), says="DAYS_LEFT", args={"days": 60}),
        case(service(lasting("2026-09-01", "2026-12-05")), says="DAYS_FEW", args={"days": 13, "least": 14}),
        case(service(lasting("2026-09-01", "2026-12-06")), says="DAYS_LEFT", args={"days": 14}),
        case(service(lasting("2026-09-01", "2026-12-06")), says="DAYS_FEW", with_={"least_days": 20}),
        case(service(lasting("2026-11-18", "2026-11-24")), says="DAYS_LEFT", args={"days": 2}),
        case(service(lasting("2026-11-16", "2026-11-22")), says="DAYS_FEW", args={"days": 0, "least": 1}),
        case(service(EXPIRED), says="DAYS_OUTSIDE"),
        case(service(TIMELESS), outcome="undetermined", reason=Reason.PROTOCOL_VIOLATION),
        *common(),
    ],
    "tls.certificate.lifetime": [
        case(service(), says="LIFETIME_WITHIN", args={"days": 91, "most": 200}),
        case(service(lasting("2026-03-14", "2027-04-15")), says="LIFETIME_WITHIN", args={"most": 398}),
        case(service(lasting("2026-03-14", "2027-04-17")), says="LIFETIME_LONG", args={"days": 400, "most": 398}),
        case(service(lasting("2026-03-15", "2026-10-02")), says="LIFETIME_LONG", args={"days": 202, "most": 200}),
        case(service(replace(GOOD, not_before="2026-03-15T00:00:00Z", not_after="2026-09-30T23:59:59Z")), says="LIFETIME_WITHIN"),
        case(service(lasting("2027-03-15", "2027-06-24")), says="LIFETIME_LONG", args={"most": 100}),
        case(service(lasting("2029-03-15", "2029-05-02")), says="LIFETIME_LONG", args={"most": 47}),
        case(service(lasting("2016-03-14", "2036-04-15"), path=ORGANISATION), says="LIFETIME_NOT_PUBLIC"),
        case(service(TIMELESS), outcome="undetermined", reason=Reason.PROTOCOL_VIOLATION),
        *common(),
    ],
}

"""Cases of the checks of a machine's cryptographic policy."""

from __future__ import annotations

from dataclasses import replace

from scanner.facts.crypto_policy import CryptoPolicy, LibraryDefault
from scanner.facts.readings import Readings
from scanner.facts.tls import Version
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.checks.cases import Case, case
from tests.checks.endpoint import DENIED, always, off

WELL = CryptoPolicy("", always("DEFAULT", "DEFAULT"), (LibraryDefault("OpenSSL", Version.TLS12, "openssl.cnf"),), always(True))


def libraries(*oldest: Version | Unobserved) -> CryptoPolicy:
    """Libraries that begin with these versions."""
    return replace(WELL, libraries=tuple(LibraryDefault(f"library {number}", one, "place") for number, one in enumerate(oldest)))


def policy(readings: Readings[str] | None) -> CryptoPolicy:
    """A machine with this policy."""
    return replace(WELL, policy=readings)


def fips(readings: Readings[bool]) -> CryptoPolicy:
    """A kernel in this mode."""
    return replace(WELL, fips=readings)


ASKED = {"required": True}
CASES: dict[str, list[Case]] = {
    "host.crypto.tls-versions": [
        case(WELL, says="OLD_REFUSED", args={"libraries": ("OpenSSL TLSv1.2 (openssl.cnf)",)}),
        case(libraries(Version.TLS12, Version.TLS13), says="OLD_REFUSED"),
        case(libraries(Version.TLS12, Version.TLS10), says="OLD_LET_IN", args={"libraries": ("library 1 TLSv1.0 (place)",)}),
        case(libraries(Version.TLS11), says="OLD_LET_IN"),
        case(libraries(Version.TLS10), says="OLD_REFUSED", with_={"level": "exception"}),
        case(libraries(Version.SSL3), says="OLD_LET_IN", with_={"level": "exception"}),
        case(libraries(DENIED, Version.TLS10), says="OLD_LET_IN"),
        case(libraries(Version.TLS12, DENIED), outcome="undetermined", reason=DENIED.reason),
        case(libraries(), says="NO_LIBRARY"),
    ],
    "host.crypto.policy-applied": [
        case(WELL, says="POLICY_APPLIED"),
        case(policy(Readings("FUTURE", "LEGACY", "LEGACY", "x")), says="POLICY_NOT_APPLIED", args={"asked": "FUTURE", "applied": "LEGACY"}),
        case(policy(Readings("FUTURE", None, "LEGACY", "x")), says="POLICY_NOT_APPLIED"),
        case(policy(Readings(DENIED, "LEGACY", "LEGACY", "x")), outcome="undetermined", reason=DENIED.reason),
        case(policy(Readings("FUTURE", DENIED, DENIED, "x")), outcome="undetermined", reason=DENIED.reason),
        case(policy(always("DEFAULT", "")), outcome="undetermined", reason=Reason.UNSUPPORTED),
        case(policy(off("DEFAULT")), outcome="undetermined", reason=Reason.UNSUPPORTED),
        case(policy(None), says="NO_POLICY"),
    ],
    "host.crypto.fips": [
        case(fips(always(False)), says="FIPS_NOT_ASKED"),
        case(WELL, says="FIPS_ON", with_=ASKED),
        case(fips(off(True)), says="FIPS_ON", with_=ASKED),
        case(fips(always(False)), says="FIPS_OFF", with_=ASKED),
        case(fips(off(False)), says="FIPS_OFF", with_=ASKED),
        case(fips(Readings(None, True, False, "x")), says="FIPS_OFF_LATER", with_=ASKED),
        case(fips(Readings(None, DENIED, False, "x")), says="FIPS_OFF", with_=ASKED),
        case(fips(Readings(None, True, DENIED, "x")), outcome="undetermined", reason=DENIED.reason, with_=ASKED),
        case(replace(WELL, container="docker"), says="IN_CONTAINER", with_=ASKED),
        case(replace(WELL, container=DENIED), outcome="undetermined", reason=DENIED.reason, with_=ASKED),
    ],
}

"""Cases of the checks of certificates against the DNS: TLSA and CAA."""

from __future__ import annotations

from dataclasses import replace

import pytest

from checks.tls.caa import agrees
from scanner.facts.tls import CertificateSeen, Path, PathSeen, ServiceCaa, TlsSurvey
from scanner.model.reason import Reason
from scanner.model.verdict import Verdict
from tests.checks.cases import Case, case
from tests.checks.tls_certificates import (
    CA,
    GOOD,
    HALF_SEEN,
    NAME,
    NO_CHAIN,
    NO_TLS,
    ORGANISATION,
    ROOT,
    SELF_PATH,
    SELF_SIGNED,
    SILENT,
    TWO,
    chain,
    common,
    digest,
    service,
    survey,
    tls,
    tlsa,
)

EE = f"3 1 1 {GOOD.spki_sha256}"
TA = f"2 1 1 {CA.spki_sha256}"
OLD_KEY = f"3 1 1 {digest('old key')}"
UNKNOWN_ROOT = PathSeen(Path.UNKNOWN_ROOT, "CN=Root")
FALSE = PathSeen(Path.BAD_SIGNATURE, problem="the signature is not by CN=CA 1")
OTHER_LEAF = replace(GOOD, sha256=digest("other"), spki_sha256=digest("other key"))
EXPIRED = "2026-11-01T00:00:00Z"


def mail(*certificates: CertificateSeen, path: PathSeen = UNKNOWN_ROOT) -> TlsSurvey:
    """A mail server whose authority is on no list."""
    return service(*certificates, path=path, protocol="smtp")


def caa(*issue: str, wild: tuple[str, ...] = (), owner: str = "example.lg.jp") -> ServiceCaa:
    """CAA records that govern the service's name."""
    return ServiceCaa(owner, issue, wild, True)


LE = caa("letsencrypt.org")
WILD = replace(GOOD, dns_names=("*.example.lg.jp",))
STRANGE = replace(GOOD, issuer="CN=CA 1,O=Nobody\\, Inc.,C=JP")

CASES: dict[str, list[Case]] = {
    "tls.dane.match": [
        case(mail(GOOD, CA), tlsa(EE), says="DANE_MATCHES"),
        case(mail(SELF_SIGNED, path=SELF_PATH), tlsa(EE), says="DANE_MATCHES"),
        case(mail(replace(GOOD, not_after=EXPIRED, dns_names=())), tlsa(EE), says="DANE_MATCHES"),
        case(mail(GOOD), tlsa(OLD_KEY, EE), says="DANE_MATCHES"),
        case(mail(GOOD), tlsa(f"3 0 1 {GOOD.sha256}"), says="DANE_MATCHES"),
        case(mail(GOOD), tlsa(f"3 0 2 {GOOD.sha512}"), says="DANE_MATCHES"),
        case(mail(GOOD), tlsa(f"3 1 2 {GOOD.spki_sha512}"), says="DANE_MATCHES"),
        case(mail(GOOD, CA), tlsa(TA), says="DANE_MATCHES"),
        case(mail(GOOD, CA, ROOT), tlsa(f"2 0 1 {ROOT.sha256}"), says="DANE_MATCHES"),
        case(mail(GOOD, ROOT, CA), tlsa(f"2 0 1 {ROOT.sha256}"), says="DANE_MATCHES"),
        case(mail(GOOD), tlsa(OLD_KEY), says="DANE_DIFFERS"),
        case(mail(GOOD), tlsa(TA), says="DANE_DIFFERS"),
        case(mail(GOOD, replace(CA, subject="CN=CA 9")), tlsa(TA), says="DANE_DIFFERS"),
        case(mail(GOOD, CA, path=FALSE), tlsa(TA), says="DANE_DIFFERS"),
        case(mail(GOOD, CA, path=replace(FALSE, end=Path.UNCHECKED)), tlsa(TA), outcome="undetermined", reason=Reason.UNSUPPORTED),
        case(mail(GOOD, CA, path=replace(FALSE, end=Path.UNCHECKED)), tlsa(EE), says="DANE_MATCHES"),
        case(mail(replace(GOOD, dns_names=("a.jp",)), CA), tlsa(TA), says="DANE_NAME", args={"name": NAME}),
        case(mail(replace(GOOD, not_after=EXPIRED), CA), tlsa(TA), says="DANE_EXPIRED"),
        case(mail(replace(GOOD, not_after=EXPIRED), CA), tlsa(TA, EE), says="DANE_MATCHES"),
        case(mail(GOOD), tlsa(f"1 1 1 {GOOD.spki_sha256}"), says="DANE_NO_RECORD_OF_USE"),
        case(mail(GOOD), tlsa("3 1 1 00"), says="DANE_NO_RECORD_OF_USE"),
        case(service(), tlsa(f"1 1 1 {GOOD.spki_sha256}"), says="DANE_MATCHES"),
        case(service(path=UNKNOWN_ROOT), tlsa(f"1 1 1 {GOOD.spki_sha256}"), says="DANE_DIFFERS"),
        case(service(), tlsa(f"0 1 1 {CA.spki_sha256}"), says="DANE_MATCHES"),
        case(service(path=ORGANISATION), tlsa(f"0 1 1 {CA.spki_sha256}"), says="DANE_DIFFERS"),
        case(NO_TLS, tlsa(EE), says="DANE_NO_TLS"),
        case(NO_CHAIN, tlsa(EE), says="DANE_NO_CERTIFICATE"),
        case(mail(GOOD), tlsa(OLD_KEY, authenticated=False), says="DANE_NOT_SECURE"),
        case(mail(GOOD), tlsa(found=False), says="DANE_NONE"),
        case(survey(tls(chain(), chain(OTHER_LEAF))), tlsa(EE), says="DANE_DIFFERS"),
        case(survey(tls(chain()), tls(chain(OTHER_LEAF))), tlsa(EE), says="DANE_DIFFERS", args={"address": (TWO,)}),
        case(HALF_SEEN, tlsa(EE), outcome="undetermined", reason=Reason.TIMEOUT),
        case(HALF_SEEN, tlsa(OLD_KEY), says="DANE_DIFFERS"),
        case(mail(GOOD), SILENT, outcome="undetermined", reason=Reason.TIMEOUT),
        case(survey(replace(tls(), chains=SILENT)), tlsa(EE), outcome="undetermined", reason=Reason.TIMEOUT),
    ],
    "tls.caa.agrees": [
        case(service(), LE, says="CAA_AGREES", args={"issuer": "Let's Encrypt", "owner": "example.lg.jp"}),
        case(service(), caa("digicert.com", "LetsEncrypt.org; validationmethods=dns-01"), says="CAA_AGREES"),
        case(service(WILD), caa("digicert.com", wild=("letsencrypt.org",)), says="CAA_AGREES"),
        case(service(WILD), LE, says="CAA_AGREES"),
        case(service(), caa("digicert.com", wild=("letsencrypt.org",)), says="CAA_DIFFERS", args={"permitted": ("digicert.com",)}),
        case(service(), caa(";"), says="CAA_DIFFERS", args={"permitted": (";",)}),
        case(service(), caa(), says="CAA_UNRESTRICTED"),
        case(service(), caa(owner=""), says="CAA_UNRESTRICTED"),
        case(service(STRANGE), LE, says="CAA_ISSUER_UNKNOWN", args={"issuer": "Nobody, Inc."}),
        case(service(path=ORGANISATION), LE, says="CAA_NOT_PUBLIC"),
        case(service(replace(GOOD, dns_names=("a.jp",))), LE, says="CAA_OTHER_NAME"),
        case(service(WILD), caa("letsencrypt.org", owner=NAME), says="CAA_OTHER_NAME"),
        case(service(), SILENT, outcome="undetermined", reason=Reason.TIMEOUT),
        *common(LE),
    ],
}


@pytest.mark.parametrize("issuer", ["O=SECOM Trust Systems CO.\\,LTD.", "CN=x,O=SECOM Trust Systems CO.\\, LTD.,C=JP"])
def test_an_organisation_with_a_comma_in_its_name_is_known(issuer: str) -> None:
    verdict = agrees.judge(service(replace(GOOD, issuer=issuer)), caa("secomtrust.net"))
    assert isinstance(verdict, Verdict)
    assert verdict.tag == "CAA_AGREES"

"""Cases of the check of MX hosts' certificates under MTA-STS."""

from __future__ import annotations

from dataclasses import replace

from scanner.facts.tls import Path, PathSeen
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.checks.cases import Case, case
from tests.checks.mail import GOOD_POLICY, mx, policy
from tests.checks.tls_certificates import (
    GOOD,
    HALF_SEEN,
    NAME,
    NO_CHAIN,
    NO_TLS,
    ORGANISATION,
    PUBLIC,
    SELF_PATH,
    SELF_SIGNED,
    TWO,
    chain,
    service,
    survey,
    tls,
)

POLICY = policy(GOOD_POLICY)
TESTING = policy(GOOD_POLICY.replace("enforce", "testing"))
OFF = policy("version: STSv1\nmode: none\nmax_age: 60\n")
MX = mx(f"10 {NAME}")
NOBODY = Unobserved(Reason.UNSUPPORTED, "nothing here can observe MtaStsPolicy")
SILENT = Unobserved(Reason.TIMEOUT, "no answer from the policy host")
MAIL = service(protocol="smtp")

CASES: dict[str, list[Case]] = {
    "mail.mta-sts.certificate": [
        case(MAIL, POLICY, MX, says="MTA_STS_CERTIFICATE_ACCEPTED", args={"name": NAME}),
        case(service(replace(GOOD, dns_names=("*.example.lg.jp",)), protocol="smtp"), POLICY, MX, says="MTA_STS_CERTIFICATE_ACCEPTED"),
        case(service(replace(GOOD, dns_names=("*.lg.jp",)), protocol="smtp"), POLICY, MX, says="MTA_STS_CERTIFICATE_NAME"),
        case(service(replace(GOOD, dns_names=("w*.example.lg.jp",)), protocol="smtp"), POLICY, MX, says="MTA_STS_CERTIFICATE_NAME"),
        # The common name never counts.
        case(service(replace(GOOD, dns_names=()), protocol="smtp"), POLICY, MX, says="MTA_STS_CERTIFICATE_NAME", args={"names": ("-",)}),
        case(service(path=ORGANISATION, protocol="smtp"), POLICY, MX, says="MTA_STS_CERTIFICATE_UNTRUSTED"),
        case(
            service(SELF_SIGNED, path=SELF_PATH, protocol="smtp"),
            TESTING,
            MX,
            says="MTA_STS_CERTIFICATE_UNTRUSTED",
            args={"mode": "testing"},
        ),
        case(service(replace(GOOD, not_after="2026-11-21T23:59:59Z"), protocol="smtp"), POLICY, MX, says="MTA_STS_CERTIFICATE_EXPIRED"),
        case(service(path=replace(PUBLIC, expired=(1,)), protocol="smtp"), POLICY, MX, says="MTA_STS_CERTIFICATE_EXPIRED"),
        case(
            survey(tls(chain()), tls(chain(SELF_SIGNED, path=SELF_PATH)), protocol="smtp"),
            POLICY,
            MX,
            says="MTA_STS_CERTIFICATE_UNTRUSTED",
            args={"address": (TWO,)},
        ),
        case(NO_TLS, POLICY, MX, says="MTA_STS_CERTIFICATE_NO_TLS"),
        case(replace(NO_CHAIN, protocol="smtp", port=25), POLICY, MX, says="MTA_STS_CERTIFICATE_NOT_SHOWN"),
        case(MAIL, OFF, MX, says="MTA_STS_CERTIFICATE_OFF"),
        case(MAIL, policy("version: STSv1\n"), MX, says="MTA_STS_CERTIFICATE_NO_POLICY"),
        case(MAIL, POLICY, mx("10 mx9.example.lg.jp"), says="MTA_STS_CERTIFICATE_NO_MX"),
        case(service(), POLICY, MX, says="MTA_STS_CERTIFICATE_NO_MX"),
        case(MAIL, NOBODY, NOBODY, says="MTA_STS_CERTIFICATE_NO_DOMAIN"),
        case(MAIL, SILENT, MX, outcome="undetermined", reason=Reason.TIMEOUT),
        case(replace(HALF_SEEN, protocol="smtp", port=25), POLICY, MX, outcome="undetermined", reason=Reason.TIMEOUT),
        case(service(path=PathSeen(Path.UNCHECKED), protocol="smtp"), POLICY, MX, outcome="undetermined", reason=Reason.UNSUPPORTED),
        case(service(replace(GOOD, not_before="?"), protocol="smtp"), POLICY, MX, outcome="undetermined", reason=Reason.PROTOCOL_VIOLATION),
        case(
            service(replace(GOOD, dns_names=(), problems=("alternative name: cut off",)), protocol="smtp"),
            POLICY,
            MX,
            outcome="undetermined",
            reason=Reason.PROTOCOL_VIOLATION,
        ),
    ],
}

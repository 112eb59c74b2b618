"""Cases of the checks of MTA-STS, TLS-RPT, DANE and BIMI."""

from __future__ import annotations

from scanner.facts.mail import MailHosts, MtaStsPolicy
from scanner.facts.mail_sender import BimiRecord
from scanner.model.reason import Reason
from tests.checks.cases import Case, case
from tests.checks.mail import (
    DIGEST,
    FAILURE,
    GOOD_HOSTS,
    GOOD_POLICY,
    MX,
    NAME,
    NO_HOSTS,
    NO_MX,
    NULL_MX,
    SILENT,
    addresses,
    declared,
    host,
    mx,
    policy,
    sts,
    text,
    tls_rpt,
    tlsa,
    tlsa_at,
)

RECORD = "v=STSv1; id=20261101T000000;"
NO_POLICY = MtaStsPolicy(announced=False, reply=None)
NO_POLICY_HOST = MtaStsPolicy(announced=True, reply=None)
TESTING = policy(GOOD_POLICY.replace("enforce", "testing"))
OFF = policy("version: STSv1\nmode: none\nmax_age: 60\n")
SIGNED_MX = mx("10 mx1.example.lg.jp", authenticated=True)
SIGNED_HOST = MailHosts((host("mx1.example.lg.jp", addresses("192.175.48.25", authenticated=True)),))
HALF_SEEN_HOST = MailHosts((host("mx1.example.lg.jp", addresses("192.175.48.25", authenticated=True), SILENT),))
EE = f"3 1 1 {DIGEST}"
GOOD_TLSA = tlsa(tlsa_at("mx1.example.lg.jp", EE))
NO_TLSA = tlsa(tlsa_at("mx1.example.lg.jp"))
UNSEEN_TLSA = tlsa(("mx1.example.lg.jp", SILENT))
REPORTS = "v=TLSRPTv1; rua=mailto:tlsrpt@example.lg.jp"


def bimi(*texts: str) -> BimiRecord:
    """BIMI records."""
    return BimiRecord(text(f"default._bimi.{NAME}", *texts))


CASES: dict[str, list[Case]] = {
    "mail.mta-sts.record": [
        case(declared(), MX, sts(RECORD), says="MTA_STS_FOUND", args={"id": "20261101T000000"}),
        case(declared(), MX, sts(), says="MTA_STS_NONE"),
        case(declared(receives=True), NO_MX, sts(), says="MTA_STS_NONE"),
        case(declared(), MX, sts(RECORD, RECORD.replace("01T", "02T")), says="MTA_STS_SEVERAL", args={"count": 2}),
        case(declared(), MX, sts("v=STSV1; id=1"), says="MTA_STS_NEAR_MISS"),
        case(declared(), MX, sts("v=STSv1; id=2026-11-01;"), says="MTA_STS_INVALID"),
        case(declared(), MX, sts("v=STSv1;"), says="MTA_STS_INVALID"),
        case(declared(), NULL_MX, sts(), says="MTA_STS_NO_MAIL"),
        case(declared(receives=False), MX, sts(), says="MTA_STS_NO_MAIL"),
        case(declared(), NO_MX, sts(RECORD), says="MTA_STS_FOUND"),
        case(declared(), SILENT, sts(RECORD), says="MTA_STS_FOUND"),
        case(declared(receives=True), SILENT, sts(), says="MTA_STS_NONE"),
        case(declared(), NO_MX, sts(), outcome="undetermined", reason=Reason.NOT_DECLARED),
        case(declared(), SILENT, sts(), outcome="undetermined", reason=Reason.TIMEOUT),
        case(declared(), MX, FAILURE, outcome="undetermined", reason=Reason.SERVER_FAILURE),
    ],
    "mail.mta-sts.policy": [
        case(policy(), says="MTA_STS_POLICY_OK"),
        case(policy(kind="Text/Plain; charset=utf-8"), says="MTA_STS_POLICY_OK"),
        case(policy(GOOD_POLICY + "mode: none\r\n"), says="MTA_STS_POLICY_ODD"),
        case(
            policy("", status=0, problem="certificate has expired"), says="MTA_STS_CERTIFICATE", args={"problem": "certificate has expired"}
        ),
        case(policy("", status=302, location="https://www.example.lg.jp/"), says="MTA_STS_REDIRECT", args={"status": 302}),
        case(policy("", status=404), says="MTA_STS_STATUS", args={"status": 404}),
        case(policy("", status=500), says="MTA_STS_STATUS"),
        case(policy("<html>", kind="text/html"), says="MTA_STS_TYPE", args={"type": "text/html"}),
        case(policy(kind=""), says="MTA_STS_TYPE", args={"type": "-"}),
        case(policy(truncated=True), says="MTA_STS_TOO_LARGE"),
        case(policy("mode: strict\r\n"), says="MTA_STS_BROKEN"),
        case(policy(GOOD_POLICY + "mx: not a name\r\n"), says="MTA_STS_BROKEN"),
        case(NO_POLICY, says="MTA_STS_POLICY_NOT_ANNOUNCED"),
        case(NO_POLICY_HOST, says="MTA_STS_NO_HOST"),
        case(SILENT, outcome="undetermined", reason=Reason.TIMEOUT),
    ],
    "mail.mta-sts.mode": [
        case(policy(), says="MTA_STS_MODE_MET", args={"mode": "enforce"}),
        case(TESTING, says="MTA_STS_MODE_WEAK", args={"mode": "testing", "least": "enforce"}),
        case(TESTING, says="MTA_STS_MODE_MET", with_={"least": "testing"}),
        case(OFF, says="MTA_STS_MODE_WEAK"),
        case(NO_POLICY, says="MTA_STS_MODE_NO_POLICY"),
        case(NO_POLICY_HOST, says="MTA_STS_MODE_NO_POLICY"),
        case(policy(status=404), says="MTA_STS_MODE_NO_POLICY"),
        case(SILENT, outcome="undetermined", reason=Reason.TIMEOUT),
    ],
    "mail.mta-sts.max-age": [
        case(policy(), says="MTA_STS_AGE_MET", args={"seconds": 1209600}),
        case(policy(GOOD_POLICY.replace("1209600", "3600")), says="MTA_STS_AGE_SHORT", args={"seconds": 3600, "least_seconds": 604800}),
        case(policy(), says="MTA_STS_AGE_SHORT", with_={"least_seconds": 2419200}),
        case(OFF, says="MTA_STS_AGE_OFF"),
        case(policy("nonsense"), says="MTA_STS_AGE_NO_POLICY"),
        case(SILENT, outcome="undetermined", reason=Reason.TIMEOUT),
    ],
    "mail.mta-sts.mx": [
        case(MX, policy(), says="MTA_STS_MX_COVERED"),
        case(
            mx("10 mx1.example.lg.jp", "20 a.b.example.lg.jp"),
            policy(),
            says="MTA_STS_MX_LEFT_OUT",
            args={"hosts": ("a.b.example.lg.jp",), "patterns": ("*.example.lg.jp",)},
        ),
        case(MX, OFF, says="MTA_STS_MX_OFF"),
        case(MX, NO_POLICY, says="MTA_STS_MX_NO_POLICY"),
        case(NULL_MX, policy(), says="MTA_STS_MX_NO_HOSTS"),
        case(MX, SILENT, outcome="undetermined", reason=Reason.TIMEOUT),
    ],
    "mail.tls-rpt.record": [
        case(declared(), MX, tls_rpt(REPORTS), says="TLS_RPT_FOUND", args={"uris": ("mailto:tlsrpt@example.lg.jp",)}),
        case(declared(), MX, tls_rpt(), says="TLS_RPT_NONE"),
        case(declared(), MX, tls_rpt(REPORTS, REPORTS + ",https://www.example.lg.jp/r"), says="TLS_RPT_SEVERAL"),
        case(declared(), MX, tls_rpt("v=TLSRPT1; rua=mailto:a@example.lg.jp"), says="TLS_RPT_NEAR_MISS"),
        case(declared(), MX, tls_rpt("v=TLSRPTv1; rua=tlsrpt@example.lg.jp"), says="TLS_RPT_BROKEN"),
        case(declared(), MX, tls_rpt(REPORTS + ",tlsrpt@example.lg.jp"), says="TLS_RPT_ODD"),
        case(declared(), NULL_MX, tls_rpt(), says="TLS_RPT_NO_MAIL"),
        case(declared(), NO_MX, tls_rpt(), outcome="undetermined", reason=Reason.NOT_DECLARED),
        case(declared(), MX, SILENT, outcome="undetermined", reason=Reason.TIMEOUT),
    ],
    "mail.dane.tlsa": [
        case(SIGNED_MX, SIGNED_HOST, GOOD_TLSA, says="DANE_FOUND", args={"hosts": ("mx1.example.lg.jp",)}),
        case(SIGNED_MX, SIGNED_HOST, NO_TLSA, says="DANE_NOT_USED"),
        case(SIGNED_MX, SIGNED_HOST, NO_TLSA, says="DANE_MISSING", with_={"required": True}),
        case(
            MX,
            GOOD_HOSTS,
            tlsa(tlsa_at("mx1.example.lg.jp", EE), tlsa_at("mx2.example.lg.jp")),
            says="DANE_PARTIAL",
            args={"hosts": ("mx2.example.lg.jp",)},
        ),
        case(SIGNED_MX, SIGNED_HOST, tlsa(tlsa_at("mx1.example.lg.jp", f"1 1 1 {DIGEST}")), says="DANE_UNUSABLE"),
        case(SIGNED_MX, SIGNED_HOST, tlsa(tlsa_at("mx1.example.lg.jp", "9 9 9 00", "3 1 1 0123")), says="DANE_UNUSABLE"),
        case(SIGNED_MX, SIGNED_HOST, tlsa(tlsa_at("mx1.example.lg.jp", EE, f"1 1 1 {DIGEST}")), says="DANE_ODD"),
        case(NULL_MX, NO_HOSTS, tlsa(), says="DANE_NO_HOSTS"),
        case(SIGNED_MX, SIGNED_HOST, UNSEEN_TLSA, outcome="undetermined", reason=Reason.TIMEOUT),
        case(
            MX,
            GOOD_HOSTS,
            tlsa(tlsa_at("mx1.example.lg.jp", EE), ("mx2.example.lg.jp", FAILURE)),
            outcome="undetermined",
            reason=Reason.SERVER_FAILURE,
        ),
        case(MX, GOOD_HOSTS, GOOD_TLSA, outcome="undetermined", reason=Reason.BUDGET_SPENT),
        case(
            MX,
            MailHosts((host("mx1.example.lg.jp", addresses("192.175.48.25")), host("mx2.example.lg.jp"))),
            tlsa(tlsa_at("mx1.example.lg.jp", EE), tlsa_at("mx2.example.lg.jp")),
            says="DANE_FOUND",
        ),
    ],
    "mail.dane.dnssec": [
        case(SIGNED_MX, SIGNED_HOST, GOOD_TLSA, says="DANE_SECURE"),
        case(mx("10 mx1.example.lg.jp"), SIGNED_HOST, GOOD_TLSA, says="DANE_INSECURE", args={"parts": ("MX example.lg.jp",)}),
        case(
            SIGNED_MX,
            MailHosts((host("mx1.example.lg.jp", addresses("192.175.48.25")),)),
            tlsa(tlsa_at("mx1.example.lg.jp", EE, authenticated=False)),
            says="DANE_INSECURE",
            args={"parts": ("A/AAAA mx1.example.lg.jp", "TLSA mx1.example.lg.jp")},
        ),
        case(
            mx("10 mx.provider.example"),
            MailHosts((host("mx.provider.example", addresses("192.175.48.25", authenticated=True)),)),
            tlsa(tlsa_at("mx.provider.example", EE)),
            says="DANE_MX_UNSIGNED",
        ),
        case(SIGNED_MX, SIGNED_HOST, NO_TLSA, says="DANE_DNSSEC_NOT_USED"),
        case(NULL_MX, NO_HOSTS, tlsa(), says="DANE_DNSSEC_NO_HOSTS"),
        case(
            SIGNED_MX,
            SIGNED_HOST,
            tlsa(tlsa_at("mx1.example.lg.jp", EE), validating=False),
            outcome="undetermined",
            reason=Reason.UNSUPPORTED,
        ),
        case(
            SIGNED_MX, SIGNED_HOST, tlsa(tlsa_at("mx1.example.lg.jp", EE), validating=SILENT), outcome="undetermined", reason=Reason.TIMEOUT
        ),
        case(SIGNED_MX, SIGNED_HOST, UNSEEN_TLSA, outcome="undetermined", reason=Reason.TIMEOUT),
        case(SIGNED_MX, HALF_SEEN_HOST, GOOD_TLSA, outcome="undetermined", reason=Reason.TIMEOUT),
    ],
    "mail.transport.downgrade": [
        case(declared(), SIGNED_MX, SIGNED_HOST, GOOD_TLSA, NO_POLICY, says="DOWNGRADE_DANE"),
        case(declared(), MX, GOOD_HOSTS, NO_TLSA, policy(), says="DOWNGRADE_MTA_STS"),
        case(declared(), MX, SILENT, SILENT, policy(), says="DOWNGRADE_MTA_STS"),
        case(declared(), MX, GOOD_HOSTS, NO_TLSA, policy(kind="text/html"), says="DOWNGRADE_OPEN"),
        case(declared(), SIGNED_MX, SIGNED_HOST, NO_TLSA, TESTING, says="DOWNGRADE_OPEN"),
        case(declared(), mx("10 mx1.example.lg.jp"), SIGNED_HOST, GOOD_TLSA, NO_POLICY, says="DOWNGRADE_OPEN"),
        case(declared(receives=True), NO_MX, NO_HOSTS, tlsa(), NO_POLICY, says="DOWNGRADE_OPEN"),
        case(declared(), NULL_MX, NO_HOSTS, tlsa(), NO_POLICY, says="DOWNGRADE_NO_MAIL"),
        case(declared(), NO_MX, NO_HOSTS, tlsa(), NO_POLICY, outcome="undetermined", reason=Reason.NOT_DECLARED),
        case(declared(), SIGNED_MX, SIGNED_HOST, UNSEEN_TLSA, NO_POLICY, outcome="undetermined", reason=Reason.TIMEOUT),
        case(declared(), SIGNED_MX, SIGNED_HOST, NO_TLSA, FAILURE, outcome="undetermined", reason=Reason.SERVER_FAILURE),
        case(declared(), SIGNED_MX, FAILURE, NO_TLSA, NO_POLICY, outcome="undetermined", reason=Reason.SERVER_FAILURE),
        case(
            declared(),
            SIGNED_MX,
            SIGNED_HOST,
            tlsa(tlsa_at("mx1.example.lg.jp", EE), validating=False),
            NO_POLICY,
            outcome="undetermined",
            reason=Reason.UNSUPPORTED,
        ),
    ],
    "mail.bimi.record": [
        case(bimi("v=BIMI1; l=https://www.example.lg.jp/logo.svg"), says="BIMI_FOUND"),
        case(bimi("v=BIMI1; l=; a=;"), says="BIMI_DECLINED"),
        case(bimi("v=BIMI1; l=http://www.example.lg.jp/logo.png"), says="BIMI_ODD"),
        case(bimi("v=bimi1; l="), says="BIMI_ODD"),
        case(bimi("v=BIMI1; l=", "v=BIMI1; l=; a="), says="BIMI_SEVERAL"),
        case(bimi(), says="BIMI_NONE"),
        case(SILENT, outcome="undetermined", reason=Reason.TIMEOUT),
    ],
}

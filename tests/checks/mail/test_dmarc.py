"""Cases of the checks of DMARC records and of the addresses that reports go to."""

from __future__ import annotations

from scanner.facts.mail import Status
from scanner.facts.mail_sender import DmarcRecords, DmarcReportHosts, DmarcStep, MailRoute, ReportHost
from scanner.model.reason import Reason
from tests.checks.cases import Case, case
from tests.checks.mail import (
    FAILURE,
    MX,
    NAME,
    NO_DOMAIN,
    NO_MX,
    NO_SPF,
    NULL_MX,
    REFUSES_ALL,
    SILENT,
    SPF_NO_DOMAIN,
    declared,
    dmarc,
    spf,
    text,
)

REJECT = "v=DMARC1; p=reject; rua=mailto:dmarc@example.lg.jp"
QUARANTINE = "v=DMARC1; p=quarantine; rua=mailto:dmarc@example.lg.jp"
WATCHING = "v=DMARC1; p=none; rua=mailto:dmarc@example.lg.jp"
ABSENT = dmarc()
INHERITED = dmarc(domain="bu.example.lg.jp", above=("v=DMARC1; p=reject; sp=quarantine; rua=mailto:dmarc@example.lg.jp",))
MISSING_NAME = dmarc(domain="gone.example.lg.jp", above=("v=DMARC1; p=reject; sp=reject; np=none",), exists=False)
UNSEEN_EXISTENCE = dmarc(domain="bu.example.lg.jp", above=(REJECT,), exists=FAILURE)
UNSEEN = DmarcRecords(NAME, True, (DmarcStep(NAME, SILENT),))
UNSEEN_ABOVE = DmarcRecords(NAME, True, (DmarcStep(NAME, text(f"_dmarc.{NAME}")), DmarcStep("lg.jp", FAILURE)))
OWN_AND_UNSEEN_ABOVE = DmarcRecords(NAME, True, (DmarcStep(NAME, text(f"_dmarc.{NAME}", REJECT)), DmarcStep("lg.jp", FAILURE)))
UNDETERMINED = [
    case(UNSEEN, outcome="undetermined", reason=Reason.TIMEOUT),
    case(UNSEEN_ABOVE, outcome="undetermined", reason=Reason.SERVER_FAILURE),
    case(UNSEEN_EXISTENCE, outcome="undetermined", reason=Reason.SERVER_FAILURE),
    case(SILENT, outcome="undetermined", reason=Reason.TIMEOUT),
]


def below(words: str, tag: str) -> list[Case]:
    """What the checks of sp and np say alike."""
    return [
        case(dmarc(REJECT), says=f"{words}_COVERED", args={"policy": "reject"}),
        case(dmarc(REJECT + f"; {tag}=quarantine"), says=f"{words}_MILDER", args={"policy": "quarantine", "own": "reject"}),
        case(dmarc(REJECT + f"; {tag}=none"), says=f"{words}_MILDER"),
        case(dmarc(REJECT + f"; {tag}=quarantine"), says=f"{words}_COVERED", with_={"not_milder": False}),
        case(dmarc(REJECT + f"; {tag}=none"), says=f"{words}_WEAK", with_={"not_milder": False}),
        case(dmarc(WATCHING), says=f"{words}_WEAK"),
        case(dmarc(QUARANTINE), says=f"{words}_WEAK", with_={"least": "reject"}),
        case(dmarc(WATCHING + f"; {tag}=reject"), says=f"{words}_COVERED"),
        case(INHERITED, says=f"{words}_INHERITED", args={"domain": NAME}),
        case(ABSENT, says=f"{words}_NO_RECORD"),
        *UNDETERMINED,
    ]


def report_host(host: str = NAME, route: MailRoute = MailRoute.EXCHANGERS, *consent: str, foreign: bool = False) -> ReportHost:
    """One host that reports go to."""
    agreed = text(f"{NAME}._report._dmarc.{host}", *consent) if foreign else None
    return ReportHost(host, route, agreed)


def reports(*hosts: ReportHost, left_out: int = 0) -> DmarcReportHosts:
    """The hosts that reports go to."""
    return DmarcReportHosts(NAME, hosts, left_out)


CASES: dict[str, list[Case]] = {
    "mail.dmarc.record": [
        case(dmarc(REJECT), says="DMARC_FOUND", args={"record": REJECT}),
        case(OWN_AND_UNSEEN_ABOVE, says="DMARC_FOUND"),
        case(INHERITED, says="DMARC_INHERITED", args={"domain": NAME}),
        case(ABSENT, says="DMARC_NONE"),
        case(dmarc(REJECT, WATCHING), says="DMARC_SEVERAL"),
        case(dmarc(REJECT, WATCHING, above=(REJECT,)), says="DMARC_SEVERAL"),
        case(dmarc("v=dmarc1; p=reject"), says="DMARC_NEAR_MISS"),
        case(dmarc("p=reject; v=DMARC1"), says="DMARC_NEAR_MISS"),
        case(DmarcRecords(NAME, True, (DmarcStep(NAME, text("x", status=Status.EMPTY)),)), says="DMARC_NONE"),
        *UNDETERMINED,
    ],
    "mail.dmarc.syntax": [
        case(dmarc(REJECT), says="DMARC_SYNTAX_OK"),
        case(dmarc("v=DMARC1; rua=mailto:dmarc@example.lg.jp"), says="DMARC_SYNTAX_OK"),
        case(dmarc(REJECT + "; pct=50"), says="DMARC_SYNTAX_OK"),
        case(dmarc(REJECT + "; x=1"), says="DMARC_SYNTAX_ODD"),
        case(dmarc(REJECT + "; fo=1"), says="DMARC_SYNTAX_ODD"),
        case(
            dmarc("v=DMARC1; p=deny; rua=mailto:dmarc@example.lg.jp"), says="DMARC_SYNTAX_BROKEN", args={"problems": ("p-invalid p: deny",)}
        ),
        case(dmarc(REJECT + "; sp=deny"), says="DMARC_SYNTAX_BROKEN"),
        case(dmarc(REJECT + "; p=none"), says="DMARC_SYNTAX_BROKEN"),
        case(dmarc(REJECT + "; adkim=x"), says="DMARC_SYNTAX_BROKEN"),
        case(dmarc(REJECT + "; \x00"), says="DMARC_SYNTAX_BROKEN"),
        case(ABSENT, says="DMARC_SYNTAX_NO_RECORD"),
        case(dmarc(REJECT, WATCHING), says="DMARC_SYNTAX_NO_RECORD"),
        *UNDETERMINED,
    ],
    "mail.dmarc.policy": [
        case(dmarc(REJECT), says="DMARC_POLICY_MET", args={"policy": "reject", "domain": NAME, "by": "p"}),
        case(dmarc(QUARANTINE), says="DMARC_POLICY_MET"),
        case(dmarc(QUARANTINE), says="DMARC_POLICY_WEAK", with_={"least": "reject"}, args={"least": "reject"}),
        case(dmarc(WATCHING), says="DMARC_POLICY_WEAK", args={"policy": "none", "least": "quarantine"}),
        case(dmarc(WATCHING), says="DMARC_POLICY_MET", with_={"least": "none"}),
        case(dmarc("v=DMARC1; rua=mailto:dmarc@example.lg.jp"), says="DMARC_POLICY_WEAK", args={"policy": "none"}),
        case(dmarc(REJECT + "; t=y"), says="DMARC_POLICY_MET"),
        case(dmarc("v=DMARC1; p=deny"), says="DMARC_POLICY_INVALID"),
        case(INHERITED, says="DMARC_POLICY_MET", args={"policy": "quarantine", "domain": NAME, "by": "sp"}),
        case(MISSING_NAME, says="DMARC_POLICY_WEAK", args={"by": "np"}),
        case(ABSENT, says="DMARC_POLICY_NO_RECORD"),
        *UNDETERMINED,
    ],
    "mail.dmarc.subdomains": below("DMARC_SUBDOMAINS", "sp"),
    "mail.dmarc.nonexistent": [*below("DMARC_NONEXISTENT", "np"), case(dmarc(REJECT + "; sp=none"), says="DMARC_NONEXISTENT_MILDER")],
    "mail.dmarc.testing": [
        case(dmarc(REJECT), says="DMARC_IN_FORCE"),
        case(dmarc(REJECT + "; t=n"), says="DMARC_IN_FORCE"),
        case(dmarc(REJECT + "; t=y"), says="DMARC_TESTING", args={"stated": "reject", "effective": "quarantine"}),
        case(ABSENT, says="DMARC_TESTING_NO_RECORD"),
        *UNDETERMINED,
    ],
    "mail.dmarc.psd": [
        case(dmarc(REJECT), says="DMARC_PSD_NO"),
        case(dmarc(REJECT + "; psd=n"), says="DMARC_PSD_NO"),
        case(dmarc(REJECT + "; psd=y"), says="DMARC_PSD_CLAIMED"),
        case(INHERITED, says="DMARC_PSD_INHERITED"),
        case(ABSENT, says="DMARC_PSD_NO_RECORD"),
        *UNDETERMINED,
    ],
    "mail.dmarc.alignment": [
        case(dmarc(REJECT), says="DMARC_ALIGNMENT", args={"adkim": "r", "aspf": "r"}),
        case(dmarc(REJECT + "; adkim=s"), says="DMARC_ALIGNMENT", args={"adkim": "s"}),
        case(ABSENT, says="DMARC_ALIGNMENT_NO_RECORD"),
        *UNDETERMINED,
    ],
    "mail.dmarc.legacy": [
        case(dmarc(REJECT), says="DMARC_LEGACY_NONE"),
        case(dmarc(REJECT + "; pct=50; rf=afrf"), says="DMARC_LEGACY_TAGS", args={"tags": ("pct=50", "rf=afrf")}),
        case(dmarc("v=DMARC1; sp=none; pct=50"), says="DMARC_LEGACY_NO_P"),
        case(dmarc("v=DMARC1; sp=none; p=reject"), says="DMARC_LEGACY_ORDER"),
        case(ABSENT, says="DMARC_LEGACY_NO_RECORD"),
        *UNDETERMINED,
    ],
    "mail.dmarc.reports": [
        case(dmarc(REJECT), says="DMARC_REPORTS_FOUND", args={"uris": ("mailto:dmarc@example.lg.jp",)}),
        case(dmarc(REJECT + "!10m"), says="DMARC_REPORTS_FOUND"),
        case(INHERITED, says="DMARC_REPORTS_FOUND"),
        case(dmarc("v=DMARC1; p=reject"), says="DMARC_REPORTS_NONE"),
        case(dmarc("v=DMARC1; p=reject; rua=dmarc@example.lg.jp"), says="DMARC_REPORTS_BROKEN"),
        case(dmarc("v=DMARC1; p=reject; rua=https://www.example.lg.jp/dmarc"), says="DMARC_REPORTS_NO_MAIL"),
        case(dmarc(REJECT + ",https://www.example.lg.jp/dmarc"), says="DMARC_REPORTS_BROKEN"),
        case(ABSENT, says="DMARC_REPORTS_NO_RECORD"),
        *UNDETERMINED,
    ],
    "mail.dmarc.report-mailbox": [
        case(reports(report_host(), report_host("a.example", MailRoute.ADDRESS)), says="DMARC_REPORT_MAILBOX_OK"),
        case(
            reports(report_host(), report_host("gone.example", MailRoute.NXDOMAIN)),
            says="DMARC_REPORT_MAILBOX_DEAD",
            args={"hosts": ("gone.example (nxdomain)",)},
        ),
        case(reports(report_host(route=MailRoute.REFUSED)), says="DMARC_REPORT_MAILBOX_DEAD"),
        case(reports(report_host(route=MailRoute.NONE)), says="DMARC_REPORT_MAILBOX_DEAD"),
        case(reports(), says="DMARC_REPORT_MAILBOX_NONE"),
        case(reports(ReportHost(NAME, SILENT, None)), outcome="undetermined", reason=Reason.TIMEOUT),
        case(reports(report_host(), left_out=3), outcome="undetermined", reason=Reason.BUDGET_SPENT),
    ],
    "mail.dmarc.report-authorisation": [
        case(reports(report_host(), report_host("r.example", MailRoute.EXCHANGERS, "v=DMARC1", foreign=True)), says="DMARC_CONSENT_GIVEN"),
        case(
            reports(report_host("r.example", MailRoute.EXCHANGERS, foreign=True)),
            says="DMARC_CONSENT_MISSING",
            args={"hosts": ("r.example",)},
        ),
        case(
            reports(report_host("r.example", MailRoute.EXCHANGERS, "v=DMARC1; rua=mailto:x@other.example", foreign=True)),
            says="DMARC_CONSENT_MISSING",
        ),
        case(reports(report_host()), says="DMARC_CONSENT_NOT_NEEDED"),
        case(reports(), says="DMARC_CONSENT_NOT_NEEDED"),
        case(reports(ReportHost("r.example", MailRoute.EXCHANGERS, SILENT)), outcome="undetermined", reason=Reason.TIMEOUT),
        case(reports(report_host(), left_out=3), outcome="undetermined", reason=Reason.BUDGET_SPENT),
    ],
    "mail.dmarc.no-mail": [
        case(declared(sends=False), NULL_MX, REFUSES_ALL, dmarc(REJECT), says="DMARC_NO_MAIL_REJECT", args={"domain": NAME}),
        case(declared(), NULL_MX, REFUSES_ALL, dmarc(REJECT), says="DMARC_NO_MAIL_REJECT"),
        case(declared(), NULL_MX, NO_SPF, dmarc(QUARANTINE), says="DMARC_NO_MAIL_WEAK", args={"policy": "quarantine"}),
        case(declared(sends=False), MX, spf(), dmarc(REJECT + "; t=y"), says="DMARC_NO_MAIL_WEAK"),
        case(declared(sends=False), NO_MX, NO_SPF, ABSENT, says="DMARC_NO_MAIL_NONE"),
        case(declared(), MX, spf(), dmarc(WATCHING), says="DMARC_NO_MAIL_SENDS"),
        case(declared(), NO_DOMAIN, SPF_NO_DOMAIN, MISSING_NAME, says="DMARC_NO_MAIL_NO_DOMAIN"),
        case(declared(sends=False), NO_DOMAIN, SPF_NO_DOMAIN, MISSING_NAME, says="DMARC_NO_MAIL_WEAK"),
        case(declared(), NO_MX, NO_SPF, dmarc(REJECT), outcome="undetermined", reason=Reason.NOT_DECLARED),
        case(declared(), NO_MX, SILENT, dmarc(REJECT), outcome="undetermined", reason=Reason.TIMEOUT),
        case(declared(), SILENT, NO_SPF, dmarc(REJECT), outcome="undetermined", reason=Reason.TIMEOUT),
        case(declared(sends=False), NULL_MX, REFUSES_ALL, UNSEEN_ABOVE, outcome="undetermined", reason=Reason.SERVER_FAILURE),
    ],
}

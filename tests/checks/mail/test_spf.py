"""Cases of the checks of SPF policies."""

from __future__ import annotations

from scanner.facts.mail import Status
from scanner.facts.mail_sender import HostText, SenderResult, SpfOfHosts, SpfPolicy, SpfProblem, SpfResult, SpfSenders, SpfState, SpfTerm
from scanner.model.fact import Unobserved
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
    SPF_UNANSWERED,
    declared,
    place,
    spf,
    text,
)

GOOD = spf()
CUT = spf(state=SpfState.NOT_VISITED, truncated=True)
DYNAMIC = spf(dynamic=(SpfTerm(NAME, "include:%{l}._spf.example.lg.jp"),))
EXISTS = spf(dynamic=(SpfTerm(NAME, "exists:%{i}._ip.example.lg.jp"),), lookups=1)


def problem(kind: str, detail: str = "", domain: str = NAME) -> SpfProblem:
    """One problem."""
    return SpfProblem(kind, detail, domain)


def with_place(state: SpfState, status: Status | None = Status.FOUND) -> SpfPolicy:
    """A policy that includes one place."""
    return spf(
        "v=spf1 include:_spf.example -all", ranges=(), below=(place("_spf.example", state, via="include:_spf.example", status=status),)
    )


def sender(result: SpfResult, address: str = "192.175.48.25") -> SenderResult:
    """How one address fared."""
    return SenderResult(address, address, result, "ip4:192.175.48.25", (), SILENT if result is SpfResult.TEMPERROR else None)


def hosts(*texts: str) -> SpfOfHosts:
    """One mail host with the SPF records."""
    return SpfOfHosts((HostText("mx1.example.lg.jp", text("mx1.example.lg.jp", *texts, status=None if texts else Status.EMPTY)),))


LOOP = spf(
    "v=spf1 include:example.lg.jp -all",
    below=(place(NAME, SpfState.LOOP, via="include:example.lg.jp"),),
    problems=(problem("loop", "include:example.lg.jp"),),
)
UNDETERMINED_LATER = [
    case(SPF_UNANSWERED, outcome="undetermined", reason=Reason.TIMEOUT),
    case(spf(truncated=True), outcome="undetermined", reason=Reason.BUDGET_SPENT),
    case(DYNAMIC, outcome="undetermined", reason=Reason.NOT_DISCOVERABLE),
    case(FAILURE, outcome="undetermined", reason=Reason.SERVER_FAILURE),
]

CASES: dict[str, list[Case]] = {
    "mail.spf.record": [
        case(declared(), GOOD, says="SPF_FOUND", args={"record": "v=spf1 ip4:192.175.48.25 -all"}),
        case(declared(), NO_SPF, says="SPF_NONE"),
        case(declared(sends=False), NO_SPF, says="SPF_NONE"),
        case(
            declared(),
            spf(state=SpfState.ABSENT, problems=(problem("near-miss", "spf1 -all"), problem("near-miss", "x", "other.example"))),
            says="SPF_NEAR_MISS",
            args={"records": ("spf1 -all",)},
        ),
        case(declared(), spf(state=SpfState.SEVERAL, several=("v=spf1 -all", "v=spf1 mx -all")), says="SPF_SEVERAL"),
        case(declared(), SPF_NO_DOMAIN, says="SPF_NO_DOMAIN"),
        case(declared(sends=True), SPF_NO_DOMAIN, says="SPF_NONE"),
        case(declared(), spf(state=SpfState.MALFORMED, status=None), says="SPF_TOP_LEVEL"),
        case(declared(), CUT, outcome="undetermined", reason=Reason.BUDGET_SPENT),
        case(declared(), FAILURE, outcome="undetermined", reason=Reason.SERVER_FAILURE),
    ],
    "mail.spf.syntax": [
        case(GOOD, says="SPF_SYNTAX_OK"),
        case(spf(problems=(problem("near-miss", "spf1 -all"),)), says="SPF_SYNTAX_OK"),
        case(spf(problems=(problem("term-after-all", "mx"),)), says="SPF_SYNTAX_ODD"),
        case(spf(problems=(problem("redirect-ignored", "redirect=a.example"),)), says="SPF_SYNTAX_ODD"),
        case(spf(problems=(problem("unknown-mechanism", "ipv4:192.175.48.25"),)), says="SPF_SYNTAX_BROKEN"),
        case(
            spf(problems=(problem("bad-macro", "exists:%{z}", "_spf.example"),), truncated=True),
            says="SPF_SYNTAX_BROKEN",
            args={"problems": ("bad-macro: exists:%{z} (_spf.example)",)},
        ),
        case(NO_SPF, says="SPF_SYNTAX_NO_RECORD"),
        *UNDETERMINED_LATER,
    ],
    "mail.spf.lookups": [
        case(spf(lookups=10), says="SPF_LOOKUPS_OK", args={"lookups": 10, "limit": 10}),
        case(spf(lookups=11), says="SPF_LOOKUPS_MANY", args={"lookups": 11}),
        case(spf(lookups=11, truncated=True), says="SPF_LOOKUPS_MANY"),
        case(EXISTS, says="SPF_LOOKUPS_OK"),
        case(LOOP, says="SPF_LOOKUPS_LOOP"),
        case(spf(problems=(problem("too-many-mx-names", "mx"),)), says="SPF_LOOKUPS_MX"),
        case(NO_SPF, says="SPF_LOOKUPS_NO_RECORD"),
        *UNDETERMINED_LATER,
    ],
    "mail.spf.void": [
        case(spf(voids=(2, 2, 2)), says="SPF_VOID_OK", args={"voids": 2}),
        case(spf(voids=(3, 3, 3)), says="SPF_VOID_MANY", args={"voids": 3}),
        case(spf(voids=(1, 3, 1)), says="SPF_VOID_MANY"),
        case(spf(voids=(0, 0, 3)), says="SPF_VOID_IPV6", args={"voids": 3}),
        case(spf(voids=(1, 1, 1)), says="SPF_VOID_MANY", with_={"limit": 0}),
        case(NO_SPF, says="SPF_VOID_NO_RECORD"),
        *UNDETERMINED_LATER,
    ],
    "mail.spf.all": [
        case(GOOD, says="SPF_ALL_OK", args={"ending": "-", "domain": NAME}),
        case(spf(ending="~"), says="SPF_ALL_OK"),
        case(spf(ending="~"), says="SPF_ALL_WEAK", with_={"accept": ("-",)}, args={"accept": ("-",)}),
        case(spf(ending="?"), says="SPF_ALL_WEAK"),
        case(spf(ending="?"), says="SPF_ALL_OK", with_={"accept": ("-", "~", "?")}),
        case(spf(ending="+", open_terms=(SpfTerm(NAME, "+all"),)), says="SPF_ALL_ANYBODY"),
        case(spf(open_terms=(SpfTerm("_wide.example", "+all"),)), says="SPF_ALL_OPENED", args={"terms": ("+all (_wide.example)",)}),
        case(spf(ending="", open_terms=(SpfTerm(NAME, "exists:example.lg.jp"),)), says="SPF_ALL_OPENED"),
        case(spf(ranges=("0.0.0.0/0",)), says="SPF_ALL_OPENED"),
        case(spf(ranges=("0.0.0.0/1", "128.0.0.0/1")), says="SPF_ALL_OPENED"),
        case(spf(ranges=("192.175.48.25/32", "::/0")), says="SPF_ALL_OPENED"),
        case(spf(ranges=("0.0.0.0/1", "192.0.0.0/2")), says="SPF_ALL_OK"),
        case(spf(ending=""), says="SPF_ALL_MISSING"),
        case(
            spf(
                "v=spf1 redirect=gone.example",
                ending="",
                below=(place("gone.example", SpfState.ABSENT, via="redirect=gone.example", status=Status.NXDOMAIN),),
            ),
            says="SPF_ALL_UNREACHED",
        ),
        case(NO_SPF, says="SPF_ALL_NO_RECORD"),
        *UNDETERMINED_LATER,
    ],
    "mail.spf.ptr": [
        case(GOOD, says="SPF_PTR_NONE"),
        case(spf(ptr=(SpfTerm(NAME, "ptr"),)), says="SPF_PTR_USED"),
        case(NO_SPF, says="SPF_PTR_NO_RECORD"),
        *UNDETERMINED_LATER,
    ],
    "mail.spf.ranges": [
        case(spf(ranges=("192.0.0.0/14", "2001:db8::/32")), says="SPF_RANGES_OK", args={"count": 2}),
        case(
            spf(ranges=("11.0.0.0/8", "192.175.48.0/24")),
            says="SPF_RANGES_WIDE",
            args={"ranges": ("11.0.0.0/8 (ip4:11.0.0.0/8, example.lg.jp)",)},
        ),
        case(spf(ranges=("0.0.0.0/1", "128.0.0.0/1")), says="SPF_RANGES_WIDE"),
        case(spf(ranges=("3ffe::/20",)), says="SPF_RANGES_WIDE"),
        case(spf(ranges=("192.175.0.0/16",)), says="SPF_RANGES_WIDE", with_={"widest_ipv4": 24}),
        case(spf(ranges=("11.0.0.0/8",), truncated=True), says="SPF_RANGES_WIDE"),
        case(NO_SPF, says="SPF_RANGES_NO_RECORD"),
        *UNDETERMINED_LATER,
    ],
    "mail.spf.includes": [
        case(with_place(SpfState.FOUND), says="SPF_INCLUDES_OK", args={"count": 1}),
        case(with_place(SpfState.ABSENT, Status.NXDOMAIN), says="SPF_INCLUDES_DEAD", args={"places": ("include:_spf.example",)}),
        case(with_place(SpfState.ABSENT, Status.EMPTY), says="SPF_INCLUDES_EMPTY"),
        case(with_place(SpfState.SEVERAL), says="SPF_INCLUDES_SEVERAL"),
        case(LOOP, says="SPF_INCLUDES_LOOP"),
        case(with_place(SpfState.MALFORMED, None), says="SPF_INCLUDES_MALFORMED"),
        case(GOOD, says="SPF_INCLUDES_NONE"),
        case(NO_SPF, says="SPF_INCLUDES_NO_RECORD"),
        *UNDETERMINED_LATER,
    ],
    "mail.spf.senders": [
        case(declared(), MX, GOOD, SpfSenders((sender(SpfResult.PASS),)), says="SPF_SENDERS_PASS", args={"count": 1}),
        case(
            declared(),
            MX,
            GOOD,
            SpfSenders((sender(SpfResult.TEMPERROR), sender(SpfResult.SOFTFAIL, "192.31.196.9"))),
            says="SPF_SENDERS_LEFT_OUT",
            args={"senders": ("192.31.196.9 (softfail)",)},
        ),
        case(declared(), MX, GOOD, SpfSenders((sender(SpfResult.PERMERROR),)), says="SPF_SENDERS_LEFT_OUT"),
        case(declared(sends=False), MX, GOOD, SILENT, says="SPF_SENDERS_NO_MAIL"),
        case(declared(), NULL_MX, REFUSES_ALL, SILENT, says="SPF_SENDERS_NO_MAIL"),
        case(declared(), MX, NO_SPF, SILENT, says="SPF_SENDERS_NO_RECORD"),
        case(declared(), MX, GOOD, Unobserved(Reason.NOT_DECLARED), outcome="undetermined", reason=Reason.NOT_DECLARED),
        case(declared(), MX, GOOD, SpfSenders((sender(SpfResult.TEMPERROR),)), outcome="undetermined", reason=Reason.TIMEOUT),
        case(declared(), MX, GOOD, SILENT, outcome="undetermined", reason=Reason.TIMEOUT),
        case(
            declared(), MX, GOOD, SpfSenders((sender(SpfResult.PASS),), ("nonsense",)), outcome="undetermined", reason=Reason.NOT_DECLARED
        ),
        case(declared(), MX, GOOD, SpfSenders((sender(SpfResult.PASS),), (), 5), outcome="undetermined", reason=Reason.BUDGET_SPENT),
    ],
    "mail.spf.hosts": [
        case(hosts("v=spf1 a -all"), says="SPF_HOSTS_FOUND", args={"hosts": ("mx1.example.lg.jp",)}),
        case(hosts("v=spf1 include:_spf.example"), says="SPF_HOSTS_FOUND"),
        case(hosts(), says="SPF_HOSTS_NONE"),
        case(hosts("v=spf1 +all"), says="SPF_HOSTS_BROKEN"),
        case(hosts("v=spf1 ipv4:192.175.48.25 -all"), says="SPF_HOSTS_BROKEN"),
        case(hosts("v=spf1 -all", "v=spf1 a -all"), says="SPF_HOSTS_BROKEN"),
        case(SpfOfHosts((), ("mx.provider.example",)), says="SPF_HOSTS_FOREIGN"),
        case(SpfOfHosts((HostText("gone.example.lg.jp", text("gone.example.lg.jp")),)), says="SPF_HOSTS_ABSENT"),
        case(
            SpfOfHosts((HostText("gone.example.lg.jp", text("gone.example.lg.jp")), *hosts("v=spf1 -all").hosts)),
            says="SPF_HOSTS_FOUND",
            args={"hosts": ("mx1.example.lg.jp",)},
        ),
        case(SpfOfHosts((HostText("mx1.example.lg.jp", SILENT), *hosts().hosts)), says="SPF_HOSTS_NONE"),
        case(SpfOfHosts((HostText("mx1.example.lg.jp", SILENT),)), outcome="undetermined", reason=Reason.TIMEOUT),
        case(SpfOfHosts(hosts("v=spf1 -all").hosts, left_out=3), outcome="undetermined", reason=Reason.BUDGET_SPENT),
    ],
    "mail.spf.no-mail": [
        case(declared(sends=False), NULL_MX, REFUSES_ALL, says="SPF_NO_MAIL_REFUSED"),
        case(declared(), NULL_MX, REFUSES_ALL, says="SPF_NO_MAIL_REFUSED"),
        case(declared(sends=False), MX, REFUSES_ALL, says="SPF_NO_MAIL_REFUSED"),
        case(declared(sends=False), SILENT, REFUSES_ALL, says="SPF_NO_MAIL_REFUSED"),
        case(declared(sends=False), NO_MX, NO_SPF, says="SPF_NO_MAIL_NONE"),
        case(declared(), NULL_MX, NO_SPF, says="SPF_NO_MAIL_NONE"),
        case(
            declared(sends=False),
            NULL_MX,
            spf("v=spf1 x -all", ranges=(), problems=(problem("unknown-mechanism", "x"),)),
            says="SPF_NO_MAIL_NONE",
        ),
        case(declared(sends=False), NULL_MX, spf("v=spf1 ~all", ending="~", ranges=()), says="SPF_NO_MAIL_WEAK"),
        case(declared(sends=False), NULL_MX, spf("v=spf1", ending="", ranges=()), says="SPF_NO_MAIL_WEAK"),
        case(declared(sends=False), NULL_MX, GOOD, says="SPF_NO_MAIL_PERMITS"),
        case(declared(), MX, GOOD, says="SPF_NO_MAIL_SENDS"),
        case(declared(), NULL_MX, GOOD, says="SPF_NO_MAIL_SENDS"),
        case(declared(), MX, NO_SPF, says="SPF_NO_MAIL_SENDS"),
        case(
            declared(),
            MX,
            spf("v=spf1 ipv4:1 -all", ranges=(), problems=(problem("unknown-mechanism", "ipv4:1"),)),
            says="SPF_NO_MAIL_SENDS",
        ),
        case(declared(), MX, spf("v=spf1 -all mx", ranges=(), problems=(problem("term-after-all", "mx"),)), says="SPF_NO_MAIL_SENDS"),
        case(declared(), MX, spf("v=spf1 a:gone.example -all", ranges=(), lookups=1), says="SPF_NO_MAIL_SENDS"),
        case(declared(sends=True), NULL_MX, REFUSES_ALL, says="SPF_NO_MAIL_SENDS"),
        case(declared(), NO_DOMAIN, SPF_NO_DOMAIN, says="SPF_NO_MAIL_NO_DOMAIN"),
        case(declared(), NO_MX, NO_SPF, outcome="undetermined", reason=Reason.NOT_DECLARED),
        case(declared(), SILENT, NO_SPF, outcome="undetermined", reason=Reason.TIMEOUT),
        case(declared(sends=False), NULL_MX, SPF_UNANSWERED, outcome="undetermined", reason=Reason.TIMEOUT),
        case(declared(sends=False), NULL_MX, FAILURE, outcome="undetermined", reason=Reason.SERVER_FAILURE),
    ],
}

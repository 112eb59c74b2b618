"""Facts for the cases of the mail checks, made with as few words as possible. The cases stand in the modules beside this one."""

from __future__ import annotations

from ipaddress import ip_network

from scanner.facts.ledger import DeclaredDomain
from scanner.facts.mail import (
    Addresses,
    Exchanger,
    HostTlsa,
    MailExchangers,
    MailHost,
    MailHosts,
    MailTlsa,
    MtaStsPolicy,
    MtaStsRecord,
    PolicyReply,
    Status,
    TextAnswer,
    TlsaAnswer,
    TlsaRecord,
    TlsReportRecord,
)
from scanner.facts.mail_sender import (
    DkimKeys,
    DkimSelector,
    DmarcRecords,
    DmarcStep,
    SpfPlace,
    SpfPolicy,
    SpfProblem,
    SpfRange,
    SpfState,
    SpfTerm,
    SpfUnanswered,
)
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason

NAME = "example.lg.jp"
SILENT = Unobserved(Reason.TIMEOUT, "no answer")
FAILURE = Unobserved(Reason.SERVER_FAILURE, "SERVFAIL")


def declared(
    *, sends: bool | None = None, receives: bool | None = None, selectors: tuple[str, ...] = (), outbound: tuple[str, ...] = ()
) -> DeclaredDomain:
    """What the ledger says."""
    return DeclaredDomain(
        sends_mail=sends,
        receives_mail=receives,
        dkim_selectors=selectors,
        outbound_addresses=outbound,
        internal_names=(),
        public_site=None,
        domain_exception="",
        vantage_outside=True,
    )


def mx(*records: str, status: Status | None = None, authenticated: bool = False) -> MailExchangers:
    """MX records written ``10 mx1.example.lg.jp``; without any the name exists."""
    made = tuple(Exchanger(int(preference), host) for preference, host in (r.split() for r in records))
    return MailExchangers(NAME, status or (Status.FOUND if made else Status.EMPTY), made, (), authenticated)


MX = mx("10 mx1.example.lg.jp", "20 mx2.example.lg.jp")
NULL_MX = mx("0 .")
NO_MX = mx()
NO_DOMAIN = mx(status=Status.NXDOMAIN)


def addresses(*found: str, aliases: tuple[str, ...] = (), authenticated: bool = False, status: Status | None = None) -> Addresses:
    """Addresses of one family."""
    return Addresses(status or (Status.FOUND if found else Status.EMPTY), found, aliases, authenticated)


NONE = addresses()


def host(name: str, v4: Addresses | Unobserved = NONE, v6: Addresses | Unobserved = NONE) -> MailHost:
    """A mail host."""
    return MailHost(name, v4, v6)


GOOD_HOSTS = MailHosts(
    (
        host("mx1.example.lg.jp", addresses("192.175.48.25", authenticated=True), addresses("2620:4f:8000::25", authenticated=True)),
        host("mx2.example.lg.jp", addresses("192.31.196.25", authenticated=True)),
    )
)
NO_HOSTS = MailHosts(())


def text(name: str, *texts: str, status: Status | None = None, authenticated: bool = False) -> TextAnswer:
    """TXT records at a name; without any the name does not exist."""
    return TextAnswer(name, status or (Status.FOUND if texts else Status.NXDOMAIN), texts, 0, (), authenticated)


def place(
    domain: str = NAME, state: SpfState = SpfState.FOUND, record: str = "", via: str = "", status: Status | None = Status.FOUND
) -> SpfPlace:
    """One place in the tree of SPF records."""
    return SpfPlace(domain, 1 if via else 0, via, state, status, (record,) if record else (), len(record), 100, 0)


def spf(
    record: str = "v=spf1 ip4:192.175.48.25 -all",
    *,
    state: SpfState = SpfState.FOUND,
    status: Status | None = Status.FOUND,
    below: tuple[SpfPlace, ...] = (),
    lookups: int = 0,
    voids: tuple[int, int, int] = (0, 0, 0),
    ending: str = "-",
    open_terms: tuple[SpfTerm, ...] = (),
    ranges: tuple[str, ...] = ("192.175.48.25/32",),
    ptr: tuple[SpfTerm, ...] = (),
    dynamic: tuple[SpfTerm, ...] = (),
    unanswered: tuple[SpfUnanswered, ...] = (),
    truncated: bool = False,
    problems: tuple[SpfProblem, ...] = (),
    several: tuple[str, ...] = (),
) -> SpfPolicy:
    """A walked SPF policy."""
    root = SpfPlace(NAME, 0, "", state, status, several or ((record,) if state is SpfState.FOUND else ()), len(record), 100, lookups)
    if state is not SpfState.FOUND:
        ending, ranges = "", ()
    return SpfPolicy(
        places=(root, *below),
        lookups=lookups,
        void_lookups=voids[0],
        void_ipv4=voids[1],
        void_ipv6=voids[2],
        ending=ending,
        ending_domain=NAME if ending else "",
        open_terms=open_terms,
        ranges=tuple(SpfRange(network, NAME, f"ip4:{network}") for network in ranges),
        ranges_total=len(ranges),
        ipv4_addresses=sum(ip_network(network).num_addresses for network in ranges if ":" not in network),
        ptr_terms=ptr,
        dynamic=dynamic,
        unanswered=unanswered,
        truncated=truncated,
        problems=problems,
    )


NO_SPF = spf(state=SpfState.ABSENT)
SPF_NO_DOMAIN = spf(state=SpfState.ABSENT, status=Status.NXDOMAIN)
REFUSES_ALL = spf("v=spf1 -all", ranges=())
SPF_UNANSWERED = spf(
    "v=spf1 include:_spf.example -all",
    ranges=(),
    below=(place("_spf.example", SpfState.UNANSWERED, via="include:_spf.example", status=None),),
    unanswered=(SpfUnanswered("TXT _spf.example", SILENT),),
)


def dkim(
    *selectors: DkimSelector, below: TextAnswer | Unobserved | None = None, wildcard: TextAnswer | Unobserved | None = None
) -> DkimKeys:
    """Found keys; unless said otherwise ``_domainkey`` exists and a random selector does not."""
    under = below if below is not None else text(f"_domainkey.{NAME}", status=Status.EMPTY)
    return DkimKeys(under, wildcard, selectors, tuple(s.selector for s in selectors))


def selector(name: str, *texts: str, declared: bool = False, unseen: Unobserved | None = None) -> DkimSelector:
    """What stands at one selector."""
    return DkimSelector(name, declared, unseen or text(f"{name}._domainkey.{NAME}", *texts))


def dmarc(*texts: str, above: tuple[str, ...] = (), domain: str = NAME, exists: bool | Unobserved = True) -> DmarcRecords:
    """The domain's own records, and those of the name above it; nothing further up."""
    parent = domain.split(".", 1)[1]
    steps = [DmarcStep(domain, text(f"_dmarc.{domain}", *texts)), DmarcStep(parent, text(f"_dmarc.{parent}", *above))]
    return DmarcRecords(domain, exists, tuple(steps))


def sts(*texts: str) -> MtaStsRecord:
    """MTA-STS records."""
    return MtaStsRecord(text(f"_mta-sts.{NAME}", *texts))


GOOD_POLICY = "version: STSv1\r\nmode: enforce\r\nmx: *.example.lg.jp\r\nmax_age: 1209600\r\n"


def policy(
    body: str = GOOD_POLICY, *, status: int = 200, kind: str = "text/plain", location: str = "", truncated: bool = False, problem: str = ""
) -> MtaStsPolicy:
    """A fetched policy."""
    return MtaStsPolicy(
        announced=True,
        reply=PolicyReply(f"https://mta-sts.{NAME}/.well-known/mta-sts.txt", status, kind, location, body, truncated, problem),
    )


def tls_rpt(*texts: str) -> TlsReportRecord:
    """TLS-RPT records."""
    return TlsReportRecord(text(f"_smtp._tls.{NAME}", *texts))


DIGEST = "ab" * 32


def tlsa(*hosts: tuple[str, TlsaAnswer | Unobserved], validating: bool | Unobserved = True) -> MailTlsa:
    """TLSA answers by host."""
    return MailTlsa(tuple(HostTlsa(name, answer) for name, answer in hosts), validating)


def tlsa_at(name: str, *records: str, authenticated: bool = True) -> tuple[str, TlsaAnswer]:
    """TLSA records written ``3 1 1 abab...``."""
    made = tuple(TlsaRecord(int(u), int(s), int(m), data) for u, s, m, data in (r.split() for r in records))
    return name, TlsaAnswer(f"_25._tcp.{name}", Status.FOUND if made else Status.NXDOMAIN, made, authenticated)

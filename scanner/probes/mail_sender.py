"""Probes for who may send in the name of a domain: SPF walked and evaluated, DKIM keys, DMARC records, BIMI."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from scanner.facts.ledger import DeclaredDomain
from scanner.facts.mail import MailExchangers, Status, TextAnswer
from scanner.facts.mail_sender import (
    BimiRecord,
    DkimKeys,
    DkimSelector,
    DmarcRecords,
    DmarcReportHosts,
    DmarcStep,
    HostText,
    MailRoute,
    ReportHost,
    SenderResult,
    SpfOfHosts,
    SpfPlace,
    SpfPolicy,
    SpfProblem,
    SpfRange,
    SpfResult,
    SpfSenders,
    SpfState,
    SpfTerm,
    SpfUnanswered,
)
from scanner.model.fact import Unobserved, needed
from scanner.model.reason import CannotObserve, Reason
from scanner.model.target import Domain
from scanner.net.net import Net
from scanner.net.net import Status as DnsStatus
from scanner.probes.base import probe
from scanner.probes.dns_asking import ROOT, addresses_of, part, together, within
from scanner.probes.mail_ask import SpfAsking, ask_text
from scanner.wire import bimi, dmarc, spf
from scanner.wire.dmarc_discovery import ends_walk, organizational_domain, record_name, report_authorisation_name, walk_names
from scanner.wire.dns import Mx, Type
from scanner.wire.txt import Choice, Selection

MAX_RANGES = 100
"""Authorised ranges kept of a policy, widest first."""
MAX_SPF_HOSTS = 8
"""Mail hosts whose own SPF record is asked for."""
MAX_SAMPLES = 32
"""Outbound addresses that are evaluated."""
MAX_REPORT_HOSTS = 8
"""Foreign hosts of report addresses that are asked."""
WHOLE_NETWORK = 4
"""Addresses of a declared network up to which every one is evaluated; of a larger one the first and the last."""

USUAL_SELECTORS = ("google", "selector1", "selector2", "default", "s1", "s2", "k1", "mail", "dkim")
"""Selectors that large providers and common guides use, tried where something stands below ``_domainkey``."""
SENTINELS = ("google", "selector1", "default")
"""Tried even where ``_domainkey`` is NXDOMAIN without proof: some servers say so although there are names below (RFC 8020 section 1)."""
SIBLINGS = {"k1": ("k2", "k3"), "dkim": ("dkim1", "dkim2"), "fm1": ("fm2", "fm3")}
"""Selectors that are worth a try once the first of their family was found."""
SELECTORS_OF_SENDERS = {
    "spf.mandrillapp.com": ("mandrill", "mte1"),
    "spf.messagingengine.com": ("fm1",),
    "mailgun.org": ("mx", "smtp", "pic"),
    "zoho.com": ("zoho",),
    "zoho.jp": ("zoho",),
    "icloud.com": ("sig1",),
    "protonmail.ch": ("protonmail", "protonmail2", "protonmail3"),
    "spf.mtasv.net": ("pm",),
    "sparkpostmail.com": ("scph0421",),
}
"""Selectors of sending services, tried for domains whose SPF record includes them."""


@probe(limit=30.0)  # RFC 7208 section 4.6.4 asks receivers to allow 20 seconds at least
async def spf_policy(domain: Domain, net: Net) -> SpfPolicy:
    """All SPF records that the domain's policy is made of."""
    asking = SpfAsking(net)
    found = await asking.drive(spf.survey(domain.name))
    if found.root.state is spf.NodeState.UNANSWERED:
        why = next(iter(asking.failures.values()))
        raise why.error()
    ranges = [(a.prefix * (4 if a.version == 4 else 1), _network(a.version, a.first, a.prefix), a.domain, a.term) for a in found.networks]
    widest = sorted(ranges, key=lambda r: r[:3])
    return SpfPolicy(
        places=tuple(_places(found.root)),
        lookups=found.lookups,
        void_lookups=found.void_lookups,
        void_ipv4=found.void_ipv4,
        void_ipv6=found.void_ipv6,
        ending=str(found.all_qualifier or ""),
        ending_domain=found.all_domain,
        open_terms=tuple(SpfTerm(place.domain, place.term) for place in found.open_terms),
        ranges=tuple(SpfRange(network, by, term) for _, network, by, term in widest[:MAX_RANGES]),
        ranges_total=found.networks_total,
        ipv4_addresses=found.ipv4_addresses,
        ptr_terms=tuple(SpfTerm(place.domain, place.term) for place in found.ptr_terms),
        dynamic=tuple(SpfTerm(place.domain, place.term) for place in found.dynamic),
        unanswered=tuple(SpfUnanswered(f"{q.type} {q.name}", asking.failures[q]) for q in found.unanswered),
        truncated=found.truncated,
        problems=tuple(_problems(found.problems)),
    )


@lru_cache(maxsize=1024)
def _network(version: int, first: int, prefix: int) -> str:
    return str(IPv4Network((first, prefix)) if version == 4 else IPv6Network((first, prefix)))


def _places(root: spf.SpfNode) -> Iterator[SpfPlace]:
    waiting = [(root, 0)]
    while waiting:
        node, depth = waiting.pop()
        waiting.extend((child, depth + 1) for child in reversed(node.children))
        yield SpfPlace(
            domain=node.domain,
            depth=depth,
            via=node.via,
            state=SpfState(node.state.value),
            status=None if node.status in (None, spf.Status.FAILED) else Status(node.status.value),
            records=(node.raw,) if node.state is spf.NodeState.FOUND else node.candidates,
            octets=node.octets,
            answer_octets=node.answer_octets,
            lookups=node.lookups,
        )


def _problems(problems: Iterable[spf.Problem]) -> Iterator[SpfProblem]:
    return (SpfProblem(p.kind.value, p.detail, p.domain) for p in problems)


@probe(limit=20.0)
async def spf_of_hosts(domain: Domain, net: Net, mx: MailExchangers) -> SpfOfHosts:
    """The SPF records of those exchangers that stand at or below the domain."""
    own = [host for host in mx.hosts if within(host, domain.name)]
    net.expect(own[:MAX_SPF_HOSTS], Type.TXT)
    answers = [await part(ask_text(net, host, _spf_records)) for host in own[:MAX_SPF_HOSTS]]
    hosts = tuple(HostText(host, answer) for host, answer in zip(own, answers, strict=False))
    return SpfOfHosts(hosts, tuple(host for host in mx.hosts if host not in own), max(0, len(own) - MAX_SPF_HOSTS))


def _spf_records(records: Iterable[bytes]) -> Selection:
    found = spf.select_records((record,) for record in records)
    return Selection(Choice.NONE if not found else Choice.ONE if len(found) == 1 else Choice.SEVERAL, found)


@probe(limit=60.0)
async def spf_senders(domain: Domain, net: Net, declared: DeclaredDomain) -> SpfSenders:
    """How the policy judges the declared outbound addresses, for a sender in the domain and its own name in HELO."""
    if not declared.outbound_addresses:
        raise CannotObserve(Reason.NOT_DECLARED, f"the ledger names no outbound addresses of {domain.name}")
    samples: list[tuple[str, str]] = []
    unreadable: list[str] = []
    for text in declared.outbound_addresses:
        try:
            samples += [(text, address) for address in _samples(ip_network(text.strip(), strict=False))]
        except ValueError:
            unreadable.append(text)
    results = []
    for text, address in samples[:MAX_SAMPLES]:  # one after the other: nearly all their questions are the same
        results.append(await _sender(domain, net, text, address))
    return SpfSenders(tuple(results), tuple(unreadable), max(0, len(samples) - MAX_SAMPLES))


def _samples(network: IPv4Network | IPv6Network) -> tuple[str, ...]:
    if network.num_addresses <= WHOLE_NETWORK:
        return tuple(str(address) for address in network)
    return str(network[1]), str(network[-2])


async def _sender(domain: Domain, net: Net, text: str, address: str) -> SenderResult:
    asking = SpfAsking(net)
    done = await asking.drive(spf.check_host(ip_address(address), domain.name, f"postmaster@{domain.name}", domain.name))
    why = next(iter(asking.failures.values()), None) if done.result is spf.Result.TEMPERROR else None
    return SenderResult(text, address, SpfResult(done.result.value), done.term, tuple(_problems(done.problems)), why)


@probe(limit=25.0)
async def dkim_keys(domain: Domain, net: Net, declared: DeclaredDomain | Unobserved, policy: SpfPolicy | Unobserved) -> DkimKeys:
    """The keys at the declared selectors, and at usual ones where the zone says that there is something to find."""
    names = declared.dkim_selectors if isinstance(declared, DeclaredDomain) else ()
    below = await part(ask_text(net, f"_domainkey.{domain.name}", None))
    nothing_there = isinstance(below, TextAnswer) and below.denied
    unproven = isinstance(below, Unobserved) or (nothing_there and not below.authenticated)
    wildcard: TextAnswer | Unobserved | None = None
    tried: dict[str, TextAnswer | Unobserved] = {}

    async def ask(selectors: Iterable[str]) -> None:
        new = [s for s in dict.fromkeys(selectors) if s not in tried]
        places = [f"{s}._domainkey.{domain.name}" for s in new]
        net.expect(places, Type.TXT)
        for selector, place in zip(new, places, strict=True):
            tried[selector] = await part(ask_text(net, place, None))

    await ask((*names, *SENTINELS) if unproven else names)
    if not nothing_there or any(map(_texts, tried.values())):
        if not isinstance(below, Unobserved):
            await ask((*USUAL_SELECTORS, *_of_senders(policy)))
        if not any(_shows_no_wildcard(selector, answer) for selector, answer in tried.items()):
            wildcard = await part(ask_text(net, f"tenken-{net.rng.getrandbits(64):016x}._domainkey.{domain.name}", None))
        if not isinstance(below, Unobserved):
            catch_all = _texts(wildcard)
            await ask(sibling for first, family in SIBLINGS.items() if _texts(tried.get(first)) - catch_all for sibling in family)
    catch_all = _texts(wildcard)
    selectors = tuple(
        DkimSelector(s, s in names, answer)
        for s, answer in sorted(tried.items())
        if s in names or isinstance(answer, Unobserved) or not catch_all.issuperset(answer.texts)
    )
    return DkimKeys(below, wildcard, selectors, tuple(sorted(tried)))


def _shows_no_wildcard(selector: str, answer: TextAnswer | Unobserved) -> bool:
    """Tell whether there can be no wildcard below ``_domainkey``: it would have given this name an existence (RFC 4592 section 2.2.1).

    A selector of several labels may stand below a name of its own, to which the wildcard does not extend.
    """
    return isinstance(answer, TextAnswer) and answer.denied and "." not in selector


def _texts(answer: TextAnswer | Unobserved | None) -> frozenset[str]:
    return frozenset(answer.texts) if isinstance(answer, TextAnswer) else frozenset()


def _of_senders(policy: SpfPolicy | Unobserved) -> Iterator[str]:
    """The selectors of the services that the SPF tree goes through."""
    if isinstance(policy, Unobserved):
        return
    included = {place.domain for place in policy.places}
    for name, selectors in SELECTORS_OF_SENDERS.items():
        if any(within(place, name) for place in included):
            yield from selectors


@probe(limit=15.0)
async def dmarc_records(domain: Domain, net: Net, mx: MailExchangers | Unobserved) -> DmarcRecords:
    """The DMARC records on the way from the domain to the top, side by side: nearly all above the domain are asked once a run."""
    names = walk_names(domain.name)
    net.expect(map(record_name, names), Type.TXT)
    answers = [await part(ask_text(net, record_name(name), dmarc.select)) for name in names]
    steps = []
    for name, answer in zip(names, answers, strict=True):
        steps.append(DmarcStep(name, answer))
        record = dmarc.select(answer.octets).record if isinstance(answer, TextAnswer) else None
        if record is not None and ends_walk(dmarc.parse(record)):
            break
    exists = mx if isinstance(mx, Unobserved) else mx.status is not Status.NXDOMAIN
    return DmarcRecords(domain.name, exists, tuple(steps))


@probe(limit=15.0)
async def dmarc_report_hosts(domain: Domain, net: Net, records: DmarcRecords) -> DmarcReportHosts:
    """Whether the hosts that the domain's own record sends reports to take mail, and whether foreign ones agree."""
    here = records.steps[0].answer
    if isinstance(here, Unobserved):  # nobody knows whether there are report addresses
        raise here.error()
    found: dict[str, dmarc.DmarcRecord] = {}
    gap: tuple[str, Unobserved] | None = None
    for step in records.steps:
        if isinstance(step.answer, Unobserved):
            gap = step.domain, step.answer
        elif (record := dmarc.select(step.answer.octets).record) is not None:
            found[step.domain] = dmarc.parse(record)
    own = found.get(domain.name)
    hosts = sorted({uri.host for uri in (*own.rua, *own.ruf) if uri.scheme == "mailto"}) if own else []
    organizational = organizational_domain(domain.name, found)
    seen = await together(_report_host(net, domain.name, host, organizational, gap) for host in hosts[:MAX_REPORT_HOSTS])
    return DmarcReportHosts(domain.name, tuple(seen), max(0, len(hosts) - MAX_REPORT_HOSTS))


async def _report_host(net: Net, domain: str, host: str, organizational: str, gap: tuple[str, Unobserved] | None) -> ReportHost:
    """``gap`` is the highest name of the walk without an answer, and why: the organizational domain may be there."""
    route = await part(_route(net, host))
    # A host below the organizational domain shares it, unless a record of its own says psd=n: too rare to walk the tree of every host.
    if within(host, organizational):
        return ReportHost(host, route, None)
    consent = await part(_consent(net, domain, host))
    if gap is not None and within(host, gap[0]) and not _given(consent):
        consent = gap[1]
    return ReportHost(host, route, consent)


def _given(consent: TextAnswer | Unobserved) -> bool:
    return isinstance(consent, TextAnswer) and bool(dmarc.select(consent.octets).records)


async def _consent(net: Net, domain: str, host: str) -> TextAnswer:
    name = report_authorisation_name(domain, host)
    if name is None:  # longer than a name can be, so nobody can publish it
        return TextAnswer("", Status.NXDOMAIN)
    return await ask_text(net, name, dmarc.select)


async def _route(net: Net, host: str) -> MailRoute:
    answer = await net.resolve(host, Type.MX)
    if answer.status is DnsStatus.NXDOMAIN:
        return MailRoute.NXDOMAIN
    if answer.status is DnsStatus.FOUND:
        null = all(isinstance(r.data, Mx) and r.data.host == ROOT for r in answer.records)
        return MailRoute.REFUSED if null else MailRoute.EXCHANGERS
    addresses = needed(await addresses_of(net, host))
    return MailRoute.ADDRESS if addresses else MailRoute.NONE


@probe(limit=10.0)
async def bimi_record(domain: Domain, net: Net) -> BimiRecord:
    """The BIMI record of the default selector."""
    return BimiRecord(await ask_text(net, f"{bimi.PREFIX}.{domain.name}", bimi.select))

"""Probes for where the mail of a domain goes: exchangers, their addresses and reverse names, TLSA, MTA-STS and TLS-RPT.

Everything is asked of the operator's own resolver; the one conversation with somebody else is the fetch of an MTA-STS policy.
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import ip_address

from scanner.facts.ledger import DeclaredDomain
from scanner.facts.mail import (
    SMTP_PORT,
    Addresses,
    Exchanger,
    HostTlsa,
    MailExchangers,
    MailHost,
    MailHosts,
    MailReverse,
    MailTlsa,
    MtaStsPolicy,
    MtaStsRecord,
    PolicyReply,
    ReverseName,
    Status,
    TlsaAnswer,
    TlsaRecord,
    TlsReportRecord,
)
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from scanner.model.target import Domain
from scanner.net.net import Net
from scanner.probes.base import probe
from scanner.probes.dns_asking import ROOT, addresses_of, part
from scanner.probes.mail_ask import STATUS, ask_text
from scanner.wire import mta_sts, tls_rpt
from scanner.wire.dns import Mx, Tlsa, Type

MAX_HOSTS = 16
"""Exchangers whose addresses are asked for; the rest is counted as left out."""
MAX_REVERSE = 32
"""Addresses of exchangers whose reverse names are asked for."""
MAX_NAMES = 4
"""PTR names of one address that are followed forward."""


@probe(limit=10.0)
async def mail_exchangers(domain: Domain, net: Net) -> MailExchangers:
    """The MX records of the domain."""
    answer = await net.resolve(domain.name, Type.MX)
    records = sorted({(r.data.preference, r.data.host) for r in answer.records if isinstance(r.data, Mx)})
    return MailExchangers(
        name=domain.name,
        status=STATUS[answer.status],
        records=tuple(Exchanger(preference, host) for preference, host in records),
        aliases=answer.aliases,
        authenticated=answer.authenticated,
    )


@probe(limit=15.0)
async def mail_hosts(domain: Domain, net: Net, mx: MailExchangers, declared: DeclaredDomain | Unobserved) -> MailHosts:
    """The addresses of every exchanger; without MX records those of the domain itself."""
    implicit = mx.status is Status.EMPTY
    names = (domain.name,) if implicit else mx.hosts
    net.expect(names[:MAX_HOSTS], Type.A)
    net.expect(names[:MAX_HOSTS], Type.AAAA)
    hosts = [await _host(net, name) for name in names[:MAX_HOSTS]]
    receives = declared.receives_mail if isinstance(declared, DeclaredDomain) else None
    return MailHosts(tuple(hosts), implicit, receives, max(0, len(names) - MAX_HOSTS))


async def _host(net: Net, name: str) -> MailHost:
    return MailHost(name, await part(_addresses(net, name, Type.A)), await part(_addresses(net, name, Type.AAAA)))


async def _addresses(net: Net, name: str, kind: Type) -> Addresses:
    answer = await net.resolve(name, kind)
    found = {r.data for r in answer.records if isinstance(r.data, str)}
    ordered = sorted(found, key=ip_address) if len(found) > 1 else found
    return Addresses(STATUS[answer.status], tuple(ordered), answer.aliases, answer.authenticated)


@probe(limit=15.0)
async def mail_reverse(domain: Domain, net: Net, hosts: MailHosts) -> MailReverse:
    """The PTR names of the mail hosts' addresses, and which of them lead back."""
    pairs = [] if hosts.implicit and hosts.receives is not True else [(host.name, a) for host in hosts.hosts for a in host.addresses]
    net.expect((_reverse_pointer(address) for _, address in pairs[:MAX_REVERSE]), Type.PTR)
    named = [(host, address, await _names(net, address)) for host, address in pairs[:MAX_REVERSE]]
    for _, address, names in named:
        if not isinstance(names, Unobserved):
            net.expect(names[:MAX_NAMES], _family(address))
    found = [await _reverse(net, host, address, names) for host, address, names in named]
    return MailReverse(tuple(found), max(0, len(pairs) - MAX_REVERSE))


@lru_cache(maxsize=1024)
def _reverse_pointer(address: str) -> str:
    return ip_address(address).reverse_pointer


def _family(address: str) -> Type:
    return Type.AAAA if ":" in address else Type.A


async def _names(net: Net, address: str) -> tuple[str, ...] | Unobserved:
    answer = await part(net.resolve(_reverse_pointer(address), Type.PTR))
    if isinstance(answer, Unobserved):
        return answer
    return tuple(sorted({r.data for r in answer.records if isinstance(r.data, str)}))


async def _reverse(net: Net, host: str, address: str, names: tuple[str, ...] | Unobserved) -> ReverseName:
    if isinstance(names, Unobserved):
        return ReverseName(host, address, names, names)
    forward = [await part(_addresses(net, name, _family(address))) for name in names[:MAX_NAMES]]
    confirmed = tuple(
        name for name, there in zip(names, forward, strict=False) if isinstance(there, Addresses) and address in there.addresses
    )
    missing = next((there for there in forward if isinstance(there, Unobserved)), None)
    if len(names) > MAX_NAMES:
        missing = missing or Unobserved(Reason.BUDGET_SPENT, f"{address} has {len(names)} reverse names, {MAX_NAMES} were followed")
    return ReverseName(host, address, names, confirmed or missing or ())


@probe(limit=15.0)
async def mail_tlsa(domain: Domain, net: Net, mx: MailExchangers) -> MailTlsa:
    """The TLSA records of every exchanger's port 25, and whether the resolver validates at all."""
    names = mx.hosts[:MAX_HOSTS]
    if not names:
        return MailTlsa((), False)
    net.expect(map(_tlsa_name, names), Type.TLSA)
    hosts = [await _host_tlsa(net, name) for name in names]
    root = await part(net.resolve(ROOT, Type.SOA))  # signed since 2010: an answer without AD comes from a resolver that does not validate
    return MailTlsa(tuple(hosts), root if isinstance(root, Unobserved) else root.authenticated)


def _tlsa_name(host: str) -> str:
    return f"_{SMTP_PORT}._tcp.{host}"


async def _host_tlsa(net: Net, host: str) -> HostTlsa:
    return HostTlsa(host, await part(_tlsa(net, _tlsa_name(host))))


async def _tlsa(net: Net, name: str) -> TlsaAnswer:
    answer = await net.resolve(name, Type.TLSA)
    records = sorted({(d.usage, d.selector, d.matching, d.data.hex()) for r in answer.records if isinstance(d := r.data, Tlsa)})
    return TlsaAnswer(name, STATUS[answer.status], tuple(TlsaRecord(*record) for record in records), answer.authenticated)


@probe(limit=10.0)
async def mta_sts_record(domain: Domain, net: Net) -> MtaStsRecord:
    """The TXT records that announce an MTA-STS policy."""
    return MtaStsRecord(await ask_text(net, f"{mta_sts.PREFIX}.{domain.name}", mta_sts.select))


@probe(limit=15.0)
async def mta_sts_policy(domain: Domain, net: Net, record: MtaStsRecord) -> MtaStsPolicy:
    """The policy file, fetched where exactly one valid record announces it, as a sender would (RFC 8461 section 3.1)."""
    announced = mta_sts.select(record.answer.octets).record
    if announced is None or not mta_sts.parse(announced).valid:
        return MtaStsPolicy(announced=False, reply=None)
    host = f"{mta_sts.POLICY_HOST_LABEL}.{domain.name}"
    if await addresses_of(net, host) == ():
        return MtaStsPolicy(announced=True, reply=None)
    url = f"https://{host}{mta_sts.POLICY_PATH}"
    reply = await net.fetch(url)
    return MtaStsPolicy(
        announced=True,
        reply=PolicyReply(
            url=url,
            status=reply.status,
            content_type=reply.content_type,
            location=reply.location,
            body=reply.body.decode("latin-1"),
            truncated=reply.truncated,
            certificate_problem=reply.certificate_problem or "",
        ),
    )


@probe(limit=10.0)
async def tls_report_record(domain: Domain, net: Net) -> TlsReportRecord:
    """The TXT records that ask for reports about TLS."""
    return TlsReportRecord(await ask_text(net, f"{tls_rpt.PREFIX}.{domain.name}", tls_rpt.select))

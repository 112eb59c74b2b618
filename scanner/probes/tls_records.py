"""Probes for the DNS records about a TLS service: TLSA (RFC 6698) and CAA (RFC 8659), asked of the operator's own resolver."""

from __future__ import annotations

from scanner.facts.tls import ServiceCaa, ServiceTlsa
from scanner.model.reason import CannotObserve, Reason
from scanner.model.target import Service
from scanner.net.net import Net
from scanner.probes.base import probe
from scanner.probes.dns_asking import ROOT, ancestors
from scanner.probes.mail_ask import STATUS
from scanner.wire.addresses import is_address
from scanner.wire.dns import Caa, Tlsa, Type
from scanner.wire.txt import excerpt

MOST_RECORDS = 64
LONGEST_VALUE = 300


def _name(service: Service, what: str) -> str:
    if is_address(service.host):
        raise CannotObserve(
            Reason.UNSUPPORTED, f"{service.key}: {what} records belong to names, and this service is known by its address only"
        )
    return service.host


@probe(limit=10.0)
async def service_tlsa(service: Service, net: Net) -> ServiceTlsa:
    """The TLSA records at ``_port._tcp.name`` (RFC 6698 section 3), and where an alias leads (RFC 7671 section 7)."""
    owner = f"_{service.port}._tcp.{_name(service, 'TLSA')}"
    answer = await net.resolve(owner, Type.TLSA)
    found = sorted({f"{d.usage} {d.selector} {d.matching} {d.data.hex()}" for r in answer.records if isinstance(d := r.data, Tlsa)})
    if len(found) > MOST_RECORDS:
        raise CannotObserve(Reason.TOO_LARGE, f"TLSA {owner}: {len(found)} records, at most {MOST_RECORDS} are read")
    return ServiceTlsa(owner, STATUS[answer.status], tuple(found), answer.authenticated)


@probe(limit=15.0)
async def service_caa(service: Service, net: Net) -> ServiceCaa:
    """The nearest CAA records at the name or above it (RFC 8659 section 3)."""
    authenticated = True
    for name in ancestors(_name(service, "CAA")):
        if name == ROOT:
            break
        answer = await net.resolve(name, Type.CAA)
        authenticated = authenticated and answer.authenticated
        records = [record.data for record in answer.records if isinstance(record.data, Caa)]
        if len(records) > MOST_RECORDS:
            raise CannotObserve(Reason.TOO_LARGE, f"CAA {name}: {len(records)} records, at most {MOST_RECORDS} are read")
        if records:
            return ServiceCaa(name, _values(records, "issue"), _values(records, "issuewild"), authenticated)
    return ServiceCaa("", (), (), authenticated)


def _values(records: list[Caa], tag: str) -> tuple[str, ...]:
    return tuple(sorted({excerpt(record.value, LONGEST_VALUE) for record in records if record.tag == tag}))

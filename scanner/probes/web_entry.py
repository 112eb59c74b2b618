"""Visits the start page of a web site at each of its addresses, over plain HTTP and over HTTPS, as somebody without cookies does."""

from __future__ import annotations

from scanner.facts.web_entry import WebAddress, WebEntry, WebVisit
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from scanner.model.target import Service
from scanner.net.net import Net
from scanner.probes.base import probe
from scanner.probes.dns_asking import part, service_addresses, together
from scanner.probes.web_talk import MOST_ADDRESSES, Site
from scanner.probes.web_visit import visit


@probe(limit=120.0)
async def web_entry(service: Service, net: Net) -> WebEntry:
    """See both sides of every address, at most ``MOST_ADDRESSES`` of them."""
    site = Site.of(service)
    addresses = await service_addresses(service, net)
    seen = await together(_address(net, site, address) for address in addresses[:MOST_ADDRESSES])
    return WebEntry(site.host, tuple(seen), max(0, len(addresses) - MOST_ADDRESSES))


async def _address(net: Net, site: Site, address: str) -> WebAddress:
    plain, secure = await together(_side(net, site, address, tls=tls) for tls in (False, True))
    http2 = await _side(net, site, address, tls=True, over_http2=True) if isinstance(secure, WebVisit) else None
    if isinstance(http2, Unobserved) and http2.reason is Reason.UNSUPPORTED:
        http2 = None
    return WebAddress(address, plain, secure, http2)


async def _side(net: Net, site: Site, address: str, *, tls: bool, over_http2: bool = False) -> WebVisit | Unobserved | None:
    place = site.place(address, tls=tls)
    if not place.port:
        return None
    seen = await part(visit(net, site, address, f"{place.origin}/", over_http2=over_http2))
    return seen if isinstance(seen, Unobserved) else seen.visit

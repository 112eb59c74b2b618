"""Finds the web sites of a domain: which of the usual names take connections at the ports of HTTP. Nothing is asked there."""

from __future__ import annotations

from scanner.facts.ledger import DeclaredDomain
from scanner.facts.web import HTTP_PORT, HTTPS_PORT, WebSite, WebSites
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from scanner.model.target import Domain
from scanner.net.net import Net
from scanner.probes.base import probe
from scanner.probes.dns_asking import addresses_of, part, together

MOST_ADDRESSES = 4
SECONDS = 3.0


@probe(limit=20.0)
async def web_sites(domain: Domain, net: Net, ledger: DeclaredDomain) -> WebSites:
    """Look at the domain's own name and at ``www`` below it."""
    names = [domain.name] if domain.name.startswith("www.") else [domain.name, f"www.{domain.name}"]
    sites = await together(_site(name, net) for name in names)
    return WebSites(tuple(site for site in sites if site is not None), ledger.public_site)


async def _site(name: str, net: Net) -> WebSite | None:
    addresses = await addresses_of(net, name)
    if isinstance(addresses, Unobserved):
        return WebSite(name, addresses, addresses)
    if not addresses:
        return None
    https, http = await together(part(_open(name, addresses[:MOST_ADDRESSES], port, net)) for port in (HTTPS_PORT, HTTP_PORT))
    return WebSite(name, https, http)


async def _open(name: str, addresses: tuple[str, ...], port: int, net: Net) -> bool:
    """Tell whether some address takes a connection. Raises ``CannotObserve`` where none does and not all refuse."""
    unseen: CannotObserve | None = None
    for address in addresses:
        try:
            async with net.connect(name, address, port, seconds=SECONDS):
                return True
        except CannotObserve as why:
            if why.reason is not Reason.REFUSED:
                unseen = why
    if unseen is not None:
        raise unseen
    return False

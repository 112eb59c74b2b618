"""Fetches robots.txt and security.txt of a web site, at one address and without following redirects to other hosts."""

from __future__ import annotations

from scanner.facts.web_content import WebFiles, WebRobots, WebSecurityTxt
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve
from scanner.model.target import Service
from scanner.net.net import Net
from scanner.probes.base import probe
from scanner.probes.dns_asking import part, service_addresses
from scanner.probes.web_server import open_side
from scanner.probes.web_talk import MOST_ADDRESSES, Place, Site
from scanner.probes.web_visit import Visited, visit
from scanner.wire.web import robots, security_txt
from scanner.wire.web.headers import media_type
from scanner.wire.web.http1 import Answer

CRAWLERS = ("*", "googlebot", "bingbot", "yahoo", "slurp")
WELL_KNOWN = "/.well-known/security.txt"
OLD = "/security.txt"


@probe(limit=90.0)
async def web_files(service: Service, net: Net) -> WebFiles:
    """See the first address that answers."""
    site = Site.of(service)
    place = await first_side(service, net)
    moment = net.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    return WebFiles(place.origin, moment, await part(_robots(net, site, place)), await part(_security(net, site, place)))


async def first_side(service: Service, net: Net) -> Place:
    """Give the side of the first address that answers. Raises ``CannotObserve`` where none does: the first reason met."""
    site = Site.of(service)
    first: CannotObserve | None = None
    for address in (await service_addresses(service, net))[:MOST_ADDRESSES]:
        try:
            return (await open_side(net, site, address))[0]
        except CannotObserve as why:
            first = first or why
    assert first is not None
    raise first


async def _robots(net: Net, site: Site, place: Place) -> WebRobots:
    answer = (await visit(net, site, place.address, f"{place.origin}/robots.txt")).last
    if answer.status != 200 or _is_page(answer):
        return WebRobots(404 if answer.status == 200 else answer.status)
    read = robots.parse(answer.body)
    return WebRobots(200, tuple(agent for agent in CRAWLERS if read.shuts_out(agent)))


async def _security(net: Net, site: Site, place: Place) -> WebSecurityTxt:
    seen = await visit(net, site, place.address, place.origin + WELL_KNOWN)
    if (found := _file(seen, WELL_KNOWN)) is not None:
        return found
    status = 404 if seen.last.status == 200 else seen.last.status
    if status in {404, 410}:
        old = await part(visit(net, site, place.address, place.origin + OLD))
        if not isinstance(old, Unobserved) and (found := _file(old, OLD)) is not None:
            return found
    return WebSecurityTxt(status, found=False)


def _file(seen: Visited, path: str) -> WebSecurityTxt | None:
    answer = seen.last
    read = security_txt.parse(answer.body) if answer.status == 200 and not _is_page(answer) else None
    if read is None:
        return None
    return WebSecurityTxt(
        200,
        found=True,
        at=path,
        media_type=media_type(answer.header("content-type") or ""),
        contacts=tuple(_shown(contact) for contact in read.contacts[:8]),
        expires=read.expires,
        canonical=tuple(_shown(url) for url in read.canonical[:8]),
        signed=read.signed,
        flaws=tuple(flaw.value for flaw in read.flaws),
    )


def _is_page(answer: Answer) -> bool:
    """Tell an HTML page that a server sends for everything from a file of text."""
    return (
        media_type(answer.header("content-type") or "") in {"text/html", "application/xhtml+xml"} or answer.body[:512].lstrip()[:1] == b"<"
    )


def _shown(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)[:200]

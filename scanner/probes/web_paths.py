"""Asks a web site for files and pages that it should not serve. A body is looked at for its proof and dropped; secrets are never kept.

First come names that nobody has given out: what the server says to those tells how it says that something is missing. A thing counts as
there only where its proof is in the answer and not in the answers to those.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from scanner.facts.web_server import WebControl, WebPath, WebPaths, WebPathsAddress
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve
from scanner.model.target import Service
from scanner.net.net import Net
from scanner.probes.base import probe
from scanner.probes.dns_asking import part, service_addresses, together
from scanner.probes.web_server import open_side
from scanner.probes.web_talk import MOST_ADDRESSES, Caller, Place, Site
from scanner.probes.web_visit import text_of
from scanner.wire.web import html, marks
from scanner.wire.web.http1 import Answer
from scanner.wire.web.paths import MOST_SEARCHED, WANTED, proof
from scanner.wire.web.urls import absolute

LISTING = "listing"
"""The topic of directories asked for."""
USUAL = ("/icons/", "/images/", "/img/", "/css/", "/js/", "/assets/", "/files/", "/uploads/", "/backup/", "/data/", "/logs/", "/tmp/")  # noqa: S108  a URL
MOST_FOUND = 8
"""Directories taken from what the start page loads and links to."""
MOST_FAILURES = 3
"""Requests in a row without an answer, after which the rest is left."""
SECONDS = 8.0


@probe(limit=240.0)
async def web_paths(service: Service, net: Net) -> WebPaths:
    """See every address, over HTTPS where it answers there, else over plain HTTP."""
    site = Site.of(service)
    addresses = await service_addresses(service, net)
    seen = await together(_address(net, site, address) for address in addresses[:MOST_ADDRESSES])
    return WebPaths(tuple(seen), max(0, len(addresses) - MOST_ADDRESSES))


async def _address(net: Net, site: Site, address: str) -> WebPathsAddress:
    side = await part(open_side(net, site, address))
    if isinstance(side, Unobserved):
        return WebPathsAddress(address, side)
    place, entry = side
    async with Caller(net, place) as caller:
        missing = await part(_missing(caller, net))
        if isinstance(missing, Unobserved):
            return WebPathsAddress(address, missing)
        found: list[WebPath] = []
        try:
            async for seen in _all(caller, place, entry, missing):
                found.append(seen)
                if seen.proof:
                    net.keep(f"GET {place.origin}{seen.path} at {address}", f"{seen.status}, proof: {seen.proof}; the body is not kept")
        except CannotObserve as why:
            return WebPathsAddress(address, _control(missing), tuple(found), Unobserved(why.reason, why.detail))
        return WebPathsAddress(address, _control(missing), tuple(found))


def _control(missing: list[Answer]) -> WebControl:
    return WebControl(tuple(answer.status for answer in missing))


async def _missing(caller: Caller, net: Net) -> list[Answer]:
    """Ask for names that nobody has given out: a page, a hidden file, a directory."""
    names = [f"{net.rng.getrandbits(56):014x}" for _ in range(3)]
    targets = (f"/{names[0]}.html", f"/.{names[1]}", f"/{names[2]}/")
    return [await caller.ask(target, limit=MOST_SEARCHED, seconds=SECONDS) for target in targets]


async def _all(caller: Caller, place: Place, entry: Answer, missing: list[Answer]) -> AsyncIterator[WebPath]:
    failures = 0
    for path, topic in [*((wanted.path, "") for wanted in WANTED), *((path, LISTING) for path in _directories(place, entry))]:
        wanted = next((each for each in WANTED if each.path == path), None) if not topic else None
        name = topic if wanted is None else wanted.topic.value
        try:
            answer = await caller.ask(path, limit=MOST_SEARCHED, seconds=SECONDS, note=False)
        except CannotObserve:
            failures += 1
            if failures >= MOST_FAILURES:
                raise
            yield WebPath(path, name, 0)
            continue
        failures = 0
        if wanted is None:
            mark = marks.find(marks.LISTINGS, text_of(answer) or "") if answer.status == 200 else None
            common = mark is not None and any(marks.find(marks.LISTINGS, text_of(each) or "") for each in missing)
            yield WebPath(path, name, answer.status, "" if mark is None or common else mark.name)
        else:
            proven = proof(wanted, answer.status, answer.headers, answer.body)
            common = bool(proven) and any(proof(wanted, answer.status, each.headers, each.body) for each in missing)
            yield WebPath(path, name, answer.status, "" if common else proven)


def _directories(place: Place, entry: Answer) -> list[str]:
    """Give the directories to look at: the usual ones, and those of what the start page loads and links to."""
    text = text_of(entry)
    found: dict[str, None] = {}
    if text is not None:
        page = html.read(text)
        for reference in [*(part.url for part in page.parts), *(link.url for link in page.links)]:
            url = absolute(reference, f"{place.origin}/")
            if url is None or url.host != place.host:
                continue
            directory = url.path[: url.path.rindex("/") + 1]
            if directory not in {"/", *USUAL} and len(directory) <= 120:
                found[directory] = None
    return [*USUAL, *list(found)[:MOST_FOUND]]

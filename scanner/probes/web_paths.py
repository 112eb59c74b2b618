"""Asks a web site for files and pages that it should not serve. A body is looked at for its proof and dropped; secrets are never kept.

First come names that nobody has given out: what the server says to those tells how it says that something is missing. A thing counts as
there only where its proof is in the answer and not in the answers to those. Over HTTP/2, which is nearly always served from the same
configuration, a few paths of every topic and all directories are asked for again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import replace

from scanner.facts.web_server import WebControl, WebPath, WebPaths, WebPathsAddress
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve
from scanner.model.target import Service
from scanner.net.net import Net
from scanner.probes.base import probe
from scanner.probes.dns_asking import part, service_addresses, together
from scanner.probes.web_server import both_protocols, open_side
from scanner.probes.web_talk import MOST_ADDRESSES, Caller, Place, Site
from scanner.probes.web_visit import text_of
from scanner.wire.web import html, marks
from scanner.wire.web.http1 import Answer
from scanner.wire.web.paths import MOST_SEARCHED, WANTED, Topic, Wanted, proof
from scanner.wire.web.urls import absolute

LISTING = "listing"
"""The topic of directories asked for."""
USUAL = ("/icons/", "/images/", "/img/", "/css/", "/js/", "/assets/", "/files/", "/uploads/", "/backup/", "/data/", "/logs/", "/tmp/")  # noqa: S108  a URL
MOST_FOUND = 8
"""Directories taken from what the start page loads and links to."""
MOST_FAILURES = 3
"""Requests in a row without an answer, after which the rest is left."""
SECONDS = 8.0
OF_A_TOPIC = 2
"""Paths of each topic that are asked for over HTTP/2 too."""


@probe(limit=240.0)
async def web_paths(service: Service, net: Net) -> WebPaths:
    """See every address, over HTTPS where it answers there, else over plain HTTP."""
    site = Site.of(service)
    addresses = await service_addresses(service, net)
    seen = await together(_address(net, site, address) for address in addresses[:MOST_ADDRESSES])
    return WebPaths(tuple(protocol for protocols in seen for protocol in protocols), max(0, len(addresses) - MOST_ADDRESSES))


async def _address(net: Net, site: Site, address: str) -> tuple[WebPathsAddress, ...]:
    side = await part(open_side(net, site, address))
    if isinstance(side, Unobserved):
        return (WebPathsAddress(address, side),)
    place, entry = side
    directories = _directories(place, entry)
    return await both_protocols(
        net, place, lambda caller: _asked(caller, net, directories), lambda why: WebPathsAddress(address, why, over_http2=True)
    )


def _few() -> Iterator[Wanted]:
    """Give the first of each topic, which are the most usual."""
    left = dict.fromkeys(Topic, OF_A_TOPIC)
    for wanted in WANTED:
        if left[wanted.topic]:
            left[wanted.topic] -= 1
            yield wanted


async def _asked(caller: Caller, net: Net, directories: Iterable[str]) -> WebPathsAddress:
    place = caller.place
    missing = await part(_missing(caller, net))
    if isinstance(missing, Unobserved):
        return WebPathsAddress(place.address, missing, over_http2=caller.over_http2)
    found: list[WebPath] = []
    cut: Unobserved | None = None
    try:
        async for seen in _all(caller, _few() if caller.over_http2 else WANTED, directories, missing):
            found.append(seen)
            if seen.proof:
                net.keep(f"GET {place.origin}{seen.path} at {place.address}", f"{seen.status}, proof: {seen.proof}; the body is not kept")
    except CannotObserve as why:
        cut = Unobserved(why.reason, why.detail)
    return WebPathsAddress(place.address, _control(missing), tuple(found), cut, over_http2=caller.over_http2)


def _control(missing: list[Answer]) -> WebControl:
    return WebControl(tuple(answer.status for answer in missing))


async def _missing(caller: Caller, net: Net) -> list[Answer]:
    """Ask for names that nobody has given out: a page, a hidden file, a directory."""
    names = [f"{net.rng.getrandbits(56):014x}" for _ in range(3)]
    targets = (f"/{names[0]}.html", f"/.{names[1]}", f"/{names[2]}/")
    return [await caller.ask(target, limit=MOST_SEARCHED, seconds=SECONDS) for target in targets]


async def _all(caller: Caller, wanted: Iterable[Wanted], directories: Iterable[str], missing: list[Answer]) -> AsyncIterator[WebPath]:
    failures = 0
    asked: list[Wanted | str] = [*wanted, *directories]
    for each in asked:
        path, topic = (each, LISTING) if isinstance(each, str) else (each.path, each.topic.value)
        try:
            answer = await caller.ask(path, limit=MOST_SEARCHED, seconds=SECONDS, note=False)
        except CannotObserve:
            failures += 1
            if failures >= MOST_FAILURES:
                raise
            yield WebPath(path, topic, 0)
            continue
        failures = 0
        proven = _proof(each, answer)
        common = bool(proven) and any(_proof(each, replace(other, status=answer.status)) for other in missing)
        yield WebPath(path, topic, answer.status, "" if common else proven)


def _proof(asked: Wanted | str, answer: Answer) -> str:
    """Name what proves that a file, or a listing of a directory, is there; nothing where nothing does."""
    if isinstance(asked, Wanted):
        return proof(asked, answer.status, answer.headers, answer.body)
    mark = marks.find(marks.LISTINGS, text_of(answer) or "") if answer.status == 200 else None
    return mark.name if mark else ""


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

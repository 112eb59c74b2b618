"""Walks over the pages of a web site, at one address and on its own host only, without cookies, within caps of pages, octets and time.

Links are followed by GET as a reader would; those that look as if they changed something are left alone. Other hosts are not visited:
their names are looked up, no more. Documents and pictures are read for hidden properties, and what they show is never kept.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Iterable, Sized
from dataclasses import dataclass, field, replace

from scanner.facts.mail import Status
from scanner.facts.web_content import (
    Capped,
    WebCrawl,
    WebDocument,
    WebFile,
    WebFormSeen,
    WebHost,
    WebPageSeen,
    WebProperty,
    WebReading,
)
from scanner.facts.web_entry import WebEnd
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve
from scanner.model.target import Service
from scanner.net.net import Net
from scanner.probes.base import probe
from scanner.probes.dns_asking import is_address, part, together
from scanner.probes.web_files import first_side
from scanner.probes.web_talk import Caller, Place, Site
from scanner.probes.web_visit import REDIRECTS, Visited, base_of, forms_of, text_of, visit
from scanner.wire.dns import Type
from scanner.wire.web import documents, html, images
from scanner.wire.web.headers import media_type
from scanner.wire.web.http1 import Answer
from scanner.wire.web.urls import Url, absolute, shown

MOST_PAGES = 100
MOST_PAGE_OCTETS = 512 * 1024
MOST_ALL_OCTETS = 16 * 1024 * 1024
MOST_SECONDS = 75.0
MOST_DOCUMENTS = 10
MOST_DOCUMENT_OCTETS = 4 * 1024 * 1024
MOST_IMAGES = 40
MOST_IMAGE_OCTETS = 1024 * 1024
MOST_IMAGE_SECONDS = 40.0
MOST_HOSTS = 200
MOST_FILES = 1000
MOST_FORMS = 500
MOST_PROFILES = 50
MOST_WAITING = 2000
SAME_PATH = 3
"""Pages that differ in their query only; calendars have no end."""
MOST_FAILURES = 3
TITLE = 120
_OLD_OFFICE = frozenset({"doc", "xls", "ppt", "dot", "xlt", "pps"})
DOCUMENTS = _OLD_OFFICE | {"pdf", "docx", "xlsx", "pptx", "docm", "xlsm", "pptm", "dotx", "xltx", "potx", "odt", "ods", "odp"}
OLD_DOCUMENTS = frozenset({"rtf", "jtd"})
"""Formats whose properties are not read: said so, instead of passing them over."""
IMAGES = frozenset({"jpg", "jpeg", "jpe", "png", "webp"})
_PAGES = frozenset({"", "html", "htm", "xhtml", "shtml", "php", "asp", "aspx", "jsp", "do", "cgi", "pl"})
_HARMFUL = re.compile(
    r"log-?(?:out|off)|sign-?out|delete|remove|unsubscribe|cancel|cart|checkout|destroy|action=|/wp-login|/wp-admin", re.I
)
_SOCIAL = re.compile(
    r"(?:^|\.)(?:twitter\.com|x\.com|facebook\.com|instagram\.com|youtube\.com|line\.me|tiktok\.com|threads\.net|bsky\.app|linkedin\.com|note\.com)\Z"
)
_SHARING = re.compile(r"/(?:intent|share|sharer|sharer\.php|dialog|home|hashtag|watch|embed|R/msg|lineit)(?:/|\?|\Z)", re.I)


@dataclass(slots=True)
class _Walk:
    """What a walk has met so far."""

    host: str
    waiting: deque[Url] = field(default_factory=deque)
    known: set[str] = field(default_factory=set)
    same_path: dict[str, int] = field(default_factory=dict)
    pages: list[WebPageSeen] = field(default_factory=list)
    hosts: dict[str, WebHost] = field(default_factory=dict)
    forms: dict[WebFormSeen, None] = field(default_factory=dict)
    files: dict[str, WebFile] = field(default_factory=dict)
    documents: dict[str, Url] = field(default_factory=dict)
    images: dict[str, Url] = field(default_factory=dict)
    profiles: dict[str, None] = field(default_factory=dict)
    beyond: set[Capped] = field(default_factory=set)
    octets: int = 0
    skipped: int = 0

    def page(self, url: Url, answer: Answer) -> None:
        """Take in one answer."""
        self.octets += len(answer.body)
        header = ", ".join(answer.all("x-robots-tag"))[:100]
        if answer.status in REDIRECTS:
            if (following := absolute(answer.header("location") or "", url.text)) is not None:
                self.reference(following, shown(url.path), download=False)
            return
        kind = media_type(answer.header("content-type") or "")
        if answer.status == 200 and kind not in {"text/html", "application/xhtml+xml", ""}:
            return
        text = text_of(answer)
        if text is None:
            self.pages.append(WebPageSeen(shown(url.path), answer.status, None, 0, _clean(header)))
            return
        page = html.read(text)
        title = None if page.title is None else _clean(page.title)[:TITLE]
        robots = ", ".join(word for word in (header, page.meta("robots")) if word)
        self.pages.append(WebPageSeen(shown(url.path), answer.status, title, page.text, _clean(robots)[:100]))
        if answer.status == 200:
            self._inside(url, page)
            if page.cut or not answer.whole:
                self.skipped += 1  # the rest of the page counts as one that was not looked at

    def _inside(self, url: Url, page: html.Page) -> None:
        base, here = base_of(url, page), shown(url.path)
        for link in page.links:
            if (where := absolute(link.url, base)) is not None:
                self.reference(where, here, download=link.download)
        if page.refresh and (where := absolute(page.refresh, base)) is not None:
            self.reference(where, here, download=False)
        for loaded in page.parts:
            if (where := absolute(loaded.url, base)) is None:
                continue
            if where.host != self.host:
                self._host(where, here, loaded)
            elif _ending(where.path) in IMAGES:
                self._keep(self.images, where)
        for form in forms_of(page, base):
            seen = WebFormSeen(here, form)
            if seen in self.forms or self._room(self.forms, MOST_FORMS, Capped.FORMS):
                self.forms[seen] = None

    def reference(self, where: Url, here: str, *, download: bool) -> None:
        """Take in a link."""
        ending = _ending(where.path)
        if where.host != self.host:
            self._host(where, here, None)
            if _SOCIAL.search(where.host) and not _SHARING.search(where.target) and len(where.path) > 1:
                profile = shown(where.text)
                if profile in self.profiles or self._room(self.profiles, MOST_PROFILES, Capped.PROFILES):
                    self.profiles[profile] = None
        if ending not in _PAGES or download:
            file = WebFile(shown(where.text), ending)
            if file.url in self.files or self._room(self.files, MOST_FILES, Capped.FILES):
                self.files.setdefault(file.url, file)
        if where.host != self.host:
            return
        if ending in DOCUMENTS | OLD_DOCUMENTS:
            self._keep(self.documents, where)
        elif ending in IMAGES:
            self._keep(self.images, where)
        elif ending in _PAGES and not download:
            self.wait(where)

    def wait(self, where: Url) -> None:
        """Put a page into the queue, once, unless it looks as if it changed something or has too many siblings."""
        if where.text in self.known:
            return
        if len(self.known) >= MOST_WAITING:
            self.skipped += 1
            return
        self.known.add(where.text)
        if _HARMFUL.search(where.target):
            return
        count = self.same_path[where.path] = self.same_path.get(where.path, 0) + 1
        if count > SAME_PATH:
            self.skipped += 1
        else:
            self.waiting.append(where)

    def _keep(self, kept: dict[str, Url], where: Url) -> None:
        """Keep an address to be fetched later: many more than ever are, for the rest counts as left, but not without end."""
        if len(kept) < MOST_WAITING:
            kept.setdefault(where.text, where)

    def _room(self, kept: Sized, most: int, kind: Capped) -> bool:
        """Tell whether one more of a kind may be kept, and remember the kind where not."""
        if len(kept) < most:
            return True
        self.beyond.add(kind)
        return False

    def _host(self, where: Url, here: str, loaded: html.Part | None) -> None:
        known = self.hosts.get(where.host)
        if known is None:
            if not self._room(self.hosts, MOST_HOSTS, Capped.HOSTS):
                return
            known = WebHost(where.host, shown(where.text), here)
        if loaded is not None:
            loads = tuple(dict.fromkeys((*known.loads, loaded.load.value)))
            open_ = known.unsealed or (loaded.load in {html.Load.SCRIPT, html.Load.STYLE} and not loaded.integrity)
            known = replace(known, loads=loads, unsealed=open_)
        self.hosts[where.host] = known


@probe(limit=240.0)
async def web_crawl(service: Service, net: Net) -> WebCrawl:
    """Walk at the first address that answers."""
    site = Site.of(service)
    place = await first_side(service, net)
    start = f"{place.origin}/"
    bare = await visit(net, site, place.address, start)
    with_cookies: WebReading | Unobserved | None = None
    if any(answer.cookies for answer in bare.visit.answers):
        jar: dict[str, str] = {}
        again = await part(visit(net, site, place.address, start, jar=jar))
        if not isinstance(again, Unobserved):  # the first one has only brought the cookies
            again = await part(visit(net, site, place.address, start, jar=jar))
        with_cookies = again if isinstance(again, Unobserved) else _reading(again)
    last = bare.visit.answers[-1]
    begin = WebCrawl(shown(bare.url.text), _reading(bare), with_cookies)
    if bare.visit.end is not WebEnd.ANSWER or bare.url.host != site.host:
        elsewhere = absolute(last.location) if last.location else bare.url
        return replace(begin, elsewhere="" if elsewhere is None or elsewhere.host == site.host else elsewhere.host)
    walk = _Walk(site.host)
    walk.known.add(bare.url.text)
    walk.page(bare.url, bare.last)
    ended = await _walk(net, Place(site.host, place.address, bare.url.port, bare.url.scheme == "https"), walk)
    read, unread = await _documents(net, site, place.address, walk)
    pictures, pictures_left = await _images(net, site, place.address, walk)
    return replace(
        begin,
        pages=tuple(walk.pages),
        hosts=await _looked_up(net, walk.hosts.values()),
        forms=tuple(walk.forms),
        files=tuple(walk.files.values()),
        documents=read,
        profiles=tuple(walk.profiles),
        left=len(walk.waiting) + walk.skipped,
        documents_left=unread,
        images=pictures,
        images_left=pictures_left,
        ended=ended,
        beyond=tuple(sorted(walk.beyond)),
    )


def _reading(seen: Visited) -> WebReading:
    page = seen.visit.page
    return WebReading(seen.last.status, page.text if page else 0, seen.visit.end in {WebEnd.LOOP, WebEnd.TOO_MANY})


async def _walk(net: Net, place: Place, walk: _Walk) -> Unobserved | None:
    """Visit pages until the queue is empty, a cap is met, or the server answers no more."""
    loop = asyncio.get_running_loop()
    until, failures = loop.time() + MOST_SECONDS, 0
    async with Caller(net, place) as caller:
        while walk.waiting and len(walk.pages) < MOST_PAGES and walk.octets < MOST_ALL_OCTETS and loop.time() < until:
            url = walk.waiting.popleft()
            if (url.port, url.scheme == "https") != (place.port, place.tls):
                walk.skipped += 1  # another side of the site: a subject of its own, or the one that redirects here
                continue
            try:
                answer = await caller.ask(url.target, limit=MOST_PAGE_OCTETS)
            except CannotObserve as why:
                failures += 1
                walk.skipped += 1
                if failures >= MOST_FAILURES:
                    return Unobserved(why.reason, why.detail)
                continue
            failures = 0
            walk.page(url, answer)
    return None


async def _documents(net: Net, site: Site, address: str, walk: _Walk) -> tuple[tuple[WebDocument, ...], int]:
    wanted = [url for url in walk.documents.values() if url.port in {site.https, site.http}]
    found = []
    for url in wanted[:MOST_DOCUMENTS]:
        if _ending(url.path) in OLD_DOCUMENTS:
            found.append(WebDocument(shown(url.text), "", problem="format-not-read"))
            continue
        async with Caller(net, Place(site.host, address, url.port, url.scheme == "https")) as caller:
            answer = await part(caller.ask(url.target, limit=MOST_DOCUMENT_OCTETS, seconds=30.0))
        if isinstance(answer, Unobserved):
            found.append(WebDocument(shown(url.text), "", problem=answer.reason.value))
        elif answer.status == 200:
            found.append(await asyncio.to_thread(_document, shown(url.text), answer))
        elif _withheld(answer.status):
            found.append(WebDocument(shown(url.text), "", problem=f"status-{answer.status}"))
    return tuple(found), max(0, len(wanted) - MOST_DOCUMENTS)


async def _images(net: Net, site: Site, address: str, walk: _Walk) -> tuple[tuple[WebDocument, ...], int]:
    """Read the pictures that pages show, of each no more than its beginning, within a cap of time; how many were left is given too."""
    loop, found, left, failures = asyncio.get_running_loop(), list[WebDocument](), 0, 0
    until = loop.time() + MOST_IMAGE_SECONDS
    for tls in (True, False):
        place = site.place(address, tls=tls)
        wanted = [url for url in walk.images.values() if (url.port, url.scheme == "https") == (place.port, tls)]
        if not wanted:
            continue
        async with Caller(net, place) as caller:
            for url in wanted:
                if len(found) >= MOST_IMAGES or loop.time() > until or failures >= MOST_FAILURES:
                    left += 1
                    continue
                answer = await part(caller.ask(url.target, limit=MOST_IMAGE_OCTETS))
                if isinstance(answer, Unobserved):
                    failures += 1
                    found.append(WebDocument(shown(url.text), "", problem=answer.reason.value))
                elif answer.status == 200:
                    read = images.read(answer.body)
                    if not read.kind and media_type(answer.header("content-type") or "") == "text/html":
                        continue  # a page in place of a picture
                    problem = read.problem or ("" if read.kind else "format-not-read")
                    found.append(WebDocument(shown(url.text), read.kind, _properties(read), problem))
                elif _withheld(answer.status):
                    found.append(WebDocument(shown(url.text), "", problem=f"status-{answer.status}"))
    return tuple(found), left


def _withheld(status: int) -> bool:
    """Whether something may be published that this answer does not show: elsewhere, at another time, or not to us so quickly."""
    return status in REDIRECTS or status == 429 or status >= 500


def _document(url: str, answer: Answer) -> WebDocument:
    if not answer.whole:
        return WebDocument(url, "", problem="too-large")
    read = documents.read(answer.body)
    return WebDocument(url, read.kind, _properties(read), read.problem or ("" if read.kind else "not-a-document"))


def _properties(read: documents.Properties) -> tuple[WebProperty, ...]:
    return tuple(WebProperty(each.name, _clean(each.value)) for each in read.found)


async def _looked_up(net: Net, hosts: Iterable[WebHost]) -> tuple[WebHost, ...]:
    found = list(hosts)
    names = [host.host for host in found if not is_address(host.host)]
    told = dict(zip(names, await together(part(_name(net, name)) for name in names), strict=True))
    return tuple(replace(host, name=told.get(host.host)) for host in found)


async def _name(net: Net, name: str) -> Status:
    answer = await net.resolve(name, Type.A)
    if answer.status.value == Status.EMPTY:
        answer = await net.resolve(name, Type.AAAA)
    return Status(answer.status.value)


def _ending(path: str) -> str:
    name = path.rpartition("/")[2]
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    return ending if len(ending) <= 12 and ending.isalnum() else ""


def _clean(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text).strip()

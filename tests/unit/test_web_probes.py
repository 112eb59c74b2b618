"""The probes of web sites against small servers on loopback: what is sent, what is kept, and where they stop."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from scanner.codec import observation_out
from scanner.facts.web import WebSite, WebSites
from scanner.facts.web_content import Capped, WebCrawl, WebFiles
from scanner.facts.web_entry import WebEnd, WebEntry, WebVisit
from scanner.facts.web_server import WebMethods, WebPaths
from scanner.model.fact import Fact, Observed, Unobserved
from scanner.model.reason import CannotObserve, Reason
from scanner.model.target import Kind, Service
from scanner.net.network import Network, Settings
from scanner.net.scope import Entry, Level, Match, Scope
from scanner.probes import web_crawl as crawling
from scanner.probes import web_talk
from scanner.probes.base import Probe
from scanner.probes.web_crawl import web_crawl
from scanner.probes.web_entry import web_entry
from scanner.probes.web_files import web_files
from scanner.probes.web_paths import USUAL, web_paths
from scanner.probes.web_server import web_methods
from scanner.probes.web_talk import Caller, Place, Site
from scanner.probes.web_visit import MOST_PARTS
from scanner.wire.web import html
from scanner.wire.web.paths import WANTED
from tests.unit.net_servers import LOOPBACK
from tests.unit.pictures import jpeg, png, tiff, webp

PROBES = (web_entry, web_methods, web_paths, web_files, web_crawl)
Answering = Callable[[str, str, str], bytes | None]
"""Method, path and head to the octets of an answer; ``None`` closes the connection without one."""


def reply(status: int, body: str | bytes = "", *headers: str) -> bytes:
    octets = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(octets)}", *headers]
    if not any(header.startswith("Content-Type") for header in headers):
        lines.append("Content-Type: text/html; charset=utf-8")
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + octets


@dataclass
class Web:
    """A server whose every answer a test writes; it remembers what it was asked."""

    answer: Answering
    asked: list[str] = field(default_factory=list)
    connections: int = 0
    port: int = 0

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                self.asked.append(head)
                method, path = head.split(" ")[:2]
                octets = self.answer(method, path, head)
                if octets is None:
                    return
                writer.write(octets)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client went away
        finally:
            writer.close()


def see(web: Web, *probes: Probe, scope: Scope = LOOPBACK) -> tuple[list[Fact | CannotObserve], str]:
    """Run probes against a server; their facts or why there are none, and all evidence as text."""

    async def go() -> tuple[list[Fact | CannotObserve], str]:
        server = await asyncio.start_server(web.talk, "127.0.0.1", 0)
        async with server:
            web.port = server.sockets[0].getsockname()[1]
            service = Service("127.0.0.1", web.port, "http")
            found: list[Fact | CannotObserve] = []
            kept = ""
            async with Network(Settings(scope=scope, contact="csirt@example.jp")) as network:
                for one in probes:
                    view = network.view(service.key)
                    try:
                        found.append(await one.run(service, view))
                    except CannotObserve as why:
                        found.append(why)
                    kept += "".join(f"{e.source}\n{e.excerpt}\n" for e in view.evidence())
            return found, kept

    return asyncio.run(go())


def pages(table: dict[str, bytes]) -> Answering:
    """A site of these paths; HEAD, GET and nothing else, 404 for the rest."""
    return lambda method, path, head: reply(405, "", "Allow: GET, HEAD") if method != "GET" else table.get(path, reply(404, "none"))


def entry_of(web: Web, scope: Scope = LOOPBACK) -> WebVisit | Unobserved:
    (fact,), _ = see(web, web_entry, scope=scope)
    assert isinstance(fact, WebEntry)
    (address,) = fact.addresses
    assert address.secure is None
    assert address.plain is not None
    return address.plain


def test_nothing_is_sent_that_could_change_anything_and_everything_says_who_asks() -> None:
    home = reply(200, '<title>t</title><a href="/next">n</a><a href="/logout">o</a><a href="/item?action=delete">d</a>')
    web = Web(pages({"/": home, "/next": reply(200, "<title>n</title>")}))
    facts, _ = see(web, *PROBES)
    assert not [fact for fact in facts if isinstance(fact, CannotObserve)]
    assert {head.split(" ")[0] for head in web.asked} == {"GET", "OPTIONS", "TRACE", "PROPFIND", "TENKEN"}
    assert not [head for head in web.asked if re.search(r"(?im)^(cookie|authorization|content-length|transfer-encoding):", head)]
    assert all("User-Agent: Tenken/" in head and "csirt@example.jp" in head for head in web.asked)
    assert all(f"Host: 127.0.0.1:{web.port}\r\n" in head for head in web.asked)
    assert not [head for head in web.asked if "logout" in head or "delete" in head]
    assert web.connections < 16  # of well over a hundred requests


def test_values_of_cookies_and_bodies_with_secrets_are_never_kept() -> None:
    secret = "hunter2-hunter2"
    table = {
        "/": reply(200, "<title>t</title>", f"Set-Cookie: sid={secret}; HttpOnly", f"Location: /x?token={secret}"),
        "/.env": reply(200, f"DB_PASSWORD={secret}\n", "Content-Type: text/plain"),
        "/.htpasswd": reply(200, f"admin:$2y$05${secret}\n", "Content-Type: text/plain"),
    }
    facts, kept = see(Web(pages(table)), *PROBES)
    text = kept + json.dumps([observation_out(Observed(f, "2026-11-22T00:00:00Z")) for f in facts if isinstance(f, Fact)])
    assert secret not in text
    found = next(fact for fact in facts if isinstance(fact, WebPaths))
    assert {path.path for path in found.addresses[0].paths if path.proof} == {"/.env", "/.htpasswd"}


def test_a_site_that_answers_200_to_everything_has_nothing_proven(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_talk, "LEAST_GAP", 0.0)
    for body in (
        "<title>home</title>",
        "A=1\n",
        "[core]\n",
        "<?php",
        "PK\x03\x04",
        '<input type="password">',
        "<title>Index of /</title><a href=",
    ):
        (fact,), _ = see(Web(lambda method, path, head, body=body: reply(200, body, "Content-Type: text/html")), web_paths)  # type: ignore[misc]  # mypy does not see the default
        assert isinstance(fact, WebPaths)
        (address,) = fact.addresses
        assert [path for path in address.paths if path.proof] == []
        assert len(address.paths) == len(WANTED) + len(USUAL)


def test_a_server_that_stops_answering_is_left_alone() -> None:
    count = 0

    def answer(method: str, path: str, head: str) -> bytes | None:
        nonlocal count
        count += 1
        return reply(404) if count < 10 else None

    web = Web(answer)
    (fact,), _ = see(web, web_paths)
    assert isinstance(fact, WebPaths)
    assert fact.addresses[0].ended is not None
    assert fact.addresses[0].ended.reason is Reason.RESET
    assert len(web.asked) < 20


def test_a_redirect_out_of_scope_is_not_followed() -> None:
    seen = entry_of(Web(lambda method, path, head: reply(301, "", "Location: http://192.0.2.1/elsewhere?private=1")))
    assert isinstance(seen, WebVisit)
    assert (seen.end, seen.answers[0].location) == (WebEnd.UNFOLLOWED, "http://192.0.2.1/elsewhere")
    assert seen.unfollowed is not None
    assert seen.unfollowed.reason is Reason.OUT_OF_SCOPE


@pytest.mark.parametrize(
    ("location", "end"),
    [
        ("/", WebEnd.LOOP),
        ("javascript:alert(1)", WebEnd.NOWHERE),
        ("http://user:pw@127.0.0.1/", WebEnd.NOWHERE),
        ("/deeper{n}", WebEnd.TOO_MANY),
    ],
)
def test_redirects_that_lead_nowhere_come_to_an_end(location: str, end: WebEnd) -> None:
    count = 0

    def answer(method: str, path: str, head: str) -> bytes:
        nonlocal count
        count += 1
        return reply(302, "", "Location: " + location.replace("{n}", str(count)))

    seen = entry_of(Web(answer))
    assert isinstance(seen, WebVisit)
    assert seen.end is end
    assert count <= 12


def test_a_passive_scope_sends_nothing() -> None:
    web = Web(pages({}))
    scope = Scope(allowed=(Entry(Match.NETWORK, "127.0.0.0/8", level=Level.PASSIVE),))
    facts, _ = see(web, *PROBES, scope=scope)
    assert web.connections == 0
    for fact in facts:
        if isinstance(fact, WebEntry):
            plain = fact.addresses[0].plain
            assert isinstance(plain, Unobserved)
            assert plain.reason is Reason.OUT_OF_SCOPE


def test_an_idle_connection_that_was_closed_is_opened_again() -> None:
    web = Web(pages({}))
    closing = iter(range(10_000))
    first = web.answer

    def answer(method: str, path: str, head: str) -> bytes | None:
        # Every fourth request meets a closed connection, as with servers that keep one open for few requests or little time.
        return None if next(closing) % 4 == 3 else first(method, path, head)

    web.answer = answer
    (fact,), _ = see(web, web_paths)
    assert isinstance(fact, WebPaths)
    assert fact.addresses[0].ended is None
    assert all(path.status == 404 for path in fact.addresses[0].paths)


def test_a_handshake_that_never_ends_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_talk, "CONNECT_SECONDS", 0.3)

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"\x16")
        await reader.read()
        writer.close()

    async def go() -> Reason:
        server = await asyncio.start_server(drip, "127.0.0.1", 0)
        async with server, Network(Settings(scope=LOOPBACK)) as network:
            place = Place("127.0.0.1", "127.0.0.1", server.sockets[0].getsockname()[1], tls=True)
            async with Caller(network.view("x"), place, over_http2=True) as caller:
                with pytest.raises(CannotObserve) as why:
                    await caller.chooses_http2()
        return why.value.reason

    assert asyncio.run(go()) is Reason.TIMEOUT


def test_methods_and_errors_are_told() -> None:
    def answer(method: str, path: str, head: str) -> bytes:
        if method == "TRACE":
            return reply(200, head, "Content-Type: message/http")
        if method == "OPTIONS":
            return reply(200, "", "Allow: GET, PUT, delete", "DAV: 1,2")
        if path == "/":
            origin = re.search(r"(?m)^Origin: (.*)\r$", head)
            more = [f"Access-Control-Allow-Origin: {origin[1]}", "Access-Control-Allow-Credentials: true"] if origin else []
            return reply(200, "x", *more)
        return reply(404, "<h1>Not Found</h1><address>Apache/2.4.57 (Debian) Server</address>")

    (fact,), _ = see(Web(answer), web_methods)
    assert isinstance(fact, WebMethods)
    (address,) = fact.addresses
    assert isinstance(address.methods, tuple)
    told = {each.method: each for each in address.methods if not isinstance(each, Unobserved)}
    assert told["TRACE"].echoed
    assert (told["OPTIONS"].allow, told["OPTIONS"].dav) == (("GET", "PUT", "DELETE"), "1,2")
    assert (address.origin_answer, address.credentials) == ("https://tenken.invalid", True)
    assert {version for error in address.errors if not isinstance(error, Unobserved) for version in error.versions} == {"Apache 2.4.57"}


def test_small_files_are_read() -> None:
    table = {
        "/robots.txt": reply(200, "User-agent: *\nDisallow: /\n", "Content-Type: text/plain"),
        "/.well-known/security.txt": reply(302, "", "Location: /s.txt"),
        "/s.txt": reply(200, "Contact: mailto:a@example.jp\nExpires: 2027-01-01T00:00:00Z\n", "Content-Type: text/plain"),
    }
    (fact,), _ = see(Web(pages(table)), web_files)
    assert isinstance(fact, WebFiles)
    assert not isinstance(fact.robots, Unobserved)
    assert not isinstance(fact.security, Unobserved)
    assert "*" in fact.robots.shut_out
    assert (fact.security.found, fact.security.expires) == (True, "2027-01-01T00:00:00+00:00")


def test_a_walk_keeps_to_its_host_and_its_caps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crawling, "MOST_PAGES", 5)

    def answer(method: str, path: str, head: str) -> bytes:
        number = int(re.sub(r"\D", "", path) or 0)
        links = "".join(f'<a href="/{n}.html">{n}</a>' for n in range(number + 1, number + 20))
        return reply(
            200,
            f'<title>{number}</title>{links}<a href="/cal?d={number}">c</a><a href="http://127.0.0.2/">other</a>'
            '<a href="/a.jtd">d</a><a href="/b.xls">x</a>',
        )

    web = Web(answer)
    (fact,), _ = see(web, web_crawl)
    assert isinstance(fact, WebCrawl)
    assert len(fact.pages) == 5
    assert fact.left > 0
    assert [host.host for host in fact.hosts] == ["127.0.0.2"]
    assert [(document.url.rpartition("/")[2], document.problem) for document in fact.documents] == [
        ("a.jtd", "format-not-read"),
        ("b.xls", "not-a-document"),
    ]
    assert all(f"Host: 127.0.0.1:{web.port}" in head for head in web.asked)


def test_a_page_that_goes_on_beyond_a_cap_is_not_the_whole_site() -> None:
    links = '<a href="https://127.0.0.2/">x</a>' * (html.MOST_LINKS + 1)
    (fact,), _ = see(Web(pages({"/": reply(200, f"<title>t</title>{links}")})), web_crawl)
    assert isinstance(fact, WebCrawl)
    assert fact.left == 1


def test_what_pages_have_more_of_than_is_kept_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    for cap in ("MOST_FILES", "MOST_FORMS", "MOST_HOSTS", "MOST_PROFILES"):
        monkeypatch.setattr(crawling, cap, 1)
    some = '<a href="/a.exe">a</a><form action="/a"></form><a href="https://x.com/kakuu">x</a>'
    more = {
        Capped.FILES: '<a href="/b.exe">b</a>',
        Capped.FORMS: '<form action="/b"></form>',
        Capped.HOSTS: '<a href="https://a.invalid/">y</a>',
        Capped.PROFILES: '<a href="https://x.com/other">z</a>',
    }
    for page, beyond in ((some * 2, ()), *((some + added, (kind,)) for kind, added in more.items())):
        (fact,), _ = see(Web(pages({"/": reply(200, f"<title>t</title>{page}")})), web_crawl)
        assert isinstance(fact, WebCrawl)
        assert fact.beyond == beyond


@pytest.mark.parametrize("name", ["punycode", "unicode_escape", "undefined", "no-such-charset", "zlib"])
def test_a_charset_that_no_page_has_costs_no_time(name: str) -> None:
    start = time.process_time()
    visit = entry_of(Web(pages({"/": reply(200, "<title>t</title>" + "-" + "a9z" * 160_000, f"Content-Type: text/html; charset={name}")})))
    assert isinstance(visit, WebVisit)
    assert visit.page is not None
    assert visit.page.title == "t"
    assert time.process_time() - start < 2.0


def test_parts_that_are_loaded_in_clear_are_kept_before_others() -> None:
    many = "".join(f'<script src="https://127.0.0.2/{n}.js"></script>' for n in range(MOST_PARTS)) + '<img src="http://127.0.0.2/a.png">'
    visit = entry_of(Web(pages({"/": reply(200, many)})))
    assert isinstance(visit, WebVisit)
    assert visit.page is not None
    assert (visit.page.parts[0].url, len(visit.page.parts)) == ("http://127.0.0.2/a.png", MOST_PARTS)


def test_pictures_of_the_site_are_read_within_their_cap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crawling, "MOST_IMAGES", 2)
    octets = {"/photo.jpg": jpeg(tiff(place=(35, 139))), "/big.png": png()[:40], "/c.webp": webp()}

    def answer(method: str, path: str, head: str) -> bytes:
        if path in octets:
            return reply(200, octets[path])
        return reply(
            200, '<title>t</title><img src="/photo.jpg"><a href="/big.png">p</a><img src="/c.webp"><img src="http://127.0.0.2/d.jpg">'
        )

    (fact,), _ = see(Web(answer), web_crawl)
    assert isinstance(fact, WebCrawl)
    assert [(image.url.rpartition("/")[2], image.kind, [one.name for one in image.properties], image.problem) for image in fact.images] == [
        ("big.png", "png", [], "too-large"),  # linked to; links come first
        ("photo.jpg", "jpeg", ["location"], ""),
    ]
    assert fact.images_left == 1


def test_a_picture_in_a_format_that_is_not_read_is_not_called_clean() -> None:
    """Nor is one that the server withholds. A telephone's HEIC under the name of a JPEG keeps its place; a page in its place has none."""

    def answer(method: str, path: str, head: str) -> bytes:
        if path == "/photo.jpg":
            return reply(200, b"\0\0\0\x24ftypheic", "Content-Type: image/jpeg")
        if path in {"/gone.png", "/busy.png"}:
            return reply(404 if path == "/gone.png" else 503)
        return reply(200, '<title>t</title><img src="/photo.jpg"><img src="/page.png"><img src="/gone.png"><img src="/busy.png">')

    (fact,), _ = see(Web(answer), web_crawl)
    assert isinstance(fact, WebCrawl)
    assert [(image.url.rpartition("/")[2], image.problem) for image in fact.images] == [
        ("photo.jpg", "format-not-read"),
        ("busy.png", "status-503"),
    ]


def test_the_usual_ports_belong_together_and_others_stand_alone() -> None:
    assert Site.of(Service("a.example", 443, "https")) == Site.of(Service("a.example", 80, "http")) == Site("a.example", 443, 80)
    assert Site.of(Service("a.example", 8443, "https")) == Site("a.example", 8443, 0)
    assert Site.of(Service("a.example", 8080, "http")) == Site("a.example", 0, 8080)
    assert Service("a.example", 443, "https").kinds == (Kind.WEB_SERVICE, Kind.TLS_SERVICE)
    assert Service("a.example", 80, "http").kinds == (Kind.WEB_SERVICE,)


SILENT = Unobserved(Reason.TIMEOUT, "no answer")


@pytest.mark.parametrize(
    ("https", "http", "declared", "led"),
    [
        (True, True, None, ("www.example.jp:443/https",)),
        (True, SILENT, False, ("www.example.jp:443/https",)),
        (False, True, None, ("www.example.jp:80/http",)),
        (False, False, True, ()),
        (SILENT, True, None, ()),
        (SILENT, True, True, ("www.example.jp:443/https",)),
    ],
)
def test_a_domain_leads_to_its_sites(
    https: bool | Unobserved, http: bool | Unobserved, declared: bool | None, led: tuple[str, ...]
) -> None:
    sites = WebSites((WebSite("www.example.jp", https, http),), declared)
    assert tuple(lead.key.removeprefix("service:") for lead in sites.leads()) == led
    assert all(kind in sites.leads_to for lead in sites.leads() for kind in lead.kinds)

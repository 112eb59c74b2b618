"""Web sites as facts, for the cases of their checks: one good site, and ways to change it. No case is here."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeVar

from scanner.facts.web_content import WebCrawl, WebFiles, WebPageSeen, WebReading, WebRobots, WebSecurityTxt
from scanner.facts.web_entry import WebAddress, WebAnswer, WebCookie, WebEnd, WebEntry, WebHeader, WebPage, WebVisit
from scanner.facts.web_server import WebControl, WebError, WebMethod, WebMethods, WebMethodsAddress, WebPath, WebPaths, WebPathsAddress
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason

Asked = TypeVar("Asked", WebMethods, WebPaths)

HOST = "www.example.jp"
HTTPS, HTTP = f"https://{HOST}/", f"http://{HOST}/"
V4, V6 = "192.0.2.1", "2001:db8::1"
SILENT = Unobserved(Reason.TIMEOUT, "no answer from 192.0.2.1:443/tcp within 8 s")
REFUSED = Unobserved(Reason.REFUSED, "a connection to 192.0.2.1:443/tcp: refused")
OUTSIDE = Unobserved(Reason.OUT_OF_SCOPE, "other.example (198.51.100.1) port 443: not listed")
PAGE = WebPage("text/html", "utf-8", "架空市", "", "", "", text=2000)
GOOD_HEADERS = (
    WebHeader("strict-transport-security", "max-age=63072000; includeSubDomains"),
    WebHeader("x-content-type-options", "nosniff"),
    WebHeader("x-frame-options", "SAMEORIGIN"),
    WebHeader("content-security-policy", "default-src 'self'"),
    WebHeader("referrer-policy", "strict-origin-when-cross-origin"),
    WebHeader("server", "nginx"),
    WebHeader("content-type", "text/html; charset=utf-8"),
)
SESSION = WebCookie("JSESSIONID", True, True, "lax", "", "/", False)


def answer(url: str = HTTPS, status: int = 200, location: str = "", **changes: Any) -> WebAnswer:  # Any: fields of several types
    return WebAnswer(url, status, location, changes.pop("headers", () if location else GOOD_HEADERS), **changes)


def visit(*answers: WebAnswer, page: WebPage | None = PAGE, end: WebEnd = WebEnd.ANSWER, unfollowed: Unobserved | None = None) -> WebVisit:
    return WebVisit(answers or (answer(),), end, page if end is WebEnd.ANSWER else None, unfollowed)


TO_HTTPS = visit(answer(HTTP, 301, HTTPS), answer())
GOOD = WebAddress(V4, TO_HTTPS, visit())


def entry(*addresses: WebAddress, left_out: int = 0) -> WebEntry:
    return WebEntry(HOST, addresses or (GOOD,), left_out)


def plain(*answers: WebAnswer, **changes: Any) -> WebEntry:  # Any: as above
    return entry(replace(GOOD, plain=visit(*answers, **changes)))


def secure(*answers: WebAnswer, **changes: Any) -> WebEntry:  # Any: as above
    return entry(replace(GOOD, secure=visit(*answers, **changes)))


def page(**changes: Any) -> WebEntry:  # Any: as above
    return secure(page=replace(PAGE, **changes))


def headers(*without: str, **values: str) -> WebEntry:
    """The good start page without some headers, or with others; underscores stand for hyphens."""
    names = {name.replace("_", "-"): value for name, value in values.items()}
    kept = [header for header in GOOD_HEADERS if header.name not in {*without, *names}]
    return secure(answer(headers=(*kept, *(WebHeader(name, value) for name, value in names.items()))))


def cookies(*given: WebCookie) -> WebEntry:
    return secure(answer(cookies=given or (SESSION,)))


def over_http2(*without: str, **changes: Any) -> WebEntry:  # Any: as above
    """The good site, but over HTTP/2 without some headers or with another page."""
    kept = tuple(header for header in GOOD_HEADERS if header.name not in without)
    return entry(replace(GOOD, http2=visit(answer(headers=kept), page=replace(PAGE, **changes))))


ELSEWHERE = secure(
    answer(HTTPS, 301, "https://www.example.com/", headers=GOOD_HEADERS),
    end=WebEnd.UNFOLLOWED,
    unfollowed=OUTSIDE,
)
SECOND = replace(GOOD, address=V6)
UNSEEN = entry(replace(GOOD, plain=SILENT, secure=SILENT))
PLAIN_ONLY = entry(WebAddress(V4, visit(answer(HTTP)), REFUSED))

METHODS = (
    WebMethod("OPTIONS", 200, ("GET", "HEAD", "POST")),
    WebMethod("TRACE", 405),
    WebMethod("PROPFIND", 405),
    WebMethod("TENKEN", 405),
)
ERRORS = (WebError("missing", 404), WebError("malformed", 400))


def methods(*changed: WebMethod | Unobserved, **changes: Any) -> WebMethods:  # Any: as above
    """The good server with some answers changed; an absent part drops the answers that it has no name for."""
    named = {each.method: each for each in METHODS} | {each.method: each for each in changed if isinstance(each, WebMethod)}
    given: tuple[WebMethod | Unobserved, ...] = tuple(named.values())
    if missing := [each for each in changed if isinstance(each, Unobserved)]:
        given = tuple(missing)
    return WebMethods((WebMethodsAddress(V4, given, changes.pop("errors", ERRORS), **changes),))


UNSEEN_METHODS = WebMethods((WebMethodsAddress(V4, SILENT),))


def paths(*found: WebPath, statuses: tuple[int, ...] = (404, 404, 404), ended: Unobserved | None = None) -> WebPaths:
    """A server that has nothing to hide, with some paths changed."""
    topics = {
        "/.git/HEAD": "repository",
        "/.env": "settings",
        "/.htpasswd": "key",
        "/backup.zip": "backup",
        "/server-status": "status",
        "/manual/": "sample",
        "/cgi-bin/test-cgi": "cgi",
        "/wp-login.php": "admin",
        "/xmlrpc.php": "cms",
        "/images/": "listing",
    }
    named = {path: WebPath(path, topic, 404) for path, topic in topics.items()} | {path.path: path for path in found}
    return WebPaths((WebPathsAddress(V4, WebControl(statuses), tuple(named.values()), ended),))


def other_over_http2(usual: Asked, other: Asked) -> Asked:
    """One server's answers over HTTP/1.1 and another's over HTTP/2, as those of one address."""
    (over,) = other.addresses
    return replace(usual, addresses=(*usual.addresses, replace(over, over_http2=True)))


UNSEEN_PATHS = WebPaths((WebPathsAddress(V4, SILENT),))
FILE = WebSecurityTxt(
    200, True, "/.well-known/security.txt", "text/plain", ("mailto:csirt@example.jp",), "2027-03-31T15:00:00+00:00", signed=True
)


def files(**changes: Any) -> WebFiles:  # Any: as above
    url = changes.pop("url", f"https://{HOST}")
    robots = changes.pop("robots", WebRobots(404))
    security = changes.pop("security", None) or replace(FILE, **changes)
    return WebFiles(url, "2026-11-22T00:00:00Z", robots, security)


START = WebPageSeen("/", 200, "架空市", 2000)
NEWS = WebPageSeen("/news.html", 200, "お知らせ - 架空市", 900)


def crawl(*pages: WebPageSeen, **changes: Any) -> WebCrawl:  # Any: as above
    return WebCrawl(
        changes.pop("start", HTTPS),
        changes.pop("bare", WebReading(200, 2000, False)),
        changes.pop("with_cookies", None),
        pages=pages or (START, NEWS),
        **changes,
    )


CRAWL_ELSEWHERE = replace(crawl(), pages=(), elsewhere="www.example.com")
CRAWL_DENIED = replace(crawl(), pages=(), bare=WebReading(403, 0, False))
CRAWL_LOOP = replace(crawl(), pages=(), bare=WebReading(302, 0, True))

"""One visit to a web site: redirects followed with care, and what the page at the end is made of. Used by the probes of web sites."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from scanner.facts.web_entry import WebAnswer, WebCookie, WebEnd, WebForm, WebHeader, WebPage, WebPart, WebVisit
from scanner.model.fact import Unobserved, needed
from scanner.model.reason import CannotObserve, Reason
from scanner.net.net import Net
from scanner.probes.dns_asking import addresses_of, is_address
from scanner.probes.web_talk import Caller, Place, Site
from scanner.wire.web import html, marks
from scanner.wire.web.headers import charset, media_type, set_cookie
from scanner.wire.web.http1 import Answer
from scanner.wire.web.urls import Url, absolute, shown

MOST_REDIRECTS = 10
LONGEST_VALUE = 1024
MOST_COOKIES = 32
MOST_PARTS = 120
LONGEST_NAME = 120
KEPT_HEADERS = frozenset(
    {
        "access-control-allow-origin",
        "content-encoding",
        "content-security-policy",
        "content-security-policy-report-only",
        "content-type",
        "permissions-policy",
        "referrer-policy",
        "retry-after",
        "server",
        "strict-transport-security",
        "via",
        "www-authenticate",
        "x-aspnet-version",
        "x-aspnetmvc-version",
        "x-content-type-options",
        "x-frame-options",
        "x-generator",
        "x-powered-by",
        "x-powered-cms",
        "x-robots-tag",
        "x-runtime",
        "x-drupal-cache",
        "x-varnish",
    }
)
REDIRECTS = frozenset({301, 302, 303, 307, 308})
_NO_CHARSETS = frozenset({"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape"})
"""Codecs of Python that no page is written in; punycode takes time that grows with the square of the length."""
_TEXTS = ("text/html", "application/xhtml+xml", "text/plain", "application/xml", "text/xml", "")


@dataclass(frozen=True, slots=True)
class Visited:
    """A visit with the last answer itself, for a probe that reads on; it is not part of any fact."""

    visit: WebVisit
    last: Answer
    url: Url


async def visit(net: Net, site: Site, address: str, start: str, *, jar: dict[str, str] | None = None, over_http2: bool = False) -> Visited:
    """Open ``start`` and follow redirects: on the site's own host at this address, elsewhere where the scope allows.

    With a ``jar`` the cookies that come (name and value, in memory only) are sent back to the same host, else none is. ``over_http2`` holds
    for the site's own host over HTTPS. Raises ``CannotObserve`` where the first answer does not come.
    """
    answers: list[WebAnswer] = []
    seen: set[str] = set()
    last: Answer | None = None
    url = absolute(start)
    assert url is not None, start
    while True:
        seen.add(url.text)
        try:
            answer = await _one(net, site, address, url, jar, over_http2=over_http2)
        except CannotObserve as why:
            if last is None:
                raise
            return Visited(WebVisit(tuple(answers), WebEnd.UNFOLLOWED, unfollowed=Unobserved(why.reason, why.detail)), last, url)
        last = answer
        if jar is not None:
            _gather(jar, answer)
        location = answer.header("location") if answer.status in REDIRECTS else None
        following = absolute(location, url.text) if location else None
        answers.append(answer_of(url, answer, following))
        end: WebEnd | None = None
        if location is None:
            end = WebEnd.ANSWER
        elif following is None:
            end = WebEnd.NOWHERE
        elif following.text in seen and (jar is None or len(answers) > MOST_REDIRECTS // 2):
            end = WebEnd.LOOP
        elif len(answers) > MOST_REDIRECTS:
            end = WebEnd.TOO_MANY
        if end is not None:
            page = page_of(url, answer) if end is WebEnd.ANSWER else None
            return Visited(WebVisit(tuple(answers), end, page), answer, url)
        assert following is not None
        url = following


async def _one(net: Net, site: Site, address: str, url: Url, jar: Mapping[str, str] | None, *, over_http2: bool) -> Answer:
    own = url.host == site.host
    place = Place(url.host, address if own else await _address_of(net, url.host), url.port, url.scheme == "https")
    more = [("Cookie", "; ".join(f"{name}={value}" for name, value in jar.items()))] if jar and own else []
    async with Caller(net, place, over_http2=over_http2 and own and place.tls) as caller:
        return await caller.ask(url.target, more=more)


async def _address_of(net: Net, host: str) -> str:
    if is_address(host):
        return host
    found = needed(await addresses_of(net, host))
    if not found:
        raise CannotObserve(Reason.UNREACHABLE, f"{host}, to which the site redirects, has no address")
    return found[0]


def _gather(jar: dict[str, str], answer: Answer) -> None:
    for value in answer.all("set-cookie")[:MOST_COOKIES]:
        name, equals, text = value.partition(";")[0].partition("=")
        if equals and name.strip():
            jar[name.strip()] = text.strip()[:4096]


def answer_of(url: Url, answer: Answer, following: Url | None) -> WebAnswer:
    """Write an answer down: the headers that matter, cookies without values."""
    return WebAnswer(
        url=shown(url.text),
        status=answer.status,
        location="" if following is None else shown(following.text),
        headers=tuple(WebHeader(name, _printable(value)) for name, value in answer.headers if name in KEPT_HEADERS),
        cookies=cookies_of(answer.all("set-cookie")),
        octets=len(answer.body),
    )


def cookies_of(values: Iterable[str]) -> tuple[WebCookie, ...]:
    """Write cookies down, each name once, without their values."""
    found: dict[str, WebCookie] = {}
    for value in list(values)[:MOST_COOKIES]:
        if cookie := set_cookie(value):
            found[cookie.name] = WebCookie(
                _printable(cookie.name),
                cookie.secure,
                cookie.http_only,
                _printable(cookie.same_site),
                _printable(cookie.domain),
                _printable(cookie.path),
                cookie.kept,
                cookie.internal_address,
            )
    return tuple(found.values())


def text_of(answer: Answer) -> str | None:
    """Give the body as text; ``None`` where it is none, or comes in a coding that is not read."""
    kind = media_type(answer.header("content-type") or "")
    if answer.header("content-encoding") not in {None, "", "identity"} or kind not in _TEXTS:
        return None
    name = charset(answer.header("content-type") or "") or "utf-8"
    try:
        if codecs.lookup(name).name not in _NO_CHARSETS:
            return answer.body.decode(name, "replace")
    except (LookupError, ValueError):
        pass  # browsers take what they do not know for another charset, too
    return answer.body.decode("utf-8", "replace")


def page_of(url: Url, answer: Answer) -> WebPage:
    """Take a page apart. URLs are made absolute; what is no http or https URL is left out."""
    kind = _printable(media_type(answer.header("content-type") or ""))
    named = _printable(charset(answer.header("content-type") or ""))
    text = text_of(answer)
    if text is None:
        encoded = answer.header("content-encoding") not in {None, "", "identity"}
        return WebPage(kind, named, None, "", "", "", encoded=encoded, cut=not answer.whole)
    page = html.read(text)
    base = base_of(url, page)
    refresh = absolute(page.refresh, base) if page.refresh else None
    default, listing, error = (marks.find(table, text) for table in (marks.DEFAULT_PAGES, marks.LISTINGS, marks.ERRORS))
    return WebPage(
        media_type=kind,
        charset=named or _printable(page.charset),
        title=None if page.title is None else _printable(page.title),
        generator=_printable(page.meta("generator")),
        robots=_printable(page.meta("robots")),
        refresh="" if refresh is None else shown(refresh.text),
        policy=_printable(page.meta("content-security-policy")),
        referrer=_printable(page.meta("referrer")),
        parts=tuple(parts_of(page, base))[:MOST_PARTS],
        forms=tuple(forms_of(page, base)),
        text=page.text,
        default_page=default.name if default else "",
        listing=listing.name if listing else "",
        error=error.name if error else "",
        cut=page.cut or not answer.whole,
    )


def base_of(url: Url, page: html.Page) -> str:
    """Give the URL against which the page's references count."""
    named = absolute(page.base, url.text) if page.base else None
    return (named or url).text


def parts_of(page: html.Page, base: str) -> Iterable[WebPart]:
    """Give what the page loads, each once: first what it loads in clear, and of that first what can change the page."""
    found: dict[tuple[bool, bool, WebPart], None] = {}
    for part in page.parts:
        if (where := absolute(part.url, base)) is not None:
            made = WebPart(part.load.value, shown(where.text), part.integrity)
            found[where.scheme != "http", not part.load.active, made] = None
    return (made for *_, made in sorted(found, key=lambda part: part[:2]))


def forms_of(page: html.Page, base: str) -> Iterable[WebForm]:
    """Give the page's forms with where they send."""
    for form in page.forms:
        where = absolute(form.action, base)
        yield WebForm(_printable(form.action)[:LONGEST_NAME] if where is None else shown(where.text), form.method, form.password)


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text[:LONGEST_VALUE]).strip()

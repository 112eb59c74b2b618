"""What the web checks share: one verdict from all addresses, the start page that a verdict may rest on, words. No check is here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

from checks.each import Judged, each_address
from scanner.facts.web_content import Capped, WebCrawl
from scanner.facts.web_entry import WebAddress, WebAnswer, WebEnd, WebEntry, WebPage, WebVisit
from scanner.model.fact import Unobserved, cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import Verdict, not_applicable

ELSEWHERE: Final[Mapping[str, Text]] = MappingProxyType(
    {
        "SITE_ELSEWHERE": Text(
            ja="この名前は {host} へ転送するだけで、自らのページを持たない",
            en="this name only redirects to {host} and has no page of its own",
        )
    }
)
"""For checks of a page: the name has none. Stands among the words of each of them."""

_CAPPED: Final[Mapping[Capped, Text]] = MappingProxyType(
    {
        Capped.FILES: Text(ja="リンク先のファイル", en="linked files"),
        Capped.FORMS: Text(ja="フォーム", en="forms"),
        Capped.HOSTS: Text(ja="ほかのサイト", en="other sites"),
        Capped.PROFILES: Text(ja="アカウントへのリンク", en="links to accounts"),
    }
)
_DENIED: Final = frozenset({401, 403, 407, 451})


def host_of(url: str) -> str:
    """Give the host of a URL as facts hold it."""
    return urlsplit(url).hostname or ""


def is_https(url: str) -> bool:
    """Tell an https URL."""
    return url.startswith("https:")


def each(entry: WebEntry, judge: Callable[[WebAddress], Judged], *, worst_first: tuple[str, ...] = ()) -> Judged:
    """Judge every address of a site, see ``checks.each.each_address``."""
    return each_address(((seen.address, seen) for seen in entry.addresses), judge, left_out=entry.left_out, worst_first=worst_first)


def each_protocol(endings: Iterable[tuple[str, bool, Judged]], *, left_out: int = 0, worst_first: tuple[str, ...] = ()) -> Judged:
    """Give one ending out of what every address showed over HTTP/1.1 (false) and, where it speaks it, over HTTP/2 (true).

    Where the two end with one tag the address speaks for both, with what HTTP/1.1 showed; else the protocol stands beside it.
    """
    found: dict[str, dict[bool, Judged]] = {}
    for address, over_http2, ending in endings:
        found.setdefault(address, {})[over_http2] = ending
    parts: list[tuple[str, Judged]] = []
    for address, by_protocol in found.items():
        if len({ending if isinstance(ending, Unobserved) else ending.tag for ending in by_protocol.values()}) == 1:
            parts.append((address, next(iter(by_protocol.values()))))
        else:
            parts += [(f"{address} ({'HTTP/2' if over_http2 else 'HTTP/1.1'})", ending) for over_http2, ending in by_protocol.items()]
    return each_address(parts, lambda ending: ending, left_out=left_out, worst_first=worst_first)


def each_secure(entry: WebEntry, judge: Callable[[WebAddress], Judged], *, worst_first: tuple[str, ...] = ()) -> Judged:
    """Judge every address as ``each`` does, and again with its visit over HTTP/2 in place of the other two, as browsers make it."""
    endings = [(seen.address, False, judge(seen)) for seen in entry.addresses]
    for seen in entry.addresses:
        if isinstance(seen.http2, Unobserved):
            endings.append((seen.address, True, seen.http2))
        elif seen.http2 is not None:
            endings.append((seen.address, True, judge(replace(seen, plain=None, secure=seen.http2, http2=None))))
    return each_protocol(endings, left_out=entry.left_out, worst_first=worst_first)


def visit_of(seen: WebAddress) -> WebVisit | Unobserved:
    """Give the visit to judge: over HTTPS, or over plain HTTP where the site certainly has no HTTPS."""
    if isinstance(seen.secure, WebVisit):
        return seen.secure
    if isinstance(seen.plain, WebVisit) and (seen.secure is None or seen.secure.reason is Reason.REFUSED):
        return seen.plain
    unseen = seen.secure if isinstance(seen.secure, Unobserved) else seen.plain
    return unseen if isinstance(unseen, Unobserved) else cannot_tell(Reason.UNREACHABLE, "応答がない", "there is no answer")


def denied(status: int) -> Unobserved:
    """Say why an answer with this status shows nothing of the site."""
    if status in _DENIED:
        return cannot_tell(Reason.ACCESS_DENIED, "閲覧を拒まれた（{status}）", "the page was denied ({status})", status=status)
    if status == 429:
        return cannot_tell(
            Reason.REFUSED, "要求が多すぎるとして拒まれた（{status}）", "refused for too many requests ({status})", status=status
        )
    if status >= 500:
        return cannot_tell(
            Reason.SERVER_FAILURE, "サーバが失敗を返した（{status}）", "the server answered with a failure ({status})", status=status
        )
    return cannot_tell(Reason.NOT_DISCOVERABLE, "トップページがない（{status}）", "there is no start page ({status})", status=status)


def own_page(entry: WebEntry, visit: WebVisit) -> tuple[WebAnswer, WebPage] | Judged:
    """Give the answer and page on which a verdict about the start page may rest, or what is to be said instead."""
    last = visit.answers[-1]
    target = host_of(last.location) if visit.end is WebEnd.UNFOLLOWED else host_of(last.url)
    if target and target != entry.host and visit.end in {WebEnd.UNFOLLOWED, WebEnd.ANSWER}:
        return not_applicable("SITE_ELSEWHERE", host=target)
    if visit.unfollowed is not None:
        return visit.unfollowed
    if visit.end is not WebEnd.ANSWER:
        return cannot_tell(Reason.PROTOCOL_VIOLATION, "転送が終わらない", "the redirects do not come to an end")
    if not 200 <= last.status < 300 or visit.page is None:
        return denied(last.status)
    return last, visit.page


def each_page(entry: WebEntry, judge: Callable[[WebAnswer, WebPage], Judged], *, worst_first: tuple[str, ...] = ()) -> Judged:
    """Judge the start page at every address: the one over HTTPS by either protocol, or over plain HTTP where there is nothing else."""

    def one(seen: WebAddress) -> Judged:
        visit = visit_of(seen)
        if isinstance(visit, Unobserved):
            return visit
        found = own_page(entry, visit)
        return found if isinstance(found, Verdict | Unobserved) else judge(*found)

    return each_secure(entry, one, worst_first=worst_first)


def unread(page: WebPage) -> Unobserved | None:
    """Say why a page's content is not known, ``None`` where it is."""
    if page.encoded:
        return cannot_tell(
            Reason.UNSUPPORTED, "求めていない圧縮で送られ、読んでいない", "it came compressed, which was not asked for, and was not read"
        )
    return None


def walked(crawl: WebCrawl) -> Judged | None:
    """Say why nothing was walked, ``None`` where pages were seen."""
    if crawl.elsewhere:
        return not_applicable("SITE_ELSEWHERE", host=crawl.elsewhere)
    if crawl.bare.looped:
        return cannot_tell(Reason.PROTOCOL_VIOLATION, "転送が終わらない", "the redirects do not come to an end")
    if not crawl.pages:
        return crawl.ended or denied(crawl.bare.status)
    if crawl.pages[0].status != 200:
        return denied(crawl.pages[0].status)
    return None


def unfinished(crawl: WebCrawl, kind: Capped | None = None) -> Unobserved | None:
    """Say why the walk did not see the whole site, ``None`` where it did. A pass says what was seen; an absence needs all of it.

    ``kind`` is what the check goes over beside the pages themselves.
    """
    if crawl.ended is not None:
        return crawl.ended
    if crawl.left:
        return cannot_tell(
            Reason.BUDGET_SPENT, "ほかのページ {count} 件を見ていない", "{count} further pages were not looked at", count=crawl.left
        )
    if kind is not None and kind in crawl.beyond:
        named = _CAPPED[kind]
        return cannot_tell(Reason.TOO_LARGE, f"{named.ja}が多く、全ては見ていない", f"there are more {named.en} than are looked at")
    return None

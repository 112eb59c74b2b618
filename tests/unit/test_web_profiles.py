"""Profiles in social media: what is fetched and what is seen in the pages. A fetch itself is tested with real servers elsewhere."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from scanner.facts.ledger import DeclaredWebService
from scanner.facts.web_content import WebProfile, WebProfiles
from scanner.model.fact import Fact, Unobserved
from scanner.model.reason import CannotObserve, Reason
from scanner.model.target import Service
from scanner.net.net import HttpReply, Net
from scanner.probes.web_profiles import MOST_PROFILES, web_profiles

SITE = Service("www.kakuu.lg.jp", 443, "https")


class Pages:
    """A network of pages."""

    def __init__(self, table: dict[str, HttpReply | Reason]) -> None:
        self.table = table
        self.asked: list[str] = []

    async def fetch(self, url: str, *, limit: int, seconds: float) -> HttpReply:
        assert limit > 0 < seconds
        self.asked.append(url)
        found = self.table[url]
        if isinstance(found, Reason):
            raise CannotObserve(found, url)
        return found


def see(table: dict[str, HttpReply | Reason], listed: tuple[str, ...] | None) -> tuple[WebProfiles, list[str]]:
    net = Pages(table)

    async def go() -> Fact:
        return await web_profiles.run(SITE, cast(Net, net), DeclaredWebService(True, listed))

    fact = asyncio.run(go())
    assert isinstance(fact, WebProfiles)
    return fact, net.asked


def page(body: bytes, status: int = 200, problem: str | None = None) -> HttpReply:
    return HttpReply(status, "text/html", "", body, problem, False)


@pytest.mark.parametrize(
    ("body", "names"),
    [
        (b'<a href="https://www.kakuu.lg.jp/">', True),
        (b'{"website":"https:\\/\\/www.KAKUU.lg.jp\\/"}', True),
        (b'{"url":"https:\\u002F\\u002Fkakuu.lg.jp"}', True),
        (b"/redirect?q=https%3A%2F%2Fkakuu.lg.jp%2F", True),
        (b"see kakuu.lg.jp.", True),
        (b"https://notkakuu.lg.jp/", False),
        (b"https://kakuu.lg.jp.example.com/", False),
        (b"https://kakuu-lg.jp/", False),
        (b"", False),
    ],
)
def test_the_site_is_found_however_a_page_writes_it(body: bytes, names: bool) -> None:
    fact, _ = see({"https://x.com/kakuu": page(body)}, ("https://x.com/kakuu",))
    assert fact.profiles[0].seen == WebProfile(200, names)


def test_a_profile_that_may_not_be_asked_is_unseen_and_hides_no_other() -> None:
    table: dict[str, HttpReply | Reason] = {
        "https://x.com/kakuu": Reason.OUT_OF_SCOPE,
        "https://note.com/kakuu": page(b"", 404),
        "https://line.me/kakuu": page(b"kakuu.lg.jp", 0, "expired"),
    }
    fact, asked = see(table, tuple(table))
    assert asked == list(table)
    reasons = [each.seen.reason if isinstance(each.seen, Unobserved) else each.seen for each in fact.profiles]
    assert reasons == [Reason.OUT_OF_SCOPE, WebProfile(404, False), Reason.PROTOCOL_VIOLATION]


@pytest.mark.parametrize("listed", [None, ()])
def test_nothing_is_asked_where_the_ledger_lists_none(listed: tuple[str, ...] | None) -> None:
    assert see({}, listed) == (WebProfiles(()), [])


def test_no_more_than_the_cap_are_asked() -> None:
    table: dict[str, HttpReply | Reason] = {f"https://x.com/{n}": page(b"") for n in range(MOST_PROFILES + 3)}
    fact, asked = see(table, tuple(table))
    assert (len(fact.profiles), fact.left_out, len(asked)) == (MOST_PROFILES, 3, MOST_PROFILES)

"""HTTP to certification authorities: plain, by POST too, kept for the run, and only where the scope lets them be asked."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable

import pytest

from scanner.model.reason import CannotObserve, Reason
from scanner.net.net import HttpReply, Post
from scanner.net.network import Network, Settings
from scanner.net.scope import Entry, Match, Purpose, Scope
from scanner.net.view import View
from tests.unit.net_servers import LOOPBACK, QUICK
from tests.unit.test_net_http import names, web

HOST = "ocsp.example.jp"
REQUEST = Post(b"\x30\x03\x0a\x01\x00", "application/ocsp-request")


class Authority:
    """A web server that repeats what it was sent, and counts."""

    def __init__(self, status: str = "200 OK", size: int = 0) -> None:
        self.heard: list[bytes] = []
        self.status = status
        self.size = size

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        body = await reader.readexactly(int(length[1])) if length else b""
        self.heard.append(head + body)
        said = b"x" * self.size or body or b"list"
        writer.write(b"HTTP/1.1 %b\r\nContent-Length: %d\r\n\r\n%b" % (self.status.encode(), len(said), said))


def asking(authority: Authority, work: Callable[[View, str], Awaitable[HttpReply]], *, scope: Scope = LOOPBACK) -> HttpReply:
    async def go() -> HttpReply:
        async with (
            names("127.0.0.1").running() as dns,
            web(authority.talk, None) as port,
            Network(Settings(scope=scope, timing=QUICK, resolvers=(dns.server,))) as network,
        ):
            return await work(network.view("service:www.example.jp:443/https"), f"http://{HOST}:{port}/a")

    return asyncio.run(go())


def test_a_question_is_posted_over_plain_http() -> None:
    authority = Authority()
    reply = asking(authority, lambda view, url: view.fetch(url, purpose=Purpose.REVOCATION, post=REQUEST))
    assert (reply.status, reply.body) == (200, REQUEST.body)
    assert authority.heard[0].startswith(b"POST /a HTTP/1.1\r\n")
    assert b"Content-Type: application/ocsp-request\r\n" in authority.heard[0]


def test_a_list_is_fetched_once_for_all_targets() -> None:
    authority = Authority()

    async def thrice(view: View, url: str) -> HttpReply:
        first, second = await asyncio.gather(*(view.fetch(url, purpose=Purpose.REVOCATION) for _ in range(2)))
        assert first == second == await view.fetch(url, purpose=Purpose.REVOCATION)
        assert [note.excerpt for note in view.evidence()] != []
        return first

    assert asking(authority, thrice).body == b"list"
    assert 1 <= len(authority.heard) <= 2


def test_what_was_not_whole_is_not_kept() -> None:
    for authority in (Authority("503 Busy"), Authority(size=2000)):

        async def twice(view: View, url: str) -> HttpReply:
            await view.fetch(url, purpose=Purpose.REVOCATION, limit=1000)
            return await view.fetch(url, purpose=Purpose.REVOCATION, limit=1000)

        reply = asking(authority, twice)
        assert reply.status == 503 or reply.truncated
        assert len(authority.heard) == 2


def test_plain_http_is_for_what_is_signed_only() -> None:
    with pytest.raises(CannotObserve) as caught:
        asking(Authority(), lambda view, url: view.fetch(url))
    assert caught.value.reason is Reason.PROTOCOL_VIOLATION


@pytest.mark.parametrize("url", ["ftp://a.example.jp/x", "http://user@a.example.jp/", "http://", "ldap:///CN=x", "http://a b/"])
def test_odd_places_are_refused(url: str) -> None:
    with pytest.raises(CannotObserve) as caught:
        asking(Authority(), lambda view, _: view.fetch(url, purpose=Purpose.REVOCATION))
    assert caught.value.reason is Reason.PROTOCOL_VIOLATION


def test_nothing_is_sent_without_permission() -> None:
    authority = Authority()
    scope = Scope(allowed=(Entry(Match.HOST, "www.example.jp"),), revocation=True)
    with pytest.raises(CannotObserve) as caught:  # the name is a stranger's, and its address is nobody's public one
        asking(authority, lambda view, url: view.fetch(url, purpose=Purpose.REVOCATION), scope=scope)
    assert caught.value.reason is Reason.OUT_OF_SCOPE
    assert authority.heard == []

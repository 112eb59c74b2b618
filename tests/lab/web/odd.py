"""Sites of the web laboratory that misbehave: ``python -m tests.lab.web.odd FOLDER answers`` or ``… talks``. Each has its own address.

Those that send without end (``talks``) are a process of their own, so that they do not starve the others.
"""

from __future__ import annotations

import asyncio
import gzip
import re
import ssl
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeAlias

from tests.lab.web.content import page
from tests.lab.web.sites import SITES, By, Site, pair

Reader: TypeAlias = asyncio.StreamReader
Writer: TypeAlias = asyncio.StreamWriter
PAUSE = 0.002
"""Between two pieces of something endless: still megabytes a second, and others get their turn."""
LONG = "長い文章。" * 200


class Request:
    """One request: its method, path and head."""

    def __init__(self, head: bytes, site: Site, *, tls: bool) -> None:
        self.head = head.decode("latin-1")
        self.method, self.path = [*self.head.split(), "", ""][:2]
        self.site = site
        self.tls = tls
        self.count = 0

    def header(self, name: str) -> str:
        """Give a header's value, or empty."""
        found = re.search(rf"(?im)^{name}:\s*(.*?)\r?$", self.head)
        return found[1] if found else ""


def reply(status: int, body: str | bytes = "", *headers: str) -> bytes:
    """An answer with its length."""
    octets = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(octets)}", *headers]
    if not any(header.lower().startswith("content-type") for header in headers):
        lines.append("Content-Type: text/html; charset=utf-8")
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + octets


def to_https(request: Request) -> bytes:
    """The redirect from plain HTTP."""
    return reply(301, "", f"Location: https://{request.site.host}{request.path}")


def always(body: str) -> Callable[[Request], bytes]:
    """The same page for everything."""
    return lambda request: reply(200, body)


def circle(request: Request) -> bytes:
    """Redirects from /a to /b and back, within plain HTTP too."""
    return reply(302, "", f"Location: {'/b' if request.path == '/a' else '/a'}")


def cookie_circle(request: Request) -> bytes:
    """Sends everybody without its cookie back to where they came from."""
    if "seen=" in request.header("Cookie"):
        return reply(200, page("中身", LONG))
    return reply(302, "", f"Location: {request.path}", "Set-Cookie: seen=1; Secure; HttpOnly; SameSite=Lax")


def cookie_text(request: Request) -> bytes:
    """Says nothing to people without its cookie."""
    if "seen=" in request.header("Cookie"):
        return reply(200, page("中身", LONG))
    return reply(200, "<title>x</title>Please enable cookies.", "Set-Cookie: seen=1; Secure; HttpOnly; SameSite=Lax")


def cookie_polite(request: Request) -> bytes:
    """Sets a cookie and does not mind when it does not come back."""
    return reply(200, page("中身", LONG), "Set-Cookie: lang=ja; Secure; HttpOnly; SameSite=Lax")


_asked: dict[str, int] = {}


def busy(request: Request) -> bytes:
    """Answers twenty requests and then 429."""
    _asked[request.site.name] = _asked.get(request.site.name, 0) + 1
    return (
        reply(200, page("混雑"))
        if request.path == "/"
        else reply(404)
        if _asked[request.site.name] <= 20
        else reply(429, "", "Retry-After: 60")
    )


def traceback(request: Request) -> bytes:
    """Shows its inside in every error."""
    if request.path == "/":
        return reply(200, page("開発"))
    return reply(500, '<pre>Traceback (most recent call last):\n  File "/srv/app/views.py", line 7</pre>')


def inside(request: Request) -> bytes:
    """Stands behind a load balancer that tells where."""
    if request.path == "/":
        return reply(200, page("装置"), "Set-Cookie: BIGipServerpool_web=1677787402.36895.0000; path=/; Secure; HttpOnly")
    return reply(404)


def compressed(request: Request) -> bytes:
    """Compresses whatever anybody asked for: a bomb of 64 MiB."""
    return reply(200, _BOMB, "Content-Encoding: gzip")


_BOMB = gzip.compress(bytes(64 * 1024 * 1024), 9)


def stranger_reads(request: Request) -> bytes:
    """Lets every origin read with cookies."""
    origin = request.header("Origin")
    more = [f"Access-Control-Allow-Origin: {origin}", "Access-Control-Allow-Credentials: true"] if origin else []
    return reply(200 if request.path == "/" else 404, page("誰でも"), *more)


ANSWERS: dict[str, Callable[[Request], bytes]] = {
    "always-200": always(page("何でもある", '<a href="/a">a</a>')),
    "always-login": always(page("ログイン", '<form method=post action="/in"><input type="password" name=p></form>')),
    "circle": circle,
    "cookie-circle": cookie_circle,
    "cookie-text": cookie_text,
    "cookie-polite": cookie_polite,
    "busy": busy,
    "traceback": traceback,
    "inside": inside,
    "compressed": compressed,
    "stranger-reads": stranger_reads,
    "no-tls": always(page("暗号化なし")),
    "garbage": lambda request: b"\x00\x01SSH-2.0-nothing\r\n" * 50,
}


async def endless(reader: Reader, writer: Writer) -> None:
    """Sends a page that has no end."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<title>x</title>")
    while True:
        writer.write(b"<p>more" * 4096)
        await writer.drain()
        await asyncio.sleep(PAUSE)


async def drip(reader: Reader, writer: Writer) -> None:
    """Sends its head one octet every half second."""
    await reader.readuntil(b"\r\n\r\n")
    for octet in b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nX-Slow: " + b"x" * 100_000:
        writer.write(bytes([octet]))
        await writer.drain()
        await asyncio.sleep(0.5)


async def silent(reader: Reader, writer: Writer) -> None:
    """Listens."""
    await reader.read(-1)


async def chunks(reader: Reader, writer: Writer) -> None:
    """Sends one octet in each chunk, with an extension far longer than that."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write((b"1;" + b"x" * 300 + b"\r\na\r\n") * 100)
        await writer.drain()
        await asyncio.sleep(PAUSE)


async def headers(reader: Reader, writer: Writer) -> None:
    """Sends headers without end."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"X-More: yes\r\n" * 500)
        await writer.drain()
        await asyncio.sleep(PAUSE)


TALKS: dict[str, Callable[[Reader, Writer], Awaitable[None]]] = {
    "endless": endless,
    "drip": drip,
    "silent": silent,
    "chunks": chunks,
    "headers": headers,
}


def handler(site: Site, *, tls: bool) -> Callable[[Reader, Writer], Awaitable[None]]:
    """Make what talks to one connection of a site."""

    async def talk(reader: Reader, writer: Writer) -> None:
        try:
            if site.name in TALKS:
                await TALKS[site.name](reader, writer)
                return
            while True:
                request = Request(await reader.readuntil(b"\r\n\r\n"), site, tls=tls)
                answer = ANSWERS[site.name] if tls or site.name in {"circle", "garbage", "no-tls"} else to_https
                writer.write(answer(request))
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ssl.SSLError, TimeoutError):
            pass  # the client went away, as it should from most of these
        finally:
            writer.close()

    return talk


async def serve(folder: Path, *, talks: bool) -> None:
    """Serve one half of the odd sites for ever."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "web.pem", folder / "leaf.key")
    for site in SITES:
        if site.by is not By.ODD or (site.name in TALKS) is not talks:
            continue
        for address in pair(site):
            await asyncio.start_server(handler(site, tls=False), address, 80)
            plain = site.name == "no-tls"
            await asyncio.start_server(handler(site, tls=True), address, 443, ssl=None if plain else context)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), talks=sys.argv[2] == "talks"))

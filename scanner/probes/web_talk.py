"""Conversations with one address of a web site: requests one after another on one connection, with every limit kept.

Certificates are not checked here: no secret is ever sent, and what certificates are worth is for the TLS probes to see. No cookie is sent
back unless a caller writes that header itself. A caller speaks HTTP/1.1 or, where it is told to and the server chooses it, HTTP/2.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import lru_cache
from types import TracebackType
from typing import Self

from scanner.facts.web import HTTP_PORT, HTTPS_PORT
from scanner.model.reason import CannotObserve, Reason
from scanner.model.target import Service
from scanner.net.net import Net
from scanner.net.stream import Stream
from scanner.probes.dns_asking import is_address
from scanner.wire.txt import excerpt
from scanner.wire.web import http2
from scanner.wire.web.http1 import Answer, NotHttp, Reading, request
from scanner.wire.web.urls import shown

MOST_ADDRESSES = 8
CONNECT_SECONDS = 8.0
"""To the first octet of the peer, TLS included."""
ANSWER_SECONDS = 10.0
"""For one whole answer: a server that drips is left there."""
CONNECTION_SECONDS = 120.0
MOST_REQUESTS = 60
"""On one connection; Apache closes after 100."""
LEAST_GAP = 0.02
"""Seconds between two requests on one connection: as the pacing of connections has it, no more than fifty in a second."""
MOST_BODY = 512 * 1024
MOST_OCTETS = 24 * 1024 * 1024
LONGEST_EXCERPT = 200
_LEGACY_SERVER_CONNECT = 0x4  # ssl.OP_LEGACY_SERVER_CONNECT from Python 3.12 on: servers without RFC 5746 are to be looked at, not shunned


@lru_cache(maxsize=2)
def _context(*protocols: str) -> ssl.SSLContext:
    """Give a client that takes every version and suite that the library still has: what is strong enough is judged elsewhere."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.options |= _LEGACY_SERVER_CONNECT
    context.set_alpn_protocols(protocols)
    return context


@dataclass(frozen=True, slots=True)
class Site:
    """Where a web site is: its name, and the ports of its two sides (0: it has no such side that goes with the subject)."""

    host: str
    https: int
    http: int

    @classmethod
    def of(cls, service: Service) -> Site:
        """Give the site of a service. The usual ports belong together; a service at another port stands by itself."""
        if service.port in {HTTP_PORT, HTTPS_PORT} and service.port == {"http": HTTP_PORT, "https": HTTPS_PORT}[service.protocol]:
            return cls(service.host, HTTPS_PORT, HTTP_PORT)
        return cls(service.host, service.port, 0) if service.protocol == "https" else cls(service.host, 0, service.port)

    def place(self, address: str, *, tls: bool) -> Place:
        """Give one side at one address."""
        return Place(self.host, address, self.https if tls else self.http, tls)


@dataclass(frozen=True, slots=True)
class Place:
    """One address and port of a site, and how it is spoken to."""

    host: str
    address: str
    port: int
    tls: bool

    @property
    def origin(self) -> str:
        """The URL of the site without a path: ``https://www.example.jp``."""
        return ("https" if self.tls else "http") + "://" + self.authority

    @property
    def authority(self) -> str:
        """Host and port as the Host header has them: without a port that goes without saying."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (HTTPS_PORT if self.tls else HTTP_PORT) else f"{host}:{self.port}"


class Caller:
    """Requests to one place, in order. A connection is opened when needed and again where the server has closed it.

    With ``over_http2`` a server that does not choose HTTP/2 ends every request with UNSUPPORTED, before anything is asked.
    Holds a turn of the pacing while a connection is open: whoever has one open opens no other beside it.
    """

    def __init__(self, net: Net, place: Place, *, over_http2: bool = False) -> None:
        self.place = place
        self.over_http2 = over_http2
        self._http2: http2.Connection | None = None
        self._net = net
        self._stack: AsyncExitStack | None = None
        self._stream: Stream | None = None
        self._tls: ssl.SSLObject | None = None
        self._in = ssl.MemoryBIO()
        self._out = ssl.MemoryBIO()
        self._asked = 0
        self._next = 0.0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()

    @property
    def where(self) -> str:
        """The peer, for people."""
        return f"{self.place.authority} ({self.place.address}{', HTTP/2' if self.over_http2 else ''})"

    async def chooses_http2(self) -> bool:
        """Tell whether the server chooses HTTP/2 when it is offered; requests follow on the same connection. Raises as ``ask``."""
        try:
            await self._open()
        except CannotObserve as why:
            await self.close()
            if why.reason is Reason.UNSUPPORTED:
                return False
            raise
        return True

    async def ask(
        self,
        target: str,
        *,
        method: str = "GET",
        more: Iterable[tuple[str, str]] = (),
        limit: int = MOST_BODY,
        seconds: float = ANSWER_SECONDS,
        note: bool = True,
    ) -> Answer:
        """Send a request and read its answer, of the body at most ``limit`` octets.

        ``note`` keeps status and some headers as evidence, never a body or a cookie. Raises ``CannotObserve``: TIMEOUT, REFUSED,
        UNREACHABLE, RESET, PROTOCOL_VIOLATION, TOO_LARGE, OUT_OF_SCOPE, BUDGET_SPENT, UNSUPPORTED (see the class).
        """
        more = tuple(more)
        loop = asyncio.get_running_loop()
        if (early := self._next - loop.time()) > 0:
            await asyncio.sleep(early)
        self._next = loop.time() + LEAST_GAP
        again = self._stream is not None
        try:
            answer = await self._exchange(method, target, more, limit, seconds)
        except CannotObserve as why:
            await self.close()
            if not again or why.reason is not Reason.RESET:
                raise
            answer = await self._exchange(method, target, more, limit, seconds)  # the server had closed an idle connection
        self._asked += 1
        if not answer.reusable or self._asked >= MOST_REQUESTS:
            await self.close()
        if note:
            over = " over HTTP/2" if self.over_http2 else ""
            self._net.keep(f"{method} {self.place.origin}{excerpt(shown(target), 120)} at {self.place.address}{over}", _noted(answer))
        return answer

    async def close(self) -> None:
        """Close the connection, if one is open."""
        stack, self._stack, self._stream, self._tls, self._asked = self._stack, None, None, None, 0
        if stack is not None:
            await stack.aclose()

    async def _exchange(self, method: str, target: str, more: tuple[tuple[str, str], ...], limit: int, seconds: float) -> Answer:
        try:
            if self._stream is None:
                await self._open()
            reading: Reading | http2.Connection
            if self._http2 is None:
                reading = Reading(method, limit)
                octets = request(method, target, self.place.authority, self._net.agent, more)
            else:
                reading = self._http2
                octets = reading.request(method, target, limit, more)
            async with asyncio.timeout(seconds):
                await self._send(octets)
                answer: Answer | None = None
                while answer is None:
                    data = await self._receive()
                    if not data:
                        if not reading.began:
                            raise CannotObserve(Reason.RESET, f"{self.where} closed the connection without an answer")
                        return reading.closed()
                    answer = reading.feed(data)
                    await self._pay()
                return answer
        except TimeoutError as error:
            await self.close()
            raise CannotObserve(Reason.TIMEOUT, f"no whole answer from {self.where} within {seconds:g} s") from error
        except NotHttp as error:
            await self.close()
            raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"{self.where}: {ascii(str(error))[1:200]}") from error
        except ssl.SSLError as error:
            await self.close()
            raise CannotObserve(Reason.RESET, f"TLS with {self.where} broke: {error.reason}") from error
        except BaseException:
            await self.close()
            raise

    async def _pay(self) -> None:
        """Send what HTTP/2 owes the server: acknowledgements."""
        if self._http2 is not None and self._http2.owed:
            owed, self._http2.owed = bytes(self._http2.owed), bytearray()
            await self._send(owed)

    async def _open(self) -> None:
        place = self.place
        stack = AsyncExitStack()
        name = "" if is_address(place.host) else place.host
        stream = await stack.enter_async_context(
            self._net.connect(name, place.address, place.port, seconds=CONNECT_SECONDS, whole=CONNECTION_SECONDS, limit=MOST_OCTETS)
        )
        self._stack, self._stream, self._asked = stack, stream, 0
        if place.tls:
            await self._handshake(stream, name, ("h2", "http/1.1") if self.over_http2 else ("http/1.1",))
        if self.over_http2:
            if self._tls is None or self._tls.selected_alpn_protocol() != "h2":
                raise CannotObserve(Reason.UNSUPPORTED, f"{self.where} does not choose HTTP/2")
            self._http2 = http2.Connection(place.authority, self._net.agent, MOST_BODY)

    async def _handshake(self, stream: Stream, name: str, protocols: tuple[str, ...]) -> None:
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = _context(*protocols).wrap_bio(self._in, self._out, server_hostname=name or None)
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                while True:
                    try:
                        tls.do_handshake()
                        break
                    except ssl.SSLWantReadError:
                        await self._flush()
                        data = await stream.receive()
                        if not data:
                            raise CannotObserve(Reason.RESET, f"{self.where} closed the connection during the TLS handshake") from None
                        self._in.write(data)
                await self._flush()
        except TimeoutError as error:
            raise CannotObserve(Reason.TIMEOUT, f"no whole TLS handshake with {self.where} within {CONNECT_SECONDS:g} s") from error
        except ssl.SSLError as error:
            raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"no TLS with {self.where}: {error.reason or error}") from error
        self._tls = tls

    async def _send(self, octets: bytes) -> None:
        assert self._stream is not None
        if self._tls is None:
            await self._stream.send(octets)
        else:
            self._tls.write(octets)
            await self._flush()

    async def _receive(self) -> bytes:
        assert self._stream is not None
        if self._tls is None:
            return await self._stream.receive()
        while True:
            try:
                return self._tls.read(65536)
            except ssl.SSLWantReadError:
                await self._flush()
                data = await self._stream.receive()
                if not data:
                    return b""  # without the goodbye of TLS, as many servers do
                self._in.write(data)
            except ssl.SSLZeroReturnError:
                return b""

    async def _flush(self) -> None:
        assert self._stream is not None
        while self._out.pending:
            await self._stream.send(self._out.read())


_TOLD = ("server", "location", "content-type", "strict-transport-security", "allow", "www-authenticate", "retry-after")


def _noted(answer: Answer) -> str:
    lines = [f"{answer.status}, {len(answer.body)} octets" + ("" if answer.whole else " or more")]
    told = [(name, value) for name in _TOLD for value in answer.all(name)[:1]]
    lines += [f"{name}: {excerpt(shown(value) if name == 'location' else value, LONGEST_EXCERPT)}" for name, value in told]
    return "\n".join(lines)

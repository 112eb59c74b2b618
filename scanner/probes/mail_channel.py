"""A conversation with a mail server in lines, in clear and after a change to TLS. What is said is in the modules that use it.

TLS runs over the guarded stream's octets, so nothing here opens a connection. Certificates are not looked at: nothing secret is ever sent,
and what the certificates are worth is for the TLS probes to see.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import TypeVar

from scanner.model.reason import CannotObserve, Reason
from scanner.model.target import IMPLICIT_TLS, Service
from scanner.net.net import Net
from scanner.net.scope import Purpose
from scanner.net.stream import Stream
from scanner.probes.dns_asking import is_address
from scanner.wire.mail_access import NotMailAccess
from scanner.wire.smtp import NotSmtp
from scanner.wire.txt import excerpt

GREETING_SECONDS = 30.0
"""Servers make strangers wait for their greeting, some for 20 s and more; RFC 5321 section 4.5.3.2.1 would have clients wait 5 minutes."""
SESSION_SECONDS = 60.0
ANSWER_SECONDS = 12.0
"""For one answer. Postfix waits 1 s before each refusal after the tenth, tarpits 5 s and more."""
MOST_OCTETS = 256 * 1024
MOST_TRANSCRIPT = 60
LONGEST_EXCERPT = 160

T = TypeVar("T")


class TlsFailed(Exception):
    """No TLS came of a change to it; the text says in the library's words why."""


@lru_cache(maxsize=1)
def _context() -> ssl.SSLContext:
    """Give a client that takes every version and suite that the library still has: what is strong enough is judged elsewhere."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("ALL:@SECLEVEL=0")
    return context


class Channel:
    """One connection. ``slowest`` is the longest time in seconds that an answer took, ``said`` the conversation so far, for evidence."""

    def __init__(self, stream: Stream, service: Service, address: str) -> None:
        self.stream = stream
        self.service = service
        self.where = f"{address} port {service.port}"
        self.slowest = 0.0
        self.said: list[str] = []
        self.ended = False
        self._buffer = b""
        self._tls: ssl.SSLObject | None = None
        self._in = ssl.MemoryBIO()
        self._out = ssl.MemoryBIO()

    @property
    def encrypted(self) -> bool:
        """Whether what is sent now goes through TLS."""
        return self._tls is not None

    def note(self, who: str, what: bytes | str) -> None:
        """Keep a line of the conversation for evidence."""
        if len(self.said) < MOST_TRANSCRIPT:
            self.said.append(f"{who}: {excerpt(what, LONGEST_EXCERPT)}")

    async def send(self, data: bytes) -> None:
        """Send octets, within TLS once that is there."""
        for line in data.splitlines():
            self.note("C", line)
        if self._tls is None:
            await self.stream.send(data)
        else:
            self._tls.write(data)
            await self._flush()

    async def take(self, read: Callable[[bytes], tuple[T, bytes] | None], seconds: float = ANSWER_SECONDS) -> T:
        """Read until ``read`` finds its value at the front of what came. Raises ``CannotObserve``: TIMEOUT, RESET, PROTOCOL_VIOLATION …"""
        loop = asyncio.get_running_loop()
        start = loop.time()
        try:
            async with asyncio.timeout(seconds):
                while (found := read(self._buffer)) is None:
                    self._buffer += await self._more()
        except TimeoutError as error:
            self.ended = True
            raise CannotObserve(Reason.TIMEOUT, f"no whole answer from {self.where} within {seconds:g} s") from error
        except (NotSmtp, NotMailAccess) as error:
            self.ended = True
            raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"{self.where} sent {error}") from error
        except ssl.SSLError as error:
            self.ended = True
            raise CannotObserve(Reason.RESET, f"TLS with {self.where} broke: {error.reason}") from error
        except CannotObserve:
            self.ended = True
            raise
        self.slowest = max(self.slowest, loop.time() - start)
        self._buffer = found[1]
        return found[0]

    async def begin_tls(self) -> None:
        """Change to TLS; what came in clear and nobody read is dropped (RFC 3207 section 6). Raises ``TlsFailed``, ``CannotObserve``."""
        self._buffer = b""
        name = None if is_address(self.service.host) else self.service.host
        tls = _context().wrap_bio(self._in, self._out, server_hostname=name)
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                while True:
                    try:
                        tls.do_handshake()
                        break
                    except ssl.SSLWantReadError:
                        await self._flush()
                        data = await self.stream.receive()
                        if not data:
                            raise TlsFailed("the server closed the connection") from None
                        self._in.write(data)
            await self._flush()
        except ssl.SSLError as error:
            self.ended = True
            raise TlsFailed(str(error.reason or error)) from error
        except TimeoutError as error:
            self.ended = True
            raise TlsFailed(f"no answer to the TLS hello within {ANSWER_SECONDS:g} s") from error
        except CannotObserve as why:
            self.ended = True
            if why.reason is Reason.RESET:
                raise TlsFailed(why.detail) from why
            raise
        except TlsFailed:
            self.ended = True
            raise
        self._tls = tls

    async def _more(self) -> bytes:
        while self._tls is not None:
            try:
                data = self._tls.read(65536)
            except ssl.SSLWantReadError:
                await self._flush()
                self._in.write(await self._received())
                continue
            if not data:
                raise self._closed()
            return data
        return await self._received()

    async def _received(self) -> bytes:
        data = await self.stream.receive()
        if not data:
            raise self._closed()
        return data

    async def _flush(self) -> None:
        while self._out.pending:
            await self.stream.send(self._out.read())

    def _closed(self) -> CannotObserve:
        return CannotObserve(Reason.RESET, f"{self.where} closed the connection")


@asynccontextmanager
async def channel(
    net: Net, service: Service, address: str, *, purpose: Purpose = Purpose.TEST, test: str = "", whole: float = SESSION_SECONDS
) -> AsyncIterator[Channel]:
    """Open a connection to one address of a mail service, within TLS where its protocol begins so; keeps the conversation as evidence.

    Raises ``CannotObserve``; PROTOCOL_VIOLATION where implicit TLS does not come about.
    """
    name = "" if is_address(service.host) else service.host
    async with net.connect(
        name, address, service.port, purpose=purpose, test=test, seconds=GREETING_SECONDS, whole=whole, limit=MOST_OCTETS
    ) as stream:
        talk = Channel(stream, service, address)
        try:
            if service.protocol in IMPLICIT_TLS:
                try:
                    await talk.begin_tls()
                except TlsFailed as why:
                    raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"no TLS with {talk.where}: {why}") from why
            yield talk
        finally:
            if talk.said:
                net.keep(f"{service.protocol} {talk.where}", "\n".join(talk.said))

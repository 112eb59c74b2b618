"""HTTPS with every limit kept: addresses that the guard allowed, checked certificates, no redirects, a capped body.

Plain HTTP is for what is signed by itself, such as OCSP answers.

The connection goes to the address that was asked about and to no other; name, SNI and Host stay those of the URL. This module
is imported on first use: the agent and ``tenken scan local`` do without aiohttp.
"""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import certifi
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.connector import Connection
from aiohttp.helpers import is_ip_address
from aiohttp.tracing import Trace
from yarl import URL

from scanner.model.reason import CannotObserve, Reason
from scanner.net.net import HttpReply, Post
from scanner.net.trouble import cannot, peer

LONGEST_URL = 2048
_HOST = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?")
HTTP_OK = 200
MOST_KEPT_OCTETS = 32 * 1024 * 1024
LONGEST_LINE = 4096  # status line and each header
MOST_HEADERS = 64
LONGEST_VALUE = 300  # of a header that is handed on
CONNECT_SHARE = 0.5  # of the whole time, for TCP and TLS together
SILENCE_SHARE = 0.5  # of the whole time, between two pieces of the answer


@dataclass(frozen=True, slots=True)
class Place:
    """What a URL asks for: where to connect and what to ask there."""

    url: URL
    host: str
    port: int

    @property
    def is_address(self) -> bool:
        """Whether the host is an IP address."""
        return is_ip_address(self.host)


def place_of(url: str, *, plain: bool = False) -> Place:
    """Take an https URL apart, or with ``plain`` an http one. Raises ``CannotObserve(PROTOCOL_VIOLATION)`` for anything else."""
    try:
        parsed = URL(url[: LONGEST_URL + 1])
        host = parsed.raw_host or ""
        if len(url) > LONGEST_URL or parsed.scheme not in (("https", "http") if plain else ("https",)) or parsed.user or not parsed.port:
            raise ValueError("not an https URL, or too long" if not plain else "not an http URL, or too long")
        if not is_ip_address(host) and not _HOST.fullmatch(host):
            raise ValueError("the host is no host name")
    except ValueError as error:
        raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"{url[:100]!a} cannot be fetched: {error}") from error
    return Place(parsed, host, parsed.port)


def tls_context(ca_file: str | None) -> ssl.SSLContext:
    """Make the context that checks certificates against the public list, and against the organisation's own file if given.

    Raises ``CannotObserve(UNSUPPORTED)`` where that file holds no certificates: a fetch would then say too much about the target.
    """
    context = ssl.create_default_context(cafile=certifi.where())
    if ca_file is not None:
        try:
            context.load_verify_locations(cafile=ca_file)
        except OSError as error:  # ssl.SSLError among them
            raise CannotObserve(Reason.UNSUPPORTED, f"no certificates can be read from {ca_file}: {error}") from error
    return context


class _Pinned(AbstractResolver):
    """Gives the one address that was decided on, whatever name is asked."""

    def __init__(self, address: str) -> None:
        self._address = address

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC) -> list[ResolveResult]:
        family = socket.AF_INET6 if ":" in self._address else socket.AF_INET
        return [ResolveResult(hostname=host, host=self._address, port=port, family=family, proto=0, flags=socket.AI_NUMERICHOST)]

    async def close(self) -> None:
        """Nothing is held."""


class _Connector(aiohttp.TCPConnector):
    """Makes the one connection of a fetch, and drops it without the goodbye of TLS.

    aiohttp closes what it is done with: asyncio then waits 30 s for a server that never says goodbye, long after the fetch is over.
    """

    def __init__(self, address: str, context: ssl.SSLContext) -> None:
        super().__init__(resolver=_Pinned(address), ssl=context, use_dns_cache=False, force_close=True, limit=1)
        self._opened: list[asyncio.Transport] = []

    async def connect(self, req: aiohttp.ClientRequest, traces: list[Trace], timeout: aiohttp.ClientTimeout) -> Connection:  # noqa: ASYNC109  aiohttp's signature
        connection = await super().connect(req, traces, timeout)
        if (transport := connection.transport) is not None:
            # A TLS transport that was closed twice, as aiohttp does after bad HTTP, no longer hears abort.
            transport.close = transport.abort  # type: ignore[method-assign]  # this one object only, for the reason above
            self._opened.append(transport)
        return connection

    async def drop(self) -> None:
        """Leave no connection behind, whatever state it is in."""
        for transport in self._opened:
            transport.abort()
        await asyncio.sleep(0)  # asyncio closes the socket of an aborted transport in its next round
        for transport in self._opened:
            del transport.close  # set above; it holds the transport, and asyncio a quarter of a megabyte with it


class Kept:
    """What was got and serves all targets of a run, the latest used; bounded by its octets."""

    def __init__(self) -> None:
        self._replies: OrderedDict[str, HttpReply] = OrderedDict()
        self._octets = 0

    def get(self, url: str) -> HttpReply | None:
        """Give what this URL gave."""
        reply = self._replies.get(url)
        if reply is not None:
            self._replies.move_to_end(url)
        return reply

    def add(self, url: str, reply: HttpReply) -> None:
        """Keep a whole answer; errors are asked for again."""
        if reply.status != HTTP_OK or reply.truncated or url in self._replies:
            return
        self._replies[url] = reply
        self._octets += len(reply.body)
        while self._octets > MOST_KEPT_OCTETS:
            self._octets -= len(self._replies.popitem(last=False)[1].body)


class Web:
    """HTTPS with one user agent and one set of trusted authorities for a whole run. Holds no connection."""

    def __init__(self, agent: str, ca_file: str | None) -> None:
        self._headers = {"User-Agent": agent, "Accept-Encoding": "identity"}
        self._context = tls_context(ca_file)
        self.kept = Kept()

    def place(self, url: str, *, plain: bool = False) -> Place:
        """See ``place_of``."""
        return place_of(url, plain=plain)

    async def get(self, place: Place, address: str, *, limit: int, seconds: float, post: Post | None = None) -> HttpReply:
        """Fetch from one address. Raises ``CannotObserve``: TIMEOUT, REFUSED, UNREACHABLE, RESET, PROTOCOL_VIOLATION."""
        headers = self._headers if post is None else {**self._headers, "Content-Type": post.media_type}
        return await _get(place, address, context=self._context, headers=headers, limit=limit, seconds=seconds, post=post)


async def _get(
    place: Place,
    address: str,
    *,
    context: ssl.SSLContext,
    headers: Mapping[str, str],
    limit: int,
    seconds: float,
    post: Post | None,
) -> HttpReply:
    where = f"{place.host} ({peer(address, place.port)})"
    connector = _Connector(address, context)
    times = aiohttp.ClientTimeout(total=seconds, connect=seconds * CONNECT_SHARE, sock_read=seconds * SILENCE_SHARE)
    session = aiohttp.ClientSession(
        connector=connector,
        timeout=times,
        headers=headers,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        max_line_size=LONGEST_LINE,
        max_field_size=LONGEST_LINE,
        max_headers=MOST_HEADERS,
        trust_env=False,
    )
    try:
        method, data = ("GET", None) if post is None else ("POST", post.body)
        async with session, session.request(method, place.url, data=data, allow_redirects=False) as response:
            body, truncated = await _body(response, limit)
            return HttpReply(
                status=response.status,
                content_type=response.headers.get("Content-Type", "")[:LONGEST_VALUE],
                location=response.headers.get("Location", "")[:LONGEST_VALUE],
                body=body,
                certificate_problem=None,
                truncated=truncated,
            )
    except aiohttp.ClientConnectorCertificateError as error:
        return HttpReply(0, "", "", b"", _certificate_words(error.certificate_error), False)
    except aiohttp.ConnectionTimeoutError as error:
        raise CannotObserve(Reason.TIMEOUT, f"no TLS connection to {where} within {seconds * CONNECT_SHARE:g} s") from error
    except aiohttp.SocketTimeoutError as error:
        raise CannotObserve(Reason.TIMEOUT, f"no answer from {where} for {seconds * SILENCE_SHARE:g} s") from error
    except TimeoutError as error:
        raise CannotObserve(Reason.TIMEOUT, f"no whole answer from {where} within {seconds:g} s") from error
    except aiohttp.ClientConnectorSSLError as error:
        raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"no TLS with {where}: {_tls_words(error.os_error)}") from error
    except aiohttp.ClientConnectorError as error:
        raise cannot(error.os_error, f"a connection to {where}") from error
    except (aiohttp.ServerDisconnectedError, aiohttp.ClientPayloadError) as error:
        raise CannotObserve(Reason.RESET, f"{where} closed the connection before the answer was whole") from error
    except aiohttp.ClientOSError as error:
        raise cannot(error, f"a request to {where}") from error
    except aiohttp.ClientError as error:
        raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"{where} does not speak HTTP: {ascii(str(error))[1:200]}") from error
    finally:
        await connector.drop()


async def _body(response: aiohttp.ClientResponse, limit: int) -> tuple[bytes, bool]:
    parts = []
    have = 0
    async for part in response.content.iter_any():
        parts.append(part)
        have += len(part)
        if have > limit:
            return b"".join(parts)[:limit], True
    return b"".join(parts), False


def _certificate_words(error: Exception) -> str:
    words = getattr(error, "verify_message", "") or str(error)  # CertificateError without a verification of the chain has no message
    return ascii(words)[1:-1][:LONGEST_VALUE]


def _tls_words(error: Any) -> str:  # Any: aiohttp types it as OSError, ssl.SSLError has the reason
    return str(getattr(error, "reason", None) or type(error).__name__)

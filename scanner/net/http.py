"""HTTPS with every limit kept: addresses that the guard allowed, checked certificates, no redirects, a capped body.

Plain HTTP is for what is signed by itself, such as OCSP answers.

The connection goes to the address that was asked about and to no other; name, SNI and Host stay those of the URL. One request on
one connection over a plain socket and TLS in memory: nothing is left to be closed later, whatever ends the fetch. The module is
imported on first use: reading the public authorities takes a while.
"""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
from collections import OrderedDict
from dataclasses import dataclass
from urllib.parse import urlsplit

import certifi

from scanner.model.reason import CannotObserve, Reason
from scanner.net.net import HttpReply, Post
from scanner.net.trouble import cannot, peer
from scanner.net.udp import sockaddr
from scanner.wire.addresses import is_address
from scanner.wire.web import http1

LONGEST_URL = 2048
_HOST = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?")
_PORTS = {"https": 443, "http": 80}
HTTP_OK = 200
MOST_KEPT_OCTETS = 32 * 1024 * 1024
LONGEST_VALUE = 300  # of a header that is handed on
CONNECT_SHARE = 0.5  # of the whole time, for TCP and TLS together
SILENCE_SHARE = 0.5  # of the whole time, between two pieces of the answer
_CHUNK = 65536


@dataclass(frozen=True, slots=True)
class Place:
    """What a URL asks for: where to connect and what to ask there."""

    secure: bool
    host: str
    port: int
    target: str

    @property
    def is_address(self) -> bool:
        """Whether the host is an IP address."""
        return is_address(self.host)

    @property
    def named(self) -> str:
        """The Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS["https" if self.secure else "http"] else f"{host}:{self.port}"


def place_of(url: str, *, plain: bool = False) -> Place:
    """Take an https URL apart, or with ``plain`` an http one. Raises ``CannotObserve(PROTOCOL_VIOLATION)`` for anything else."""
    try:
        parsed = urlsplit(url[: LONGEST_URL + 1])
        host, port = parsed.hostname or "", _PORTS.get(parsed.scheme, 0) if parsed.port is None else parsed.port
        if len(url) > LONGEST_URL or parsed.scheme not in (_PORTS if plain else ("https",)) or "@" in parsed.netloc or not port:
            raise ValueError("not an https URL, or too long" if not plain else "not an http URL, or too long")
        if not is_address(host) and not _HOST.fullmatch(host):
            raise ValueError("the host is no host name")
    except ValueError as error:
        raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"{url[:100]!a} cannot be fetched: {error}") from error
    return Place(parsed.scheme == "https", host, port, (parsed.path or "/") + (f"?{parsed.query}" if parsed.query else ""))


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
        self._agent = agent
        self._context = tls_context(ca_file)
        self.kept = Kept()

    def place(self, url: str, *, plain: bool = False) -> Place:
        """See ``place_of``."""
        return place_of(url, plain=plain)

    async def get(self, place: Place, address: str, *, limit: int, seconds: float, post: Post | None = None) -> HttpReply:
        """Fetch from one address. Raises ``CannotObserve``: TIMEOUT, REFUSED, UNREACHABLE, RESET, PROTOCOL_VIOLATION."""
        request = self._request(place, post)
        where = f"{place.host} ({peer(address, place.port)})"
        reading = http1.Reading("GET" if post is None else "POST", limit)
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        late = f"no TLS connection to {where} within {seconds * CONNECT_SHARE:g} s"
        doing = f"a connection to {where}"
        try:
            family, target = sockaddr(address, place.port)
            with socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK) as connection:
                async with asyncio.timeout(seconds * CONNECT_SHARE) as clock:
                    await loop.sock_connect(connection, target)
                    talk = _Talk(connection, _tls(self._context, place) if place.secure else None, where)
                    await talk.agree()
                    doing = f"a request to {where}"
                    clock.reschedule(end)
                    late = f"no whole answer from {where} within {seconds:g} s"
                    await talk.send(request)
                    answer: http1.Answer | None = None
                    while answer is None:
                        quiet = loop.time() + seconds * SILENCE_SHARE
                        if quiet < end:
                            clock.reschedule(quiet)
                            late = f"no answer from {where} for {seconds * SILENCE_SHARE:g} s"
                        else:
                            clock.reschedule(end)
                            late = f"no whole answer from {where} within {seconds:g} s"
                        answer = await _next(talk, reading, where)
        except ssl.SSLCertVerificationError as error:
            return HttpReply(0, "", "", b"", _certificate_words(error), False)
        except TimeoutError as error:
            if error.errno is not None:  # ETIMEDOUT of the system itself
                raise cannot(error, doing) from error
            raise CannotObserve(Reason.TIMEOUT, late) from error
        except ssl.SSLError as error:
            raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"no TLS with {where}: {error.reason or type(error).__name__}") from error
        except OSError as error:
            raise cannot(error, doing) from error
        except http1.NotHttp as error:
            raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"{where} does not speak HTTP: {ascii(str(error))[1:200]}") from error
        cut = not answer.whole
        if cut and len(answer.body) < limit:
            raise _broken_off(where)
        return HttpReply(
            status=answer.status,
            content_type=(answer.header("content-type") or "")[:LONGEST_VALUE],
            location=(answer.header("location") or "")[:LONGEST_VALUE],
            body=answer.body,
            certificate_problem=None,
            truncated=cut,
        )

    def _request(self, place: Place, post: Post | None) -> bytes:
        more = [("Connection", "close")]
        if post is None:
            return http1.request("GET", place.target, place.named, self._agent, more)
        more += [("Content-Type", post.media_type), ("Content-Length", str(len(post.body)))]
        return http1.request("POST", place.target, place.named, self._agent, more) + post.body


async def _next(talk: _Talk, reading: http1.Reading, where: str) -> http1.Answer | None:
    """Read a piece; the answer once it is there, whole or cut."""
    data, ended = await talk.receive()
    answer = reading.feed(data) if data else None
    if answer is None and ended:
        try:
            return reading.closed()
        except http1.NotHttp:
            raise _broken_off(where) from None
    return answer


def _broken_off(where: str) -> CannotObserve:
    return CannotObserve(Reason.RESET, f"{where} closed the connection before the answer was whole")


@dataclass(frozen=True, slots=True)
class _Tls:
    """TLS in memory: what the peer sends goes into one buffer, what it is to be sent comes out of the other."""

    object: ssl.SSLObject
    incoming: ssl.MemoryBIO
    outgoing: ssl.MemoryBIO


def _tls(context: ssl.SSLContext, place: Place) -> _Tls:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    return _Tls(context.wrap_bio(incoming, outgoing, server_hostname=place.host.removesuffix(".")), incoming, outgoing)


def _agreed(tls: _Tls) -> bool:
    try:
        tls.object.do_handshake()
    except ssl.SSLWantReadError:
        return False
    return True


class _Talk:
    """One connection, with TLS or without."""

    def __init__(self, connection: socket.socket, tls: _Tls | None, where: str) -> None:
        self._loop = asyncio.get_running_loop()
        self._socket = connection
        self._tls = tls
        self._where = where

    async def agree(self) -> None:
        """Shake hands. What is left to be sent goes out with the request."""
        tls = self._tls
        while tls is not None and not _agreed(tls):
            await self._flush(tls)
            data = await self._loop.sock_recv(self._socket, _CHUNK)
            if not data:
                raise CannotObserve(Reason.RESET, f"{self._where} closed the connection before TLS was agreed on")
            tls.incoming.write(data)

    async def send(self, data: bytes) -> None:
        if self._tls is None:
            await self._loop.sock_sendall(self._socket, data)
        else:
            self._tls.object.write(data)
            await self._flush(self._tls)

    async def receive(self) -> tuple[bytes, bool]:
        """Give the next octets, and whether they are the last."""
        data = await self._loop.sock_recv(self._socket, _CHUNK)
        tls = self._tls
        if tls is None or not data:
            return data, not data
        tls.incoming.write(data)
        pieces = []
        try:
            while piece := tls.object.read(_CHUNK):
                pieces.append(piece)
        except ssl.SSLWantReadError:
            return b"".join(pieces), False
        except ssl.SSLZeroReturnError:
            pass
        except ssl.SSLError:
            if not pieces:  # what came before the trouble may be all that there is to come
                raise
        return b"".join(pieces), True

    async def _flush(self, tls: _Tls) -> None:
        if tls.outgoing.pending:
            await self._loop.sock_sendall(self._socket, tls.outgoing.read())


def _certificate_words(error: ssl.SSLCertVerificationError) -> str:
    return ascii(error.verify_message or str(error))[1:-1][:LONGEST_VALUE]

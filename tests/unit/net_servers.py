"""Small servers on loopback whose every answer a test writes. For tests of ``scanner.net``; real servers are in the laboratory."""

from __future__ import annotations

import asyncio
import errno
import random
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from scanner.net.net import DnsServer
from scanner.net.network import Network, Settings
from scanner.net.scope import Entry, Match, Scope
from scanner.net.view import Timing
from scanner.wire.dns import name_to_wire

LOOPBACK = Scope(allowed=(Entry(Match.NETWORK, "127.0.0.0/8"), Entry(Match.NETWORK, "::1/128")))
QUICK = Timing(udp=0.1, udp_tries=2, tcp=0.4, resolver=0.1)

Udp = Callable[[bytes], Sequence[bytes]]
Tcp = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def record(name: str, type_: int, data: bytes, ttl: int = 300) -> bytes:
    """A resource record of class IN."""
    return name_to_wire(name) + struct.pack("!HHIH", type_, 1, ttl, len(data)) + data


def reply(
    question: bytes,
    *answers: bytes,
    authority: Sequence[bytes] = (),
    rcode: int = 0,
    flags: int = 0x8180,
    id: int | None = None,  # noqa: A002  the protocol's own word
    opt: bytes | None = None,
) -> bytes:
    """The answer to a question, by default a resolver's (QR, RD, RA)."""
    end = 12
    while question[end]:
        end += 1 + question[end]
    number = int.from_bytes(question[:2], "big") if id is None else id
    extra = b"" if opt is None else b"\0" + struct.pack("!HHIH", 41, 1232, 0, len(opt)) + opt
    head = struct.pack("!6H", number, flags | rcode, 1, len(answers), len(authority), 0 if opt is None else 1)
    return head + question[12 : end + 5] + b"".join(answers) + b"".join(authority) + extra


class FakeDns:
    """A server on one UDP and TCP port. ``udp`` gives the datagrams to send for each that comes; ``asked`` holds all that came."""

    def __init__(self, udp: Udp, tcp: Tcp | None = None, address: str = "127.0.0.1") -> None:
        self.udp = udp
        self.tcp = tcp
        self.address = address
        self.port = 0
        self.asked: list[bytes] = []
        self.sources: list[tuple[str, int]] = []
        self.connections = 0

    @property
    def server(self) -> DnsServer:
        """Where it listens."""
        return DnsServer("ns.test", self.address, self.port)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[FakeDns]:
        """Listen, each time at a new port that is free for both transports."""
        loop = asyncio.get_running_loop()
        family = socket.AF_INET6 if ":" in self.address else socket.AF_INET
        tcp, udp = _pair(family, self.address)
        with tcp, udp:
            self.port = udp.getsockname()[1]
            loop.add_reader(udp, self._datagram, udp)
            server = await asyncio.start_server(self._connection, sock=tcp) if self.tcp else None
            try:
                yield self
            finally:
                loop.remove_reader(udp)
                if server:
                    server.close()

    def _datagram(self, listener: socket.socket) -> None:
        data, source = listener.recvfrom(65535)
        self.asked.append(data)
        self.sources.append(source[:2])
        for answer in self.udp(data):
            listener.sendto(answer, source)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert self.tcp
        self.connections += 1
        try:
            await self.tcp(reader, writer)
        except ConnectionError:
            pass  # the client went away first, which some tests want
        finally:
            writer.close()


def _pair(family: int, address: str) -> tuple[socket.socket, socket.socket]:
    """A TCP and a UDP socket at the same free port."""
    for port in random.sample(range(20000, 32000), 50):  # below the ports that the system gives out itself
        tcp, udp = socket.socket(family, socket.SOCK_STREAM), socket.socket(family, socket.SOCK_DGRAM)
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            for each in (tcp, udp):
                each.setblocking(False)
                each.bind((address, port))
        except OSError as error:
            tcp.close()
            udp.close()
            if error.errno != errno.EADDRINUSE:
                raise
        else:
            return tcp, udp
    raise OSError(errno.EADDRINUSE, "no free port among 50")


async def read_question(reader: asyncio.StreamReader) -> bytes:
    """Read one framed message."""
    return await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))


def framed(message: bytes) -> bytes:
    """A message as it goes over TCP."""
    return len(message).to_bytes(2, "big") + message


def closed_port() -> int:
    """A UDP and TCP port of loopback at which nobody listens."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def network(*resolvers: DnsServer, scope: Scope = LOOPBACK, timing: Timing = QUICK) -> Network:
    """A network that may talk to loopback and is quick to give up."""
    return Network(Settings(scope=scope, resolvers=resolvers or (DnsServer("", "127.0.0.1", 1),), timing=timing))

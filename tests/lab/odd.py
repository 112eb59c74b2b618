"""Name servers that misbehave, one behaviour for each address. Run as a program inside the namespace ``odd``.

Each stands before the well-kept BIND, passes the question on and spoils the answer, so zones need not be known here and what is
not spoiled is right, signatures included. What the behaviours do to bytes is in odd_answers.py.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import sys
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import dns.exception
import dns.message

from tests.lab.odd_answers import BEHAVIOURS, Ask, Behaviour, Net, Tcp

UPSTREAM_SECONDS = 4.0
IDLE_SECONDS = 20.0
SILENT_PORTS = (25, 80, 443)  # where the silent server accepts connections for mail and web, too
DRIP_SECONDS = 2.0
MANY_CONNECTIONS = 200


async def over_udp(wire: bytes, server: str, local: tuple[str, int] | None = None) -> bytes:
    """The answer of ``server`` to ``wire``; TimeoutError where there is none."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[bytes] = loop.create_future()

    class Once(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            if not answer.done():
                answer.set_result(data)

    transport, _ = await loop.create_datagram_endpoint(Once, remote_addr=(server, 53), local_addr=local)
    try:
        transport.sendto(wire)
        return await asyncio.wait_for(answer, UPSTREAM_SECONDS)
    finally:
        transport.close()


async def over_tcp(wire: bytes, server: str) -> bytes:
    """The first message that ``server`` answers."""
    async with asyncio.timeout(UPSTREAM_SECONDS):
        reader, writer = await asyncio.open_connection(server, 53)
        try:
            writer.write(struct.pack("!H", len(wire)) + wire)
            (length,) = struct.unpack("!H", await reader.readexactly(2))
            return await reader.readexactly(length)
        finally:
            writer.close()


def read(wire: bytes, *, tcp: bool, peer: tuple[str, int]) -> Ask | None:
    """The question, or ``None`` for what is none."""
    try:
        query = dns.message.from_wire(wire)
    except (dns.exception.DNSException, ValueError, struct.error):
        return None
    return Ask(wire, query, tcp, peer) if query.question else None


@dataclass(slots=True)
class Server(asyncio.DatagramProtocol):
    """One address of one behaviour, UDP and TCP."""

    behaviour: Behaviour
    net: Net
    sock: socket.socket
    elsewhere: socket.socket  # on another address
    connections: int = 0

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if (ask := read(data, tcp=False, peer=addr)) is not None:
            TASKS.add(task := asyncio.get_running_loop().create_task(self.udp(ask, addr)))
            task.add_done_callback(TASKS.discard)

    async def udp(self, ask: Ask, addr: tuple[str, int]) -> None:
        """Answer one datagram."""
        with suppress(OSError, TimeoutError):
            answer = await self.behaviour.answer(ask, self.net)
            if answer is not None:
                # asyncio's own sendto passes over empty datagrams.
                (self.elsewhere if self.behaviour.from_elsewhere else self.sock).sendto(answer, addr)

    async def tcp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection until the peer closes it or says nothing for a while."""
        self.connections += 1
        try:
            async with asyncio.timeout(IDLE_SECONDS):
                while self.connections < MANY_CONNECTIONS:
                    (length,) = struct.unpack("!H", await reader.readexactly(2))
                    ask = read(await reader.readexactly(length), tcp=True, peer=writer.get_extra_info("peername")[:2])
                    await self._tcp_answer(ask, writer)
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            pass
        finally:
            self.connections -= 1
            writer.close()

    async def _tcp_answer(self, ask: Ask | None, writer: asyncio.StreamWriter) -> None:
        if ask is None or self.behaviour.tcp is Tcp.SILENT or (answer := await self.behaviour.answer(ask, self.net)) is None:
            return
        framed = struct.pack("!H", len(answer)) + answer
        if self.behaviour.tcp is Tcp.CUT:
            writer.write(framed[: len(framed) // 2])
            raise OSError("cut")
        if self.behaviour.tcp is Tcp.DRIP:
            for byte in framed:
                writer.write(bytes((byte,)))
                await writer.drain()
                await asyncio.sleep(DRIP_SECONDS)
        writer.write(framed)
        await writer.drain()


def bound(address: str) -> socket.socket:
    """A UDP socket on port 53 of ``address``."""
    sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    sock.setblocking(False)
    sock.bind((address, 53))
    return sock


def _same(server: Server) -> Server:
    return server


TASKS: set[asyncio.Task[None]] = set()


async def serve(config: dict[str, object]) -> None:
    """Listen on every address of ``config`` (see ``write_config``) until killed."""
    loop = asyncio.get_running_loop()
    upstreams = {str(key): str(value) for key, value in config.items() if isinstance(value, str)}
    net = Net(over_udp, over_tcp, upstreams)
    others = {4: bound(upstreams["elsewhere4"]), 6: bound(upstreams["elsewhere6"])}
    listed = config["servers"]
    assert isinstance(listed, list)
    for address, name in listed:
        behaviour = BEHAVIOURS[name]
        server = Server(behaviour, net, bound(address), others[6 if ":" in address else 4])
        await loop.create_datagram_endpoint(partial(_same, server), sock=server.sock)
        if behaviour.tcp is not Tcp.REFUSED:
            await asyncio.start_server(server.tcp, address, 53)
        if name == "silent":
            for port in SILENT_PORTS:
                await asyncio.start_server(server.tcp, address, port)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(json.loads(Path(sys.argv[1]).read_text())))

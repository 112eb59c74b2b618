"""Peers that misbehave on a TLS port, one behaviour an address: ``python odd.py CONFIG.json`` with ``[[behaviour, address, port, next]]``.

``next`` is the address of a well-behaved server behind those that pass some connections on. A program of its own.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

Peer = Callable[[asyncio.StreamReader, asyncio.StreamWriter, str, int], Awaitable[None]]

FOREVER = 3600.0
HANDSHAKE = b"\x16\x03\x03"
UNRECOGNIZED_NAME = b"\x15\x03\x03\x00\x02\x02\x70"
SERVER_HELLO = b"\x02\x00\x00\x28\x03\x03" + bytes(32) + b"\x00\xc0\x2f\x00" + b"\x00\x00"
"""TLS 1.2, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, an empty list of extensions."""
ENOUGH = 1 << 28
"""Octets after which an endless peer ends all the same, so that a test that fails does not fill a machine."""


def record(body: bytes) -> bytes:
    """A handshake record."""
    return HANDSHAKE + struct.pack("!H", len(body)) + body


async def hello(reader: asyncio.StreamReader) -> bytes:
    """The first record of the client, whole."""
    head = await reader.readexactly(5)
    return head + await reader.readexactly(struct.unpack("!H", head[3:])[0])


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, after: str, port: int) -> None:
    """Accepts and says nothing."""
    await asyncio.sleep(FOREVER)


async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, after: str, port: int) -> None:
    """Reads the hello and says nothing."""
    await hello(reader)
    await asyncio.sleep(FOREVER)


async def half_close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, after: str, port: int) -> None:
    """Ends its own direction at once and goes on reading."""
    writer.write_eof()
    await asyncio.sleep(FOREVER)


async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, after: str, port: int) -> None:
    """Resets the connection when the hello has come."""
    await hello(reader)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


async def close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, after: str, port: int) -> None:
    """Closes in order when the hello has come."""
    await hello(reader)


async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, after: str, port: int) -> None:
    """A good ServerHello, one octet a second."""
    for octet in record(SERVER_HELLO):
        writer.write(bytes([octet]))
        await writer.drain()
        await asyncio.sleep(1)


async def http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, after: str, port: int) -> None:
    """A web server without TLS."""
    await reader.read(1)
    writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


async def ssh(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, after: str, port: int) -> None:
    """Something that speaks first, and no TLS."""
    writer.write(b"SSH-2.0-Zoo_1.0\r\n")
    await reader.read(1)


async def noise(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, after: str, port: int) -> None:
    """Octets without sense."""
    await hello(reader)
    writer.write(bytes(range(256)) * 4)


async def endless_records(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, after: str, port: int) -> None:
    """A ServerHello, then one-octet records of a message that never ends."""
    await hello(reader)
    writer.write(record(SERVER_HELLO) + record(b"\x0b\xff\xff\xff"))
    piece = record(b"\x00") * 4000
    for _ in range(ENOUGH // len(piece)):
        writer.write(piece)
        await writer.drain()


async def endless_hellos(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, after: str, port: int) -> None:
    """HelloRequest after HelloRequest."""
    await hello(reader)
    piece = record(b"\x00\x00\x00\x00") * 2000
    for _ in range(ENOUGH // len(piece)):
        writer.write(piece)
        await writer.drain()


async def huge_certificate(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, after: str, port: int) -> None:
    """A Certificate message of 16 megabytes."""
    await hello(reader)
    writer.write(record(SERVER_HELLO) + record(b"\x0b\xff\xff\xff\xff\xff\xfc"))
    piece = record(b"\x30" * 16384)
    for _ in range((1 << 24) // 16384):
        writer.write(piece)
        await writer.drain()


async def no_sni(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, after: str, port: int) -> None:
    """Refuses every hello with a server name, passes the others on."""
    first = await hello(reader)
    if _has_extension(first, 0):
        writer.write(UNRECOGNIZED_NAME)
        return
    await _pass_on(first, reader, writer, after, port)


async def only_sni(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, after: str, port: int) -> None:
    """Refuses every hello without a server name, passes the others on."""
    first = await hello(reader)
    if not _has_extension(first, 0):
        writer.write(UNRECOGNIZED_NAME)
        return
    await _pass_on(first, reader, writer, after, port)


async def intolerant(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, after: str, port: int) -> None:
    """Closes without a word on what is newer than TLS 1.2 (an extension supported_versions) or longer than 512 octets."""
    first = await hello(reader)
    if _has_extension(first, 43) or len(first) > 512:
        return
    await _pass_on(first, reader, writer, after, port)


def _has_extension(first: bytes, wanted: int) -> bool:
    at = 5 + 4 + 2 + 32
    if first[0] != 0x16 or len(first) <= at:
        return False
    at += 1 + first[at]
    at += 2 + int.from_bytes(first[at : at + 2], "big")
    at += 1 + first[at]
    at += 2
    while at + 4 <= len(first):
        kind, length = struct.unpack("!HH", first[at : at + 4])
        if kind == wanted:
            return True
        at += 4 + length
    return False


async def _pass_on(first: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, after: str, port: int) -> None:
    up, down = await asyncio.open_connection(after, port)
    down.write(first)

    async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(65536):
            sink.write(data)
            await sink.drain()
        sink.close()

    try:
        await asyncio.gather(pump(reader, down), pump(up, writer))
    finally:
        down.close()


PEERS: dict[str, Peer] = {
    peer.__name__.replace("_", "-"): peer
    for peer in (
        silent,
        mute,
        half_close,
        reset,
        close,
        drip,
        http,
        ssh,
        noise,
        endless_records,
        endless_hellos,
        huge_certificate,
        no_sni,
        only_sni,
        intolerant,
    )
}


async def main(config: str) -> None:
    """Listen everywhere, serve until the end."""
    for name, address, port, after in json.loads(config):
        peer = PEERS[name]

        async def served(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter, peer: Peer = peer, after: str = after, port: int = port
        ) -> None:
            try:
                await peer(reader, writer, after, port)
            except (OSError, asyncio.IncompleteReadError):
                pass  # the client went away: its own business
            finally:
                writer.close()

        await asyncio.start_server(served, address, port, backlog=200)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]).read_text()))

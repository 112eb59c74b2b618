"""The odd servers of the exposure laboratory: protocols for which Debian has no server that is kept badly enough, and plain open ports.

Each answers one client as a real one would, no further. At ports where nothing may be said whatever comes is written down, for the
test that nothing came. Started by the keeper: ``python -m tests.lab.exposure.odd FOLDER``.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import struct
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import TypeAlias, cast

from tests.lab.exposure import tunnel_end
from tests.lab.exposure.hosts import BAD, HOSTS, ODD

Reader: TypeAlias = asyncio.StreamReader
Writer: TypeAlias = asyncio.StreamWriter
Talk = Callable[[Reader, Writer], Awaitable[None]]
MUTE = {102, 502, 9100, 44818}


async def vnc(reader: Reader, writer: Writer) -> None:
    writer.write(b"RFB 003.008\n")
    await reader.readexactly(12)
    writer.write(b"\x02\x01\x02")


async def rdp(reader: Reader, writer: Writer) -> None:
    request = await reader.readexactly(19)
    chosen = request[15] & 1
    writer.write(b"\x03\x00\x00\x13\x0e\xd0\x00\x00\x00\x00\x00\x02\x00\x08\x00" + struct.pack("<I", chosen))


async def x11(reader: Reader, writer: Writer) -> None:
    await reader.readexactly(12)
    writer.write(b"\x01\x00\x0b\x00\x00\x00\x00\x00" + bytes(32))


def page(head: str, body: str, status: str = "200 OK") -> Talk:
    async def talk(reader: Reader, writer: Writer) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.0 {status}\r\n{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())

    return talk


async def rtsp(reader: Reader, writer: Writer) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nServer: Lab Camera\r\n\r\n")


async def telnet(_: Reader, writer: Writer) -> None:
    writer.write(b"\xff\xfd\x18\xff\xfb\x01\r\nlogin: ")


async def rsync(reader: Reader, writer: Writer) -> None:
    writer.write(b"@RSYNCD: 31.0\n")
    while (await reader.readline()).strip() != b"#list":
        pass
    writer.write(b"backup         \tnightly copies\n@RSYNCD: EXIT\n")


async def proxy(reader: Reader, writer: Writer) -> None:
    line = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")[0].split()
    if line[0] != b"CONNECT":
        writer.write(b"HTTP/1.1 400 Bad Request\r\nServer: squid/5.7\r\n\r\n")
        return
    where, _, port = line[1].decode().rpartition(":")
    _, onward = await asyncio.open_connection(where.strip("[]"), int(port))
    writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
    await asyncio.sleep(0.2)
    onward.close()


async def moving(reader: Reader, writer: Writer) -> None:
    path = (await reader.readuntil(b"\r\n\r\n")).split()[1]
    if path == b"/":
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: /login.html\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    else:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 32\r\nConnection: close\r\n\r\n<title>iDRAC login page  </title>")


async def socks(reader: Reader, writer: Writer) -> None:
    await reader.readexactly(3)
    writer.write(b"\x05\xff")


async def ssh(_: Reader, writer: Writer) -> None:
    writer.write(b"SSH-2.0-lab\r\n")


def mute(folder: Path, port: int) -> Talk:
    async def talk(reader: Reader, _: Writer) -> None:
        if data := await reader.read(100):
            with (folder / "said").open("a") as said:
                said.write(f"{port}: {data!r}\n")

    return talk


async def hold(reader: Reader, _: Writer) -> None:
    await reader.read(1)


def guarded(talk: Talk) -> Talk:
    async def run(reader: Reader, writer: Writer) -> None:
        with contextlib.suppress(OSError, EOFError, TimeoutError, asyncio.LimitOverrunError, ValueError):
            async with asyncio.timeout(20):
                await talk(reader, writer)
                await writer.drain()
                await reader.read(1)
        writer.close()

    return run


def telnetd() -> Talk:
    """Run the real telnet server for each connection, as inetd would."""

    async def talk(_: Reader, writer: Writer) -> None:
        ours = writer.get_extra_info("socket")
        process = await asyncio.create_subprocess_exec(
            "telnetd", stdin=ours.fileno(), stdout=ours.fileno(), stderr=asyncio.subprocess.DEVNULL
        )
        try:
            await process.wait()
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()

    return talk


class Udp(asyncio.DatagramProtocol):
    """Answers every datagram by a function of its octets."""

    def __init__(self, answer: Callable[[bytes], list[bytes]]) -> None:
        self._answer = answer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)  # no subclass of it before Python 3.12

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        for reply in self._answer(data):
            self._transport.sendto(reply, addr)


def ntp(data: bytes) -> list[bytes]:
    if data[0] & 7 == 3:
        return [b"\x24\x02" + bytes(46)]
    if data[0] & 7 == 7:
        return [b"\x97\x00\x03\x2a\x00\x06\x00\x48" + bytes(432)] * 20
    return []


def ssdp(data: bytes) -> list[bytes]:
    answer = b"HTTP/1.1 200 OK\r\nST: upnp:rootdevice\r\nSERVER: Lab/1.0 UPnP/1.0\r\nLOCATION: http://10.77.0.13:49152/d.xml\r\n\r\n"
    return [answer] * 12 if data.startswith(b"M-SEARCH") else []


def ipmi(data: bytes) -> list[bytes]:
    pong = b"\x06\x00\xff\x06\x00\x00\x11\xbe\x40\x00\x00\x10" + b"\x00\x00\x11\xbe\x00\x00\x00\x00\x81\x00" + bytes(6)
    return [pong] if data[:4] == b"\x06\x00\xff\x06" else []


def teredo(data: bytes) -> list[bytes]:
    """Advertise as a Teredo server does (RFC 4380 section 5.3.2): an origin indication and a prefix before all else."""
    advertisement = b"\x86\x00\x00\x00\x40\x00\x00\x1e" + bytes(8) + b"\x03\x04\x40\x40" + b"\xff" * 8 + bytes(4) + b"\x20\x01" + bytes(14)
    head = b"\x60\x00\x00\x00" + len(advertisement).to_bytes(2, "big") + b"\x3a\xff" + data[24:40] + data[8:24]
    return [b"\x00\x00\x12\x34\x0a\x4d\x00\x01" + head + advertisement] if data[6:8] == b"\x3a\xff" else []


TCP: dict[int, Talk] = {
    80: page("Server: Lab-HTTP\r\n", "<html><title>LaserJet 4000 - HP JetDirect</title></html>"),
    554: rtsp,
    873: rsync,
    1080: socks,
    2323: telnet,
    2375: page("", '{"Version": "20.10", "ApiVersion": "1.41"}'),
    3128: proxy,
    3389: rdp,
    5900: vnc,
    6000: x11,
    9200: page(
        "Content-Type: application/json\r\n", '{"name": "n", "cluster_name": "lab", "version": {}, "tagline": "You Know, for Search"}'
    ),
}
UDP = {
    7: lambda data: [data],
    19: lambda _: [bytes(range(33, 105)) * 3],
    123: ntp,
    623: ipmi,
    1900: ssdp,
    3544: teredo,
}


async def main() -> None:
    """Serve until killed."""
    folder = Path(sys.argv[1])
    loop = asyncio.get_running_loop()
    servers = [await asyncio.start_server(guarded(talk), ODD.v4, port) for port, talk in TCP.items()]
    servers.append(await asyncio.start_server(guarded(telnetd()), BAD.v4, 23))
    within = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    within.load_cert_chain(folder / "lab.pem", folder / "lab.key")
    servers.append(await asyncio.start_server(guarded(moving), ODD.v4, 8443, ssl=within))
    servers += [await asyncio.start_server(guarded(hold), "0.0.0.0", port, backlog=1024) for port in (9998, 9999)]
    for host in HOSTS.values():
        for port in host.open:
            talk = mute(folder, port) if port in MUTE else ssh if port == 22 else hold
            servers += [await asyncio.start_server(guarded(talk), address, port) for address in host.addresses]
    for port, answer in UDP.items():
        await loop.create_datagram_endpoint(partial(Udp, answer), local_addr=(ODD.v4, port))
    tunnel_end.serve(ODD.v4, loop)
    (folder / "odd-ready").touch()
    await asyncio.gather(*(server.serve_forever() for server in servers))


if __name__ == "__main__":
    asyncio.run(main())

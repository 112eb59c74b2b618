"""Mail servers that misbehave, one behaviour a function, and the store in which everything ends that a server of the laboratory delivers.

Run inside the servers' namespace: ``python -m tests.lab.mail.odd FOLDER``.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import ssl
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.lab.mail.scenarios import SERVERS, STORE, STORE_PORT, Program

Reader = asyncio.StreamReader
Writer = asyncio.StreamWriter
Behaviour = Callable[[Reader, Writer], Awaitable[None]]

TLS: dict[str, ssl.SSLContext] = {}
FOLDER: dict[str, Path] = {}
_numbers = itertools.count()


async def _say(writer: Writer, *lines: str) -> None:
    writer.write("".join(f"{line}\r\n" for line in lines).encode())
    await writer.drain()


def _yes(line: bytes) -> list[str]:
    match line[:4].upper():
        case b"EHLO":
            return ["250-yes.lab.kakuu.lg.jp", "250 PIPELINING"]
        case b"QUIT":
            return ["221 bye"]
        case b"DATA":
            return ["354 go"]
        case _:
            return ["250 yes"]


async def babbler(reader: Reader, writer: Writer, pause: float = 0.0) -> None:
    """Say yes to whatever comes."""
    await _say(writer, "220 yes.lab.kakuu.lg.jp ESMTP")
    while line := await reader.readline():
        await asyncio.sleep(pause)
        await _say(writer, *_yes(line))
        if line[:4].upper() == b"QUIT":
            return


async def tarpit(reader: Reader, writer: Writer) -> None:
    """The same, four seconds an answer."""
    await babbler(reader, writer, 4.0)


async def silent(reader: Reader, writer: Writer) -> None:
    """Take everything, say nothing."""
    while await reader.read(4096):
        pass


async def endless(reader: Reader, writer: Writer) -> None:
    """Send a greeting without an end."""
    while True:
        writer.write(b"220-" + b"x" * 1000 + b"\r\n")
        await writer.drain()


async def turned_away(reader: Reader, writer: Writer) -> None:
    """Greet with a refusal."""
    await _say(writer, "554 5.7.1 no SMTP service here")


async def busy(reader: Reader, writer: Writer) -> None:
    """Greet with too many connections."""
    await _say(writer, "421 4.7.0 too many connections from your host")


async def wrong_codes(reader: Reader, writer: Writer) -> None:
    """Speak in codes that no protocol has."""
    await _say(writer, "220 hello")
    while await reader.readline():
        await _say(writer, "999 what", "+OK")


def _polite(line: bytes) -> list[str]:
    match line[:4].upper().strip():
        case b"EHLO":
            return ["250-odd.lab.kakuu.lg.jp", "250-PIPELINING", "250 STARTTLS"]
        case b"RCPT" if b"postmaster" in line.lower():
            return ["250 2.1.5 ok"]
        case b"RCPT":
            return ["550 5.7.1 relaying denied"]
        case b"QUIT":
            return ["221 bye"]
        case b"VRFY" | b"EXPN" | b"HELP":
            return ["502 5.5.1 not implemented"]
        case _:
            return ["250 ok"]


async def injectable(reader: Reader, writer: Writer) -> None:
    """Keep what was read before STARTTLS and carry it out within TLS, as the fault of 2011 did. TLS is spoken over the buffer by hand."""
    await _say(writer, "220 odd.lab.kakuu.lg.jp ESMTP")
    buffer = b""
    while data := await reader.read(4096):
        buffer += data
        while b"\n" in buffer:
            line, _, buffer = buffer.partition(b"\n")
            if line[:8].upper() == b"STARTTLS":
                await _say(writer, "220 go")
                await _within_tls(reader, writer, buffer)
                return
            await _say(writer, *_polite(line))
            if line[:4].upper() == b"QUIT":
                return


async def _within_tls(reader: Reader, writer: Writer, kept: bytes, answer: Callable[[bytes], list[str]] = _polite) -> None:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = TLS["context"].wrap_bio(incoming, outgoing, server_side=True)
    buffer, shaken = kept, False
    while True:
        try:
            if not shaken:
                tls.do_handshake()
                shaken = True
            while b"\n" in buffer:
                line, _, buffer = buffer.partition(b"\n")
                tls.write("".join(f"{said}\r\n" for said in answer(line)).encode())
            buffer += tls.read(4096)
            continue
        except ssl.SSLWantReadError:
            pass
        writer.write(outgoing.read())
        await writer.drain()
        data = await reader.read(4096)
        if not data:
            return
        incoming.write(data)


async def strict(reader: Reader, writer: Writer) -> None:
    """End lines at CR LF alone, and end the session at a bare LF or CR."""
    await _say(writer, "220 odd.lab.kakuu.lg.jp ESMTP")
    with contextlib.suppress(asyncio.IncompleteReadError):
        while True:
            line = (await reader.readuntil(b"\r\n"))[:-2]
            if b"\n" in line or b"\r" in line:
                await _say(writer, "521 5.5.2 bare <LF> received")
                return
            await _say(writer, *(["250-odd.lab.kakuu.lg.jp", "250 SIZE 10485760"] if line[:4].upper() == b"EHLO" else _polite(line)))
            if line[:4].upper() == b"QUIT":
                return


async def gossip(reader: Reader, writer: Writer) -> None:
    """Tell who is there."""
    await _say(writer, "220 odd.lab.kakuu.lg.jp ESMTP Sendmail 8.11.6/8.11.6; Sun, 22 Nov 2026 09:00:00 +0900")
    while line := await reader.readline():
        words = line.split()
        match line[:4].upper():
            case b"VRFY" | b"EXPN":
                known = words[-1:] == [b"postmaster"]
                await _say(writer, "250 2.1.5 Taro Kakuu <taro@naibu.kakuu.local>" if known else "550 5.1.1 user unknown")
            case _:
                await _say(writer, *_polite(line))
        if line[:4].upper() == b"QUIT":
            return


def _imap(line: bytes) -> list[str]:
    tag, _, command = line.decode("latin-1").strip().partition(" ")
    match command.split(" ")[0].upper():
        case "CAPABILITY":
            return ["* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED", f"{tag} OK done"]
        case "LOGOUT":
            return ["* BYE", f"{tag} OK done"]
        case _:
            return [f"{tag} OK done"]


async def imap_injectable(reader: Reader, writer: Writer) -> None:
    """The fault of ``injectable`` in IMAP."""
    await _say(writer, "* OK ready")
    buffer = b""
    while data := await reader.read(4096):
        buffer += data
        while b"\n" in buffer:
            line, _, buffer = buffer.partition(b"\n")
            if b"STARTTLS" in line.upper():
                await _say(writer, f"{line.split()[0].decode()} OK go")
                await _within_tls(reader, writer, buffer, _imap)
                return
            await _say(writer, *_imap(line))
            if b"LOGOUT" in line:
                return


async def imap_preauth(reader: Reader, writer: Writer) -> None:
    """Everybody is logged in."""
    await _say(writer, "* PREAUTH [CAPABILITY IMAP4rev1] logged in as nobody")
    while line := await reader.readline():
        await _say(writer, *(said.replace(" STARTTLS", "") for said in _imap(line)))
        if b"LOGOUT" in line:
            return


async def store(reader: Reader, writer: Writer) -> None:
    """Take every message and keep it: what is here was delivered."""
    await _say(writer, "220 store")
    lines: list[bytes] = []
    while line := await reader.readline():
        if line[:4].upper() == b"DATA":
            await _say(writer, "354 go")
            while (text := await reader.readline()) not in {b".\r\n", b""}:
                lines.append(text)
            (FOLDER["store"] / f"{next(_numbers)}.eml").write_bytes(b"".join(lines))
            lines = []
            await _say(writer, "250 kept")
        else:
            await _say(writer, "221 bye" if line[:4].upper() == b"QUIT" else "250 ok")
        if line[:4].upper() == b"QUIT":
            return


_HERE = globals()


def _served(behaviour: Behaviour) -> Callable[[Reader, Writer], Awaitable[None]]:
    async def serve(reader: Reader, writer: Writer) -> None:
        try:
            await behaviour(reader, writer)
        except (OSError, ssl.SSLError, ValueError):
            pass  # the scanner went away, which it may
        finally:
            writer.close()

    return serve


async def main(folder: Path) -> None:
    """Serve every odd behaviour at its addresses, and the store."""
    TLS["context"] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    TLS["context"].load_cert_chain(folder / "lab.pem", folder / "lab.key")
    FOLDER["store"] = folder / "store"
    FOLDER["store"].mkdir(exist_ok=True)
    servers = [await asyncio.start_server(_served(store), STORE, STORE_PORT)]
    for server in SERVERS.values():
        if server.program is Program.ODD:
            behaviour: Behaviour = _HERE[server.settings[0].replace("-", "_")]
            for address in server.addresses:
                servers += [await asyncio.start_server(_served(behaviour), address, port) for port in server.ports]
    await asyncio.gather(*(server.serve_forever() for server in servers))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))

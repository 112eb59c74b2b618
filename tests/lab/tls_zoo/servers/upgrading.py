"""Servers of protocols for which no cheap package exists, up to the change to TLS: NNTP, RDP, SQL Server.

``python3 upgrading.py CHAIN KEY CIPHERS ADDRESS...``; by the interpreter of the distribution, whose library is the system's OpenSSL.
"""

from __future__ import annotations

import socket
import ssl
import struct
import sys
import threading
from collections.abc import Callable

PATIENCE = 10.0
CHUNK = 65536


def exactly(peer: socket.socket, count: int) -> bytes:
    """That many octets; EOFError when the peer ends before."""
    data = b""
    while len(data) < count:
        piece = peer.recv(count - len(data))
        if not piece:
            raise EOFError
        data += piece
    return data


def nntp(peer: socket.socket, context: ssl.SSLContext) -> None:
    """RFC 4642."""
    peer.sendall(b"200 zoo ready\r\n")
    lines = peer.makefile("rb", buffering=0)
    while line := lines.readline(600):
        match line.strip().upper():
            case b"CAPABILITIES":
                peer.sendall(b"101 capabilities\r\nVERSION 2\r\nREADER\r\nSTARTTLS\r\n.\r\n")
            case b"STARTTLS":
                peer.sendall(b"382 go on\r\n")
                context.wrap_socket(peer, server_side=True).close()
                return
            case b"QUIT":
                peer.sendall(b"205 bye\r\n")
                return
            case _:
                peer.sendall(b"500 what?\r\n")


def rdp(peer: socket.socket, context: ssl.SSLContext) -> None:
    """[MS-RDPBCGR] 2.2.1.1 and 2.2.1.2: X.224 connection request and confirm, TLS chosen."""
    head = exactly(peer, 4)
    exactly(peer, struct.unpack("!H", head[2:])[0] - 4)
    confirm = b"\x0e\xd0\x00\x00\x12\x34\x00" + struct.pack("<BBHI", 2, 0, 8, 1)
    peer.sendall(b"\x03\x00" + struct.pack("!H", len(confirm) + 4) + confirm)
    context.wrap_socket(peer, server_side=True).close()


def mssql(peer: socket.socket, context: ssl.SSLContext) -> None:
    """[MS-TDS] 2.2.6.5: PRELOGIN with encryption on, then TLS inside PRELOGIN packets."""
    _packet(peer)
    version, encryption = b"\x10\x00\x00\x00\x00\x00", b"\x01"
    table = struct.pack("!BHHBHHB", 0, 11, len(version), 1, 11 + len(version), len(encryption), 0xFF)
    _answer(peer, table + version + encryption)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_side=True)
    while True:
        try:
            tls.do_handshake()
        except ssl.SSLWantReadError:
            if data := outgoing.read():
                _answer(peer, data)
            incoming.write(_packet(peer))
        else:
            return
        finally:
            if data := outgoing.read():
                _answer(peer, data)


def _packet(peer: socket.socket) -> bytes:
    head = exactly(peer, 8)
    return exactly(peer, struct.unpack("!H", head[2:4])[0] - 8)


def _answer(peer: socket.socket, data: bytes) -> None:
    peer.sendall(struct.pack("!BBHHBB", 0x04, 1, len(data) + 8, 0, 1, 0) + data)


Protocol = Callable[[socket.socket, ssl.SSLContext], None]
PORTS: dict[int, Protocol] = {119: nntp, 3389: rdp, 1433: mssql}


def main() -> None:
    """Listen everywhere, serve until the end."""
    chain, key, ciphers, *addresses = sys.argv[1:]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    context.set_ciphers(ciphers)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ecdh_curve("prime256v1")

    def answer(peer: socket.socket, protocol: Protocol) -> None:
        peer.settimeout(PATIENCE)
        try:
            protocol(peer, context)
        except (OSError, EOFError, ValueError):
            pass  # the peer's own business
        finally:
            peer.close()

    def serve(listener: socket.socket, protocol: Protocol) -> None:
        while True:
            threading.Thread(target=answer, args=(listener.accept()[0], protocol), daemon=True).start()

    for address in addresses:
        for port, protocol in PORTS.items():
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            listener = socket.create_server((address, port), family=family, backlog=50)
            threading.Thread(target=serve, args=(listener, protocol)).start()


if __name__ == "__main__":
    main()

"""SQL Server up to the change to TLS, because no package has it.

``python3 sql_server.py CHAIN KEY CIPHERS ADDRESS...``; by the interpreter of the distribution, whose library is the system's OpenSSL.
"""

from __future__ import annotations

import socket
import ssl
import struct
import sys
import threading

PORT = 1433
PATIENCE = 10.0


def exactly(peer: socket.socket, count: int) -> bytes:
    """That many octets; EOFError when the peer ends before."""
    data = b""
    while len(data) < count:
        piece = peer.recv(count - len(data))
        if not piece:
            raise EOFError
        data += piece
    return data


def change(peer: socket.socket, context: ssl.SSLContext) -> None:
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


def main() -> None:
    """Listen everywhere, serve until the end."""
    chain, key, ciphers, *addresses = sys.argv[1:]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    context.set_ciphers(ciphers)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ecdh_curve("prime256v1")

    def answer(peer: socket.socket) -> None:
        peer.settimeout(PATIENCE)
        try:
            change(peer, context)
        except (OSError, EOFError, ValueError):
            pass  # the peer's own business
        finally:
            peer.close()

    def serve(listener: socket.socket) -> None:
        while True:
            threading.Thread(target=answer, args=(listener.accept()[0],), daemon=True).start()

    for address in addresses:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        listener = socket.create_server((address, PORT), family=family, backlog=50)
        threading.Thread(target=serve, args=(listener,)).start()


if __name__ == "__main__":
    main()

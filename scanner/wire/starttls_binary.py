"""The change to TLS in protocols whose messages are binary: LDAP, PostgreSQL, MySQL, RDP, SQL Server; and the table of all protocols.

Built on ``starttls``. SQL Server carries the TLS handshake inside packets of its own: ``TdsFrames`` puts it in and takes it out.
"""

from __future__ import annotations

import struct
from collections.abc import Generator

from scanner.facts.tls import Upgrade
from scanner.wire.starttls import (
    Dialogue,
    Ended,
    Inbox,
    NotTheProtocol,
    Talk,
    TurnedAway,
    ftp,
    imap,
    nntp,
    pop3,
    printable,
    sieve,
    smtp,
    xmpp,
)

LONGEST_MESSAGE = 16384
_START_TLS = b"1.3.6.1.4.1.1466.20037"


def dialogue(protocol: str, *, name: str, called: str) -> Dialogue:
    """Give the dialogue of a protocol of ``scanner.model.target.STARTTLS``; ``KeyError`` for any other.

    ``name`` is the host or domain talked to (XMPP names it), ``called`` our own name or address literal (SMTP introduces us).
    """
    talks = {
        "smtp": smtp(called),
        "submission": smtp(called),
        "lmtp": smtp(called, hello="LHLO"),
        "imap": imap,
        "pop3": pop3,
        "sieve": sieve,
        "ftp": ftp,
        "nntp": nntp,
        "xmpp-client": xmpp(name),
        "xmpp-server": xmpp(name, to="server"),
        "ldap": ldap,
        "postgresql": postgresql,
        "mysql": mysql,
        "rdp": rdp,
        "mssql": mssql,
    }
    return Dialogue(talks[protocol])


def _tlv(data: bytes, at: int, what: str) -> tuple[int, bytes, int]:
    """Read a BER element with a definite length (RFC 4511 section 5.1): tag, content, where it ends."""
    if at + 2 > len(data):
        raise NotTheProtocol(f"{what} is cut off: {data[:32].hex()}")
    tag, length, at = data[at], data[at + 1], at + 2
    if length > 0x84:
        raise NotTheProtocol(f"{what} has a length that LDAP does not know: {data[:32].hex()}")
    if length >= 0x80:
        count = length - 0x80
        length, at = int.from_bytes(data[at : at + count], "big"), at + count
    if at + length > len(data) or not data[at - 1 : at]:
        raise NotTheProtocol(f"{what} is cut off: {data[:32].hex()}")
    return tag, data[at : at + length], at + length


def ldap(inbox: Inbox) -> Talk:
    """LDAP: the extended operation StartTLS (RFC 4511 section 4.14)."""
    operation = b"\x80" + bytes([len(_START_TLS)]) + _START_TLS
    request = b"\x02\x01\x01\x77" + bytes([len(operation)]) + operation
    inbox.say(b"\x30" + bytes([len(request)]) + request)
    head = yield from inbox.exactly(2)
    if head[0] != 0x30 or head[1] > 0x84 or head[1] == 0x80:
        raise NotTheProtocol(f"no LDAP message: {printable(head + inbox.rest())}")
    length = head[1]
    if length > 0x80:
        more = yield from inbox.exactly(length - 0x80)
        length, head = int.from_bytes(more, "big"), head + more
    if length > LONGEST_MESSAGE:
        raise NotTheProtocol(f"an LDAP message of {length} octets")
    body = yield from inbox.exactly(length)
    tag, number, at = _tlv(body, 0, "an LDAP message")
    kind, response, _ = _tlv(body, at, "an LDAP message")
    if tag != 2 or kind != 0x78:
        raise NotTheProtocol(f"no extended response: {body[:32].hex()}")
    tag, code, at = _tlv(response, 0, "an LDAP result")
    _, _, at = _tlv(response, at, "an LDAP result")
    _, text, _ = _tlv(response, at, "an LDAP result")
    if tag != 10 or not 1 <= len(code) <= 2:
        raise NotTheProtocol(f"no LDAP result: {response[:32].hex()}")
    result = int.from_bytes(code, "big")
    words = f"result {result} {printable(text)}".strip()
    if number == b"\0":
        raise TurnedAway(words)  # RFC 4511 section 4.4.1: notice of disconnection
    if result == 0:
        return Ended(Upgrade.OFFERED, words, inbox.rest())
    return Ended(Upgrade.NOT_OFFERED if result == 2 else Upgrade.REFUSED, words)  # 2: protocolError, the operation is not known


def postgresql(inbox: Inbox) -> Talk:
    """PostgreSQL: SSLRequest (Frontend/Backend Protocol, section SSL Session Encryption)."""
    inbox.say(struct.pack("!II", 8, 80877103))
    answer = yield from inbox.exactly(1)
    match answer:
        case b"S":
            return Ended(Upgrade.OFFERED, "S", inbox.rest())
        case b"N":
            return Ended(Upgrade.NOT_OFFERED, "N")
        case b"E":  # an error message: a server too old to know the request, or one that has too many connections
            return Ended(Upgrade.REFUSED, printable(answer + inbox.rest()))
        case _:
            raise NotTheProtocol(f"no answer to SSLRequest: {printable(answer + inbox.rest())}")


_CLIENT_SSL = 0x0800
_CLIENT_FLAGS = 0x0008_AA05  # long password, long flag, protocol 4.1, SSL, transactions, secure connection, plugin authentication


def mysql(inbox: Inbox) -> Talk:
    """MySQL and MariaDB: the server's greeting names its capabilities; the request for TLS is a short login packet without an answer."""
    head = yield from inbox.exactly(4)
    length = int.from_bytes(head[:3], "little")
    if head[3] != 0 or not 1 <= length <= LONGEST_MESSAGE:
        raise NotTheProtocol(f"no MySQL packet: {printable(head + inbox.rest())}")
    body = yield from inbox.exactly(length)
    if body[0] == 0xFF:
        raise TurnedAway(f"error {int.from_bytes(body[1:3], 'little')} {printable(body[3:])}")
    version, end, rest = body[1:].partition(b"\0")
    if body[0] == 9:
        return Ended(Upgrade.NOT_OFFERED, f"protocol 9, {printable(version)}")
    if body[0] != 10 or not end or len(rest) < 15:
        raise NotTheProtocol(f"no MySQL greeting: {printable(body)}")
    words = printable(version)
    if not int.from_bytes(rest[13:15], "little") & _CLIENT_SSL:
        return Ended(Upgrade.NOT_OFFERED, words)
    early = inbox.rest()
    request = struct.pack("<IIB23x", _CLIENT_FLAGS, 0x0100_0000, 33)
    inbox.say(len(request).to_bytes(3, "little") + b"\x01" + request)
    return Ended(Upgrade.OFFERED, words, early)


_RDP_FAILURES = {
    1: "SSL_REQUIRED_BY_SERVER",
    2: "SSL_NOT_ALLOWED_BY_SERVER",
    3: "SSL_CERT_NOT_ON_SERVER",
    4: "INCONSISTENT_FLAGS",
    5: "HYBRID_REQUIRED_BY_SERVER",
    6: "SSL_WITH_USER_AUTH_REQUIRED_BY_SERVER",
}


def rdp(inbox: Inbox) -> Talk:
    """RDP: the negotiation within the X.224 connection request (MS-RDPBCGR 2.2.1.1), for TLS or CredSSP, which begin alike."""
    inbox.say(bytes.fromhex("030000130ee00000000000") + struct.pack("<BBHI", 1, 0, 8, 3))
    head = yield from inbox.exactly(4)
    length = int.from_bytes(head[2:], "big")
    if head[0] != 3 or not 7 <= length <= 512:
        raise NotTheProtocol(f"no TPKT packet: {printable(head + inbox.rest())}")
    body = yield from inbox.exactly(length - 4)
    if len(body) < 7 or body[1] & 0xF0 != 0xD0:
        raise NotTheProtocol(f"no X.224 connection confirm: {body[:16].hex()}")
    if len(body) < 15:
        return Ended(Upgrade.NOT_OFFERED, "no negotiation: standard RDP security")
    kind, _, _, value = struct.unpack("<BBHI", body[7:15])
    if kind == 3:
        words = _RDP_FAILURES.get(value, f"failure {value}")
        return Ended(Upgrade.NOT_OFFERED if value in {2, 3} else Upgrade.REFUSED, words)
    if kind != 2:
        raise NotTheProtocol(f"no RDP negotiation: {body[:16].hex()}")
    if not value:
        return Ended(Upgrade.NOT_OFFERED, "standard RDP security was chosen")
    return Ended(Upgrade.OFFERED, f"protocol {value}", inbox.rest())


_PRELOGIN = 0x12
_TABULAR = 0x04
_ENCRYPTION = {0: "ENCRYPT_OFF", 1: "ENCRYPT_ON", 2: "ENCRYPT_NOT_SUP", 3: "ENCRYPT_REQ"}


def _tds(inbox: Inbox) -> Generator[bytes, None, tuple[int, bytes]]:
    """Read one message of one packet."""
    head = yield from inbox.exactly(8)
    length = int.from_bytes(head[2:4], "big")
    if head[0] not in {_PRELOGIN, _TABULAR} or not 8 < length <= LONGEST_MESSAGE:
        raise NotTheProtocol(f"no TDS packet: {printable(head + inbox.rest())}")
    body = yield from inbox.exactly(length - 8)
    return head[0], body


def mssql(inbox: Inbox) -> Talk:
    """SQL Server: PRELOGIN (MS-TDS 2.2.6.5). The handshake then travels in packets of the same type, see ``TdsFrames``."""
    options = b"\x00\x00\x0b\x00\x06" + b"\x01\x00\x11\x00\x01" + b"\xff"
    body = options + bytes([9, 0, 0, 0, 0, 0]) + b"\x01"
    inbox.say(struct.pack("!BBHHBB", _PRELOGIN, 1, 8 + len(body), 0, 0, 0) + body)
    _, answer = yield from _tds(inbox)
    at = 0
    while at < len(answer) and answer[at] != 0xFF and at + 5 <= len(answer):
        token, offset, length = struct.unpack_from("!BHH", answer, at)
        if token == 1 and length >= 1 and offset < len(answer):
            value = answer[offset]
            words = _ENCRYPTION.get(value, f"encryption {value}")
            return Ended(Upgrade.NOT_OFFERED if value == 2 else Upgrade.OFFERED, words, inbox.rest())
        at += 5
    raise NotTheProtocol(f"a PRELOGIN answer that does not speak of encryption: {answer[:32].hex()}")


class TdsFrames:
    """TLS records inside TDS packets, as they travel until the handshake is done (MS-TDS 2.2.6.5)."""

    MOST_IN_PACKET = 4096 - 8  # the packet size before it is negotiated

    def __init__(self) -> None:
        self._rest = bytearray()

    def put(self, records: bytes) -> bytes:
        """Give the packets that carry these octets."""
        parts = [records[at : at + self.MOST_IN_PACKET] for at in range(0, len(records), self.MOST_IN_PACKET)]
        return b"".join(
            struct.pack("!BBHHBB", _PRELOGIN, int(at == len(parts) - 1), 8 + len(part), 0, at & 0xFF, 0) + part
            for at, part in enumerate(parts)
        )

    def take(self, data: bytes) -> bytes:
        """Take what came and give the octets of TLS in it. Raises ``NotTheProtocol``."""
        self._rest += data
        out = bytearray()
        at = 0
        while at + 8 <= len(self._rest):
            length = int.from_bytes(self._rest[at + 2 : at + 4], "big")
            if self._rest[at] not in {_PRELOGIN, _TABULAR} or length <= 8:
                raise NotTheProtocol(f"no TDS packet within the handshake: {printable(bytes(self._rest[at : at + 64]))}")
            if at + length > len(self._rest):
                break
            out += self._rest[at + 8 : at + length]
            at += length
        del self._rest[:at]
        return bytes(out)

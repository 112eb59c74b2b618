"""What listens at a TCP port, told from its answer to a harmless first message: protocols made of octets.

Every reader takes whatever comes and gives ``None`` for what it does not know.
Sources: [MS-CIFS] 2.2.4.52 and [MS-SMB2] 2.2.3, [MS-RDPBCGR]
2.2.1.1, RFC 6143 (RFB), the X Window System Protocol, RFC 4511 (LDAP), RFC 1833 (portmap), RFC 1928 (SOCKS), the wire protocols of
PostgreSQL, MySQL and MongoDB.
"""

from __future__ import annotations

import struct
from ipaddress import ip_address

from scanner.facts.exposure import Speaks, Spoken, Trait
from scanner.wire.listeners import words_of

MOST_PROGRAMS = 500

# --- SMB ---------------------------------------------------------------------------------------------------------------------------


def _framed(message: bytes) -> bytes:
    return struct.pack(">I", len(message)) + message


def smb1_negotiate() -> bytes:
    """Offer "NT LM 0.12" and nothing newer."""
    head = b"\xffSMB\x72" + bytes(4) + b"\x18" + b"\x01\x28" + bytes(12) + b"\xff\xff\x00\x00\x00\x00\x00\x00"
    dialect = b"\x02NT LM 0.12\x00"
    return _framed(head + b"\x00" + struct.pack("<H", len(dialect)) + dialect)


def smb1(reply: bytes) -> bool:
    """Tell whether the dialect was taken."""
    message = reply[4:]
    if message[:5] != b"\xffSMB\x72" or len(message) < 35:
        return False
    return message[5:9] == bytes(4) and message[32] >= 13 and message[33:35] == b"\x00\x00"


def smb2_negotiate() -> bytes:
    """Offer the dialects 2.0.2 to 3.0.2."""
    head = b"\xfeSMB" + struct.pack("<HHIHHIIQIIQ", 64, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + bytes(16)
    dialects = (0x0202, 0x0210, 0x0300, 0x0302)
    body = struct.pack("<HHHHI16sQ", 36, len(dialects), 1, 0, 0, b"tenken-tenken-00", 0) + struct.pack("<4H", *dialects)
    return _framed(head + body)


def smb2(reply: bytes) -> Spoken | None:
    """Read the dialect chosen and whether messages must be signed."""
    message = reply[4:]
    if message[:4] != b"\xfeSMB" or len(message) < 70:
        return None
    if message[8:12] != bytes(4):
        return Spoken(Speaks.SMB)
    mode, dialect = struct.unpack_from("<HH", message, 66)
    signing = Trait.SIGNING_REQUIRED if mode & 2 else Trait.SIGNING_OPTIONAL
    return Spoken(Speaks.SMB, (signing,), f"SMB {dialect >> 8}.{dialect >> 4 & 15}.{dialect & 15}")


# --- RDP ---------------------------------------------------------------------------------------------------------------------------

TLS_ONLY = 1
OLD_ONLY = 0


def rdp_request(protocols: int) -> bytes:
    """Ask for a connection with the security protocols named."""
    body = b"\xe0\x00\x00\x00\x00\x00" + struct.pack("<BBHI", 1, 0, 8, protocols)
    return struct.pack(">BBH", 3, 0, len(body) + 5) + bytes([len(body)]) + body


def rdp(reply: bytes, asked: int) -> Spoken | None:
    """Read the answer: what was taken, or that network level authentication is a must (failure 5)."""
    if len(reply) < 11 or reply[0] != 3 or reply[5] & 0xF0 != 0xD0:
        return None
    if len(reply) < 19:  # no negotiation at all: a server older than it
        return Spoken(Speaks.RDP, (Trait.STANDARD_SECURITY, Trait.WITHOUT_NLA))
    kind, code = reply[11], int.from_bytes(reply[15:19], "little")
    if kind == 2:
        traits = (Trait.WITHOUT_NLA,) if code == 1 else (Trait.STANDARD_SECURITY, Trait.WITHOUT_NLA) if code == 0 else (Trait.NLA,)
        return Spoken(Speaks.RDP, traits)
    if kind == 3:
        return Spoken(Speaks.RDP, (Trait.NLA,) if code == 5 or (code == 1 and asked == TLS_ONLY) else ())
    return None


# --- VNC, X11 ----------------------------------------------------------------------------------------------------------------------


def vnc_security(version: bytes, data: bytes) -> Spoken | None:
    """Read the ways of authentication that follow the versions: type 1 is "None" (RFC 6143 section 7.1.2)."""
    if version[:11] < b"RFB 003.007":
        types = [int.from_bytes(data[:4], "big")] if len(data) >= 4 else []
    else:
        types = list(data[1 : 1 + data[0]]) if data else []
    if not types or types == [0]:
        return None
    named = f"{words_of(version)}, security types {', '.join(map(str, types))}"
    return Spoken(Speaks.VNC, (Trait.NO_LOGIN,) if 1 in types else (Trait.LOGIN,), named)


X11_HELLO = b"l\x00\x0b\x00\x00\x00\x00\x00\x00\x00\x00\x00"


def x11(reply: bytes) -> Spoken | None:
    """Read how the display takes a client that shows no authority."""
    if len(reply) < 8 or reply[0] not in {0, 1, 2} or (reply[0] != 2 and reply[2:4] not in {b"\x0b\x00", b"\x00\x0b"}):
        return None
    return Spoken(Speaks.X11, (Trait.NO_LOGIN,) if reply[0] == 1 else (Trait.LOGIN,))


# --- Databases ---------------------------------------------------------------------------------------------------------------------

PG_SSL = struct.pack(">II", 8, 80877103)
PG_USER = b"tenken"


def pg_startup() -> bytes:
    """Begin a session as a user whom nobody knows, without any password."""
    body = struct.pack(">I", 196608) + b"user\x00" + PG_USER + b"\x00database\x00" + PG_USER + b"\x00\x00"
    return struct.pack(">I", len(body) + 4) + body


def postgresql(reply: bytes) -> Spoken | None:
    """Read how the server wants to be shown who it is. An unknown user that gets past authentication shows in the error's routine."""
    if len(reply) >= 9 and reply[:1] == b"R" and 8 <= int.from_bytes(reply[1:5], "big") <= 2000:
        kind = int.from_bytes(reply[5:9], "big")
        return Spoken(Speaks.POSTGRESQL, (Trait.NO_LOGIN,) if kind == 0 else (Trait.LOGIN,), f"authentication {kind}")
    if reply[:1] == b"E" and b"\x00" in reply[5:]:
        held = {part[:1]: part[1:] for part in reply[5:].split(b"\x00") if part}
        if b"C" not in held:
            return None
        past = held.get(b"R", b"") in {b"InitializeSessionUserId", b"InitPostgres"}
        return Spoken(Speaks.POSTGRESQL, (Trait.NO_LOGIN,) if past else (Trait.LOGIN,), words_of(held.get(b"M", b"")))
    return None


def mysql(data: bytes) -> Spoken | None:
    """Read a MySQL or MariaDB greeting, or its refusal of our address."""
    if len(data) < 7 or data[3] != 0:
        return None
    body = data[4 : 4 + int.from_bytes(data[:3], "little")]
    if body[:1] == b"\xff" and len(body) > 3:
        return Spoken(Speaks.MYSQL, (Trait.LOGIN,), words_of(body[3:]))
    if body[:1] != b"\x0a":
        return None
    version, end, rest = body[1:].partition(b"\x00")
    if not end or len(rest) < 15 or not version[:1].isdigit():
        return None
    tls = int.from_bytes(rest[13:15], "little") & 0x0800
    return Spoken(Speaks.MYSQL, (Trait.LOGIN, Trait.TLS if tls else Trait.NO_TLS), words_of(version))


def mongo_hello() -> bytes:
    """Ask ``hello``, which every driver asks before it logs in."""
    document = b"\x10hello\x00\x01\x00\x00\x00" + b"\x02$db\x00\x06\x00\x00\x00admin\x00" + b"\x00"
    document = struct.pack("<I", len(document) + 4) + document
    body = struct.pack("<I", 0) + b"\x00" + document
    return struct.pack("<iiii", len(body) + 16, 1, 0, 2013) + body


def mongodb(reply: bytes) -> Spoken | None:
    """Read the answer to ``hello``; it does not tell whether data is guarded."""
    if len(reply) >= 26 and int.from_bytes(reply[12:16], "little") in {2013, 1} and b"maxBsonObjectSize" in reply:
        return Spoken(Speaks.MONGODB)
    return None


# --- Directories, remote procedures, proxies ------------------------------------------------------------------------------------------


def _ber(tag: int, value: bytes) -> bytes:
    length = bytes([len(value)]) if len(value) < 128 else b"\x82" + len(value).to_bytes(2, "big")
    return bytes([tag]) + length + value


def root_dse(*names: bytes) -> bytes:
    """Search the root of a directory for the attributes named, as anybody may (RFC 4512 section 5.1)."""
    attributes = b"".join(_ber(4, name) for name in names)
    search = (
        _ber(4, b"") + _ber(10, b"\x00") + _ber(10, b"\x00") + _ber(2, b"\x00") + _ber(2, b"\x05") + _ber(1, b"\x00")
        + _ber(0x87, b"objectClass") + _ber(0x30, attributes)
    )  # fmt: skip
    return _ber(0x30, _ber(2, b"\x01") + _ber(0x63, search))


START_TLS = b"1.3.6.1.4.1.1466.20037"
LDAP_QUESTION = root_dse(b"supportedExtension", b"namingContexts")


def ldap(reply: bytes) -> Spoken | None:
    """Read the root of a directory: whether the server can change to TLS."""
    if len(reply) < 7 or reply[0] != 0x30 or b"\x02\x01\x01" not in reply[:12]:
        return None
    if reply[: 2 + 12].find(b"\x64") == -1 and reply[:14].find(b"\x65") == -1:
        return None
    return Spoken(Speaks.LDAP, (Trait.TLS if START_TLS in reply else Trait.NO_TLS,))


def portmap_dump(number: int) -> bytes:
    """Ask a port mapper for its list (procedure 4 of program 100000, version 2), without the mark of TCP records."""
    return struct.pack(">IIIIII", number, 0, 2, 100000, 2, 4) + bytes(16)


def portmap_record(number: int) -> bytes:
    """The same as one record over TCP."""
    message = portmap_dump(number)
    return struct.pack(">I", 0x80000000 | len(message)) + message


NFS = 100003


def portmap(message: bytes, number: int) -> Spoken | None:
    """Read the list of programs."""
    if len(message) < 24 or message[:12] != struct.pack(">III", number, 1, 0):
        return None
    programs, at = set(), 24
    for _ in range(MOST_PROGRAMS):
        if len(message) < at + 20 or message[at : at + 4] != b"\x00\x00\x00\x01":
            break
        programs.add(int.from_bytes(message[at + 4 : at + 8], "big"))
        at += 20
    shown = ", ".join(str(p) for p in sorted(programs)[:10])
    return Spoken(Speaks.PORTMAP, (Trait.NFS,) if NFS in programs else (), f"programs {shown}" if shown else "")


SOCKS_HELLO = b"\x05\x01\x00"


def socks(reply: bytes) -> Spoken | None:
    """Read which way of authentication was chosen when only "none" was offered."""
    if len(reply) < 2 or reply[0] != 5 or reply[1] not in {0, 2, 0xFF}:
        return None
    return Spoken(Speaks.SOCKS, (Trait.NO_LOGIN,) if reply[1] == 0 else (Trait.LOGIN,))


def socks_connect(address: str, port: int) -> bytes:
    """Ask a SOCKS proxy for a connection (RFC 1928 section 4)."""
    where = ip_address(address)
    return b"\x05\x01\x00" + (b"\x01" if where.version == 4 else b"\x04") + where.packed + struct.pack(">H", port)

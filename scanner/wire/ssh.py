"""The beginning of an SSH connection: the peer's identification and its KEXINIT, RFC 4253 sections 4.2, 6 and 7.1.

Only what a server sends before any key is agreed; what follows stands in ``ssh_exchange``. What the lists mean is for the checks to say.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

IDENTIFICATION = b"SSH-2.0-Tenken\r\n"
"""Ours. A server sends its KEXINIT after it at the latest."""

LONGEST_IDENTIFICATION = 255  # section 4.2, CR LF included
MOST_LINES = 64  # that may come before the identification; the RFC sets no limit
LONGEST_LINE = 1024
LARGEST_PACKET = 35_000  # section 6.1
MOST_NAMES = 256
LONGEST_NAME = 64  # RFC 4251 section 6

MSG_DISCONNECT = 1
MSG_IGNORE = 2
MSG_DEBUG = 4
MSG_KEXINIT = 20

STRICT = "kex-strict-s-v00@openssh.com"
"""In the list of key exchange methods: the server can do strict key exchange, the cure of CVE-2023-48795."""

_IDENTIFICATION = re.compile(r"SSH-(?P<protocol>[0-9]+\.[0-9]+)-(?P<software>[^\s-][^\s]*|)(?: (?P<comment>.*))?\Z", re.DOTALL)
_LISTS = 10


class NotSsh(ValueError):
    """The octets are not the beginning of an SSH connection; the message says where they go wrong."""


@dataclass(frozen=True, slots=True)
class Identification:
    """The line a server names itself with: ``protocol`` 2.0 (1.99 and 1.x too), its software and a comment, as printable text."""

    protocol: str
    software: str
    comment: str


@dataclass(frozen=True, slots=True)
class KexInit:
    """What a server offers, each list in its own order; ``_out`` is towards the client."""

    kex: tuple[str, ...]
    host_keys: tuple[str, ...]
    ciphers_in: tuple[str, ...]
    ciphers_out: tuple[str, ...]
    macs_in: tuple[str, ...]
    macs_out: tuple[str, ...]
    compression_in: tuple[str, ...]
    compression_out: tuple[str, ...]

    @property
    def strict(self) -> bool:
        """Whether the server can do strict key exchange."""
        return STRICT in self.kex


class Opening:
    """Reads what a server sends first, in whatever pieces it comes. Raises ``NotSsh`` for anything else, and for more than the caps."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._lines = 0
        self.identification: Identification | None = None
        self.line = b""
        """The identification as it stood on the wire, without its line end."""
        self.kexinit: KexInit | None = None
        self.payload = b""
        """The KEXINIT as it stood on the wire."""
        self.packets = 0
        """Packets that have been read."""
        self.goodbye = ""
        """What the server said when it disconnected instead of going on."""

    def feed(self, data: bytes) -> bool:
        """Take octets. Gives true once there is nothing more to wait for: the KEXINIT is there, an old protocol is named, or a goodbye."""
        self._rest += data
        while self.identification is None:
            if not self._line():
                return False
        while self.kexinit is None and not self.goodbye and self.identification.protocol in {"2.0", "1.99"}:
            if not self._packet():
                return False
        return True

    def _line(self) -> bool:
        end = self._rest.find(b"\n", 0, LONGEST_LINE)
        starts = self._rest.startswith(b"SSH-")
        if end < 0:
            if len(self._rest) >= (LONGEST_IDENTIFICATION if starts else LONGEST_LINE):
                raise NotSsh(f"a line of more than {len(self._rest)} octets where an identification belongs: {shown(self._rest)}")
            return False
        line = bytes(self._rest[:end]).removesuffix(b"\r")
        del self._rest[: end + 1]
        if starts:
            self.identification = _identification(line)
            self.line = line
            return True
        self._lines += 1
        if self._lines >= MOST_LINES:
            raise NotSsh(f"{self._lines} lines and no identification among them")
        return True

    def _packet(self) -> bool:
        payload = self._payload()
        if payload is None:
            return False
        if payload[:1] == bytes([MSG_KEXINIT]):
            self.kexinit = _kexinit(payload)
            self.payload = payload
        elif not self.goodbye:
            raise NotSsh(f"message {payload[0]} where KEXINIT belongs")
        return True

    def _payload(self) -> bytes | None:
        """The next message that has a meaning here; ``None`` while it is not whole, or when the server has said goodbye."""
        while len(self._rest) >= 5:
            length, padding = int.from_bytes(self._rest[:4], "big"), self._rest[4]
            if not 5 <= length <= LARGEST_PACKET or padding + 1 >= length:
                raise NotSsh(f"a packet of {length} octets with {padding} of padding")
            if len(self._rest) < 4 + length:
                return None
            payload = bytes(self._rest[5 : 4 + length - padding])
            del self._rest[: 4 + length]
            self.packets += 1
            if payload[0] == MSG_DISCONNECT:
                self.goodbye = shown(payload[9 : 9 + int.from_bytes(payload[5:9], "big")]) or "disconnected"
                return payload
            if payload[0] not in {MSG_IGNORE, MSG_DEBUG}:
                return payload
        return None

    def reply(self, data: bytes) -> bytes | None:
        """Take octets that came after the KEXINIT and give the next message once it is whole. ``NotSsh``: the server said goodbye."""
        self._rest += data
        payload = self._payload()
        if self.goodbye:
            raise NotSsh(f"the server disconnected: {self.goodbye}")
        return payload

    def remainder(self) -> bytes:
        """Hand over what has come and not been read: from NEWKEYS on, packets are for somebody else to read."""
        rest = bytes(self._rest)
        self._rest.clear()
        return rest


def _identification(line: bytes) -> Identification:
    if len(line) > LONGEST_IDENTIFICATION - 2:
        raise NotSsh(f"an identification of {len(line)} octets")
    found = _IDENTIFICATION.match(shown(line))
    if not found:
        raise NotSsh(f"not an identification: {shown(line)}")
    return Identification(found["protocol"], found["software"], found["comment"] or "")


def _kexinit(payload: bytes) -> KexInit:
    at = 17  # message number and cookie
    lists = []
    for _ in range(_LISTS):
        if at + 4 > len(payload):
            raise NotSsh("a KEXINIT that ends in the middle of its lists")
        length = int.from_bytes(payload[at : at + 4], "big")
        text = payload[at + 4 : at + 4 + length]
        if len(text) < length:
            raise NotSsh(f"a name-list of {length} octets in a KEXINIT that has {len(text)} left")
        lists.append(names(text))
        at += 4 + length
    if at + 5 > len(payload):
        raise NotSsh("a KEXINIT without its end")
    return KexInit(*lists[:8])  # the last two are languages


def names(text: bytes) -> tuple[str, ...]:
    """Read a name-list (RFC 4251 section 5). Raises ``NotSsh``."""
    found = text.split(b",", MOST_NAMES + 1) if text else []
    if len(found) > MOST_NAMES:
        raise NotSsh(f"a name-list of more than {MOST_NAMES} names")
    for name in found:
        if not 0 < len(name) <= LONGEST_NAME or not all(0x20 < octet < 0x7F for octet in name):
            raise NotSsh(f"not a name of an algorithm: {shown(name)}")
    return tuple(name.decode("ascii") for name in found)


def shown(octets: bytes | bytearray) -> str:
    """Give what a server said as printable text, cut to the length of an identification."""
    return "".join(chr(o) if 0x20 <= o < 0x7F else f"\\x{o:02x}" for o in octets[: LONGEST_IDENTIFICATION + 1])

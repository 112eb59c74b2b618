"""From octets to messages: records split, fragments joined, caps kept. What a message means stands in ``handshake``, keys elsewhere."""

from __future__ import annotations

from collections import deque
from typing import Final, Protocol

from scanner.wire.tls.handshake import read_handshake
from scanner.wire.tls.messages import (
    Alert,
    ApplicationData,
    ChangeCipherSpec,
    EncryptedRecord,
    Heartbeat,
    HelloRetryRequest,
    Message,
    ServerHello,
)
from scanner.wire.tls.names import TLS12, TLS13, HandshakeType, NotTls, RecordType
from scanner.wire.tls.ssl2 import looks_like_ssl2, read_ssl2

MOST_RECORD: Final = (1 << 14) + 2048
"""Octets of one record's body (RFC 5246 section 6.2.3)."""
MOST_MESSAGE: Final = 1 << 18
"""Octets of one handshake message."""
MOST_OCTETS: Final = 1 << 21
"""Octets that one reader takes in all."""
MOST_MESSAGES: Final = 512
"""Messages that one reader gives: a peer that sends warnings or tickets for ever is cut off."""
_EXCERPT: Final = 60

_CHANGE_CIPHER_SPEC: Final = RecordType.CHANGE_CIPHER_SPEC
_ALERT: Final = RecordType.ALERT
_HANDSHAKE: Final = RecordType.HANDSHAKE
_APPLICATION_DATA: Final = RecordType.APPLICATION_DATA
_HEARTBEAT: Final = RecordType.HEARTBEAT


class Opener(Protocol):
    """Takes the protection off records, in their order."""

    def open(self, type_: int, version: int, payload: bytes) -> tuple[int, bytes]:
        """Give the content type and the plaintext. Raises ``NotTls`` where the record was not made with these keys."""
        ...


class HandshakeReader:
    """Reads what a server sends, however it arrives: ``feed`` octets, then ask ``next`` until it gives ``None``.

    ``next`` reads no further than one message at a time: whoever wants the ServerHello only pays for that one. Without keys, records under
    protection come out as ``EncryptedRecord``; ``protect`` hands over keys, which hold from the next record on. ``version`` and ``suite``
    are those of the last ServerHello. After ``NotTls`` the reader stays where it is and raises it again.
    """

    __slots__ = ("_alerts", "_buffer", "_error", "_given", "_messages", "_opener", "_ready", "_sealed", "_taken", "suite", "version")

    def __init__(self) -> None:
        self.version = 0
        self.suite = 0
        self._buffer = bytearray()
        self._messages = bytearray()
        self._alerts = b""
        self._ready: deque[Message] = deque()
        self._opener: Opener | None = None
        self._sealed = False
        self._taken = 0
        self._given = 0
        self._error = ""

    @property
    def waiting(self) -> int:
        """Octets of a record or message that is not whole yet: more than 0 at the end of a connection means that it was cut off."""
        return len(self._buffer) + len(self._messages) + len(self._alerts)

    def feed(self, data: bytes) -> None:
        """Take octets. Raises ``NotTls`` beyond ``MOST_OCTETS``."""
        self._taken += len(data)
        if self._taken > MOST_OCTETS:
            self._error = self._error or f"more than {MOST_OCTETS} octets"
            self._buffer.clear()
            raise NotTls(self._error)
        self._buffer += data

    def next(self) -> Message | None:
        """Give the next message; ``None`` asks for more octets. Raises ``NotTls``."""
        if self._error:
            raise NotTls(self._error)
        try:
            while not self._ready:
                if not (self._message() or self._record()):
                    return None
            self._given += 1
            if self._given > MOST_MESSAGES:
                raise NotTls(f"more than {MOST_MESSAGES} messages")
        except NotTls as error:
            self._error = str(error)
            raise
        return self._ready.popleft()

    def protect(self, opener: Opener) -> None:
        """Read the following records with these keys. Raises ``NotTls`` where a message of the old ones is still unfinished."""
        if self._messages:
            self._error = "a handshake message goes on behind a change of keys"
            raise NotTls(self._error)
        self._opener = opener
        self._sealed = False

    def _message(self) -> bool:
        """Take one whole handshake message out of what the records brought."""
        have = self._messages
        if len(have) < 4:
            return False
        length = have[1] << 16 | have[2] << 8 | have[3]
        if length > MOST_MESSAGE:
            raise NotTls(f"a handshake message of {length} octets; at most {MOST_MESSAGE}")
        if len(have) < 4 + length:
            return False
        wire = bytes(have[: 4 + length])
        del have[: 4 + length]
        if not self.version and wire[0] not in (HandshakeType.SERVER_HELLO, HandshakeType.HELLO_REQUEST):
            raise NotTls(f"a handshake message of type {wire[0]} before the ServerHello")
        message = read_handshake(wire[0], wire, self.version, self.suite)
        if isinstance(message, ServerHello | HelloRetryRequest):
            self.version, self.suite = message.version, message.suite
        self._ready.append(message)
        return True

    def _record(self) -> bool:
        """Take one whole record off the front; ``False`` asks for more octets."""
        buffer = self._buffer
        if self._taken == len(buffer) and (ssl2 := looks_like_ssl2(buffer)) is not False:
            return ssl2 is not None and self._ssl2()
        if len(buffer) < 5:
            if buffer and not (_CHANGE_CIPHER_SPEC <= buffer[0] <= _HEARTBEAT and (len(buffer) < 2 or buffer[1] == 3)):
                raise NotTls(_strange(buffer))
            return False
        type_ = buffer[0]
        if not _CHANGE_CIPHER_SPEC <= type_ <= _HEARTBEAT or buffer[1] != 3:
            raise NotTls(_strange(buffer))
        version = 0x0300 | buffer[2]
        length = buffer[3] << 8 | buffer[4]
        if length > MOST_RECORD:
            raise NotTls(f"a record of {length} octets; at most {MOST_RECORD}")
        if len(buffer) < 5 + length:
            return False
        payload = bytes(buffer[5 : 5 + length])
        del buffer[: 5 + length]
        if self._opener is not None and (type_ == _APPLICATION_DATA or self.version < TLS13):
            type_, payload = self._opener.open(type_, version, payload)
            self._content(type_, version, payload, opened=True)
        elif self._sealed or type_ == _APPLICATION_DATA:
            self._ready.append(EncryptedRecord(type_, version, payload))
        else:
            self._content(type_, version, payload, opened=False)
        return True

    def _content(self, type_: int, version: int, payload: bytes, *, opened: bool) -> None:
        if type_ == _HANDSHAKE:
            if not payload and not opened:
                raise NotTls("an empty handshake record")
            if self._opener is not None and not opened:
                raise NotTls("a handshake message in the clear where it should be protected")
            self._messages += payload
        elif type_ == _ALERT:
            self._alerts += payload
            whole = len(self._alerts) & ~1
            for at in range(0, whole, 2):
                self._ready.append(Alert(self._alerts[at], self._alerts[at + 1], version))
            self._alerts = self._alerts[whole:]
        elif type_ == _CHANGE_CIPHER_SPEC:
            if payload != b"\x01":
                raise NotTls(f"a ChangeCipherSpec of {len(payload)} octets")
            if self._messages and self.version < TLS13:
                raise NotTls("a ChangeCipherSpec in the middle of a handshake message")
            self._sealed = 0 < self.version <= TLS12
            self._ready.append(ChangeCipherSpec())
        elif type_ == _HEARTBEAT:
            if len(payload) < 3:
                raise NotTls(f"a heartbeat of {len(payload)} octets")
            self._ready.append(Heartbeat(payload[0], payload[1] << 8 | payload[2], len(payload)))
        elif type_ == _APPLICATION_DATA:
            if payload:  # empty ones are an old precaution against CVE-2011-3389
                self._ready.append(ApplicationData(payload))
        else:
            raise NotTls(f"protected content of type {type_}")

    def _ssl2(self) -> bool:
        read = read_ssl2(self._buffer)
        if read is None:
            return False
        message, octets = read
        del self._buffer[:octets]
        self._ready.append(message)
        return True


def _strange(data: bytes | bytearray) -> str:
    """Describe what came instead of a record: its first line where it is text, else its first octets."""
    line = bytes(data[: _EXCERPT + 1]).splitlines()[0] if data[:1] not in (b"\r", b"\n") else b""
    text = line[:_EXCERPT].decode("ascii", "replace")
    if len(text) >= 3 and all(" " <= letter <= "~" for letter in text):
        return f'not TLS but text: "{text}"'
    return f"not TLS: begins with {bytes(data[:8]).hex()}"

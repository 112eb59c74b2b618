"""Requests one after another over HTTP/2 (RFC 9113): frames out of octets and into them. No sockets, no streams side by side, no pushes.

What HTTP/2 adds to HTTP/1.1 for a peer that means ill (frames without end, header blocks in endless pieces, windows) is capped here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote

from scanner.wire.web.hpack import Decoder, NotHpack, literal
from scanner.wire.web.http1 import Answer, NotHttp

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
MOST_FRAMES = 2000
"""Until an answer is whole."""
MOST_BLOCK = 64 * 1024
MOST_INTERIM = 8
LARGEST_FRAME = 16 * 1024
"""RFC 9113 section 4.2: what holds until a client says otherwise."""
_DATA, _HEADERS, _RST_STREAM, _SETTINGS, _PUSH, _PING, _GOAWAY, _WINDOW, _CONTINUATION = 0, 1, 3, 4, 5, 6, 7, 8, 9
_END_STREAM, _ACK, _END_HEADERS, _PADDED, _PRIORITY = 0x1, 0x1, 0x4, 0x8, 0x20
_SAFE = "/%:?#[]@!$&'()*+,;=~-._|"
_CONTROLS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]")


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


class Connection:
    """A client's side of a connection: what to send for a request, then its answer out of what comes, then the next request.

    ``most`` is the largest body that will be asked for. ``owed`` holds what is to be sent back, such as settings' ACK.
    """

    def __init__(self, authority: str, agent: str, most: int) -> None:
        self.owed = bytearray()
        self._authority = authority
        self._agent = agent
        self._most = most
        self._buffer = bytearray()
        self._decoder = Decoder()
        self._stream = -1
        self._heard = False
        self._leaving = False
        self._clear(0)

    def _clear(self, limit: int) -> None:
        self._limit = limit
        self._block: bytearray | None = None
        self._ending = False  # the block under way ends the stream
        self._given_up = False  # the peer has ended the answer before its end
        self._frames = 0
        self._interim = 0
        self._status = 0
        self._headers: tuple[tuple[str, str], ...] = ()
        self._body = bytearray()

    def request(self, method: str, target: str, limit: int, more: Iterable[tuple[str, str]] = ()) -> bytes:
        """Begin a request without a body and give all that is to be sent for it; of the answer's body ``limit`` octets are wanted."""
        first = self._stream < 0
        self._stream += 2
        self._clear(min(limit, self._most))
        path = quote(target, safe=_SAFE)
        pseudo = ((":method", method), (":scheme", "https"), (":authority", self._authority), (":path", path))
        others = (("user-agent", self._agent), ("accept", "*/*"), ("accept-encoding", "identity"))
        block = b"".join(literal(name.lower(), _CONTROLS.sub("", value)) for name, value in (*pseudo, *others, *more))
        window = _frame(_WINDOW, 0, 0, (self._limit + 1).to_bytes(4, "big"))
        return (self._opening() if first else b"") + window + _frame(_HEADERS, _END_STREAM | _END_HEADERS, self._stream, block)

    def _opening(self) -> bytes:
        """Preface and settings: no pushes, and a window for each stream."""
        settings = b"".join(number.to_bytes(2, "big") + value.to_bytes(4, "big") for number, value in ((2, 0), (4, self._most + 1)))
        return PREFACE + _frame(_SETTINGS, 0, 0, settings)

    @property
    def began(self) -> bool:
        """Whether anything of the answer has come."""
        return self._status != 0 or self._block is not None

    def feed(self, data: bytes) -> Answer | None:
        """Take octets; the answer once it is whole or cut at the limit. Raises ``NotHttp``."""
        buffer = self._buffer
        buffer += data
        if not self._heard and len(buffer) >= 9 and (buffer.startswith(b"HTTP/") or buffer[3] != _SETTINGS):
            raise NotHttp(f"chose HTTP/2 and began with {bytes(buffer[:9])!r}")
        while len(buffer) >= 9:
            length = int.from_bytes(buffer[:3], "big")
            if length > LARGEST_FRAME:
                raise NotHttp(f"sent a frame of {length} octets")
            if len(buffer) < 9 + length:
                break
            kind, flags, stream = buffer[3], buffer[4], int.from_bytes(buffer[5:9], "big") & 0x7FFFFFFF
            payload = bytes(buffer[9 : 9 + length])
            del buffer[: 9 + length]
            self._heard = True
            self._frames += 1
            if self._frames > MOST_FRAMES:
                raise NotHttp(f"sent more than {MOST_FRAMES} frames")
            if self._take(kind, flags, stream, payload):
                return self._answer(whole=not self._given_up and len(self._body) <= self._limit)
        return None

    def closed(self) -> Answer:
        """Say that the peer has closed; the answer as far as it came. Raises ``NotHttp`` where not even its head did."""
        if not self._status:
            raise NotHttp("closed without an answer over HTTP/2")
        return self._answer(whole=False)

    def _answer(self, *, whole: bool) -> Answer:
        return Answer("2", self._status, self._headers, bytes(self._body[: self._limit]), whole, reusable=whole and not self._leaving)

    def _take(self, kind: int, flags: int, stream: int, payload: bytes) -> bool:
        """Take a frame; true when the answer is complete or long enough."""
        if self._block is not None and kind != _CONTINUATION:
            raise NotHttp("broke off a header block")
        match kind:
            case 4 if not flags & _ACK:
                self.owed += _frame(_SETTINGS, _ACK, 0, b"")
            case 6 if not flags & _ACK and len(payload) == 8:
                self.owed += _frame(_PING, _ACK, 0, payload)
            case 7:
                self._leaving = True
                if int.from_bytes(payload[:4], "big") & 0x7FFFFFFF >= self._stream:
                    return False  # what was asked until now is still answered
                if error := int.from_bytes(payload[4:8], "big"):
                    raise NotHttp(f"ended the connection with error {error}")
                self._given_up = True
                return self._status != 0
            case 3 if stream == self._stream:
                if not self._status:
                    raise NotHttp(f"ended the stream with error {int.from_bytes(payload[:4], 'big')}")
                self._given_up = True
                return True
            case 5:
                raise NotHttp("pushed, though told not to")
            case 1 if stream == self._stream:
                self._block, self._ending = bytearray(_stripped(payload, flags)), bool(flags & _END_STREAM)
                return bool(flags & _END_HEADERS) and self._whole_block()
            case 9 if stream == self._stream and self._block is not None:
                self._block += payload
                if len(self._block) > MOST_BLOCK:
                    raise NotHttp(f"sent a header block of more than {MOST_BLOCK} octets")
                return bool(flags & _END_HEADERS) and self._whole_block()
            case 0 if stream == self._stream and self._status:
                self._body += _stripped(payload, flags & _PADDED)
                return bool(flags & _END_STREAM) or len(self._body) > self._limit
            case _:
                pass  # unknown frames and those of other streams are passed over, RFC 9113 section 4.1
        return False

    def _whole_block(self) -> bool:
        assert self._block is not None
        try:
            headers = self._decoder.read(bytes(self._block))
        except NotHpack as error:
            raise NotHttp(f"sent {error}") from error
        self._block = None
        status = next((value for name, value in headers if name == ":status"), "")
        if self._status:  # trailers, RFC 9113 section 8.1
            if not self._ending:
                raise NotHttp("sent a second head")
            return True
        if not re.fullmatch(r"[1-9][0-9]{2}", status):
            raise NotHttp(f"sent the status {status[:10]!r}")
        if status.startswith("1"):
            self._interim += 1
            if self._interim > MOST_INTERIM or self._ending:
                raise NotHttp("sent interim answers only")
            return False
        self._status = int(status)
        self._headers = tuple((name.lower(), _CONTROLS.sub("", value).strip()) for name, value in headers if not name.startswith(":"))
        return self._ending


def _stripped(payload: bytes, flags: int) -> bytes:
    """Take padding and priority off (RFC 9113 section 6.2)."""
    start, end = 0, len(payload)
    if flags & _PADDED:
        if not payload or payload[0] >= len(payload):
            raise NotHttp("sent a frame of padding only")
        start, end = 1, end - payload[0]
    if flags & _PRIORITY:
        start += 5
    return payload[start:end] if start <= end else b""

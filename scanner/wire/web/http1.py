"""HTTP/1.1 answers out of octets (RFC 9112), and requests into them. No connection, no meaning of headers.

The reader takes what comes in pieces of any size, in time linear to their length, and holds no more than its caps.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto

from scanner.wire.web.urls import fit

LONGEST_HEAD = 64 * 1024
LONGEST_LINE = 16 * 1024
MOST_HEADERS = 128
MOST_INTERIM = 8
"""Answers 1xx before the one that counts."""
LONGEST_CHUNK_LINE = 512
MOST_EXCESS = 64 * 1024
"""Octets that chunked coding may add to a body beyond its own length."""
_STATUS = re.compile(rb"HTTP/(\d)\.(\d)[ \t]+(\d{3})(?:[ \t].*)?\Z", re.DOTALL)
_FIELD = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}\Z")
_CONTROLS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]")
_BODILESS = frozenset({204, 304})


class NotHttp(ValueError):
    """The peer does not speak HTTP/1.x, or breaks it beyond what is read; the message says how."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer. Header names are in lower case, values without control characters; a header sent twice stands twice.

    ``body`` is what came of it, with chunked coding undone and nothing else; ``whole`` is false where it was cut at the limit or ended
    early. ``reusable`` tells whether another request may follow on the same connection.
    """

    version: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    whole: bool
    reusable: bool

    def header(self, name: str) -> str | None:
        """Give the first value of a header."""
        return next((value for key, value in self.headers if key == name), None)

    def all(self, name: str) -> tuple[str, ...]:
        """Give every value of a header."""
        return tuple(value for key, value in self.headers if key == name)


def request(method: str, target: str, host: str, agent: str, more: Iterable[tuple[str, str]] = ()) -> bytes:
    """Write a request without a body. ``target`` is made fit: what no request line can hold is percent-encoded."""
    lines = [
        f"{method} {fit(target)} HTTP/1.1",
        f"Host: {_clean(host)}",
        f"User-Agent: {_clean(agent)}",
        "Accept: */*",
        "Accept-Encoding: identity",
        *(f"{name}: {_clean(value)}" for name, value in more),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii", "replace")


def _clean(value: str) -> str:
    return _CONTROLS.sub("", value)


class _At(Enum):
    HEAD = auto()
    LENGTH = auto()
    CLOSE = auto()
    CHUNK_LINE = auto()
    CHUNK = auto()
    CHUNK_END = auto()
    TRAILER = auto()


class Reading:
    """Reads one answer to a request with ``method``; of its body at most ``limit`` octets."""

    def __init__(self, method: str, limit: int) -> None:
        self._method = method
        self._limit = limit
        self._at = _At.HEAD
        self._buffer = bytearray()
        self._seen = 0  # octets of the buffer already searched for the end of the head
        self._body = bytearray()
        self._left = 0
        self._excess = 0
        self._interim = 0
        self._version = ""
        self._status = 0
        self._headers: tuple[tuple[str, str], ...] = ()
        self._keep = False

    def feed(self, data: bytes) -> Answer | None:
        """Take octets; the answer once it is whole or cut at the limit. Raises ``NotHttp``."""
        self._buffer += data
        while True:
            at = self._at
            if at is _At.HEAD:
                if not self._head():
                    return None
            elif at is _At.LENGTH:
                self._take(self._left)
                if len(self._body) > self._limit:
                    return self._answer(whole=False)
                return None if self._left else self._answer(whole=True)
            elif at is _At.CLOSE:
                self._take(len(self._buffer))
                return self._answer(whole=False) if len(self._body) > self._limit else None
            else:
                ended = self._chunked()
                if ended is None:
                    return None
                if ended:
                    return self._answer(whole=len(self._body) <= self._limit)

    def closed(self) -> Answer:
        """Say that the peer has closed; the answer as far as it came. Raises ``NotHttp`` where not even its head did."""
        if self._at is _At.HEAD:
            raise NotHttp(f"closed after {len(self._buffer)} octets of a head" if self._buffer else "closed without an answer")
        self._keep = False
        return self._answer(whole=self._at is _At.CLOSE and len(self._body) <= self._limit)

    @property
    def began(self) -> bool:
        """Whether anything came."""
        return bool(self._buffer) or self._at is not _At.HEAD

    def _answer(self, *, whole: bool) -> Answer:
        # Octets behind the end belong to nothing that was asked: such a connection is not used again.
        again = self._keep and whole and not self._buffer
        return Answer(self._version, self._status, self._headers, bytes(self._body[: self._limit]), whole, again)

    def _head(self) -> bool:
        """Read a head if it is all there."""
        buffer = self._buffer
        if self._seen == 0 and len(buffer) >= 5 and not buffer.startswith(b"HTTP/"):
            raise NotHttp(f"began with {bytes(buffer[:16])!r}")
        while True:  # the empty line, whichever way lines end
            end = buffer.find(b"\n", self._seen)
            if end < 0:
                if len(buffer) > LONGEST_HEAD or len(buffer) - self._seen > LONGEST_LINE:
                    raise NotHttp(f"sent a head of more than {LONGEST_HEAD} octets, or a line of more than {LONGEST_LINE}")
                return False
            line = bytes(buffer[self._seen : end])
            if len(line) > LONGEST_LINE or end > LONGEST_HEAD:
                raise NotHttp(f"sent a head of more than {LONGEST_HEAD} octets, or a line of more than {LONGEST_LINE}")
            first = self._seen == 0
            self._seen = end + 1
            if not first and line in {b"", b"\r"}:
                break
        lines = [line.removesuffix(b"\r") for line in bytes(buffer[:end]).split(b"\n")]
        del buffer[: self._seen]
        self._seen = 0
        self._begin(lines)
        return True

    def _begin(self, lines: list[bytes]) -> None:
        found = _STATUS.match(lines[0])
        if found is None:
            raise NotHttp(f"sent the status line {lines[0][:60]!r}")
        self._status = int(found[3])
        self._version = f"{int(found[1])}.{int(found[2])}"
        self._headers = _fields(lines[1:])
        if 100 <= self._status < 200 and self._status != 101:
            self._interim += 1
            if self._interim > MOST_INTERIM:
                raise NotHttp(f"sent more than {MOST_INTERIM} interim answers")
            return
        options = {word.strip().lower() for name, value in self._headers if name == "connection" for word in value.split(",")}
        self._keep = "close" not in options and (self._version == "1.1" or "keep-alive" in options)
        codings = [word.strip().lower() for name, value in self._headers if name == "transfer-encoding" for word in value.split(",")]
        lengths = {value.strip() for name, value in self._headers if name == "content-length"}
        if self._method == "HEAD" or self._status in _BODILESS:
            self._at, self._left = _At.LENGTH, 0
        elif self._status == 101:
            self._at, self._left, self._keep = _At.LENGTH, 0, False
        elif codings:
            if codings[-1] == "chunked":
                self._at = _At.CHUNK_LINE
            else:
                self._at = _At.CLOSE
        elif lengths:
            text = next(iter(lengths))
            if len(lengths) > 1 or not re.fullmatch(r"[0-9]{1,15}", text):
                raise NotHttp(f"sent the lengths {sorted(lengths)[:2]}")
            self._at, self._left = _At.LENGTH, int(text)
        else:
            self._at = _At.CLOSE
        if self._at is _At.CLOSE:
            self._keep = False

    def _take(self, most: int) -> None:
        """Move octets from the buffer to the body; beyond the limit only one is kept, to show that there are more."""
        size = min(most, len(self._buffer))
        room = max(0, self._limit + 1 - len(self._body))
        self._body += self._buffer[: min(size, room)]
        del self._buffer[:size]
        self._left -= size

    def _chunked(self) -> bool | None:
        """Read a step of chunked coding: ``None`` when more is needed, true at the end (or the limit), false to go on."""
        buffer = self._buffer
        match self._at:
            case _At.CHUNK:
                if not buffer:
                    return None
                self._take(self._left)
                if len(self._body) > self._limit:
                    self._keep = False
                    return True
                if not self._left:
                    self._at = _At.CHUNK_END
                return False if buffer or not self._left else None
            case _At.CHUNK_END | _At.CHUNK_LINE | _At.TRAILER:
                end = buffer.find(b"\n", 0, LONGEST_CHUNK_LINE)
                if end < 0:
                    if len(buffer) >= LONGEST_CHUNK_LINE:
                        raise NotHttp("sent a chunk line that does not end")
                    return None
                line = bytes(buffer[:end]).strip()
                del buffer[: end + 1]
                self._excess += end + 1
                if self._excess > self._limit + MOST_EXCESS:
                    raise NotHttp("sent more chunk lines than content")
                return self._line(line)
            case _:
                raise AssertionError(self._at)

    def _line(self, line: bytes) -> bool:
        if self._at is _At.CHUNK_END:
            if line:
                raise NotHttp("sent a chunk longer than it said")
            self._at = _At.CHUNK_LINE
        elif self._at is _At.TRAILER:
            return not line
        else:
            size = line.partition(b";")[0].strip()
            if not re.fullmatch(rb"[0-9A-Fa-f]{1,12}", size):
                raise NotHttp(f"sent the chunk size {line[:20]!r}")
            self._left = int(size, 16)
            self._at = _At.CHUNK if self._left else _At.TRAILER
        return False


def _fields(lines: list[bytes]) -> tuple[tuple[str, str], ...]:
    found: list[tuple[str, str]] = []
    for line in lines:
        if line[:1] in {b" ", b"\t"} and found:  # a folded line, RFC 9112 section 5.2
            name, value = found[-1]
            found[-1] = name, f"{value} {_text(line)}"[:LONGEST_LINE]
            continue
        key, colon, rest = line.partition(b":")
        if not colon or not _FIELD.match(key.rstrip()):
            continue  # clients skip such lines
        if len(found) >= MOST_HEADERS:
            raise NotHttp(f"sent more than {MOST_HEADERS} headers")
        found.append((key.rstrip().decode("ascii").lower(), _text(rest)))
    return tuple(found)


def _text(octets: bytes) -> str:
    return _CONTROLS.sub("", octets.decode("latin-1")).strip()

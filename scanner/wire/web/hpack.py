"""Header compression of HTTP/2 (RFC 7541), the reading half; what we write ourselves is never compressed. Capped, linear, no I/O.

The Huffman code of appendix B is canonical, so the lengths of its codes are all there is to know of it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Final

MOST_HEADERS = 256
MOST_OCTETS = 64 * 1024
"""Of names and values that one block may unfold to."""
TABLE_SIZE = 4096
"""Of the dynamic table: the size that holds until a client says otherwise, and we never do."""
_ENTRY = 32  # RFC 7541 section 4.1

_NAMES: Final = """
accept-language accept-ranges accept access-control-allow-origin age allow authorization cache-control content-disposition
content-encoding content-language content-length content-location content-range content-type cookie date etag expect expires
from host if-match if-modified-since if-none-match if-range if-unmodified-since last-modified link location max-forwards
proxy-authenticate proxy-authorization range referer refresh retry-after server set-cookie strict-transport-security
transfer-encoding user-agent vary via www-authenticate
"""
_STATIC: Final[tuple[tuple[str, str], ...]] = (
    (":authority", ""),
    *((":method", value) for value in ("GET", "POST")),
    *((":path", value) for value in ("/", "/index.html")),
    *((":scheme", value) for value in ("http", "https")),
    *((":status", value) for value in ("200", "204", "206", "304", "400", "404", "500")),
    ("accept-charset", ""),
    ("accept-encoding", "gzip, deflate"),
    *((name, "") for name in _NAMES.split()),
)
"""Appendix A."""

_LENGTHS: Final[dict[int, Iterable[int]]] = {
    5: b"012aceiost",
    6: b" %-./3456789=A_bdfghlmnpru",
    7: b":BCDEFGHIJKLMNOPQRSTUVWYjkqvwxyz",
    8: b"&*,;XZ",
    10: b'!"()?',
    11: b"'+|",
    12: b"#>",
    13: b"\x00$@[]~",
    14: b"^}",
    15: b"<`{",
    19: (92, 195, 208),
    20: (128, 130, 131, 162, 184, 194, 224, 226),
    21: (153, 161, 167, 172, 176, 177, 179, 209, 216, 217, 227, 229, 230),
    22: (129, 132, 133, 134, 136, 146, 154, 156, 160, 163, 164, 169, 170, 173, 178, 181, 185, 186, 187, 189, 190, 196, 198, 228, 232, 233),
    23: (
        *(1, 135, 137, 138, 139, 140, 141, 143, 147, 149, 150, 151, 152, 155, 157, 158, 165, 166, 168, 174, 175, 180, 182, 183, 188, 191),
        *(197, 231, 239),
    ),
    24: (9, 142, 144, 145, 148, 159, 171, 206, 215, 225, 236, 237),
    25: (199, 207, 234, 235),
    26: (192, 193, 200, 201, 202, 205, 210, 213, 218, 219, 238, 240, 242, 243, 255),
    27: (203, 204, 211, 212, 214, 221, 222, 223, 241, 244, 245, 246, 247, 248, 250, 251, 252, 253, 254),
    28: (*range(2, 9), 11, 12, *range(14, 22), *range(23, 32), 127, 220, 249),
    30: (10, 13, 22, 256),
}
"""Length of the code → its symbols, each group in the order of their codes; 256 ends a string and never appears in one."""
_END: Final = 256


def _codes() -> dict[tuple[int, int], int]:
    found, code, before = {}, 0, 0
    for length, symbols in _LENGTHS.items():
        code <<= length - before
        before = length
        for symbol in symbols:
            found[length, code] = symbol
            code += 1
    return found


_CODES: Final = _codes()
_LONGEST: Final = max(_LENGTHS)


class NotHpack(ValueError):
    """The block breaks RFC 7541, or goes beyond what is read; the message says how."""


def huffman(octets: bytes) -> bytes:
    """Undo the Huffman coding of a string. Raises ``NotHpack``."""
    found = bytearray()
    code = length = 0
    for octet in octets:
        for shift in range(7, -1, -1):
            code = code << 1 | octet >> shift & 1
            length += 1
            symbol = _CODES.get((length, code))
            if symbol is not None:
                if symbol == _END:
                    raise NotHpack("the end of a string is coded within it")
                found.append(symbol)
                code = length = 0
            elif length >= _LONGEST:
                raise NotHpack("a code that nothing has")
    if length > 7 or code != (1 << length) - 1:
        raise NotHpack("a string whose padding is wrong")
    return bytes(found)


class Decoder:
    """Reads the header blocks of one connection, in order."""

    def __init__(self) -> None:
        self._table: deque[tuple[str, str]] = deque()  # the newest first
        self._size = 0
        self._most = TABLE_SIZE

    def read(self, block: bytes) -> tuple[tuple[str, str], ...]:
        """Give the names and values of a block, pseudo-headers among them. Raises ``NotHpack``."""
        found: list[tuple[str, str]] = []
        at = octets = 0
        while at < len(block):
            first = block[at]
            if first & 0x80:
                index, at = _integer(block, at, 7)
                found.append(self._entry(index))
            elif first & 0xE0 == 0x20:
                size, at = _integer(block, at, 5)
                if size > TABLE_SIZE:
                    raise NotHpack(f"a table of {size} octets")
                self._most = size
                self._shrink()
                continue
            else:
                kept = first & 0x40
                index, at = _integer(block, at, 6 if kept else 4)
                name, at = (self._entry(index)[0], at) if index else _string(block, at)
                value, at = _string(block, at)
                found.append((name, value))
                if kept:
                    self._keep(name, value)
            octets += len(found[-1][0]) + len(found[-1][1])
            if len(found) > MOST_HEADERS or octets > MOST_OCTETS:
                raise NotHpack(f"more than {MOST_HEADERS} headers or {MOST_OCTETS} octets")
        return tuple(found)

    def _entry(self, index: int) -> tuple[str, str]:
        if 0 < index <= len(_STATIC):
            return _STATIC[index - 1]
        place = index - len(_STATIC) - 1
        if not 0 <= place < len(self._table):
            raise NotHpack(f"an entry {index} that is in no table")
        return self._table[place]

    def _keep(self, name: str, value: str) -> None:
        self._table.appendleft((name, value))
        self._size += len(name) + len(value) + _ENTRY
        self._shrink()

    def _shrink(self) -> None:
        while self._size > self._most and self._table:
            name, value = self._table.pop()
            self._size -= len(name) + len(value) + _ENTRY


def _integer(block: bytes, at: int, bits: int) -> tuple[int, int]:
    """Read an integer whose first octet has so many bits for it (section 5.1)."""
    most = (1 << bits) - 1
    value = block[at] & most
    at += 1
    if value < most:
        return value, at
    for shift in range(0, 28, 7):
        if at >= len(block):
            break
        octet = block[at]
        at += 1
        value += (octet & 0x7F) << shift
        if not octet & 0x80:
            return value, at
    raise NotHpack("an integer that does not end")


def _string(block: bytes, at: int) -> tuple[str, int]:
    if at >= len(block):
        raise NotHpack("a string that is missing")
    coded = block[at] & 0x80
    length, at = _integer(block, at, 7)
    octets = block[at : at + length]
    if len(octets) < length:
        raise NotHpack(f"a string of {length} octets that is cut short")
    return (huffman(octets) if coded else octets).decode("latin-1"), at + length


def literal(name: str, value: str) -> bytes:
    """Write one header without compression (section 6.2.2); both parts ASCII."""
    return b"\x00" + b"".join(_length(len(part)) + part.encode("ascii", "replace") for part in (name, value))


def _length(size: int) -> bytes:
    if size < 127:
        return bytes([size])
    rest, octets = size - 127, bytearray([127])
    while rest >= 128:
        octets.append(rest & 0x7F | 0x80)
        rest >>= 7
    return bytes([*octets, rest])

"""A cursor over DER (X.690) that copies nothing until asked, and the values that certificates are made of.

``scanner.wire.der`` is enough for one key; lists of a hostile 64 KiB certificate or of a revocation list of 10 MiB need a reader whose
work does not grow with what is still to come. Nothing of X.509 is here.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

from scanner.wire.der import NotDer

BOOLEAN = 0x01
INTEGER = 0x02
BIT_STRING = 0x03
OCTET_STRING = 0x04
OBJECT_IDENTIFIER = 0x06
ENUMERATED = 0x0A
UTC_TIME = 0x17
GENERALIZED_TIME = 0x18
SEQUENCE = 0x30
SET = 0x31
CONTEXT = 0x80
CONSTRUCTED = 0xA0

MOST_OID_OCTETS = 64
MOST_INTEGER_OCTETS = 4096
"""Octets of a number that is made an ``int``; longer ones are hostile."""

_STRINGS = {
    0x0C: "utf-8",
    0x12: "ascii",
    0x13: "ascii",
    0x14: "latin-1",
    0x16: "ascii",
    0x1A: "ascii",
    0x1C: "utf-32-be",
    0x1E: "utf-16-be",
}


class Item(NamedTuple):
    """One element: where it begins, where its contents begin and where both end."""

    data: bytes
    tag: int
    start: int
    body: int
    end: int

    @property
    def contents(self) -> bytes:
        """The octets inside."""
        return self.data[self.body : self.end]

    @property
    def whole(self) -> bytes:
        """The element with its tag and length."""
        return self.data[self.start : self.end]

    @property
    def size(self) -> int:
        """Octets inside."""
        return self.end - self.body

    def inside(self) -> Cursor:
        """Read what is inside."""
        return Cursor(self.data, self.body, self.end)


class Cursor:
    """Reads elements one after the other. Every method raises ``NotDer`` where the octets are not what was asked for."""

    __slots__ = ("at", "data", "end")

    def __init__(self, data: bytes, at: int = 0, end: int | None = None) -> None:
        self.data = data
        self.at = at
        self.end = len(data) if end is None else end

    @property
    def tag(self) -> int:
        """The tag of the element that comes next, -1 at the end."""
        return self.data[self.at] if self.at < self.end else -1

    def take(self, tag: int | None = None) -> Item:
        """Take the next element, which must have the ``tag`` if one is given."""
        data, start, end = self.data, self.at, self.end
        if start + 2 > end:
            raise NotDer("the data end where an element should begin")
        found, size, body = data[start], data[start + 1], start + 2
        if tag is not None and found != tag:
            raise NotDer(f"tag {found:#04x} where {tag:#04x} should be")
        if found & 0x1F == 0x1F:
            raise NotDer("a tag of several octets")
        if size >= 0x80:
            octets = size & 0x7F
            if not 1 <= octets <= 4 or body + octets > end:
                raise NotDer("an indefinite, oversized or cut-off length")
            size = int.from_bytes(data[body : body + octets])
            if size < 0x80 or data[body] == 0:
                raise NotDer("a length in more octets than it needs")
            body += octets
        if body + size > end:
            raise NotDer(f"an element of {size} octets where {end - body} are left")
        self.at = body + size
        return Item(data, found, start, body, self.at)

    def maybe(self, tag: int) -> Item | None:
        """Take the next element if it has the ``tag``."""
        return self.take() if self.tag == tag else None

    def each(self, tag: int | None = None) -> Iterator[Item]:
        """Take all that is left."""
        while self.at < self.end:
            yield self.take(tag)

    def done(self) -> None:
        """Hold that nothing is left."""
        if self.at != self.end:
            raise NotDer(f"{self.end - self.at} octets behind the end")


def element(tag: int, contents: bytes) -> bytes:
    """Write an element."""
    size = len(contents)
    if size < 0x80:
        return bytes([tag, size]) + contents
    octets = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes([tag, 0x80 | len(octets)]) + octets + contents


def sole(data: bytes, tag: int) -> Item:
    """Take the one element that fills ``data``. Raises ``NotDer``, also for octets behind it."""
    cursor = Cursor(data)
    item = cursor.take(tag)
    cursor.done()
    return item


def integer(item: Item) -> int:
    """The value of an INTEGER or ENUMERATED; ``NotDer`` where it is empty, too long or in more octets than it needs."""
    octets = item.contents
    if not octets:
        raise NotDer("a whole number without octets")
    if len(octets) > MOST_INTEGER_OCTETS:
        raise NotDer(f"a whole number of {len(octets)} octets")
    if len(octets) > 1 and octets[0] in (0, 0xFF) and (octets[0] ^ octets[1]) & 0x80 == 0:
        raise NotDer("a number in more octets than it needs")
    return int.from_bytes(octets, signed=True)


def boolean(item: Item) -> bool:
    """The value of a BOOLEAN, which is 00 or FF in DER."""
    octets = item.contents
    if octets not in (b"\0", b"\xff"):
        raise NotDer("a truth value that is neither 00 nor FF")
    return octets == b"\xff"


def oid(item: Item) -> str:
    """The dotted form of an OBJECT IDENTIFIER."""
    return _dotted(item.contents)


@lru_cache(maxsize=1024)
def _dotted(octets: bytes) -> str:
    if not octets or len(octets) > MOST_OID_OCTETS or octets[-1] & 0x80:
        raise NotDer("an object identifier that is empty, cut off or too long")
    arcs: list[int] = []
    value = 0
    for octet in octets:
        value = value << 7 | octet & 0x7F
        if not octet & 0x80:
            arcs.append(value)
            value = 0
    first = min(arcs[0] // 40, 2)
    return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))


def bit_string(item: Item) -> bytes:
    """The octets of a BIT STRING that fills them."""
    octets = item.contents
    if octets[:1] != b"\0":
        raise NotDer("a bit string that does not fill its octets")
    return octets[1:]


def bits(item: Item) -> frozenset[int]:
    """The numbers of the bits set in a BIT STRING of named bits, at most 64 of them."""
    octets = item.contents
    if not octets or octets[0] > 7 or len(octets) > 9:
        raise NotDer("a list of bits that is empty or too long")
    return frozenset(at * 8 + bit for at, octet in enumerate(octets[1:]) for bit in range(8) if octet >> (7 - bit) & 1)


def text(item: Item) -> str:
    """The text of a string, whatever its kind; what cannot be decoded raises ``NotDer``."""
    encoding = _STRINGS.get(item.tag)
    if encoding is None:
        raise NotDer(f"tag {item.tag:#04x} where a string should be")
    try:
        return item.contents.decode(encoding)
    except UnicodeDecodeError as error:
        raise NotDer(f"a string that is not {encoding}") from error


def moment(item: Item) -> datetime:
    """The time of a UTCTime or GeneralizedTime in the one form that RFC 5280 section 4.1.2.5 allows, to the second and in UTC."""
    octets = item.contents
    digits = {UTC_TIME: 12, GENERALIZED_TIME: 14}.get(item.tag)
    if digits is None:
        raise NotDer(f"tag {item.tag:#04x} where a time should be")
    if len(octets) != digits + 1 or octets[-1:] != b"Z" or not octets[:-1].isdigit():
        raise NotDer("a time that is not written to the second in UTC")
    written = octets[:-1].decode("ascii")
    if item.tag == UTC_TIME:
        written = ("19" if written >= "50" else "20") + written
    year, rest = int(written[:4]), [int(written[at : at + 2]) for at in range(4, 14, 2)]
    try:
        return datetime(year, rest[0], rest[1], rest[2], rest[3], rest[4], tzinfo=UTC)
    except ValueError as error:
        raise NotDer(f"there is no such time: {written}") from error

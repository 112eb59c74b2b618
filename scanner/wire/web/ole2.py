"""Property streams of the compound files in which Office kept documents until 2003: MS-CFB and MS-OLEPS. Octets in, names and values out.

Chains of sectors are followed no further than the file has sectors, and no stream is read beyond a cap: a file that points at itself costs
no more than its size. What a document says, and its history inside, is not looked at.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
MOST_DIRECTORY = 512 * 1024
MOST_STREAM = 64 * 1024
MOST_VALUES = 200
_HEADER = 512
_ENTRY = 128
_END = 0xFFFFFFFA  # from here on numbers of sectors mean something else
_IN_HEADER = 109
"""Sectors of the allocation table that the header itself names."""
_STREAM, _ROOT = 2, 5
_CODEPAGE, _TEXT, _WIDE = 1, 0x1E, 0x1F
SUMMARY = "\x05SummaryInformation"
MORE = "\x05DocumentSummaryInformation"
_NAMES = {
    SUMMARY: {4: "author", 6: "description", 7: "template", 8: "last-modified-by", 18: "application"},
    MORE: {14: "manager", 15: "company"},
}


class NotCompound(ValueError):
    """The octets are no compound file, or one that leads nowhere."""


class Compound:
    """A compound file. Raises ``NotCompound``."""

    def __init__(self, octets: bytes) -> None:
        if len(octets) < _HEADER or not octets.startswith(MAGIC):
            raise NotCompound("no header")
        self._octets = octets
        shift, mini_shift = struct.unpack_from("<HH", octets, 30)
        if shift not in {9, 12} or mini_shift != 6:
            raise NotCompound(f"sectors of 2^{shift} and 2^{mini_shift} octets")
        self._size = 1 << shift
        directory, self._cutoff, mini_table = struct.unpack_from("<I4xII", octets, 48)
        self._table = self._allocation(*struct.unpack_from("<II", octets, 68))
        self.streams: dict[str, tuple[int, int]] = {}
        """Name → first sector and size."""
        root = (_END, 0)
        data = self._chain(directory, MOST_DIRECTORY)
        for at in range(0, len(data) - _ENTRY + 1, _ENTRY):
            length, kind = struct.unpack_from("<HB", data, at + 64)
            start, size = struct.unpack_from("<II", data, at + 116)
            if kind == _ROOT:
                root = (start, size)
            elif kind == _STREAM and 2 <= length <= 64:
                self.streams.setdefault(data[at : at + length - 2].decode("utf-16-le", "replace"), (start, size))
        self._mini_table = self._numbers(self._chain(mini_table, MOST_DIRECTORY))
        self._root = root

    def read(self, name: str) -> bytes:
        """Give the beginning of a stream, nothing where there is none."""
        start, size = self.streams.get(name, (_END, 0))
        size = min(size, MOST_STREAM)
        if size == 0:
            return b""
        if self.streams[name][1] >= self._cutoff:
            return self._chain(start, size)[:size]
        mini = self._chain(self._root[0], min(self._root[1], len(self._octets)))
        found = b""
        for number in self._follow(start, self._mini_table, size // 64 + 1):
            found += mini[number * 64 : number * 64 + 64]
        return found[:size]

    def _allocation(self, first: int, count: int) -> tuple[int, ...]:
        sectors = list(struct.unpack_from(f"<{_IN_HEADER}I", self._octets, 76))
        most = len(self._octets) // self._size
        for _ in range(min(count, most)):
            if first >= _END:
                break
            *more, first = self._numbers(self._sector(first)) or (_END,)
            sectors += more
        return self._numbers(b"".join(self._sector(number) for number in sectors[:most] if number < _END))

    def _sector(self, number: int) -> bytes:
        start = (number + 1) * self._size
        return self._octets[start : start + self._size]

    def _chain(self, start: int, most: int) -> bytes:
        return b"".join(self._sector(number) for number in self._follow(start, self._table, most // self._size + 1))

    @staticmethod
    def _follow(number: int, table: tuple[int, ...], most: int) -> Iterator[int]:
        for _ in range(min(most, len(table))):
            if number >= len(table):
                return
            yield number
            number = table[number]

    @staticmethod
    def _numbers(octets: bytes) -> tuple[int, ...]:
        return struct.unpack(f"<{len(octets) // 4}I", octets[: len(octets) // 4 * 4])


def properties(file: Compound) -> Iterator[tuple[str, str]]:
    """Give the properties that tell of people and places, by our names for them, without empty ones."""
    for stream, names in _NAMES.items():
        for number, value in _set(file.read(stream)):
            if number in names and (text := "".join(c for c in value if c.isprintable()).strip()):
                yield names[number], text


def _set(data: bytes) -> Iterator[tuple[int, str]]:
    """Read the texts of the first section of a property set (MS-OLEPS section 2.21). What does not fit ends it."""
    if len(data) < 48 or data[:2] != b"\xfe\xff":
        return
    (base,) = struct.unpack_from("<I", data, 44)
    if base + 8 > len(data):
        return
    (count,) = struct.unpack_from("<I", data, base + 4)
    places = [struct.unpack_from("<II", data, at) for at in range(base + 8, min(base + 8 + 8 * min(count, MOST_VALUES), len(data) - 7), 8)]
    codepage = next((_short(data, base + offset + 4) for number, offset in places if number == _CODEPAGE), 1252)
    for number, offset in places:
        at = base + offset
        if at + 8 > len(data):
            continue
        kind, length = struct.unpack_from("<I", data, at)[0] & 0xFFFF, struct.unpack_from("<I", data, at + 4)[0]
        if kind == _TEXT:
            yield number, _text(data[at + 8 : at + 8 + min(length, MOST_STREAM)], codepage)
        elif kind == _WIDE:
            yield number, _text(data[at + 8 : at + 8 + 2 * min(length, MOST_STREAM)], 1200)


def _short(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 2], "little")


def _text(octets: bytes, codepage: int) -> str:
    name = {1200: "utf-16-le", 65001: "utf-8", 932: "cp932", 10001: "shift_jis"}.get(codepage, f"cp{codepage}")
    try:
        text = octets.decode(name, "replace")
    except LookupError:  # a code page that nobody knows here
        text = octets.decode("latin-1")
    return text.partition("\0")[0]

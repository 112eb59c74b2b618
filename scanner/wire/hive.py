"""Windows registry hives (``regf`` files) as values: keys, their names and what they hold. Nothing is written.

Built after Microsoft's and others' public descriptions of the format, version 1.3 to 1.6. Only what was asked for is read, through a
function that gives octets of the file, so that a hive of 200 MB costs no memory. A hive whose last changes stand in its transaction
logs says so by ``finished``; ``hivelog`` brings them in. Everything a hostile file can say ends in a value or in ``BadHive``.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

Read = Callable[[int, int], bytes]
"""Octets of the file at an offset, as many as asked for or fewer at its end."""

HEADER = 4096
MOST_KEYS = 20_000
"""Names below one key."""
MOST_KNOWN = 100_000
"""Names that are kept to find keys by."""
MOST_VALUES = 20_000
MOST_DATA = 4_000_000
"""Octets of one value."""
MOST_TOGETHER = 16_000_000
"""Octets of all values of one key."""
LONGEST_KEY, LONGEST_VALUE = 510, 32_766
"""Octets of a name: Windows takes 255 and 16,383 characters."""
DEPTH = 512
"""Keys in one path (Windows: 512)."""
_SEGMENT = 16_344  # octets of a big value that one cell holds
_INLINE = 0x8000_0000
_NONE = 0xFFFF_FFFF
_LATIN_KEY, _LINK = 0x20, 0x10
_LATIN_VALUE = 0x1

Value = int | str | tuple[str, ...] | bytes


class BadHive(ValueError):
    """The octets are no hive, or one that contradicts itself."""


@dataclass(frozen=True, slots=True)
class Node:
    """One key. ``written``: when it was last written to, in 100 ns since 1601. The rest is where its lists stand."""

    name: str
    written: int
    link: bool
    keys: int
    key_list: int
    values: int
    value_list: int


@dataclass(frozen=True, slots=True)
class _Held:
    """One value: up to four octets stand ``inline``, the data of others in a cell of their own."""

    name: str
    kind: int
    size: int
    inline: bytes | None
    where: int


class Hive:
    """One hive. Raises ``BadHive`` where the file is none."""

    def __init__(self, read: Read) -> None:
        self._read = read
        head = read(0, HEADER)
        if len(head) < HEADER or head[:4] != b"regf":
            raise BadHive("no hive: it does not begin as one")
        major, minor = struct.unpack_from("<II", head, 20)
        if major != 1 or not 3 <= minor <= 6:
            raise BadHive(f"a hive of version {major}.{minor}")
        total = 0
        for (word,) in struct.iter_unpack("<I", head[:508]):
            total ^= word
        total = {0: 1, _NONE: _NONE - 1}.get(total, total)
        if total != struct.unpack_from("<I", head, 508)[0]:
            raise BadHive("the checksum of its first block is wrong")
        self._one_cell = minor < 4
        first, second = struct.unpack_from("<II", head, 4)
        self.finished: bool = first == second
        """Whether everything that was changed stands in this file; else the rest is in its logs."""
        self._size: int
        self._root: int
        self._root, self._size = struct.unpack_from("<II", head, 36)
        self._known: dict[tuple[int, int], dict[str, int]] = {}

    def node(self, path: str) -> Node | None:
        """Give the key at ``path`` (names with backslashes between, empty for the root); ``None``: there is none. Case means nothing."""
        node = self._node(self._root)
        names = [name for name in path.split("\\") if name]
        if len(names) > DEPTH:
            return None
        for name in names:
            if node.link:
                raise BadHive(f"{node.name!r}: a link in the middle of a path")
            at = self._places(node).get(name.upper())
            if at is None:
                return None
            node = self._node(at)
        return node

    def below(self, node: Node) -> Iterator[Node]:
        """Give the keys below a key, in the order in which they stand there."""
        return map(self._node, self._below(node))

    def _places(self, node: Node) -> dict[str, int]:
        """Give where the keys below a key stand, by their names in capitals; kept, since the same paths are asked for again and again."""
        asked = (node.key_list, node.keys)
        if asked not in self._known:
            places: dict[str, int] = {}
            for at in self._below(node):
                places.setdefault(self._node(at).name.upper(), at)
            if sum(map(len, self._known.values())) + len(places) > MOST_KNOWN:
                self._known.clear()
            self._known[asked] = places
        return self._known[asked]

    def _below(self, node: Node) -> Iterator[int]:
        if node.keys == 0 or node.key_list == _NONE:
            return
        if node.keys > MOST_KEYS:
            raise BadHive(f"{node.name!r}: {node.keys} keys")
        left = node.keys
        for offset in self._offsets(node.key_list):
            if left == 0:
                raise BadHive(f"{node.name!r}: its list holds more keys than it says")
            left -= 1
            yield offset
        if left:
            raise BadHive(f"{node.name!r}: its list holds fewer keys than it says")

    def values(self, node: Node) -> Iterator[tuple[str, int, bytes]]:
        """Give the values of a key: name (empty for the unnamed one), type and data."""
        together = 0
        for held in self._held(node):
            together += len(held.name) + held.size
            if together > MOST_TOGETHER:
                raise BadHive(f"{node.name!r}: values of more than {MOST_TOGETHER} octets")
            yield held.name, held.kind, self._data(held)

    def value(self, node: Node, name: str) -> tuple[int, bytes] | None:
        """Give one value's type and data; ``None``: there is no such value."""
        wanted = name.upper()
        return next(((held.kind, self._data(held)) for held in self._held(node) if held.name.upper() == wanted), None)

    def _held(self, node: Node) -> Iterator[_Held]:
        if node.values == 0:
            return
        if node.values > MOST_VALUES:
            raise BadHive(f"{node.name!r}: {node.values} values")
        listed = self._cell(node.value_list, 4 * node.values)
        for (offset,) in struct.iter_unpack("<I", listed):
            yield self._value(offset)

    def _offsets(self, at: int) -> Iterator[int]:
        """Give what a list of keys points to; lists of lists are one level deep."""
        for kind, offset in self._list(at):
            if kind != b"ri":
                yield offset
                continue
            for inner, end in self._list(offset):
                if inner == b"ri":
                    raise BadHive("lists of lists of lists of keys")
                yield end

    def _list(self, at: int) -> list[tuple[bytes, int]]:
        kind, count = struct.unpack("<2sH", self._cell(at, 4))
        match kind:
            case b"lf" | b"lh":
                wide = 8
            case b"li" | b"ri":
                wide = 4
            case _:
                raise BadHive(f"a list of keys that begins with {kind!r}")
        held = self._cell(at, 4 + wide * count)
        return [(kind, struct.unpack_from("<I", held, 4 + wide * number)[0]) for number in range(count)]

    def _node(self, at: int) -> Node:
        fixed = self._cell(at, 76)
        if fixed[:2] != b"nk":
            raise BadHive(f"no key where one is expected: {fixed[:2]!r}")
        flags, written = struct.unpack_from("<HQ", fixed, 2)
        keys, _, key_list, _, values, value_list = struct.unpack_from("<6I", fixed, 20)
        (length,) = struct.unpack_from("<H", fixed, 72)
        if length > LONGEST_KEY:
            raise BadHive(f"a key's name of {length} octets")
        return Node(
            _name(self._cell(at, 76 + length)[76:], latin=bool(flags & _LATIN_KEY)),
            written,
            bool(flags & _LINK),
            keys,
            key_list,
            values,
            value_list,
        )

    def _value(self, at: int) -> _Held:
        fixed = self._cell(at, 20)
        signature, length, size, where, kind, flags = struct.unpack("<2sHIIIH2x", fixed)
        if signature != b"vk":
            raise BadHive(f"no value where one is expected: {signature!r}")
        if length > LONGEST_VALUE:
            raise BadHive(f"a value's name of {length} octets")
        name = _name(self._cell(at, 20 + length)[20:], latin=bool(flags & _LATIN_VALUE))
        inline = struct.pack("<I", where) if size & _INLINE else None
        size &= ~_INLINE
        if size > (MOST_DATA if inline is None else 4):
            raise BadHive(f"{name!r}: {size} octets")
        return _Held(name, kind, size, inline, where)

    def _data(self, held: _Held) -> bytes:
        if held.inline is not None:
            return held.inline[: held.size]
        if held.size == 0:
            return b""
        return self._cell(held.where, held.size) if held.size <= _SEGMENT else self._big(held.where, held.size)

    def _big(self, at: int, size: int) -> bytes:
        """Gather a value that stands in several cells; in hives before 1.4 it stands in one."""
        if self._one_cell or self._cell(at, 2) != b"db":
            return self._cell(at, size)
        _, count, listed = struct.unpack("<2sHI", self._cell(at, 8))
        data = bytearray()
        for (offset,) in struct.iter_unpack("<I", self._cell(listed, 4 * count)):
            data += self._cell(offset, min(_SEGMENT, size - len(data)))
            if len(data) == size:
                return bytes(data)
        raise BadHive("a big value that is shorter than it says")

    def _cell(self, at: int, wanted: int) -> bytes:
        """Give the first octets of a cell, which has to be in use and to hold them."""
        if at == _NONE or at % 8 or at + 4 > self._size:
            raise BadHive(f"a cell at {at:#x}")
        raw = self._read(HEADER + at, 4 + wanted)
        if len(raw) < 4 + wanted:
            raise BadHive(f"the cell at {at:#x} is cut off")
        (size,) = struct.unpack_from("<i", raw)
        if size >= 0 or -size < 4 + wanted or at - size > self._size:
            raise BadHive(f"the cell at {at:#x} is not in use or too short")
        return raw[4:]


def _name(raw: bytes, *, latin: bool) -> str:
    return raw.decode("latin-1") if latin else raw.decode("utf-16-le", "replace")


def decoded(kind: int, data: bytes) -> Value:
    """Turn a value's data into what a program gets that asks Windows for it; what has not its type's form stays octets."""
    match kind:
        case 1 | 2:  # REG_SZ, REG_EXPAND_SZ
            return text(data)
        case 4 if len(data) == 4:  # REG_DWORD
            return int.from_bytes(data, "little")
        case 11 if len(data) == 8:  # REG_QWORD
            return int.from_bytes(data, "little")
        case 7:  # REG_MULTI_SZ
            return tuple(part for part in _utf16(data).split("\0") if part)
        case _:
            return data


def text(data: bytes) -> str:
    """Read text as Windows keeps it, to the first zero."""
    return _utf16(data).split("\0", 1)[0]


def _utf16(data: bytes) -> str:
    return data[: len(data) & ~1].decode("utf-16-le", "replace")

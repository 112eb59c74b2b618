"""GVDB files, the hash tables that dconf databases and compiled GSettings schemas are kept in: octets to names and values.

What the values mean is decided elsewhere; here they are octets.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass

MOST_ITEMS = 100_000
"""Items of all tables in one file; a desktop's schemas have some thousands."""
DEEPEST_TABLE = 4
DEEPEST_KEY = 64
LONGEST_KEY = 4_096
_SIGNATURE = b"GVariant"
_OTHER_ORDER = b"raVGtnai"
_ITEM = struct.Struct("<IIIHcxII")  # hash, parent, key start, key size, kind, start and end of the value
_ROOT = 0xFFFFFFFF


class NotGvdb(ValueError):
    """The octets are not a GVDB file, or one that points outside itself."""


@dataclass(frozen=True, slots=True)
class Table:
    """One hash table: serialised variants and further tables by their full key."""

    values: Mapping[str, bytes]
    tables: Mapping[str, Table]


def read(data: bytes) -> Table:
    """Give the root table. Raises ``NotGvdb``."""
    if data[:8] == _OTHER_ORDER:
        raise NotGvdb("a file written on a machine of the other byte order")
    if data[:8] != _SIGNATURE or len(data) < 24:
        raise NotGvdb("no GVDB signature")
    version, _, start, end = struct.unpack_from("<IIII", data, 8)
    if version != 0:
        raise NotGvdb(f"version {version}")
    return _table(data, start, end, 0, [MOST_ITEMS])


def _table(data: bytes, start: int, end: int, depth: int, left: list[int]) -> Table:
    if depth > DEEPEST_TABLE:
        raise NotGvdb(f"tables nested deeper than {DEEPEST_TABLE}")
    body = _part(data, start, end)
    if len(body) < 8:
        raise NotGvdb("a table without a header")
    bloom, buckets = struct.unpack_from("<II", body)
    first = 8 + 4 * (bloom & 0x07FFFFFF) + 4 * buckets
    if first > len(body) or (len(body) - first) % _ITEM.size:
        raise NotGvdb("a table that ends inside an item")
    count = (len(body) - first) // _ITEM.size
    left[0] -= count
    if left[0] < 0:
        raise NotGvdb(f"more than {MOST_ITEMS} items")
    items = [_ITEM.unpack_from(body, first + index * _ITEM.size) for index in range(count)]
    keys = [_key(data, items, index) for index in range(count)]
    values: dict[str, bytes] = {}
    tables: dict[str, Table] = {}
    for key, (_, _, _, _, kind, value, value_end) in zip(keys, items, strict=True):
        if kind == b"v":
            values[key] = _part(data, value, value_end)
        elif kind == b"H":
            tables[key] = _table(data, value, value_end, depth + 1, left)
        # Lists ("L") only name the children of a directory. dconf's compiler leaves the kind of an empty root directory
        # unset, so that any octet may stand there; GLib's reader passes over kinds that it does not look for, and so do we.
    return Table(values, tables)


def _key(data: bytes, items: list[tuple[int, int, int, int, bytes, int, int]], index: int) -> str:
    parts: list[bytes] = []
    length = 0
    while index != _ROOT:
        if index >= len(items) or len(parts) > DEEPEST_KEY:
            raise NotGvdb("a key whose parents do not end")
        _, parent, start, size, *_ = items[index]
        parts.append(_part(data, start, start + size))
        length += size
        if length > LONGEST_KEY:
            raise NotGvdb(f"a key longer than {LONGEST_KEY} octets")
        index = parent
    try:
        return b"".join(reversed(parts)).decode()
    except UnicodeDecodeError as error:
        raise NotGvdb("a key that is not UTF-8") from error


def _part(data: bytes, start: int, end: int) -> bytes:
    if not start <= end <= len(data):
        raise NotGvdb("a pointer outside the file")
    return data[start:end]

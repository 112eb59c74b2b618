"""Transaction logs of registry hives (``.LOG1``, ``.LOG2``, Windows 8.1 and later): what was changed and is not in the hive yet.

Windows writes changes to a log first and to the hive later, often only at the next start: a machine that was shut down for a fast start, or
was not shut down at all, keeps them there. Entries are believed only with both of their hashes right, in one unbroken row; their form is
described by M. Suhanov ("Windows registry file format specification").
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scanner.wire.hive import HEADER, BadHive, Read

MOST_LOG = 64_000_000
"""Octets of one log."""
MOST_ENTRIES = 100_000
_FIRST = 512
_UNIT = 512
_HEAD = 40
_SEED = 0x82EF_4D88_7A4E_55C5
_WORD = 0xFFFF_FFFF
_NEW_FORM = 6


@dataclass(frozen=True, slots=True)
class _Entry:
    sequence: int
    size: int
    """Octets of the hive without its header, after the change."""
    pages: tuple[tuple[int, bytes], ...]


def replayed(read: Read, logs: Sequence[bytes]) -> Read:
    """Give the hive as it is with what its logs hold. Raises ``BadHive`` where they do not hold what is missing."""
    head = bytearray(read(0, HEADER))
    if len(head) < HEADER or head[:4] != b"regf":
        raise BadHive("no hive: it does not begin as one")
    wanted = struct.unpack_from("<I", head, 8)[0]
    entries: dict[int, _Entry] = {}
    for log in logs:
        for entry in _entries(log, wanted):
            entries.setdefault(entry.sequence, entry)
    if not entries:
        raise BadHive("its logs hold nothing that is missing")
    units: dict[int, bytes] = {}
    size = 0
    last = min(entries, key=lambda sequence: (sequence - wanted) & _WORD)
    for _ in entries:
        if last not in entries:
            raise BadHive(f"its logs lack what was changed under number {last}")
        size = entries[last].size
        for offset, data in entries[last].pages:
            for at in range(0, len(data), _UNIT):
                units[HEADER + offset + at] = data[at : at + _UNIT]
        last = (last + 1) & _WORD
    struct.pack_into("<II", head, 4, last, last)
    struct.pack_into("<I", head, 40, size)
    total = 0
    for (word,) in struct.iter_unpack("<I", head[:508]):
        total ^= word
    struct.pack_into("<I", head, 508, {0: 1, _WORD: _WORD - 1}.get(total, total))
    for at in range(0, HEADER, _UNIT):
        units[at] = bytes(head[at : at + _UNIT])

    def whole(offset: int, length: int) -> bytes:
        found = bytearray(read(offset, length))
        end = min(offset + length, HEADER + size)
        if len(found) < end - offset:
            found += bytes(end - offset - len(found))  # the hive has grown since it was written
        for unit in range(offset - offset % _UNIT, end, _UNIT):
            if data := units.get(unit):
                start, stop = max(unit, offset), min(unit + len(data), end)
                found[start - offset : stop - offset] = data[start - unit : stop - unit]
        return bytes(found)

    return whole


def _entries(log: bytes, wanted: int) -> Iterator[_Entry]:
    """Give the entries of a log that are whole, up to the first that is not; those older than ``wanted`` are passed over."""
    if len(log) > MOST_LOG:
        raise BadHive(f"a log of {len(log)} octets")
    if len(log) < _FIRST or log[:4] != b"regf" or struct.unpack_from("<I", log, 28)[0] != _NEW_FORM:
        return  # empty, or of the older form
    at = _FIRST
    first = struct.unpack_from("<I", log, 4)[0]
    if log[at : at + 4] == b"HvLE" and struct.unpack_from("<I", log.ljust(at + _HEAD, b"\0"), at + 12)[0] != first:
        return  # its beginning was written over
    for _ in range(MOST_ENTRIES):
        if log[at : at + 4] != b"HvLE" or at + _HEAD > len(log):
            return
        size, _, sequence, hive_size, count, first_hash, second_hash = struct.unpack_from("<5I2Q", log, at + 4)
        if size < _HEAD or size % _UNIT or at + size > len(log) or _HEAD + 8 * count > size:
            return
        if (sequence - wanted) & _WORD < 1 << 31:
            if marvin32(log[at : at + 32]) != second_hash or marvin32(log[at + _HEAD : at + size]) != first_hash:
                return
            pages = _pages(log, at, size, count, hive_size)
            if pages is None:
                return
            yield _Entry(sequence, hive_size, pages)
        at += size


def _pages(log: bytes, at: int, size: int, count: int, hive_size: int) -> tuple[tuple[int, bytes], ...] | None:
    """Give the changed parts of the hive in one entry; ``None`` where they contradict it."""
    found = []
    data = at + _HEAD + 8 * count
    for number in range(count):
        offset, length = struct.unpack_from("<II", log, at + _HEAD + 8 * number)
        if offset % _UNIT or length % _UNIT or offset + length > hive_size or data + length > at + size:
            return None
        found.append((offset, log[data : data + length]))
        data += length
    return tuple(found)


def marvin32(data: bytes) -> int:
    """Hash as Windows does in these logs: Marvin32 with the seed that is the same everywhere."""
    low, high = _SEED & _WORD, _SEED >> 32
    whole = len(data) & ~3
    rest = data[whole:] + b"\x80"
    words = [word for (word,) in struct.iter_unpack("<I", data[:whole])]
    for word in (*words, int.from_bytes(rest.ljust(4, b"\0"), "little"), 0):
        low = (low + word) & _WORD
        high ^= low
        low = (((low << 20) | (low >> 12)) + high) & _WORD
        high = ((high << 9) | (high >> 23)) & _WORD
        high ^= low
        low = (((low << 27) | (low >> 5)) + high) & _WORD
        high = ((high << 19) | (high >> 13)) & _WORD
    return high << 32 | low

"""Registry hives that were made to be costly: few octets that stand for very many, and lists that are long to search."""

from __future__ import annotations

import struct

import pytest

from scanner.wire import hive


class Making:
    """A hive that is put together cell by cell. What it holds is up to the test."""

    def __init__(self) -> None:
        self.cells = bytearray(32)
        self.reads = 0

    def cell(self, data: bytes) -> int:
        """Add a cell in use and give where it stands."""
        at = len(self.cells)
        size = (4 + len(data) + 7) & ~7
        self.cells += struct.pack("<i", -size) + data.ljust(size - 4, b"\0")
        return at

    def key(self, name: bytes, *, keys: tuple[int, int] = (0, 0), values: tuple[int, int] = (0, 0), length: int | None = None) -> int:
        """Add a key with a Latin name; ``keys`` and ``values`` are how many, and where their list stands."""
        fixed = struct.pack("<2sHQ4xI", b"nk", 0x20, 0, 0) + struct.pack("<6I", keys[0], 0, keys[1], 0, *values) + bytes(28)
        return self.cell(fixed + struct.pack("<HH", len(name) if length is None else length, 0) + name)

    def opened(self, root: int) -> hive.Hive:
        """Give it as a hive; ``reads`` counts how often it is read from."""
        head = bytearray(hive.HEADER)
        struct.pack_into("<4sIIQIIIII", head, 0, b"regf", 1, 1, 0, 1, 5, 0, 1, root)
        struct.pack_into("<I", head, 40, len(self.cells))
        total = 0
        for (word,) in struct.iter_unpack("<I", head[:508]):
            total ^= word
        struct.pack_into("<I", head, 508, total)
        whole = bytes(head) + bytes(self.cells)

        def read(offset: int, size: int) -> bytes:
            self.reads += 1
            return whole[offset : offset + size]

        return hive.Hive(read)


def test_a_key_is_found_again_without_a_search() -> None:
    made = Making()
    below = [made.key(f"key{number}".encode()) for number in range(5_000)]
    listed = made.cell(struct.pack("<2sH", b"li", len(below)) + struct.pack(f"<{len(below)}I", *below))
    found = made.opened(made.key(b"root", keys=(len(below), listed)))
    assert found.node("KEY0") is not None
    made.reads = 0
    assert [found.node(f"key{number}") is not None for number in (1, 4_999, 5_000)] == [True, True, False]
    assert made.reads < 20


def test_values_that_share_their_data_are_not_gathered_without_end() -> None:
    made = Making()
    shared = made.cell(bytes(16_000))
    values = [made.cell(struct.pack("<2sHIIIHH", b"vk", 4, 16_000, shared, 3, 1, 0) + f"{number:04}".encode()) for number in range(2_000)]
    listed = made.cell(struct.pack(f"<{len(values)}I", *values))
    found = made.opened(made.key(b"root", values=(len(values), listed)))
    root = found.node("")
    assert root is not None
    with pytest.raises(hive.BadHive, match="values of more than"):
        list(found.values(root))
    made.reads = 0
    assert found.value(root, "1999") == (3, bytes(16_000))
    assert made.reads < 3 * len(values), "the data of others are not read"


def test_a_name_longer_than_windows_takes_is_refused() -> None:
    made = Making()
    with pytest.raises(hive.BadHive, match="name of 511"):
        made.opened(made.key(bytes(511), length=511)).node("")

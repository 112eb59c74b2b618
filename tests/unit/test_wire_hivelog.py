"""Transaction logs of hives: changes that stand in them are brought in, and whatever is not whole is not.

The logs are written here in the form that the specification names, with hashes proven on an entry that a real Windows wrote.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scanner.hosts.windows_image import CONFIG, ImageReader
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import hive
from scanner.wire.hivelog import marvin32, replayed
from tests.unit.windows_machines import machine, write_hive

REAL = bytes.fromhex("48764c45003e0000010000003b0800000030bd0003000000c4812cbea1b6704b")
"""The first 32 octets of an entry in SYSTEM_B.LOG1 of regipy's test data (MIT), and in the next line the hash that follows them there."""
REAL_HASH = bytes.fromhex("0af348dfd7c588dd")
KEY = r"Services\USBSTOR"
PAGE = 4096


def sealed(head: bytearray) -> None:
    total = 0
    for (word,) in struct.iter_unpack("<I", head[:508]):
        total ^= word
    struct.pack_into("<I", head, 508, total)


def dirty(data: bytes, second: int) -> bytes:
    """A hive whose changes from number ``second`` on are in its logs."""
    changed = bytearray(data)
    struct.pack_into("<II", changed, 4, second + 1, second)
    sealed(changed)
    return bytes(changed)


def entry(sequence: int, before: bytes, after: bytes) -> bytes:
    """One entry with the pages of the hive that differ."""
    offsets = [at for at in range(PAGE, len(after), PAGE) if before[at : at + PAGE] != after[at : at + PAGE]]
    pages = b"".join(struct.pack("<II", at - PAGE, PAGE) for at in offsets) + b"".join(after[at : at + PAGE] for at in offsets)
    size = -(-(40 + len(pages)) // 512) * 512
    pages = pages.ljust(size - 40, b"\0")
    head = b"HvLE" + struct.pack("<5IQ", size, 0, sequence, len(after) - PAGE, len(offsets), marvin32(pages))
    return head + struct.pack("<Q", marvin32(head)) + pages


def log(sequence: int, *entries: bytes) -> bytes:
    head = bytearray(512)
    head[:4] = b"regf"
    struct.pack_into("<II", head, 4, sequence, sequence)
    struct.pack_into("<I", head, 28, 6)
    sealed(head)
    return bytes(head) + b"".join(entries)


def made(room: Path, start: int) -> bytes:
    path = room / f"hive{start}"
    write_hive(path, {"Select": {"Current": 1}, rf"ControlSet001\{KEY}": {"Start": start}})
    return path.read_bytes()


@pytest.fixture(scope="module")
def states(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, bytes, bytes]:
    room = tmp_path_factory.mktemp("hives")
    return made(room, 3), made(room, 2), made(room, 4)


def start(data: bytes, logs: Sequence[bytes]) -> object:
    inside = hive.Hive(replayed(lambda offset, size: data[offset : offset + size], logs))
    assert inside.finished
    node = inside.node(rf"ControlSet001\{KEY}")
    assert node is not None
    found = inside.value(node, "Start")
    return found and hive.decoded(*found)


def test_the_hash_is_the_one_that_windows_writes() -> None:
    assert struct.pack("<Q", marvin32(REAL)) == REAL_HASH


def test_changes_are_brought_in_in_their_order(states: tuple[bytes, bytes, bytes]) -> None:
    first, second, third = states
    assert start(dirty(first, 7), [log(7, entry(7, first, second), entry(8, second, third))]) == 4
    assert start(dirty(first, 7), [log(8, entry(8, second, third)), log(7, entry(7, first, second))]) == 4
    assert start(dirty(first, 7), [log(7, entry(7, first, second)), b""]) == 2
    # what is older than the hive is passed over
    assert start(dirty(third, 9), [log(8, entry(8, third, first), entry(9, first, third))]) == 4


def test_what_is_not_whole_is_not_brought_in(states: tuple[bytes, bytes, bytes]) -> None:
    first, second, third = states
    whole = entry(7, first, second)
    broken = bytearray(whole)
    broken[-1] ^= 1
    for logs in (
        [],
        [b""],
        [log(7)],
        [log(7, bytes(broken))],
        [log(7, whole[:512])],
        [log(6, whole)],  # its beginning was written over
        [log(7, whole), log(9, entry(9, second, third))],  # number 8 is missing
        [log(3, entry(3, first, second))],
    ):
        with pytest.raises(hive.BadHive):
            start(dirty(first, 7), logs)
    assert start(dirty(first, 7), [log(7, whole, bytes(broken))]) == 2, "up to the first that is not whole"


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(places=st.lists(st.tuples(st.integers(0, 6000), st.binary(min_size=1, max_size=8)), max_size=6), cut=st.integers(0, 9000))
def test_any_octets_end_in_a_hive_or_in_bad_hive(states: tuple[bytes, bytes, bytes], places: list[tuple[int, bytes]], cut: int) -> None:
    first, second, third = states
    octets = bytearray(log(7, entry(7, first, second), entry(8, second, third)))
    for at, changed in places:
        octets[at : at + len(changed)] = changed
    try:
        assert start(dirty(first, 7), [bytes(octets[:cut])]) in {2, 3, 4}
    except hive.BadHive:
        return


def test_an_image_is_read_with_its_logs(tmp_path: Path, states: tuple[bytes, bytes, bytes]) -> None:
    machine(tmp_path)
    first, second, _ = states
    place = tmp_path / f"{CONFIG}SYSTEM".lstrip("/")
    place.write_bytes(dirty(first, 7))
    with pytest.raises(CannotObserve) as why:
        ImageReader(tmp_path).value(rf"HKLM\SYSTEM\CurrentControlSet\{KEY}", "Start")
    assert why.value.reason is Reason.UNSUPPORTED
    place.with_name("system.log1").write_bytes(log(7, entry(7, first, second)))
    assert ImageReader(tmp_path).value(rf"HKLM\SYSTEM\CurrentControlSet\{KEY}", "Start") == 2

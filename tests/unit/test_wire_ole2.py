"""Properties of Office's old compound files: a workbook that another program wrote, and the same bent in every way."""

from __future__ import annotations

import struct
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.wire.web import documents
from scanner.wire.web.documents import Properties, Property
from scanner.wire.web.ole2 import MAGIC, MORE, SUMMARY, Compound, NotCompound

BOOK = (Path(__file__).parents[1] / "recorded/old_office/book.xls").read_bytes()
AUTHOR = Property("author", "点検 太郎")


def test_a_workbook_tells_its_people_and_places() -> None:
    read = documents.read(BOOK)
    assert (read.kind, read.problem) == ("ole2", "changes-not-read")
    assert set(read.found) == {
        AUTHOR,
        Property("manager", "Boss"),
        Property("company", "Kakuu City"),
        Property("description", "C:\\Users\\taro\\book.xls"),
        Property("path", "C:\\Users\\taro\\book.xls"),
    }


def test_a_document_with_a_password_is_said_to_have_one() -> None:
    name = "Workbook".encode("utf-16-le")
    wide = "EncryptedPackage".encode("utf-16-le")
    at = BOOK.index(name)
    bent = bytearray(BOOK)
    bent[at : at + len(wide)] = wide
    bent[at + 64 : at + 66] = struct.pack("<H", len(wide) + 2)
    assert documents.read(bytes(bent)).problem == "encrypted"


@pytest.mark.parametrize("codepage", [932, 65001])
def test_names_are_read_in_their_code_page(codepage: int) -> None:
    name, code = ("点検 太郎".encode(), "山田".encode({932: "cp932", 65001: "utf-8"}[codepage]))
    bent = BOOK.replace(name, code.ljust(len(name), b"\0")).replace(struct.pack("<HHI", 2, 0, 65001), struct.pack("<HHI", 2, 0, codepage))
    assert Property("author", "山田") in documents.read(bent).found


@pytest.mark.parametrize("octets", [b"", MAGIC, MAGIC + bytes(504), MAGIC + b"\xff" * 504])
def test_what_is_no_compound_file_is_refused(octets: bytes) -> None:
    with pytest.raises(NotCompound):
        Compound(octets)


def test_chains_that_come_back_to_themselves_end() -> None:
    bent = bytearray(BOOK)
    table = struct.unpack_from("<I", BOOK, 76)[0]
    struct.pack_into("<128I", bent, (table + 1) * 512, *range(128))  # every sector is followed by itself
    start = time.process_time()
    documents.read(bytes(bent))
    assert time.process_time() - start < 1


@settings(max_examples=150, deadline=None)
@given(
    changes=st.lists(st.tuples(st.integers(0, len(BOOK) - 4), st.sampled_from([0, 1, 7, 255, 0xFFFF, 0xFFFFFFFE, 0xFFFFFFFF])), max_size=6)
)
def test_bent_files_end_in_properties(changes: list[tuple[int, int]]) -> None:
    bent = bytearray(BOOK)
    for at, value in changes:
        struct.pack_into("<I", bent, at, value)
    read = documents.read(bytes(bent))
    assert isinstance(read, Properties)
    assert all(each.value.isprintable() for each in read.found)


@settings(max_examples=100, deadline=None)
@given(end=st.integers(0, len(BOOK)))
def test_a_file_that_was_cut_off_ends_in_properties(end: int) -> None:
    assert isinstance(documents.read(BOOK[:end]), Properties)


def test_the_streams_are_those_of_the_format() -> None:
    assert {SUMMARY, MORE, "Workbook"} <= set(Compound(BOOK).streams)

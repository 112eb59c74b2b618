"""What pictures tell beside what they show: places and names are found wherever they stand, and no octets do harm."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.wire.web.documents import LONGEST_VALUE
from scanner.wire.web.images import CUT_OFF, MOST_PARTS, read
from tests.unit.pictures import jpeg, png, tiff, webp

TOKYO = (35, 139)
MAKERS = {"jpeg": jpeg, "png": png, "webp": webp}


def told(octets: bytes) -> list[tuple[str, str]]:
    return [(each.name, each.value) for each in read(octets).found]


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", MAKERS)
def test_places_and_names_are_found_in_every_format_and_order(kind: str, order: str) -> None:
    exif = tiff(artist="山田太郎", owner="Yamada", place=TOKYO, order=order)
    seen = read(MAKERS[kind](exif))
    assert (seen.kind, seen.problem) == (kind, "")
    assert told(MAKERS[kind](exif)) == [("author", "山田太郎"), ("owner", "Yamada"), ("location", "")]
    assert told(MAKERS[kind](tiff(place=TOKYO, order=order))) == [("location", "")]


@pytest.mark.parametrize("picture", [jpeg(), jpeg(tiff()), jpeg(tiff(place=(0, 0))), png(), png(tiff(artist=" ")), webp(), webp(b"junk")])
def test_a_picture_that_tells_nothing_is_clean(picture: bytes) -> None:
    assert (told(picture), read(picture).problem) == ([], "")


def test_names_in_words_of_the_format_and_places_in_xmp_count_too() -> None:
    assert told(png(author="Yamada")) == [("author", "Yamada")]
    xmp = b"http://ns.adobe.com/xap/1.0/\0<x exif:GPSLatitude='35,40N'/>"
    plain = jpeg()
    assert told(plain[:2] + b"\xff\xe1" + (len(xmp) + 2).to_bytes(2) + xmp + plain[2:]) == [("location", "")]


def test_what_is_no_picture_of_these_is_none() -> None:
    assert [read(octets).kind for octets in (b"", b"GIF89a", b"<svg/>", b"\xff\xd8")] == [""] * 4


@pytest.mark.parametrize("kind", MAKERS)
def test_a_file_that_was_cut_off_is_clean_only_where_nothing_more_could_come(kind: str) -> None:
    whole = MAKERS[kind](tiff(artist="Yamada", place=TOKYO))
    for cut in range(12, len(whole)):
        seen = read(whole[:cut])
        assert seen.problem == CUT_OFF or [each.name for each in seen.found] == ["author", "location"]


def test_many_parts_and_long_names_are_capped() -> None:
    plain = jpeg(tiff(artist="x" * 5000))
    assert told(plain) == [("author", "x" * LONGEST_VALUE)]
    assert read(plain[:2] + b"\xff\xe0\0\2" * (MOST_PARTS + 1) + plain[2:]).problem == CUT_OFF


@given(
    st.sampled_from([b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\x40\0\0\0WEBP", b"\xff\xd8\xff\xe1\0\x40Exif\0\0II*\0"]),
    st.binary(max_size=80),
)
def test_any_octets_are_read_without_harm(head: bytes, junk: bytes) -> None:
    assert read(head + junk).kind in {"jpeg", "png", "webp"}


@given(st.data())
def test_a_changed_octet_does_no_harm(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(sorted(MAKERS)))
    picture = bytearray(MAKERS[kind](tiff(artist="Yamada", owner="Y", place=TOKYO)))
    picture[data.draw(st.integers(12, len(picture) - 1))] = data.draw(st.integers(0, 255))
    assert read(bytes(picture)).kind == kind

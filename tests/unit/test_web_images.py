"""What pictures tell beside what they show: places and names are found wherever they stand, and no octets do harm."""

from __future__ import annotations

import struct
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.wire.web.documents import LONGEST_VALUE
from scanner.wire.web.images import CUT_OFF, MALFORMED, MOST_PARTS, PACKED, read
from tests.unit.pictures import jpeg, png, tiff, webp

TOKYO = (35, 139)
PHOTOSHOP = b"\xff\xd8\xff\xed\0\x60Photoshop 3.0\x008BIM\x04\x04\0\0\0\0\0\x40\x1c\x02\x50"
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


def test_names_in_xmp_and_iptc_count_too() -> None:
    def with_segment(kind: int, data: bytes) -> bytes:
        plain = jpeg()
        return plain[:2] + bytes((0xFF, kind)) + (len(data) + 2).to_bytes(2) + data + plain[2:]

    xmp = "<dc:creator><rdf:Seq><rdf:li>山田 &amp; 太郎</rdf:li></rdf:Seq></dc:creator>".encode()
    assert told(with_segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + xmp)) == [("author", "山田 & 太郎")]
    records = b"\x1c\x01\x5a\0\3\x1b%G" + b"\x1c\x02\x50\0\6" + "山田".encode() + b"\x1c\x02\x5a\0\5Tokyo"
    odd, iptc = (b"8BIM\x03\xed\3abc\0\0\0\3xyz\0", b"8BIM\x04\x04\0\0" + len(records).to_bytes(4) + records)
    assert told(with_segment(0xED, b"Photoshop 3.0\0" + odd + iptc)) == [("author", "山田")]
    for cut in range(13, len(odd + iptc) + 14):
        seen = read(with_segment(0xED, (b"Photoshop 3.0\0" + odd + iptc)[:cut]))
        assert seen.problem in {"", PACKED}
    assert read(with_segment(0xED, b"Photoshop 3.0\0" + iptc[:-4])).problem == PACKED
    assert read(with_segment(0xED, b"Photoshop 3.0\0" + b"8BIM\0\0\0\0\0\0\0\0" * 3000)).problem == CUT_OFF


@pytest.mark.parametrize("head", [b"http://ns.adobe.com/xmp/extension/\0", b"http://ns.adobe.com/xap/1.0/\0"])
def test_fill_octets_before_a_marker_hide_nothing(head: bytes) -> None:
    part = head + b"<x exif:GPSLatitude='35,40N'/>"
    plain = jpeg()
    filled = plain[:2] + b"\xff" * 9 + b"\xe1" + (len(part) + 2).to_bytes(2) + part + plain[2:]
    assert told(filled) == [("location", "")]


def test_octets_between_segments_are_no_end_of_the_file() -> None:
    """Browsers skip them and show the picture; what comes behind them is not known here."""
    located = jpeg(tiff(place=TOKYO))
    assert read(located[:2] + b"\0" + located[2:]).problem == ""  # no JPEG any more
    plain = jpeg()
    assert read(plain[:71] + b"\0" + located[2:]).problem == MALFORMED


def test_xmp_and_old_profiles_in_png_are_read_or_said_to_be_unread() -> None:
    def with_text(kind: bytes, data: bytes) -> bytes:
        plain = png()
        return plain[:33] + struct.pack(">I", len(data)) + kind + data + bytes(4) + plain[33:]

    xmp = b"<x exif:GPSLatitude='35,40N'/>"
    assert told(with_text(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp)) == [("location", "")]
    assert read(with_text(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0x")).problem == PACKED
    assert read(with_text(b"zTXt", b"Raw profile type exif\0\0x")).problem == PACKED
    assert told(with_text(b"iTXt", "Author\0\0\0ja\0作者\0山田太郎".encode())) == [("author", "山田太郎")]
    assert told(with_text(b"tEXt", "Author\0José".encode("latin-1"))) == [("author", "José")]
    assert read(with_text(b"iTXt", b"Author\0\1\0\0\0x")).problem == PACKED
    assert read(with_text(b"zTXt", b"Author\0\0x")).problem == PACKED


def test_directories_that_name_each_other_end_soon() -> None:
    """512 entries that all point at 512 further ones, in every segment: 60 million of them unless they are counted."""
    below = b"".join(struct.pack("<HHII", 0xA430, 2, 200, 0) for _ in range(512))
    first = b"".join(struct.pack("<HHII", 0x8769, 4, 1, 8 + 2 + 512 * 12) for _ in range(512))
    exif = b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", 512) + first + struct.pack("<H", 512) + below
    segment = b"\xff\xe1" + (len(exif) + 2).to_bytes(2) + exif
    start = time.process_time()
    assert read(b"\xff\xd8" + segment * 200).problem == CUT_OFF
    assert time.process_time() - start < 1.0


def test_what_is_no_picture_of_these_is_none() -> None:
    assert [read(octets).kind for octets in (b"", b"GIF89a", b"<svg/>", b"\xff\xd8", b"RIFF\x40\0\0\0WAVE")] == [""] * 5


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
    st.sampled_from([b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\x40\0\0\0WEBP", b"\xff\xd8\xff\xe1\0\x40Exif\0\0II*\0", PHOTOSHOP]),
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

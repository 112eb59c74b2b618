"""Where and by whom a picture was taken, as its file tells: Exif (JEITA CP-3451) in JPEG, PNG and WebP. Octets in, property names out.

The place itself is not given, only that it is there. Where a file was cut off before all that could tell, that is said.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from scanner.wire.web.documents import LONGEST_VALUE, Properties, Property

MOST_PARTS = 256
"""Segments or chunks of one file."""
MOST_ENTRIES = 512
"""Entries of one directory."""
CUT_OFF = "too-large"
_EXIF = b"Exif\0\0"
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_ARTIST, _EXIF_DIRECTORY, _GPS_DIRECTORY, _XP_AUTHOR, _OWNER = 0x013B, 0x8769, 0x8825, 0x9C9D, 0xA430
_GPS_LATITUDE = 2
_TEXT, _RATIONAL = 2, 5
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8}


def read(octets: bytes) -> Properties:
    """Read a picture, or as much of it as was fetched. Never raises."""
    for kind, magic, parts in (("jpeg", b"\xff\xd8\xff", _jpeg), ("png", b"\x89PNG\r\n\x1a\n", _png), ("webp", b"RIFF", _webp)):
        if octets.startswith(magic):
            found: dict[Property, None] = {}
            try:
                for part in parts(octets):
                    found |= dict.fromkeys(_told(part))
            except _CutOff:
                return Properties(kind, tuple(found), CUT_OFF)
            return Properties(kind, tuple(found))
    return Properties("")


class _CutOff(Exception):
    """The file ends before the place after which nothing of this kind comes."""


def _jpeg(octets: bytes) -> Iterator[bytes]:
    at = 2
    for _ in range(MOST_PARTS):
        if at + 4 > len(octets):
            raise _CutOff
        marker, size = octets[at + 1], int.from_bytes(octets[at + 2 : at + 4])
        if octets[at] != 0xFF or marker == 0xDA or size < 2:  # the picture itself, or rubbish
            return
        if at + 2 + size > len(octets):
            raise _CutOff
        if marker == 0xE1:
            yield octets[at + 4 : at + 2 + size]
        at += 2 + size
    raise _CutOff


def _png(octets: bytes) -> Iterator[bytes]:
    at = 8
    for _ in range(MOST_PARTS):
        if at + 8 > len(octets):
            raise _CutOff
        size, kind = int.from_bytes(octets[at : at + 4]), octets[at + 4 : at + 8]
        data = octets[at + 8 : at + 8 + size]
        if kind == b"IEND":
            return
        if kind == b"eXIf":
            yield _EXIF + data
        elif kind == b"tEXt" and data.startswith(b"Author\0"):
            yield data
        at += size + 12
    raise _CutOff


def _webp(octets: bytes) -> Iterator[bytes]:
    if octets[8:12] != b"WEBP":
        return
    at, end = 12, 8 + int.from_bytes(octets[4:8], "little")
    for _ in range(MOST_PARTS):
        if at >= end:
            return
        if at + 8 > len(octets):
            raise _CutOff
        kind, size = octets[at : at + 4], int.from_bytes(octets[at + 4 : at + 8], "little")
        data = octets[at + 8 : at + 8 + size]
        if kind == b"EXIF":
            yield data if data.startswith(_EXIF) else _EXIF + data
        elif kind == b"XMP ":
            yield _XMP + data
        if len(data) < size:
            raise _CutOff
        at += 8 + size + size % 2
    raise _CutOff


def _told(part: bytes) -> Iterator[Property]:
    if part.startswith(_EXIF):
        yield from _tiff(part[len(_EXIF) :])
    elif part.startswith(_XMP) and b"exif:GPSLatitude" in part:
        yield Property("location", "")
    elif part.startswith(b"Author\0"):
        yield from _named("author", part[7:].decode("latin-1"))


@dataclass(frozen=True, slots=True)
class _Entry:
    tag: int
    type: int
    value: bytes


def _tiff(octets: bytes) -> Iterator[Property]:
    """Read a TIFF structure (TIFF 6.0 section 2): its first directory, and the two that Exif hangs below it."""
    order = {b"II*\0": "little", b"MM\0*": "big"}.get(octets[:4])
    if order is None:
        return
    little = order == "little"
    for entry in _directory(octets, octets[4:8], little=little):
        if entry.tag == _ARTIST and entry.type == _TEXT:
            yield from _named("author", entry.value.decode("utf-8", "replace"))
        elif entry.tag == _XP_AUTHOR:
            yield from _named("author", entry.value.decode("utf-16-le", "replace"))
        elif entry.tag == _EXIF_DIRECTORY:
            for below in _directory(octets, entry.value, little=little):
                if below.tag == _OWNER and below.type == _TEXT:
                    yield from _named("owner", below.value.decode("utf-8", "replace"))
        elif entry.tag == _GPS_DIRECTORY:
            for below in _directory(octets, entry.value, little=little):
                # Cameras that do not know where they are write zeros, or nothing but the version.
                if below.tag == _GPS_LATITUDE and below.type == _RATIONAL and any(below.value[at] for at in _numerators(below.value)):
                    yield Property("location", "")


def _directory(octets: bytes, place: bytes, *, little: bool) -> Iterator[_Entry]:
    """Give the entries of the directory whose place is written in ``place``, each with the beginning of its value."""
    at = _number(place, little=little)
    count = _number(octets[at : at + 2], little=little)
    for each in range(min(count, MOST_ENTRIES)):
        entry = octets[at + 2 + 12 * each : at + 14 + 12 * each]
        if len(entry) < 12:
            return
        tag, type_, items = (_number(entry[a:b], little=little) for a, b in ((0, 2), (2, 4), (4, 8)))
        size = _SIZES.get(type_, 0) * items
        if size > 4:
            start = _number(entry[8:12], little=little)
            yield _Entry(tag, type_, octets[start : start + min(size, 4 * LONGEST_VALUE)])
        else:
            yield _Entry(tag, type_, entry[8 : 8 + (size or 4)])


def _numerators(rationals: bytes) -> Iterator[int]:
    """The places of the octets of numerators: each fraction is two numbers of four octets."""
    return (at for at in range(len(rationals)) if at % 8 < 4)


def _number(octets: bytes, *, little: bool) -> int:
    return int.from_bytes(octets, "little" if little else "big")


def _named(name: str, value: str) -> Iterator[Property]:
    if told := value.partition("\0")[0].strip():
        yield Property(name, told[:LONGEST_VALUE])

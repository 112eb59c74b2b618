"""Where and by whom a picture was taken, as its file tells: Exif (JEITA CP-3451), XMP and IPTC in JPEG, PNG and WebP. Octets in, names out.

The place itself is not given, only that it is there. Where a file was not read as far as anything could tell, that is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from scanner.wire.web.documents import LONGEST_VALUE, Properties, Property, xmp_creators

MOST_PARTS = 256
"""Segments or chunks of one file."""
MOST_ENTRIES = 2048
"""Entries of all directories and blocks of one file; cameras write some hundred."""
CUT_OFF = "too-large"
MALFORMED = "malformed"
PACKED = "format-not-read"
_EXIF = b"Exif\0\0"
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_XMP_MORE = b"http://ns.adobe.com/xmp/extension/\0"
_PHOTOSHOP = b"Photoshop 3.0\0"
_IPTC, _BY_LINE = b"\x04\x04", b"\x02\x50"
_PNG_XMP = b"XML:com.adobe.xmp\0"
_PNG_AUTHOR = b"Author\0"
_RAW_PROFILES = (b"Raw profile type exif\0", b"Raw profile type APP1\0", b"Raw profile type xmp\0", b"Raw profile type iptc\0")
"""As ImageMagick writes what PNG has, or had, no place for."""
_PNG_PACKED = {b"tEXt": _RAW_PROFILES, b"zTXt": (*_RAW_PROFILES, _PNG_AUTHOR)}
_MARKER = re.compile(rb"\xff+(?=[^\xff])", re.DOTALL)  # any number of them fills up before a marker (ITU-T T.81 section B.1.1.2)
_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})  # markers that nothing belongs to
_ARTIST, _EXIF_DIRECTORY, _GPS_DIRECTORY, _XP_AUTHOR, _OWNER = 0x013B, 0x8769, 0x8825, 0x9C9D, 0xA430
_GPS_LATITUDE = 2
_TEXTS = frozenset({2, 129})  # ASCII, and UTF-8 since Exif 3.0
_RATIONALS = frozenset({5, 10})
_OCTETS = frozenset({1, 7})
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 129: 1}


def read(octets: bytes) -> Properties:
    """Read a picture, or as much of it as was fetched. Never raises."""
    for kind, magic, parts in _KINDS:
        if magic.match(octets):
            found: dict[Property, None] = {}
            room = iter(range(MOST_ENTRIES))
            try:
                for part in parts(octets):
                    found |= dict.fromkeys(_properties(part, room))
            except _Unread as why:
                return Properties(kind, tuple(found), str(why))
            return Properties(kind, tuple(found))
    return Properties("")


class _Unread(Exception):
    """The file could not be read up to the place after which nothing of this kind comes; says why."""


def _jpeg(octets: bytes) -> Iterator[bytes]:
    at = 2
    for _ in range(MOST_PARTS):
        marker = _MARKER.match(octets, at)
        if marker is None or marker.end() + 3 > len(octets):
            raise _Unread(MALFORMED if octets[at : at + 1].strip(b"\xff") else CUT_OFF)
        kind, at = octets[marker.end()], marker.end() + 1
        if kind in {0xD9, 0xDA}:  # the end, or the picture itself
            return
        if kind in _ALONE:
            continue
        size = int.from_bytes(octets[at : at + 2])
        if size < 2:
            raise _Unread(MALFORMED)
        if at + size > len(octets):
            raise _Unread(CUT_OFF)
        if kind in {0xE1, 0xED}:
            yield octets[at + 2 : at + size]
        at += size
    raise _Unread(CUT_OFF)


def _png(octets: bytes) -> Iterator[bytes]:
    at = 8
    for _ in range(MOST_PARTS):
        if at + 8 > len(octets):
            break
        size, kind = int.from_bytes(octets[at : at + 4]), octets[at + 4 : at + 8]
        data = octets[at + 8 : at + 8 + size]
        if kind == b"IEND":
            return
        if kind == b"eXIf":
            yield _EXIF + data
        elif kind == b"tEXt" and data.startswith(_PNG_AUTHOR):
            yield _PNG_AUTHOR + data[len(_PNG_AUTHOR) :].decode("latin-1").encode()
        elif kind == b"iTXt" and data.startswith((_PNG_XMP, _PNG_AUTHOR)):
            rest = data[data.index(b"\0") + 1 :]
            if rest[:1] != b"\0":  # compressed
                raise _Unread(PACKED)
            text = rest[2:].split(b"\0", 2)[-1]  # behind the language, and the keyword in it
            yield (_XMP if data.startswith(_PNG_XMP) else _PNG_AUTHOR) + text
        elif data.startswith(_PNG_PACKED.get(kind, ())):
            raise _Unread(PACKED)
        at += size + 12
    raise _Unread(CUT_OFF)


def _webp(octets: bytes) -> Iterator[bytes]:
    at, end = 12, 8 + int.from_bytes(octets[4:8], "little")
    for _ in range(MOST_PARTS):
        if at >= end:
            return
        if at + 8 > len(octets):
            raise _Unread(CUT_OFF)
        kind, size = octets[at : at + 4], int.from_bytes(octets[at + 4 : at + 8], "little")
        data = octets[at + 8 : at + 8 + size]
        if kind == b"EXIF":
            yield data if data.startswith(_EXIF) else _EXIF + data
        elif kind == b"XMP ":
            yield _XMP + data
        if len(data) < size:
            raise _Unread(CUT_OFF)
        at += 8 + size + size % 2
    raise _Unread(CUT_OFF)


_KINDS = (
    ("jpeg", re.compile(rb"\xff\xd8\xff"), _jpeg),
    ("png", re.compile(rb"\x89PNG\r\n\x1a\n"), _png),
    ("webp", re.compile(rb"RIFF.{4}WEBP", re.DOTALL), _webp),
)


def _properties(part: bytes, room: Iterator[int]) -> Iterator[Property]:
    """Read one part; ``room`` has a step for each entry of a directory that may still be read."""
    if part.startswith(_EXIF):
        yield from _tiff(part[len(_EXIF) :], room)
    elif part.startswith((_XMP, _XMP_MORE)):
        if b"exif:GPSLatitude" in part:
            yield Property("location", "")
        for name in xmp_creators(part):
            yield from _text_property("author", name)
    elif part.startswith(_PHOTOSHOP):
        yield from _blocks(part, room)
    elif part.startswith(_PNG_AUTHOR):
        yield from _text_property("author", part[len(_PNG_AUTHOR) :].decode("utf-8", "replace"))


def _step(room: Iterator[int]) -> None:
    if next(room, None) is None:
        raise _Unread(CUT_OFF)


def _blocks(part: bytes, room: Iterator[int]) -> Iterator[Property]:
    """Read the blocks in which Photoshop keeps what it knows of a picture ("Image Resource Blocks"), IPTC's records among them."""
    at = len(_PHOTOSHOP)
    while part.startswith(b"8BIM", at) and at + 12 <= len(part):
        _step(room)
        number, start = part[at + 4 : at + 6], at + 8 + part[at + 6] // 2 * 2  # behind a name of even length with its own
        size = int.from_bytes(part[start : start + 4])
        at = start + 4 + size + size % 2
        if start + 4 + size > len(part):  # it goes on in the next segment
            raise _Unread(PACKED)
        if number == _IPTC:
            yield from _records(part[start + 4 : start + 4 + size], room)


def _records(octets: bytes, room: Iterator[int]) -> Iterator[Property]:
    """Read the records of IPTC (IIM 4.2 section 1.5) for by-lines: who made the picture."""
    at = 0
    while octets.startswith(b"\x1c", at) and at + 5 <= len(octets):
        _step(room)
        kind, size = octets[at + 1 : at + 3], int.from_bytes(octets[at + 3 : at + 5])
        if size >= 0x8000:  # a length of several octets follows, which no name needs
            raise _Unread(PACKED)
        at += 5 + size
        if kind == _BY_LINE:
            yield from _text_property("author", octets[at - size : at].decode("utf-8", "replace"))


@dataclass(frozen=True, slots=True)
class _Entry:
    tag: int
    type: int
    value: bytes


def _tiff(octets: bytes, room: Iterator[int]) -> Iterator[Property]:
    """Read a TIFF structure (TIFF 6.0 section 2): its first directory, and the two that Exif hangs below it."""
    order = {b"II*\0": "little", b"MM\0*": "big"}.get(octets[:4])
    if order is None:
        return
    little = order == "little"
    for entry in _directory(octets, octets[4:8], room, little=little):
        if entry.tag == _ARTIST and entry.type in _TEXTS:
            yield from _text_property("author", entry.value.decode("utf-8", "replace"))
        elif entry.tag == _XP_AUTHOR and entry.type in _OCTETS:
            yield from _text_property("author", entry.value.decode("utf-16-le", "replace"))
        elif entry.tag == _EXIF_DIRECTORY:
            for below in _directory(octets, entry.value, room, little=little):
                if below.tag == _OWNER and below.type in _TEXTS:
                    yield from _text_property("owner", below.value.decode("utf-8", "replace"))
        elif entry.tag == _GPS_DIRECTORY:
            for below in _directory(octets, entry.value, room, little=little):
                # Cameras that do not know where they are write zeros, or nothing but the version.
                if below.tag == _GPS_LATITUDE and below.type in _RATIONALS and any(below.value[at] for at in _numerators(below.value)):
                    yield Property("location", "")


def _directory(octets: bytes, place: bytes, room: Iterator[int], *, little: bool) -> Iterator[_Entry]:
    """Give the entries of the directory whose place is written in ``place``, each with the beginning of its value."""
    at = _number(place, little=little)
    count = _number(octets[at : at + 2], little=little)
    for each in range(count):
        entry = octets[at + 2 + 12 * each : at + 14 + 12 * each]
        if len(entry) < 12:
            return
        _step(room)
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


def _text_property(name: str, value: str) -> Iterator[Property]:
    if told := value.partition("\0")[0].strip():
        yield Property(name, told[:LONGEST_VALUE])

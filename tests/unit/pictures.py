"""Pictures of one point with what cameras write beside them, made by hand from the specifications (Exif 2.32, TIFF 6.0, PNG 3, WebP)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

Entry = tuple[int, int, int, bytes]
"""Tag, type, number of values, and their octets."""
_ASCII, _LONG, _RATIONAL = 2, 4, 5
_JPEG_PICTURE = bytes.fromhex(
    "ffdb004300" + "08" * 64 + "ffc0000b080001000101011100"  # one table of steps; one point in one colour
    "ffc400140001" + "00" * 16 + "ffc400141001" + "00" * 16 + "ffda0008010100003f003fffd9"
)


def tiff(*, artist: str = "", owner: str = "", place: tuple[int, int] | None = None, order: str = "<") -> bytes:
    """Exif's structure: who took the picture, whose camera it was, and the place in whole degrees north and east."""
    first = [_text(0x013B, artist)] if artist else []
    below: dict[int, Sequence[Entry]] = {}
    if owner:
        below[0x8769] = [_text(0xA430, owner)]
    if place is not None:
        north, east = (struct.pack(f"{order}6I", each, 1, 0, 1, 0, 1) for each in place)
        below[0x8825] = [_text(1, "N"), (2, _RATIONAL, 3, north), _text(3, "E"), (4, _RATIONAL, 3, east)]
    size = _size(first) + 12 * len(below)
    placed, parts = list(first), []
    at = 8 + size
    for tag, entries in below.items():
        placed.append((tag, _LONG, 1, struct.pack(f"{order}I", at)))
        parts.append(_directory(entries, at, order))
        at += len(parts[-1])
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", 8)
    return head + _directory(placed, 8, order) + b"".join(parts)


def jpeg(exif: bytes | None = None) -> bytes:
    """A JPEG file, with Exif where it is given."""
    own = b"" if exif is None else b"\xff\xe1" + struct.pack(">H", len(exif) + 8) + b"Exif\0\0" + exif
    return b"\xff\xd8" + own + _JPEG_PICTURE


def png(exif: bytes | None = None, *, author: str = "") -> bytes:
    """A PNG file, with Exif or a text that names its author."""
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)), (b"IDAT", zlib.compress(b"\0\x80"))]
    chunks += [(b"eXIf", exif)] if exif is not None else []
    chunks += [(b"tEXt", b"Author\0" + author.encode("latin-1"))] if author else []
    written = (struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in [*chunks, (b"IEND", b"")])
    return b"\x89PNG\r\n\x1a\n" + b"".join(written)


def webp(exif: bytes | None = None) -> bytes:
    """The frame of a WebP file (its picture is nothing that shows), with Exif where it is given."""
    chunks = [(b"VP8L", b"\x2f\0\0\0\0"), *([(b"EXIF", exif)] if exif is not None else [])]
    body = b"WEBP" + b"".join(k + struct.pack("<I", len(d)) + d + b"\0" * (len(d) % 2) for k, d in chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _text(tag: int, value: str) -> Entry:
    octets = value.encode() + b"\0"
    return tag, _ASCII, len(octets), octets


def _size(entries: Sequence[Entry]) -> int:
    return 2 + 12 * len(entries) + 4 + sum(len(value) for *_, value in entries if len(value) > 4)


def _directory(entries: Sequence[Entry], at: int, order: str) -> bytes:
    """Write a directory that stands at ``at``; longer values follow it."""
    behind = at + 2 + 12 * len(entries) + 4
    out, values = struct.pack(f"{order}H", len(entries)), b""
    for tag, type_, count, value in sorted(entries):
        out += struct.pack(f"{order}HHI", tag, type_, count)
        if len(value) > 4:
            out += struct.pack(f"{order}I", behind + len(values))
            values += value
        else:
            out += value.ljust(4, b"\0")
    return out + bytes(4) + values

"""Hidden properties of published documents: Office (OOXML, OLE2), OpenDocument and PDF. Octets in, property names and values out.

Members of an archive are read up to a cap, whatever size they claim, so that a bomb costs no more than that. XML is not parsed as XML: the
few elements that matter are taken out by name, and no entity is ever expanded. Text of a document is never kept.
"""

from __future__ import annotations

import html
import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from scanner.wire.web import ole2

MOST_MEMBERS = 5000
MOST_MEMBER_OCTETS = 1024 * 1024
MOST_STREAMS = 64
"""Of compressed objects in a PDF."""
MOST_LOOKED_AT = 24
"""Members whose content is searched for comments and tracked changes."""
LONGEST_VALUE = 60
MOST_PROPERTIES = 24
_OOXML = {
    "docProps/core.xml": (("author", "creator"), ("last-modified-by", "lastModifiedBy"), ("description", "description")),
    "docProps/app.xml": (("company", "Company"), ("manager", "Manager"), ("template", "Template"), ("application", "Application")),
}
_ODF = {
    "meta.xml": (("author", "initial-creator"), ("last-modified-by", "creator"), ("application", "generator"), ("printed-by", "printed-by"))
}
_PDF_INFO = re.compile(rb"/(Author|Creator|Producer|Company|Manager)\s*(\((?:[^()\\]|\\.){0,400}\)|<[0-9A-Fa-f\s]{0,800}>)", re.DOTALL)
_PDF_NAMES = {"Author": "author", "Creator": "application", "Producer": "producer", "Company": "company", "Manager": "manager"}
_XMP = re.compile(rb"<dc:creator>.{0,200}?<rdf:li[^>]{0,100}>([^<]{1,200})</rdf:li>", re.DOTALL)
_PATH = re.compile(r"(?:[A-Za-z]:\\|\\\\[A-Za-z0-9])[^\s\"<>|]{2,}")
_CHANGE = re.compile(rb"<w:(?:ins|del) ")
_HIDDEN = re.compile(rb'<sheet [^>]{0,300}state="(?:hidden|veryHidden)"')


@dataclass(frozen=True, slots=True)
class Property:
    """A property by our name for it (author, last-modified-by, company, path …) and the beginning of its value; marks have none."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Properties:
    """What a document carries. ``kind`` is ooxml, ole2, odf, pdf or empty for none of them; ``problem`` says why it could not be read."""

    kind: str
    found: tuple[Property, ...] = ()
    problem: str = ""


def read(octets: bytes) -> Properties:
    """Read a document. Never raises."""
    if octets.startswith(b"%PDF-") or b"%PDF-" in octets[:1024]:
        if b"/Encrypt" in octets:
            return Properties("pdf", problem="encrypted")  # its strings are too
        return Properties("pdf", _capped(_pdf(octets)))
    if octets.startswith(ole2.MAGIC):
        return _old_office(octets)
    if not octets.startswith(b"PK\x03\x04"):
        return Properties("")
    try:
        with zipfile.ZipFile(io.BytesIO(octets)) as archive:
            names = archive.namelist()
            if len(names) > MOST_MEMBERS:
                return Properties("", problem="too many members")
            if "[Content_Types].xml" in names:
                return Properties("ooxml", _capped(_office(archive, names)))
            if "mimetype" in names and "meta.xml" in names:
                return Properties("odf", _capped(_elements(archive, names, _ODF)))
            return Properties("")
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, RuntimeError, OSError, KeyError) as error:
        return Properties("", problem=type(error).__name__)  # RuntimeError: a member that wants a password


def _old_office(octets: bytes) -> Properties:
    """Read the properties of a document of Office 2003 or before. Its comments and changes are not looked at, and that is said."""
    try:
        file = ole2.Compound(octets)
        if "EncryptedPackage" in file.streams or "EncryptedSummary" in file.streams:
            return Properties("ole2", problem="encrypted")
        return Properties("ole2", _capped(_old_properties(file)), "changes-not-read")
    except ole2.NotCompound as error:
        return Properties("", problem=str(error))


def _old_properties(file: ole2.Compound) -> Iterator[Property]:
    for name, value in ole2.properties(file):
        yield Property(name, value[:LONGEST_VALUE])
        if _PATH.search(value):
            yield Property("path", value[:LONGEST_VALUE])


def _capped(found: Iterator[Property]) -> tuple[Property, ...]:
    kept: dict[Property, None] = {}
    for each in found:
        kept[each] = None
        if len(kept) >= MOST_PROPERTIES:
            break
    return tuple(kept)


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as member:
        return member.read(MOST_MEMBER_OCTETS)


def _elements(archive: zipfile.ZipFile, names: list[str], table: Mapping[str, tuple[tuple[str, str], ...]]) -> Iterator[Property]:
    for member, wanted in table.items():
        if member not in names:
            continue
        text = _member(archive, member).decode("utf-8", "replace")
        for ours, element in wanted:
            found = re.search(rf"<(?:[A-Za-z0-9]+:)?{element}(?: [^<>]{{0,300}})?>([^<]{{1,400}})</", text)
            if found and (value := html.unescape(found[1]).strip()):
                yield Property(ours, value[:LONGEST_VALUE])
                if _PATH.search(value):
                    yield Property("path", value[:LONGEST_VALUE])


def _office(archive: zipfile.ZipFile, names: list[str]) -> Iterator[Property]:
    yield from _elements(archive, names, _OOXML)
    if any(name.startswith(("word/comments", "xl/comments", "ppt/comments", "xl/threadedComments")) for name in names):
        yield Property("comments", "")
    looked = 0
    for name in names:
        if name in {"word/document.xml", "xl/workbook.xml"} or name.endswith(".rels"):
            looked += 1
            if looked > MOST_LOOKED_AT:
                return
            content = _member(archive, name)
            if name.startswith("word/document") and _CHANGE.search(content):
                yield Property("tracked-changes", "")
            if name.startswith("xl/workbook") and _HIDDEN.search(content):
                yield Property("hidden-sheets", "")
            if name.endswith(".rels") and (found := re.search(rb'Target="file:///+([^"]{1,300})"', content)):
                yield Property("path", html.unescape(found[1].decode("utf-8", "replace"))[:LONGEST_VALUE])


def _pdf(octets: bytes) -> Iterator[Property]:
    for part in (octets, *_object_streams(octets)):
        for found in _PDF_INFO.finditer(part):
            if value := _pdf_string(found[2]):
                yield Property(_PDF_NAMES[found[1].decode("ascii")], value[:LONGEST_VALUE])
                if _PATH.search(value):
                    yield Property("path", value[:LONGEST_VALUE])
    for name in xmp_creators(octets):
        yield Property("author", name[:LONGEST_VALUE])


def xmp_creators(octets: bytes) -> Iterator[str]:
    """Give the names of those who made a work, as XMP has them (ISO 16684-1, ``dc:creator``), wherever it stands."""
    for creator in _XMP.finditer(octets):
        if name := html.unescape(creator[1].decode("utf-8", "replace")).strip():
            yield name


def _object_streams(octets: bytes) -> Iterator[bytes]:
    """Unpack the streams in which PDF 1.5 and later keep small objects (ISO 32000-1 section 7.5.7), each up to a cap."""
    at = 0
    for _ in range(MOST_STREAMS):
        at = octets.find(b"/ObjStm", at)
        if at < 0:
            return
        at += 7
        start = octets.find(b"stream", at, at + 400)
        if start < 0:
            continue
        start += 6
        start += 2 if octets.startswith(b"\r\n", start) else 1
        try:
            yield zlib.decompressobj().decompress(octets[start : start + MOST_MEMBER_OCTETS], MOST_MEMBER_OCTETS)
        except zlib.error:
            continue


def _pdf_string(raw: bytes) -> str:
    """Read a literal or hexadecimal string (ISO 32000-1 section 7.3.4) in PDFDocEncoding, near enough to Latin-1, or UTF-16."""
    if raw.startswith(b"<"):
        digits = re.sub(rb"\s", b"", raw[1:-1])
        octets = bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode("ascii"))
    else:
        octets = re.sub(rb"\\(\r\n|[0-7]{1,3}|.)", _escape, raw[1:-1], flags=re.DOTALL)
    if octets.startswith((b"\xfe\xff", b"\xff\xfe")):
        text = octets.decode("utf-16", "replace")
    elif octets.startswith(b"\xef\xbb\xbf"):
        text = octets[3:].decode("utf-8", "replace")
    else:
        text = octets.decode("latin-1")
    return "".join(c for c in text if c.isprintable()).strip()


def _escape(found: re.Match[bytes]) -> bytes:
    what = found[1]
    if what[:1] in {b"0", b"1", b"2", b"3", b"4", b"5", b"6", b"7"}:
        return bytes([int(what, 8) & 255])
    if what[:1] in {b"\r", b"\n"}:
        return b""
    return {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}.get(what, what)

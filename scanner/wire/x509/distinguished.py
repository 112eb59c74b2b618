"""Distinguished names: what a certificate calls its subject and its issuer, as text (RFC 4514) and in a form in which they compare."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Final
from unicodedata import category, normalize

from scanner.wire.der import NotDer
from scanner.wire.x509 import oids
from scanner.wire.x509.asn1 import OBJECT_IDENTIFIER, SEQUENCE, SET, Item, oid, sole, text

MOST_ATTRIBUTES = 64
LONGEST_NAME = 512
"""Characters of a name that facts keep."""
LONGEST_VALUE = 256
LONGEST_KEPT = 2048
"""Octets of a name that is remembered in the form in which it compares."""
MOST_COMMON_NAMES = 16
_COMMON_NAME: Final = "2.5.4.3"
_ESCAPED: Final = '\\,+"<>;='
_TO_NOTHING: Final = frozenset({"Cc", "Cf"})
_ALSO_TO_NOTHING: Final = frozenset("\u034f\u1806\ufffc" + "".join(map(chr, (*range(0x180B, 0x180E), *range(0xFE00, 0xFE10)))))
"""Signs without a shape of their own: controls and formats (general categories), joiners and variation selectors (RFC 4518 section 2.2)."""


Comparable = tuple[frozenset[tuple[str, str | bytes]], ...]
"""A name in a form in which equal names are equal: its parts in order, of each the kinds of attribute with their values."""


def comparable(name: Item) -> Comparable:
    """Give a name in that form (RFC 5280 section 7.1). Raises ``NotDer``."""
    parts: list[frozenset[tuple[str, str | bytes]]] = []
    for one in name.inside().each(SET):
        if len(parts) == MOST_ATTRIBUTES:
            raise NotDer(f"a name of more than {MOST_ATTRIBUTES} parts")
        parts.append(frozenset(_compared(item) for item in one.inside().each(SEQUENCE)))
    return tuple(parts)


def canonical(name: bytes) -> Comparable | None:
    """Give a name (DER) in that form, ``None`` where it cannot be read."""
    return _kept(name) if len(name) <= LONGEST_KEPT else _canonical(name)


def _canonical(name: bytes) -> Comparable | None:
    try:
        return comparable(sole(name, SEQUENCE))
    except NotDer:
        return None


_kept = lru_cache(maxsize=1024)(_canonical)


def same_name(one: bytes, other: bytes) -> bool:
    """Tell whether two names (DER) are the same, however their texts are encoded. One that cannot be read is like its own octets only."""
    return one == other or (canonical(one) is not None and canonical(one) == canonical(other))


def _compared(item: Item) -> tuple[str, str | bytes]:
    fields = item.inside()
    number, value = oid(fields.take(OBJECT_IDENTIFIER)), fields.take()
    try:
        return number, _prepared(text(value))
    except NotDer:
        return number, value.whole


def _prepared(value: str) -> str:
    """A text for a comparison without regard to case and spaces (RFC 4518 section 2)."""
    if not value.isascii() or not value.isprintable():
        mapped = "".join(" " if c.isspace() else "" if category(c) in _TO_NOTHING or c in _ALSO_TO_NOTHING else c for c in value)
        value = normalize("NFKC", mapped.casefold())
    return " ".join(value.casefold().split())


def shown_name(name: Item, what: str, note: Callable[[str], None]) -> str:
    """Write a name as RFC 4514 does, the last part first, cut to ``LONGEST_NAME``; parts that cannot be read are noted and left out."""
    parts: list[str] = []
    try:
        for count, one in enumerate(name.inside().each(SET)):
            if count == MOST_ATTRIBUTES:
                note(f"{what}: more than {MOST_ATTRIBUTES} parts")
                break
            parts.append("+".join(_attribute(item, what, note) for item in one.inside().each(SEQUENCE)))
    except NotDer as error:
        note(f"{what}: {error}")
    written = ",".join(reversed(parts))
    return written if len(written) <= LONGEST_NAME else written[: LONGEST_NAME - 1] + "…"


def common_names(name: Item) -> tuple[str, ...]:
    """Give the common names that can be read, in order. They identify no server any more (RFC 9525 section 2)."""
    found: list[str] = []
    try:
        for item in _attributes(name):
            fields = item.inside()
            if oid(fields.take(OBJECT_IDENTIFIER)) == _COMMON_NAME and len(found) < MOST_COMMON_NAMES:
                found.append(_printable(text(fields.take()))[:LONGEST_VALUE])
    except NotDer:
        pass  # shown_name has noted it
    return tuple(found)


def _attributes(name: Item) -> Iterator[Item]:
    for count, one in enumerate(name.inside().each(SET)):
        if count == MOST_ATTRIBUTES:
            return
        yield from one.inside().each(SEQUENCE)


def _attribute(item: Item, what: str, note: Callable[[str], None]) -> str:
    fields = item.inside()
    number = oid(fields.take(OBJECT_IDENTIFIER))
    value = fields.take()
    kind = oids.ATTRIBUTES.get(number)
    try:
        written = text(value) if kind is not None else None
    except NotDer as error:
        note(f"{what}: {kind}: {error}")
        written = None
    if written is None:
        return f"{kind or number}=#{value.whole[: LONGEST_VALUE // 2].hex()}"
    if "\0" in written:
        note(f"NUL in {what}")
    return f"{kind}={_escaped(written[:LONGEST_VALUE])}"


def _escaped(value: str) -> str:
    """The escapes of RFC 4514 section 2.4, and of whatever does not print."""
    shown = "".join("\\" + c if c in _ESCAPED else _printable(c) for c in value)
    if shown[:1] in ("#", " "):
        shown = "\\" + shown
    return shown[:-1] + "\\ " if shown.endswith(" ") and not shown.endswith("\\ ") else shown


def _printable(value: str) -> str:
    return "".join(c if c.isprintable() else "".join(f"\\{octet:02X}" for octet in c.encode("utf-8", "replace")) for c in value)

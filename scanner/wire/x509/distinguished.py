"""Distinguished names: what a certificate calls its subject and its issuer, as text (RFC 4514) and in a form in which they compare."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from scanner.wire.der import NotDer
from scanner.wire.x509 import oids
from scanner.wire.x509.asn1 import OBJECT_IDENTIFIER, SEQUENCE, SET, Item, oid, text

MOST_ATTRIBUTES = 64
LONGEST_NAME = 512
"""Characters of a name that facts keep."""
LONGEST_VALUE = 256
MOST_COMMON_NAMES = 16
_COMMON_NAME: Final = "2.5.4.3"
_ESCAPED: Final = '\\,+"<>;='


Comparable = tuple[frozenset[tuple[str, str | bytes]], ...]
"""A name in a form in which equal names are equal: its parts in order, of each the kinds of attribute with their values."""


def comparable(name: Item) -> Comparable:
    """Give a name in that form. Case and the number of spaces make no difference (RFC 5280 section 7.1). Raises ``NotDer``."""
    parts: list[frozenset[tuple[str, str | bytes]]] = []
    for one in name.inside().each(SET):
        if len(parts) == MOST_ATTRIBUTES:
            raise NotDer(f"a name of more than {MOST_ATTRIBUTES} parts")
        parts.append(frozenset(_compared(item) for item in one.inside().each(SEQUENCE)))
    return tuple(parts)


def _compared(item: Item) -> tuple[str, str | bytes]:
    fields = item.inside()
    number, value = oid(fields.take(OBJECT_IDENTIFIER)), fields.take()
    try:
        return number, " ".join(text(value).casefold().split())
    except NotDer:
        return number, value.whole


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

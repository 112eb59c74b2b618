"""The tag=value list that DKIM keys, DMARC, MTA-STS, TLS-RPT and BIMI records share, RFC 6376 section 3.2 and its relatives.

Here are the list grammar and its oddities only; what a tag means belongs to the module of its format.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum, unique

from scanner.wire.txt import MAX_RECORD, Problem, excerpt

MAX_TAGS = 64
"""Tags of one record that are read; no format defines more than 12."""


@unique
class TagFlaw(StrEnum):
    """What can be odd about a list as such, whatever its tags mean."""

    TOO_LONG = "too-long"  # more than MAX_RECORD octets; the rest was not read
    TOO_MANY_TAGS = "too-many-tags"  # more than MAX_TAGS; the rest was not read
    NUL = "nul"
    CONTROL = "control"  # control character, or a line break that folds nothing
    NON_ASCII = "non-ascii"
    EMPTY_TAG = "empty-tag"  # ";;", or a list that begins with ";"
    NO_EQUALS = "no-equals"  # text between semicolons without "="
    BAD_NAME = "bad-name"
    NAME_CASE = "name-case"  # capitals where some readers want lower case
    REPEATED_TAG = "repeated-tag"  # the first one counts here; readers differ
    EMPTY_VALUE = "empty-value"
    SPACE_AT_EQUALS = "space-at-equals"  # where the grammar of the format allows none


TagProblem = Problem[TagFlaw]


@dataclass(frozen=True, slots=True)
class Tag:
    """One tag as published: name (lower case where the format ignores case) and value without the white space around it."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Grammar:
    """Where the formats differ: names, folding (CRLF before white space), case, empty values, white space around ``=``."""

    name: re.Pattern[str]
    folds: bool = False
    ignores_case: bool = False
    allows_empty: bool = True
    allows_space: bool = True


@dataclass(frozen=True, slots=True)
class TagList:
    """The tags in their order, repeated ones included, and what was odd about the list. Characters are ISO 8859-1, one an octet."""

    tags: tuple[Tag, ...]
    problems: tuple[TagProblem, ...] = ()

    def values(self) -> dict[str, str]:
        """The value of each name; of a repeated tag the first."""
        values: dict[str, str] = {}
        for tag in self.tags:
            values.setdefault(tag.name, tag.value)
        return values


# RFC 6376 section 3.2. The value may not hold ";"; "=" and inner white space may stand in it.
DKIM_LIST = Grammar(re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z"), folds=True)
# RFC 9989 section 4.8: names are strings of ABNF and so without case, values have at least one character, no folding.
DMARC_LIST = Grammar(re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z"), ignores_case=True, allows_empty=False)
# RFC 8461 section 3.1 and RFC 8460 section 3: no white space around "=", names of up to 32 characters.
FIELD_LIST = Grammar(re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}\Z"), allows_empty=False, allows_space=False)

_WHITE = " \t"
_FOLD = re.compile(rb"\r\n(?=[ \t])")
_ODD = re.compile(rb"[^\t\x20-\x7e]")
_NAME_IN_EXCERPT = 32


def read_tags(record: bytes, grammar: Grammar) -> TagList:
    """Take the tags of one record whose strings are joined. Never raises: what breaks the grammar is a problem, and reading goes on."""
    problems: list[TagProblem] = []
    if len(record) > MAX_RECORD:
        problems.append(Problem(TagFlaw.TOO_LONG, "", f"{len(record)} octets"))
        record = record[:MAX_RECORD]
    if grammar.folds and b"\r\n" in record:
        record = _FOLD.sub(b"", record)
    if _ODD.search(record):
        problems += _odd_octets(record)
    pieces = record.decode("latin-1").split(";", MAX_TAGS)
    if len(pieces) > MAX_TAGS:
        rest = pieces.pop()
        if rest.strip(_WHITE):
            problems.append(Problem(TagFlaw.TOO_MANY_TAGS, "", excerpt(rest)))
    elif not pieces[-1].strip(_WHITE):
        pieces.pop()  # a final ";" is allowed by every format

    tags: list[Tag] = []
    names: set[str] = set()
    for piece in pieces:
        name, equals, value = piece.partition("=")
        if equals and not grammar.allows_space and (name != name.rstrip(_WHITE) or value != value.lstrip(_WHITE)):
            problems.append(Problem(TagFlaw.SPACE_AT_EQUALS, excerpt(name.strip(_WHITE), _NAME_IN_EXCERPT), excerpt(piece)))
        name, value = name.strip(_WHITE), value.strip(_WHITE)
        if not equals:
            problems.append(Problem(TagFlaw.NO_EQUALS if name else TagFlaw.EMPTY_TAG, "", excerpt(name)))
            continue
        if not grammar.name.match(name):
            problems.append(Problem(TagFlaw.BAD_NAME, excerpt(name, _NAME_IN_EXCERPT), excerpt(value)))
            continue
        if grammar.ignores_case and not name.islower():
            problems.append(Problem(TagFlaw.NAME_CASE, excerpt(name, _NAME_IN_EXCERPT), excerpt(value)))
            name = name.lower()
        if name in names:
            problems.append(Problem(TagFlaw.REPEATED_TAG, excerpt(name, _NAME_IN_EXCERPT), excerpt(value)))
        elif not value and not grammar.allows_empty:
            problems.append(Problem(TagFlaw.EMPTY_VALUE, excerpt(name, _NAME_IN_EXCERPT)))
        names.add(name)
        tags.append(Tag(name, value))
    return TagList(tuple(tags), tuple(problems))


def _odd_octets(record: bytes) -> list[TagProblem]:
    """One problem for each kind of octet that has no place in a record, with the text around the first."""
    first: dict[TagFlaw, int] = {}
    for found in _ODD.finditer(record):
        octet = record[found.start()]
        kind = TagFlaw.NUL if octet == 0 else TagFlaw.NON_ASCII if octet > 0x7F else TagFlaw.CONTROL
        first.setdefault(kind, found.start())
        if len(first) == 3:
            break
    return [Problem(kind, "", excerpt(record[max(0, at - 16) : at + 16])) for kind, at in first.items()]

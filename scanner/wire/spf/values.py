"""What the SPF engine asks, is told, and answers: questions, answers, limits, problems. No parsing and no evaluation here.

The engine does no I/O. Its entry points are generators: they yield a ``Question``, are sent an ``Answer`` and return a value.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address
from typing import Final, Literal, TypeVar

T = TypeVar("T")

RecordType = Literal["TXT", "A", "AAAA", "MX", "PTR"]

MAX_LOOKUPS: Final = 10  # RFC 7208 section 4.6.4: terms that cause DNS queries, nested records counted
MAX_VOID_LOOKUPS: Final = 2  # the same section: terms whose query gives nothing
MAX_MX_NAMES: Final = 10  # the same section: more names in one mx term give permerror
MAX_PTR_NAMES: Final = 10  # the same section: further names are ignored

# Caps of ours for walking a tree that its owner may have grown to hurt us. A survey that meets one says ``truncated``.
MAX_RECORDS: Final = 64
MAX_DEPTH: Final = 20
MAX_QUESTIONS: Final = 256
MAX_TERMS: Final = 5_000
MAX_OCTETS: Final = 262_144
MAX_NETWORKS: Final = 500
MAX_ADDRESSES: Final = 2_000

MAX_RECORD_OCTETS: Final = 65_535  # the RDLENGTH field has 16 bits: nothing longer can come from DNS
MAX_IDENTITY: Final = 1_024  # sender and HELO name; SMTP allows 64 + 1 + 255 octets (RFC 5321 section 4.5.3.1)


class Status(StrEnum):
    """How the DNS answered. ``failed`` covers silence, SERVFAIL, REFUSED and everything else that is no answer."""

    FOUND = "found"
    EMPTY = "empty"
    NXDOMAIN = "nxdomain"
    FAILED = "failed"


class Result(StrEnum):
    """RFC 7208 section 2.6."""

    NONE = "none"
    NEUTRAL = "neutral"
    PASS = "pass"  # noqa: S105 - the RFC's word for a result, not a secret
    FAIL = "fail"
    SOFTFAIL = "softfail"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


class Qualifier(StrEnum):
    """RFC 7208 section 4.6.2; a directive without one is ``PASS``."""

    PASS = "+"  # noqa: S105 - a sign of the grammar, not a secret
    FAIL = "-"
    SOFTFAIL = "~"
    NEUTRAL = "?"


class ProblemKind(StrEnum):
    """What is wrong or odd. ``SYNTAX_ERRORS`` lists those that make a record a permerror by themselves."""

    # A term that the grammar of RFC 7208 section 12 refuses.
    UNKNOWN_MECHANISM = "unknown-mechanism"
    BAD_NAME = "bad-name"
    ADDRESS_AS_NAME = "address-as-name"
    MISSING_NAME = "missing-name"
    BAD_MACRO = "bad-macro"
    BAD_ADDRESS = "bad-address"
    BAD_PREFIX_LENGTH = "bad-prefix-length"
    UNEXPECTED_ARGUMENT = "unexpected-argument"
    QUALIFIED_MODIFIER = "qualified-modifier"
    REPEATED_MODIFIER = "repeated-modifier"
    NOT_ASCII = "not-ascii"
    CONTROL_CHARACTER = "control-character"
    RECORD_TOO_LONG = "record-too-long"
    # Allowed by the grammar, yet worth a look.
    TERM_AFTER_ALL = "term-after-all"
    REDIRECT_IGNORED = "redirect-ignored"
    UNKNOWN_MODIFIER = "unknown-modifier"
    NEAR_MISS = "near-miss"
    # Met while evaluating or walking.
    MALFORMED_DOMAIN = "malformed-domain"
    IDENTITY_TOO_LONG = "identity-too-long"
    UNANSWERED = "unanswered"
    NO_RECORD = "no-record"
    SEVERAL_RECORDS = "several-records"
    LOOP = "loop"
    TOO_MANY_LOOKUPS = "too-many-lookups"
    TOO_MANY_VOID_LOOKUPS = "too-many-void-lookups"
    TOO_MANY_MX_NAMES = "too-many-mx-names"
    TOO_DEEP = "too-deep"
    EXPLANATION_UNUSABLE = "explanation-unusable"


SYNTAX_ERRORS: Final = frozenset(
    {
        ProblemKind.UNKNOWN_MECHANISM,
        ProblemKind.BAD_NAME,
        ProblemKind.ADDRESS_AS_NAME,
        ProblemKind.MISSING_NAME,
        ProblemKind.BAD_MACRO,
        ProblemKind.BAD_ADDRESS,
        ProblemKind.BAD_PREFIX_LENGTH,
        ProblemKind.UNEXPECTED_ARGUMENT,
        ProblemKind.QUALIFIED_MODIFIER,
        ProblemKind.REPEATED_MODIFIER,
        ProblemKind.NOT_ASCII,
        ProblemKind.CONTROL_CHARACTER,
        ProblemKind.RECORD_TOO_LONG,
    }
)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong. ``detail`` is the term or name meant, printable and capped; ``domain`` owns the record (empty while parsing)."""

    kind: ProblemKind
    detail: str = ""
    domain: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """One DNS question, class IN. ``name`` is lower case, absolute, without the last dot.

    Labels are what stands between the dots and may hold any octet from 0x20 to 0x7E, so that macros can put spaces, ``@``,
    ``\\`` or quotes into a name. Nothing is escaped: build the wire form label by label, not through a zone-file reader.
    """

    name: str
    type: RecordType


@dataclass(frozen=True, slots=True)
class MxName:
    preference: int
    exchange: str


# A TXT record is its character-strings; a PTR record is a name as ``Question`` writes it.
Record = tuple[bytes, ...] | MxName | str | IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True)
class Answer:
    """What the DNS said: records of the type asked for, at the end of any CNAME chain. Records of other types are passed over."""

    status: Status
    records: tuple[Record, ...] = ()


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of RFC 7208, then the caps of a survey. The time limit (at least 20 s) is the caller's: answer ``failed`` when it is spent."""

    lookups: int = MAX_LOOKUPS
    void_lookups: int = MAX_VOID_LOOKUPS
    mx_names: int = MAX_MX_NAMES
    ptr_names: int = MAX_PTR_NAMES
    records: int = MAX_RECORDS
    depth: int = MAX_DEPTH
    questions: int = MAX_QUESTIONS
    terms: int = MAX_TERMS
    octets: int = MAX_OCTETS
    networks: int = MAX_NETWORKS
    addresses: int = MAX_ADDRESSES


DEFAULT_LIMITS: Final = Limits()


def drive(asking: Generator[Question, Answer, T], answer: Callable[[Question], Answer]) -> T:
    """Run a generator of this package to its end with a plain function as the DNS, and give what it returns."""
    try:
        question = next(asking)
        while True:
            question = asking.send(answer(question))
    except StopIteration as end:
        value: T = end.value
        return value

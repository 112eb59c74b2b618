"""MTA-STS: the TXT record, the policy file and the matching of MX names, RFC 8461 sections 3.1, 3.2 and 4.1.

Fetching the file, its certificate and its content type are the business of a probe.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum, unique

from scanner.wire.tags import FIELD_LIST, Tag, TagFlaw, read_tags
from scanner.wire.txt import Problem, Selection, choose, excerpt

PREFIX = "_mta-sts"
"""The label under which the TXT record stands."""
POLICY_HOST_LABEL = "mta-sts"
POLICY_PATH = "/.well-known/mta-sts.txt"
LONGEST_MAX_AGE = 31557600
"""Seconds, about a year, RFC 8461 section 3.2."""
MAX_POLICY = 65536
"""Octets of a policy file that are read; the text advises a limit of this size (section 3.3)."""
MAX_LINES = 1024
MAX_PATTERNS = 256
"""``mx`` lines that are kept."""


class NotMtaSts(ValueError):
    """The record does not begin with ``v=STSv1;``; senders drop it."""


@unique
class Mode(StrEnum):
    """What a sender does when an MX fails the policy."""

    ENFORCE = "enforce"
    TESTING = "testing"
    NONE = "none"


@unique
class MtaStsFlaw(StrEnum):
    """What can be odd about the TXT record or the policy file."""

    ID_MISSING = "id-missing"
    ID_INVALID = "id-invalid"  # not 1 to 32 letters or digits
    EXTENSION_INVALID = "extension-invalid"  # a further field with characters that no value may hold
    POLICY_TOO_LONG = "policy-too-long"  # in octets or lines; the rest was not read
    BYTE_ORDER_MARK = "byte-order-mark"  # makes the first field unreadable
    ODD_OCTET = "odd-octet"  # control character or octet that is not ASCII
    BLANK_LINE = "blank-line"  # the grammar has none
    LINE_SYNTAX = "line-syntax"  # not "name: value"
    REPEATED_FIELD = "repeated-field"  # the first one counts
    VERSION_MISSING = "version-missing"
    VERSION_INVALID = "version-invalid"
    MODE_MISSING = "mode-missing"
    MODE_INVALID = "mode-invalid"
    MAX_AGE_MISSING = "max-age-missing"
    MAX_AGE_INVALID = "max-age-invalid"
    MAX_AGE_TOO_LONG = "max-age-too-long"  # above LONGEST_MAX_AGE
    MX_MISSING = "mx-missing"  # and the mode is not none
    MX_INVALID = "mx-invalid"  # matches no host
    MX_TOO_MANY = "mx-too-many"


MtaStsProblem = Problem[TagFlaw] | Problem[MtaStsFlaw]

# RFC 8461 section 3.1: with a record that is not valid the domain has no policy. Unknown fields and repeated ones do no harm (section 3.2).
_FATAL_IN_RECORD: frozenset[TagFlaw | MtaStsFlaw] = frozenset(
    {
        MtaStsFlaw.ID_MISSING,
        MtaStsFlaw.ID_INVALID,
        MtaStsFlaw.EXTENSION_INVALID,
        TagFlaw.TOO_LONG,
        TagFlaw.TOO_MANY_TAGS,
        TagFlaw.NUL,
        TagFlaw.CONTROL,
        TagFlaw.NON_ASCII,
        TagFlaw.EMPTY_TAG,
        TagFlaw.NO_EQUALS,
        TagFlaw.BAD_NAME,
        TagFlaw.EMPTY_VALUE,
        TagFlaw.SPACE_AT_EQUALS,
    }
)
# Stray lines are not among these: the grammar forbids them, yet senders are seen to pass over them. They stay visible as problems.
_FATAL_IN_POLICY: frozenset[MtaStsFlaw] = frozenset(
    {
        MtaStsFlaw.POLICY_TOO_LONG,
        MtaStsFlaw.VERSION_MISSING,
        MtaStsFlaw.VERSION_INVALID,
        MtaStsFlaw.MODE_MISSING,
        MtaStsFlaw.MODE_INVALID,
        MtaStsFlaw.MAX_AGE_MISSING,
        MtaStsFlaw.MAX_AGE_INVALID,
        MtaStsFlaw.MX_MISSING,
    }
)


@dataclass(frozen=True, slots=True)
class MtaStsRecord:
    """The TXT record: the id of the policy (empty when missing; kept as published, cut, when not valid) and further fields."""

    id: str
    extensions: tuple[Tag, ...] = ()
    problems: tuple[MtaStsProblem, ...] = ()

    @property
    def valid(self) -> bool:
        """Whether senders go on to fetch the policy."""
        return not any(problem.kind in _FATAL_IN_RECORD for problem in self.problems)


@dataclass(frozen=True, slots=True)
class MtaStsPolicy:
    """A policy file as published. ``max_age`` is in seconds; ``mx`` has the valid patterns in lower case, in their order.

    ``mode`` and ``max_age`` are ``None`` when missing or not valid.
    """

    version: str
    mode: Mode | None
    max_age: int | None
    mx: tuple[str, ...] = ()
    extensions: tuple[Tag, ...] = ()
    problems: tuple[Problem[MtaStsFlaw], ...] = ()

    @property
    def valid(self) -> bool:
        """Whether the fields that senders need are there and readable."""
        return not any(problem.kind in _FATAL_IN_POLICY for problem in self.problems)

    def covers(self, host: str) -> bool:
        """Tell whether an MX host matches one of the patterns."""
        return any(mx_matches(pattern, host) for pattern in self.mx)


_VERSION = re.compile(rb"v=STSv1[ \t]*;")
_NEAR = re.compile(rb"v[^a-z]{0,8}=[^a-z]{0,8}sts|stsv1", re.IGNORECASE)
_ID = re.compile(r"[A-Za-z0-9]{1,32}\Z")
_EXTENSION = re.compile(r"[\x21-\x3a\x3c\x3e-\x7e]+\Z")
_FIELD_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}\Z")
_SECONDS = re.compile(r"[0-9]{1,10}\Z")
_LABEL = r"[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?"
_PATTERN = re.compile(rf"(?:\*\.)?(?:{_LABEL}\.)*{_LABEL}\Z")
_LONGEST_NAME = 253
_ODD = re.compile(rb"[^\t\r\n\x20-\x7e]|\r(?!\n)")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def is_mta_sts(record: bytes) -> bool:
    """Tell whether senders take the record for MTA-STS: it begins with exactly ``v=STSv1`` and a semicolon."""
    return _VERSION.match(record) is not None


def select(records: Iterable[bytes]) -> Selection:
    """Choose among all TXT records at ``_mta-sts.<domain>``; with several the domain has no policy (RFC 8461 section 3.1)."""
    return choose(records, is_mta_sts, _NEAR)


def parse(record: bytes) -> MtaStsRecord:
    """Take one TXT record whose strings are joined. Raises ``NotMtaSts``; every other oddity is a problem."""
    if not is_mta_sts(record):
        raise NotMtaSts(f"an MTA-STS record begins with v=STSv1; and this one with {excerpt(record, 40)}")
    listed = read_tags(record, FIELD_LIST)
    problems: list[MtaStsProblem] = list(listed.problems)
    values = listed.values()
    policy_id = values.get("id")
    if policy_id is None:
        problems.append(Problem(MtaStsFlaw.ID_MISSING, "id"))
    elif not _ID.match(policy_id):
        problems.append(Problem(MtaStsFlaw.ID_INVALID, "id", excerpt(policy_id)))
    extensions = tuple(Tag(name, value) for name, value in values.items() if name not in ("v", "id"))
    for tag in extensions:
        if tag.value and not _EXTENSION.match(tag.value):
            problems.append(Problem(MtaStsFlaw.EXTENSION_INVALID, excerpt(tag.name), excerpt(tag.value)))
    return MtaStsRecord(excerpt(policy_id or ""), extensions, tuple(problems))


def parse_policy(body: bytes) -> MtaStsPolicy:
    """Take a policy file. Never raises: what is missing or odd is a problem, and ``valid`` tells whether senders can use it."""
    problems: list[Problem[MtaStsFlaw]] = []
    values: dict[str, str] = {}
    patterns: dict[str, None] = {}
    for line in _lines(body, problems):
        name, colon, value = line.partition(":")
        value = value.strip(" \t")
        if not colon or not _FIELD_NAME.match(name):
            problems.append(Problem(MtaStsFlaw.LINE_SYNTAX if line.strip(" \t") else MtaStsFlaw.BLANK_LINE, "", excerpt(line)))
            continue
        if name == "mx":
            _add_pattern(value, patterns, problems)
        elif name in values:
            problems.append(Problem(MtaStsFlaw.REPEATED_FIELD, name, excerpt(value)))
        else:
            values[name] = value

    version = values.get("version")
    if version is None:
        problems.append(Problem(MtaStsFlaw.VERSION_MISSING, "version"))
    elif version != "STSv1":
        problems.append(Problem(MtaStsFlaw.VERSION_INVALID, "version", excerpt(version)))
    mode = _mode(values.get("mode"), problems)
    max_age = _max_age(values.get("max_age"), problems)
    if not patterns and mode is not Mode.NONE:
        problems.append(Problem(MtaStsFlaw.MX_MISSING, "mx"))
    extensions = tuple(Tag(name, excerpt(value)) for name, value in values.items() if name not in ("version", "mode", "max_age"))
    return MtaStsPolicy(excerpt(version or ""), mode, max_age, tuple(patterns), extensions, tuple(problems))


def mx_matches(pattern: str, host: str) -> bool:
    """Tell whether an MX host name matches an ``mx`` pattern; ``*.`` stands for exactly one label (RFC 8461 section 4.1)."""
    wanted, name = pattern.lower(), host.lower().removesuffix(".")
    if not wanted.startswith("*."):
        return wanted == name
    first, dot, rest = name.partition(".")
    return bool(first and dot) and rest == wanted[2:]


def _lines(body: bytes, problems: list[Problem[MtaStsFlaw]]) -> list[str]:
    """The lines of a policy without their LF or CRLF, at most ``MAX_LINES``."""
    if len(body) > MAX_POLICY:
        problems.append(Problem(MtaStsFlaw.POLICY_TOO_LONG, "", f"{len(body)} octets"))
        body = body[:MAX_POLICY]
    if body.startswith(_BYTE_ORDER_MARK):
        problems.append(Problem(MtaStsFlaw.BYTE_ORDER_MARK, "", excerpt(body, 40)))
    elif odd := _ODD.search(body):
        problems.append(Problem(MtaStsFlaw.ODD_OCTET, "", excerpt(body[max(0, odd.start() - 16) : odd.start() + 16])))
    lines = body.decode("latin-1").split("\n", MAX_LINES)
    if len(lines) > MAX_LINES:
        problems.append(Problem(MtaStsFlaw.POLICY_TOO_LONG, "", f"more than {MAX_LINES} lines"))
        lines.pop()
    elif not lines[-1]:
        lines.pop()
    return [line.removesuffix("\r") for line in lines]


def _add_pattern(value: str, patterns: dict[str, None], problems: list[Problem[MtaStsFlaw]]) -> None:
    pattern = value.lower()
    if len(pattern) > _LONGEST_NAME or not _PATTERN.match(pattern):
        problems.append(Problem(MtaStsFlaw.MX_INVALID, "mx", excerpt(value)))
    elif len(patterns) >= MAX_PATTERNS and pattern not in patterns:
        problems.append(Problem(MtaStsFlaw.MX_TOO_MANY, "mx", excerpt(value)))
    else:
        patterns[pattern] = None


def _mode(text: str | None, problems: list[Problem[MtaStsFlaw]]) -> Mode | None:
    if text is None:
        problems.append(Problem(MtaStsFlaw.MODE_MISSING, "mode"))
        return None
    try:
        return Mode(text)
    except ValueError:
        problems.append(Problem(MtaStsFlaw.MODE_INVALID, "mode", excerpt(text)))
        return None


def _max_age(text: str | None, problems: list[Problem[MtaStsFlaw]]) -> int | None:
    if text is None:
        problems.append(Problem(MtaStsFlaw.MAX_AGE_MISSING, "max_age"))
        return None
    if not _SECONDS.match(text):
        problems.append(Problem(MtaStsFlaw.MAX_AGE_INVALID, "max_age", excerpt(text)))
        return None
    seconds = int(text)
    if seconds > LONGEST_MAX_AGE:
        problems.append(Problem(MtaStsFlaw.MAX_AGE_TOO_LONG, "max_age", text))
    return seconds

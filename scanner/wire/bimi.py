"""BIMI assertion records at ``default._bimi.<domain>``, parsed so that they can be noted.

Source: draft-brand-indicators-for-message-identification. No image or certificate is looked at; the record bears on no article by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum, unique
from urllib.parse import urlsplit

from scanner.wire.tags import DKIM_LIST, Tag, TagFlaw, read_tags
from scanner.wire.txt import Problem, Selection, choose, excerpt

PREFIX = "default._bimi"
"""The labels under which the record of the default selector stands."""
MAX_URI = 2048


class NotBimi(ValueError):
    """The record does not begin with ``v=BIMI1``."""


@unique
class BimiFlaw(StrEnum):
    """What can be odd about the tags of a BIMI record."""

    L_MISSING = "l-missing"
    L_INVALID = "l-invalid"  # not one https: URI with a host
    A_INVALID = "a-invalid"  # the same of the evidence document
    AVP_INVALID = "avp-invalid"  # neither brand nor personal
    UNKNOWN_TAG = "unknown-tag"


BimiProblem = Problem[TagFlaw] | Problem[BimiFlaw]


@dataclass(frozen=True, slots=True)
class BimiRecord:
    """A BIMI record as published: where the image and its evidence document are; empty when not given or not a valid URI.

    ``declined`` says that the owner publishes an empty l and no a, and so wants no image shown.
    """

    location: str
    evidence: str
    avatar: str
    declined: bool
    unknown: tuple[Tag, ...] = ()
    problems: tuple[BimiProblem, ...] = ()


_VERSION = re.compile(rb"[ \t]*v[ \t]*=[ \t]*BIMI1[ \t]*(?:;|\Z)")
_NEAR = re.compile(rb"bimi", re.IGNORECASE)
_KNOWN_TAGS = frozenset({"v", "l", "a", "avp", "lps"})
_AVATARS = frozenset({"brand", "personal"})
_URI_TEXT = re.compile(r"[\x21-\x3a\x3c-\x7e]+\Z")


def is_bimi(record: bytes) -> bool:
    """Tell whether the record begins with ``v=BIMI1``."""
    return _VERSION.match(record) is not None


def select(records: Iterable[bytes]) -> Selection:
    """Choose among all TXT records at ``default._bimi.<domain>``; several are as good as none."""
    return choose(records, is_bimi, _NEAR)


def parse(record: bytes) -> BimiRecord:
    """Take one record whose strings are joined. Raises ``NotBimi``; every other oddity is a problem."""
    if not is_bimi(record):
        raise NotBimi(f"a BIMI record begins with v=BIMI1, this one with {excerpt(record, 40)}")
    listed = read_tags(record, DKIM_LIST)
    problems: list[BimiProblem] = list(listed.problems)
    values = listed.values()
    if "l" not in values:
        problems.append(Problem(BimiFlaw.L_MISSING, "l"))
    location = _https(values.get("l", ""), "l", BimiFlaw.L_INVALID, problems)
    evidence = _https(values.get("a", ""), "a", BimiFlaw.A_INVALID, problems)
    avatar = values.get("avp", "").lower()
    if avatar and avatar not in _AVATARS:
        problems.append(Problem(BimiFlaw.AVP_INVALID, "avp", excerpt(avatar)))
        avatar = ""
    unknown = tuple(Tag(name, value) for name, value in values.items() if name not in _KNOWN_TAGS)
    problems += [Problem(BimiFlaw.UNKNOWN_TAG, excerpt(tag.name, 32), excerpt(tag.value)) for tag in unknown]
    declined = values.get("l") == "" and not values.get("a")
    return BimiRecord(location, evidence, avatar, declined, unknown, tuple(problems))


def _https(text: str, tag: str, flaw: BimiFlaw, problems: list[BimiProblem]) -> str:
    """The URI when it is an https one with a host, else an empty text, with a problem if there was something."""
    if not text:
        return ""
    if len(text) <= MAX_URI and _URI_TEXT.match(text):
        try:
            parts = urlsplit(text)
            if parts.scheme == "https" and parts.hostname:
                return text
        except ValueError:  # urlsplit raises it for brackets that are no address
            pass
    problems.append(Problem(flaw, tag, excerpt(text)))
    return ""

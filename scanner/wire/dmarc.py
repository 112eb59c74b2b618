"""DMARC policy records: which TXT record is one and what it says, RFC 9989 sections 4.7 and 4.8, with an eye on RFC 7489.

Which record applies to a name (tree walk, organizational domain, report authorisation) is in ``scanner.wire.dmarc_discovery``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import TypeVar

from scanner.wire.report_uri import ReportUri, UriFlaw, read_uris
from scanner.wire.tags import DMARC_LIST, Tag, TagFlaw, read_tags
from scanner.wire.txt import Problem, Selection, choose, excerpt

V = TypeVar("V")

PREFIX = "_dmarc"
"""The label under which policy records stand."""


class NotDmarc(ValueError):
    """The record does not begin with ``v=DMARC1``; receivers drop it (RFC 9989 section 4.7, tag v)."""


@unique
class Policy(StrEnum):
    """What the owner asks receivers to do with mail that fails."""

    NONE = "none"
    QUARANTINE = "quarantine"
    REJECT = "reject"


@unique
class Psd(StrEnum):
    """Whether the name is a public suffix, an organizational domain, or left to the tree walk."""

    YES = "y"
    NO = "n"
    UNKNOWN = "u"


@unique
class Alignment(StrEnum):
    """How close the authenticated name must be to the author's domain."""

    RELAXED = "r"
    STRICT = "s"


@unique
class FailureOption(StrEnum):
    """When a failure report is asked for."""

    ALL_FAIL = "0"
    ANY_FAILS = "1"
    DKIM = "d"
    SPF = "s"


@unique
class Reach(StrEnum):
    """How the name judged stands to the name of the record, and so which tag gives the policy."""

    ITSELF = "p"
    SUBDOMAIN = "sp"
    NONEXISTENT = "np"


@unique
class Standing(StrEnum):
    """What a receiver makes of a record as a whole."""

    APPLIES = "applies"
    AS_NONE = "as-none"  # a policy tag is not valid but reports can be sent: as if p=none
    IGNORED = "ignored"  # a policy tag is not valid and no report can be sent: no DMARC at all


@unique
class DmarcFlaw(StrEnum):
    """What can be odd about the tags of a DMARC record."""

    P_MISSING = "p-missing"  # counts as p=none since RFC 9989; RFC 7489 receivers drop the record or send reports only
    P_INVALID = "p-invalid"
    SP_INVALID = "sp-invalid"
    NP_INVALID = "np-invalid"
    P_NOT_SECOND = "p-not-second"  # fine since RFC 9989; strict RFC 7489 receivers want p directly after v
    PSD_INVALID = "psd-invalid"
    T_INVALID = "t-invalid"
    ADKIM_INVALID = "adkim-invalid"
    ASPF_INVALID = "aspf-invalid"
    FO_INVALID = "fo-invalid"
    FO_CONTRADICTION = "fo-contradiction"  # 0 and 1 together
    FO_WITHOUT_RUF = "fo-without-ruf"  # not looked at by receivers
    SCHEME_UNUSED = "scheme-unused"  # a valid URI that no receiver is bound to serve: only mailto is
    REMOVED_TAG = "removed-tag"  # pct, rf, ri: RFC 7489 only
    UNKNOWN_TAG = "unknown-tag"


DmarcProblem = Problem[TagFlaw] | Problem[UriFlaw] | Problem[DmarcFlaw]

REMOVED_TAGS = frozenset({"pct", "rf", "ri"})
_KNOWN_TAGS = frozenset({"v", "p", "sp", "np", "psd", "t", "adkim", "aspf", "rua", "ruf", "fo"}) | REMOVED_TAGS
_POLICIES = {str(policy): policy for policy in Policy}
_PSD = {str(psd): psd for psd in Psd}
_YES_NO = {"y": True, "n": False}
_ALIGNMENTS = {str(mode): mode for mode in Alignment}
_FAILURE_OPTIONS = {str(option): option for option in FailureOption}
_POLICY_FLAWS = {"p": DmarcFlaw.P_INVALID, "sp": DmarcFlaw.SP_INVALID, "np": DmarcFlaw.NP_INVALID}
_CHOICE_FLAWS = {
    "psd": DmarcFlaw.PSD_INVALID,
    "t": DmarcFlaw.T_INVALID,
    "adkim": DmarcFlaw.ADKIM_INVALID,
    "aspf": DmarcFlaw.ASPF_INVALID,
}
_ONE_STEP_LOWER = {Policy.REJECT: Policy.QUARANTINE, Policy.QUARANTINE: Policy.NONE, Policy.NONE: Policy.NONE}
_VERSION = re.compile(rb"[vV][ \t]*=[ \t]*DMARC1[ \t]*(?:;|\Z)")
_NEAR = re.compile(rb"v[^a-z]{0,8}=[^a-z]{0,8}dmarc|dmarc\W{0,4}1", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class DmarcRecord:
    """A DMARC record as published, with defaults of RFC 9989 where a tag is missing or not valid.

    ``p``, ``sp`` and ``np`` are ``None`` when missing or not valid; ``invalid`` names those of them that are there and not valid.
    ``rua`` and ``ruf`` hold the syntactically valid URIs. ``removed`` keeps the tags that RFC 9989 took away (for a note),
    ``unknown`` those that no DMARC text defines.
    """

    p: Policy | None
    sp: Policy | None = None
    np: Policy | None = None
    psd: Psd = Psd.UNKNOWN
    testing: bool = False
    adkim: Alignment = Alignment.RELAXED
    aspf: Alignment = Alignment.RELAXED
    rua: tuple[ReportUri, ...] = ()
    ruf: tuple[ReportUri, ...] = ()
    fo: tuple[FailureOption, ...] = (FailureOption.ALL_FAIL,)
    invalid: tuple[Reach, ...] = ()
    removed: tuple[Tag, ...] = ()
    unknown: tuple[Tag, ...] = ()
    problems: tuple[DmarcProblem, ...] = ()

    @property
    def standing(self) -> Standing:
        """What receivers make of the record, RFC 9989 section 4.10.1.

        A *missing* p alone does not lower the standing: section 4.7 reads it as p=none and leaves sp and np in force.
        """
        if not self.invalid:
            return Standing.APPLIES
        return Standing.AS_NONE if self.rua else Standing.IGNORED

    def stated(self, reach: Reach) -> Policy:
        """The policy that the tags state: np falls back to sp, sp to p, p to none; none where a policy tag is not valid."""
        if self.invalid:
            return Policy.NONE
        if reach is Reach.NONEXISTENT and self.np is not None:
            return self.np
        if reach is not Reach.ITSELF and self.sp is not None:
            return self.sp
        return self.p or Policy.NONE

    def effective(self, reach: Reach) -> Policy:
        """The policy that receivers are asked to apply: the stated one, one step lower while ``t=y`` (section 4.7, tag t)."""
        stated = self.stated(reach)
        return _ONE_STEP_LOWER[stated] if self.testing else stated


def is_dmarc(record: bytes) -> bool:
    """Tell whether receivers take the record for DMARC: v comes first, its name in any case, its value exactly ``DMARC1``."""
    return _VERSION.match(record) is not None


def select(records: Iterable[bytes]) -> Selection:
    """Choose among all TXT records at ``_dmarc.<name>``; with several DMARC records receivers drop all (RFC 9989 section 4.10)."""
    return choose(records, is_dmarc, _NEAR)


def parse(record: bytes) -> DmarcRecord:
    """Take one DMARC record whose strings are joined. Raises ``NotDmarc``; every other oddity is a problem."""
    if not is_dmarc(record):
        raise NotDmarc(f"a DMARC record begins with v=DMARC1, this one with {excerpt(record, 40)}")
    listed = read_tags(record, DMARC_LIST)
    problems: list[DmarcProblem] = list(listed.problems)
    values = listed.values()

    policies: dict[str, Policy | None] = {}
    invalid: list[Reach] = []
    for name, flaw in _POLICY_FLAWS.items():
        text = values.get(name)
        policies[name] = None if text is None else _POLICIES.get(text.lower())
        if text is not None and policies[name] is None:
            invalid.append(Reach(name))
            problems.append(Problem(flaw, name, excerpt(text)))
    if "p" not in values:
        problems.append(Problem(DmarcFlaw.P_MISSING, "p"))
    elif listed.tags[1].name != "p":
        problems.append(Problem(DmarcFlaw.P_NOT_SECOND, "p", excerpt(listed.tags[1].name)))

    psd = _choice(values, "psd", _PSD, Psd.UNKNOWN, problems)
    testing = _choice(values, "t", _YES_NO, False, problems)
    adkim = _choice(values, "adkim", _ALIGNMENTS, Alignment.RELAXED, problems)
    aspf = _choice(values, "aspf", _ALIGNMENTS, Alignment.RELAXED, problems)
    rua = _addresses(values.get("rua"), "rua", problems)
    ruf = _addresses(values.get("ruf"), "ruf", problems)
    fo = _failure_options(values.get("fo"), "ruf" in values, problems)

    removed: tuple[Tag, ...] = ()
    unknown: tuple[Tag, ...] = ()
    if not REMOVED_TAGS.isdisjoint(values):
        removed = tuple(Tag(name, value) for name, value in values.items() if name in REMOVED_TAGS)
        problems += [Problem(DmarcFlaw.REMOVED_TAG, tag.name, excerpt(tag.value)) for tag in removed]
    if not _KNOWN_TAGS.issuperset(values):
        unknown = tuple(Tag(name, value) for name, value in values.items() if name not in _KNOWN_TAGS)
        problems += [Problem(DmarcFlaw.UNKNOWN_TAG, excerpt(tag.name, 32), excerpt(tag.value)) for tag in unknown]
    return DmarcRecord(
        policies["p"],
        policies["sp"],
        policies["np"],
        psd,
        testing,
        adkim,
        aspf,
        rua,
        ruf,
        fo,
        tuple(invalid),
        removed,
        unknown,
        tuple(problems),
    )


def _choice(values: Mapping[str, str], tag: str, table: Mapping[str, V], default: V, problems: list[DmarcProblem]) -> V:
    """The value of a tag with few values; the default where the tag is missing or not valid (RFC 9989 section 4.8)."""
    text = values.get(tag)
    if text is None:
        return default
    chosen = table.get(text.lower())
    if chosen is None:
        problems.append(Problem(_CHOICE_FLAWS[tag], tag, excerpt(text)))
        return default
    return chosen


def _addresses(text: str | None, tag: str, problems: list[DmarcProblem]) -> tuple[ReportUri, ...]:
    if not text:
        return ()
    uris, odd = read_uris(text, tag)
    problems += odd
    problems += [Problem(DmarcFlaw.SCHEME_UNUSED, tag, excerpt(uri.uri)) for uri in uris if uri.scheme != "mailto"]
    return uris


def _failure_options(text: str | None, wanted: bool, problems: list[DmarcProblem]) -> tuple[FailureOption, ...]:
    if text is None:
        return (FailureOption.ALL_FAIL,)
    if not wanted:
        problems.append(Problem(DmarcFlaw.FO_WITHOUT_RUF, "fo", excerpt(text)))
    words = [word.strip(" \t").lower() for word in text.split(":", len(FailureOption))]
    options = tuple(dict.fromkeys(_FAILURE_OPTIONS[word] for word in words if word in _FAILURE_OPTIONS))
    if len(options) != len(words):
        problems.append(Problem(DmarcFlaw.FO_INVALID, "fo", excerpt(text)))
    if FailureOption.ALL_FAIL in options and FailureOption.ANY_FAILS in options:
        problems.append(Problem(DmarcFlaw.FO_CONTRADICTION, "fo", excerpt(text)))
    return options or (FailureOption.ALL_FAIL,)

"""SPF records: picking them out of a TXT answer and reading their terms, RFC 7208 sections 3, 4.5, 4.6 and 12. No evaluation here."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Network, IPv6Address, IPv6Network
from typing import Final

from scanner.wire.spf.macros import MacroString, NotMacroString, read_domain_spec, read_macro_string
from scanner.wire.spf.values import MAX_RECORD_OCTETS, SYNTAX_ERRORS, Problem, ProblemKind, Qualifier
from scanner.wire.spf.values import Record as DnsRecord

MAX_SHOWN_TERM: Final = 500
MAX_SHOWN_RECORD: Final = 8_192
MAX_PROBLEMS: Final = 50  # kept of one record; a record of 64 KB may hold 32,000
MAX_CACHED_OCTETS: Final = 2_048
CACHED_RECORDS: Final = 256

_VERSION: Final = b"v=spf1"
_NEAR = re.compile(rb"(?:\xef\xbb\xbf|\xc2\xa0|[\s\"'])*(?:v\s*=\s*)?spf\s*[12l]", re.IGNORECASE)
_SENDER_ID = re.compile(rb"spf2\.0/", re.IGNORECASE)  # RFC 4406: another protocol, no misspelt SPF
_TERM = re.compile(r"([+\-~?]?)([A-Za-z][A-Za-z0-9._\-]*)(?:([=:/])(.*))?\Z", re.DOTALL)
_QNUM = r"(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_IP4_TERM = re.compile(rf"([+\-~?]?)ip4:{_QNUM}\.{_QNUM}\.{_QNUM}\.{_QNUM}(?:/(0|[1-9][0-9]?))?\Z", re.IGNORECASE)
_IP4 = re.compile(rf"{_QNUM}\.{_QNUM}\.{_QNUM}\.{_QNUM}\Z")
_IP6 = re.compile(r"[0-9A-Fa-f:.]{2,45}\Z")
_IP6_LENGTH = re.compile(r"(?:0|[1-9][0-9]{0,2})\Z")
_DUAL = re.compile(r"(?:/(0|[1-9][0-9]?))?(?://(0|[1-9][0-9]{0,2}))?\Z")
_LENGTHS_AT_END = re.compile(r"(?:/[0-9]{1,3})?//?[0-9]{1,3}\Z")
_UNPRINTABLE = re.compile(r"[^ -\[\]-~]")


class Kind(StrEnum):
    """The mechanisms and modifiers of RFC 7208 sections 5 and 6."""

    ALL = "all"
    INCLUDE = "include"
    A = "a"
    MX = "mx"
    PTR = "ptr"
    IP4 = "ip4"
    IP6 = "ip6"
    EXISTS = "exists"
    REDIRECT = "redirect"
    EXP = "exp"
    UNKNOWN_MODIFIER = "unknown-modifier"


COUNTED: Final = frozenset({Kind.INCLUDE, Kind.A, Kind.MX, Kind.PTR, Kind.EXISTS, Kind.REDIRECT})  # section 4.6.4
_MODIFIERS: Final = {"redirect": Kind.REDIRECT, "exp": Kind.EXP}
_MECHANISMS: Final = {k.value: k for k in (Kind.ALL, Kind.INCLUDE, Kind.A, Kind.MX, Kind.PTR, Kind.IP4, Kind.IP6, Kind.EXISTS)}
_QUALIFIERS: Final = {"": Qualifier.PASS, **{q.value: q for q in Qualifier}}


@dataclass(frozen=True, slots=True)
class Term:
    """One directive or modifier that the grammar accepts.

    ``text`` is the term as written, printable and capped. ``qualifier`` is ``None`` for modifiers. ``spec`` is the domain-spec, if one was
    written (for an unknown modifier its value). ``address`` belongs to ``ip4`` and ``ip6``; the prefix lengths to these, ``a`` and ``mx``.
    """

    kind: Kind
    text: str
    qualifier: Qualifier | None = None
    spec: MacroString | None = None
    address: int = 0
    prefix4: int = 32
    prefix6: int = 128

    def network(self) -> IPv4Network | IPv6Network | None:
        """Give the range of an ``ip4`` or ``ip6`` term, host bits cut off; ``None`` for other terms."""
        if self.kind is Kind.IP4:
            return IPv4Network((self.address, self.prefix4), strict=False)
        if self.kind is Kind.IP6:
            return IPv6Network((self.address, self.prefix6), strict=False)
        return None


@dataclass(frozen=True, slots=True)
class SpfRecord:
    """One record, read as far as it can be read; with any of ``SYNTAX_ERRORS`` among its problems it is a permerror (section 4.6).

    ``terms`` holds what the grammar accepts, as written. ``directives`` are those that count: up to and with the first ``all``.
    ``redirect`` is ``None`` when an ``all`` stands anywhere (section 6.1).
    """

    raw: str
    octets: int
    terms: tuple[Term, ...]
    directives: tuple[Term, ...]
    redirect: Term | None
    explanation: Term | None
    problems: tuple[Problem, ...]

    @property
    def is_valid(self) -> bool:
        return not any(p.kind in SYNTAX_ERRORS for p in self.problems)


def select_records(records: Iterable[DnsRecord]) -> tuple[bytes, ...]:
    """Give the SPF records of a TXT answer, their strings joined without a space (sections 3.3 and 4.5)."""
    return tuple(joined for joined in _joined(records) if _is_spf(joined))


def near_misses(records: Iterable[DnsRecord]) -> tuple[str, ...]:
    """Give, printable, the TXT records that look as if meant for SPF and are none, such as ``v=spf1;…``, ``"v=spf1 …`` or ``spf1 …``."""
    return tuple(
        printable(joined, 200)
        for joined in _joined(records)
        if not _is_spf(joined) and _NEAR.match(joined[:64]) and not _SENDER_ID.match(joined)
    )


def _joined(records: Iterable[DnsRecord]) -> Iterable[bytes]:
    for strings in records:
        if isinstance(strings, tuple):
            yield strings[0] if len(strings) == 1 else b"".join(strings)


def _is_spf(joined: bytes) -> bool:
    return joined[:6].lower() == _VERSION and joined[6:7] in (b"", b" ")


def printable(octets: bytes | str, limit: int) -> str:
    """Give text that is safe to show anywhere: ASCII, ``\\xNN`` for the rest, ``\\\\`` for a backslash, at most ``limit`` characters."""
    text = octets if isinstance(octets, str) else octets[: limit + 1].decode("latin-1")
    if len(text) <= limit and _UNPRINTABLE.search(text) is None:
        return text
    text = _UNPRINTABLE.sub(_escape, text[: limit + 1])
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _escape(found: re.Match[str]) -> str:
    char = found.group()
    if char == "\\":
        return "\\\\"
    return f"\\x{ord(char):02x}" if ord(char) < 256 else f"\\u{ord(char):04x}"


def parse_record(raw: bytes) -> SpfRecord:
    """Read one record as ``select_records`` gives it. Never raises: what the grammar refuses becomes a problem."""
    return _parse_cached(raw) if len(raw) <= MAX_CACHED_OCTETS else _parse(raw)


def _parse(raw: bytes) -> SpfRecord:
    shown = printable(raw, MAX_SHOWN_RECORD)
    if len(raw) > MAX_RECORD_OCTETS:
        return SpfRecord(shown, len(raw), (), (), None, None, (Problem(ProblemKind.RECORD_TOO_LONG, str(len(raw))),))
    problems: list[Problem] = []
    terms: list[Term] = []
    directives: list[Term] = []
    redirect: Term | None = None
    explanation: Term | None = None
    seen_all = False
    for text in raw[len(_VERSION) :].decode("latin-1").split(" "):
        if not text:
            continue
        term = _term(text)
        if isinstance(term, ProblemKind):
            problems.append(Problem(_octets_problem(text) or term, printable(text, MAX_SHOWN_TERM)))
            continue
        terms.append(term)
        if term.qualifier is not None:
            if seen_all:
                problems.append(Problem(ProblemKind.TERM_AFTER_ALL, term.text))
                continue
            directives.append(term)
            seen_all = term.kind is Kind.ALL
        elif term.kind is Kind.UNKNOWN_MODIFIER:
            problems.append(Problem(ProblemKind.UNKNOWN_MODIFIER, term.text))
        elif (redirect if term.kind is Kind.REDIRECT else explanation) is not None:  # section 6: at most once each
            problems.append(Problem(ProblemKind.REPEATED_MODIFIER, term.text))
        elif term.kind is Kind.REDIRECT:
            redirect = term
        else:
            explanation = term
    if seen_all and redirect is not None:
        problems.append(Problem(ProblemKind.REDIRECT_IGNORED, redirect.text))
        redirect = None
    if len(problems) > MAX_PROBLEMS:
        problems.sort(key=lambda p: p.kind not in SYNTAX_ERRORS)  # stable: errors are kept before oddities
    return SpfRecord(shown, len(raw), tuple(terms), tuple(directives), redirect, explanation, tuple(problems[:MAX_PROBLEMS]))


# Half the domains of a run include the same few providers.
_parse_cached = lru_cache(maxsize=CACHED_RECORDS)(_parse)


def _term(text: str) -> Term | ProblemKind:
    found = _IP4_TERM.match(text)  # half of all terms
    if found is not None:
        sign, a, b, c, d, length = found.groups()
        prefix = 32 if length is None else int(length)
        if prefix > 32:
            return ProblemKind.BAD_PREFIX_LENGTH
        return Term(Kind.IP4, text, _QUALIFIERS[sign], None, int(a) << 24 | int(b) << 16 | int(c) << 8 | int(d), prefix)
    found = _TERM.match(text)
    if found is None:
        return ProblemKind.UNKNOWN_MECHANISM
    sign, name, separator, value = found.groups()
    if separator == "=":
        return ProblemKind.QUALIFIED_MODIFIER if sign else _modifier(text, name, value)
    kind = _MECHANISMS.get(name.lower())
    if kind is None:
        return ProblemKind.UNKNOWN_MECHANISM
    qualifier = _QUALIFIERS[sign]
    if kind is Kind.IP4:
        is_address = separator == ":" and _IP4.match(value.partition("/")[0])
        return ProblemKind.BAD_PREFIX_LENGTH if is_address else ProblemKind.BAD_ADDRESS
    if kind is Kind.IP6:
        return _ip6(text, qualifier, value) if separator == ":" else ProblemKind.BAD_ADDRESS
    if separator is None:
        return ProblemKind.MISSING_NAME if kind is Kind.INCLUDE or kind is Kind.EXISTS else Term(kind, text, qualifier)
    if kind is Kind.ALL:
        return ProblemKind.UNEXPECTED_ARGUMENT
    if kind is Kind.A or kind is Kind.MX:
        return _host(text, kind, qualifier, separator, value)
    return _with_domain(text, kind, qualifier, value) if separator == ":" else ProblemKind.UNEXPECTED_ARGUMENT


def _octets_problem(text: str) -> ProblemKind | None:
    if not text.isascii():
        return ProblemKind.NOT_ASCII
    return None if text.isprintable() else ProblemKind.CONTROL_CHARACTER


def _modifier(text: str, name: str, value: str) -> Term | ProblemKind:
    kind = _MODIFIERS.get(name.lower(), Kind.UNKNOWN_MODIFIER)
    if kind is not Kind.UNKNOWN_MODIFIER:
        return _with_domain(text, kind, None, value)
    try:
        return Term(kind, printable(text, MAX_SHOWN_TERM), None, read_macro_string(value))
    except NotMacroString as e:
        return e.kind


def _with_domain(text: str, kind: Kind, qualifier: Qualifier | None, name: str) -> Term | ProblemKind:
    try:
        return Term(kind, printable(text, MAX_SHOWN_TERM), qualifier, read_domain_spec(name))
    except NotMacroString as e:
        return ProblemKind.BAD_PREFIX_LENGTH if e.kind is ProblemKind.BAD_NAME and _LENGTHS_AT_END.search(name) else e.kind


def _host(text: str, kind: Kind, qualifier: Qualifier, separator: str, value: str) -> Term | ProblemKind:
    name, lengths = None, "/" + value
    if separator == ":":
        # A name may hold slashes itself, but its top label may not: the prefix lengths are what fits at the end.
        written = _LENGTHS_AT_END.search(value) if "/" in value else None
        name, lengths = (value, "") if written is None else (value[: written.start()], written.group())
    prefix4, prefix6 = 32, 128
    if lengths:
        found = _DUAL.match(lengths)
        if found is None:
            return ProblemKind.BAD_PREFIX_LENGTH
        prefix4, prefix6 = int(found.group(1) or 32), int(found.group(2) or 128)
        if prefix4 > 32 or prefix6 > 128:
            return ProblemKind.BAD_PREFIX_LENGTH
    if name is None:
        return Term(kind, text, qualifier, None, 0, prefix4, prefix6)
    term = _with_domain(text, kind, qualifier, name)
    return Term(kind, term.text, qualifier, term.spec, 0, prefix4, prefix6) if isinstance(term, Term) else term


def _ip6(text: str, qualifier: Qualifier, value: str) -> Term | ProblemKind:
    written, slash, length = value.partition("/")
    if not _IP6.match(written):  # keeps out zone names and long texts before IPv6Address sees them
        return ProblemKind.BAD_ADDRESS
    try:
        address = int(IPv6Address(written))
    except AddressValueError:
        return ProblemKind.BAD_ADDRESS
    if slash and (not _IP6_LENGTH.match(length) or int(length) > 128):
        return ProblemKind.BAD_PREFIX_LENGTH
    return Term(Kind.IP6, text, qualifier, None, address, 32, int(length) if slash else 128)

"""TLS-RPT: the record that says where reports about failed TLS go, RFC 8460 section 3."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum, unique

from scanner.wire.report_uri import ReportUri, UriFlaw, read_uris
from scanner.wire.tags import FIELD_LIST, Tag, TagFlaw, read_tags
from scanner.wire.txt import Problem, Selection, choose, excerpt

PREFIX = "_smtp._tls"
"""The labels under which the record stands."""


class NotTlsRpt(ValueError):
    """The record does not begin with ``v=TLSRPTv1;``; senders drop it."""


@unique
class TlsRptFlaw(StrEnum):
    """What can be odd about the fields of a TLS-RPT record."""

    RUA_MISSING = "rua-missing"
    RUA_UNUSABLE = "rua-unusable"  # there, but without any mailto: or https: URI
    SCHEME_UNUSED = "scheme-unused"  # neither mailto nor https
    EXTENSION_INVALID = "extension-invalid"  # a further field with characters that no value may hold


TlsRptProblem = Problem[TagFlaw] | Problem[UriFlaw] | Problem[TlsRptFlaw]


@dataclass(frozen=True, slots=True)
class TlsRptRecord:
    """A TLS-RPT record as published. ``rua`` holds the valid ``mailto:`` and ``https:`` URIs in their order."""

    rua: tuple[ReportUri, ...]
    extensions: tuple[Tag, ...] = ()
    problems: tuple[TlsRptProblem, ...] = ()

    @property
    def usable(self) -> bool:
        """Whether there is an address that reports can go to."""
        return bool(self.rua)


_VERSION = re.compile(rb"v=TLSRPTv1[ \t]*;")
_NEAR = re.compile(rb"v[^a-z]{0,8}=[^a-z]{0,8}tls|tlsrpt", re.IGNORECASE)
_EXTENSION = re.compile(r"[\x21-\x3a\x3c\x3e-\x7e]+\Z")
_SCHEMES = frozenset({"mailto", "https"})


def is_tls_rpt(record: bytes) -> bool:
    """Tell whether senders take the record for TLS-RPT: it begins with exactly ``v=TLSRPTv1`` and a semicolon."""
    return _VERSION.match(record) is not None


def select(records: Iterable[bytes]) -> Selection:
    """Choose among all TXT records at ``_smtp._tls.<domain>``; with several senders act as if there were none."""
    return choose(records, is_tls_rpt, _NEAR)


def parse(record: bytes) -> TlsRptRecord:
    """Take one record whose strings are joined. Raises ``NotTlsRpt``; every other oddity is a problem."""
    if not is_tls_rpt(record):
        raise NotTlsRpt(f"a TLS-RPT record begins with v=TLSRPTv1; and this one with {excerpt(record, 40)}")
    listed = read_tags(record, FIELD_LIST)
    problems: list[TlsRptProblem] = list(listed.problems)
    values = listed.values()
    text = values.get("rua")
    usable: tuple[ReportUri, ...] = ()
    if text is None:
        problems.append(Problem(TlsRptFlaw.RUA_MISSING, "rua"))
    else:
        uris, odd = read_uris(text, "rua")
        problems += odd
        problems += [Problem(TlsRptFlaw.SCHEME_UNUSED, "rua", excerpt(uri.uri)) for uri in uris if uri.scheme not in _SCHEMES]
        usable = tuple(uri for uri in uris if uri.scheme in _SCHEMES)
        if not usable:
            problems.append(Problem(TlsRptFlaw.RUA_UNUSABLE, "rua", excerpt(text)))
    extensions = tuple(Tag(name, value) for name, value in values.items() if name not in ("v", "rua"))
    for tag in extensions:
        if tag.value and not _EXTENSION.match(tag.value):
            problems.append(Problem(TlsRptFlaw.EXTENSION_INVALID, excerpt(tag.name), excerpt(tag.value)))
    return TlsRptRecord(usable, extensions, tuple(problems))

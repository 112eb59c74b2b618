"""Cases for TLS-RPT records: the examples of RFC 8460 section 3 and their broken relatives."""

from __future__ import annotations

import pytest

from scanner.wire.report_uri import UriFlaw
from scanner.wire.tags import Tag, TagFlaw
from scanner.wire.tls_rpt import NotTlsRpt, TlsRptFlaw, is_tls_rpt, parse, select
from scanner.wire.txt import Choice

Flaw = TagFlaw | UriFlaw | TlsRptFlaw
MAIL = "mailto:reports@example.com"

RECORDS: list[tuple[bytes, list[str], list[Flaw]]] = [
    (b"v=TLSRPTv1;rua=mailto:reports@example.com", [MAIL], []),
    (b"v=TLSRPTv1; rua=https://reporting.example.com/v1/tlsrpt", ["https://reporting.example.com/v1/tlsrpt"], []),
    (b"v=TLSRPTv1 ; rua=mailto:reports@example.com , https://r.example.com/ ;", [MAIL, "https://r.example.com/"], []),
    (b"v=TLSRPTv1; rua=mailto:a%2Cb%21c%3Bd@example.com", [], [UriFlaw.URI_SYNTAX, TlsRptFlaw.RUA_UNUSABLE]),
    (b"v=TLSRPTv1; rua=https://r.example.com/a%2Cb%21c%3Bd", ["https://r.example.com/a%2Cb%21c%3Bd"], []),
    (b"v=TLSRPTv1; rua=https://r.example.com/a;b", ["https://r.example.com/a"], [TagFlaw.NO_EQUALS]),
    (b"v=TLSRPTv1; rua=https://r.example.com/a!b", ["https://r.example.com/a!b"], [UriFlaw.URI_UNESCAPED]),
    (b"v=TLSRPTv1; rua=mailto:reports@example.com!10m", [MAIL], [UriFlaw.URI_SIZE_SUFFIX]),
    (b"v=TLSRPTv1; rua=reports@example.com", [], [UriFlaw.URI_NO_SCHEME, TlsRptFlaw.RUA_UNUSABLE]),
    (b"v=TLSRPTv1; rua=http://r.example.com/", [], [TlsRptFlaw.SCHEME_UNUSED, TlsRptFlaw.RUA_UNUSABLE]),
    (b"v=TLSRPTv1; rua=mailto:reports@example.com,ftp://r.example.com/", [MAIL], [TlsRptFlaw.SCHEME_UNUSED]),
    (b"v=TLSRPTv1; rua=", [], [TagFlaw.EMPTY_VALUE, UriFlaw.URI_EMPTY, TlsRptFlaw.RUA_UNUSABLE]),
    (b"v=TLSRPTv1;", [], [TlsRptFlaw.RUA_MISSING]),
    (b"v=TLSRPTv1; RUA=mailto:reports@example.com", [], [TlsRptFlaw.RUA_MISSING]),
    (b"v=TLSRPTv1; rua = mailto:reports@example.com", [MAIL], [TagFlaw.SPACE_AT_EQUALS]),
    (b"v=TLSRPTv1; rua=mailto:reports@example.com; rua=mailto:x@example.com", [MAIL], [TagFlaw.REPEATED_TAG]),
    (b"v=TLSRPTv1; rua=mailto:reports@example.com; x=a b", [MAIL], [TlsRptFlaw.EXTENSION_INVALID]),
]


@pytest.mark.parametrize(("record", "rua", "flaws"), RECORDS)
def test_a_record_says(record: bytes, rua: list[str], flaws: list[Flaw]) -> None:
    read = parse(record)
    assert [uri.uri for uri in read.rua] == rua
    assert read.usable is bool(rua)
    assert [problem.kind for problem in read.problems] == flaws


def test_every_flaw_has_a_case() -> None:
    assert {flaw for *_, flaws in RECORDS for flaw in flaws} >= set(TlsRptFlaw)


@pytest.mark.parametrize(
    "record", [b"", b"v=TLSRPTv1", b"v=TLSRPTv2; rua=mailto:a@example.jp", b"v=tlsrptv1; rua=mailto:a@example.jp", b" v=TLSRPTv1;"]
)
def test_what_does_not_begin_with_the_version_is_no_record(record: bytes) -> None:
    assert not is_tls_rpt(record)
    with pytest.raises(NotTlsRpt):
        parse(record)


def test_exactly_one_record_counts() -> None:
    good = b"v=TLSRPTv1;rua=mailto:reports@example.com"
    assert select([b"x", good]).record == good
    assert select([good, good]).choice is Choice.SEVERAL
    missed = select([b"v=TLSRPT1; rua=mailto:a@example.jp", b"v=spf1 -all"])
    assert (missed.choice, missed.near) == (Choice.NONE, (b"v=TLSRPT1; rua=mailto:a@example.jp",))


def test_further_fields_are_kept() -> None:
    assert parse(b"v=TLSRPTv1; a=1; rua=mailto:a@example.jp; b.c=2").extensions == (Tag("a", "1"), Tag("b.c", "2"))

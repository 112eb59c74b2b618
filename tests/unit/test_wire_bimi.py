"""Cases for BIMI assertion records."""

from __future__ import annotations

import pytest

from scanner.wire.bimi import MAX_URI, BimiFlaw, NotBimi, is_bimi, parse, select
from scanner.wire.tags import TagFlaw
from scanner.wire.txt import Choice

SVG, PEM = "https://example.jp/logo.svg", "https://example.jp/mark.pem"

RECORDS: list[tuple[bytes, tuple[str, str, str, bool], list[TagFlaw | BimiFlaw]]] = [
    (b"v=BIMI1; l=https://example.jp/logo.svg; a=https://example.jp/mark.pem", (SVG, PEM, "", False), []),
    (b"v=BIMI1;l=https://example.jp/logo.svg;a=", (SVG, "", "", False), []),
    (b" v = BIMI1 ; l = https://example.jp/logo.svg ; avp=Brand ;", (SVG, "", "brand", False), []),
    (b"v=BIMI1; l=https://example.jp/logo.svg; avp=personal; lps=a", (SVG, "", "personal", False), []),
    (b"v=BIMI1; l=; a=;", ("", "", "", True), []),
    (b"v=BIMI1; l=", ("", "", "", True), []),
    (b"v=BIMI1; l=; a=https://example.jp/mark.pem", ("", PEM, "", False), []),
    (b"v=BIMI1", ("", "", "", False), [BimiFlaw.L_MISSING]),
    (b"v=BIMI1; l=http://example.jp/logo.svg", ("", "", "", False), [BimiFlaw.L_INVALID]),
    (b"v=BIMI1; l=https://", ("", "", "", False), [BimiFlaw.L_INVALID]),
    (b"v=BIMI1; l=https://[x/", ("", "", "", False), [BimiFlaw.L_INVALID]),
    (b"v=BIMI1; l=https://example.jp/a b", ("", "", "", False), [BimiFlaw.L_INVALID]),
    (b"v=BIMI1; l=https://example.jp/" + b"a" * MAX_URI, ("", "", "", False), [BimiFlaw.L_INVALID]),
    (b"v=BIMI1; l=https://example.jp/logo.svg; a=self", (SVG, "", "", False), [BimiFlaw.A_INVALID]),
    (b"v=BIMI1; l=https://example.jp/logo.svg; avp=both; z=1", (SVG, "", "", False), [BimiFlaw.AVP_INVALID, BimiFlaw.UNKNOWN_TAG]),
    (b"v=BIMI1; l=https://example.jp/\xe7.svg", ("", "", "", False), [TagFlaw.NON_ASCII, BimiFlaw.L_INVALID]),
]


@pytest.mark.parametrize(("record", "says", "flaws"), RECORDS, ids=range(len(RECORDS)))
def test_a_record_says(record: bytes, says: tuple[str, str, str, bool], flaws: list[TagFlaw | BimiFlaw]) -> None:
    read = parse(record)
    assert (read.location, read.evidence, read.avatar, read.declined) == says
    assert [problem.kind for problem in read.problems] == flaws


def test_every_flaw_has_a_case() -> None:
    assert {flaw for *_, flaws in RECORDS for flaw in flaws} >= set(BimiFlaw)


@pytest.mark.parametrize("record", [b"", b"v=BIMI2; l=", b"v=bimi1; l=", b"l=; v=BIMI1", b"v=BIMI1 l="])
def test_what_does_not_begin_with_the_version_is_no_record(record: bytes) -> None:
    assert not is_bimi(record)
    with pytest.raises(NotBimi):
        parse(record)


def test_one_record_counts() -> None:
    assert select([b"v=BIMI1; l="]).record == b"v=BIMI1; l="
    assert select([b"v=BIMI1; l=", b"v=BIMI1; l="]).choice is Choice.SEVERAL
    assert select([b"v=bimi1; l="]).near == (b"v=bimi1; l=",)

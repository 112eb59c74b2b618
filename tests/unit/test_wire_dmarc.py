"""Cases for DMARC records, from the examples of RFC 7489 and RFC 9989 and from mistakes seen in the field."""

from __future__ import annotations

import pytest

from scanner.wire.dmarc import (
    Alignment,
    DmarcFlaw,
    DmarcRecord,
    FailureOption,
    NotDmarc,
    Policy,
    Psd,
    Reach,
    Standing,
    is_dmarc,
    parse,
    select,
)
from scanner.wire.report_uri import UriFlaw
from scanner.wire.tags import Tag, TagFlaw
from scanner.wire.txt import Choice

Flaw = TagFlaw | UriFlaw | DmarcFlaw
RUA = b"rua=mailto:a@example.jp"


@pytest.mark.parametrize(
    "record",
    [b"v=DMARC1", b"v=DMARC1;", b"v=DMARC1; p=none", b"V=DMARC1;p=none", b"v = DMARC1 ; p=none", b"v\t=\tDMARC1\t", b"v=DMARC1;;;"],
)
def test_a_record_begins_with_the_version(record: bytes) -> None:
    assert is_dmarc(record)
    assert isinstance(parse(record), DmarcRecord)


@pytest.mark.parametrize(
    "record",
    [
        b"",
        b"v=dmarc1; p=reject",
        b"v=DMARC2; p=reject",
        b"v=DMARC1 p=reject",
        b"v=DMARC1, p=reject",
        b"v=DMARC10; p=reject",
        b" v=DMARC1; p=reject",
        b"p=reject; v=DMARC1",
        b"DMARC1; p=reject",
        b'"v=DMARC1; p=reject"',
        b"\xef\xbb\xbfv=DMARC1; p=reject",
        b"v=DMARC1\n; p=reject",
        b"v=spf1 -all",
    ],
)
def test_anything_else_is_no_dmarc_record(record: bytes) -> None:
    assert not is_dmarc(record)
    with pytest.raises(NotDmarc):
        parse(record)


def test_one_record_counts_and_several_are_all_dropped() -> None:
    assert select([]).choice is Choice.NONE
    one = select([b"v=spf1 -all", b"v=DMARC1; p=none", b"google-site-verification=x"])
    assert (one.choice, one.record, one.near) == (Choice.ONE, b"v=DMARC1; p=none", ())
    several = select([b"v=DMARC1; p=none", b"v=DMARC1; p=reject"])
    assert (several.choice, several.record) == (Choice.SEVERAL, None)


@pytest.mark.parametrize("record", [b"v=dmarc1; p=reject", b"p=reject; v=DMARC1", b'"v=DMARC1; p=none"', b" v = DMARC 1", b"DMARC1"])
def test_a_record_that_was_meant_is_a_near_miss(record: bytes) -> None:
    missed = select([record, b"v=spf1 -all"])
    assert (missed.choice, missed.near) == (Choice.NONE, (record,))


# What a record says: p, sp, np, effective policy for the name, an existing and a nonexistent subdomain; standing; oddities.
N, Q, R = Policy.NONE, Policy.QUARANTINE, Policy.REJECT
SAYS: list[tuple[bytes, tuple[Policy, Policy, Policy], Standing, list[Flaw]]] = [
    # RFC 7489 appendix B.2.1 to B.2.4, RFC 9989 appendix B.2
    (b"v=DMARC1; p=none; rua=mailto:dmarc-feedback@example.com", (N, N, N), Standing.APPLIES, []),
    (
        b"v=DMARC1; p=none; rua=mailto:dmarc-feedback@example.com; ruf=mailto:auth-reports@thirdparty.example.net",
        (N, N, N),
        Standing.APPLIES,
        [],
    ),
    (
        b"v=DMARC1; p=quarantine; rua=mailto:dmarc-feedback@example.com,mailto:tld-test@thirdparty.example.net!10m; pct=25",
        (Q, Q, Q),
        Standing.APPLIES,
        [UriFlaw.URI_SIZE_SUFFIX, DmarcFlaw.REMOVED_TAG],
    ),
    (
        b"v=DMARC1; p=quarantine; rua=mailto:dmarc-feedback@example.com,mailto:tld-test@thirdparty.example.net; t=y",
        (N, N, N),
        Standing.APPLIES,
        [],
    ),
    # falling back: np to sp to p to none
    (b"v=DMARC1; p=reject", (R, R, R), Standing.APPLIES, []),
    (b"v=DMARC1; p=reject; sp=quarantine", (R, Q, Q), Standing.APPLIES, []),
    (b"v=DMARC1; p=none; sp=quarantine; np=reject", (N, Q, R), Standing.APPLIES, []),
    (b"v=DMARC1; p=none; np=reject", (N, N, R), Standing.APPLIES, []),
    (b"v=DMARC1; P=Reject; SP=NONE", (R, N, N), Standing.APPLIES, [TagFlaw.NAME_CASE, TagFlaw.NAME_CASE]),
    # test mode takes each policy one step down
    (b"v=DMARC1; p=reject; sp=quarantine; np=none; t=y", (Q, N, N), Standing.APPLIES, []),
    (b"v=DMARC1; p=reject; t=n", (R, R, R), Standing.APPLIES, []),
    (b"v=DMARC1; p=reject; t=1", (R, R, R), Standing.APPLIES, [DmarcFlaw.T_INVALID]),
    # no p: none since RFC 9989, other tags stay in force
    (b"v=DMARC1", (N, N, N), Standing.APPLIES, [DmarcFlaw.P_MISSING]),
    (b"v=DMARC1; sp=reject", (N, R, R), Standing.APPLIES, [DmarcFlaw.P_MISSING]),
    (b"v=DMARC1; " + RUA, (N, N, N), Standing.APPLIES, [DmarcFlaw.P_MISSING]),
    # a policy tag that is not valid takes the whole record down, RFC 9989 section 4.10.1
    (b"v=DMARC1; p=rejct", (N, N, N), Standing.IGNORED, [DmarcFlaw.P_INVALID]),
    (b"v=DMARC1; p=rejct; " + RUA, (N, N, N), Standing.AS_NONE, [DmarcFlaw.P_INVALID]),
    (b"v=DMARC1; p=reject; sp=all; " + RUA, (N, N, N), Standing.AS_NONE, [DmarcFlaw.SP_INVALID]),
    (b"v=DMARC1; p=reject; np=all", (N, N, N), Standing.IGNORED, [DmarcFlaw.NP_INVALID]),
    (b"v=DMARC1; p=; " + RUA, (N, N, N), Standing.AS_NONE, [TagFlaw.EMPTY_VALUE, DmarcFlaw.P_INVALID]),
    (b"v=DMARC1; p=reject,; rua=dmarc@example.jp", (N, N, N), Standing.IGNORED, [DmarcFlaw.P_INVALID, UriFlaw.URI_NO_SCHEME]),
    # order and repetition
    (b"v=DMARC1; " + RUA + b"; p=reject", (R, R, R), Standing.APPLIES, [DmarcFlaw.P_NOT_SECOND]),
    (b"v=DMARC1; p=none; p=reject", (N, N, N), Standing.APPLIES, [TagFlaw.REPEATED_TAG]),
    (b"v=DMARC1;; p=reject;", (R, R, R), Standing.APPLIES, [TagFlaw.EMPTY_TAG]),
    # the other tags
    (b"v=DMARC1; p=reject; psd=x", (R, R, R), Standing.APPLIES, [DmarcFlaw.PSD_INVALID]),
    (b"v=DMARC1; p=reject; adkim=relaxed; aspf=x", (R, R, R), Standing.APPLIES, [DmarcFlaw.ADKIM_INVALID, DmarcFlaw.ASPF_INVALID]),
    (b"v=DMARC1; p=reject; fo=1", (R, R, R), Standing.APPLIES, [DmarcFlaw.FO_WITHOUT_RUF]),
    (b"v=DMARC1; p=reject; ruf=mailto:f@example.jp; fo=0:1", (R, R, R), Standing.APPLIES, [DmarcFlaw.FO_CONTRADICTION]),
    (b"v=DMARC1; p=reject; ruf=mailto:f@example.jp; fo=1:x", (R, R, R), Standing.APPLIES, [DmarcFlaw.FO_INVALID]),
    (b"v=DMARC1; p=reject; ruf=mailto:f@example.jp; fo=d:d", (R, R, R), Standing.APPLIES, [DmarcFlaw.FO_INVALID]),
    (b"v=DMARC1; p=reject; rua=https://r.example.jp/", (R, R, R), Standing.APPLIES, [DmarcFlaw.SCHEME_UNUSED]),
    (b"v=DMARC1; p=reject; rf=afrf; ri=86400", (R, R, R), Standing.APPLIES, [DmarcFlaw.REMOVED_TAG, DmarcFlaw.REMOVED_TAG]),
    (b"v=DMARC1; p=reject; fo:1; x=y", (R, R, R), Standing.APPLIES, [TagFlaw.NO_EQUALS, DmarcFlaw.UNKNOWN_TAG]),
    (b"v=DMARC1; p=reject\0", (N, N, N), Standing.IGNORED, [TagFlaw.NUL, DmarcFlaw.P_INVALID]),
    (b"v=DMARC1; p=reject; rua=mailto:\xe7\x82\xb9@example.jp", (R, R, R), Standing.APPLIES, [TagFlaw.NON_ASCII, UriFlaw.URI_SYNTAX]),
]


@pytest.mark.parametrize(("record", "effective", "standing", "flaws"), SAYS)
def test_a_record_says(record: bytes, effective: tuple[Policy, Policy, Policy], standing: Standing, flaws: list[Flaw]) -> None:
    read = parse(record)
    assert tuple(read.effective(reach) for reach in (Reach.ITSELF, Reach.SUBDOMAIN, Reach.NONEXISTENT)) == effective
    assert read.standing is standing
    assert [problem.kind for problem in read.problems] == flaws


def test_every_flaw_of_a_record_has_a_case() -> None:
    assert {flaw for *_, flaws in SAYS for flaw in flaws} >= set(DmarcFlaw)


def test_defaults_are_those_of_the_text() -> None:
    read = parse(b"v=DMARC1; p=none")
    assert (read.psd, read.testing, read.adkim, read.aspf) == (Psd.UNKNOWN, False, Alignment.RELAXED, Alignment.RELAXED)
    assert (read.rua, read.ruf, read.fo) == ((), (), (FailureOption.ALL_FAIL,))


def test_published_values_are_kept_apart_from_effective_ones() -> None:
    read = parse(b"v=DMARC1; p=reject; sp=rejct; np=quarantine; psd=y; adkim=s; aspf=S; t=Y; ruf=mailto:f@example.jp; fo=1:d:s")
    assert (read.p, read.sp, read.np, read.invalid) == (Policy.REJECT, None, Policy.QUARANTINE, (Reach.SUBDOMAIN,))
    assert (read.psd, read.adkim, read.aspf, read.testing) == (Psd.YES, Alignment.STRICT, Alignment.STRICT, True)
    assert read.fo == (FailureOption.ANY_FAILS, FailureOption.DKIM, FailureOption.SPF)
    assert read.stated(Reach.ITSELF) is Policy.NONE


def test_removed_and_unknown_tags_keep_their_values_in_order() -> None:
    read = parse(b"v=DMARC1; p=none; ri=3600; y=2; pct=50; x=1")
    assert read.removed == (Tag("ri", "3600"), Tag("pct", "50"))
    assert read.unknown == (Tag("y", "2"), Tag("x", "1"))


def test_a_huge_record_is_read_to_the_cap() -> None:
    read = parse(b"v=DMARC1; p=reject; x=" + b"y" * 10_000_000)
    assert read.effective(Reach.ITSELF) is Policy.REJECT
    assert [problem.kind for problem in read.problems] == [TagFlaw.TOO_LONG, DmarcFlaw.UNKNOWN_TAG]

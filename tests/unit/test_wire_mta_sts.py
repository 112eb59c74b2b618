"""Cases for MTA-STS records, policy files and MX patterns: the examples of RFC 8461 and their broken relatives."""

from __future__ import annotations

import pytest

from scanner.wire.mta_sts import (
    LONGEST_MAX_AGE,
    MAX_LINES,
    MAX_PATTERNS,
    MAX_POLICY,
    Mode,
    MtaStsFlaw,
    NotMtaSts,
    is_mta_sts,
    mx_matches,
    parse,
    parse_policy,
    select,
)
from scanner.wire.tags import Tag, TagFlaw
from scanner.wire.txt import Choice

Flaw = TagFlaw | MtaStsFlaw

RECORDS: list[tuple[bytes, str, bool, list[Flaw]]] = [
    (b"v=STSv1; id=20160831085700Z;", "20160831085700Z", True, []),  # RFC 8461 section 3.1
    (b"v=STSv1;id=1", "1", True, []),
    (b"v=STSv1 ; id=1 ;", "1", True, []),
    (b"v=STSv1; id=" + b"a" * 32, "a" * 32, True, []),
    (b"v=STSv1; id=1; x.y-z_1=a:b/c", "1", True, []),
    (b"v=STSv1; id=1; id=2", "1", True, [TagFlaw.REPEATED_TAG]),
    (b"v=STSv1;", "", False, [MtaStsFlaw.ID_MISSING]),
    (b"v=STSv1; ID=1", "", False, [MtaStsFlaw.ID_MISSING]),
    (b"v=STSv1; id=", "", False, [TagFlaw.EMPTY_VALUE, MtaStsFlaw.ID_INVALID]),
    (b"v=STSv1; id=" + b"a" * 33, "a" * 33, False, [MtaStsFlaw.ID_INVALID]),
    (b"v=STSv1; id=2026-11-22", "2026-11-22", False, [MtaStsFlaw.ID_INVALID]),
    (b"v=STSv1; id = 1", "1", False, [TagFlaw.SPACE_AT_EQUALS]),
    (b"v=STSv1; id=1; x=a b", "1", False, [MtaStsFlaw.EXTENSION_INVALID]),
    (b"v=STSv1; id=1; x=a=b", "1", False, [MtaStsFlaw.EXTENSION_INVALID]),
    (b"v=STSv1;; id=1", "1", False, [TagFlaw.EMPTY_TAG]),
    (b"v=STSv1; id=1; x", "1", False, [TagFlaw.NO_EQUALS]),
    (b"v=STSv1; id=1\0", "1\\x00", False, [TagFlaw.NUL, MtaStsFlaw.ID_INVALID]),
]


@pytest.mark.parametrize(("record", "policy_id", "valid", "flaws"), RECORDS)
def test_a_record_says(record: bytes, policy_id: str, valid: bool, flaws: list[Flaw]) -> None:
    read = parse(record)
    assert (read.id, read.valid) == (policy_id, valid)
    assert [problem.kind for problem in read.problems] == flaws


def test_further_fields_are_kept() -> None:
    assert parse(b"v=STSv1; a=1; id=2; b=3").extensions == (Tag("a", "1"), Tag("b", "3"))


@pytest.mark.parametrize(
    "record", [b"", b"v=STSv1", b"v=STSv1 id=1", b"V=STSv1; id=1", b"v=stsv1; id=1", b" v=STSv1; id=1", b"v = STSv1; id=1"]
)
def test_what_does_not_begin_with_the_version_is_no_record(record: bytes) -> None:
    assert not is_mta_sts(record)
    with pytest.raises(NotMtaSts):
        parse(record)


def test_exactly_one_record_counts() -> None:
    good = b"v=STSv1; id=1;"
    assert select([b"v=spf1 -all", good]).record == good
    assert select([good, good]).choice is Choice.SEVERAL
    missed = select([b"v=STSv1", b"v=stsv1; id=1", b"v=TLSRPTv1; rua=mailto:a@example.jp"])
    assert (missed.choice, missed.near) == (Choice.NONE, (b"v=STSv1", b"v=stsv1; id=1"))


# RFC 8461 section 3.2
EXAMPLE = b"""version: STSv1
mode: enforce
mx: mail.example.com
mx: *.example.net
mx: backupmx.example.com
max_age: 604800
"""


@pytest.mark.parametrize(
    "body", [EXAMPLE, EXAMPLE.replace(b"\n", b"\r\n"), EXAMPLE[:-1], EXAMPLE.replace(b": ", b":\t "), EXAMPLE.replace(b"\n", b"  \n")]
)
def test_the_policy_of_the_text(body: bytes) -> None:
    policy = parse_policy(body)
    assert (policy.version, policy.mode, policy.max_age, policy.problems) == ("STSv1", Mode.ENFORCE, 604800, ())
    assert policy.mx == ("mail.example.com", "*.example.net", "backupmx.example.com")
    assert policy.valid
    assert [policy.covers(host) for host in ("mail.example.com", "a.example.net", "a.b.example.net", "example.net")] == [
        True,
        True,
        False,
        False,
    ]


def policy_text(version: str = "STSv1", mode: str = "enforce", max_age: str = "86400", mx: str = "mx.example.jp", more: str = "") -> bytes:
    fields = {"version": version, "mode": mode, "mx": mx, "max_age": max_age}
    return ("".join(f"{name}: {value}\n" for name, value in fields.items() if value != "-") + more).encode("latin-1")


ALL_MISSING = [MtaStsFlaw.VERSION_MISSING, MtaStsFlaw.MODE_MISSING, MtaStsFlaw.MAX_AGE_MISSING, MtaStsFlaw.MX_MISSING]
POLICIES: list[tuple[bytes, bool, list[MtaStsFlaw]]] = [
    (policy_text(), True, []),
    (policy_text(mode="testing"), True, []),
    (policy_text(mode="none", mx="-"), True, []),
    (policy_text(max_age="0"), True, []),
    (policy_text(max_age=str(LONGEST_MAX_AGE)), True, []),
    (policy_text(max_age=str(LONGEST_MAX_AGE + 1)), True, [MtaStsFlaw.MAX_AGE_TOO_LONG]),
    (policy_text(max_age="99999999999"), False, [MtaStsFlaw.MAX_AGE_INVALID]),
    (policy_text(max_age="1 day"), False, [MtaStsFlaw.MAX_AGE_INVALID]),
    (policy_text(max_age="-1"), False, [MtaStsFlaw.MAX_AGE_INVALID]),
    (policy_text(max_age=""), False, [MtaStsFlaw.MAX_AGE_INVALID]),
    (policy_text(max_age="-"), False, [MtaStsFlaw.MAX_AGE_MISSING]),
    (policy_text(version="-"), False, [MtaStsFlaw.VERSION_MISSING]),
    (policy_text(version="STSv2"), False, [MtaStsFlaw.VERSION_INVALID]),
    (policy_text(version="stsv1"), False, [MtaStsFlaw.VERSION_INVALID]),
    (policy_text(mode="-"), False, [MtaStsFlaw.MODE_MISSING]),
    (policy_text(mode="Enforce"), False, [MtaStsFlaw.MODE_INVALID]),
    (policy_text(mode="report"), False, [MtaStsFlaw.MODE_INVALID]),
    (policy_text(mx="-"), False, [MtaStsFlaw.MX_MISSING]),
    (policy_text(mode="testing", mx="-"), False, [MtaStsFlaw.MX_MISSING]),
    (policy_text(mx="*.*.example.jp"), False, [MtaStsFlaw.MX_INVALID, MtaStsFlaw.MX_MISSING]),
    (policy_text(mx="mx.example.jp, mx2.example.jp"), False, [MtaStsFlaw.MX_INVALID, MtaStsFlaw.MX_MISSING]),
    (policy_text(more="mx: mx2.example.jp.\n"), True, [MtaStsFlaw.MX_INVALID]),
    (policy_text(more="mx: *\nmx: .example.jp\nmx: a*.example.jp\nmx: [192.0.2.1]\n"), True, [MtaStsFlaw.MX_INVALID] * 4),
    (policy_text(more="mx: " + "a." * 127 + "jp\n"), True, [MtaStsFlaw.MX_INVALID]),
    (policy_text(more="mode: none\nversion: x\n"), True, [MtaStsFlaw.REPEATED_FIELD, MtaStsFlaw.REPEATED_FIELD]),
    (policy_text(more="x-note: hello: world\n"), True, []),
    (policy_text(more="\n"), True, [MtaStsFlaw.BLANK_LINE]),
    (policy_text(more="# comment\n mode: none\nmode : none\n"), True, [MtaStsFlaw.LINE_SYNTAX] * 3),
    (policy_text(more="x: \xe7\n"), True, [MtaStsFlaw.ODD_OCTET]),
    (policy_text(more="x: a\0b\n"), True, [MtaStsFlaw.ODD_OCTET]),
    (policy_text().replace(b"\n", b"\r"), False, [MtaStsFlaw.ODD_OCTET, MtaStsFlaw.VERSION_INVALID, *ALL_MISSING[1:]]),
    (b"\xef\xbb\xbf" + policy_text(), False, [MtaStsFlaw.BYTE_ORDER_MARK, MtaStsFlaw.LINE_SYNTAX, MtaStsFlaw.VERSION_MISSING]),
    (policy_text(more="".join(f"mx: m{n}.example.jp\n" for n in range(MAX_PATTERNS))), True, [MtaStsFlaw.MX_TOO_MANY]),
    (policy_text(more="".join(f"x{n}: y\n" for n in range(MAX_LINES))), False, [MtaStsFlaw.POLICY_TOO_LONG]),
    (policy_text(more="x: " + "y" * MAX_POLICY), False, [MtaStsFlaw.POLICY_TOO_LONG]),
    (b"<!DOCTYPE html>", False, [MtaStsFlaw.LINE_SYNTAX, *ALL_MISSING]),
    (b"", False, ALL_MISSING),
]


@pytest.mark.parametrize(("body", "valid", "flaws"), POLICIES, ids=range(len(POLICIES)))
def test_a_policy_says(body: bytes, valid: bool, flaws: list[MtaStsFlaw]) -> None:
    policy = parse_policy(body)
    assert [problem.kind for problem in policy.problems] == flaws
    assert policy.valid is valid


def test_every_flaw_has_a_case() -> None:
    told = {flaw for *_, flaws in RECORDS for flaw in flaws} | {flaw for *_, flaws in POLICIES for flaw in flaws}
    assert told >= set(MtaStsFlaw)


def test_the_first_of_a_repeated_field_counts() -> None:
    policy = parse_policy(policy_text(more="mode: none\nmax_age: 1\nx: 1\nx: 2\n"))
    assert (policy.mode, policy.max_age, policy.extensions) == (Mode.ENFORCE, 86400, (Tag("x", "1"),))


def test_patterns_are_lower_case_and_each_kept_once() -> None:
    assert parse_policy(policy_text(more="mx: MX.Example.jp\nmx: *.Example.JP\n")).mx == ("mx.example.jp", "*.example.jp")


@pytest.mark.parametrize(
    ("pattern", "host", "matches"),
    [
        ("mail.example.com", "mail.example.com", True),
        ("mail.example.com", "Mail.Example.COM.", True),
        ("mail.example.com", "mail.example.net", False),
        ("mail.example.com", "x.mail.example.com", False),
        # RFC 8461 section 4.1
        ("*.example.com", "mx.example.com", True),
        ("*.Example.com", "MX.example.COM.", True),
        ("*.example.com", "example.com", False),
        ("*.example.com", "foo.bar.example.com", False),
        ("*.example.com", ".example.com", False),
        ("*.com", "com", False),
        ("*.", "a.", False),
        ("", "", True),
    ],
)
def test_a_pattern_matches(pattern: str, host: str, matches: bool) -> None:
    assert mx_matches(pattern, host) is matches

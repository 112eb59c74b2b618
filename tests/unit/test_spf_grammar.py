"""Reading SPF records and macro strings: what is picked out of a TXT answer, what each term becomes, which rule a bad term breaks."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network

import pytest

from scanner.wire.spf import Kind, Macro, ProblemKind, Qualifier, near_misses, parse_record, select_records
from scanner.wire.spf.grammar import MAX_PROBLEMS, MAX_SHOWN_RECORD, printable
from scanner.wire.spf.macros import KEEP_ALL, MAX_NAME, NotMacroString, domain_name, expand_name, read_domain_spec


@pytest.mark.parametrize(
    ("strings", "is_spf"),
    [
        ((b"v=spf1",), True),
        ((b"v=spf1 -all",), True),
        ((b"V=SPF1 -all",), True),
        ((b"v=spf1 ip4:192.0.2.0", b"/24 -all"), True),
        ((b"v=sp", b"f1", b" -all"), True),
        ((b"v=spf1", b"-all"), False),
        ((b"v=spf10 -all",), False),
        ((b"v=spf1\t-all",), False),
        ((b" v=spf1 -all",), False),
        ((b"v=spf1;-all",), False),
        ((), False),
        ((b"",), False),
    ],
)
def test_a_record_begins_with_the_version_and_a_space_or_its_end(strings: tuple[bytes, ...], is_spf: bool) -> None:
    assert select_records([strings]) == ((b"".join(strings),) if is_spf else ())


def test_strings_are_joined_without_a_space_and_other_records_dropped() -> None:
    answer = [(b"google-site-verification=x",), (b"v=spf1 a", b":mx.example.jp -all"), (b"v=DMARC1; p=none",)]
    assert select_records(answer) == (b"v=spf1 a:mx.example.jp -all",)


@pytest.mark.parametrize(
    ("text", "is_near"),
    [
        (b"v=spf1;-all", True),
        (b'"v=spf1 -all"', True),
        (b" v=spf1 -all", True),
        (b"\xef\xbb\xbfv=spf1 -all", True),
        (b"v = spf1 -all", True),
        (b"spf1 include:x.example -all", True),
        (b"v=spf2 -all", True),
        (b"v=spfl -all", True),
        (b"v=spf1 -all", False),
        (b"spf2.0/pra -all", False),
        (b"v=DMARC1; p=none", False),
        (b"", False),
    ],
)
def test_a_record_meant_for_spf_and_written_wrong_is_shown(text: bytes, is_near: bool) -> None:
    assert bool(near_misses([(text,)])) is is_near


def test_terms_are_read_with_qualifier_name_and_prefix_lengths() -> None:
    record = parse_record(b"v=spf1 +a/24//64 mx:mail.example.jp/28 ?ip4:192.0.2.7/24 -ip6:2001:db8::1/32 ptr exists:%{i}.x.jp ~ALL ")
    assert record.is_valid
    assert record.problems == ()
    a, mx, ip4, ip6, ptr, exists, end = record.terms
    assert (a.kind, a.qualifier, a.spec, a.prefix4, a.prefix6) == (Kind.A, Qualifier.PASS, None, 24, 64)
    assert mx.spec is not None
    assert (mx.kind, mx.spec.text, mx.prefix4, mx.prefix6) == (Kind.MX, "mail.example.jp", 28, 128)
    assert (ip4.qualifier, ip4.network()) == (Qualifier.NEUTRAL, IPv4Network("192.0.2.0/24"))
    assert (ip6.qualifier, ip6.network()) == (Qualifier.FAIL, IPv6Network("2001:db8::/32"))
    assert (ptr.kind, ptr.network()) == (Kind.PTR, None)
    assert exists.spec is not None
    assert exists.spec.letters == {"i"}
    assert (end.kind, end.qualifier, end.text) == (Kind.ALL, Qualifier.SOFTFAIL, "~ALL")


def test_what_stands_after_all_has_no_effect_and_is_said() -> None:
    record = parse_record(b"v=spf1 a -all mx include:x.example.jp redirect=y.example.jp exp=z.example.jp")
    assert [t.text for t in record.directives] == ["a", "-all"]
    assert len(record.terms) == 6
    assert record.redirect is None
    assert record.explanation is not None
    assert [(p.kind, p.detail) for p in record.problems] == [
        (ProblemKind.TERM_AFTER_ALL, "mx"),
        (ProblemKind.TERM_AFTER_ALL, "include:x.example.jp"),
        (ProblemKind.REDIRECT_IGNORED, "redirect=y.example.jp"),
    ]
    assert record.is_valid


def test_a_redirect_before_all_is_ignored_as_well() -> None:
    assert parse_record(b"v=spf1 redirect=y.example.jp ?all").redirect is None


@pytest.mark.parametrize(
    ("term", "kind"),
    [
        ("moo", ProblemKind.UNKNOWN_MECHANISM),
        ("all.", ProblemKind.UNKNOWN_MECHANISM),
        ("ip:192.0.2.1", ProblemKind.UNKNOWN_MECHANISM),
        ("ipv4:192.0.2.1", ProblemKind.UNKNOWN_MECHANISM),
        ("192.0.2.1", ProblemKind.UNKNOWN_MECHANISM),
        ("-", ProblemKind.UNKNOWN_MECHANISM),
        ("--all", ProblemKind.UNKNOWN_MECHANISM),
        ("=all", ProblemKind.UNKNOWN_MECHANISM),
        ("include;x.example", ProblemKind.UNKNOWN_MECHANISM),
        ("redirect:x.example", ProblemKind.UNKNOWN_MECHANISM),
        ("all:x", ProblemKind.UNEXPECTED_ARGUMENT),
        ("all/8", ProblemKind.UNEXPECTED_ARGUMENT),
        ("ptr/24", ProblemKind.UNEXPECTED_ARGUMENT),
        ("include/24", ProblemKind.UNEXPECTED_ARGUMENT),
        ("include", ProblemKind.MISSING_NAME),
        ("include:", ProblemKind.MISSING_NAME),
        ("exists", ProblemKind.MISSING_NAME),
        ("a:", ProblemKind.MISSING_NAME),
        ("a:/24", ProblemKind.MISSING_NAME),
        ("mx:", ProblemKind.MISSING_NAME),
        ("redirect=", ProblemKind.MISSING_NAME),
        ("exp=", ProblemKind.MISSING_NAME),
        ("a:192.0.2.1", ProblemKind.ADDRESS_AS_NAME),
        ("a:192.0.2.1/24", ProblemKind.ADDRESS_AS_NAME),
        ("mx:2001:db8::1", ProblemKind.ADDRESS_AS_NAME),
        ("include:192.0.2.1", ProblemKind.ADDRESS_AS_NAME),
        ("a:museum", ProblemKind.BAD_NAME),
        ("a:example.-jp", ProblemKind.BAD_NAME),
        ("a:example.jp-", ProblemKind.BAD_NAME),
        ("a:example..", ProblemKind.BAD_NAME),
        ("a:example.jp:25", ProblemKind.BAD_NAME),
        ("include:mailto@", ProblemKind.BAD_NAME),
        ("a:x.%{d}.123", ProblemKind.BAD_NAME),
        ("a:%{d}com", ProblemKind.BAD_NAME),
        ("a:%", ProblemKind.BAD_MACRO),
        ("a:%{x}.example.jp", ProblemKind.BAD_MACRO),
        ("a:%{d", ProblemKind.BAD_MACRO),
        ("a:%{d0}", ProblemKind.BAD_MACRO),
        ("a:%{dr2}", ProblemKind.BAD_MACRO),
        ("a:%{c}.example.jp", ProblemKind.BAD_MACRO),
        ("exp=%{t}.example.jp", ProblemKind.BAD_MACRO),
        ("note=%zz", ProblemKind.BAD_MACRO),
        ("ip4", ProblemKind.BAD_ADDRESS),
        ("ip4:", ProblemKind.BAD_ADDRESS),
        ("ip4:192.0.2", ProblemKind.BAD_ADDRESS),
        ("ip4:192.0.2.1:25", ProblemKind.BAD_ADDRESS),
        ("ip4:192.0.2.01", ProblemKind.BAD_ADDRESS),
        ("ip4:192.0.2.256", ProblemKind.BAD_ADDRESS),
        ("ip4:2001:db8::1", ProblemKind.BAD_ADDRESS),
        ("ip4:mail.example.jp", ProblemKind.BAD_ADDRESS),
        ("ip4=192.0.2.1", None),  # by the grammar an unknown modifier
        ("ip6:192.0.2.1", ProblemKind.BAD_ADDRESS),
        ("ip6:2001:db8::1%eth0", ProblemKind.BAD_ADDRESS),
        ("ip6::::", ProblemKind.BAD_ADDRESS),
        ("ip4:192.0.2.0/33", ProblemKind.BAD_PREFIX_LENGTH),
        ("ip4:192.0.2.0/024", ProblemKind.BAD_PREFIX_LENGTH),
        ("ip4:192.0.2.0//24", ProblemKind.BAD_PREFIX_LENGTH),
        ("ip4:192.0.2.0/", ProblemKind.BAD_PREFIX_LENGTH),
        ("ip6:2001:db8::/129", ProblemKind.BAD_PREFIX_LENGTH),
        ("ip6:2001:db8::/", ProblemKind.BAD_PREFIX_LENGTH),
        ("ip6:2001:db8::/032", ProblemKind.BAD_PREFIX_LENGTH),
        ("a/33", ProblemKind.BAD_PREFIX_LENGTH),
        ("a//129", ProblemKind.BAD_PREFIX_LENGTH),
        ("a/24/64", ProblemKind.BAD_PREFIX_LENGTH),
        ("a/", ProblemKind.BAD_PREFIX_LENGTH),
        ("a:x.example.jp/024", ProblemKind.BAD_PREFIX_LENGTH),
        ("a:x.example.jp/24/64", ProblemKind.BAD_PREFIX_LENGTH),
        ("include:x.example.jp/24", ProblemKind.BAD_PREFIX_LENGTH),
        ("-redirect=x.example.jp", ProblemKind.QUALIFIED_MODIFIER),
        ("a\tmx", ProblemKind.CONTROL_CHARACTER),
        ("a:x.example.jp\x00", ProblemKind.CONTROL_CHARACTER),
        ("\x80a", ProblemKind.NOT_ASCII),
        ("include:\xe6\x97\xa5\xe6\x9c\xac.jp", ProblemKind.NOT_ASCII),
        ("note=%", ProblemKind.BAD_MACRO),
    ],
)
def test_a_bad_term_says_which_rule_it_breaks(term: str, kind: ProblemKind | None) -> None:
    record = parse_record(b"v=spf1 " + term.encode("latin-1") + b" -all")
    errors = [p.kind for p in record.problems if p.kind is not ProblemKind.UNKNOWN_MODIFIER]
    assert errors == ([] if kind is None else [kind])
    assert record.is_valid is (kind is None)


@pytest.mark.parametrize(
    "term",
    [
        "a:x.example.jp.",
        "a:%{d}",
        "a:foo%%",
        "a:x%{d}.jp",
        "a:foo:bar/baz.example.jp/24//64",
        "include:_spf.example.xn--wgv71a119e",
        "include:.example.jp",
        "exists:%{l1r-}.%{ir}.%{v}._spf.%{d2}",
        "ip4:0.0.0.0/0",
        "ip6:::/0",
        "ip6:::ffff:192.0.2.1",
        "moo.cow-far_out=man:dog/cat",
        "x=",
        "IP4:192.0.2.1",
        "MX",
    ],
)
def test_odd_terms_that_the_grammar_allows_are_accepted(term: str) -> None:
    assert parse_record(b"v=spf1 " + term.encode() + b" -all").is_valid


def test_a_second_redirect_or_explanation_is_an_error_and_a_second_unknown_modifier_is_not() -> None:
    problems = parse_record(b"v=spf1 redirect=a.jp redirect=b.jp").problems
    assert [p.kind for p in problems] == [ProblemKind.REPEATED_MODIFIER]
    assert not parse_record(b"v=spf1 exp=a.b.jp exp=a.b.jp -all").is_valid
    assert parse_record(b"v=spf1 x=1 x=1 -all").is_valid


def test_good_terms_of_a_bad_record_are_kept() -> None:
    record = parse_record(b"v=spf1 include:a.example.jp oops -all")
    assert [t.kind for t in record.terms] == [Kind.INCLUDE, Kind.ALL]
    assert [(p.kind, p.detail) for p in record.problems] == [(ProblemKind.UNKNOWN_MECHANISM, "oops")]


def test_a_record_that_no_dns_answer_can_carry_is_refused_unread() -> None:
    record = parse_record(b"v=spf1 " + b"a " * 5_000_000)
    assert record.terms == ()
    assert [p.kind for p in record.problems] == [ProblemKind.RECORD_TOO_LONG]
    assert record.octets == 10_000_007
    assert len(record.raw) == MAX_SHOWN_RECORD


def test_errors_are_kept_before_oddities_when_there_are_too_many() -> None:
    record = parse_record(b"v=spf1 -all " + b"a " * 200 + b"moo")
    assert len(record.problems) == MAX_PROBLEMS
    assert not record.is_valid


def test_what_is_shown_is_printable_and_capped() -> None:
    record = parse_record(b"v=spf1 \x00\r\n\x1b[31m\\ " + b"x" * 600 + b" -all")
    assert record.raw.isascii()
    assert record.raw.isprintable()
    assert record.raw.startswith("v=spf1 \\x00\\x0d\\x0a\\x1b[31m\\\\ xxx")
    assert len(record.problems[1].detail) == 500
    assert printable("日本", 100) == "\\u65e5\\u672c"
    assert printable("abcdef", 4) == "abc…"


def test_macros_keep_their_parts() -> None:
    spec = read_domain_spec("%{l1R-+}.%{D}%_%{ir}.example.jp")
    assert spec.parts == (
        Macro("l", 1, True, "-+"),
        ".",
        Macro("d", KEEP_ALL, False, ".", True),
        " ",
        Macro("i", KEEP_ALL, True),
        ".example.jp",
    )
    assert spec.letters == {"l", "d", "i"}


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        # The examples of RFC 7208 section 7.4, for strong-bad@email.example.com from 192.0.2.3.
        ("%{s}.x.jp", "strong-bad@email.example.com.x.jp"),
        ("%{o}", "email.example.com"),
        ("%{d}", "email.example.com"),
        ("%{d4}", "email.example.com"),
        ("%{d3}", "email.example.com"),
        ("%{d2}", "example.com"),
        ("%{d1}", "com"),
        ("%{dr}", "com.example.email"),
        ("%{d2r}", "example.email"),
        ("%{l}", "strong-bad"),
        ("%{l-}", "strong.bad"),
        ("%{lr}", "strong-bad"),
        ("%{lr-}", "bad.strong"),
        ("%{l1r-}", "strong"),
        ("%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com"),
        ("%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com"),
        ("%{lr-}.lp.%{ir}.%{v}._spf.%{d2}", "bad.strong.lp.3.2.0.192.in-addr._spf.example.com"),
        ("%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}", "3.2.0.192.in-addr.strong.lp._spf.example.com"),
        ("%{d2}.trusted-domains.example.net", "example.com.trusted-domains.example.net"),
        ("%{S}.x.jp", "strong-bad%40email.example.com.x.jp"),
        ("%{d127}", "email.example.com"),
        ("%{d99999999999999999999}", "email.example.com"),
        ("%{d002}", "example.com"),
    ],
)
def test_macros_expand_as_the_rfc_shows(text: str, expanded: str) -> None:
    values = {"s": "strong-bad@email.example.com", "l": "strong-bad", "o": "email.example.com", "d": "email.example.com"}
    values |= {"i": "192.0.2.3", "v": "in-addr"}
    assert expand_name(read_domain_spec(text), values) == expanded


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Example.JP.", "example.jp"),
        ("a b.example.jp", "a b.example.jp"),
        ("", None),
        (".", None),
        ("a..jp", None),
        (".jp", None),
        ("a.jp..", None),
        ("a\x00.jp", None),
        ("日本.jp", None),
        ("x" * 63 + ".jp", "x" * 63 + ".jp"),
        ("x" * 64 + ".jp", None),
        ("y" * 300, None),
    ],
)
def test_a_name_is_asked_for_only_if_it_can_be(text: str, name: str | None) -> None:
    assert domain_name(text) == name


def test_a_long_name_loses_labels_on_the_left_until_it_fits() -> None:
    long = ".".join(["x" * 49] * 6) + ".jp"  # 302 octets
    assert domain_name(long) == ".".join(["x" * 49] * 5) + ".jp"
    exact = ".".join(["a" * 62, "b" * 62, "c" * 62, "d" * 61, "jp"])
    assert len(exact) == MAX_NAME
    assert domain_name(exact + ".") == exact
    assert domain_name("z." + exact) == exact


@pytest.mark.parametrize("tail", ["", "."])
@pytest.mark.parametrize("size", range(1, 40))
def test_expanding_from_the_right_gives_what_the_whole_expansion_would(size: int, tail: str) -> None:
    sender = ("p" * size + ".") * 12 + "q"
    spec = read_domain_spec("%{s}.%{s}.%{s}.%{s}.%{s}.example.jp" + tail)
    assert expand_name(spec, {"s": sender}) == domain_name((sender + ".") * 5 + "example.jp" + tail)


@pytest.mark.parametrize("text", ["a:", "%{d", "1.2.3.4", "x", ""])
def test_a_bad_domain_spec_raises_the_declared_error(text: str) -> None:
    with pytest.raises(NotMacroString):
        read_domain_spec(text)

"""Cases for what the TXT record parsers share: the tag list, excerpts, the choice among records, report URIs."""

from __future__ import annotations

import re

import pytest

from scanner.wire.report_uri import MAX_URI, MAX_URIS, ReportUri, UriFlaw, read_uris
from scanner.wire.tags import DKIM_LIST, DMARC_LIST, FIELD_LIST, MAX_TAGS, Grammar, Tag, TagFlaw, read_tags
from scanner.wire.txt import MAX_EXCERPT, MAX_RECORD, MAX_RECORDS, Choice, choose, excerpt

LISTS: list[tuple[bytes, Grammar, list[tuple[str, str]], list[TagFlaw]]] = [
    # RFC 6376 section 3.2: white space around names and values, "=" inside a value, a final semicolon
    (b"v=DKIM1; p=", DKIM_LIST, [("v", "DKIM1"), ("p", "")], []),
    (b" a = 1 ;\tb\t=\t2\t; ", DKIM_LIST, [("a", "1"), ("b", "2")], []),
    (b"p=QUJD=; n=a=b=c", DKIM_LIST, [("p", "QUJD="), ("n", "a=b=c")], []),
    (b"n=two  words", DKIM_LIST, [("n", "two  words")], []),
    (b"a=1;\r\n\tb=2", DKIM_LIST, [("a", "1"), ("b", "2")], []),
    (b"a=1;\r\n\tb=2", DMARC_LIST, [("a", "1")], [TagFlaw.CONTROL, TagFlaw.BAD_NAME]),
    (b"", DKIM_LIST, [], []),
    (b"  ", DKIM_LIST, [], []),
    (b";", DKIM_LIST, [], [TagFlaw.EMPTY_TAG]),
    (b"a=1;;b=2", DKIM_LIST, [("a", "1"), ("b", "2")], [TagFlaw.EMPTY_TAG]),
    (b"a=1; b; c=2", DKIM_LIST, [("a", "1"), ("c", "2")], [TagFlaw.NO_EQUALS]),
    (b"a=1; 9=2", DKIM_LIST, [("a", "1")], [TagFlaw.BAD_NAME]),
    (b"a=1; b-c=2", DKIM_LIST, [("a", "1")], [TagFlaw.BAD_NAME]),
    (b"=1", DKIM_LIST, [], [TagFlaw.BAD_NAME]),
    (b"a=1; a=2", DKIM_LIST, [("a", "1"), ("a", "2")], [TagFlaw.REPEATED_TAG]),
    (b"a=1; A=2", DKIM_LIST, [("a", "1"), ("A", "2")], []),
    (b"a=1; A=2", DMARC_LIST, [("a", "1"), ("a", "2")], [TagFlaw.NAME_CASE, TagFlaw.REPEATED_TAG]),
    (b"a=; b=2", DMARC_LIST, [("a", ""), ("b", "2")], [TagFlaw.EMPTY_VALUE]),
    (b"a=1\0; b=2", DMARC_LIST, [("a", "1\0"), ("b", "2")], [TagFlaw.NUL]),
    (
        b"a=1\x07; b=\xe7\x82\xb9\0",
        DMARC_LIST,
        [("a", "1\x07"), ("b", "\xe7\x82\xb9\0")],
        [TagFlaw.CONTROL, TagFlaw.NON_ASCII, TagFlaw.NUL],
    ),
    (b"a=1\n", DKIM_LIST, [("a", "1\n")], [TagFlaw.CONTROL]),
    (b"a=1; x-y.z_9=2", FIELD_LIST, [("a", "1"), ("x-y.z_9", "2")], []),
    (b"a=1; b =2; c= 3", FIELD_LIST, [("a", "1"), ("b", "2"), ("c", "3")], [TagFlaw.SPACE_AT_EQUALS, TagFlaw.SPACE_AT_EQUALS]),
    (b"a=1; " + b"n" * 33 + b"=2", FIELD_LIST, [("a", "1")], [TagFlaw.BAD_NAME]),
    (b"a=" + b"1" * MAX_RECORD, DKIM_LIST, [("a", "1" * (MAX_RECORD - 2))], [TagFlaw.TOO_LONG]),
]


@pytest.mark.parametrize(("record", "grammar", "tags", "flaws"), LISTS)
def test_a_list_gives_its_tags_and_its_oddities(record: bytes, grammar: Grammar, tags: list[tuple[str, str]], flaws: list[TagFlaw]) -> None:
    listed = read_tags(record, grammar)
    assert [(tag.name, tag.value) for tag in listed.tags] == tags
    assert [problem.kind for problem in listed.problems] == flaws


def test_every_flaw_of_a_list_has_a_case() -> None:
    assert {flaw for *_, flaws in LISTS for flaw in flaws} == set(TagFlaw) - {TagFlaw.TOO_MANY_TAGS}


def test_tags_beyond_the_cap_are_told_once_and_not_read() -> None:
    at_cap = b";".join(b"a%d=1" % n for n in range(MAX_TAGS))
    assert read_tags(at_cap, DKIM_LIST).problems == read_tags(at_cap + b"; ", DKIM_LIST).problems == ()
    beyond = read_tags(at_cap + b";b=1;c=2;" + b";" * 5000, DKIM_LIST)
    assert len(beyond.tags) == MAX_TAGS
    assert [problem.kind for problem in beyond.problems] == [TagFlaw.TOO_MANY_TAGS]


def test_the_first_of_a_repeated_tag_counts_and_order_is_kept() -> None:
    values = read_tags(b"b=1; a=2; b=3", DKIM_LIST).values()
    assert list(values.items()) == [("b", "1"), ("a", "2")]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (b"plain text", "plain text"),
        (b"\0\x1b[31m\r\n\t", "\\x00\\x1b[31m\\r\\n\\t"),
        (b"back\\slash", "back\\\\slash"),
        ("点検", "\\u70b9\\u691c"),
        ("\u202e", "\\u202e"),
        ("\ud800", "\\ud800"),
        (b"x" * 80, "x" * 80),
        (b"x" * 81, "x" * 79 + "…"),
        (b"\0" * 80, ("\\x00" * 20)[:79] + "…"),
    ],
)
def test_an_excerpt_is_printable_and_short(text: bytes | str, shown: str) -> None:
    assert excerpt(text) == shown
    assert len(excerpt(text)) <= MAX_EXCERPT


def test_a_choice_is_none_one_or_several_and_keeps_near_misses() -> None:
    near = re.compile(rb"ours", re.IGNORECASE)

    def belongs(record: bytes) -> bool:
        return record.startswith(b"ours")

    assert choose([], belongs, near).choice is Choice.NONE
    one = choose([b"other", b"ours 1", b"OURS 2", b"x" * 300 + b"ours"], belongs, near)
    assert (one.choice, one.record, one.near, one.cut) == (Choice.ONE, b"ours 1", (b"OURS 2",), False)
    several = choose([b"ours 1", b"ours 1"], belongs, near)
    assert (several.choice, several.record, several.records) == (Choice.SEVERAL, None, (b"ours 1", b"ours 1"))


def test_an_absurd_number_of_records_is_cut() -> None:
    near = re.compile(rb"z")
    assert not choose([b"a"] * MAX_RECORDS, lambda _: False, near).cut
    assert choose([b"a"] * (MAX_RECORDS + 1), lambda _: False, near).cut


MAIL = ReportUri("mailto:a@example.jp", "mailto", "example.jp", "a@example.jp")
URIS: list[tuple[str, list[ReportUri], list[UriFlaw]]] = [
    ("mailto:a@example.jp", [MAIL], []),
    ("MAILTO:a@Example.JP.", [ReportUri("MAILTO:a@Example.JP.", "mailto", "example.jp", "a@Example.JP.")], []),
    (
        " mailto:a@example.jp\t,\tmailto:b@example.net ",
        [MAIL, ReportUri("mailto:b@example.net", "mailto", "example.net", "b@example.net")],
        [],
    ),
    ("mailto:a%2Bb%21c@example.jp", [ReportUri("mailto:a%2Bb%21c@example.jp", "mailto", "example.jp", "a+b!c@example.jp")], []),
    ("mailto:a@example.jp?subject=x", [ReportUri("mailto:a@example.jp?subject=x", "mailto", "example.jp", "a@example.jp")], []),
    ("https://r.example.jp/v1?q", [ReportUri("https://r.example.jp/v1?q", "https", "r.example.jp")], []),
    ("https://u@R.example.jp:8443", [ReportUri("https://u@R.example.jp:8443", "https", "r.example.jp")], []),
    ("tel:+81-3-0000-0000", [ReportUri("tel:+81-3-0000-0000", "tel", "")], []),
    # RFC 7489 appendix B.2.4: a size limit, which RFC 9989 section 4.8 keeps as obsolete syntax
    (
        "mailto:a@example.jp!10m",
        [ReportUri("mailto:a@example.jp", "mailto", "example.jp", "a@example.jp", "10m")],
        [UriFlaw.URI_SIZE_SUFFIX],
    ),
    (
        "mailto:a@example.jp!500",
        [ReportUri("mailto:a@example.jp", "mailto", "example.jp", "a@example.jp", "500")],
        [UriFlaw.URI_SIZE_SUFFIX],
    ),
    ("mailto:a@example.jp!10x", [], [UriFlaw.URI_SYNTAX]),
    ("mailto:a!b@example.jp", [ReportUri("mailto:a!b@example.jp", "mailto", "example.jp", "a!b@example.jp")], [UriFlaw.URI_UNESCAPED]),
    ("", [], [UriFlaw.URI_EMPTY]),
    ("mailto:a@example.jp,", [MAIL], [UriFlaw.URI_EMPTY]),
    ("mailto:a@example.jp,a@example.jp", [MAIL], [UriFlaw.URI_NO_SCHEME]),
    ("a@example.jp", [], [UriFlaw.URI_NO_SCHEME]),
    ("mailto:a@example.jp,mailto:a@example.jp", [MAIL], [UriFlaw.URI_REPEATED]),
    ("mailto: a@example.jp", [], [UriFlaw.URI_SYNTAX]),
    ("mailto://a@example.jp", [], [UriFlaw.URI_SYNTAX]),
    ("mailto:example.jp", [], [UriFlaw.URI_SYNTAX]),
    ("mailto:@example.jp", [], [UriFlaw.URI_SYNTAX]),
    ("mailto:a@", [], [UriFlaw.URI_SYNTAX]),
    ("mailto:a@b..example.jp", [], [UriFlaw.URI_SYNTAX]),
    ("mailto:a@-x.example.jp", [], [UriFlaw.URI_SYNTAX]),
    ("mailto:a%2@example.jp", [], [UriFlaw.URI_SYNTAX]),
    ("mailto:a%2Cb@example.jp", [], [UriFlaw.URI_SYNTAX]),
    ("mailto:a%00@example.jp", [], [UriFlaw.URI_SYNTAX]),
    ("mailto:a@[192.0.2.1]", [], [UriFlaw.URI_SYNTAX]),
    ("mailto:a@" + "x." * 130 + "jp", [], [UriFlaw.URI_SYNTAX]),
    ("mailto:\xe7\x82\xb9@example.jp", [], [UriFlaw.URI_SYNTAX]),
    ("https:/r.example.jp", [], [UriFlaw.URI_SYNTAX]),
    ("https://", [], [UriFlaw.URI_SYNTAX]),
    ("https://[2001:db8::1]/", [], [UriFlaw.URI_SYNTAX]),
    ("https://r.example.jp:port/", [], [UriFlaw.URI_SYNTAX]),
    ("mailto:a@" + "x" * MAX_URI, [], [UriFlaw.URI_TOO_LONG]),
]


@pytest.mark.parametrize(("text", "uris", "flaws"), URIS)
def test_report_addresses_are_read_and_their_oddities_told(text: str, uris: list[ReportUri], flaws: list[UriFlaw]) -> None:
    read, problems = read_uris(text, "rua")
    assert list(read) == uris
    assert [problem.kind for problem in problems] == flaws
    assert all(problem.tag == "rua" for problem in problems)


def test_report_addresses_beyond_the_cap_are_told_once() -> None:
    listed = [f"mailto:r{n}@example.jp" for n in range(MAX_URIS)]
    assert read_uris(",".join(listed), "rua")[1] == ()
    uris, problems = read_uris(",".join([*listed, "mailto:x@example.jp", "mailto:y@example.jp"]), "rua")
    assert len(uris) == MAX_URIS
    assert [problem.kind for problem in problems] == [UriFlaw.URI_TOO_MANY]


def test_every_flaw_of_a_report_address_has_a_case() -> None:
    assert {flaw for *_, flaws in URIS for flaw in flaws} == set(UriFlaw) - {UriFlaw.URI_TOO_MANY}


def test_a_tag_keeps_its_inner_white_space() -> None:
    assert read_tags(b"n= a  b ", DKIM_LIST).tags == (Tag("n", "a  b"),)

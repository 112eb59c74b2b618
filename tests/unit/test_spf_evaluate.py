"""``check_host()`` where the OpenSPF suite (tests/suite) says nothing: counters, reasons, what is asked, and hostile input."""

from __future__ import annotations

from ipaddress import IPv4Address, ip_address

import pytest

from scanner.wire.spf import (
    DEFAULT_LIMITS,
    Answer,
    Evaluation,
    Limits,
    Problem,
    ProblemKind,
    Question,
    Result,
    Status,
    check_host,
    drive,
)
from tests.unit.spf_zone import Zone


def check(
    zone: Zone, ip: str = "192.0.2.1", sender: str = "user@example.jp", helo: str = "mail.example.jp", limits: Limits = DEFAULT_LIMITS
) -> Evaluation:
    return drive(check_host(ip_address(ip), sender.rpartition("@")[2] or helo, sender, helo, limits=limits), zone)


def test_the_deciding_term_and_its_domain_are_named() -> None:
    zone = Zone({"example.jp TXT": ["v=spf1 redirect=b.example.jp"], "b.example.jp TXT": ["v=spf1 ip4:192.0.2.0/24 -all"]})
    assert check(zone) == Evaluation(Result.PASS, None, 1, 0, "ip4:192.0.2.0/24", "b.example.jp", ())


def test_nothing_is_asked_beyond_the_first_match() -> None:
    zone = Zone({"example.jp TXT": ["v=spf1 a mx -all"], "example.jp A": ["192.0.2.1"]})
    assert check(zone).result is Result.PASS
    assert zone.asked == ["example.jp TXT", "example.jp A"]


@pytest.mark.parametrize(
    ("record_text", "problem"),
    [
        ("v=spf1 moo -all", Problem(ProblemKind.UNKNOWN_MECHANISM, "moo", "example.jp")),
        ("v=spf1 include:none.example.jp -all", Problem(ProblemKind.NO_RECORD, "include:none.example.jp", "example.jp")),
        ("v=spf1 redirect=none.example.jp", Problem(ProblemKind.NO_RECORD, "redirect=none.example.jp", "example.jp")),
        ("v=spf1 include:two.example.jp -all", Problem(ProblemKind.SEVERAL_RECORDS, "2", "two.example.jp")),
        ("v=spf1 redirect=a..example.jp", Problem(ProblemKind.MALFORMED_DOMAIN, "redirect=a..example.jp", "example.jp")),
        ("v=spf1 include:%{d1} -all", Problem(ProblemKind.MALFORMED_DOMAIN, "include:%{d1}", "example.jp")),
        ("v=spf1 a:x.jp a:y.jp a:z.jp -all", Problem(ProblemKind.TOO_MANY_VOID_LOOKUPS, "a:z.jp", "example.jp")),
        ("v=spf1 redirect=example.jp", Problem(ProblemKind.TOO_MANY_LOOKUPS, "redirect=example.jp", "example.jp")),
        ("v=spf1 mx:many.example.jp -all", Problem(ProblemKind.TOO_MANY_MX_NAMES, "mx:many.example.jp", "example.jp")),
    ],
)
def test_a_permerror_says_why(record_text: str, problem: Problem) -> None:
    zone = Zone(
        {
            "example.jp TXT": [record_text],
            "two.example.jp TXT": ["v=spf1 -all", "v=spf1 ~all"],
            "many.example.jp MX": [f"{n} mx{n}.example.jp" for n in range(11)],
        }
    )
    seen = check(zone)
    assert seen.result is Result.PERMERROR
    assert seen.problems == (problem,)
    assert (seen.term, seen.domain, seen.explanation) == ("", "", None)


@pytest.mark.parametrize(
    ("entries", "detail"),
    [
        ({"example.jp TXT": None}, "TXT"),
        ({"example.jp TXT": ["v=spf1 a -all"], "example.jp A": None}, "A example.jp"),
        ({"example.jp TXT": ["v=spf1 mx -all"], "example.jp MX": None}, "MX example.jp"),
        ({"example.jp TXT": ["v=spf1 mx -all"], "example.jp MX": ["1 m.jp"], "m.jp A": None}, "A m.jp"),
        ({"example.jp TXT": ["v=spf1 exists:x.jp -all"], "x.jp A": None}, "A x.jp"),
    ],
)
def test_silence_is_a_temperror_with_the_question_that_got_none(entries: dict[str, list[str] | None], detail: str) -> None:
    seen = check(Zone(entries))
    assert seen.result is Result.TEMPERROR
    assert seen.problems == (Problem(ProblemKind.UNANSWERED, detail, "example.jp"),)


def test_silence_about_pointers_is_no_match_and_not_void() -> None:
    zone = Zone({"example.jp TXT": ["v=spf1 ptr ~all"], "1.2.0.192.in-addr.arpa PTR": None})
    seen = check(zone)
    assert (seen.result, seen.lookups, seen.void_lookups) == (Result.SOFTFAIL, 1, 0)


def test_silence_about_a_pointed_name_skips_it() -> None:
    zone = Zone(
        {
            "example.jp TXT": ["v=spf1 ptr -all"],
            "1.2.0.192.in-addr.arpa PTR": ["a.example.jp", "b.example.jp", "c.example.net"],
            "a.example.jp A": None,
            "b.example.jp A": ["192.0.2.1"],
        }
    )
    assert check(zone).result is Result.PASS
    assert "c.example.net A" not in zone.asked


def test_a_term_is_void_once_however_many_of_its_mx_names_have_no_address() -> None:
    zone = Zone({"example.jp TXT": ["v=spf1 mx -all"], "example.jp MX": ["1 a.jp", "2 b.jp", "3 c.jp", "4 d.jp"]})
    seen = check(zone)
    assert (seen.result, seen.lookups, seen.void_lookups) == (Result.FAIL, 1, 1)


def test_a_null_mx_matches_nothing_and_asks_nothing() -> None:
    zone = Zone({"example.jp TXT": ["v=spf1 mx -all"], "example.jp MX": ["0 ."]})
    seen = check(zone)
    assert (seen.result, seen.void_lookups) == (Result.FAIL, 0)
    assert zone.asked == ["example.jp TXT", "example.jp MX"]


def test_the_pointer_question_of_a_macro_counts_once() -> None:
    zone = Zone({"example.jp TXT": ["v=spf1 exists:%{p}.x.jp exists:%{p}.y.jp ptr -all"], "unknown.x.jp A": ["127.0.0.2"]})
    assert check(zone).lookups == 2
    zone.entries = {"example.jp TXT": zone.entries["example.jp TXT"], "unknown.x.jp AAAA": []}
    seen = check(zone)
    assert seen.lookups == 4
    assert zone.asked.count("1.2.0.192.in-addr.arpa PTR") == 2


def test_a_name_that_cannot_be_asked_for_matches_nothing() -> None:
    zone = Zone({"example.jp TXT": ["v=spf1 a:%{l}.example.jp exists:%{s}.example.jp ~all"]})
    seen = check(zone, sender="利用者@example.jp")  # RFC 8616 section 4
    assert (seen.result, seen.lookups, seen.void_lookups) == (Result.SOFTFAIL, 2, 0)
    assert zone.asked == ["example.jp TXT"]


@pytest.mark.parametrize("domain", ["", ".", "jp", "a..jp", "x" * 64 + ".jp", "日本.jp", "a.jp\x00", "a." * 200 + "jp"])
def test_a_domain_that_can_have_no_policy_gives_none_without_a_question(domain: str) -> None:
    zone = Zone({})
    seen = drive(check_host(IPv4Address("192.0.2.1"), domain, "u@" + domain, "h"), zone)
    assert (seen.result, zone.asked) == (Result.NONE, [])
    assert seen.problems[0].kind is ProblemKind.MALFORMED_DOMAIN


def test_an_identity_longer_than_smtp_allows_gives_none() -> None:
    seen = check(Zone({"example.jp TXT": ["v=spf1 -all"]}), sender="x" * 100_000 + "@example.jp")
    assert (seen.result, seen.problems) == (Result.NONE, (Problem(ProblemKind.IDENTITY_TOO_LONG),))


def test_the_explanation_is_that_of_the_record_that_said_fail() -> None:
    zone = Zone(
        {
            "example.jp TXT": ["v=spf1 include:inc.example.jp exp=e.example.jp -all"],
            "inc.example.jp TXT": ["v=spf1 -ip4:192.0.2.1 exp=other.example.jp"],
            "e.example.jp TXT": ["%{i} is not %{d}; see http://%{d}/%{S}?r=%{r}&t=%{t}"],
        }
    )
    seen = drive(check_host(IPv4Address("192.0.2.1"), "example.jp", "a b@example.jp", "h", receiver="mx.jp", now=7), zone)
    assert seen.explanation == "192.0.2.1 is not example.jp; see http://example.jp/a%20b%40example.jp?r=mx.jp&t=7"
    assert zone.asked[-1] == "e.example.jp TXT"


@pytest.mark.parametrize("text", [None, [], ["a", "b"], ["%{q}"], ["tab\there"], ["%{s}" * 5000], ["日本"]])
def test_an_explanation_that_cannot_be_used_is_none_and_noted(text: list[str] | None) -> None:
    seen = check(Zone({"example.jp TXT": ["v=spf1 -all exp=e.example.jp"], "e.example.jp TXT": text}), sender="x" * 500 + "@example.jp")
    assert (seen.result, seen.explanation) == (Result.FAIL, None)
    assert seen.problems == (Problem(ProblemKind.EXPLANATION_UNUSABLE, "e.example.jp", "example.jp"),)


def test_an_explanation_holds_no_line_end_of_the_sender() -> None:
    seen = check(Zone({"example.jp TXT": ["v=spf1 -all exp=e.example.jp"], "e.example.jp TXT": ["no %{l}"]}), sender="a\r\nb@example.jp")
    assert seen.explanation == "no a\\x0d\\x0ab"


def test_a_cheap_record_cannot_make_expansion_dear() -> None:
    zone = Zone({"example.jp TXT": ["v=spf1 exists:" + "%{s}" * 16_000 + ".jp -all"]})
    seen = check(zone, sender="a." * 400 + "@example.jp")
    assert seen.result is Result.FAIL
    assert len(zone.asked[-1]) <= 255


def test_deep_nesting_ends_by_the_limit_and_never_in_recursion() -> None:
    zone = Zone({f"d{n}.jp TXT": [f"v=spf1 include:d{n + 1}.jp -all"] for n in range(500)})
    seen = check(zone, sender="u@d0.jp")
    assert (seen.result, seen.lookups) == (Result.PERMERROR, 11)
    seen = check(zone, sender="u@d0.jp", limits=Limits(lookups=100_000))
    assert seen.problems[0].kind is ProblemKind.TOO_DEEP


def test_the_limits_are_those_of_the_caller() -> None:
    zone = Zone({"example.jp TXT": ["v=spf1 a:x.jp a:y.jp a:z.jp -all"]})
    assert check(zone, limits=Limits(void_lookups=3)).result is Result.FAIL
    assert check(zone, limits=Limits(lookups=1)).problems[0].kind is ProblemKind.TOO_MANY_LOOKUPS


def test_only_the_first_ten_pointers_are_used() -> None:
    names = [f"p{n}.example.jp" for n in range(11)]
    zone = Zone({"example.jp TXT": ["v=spf1 ptr -all"], "1.2.0.192.in-addr.arpa PTR": names, "p10.example.jp A": ["192.0.2.1"]})
    assert check(zone).result is Result.FAIL
    assert "p9.example.jp A" in zone.asked
    assert "p10.example.jp A" not in zone.asked


def test_a_mapped_address_is_the_ipv4_address_in_macros_too() -> None:
    zone = Zone({"example.jp TXT": ["v=spf1 exists:%{ir}.%{v}.x.jp -all"], "1.2.0.192.in-addr.x.jp A": ["127.0.0.2"]})
    assert check(zone, ip="::ffff:192.0.2.1").result is Result.PASS


def test_records_of_another_type_in_an_answer_are_passed_over() -> None:
    def confused(question: Question) -> Answer:
        if question.type == "TXT":
            return Answer(Status.FOUND, ((b"v=spf1 a mx ptr ~all",), "text", IPv4Address("192.0.2.1")))
        return Answer(Status.FOUND, ((b"192.0.2.1",), 7 * "x."))

    seen = drive(check_host(IPv4Address("192.0.2.1"), "example.jp", "u@example.jp", "h"), confused)
    assert seen.result is Result.SOFTFAIL

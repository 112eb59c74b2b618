"""The survey of a domain's SPF records: the tree, the sums over it, and what is kept apart - absent, several, unanswered, cut off."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, ip_network

import pytest

from scanner.wire.spf import (
    Limits,
    NodeState,
    Place,
    Problem,
    ProblemKind,
    Qualifier,
    Question,
    Status,
    Survey,
    drive,
    survey,
)
from scanner.wire.spf.values import MAX_DEPTH, MAX_QUESTIONS, MAX_RECORDS
from tests.unit.spf_zone import Zone


def look(entries: dict[str, list[str] | None], domain: str = "example.jp", limits: Limits | None = None) -> Survey:
    return drive(survey(domain, limits=limits or Limits()), Zone(entries))


def kinds(seen: Survey) -> list[ProblemKind]:
    return [p.kind for p in seen.problems]


RECORD = "v=spf1 mx a:mail.example.jp ip4:192.0.2.0/25 include:a.example.net include:b.example.net ~all"
TYPICAL: dict[str, list[str] | None] = {
    "example.jp TXT": [RECORD, "other=1"],
    "example.jp MX": ["10 mx.example.jp"],
    "mx.example.jp A": ["192.0.2.5"],
    "mx.example.jp AAAA": ["2001:db8::5"],
    "mail.example.jp A": ["198.51.100.1"],
    "a.example.net TXT": ["v=spf1 include:c.example.net ip4:203.0.113.0/24 -all"],
    "b.example.net TXT": ["v=spf1 ip6:2001:db8:1::/48 ?all"],
    "c.example.net TXT": ["v=spf1 ip4:192.0.2.64/26 -all"],
}


def test_a_typical_tree_is_walked_and_summed_up() -> None:
    seen = look(TYPICAL)
    assert [(n.domain, n.via, n.lookups) for n in seen.root.walk()] == [
        ("example.jp", "", 5),
        ("a.example.net", "include:a.example.net", 1),
        ("c.example.net", "include:c.example.net", 0),
        ("b.example.net", "include:b.example.net", 0),
    ]
    assert [n.domain for n in seen.root.children] == ["a.example.net", "b.example.net"]
    assert {n.state for n in seen.root.walk()} == {NodeState.FOUND}
    assert (seen.lookups, seen.void_lookups, seen.void_ipv4, seen.void_ipv6) == (5, 0, 0, 1)
    assert (seen.all_qualifier, seen.all_domain) == (Qualifier.SOFTFAIL, "example.jp")
    assert [str(a.network) for a in seen.networks] == [
        "192.0.2.5/32",
        "2001:db8::5/128",
        "198.51.100.1/32",
        "192.0.2.0/25",
        "192.0.2.64/26",
        "203.0.113.0/24",
        "2001:db8:1::/48",
    ]
    assert seen.networks[4].domain == "c.example.net"
    assert seen.networks[4].term == "ip4:192.0.2.64/26"
    assert seen.ipv4_addresses == 128 + 1 + 256  # each address once
    assert seen.ipv6_addresses == 2**80 + 1
    assert seen.is_complete
    assert (seen.open_terms, seen.ptr_terms, seen.dynamic, seen.unanswered, seen.permerrors, seen.problems) == ((),) * 6
    assert seen.root.raw == RECORD


def test_the_walk_agrees_with_the_answer_size_of_the_rfc() -> None:
    seen = look({"example.jp TXT": ["v=spf1 -all", "x" * 200]})
    # header, question; two records of name pointer, type, class, TTL, length, and a length octet a string
    assert seen.root.answer_octets == 12 + 12 + 4 + 2 * 12 + (1 + 11) + (1 + 200)
    assert seen.root.octets == 11


@pytest.mark.parametrize(
    ("txt", "state", "status", "problem"),
    [
        (None, NodeState.UNANSWERED, Status.FAILED, ProblemKind.UNANSWERED),
        ([], NodeState.ABSENT, Status.FOUND, ProblemKind.NO_RECORD),
        (["other"], NodeState.ABSENT, Status.FOUND, ProblemKind.NO_RECORD),
        (["v=spf1 -all", "v=spf1 ~all"], NodeState.SEVERAL, Status.FOUND, ProblemKind.SEVERAL_RECORDS),
    ],
)
def test_absent_several_and_unanswered_are_kept_apart(
    txt: list[str] | None, state: NodeState, status: Status, problem: ProblemKind
) -> None:
    root = look({"example.jp TXT": txt})
    assert (root.root.state, root.root.status, root.all_qualifier, root.lookups) == (state, status, None, 0)
    assert kinds(root) == [problem]
    below = look({"example.jp TXT": ["v=spf1 include:x.jp -all"], "x.jp TXT": txt})
    assert below.root.children[0].state is state
    assert [n.domain for n in below.nodes(state)] == ["x.jp"]
    assert (below.all_qualifier, below.lookups) == (Qualifier.FAIL, 1)
    assert [p.kind for p in below.permerrors] == ([] if state is NodeState.UNANSWERED else [problem])
    assert below.is_complete is (state is not NodeState.UNANSWERED)
    assert below.unanswered == ((Question("x.jp", "TXT"),) if state is NodeState.UNANSWERED else ())


def test_no_policy_at_all_is_no_permerror() -> None:
    assert look({}).permerrors == ()
    assert look({}).root.status is Status.NXDOMAIN
    assert look({"example.jp A": []}).root.status is Status.EMPTY


def test_the_records_of_a_name_with_several_are_shown() -> None:
    seen = look({"example.jp TXT": ["v=spf1 -all", "x", "v=spf1 ~all"]})
    assert seen.root.candidates == ("v=spf1 -all", "v=spf1 ~all")
    assert (seen.root.raw, seen.root.terms) == ("", ())
    assert [p.kind for p in seen.permerrors] == [ProblemKind.SEVERAL_RECORDS]


@pytest.mark.parametrize(
    ("entries", "qualifier", "domain"),
    [
        ({"example.jp TXT": ["v=spf1 -all"]}, Qualifier.FAIL, "example.jp"),
        ({"example.jp TXT": ["v=spf1 all"]}, Qualifier.PASS, "example.jp"),
        ({"example.jp TXT": ["v=spf1 ?all redirect=r.jp"], "r.jp TXT": ["v=spf1 -all"]}, Qualifier.NEUTRAL, "example.jp"),
        (
            {"example.jp TXT": ["v=spf1 redirect=r.jp"], "r.jp TXT": ["v=spf1 redirect=s.jp"], "s.jp TXT": ["v=spf1 ~all"]},
            Qualifier.SOFTFAIL,
            "s.jp",
        ),
        ({"example.jp TXT": ["v=spf1 include:r.jp redirect=s.jp"], "r.jp TXT": ["v=spf1 -all"], "s.jp TXT": ["v=spf1 a"]}, None, ""),
        ({"example.jp TXT": ["v=spf1 include:r.jp"], "r.jp TXT": ["v=spf1 -all"]}, None, ""),
        ({"example.jp TXT": ["v=spf1 redirect=r.jp"], "r.jp TXT": None}, None, ""),
        ({"example.jp TXT": ["v=spf1 redirect=%{i}.jp"]}, None, ""),
    ],
)
def test_the_effective_all_is_found_through_redirects_and_not_includes(
    entries: dict[str, list[str] | None], qualifier: Qualifier | None, domain: str
) -> None:
    seen = look(entries)
    assert (seen.all_qualifier, seen.all_domain) == (qualifier, domain)


def test_terms_without_effect_are_neither_counted_nor_followed() -> None:
    zone = Zone({"example.jp TXT": ["v=spf1 a ~all include:dead.jp redirect=dead2.jp"], "example.jp A": ["192.0.2.1"]})
    seen = drive(survey("example.jp"), zone)
    assert (seen.lookups, seen.root.children, seen.permerrors) == (1, (), ())
    assert [p.kind for p in seen.problems] == [ProblemKind.TERM_AFTER_ALL, ProblemKind.REDIRECT_IGNORED]
    assert zone.asked == ["example.jp TXT", "example.jp A", "example.jp AAAA"]


def test_what_lets_everyone_pass_is_found_below_includes() -> None:
    seen = look(
        {
            "example.jp TXT": ["v=spf1 include:open.jp ?include:open2.jp exists:always.jp exists:never.jp -exists:always.jp -all"],
            "open.jp TXT": ["v=spf1 redirect=deeper.jp"],
            "deeper.jp TXT": ["v=spf1 +all"],
            "open2.jp TXT": ["v=spf1 +all"],
            "always.jp A": ["192.0.2.1"],
        }
    )
    assert seen.open_terms == (Place("deeper.jp", "+all"), Place("example.jp", "exists:always.jp"))
    assert seen.all_qualifier is Qualifier.FAIL


def test_only_what_passes_up_to_the_root_is_authorised() -> None:
    seen = look(
        {
            "example.jp TXT": ["v=spf1 -ip4:192.0.2.1 ~include:soft.jp include:hard.jp redirect=r.jp"],
            "soft.jp TXT": ["v=spf1 ip4:198.51.100.0/24 include:softer.jp"],
            "softer.jp TXT": ["v=spf1 ip4:198.18.0.0/15"],
            "hard.jp TXT": ["v=spf1 ?ip4:203.0.113.0/25 ip4:203.0.113.128/25"],
            "r.jp TXT": ["v=spf1 ip6:2001:db8::/32 -all"],
        }
    )
    assert [a.network for a in seen.networks] == [ip_network("203.0.113.128/25"), ip_network("2001:db8::/32")]


def test_addresses_of_a_and_mx_take_the_prefix_length_of_their_family() -> None:
    seen = look(
        {
            "example.jp TXT": ["v=spf1 a/24//64 mx//48 -all"],
            "example.jp A": ["192.0.2.77"],
            "example.jp AAAA": ["2001:db8:0:1::7"],
            "example.jp MX": ["1 m.jp"],
            "m.jp AAAA": ["2001:db8:9:9::9"],
        }
    )
    assert [str(a.network) for a in seen.networks] == ["192.0.2.0/24", "2001:db8:0:1::/64", "2001:db8:9::/48"]
    assert (seen.void_ipv4, seen.void_ipv6, seen.void_lookups) == (1, 0, 0)


def test_wide_ranges_are_found_and_survive_the_cap() -> None:
    many = " ".join(f"ip4:10.0.{n}.0/24" for n in range(40))
    entries: dict[str, list[str] | None] = {"example.jp TXT": [f"v=spf1 {many} ip4:44.0.0.0/7 ip6:2000::/3 ip6:2001:db8::/48 -all"]}
    seen = look(entries, limits=Limits(networks=5))
    assert (len(seen.networks), seen.networks_total) == (5, 43)
    assert {"2000::/3", "44.0.0.0/7"} <= {str(a.network) for a in seen.networks}
    assert seen.ipv4_addresses == 2**25 + 40 * 256
    assert look(entries).networks_total == len(look(entries).networks) == 43


def test_the_whole_internet_is_counted_once() -> None:
    seen = look({"example.jp TXT": ["v=spf1 ip4:0.0.0.0/0 ip4:192.0.2.0/24 ip4:128.0.0.0/1 ip6:::/0 -all"]})
    assert (seen.ipv4_addresses, seen.ipv6_addresses) == (2**32, 2**128)


def test_terms_that_depend_on_the_mail_are_marked_and_counted() -> None:
    zone = Zone(
        {
            "example.jp TXT": ["v=spf1 include:%{ir}.x.jp exists:%{l}._spf.%{d} a:%{d2} mx:%{o}._m.jp redirect=%{h}.jp"],
            "example.jp A": ["192.0.2.1"],
            "example.jp._m.jp MX": ["1 example.jp"],
        }
    )
    seen = drive(survey("example.jp"), zone)
    assert [p.term for p in seen.dynamic] == ["include:%{ir}.x.jp", "exists:%{l}._spf.%{d}", "redirect=%{h}.jp"]
    assert (seen.lookups, seen.root.children, seen.is_complete) == (5, (), False)
    assert zone.asked[1:] == ["example.jp A", "example.jp AAAA", "example.jp._m.jp MX"]


def test_o_is_the_domain_surveyed_and_d_that_of_the_record() -> None:
    zone = Zone({"example.jp TXT": ["v=spf1 include:i.jp -all"], "i.jp TXT": ["v=spf1 a:%{d}.x.jp a:%{o}.x.jp -all"]})
    drive(survey("example.jp"), zone)
    assert [q for q in zone.asked if q.endswith(" A")] == ["i.jp.x.jp A", "example.jp.x.jp A"]


def test_the_pointer_question_of_a_macro_counts_once() -> None:
    assert look({"example.jp TXT": ["v=spf1 exists:%{p}.jp exists:%{p}.x.jp -all"]}).lookups == 3
    assert look({"example.jp TXT": ["v=spf1 ptr exists:%{p}.jp -all"]}).lookups == 2


def test_use_of_ptr_is_named_with_its_record() -> None:
    seen = look({"example.jp TXT": ["v=spf1 include:i.jp ?ptr:x.jp -all"], "i.jp TXT": ["v=spf1 ptr -all"]})
    assert seen.ptr_terms == (Place("i.jp", "ptr"), Place("example.jp", "?ptr:x.jp"))
    assert seen.lookups == 3


def test_void_lookups_are_those_of_both_families() -> None:
    seen = look(
        {
            "example.jp TXT": ["v=spf1 a:none1.jp a:none2.jp a:v4.jp mx:none3.jp mx:m.jp exists:none4.jp -all"],
            "v4.jp A": ["192.0.2.1"],
            "m.jp MX": ["0 v4.jp"],
        }
    )
    assert (seen.void_lookups, seen.void_ipv4, seen.void_ipv6) == (4, 4, 6)
    assert [p.kind for p in seen.permerrors] == [ProblemKind.TOO_MANY_VOID_LOOKUPS]


def test_unanswered_addresses_are_neither_void_nor_authorised() -> None:
    seen = look(
        {
            "example.jp TXT": ["v=spf1 a mx exists:x.jp mx:y.jp -all"],
            "example.jp A": None,
            "example.jp AAAA": None,
            "example.jp MX": ["1 m.jp"],
            "m.jp A": None,
            "m.jp AAAA": ["2001:db8::1"],
            "x.jp A": None,
            "y.jp MX": None,
        }
    )
    assert (seen.void_ipv4, seen.void_ipv6, seen.lookups) == (0, 0, 4)
    assert [f"{q.name} {q.type}" for q in seen.unanswered] == ["example.jp A", "example.jp AAAA", "m.jp A", "x.jp A", "y.jp MX"]
    assert [str(a.network) for a in seen.networks] == ["2001:db8::1/128"]
    assert not seen.is_complete


def test_lookups_are_counted_over_nested_records_and_past_the_limit() -> None:
    entries: dict[str, list[str] | None] = {"example.jp TXT": ["v=spf1 include:a.jp include:a.jp include:a.jp -all"]}
    entries["a.jp TXT"] = ["v=spf1 a a a a -all"]
    entries["a.jp A"] = ["192.0.2.1"]
    zone = Zone(entries)
    seen = drive(survey("example.jp"), zone)
    assert seen.lookups == 15
    assert [(p.kind, p.detail) for p in seen.permerrors] == [(ProblemKind.TOO_MANY_LOOKUPS, "15")]
    assert zone.asked == ["example.jp TXT", "a.jp TXT", "a.jp A", "a.jp AAAA"]
    assert seen.questions == 4


def test_loops_are_found_and_ended() -> None:
    seen = look({"example.jp TXT": ["v=spf1 include:b.jp -all"], "b.jp TXT": ["v=spf1 include:EXAMPLE.jp. redirect=b.jp"]})
    assert [(n.domain, n.via) for n in seen.nodes(NodeState.LOOP)] == [("example.jp", "include:EXAMPLE.jp."), ("b.jp", "redirect=b.jp")]
    assert [p.kind for p in seen.permerrors] == [ProblemKind.LOOP, ProblemKind.LOOP]


def test_a_record_named_twice_side_by_side_is_no_loop() -> None:
    seen = look(
        {"example.jp TXT": ["v=spf1 include:b.jp include:c.jp -all"], "b.jp TXT": ["v=spf1 include:c.jp -all"], "c.jp TXT": ["v=spf1 -all"]}
    )
    assert seen.nodes(NodeState.LOOP) == ()
    assert [n.domain for n in seen.root.walk()] == ["example.jp", "b.jp", "c.jp", "c.jp"]


def test_a_record_with_errors_is_still_walked() -> None:
    seen = look({"example.jp TXT": ["v=spf1 oops include:b.jp \udc80 -all"], "b.jp TXT": ["v=spf1 ip4:192.0.2.1 -all"]})
    assert [n.domain for n in seen.root.walk()] == ["example.jp", "b.jp"]
    assert seen.permerrors == (
        Problem(ProblemKind.UNKNOWN_MECHANISM, "oops", "example.jp"),
        Problem(ProblemKind.NOT_ASCII, "\\x80", "example.jp"),
    )


def test_names_that_cannot_be_asked_for() -> None:
    seen = look({"example.jp TXT": ["v=spf1 include:a..jp a:b..jp mx:%{d1} -all"], "jp MX": ["1 x..y"]})
    assert [(n.domain, n.state, n.status) for n in seen.root.children] == [("a..jp", NodeState.MALFORMED, None)]
    assert [p.kind for p in seen.permerrors] == [ProblemKind.MALFORMED_DOMAIN]
    assert (seen.lookups, seen.void_lookups, seen.questions) == (3, 0, 2)


@pytest.mark.parametrize("domain", ["", "jp", "a..jp", "日本.jp", "x" * 300 + ".jp", "\x00.jp", "a.\ud800.jp"])
def test_a_malformed_domain_is_said_without_a_question(domain: str) -> None:
    zone = Zone({})
    seen = drive(survey(domain), zone)
    assert (seen.root.state, zone.asked, seen.permerrors) == (NodeState.MALFORMED, [], ())
    assert seen.root.domain.isascii()


def test_too_many_mx_names_are_a_permerror_and_not_all_asked_for() -> None:
    zone = Zone({"example.jp TXT": ["v=spf1 mx -all"], "example.jp MX": [f"{n} m{n}.jp" for n in range(11)]})
    seen = drive(survey("example.jp"), zone)
    assert kinds(seen) == [ProblemKind.TOO_MANY_MX_NAMES]
    assert "m9.jp A" in zone.asked
    assert "m10.jp A" not in zone.asked


def test_a_null_mx_authorises_nobody() -> None:
    seen = look({"example.jp TXT": ["v=spf1 mx -all"], "example.jp MX": ["0 ."]})
    assert (seen.networks, seen.void_lookups, seen.questions) == ((), 0, 2)


def test_near_misses_are_shown_beside_the_record() -> None:
    seen = look({"example.jp TXT": ["v=spf1; include:x.jp -all", "v=spf1 -all"]})
    assert seen.problems == (Problem(ProblemKind.NEAR_MISS, "v=spf1; include:x.jp -all", "example.jp"),)
    assert seen.permerrors == ()


# Hostile trees.


def test_a_tree_that_doubles_at_every_step_ends_at_the_cap() -> None:
    entries: dict[str, list[str] | None] = {f"d{n}.jp TXT": [f"v=spf1 include:d{n + 1}.jp include:d{n + 1}.jp -all"] for n in range(60)}
    seen = look(entries, "d0.jp")
    assert seen.truncated
    assert not seen.is_complete
    assert len(list(seen.root.walk())) <= MAX_RECORDS
    assert seen.lookups > 10


def test_a_chain_ends_at_the_depth_cap_without_recursion() -> None:
    entries: dict[str, list[str] | None] = {f"d{n}.jp TXT": [f"v=spf1 redirect=d{n + 1}.jp"] for n in range(5000)}
    seen = look(entries, "d0.jp", Limits(records=4000, questions=4000, depth=3000))
    assert len(list(seen.root.walk())) == 3001
    usual = look(entries, "d0.jp")
    assert (len(list(usual.root.walk())), usual.truncated) == (MAX_DEPTH + 1, True)


def test_a_record_of_many_terms_asks_no_more_than_the_cap() -> None:
    names = " ".join(f"a:h{n}.jp" for n in range(3000))
    zone = Zone({"example.jp TXT": [f"v=spf1 {names} -all"]})
    seen = drive(survey("example.jp"), zone)
    assert len(zone.asked) == MAX_QUESTIONS
    assert (seen.truncated, seen.lookups) == (True, 3000)


def test_more_terms_than_the_cap_are_not_walked() -> None:
    seen = look({"example.jp TXT": ["v=spf1 " + "a " * 30_000 + "-all"]})
    assert (seen.truncated, seen.root.state, seen.questions) == (True, NodeState.FOUND, 1)
    assert seen.all_qualifier is Qualifier.FAIL


def test_records_of_ten_megabytes_and_octets_past_the_cap() -> None:
    seen = look({"example.jp TXT": ["v=spf1 " + "x" * 10_000_000]})
    assert (seen.truncated, seen.root.state, seen.root.status, seen.root.raw) == (True, NodeState.NOT_VISITED, Status.FOUND, "")
    includes = " ".join(f"include:i{n}.jp" for n in range(9))
    entries: dict[str, list[str] | None] = {"example.jp TXT": [f"v=spf1 {includes} -all"]}
    entries |= {f"i{n}.jp TXT": ["v=spf1 x=" + "y" * 60_000] for n in range(9)}
    seen = look(entries)
    assert [n.state for n in seen.root.children] == [NodeState.FOUND] * 4 + [NodeState.NOT_VISITED] * 5


def test_thousands_of_addresses_end_at_the_cap() -> None:
    seen = look({"example.jp TXT": ["v=spf1 a -all"], "example.jp A": [str(IPv4Address(n)) for n in range(1, 4001)]})
    assert (seen.truncated, seen.networks_total, len(seen.networks)) == (True, 2000, 500)


def test_nul_and_control_characters_are_shown_escaped() -> None:
    seen = look({"example.jp TXT": ["v=spf1 a:\x00\r\n.jp -all"]})
    assert seen.root.raw == "v=spf1 a:\\x00\\x0d\\x0a.jp -all"
    assert [p.kind for p in seen.permerrors] == [ProblemKind.CONTROL_CHARACTER]


def test_the_same_answers_give_an_equal_survey() -> None:
    assert look(TYPICAL) == look(TYPICAL)
    assert look(TYPICAL) != replace(look(TYPICAL), lookups=6)

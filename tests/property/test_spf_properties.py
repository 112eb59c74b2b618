"""Properties of the SPF engine: any octets end in a value, every cut of a record is read, and no answers of a DNS can break a walk."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_network

from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.wire.spf import (
    SYNTAX_ERRORS,
    Answer,
    Limits,
    MxName,
    NodeState,
    Question,
    Record,
    Result,
    SpfRecord,
    Status,
    check_host,
    drive,
    near_misses,
    parse_record,
    select_records,
    survey,
)
from scanner.wire.spf.grammar import MAX_PROBLEMS, MAX_SHOWN_RECORD
from scanner.wire.spf.macros import LETTERS, MAX_NAME, NotMacroString, domain_name, expand_name, read_domain_spec, read_macro_string

untimed = settings(deadline=None)  # a busy machine is no finding

NAMES = ["a.jp", "b.jp", "c.d.jp", "mx.a.jp", "none.jp"]
VALUES = dict.fromkeys(LETTERS, "some.thing@x-y.jp")

words = st.sampled_from(
    [
        *("v=spf1", " ", "  ", "all", "-all", "~all", "a", "mx", "ptr", "include:", "exists:", "redirect=", "exp=", "ip4:", "ip6:", "x="),
        *(
            "a.jp",
            "b.jp",
            "c.d.jp",
            "192.0.2.1",
            "2001:db8::",
            "/24",
            "//64",
            "/",
            "%{i}",
            "%{d2r}",
            "%{p}",
            "%{",
            "%",
            ".",
            "-",
            "?",
            "\\",
        ),
    ]
)
pieces = st.one_of(words.map(str.encode), st.binary(max_size=4))
near_records = st.lists(pieces, max_size=14).map(lambda parts: b"v=spf1 " + b"".join(parts))
targets = st.sampled_from([*NAMES, "%{d}", "%{o}", "%{l}.a.jp", "%{ir}.%{v}.arpa", "%{p}", "%{h}", "a..jp", "%{d1}"])
lengths = st.sampled_from(["", "/24", "//64", "/0//0", "/32//128"])
directives = st.one_of(
    st.builds(str.__add__, st.sampled_from(["a:", "mx:"]), st.builds(str.__add__, targets, lengths)),
    st.builds(str.__add__, st.sampled_from(["include:", "exists:", "ptr:"]), targets),
    st.builds(str.__add__, st.sampled_from(["a", "mx"]), lengths),
    st.builds("ip4:{}/{}".format, st.ip_addresses(v=4), st.integers(0, 32)),
    st.builds("ip6:{}/{}".format, st.ip_addresses(v=6), st.integers(0, 128)),
    st.sampled_from(["ptr", "all"]),
)
clients = st.one_of(st.ip_addresses(), st.just(IPv6Address("::ffff:192.0.2.1")))
qualified = st.builds(str.__add__, st.sampled_from(["", "+", "-", "~", "?"]), directives)
modifiers = st.one_of(st.just("note=%{d}"), st.builds("redirect={}".format, targets), st.builds("exp={}".format, targets))
good_records = st.builds(
    lambda terms, modifier: " ".join(["v=spf1", *terms, *modifier]).encode(),
    st.lists(qualified, max_size=6),
    st.lists(modifiers, max_size=1),
)


def answers(txt: st.SearchStrategy[bytes]) -> st.SearchStrategy[Sequence[Answer]]:
    """A pool of answers, right and wrong, that a walk is given in turn."""
    texts = txt.map(lambda raw: (raw[:255], raw[255:]))
    record: st.SearchStrategy[Record] = st.one_of(
        texts,
        texts,
        st.ip_addresses(v=4),
        st.ip_addresses(v=6),
        st.builds(MxName, st.integers(0, 65535), st.sampled_from([*NAMES, ".", ""])),
        st.sampled_from(NAMES),
    )
    found = st.builds(Answer, st.just(Status.FOUND), st.lists(record, min_size=1, max_size=3).map(tuple))
    missing = st.builds(Answer, st.sampled_from([Status.EMPTY, Status.NXDOMAIN, Status.FAILED]))
    return st.lists(st.one_of(found, found, found, missing), min_size=1, max_size=12)


class Pool:
    """Gives the same answer to the same question, picked by its name, and checks that every question can be asked."""

    def __init__(self, pool: Sequence[Answer]) -> None:
        self.pool = pool
        self.asked: list[Question] = []

    def __call__(self, question: Question) -> Answer:
        assert 0 < len(question.name) <= MAX_NAME
        assert question.name == question.name.lower()
        assert all(0 < len(label) <= 63 for label in question.name.split("."))
        assert all(" " <= char <= "~" for char in question.name)
        self.asked.append(question)
        return self.answer(question)

    def answer(self, question: Question) -> Answer:
        return self.pool[sum(map(ord, question.name + question.type)) % len(self.pool)]


def hold(record: SpfRecord) -> None:
    assert record.is_valid is not any(p.kind in SYNTAX_ERRORS for p in record.problems)
    assert len(record.problems) <= MAX_PROBLEMS
    assert len(record.raw) <= MAX_SHOWN_RECORD
    assert record.raw.rstrip("…").isascii()
    assert all(char.isprintable() for term in record.terms for char in term.text)


@given(st.one_of(st.binary(max_size=300), near_records))
@untimed
def test_any_octets_end_in_a_record(raw: bytes) -> None:
    hold(parse_record(raw))


@given(st.lists(st.lists(st.one_of(st.binary(max_size=40), near_records), max_size=3).map(tuple), max_size=4))
@untimed
def test_any_answer_is_sorted_into_records_and_others(answer: list[tuple[bytes, ...]]) -> None:
    chosen = select_records(answer)
    assert len(chosen) + len(near_misses(answer)) <= len(answer)
    assert all(raw[:6].lower() == b"v=spf1" for raw in chosen)


@given(qualified.map(lambda term: f"v=spf1 {term} include:x.example.jp ip4:192.0.2.0/24 -all".encode()))
@settings(max_examples=40, deadline=None)
def test_a_record_cut_at_any_octet_is_read(raw: bytes) -> None:
    assert parse_record(raw).is_valid
    for cut in range(len(raw)):
        hold(parse_record(raw[:cut]))


@given(good_records)
@untimed
def test_terms_are_read_back_as_written(raw: bytes) -> None:
    record = parse_record(raw)
    assert record.is_valid
    assert " ".join(["v=spf1", *(term.text for term in record.terms)]).encode() == raw
    for term in record.terms:
        network = term.network()
        assert network is None or network == ip_network(term.text.partition(":")[2], strict=False)


@given(st.one_of(st.text(max_size=60), st.lists(words, max_size=8).map("".join)))
@untimed
def test_any_text_is_a_domain_spec_or_is_refused(text: str) -> None:
    try:
        spec = read_domain_spec(text)
    except NotMacroString:
        return
    assert read_macro_string(text) == spec
    name = expand_name(spec, VALUES)
    assert name is None or 0 < len(name) <= MAX_NAME
    assert name is None or name == domain_name(name)
    if "%" not in text:
        assert name == domain_name(text)


@given(
    answers(near_records),
    st.one_of(st.ip_addresses(), st.just(IPv6Address("::ffff:192.0.2.1"))),
    st.text(max_size=30),
    st.text(max_size=30),
)
@untimed
def test_no_answers_and_no_sender_break_an_evaluation(
    pool: Sequence[Answer], ip: IPv4Address | IPv6Address, sender: str, helo: str
) -> None:
    dns = Pool(pool)
    seen = drive(check_host(ip, "a.jp", sender, helo), dns)
    assert seen.result in Result
    assert bool(seen.problems) or seen.result not in (Result.PERMERROR, Result.TEMPERROR, Result.NONE)
    assert seen.explanation is None or seen.result is Result.FAIL


@given(answers(good_records))
@untimed
def test_an_evaluation_keeps_its_limits(pool: Sequence[Answer]) -> None:
    dns = Pool(pool)
    seen = drive(check_host(IPv4Address("192.0.2.1"), "a.jp", "u-v@b.jp", "mx.a.jp"), dns)
    assert seen.lookups <= 11
    assert seen.void_lookups <= 3
    # one TXT, ten terms with ten names each at most, and the look-ups around an explanation
    assert len(dns.asked) <= 1 + 10 * 11 + 13


@given(answers(st.one_of(good_records, near_records)))
@untimed
def test_no_answers_break_a_survey(pool: Sequence[Answer]) -> None:
    limits = Limits(records=9, depth=4, questions=30)
    dns = Pool(pool)
    seen = drive(survey("a.jp", limits=limits), dns)
    assert len(dns.asked) == len(set(dns.asked)) == seen.questions <= 30
    nodes = list(seen.root.walk())
    assert len(nodes) <= 9
    assert seen.lookups == seen.root.lookups
    assert seen.void_lookups <= min(seen.void_ipv4, seen.void_ipv6)
    assert set(seen.nodes(NodeState.UNANSWERED)) <= {n for n in nodes if n.status is Status.FAILED}
    assert set(seen.unanswered) == {q for q in dns.asked if dns.answer(q).status is Status.FAILED}


@given(answers(good_records))
@untimed
def test_an_evaluation_meets_nothing_that_the_survey_did_not_see(pool: Sequence[Answer]) -> None:
    """A mail that ends in temperror or permerror does so for a reason that the survey shows too, if the survey saw everything."""
    walked = drive(survey("a.jp"), Pool(pool))
    judged = drive(check_host(IPv4Address("192.0.2.1"), "a.jp", "u@a.jp", "h.jp"), Pool(pool))
    if walked.is_complete:
        assert judged.result is not Result.TEMPERROR
        assert judged.result is not Result.PERMERROR or walked.permerrors or walked.void_ipv4 > 2 or walked.ptr_terms
        assert judged.result is not Result.NONE or walked.root.state is NodeState.ABSENT
        assert judged.lookups <= walked.lookups or walked.nodes(NodeState.LOOP)

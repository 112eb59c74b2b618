"""Envelopes and what they hold: written and read back, as the schema says, and refused with a reason whatever is changed."""

from __future__ import annotations

import base64
import json
import zlib
from pathlib import Path

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import baselines
from scanner.codec import canonical
from scanner.protocol import envelope as envelopes
from scanner.protocol.answer import Policy, Receipt, policy_in, receipt_in
from scanner.protocol.enrolment import Enrolment, Request, Token, enrolment_in, request_in
from scanner.protocol.envelope import Sort, open_envelope, seal
from scanner.protocol.keys import SigningKey
from scanner.protocol.refusal import REFUSAL_WORDS, Refusal, Refused
from scanner.protocol.report import GAP_REASONS, Gap, Report, gap_in, report_in

KEY = SigningKey.make()
SCHEMA = jsonschema_rs.validator_for(json.loads((Path(baselines.__file__).parent / "schema" / "agent-1.schema.json").read_text("utf-8")))
DIGESTS = st.integers(0, 9).map(lambda n: "sha256:" + f"{n:x}" * 64)
AGENTS = st.from_regex(r"[a-z0-9][a-z0-9-]{0,20}", fullmatch=True)
MOMENTS = st.sampled_from(["2026-11-22T00:00:00Z", "1970-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
NUMBERS = st.integers(1, 2**53 - 1)
NAME = st.from_regex(r"[A-Za-z][A-Za-z0-9]{0,10}", fullmatch=True)
NAMES = st.lists(NAME, unique=True, max_size=4).map(lambda names: tuple(sorted(names)))
UNSEEN = {"unobserved": "timeout", "detail": "秘", "at": ""}


@st.composite
def reports(draw: st.DrawFn) -> Report:
    asked = draw(NAMES)
    answered = {name: draw(DIGESTS) for name in asked}
    sent = [digest for digest in answered.values() if draw(st.booleans())]
    return Report(
        draw(AGENTS),
        draw(NUMBERS),
        draw(DIGESTS),
        draw(MOMENTS),
        "b",
        draw(NUMBERS),
        "1",
        "linux",
        draw(DIGESTS | st.just("")),
        asked,
        answered,
        dict.fromkeys(sent, UNSEEN),
    )


GAPS = st.builds(lambda a, n, d, r: Gap(a, n, n, d, "2026-11-22T00:00:00Z", r), AGENTS, NUMBERS, DIGESTS, st.sampled_from(GAP_REASONS))
RECEIPTS = st.builds(Receipt, AGENTS, NUMBERS, DIGESTS, MOMENTS, NAMES, st.dictionaries(st.just("ScreenLock"), st.just("unreadable")))
POLICIES = st.builds(Policy, NUMBERS, NAMES, st.integers(60, 604_800), st.just((KEY.public.text,)))
REQUESTS = st.just(Request("secret", KEY.public.text, "端末", "linux", "1"))
ENROLMENTS = st.builds(Enrolment, AGENTS, st.just(KEY.id), MOMENTS, st.just((KEY.public.text,)))


@given(reports() | GAPS | RECEIPTS | POLICIES | REQUESTS | ENROLMENTS)
@settings(max_examples=60, deadline=None)
def test_what_is_written_is_read_back_and_follows_the_schema(value: Report | Gap | Receipt | Policy | Request | Enrolment) -> None:
    readers = {
        Report: (Sort.REPORT, report_in),
        Gap: (Sort.GAP, gap_in),
        Receipt: (Sort.RECEIPT, receipt_in),
        Policy: (Sort.POLICY, policy_in),
        Request: (Sort.REQUEST, request_in),
        Enrolment: (Sort.ENROLMENT, enrolment_in),
    }
    sort, reader = readers[type(value)]
    line = seal(sort, value.plain(), KEY)
    assert reader(open_envelope(line, {sort}).open(KEY.public).plain()) == value
    SCHEMA.validate(value.plain())
    SCHEMA.validate(json.loads(line))


@given(reports(), st.data())
@settings(max_examples=60, deadline=None)
def test_a_changed_field_is_refused_or_follows_the_schema(report: Report, data: st.DataObject) -> None:
    plain = report.plain()
    key = data.draw(st.sampled_from(sorted(plain)))
    anything: st.SearchStrategy[object] = (
        st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just([]) | st.just({}) | st.just(["b", "a"])
    )
    value: object = data.draw(anything)
    plain[key] = value
    try:
        report_in(plain)
    except Refused as refused:
        said: Refusal | None = refused.reason
    else:
        said = None
        SCHEMA.validate(plain)
    assert said in {None, Refusal.NOT_OF_SCHEMA}


@given(st.binary(max_size=300))
def test_any_octets_are_an_envelope_or_refused(junk: bytes) -> None:
    with pytest.raises(Refused):
        open_envelope(junk, set(Sort))


@given(st.integers(0, 10_000), st.integers(1, 255))
@settings(max_examples=150, deadline=None)
def test_no_octet_of_an_envelope_can_be_changed(at: int, by: int) -> None:
    line = bytearray(seal(Sort.GAP, Gap("a", 1, 1, "sha256:" + "0" * 64, "2026-11-22T00:00:00Z", "damaged").plain(), KEY))
    whole = open_envelope(bytes(line), {Sort.GAP}).open(KEY.public)
    line[at % len(line)] ^= by
    try:
        changed = open_envelope(bytes(line), {Sort.GAP}).open(KEY.public)
    except Refused:
        return
    assert changed == whole, "unused bits of base64 and the like may differ, the content never"


def test_a_bomb_is_refused_before_it_is_whole_in_memory() -> None:
    bomb = zlib.compress(b"0" * 50_000_000, 9)
    plain = json.loads(seal(Sort.REPORT, {}, KEY))
    plain["payload"] = base64.b64encode(bomb).decode()
    with pytest.raises(Refused) as refused:
        open_envelope(canonical(plain), {Sort.REPORT}).open(KEY.public)
    assert refused.value.reason is Refusal.TOO_LARGE_UNPACKED


def test_what_one_sort_says_is_never_taken_for_another() -> None:
    plain = json.loads(seal(Sort.RECEIPT, {"a": 1}, KEY))
    plain["kind"] = "policy"
    with pytest.raises(Refused) as refused:
        open_envelope(canonical(plain), {Sort.POLICY}).open(KEY.public)
    assert refused.value.reason is Refusal.BAD_SIGNATURE


def test_a_content_with_a_key_twice_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(envelopes, "canonical", lambda value: b'{"a":1,"a":2}' if value == {} else canonical(value))
    line = seal(Sort.REPORT, {}, KEY)
    monkeypatch.undo()
    with pytest.raises(Refused) as refused:
        open_envelope(line, {Sort.REPORT}).open(KEY.public).plain()
    assert refused.value.reason is Refusal.NOT_CANONICAL


def test_a_token_is_read_back_and_nothing_else_is_a_token() -> None:
    token = Token.make(KEY.id)
    assert Token.of_text(token.text + "\n") == token
    with pytest.raises(Refused):
        Token.of_text("tk1-short-" + "0" * 32)


def test_every_refusal_has_its_words() -> None:
    assert set(REFUSAL_WORDS) == set(Refusal)

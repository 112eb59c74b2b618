"""SMTP replies: written and read back, cut at every octet, from servers that keep no rule; and what EHLO tells."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.wire.smtp import LONGEST_LINE, MOST_KEYWORDS, MOST_LINES, NotSmtp, Reply, ReplyFlaw, offer, read_reply

TEXT = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="\\"), min_size=1, max_size=30)


def written(code: int, lines: list[str]) -> bytes:
    last = len(lines) - 1
    return b"".join(f"{code}{'-' if n < last else ' '}{line}\r\n".encode() for n, line in enumerate(lines))


@settings(max_examples=60)
@given(st.integers(200, 599), st.lists(TEXT, min_size=1, max_size=6), st.binary(max_size=20))
def test_what_is_written_is_read_back_and_any_cut_asks_for_more(code: int, lines: list[str], tail: bytes) -> None:
    wire = written(code, lines)
    found = read_reply(wire + tail)
    assert found is not None
    assert (found[0].code, found[0].lines, found[1]) == (code, tuple(lines), tail)
    for cut in range(len(wire)):
        assert read_reply(wire[:cut]) is None


@settings(max_examples=200)
@given(st.binary(max_size=300) | st.binary(max_size=60).map(lambda b: b"250-" + b + b"\r\n250 x\r\n"))
def test_any_octets_end_in_a_reply_a_wish_for_more_or_not_smtp(junk: bytes) -> None:
    with suppress(NotSmtp):
        found = read_reply(junk)
        if found is not None:
            offer(found[0])
            assert found[0].text.isascii() or "…" in found[0].text


@pytest.mark.parametrize(
    ("wire", "enhanced"),
    [
        (b"550 5.7.1 no\r\n", "5.7.1"),
        (b"550 no 5.7.1\r\n", ""),
        (b"250 5.7.1 odd\r\n", ""),
        (b"451 4.3.0\r\n", "4.3.0"),
        (b"550 5.7.1x\r\n", ""),
    ],
)
def test_the_enhanced_code_is_read_where_it_fits_the_code(wire: bytes, enhanced: str) -> None:
    found = read_reply(wire)
    assert found is not None
    assert found[0].enhanced == enhanced


@pytest.mark.parametrize(
    ("wire", "flaws"),
    [
        (b"250 ok\n", (ReplyFlaw.BARE_LF,)),
        (b"250-a\r\n550 b\r\n", (ReplyFlaw.CODES_DIFFER,)),
        ("220 ようこそ\r\n".encode(), (ReplyFlaw.NOT_ASCII,)),
        (b"220 a\0b\r\n", (ReplyFlaw.NOT_ASCII,)),
        (b"250\r\n", ()),
    ],
)
def test_odd_replies_are_read_and_named(wire: bytes, flaws: tuple[ReplyFlaw, ...]) -> None:
    found = read_reply(wire)
    assert found is not None
    assert found[0].flaws == flaws
    assert all(c.isprintable() for line in found[0].lines for c in line)


@pytest.mark.parametrize(
    "wire",
    [
        b"hello\r\n",
        b"\r\n",
        b"999 what\r\n",
        b"150 early\r\n",
        b"25 short\r\n",
        b"250-a\r\nEHLO\r\n",
        b"250x\r\n",
        b"220 " + b"x" * LONGEST_LINE,
        b"250-x\r\n" * (MOST_LINES + 1),
        "２５０ wide\r\n".encode(),
    ],
)
def test_what_is_no_reply_is_refused(wire: bytes) -> None:
    with pytest.raises(NotSmtp):
        read_reply(wire)


def test_the_answer_to_ehlo_is_read_with_the_old_form_of_auth() -> None:
    reply = Reply(
        250, ("mx.a.jp Hello you", "SIZE 10240000", "AUTH PLAIN LOGIN", "AUTH=PLAIN ntlm", "starttls", "X-ODD a b", "", "!bad", "SIZE")
    )
    seen = offer(reply)
    assert seen.name == "mx.a.jp"
    assert seen.mechanisms == ("LOGIN", "NTLM", "PLAIN")
    assert [e.keyword for e in seen.extensions] == ["SIZE", "AUTH", "STARTTLS", "X-ODD"]
    size = seen.get("SIZE")
    assert size is not None
    assert size.parameters == ("10240000",)
    assert len(offer(Reply(250, ("a", *(f"K{n}" for n in range(300))))).extensions) == MOST_KEYWORDS

"""HTTP/2 and its header compression: the examples of RFC 7541, answers as servers send them, and peers that mean ill."""

from __future__ import annotations

import time
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.wire.web import hpack, http2
from scanner.wire.web.hpack import Decoder, NotHpack, huffman, literal
from scanner.wire.web.http1 import Answer, NotHttp

FEW = settings(max_examples=150, deadline=None)
LIMIT = 1000
SETTINGS = b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"


def frame(kind: int, payload: bytes = b"", flags: int = 0, stream: int = 1) -> bytes:
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def block(*headers: tuple[str, str]) -> bytes:
    return b"".join(literal(name, value) for name, value in headers)


OK = block((":status", "200"), ("server", "x"))


def asked() -> http2.Connection:
    connection = http2.Connection("a.example", "x", LIMIT)
    assert connection.request("GET", "/", LIMIT).startswith(http2.PREFACE)
    return connection


def read(*frames: bytes, close: bool = True) -> Answer | str | None:
    reading = asked()
    try:
        for octets in frames:
            if (answer := reading.feed(octets)) is not None:
                return answer
        return reading.closed() if close else None
    except NotHttp as error:
        return str(error)


def test_the_code_is_complete_and_the_table_has_its_length() -> None:
    assert sum(Fraction(1, 2**length) * len(list(symbols)) for length, symbols in hpack._LENGTHS.items()) == 1
    assert sorted(hpack._CODES.values()) == list(range(257))
    assert len(hpack._STATIC) == 61


@pytest.mark.parametrize(
    ("coded", "text"),
    [
        ("f1e3c2e5f23a6ba0ab90f4ff", "www.example.com"),
        ("a8eb10649cbf", "no-cache"),
        ("25a849e95ba97d7f", "custom-key"),
        ("25a849e95bb8e8b4bf", "custom-value"),
        ("6402", "302"),
        ("aec3771a4b", "private"),
        ("d07abe941054d444a8200595040b8166e082a62d1bff", "Mon, 21 Oct 2013 20:13:21 GMT"),
        ("9d29ad171863c78f0b97c8e9ae82ae43d3", "https://www.example.com"),
    ],
)
def test_strings_of_appendix_c(coded: str, text: str) -> None:
    assert huffman(bytes.fromhex(coded)) == text.encode()


def test_answers_of_appendix_c_6() -> None:
    decoder = Decoder()
    first = "488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3"
    assert decoder.read(bytes.fromhex(first)) == (
        (":status", "302"),
        ("cache-control", "private"),
        ("date", "Mon, 21 Oct 2013 20:13:21 GMT"),
        ("location", "https://www.example.com"),
    )
    # The second answer names the first one's headers by their places in the dynamic table (C.6.2).
    assert decoder.read(bytes.fromhex("4883640effc1c0bf")) == (
        (":status", "307"),
        ("cache-control", "private"),
        ("date", "Mon, 21 Oct 2013 20:13:21 GMT"),
        ("location", "https://www.example.com"),
    )


@FEW
@given(
    st.lists(
        st.tuples(st.text("abc-", min_size=1, max_size=150), st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=300)),
        max_size=6,
    )
)
def test_what_is_written_is_read(headers: list[tuple[str, str]]) -> None:
    assert Decoder().read(block(*headers)) == tuple(headers)


@FEW
@given(st.binary(max_size=300))
def test_blocks_of_any_octets_are_read_or_refused(octets: bytes) -> None:
    decoder = Decoder()
    for _ in range(2):
        try:
            decoder.read(octets)
        except NotHpack:
            return


@FEW
@given(
    st.lists(
        st.one_of(
            st.binary(max_size=40), st.builds(frame, st.integers(0, 10), st.binary(max_size=40), st.integers(0, 255), st.integers(0, 2))
        ),
        max_size=12,
    )
)
def test_frames_of_any_octets_are_read_or_refused(frames: list[bytes]) -> None:
    assert read(SETTINGS, *frames) is not None


def test_an_answer_is_put_together() -> None:
    answer = read(SETTINGS + frame(1, OK, 4) + frame(0, b"hel"), frame(0, b"\x02lo\0\0", 0x9))
    assert isinstance(answer, Answer)
    assert (answer.version, answer.status, answer.headers, answer.body, answer.whole) == ("2", 200, (("server", "x"),), b"hello", True)


def test_a_head_in_pieces_an_interim_answer_and_trailers_are_read() -> None:
    early = frame(1, block((":status", "103")), 4)
    answer = read(SETTINGS, early, frame(1, OK[:5]), frame(9, OK[5:], 4), frame(0, b"x"), frame(1, block(("t", "v")), 5))
    assert isinstance(answer, Answer)
    assert (answer.status, answer.body, answer.whole) == (200, b"x", True)


def test_an_answer_is_cut_at_the_limit() -> None:
    answer = read(SETTINGS, frame(1, OK, 4), *(frame(0, b"y" * 400) for _ in range(9)))
    assert isinstance(answer, Answer)
    assert (len(answer.body), answer.whole) == (LIMIT, False)


def test_the_next_request_follows_on_a_stream_of_its_own() -> None:
    """Header blocks of one connection share one table: what the first answer put there, the second names by its place."""
    connection = asked()
    table = b"\x40" + literal("x-kept", "1")[1:]
    first = connection.feed(SETTINGS + frame(1, block((":status", "200")) + table, 5))
    assert isinstance(first, Answer)
    assert (first.headers, first.reusable) == ((("x-kept", "1"),), True)
    sent = connection.request("TRACE", "/x", LIMIT, [("X-Mark", "m")])
    assert not sent.startswith(http2.PREFACE)
    assert frame(1, b"", 5, 3)[3:] in sent
    second = connection.feed(frame(0, b"late", 1, 1) + frame(1, block((":status", "405")) + b"\xbe", 5, 3))
    assert isinstance(second, Answer)
    assert (second.status, second.headers, second.body) == (405, (("x-kept", "1"),), b"")


@pytest.mark.parametrize(("last", "whole"), [(1, True), (0, False)])
def test_a_server_that_leaves_still_answers_what_it_says_it_will(last: int, whole: bool) -> None:
    goodbye = frame(7, last.to_bytes(4, "big") + bytes(4), stream=0)
    answer = read(SETTINGS + frame(1, OK, 4) + goodbye + frame(0, b"x", 1))
    assert isinstance(answer, Answer)
    assert (answer.body, answer.whole, answer.reusable) == (b"x" if whole else b"", whole, False)


def test_an_answer_that_the_server_breaks_off_is_not_whole() -> None:
    answer = read(SETTINGS, frame(1, OK, 4), frame(0, b"half"), frame(3, (2).to_bytes(4, "big")))
    assert isinstance(answer, Answer)
    assert (answer.body, answer.whole, answer.reusable) == (b"half", False, False)


def test_settings_and_pings_are_answered() -> None:
    reading = asked()
    assert reading.feed(SETTINGS + frame(6, b"12345678", stream=0)) is None
    assert bytes(reading.owed) == frame(4, flags=1, stream=0) + frame(6, b"12345678", 1, 0)


@pytest.mark.parametrize(
    "frames",
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n",),
        (SETTINGS, frame(7, bytes(8), stream=0)),
        (SETTINGS, frame(3, bytes(4))),
        (SETTINGS, frame(5, OK, 4)),
        (SETTINGS, frame(1, OK), frame(0, b"x")),
        (SETTINGS, frame(1, block((":status", "abc")), 4)),
        (SETTINGS, frame(1, b"\xff" * 8, 4)),
        (SETTINGS, b"\xff\xff\xff\x00\x00\x00\x00\x00\x01"),
        (SETTINGS, frame(0, b"", 8)),
        (SETTINGS, *(frame(1, block((":status", "100")), 4) for _ in range(20))),
        (SETTINGS, frame(1, b""), *(frame(9, bytes(16000)) for _ in range(9))),
        (SETTINGS * 3000,),
        (SETTINGS, frame(1, OK, 4), frame(0) * 3000),
        (SETTINGS, frame(1, OK, 4), frame(1, OK, 4)),
        (SETTINGS,),
    ],
)
def test_what_is_no_answer_is_said_to_be_none(frames: tuple[bytes, ...]) -> None:
    assert isinstance(read(*frames), str)


def test_a_block_that_unfolds_without_end_is_refused() -> None:
    """One long header kept in the table, and then named by its place again and again: an octet each."""
    octets = b"\x40\x01a\x7f" + b"\x9d\x1e" + b"x" * (127 + 0x1D + (0x1E << 7)) + b"\xbe" * 60_000
    start = time.process_time()
    with pytest.raises(NotHpack):
        Decoder().read(octets)
    assert time.process_time() - start < 1.0

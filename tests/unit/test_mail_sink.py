"""The sink for the canary mailbox: it takes the marked message alone, relays nothing, and bears whatever strangers do."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest

from scanner.model.reason import CannotObserve, Reason
from scanner.model.target import Service
from scanner.probes import mail_sink
from scanner.probes.mail_sink import LONGEST_LINE, Arrival, awaiting
from scanner.probes.smtp_delivery import message

CANARY = "canary@relay.example.jp"
MARK = "5e" * 16
PORT = 25_251  # below the ports that the system gives out itself


@pytest.fixture(autouse=True)
def _port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail_sink, "PORT", PORT)


async def _said(*lines: bytes) -> list[bytes]:
    """Say every line and give what was answered until the sink closes or falls silent."""
    reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
    answers = [await reader.readline()]
    try:
        for line in lines:
            writer.write(line)
            await writer.drain()
            answers.append(await reader.readline())
    except ConnectionError:
        pass
    finally:
        writer.close()
    return [answer[:3] for answer in answers]


def _with_sink(work: Callable[[asyncio.Future[Arrival]], Awaitable[None]]) -> None:
    async def run() -> None:
        async with awaiting(CANARY, ("127.0.0.1",), MARK) as arrival:
            await work(arrival)

    asyncio.run(run())


TO_CANARY = (b"EHLO mx.example\r\n", b"MAIL FROM:<>\r\n", f"RCPT TO:<{CANARY}>\r\n".encode(), b"DATA\r\n")


def test_the_marked_message_arrives_with_its_sender() -> None:
    text = message(CANARY, MARK, Service("mx.example", 25, "smtp"), datetime(2026, 11, 22, tzinfo=UTC), "scanner.example")

    async def work(arrival: asyncio.Future[Arrival]) -> None:
        assert await _said(*TO_CANARY, text, b"QUIT\r\n") == [b"220", b"250", b"250", b"250", b"354", b"250", b"221"]
        assert arrival.result() == Arrival("127.0.0.1", "mx.example")

    _with_sink(work)


@pytest.mark.parametrize(
    "text",
    [
        b"Subject: hello\r\n\r\ntext\r\n.\r\n",
        b"X-Tenken-Mark: 00\r\n\r\n.\r\n",
        b"Subject: x\r\n\r\n" + f"X-Tenken-Mark: {MARK}\r\n.\r\n".encode(),
    ],
)
def test_a_message_without_the_mark_in_its_header_is_refused(text: bytes) -> None:
    async def work(arrival: asyncio.Future[Arrival]) -> None:
        assert (await _said(*TO_CANARY, text))[-1] == b"550"
        assert not arrival.done()

    _with_sink(work)


def test_nothing_is_relayed_and_no_step_is_left_out() -> None:
    async def work(arrival: asyncio.Future[Arrival]) -> None:
        assert await _said(b"DATA\r\n", b"RCPT TO:<canary@relay.example.jp>\r\n", b"MAIL FROM:<a@b>\r\n", b"DATA\r\n") == [
            b"220",
            b"503",
            b"503",
            b"250",
            b"503",
        ]
        assert (await _said(b"MAIL FROM:<>\r\n", b"RCPT TO:<victim@example.com>\r\n"))[-1] == b"550"
        assert (await _said(b"MAIL FROM:<>\r\n", b"RCPT TO:<canary@relay.example.jp@example.com>\r\n"))[-1] == b"550"
        assert await _said(b"AUTH PLAIN\r\n", b"VRFY x\r\n", b"STARTTLS\r\n") == [b"220", b"502", b"502", b"502"]
        assert not arrival.done()

    _with_sink(work)


def test_too_much_of_anything_ends_the_conversation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail_sink, "LARGEST_MESSAGE", 500)
    monkeypatch.setattr(mail_sink, "MOST_COMMANDS", 5)

    async def work(arrival: asyncio.Future[Arrival]) -> None:
        assert (await _said(*TO_CANARY, b"x" * 400 + b"\r\n" + b"y" * 400 + b"\r\n.\r\n"))[-1] == b"552"
        assert (await _said(*(b"NOOP\r\n",) * 5))[-1] == b"250"
        assert (await _said(b"z" * 5000 + b"\r\n"))[-1] == b""
        assert (await _said(*(b"\xff\x00\r\n",) * 3))[-1] == b"502"
        assert not arrival.done()

    _with_sink(work)


@pytest.mark.parametrize("line", [b"a" * 100_000, b"a" * (LONGEST_LINE * 3) + b"\r\n"])
def test_a_line_without_end_is_hung_up_on_and_troubles_nobody(line: bytes) -> None:
    troubles: list[dict[str, object]] = []

    async def work(_: asyncio.Future[Arrival]) -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, trouble: troubles.append(trouble))
        assert (await _said(line))[1:] in ([], [b""])
        assert (await _said(b"NOOP\r\n"))[1:] == [b"250"]

    _with_sink(work)
    assert troubles == []


def test_two_tests_share_the_sink_and_it_is_gone_afterwards() -> None:
    async def run() -> None:
        async with awaiting(CANARY, ("127.0.0.1",), MARK), awaiting(CANARY, ("127.0.0.1",), "other") as other:
            text = message(CANARY, "other", Service("mx.example", 25, "smtp"), datetime(2026, 11, 22, tzinfo=UTC), "")
            await _said(*TO_CANARY, text)
            assert other.done()
        with pytest.raises(OSError, match="Connect call failed"):
            await asyncio.open_connection("127.0.0.1", PORT)

    asyncio.run(run())


def test_an_address_that_is_not_ours_is_told() -> None:
    async def run() -> None:
        async with awaiting(CANARY, ("192.0.2.1",), MARK):
            pytest.fail("it cannot be listened at")

    with pytest.raises(CannotObserve) as caught:
        asyncio.run(run())
    assert caught.value.reason in {Reason.UNSUPPORTED, Reason.ACCESS_DENIED}


def test_the_message_says_what_it_is_in_ascii_with_short_lines_and_one_end() -> None:
    text = message(CANARY, MARK, Service("mx.example", 25, "smtp"), datetime(2026, 11, 22, tzinfo=UTC), "scanner.example")
    assert text.isascii()
    lines = text.split(b"\r\n")
    assert max(map(len, lines)) <= 140
    assert lines[-2:] == [b".", b""]
    assert lines.count(b".") == 1
    assert b"\n" not in text.replace(b"\r\n", b"")
    assert f"X-Tenken-Mark: {MARK}".encode() in lines[: lines.index(b"")]

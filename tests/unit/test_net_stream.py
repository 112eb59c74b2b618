"""Connections of probes: what a stream gives and how it ends, whatever the peer does, and what is asked before it is opened."""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from collections.abc import Awaitable, Callable

import pytest

from scanner.model.reason import CannotObserve, Reason
from scanner.net.budget import Allowance
from scanner.net.net import DnsServer
from scanner.net.network import Network, Settings
from scanner.net.scope import Purpose, Scope
from scanner.net.silence import QUESTIONS
from scanner.net.stream import MOST_OCTETS, Stream
from scanner.net.view import View
from tests.unit.net_servers import LOOPBACK, closed_port

Peer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Work = Callable[[Stream], Awaitable[object]]


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


def settings(scope: Scope = LOOPBACK, allowance: Allowance | None = None) -> Settings:
    return Settings(scope=scope, resolvers=(DnsServer("", "127.0.0.1", 1),), allowance=allowance or Allowance())


def talk(peer: Peer, work: Callable[[View, int], Awaitable[object]], given: Settings | None = None, host: str = "127.0.0.1") -> object:
    """Run ``work`` with a view and the port of a server."""

    async def go() -> object:
        ended: list[asyncio.Task[None] | None] = []

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            ended.append(asyncio.current_task())
            try:
                await peer(reader, writer)
            except ConnectionError:
                pass
            finally:
                writer.close()

        server = await asyncio.start_server(serve, host, 0)
        port = server.sockets[0].getsockname()[1]
        async with Network(given or settings()) as net:
            try:
                return await work(net.view("service:www.lab.test:443/https"), port)
            finally:
                server.close()
                await asyncio.gather(*(task for task in ended if task), return_exceptions=True)

    return asyncio.run(go())


def why(peer: Peer, work: Work, **limits: float) -> CannotObserve:
    async def go(net: View, port: int) -> None:
        async with net.connect("", "127.0.0.1", port, **limits) as stream:  # type: ignore[arg-type]  # limits are floats but for one
            await work(stream)

    with pytest.raises(CannotObserve) as caught:
        talk(peer, go)
    return caught.value


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_what_is_sent_comes_back(host: str) -> None:
    async def work(net: View, port: int) -> tuple[bytes, int, str]:
        async with net.connect("www.lab.test", host, port) as stream:
            await stream.send(b"hello")
            return await stream.receive(), stream.received, stream.local

    assert talk(echo, work, host=host) == (b"hello", 5, host)


def test_more_than_a_buffer_holds_is_sent_whole() -> None:
    large = bytes(range(256)) * 16384

    async def work(net: View, port: int) -> bool:
        async with net.connect("", "127.0.0.1", port, limit=2 * len(large)) as stream:
            sending = asyncio.ensure_future(stream.send(large[: MOST_OCTETS // 4]))
            got = b""
            while len(got) < MOST_OCTETS // 4:
                got += await stream.receive()
            await sending
            return got == large[: MOST_OCTETS // 4]

    assert talk(echo, work) is True


def test_an_orderly_end_is_no_octets() -> None:
    async def farewell(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"bye")

    async def work(net: View, port: int) -> list[bytes]:
        async with net.connect("", "127.0.0.1", port) as stream:
            return [await stream.receive(), await stream.receive(), await stream.receive()]

    assert talk(farewell, work) == [b"bye", b"", b""]


def test_a_reset_is_not_an_end() -> None:
    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    async def work(stream: Stream) -> None:
        await stream.send(b"x")
        await stream.receive()

    assert why(reset, work).reason is Reason.RESET


@pytest.mark.alone
def test_silence_ends_at_the_first_limit() -> None:
    start = time.monotonic()
    seen = why(silent, lambda stream: stream.receive(), seconds=0.2, whole=5.0)
    assert (seen.reason, time.monotonic() - start < 2) == (Reason.TIMEOUT, True)
    assert "no answer from 127.0.0.1:" in seen.detail
    assert "within 0.2 s" in seen.detail


@pytest.mark.alone
def test_the_whole_has_a_limit_of_its_own_once_something_came() -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while not writer.is_closing() and not writer.transport.is_closing():
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)

    async def all_of_it(stream: Stream) -> None:
        while await stream.receive():
            pass

    start = time.monotonic()
    seen = why(drip, all_of_it, seconds=0.2, whole=0.5)
    took = time.monotonic() - start
    assert (seen.reason, 0.4 < took < 2) == (Reason.TIMEOUT, True)
    assert "no whole answer" in seen.detail


def test_a_babbler_is_cut_off() -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(1000):
            writer.write(bytes(65536))
            await writer.drain()

    async def work(stream: Stream) -> None:
        while await stream.receive():
            pass

    assert why(babble, work, limit=200_000).reason is Reason.TOO_LARGE


def test_a_closed_port_is_a_refusal() -> None:
    async def work(net: View, port: int) -> None:
        async with net.connect("", "127.0.0.1", closed_port()):
            pass

    with pytest.raises(CannotObserve) as caught:
        talk(echo, work)
    assert caught.value.reason is Reason.REFUSED


def test_nothing_is_sent_to_what_is_out_of_scope() -> None:
    met: list[int] = []

    async def count(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        met.append(1)

    async def work(net: View, port: int) -> None:
        for purpose in (Purpose.TEST, Purpose.TLS_HANDSHAKE, Purpose.INTRUSIVE):
            with pytest.raises(CannotObserve) as caught:
                async with net.connect("", "127.0.0.1", port, purpose=purpose):
                    pass
            assert caught.value.reason is Reason.OUT_OF_SCOPE

    talk(count, work, settings(Scope()))
    assert met == []


def test_an_intrusive_connection_needs_a_consent() -> None:
    async def work(net: View, port: int) -> None:
        async with net.connect("", "127.0.0.1", port, purpose=Purpose.INTRUSIVE, test="tls.robot"):
            pass

    with pytest.raises(CannotObserve) as caught:
        talk(echo, work)
    assert caught.value.reason is Reason.NO_CONSENT


def test_connections_are_counted() -> None:
    async def work(net: View, port: int) -> list[str]:
        ends = []
        for _ in range(3):
            try:
                async with net.connect("", "127.0.0.1", port) as stream:
                    await stream.send(b"x")
                    ends.append((await stream.receive()).decode())
            except CannotObserve as spent:
                ends.append(spent.reason)
        return ends

    assert talk(echo, work, settings(allowance=Allowance(connections=2))) == ["x", "x", Reason.BUDGET_SPENT]


def test_a_place_that_never_answers_is_left_alone() -> None:
    async def work(net: View, port: int) -> list[str]:
        details = []
        for _ in range(QUESTIONS + 1):
            with pytest.raises(CannotObserve) as caught:
                async with net.connect("", "127.0.0.1", port, seconds=0.02) as stream:
                    await stream.receive()
            details.append(caught.value.detail)
        return details

    details = talk(silent, work)
    assert isinstance(details, list)
    assert f"to any of {QUESTIONS} questions" in details[-1]
    assert "within 0.02 s" in details[-2]


def test_a_cancelled_conversation_leaves_nothing_open() -> None:
    async def work(net: View, port: int) -> int:
        stream = None

        async def wait() -> None:
            nonlocal stream
            async with net.connect("", "127.0.0.1", port) as stream:
                await stream.receive()

        task = asyncio.ensure_future(wait())
        while stream is None or stream._waiter is None:  # noqa: ASYNC110  a task of ours, which has no event to give
            await asyncio.sleep(0)
        number = stream._open().fileno()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert number > 0
        return 0 if stream._socket is None else 1

    assert talk(silent, work) == 0


@pytest.mark.parametrize(("protocol", "connections"), [("https", 60), ("smtp", 12), ("imap", 60)])
def test_a_survey_has_a_budget_by_protocol(protocol: str, connections: int) -> None:
    assert Allowance().tls(protocol) == connections


def test_the_budget_of_surveys_can_be_set() -> None:
    allowance = Allowance(tls_connections=7, tls_connections_of=(("https", 3),))
    assert (allowance.tls("https"), allowance.tls("smtp")) == (3, 7)

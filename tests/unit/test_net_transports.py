"""UDP and TCP: which answers count, how silence and refusal end, and that nothing stays open."""

from __future__ import annotations

import asyncio
import errno
import random
import socket
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import TypeVar

import pytest

from scanner.model.reason import CannotObserve, Reason
from scanner.net import tcp
from scanner.net.trouble import cannot, peer
from scanner.net.udp import MOST_PEERS, SOCKET_QUESTIONS, Datagram, Udp
from scanner.wire.dns import Type, query
from tests.unit.net_servers import FakeDns, closed_port, framed, read_question, reply

QUESTION = query("www.Example.jp", Type.A, id=0, rd=True)
T = TypeVar("T")


def with_udp(work: Callable[[Udp], Awaitable[T]]) -> T:
    """Run a test's coroutine with UDP open."""

    async def go() -> T:
        udp = Udp(asyncio.get_running_loop(), random.Random(1))
        try:
            return await work(udp)
        finally:
            udp.close()

    return asyncio.run(go())


def asked(fake: FakeDns, *, tries: int = 2, wire: bytes = QUESTION) -> Datagram:
    """One exchange with a fake server."""

    async def work(udp: Udp) -> Datagram:
        async with fake.running():
            return await udp.exchange(fake.address, fake.port, wire, seconds=0.1, tries=tries)

    return with_udp(work)


def refused(fake: FakeDns) -> CannotObserve:
    """The refusal that an exchange ends in."""
    with pytest.raises(CannotObserve) as caught:
        asked(fake)
    return caught.value


def test_an_answer_comes_back_with_its_source_and_tries() -> None:
    fake = FakeDns(lambda q: [reply(q)])
    seen = asked(fake)
    assert (seen.source, seen.tries) == ("127.0.0.1", 1)
    assert seen.data == reply(fake.asked[0])


def test_over_ipv6() -> None:
    assert asked(FakeDns(lambda q: [reply(q)], address="::1")).source == "::1"


def test_a_lost_question_is_asked_again_with_the_same_id_and_a_late_answer_counts() -> None:
    lost: list[bytes] = []

    def second(q: bytes) -> list[bytes]:
        lost.append(q)
        return [reply(lost[0])] if len(lost) == 2 else []

    seen = asked(FakeDns(second))
    assert seen.tries == 2
    assert lost[0] == lost[1]


@pytest.mark.alone
def test_silence_is_a_time_out_that_says_what_was_tried() -> None:
    fake = FakeDns(lambda q: [])
    start = time.monotonic()
    why = refused(fake)
    assert why.reason is Reason.TIMEOUT
    assert why.detail == f"no answer from 127.0.0.1:{fake.port}/udp within 0.1 s (2 tries)"
    assert 0.2 <= time.monotonic() - start < 1.0
    assert len(fake.asked) == 2


@pytest.mark.alone
def test_a_closed_port_is_a_refusal_at_once() -> None:
    port = closed_port()

    async def work(udp: Udp) -> float:
        start = time.monotonic()
        for seconds in (5.0, 5.0):
            with pytest.raises(CannotObserve) as caught:
                await udp.exchange("127.0.0.1", port, QUESTION, seconds=seconds, tries=2)
            assert caught.value.reason is Reason.REFUSED
            assert f"127.0.0.1:{port}/udp" in caught.value.detail
        return time.monotonic() - start

    assert with_udp(work) < 1.0


def test_errors_do_not_keep_the_loop_awake() -> None:
    port = closed_port()

    async def work(udp: Udp) -> float:
        for any_source in (False, True):
            with pytest.raises(CannotObserve):
                await udp.exchange("127.0.0.1", port, QUESTION, seconds=1, tries=1, any_source=any_source)
        with pytest.raises(CannotObserve):  # sent while the error of an earlier one may still lie in the queue
            await asyncio.gather(*(udp.exchange("127.0.0.1", port, QUESTION, seconds=1, tries=1) for _ in range(5)))
        start = time.process_time()
        await asyncio.sleep(0.3)
        return time.process_time() - start

    assert with_udp(work) < 0.1


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        (lambda q: [reply(q, id=q[0] << 8 | q[1] ^ 1)], "2 with a wrong id"),
        (lambda q: [reply(query("other.jp", Type.A, id=q[0] << 8 | q[1]))], "2 with a wrong question or none"),
        (lambda q: [reply(query("www.example.jp", Type.AAAA, id=q[0] << 8 | q[1]))], "2 with a wrong question or none"),
        (lambda q: [q], "2 with a wrong question or none"),
        (lambda q: [reply(q)[:12].replace(b"\x81\x80\0\x01", b"\x81\x80\0\0")], "2 with a wrong question or none"),
        (lambda q: [b"", b"short"], "4 with no header"),
        (
            lambda q: [reply(q, id=1), reply(q, id=2), reply(query("x", 1, id=q[0] << 8 | q[1]))],
            "4 with a wrong id, 2 with a wrong question or none",
        ),
    ],
    ids=["id", "name", "type", "echo", "bare", "short", "several"],
)
def test_only_wrong_answers_are_a_violation_and_not_silence(answers: Callable[[bytes], list[bytes]], words: str) -> None:
    why = refused(FakeDns(answers))
    assert why.reason is Reason.PROTOCOL_VIOLATION
    assert why.detail.startswith("only wrong answers from 127.0.0.1:")
    assert why.detail.endswith(f"within 0.1 s (2 tries): {words}")


def test_wrong_answers_before_the_right_one_do_no_harm() -> None:
    fake = FakeDns(lambda q: [b"", b"\0", b"x" * 11, reply(q, id=5), q, reply(q)])
    assert asked(fake).data == reply(fake.asked[0])


@pytest.mark.parametrize("rcode", [1, 2, 4, 5])
def test_a_bare_header_with_an_error_is_an_answer(rcode: int) -> None:
    assert len(asked(FakeDns(lambda q: [q[:2] + bytes((0x81, 0x80 | rcode)) + bytes(8)])).data) == 12


def test_capitals_in_the_repeated_question_do_not_matter() -> None:
    assert asked(FakeDns(lambda q: [reply(q[:12] + q[12:].upper())])).tries == 1


def test_a_question_that_is_cancelled_leaves_the_others_alone() -> None:
    async def work(udp: Udp) -> int:
        held: list[bytes] = []

        def hold(q: bytes) -> list[bytes]:
            held.append(q)
            return [reply(h) for h in held] if len(held) == 2 else []

        async with FakeDns(hold).running() as fake:
            first = asyncio.create_task(udp.exchange(fake.address, fake.port, QUESTION, seconds=5, tries=1))
            await asyncio.sleep(0)
            first.cancel()
            with pytest.raises(asyncio.CancelledError):
                await first
            return (await udp.exchange(fake.address, fake.port, QUESTION, seconds=5, tries=1)).tries

    assert with_udp(work) == 1


def test_many_questions_side_by_side_get_their_own_answers() -> None:
    async def work(udp: Udp) -> bool:
        async with FakeDns(lambda q: [reply(q)]).running() as fake:
            wires = [query(f"n{n}.example.jp", Type.A, id=0) for n in range(150)]
            exchanges = (udp.exchange(fake.address, fake.port, wire, seconds=5, tries=1) for wire in wires)
            seen = await asyncio.gather(*exchanges)
            return all(datagram.data[12:] == wire[12 : len(datagram.data)] for datagram, wire in zip(seen, wires, strict=True))

    assert with_udp(work)


def test_ports_and_ids_are_renewed() -> None:
    async def work(udp: Udp) -> tuple[int, int]:
        async with FakeDns(lambda q: [reply(q)]).running() as fake:
            for _ in range(3 * SOCKET_QUESTIONS):
                await udp.exchange(fake.address, fake.port, QUESTION, seconds=1, tries=1)
            return len(set(fake.sources)), len({q[:2] for q in fake.asked})

    ports, ids = with_udp(work)
    assert ports == 3
    assert ids > 550


def test_idle_sockets_are_closed_and_all_of_them_in_the_end() -> None:
    async def go() -> tuple[int, int]:
        udp = Udp(asyncio.get_running_loop(), random.Random(1))
        async with FakeDns(lambda q: [reply(q)], address="127.0.0.1").running() as fake:
            for number in range(MOST_PEERS + 40):
                # Every address of 127/8 is this machine; the fake answers from 127.0.0.1 only, so only it is heard.
                exchange = udp.exchange(f"127.1.{number >> 8}.{number & 255}", 9, QUESTION, seconds=0.001, tries=1)
                with pytest.raises(CannotObserve):
                    await exchange
            kept = len(udp._peers)
            await udp.exchange(fake.address, fake.port, QUESTION, seconds=1, tries=1)
            udp.close()
            with pytest.raises(RuntimeError, match="closed"):
                await udp.exchange(fake.address, fake.port, QUESTION, seconds=1, tries=1)
        return kept, len(udp._peers)

    assert asyncio.run(go()) == (MOST_PEERS, 0)


def test_closing_ends_what_is_under_way() -> None:
    async def go() -> CannotObserve:
        udp = Udp(asyncio.get_running_loop(), random.Random(1))
        async with FakeDns(lambda q: []).running() as fake:
            task = asyncio.create_task(udp.exchange(fake.address, fake.port, QUESTION, seconds=60, tries=1))
            await asyncio.sleep(0)
            udp.close()
            with pytest.raises(CannotObserve) as caught:
                await task
        return caught.value

    assert asyncio.run(go()).reason is Reason.TIMEOUT


def test_an_answer_from_another_address_counts_only_when_any_source_is_wanted() -> None:
    async def work(udp: Udp) -> tuple[Reason, Datagram]:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as elsewhere:
            elsewhere.bind(("127.0.0.2", 0))

            def aside(q: bytes) -> list[bytes]:
                elsewhere.sendto(reply(q), fake.sources[-1])
                return []

            fake = FakeDns(aside)
            async with fake.running():
                with pytest.raises(CannotObserve) as caught:
                    await udp.exchange(fake.address, fake.port, QUESTION, seconds=0.1, tries=1)
                seen = await udp.exchange(fake.address, fake.port, QUESTION, seconds=1, tries=1, any_source=True)
        return caught.value.reason, seen

    reason, seen = with_udp(work)
    assert (reason, seen.source) == (Reason.TIMEOUT, "127.0.0.2")


def test_any_source_still_hears_a_refusal_and_silence() -> None:
    async def work(udp: Udp) -> list[Reason]:
        reasons = []
        async with FakeDns(lambda q: []).running() as fake:
            for port in (closed_port(), fake.port):
                with pytest.raises(CannotObserve) as caught:
                    await udp.exchange("127.0.0.1", port, QUESTION, seconds=0.2, tries=1, any_source=True)
                reasons.append(caught.value.reason)
        return reasons

    assert with_udp(work) == [Reason.REFUSED, Reason.TIMEOUT]


def over_tcp(talk: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[None, None, None]], seconds: float = 1.0) -> bytes:
    """One exchange over TCP with a fake server."""

    async def go() -> bytes:
        async with FakeDns(lambda q: [], talk).running() as fake:
            return await tcp.exchange(fake.address, fake.port, query("example.jp", Type.TXT, id=77), seconds=seconds)

    return asyncio.run(go())


def test_tcp_reads_one_whole_message_in_whatever_pieces() -> None:
    async def pieces(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for octet in framed(reply(await read_question(reader)) + bytes(3000)):
            writer.write(bytes((octet,)))
            if octet:
                await writer.drain()

    assert len(over_tcp(pieces)) == 28 + 3000


async def _silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def _hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_question(reader)


async def _cut_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(framed(reply(await read_question(reader)))[:-3])


async def _drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"\xff\xff")
    while not writer.is_closing():
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.02)


async def _short(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"\0\x0b" + bytes(11))
    await reader.read()


async def _wrong_id(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(framed(reply(await read_question(reader), id=78)))


async def _wrong_question(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(framed(reply(query("other.jp", Type.TXT, id=77))))


async def _reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_question(reader)
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


@pytest.mark.alone
@pytest.mark.parametrize(
    ("talk", "reason", "words"),
    [
        (_silent, Reason.TIMEOUT, "no whole answer from"),
        (_hang_up, Reason.RESET, "closed the connection without an answer"),
        (_cut_off, Reason.RESET, "closed the connection after 27 octets"),
        (_drip, Reason.TIMEOUT, "/tcp within 0.2 s"),
        (_short, Reason.PROTOCOL_VIOLATION, "a message of 11 octets"),
        (_wrong_id, Reason.PROTOCOL_VIOLATION, "answered with a wrong id"),
        (_wrong_question, Reason.PROTOCOL_VIOLATION, "answered with a wrong question"),
        (_reset, Reason.RESET, "reset by the peer"),
    ],
)
def test_how_tcp_conversations_end(
    talk: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[None, None, None]], reason: Reason, words: str
) -> None:
    start = time.monotonic()
    with pytest.raises(CannotObserve) as caught:
        over_tcp(talk, seconds=0.2)
    assert (caught.value.reason, words in caught.value.detail) == (reason, True), caught.value.detail
    assert time.monotonic() - start < 1.5


def test_a_closed_tcp_port_is_a_refusal() -> None:
    with pytest.raises(CannotObserve) as caught:
        asyncio.run(tcp.exchange("127.0.0.1", closed_port(), QUESTION, seconds=1))
    assert caught.value.reason is Reason.REFUSED


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (errno.ECONNREFUSED, Reason.REFUSED),
        (errno.EACCES, Reason.UNREACHABLE),
        (errno.EPERM, Reason.UNREACHABLE),
        (errno.EHOSTUNREACH, Reason.UNREACHABLE),
        (errno.ENETUNREACH, Reason.UNREACHABLE),
        (errno.ENONET, Reason.UNREACHABLE),
        (errno.EOPNOTSUPP, Reason.UNREACHABLE),
        (errno.EMSGSIZE, Reason.UNREACHABLE),
        (errno.ECONNRESET, Reason.RESET),
        (errno.ETIMEDOUT, Reason.TIMEOUT),
    ],
)
def test_error_numbers_have_reasons(number: int, reason: Reason) -> None:
    why = cannot(OSError(number, "x"), f"a question to {peer('2001:db8::1', 53)}/udp")
    assert why.reason is reason
    assert why.detail.startswith("a question to [2001:db8::1]:53/udp: ")


def test_troubles_of_this_machine_are_no_finding() -> None:
    with pytest.raises(OSError, match="files"):
        cannot(OSError(errno.EMFILE, "too many open files"), "a question")

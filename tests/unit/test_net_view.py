"""What a probe gets from its view: questions to servers, transfers, evidence, and refusals before anything is sent."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from ipaddress import IPv4Address
from pathlib import Path
from typing import TypeVar

import pytest

from scanner.model.fact import Evidence
from scanner.model.reason import CannotObserve, Reason
from scanner.net.budget import Allowance
from scanner.net.evidence import LONGEST_EXCERPT, MOST_NOTES
from scanner.net.net import DnsServer, Net, Status, Transfer, Transport
from scanner.net.net import Network as NetworkOfTheEngine
from scanner.net.network import MOST_BUDGETS, Network, Settings, agent_name, resolvers_of
from scanner.net.scope import Purpose, Scope
from scanner.net.silence import MOST_PLACES, QUESTIONS, SECONDS, Silence
from scanner.net.transfer import MOST_MESSAGES, Reading
from scanner.net.view import Timing, View
from scanner.wire.dns import Message, Rcode, Soa, Type, name_to_wire, parse, query
from tests.unit.net_servers import LOOPBACK, QUICK, FakeDns, framed, network, read_question, record, reply

T = TypeVar("T")
SERIAL = struct.pack("!5I", 7, 2, 3, 4, 60)
SOA = record("example.jp", Type.SOA, name_to_wire("ns.jp") + name_to_wire("root.jp") + SERIAL)
OTHER_SOA = record("example.jp", Type.SOA, name_to_wire("ns.jp") + name_to_wire("root.jp") + struct.pack("!5I", 6, 2, 3, 4, 60))
NS = record("example.jp", Type.NS, name_to_wire("ns.jp"))


def address(name: str, text: str = "192.0.2.1") -> bytes:
    return record(name, Type.A, IPv4Address(text).packed)


async def one_message(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A TCP server that answers each question with one address."""
    question = await read_question(reader)
    writer.write(framed(reply(question, address("example.jp"), flags=0x8400)))


def talk(fake: FakeDns, work: Callable[[View], Awaitable[T]]) -> T:
    """Run a test's coroutine with a view and a server; the server is the resolver as well."""

    async def go() -> T:
        async with fake.running(), network(fake.server) as net:
            return await work(net.view("domain:example.jp"))

    return asyncio.run(go())


def refusal(fake: FakeDns, work: Callable[[View], Awaitable[object]]) -> CannotObserve:
    with pytest.raises(CannotObserve) as caught:
        talk(fake, work)
    return caught.value


def test_an_exchange_says_what_happened() -> None:
    fake = FakeDns(lambda q: [reply(q, address("example.jp"), flags=0x8400)])
    seen = talk(fake, lambda net: net.ask(fake.server, "Example.jp", Type.A))
    assert (seen.message.aa, seen.message.rcode, len(seen.message.answer)) == (True, Rcode.NOERROR, 1)
    assert (seen.transport, seen.tries, seen.source, seen.sent) == (Transport.UDP, 1, "127.0.0.1", len(fake.asked[0]))
    assert 0 <= seen.milliseconds < 1000


@pytest.mark.parametrize("rcode", [1, 2, 3, 4, 5])
def test_every_rcode_is_an_answer(rcode: int) -> None:
    fake = FakeDns(lambda q: [reply(q, rcode=rcode)])
    assert talk(fake, lambda net: net.ask(fake.server, "example.jp", Type.A)).message.rcode == rcode


def test_what_is_asked_is_what_was_wanted() -> None:
    fake = FakeDns(lambda q: [reply(q)])

    async def work(net: View) -> None:
        await net.ask(fake.server, "example.jp", Type.TXT, rd=True, cd=True, do=True, edns=4096)
        await net.ask(fake.server, "example.jp", Type.TXT, edns=None)

    talk(fake, work)
    full, plain = (parse(q) for q in fake.asked)
    assert (full.rd, full.cd, full.edns and (full.edns.size, full.edns.do)) == (True, True, (4096, True))
    assert (plain.rd, plain.cd, plain.edns) == (False, False, None)


@pytest.mark.parametrize(
    ("transport", "used", "records"),
    [(Transport.AUTO, Transport.TCP, 1), (Transport.UDP, Transport.UDP, 0), (Transport.TCP, Transport.TCP, 1)],
)
def test_a_truncated_answer_leads_to_tcp_where_that_is_wanted(transport: Transport, used: Transport, records: int) -> None:
    fake = FakeDns(lambda q: [reply(q, flags=0x8600)], one_message)
    seen = talk(fake, lambda net: net.ask(fake.server, "example.jp", Type.A, transport=transport))
    assert (seen.transport, len(seen.message.answer), len(fake.asked)) == (used, records, 0 if transport is Transport.TCP else 1)


def test_a_truncated_answer_may_be_cut_anywhere() -> None:
    fake = FakeDns(lambda q: [reply(q, address("example.jp"), flags=0x8600)[:-7]], one_message)
    assert talk(fake, lambda net: net.ask(fake.server, "example.jp", Type.A)).transport is Transport.TCP


def test_the_resolvers_truncated_answer_leads_to_tcp_too() -> None:
    fake = FakeDns(lambda q: [reply(q, flags=0x8780)], one_message)
    seen = talk(fake, lambda net: net.resolve("example.jp", Type.A))
    assert (seen.status, fake.connections) == (Status.FOUND, 1)


def test_an_answer_that_is_no_dns_is_a_violation() -> None:
    fake = FakeDns(lambda q: [reply(q)[:-4] + reply(q)[-4:] + b"trailing"])
    why = refusal(fake, lambda net: net.ask(fake.server, "example.jp", Type.A))
    assert why.reason is Reason.PROTOCOL_VIOLATION
    assert why.detail == f"127.0.0.1:{fake.port}/udp sent no DNS message: 8 octets behind the last record"


def test_a_name_that_is_none_is_not_asked() -> None:
    fake = FakeDns(lambda q: [reply(q)])
    for ask in (
        lambda net: net.ask(fake.server, "a..jp", Type.A),
        lambda net: net.transfer(fake.server, "a..jp"),
        lambda net: net.resolve("a..jp", Type.A),
    ):
        assert refusal(fake, ask).reason is Reason.PROTOCOL_VIOLATION
    assert not fake.asked


def test_the_guard_is_asked_before_anything_is_sent() -> None:
    fake = FakeDns(lambda q: [reply(q)], one_message)

    async def go() -> list[Reason]:
        reasons = []
        async with fake.running(), network(DnsServer("", "127.0.0.9"), scope=Scope()) as net:
            view = net.view("domain:example.jp")
            port = fake.port
            for work in (
                view.ask(fake.server, "example.jp", Type.A),
                view.ask(fake.server, "example.jp", Type.A, transport=Transport.TCP),
                view.ask(fake.server, "example.jp", Type.A, any_source=True),
                view.transfer(fake.server, "example.jp"),
                view.fetch(f"https://127.0.0.1:{port}/"),
            ):
                with pytest.raises(CannotObserve) as caught:
                    await work
                reasons.append(caught.value.reason)
        return reasons

    assert asyncio.run(go()) == [Reason.OUT_OF_SCOPE] * 5
    assert (fake.asked, fake.connections) == ([], 0)


def test_intrusive_questions_need_consent() -> None:
    fake = FakeDns(lambda q: [reply(q)])
    why = refusal(fake, lambda net: net.ask(fake.server, "example.jp", Type.A, purpose=Purpose.INTRUSIVE))
    assert (why.reason, fake.asked) == (Reason.NO_CONSENT, [])


def test_a_target_has_one_budget_for_all_its_views() -> None:
    fake = FakeDns(lambda q: [reply(q)])

    async def go() -> tuple[str, int]:
        settings = Settings(scope=LOOPBACK, timing=QUICK, resolvers=(DnsServer("", "127.0.0.9"),), allowance=Allowance(questions=3))
        async with fake.running(), Network(settings) as net:
            for _ in range(3):
                await net.view("domain:a.jp").ask(fake.server, "a.jp", Type.A)
            with pytest.raises(CannotObserve) as caught:
                await net.view("domain:a.jp").ask(fake.server, "a.jp", Type.A)
            await net.view("domain:b.jp").ask(fake.server, "b.jp", Type.A)
            net.forget("domain:a.jp")
            await net.view("domain:a.jp").ask(fake.server, "a.jp", Type.A)
        return caught.value.detail, len(fake.asked)

    assert asyncio.run(go()) == ("the budget of domain:a.jp is spent: 3 questions", 5)


def test_budgets_kept_are_bounded() -> None:
    async def go() -> int:
        async with network() as net:
            for number in range(MOST_BUDGETS + 5):
                net.view(f"domain:n{number}.jp")
            return len(net._budgets)

    assert asyncio.run(go()) == MOST_BUDGETS


def sending(*messages: tuple[bytes, ...], rcode: int = 0) -> FakeDns:
    """A server that answers a transfer with these messages, each a tuple of records, and then waits."""

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        question = await read_question(reader)
        for records in messages:
            writer.write(framed(reply(question, *records, rcode=rcode, flags=0x8400)))
        await reader.read()

    return FakeDns(lambda q: [], speak)


def transferred(fake: FakeDns, *, kind: Type = Type.AXFR) -> Transfer:
    if kind is Type.IXFR:
        return talk(fake, lambda net: net.transfer(fake.server, "example.jp", kind=Type.IXFR, serial=5))
    return talk(fake, lambda net: net.transfer(fake.server, "example.jp"))


@pytest.mark.parametrize(
    ("messages", "seen", "given"),
    [
        (((SOA, NS, SOA),), 3, True),
        (((SOA,), (NS,), (SOA,)), 2, True),
        (((SOA, SOA),), 2, False),
        (((),), 0, False),
    ],
)
def test_a_transfer_is_read_until_it_is_proven(messages: tuple[tuple[bytes, ...], ...], seen: int, given: bool) -> None:
    transfer = transferred(sending(*messages))
    assert (transfer.rcode, transfer.records_seen, transfer.given) == (0, seen, given)
    assert transfer.soa is None or transfer.soa.serial == 7


@pytest.mark.parametrize(("messages", "given"), [(((SOA,),), False), (((SOA, OTHER_SOA, SOA),), True), (((SOA, NS, SOA),), True)])
def test_an_incremental_transfer(messages: tuple[tuple[bytes, ...], ...], given: bool) -> None:
    assert transferred(sending(*messages), kind=Type.IXFR).given is given


def test_a_refused_transfer_says_its_rcode() -> None:
    assert transferred(sending((), rcode=5)) == Transfer(Rcode.REFUSED, None, 0, False)


@pytest.mark.parametrize(
    ("messages", "reason"), [(((NS, SOA),), Reason.PROTOCOL_VIOLATION), ((), Reason.TIMEOUT), (((SOA,),), Reason.TIMEOUT)]
)
def test_transfers_that_lead_nowhere_have_their_reasons(messages: tuple[tuple[bytes, ...], ...], reason: Reason) -> None:
    fake = sending(*messages)
    assert refusal(fake, lambda net: net.transfer(fake.server, "example.jp")).reason is reason


def test_a_transfer_that_goes_on_without_end_is_cut_off() -> None:
    wire = query("example.jp", Type.AXFR, id=9)

    def message(*records: bytes) -> Message:
        return parse(reply(wire, *records))

    def read_on() -> None:
        reading = Reading(wire, Type.AXFR, "192.0.2.1:53/tcp")
        for _ in range(MOST_MESSAGES):
            assert not reading.take(message(SOA) if reading.transfer.soa is None else message())

    with pytest.raises(CannotObserve) as caught:
        read_on()
    assert caught.value.reason is Reason.TOO_LARGE


def test_the_question_of_a_transfer() -> None:
    wires = []

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        wires.append(parse(await read_question(reader)))

    fake = FakeDns(lambda q: [], speak)
    refusal(fake, lambda net: net.transfer(fake.server, "example.jp"))
    refusal(fake, lambda net: net.transfer(fake.server, "example.jp", kind=Type.IXFR, serial=5))
    assert [(w.question[0].type, w.edns, len(w.authority)) for w in wires] == [(252, None, 0), (251, None, 1)]
    assert wires[1].authority[0].data == Soa(".", ".", 5, 0, 0, 0, 0)


def test_evidence_is_written_once_for_each_thing_seen() -> None:
    texts = b'\x05a"\\\0\n\x03end'
    fake = FakeDns(
        lambda q: [
            reply(q, record("example.jp", Type.CNAME, name_to_wire("b.jp")), record("b.jp", Type.TXT, texts), flags=0x81A0)
            if parse(q).question[0].type == Type.TXT
            else reply(q, NS, authority=[SOA], rcode=5, flags=0x8400)
        ]
    )

    async def work(net: View) -> tuple[Evidence, ...]:
        for _ in range(2):
            await net.resolve("example.jp", Type.TXT)
            await net.ask(fake.server, "example.jp", Type.NS)
        net.keep("HELO", "mx.example.jp")
        return net.evidence()

    assert talk(fake, work) == (
        Evidence("TXT example.jp", '1 records, validated\nalias: b.jp\nb.jp TXT "a\\"\\\\\\000\\010" "end"'),
        Evidence(
            f"NS example.jp @127.0.0.1:{fake.port}/udp",
            "REFUSED aa 115 octets\nanswer: example.jp NS ns.jp\nauthority: example.jp SOA ns.jp root.jp 7 2 3 4 60",
        ),
        Evidence("HELO", "mx.example.jp"),
    )


def test_evidence_is_capped() -> None:
    async def work(net: View) -> tuple[Evidence, ...]:
        for number in range(MOST_NOTES + 5):
            net.keep(f"source {number}", "x" * 5000)
        return net.evidence()

    kept = talk(FakeDns(lambda q: []), work)
    assert len(kept) == MOST_NOTES + 1
    assert max(len(each.excerpt) for each in kept) == LONGEST_EXCERPT
    assert kept[-1].excerpt == "5 more conversations are not written down"


def test_a_view_tells_zone_time_and_luck_and_is_what_probes_and_engine_expect() -> None:
    moment = datetime(2026, 11, 22, tzinfo=UTC)

    async def go() -> None:
        real = Network(Settings(zone="office", resolvers=(DnsServer("", "127.0.0.1"),)), now=lambda: moment)
        for_the_engine: NetworkOfTheEngine = real
        async with real:
            view: Net = for_the_engine.view("domain:example.jp")
            assert (view.zone, view.now(), real.now(), view.evidence()) == ("office", moment, moment, ())
            assert 0 <= view.rng.random() < 1

    asyncio.run(go())


def test_a_network_is_used_open_only() -> None:
    async def go() -> None:
        net = network()
        with pytest.raises(RuntimeError, match="not open"):
            net.view("domain:example.jp")
        async with net:
            view = net.view("domain:example.jp")
        with pytest.raises(RuntimeError, match="not open"):
            await view.resolve("example.jp", Type.A)

    asyncio.run(go())


def test_leaving_a_network_with_questions_under_way_leaves_nothing_behind() -> None:
    async def go() -> set[asyncio.Task[object]]:
        async with FakeDns(lambda q: []).running() as fake, network(fake.server) as net:
            asking = asyncio.create_task(net.view("domain:a.jp").resolve("a.jp", Type.A))
            await asyncio.sleep(0)
        with pytest.raises((CannotObserve, RuntimeError)):
            await asking
        return asyncio.all_tasks() - {asyncio.current_task()}

    assert asyncio.run(go()) == set()


def test_resolvers_come_from_resolv_conf(tmp_path: Path) -> None:
    file = tmp_path / "resolv.conf"
    file.write_text(
        "# nameserver 192.0.2.9\nnameserver 192.0.2.1\nnameserver not-an-address\nnameserver\n options edns0\n"
        "nameserver 2001:db8::1\nnameserver 192.0.2.1\nnameserver fe80::1%lo\nnameserver 192.0.2.4\n"
    )
    assert [server.address for server in resolvers_of(file)] == ["192.0.2.1", "2001:db8::1", "fe80::1%lo"]
    assert resolvers_of(tmp_path / "missing") == ()


def test_without_a_resolver_names_are_unreachable(tmp_path: Path) -> None:
    async def go() -> CannotObserve:
        async with Network(Settings(resolv_conf=str(tmp_path / "missing"))) as net:
            with pytest.raises(CannotObserve) as caught:
                await net.view("domain:a.jp").resolve("a.jp", Type.A)
        return caught.value

    assert asyncio.run(go()).reason is Reason.UNREACHABLE


def test_a_scan_names_itself() -> None:
    assert agent_name("").startswith("Tenken/")
    assert agent_name("https://example.jp/scan").endswith(" (+https://example.jp/scan)")
    for bad in ("a\r\nHost: b", "点検", "x" * 201):
        with pytest.raises(ValueError, match="printable ASCII"):
            agent_name(bad)


def test_a_server_that_never_answers_is_left_alone_after_a_while_and_one_that_has_answered_is_not() -> None:
    seconds = [1000.0]

    async def go() -> tuple[int, list[str], int]:
        settings = Settings(scope=LOOPBACK, timing=Timing(udp=0.01, udp_tries=1), resolvers=(DnsServer("", "127.0.0.9"),))
        dead = FakeDns(lambda q: [])
        moody = FakeDns(lambda q: [reply(q)] if parse(q).question[0].name == "own.jp" else [])
        async with dead.running(), moody.running(), Network(settings, clock=lambda: seconds[0]) as net:
            view, details = net.view("domain:a.jp"), []
            await view.ask(moody.server, "own.jp", Type.SOA)
            for number in range(QUESTIONS + 3):
                for fake in (dead, moody):
                    with pytest.raises(CannotObserve) as caught:
                        await view.ask(fake.server, f"n{number}.jp", Type.SOA)
                    details.append(f"{caught.value.reason} {caught.value.detail}")
            before = len(dead.asked)
            seconds[0] += SECONDS + 1
            for _ in range(2):
                with pytest.raises(CannotObserve):
                    await view.ask(dead.server, "again.jp", Type.SOA)
            assert len(dead.asked) == before + 1
            return before, details, len(moody.asked)

    before, details, moody = asyncio.run(go())
    assert (before, moody) == (QUESTIONS, 1 + QUESTIONS + 3)
    assert "to any of 6 questions; it is asked again in 60 s" in details[-2]
    assert all(detail.startswith("timeout no answer from 127.0.0.1:") for detail in details)


def test_silence_is_remembered_within_limits() -> None:
    silence = Silence(lambda: 0.0)
    for number in range(MOST_PLACES + 5):
        silence.unheard((f"a{number}", 53, "udp"))
        silence.heard((f"b{number}", 53, "udp"))
    assert (len(silence._silent), len(silence._heard)) == (MOST_PLACES, MOST_PLACES)

"""Resolving: what an answer means, what is asked once only, and who is asked next when a resolver fails."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable
from ipaddress import IPv4Address

import pytest

from scanner.model.reason import CannotObserve, Reason
from scanner.net.answers import MOST_ALIASES, answer_of, extended_error
from scanner.net.net import Answer, DnsServer, Status
from scanner.net.resolver import Memory, Resolver
from scanner.wire.dns import Type, name_to_wire, parse, query
from tests.unit.net_servers import record, reply

A, MX, CNAME = Type.A, Type.MX, Type.CNAME
SOA = name_to_wire("ns.jp") + name_to_wire("root.jp") + struct.pack("!5I", 1, 2, 3, 4, 60)


def address(name: str, text: str = "192.0.2.1", ttl: int = 300) -> bytes:
    return record(name, A, IPv4Address(text).packed, ttl)


def alias(name: str, target: str, ttl: int = 300) -> bytes:
    return record(name, CNAME, name_to_wire(target), ttl)


def read(name: str, type_: Type, *answers: bytes, authority: tuple[bytes, ...] = (), rcode: int = 0, flags: int = 0x8180) -> Answer:
    message = parse(reply(query(name, type_, id=1), *answers, authority=authority, rcode=rcode, flags=flags))
    return answer_of(message, name, type_, "resolver 192.0.2.53:53")


def test_records_at_the_name_itself() -> None:
    seen = read("www.jp", A, address("WWW.jp", ttl=30), address("www.jp", "192.0.2.2"), address("other.jp"), flags=0x81A0)
    assert (seen.name, seen.type, seen.status, seen.aliases, seen.authenticated) == ("www.jp", A, Status.FOUND, (), True)
    assert [r.data for r in seen.records] == ["192.0.2.1", "192.0.2.2"]


def test_an_alias_chain_in_any_order_ends_at_its_records() -> None:
    seen = read("www.jp", A, address("c.jp"), alias("b.jp", "c.jp", 20), alias("www.jp", "B.jp"))
    assert (seen.status, seen.aliases, [r.name for r in seen.records]) == (Status.FOUND, ("b.jp", "c.jp"), ["c.jp"])


def test_empty_and_missing_names() -> None:
    soa = record("jp", Type.SOA, SOA, 3600)
    empty, missing = read("www.jp", MX, authority=(soa,)), read("www.jp", MX, rcode=3, authority=(soa,))
    assert (empty.status, empty.records) == (Status.EMPTY, ())
    assert (missing.status, missing.records) == (Status.NXDOMAIN, ())
    dangling = read("www.jp", A, alias("www.jp", "gone.jp"), rcode=3)
    assert (dangling.status, dangling.aliases) == (Status.NXDOMAIN, ("gone.jp",))
    assert read("www.jp", A, alias("www.jp", "bare.jp")).status is Status.EMPTY


def test_aliases_are_not_followed_when_they_are_what_is_asked() -> None:
    seen = read("www.jp", CNAME, alias("www.jp", "b.jp"), address("b.jp"))
    assert (seen.aliases, [r.data for r in seen.records]) == ((), ["b.jp"])
    assert len(read("www.jp", Type.ANY, alias("www.jp", "b.jp"), record("www.jp", Type.TXT, b"\0")).records) == 2


def test_signatures_over_the_records_come_along() -> None:
    def rrsig(covered: int) -> bytes:
        return record("www.jp", Type.RRSIG, struct.pack("!HBBIIIH", covered, 13, 2, 300, 9, 8, 7) + name_to_wire("jp") + b"sig")

    seen = read("www.jp", A, address("www.jp"), rrsig(A), rrsig(MX))
    assert [r.data[0] for r in seen.signatures] == [A]
    assert [r.data[0] for r in read("www.jp", Type.RRSIG, rrsig(A)).records] == [A]


def test_names_with_odd_characters_match_their_answers() -> None:
    assert read("a$b\\.c.jp", A, address("a$b\\.c.jp")).status is Status.FOUND


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ([alias("www.jp", "www.jp")], "alias loop at www.jp"),
        ([alias("www.jp", "b.jp"), alias("b.jp", "www.jp")], "alias loop at www.jp"),
        ([alias("www.jp", "b.jp"), alias("b.jp", "c.jp"), alias("c.jp", "b.jp")], "alias loop at b.jp"),
        ([alias("www.jp", "b.jp"), alias("www.jp", "c.jp")], "two aliases at www.jp"),
        ([alias("www.jp", "n0.jp"), *(alias(f"n{n}.jp", f"n{n + 1}.jp") for n in range(MOST_ALIASES))], "more than 16 aliases"),
    ],
)
def test_chains_out_of_form_are_violations(answers: list[bytes], words: str) -> None:
    with pytest.raises(CannotObserve, match=words) as caught:
        read("www.jp", A, *answers)
    assert caught.value.reason is Reason.PROTOCOL_VIOLATION
    assert caught.value.detail.startswith("resolver 192.0.2.53:53 answered A www.jp with")


@pytest.mark.parametrize(
    ("rcode", "flags", "reason", "words"),
    [
        (2, 0x8180, Reason.SERVER_FAILURE, "answered SERVFAIL to A www.jp"),
        (5, 0x8180, Reason.REFUSED, "answered REFUSED to A www.jp"),
        (1, 0x8180, Reason.PROTOCOL_VIOLATION, "answered FORMERR"),
        (6, 0x8180, Reason.PROTOCOL_VIOLATION, "answered YXDOMAIN"),
        (0, 0x8100, Reason.REFUSED, "offers no recursion"),
        (0, 0x8380, Reason.TOO_LARGE, "truncated message"),
    ],
)
def test_what_is_no_answer_has_its_reason(rcode: int, flags: int, reason: Reason, words: str) -> None:
    with pytest.raises(CannotObserve, match=words) as caught:
        read("www.jp", A, rcode=rcode, flags=flags)
    assert caught.value.reason is reason


def test_an_authoritative_server_as_resolver_speaks_for_its_own_zone() -> None:
    assert read("www.jp", A, flags=0x8500).status is Status.EMPTY


def test_extended_errors_are_told() -> None:
    message = parse(reply(query("www.jp", A, id=1), rcode=2, opt=b"\0\x0f\0\x07\0\x06bogus"))
    assert extended_error(message) == " (EDE 6: bogus)"
    hostile = parse(reply(query("www.jp", A, id=1), rcode=2, opt=b"\0\x0f\0\x06\0\x16\x1b[2J"))
    assert extended_error(hostile) == " (EDE 22: ?[2J)"


class Clock:
    """Seconds that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


ONE, TWO, THREE = (DnsServer("", f"192.0.2.{n}") for n in (1, 2, 3))


class Backend:
    """Stands for the resolvers: ``say`` gives each server's answer; ``asked`` holds who was asked how."""

    def __init__(self, say: Callable[[DnsServer, bytes], bytes | CannotObserve]) -> None:
        self.say = say
        self.asked: list[tuple[str, int]] = []
        self.held: list[Callable[[], None]] | None = None

    def ask(self, server: DnsServer, wire: bytes, tries: int, ended: Callable[[bytes | CannotObserve], None]) -> None:
        self.asked.append((server.address[-1], tries))
        if self.held is None:
            ended(self.say(server, wire))
        else:
            self.held.append(lambda: ended(self.say(server, wire)))


def good(server: DnsServer, wire: bytes) -> bytes:
    return reply(wire, address(parse(wire).question[0].name))


def silent(server: DnsServer, wire: bytes) -> CannotObserve:
    return CannotObserve(Reason.TIMEOUT, f"no answer from {server.address}")


def servfail(server: DnsServer, wire: bytes) -> bytes:
    return reply(wire, rcode=2)


USUAL = Memory()


def resolver(backend: Backend, *servers: DnsServer, clock: Clock | None = None, memory: Memory = USUAL) -> Resolver:
    return Resolver(servers or (ONE,), backend.ask, memory=memory, clock=clock or Clock())


async def ask(
    subject: Resolver, name: str = "www.jp", type_: Type = A, *, cd: bool = False, admit: Callable[[], None] = lambda: None
) -> Answer:
    return await subject.resolve(name, type_, cd=cd, admit=admit)


def test_the_same_question_is_asked_once() -> None:
    backend, admitted = Backend(good), []

    async def go() -> None:
        subject = resolver(backend)
        for name in ("www.jp", "WWW.jp.", "www.JP"):
            assert (await ask(subject, name, admit=lambda: admitted.append(1))).records
        await ask(subject, type_=MX)
        await ask(subject, cd=True)

    asyncio.run(go())
    assert (len(backend.asked), len(admitted)) == (3, 1)


def test_cd_and_do_are_set_as_asked() -> None:
    wires = []

    def look(server: DnsServer, wire: bytes) -> bytes:
        wires.append(parse(wire))
        return reply(wire)

    async def go() -> None:
        subject = resolver(Backend(look))
        await ask(subject)
        await ask(subject, cd=True)

    asyncio.run(go())
    assert [(w.rd, w.cd, w.edns and w.edns.do) for w in wires] == [(True, False, True), (True, True, True)]


def test_negative_answers_and_failures_are_remembered_and_failures_only_for_a_while() -> None:
    clock = Clock()
    backend = Backend(lambda server, wire: reply(wire, rcode=3))
    dead = Backend(silent)

    async def go() -> None:
        missing, failing = resolver(backend, clock=clock), resolver(dead, clock=clock)
        for _ in range(3):
            assert (await ask(missing)).status is Status.NXDOMAIN
            with pytest.raises(CannotObserve, match=r"no answer from 192\.0\.2\.1"):
                await ask(failing)
        assert (len(backend.asked), dead.asked) == (1, [("1", 2)])
        clock.now += 31
        await ask(missing)
        with pytest.raises(CannotObserve):
            await ask(failing)
        assert (len(backend.asked), len(dead.asked)) == (1, 2)
        clock.now += 1800
        await ask(missing)
        assert len(backend.asked) == 2

    asyncio.run(go())


def test_memory_is_bounded_in_entries_and_octets() -> None:
    async def go() -> tuple[int, int]:
        few = resolver(Backend(good), memory=Memory(entries=5))
        for number in range(50):
            await ask(few, f"n{number}.jp")
        await ask(few, "n46.jp")  # used again: the others go first
        for number in range(50, 54):
            await ask(few, f"n{number}.jp")
        assert ("n46.jp", A, False) in few._kept
        small = resolver(
            Backend(lambda s, wire: reply(wire, record(parse(wire).question[0].name, Type.TXT, b"\xff" + b"x" * 255))),
            memory=Memory(octets=3000),
        )
        for number in range(50):
            await ask(small, f"n{number}.jp", Type.TXT)
        assert small._octets == sum(kept.size for _, kept in small._kept.values()) <= 3000
        return len(few._kept), len(small._kept)

    entries, fitting = asyncio.run(go())
    assert entries == 5
    assert 5 <= fitting <= 10


def test_questions_under_way_are_merged_and_one_waiters_end_is_not_the_others() -> None:
    backend = Backend(good)

    async def go() -> None:
        backend.held = []
        subject = resolver(backend)
        tasks = [asyncio.create_task(ask(subject)) for _ in range(10)]
        await asyncio.sleep(0)
        assert len(backend.asked) == 1
        tasks[5].cancel()  # one of those who wait
        tasks[0].cancel()  # the one who asked first
        for _ in range(5):
            await asyncio.sleep(0)
        backend.held[0]()
        seen = await asyncio.gather(*tasks, return_exceptions=True)
        assert [isinstance(s, asyncio.CancelledError) for s in seen] == [n in (0, 5) for n in range(10)]
        assert len({id(s) for n, s in enumerate(seen) if n not in (0, 5)}) == 1
        assert not subject._flights

    asyncio.run(go())
    assert len(backend.asked) == 1


def test_expected_questions_are_sent_at_once_and_asked_once() -> None:
    backend, admitted = Backend(good), []

    async def go() -> None:
        backend.held = []
        subject = resolver(backend)
        names = [f"n{number}.jp" for number in range(5)]
        subject.expect([*names, "N0.jp.", "a..jp"], A, admit=lambda: admitted.append(1))
        assert len(backend.asked) == len(admitted) == 5
        for held in reversed(backend.held):
            held()
        for name in names:
            assert (await ask(subject, name)).records
        with pytest.raises(CannotObserve, match="no question can be asked"):
            await ask(subject, "a..jp")

        def spent() -> None:
            raise CannotObserve(Reason.BUDGET_SPENT, "spent")

        subject.expect(["more.jp"], A, admit=spent)

    asyncio.run(go())
    assert len(backend.asked) == 5


def test_a_defect_ends_all_who_wait_and_is_not_remembered() -> None:
    def broken(server: DnsServer, wire: bytes) -> bytes:
        raise ZeroDivisionError

    class Broken(Backend):
        def ask(self, server: DnsServer, wire: bytes, tries: int, ended: Callable[[bytes | CannotObserve], None]) -> None:
            self.asked.append((server.address[-1], tries))
            ended(None)  # type: ignore[arg-type]  # what no transport gives

    backend = Broken(broken)

    async def go() -> None:
        subject = resolver(backend)
        for _ in range(2):
            with pytest.raises(RuntimeError, match=r"a defect while A www\.jp was asked"):
                await ask(subject)

    asyncio.run(go())
    assert len(backend.asked) == 2


def test_one_targets_spent_budget_does_not_stop_the_others() -> None:
    backend = Backend(good)

    async def go() -> None:
        subject = resolver(backend)

        def spent() -> None:
            raise CannotObserve(Reason.BUDGET_SPENT, "spent")

        seen = await asyncio.gather(ask(subject, admit=spent), ask(subject), return_exceptions=True)
        assert isinstance(seen[0], CannotObserve)
        assert isinstance(seen[1], Answer)
        assert (await ask(subject, admit=spent)).records  # what is remembered costs nothing

    asyncio.run(go())
    assert len(backend.asked) == 1


def test_the_next_resolver_is_asked_when_one_is_silent_and_comes_first_from_then_on() -> None:
    backend = Backend(lambda server, wire: silent(server, wire) if server is ONE else good(server, wire))

    async def go() -> None:
        subject = resolver(backend, ONE, TWO)
        for number in range(3):
            assert (await ask(subject, f"n{number}.jp")).records

    asyncio.run(go())
    assert backend.asked == [("1", 1), ("2", 1), ("2", 1), ("2", 1)]


@pytest.mark.parametrize(
    ("servers", "say", "asked", "reason"),
    [
        ((ONE,), silent, ["1"], Reason.TIMEOUT),
        ((ONE, TWO, THREE), silent, ["1", "2", "3"], Reason.TIMEOUT),
        ((ONE,), servfail, ["1", "1"], Reason.SERVER_FAILURE),
        ((ONE, TWO, THREE), servfail, ["1", "2"], Reason.SERVER_FAILURE),
        ((ONE, TWO), lambda s, w: silent(s, w) if s is ONE else servfail(s, w), ["1", "2"], Reason.SERVER_FAILURE),
        ((ONE, TWO), lambda s, w: servfail(s, w) if s is ONE else silent(s, w), ["1", "2"], Reason.SERVER_FAILURE),
        ((ONE, TWO), lambda s, w: reply(w, rcode=5), ["1", "2"], Reason.REFUSED),
        ((ONE,), lambda s, w: b"junk" * 5, ["1"], Reason.PROTOCOL_VIOLATION),
    ],
)
def test_who_is_asked_and_what_is_said_in_the_end(
    servers: tuple[DnsServer, ...], say: Callable[[DnsServer, bytes], bytes | CannotObserve], asked: list[str], reason: Reason
) -> None:
    backend = Backend(say)
    with pytest.raises(CannotObserve) as caught:
        asyncio.run(ask(resolver(backend, *servers)))
    assert ([who for who, _ in backend.asked], caught.value.reason) == (asked, reason)


def test_every_resolvers_failure_is_told() -> None:
    with pytest.raises(CannotObserve) as caught:
        asyncio.run(ask(resolver(Backend(silent), ONE, TWO)))
    assert caught.value.detail == "no answer from 192.0.2.2; no answer from 192.0.2.1"


def test_no_resolver_and_no_name() -> None:
    async def go() -> None:
        with pytest.raises(CannotObserve, match="none is configured") as caught:
            await Resolver((), Backend(good).ask, memory=Memory(), clock=Clock()).resolve("a.jp", A, cd=False, admit=lambda: None)
        assert caught.value.reason is Reason.UNREACHABLE
        for name in ("a..jp", "x" * 64 + ".jp", "日本.jp"):
            with pytest.raises(CannotObserve, match="no question can be asked") as caught:
                await ask(resolver(Backend(good)), name)
            assert caught.value.reason is Reason.PROTOCOL_VIOLATION

    asyncio.run(go())

"""The small authoritative server: what it takes for a question, what it answers, and that questions arrive as they were sent."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.model.reason import CannotObserve
from scanner.probes import dns_probe_authority
from scanner.probes.dns_probe_authority import NotAQuestion, answer_to, attend, read_question
from scanner.wire.dns import Rcode, Type, parse, query

ZONE = "probe.example.jp"
LISTEN = ("192.0.2.1", "2001:db8::1")


def ask(name: str, kind: int = Type.A, **flags: bool) -> bytes:
    """One question as a resolver sends it."""
    return query(name, kind, id=4711, **flags)


@pytest.mark.parametrize(
    ("name", "kind", "records"),
    [
        (f"a.b.{ZONE}", Type.A, ["192.0.2.53"]),
        (f"a.b.{ZONE}", Type.AAAA, []),
        (f"ns.{ZONE}", Type.A, ["192.0.2.1"]),
        (f"ns.{ZONE}", Type.AAAA, ["2001:db8::1"]),
        (ZONE, Type.NS, [f"ns.{ZONE}"]),
        (ZONE, Type.A, []),
        (f"a.{ZONE}", Type.TXT, []),
    ],
)
def test_names_of_the_zone_are_answered_with_authority(name: str, kind: int, records: list[str]) -> None:
    seen = parse(answer_to(read_question(ask(name, kind)), ZONE, LISTEN))
    assert (seen.id, seen.qr, seen.aa, seen.ra, seen.rcode) == (4711, True, True, False, Rcode.NOERROR)
    assert [r.data for r in seen.answer] == records
    assert bool(seen.authority) is not bool(records)
    assert seen.edns is not None


def test_the_soa_is_there_and_other_zones_are_refused() -> None:
    assert [r.type for r in parse(answer_to(read_question(ask(ZONE, Type.SOA)), ZONE, LISTEN)).answer] == [Type.SOA]
    for name in ("example.jp", f"x{ZONE}", "com"):
        seen = parse(answer_to(read_question(ask(name)), ZONE, LISTEN))
        assert (seen.rcode, seen.aa, seen.answer) == (Rcode.REFUSED, False, ())


def test_capitals_and_cookies_are_kept() -> None:
    wire = bytearray(ask(f"abc.{ZONE}"))
    wire[13:16] = b"aBc"
    asked = read_question(bytes(wire))
    assert asked.name.startswith("aBc.")
    assert not asked.cookie
    assert b"aBc" in answer_to(asked, ZONE, LISTEN)
    opt = wire.index(b"\0\0\x29", 12)
    option = b"\x00\x0a\x00\x08" + b"12345678"
    with_cookie = bytes(wire[: opt + 9]) + len(option).to_bytes(2, "big") + option
    assert read_question(with_cookie).cookie


@pytest.mark.parametrize(
    "wire",
    [
        b"",
        b"x" * 600,
        answer_to(read_question(ask("a.example")), ZONE, LISTEN),  # an answer: two such servers would never stop
        ask("a.example", rd=True)[:20],
        ask("a.example").replace(b"\x00\x01\x00\x01", b"\x00\x01\x00\x03"),
    ],
)
def test_what_is_no_question_is_refused(wire: bytes) -> None:
    with pytest.raises(NotAQuestion):
        read_question(wire)


@given(st.binary(max_size=600))
def test_junk_is_a_question_or_none(junk: bytes) -> None:
    with suppress(NotAQuestion):
        answer = answer_to(read_question(junk), ZONE, LISTEN)
        assert len(answer) <= 2 * len(junk) + 200


class Client(asyncio.DatagramProtocol):
    """Keeps the first datagram that comes back."""

    def __init__(self) -> None:
        self.answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if not self.answer.done():
            self.answer.set_result(data)


def test_questions_arrive_and_the_sockets_are_shared_and_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dns_probe_authority, "PORT", 53053)
    here = ("127.0.0.1",)

    async def run() -> tuple[str, int, bytes]:
        loop = asyncio.get_running_loop()
        async with attend(ZONE, here) as arrivals, attend(ZONE, here) as same:
            assert arrivals is same
            transport, client = await loop.create_datagram_endpoint(Client, remote_addr=("127.0.0.1", 53053))
            try:
                transport.sendto(b"no question")
                transport.sendto(ask(f"a.1.{ZONE}"))
                answer = await asyncio.wait_for(client.answer, 5)
            finally:
                transport.close()
            assert len(arrivals) == 1
            seen = arrivals[0]
        async with attend(ZONE, here):  # closed before, so it can be opened again
            pass
        return seen.name, seen.id, answer

    name, number, answer = asyncio.run(run())
    assert (name, number) == (f"a.1.{ZONE}", 4711)
    assert parse(answer).answer


def test_an_address_that_is_not_ours_is_said_so() -> None:
    async def run() -> None:
        async with attend(ZONE, ("192.0.2.1",)):
            pass

    with pytest.raises(CannotObserve, match=r"cannot be served at 192\.0\.2\.1"):
        asyncio.run(run())

"""Looks at ports and single datagrams: what is open, closed and silent, what is asked before, and what comes back."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import cast

import pytest

from scanner.model.reason import CannotObserve, Reason
from scanner.net import datagrams
from scanner.net.budget import Allowance
from scanner.net.net import DnsServer
from scanner.net.network import Network, Settings
from scanner.net.pacing import Pace, Rate
from scanner.net.scope import Entry, Match, Purpose, Scope
from scanner.net.sweep import PortState
from scanner.net.view import View
from tests.unit.net_servers import LOOPBACK, closed_port


def run(
    work: Callable[[View], Awaitable[object]], *, scope: Scope = LOOPBACK, allowance: Allowance | None = None, pace: Pace | None = None
) -> object:
    """Run ``work`` with the view of a host."""

    async def go() -> object:
        settings = Settings(
            scope=scope, resolvers=(DnsServer("", "127.0.0.1", 1),), allowance=allowance or Allowance(), pace=pace or Pace()
        )
        async with Network(settings) as network:
            return await work(network.view("host:127.0.0.1"))

    return asyncio.run(go())


def reason(work: Callable[[View], Awaitable[object]], *, scope: Scope = LOOPBACK, allowance: Allowance | None = None) -> Reason:
    """Why ``work`` could not see."""
    with pytest.raises(CannotObserve) as caught:
        run(work, scope=scope, allowance=allowance)
    return caught.value.reason


def test_open_and_closed_ports_are_told_apart_and_nothing_is_said() -> None:
    async def work(view: View) -> object:
        said: list[bytes] = []
        ended = asyncio.Event()

        async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                said.append(await reader.read(10))
            except ConnectionError:
                said.append(b"")
            writer.close()
            ended.set()

        server = await asyncio.start_server(take, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        shut = closed_port()
        seen = await view.sweep("", "127.0.0.1", [port, shut])
        await ended.wait()
        server.close()
        await server.wait_closed()
        return seen.states == {port: PortState.OPEN, shut: PortState.CLOSED}, said

    assert run(work) == (True, [b""])


def test_a_port_that_does_not_answer_is_silent_after_the_time_given() -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        fillers = [socket.socket() for _ in range(4)]
        try:
            for filler in fillers:  # Linux drops the SYNs that a full queue has no room for
                filler.setblocking(False)
                filler.connect_ex(("127.0.0.1", port))

            async def work(view: View) -> object:
                return (await view.sweep("", "127.0.0.1", [port, port], seconds=0.2)).states

            assert run(work) == {port: PortState.SILENT}
        finally:
            for filler in fillers:
                filler.close()


def test_a_look_outside_the_scope_sends_nothing() -> None:
    scope = Scope((Entry(Match.NETWORK, "127.0.0.1/32"),))
    assert reason(lambda view: view.sweep("", "127.0.0.2", [closed_port()]), scope=scope) is Reason.OUT_OF_SCOPE
    assert reason(lambda view: view.datagram("", "127.0.0.2", 9, b"x"), scope=scope) is Reason.OUT_OF_SCOPE


def test_a_look_ends_where_the_budget_does() -> None:
    assert reason(lambda view: view.sweep("", "127.0.0.1", range(1, 12)), allowance=Allowance(ports=10)) is Reason.BUDGET_SPENT


def test_the_pace_of_ports_is_kept() -> None:
    async def work(view: View) -> object:
        loop = asyncio.get_running_loop()
        start = loop.time()
        await view.sweep("", "127.0.0.1", [closed_port()] * 30)
        return loop.time() - start

    lasted = run(work, pace=Pace(ports=Rate(width=8, per_second=100.0, burst=10)))
    assert isinstance(lasted, float)
    assert 0.19 <= lasted <= 1.0


def test_the_owners_pace_holds_for_ports_too() -> None:
    async def work(view: View) -> object:
        loop = asyncio.get_running_loop()
        start = loop.time()
        await view.sweep("", "127.0.0.1", [closed_port()] * 30)
        return loop.time() - start

    lasted = run(work, pace=Pace(own=(("127.0.0.0/8", Rate(width=1, per_second=50.0, burst=10)),)))
    assert isinstance(lasted, float)
    assert 0.39 <= lasted <= 1.5


class Answers(asyncio.DatagramProtocol):
    """Gives several datagrams for one."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)  # no subclass of it before Python 3.12

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        for _ in range(3):
            self.transport.sendto(data * 2, addr)


def test_every_datagram_that_comes_back_is_counted() -> None:
    async def work(view: View) -> object:
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(Answers, local_addr=("127.0.0.1", 0))
        port = transport.get_extra_info("sockname")[1]
        seen = await view.datagram("", "127.0.0.1", port, b"12345")
        transport.close()
        return len(seen.replies), seen.octets, seen.sent, seen.tries

    assert run(work) == (3, 30, 5, 1)


class Drips(asyncio.DatagramProtocol):
    """Goes on for ever."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if not self.transport.is_closing():
            self.transport.sendto(b"drip", addr)
            asyncio.get_running_loop().call_later(0.02, self.datagram_received, data, addr)


def test_an_answer_that_drips_for_ever_is_left_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datagrams, "LONGEST", 0.3)

    async def work(view: View) -> object:
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(Drips, local_addr=("127.0.0.1", 0))
        seen = await view.datagram("", "127.0.0.1", transport.get_extra_info("sockname")[1], b"x")
        transport.close()
        return 5 <= len(seen.replies) <= 40 and seen.octets == 4 * len(seen.replies)

    assert run(work) is True


def test_nobody_at_a_udp_port_is_a_refusal_and_silence_is_a_time_out() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mute:
        mute.bind(("127.0.0.1", 0))
        port = mute.getsockname()[1]
        assert reason(lambda view: view.datagram("", "127.0.0.1", port, b"x", seconds=0.1)) is Reason.TIMEOUT
    assert reason(lambda view: view.datagram("", "127.0.0.1", port, b"x", seconds=0.5)) is Reason.REFUSED


def test_an_intrusive_datagram_needs_consent() -> None:
    async def ask(view: View) -> None:
        await view.datagram("", "127.0.0.1", 9, b"x", purpose=Purpose.INTRUSIVE, test="exposure.snmp-default")

    assert reason(ask) is Reason.NO_CONSENT

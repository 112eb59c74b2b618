"""What ICMP says of packets inside packets, by real sockets on loopback: an error about what was inside is no refusal of the wrapping."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from scanner.model.reason import CannotObserve, Reason
from scanner.net.packets import MOST_PACKETS, exchange
from scanner.wire.tunnels import GRE, IPIP, MARKER_OCTETS, trials, unpacked
from tests.lab.exposure.lab import why_not
from tests.lab.needed import need_lab

FAR = "127.0.3.4"
MARKER = bytes(range(MARKER_OCTETS))
PORT_UNREACHABLE, SOURCE_ROUTE_FAILED = (3, 3), (3, 5)
Answer = Callable[[bytes], list[bytes]]
"""Given a packet of the carrier with its header: the ICMP messages to send back."""


@pytest.fixture(scope="module", autouse=True)
def _rights(request: pytest.FixtureRequest) -> None:
    need_lab(request.config, why_not())


@contextmanager
def far_end(protocol: int, answer: Answer) -> Iterator[None]:
    """Answer packets of a protocol at ``FAR`` by ICMP, inside a running event loop."""
    loop = asyncio.get_running_loop()
    with (
        socket.socket(socket.AF_INET, socket.SOCK_RAW | socket.SOCK_NONBLOCK, protocol) as carrier,
        socket.socket(socket.AF_INET, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.IPPROTO_ICMP) as icmp,
    ):
        carrier.bind((FAR, 0))
        icmp.bind((FAR, 0))

        def readable() -> None:
            packet, (source, _) = carrier.recvfrom(2048)
            for message in answer(packet):
                icmp.sendto(message, (source, 0))

        loop.add_reader(carrier.fileno(), readable)
        try:
            yield
        finally:
            loop.remove_reader(carrier.fileno())


def error(kind: tuple[int, int], about: bytes) -> bytes:
    """An ICMP error with its checksum (RFC 792, RFC 1071)."""
    plain = bytes([*kind, 0, 0]) + bytes(4) + about + bytes(len(about) % 2)
    total = sum(int.from_bytes(plain[at : at + 2]) for at in range(0, len(plain), 2))
    total = (total & 0xFFFF) + (total >> 16)
    return plain[:2] + (~(total + (total >> 16)) & 0xFFFF).to_bytes(2) + plain[4:]


def asked(protocol: int, answer: Answer, wanted: Callable[[int, bytes], bool]) -> CannotObserve | None:
    """How an exchange with the far end fails; ``None``: it does not."""

    async def go() -> None:
        with far_end(protocol, answer):
            await exchange(FAR, protocol, lambda ours: trials(protocol, ours, FAR, MARKER), wanted, seconds=0.2, tries=2)

    try:
        asyncio.run(go())
    except CannotObserve as why:
        return why
    return None


def proven(number: int, payload: bytes) -> bool:
    return unpacked(number, payload, MARKER)


@pytest.mark.parametrize(("protocol", "wrapping"), [(IPIP, 20), (GRE, 24)])
def test_a_filter_that_rejects_what_was_inside_has_unpacked_it(protocol: int, wrapping: int) -> None:
    def rejected(packet: bytes) -> list[bytes]:
        return [error(PORT_UNREACHABLE, packet[wrapping:])]

    assert asked(protocol, rejected, proven) is None


def test_an_error_about_bare_icmp_is_not_taken_for_a_refusal_of_the_wrapping() -> None:
    why = asked(IPIP, lambda packet: [error(PORT_UNREACHABLE, packet[20:])], lambda *_: False)
    assert why is not None
    assert why.reason is Reason.TIMEOUT


@pytest.mark.parametrize(("kind", "reason"), [(PORT_UNREACHABLE, Reason.REFUSED), (SOURCE_ROUTE_FAILED, Reason.UNREACHABLE)])
def test_an_error_about_the_wrapping_ends_the_exchange(kind: tuple[int, int], reason: Reason) -> None:
    why = asked(IPIP, lambda packet: [error(kind, packet)], proven)
    assert why is not None
    assert why.reason is reason


def test_a_flood_is_not_read_for_ever() -> None:
    why = asked(IPIP, lambda packet: [error((0, 0), b"noise")] * (MOST_PACKETS + 1), proven)
    assert why is not None
    assert why.reason is Reason.TOO_LARGE

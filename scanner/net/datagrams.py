"""One datagram to one port and everything that comes back: for protocols other than DNS, whose answers may be many and from another port.

No parsing. An answer counts when it comes from the asked address, whatever its port (TFTP answers from a fresh one).
"""

from __future__ import annotations

import asyncio
import socket
import sys
from dataclasses import dataclass

from scanner.model.reason import CannotObserve, Reason
from scanner.net.trouble import cannot, peer
from scanner.net.udp import LARGEST_DATAGRAM, sockaddr

MOST_DATAGRAMS = 256
MOST_OCTETS = 256 * 1024
LINGER = 0.4
"""Seconds after an answer during which more are awaited; an amplifier sends its datagrams at once."""
LONGEST = 3.0
"""Seconds of listening after the first answer, however it drips."""
_IP_RECVERR = 11  # linux/in.h
_IPV6_RECVERR = 25  # linux/in6.h
_ANCILLARY = 256


@dataclass(frozen=True, slots=True)
class Datagrams:
    """What came back: ``replies`` in order of arrival, the first ``MOST_DATAGRAMS``; ``octets`` of all of them, ``sent`` in all tries."""

    replies: tuple[bytes, ...]
    octets: int
    sent: int
    tries: int


class _Listening:
    """One socket, until nothing more comes."""

    def __init__(self, address: str, port: int) -> None:
        self._loop = asyncio.get_running_loop()
        family, self._target = sockaddr(address, port)
        self._address = self._target[0]
        self._where = f"{peer(address, port)}/udp"
        self.replies: list[bytes] = []
        self.octets = 0
        self._error: OSError | None = None
        self._news = asyncio.Event()
        self._socket = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        try:
            if sys.platform == "linux":  # an unconnected socket hears of ICMP only so
                six = family == socket.AF_INET6
                self._socket.setsockopt(socket.IPPROTO_IPV6 if six else socket.IPPROTO_IP, _IPV6_RECVERR if six else _IP_RECVERR, 1)
            self._loop.add_reader(self._socket.fileno(), self._readable)
        except BaseException:
            self._socket.close()
            raise

    def close(self) -> None:
        self._loop.remove_reader(self._socket.fileno())
        self._socket.close()

    def send(self, payload: bytes) -> None:
        try:
            self._socket.sendto(payload, self._target)
        except BlockingIOError:
            pass  # as good as lost on the way
        except OSError as error:
            raise cannot(error, f"a datagram to {self._where}") from error

    async def wait(self, seconds: float) -> bool:
        """Wait for news. Raises ``CannotObserve`` where ICMP says that nobody is there."""
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            return False
        self._news.clear()
        if self._error is not None and not self.replies:
            raise cannot(self._error, f"a datagram to {self._where}")
        return bool(self.replies)

    def _readable(self) -> None:
        while len(self.replies) < MOST_DATAGRAMS and self.octets < MOST_OCTETS:
            try:
                data, origin = self._socket.recvfrom(LARGEST_DATAGRAM)
            except BlockingIOError:
                self._drain()
                return
            except OSError as error:
                self._error = error
                self._news.set()
                self._drain()
                return
            if str(origin[0]).partition("%")[0] == self._address.partition("%")[0]:
                self.replies.append(data)
                self.octets += len(data)
                self._news.set()
        self._loop.remove_reader(self._socket.fileno())  # enough has come

    def _drain(self) -> None:
        if sys.platform == "linux":
            try:
                self._socket.recvmsg(64, _ANCILLARY, socket.MSG_ERRQUEUE)
            except OSError:
                return


async def exchange(address: str, port: int, payload: bytes, *, seconds: float, tries: int) -> Datagrams:
    """Send a datagram until something comes, ``tries`` times at most and ``seconds`` apart, then listen until it is quiet.

    Raises ``CannotObserve``: TIMEOUT, REFUSED (ICMP port unreachable), UNREACHABLE.
    """
    try:
        listening = _Listening(address, port)
    except OSError as error:
        raise cannot(error, f"a datagram to {peer(address, port)}/udp") from error
    try:
        for attempt in range(1, tries + 1):
            listening.send(payload)
            if await listening.wait(seconds):
                end = asyncio.get_running_loop().time() + LONGEST
                while len(listening.replies) < MOST_DATAGRAMS and listening.octets < MOST_OCTETS:
                    if not await listening.wait(LINGER) or asyncio.get_running_loop().time() >= end:
                        break
                return Datagrams(tuple(listening.replies), listening.octets, attempt * len(payload), attempt)
    finally:
        listening.close()
    raise CannotObserve(Reason.TIMEOUT, f"no answer from {peer(address, port)}/udp within {seconds:g} s ({tries} tries)")

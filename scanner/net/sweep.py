"""Many TCP ports of one address, each tried once by a connection that is given up at once: what answered, and how. No pacing of its own.

Non-blocking sockets and one timer for all of them: a stream for each of some ten thousand ports is not worth its price. Whatever has been
connected is closed by RST before an octet is sent, so that nothing is left in TIME-WAIT and a printer has nothing to print.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import struct
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum, unique

from scanner.net.trouble import cannot
from scanner.net.udp import sockaddr


@unique
class PortState(StrEnum):
    """How a port answered: took the connection, refused it (RST), had somebody say that it is forbidden (ICMP), or not at all."""

    OPEN = "open"
    CLOSED = "closed"
    FORBIDDEN = "forbidden"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Swept:
    """How each port answered, and the seconds that the slowest answer took."""

    states: Mapping[int, PortState]
    slowest: float


_ABRUPT = struct.pack("ii", 1, 0)
_UNDER_WAY = {errno.EINPROGRESS, errno.EALREADY, errno.EAGAIN}


class Sweep:
    """One pass over ports of one address. ``give_back`` is called for every port that has ended."""

    def __init__(self, address: str, *, seconds: float, give_back: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._address = address
        self._seconds = seconds
        self._give_back = give_back
        self._open: dict[int, tuple[socket.socket, int, float]] = {}
        self._late: deque[tuple[float, int, int]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._all_done: asyncio.Future[None] | None = None
        self._failed: OSError | None = None
        self.states: dict[int, PortState] = {}
        self.slowest = 0.0

    async def run(self, turns: AsyncIterator[int]) -> Swept:
        """Try every port that ``turns`` gives, each when its turn has come.

        Raises ``CannotObserve(UNREACHABLE)`` where this machine cannot send to the address at all, and what ``turns`` raises.
        """
        try:
            async for port in turns:
                if self._failed is not None:
                    self._give_back()
                    break
                self._start(port)
            if self._open:
                self._all_done = self._loop.create_future()
                await self._all_done
            if self._failed is not None:
                raise cannot(self._failed, f"a connection to {self._address}")
        finally:
            if self._timer is not None:
                self._timer.cancel()
            for number in tuple(self._open):
                self._end(number, None)
        return Swept(self.states, self.slowest)

    def _start(self, port: int) -> None:
        family, target = sockaddr(self._address, port)
        try:
            connection = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        except OSError:
            self._give_back()
            raise
        number = connection.fileno()
        now = self._loop.time()
        self._open[number] = (connection, port, now)
        code = connection.connect_ex(target)
        if code in _UNDER_WAY:
            code = connection.connect_ex(target)  # a near peer has answered by now, which spares the loop's selector
        if code in _UNDER_WAY:
            self._late.append((now + self._seconds, number, port))
            if self._timer is None:
                self._timer = self._loop.call_at(now + self._seconds, self._due)
            self._loop.add_writer(number, self._answered, number)
            return
        self._judge(number, 0 if code == errno.EISCONN else code, watched=False)

    def _answered(self, number: int) -> None:
        connection = self._open[number][0]
        self._judge(number, connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))

    def _judge(self, number: int, code: int, *, watched: bool = True) -> None:
        state: PortState | None
        match code:
            case 0:
                state = PortState.OPEN
            case errno.ECONNREFUSED | errno.ECONNRESET:
                state = PortState.CLOSED
            case errno.ETIMEDOUT:
                state = PortState.SILENT
            case errno.EHOSTUNREACH | errno.ENETUNREACH | errno.EACCES | errno.EPROTO | errno.ENOPROTOOPT | errno.EHOSTDOWN:
                state = PortState.FORBIDDEN
            case _:  # our own machine's trouble: no address to send from, a packet filter of its own, no memory
                self._failed = OSError(code, os.strerror(code))
                state = None
        self._end(number, state, watched=watched)

    def _end(self, number: int, state: PortState | None, *, watched: bool = True) -> None:
        connection, port, since = self._open.pop(number)
        if watched:
            self._loop.remove_writer(number)
        if state is PortState.OPEN:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABRUPT)
        connection.close()
        self._give_back()
        if state is not None:
            self.states[port] = state
            if state is not PortState.SILENT:
                self.slowest = max(self.slowest, self._loop.time() - since)
        if not self._open and self._all_done is not None and not self._all_done.done():
            self._all_done.set_result(None)

    def _due(self) -> None:
        self._timer = None
        now = self._loop.time()
        late = self._late
        while late and late[0][0] <= now:
            _, number, port = late.popleft()
            held = self._open.get(number)
            if held is not None and held[1] == port:  # the number may be another socket's by now
                self._end(number, PortState.SILENT)
        while late and ((held := self._open.get(late[0][1])) is None or held[1] != late[0][2]):
            late.popleft()
        if late:
            self._timer = self._loop.call_at(late[0][0], self._due)

"""An open TCP connection to a peer that may do anything: octets in, octets out, one deadline, a cap. No parsing, no retries, no guard.

Plain sockets under ``loop.add_reader`` and one timer for each connection: a survey opens thousands, and neither a task nor a timeout
object of each step is worth its price there. Closing is abrupt (RST) unless asked otherwise, so that no port is left in TIME-WAIT.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import struct
from ipaddress import ip_address

from scanner.model.reason import CannotObserve, Reason
from scanner.net.trouble import cannot, peer
from scanner.net.udp import sockaddr

CHUNK = 65536
MOST_OCTETS = 1024 * 1024
"""What one connection may bring, unless its caller asks for less or more."""

_ABRUPT = struct.pack("ii", 1, 0)


class Stream:
    """One connection. ``received`` counts the octets that came.

    ``seconds`` limits the time to the first octet, connecting included; ``whole`` that of everything, the same where it is not given.
    """

    __slots__ = (
        "_address",
        "_ended",
        "_fd",
        "_limit",
        "_loop",
        "_port",
        "_reading",
        "_seconds",
        "_socket",
        "_start",
        "_step",
        "_timer",
        "_waiter",
        "_whole",
        "received",
    )

    def __init__(self, address: str, port: int, *, seconds: float, whole: float = 0.0, limit: int = MOST_OCTETS) -> None:
        self._loop = asyncio.get_running_loop()
        self._address = address
        self._port = port
        self._seconds = seconds
        self._whole = max(whole, seconds)
        self._limit = limit
        self._step = "no connection to"
        self._socket: socket.socket | None = None
        self._fd = -1  # the loop is given the number: of an object that it does not know yet it makes a long description first
        self._waiter: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._reading = False
        self._ended: CannotObserve | None = None
        self._start = 0.0
        self.received = 0

    @property
    def where(self) -> str:
        """The peer, for people: ``192.0.2.1:443/tcp``."""
        return f"{peer(self._address, self._port)}/tcp"

    @property
    def local(self) -> str:
        """Our own address of this connection."""
        name: tuple[str, int] = self._open().getsockname()
        return str(ip_address(name[0].partition("%")[0]))

    async def open(self) -> None:
        """Connect. Raises ``CannotObserve``: TIMEOUT, REFUSED, UNREACHABLE, RESET."""
        loop = self._loop
        self._start = loop.time()
        try:
            family, target = sockaddr(self._address, self._port)
            connection = self._socket = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
            self._fd = connection.fileno()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._timer = loop.call_at(self._start + self._seconds, self._late)
            code = connection.connect_ex(target)
            if code in {errno.EINPROGRESS, errno.EAGAIN}:
                await self._writable()
                code = connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        except OSError as error:
            raise self._trouble(error) from error
        if code:
            raise self._trouble(OSError(code, os.strerror(code)))
        self._step = "no answer from"

    async def send(self, data: bytes) -> None:
        """Send. Raises ``CannotObserve``: TIMEOUT, RESET, UNREACHABLE."""
        connection = self._open()
        try:
            sent = connection.send(data)
            while sent < len(data):
                await self._writable()
                sent += connection.send(memoryview(data)[sent:])
        except BlockingIOError:
            await self._writable()
            await self.send(data)
        except OSError as error:
            raise self._trouble(error) from error

    async def receive(self) -> bytes:
        """Give what comes next, at most ``CHUNK`` octets; ``b""`` when the peer has closed in order.

        Raises ``CannotObserve``: TIMEOUT, RESET, UNREACHABLE, TOO_LARGE.
        """
        connection = self._open()
        while True:
            if not self._reading:
                self._loop.add_reader(self._fd, self._ready)
                self._reading = True
            await self._wait()
            try:
                data = connection.recv(CHUNK)
            except BlockingIOError:
                continue
            except OSError as error:
                raise self._trouble(error) from error
            break
        if not self.received and data:
            self._heard()
        self.received += len(data)
        if self.received > self._limit:
            raise CannotObserve(Reason.TOO_LARGE, f"{self.where} sent more than {self._limit} octets")
        return data

    def close(self, *, abrupt: bool = True) -> None:
        """Close, by RST, or by FIN when ``abrupt`` is false. May be called twice."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        connection, self._socket = self._socket, None
        if connection is None:
            return
        if self._reading:
            self._loop.remove_reader(self._fd)
            self._reading = False
        if abrupt:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABRUPT)
        connection.close()

    def _open(self) -> socket.socket:
        if self._socket is None:
            raise RuntimeError("the stream is not open")
        return self._socket

    def _heard(self) -> None:
        self._step = "no whole answer from"
        if self._whole > self._seconds and self._timer is not None:
            self._timer.cancel()
            self._timer = self._loop.call_at(self._start + self._whole, self._late)
            self._seconds = self._whole

    async def _wait(self) -> None:
        if self._ended is not None:
            raise self._ended
        self._waiter = waiter = self._loop.create_future()
        try:
            await waiter
        finally:
            self._waiter = None

    async def _writable(self) -> None:
        self._loop.add_writer(self._fd, self._ready)
        try:
            await self._wait()
        finally:
            self._loop.remove_writer(self._fd)

    def _ready(self) -> None:
        if self._waiter is None:
            # Octets that nobody awaits: the loop is told to stop asking until somebody does.
            if self._socket is not None and self._reading:
                self._loop.remove_reader(self._fd)
                self._reading = False
        elif not self._waiter.done():
            self._waiter.set_result(None)

    def _late(self) -> None:
        self._timer = None
        self._ended = CannotObserve(Reason.TIMEOUT, f"{self._step} {self.where} within {self._seconds:g} s")
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(self._ended)

    def _trouble(self, error: OSError) -> CannotObserve:
        return cannot(error, f"a conversation with {self.where}")

"""A small SMTP sink of our own, where the marked messages of the relay test arrive. It takes nothing else and passes nothing on.

The organisation's canary mailbox has this machine as its mail exchanger. The sink listens only while a test waits, takes mail for that
mailbox alone, and of it only messages that carry the mark of a test under way; whatever it does not take it refuses. Nothing is stored
but the mark.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from scanner.model.reason import CannotObserve, Reason

PORT = 25
MARK = "X-Tenken-Mark"
LONGEST_LINE = 1000  # RFC 5321 section 4.5.3.1.6
LARGEST_MESSAGE = 64 * 1024
MOST_COMMANDS = 40
MOST_CONNECTIONS = 8
LINE_SECONDS = 30.0

_TO = re.compile(rb"RCPT TO: ?<([^<>]{1,256})>", re.IGNORECASE)
_FROM = re.compile(rb"MAIL FROM: ?<[^<>]{0,256}>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A marked message: from which address it came, and the name that the sender gave itself."""

    source: str
    called: str


@dataclass(slots=True)
class _Sink:
    """The listening sockets of one event loop; those who wait share them. ``awaited`` are marks and what came with them."""

    canary: str
    listen: tuple[str, ...]
    awaited: dict[str, asyncio.Future[Arrival]] = field(default_factory=dict)
    servers: list[asyncio.Server] = field(default_factory=list)
    open: int = 0
    changing: asyncio.Lock = field(default_factory=asyncio.Lock)
    talking: set[asyncio.Task[None]] = field(default_factory=set)

    async def start(self) -> None:
        try:
            for address in self.listen:
                self.servers.append(await asyncio.start_server(self._greet, address, PORT, limit=LONGEST_LINE * 2))
        except OSError as error:
            await self.stop()
            reason = Reason.ACCESS_DENIED if isinstance(error, PermissionError) else Reason.UNSUPPORTED
            where = ", ".join(self.listen)
            raise CannotObserve(reason, f"mail for {self.canary} cannot be taken at {where} port {PORT}: {error.strerror}") from error

    async def stop(self) -> None:
        for server in self.servers:
            server.close()
        for task in tuple(self.talking):
            task.cancel()
        await asyncio.gather(*self.talking, return_exceptions=True)
        for server in self.servers:
            await server.wait_closed()
        self.servers.clear()

    async def _greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.talking.add(task)
        try:
            if self.open < MOST_CONNECTIONS:
                self.open += 1
                try:
                    await _Talk(self, reader, writer).run()
                finally:
                    self.open -= 1
        except (OSError, TimeoutError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError):
            pass  # whatever a stranger does wrong ends the conversation and nothing else
        finally:
            self.talking.discard(task)
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


class _Talk:
    """One conversation of the sink."""

    def __init__(self, sink: _Sink, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.sink = sink
        self.reader = reader
        self.writer = writer
        self.called = ""
        self.sender = False
        self.recipient = False

    async def run(self) -> None:
        await self._say(220, "Tenken relay test: takes marked messages for one mailbox only")
        for _ in range(MOST_COMMANDS):
            line = await self._line()
            verb = line[:4].upper()
            if verb == b"QUIT":
                await self._say(221, "bye")
                return
            await self._answer(verb, line)
        await self._say(421, "too many commands")

    async def _answer(self, verb: bytes, line: bytes) -> None:
        match verb:
            case b"EHLO" | b"HELO":
                self.called = line[5:].decode("latin-1")[:255]
                self.sender = self.recipient = False
                await self._say(250, "tenken")
            case b"MAIL" if _FROM.match(line):
                self.sender, self.recipient = True, False
                await self._say(250, "ok")
            case b"RCPT" if self.sender and (found := _TO.match(line)):
                if found[1].decode("latin-1").lower() == self.sink.canary.lower():
                    self.recipient = True
                    await self._say(250, "ok")
                else:
                    await self._say(550, "5.7.1 no such mailbox here, and nothing is relayed")
            case b"DATA" if self.recipient:
                await self._say(354, "go ahead")
                await self._message()
            case b"RSET":
                self.sender = self.recipient = False
                await self._say(250, "ok")
            case b"NOOP":
                await self._say(250, "ok")
            case b"MAIL" | b"RCPT" | b"DATA":
                await self._say(503, "5.5.1 not here, not now")
            case _:
                await self._say(502, "5.5.1 not implemented")

    async def _message(self) -> None:
        mark, size, header = "", 0, True
        while (line := await self._line()) != b".":
            size += len(line) + 2
            if size > LARGEST_MESSAGE:
                await self._say(552, "5.3.4 too large")
                raise ValueError("message too large")
            header = header and line != b""
            name, _, value = line.partition(b":")
            if header and name.lower() == MARK.lower().encode():
                mark = value.strip().decode("latin-1")
        self.sender = self.recipient = False
        waiting = self.sink.awaited.get(mark)
        if waiting is None:
            await self._say(550, "5.7.1 not a message of a test under way")
            return
        if not waiting.done():
            source = self.writer.get_extra_info("peername")[0]
            waiting.set_result(Arrival(str(source), self.called))
        await self._say(250, "ok")

    async def _line(self) -> bytes:
        async with asyncio.timeout(LINE_SECONDS):
            line = await self.reader.readuntil(b"\n")
        return line.rstrip(b"\r\n")

    async def _say(self, code: int, text: str) -> None:
        self.writer.write(f"{code} {text}\r\n".encode("ascii"))
        async with asyncio.timeout(LINE_SECONDS):
            await self.writer.drain()


# One event loop has one sink for a mailbox, however many servers are tried at once: two cannot listen on one address.
_sinks: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[tuple[str, tuple[str, ...]], _Sink]] = WeakKeyDictionary()


@asynccontextmanager
async def awaiting(canary: str, listen: tuple[str, ...], mark: str) -> AsyncIterator[asyncio.Future[Arrival]]:
    """Take mail for ``canary`` for the time of the body, and give what is there once the message with ``mark`` has come.

    Raises ``CannotObserve``: ACCESS_DENIED or UNSUPPORTED where the addresses cannot be listened at.
    """
    loop = asyncio.get_running_loop()
    sink = _sinks.setdefault(loop, {}).setdefault((canary, listen), _Sink(canary, listen))
    async with sink.changing:
        if not sink.servers:
            await sink.start()
        arrival = sink.awaited[mark] = loop.create_future()
    try:
        yield arrival
    finally:
        async with sink.changing:
            arrival.cancel()
            del sink.awaited[mark]
            if not sink.awaited:
                await sink.stop()

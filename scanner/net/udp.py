"""Questions over UDP: connected sockets with random ports and ids, retries, and no answer taken that is not ours. No parsing.

An answer counts when it comes from the asked address and port (the kernel sees to it), to the socket that asked, with the id
and the question that were sent. Others are dropped and counted, so that a time-out can say what came instead.

Plain sockets under ``loop.add_reader``, not asyncio's datagram transports: one wake-up drains a whole burst of answers. How a question
ends is told to a function, because a task for each of many thousand questions costs more than asking them.
"""

from __future__ import annotations

import asyncio
import random
import socket
import struct
import sys
from collections import OrderedDict, deque
from collections.abc import Callable
from itertools import chain
from typing import NamedTuple
from weakref import WeakSet

from scanner.model.reason import CannotObserve, Reason
from scanner.net.matching import HEADER, answers, question_of, same_question
from scanner.net.trouble import cannot, peer

LARGEST_DATAGRAM = 65535
MOST_AT_ONCE = 64  # datagrams taken from one socket before others get their turn
MOST_COMPARED = 64  # questions that a stray answer is compared with
MOST_PEERS = 256  # idle sockets are closed above this
SOCKET_QUESTIONS = 200  # a socket is renewed after this many
_IP_RECVERR = 11  # linux/in.h; Python 3.11 does not name it
_IPV6_RECVERR = 25  # linux/in6.h
_ANCILLARY = 256  # octets for what comes beside a message in the error queue
_DRAWS = struct.Struct("!64L")


class Datagram(NamedTuple):
    """An answer: its octets, the address it came from, how often was asked."""

    data: bytes
    source: str
    tries: int


def sockaddr(address: str, port: int) -> tuple[int, tuple[str, int] | tuple[str, int, int, int]]:
    """Give the address family and the socket address of an IP address, which may carry a scope id."""
    if ":" not in address:
        return socket.AF_INET, (address, port)
    address, percent, scope = address.partition("%")
    return socket.AF_INET6, (address, port, 0, socket.if_nametoindex(scope) if percent else 0)


Ended = Callable[[Datagram | CannotObserve], None]
"""Hears how a question ended."""


class Question:
    """One question under way. ``abandon`` it when nobody wants the answer any more."""

    __slots__ = (
        "_channel",
        "_ended",
        "most",
        "number",
        "over",
        "question",
        "seconds",
        "too_short",
        "tries",
        "wire",
        "wrong_id",
        "wrong_question",
    )

    def __init__(self, wire: bytes, *, seconds: float, most: int, number: int, channel: _Channel, ended: Ended) -> None:
        self.over = False
        self.wire = number.to_bytes(2, "big") + wire[2:]
        self.question = question_of(wire)
        self.seconds = seconds
        self.most = most
        self.number = number
        self.tries = 0
        self.wrong_id = 0
        self.wrong_question = 0
        self.too_short = 0
        self._channel = channel
        self._ended = ended

    def end(self, result: tuple[bytes, str] | OSError | None) -> None:
        """Let it end with an answer and its source, with an error, or with nothing: a time-out."""
        if self.over:
            return
        ended = self._ended
        self.abandon()
        ended(Datagram(*result, self.tries) if isinstance(result, tuple) else _why(result, self, self._channel.where))

    def abandon(self) -> None:
        """Forget it: nobody hears of it any more."""
        if not self.over:
            self.over = True
            self._ended = _nobody  # the clock lets go of a question somewhat later
            self._channel.forget(self)


def _nobody(how: Datagram | CannotObserve) -> None:
    """Hear of the end of a question that was abandoned."""


class _Patience:
    """One timer for all questions of the same limit: they become late in the order in which they were sent.

    A timer for each of many thousand questions, nearly all answered in good time, costs more than reading the answers.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, seconds: float) -> None:
        self._loop = loop
        self._seconds = seconds
        self._sent: deque[tuple[float, int, Question, _Channel]] = deque()  # when it is late, the try that was sent
        self._timer: asyncio.TimerHandle | None = None

    def watch(self, pending: Question, channel: _Channel) -> None:
        """Tell the channel when the try that has just been sent is late."""
        sent = self._sent
        while sent and sent[0][2].over:
            sent.popleft()
        sent.append((self._loop.time() + self._seconds, pending.tries, pending, channel))
        if self._timer is None:
            self._timer = self._loop.call_at(sent[0][0], self._due)

    def _due(self) -> None:
        self._timer = None
        sent, now = self._sent, self._loop.time()
        late = []
        while sent and (sent[0][2].over or sent[0][0] <= now):
            late.append(sent.popleft())
        if sent:
            self._timer = self._loop.call_at(sent[0][0], self._due)
        for _, tries, pending, channel in late:
            if not pending.over and pending.tries == tries:
                channel.late(pending)

    def close(self) -> None:
        """Stop the clock."""
        self._sent.clear()
        if self._timer is not None:
            self._timer.cancel()


class _Channel:
    """One socket and the questions that were sent from it, by id. A ``last`` question has been sent: it closes after its end."""

    __slots__ = (
        "__weakref__",
        "_anywhere",
        "_buffer",
        "_loop",
        "_patience",
        "_socket",
        "_target",
        "_view",
        "asked",
        "last",
        "pending",
        "source",
        "where",
    )

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        address: str,
        port: int,
        buffer: bytearray,
        patience: Callable[[float], _Patience],
        *,
        anywhere: bool = False,
    ) -> None:
        family, target = sockaddr(address, port)
        self._loop = loop
        self._patience = patience
        self._buffer = buffer
        self._view = memoryview(buffer)
        self._anywhere = anywhere
        self._target = target
        self.source = address
        self.where = f"{peer(address, port)}/udp"
        self.pending: dict[int, Question] = {}
        self.asked = 0
        self.last = anywhere
        self._socket = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        try:
            if sys.platform == "linux":
                # Without it "network unreachable" is kept from us, and an unconnected socket hears of no error at all.
                six = family == socket.AF_INET6
                self._socket.setsockopt(socket.IPPROTO_IPV6 if six else socket.IPPROTO_IP, _IPV6_RECVERR if six else _IP_RECVERR, 1)
            if not anywhere:  # the port is drawn by the kernel, at random, in either case
                self._socket.connect(target)
        except BaseException:
            self._socket.close()
            raise
        loop.add_reader(self._socket.fileno(), self._readable)

    def close(self) -> None:
        """Give the socket back; questions still under way end as if nothing had come."""
        if self._socket.fileno() < 0:
            return
        self._loop.remove_reader(self._socket.fileno())
        self._socket.close()
        for pending in list(self.pending.values()):
            pending.end(None)

    def forget(self, pending: Question) -> None:
        """A question has ended."""
        del self.pending[pending.number]
        if self.last and not self.pending:
            self.close()

    def retire(self) -> None:
        """Send nothing more, and close after the last question under way."""
        self.last = True
        if not self.pending:
            self.close()

    def send(self, pending: Question) -> None:
        """Send a question, and again after each time-out while tries are left."""
        pending.tries += 1
        try:
            self._transmit(pending.wire)
        except BlockingIOError:
            pass  # the socket's buffer is full: as good as lost on the way
        except OSError as error:
            # A connected socket reports what an earlier datagram met; that one has failed, this one has not been sent.
            self._failed(error, but=pending)
            try:
                self._transmit(pending.wire)
            except BlockingIOError:
                pass
            except OSError as own:
                pending.end(own)
                return
        self._patience(pending.seconds).watch(pending, self)

    def _transmit(self, wire: bytes) -> None:
        if self._anywhere:
            self._socket.sendto(wire, self._target)
        else:
            self._socket.send(wire)

    def late(self, pending: Question) -> None:
        """Ask again, or end a question that no answer has come to in time."""
        if pending.tries < pending.most:
            self.send(pending)
        else:
            pending.end(None)

    def _readable(self) -> None:
        source = self.source
        for turn in range(MOST_AT_ONCE):
            try:
                if self._anywhere:
                    size, origin = self._socket.recvfrom_into(self._buffer)
                    source = str(origin[0])
                else:
                    size = self._socket.recv_into(self._buffer)
            except BlockingIOError:
                if turn == 0:
                    self._drain()  # woken for nothing to read: a sender was given the error, the queue still holds it
                return
            except OSError as error:
                self._failed(error)
                self._drain()
                return
            self._take(bytes(self._view[:size]), source)
            if not self.pending:
                return

    def _drain(self) -> None:
        # What lies in the error queue keeps the socket readable; the error itself has been given by the read before.
        if sys.platform == "linux":
            for _ in range(MOST_AT_ONCE):
                try:
                    self._socket.recvmsg(HEADER, _ANCILLARY, socket.MSG_ERRQUEUE)
                except OSError:
                    return

    def _take(self, data: bytes, source: str) -> None:
        if len(data) < HEADER:
            for waiting in list(self.pending.values())[:MOST_COMPARED]:
                waiting.too_short += 1
            return
        pending = self.pending.get(data[0] << 8 | data[1])
        if pending is None:
            for waiting in list(self.pending.values())[:MOST_COMPARED]:
                if same_question(data, waiting.question):
                    waiting.wrong_id += 1
        elif answers(data, pending.question):
            pending.end((data, source))
        else:
            pending.wrong_question += 1

    def _failed(self, error: OSError, but: Question | None = None) -> None:
        for pending in list(self.pending.values()):
            if pending is not but:
                pending.end(error)


class Udp:
    """All UDP questions of a run. ``close`` when it is over."""

    def __init__(self, loop: asyncio.AbstractEventLoop, rng: random.Random) -> None:
        self._loop = loop
        self._rng = rng
        self._buffer = bytearray(LARGEST_DATAGRAM)
        self._peers: OrderedDict[tuple[str, int], list[_Channel]] = OrderedDict()
        self._others: WeakSet[_Channel] = WeakSet()  # retired ones, and those for one question from anywhere
        self._patiences: dict[float, _Patience] = {}
        self._drawn: list[int] = []
        self._closed = False

    async def exchange(self, address: str, port: int, wire: bytes, *, seconds: float, tries: int, any_source: bool = False) -> Datagram:
        """Send a question until an answer comes, as ``ask`` does.

        Raises ``CannotObserve``: TIMEOUT, REFUSED, UNREACHABLE, or PROTOCOL_VIOLATION when only answers with a wrong id or question came.
        """
        future: asyncio.Future[Datagram | CannotObserve] = self._loop.create_future()

        def ended(how: Datagram | CannotObserve) -> None:
            if not future.done():
                future.set_result(how)

        question = self.ask(address, port, wire, seconds=seconds, tries=tries, any_source=any_source, ended=ended)
        try:
            result = await future
        finally:
            question.abandon()
        if isinstance(result, CannotObserve):
            raise result
        return result

    def ask(
        self, address: str, port: int, wire: bytes, *, seconds: float, tries: int, ended: Ended, width: int = 1, any_source: bool = False
    ) -> Question:
        """Send a question (its id is drawn here) and tell ``ended`` of the answer; ``seconds`` is the limit of each try.

        ``width`` sockets are used in turn for this server. Raises ``CannotObserve`` where no socket can be had.
        """
        if self._closed:
            raise RuntimeError("the network is closed")
        try:
            drawn = self._draw()
            channel = self._open(address, port, True) if any_source else self._channel(address, port, width, drawn >> 16)
        except OSError as error:
            raise cannot(error, f"a question to {peer(address, port)}/udp") from error
        if any_source:
            self._others.add(channel)
        number = drawn & 0xFFFF
        while number in channel.pending:
            number = self._draw() & 0xFFFF
        question = channel.pending[number] = Question(wire, seconds=seconds, most=tries, number=number, channel=channel, ended=ended)
        channel.asked += 1
        channel.send(question)
        return question

    def close(self) -> None:
        """Close every socket; questions under way end as unanswered, later ones are a defect."""
        self._closed = True
        for channel in (*chain(*self._peers.values()), *self._others):
            channel.close()
        for patience in self._patiences.values():
            patience.close()
        self._peers.clear()

    def _draw(self) -> int:
        """Draw 32 bits, for socket and id at once. Many are taken together: each taking is a call of the system."""
        if not self._drawn:
            self._drawn.extend(_DRAWS.unpack(self._rng.randbytes(_DRAWS.size)))
        return self._drawn.pop()

    def _open(self, address: str, port: int, anywhere: bool) -> _Channel:
        return _Channel(self._loop, address, port, self._buffer, self._patience, anywhere=anywhere)

    def _patience(self, seconds: float) -> _Patience:
        found = self._patiences.get(seconds)
        if found is None:
            found = self._patiences[seconds] = _Patience(self._loop, seconds)
        return found

    def _channel(self, address: str, port: int, width: int, drawn: int) -> _Channel:
        key = (address, port)
        channels = self._peers.get(key)
        if channels is None:
            channels = self._peers[key] = []
            if len(self._peers) > MOST_PEERS:
                self._sweep()
        else:
            self._peers.move_to_end(key)
        if len(channels) < width:
            channel = self._open(address, port, False)
            channels.append(channel)
            return channel
        place = drawn % width
        channel = channels[place]
        if channel.asked >= SOCKET_QUESTIONS:
            fresh = channels[place] = self._open(address, port, False)
            self._others.add(channel)
            channel.retire()
            return fresh
        return channel

    def _sweep(self) -> None:
        # Least recently used first; the newest, being made right now, is not looked at.
        for key in list(self._peers)[:-1]:
            if len(self._peers) <= MOST_PEERS:
                return
            if not any(channel.pending for channel in self._peers[key]):
                for channel in self._peers.pop(key):
                    channel.close()


def _why(result: OSError | None, pending: Question, where: str) -> CannotObserve:
    if result is not None:
        return cannot(result, f"a question to {where}")
    limit = f"within {pending.seconds:g} s ({pending.tries} {'try' if pending.tries == 1 else 'tries'})"
    counts = ((pending.wrong_id, "a wrong id"), (pending.wrong_question, "a wrong question or none"), (pending.too_short, "no header"))
    wrong = [f"{count} with {what}" for count, what in counts if count]
    if wrong:
        return CannotObserve(Reason.PROTOCOL_VIOLATION, f"only wrong answers from {where} {limit}: {', '.join(wrong)}")
    return CannotObserve(Reason.TIMEOUT, f"no answer from {where} {limit}")

"""The operator's own resolvers: one question for each name and type in a run, fail-over, memory with limits. No sockets here.

An answer is kept for the run or ``Memory.answer_seconds``, whichever ends first, and not by its TTL: one run should see one
state. Failures are kept for a short while, so that twenty probes do not each wait for the same dead name.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace

from scanner.model.reason import CannotObserve, Reason
from scanner.net.answers import answer_of, parsed
from scanner.net.net import Answer, DnsServer
from scanner.net.trouble import peer
from scanner.wire.dns import BadName, query, type_name

log = logging.getLogger(__name__)

Key = tuple[str, int, bool]
"""Name, type, CD bit."""

Ask = Callable[[DnsServer, bytes, int, Callable[[bytes | CannotObserve], None]], None]
"""Put a question to a resolver with so many tries, and tell of the whole answer, over TCP where UDP was not enough; never raises."""


LEAST_ENTRIES = 1536
"""What a process remembers at least: all that the 64 targets which it sees at a time ask, some 20 questions each."""


@dataclass(frozen=True, slots=True)
class Memory:
    """How much is remembered: entries, octets of the messages behind them, seconds for answers and for failures."""

    entries: int = 3072
    octets: int = 16 * 1024 * 1024
    answer_seconds: float = 1800.0
    failure_seconds: float = 30.0

    def share(self, shares: int) -> Memory:
        """Give what each of so many processes may remember."""
        return replace(self, entries=max(min(self.entries, LEAST_ENTRIES), self.entries // shares), octets=max(1, self.octets // shares))


@dataclass(frozen=True, slots=True)
class _Failure:
    """A remembered ``CannotObserve``; a fresh exception is made of it each time, because exceptions collect tracebacks."""

    reason: Reason
    detail: str
    size: int = 256


class _Flight:
    """A question under way, and who waits for it. It belongs to nobody: whoever asked first may go away."""

    __slots__ = ("failures", "first", "key", "result", "step", "waiting", "wire")

    def __init__(self, key: Key, wire: bytes, first: int) -> None:
        self.key = key
        self.wire = wire
        self.first = first
        self.step = 0
        self.failures: list[CannotObserve] = []
        self.result: _Landed | None = None
        self.waiting: list[asyncio.Future[_Landed]] = []


_Landed = Answer | _Failure | Exception
"""How a flight ended; an exception is a defect of ours."""


class Resolver:
    """The shared memory and the fail-over. ``ask`` does the talking; ``clock`` gives monotonic seconds."""

    def __init__(self, servers: tuple[DnsServer, ...], ask: Ask, *, memory: Memory, clock: Callable[[], float], edns: int = 1232) -> None:
        self._servers = servers
        self._ask = ask
        self._memory = memory
        self._clock = clock
        self._edns = edns
        self._kept: OrderedDict[Key, tuple[float, Answer | _Failure]] = OrderedDict()
        self._octets = 0
        self._flights: dict[Key, _Flight] = {}
        self._first = 0  # the resolver that answered last
        self._closed = False

    def close(self) -> None:
        """End: what is under way is put to no further resolver, and a new question is a defect of the one who asks it."""
        self._closed = True

    async def resolve(self, name: str, type: int, *, cd: bool, admit: Callable[[], None]) -> Answer:  # noqa: A002  the protocol's own word
        """Give the answer, from memory, from a question already under way, or by asking.

        ``admit`` is called when a question is really about to be sent, and may raise. Nobody suffers from another's end: a question
        under way goes on also when the one who asked first is cancelled.
        """
        key = (name.lower().removesuffix(".") or ".", type, cd)
        kept: _Landed | None = self._recall(key)
        if kept is None:
            flight = self._flights.get(key) or self._depart(key, admit)
            kept = flight.result  # there at once where it could not even be sent
            if kept is None:
                landed: asyncio.Future[_Landed] = asyncio.get_running_loop().create_future()
                flight.waiting.append(landed)
                kept = await landed
        if isinstance(kept, _Failure):
            raise CannotObserve(kept.reason, kept.detail)
        if isinstance(kept, Answer):
            return kept
        raise RuntimeError(f"a defect while {type_name(type)} {name} was asked") from kept

    def expect(self, names: Iterable[str], type: int, *, admit: Callable[[], None]) -> None:  # noqa: A002  as above
        """Send questions whose answers will be wanted, and wait for none. What keeps one from being sent is told when it is resolved."""
        for name in names:
            key = (name.lower().removesuffix(".") or ".", type, False)
            if key not in self._flights and self._recall(key) is None:
                with suppress(CannotObserve):
                    self._depart(key, admit)

    def _recall(self, key: Key) -> Answer | _Failure | None:
        found = self._kept.get(key)
        if found is None:
            return None
        if found[0] < self._clock():
            self._forget(key)
            return None
        self._kept.move_to_end(key)
        return found[1]

    def _forget(self, key: Key) -> None:
        self._octets -= self._kept.pop(key)[1].size

    def _remember(self, key: Key, result: Answer | _Failure) -> None:
        seconds = self._memory.failure_seconds if isinstance(result, _Failure) else self._memory.answer_seconds
        if key in self._kept:
            self._forget(key)
        self._kept[key] = (self._clock() + seconds, result)
        self._octets += result.size
        while len(self._kept) > self._memory.entries or self._octets > self._memory.octets:
            _, (_, dropped) = self._kept.popitem(last=False)
            self._octets -= dropped.size

    def _depart(self, key: Key, admit: Callable[[], None]) -> _Flight:
        if self._closed:
            raise RuntimeError("the network is not open: the run is over")
        name, type_, cd = key
        try:
            wire = query(name, type_, id=0, rd=True, cd=cd, do=True, edns=self._edns)
        except BadName as error:
            raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"no question can be asked: {error}") from error
        admit()
        flight = self._flights[key] = _Flight(key, wire, self._first)
        if self._servers:
            self._try(flight)
        else:
            self._land(flight, _Failure(Reason.UNREACHABLE, f"no resolver to ask for {type_name(type_)} {name}: none is configured"))
        return flight

    def _land(self, flight: _Flight, result: _Landed) -> None:
        if not isinstance(result, Exception):
            self._remember(flight.key, result)
        del self._flights[flight.key]
        flight.result = result
        for future in flight.waiting:
            if not future.done():
                future.set_result(result)

    def _try(self, flight: _Flight) -> None:
        count = len(self._servers)
        server = self._servers[(flight.first + flight.step) % count]

        def ended(how: bytes | CannotObserve) -> None:
            try:
                self._heard(flight, server, how)
            except Exception as defect:  # told to those who wait too, else they would wait on
                log.exception("defect in the answer to %s %s", type_name(flight.key[1]), flight.key[0])
                self._land(flight, defect)

        self._ask(server, flight.wire, 1 if count > 1 else 2, ended)

    def _heard(self, flight: _Flight, server: DnsServer, how: bytes | CannotObserve) -> None:
        name, type_, _ = flight.key
        failures = flight.failures
        if isinstance(how, bytes):
            where = f"resolver {peer(server.address, server.port)}"
            try:
                answer = answer_of(parsed(how, where, proofs=False), name, type_, where)
            except CannotObserve as error:
                failures.append(error)
            else:
                if failures and failures[0].reason is not Reason.SERVER_FAILURE:
                    self._first = self._servers.index(server)
                self._land(flight, answer)
                return
        else:
            failures.append(how)
        flight.step += 1
        if self._gives_up(failures):
            # A resolver that failed to find out says more than one that could not be reached.
            chosen = next((f for f in failures if f.reason is Reason.SERVER_FAILURE), failures[-1])
            others = [f.detail for f in failures if f is not chosen and f.detail != chosen.detail]
            self._land(flight, _Failure(chosen.reason, "; ".join([chosen.detail, *others])))
        else:
            self._try(flight)

    def _gives_up(self, failures: list[CannotObserve]) -> bool:
        if self._closed:
            return True
        if len(failures) == 1:
            # Of a single resolver silence was already tried twice, and a refusal is not going to change.
            return len(self._servers) == 1 and failures[0].reason is not Reason.SERVER_FAILURE
        if failures[0].reason is failures[-1].reason is Reason.SERVER_FAILURE:
            return True  # two resolvers agree, or one said it twice
        return len(failures) >= max(len(self._servers), 2)

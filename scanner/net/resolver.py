"""The operator's own resolvers: one question for each name and type in a run, fail-over, memory with limits. No sockets here.

An answer is kept for the run or ``Memory.answer_seconds``, whichever ends first, and not by its TTL: one run should see one
state. Failures are kept for a short while, so that twenty probes do not each wait for the same dead name.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from scanner.model.reason import CannotObserve, Reason
from scanner.net.answers import answer_of, parsed
from scanner.net.net import Answer, DnsServer
from scanner.net.trouble import peer
from scanner.wire.dns import BadName, query, type_name

Key = tuple[str, int, bool]
"""Name, type, CD bit."""

Send = Callable[[DnsServer, bytes, int], Awaitable[bytes]]
"""Put a question to a resolver with so many tries and give the whole answer, over TCP where UDP was not enough."""


@dataclass(frozen=True, slots=True)
class Memory:
    """How much is remembered: entries, octets of the messages behind them, seconds for answers and for failures."""

    entries: int = 8192
    octets: int = 16 * 1024 * 1024
    answer_seconds: float = 1800.0
    failure_seconds: float = 30.0

    def share(self, shares: int) -> Memory:
        """Give what each of so many processes may remember."""
        return replace(self, entries=max(1, self.entries // shares), octets=max(1, self.octets // shares))


@dataclass(frozen=True, slots=True)
class _Failure:
    """A remembered ``CannotObserve``; a fresh exception is made of it each time, because exceptions collect tracebacks."""

    reason: Reason
    detail: str
    size: int = 256


class Resolver:
    """The shared memory and the fail-over. ``send`` does the talking; ``clock`` gives monotonic seconds."""

    def __init__(self, servers: tuple[DnsServer, ...], send: Send, *, memory: Memory, clock: Callable[[], float], edns: int = 1232) -> None:
        self._servers = servers
        self._send = send
        self._memory = memory
        self._clock = clock
        self._edns = edns
        self._kept: OrderedDict[Key, tuple[float, Answer | _Failure]] = OrderedDict()
        self._octets = 0
        self._flights: dict[Key, list[asyncio.Future[Answer | _Failure | None]]] = {}
        self._first = 0  # the resolver that answered last

    async def resolve(self, name: str, type: int, *, cd: bool, admit: Callable[[], None]) -> Answer:  # noqa: A002  the protocol's own word
        """Give the answer, from memory, from a question already under way, or by asking.

        ``admit`` is called when a question is really about to be sent, and may raise. Whoever asked first asks for all who
        want the same; when it is cancelled, one of the others takes over, so nobody suffers from another's end.
        """
        key = (name.lower().removesuffix(".") or ".", type, cd)
        while True:
            kept = self._recall(key)
            if kept is None:
                waiting = self._flights.get(key)
                if waiting is None:
                    return await self._lead(key, admit)
                future: asyncio.Future[Answer | _Failure | None] = asyncio.get_running_loop().create_future()
                waiting.append(future)
                kept = await future
                if kept is None:
                    continue
            if isinstance(kept, _Failure):
                raise CannotObserve(kept.reason, kept.detail)
            return kept

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

    async def _lead(self, key: Key, admit: Callable[[], None]) -> Answer:
        waiting = self._flights[key] = []
        result: Answer | _Failure | None = None
        try:
            name, type_, cd = key
            try:
                wire = query(name, type_, id=0, rd=True, cd=cd, do=True, edns=self._edns)
            except BadName as error:
                raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"no question can be asked: {error}") from error
            admit()
            try:
                result = await self._ask_around(wire, name, type_)
            except CannotObserve as error:
                result = _Failure(error.reason, error.detail)
                self._remember(key, result)
                raise
            self._remember(key, result)
            return result
        finally:
            # None (cancelled, budget spent, a defect) says nothing to the others: the first of them leads next.
            del self._flights[key]
            for future in waiting:
                if not future.done():
                    future.set_result(result)

    async def _ask_around(self, wire: bytes, name: str, type_: int) -> Answer:
        if not self._servers:
            raise CannotObserve(Reason.UNREACHABLE, f"no resolver to ask for {type_name(type_)} {name}: none is configured")
        failures: list[CannotObserve] = []
        count = len(self._servers)
        for step in range(max(count, 2)):
            if count == 1 and failures and failures[0].reason is not Reason.SERVER_FAILURE:
                break  # silence was already tried twice, and a refusal is not going to change
            place = (self._first + step) % count
            server = self._servers[place]
            where = f"resolver {peer(server.address, server.port)}"
            try:
                data = await self._send(server, wire, 1 if count > 1 else 2)
                answer = answer_of(parsed(data, where, proofs=False), name, type_, where)
            except CannotObserve as error:
                failures.append(error)
                if step and error.reason is Reason.SERVER_FAILURE and failures[0].reason is Reason.SERVER_FAILURE:
                    break  # two resolvers agree, or one said it twice
                continue
            if step and failures[0].reason is not Reason.SERVER_FAILURE:
                self._first = place
            return answer
        # A resolver that failed to find out says more than one that could not be reached.
        chosen = next((f for f in failures if f.reason is Reason.SERVER_FAILURE), failures[-1])
        others = [f.detail for f in failures if f is not chosen and f.detail != chosen.detail]
        raise CannotObserve(chosen.reason, "; ".join([chosen.detail, *others]))

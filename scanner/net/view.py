"""One probe's view of the network: the guard, the budget, the turns and the transports put together for each conversation."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from scanner.model.fact import Evidence
from scanner.model.reason import CannotObserve, Reason
from scanner.net import datagrams, packets, tcp
from scanner.net.answers import parsed
from scanner.net.budget import Budget
from scanner.net.evidence import Asked, Fetched, Notes, Transferred, Writing
from scanner.net.guard import Guard
from scanner.net.matching import truncated
from scanner.net.net import Answer, DnsServer, Exchange, HttpReply, Post, Transfer, Transport
from scanner.net.pacing import Pacer, Turn
from scanner.net.resolver import Resolver
from scanner.net.scope import Purpose
from scanner.net.silence import Silence
from scanner.net.stopwatch import Stopwatch, Timer
from scanner.net.stream import MOST_OCTETS, Stream
from scanner.net.sweep import Sweep, Swept
from scanner.net.transfer import Reading
from scanner.net.trouble import peer
from scanner.net.udp import Udp
from scanner.wire.dns import BadName, Rclass, Type, query

if TYPE_CHECKING:  # imported when something is fetched, see http.py
    from scanner.net.http import Web
    from scanner.wire.x509 import Roots

MOST_ADDRESSES = 4  # of one host name that are tried for HTTPS


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds and tries. ``udp`` and ``resolver`` are the limits of one try, ``tcp`` that of a whole conversation."""

    udp: float = 2.0
    udp_tries: int = 2
    tcp: float = 5.0
    resolver: float = 2.0


@dataclass(frozen=True, slots=True)
class Parts:
    """What all views of a run share. ``web`` is called on the first fetch."""

    zone: str
    timing: Timing
    guard: Guard
    pacer: Pacer
    udp: Udp
    silence: Silence
    resolver: Resolver
    rng: random.Random
    clock: Callable[[], float]
    now: Callable[[], datetime]
    web: Callable[[], Web]
    writing: Writing
    roots: Callable[[], Roots]
    called: str = ""
    agent: Callable[[], str] = str


class View:
    """The ``Net`` of one probe run."""

    __slots__ = ("_budget", "_notes", "_parts", "_watch")

    def __init__(self, parts: Parts, budget: Budget) -> None:
        self._parts = parts
        self._budget = budget
        self._notes = Notes(parts.writing)
        self._watch = Stopwatch()

    @property
    def zone(self) -> str:
        """The vantage point."""
        return self._parts.zone

    @property
    def rng(self) -> random.Random:
        """Randomness for names and ids of a probe."""
        return self._parts.rng

    def now(self) -> datetime:
        """The time, UTC."""
        return self._parts.now()

    def keep(self, source: str, excerpt: str) -> None:
        """Keep evidence; capped."""
        self._notes.add(Evidence(source, excerpt))

    def evidence(self) -> tuple[Evidence, ...]:
        """What this view has kept, in order, without repetitions."""
        return self._notes.written()

    def stop_with(self, clock: Timer) -> None:
        """Let a deadline stand still while all that the probe does is wait for turns."""
        self._watch.follow(clock)

    async def resolve(self, name: str, type: Type, *, checking: bool = True) -> Answer:  # noqa: A002  the protocol's own word
        """See ``Net.resolve``."""
        answer = await self._parts.resolver.resolve(name, type, cd=not checking, admit=self._budget.question)
        self._notes.add(answer)
        return answer

    def expect(self, names: Iterable[str], type: Type) -> None:  # noqa: A002  the protocol's own word
        """See ``Net.expect``."""
        self._parts.resolver.expect(names, type, admit=self._budget.question)

    async def ask(
        self,
        server: DnsServer,
        name: str,
        type: Type,  # noqa: A002  the protocol's own word
        *,
        transport: Transport = Transport.AUTO,
        rd: bool = False,
        do: bool = False,
        cd: bool = False,
        edns: int | None = 1232,
        rclass: Rclass = Rclass.IN,
        purpose: Purpose = Purpose.ZONE_DATA,
        any_source: bool = False,
    ) -> Exchange:
        """See ``Net.ask``."""
        try:
            wire = query(name, type, id=self._parts.rng.getrandbits(16), rd=rd, cd=cd, edns=edns, do=do, rclass=rclass)
        except BadName as error:
            raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"no question can be asked: {error}") from error
        self._parts.guard.ask(server.name, server.address, server.port, purpose, self._parts.now())
        self._budget.question()
        async with self._turn(server.name, server.address):
            exchange = await self._exchange(server, wire, transport, edns=edns is not None, any_source=any_source)
        self._notes.add(Asked(server, name, type, exchange))
        return exchange

    async def _exchange(self, server: DnsServer, wire: bytes, transport: Transport, *, edns: bool, any_source: bool) -> Exchange:
        parts, timing = self._parts, self._parts.timing
        start = parts.clock()
        source, tries, data = server.address, 1, b""
        try:
            if transport is not Transport.TCP:
                with self._heeding(server, Transport.UDP, edns):
                    seen = await parts.udp.exchange(
                        server.address, server.port, wire, seconds=timing.udp, tries=timing.udp_tries, any_source=any_source
                    )
                source, tries, data = seen.source, seen.tries, seen.data
            over_tcp = transport is Transport.TCP or (transport is Transport.AUTO and truncated(data))
            if over_tcp:
                self._budget.connection()
                with self._heeding(server, Transport.TCP, edns):
                    data = await tcp.exchange(server.address, server.port, wire, seconds=timing.tcp)
                source = server.address
        finally:
            self._budget.spend(parts.clock() - start, len(data))
        used = Transport.TCP if over_tcp else Transport.UDP
        message = parsed(data, f"{peer(source, server.port)}/{used}")
        return Exchange(message, used, tries, round((parts.clock() - start) * 1000), len(wire), source)

    @contextmanager
    def _heeding(self, server: DnsServer, transport: Transport, edns: bool) -> Iterator[None]:
        """Leave a place alone that has never answered, and remember how this conversation ends. Some servers drop only EDNS."""
        silence, place = self._parts.silence, (server.address, server.port, transport.value + ("" if edns else " without EDNS"))
        silence.check(place, f"{peer(server.address, server.port)}/{transport}")
        try:
            yield
        except CannotObserve as why:
            (silence.unheard if why.reason is Reason.TIMEOUT else silence.heard)(place)
            raise
        silence.heard(place)

    async def transfer(self, server: DnsServer, zone: str, *, kind: Literal[Type.AXFR, Type.IXFR] = Type.AXFR, serial: int = 0) -> Transfer:
        """See ``Net.transfer``."""
        parts = self._parts
        try:
            wire = query(
                zone, kind, id=parts.rng.getrandbits(16), edns=None, ixfr_serial=serial if kind is Type.IXFR else None
            )  # RFC 5936 section 2.1: EDNS adds nothing here, and old servers stumble over it
        except BadName as error:
            raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"no question can be asked: {error}") from error
        parts.guard.ask(server.name, server.address, server.port, Purpose.TEST, parts.now())
        self._budget.question()
        self._budget.connection()
        where = f"{peer(server.address, server.port)}/tcp"
        async with self._turn(server.name, server.address):
            start, received = parts.clock(), 0
            try:
                with self._heeding(server, Transport.TCP, False):
                    async with tcp.conversation(server.address, server.port, seconds=parts.timing.tcp) as talk:
                        await talk.send(wire)
                        reading = Reading(wire, kind, where)
                        while not reading.take(parsed(await talk.receive(), where)):
                            received = talk.received
            finally:
                self._budget.spend(parts.clock() - start, received)
        self._notes.add(Transferred(server, zone, kind, reading.transfer))
        return reading.transfer

    async def fetch(
        self,
        url: str,
        *,
        limit: int = 65536,
        seconds: float = 10.0,
        purpose: Purpose = Purpose.PUBLIC_POLICY,
        post: Post | None = None,
    ) -> HttpReply:
        """See ``Net.fetch``."""
        web = self._parts.web()
        signed = purpose is Purpose.REVOCATION
        place = web.place(url, plain=signed)
        addresses = [place.host] if place.is_address else await self._addresses(place.host)
        permitted, refusal = [], CannotObserve(Reason.UNREACHABLE, f"{place.host} has no address")
        for address in addresses:
            try:
                self._parts.guard.ask(place.host, address, place.port, purpose, self._parts.now())
                permitted.append(address)
            except CannotObserve as error:
                refusal = error
        if not permitted:
            raise refusal
        failures: list[CannotObserve] = []
        for address in permitted[:MOST_ADDRESSES]:
            async with self._turn(place.host, address):
                if signed and post is None and (kept := web.kept.get(url)) is not None:  # perhaps got by another while this one waited
                    self._notes.add(Evidence(f"GET {url}", f"{kept.status}, {len(kept.body)} octets, got earlier in this run"))
                    return kept
                self._budget.connection()
                start, octets = self._parts.clock(), 0
                try:
                    reply = await web.get(place, address, limit=limit, seconds=seconds, post=post)
                    octets = len(reply.body)
                except CannotObserve as error:
                    failures.append(error)
                    continue
                finally:
                    self._budget.spend(self._parts.clock() - start, octets)
            if signed:  # megabytes that nobody can read make no evidence
                self._notes.add(Evidence(f"{'POST' if post else 'GET'} {url} from {address}", f"{reply.status}, {len(reply.body)} octets"))
                if post is None:
                    web.kept.add(url, reply)
            else:
                self._notes.add(Fetched(url, address, reply))
            return reply
        raise CannotObserve(failures[0].reason, "; ".join(failure.detail for failure in failures))

    @asynccontextmanager
    async def connect(
        self,
        name: str,
        address: str,
        port: int,
        *,
        purpose: Purpose = Purpose.TEST,
        test: str = "",
        seconds: float = 5.0,
        whole: float = 0.0,
        limit: int = MOST_OCTETS,
    ) -> AsyncIterator[Stream]:
        """See ``Net.connect``."""
        parts = self._parts
        place = (address, port, "connection")
        parts.silence.check(place, f"{peer(address, port)}/tcp")
        parts.guard.ask(name, address, port, purpose, parts.now(), test=test)
        self._budget.connection()
        stream = Stream(address, port, seconds=seconds, whole=whole, limit=limit)
        async with self._turn(name, address):
            start = parts.clock()
            try:
                await stream.open()
                yield stream
            except CannotObserve as why:
                if why.reason is Reason.TIMEOUT and not stream.received:
                    parts.silence.unheard(place)
                raise
            finally:
                stream.close()
                if stream.received:
                    parts.silence.heard(place)
                self._budget.spend(parts.clock() - start, stream.received)

    async def passage(self, name: str, addresses: Sequence[str], port: int, *, purpose: Purpose = Purpose.TEST) -> str:
        """Wait for the moment at which somebody else may begin a long conversation, and give the address for it.

        ``addresses`` are the host's where they are known beforehand; else its name is resolved. Turns are about how quickly conversations
        begin: an organisation's own machines are looked at side by side for minutes. Raises ``CannotObserve``.
        """
        known = list(addresses) or await self._addresses(name)
        if not known:
            raise CannotObserve(Reason.UNREACHABLE, f"{name} has no address; the inventory may list it")
        permitted, refusal = "", CannotObserve(Reason.OUT_OF_SCOPE, name)
        for address in known:
            try:
                self._parts.guard.ask(name if name != address else "", address, port, purpose, self._parts.now())
                permitted = address
                break
            except CannotObserve as error:
                refusal = error
        if not permitted:
            raise refusal
        self._budget.connection()
        async with self._turn(name, permitted):
            return permitted

    async def sweep(self, name: str, address: str, ports: Sequence[int], *, seconds: float = 1.0) -> Swept:
        """See ``Net.sweep``."""
        parts = self._parts
        self._budget.look(len(ports))
        lanes = parts.pacer.ports(name, address)
        watch = self._watch

        def give_back() -> None:
            for lane in lanes:
                lane.give()

        async def turns() -> AsyncIterator[int]:
            for port in ports:
                parts.guard.ask(name, address, port, Purpose.TEST, parts.now())
                taken = []
                try:
                    for lane in lanes:
                        await lane.take()
                        taken.append(lane)
                except BaseException:
                    for lane in taken:
                        lane.give()
                    raise
                yield port

        watch.change(talking=1)
        try:
            return await Sweep(address, seconds=seconds, give_back=give_back).run(turns())
        finally:
            watch.change(talking=-1)

    async def datagram(
        self,
        name: str,
        address: str,
        port: int,
        payload: bytes,
        *,
        purpose: Purpose = Purpose.TEST,
        test: str = "",
        seconds: float = 1.5,
        tries: int = 2,
    ) -> datagrams.Datagrams:
        """See ``Net.datagram``."""
        parts = self._parts
        parts.guard.ask(name, address, port, purpose, parts.now(), test=test)
        self._budget.question()
        octets = 0
        async with self._turn(name, address):
            start = parts.clock()
            try:
                seen = await datagrams.exchange(address, port, payload, seconds=seconds, tries=tries)
                octets = seen.octets
                return seen
            finally:
                self._budget.spend(parts.clock() - start, octets)

    async def packets(
        self,
        name: str,
        address: str,
        protocol: int,
        make: Callable[[str], Sequence[bytes]],
        wanted: packets.Wanted,
        *,
        seconds: float,
        tries: int,
    ) -> None:
        """See ``Net.packets``."""
        parts = self._parts
        parts.guard.ask(name, address, 0, Purpose.TEST, parts.now())
        self._budget.question()
        async with self._turn(name, address):
            start = parts.clock()
            try:
                await packets.exchange(address, protocol, make, wanted, seconds=seconds, tries=tries)
            finally:
                self._budget.spend(parts.clock() - start, 0)

    def tls_connections(self, protocol: str) -> int:
        """How many connections a survey of one TLS server with this protocol may open."""
        return self._budget.tls_connections(protocol)

    def roots(self) -> Roots:
        """The authorities that certificates are measured against."""
        return self._parts.roots()

    @property
    def called(self) -> str:
        """The host name by which the scanner introduces itself; empty: the address literal will do."""
        return self._parts.called

    @property
    def agent(self) -> str:
        """The User-Agent by which the scanner tells web servers who it is."""
        return self._parts.agent()

    async def _addresses(self, host: str) -> list[str]:
        """Resolve both families side by side, IPv4 first; one family's failure does not hide the other's addresses."""
        for kind in (Type.A, Type.AAAA):
            self.expect((host,), kind)
        found = [await self._family(host, kind) for kind in (Type.A, Type.AAAA)]
        addresses = [address for part in found if isinstance(part, list) for address in part]
        failure = next((part for part in found if isinstance(part, CannotObserve)), None)
        if failure is not None and not addresses:
            raise failure
        return addresses

    async def _family(self, host: str, kind: Type) -> list[str] | CannotObserve:
        try:
            answer = await self.resolve(host, kind)
        except CannotObserve as error:
            return error
        return [record.data for record in answer.records if isinstance(record.data, str)]

    def _turn(self, name: str, address: str) -> _Turn:
        """Hold a turn; the probe's own clock stands still until it has come."""
        return _Turn(self._watch, self._parts.pacer.turn(name, address))


class _Turn:
    """A turn, and the watch that is told of it."""

    __slots__ = ("_turn", "_watch")

    def __init__(self, watch: Stopwatch, turn: Turn) -> None:
        self._watch = watch
        self._turn = turn

    async def __aenter__(self) -> None:
        self._watch.change(queued=1)
        try:
            await self._turn.__aenter__()
        except BaseException:
            self._watch.change(queued=-1)
            raise
        self._watch.change(queued=-1, talking=1)

    async def __aexit__(self, *ended: object) -> None:
        await self._turn.__aexit__(*ended)
        self._watch.change(talking=-1)

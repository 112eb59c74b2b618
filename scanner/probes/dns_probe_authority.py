"""A small authoritative DNS server of our own, at which resolvers under test arrive with their questions, and the probe that looks at them.

The operator delegates a zone to this machine; every question under it comes from a resolver that somebody asked for a name there. UDP only,
nothing is stored, nothing but that zone is answered: an answer is never larger than twice the question, so nobody can be flooded with it.
"""

from __future__ import annotations

import asyncio
import ipaddress
import struct
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import cast
from weakref import WeakKeyDictionary

from scanner.facts.dns_server import DnsTestNames, QuestionSeen, Recursion, ResolverRandomness
from scanner.facts.ledger import DeclaredDnsService
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from scanner.model.target import Service
from scanner.net.net import Net, Transport
from scanner.net.scope import Purpose
from scanner.probes.base import probe
from scanner.probes.dns_asking import part
from scanner.probes.dns_server import only_resolvers, server_of
from scanner.wire.dns import Rcode, Type, name_to_wire

PORT = 53
SAMPLES = 24
"""Names asked for; a resolver puts one or two questions for each. 24 ports tell a spread of 2**16 from one of 2**10 beyond doubt."""
MOST_SILENT = 3
"""Names without an answer, one after the other, after which no more are asked for."""
MOST_REMEMBERED = 4096
LARGEST_QUESTION = 512
ANSWER = "192.0.2.53"
COOKIE = 10  # RFC 7873 section 4
OPT = 41
IN = 1


@dataclass(frozen=True, slots=True)
class Arrival:
    """One question as it arrived; ``name`` in its own capitals, without the final dot."""

    source: str
    port: int
    id: int
    name: str
    cookie: bool


class NotAQuestion(ValueError):
    """The datagram is no plain DNS question; it is not answered."""


@dataclass(frozen=True, slots=True)
class ReadQuestion:
    """What the responder needs of a question: ``raw`` are the octets of the question section, capitals kept."""

    id: int
    name: str
    type: int
    raw: bytes
    rd: bool
    edns: bool
    cookie: bool


def read_question(datagram: bytes) -> ReadQuestion:
    """Read a question of one name in class IN. Raises ``NotAQuestion`` for everything else, answers among them."""
    if not 17 <= len(datagram) <= LARGEST_QUESTION:
        raise NotAQuestion("size")
    number, flags, questions, answers, authorities, additional = struct.unpack_from("!6H", datagram)
    if flags & 0xF800 or questions != 1 or answers or authorities or additional > 2:
        raise NotAQuestion("not one plain question")
    labels: list[str] = []
    at = 12
    while True:
        if at >= len(datagram):
            raise NotAQuestion("cut off")
        length = datagram[at]
        if length > 63 or at + 1 + length > len(datagram) or len(labels) > 127:
            raise NotAQuestion("name")
        at += 1
        if not length:
            break
        labels.append(datagram[at : at + length].decode("latin-1"))
        at += length
    if at + 4 > len(datagram):
        raise NotAQuestion("cut off")
    kind, rclass = struct.unpack_from("!2H", datagram, at)
    if rclass != IN:
        raise NotAQuestion("class")
    edns, cookie = _options(datagram[at + 4 :])
    return ReadQuestion(number, ".".join(labels), kind, datagram[12 : at + 4], bool(flags & 0x0100), edns, cookie)


def _options(rest: bytes) -> tuple[bool, bool]:
    """Look for an OPT record right behind the question, and a cookie in it."""
    if len(rest) < 11 or rest[0] or struct.unpack_from("!H", rest, 1)[0] != OPT:
        return False, False
    (length,) = struct.unpack_from("!H", rest, 9)
    options = rest[11 : 11 + length]
    at = 0
    while at + 4 <= len(options):
        code, size = struct.unpack_from("!2H", options, at)
        if code == COOKIE:
            return True, True
        at += 4 + size
    return True, False


def answer_to(asked: ReadQuestion, zone: str, listen: Sequence[str]) -> bytes:
    """Write the answer for a question: an address for every name in the zone, so that resolvers are content; REFUSED outside of it."""
    name = asked.name.lower()
    if name != zone and not name.endswith("." + zone):
        return _message(asked, Rcode.REFUSED, aa=False)
    server = name_to_wire(f"ns.{zone}")
    own = name == f"ns.{zone}"
    answers: list[tuple[int, bytes]] = []
    match asked.type:
        case Type.NS if name == zone:
            answers = [(Type.NS, server)]
        case Type.SOA if name == zone:
            answers = [(Type.SOA, _soa(zone))]
        case Type.A | Type.AAAA if name != zone:
            version = 4 if asked.type == Type.A else 6
            found = [ipaddress.ip_address(a) for a in (listen if own else (ANSWER,))]
            answers = [(asked.type, a.packed) for a in found if a.version == version]
        case _:
            pass
    authority = b"" if answers else name_to_wire(zone) + _record(Type.SOA, _soa(zone))
    return _message(asked, Rcode.NOERROR, aa=True, answers=[_record(kind, rdata) for kind, rdata in answers], authority=authority)


def _soa(zone: str) -> bytes:
    return name_to_wire(f"ns.{zone}") + name_to_wire(f"hostmaster.{zone}") + struct.pack("!5I", 1, 3600, 900, 604800, 0)


def _record(kind: int, rdata: bytes) -> bytes:
    return struct.pack("!2HIH", kind, IN, 0, len(rdata)) + rdata


def _message(asked: ReadQuestion, rcode: Rcode, *, aa: bool, answers: Sequence[bytes] = (), authority: bytes = b"") -> bytes:
    flags = 0x8000 | (0x0400 if aa else 0) | (0x0100 if asked.rd else 0) | rcode
    opt = b"\0" + struct.pack("!2HIH", OPT, 1232, 0, 0) if asked.edns else b""
    header = struct.pack("!6H", asked.id, flags, 1, len(answers), 1 if authority else 0, 1 if opt else 0)
    return header + asked.raw + b"".join(b"\xc0\x0c" + a for a in answers) + authority + opt


@dataclass(slots=True)
class _Responder:
    """The listening sockets of one event loop; those who attend share them."""

    zone: str
    listen: tuple[str, ...]
    arrivals: deque[Arrival] = field(default_factory=lambda: deque(maxlen=MOST_REMEMBERED))
    listeners: list[_Listener] = field(default_factory=list)
    attending: int = 0
    changing: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            for address in self.listen:
                _, listener = await loop.create_datagram_endpoint(lambda: _Listener(self), local_addr=(address, PORT))
                self.listeners.append(listener)
        except OSError as error:
            await self.close()
            reason = Reason.ACCESS_DENIED if isinstance(error, PermissionError) else Reason.UNSUPPORTED
            where = ", ".join(self.listen)
            raise CannotObserve(reason, f"the probe zone {self.zone} cannot be served at {where} port {PORT}: {error.strerror}") from error

    async def close(self) -> None:
        """Close the sockets and wait until they are closed, so that the address can be listened at again."""
        for listener in self.listeners:
            await listener.end()
        self.listeners.clear()


class _Listener(asyncio.DatagramProtocol):
    """Answers one datagram at a time; what is no question is dropped."""

    def __init__(self, responder: _Responder) -> None:
        self.responder = responder
        self.transport: asyncio.DatagramTransport | None = None
        self.closed = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # The datagram transport of asyncio's selector loop is no subclass of DatagramTransport before Python 3.12.
        self.transport = cast(asyncio.DatagramTransport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed.set()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        try:
            asked = read_question(data)
        except NotAQuestion:
            return
        self.responder.arrivals.append(Arrival(addr[0], addr[1], asked.id, asked.name, asked.cookie))
        if self.transport is not None:
            self.transport.sendto(answer_to(asked, self.responder.zone, self.responder.listen), addr)

    async def end(self) -> None:
        if self.transport is not None:
            self.transport.close()
            await self.closed.wait()


# One event loop has one responder for a zone, however many resolvers are tried at once: two cannot listen on one address.
_responders: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[tuple[str, tuple[str, ...]], _Responder]] = WeakKeyDictionary()


@asynccontextmanager
async def attend(zone: str, listen: tuple[str, ...]) -> AsyncIterator[deque[Arrival]]:
    """Serve the probe zone for the time of the body and give the questions as they arrive, those of others too."""
    shared = _responders.setdefault(asyncio.get_running_loop(), {})
    responder = shared.setdefault((zone, listen), _Responder(zone, listen))
    async with responder.changing:
        if not responder.listeners:
            await responder.open()
        responder.attending += 1
    try:
        yield responder.arrivals
    finally:
        async with responder.changing:
            responder.attending -= 1
            if not responder.attending:
                await responder.close()


@probe(limit=60.0)
async def resolver_randomness(
    service: Service, net: Net, names: DnsTestNames, ledger: DeclaredDnsService, seen: Recursion | Unobserved
) -> ResolverRandomness:
    """Let a resolver look up fresh names of the probe zone, and keep how it asked for them."""
    only_resolvers(service, ledger, seen)
    if not names.probe_zone or not names.listen:
        raise CannotObserve(
            Reason.NO_VANTAGE,
            "how a resolver asks is seen only at a zone of our own: delegate one to this scanner and name it as probe_zone under dns_tests",
        )
    server = await server_of(service, net)
    labels = [f"{net.rng.getrandbits(64):016x}" for _ in range(SAMPLES)]
    silent = 0
    async with attend(names.probe_zone, names.listen) as arrivals:
        # One after the other: a resolver that has one port only cannot ask for two names at once.
        for label in labels:
            name = f"a.{label}.{names.probe_zone}"  # two labels: a resolver that minimises asks for the first one alone
            answer = await part(net.ask(server, name, Type.A, transport=Transport.UDP, rd=True, purpose=Purpose.TEST, any_source=True))
            silent = silent + 1 if isinstance(answer, Unobserved) else 0
            if silent == MOST_SILENT:
                break
    return _randomness(arrivals, frozenset(labels), names.probe_zone)


def _randomness(arrivals: Sequence[Arrival], labels: frozenset[str], zone: str) -> ResolverRandomness:
    depth = zone.count(".") + 1
    ours = [a for a in arrivals if len(parts := a.name.lower().split(".")) > depth and parts[-depth - 1] in labels]
    return ResolverRandomness(
        questions=tuple(QuestionSeen(a.source, a.port, a.id) for a in ours),
        mixed_case=any(a.name != a.name.lower() for a in ours),
        cookies=any(a.cookie for a in ours),
        minimised=any(a.name.lower().count(".") == depth for a in ours),
    )

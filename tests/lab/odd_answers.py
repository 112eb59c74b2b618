"""What each misbehaving name server does to an answer: bytes in, bytes out. Sockets are the business of odd.py."""

from __future__ import annotations

import asyncio
import itertools
import random
import struct
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

SLOW_SECONDS = 3.0
HEADER = 12
HUGE_BYTES = 64_000
MANY_NAMES = 10_000


class Tcp(Enum):
    """What happens to TCP connections."""

    NORMAL = auto()  # the behaviour's answer, as over UDP
    REFUSED = auto()  # nothing listens
    SILENT = auto()  # accepted, read, never answered
    CUT = auto()  # half of the announced bytes, then closed
    DRIP = auto()  # one byte in two seconds


@dataclass(frozen=True, slots=True)
class Ask:
    """A question as it came."""

    wire: bytes
    query: dns.message.Message
    tcp: bool
    peer: tuple[str, int]

    @property
    def name(self) -> str:
        """Lower case, no final dot."""
        return self.query.question[0].name.to_text(omit_final_dot=True).lower()

    @property
    def kind(self) -> dns.rdatatype.RdataType:
        """The type asked for."""
        return self.query.question[0].rdtype

    def below(self, *zones: str) -> bool:
        """The name lies in one of the zones."""
        return any(self.name == zone or self.name.endswith(f".{zone}") for zone in zones)


@dataclass(frozen=True, slots=True)
class Net:
    """Ways to ask others, and whom: ``authority``, ``generous``, ``resolver``, ``porttest``, ``outside``, ``inside``, ``here``."""

    udp: Callable[..., Awaitable[bytes]]
    tcp: Callable[[bytes, str], Awaitable[bytes]]
    at: Mapping[str, str]

    async def ask(self, ask: Ask, whom: str = "authority", wire: bytes | None = None) -> bytes:
        """The answer over the transport the question came by."""
        send = self.tcp if ask.tcp else self.udp
        return await send(wire or ask.wire, self.at[whom])


Answer = Callable[[Ask, Net], Awaitable[bytes | None]]


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One way to misbehave."""

    about: str
    answer: Answer
    tcp: Tcp = Tcp.NORMAL
    from_elsewhere: bool = False
    domain: str = field(default="odd.or.jp")


def spoil(change: Callable[[Ask, bytes], bytes | None], *, udp_only: bool = False) -> Answer:
    """An answer made from the right one."""

    async def answer(ask: Ask, net: Net) -> bytes | None:
        good = await net.ask(ask)
        return good if udp_only and ask.tcp else change(ask, good)

    return answer


def invent(make: Callable[[Ask], bytes | None]) -> Answer:
    """An answer that needs no right one; where ``make`` gives ``None`` nothing is answered."""

    async def answer(ask: Ask, _net: Net) -> bytes | None:
        return make(ask)

    return answer


def _reply(ask: Ask, rcode: dns.rcode.Rcode, *, edns: bool = True) -> bytes:
    reply = dns.message.make_response(ask.query)
    reply.set_rcode(rcode)
    if not edns:
        reply.use_edns(-1)
    return reply.to_wire(max_size=65535)


def _question(ask: Ask) -> bytes:
    """The question section as it came, upper and lower case kept."""
    end = HEADER
    while ask.wire[end]:
        end += ask.wire[end] + 1
    return ask.wire[HEADER : end + 5]


def _header(ask: Ask, flags: int, counts: tuple[int, int, int, int]) -> bytes:
    return struct.pack("!HHHHHH", ask.query.id, dns.flags.QR | flags, *counts)


def _truncated(ask: Ask, _good: bytes = b"") -> bytes:
    return _header(ask, dns.flags.AA | dns.flags.TC, (1, 0, 0, 0)) + _question(ask)


def _wrong_question(ask: Ask, good: bytes) -> bytes:
    return good[:HEADER] + b"\x05other\x04test\x00\x00\x01\x00\x01" + good[HEADER + len(_question(ask)) :]


def _compression_loop(ask: Ask) -> bytes:
    head = _header(ask, dns.flags.AA, (1, 1, 0, 0)) + _question(ask)
    pointer = struct.pack("!H", 0xC000 | len(head))
    return head + pointer + struct.pack("!HHIH", ask.kind, 1, 300, 2) + pointer


def _garbage(ask: Ask) -> bytes:
    return ask.wire[:2] + random.Random(ask.query.id).randbytes(200)


def _huge(ask: Ask, good: bytes) -> bytes:
    if ask.kind != dns.rdatatype.TXT:
        return good
    if not ask.tcp:
        return _truncated(ask)
    text = (b"\xff" + b"x" * 255) * (HUGE_BYTES // 256)
    answer = b"\xc0\x0c" + struct.pack("!HHIH", ask.kind, 1, 300, len(text)) + text
    return _header(ask, dns.flags.AA, (1, 1, 0, 0)) + _question(ask) + answer


def _lying_counts(_ask: Ask, good: bytes) -> bytes:
    return good[:6] + b"\xff\xff" + good[8:]


def _cut_off(ask: Ask, good: bytes) -> bytes:
    start = HEADER + len(_question(ask))
    return good[: start + max((len(good) - start) // 2, 3)]


def _upward(ask: Ask) -> bytes:
    reply = dns.message.make_response(ask.query)
    reply.authority.append(dns.rrset.from_text(".", 3600, "IN", "NS", "a.root.test."))
    return reply.to_wire()


def _clear(flag: int) -> Callable[[Ask, bytes], bytes]:
    def change(_ask: Ask, good: bytes) -> bytes:
        (flags,) = struct.unpack_from("!H", good, 2)
        return good[:2] + struct.pack("!H", flags & ~flag) + good[4:]

    return change


async def _slow(ask: Ask, net: Net) -> bytes | None:
    await asyncio.sleep(SLOW_SECONDS)
    return await net.ask(ask)


async def _formerr_edns(ask: Ask, net: Net) -> bytes | None:
    return _reply(ask, dns.rcode.FORMERR, edns=False) if ask.query.edns >= 0 else await net.ask(ask)


async def _drops_edns(ask: Ask, net: Net) -> bytes | None:
    return None if ask.query.edns >= 0 else await net.ask(ask)


async def _badvers(ask: Ask, net: Net) -> bytes | None:
    return _reply(ask, dns.rcode.BADVERS) if ask.query.edns >= 0 else await net.ask(ask)


async def _ignores_edns(ask: Ask, net: Net) -> bytes | None:
    plain = dns.message.from_wire(ask.wire)
    plain.use_edns(-1)
    return await net.ask(ask, wire=plain.to_wire())


_seen: dict[tuple[str, int, bool], int] = {}


async def _lossy(ask: Ask, net: Net) -> bytes | None:
    key = (ask.name, ask.kind, ask.tcp)
    if len(_seen) > MANY_NAMES:
        _seen.clear()
    _seen[key] = _seen.get(key, 0) + 1
    return None if _seen[key] % 2 and not ask.tcp else await net.ask(ask)


async def _recursion_over_tcp(ask: Ask, net: Net) -> bytes | None:
    good = await net.ask(ask)
    if ask.tcp and good[3] & 0xF == dns.rcode.REFUSED and ask.query.flags & dns.flags.RD:
        return await net.ask(ask, "resolver")
    return good


async def _ixfr(ask: Ask, net: Net) -> bytes | None:
    return await net.ask(ask, "generous" if ask.kind == dns.rdatatype.IXFR else "authority")


async def _porttest(ask: Ask, net: Net) -> bytes | None:
    if ask.kind != dns.rdatatype.TXT:
        return await net.ask(ask)
    reply = dns.message.make_response(ask.query)
    reply.flags |= dns.flags.AA
    text = f'"{ask.peer[0]}" "{ask.peer[1]}" "{ask.query.id}" "{"tcp" if ask.tcp else "udp"}"'
    reply.answer.append(dns.rrset.from_text(ask.query.question[0].name, 0, "IN", "TXT", text))
    return reply.to_wire()


def _patched(ask: Ask, kind: str, value: str) -> bytes:
    reply = dns.message.make_response(ask.query)
    reply.flags |= dns.flags.AA
    reply.answer.append(dns.rrset.from_text(ask.query.question[0].name, 300, "IN", kind, value))
    return reply.to_wire()


async def _cname_apex(ask: Ask, net: Net) -> bytes | None:
    if ask.name == "cname-apex.lg.jp" and ask.kind not in {dns.rdatatype.SOA, dns.rdatatype.NS, dns.rdatatype.DS, dns.rdatatype.DNSKEY}:
        return _patched(ask, "CNAME", "www.hosting.or.jp.")
    return await net.ask(ask)


async def _cname_mx(ask: Ask, net: Net) -> bytes | None:
    if ask.name == "mail.cname-mx.lg.jp":
        return (
            _patched(ask, "MX", "10 mx1.hosting.or.jp.") if ask.kind == dns.rdatatype.MX else _patched(ask, "CNAME", "mx1.hosting.or.jp.")
        )
    return await net.ask(ask)


async def _forward(ask: Ask, net: Net) -> bytes | None:
    return await net.ask(ask, "resolver")


async def _refused_with_ra(ask: Ask, _net: Net) -> bytes | None:
    reply = dns.message.make_response(ask.query, recursion_available=True)
    reply.set_rcode(dns.rcode.REFUSED)
    return reply.to_wire()


_ids = itertools.count(1000)
_port = asyncio.Lock()


async def _weak_ids(ask: Ask, net: Net) -> bytes | None:
    """Resolves the zones made for looking at ports by itself, with ids that count up from one port; all else by forwarding."""
    zones = {"porttest.test": "porttest", "probe.test": "outside", "probe-office.test": "inside"}
    whom = next((whom for zone, whom in zones.items() if ask.below(zone)), None)
    if whom is None:
        return await net.ask(ask, "resolver")
    async with _port:
        wire = struct.pack("!H", next(_ids) % 65536) + ask.wire[2:]
        good: bytes = await net.udp(wire, net.at[whom], (net.at["here"], 2053))
    (flags,) = struct.unpack_from("!H", good, 2)
    return ask.wire[:2] + struct.pack("!H", (flags | dns.flags.RA) & ~dns.flags.AA) + good[4:]


BEHAVIOURS: dict[str, Behaviour] = {
    "silent": Behaviour("never answers; TCP is accepted and never answered", invent(lambda _: None), Tcp.SILENT),
    "slow": Behaviour("answers after three seconds", _slow),
    "lossy": Behaviour("drops the first of each two equal UDP questions", _lossy),
    "wrong-id": Behaviour("answers with another id", spoil(lambda ask, good: struct.pack("!H", ask.query.id ^ 0x5555) + good[2:])),
    "wrong-source": Behaviour("answers UDP from another address", spoil(lambda _, good: good), Tcp.REFUSED, from_elsewhere=True),
    "wrong-question": Behaviour("answers with another question", spoil(_wrong_question)),
    "truncated": Behaviour("truncates every UDP answer and refuses TCP", invent(_truncated), Tcp.REFUSED),
    "truncated-tcp": Behaviour("truncates every UDP answer; TCP works", spoil(_truncated, udp_only=True)),
    "no-tcp": Behaviour("UDP works, TCP is refused", spoil(lambda _, good: good), Tcp.REFUSED),
    "tcp-silent": Behaviour("UDP works, TCP is accepted and never answered", spoil(lambda _, good: good), Tcp.SILENT),
    "tcp-cut": Behaviour("truncates UDP; TCP ends in the middle of the message", spoil(_truncated, udp_only=True), Tcp.CUT),
    "tcp-drip": Behaviour("truncates UDP; TCP comes at a byte in two seconds", spoil(_truncated, udp_only=True), Tcp.DRIP),
    "compression-loop": Behaviour("answers with a name that points at itself", invent(_compression_loop)),
    "cut-off": Behaviour("cuts the message inside a record", spoil(_cut_off)),
    "garbage": Behaviour("random bytes behind the right id", invent(_garbage)),
    "empty": Behaviour("an empty message", invent(lambda _: b"")),
    "header-only": Behaviour("a header with nothing behind it", invent(lambda ask: _header(ask, dns.flags.AA, (0, 0, 0, 0)))),
    "echo": Behaviour("sends the question back", invent(lambda ask: ask.wire)),
    "lying-counts": Behaviour("claims 65535 answers", spoil(_lying_counts)),
    "huge": Behaviour("answers TXT with 64 kilobytes", spoil(_huge)),
    "formerr-edns": Behaviour("FORMERR to EDNS", _formerr_edns),
    "drops-edns": Behaviour("silent to EDNS", _drops_edns),
    "ignores-edns": Behaviour("answers EDNS without EDNS", _ignores_edns),
    "badvers": Behaviour("BADVERS to EDNS version 0", _badvers),
    "servfail": Behaviour("SERVFAIL to everything", invent(lambda ask: _reply(ask, dns.rcode.SERVFAIL))),
    "refused": Behaviour("REFUSED to everything", invent(lambda ask: _reply(ask, dns.rcode.REFUSED))),
    "upward": Behaviour("refers to the root", invent(_upward)),
    "not-authoritative": Behaviour("answers without AA", spoil(_clear(dns.flags.AA))),
    "recursion-tcp": Behaviour("resolves foreign names, over TCP only", _recursion_over_tcp),
    "ixfr": Behaviour("refuses AXFR, gives IXFR", _ixfr),
    "cname-apex": Behaviour("an alias at the apex of cname-apex.lg.jp", _cname_apex),
    "cname-mx": Behaviour("CNAME beside MX at mail.cname-mx.lg.jp", _cname_mx),
    "porttest": Behaviour("TXT answers say address, port, id and transport of the asker", _porttest),
    "forwarder": Behaviour(
        "resolves for everybody and answers UDP from another address", _forward, from_elsewhere=True, domain="resolvers.test"
    ),
    "weak-ids": Behaviour("resolves for everybody, asks from one port with ids that count up", _weak_ids, domain="resolvers.test"),
    "refused-with-ra": Behaviour("refuses everybody but sets the RA bit", _refused_with_ra, domain="resolvers.test"),
    "silent-resolver": Behaviour("never answers", invent(lambda _: None), Tcp.SILENT, domain="resolvers.test"),
}

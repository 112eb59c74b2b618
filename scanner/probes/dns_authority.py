"""How each name server serves a zone: both transports, EDNS, the same content everywhere, how large its answers become."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from scanner.facts.dns import (
    AnswerSeen,
    Delegation,
    EdnsHandling,
    EdnsSeen,
    ServerContent,
    ServerView,
    SizeSeen,
    SoaAnswer,
    SoaTimers,
    ZoneServers,
)
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from scanner.model.target import Domain
from scanner.net.net import DnsServer, Exchange, Net, Transport
from scanner.net.scope import Purpose
from scanner.probes.base import probe
from scanner.probes.dns_asking import of_type, part, side_by_side, targets, together
from scanner.wire.dns import Message, Rcode, Soa, Type, rcode_name, type_name

LARGE_OFFER = 4096
"""The UDP size that resolvers offered for many years: a server that answers up to it does so to everybody."""
COMPARED = (Type.A, Type.AAAA, Type.MX, Type.TXT, Type.CAA)
"""Types compared at the domain's name, beside the NS set and the SOA."""
USUAL_OFFER = 1232
PASSING = frozenset({Reason.TIMEOUT, Reason.RESET})
"""What a busy server or a lost packet brings about too."""
WITHOUT_EDNS = frozenset({EdnsHandling.REJECTED, EdnsHandling.DROPPED})
"""Servers that are asked everything else without EDNS, so that one fault is not told as five."""
NO_EDNS = frozenset({Rcode.FORMERR, Rcode.NOTIMP, Rcode.BADVERS})


@probe(limit=45.0)
async def zone_servers(domain: Domain, net: Net, tree: Delegation) -> ZoneServers:
    """Ask every address of every name server of the zone; what it holds is asked of one address for each name."""
    if not tree.exists:
        return ZoneServers(tree.zone, False, (), ())
    with_address = [s for s in tree.servers if isinstance(s.addresses, tuple) and s.addresses]
    servers = [DnsServer(s.name, a) for s in with_address if isinstance(s.addresses, tuple) for a in s.addresses]
    views = await together(_view(net, server, tree.zone) for server in servers)
    by_name = {s.name: [v for v in views if v.name == s.name] for s in with_address}
    contents = await together(_content(net, of_name, tree.zone, domain.name) for of_name in by_name.values())
    return ZoneServers(
        zone=tree.zone,
        exists=True,
        views=tuple(views),
        contents=tuple(c for c in contents if c is not None),
        unresolved=tuple(s for s in tree.servers if s not in with_address),
        tcp_elsewhere=await _tcp_elsewhere(net, tree, views),
    )


async def _view(net: Net, server: DnsServer, zone: str) -> ServerView:
    async with side_by_side() as group:
        over_udp = group.create_task(_udp(net, server, zone))
        over_tcp = group.create_task(_tcp(net, server, zone))
    udp, edns = over_udp.result()
    tcp = over_tcp.result()
    if isinstance(edns, EdnsSeen) and edns.handling in WITHOUT_EDNS and not (isinstance(tcp, SoaAnswer) and tcp.serves):
        tcp = await _tcp(net, server, zone, edns=None)
    elif isinstance(udp, SoaAnswer) and isinstance(tcp, Unobserved) and tcp.reason in PASSING:
        tcp = await _tcp(net, server, zone)  # a server that answers over UDP is there: it is shut over TCP only where it is so twice
    return ServerView(server.name, server.address, udp, tcp, edns)


async def _tcp(net: Net, server: DnsServer, zone: str, edns: int | None = USUAL_OFFER) -> SoaAnswer | Unobserved:
    seen = await part(net.ask(server, zone, Type.SOA, transport=Transport.TCP, edns=edns))
    return seen if isinstance(seen, Unobserved) else _soa(seen.message, zone)


async def _udp(net: Net, server: DnsServer, zone: str) -> tuple[SoaAnswer | Unobserved, EdnsSeen | Unobserved]:
    """Ask with EDNS first, without where that brings an error or nothing (RFC 6891 section 6.2.2)."""
    first = await part(net.ask(server, zone, Type.SOA, transport=Transport.UDP))
    if isinstance(first, Exchange) and first.message.rcode not in NO_EDNS:
        answer = _soa(first.message, zone)
        edns = first.message.edns
        return answer, EdnsSeen(EdnsHandling.SUPPORTED, edns.size) if edns else EdnsSeen(EdnsHandling.IGNORED, None)
    if isinstance(first, Unobserved) and first.reason is not Reason.TIMEOUT:
        return first, first
    plain = await part(net.ask(server, zone, Type.SOA, transport=Transport.UDP, edns=None))
    if isinstance(plain, Unobserved):
        return (plain, plain) if isinstance(first, Unobserved) else (_soa(first.message, zone), plain)
    answer = _soa(plain.message, zone)
    if isinstance(first, Unobserved):
        # Packets get lost: only a question that fails once more beside the plain one that came through was dropped for its EDNS.
        again = await part(net.ask(server, zone, Type.SOA, transport=Transport.UDP))
        if isinstance(again, Unobserved):
            return answer, EdnsSeen(EdnsHandling.DROPPED, None)
        edns = again.message.edns
        return answer, EdnsSeen(EdnsHandling.SUPPORTED, edns.size) if edns else EdnsSeen(EdnsHandling.IGNORED, None)
    if plain.message.rcode == first.message.rcode:  # the error has nothing to do with EDNS
        return answer, Unobserved(
            Reason.PROTOCOL_VIOLATION, f"{server.name} ({server.address}) answers {answer.rcode} with EDNS and without"
        )
    return answer, EdnsSeen(EdnsHandling.REJECTED, None)


def _soa(message: Message, zone: str) -> SoaAnswer:
    record = next((r.data for r in of_type(message.answer, Type.SOA, zone) if isinstance(r.data, Soa)), None)
    timers = SoaTimers(record.serial, record.refresh, record.retry, record.expire, record.minimum) if record else None
    return SoaAnswer(rcode_name(message.rcode), message.aa, timers, message.tc)


async def _content(net: Net, views: Sequence[ServerView], zone: str, name: str) -> ServerContent | None:
    """See what one name server holds. ``None`` for a server that answers but does not serve the zone: it holds nothing to compare."""
    serving = next((v for v in views if isinstance(v.answer, SoaAnswer) and v.answer.serves), None)
    if serving is None:
        silent = next((v for v in views if isinstance(v.answer, Unobserved)), None)
        if silent is None or not isinstance(silent.answer, Unobserved):
            return None
        gap = silent.answer
        return ServerContent(silent.name, silent.address, gap, (), gap, gap, gap)
    server = DnsServer(serving.name, serving.address)
    edns = None if isinstance(serving.edns, EdnsSeen) and serving.edns.handling in WITHOUT_EDNS else USUAL_OFFER
    async with side_by_side() as group:
        names = group.create_task(part(_names(net, server, zone, edns)))
        answers = [group.create_task(_answer(net, server, name, kind, edns)) for kind in COMPARED]
        keys = group.create_task(part(_size(net, server, zone, Type.DNSKEY, purpose=Purpose.ZONE_DATA, edns=edns)))
        # A question for everything is no plain look-up: servers of third parties are not asked.
        everything = group.create_task(part(_size(net, server, zone, Type.ANY, purpose=Purpose.TEST, edns=edns)))
    seen = [a.result() for a in answers]
    return ServerContent(
        name=server.name,
        address=server.address,
        names=names.result(),
        answers=tuple(a for a in seen if isinstance(a, AnswerSeen)),
        missing=next((a for a in seen if isinstance(a, Unobserved)), None),
        keys=keys.result(),
        everything=everything.result(),
    )


async def _names(net: Net, server: DnsServer, zone: str, edns: int | None) -> tuple[str, ...]:
    message = (await net.ask(server, zone, Type.NS, edns=edns)).message
    if message.rcode != Rcode.NOERROR:
        raise CannotObserve(
            Reason.SERVER_FAILURE, f"{server.name} ({server.address}) answers {rcode_name(message.rcode)} for the NS set of {zone}"
        )
    return targets(of_type(message.answer, Type.NS, zone))


async def _size(net: Net, server: DnsServer, zone: str, kind: Type, *, purpose: Purpose, edns: int | None) -> SizeSeen:
    offer = LARGE_OFFER if edns else None
    seen = await net.ask(server, zone, kind, transport=Transport.UDP, do=edns is not None, edns=offer, purpose=purpose)
    return SizeSeen(type_name(kind), seen.sent, seen.message.size, seen.message.tc)


async def _answer(net: Net, server: DnsServer, name: str, kind: Type, edns: int | None) -> AnswerSeen | Unobserved:
    seen = await part(net.ask(server, name, kind, edns=edns))
    if isinstance(seen, Unobserved):
        return seen
    message = seen.message
    held = sorted(repr(r.data) for r in message.answer if r.name == name and r.type in {kind, Type.CNAME})
    if message.rcode not in {Rcode.NOERROR, Rcode.NXDOMAIN}:
        return AnswerSeen(name, type_name(kind), rcode_name(message.rcode), "")
    state = "found" if held else "empty" if message.rcode == Rcode.NOERROR else rcode_name(message.rcode)
    return AnswerSeen(name, type_name(kind), state, hashlib.sha256("\n".join(held).encode()).hexdigest()[:16] if held else "")


async def _tcp_elsewhere(net: Net, tree: Delegation, views: Sequence[ServerView]) -> bool | None:
    """Where TCP met silence at every server that answers over UDP, find out whether TCP to port 53 gets out from here at all."""
    if not any(isinstance(v.udp, SoaAnswer) for v in views) or any(isinstance(v.tcp, SoaAnswer) for v in views):
        return None
    if isinstance(tree.parents, Unobserved) or not tree.parents:
        return None
    for view in tree.parents:
        try:
            await net.ask(DnsServer(view.server, view.address), tree.parent, Type.SOA, transport=Transport.TCP)
        except CannotObserve:
            continue
        return True
    return False

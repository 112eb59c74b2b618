"""Whether somebody who asks is given the whole zone. Needs the servers in scope; reading stops at the first record beyond the SOA."""

from __future__ import annotations

from typing import Literal

from scanner.facts.dns import Delegation, ServerTransfers, ServerView, SoaAnswer, TransferEnd, TransferTrial, ZoneServers, ZoneTransfers
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from scanner.model.target import Domain
from scanner.net.net import DnsServer, Net
from scanner.probes.base import probe
from scanner.probes.dns_asking import side_by_side, together
from scanner.wire.dns import Rcode, Type, rcode_name

SHUT = frozenset({Reason.REFUSED, Reason.RESET})
"""Endings of a connection that are an answer here: what is not listened to, or hung up on, gives no zone away."""


@probe(limit=45.0)
async def zone_transfers(domain: Domain, net: Net, tree: Delegation, zone: ZoneServers) -> ZoneTransfers:
    """Ask every address of every name server for the zone, in full and since the serial before that server's present one."""
    servers = await together(_both(net, view, tree.zone) for view in zone.views)
    return ZoneTransfers(tree.zone, tree.exists, tuple(servers), zone.unresolved)


async def _both(net: Net, view: ServerView, zone: str) -> ServerTransfers:
    server = DnsServer(view.name, view.address)
    soa = view.answer.soa if isinstance(view.answer, SoaAnswer) else None
    # A server that lags behind the others has no news since their serial, and says so whoever asks.
    before = (soa.serial - 1) % 2**32 if soa else 0
    async with side_by_side() as group:
        full = group.create_task(_trial(net, server, zone, Type.AXFR, 0))
        changes = group.create_task(_trial(net, server, zone, Type.IXFR, before))
    return ServerTransfers(server.name, server.address, full.result(), changes.result())


async def _trial(net: Net, server: DnsServer, zone: str, kind: Literal[Type.AXFR, Type.IXFR], serial: int) -> TransferTrial | Unobserved:
    try:
        seen = await net.transfer(server, zone, kind=kind, serial=serial)
    except CannotObserve as why:
        return TransferTrial(TransferEnd.CLOSED, "") if why.reason in SHUT else Unobserved.from_error(why)
    if kind is Type.IXFR and seen.rcode == Rcode.NOERROR and seen.soa is not None and not seen.given:
        # What it says to somebody whose copy is as new (RFC 1995 section 2), or the first of several messages: no refusal.
        return Unobserved(Reason.PROTOCOL_VIOLATION, f"{server.name} ({server.address}) answered IXFR since {serial} with the SOA alone")
    return TransferTrial(TransferEnd.GIVEN if seen.given else TransferEnd.REFUSED, rcode_name(seen.rcode))

"""Whether somebody who asks is given the whole zone. Needs the servers in scope; reading stops at the first record beyond the SOA."""

from __future__ import annotations

from typing import Literal

from scanner.facts.dns import Delegation, ServerTransfers, SoaAnswer, TransferEnd, TransferTrial, ZoneServers, ZoneTransfers
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from scanner.model.target import Domain
from scanner.net.net import DnsServer, Net
from scanner.probes.base import probe
from scanner.probes.dns_asking import side_by_side, together
from scanner.wire.dns import Type, rcode_name

SHUT = frozenset({Reason.REFUSED, Reason.RESET})
"""Endings of a connection that are an answer here: what is not listened to, or hung up on, gives no zone away."""


@probe(limit=45.0)
async def zone_transfers(domain: Domain, net: Net, tree: Delegation, zone: ZoneServers) -> ZoneTransfers:
    """Ask every address of every name server for the zone, in full and since the serial before the present one."""
    serials = [v.answer.soa.serial for v in zone.views if isinstance(v.answer, SoaAnswer) and v.answer.soa]
    before = (max(serials, default=1) - 1) % 2**32
    servers = [DnsServer(v.name, v.address) for v in zone.views]
    return ZoneTransfers(tree.zone, tree.exists, tuple(await together(_both(net, s, tree.zone, before) for s in servers)))


async def _both(net: Net, server: DnsServer, zone: str, serial: int) -> ServerTransfers:
    async with side_by_side() as group:
        full = group.create_task(_trial(net, server, zone, Type.AXFR, 0))
        changes = group.create_task(_trial(net, server, zone, Type.IXFR, serial))
    return ServerTransfers(server.name, server.address, full.result(), changes.result())


async def _trial(net: Net, server: DnsServer, zone: str, kind: Literal[Type.AXFR, Type.IXFR], serial: int) -> TransferTrial | Unobserved:
    try:
        seen = await net.transfer(server, zone, kind=kind, serial=serial)
    except CannotObserve as why:
        return TransferTrial(TransferEnd.CLOSED, "") if why.reason in SHUT else Unobserved.from_error(why)
    return TransferTrial(TransferEnd.GIVEN if seen.given else TransferEnd.REFUSED, rcode_name(seen.rcode))

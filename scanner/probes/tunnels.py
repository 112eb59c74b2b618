"""Sends a host packets that carry an echo request to itself, in every usual wrapping, and sees whether it unpacks and answers them."""

from __future__ import annotations

from scanner.facts.exposure import HostDatagrams
from scanner.facts.ledger import DeclaredHost
from scanner.facts.tunnels import Carrier, HostTunnels, Taken, TunnelEnd
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from scanner.model.target import Host
from scanner.net.net import Net
from scanner.probes.base import probe
from scanner.probes.dns_asking import is_address, together
from scanner.probes.exposure_ports import MOST_ADDRESSES, host_addresses
from scanner.wire.tunnels import GRE, IPIP, IPV6, MARKER_OCTETS, trials, unpacked

SECONDS = 1.2
TRIES = 3
_PROTOCOLS = {Carrier.IPV4: IPIP, Carrier.IPV6: IPV6, Carrier.GRE: GRE}


@probe(limit=120.0)
async def host_tunnels(host: Host, net: Net, ledger: DeclaredHost, _: HostDatagrams | Unobserved) -> HostTunnels:
    """Try every wrapping at every address, after the datagrams: a host sends few ICMP messages a second, and theirs would use them up."""
    name = "" if is_address(host.name) else host.name
    addresses = await host_addresses(host, net, ledger)
    found = await together(_address(name, address, net) for address in addresses[:MOST_ADDRESSES])
    return HostTunnels(tuple(end for ends in found for end in ends), max(0, len(addresses) - MOST_ADDRESSES))


async def _address(name: str, address: str, net: Net) -> list[TunnelEnd]:
    return [TunnelEnd(address, carrier, await _end(name, address, number, net)) for carrier, number in _PROTOCOLS.items()]


async def _end(name: str, address: str, protocol: int, net: Net) -> Taken | Unobserved:
    marker = net.rng.randbytes(MARKER_OCTETS)
    try:
        await net.packets(
            name,
            address,
            protocol,
            lambda ours: trials(protocol, ours, address, marker),
            lambda number, payload: unpacked(number, payload, marker),
            seconds=SECONDS,
            tries=TRIES,
        )
    except CannotObserve as why:
        if why.reason is Reason.REFUSED:
            net.keep(f"IP protocol {protocol} to {address}", why.detail)
            return Taken.TURNED_DOWN
        return Unobserved.from_error(why)
    net.keep(f"IP protocol {protocol} to {address}", "the echo request inside was unpacked and answered")
    return Taken.ANSWERED

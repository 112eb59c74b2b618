"""Asks a host's usual UDP services one correct question each, and measures what comes back."""

from __future__ import annotations

from scanner.facts.exposure import Answered, HostDatagrams, HostPorts, OpenPorts, UdpPort
from scanner.facts.ledger import DeclaredHost
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from scanner.model.target import Host
from scanner.net.net import Net
from scanner.net.scope import Purpose
from scanner.probes.base import probe
from scanner.probes.dns_asking import is_address, together
from scanner.probes.exposure_ports import MOST_ADDRESSES, host_addresses
from scanner.wire.datagrams import Question, questions

SECONDS = 1.5
TRIES = 2


@probe(limit=180.0)
async def host_datagrams(host: Host, net: Net, ledger: DeclaredHost, ports: HostPorts | Unobserved) -> HostDatagrams:
    """Ask every address. Silence of one that answers elsewhere is told apart from that of one of which nothing is known."""
    name = "" if is_address(host.name) else host.name
    addresses = await host_addresses(host, net, ledger)
    alive = {seen.address for seen in ports.addresses if isinstance(seen.seen, OpenPorts)} if isinstance(ports, HostPorts) else set()
    rows = await together(_address(name, address, net, alive=address in alive) for address in addresses[:MOST_ADDRESSES])
    return HostDatagrams(tuple(row for found in rows for row in found), max(0, len(addresses) - MOST_ADDRESSES))


async def _address(name: str, address: str, net: Net, *, alive: bool) -> list[UdpPort]:
    asked = questions(net.rng, address)
    seen = await together(_asked(name, address, question, net) for question in asked)
    alive = alive or any(not isinstance(answer, CannotObserve) or answer.reason is Reason.REFUSED for answer in seen)
    rows = []
    for question, answer in zip(asked, seen, strict=True):
        ending: Answered | Unobserved | None
        if isinstance(answer, Answered):
            ending = answer
            net.keep(f"UDP {address} port {question.port}", f"{question.speaks}: {answer.sent} octets sent, {answer.received} received")
        elif answer.reason is Reason.REFUSED or (answer.reason is Reason.TIMEOUT and alive):
            ending = None
        else:
            ending = Unobserved(answer.reason, answer.detail)
        rows.append(UdpPort(address, question.port, question.speaks, ending))
    return rows


async def _asked(name: str, address: str, question: Question, net: Net) -> Answered | CannotObserve:
    purpose = Purpose.INTRUSIVE if question.test else Purpose.TEST
    try:
        seen = await net.datagram(
            name, address, question.port, question.payload, purpose=purpose, test=question.test, seconds=SECONDS, tries=TRIES
        )
    except CannotObserve as why:
        return why
    readings = [reading for reply in seen.replies if (reading := question.read(reply)) is not None]
    if not readings:
        where = f"{address} port {question.port}/udp"
        return CannotObserve(Reason.PROTOCOL_VIOLATION, f"{where} answered {seen.octets} octets that are not {question.speaks}")
    traits = tuple(dict.fromkeys(trait for reading in readings for trait in reading[0]))
    return Answered(seen.sent, seen.octets, traits, next((words for _, words in readings if words), ""))

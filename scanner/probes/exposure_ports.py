"""Sees which TCP ports of a host answer, at every address that it has.

Silence is told apart from refusal, and a firewall that misleads is noticed: ports that nobody uses are tried among the others, for
something that takes every connection; what answered before is tried again, for something that counts connections and falls silent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from scanner.facts.exposure import AddressPorts, HostPorts, OpenPorts
from scanner.facts.ledger import DeclaredHost
from scanner.model.fact import Unobserved, needed
from scanner.model.reason import CannotObserve, Reason
from scanner.model.target import Host
from scanner.net.net import Net
from scanner.net.sweep import PortState
from scanner.probes.base import probe
from scanner.probes.dns_asking import addresses_of, is_address, part, together
from scanner.wire.ports import PORTS, spans

MOST_ADDRESSES = 8
AT_ONCE = 2048
"""Ports of one pass: what is learnt from it serves the next."""
FIRST = 128
"""Ports of the first pass; an address that answers none of them is left alone."""
CONTROLS = 5
CONTROL_PORTS = (40000, 60999)
"""Nobody's registered ports; drawn from here are those that should be closed."""
PATIENCE = 1.0
LEAST_PATIENCE = 0.3
SLOW_BATCH = 4
MOST_SLOW = 400
"""Silent ports that are tried once more in small steps where a limit on the rate is suspected."""
SLOW_STEP = 0.5
REST = 2.0
"""Seconds before those that have fallen silent are asked once more."""
WITNESSES = 6

_ANSWERED = (PortState.OPEN, PortState.CLOSED)


@probe(limit=1800.0)
async def host_ports(host: Host, net: Net, ledger: DeclaredHost) -> HostPorts:
    """Look at the ports of every address, at most ``MOST_ADDRESSES`` of them."""
    name = "" if is_address(host.name) else host.name
    addresses = await host_addresses(host, net, ledger)
    wanted = wanted_ports(ledger)
    seen = await together(part(_Look(name, address, net).at(wanted)) for address in addresses[:MOST_ADDRESSES])
    looked = tuple(AddressPorts(address, ports) for address, ports in zip(addresses, seen, strict=False))
    return HostPorts(looked, max(0, len(addresses) - MOST_ADDRESSES))


async def host_addresses(host: Host, net: Net, ledger: DeclaredHost) -> tuple[str, ...]:
    """Give the addresses of a host: those of its entry, else those of its name. Raises ``CannotObserve`` where there are none."""
    if ledger.addresses or is_address(host.name):
        return tuple(dict.fromkeys((*((host.name,) if is_address(host.name) else ()), *ledger.addresses)))
    found = needed(await addresses_of(net, host.name))
    if not found:
        raise CannotObserve(Reason.NOT_DISCOVERABLE, f"{host.name} has no address")
    return found


def wanted_ports(ledger: DeclaredHost) -> tuple[int, ...]:
    """Give the ports to look at: the maintained list or what the scope names, and always what the ledger lists for the host.

    Those that are most likely to answer come first: an address where the first ``FIRST`` are silent is left alone.
    """
    usual = [port.number for port in PORTS]
    spans_ = ((number, number) for number in usual) if ledger.ports is None else ledger.ports
    chosen = {port: None for first, last in spans_ for port in range(first, last + 1)}
    declared = (service.port for service in ledger.services or () if service.tcp)
    return tuple(dict.fromkeys((*declared, *(port for port in usual if port in chosen), *chosen)))


@dataclass
class _Look:
    """The looks at one address; ``states`` holds the last word about each port."""

    name: str
    address: str
    net: Net
    states: dict[int, PortState] = field(default_factory=dict)
    patience: float = PATIENCE

    async def at(self, wanted: Sequence[int]) -> OpenPorts:
        """Look at the ports. Raises ``CannotObserve`` where nothing answers, or something for every port."""
        controls = self._controls(wanted)
        for ports in _portions(wanted, controls):
            await self._pass(ports)
            if not self._having(*_ANSWERED):
                await self._pass(ports[:FIRST], patience=2 * PATIENCE)
            if not self._having(*_ANSWERED):
                raise self._nothing()
            if sum(self.states.get(port) is PortState.OPEN for port in controls) > CONTROLS // 2:
                raise CannotObserve(
                    Reason.NOT_DISCOVERABLE, f"{self.address} takes connections at every port, also at {', '.join(map(str, controls))}"
                )
        unsettled = await self._settle()
        wanted_set = set(wanted)
        of = {state: wanted_set & set(self._having(state)) for state in PortState}
        seen = OpenPorts(
            asked=spans(wanted),
            open=tuple(sorted(of[PortState.OPEN])),
            closed=spans(of[PortState.CLOSED]),
            filtered=spans(of[PortState.SILENT] | of[PortState.FORBIDDEN]),
            unsettled=unsettled,
        )
        counts = ", ".join(f"{state.value} {len(ports)}" for state, ports in of.items())
        self.net.keep(f"TCP ports of {self.address}", f"{counts}; open: {', '.join(map(str, seen.open)) or 'none'}")
        return seen

    def _controls(self, wanted: Sequence[int]) -> tuple[int, ...]:
        spare = [port for port in self.net.rng.sample(range(*CONTROL_PORTS), 2 * CONTROLS) if port not in wanted]
        # A look at every port has its controls among them: none is spare, and they are closed by custom all the same.
        return tuple((spare or self.net.rng.sample(range(*CONTROL_PORTS), CONTROLS))[:CONTROLS])

    def _having(self, *states: PortState) -> list[int]:
        return [port for port, state in self.states.items() if state in states]

    async def _pass(self, ports: Sequence[int], *, patience: float | None = None) -> None:
        seen = await self.net.sweep(self.name, self.address, ports, seconds=patience or self.patience)
        for port, state in seen.states.items():
            if state is not PortState.SILENT or port not in self.states:
                self.states[port] = state
        if seen.slowest:
            self.patience = min(PATIENCE, max(LEAST_PATIENCE, 4 * seen.slowest))

    def _nothing(self) -> CannotObserve:
        if self._having(PortState.FORBIDDEN):
            return CannotObserve(Reason.UNREACHABLE, f"{self.address}: every port that was tried is unreachable or forbidden")
        return CannotObserve(Reason.TIMEOUT, f"no answer from {self.address} at any of {len(self.states)} TCP ports")

    async def _settle(self) -> Unobserved | None:
        """Ask silent ports once more; say why their silence proves nothing, if that is so."""
        silent = self._having(PortState.SILENT)
        if not silent:
            return None
        witnesses = (self._having(PortState.OPEN) + self._having(PortState.CLOSED))[:WITNESSES]
        await self._pass(silent, patience=max(0.8, 2 * self.patience))
        late = [port for port in silent if self.states[port] in _ANSWERED]
        silent = self._having(PortState.SILENT)
        if await self._answer_still(witnesses):
            if not late:
                return None
        else:
            await asyncio.sleep(REST)
            if not await self._answer_still(witnesses):
                return self._limited(len(silent))
        if len(silent) > MOST_SLOW:
            return self._limited(len(silent))
        doubtful = 0
        for start in range(0, len(silent), SLOW_BATCH):
            batch = silent[start : start + SLOW_BATCH]
            await asyncio.sleep(SLOW_STEP)
            await self._pass(batch, patience=PATIENCE)
            if not await self._answer_still(witnesses[:2]):
                doubtful += len(batch)
        return self._limited(doubtful) if doubtful else None

    async def _answer_still(self, witnesses: Sequence[int]) -> bool:
        seen = await self.net.sweep(self.name, self.address, witnesses, seconds=PATIENCE)
        return any(state in _ANSWERED for state in seen.states.values())

    def _limited(self, count: int) -> Unobserved:
        detail = (
            f"{self.address} stopped answering ports that it had answered before: a limit on connections; {count} ports stay open questions"
        )
        return Unobserved(Reason.TIMEOUT, detail)


def _portions(wanted: Iterable[int], controls: Sequence[int]) -> Iterator[list[int]]:
    """Give the ports in portions; those that should be closed come with the first."""
    ports = list(wanted)
    yield [*ports[:FIRST], *controls]
    for start in range(FIRST, len(ports), AT_ONCE):
        yield ports[start : start + AT_ONCE]

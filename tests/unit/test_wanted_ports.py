"""Which ports of a host are looked at, and in which order."""

from __future__ import annotations

from scanner.facts.ledger import DeclaredHost, DeclaredPort
from scanner.probes.exposure_ports import FIRST, wanted_ports
from scanner.wire.ports import PORTS

USUAL = {port.number for port in PORTS}


def declared(ports: tuple[tuple[int, int], ...] | None, *listed: int) -> DeclaredHost:
    return DeclaredHost(tuple(DeclaredPort(port, "tls", True, False) for port in listed) or None, (), ports=ports, vantage_outside=True)


def test_a_look_at_every_port_begins_with_those_that_are_likely_to_answer() -> None:
    wanted = wanted_ports(declared(((1, 65535),), 54321))
    assert wanted[0] == 54321
    assert set(wanted[1:FIRST]) >= USUAL
    assert sorted(wanted) == list(range(1, 65536))


def test_only_what_the_scope_names_is_looked_at_and_what_the_ledger_lists() -> None:
    assert wanted_ports(declared(((20, 30), (8000, 8000)), 22, 9999)) == (22, 9999, 21, 23, 25, 8000, 20, 24, 26, 27, 28, 29, 30)
    assert set(wanted_ports(declared(None, 9999))) == USUAL | {9999}

"""DNS probes against a resolver written for the test: parts that cannot be looked up, and answers that mean less than they seem to.

What real servers say is tested in ``tests/lab/test_dns.py``.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TypeVar, cast

import pytest

from scanner.facts.dns import (
    Delegation,
    Dnssec,
    InternalNames,
    NameGap,
    NameServer,
    PublicRecords,
    ServerView,
    TargetState,
    TransferEnd,
    Visibility,
    ZoneServers,
    ZoneTransfers,
)
from scanner.facts.ledger import DeclaredDomain
from scanner.model.fact import Fact, Unobserved
from scanner.model.reason import CannotObserve, Reason
from scanner.model.target import Domain
from scanner.net.net import DnsServer, Exchange, Net, Status, Transfer, Transport
from scanner.probes import dns_delegation, dns_dnssec, dns_records, dns_transfer
from scanner.probes.base import Probe
from scanner.wire.dns import Dnskey, Message, Mx, Rcode, Soa, Type
from tests.checks.dns_zones import A1, A2, GOOD, NS1, NS2, SILENT, TREE, ZONE, view, zone
from tests.unit.resolver_table import FakeNet, Zone

F = TypeVar("F", bound=Fact)
SOA = Soa("ns1.kakuu.lg.jp", "hostmaster.kakuu.lg.jp", 2026112201, 3600, 900, 1209600, 300)


class Denying(FakeNet):
    """Servers that deny every name; with authority, but for those in ``lame``."""

    lame: tuple[str, ...] = ()

    async def ask(self, server: DnsServer, name: str, kind: Type, **_: object) -> Exchange:
        """See the class."""
        aa = server.name not in self.lame
        said = Message(1, True, 0, aa, False, False, False, False, False, Rcode.NXDOMAIN, (), (), (), (), None, 40)
        return Exchange(said, Transport.UDP, 1, 1, 40, server.address)


def run(kind: type[F], probe: Probe, net: FakeNet, *facts: Fact | Unobserved) -> F:
    """Run one probe on the zone to its fact, which must be of the kind."""

    async def go() -> Fact:
        return await probe.run(Domain(ZONE), cast(Net, net), *facts)

    fact = asyncio.run(go())
    assert isinstance(fact, kind)
    return fact


def test_a_name_server_of_which_one_family_cannot_be_looked_up_stands_there_twice() -> None:
    table: Zone = {
        (ZONE, Type.SOA): [SOA],
        (ZONE, Type.NS): [NS1, NS2],
        ("lg.jp", Type.SOA): [SOA],
        (NS1, Type.A): [A1],
        (NS1, Type.AAAA): Reason.TIMEOUT,
        (NS2, Type.A): [A2],
        (NS2, Type.AAAA): Status.EMPTY,
    }
    first, again, second = run(Delegation, dns_delegation.delegation, FakeNet(table)).servers
    assert (first, second) == (NameServer(NS1, (A1,)), NameServer(NS2, (A2,)))
    assert again.name == NS1
    assert isinstance(again.addresses, Unobserved)
    assert again.addresses.reason is Reason.TIMEOUT


def test_a_name_is_denied_only_by_a_server_that_speaks_for_the_zone_above() -> None:
    table: Zone = {
        (ZONE, Type.SOA): Reason.SERVER_FAILURE,
        ("lg.jp", Type.SOA): [SOA],
        ("lg.jp", Type.NS): ["a.dns.jp"],
        ("jp", Type.SOA): [SOA],
        ("a.dns.jp", Type.A): ["192.0.2.1"],
        ("a.dns.jp", Type.AAAA): Status.EMPTY,
    }
    assert not run(Delegation, dns_delegation.delegation, Denying(table)).exists
    hearsay = Denying(table)
    hearsay.lame = ("a.dns.jp",)
    with pytest.raises(CannotObserve) as why:
        run(Delegation, dns_delegation.delegation, hearsay)
    assert why.value.reason is Reason.TIMEOUT


def test_a_set_that_cannot_be_looked_up_is_missing_from_the_signatures() -> None:
    key = Dnskey(257, 3, 13, bytes(64))
    table: Zone = {(ZONE, Type.DNSKEY): [key], (ZONE, Type.SOA): [SOA], (ZONE, Type.MX): Reason.TIMEOUT}
    seen = run(Dnssec, dns_dnssec.dnssec_state, FakeNet(table), TREE)
    assert seen.missing is not None
    assert seen.missing.reason is Reason.TIMEOUT
    assert seen.unsigned == ("DNSKEY", "SOA")
    whole = run(Dnssec, dns_dnssec.dnssec_state, FakeNet({k: v for k, v in table.items() if v is not Reason.TIMEOUT}), TREE)
    assert whole.missing is None


def test_a_name_below_no_top_level_name_is_free_for_nobody() -> None:
    exchangers = {"mail.kakuu.local": TargetState.NXDOMAIN, "mail.lapsed.co.jp": TargetState.FREE}
    table: Zone = {(ZONE, Type.MX): [Mx(10, host) for host in exchangers]}
    seen = run(PublicRecords, dns_records.public_records, FakeNet(table), TREE)
    assert {t.target: t.state for t in seen.targets if t.type == "MX"} == exchangers


def test_an_internal_name_is_hidden_only_where_every_server_was_asked() -> None:
    ledger = DeclaredDomain(None, None, (), (), (f"dc1.{ZONE}",), None, "", True)
    away = replace(TREE, servers=(NameServer(NS1, SILENT),))
    (seen,) = run(InternalNames, dns_records.internal_names, Denying({}), away, ledger).names
    assert seen.visible == SILENT
    (seen,) = run(InternalNames, dns_records.internal_names, Denying({}), TREE, ledger).names
    assert seen.visible is Visibility.ABSENT


def test_a_name_server_without_known_addresses_leaves_private_ones_open() -> None:
    away = replace(TREE, servers=(NameServer(NS1, SILENT),))
    seen = run(PublicRecords, dns_records.public_records, FakeNet({}), away)
    assert NameGap(NS1, "A", SILENT) in seen.gaps


class Transfers(FakeNet):
    """Servers that answer AXFR with a refusal and IXFR with what the test says; ``serials`` are those that were asked for."""

    def __init__(self, answer: Transfer) -> None:
        super().__init__({})
        self.answer = answer
        self.serials: dict[str, int] = {}

    async def transfer(self, server: DnsServer, _zone: str, *, kind: Type, serial: int = 0) -> Transfer:
        """See the class."""
        if kind is Type.AXFR:
            return Transfer(Rcode.REFUSED, None, 0, False)
        self.serials[server.name] = serial
        return self.answer


def transfers(answer: Transfer, *views: ServerView) -> tuple[ZoneTransfers, dict[str, int]]:
    """What is seen of the servers, and the serials that they were asked for."""
    net = Transfers(answer)
    servers: ZoneServers = zone(*views, unresolved=(NameServer("ns3.kakuu.lg.jp", SILENT),))
    return run(ZoneTransfers, dns_transfer.zone_transfers, net, TREE, servers), net.serials


def test_each_server_is_asked_for_what_changed_since_the_serial_before_its_own() -> None:
    assert GOOD.soa is not None
    lagging = view(NS2, A2, udp=SILENT, tcp=SILENT)
    seen, serials = transfers(Transfer(Rcode.REFUSED, None, 0, False), view(NS1, A1), lagging)
    assert serials == {NS1: GOOD.soa.serial - 1, NS2: 0}
    assert [s.name for s in seen.unresolved] == ["ns3.kakuu.lg.jp"]


def test_the_soa_alone_is_no_refusal_of_changes() -> None:
    seen, _ = transfers(Transfer(Rcode.NOERROR, SOA, 1, False), view(NS1, A1))
    (server,) = seen.servers
    assert isinstance(server.ixfr, Unobserved)
    assert not isinstance(server.axfr, Unobserved)
    assert server.axfr.end is TransferEnd.REFUSED

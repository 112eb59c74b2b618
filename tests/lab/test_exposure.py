"""Exposure against the laboratory: what must and must not be said of every host, what is never sent, and how quickly connections arrive."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping

import pytest

from scanner.facts.exposure import Answered, HostDatagrams, HostListeners, Speaks, Spoken, Trait
from scanner.facts.ledger import DeclaredHost
from scanner.facts.tunnels import Carrier, HostTunnels, Taken
from scanner.model.fact import Observed, Unobserved
from scanner.model.reason import Reason
from scanner.model.target import Host
from scanner.model.verdict import Outcome
from scanner.net.network import Network, Settings
from scanner.net.pacing import Pace
from scanner.net.scope import Entry, Match, Scope
from scanner.probes.exposure_ports import host_ports
from tests.lab.exposure.hosts import BULK, HOSTS, LabHost
from tests.lab.exposure.lab import ExposureLab, why_not
from tests.lab.exposure.scan import Looked, consents, look
from tests.lab.needed import need_lab


@pytest.fixture(scope="module")
def lab(request: pytest.FixtureRequest) -> Iterator[ExposureLab]:
    """The laboratory, raised once for this file."""
    need_lab(request.config, why_not())
    with ExposureLab.up() as running:
        yield running


def ledger(host: LabHost, *, outside: bool = True) -> DeclaredHost:
    """What the owner's ledger says of a host."""
    return DeclaredHost(host.listed, host.addresses, vantage_outside=outside, zone="internet" if outside else "office")


@pytest.fixture(scope="module")
def seen(lab: ExposureLab) -> dict[str, Looked]:
    """Every host, looked at side by side from outside, with consent."""
    return look(lab, {name: ledger(host) for name, host in HOSTS.items()}, given=consents())


@pytest.mark.parametrize("host", HOSTS.values(), ids=HOSTS)
def test_of_every_host_is_said_what_is_true_and_nothing_else(seen: Mapping[str, Looked], host: LabHost) -> None:
    tags = seen[host.name].tags
    assert host.must - tags == set(), "not said"
    assert host.must_not & tags == set(), "wrongly said"


@pytest.mark.parametrize("name", ["tarpit", "ban", "silent"])
def test_a_firewall_that_misleads_gives_neither_open_nor_closed_ports(seen: Mapping[str, Looked], name: str) -> None:
    unlisted = next(r.ending for r in seen[name].results if r.variant.check.id == "exposure.ports.unlisted")
    assert unlisted.outcome is Outcome.UNDETERMINED
    assert unlisted.reason in {Reason.NOT_DISCOVERABLE, Reason.TIMEOUT}


def test_what_is_planned_ends(seen: Mapping[str, Looked]) -> None:
    counts = {len(looked.results) for looked in seen.values()}
    assert len(counts) == 1
    assert not [r for looked in seen.values() for r in looked.results if r.ending.reason is Reason.DEFECT]


def test_a_devices_page_is_seen_within_tls_and_behind_its_own_redirection(seen: Mapping[str, Looked]) -> None:
    observed = seen["odd"].facts.seen[Host("odd")][HostListeners]
    assert isinstance(observed, Observed)
    assert isinstance(observed.fact, HostListeners)
    (page,) = (listener.seen for listener in observed.fact.listeners if listener.port == 8443)
    assert page == Spoken(Speaks.HTTP, (Trait.DEVICE, Trait.TLS), "iDRAC login page")


def test_every_real_server_is_told_for_what_it_is(seen: Mapping[str, Looked]) -> None:
    truth = {
        "well": {21: Speaks.FTP, 445: Speaks.SMB, 5432: Speaks.POSTGRESQL, 6379: Speaks.REDIS},
        "bad": {
            21: Speaks.FTP,
            23: Speaks.TELNET,
            389: Speaks.LDAP,
            445: Speaks.SMB,
            631: Speaks.IPP,
            3306: Speaks.MYSQL,
            5432: Speaks.POSTGRESQL,
            6379: Speaks.REDIS,
            11211: Speaks.MEMCACHED,
        },
    }
    datagrams = {"well": {Speaks.NTP}, "bad": {Speaks.NTP, Speaks.SNMP, Speaks.TFTP, Speaks.MEMCACHED}}
    for name, by_port in truth.items():
        listeners = seen[name].facts.seen[Host(name)][HostListeners]
        assert isinstance(listeners, Observed)
        assert isinstance(listeners.fact, HostListeners)
        told = {each.port: each.seen.speaks for each in listeners.fact.listeners if isinstance(each.seen, Spoken)}
        assert {port: told.get(port) for port in by_port} == by_port
        answers = seen[name].facts.seen[Host(name)][HostDatagrams]
        assert isinstance(answers, Observed)
        assert isinstance(answers.fact, HostDatagrams)
        assert {each.speaks for each in answers.fact.ports if isinstance(each.seen, Answered)} >= datagrams[name]


def test_every_wrapping_is_told_apart_by_what_became_of_it(seen: Mapping[str, Looked]) -> None:
    """The kernel of the hosts knows no tunnels and says so by ICMP; one host has an end that unpacks, one drops everything."""
    ends = {}
    for name in ("well", "odd", "silent"):
        observed = seen[name].facts.seen[Host(name)][HostTunnels]
        assert isinstance(observed, Observed)
        assert isinstance(observed.fact, HostTunnels)
        ends[name] = {(":" in end.address, end.carrier): end.seen for end in observed.fact.ends}
    every = {(six, carrier) for six in (False, True) for carrier in Carrier}
    assert ends["well"] == dict.fromkeys(every, Taken.TURNED_DOWN)
    assert ends["odd"] == {(False, carrier): Taken.ANSWERED for carrier in Carrier}
    assert {end.reason for end in ends["silent"].values() if isinstance(end, Unobserved)} == {Reason.TIMEOUT}
    assert len(ends["silent"]) == len(Carrier)


def test_without_the_right_to_send_packets_nothing_is_known() -> None:
    program = (
        "import asyncio; from scanner.model.reason import CannotObserve; from scanner.net.packets import exchange\n"
        "try: asyncio.run(exchange('127.0.0.1', 41, lambda _: (b'',), lambda *_: True, seconds=0.1, tries=1))\n"
        "except CannotObserve as why: print(why.reason)"
    )
    done = subprocess.run(
        ["setpriv", "--bounding-set=-net_raw", sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == Reason.ACCESS_DENIED


def test_nothing_is_said_to_printers_and_control_systems(lab: ExposureLab, seen: Mapping[str, Looked]) -> None:
    observed = seen["odd"].facts.seen[Host("odd")][HostListeners]
    assert isinstance(observed, Observed)
    assert isinstance(observed.fact, HostListeners)
    assert {listener.port for listener in observed.fact.listeners} >= {102, 502, 9100, 44818}
    assert lab.said() == ""


def test_the_community_is_not_tried_without_consent(lab: ExposureLab) -> None:
    looked = look(lab, {"bad": ledger(HOSTS["bad"])})["bad"]
    observed = looked.facts.seen[Host("bad")][HostDatagrams]
    assert isinstance(observed, Observed)
    assert isinstance(observed.fact, HostDatagrams)
    tried = [port.seen for port in observed.fact.ports if port.speaks is Speaks.SNMP_COMMUNITY]
    assert [answer.reason for answer in tried if isinstance(answer, Unobserved)] == [Reason.NO_CONSENT] * 2


def test_what_is_a_fault_outside_is_none_inside(lab: ExposureLab) -> None:
    tags = look(lab, {"bad": ledger(HOSTS["bad"], outside=False)})["bad"].tags
    assert "REACHED_INSIDE" in tags
    assert not {"REACHED_OUTSIDE", "UDP_AMPLIFIES", "SNMP_OUTSIDE"} & tags
    assert {"TELNET_SERVED", "DATA_NO_LOGIN"} <= tags


def test_the_pace_is_kept_where_connections_arrive(lab: ExposureLab) -> None:
    """Counted by the packet filter: every port of an address once, and no address more than its pace in the time."""
    before = lab.arrived()

    async def run() -> None:
        async with Network(Settings(scope=Scope((Entry(Match.NETWORK, f"{BULK}.0/24"),)))) as network:
            declared = DeclaredHost((), (), vantage_outside=True, ports=((1, 600),))
            await asyncio.gather(*(host_ports.run(Host(address), network.view(f"host:{address}"), declared) for address in addresses))

    addresses = [f"{BULK}.{number}" for number in range(1, 11)]
    start = time.monotonic()
    lab.run_async(run)
    lasted = time.monotonic() - start
    arrived = {address: count - before.get(address, 0) for address, count in lab.arrived().items() if address in addresses}
    rate = Pace().ports
    assert set(arrived) == set(addresses)
    assert all(600 <= count <= 610 for count in arrived.values()), arrived
    assert all(count <= lasted * rate.per_second + rate.burst for count in arrived.values()), (arrived, lasted)

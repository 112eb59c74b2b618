"""Services that a host's ledger does not list are judged as services: which are named, and a real SSH server found at its port."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import cast

import pytest

from scanner.engine.catalogue import catalogue
from scanner.engine.collect import Collecting
from scanner.engine.judge import Result, judge
from scanner.engine.plan import make_plan
from scanner.facts.exposure import HostListeners, Listener, Speaks, Spoken, Trait, UnlistedServices
from scanner.facts.ledger import DeclaredHost, DeclaredPort, DeclaredSshService
from scanner.ledger.profile import EMPTY
from scanner.model.fact import Fact, Unobserved
from scanner.model.reason import Reason
from scanner.model.target import Host, Service, Target
from scanner.model.verdict import Outcome
from scanner.net.net import Net
from scanner.net.network import Network, Settings
from scanner.probes.exposure_services import MOST_SERVICES, unlisted_services
from tests.unit.net_servers import LOOPBACK
from tests.unit.test_wire_ssh import free_port, opening_of, server

HOST = Host("file.kakuu.lg.jp")
NAMED = DeclaredHost(None, (), vantage_outside=True)
HERE = "192.0.2.1"


def named(*listeners: Listener, ledger: DeclaredHost = NAMED, host: Host = HOST) -> UnlistedServices:
    async def go() -> Fact:
        return await unlisted_services.run(host, cast(Net, None), HostListeners(listeners), ledger)

    fact = asyncio.run(go())
    assert isinstance(fact, UnlistedServices)
    return fact


def at(port: int, speaks: Speaks, *traits: Trait, address: str = HERE) -> Listener:
    return Listener(address, port, Spoken(speaks, traits))


@pytest.mark.parametrize(
    ("listener", "key"),
    [
        (at(2222, Speaks.SSH), "service:file.kakuu.lg.jp:2222/ssh"),
        (at(8443, Speaks.HTTP, Trait.TLS), "service:file.kakuu.lg.jp:8443/https"),
        (at(8080, Speaks.HTTP), ""),
        (at(587, Speaks.SMTP), "service:file.kakuu.lg.jp:587/submission"),
        (at(2525, Speaks.SMTP), "service:file.kakuu.lg.jp:2525/smtp"),
        (at(21, Speaks.FTP, Trait.TLS), "service:file.kakuu.lg.jp:21/ftp"),
        (at(21, Speaks.FTP, Trait.NO_TLS), ""),
        (at(3389, Speaks.RDP, Trait.NLA), "service:file.kakuu.lg.jp:3389/rdp"),
        (at(993, Speaks.UNKNOWN), "service:file.kakuu.lg.jp:993/imaps"),
        (at(9999, Speaks.UNKNOWN), ""),
        (at(6379, Speaks.REDIS), ""),
        (Listener(HERE, 22, Unobserved(Reason.RESET)), ""),
    ],
)
def test_a_service_is_named_by_what_it_said(listener: Listener, key: str) -> None:
    fact = named(listener)
    assert fact.services == ((key,) if key else ())


def test_what_is_listed_is_not_named_again() -> None:
    listed = DeclaredHost((DeclaredPort(22, "ssh", True, False), DeclaredPort(25, "smtp", True, False, address="192.0.2.9")), (), True)
    found = named(at(22, Speaks.SSH), at(25, Speaks.SMTP), ledger=listed)
    assert found.services == ("service:file.kakuu.lg.jp:25/smtp",)  # listed at another address only


def test_the_addresses_of_a_name_are_one_service_and_those_of_a_ledger_one_each() -> None:
    both = (at(22, Speaks.SSH), at(22, Speaks.SSH, address="2001:db8::1"))
    assert named(*both).services == ("service:file.kakuu.lg.jp:22/ssh",)
    own = named(*both, ledger=DeclaredHost(None, (HERE, "2001:db8::1"), True))
    assert own.services == ("service:file.kakuu.lg.jp=192.0.2.1:22/ssh", "service:file.kakuu.lg.jp=[2001:db8::1]:22/ssh")
    assert [lead.address for lead in own.leads()] == [HERE, "2001:db8::1"]
    assert named(*both, host=Host(HERE)).services == ("service:192.0.2.1:22/ssh", "service:[2001:db8::1]:22/ssh")


def test_no_more_than_the_cap_are_named() -> None:
    fact = named(*(at(port, Speaks.SSH) for port in range(1000, 1000 + MOST_SERVICES + 2)))
    assert (len(fact.services), fact.left_out) == (MOST_SERVICES, 2)


def test_a_real_ssh_server_at_an_unlisted_port_is_judged(tmp_path: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "key")], check=True)
    Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    port = free_port()
    config = tmp_path / "config"
    config.write_text(f"ListenAddress 127.0.0.1:{port}\nPidFile none\nUsePAM no\nHostKey {tmp_path / 'key'}\nCiphers aes128-cbc\n")
    with server("/usr/sbin/sshd", "-D", "-e", "-f", str(config), port=port):
        opening_of(port)
        results = look(DeclaredHost(None, (), vantage_outside=True, ports=((port, port),)))
    about = [result for result in results if result.subject == Service("127.0.0.1", port, "ssh")]
    assert len({result.variant.check.id for result in about}) == 15
    tags = {result.ending.tag for result in about}
    assert {"CIPHER_OUTDATED", "PASSWORD_OUTSIDE", "HOST_KEY_STRONG"} & tags
    assert not [result for result in results if result.ending.reason is Reason.DEFECT]


def test_a_host_where_nothing_is_found_raises_no_questions() -> None:
    results = look(DeclaredHost(None, (), vantage_outside=True, ports=((1, 1),)))
    assert {result.ending.outcome for result in results} == {Outcome.NOT_APPLICABLE}


def look(declared: DeclaredHost) -> list[Result]:
    host = Host("127.0.0.1")
    plan = make_plan(catalogue(), (), EMPTY, ["ssh"])

    def declare(subject: Target) -> Mapping[type[Fact], Fact]:
        return {DeclaredHost: declared} if isinstance(subject, Host) else {DeclaredSshService: DeclaredSshService(True)}

    async def go() -> list[Result]:
        with ThreadPoolExecutor(1) as threads:
            async with Network(Settings(scope=LOOPBACK)) as network, asyncio.TaskGroup() as group:
                collecting = Collecting(plan, catalogue().observers, network, declare, lambda _: None, threads)
                collecting.group = group
                return list(judge(await collecting.collect(host, 60.0), plan.for_target(host)))

    return asyncio.run(go())

"""Server programs that run in a container or from a place that no package has: nobody judges them by files that are not theirs."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.engine.catalogue import catalogue
from scanner.facts.database_configuration import DatabaseConfiguration
from scanner.facts.log_keeping import LogKeeping
from scanner.facts.mail_configuration import MailConfiguration
from scanner.facts.malware import MalwareProtection
from scanner.facts.time_sync import TimeSync
from scanner.hosts.linux.base import processes
from scanner.hosts.linux.database_programs import database_configuration
from scanner.hosts.linux.directory_programs import directory_configuration
from scanner.hosts.linux.dns_programs import dns_configuration
from scanner.hosts.linux.file_sharing import file_sharing
from scanner.hosts.linux.log_keeping import log_keeping
from scanner.hosts.linux.mail_programs import mail_configuration
from scanner.hosts.linux.malware import malware_protection
from scanner.hosts.linux.printing import printing
from scanner.hosts.linux.services import Program, installed
from scanner.hosts.linux.snmp import snmp_configuration
from scanner.hosts.linux.time_sync import time_sync
from scanner.hosts.linux.web_programs import web_configuration
from scanner.hosts.machine import AnyCollector
from scanner.model.fact import Fact, Unobserved
from scanner.model.reason import Reason
from scanner.model.verdict import Outcome, Verdict
from tests.unit.host_trees import Machine, look, running

STARTED = 1_700_000_100
MARIADB = Program("mariadb", ("/usr/sbin/mariadbd",), ("mariadb.service",), ("mariadbd", "mysqld"))
MYSQL = Program("mysql", ("/usr/sbin/mysqld",), ("mysql.service",), ("mysqld",))
DOCKER = "0::/system.slice/docker-3f5a.scope\n"
GROUPS = [
    DOCKER,
    "0::/docker/3f5a\n",
    "0::/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-3f5a.scope/container\n",
    "0::/kubepods.slice/kubepods-burstable.slice/cri-containerd-3f5a.scope\n",
    "0::/lxc.payload.db/system.slice/mariadb.service\n",
    "0::/machine.slice/systemd-nspawn@db.service/payload/system.slice/mariadb.service\n",
    "12:pids:/docker/3f5a\n1:name=systemd:/docker/3f5a\n",
]


def runs(room: Path, *names: str, group: str = "0::/\n") -> Machine:
    """A machine on which processes of these names run, in this control group."""
    machine = Machine(room)
    running(machine, **dict.fromkeys(names, STARTED))
    machine.write({"/proc/1/cgroup": "0::/init.scope\n", **{f"/proc/{at}/cgroup": group for at in range(2, len(names) + 2)}})
    return machine


def endings(fact: Fact) -> dict[str, object]:
    """What the checks of this fact alone say, by their ids: an outcome, or a reason."""
    alone = [one for one in catalogue().checks.values() if [need.fact for need in one.needs] == [type(fact)] and not one.references]
    said = {one.id: one.judge(fact) for one in alone}
    return {name: one.outcome if isinstance(one, Verdict) else one.reason for name, one in said.items()}


@pytest.mark.parametrize("group", ["0::/user.slice/session-1.scope\n", DOCKER])
@pytest.mark.parametrize(
    ("collector", "process"),
    [
        (database_configuration, "mariadbd"),
        (database_configuration, "mysqld"),
        (database_configuration, "postgres"),
        (directory_configuration, "slapd"),
        (dns_configuration, "named"),
        (dns_configuration, "unbound"),
        (file_sharing, "smbd"),
        (mail_configuration, "master qmgr"),
        (mail_configuration, "exim4"),
        (mail_configuration, "dovecot"),
        (printing, "cupsd"),
        (snmp_configuration, "snmpd"),
        (web_configuration, "httpd"),
    ],
)
def test_a_server_that_no_package_installed_is_not_taken_for_absent(
    tmp_path: Path, collector: AnyCollector, process: str, group: str
) -> None:
    fact = look(Fact, collector, runs(tmp_path, *process.split(), group=group))
    said = endings(fact)
    assert Reason.UNSUPPORTED in said.values()
    assert not {Outcome.PASS, Outcome.FAIL} & set(said.values())


@pytest.mark.parametrize("postfix", [False, True], ids=["without Postfix", "beside Postfix, which does not run"])
def test_another_programs_master_is_not_postfix(tmp_path: Path, postfix: bool) -> None:
    machine = runs(tmp_path, "master").write({"/usr/lib/postfix/sbin/master": ""} if postfix else {})
    fact = look(MailConfiguration, mail_configuration, machine)
    assert not isinstance(fact.programs, Unobserved)
    assert [(one.name, one.running) for one in fact.programs] == ([("postfix", False)] if postfix else [])


@pytest.mark.parametrize("group", GROUPS)
def test_a_server_in_a_container_is_not_the_one_that_is_installed(tmp_path: Path, group: str) -> None:
    machine = runs(tmp_path, "mariadbd", group=group).write({"/usr/sbin/mariadbd": ""})
    own, other = installed(machine, (MARIADB, MYSQL), processes(machine))
    assert (own.running, own.unread) == (False, None)
    assert (other.program, other.running) == (MARIADB, True)
    assert isinstance(other.unread, Unobserved)
    assert "container" in other.unread.detail


@pytest.mark.parametrize("group", ["0::/system.slice/mariadb.service\n", "0::/user.slice/user-0.slice/session-1.scope\n", "0::/\n", ""])
def test_a_server_of_the_machine_itself_is_the_one_that_is_installed(tmp_path: Path, group: str) -> None:
    machine = runs(tmp_path, "mysqld", group=group).write({"/usr/sbin/mysqld": ""})
    (own,) = installed(machine, (MARIADB, MYSQL), processes(machine))
    assert (own.program, own.running, own.unread) == (MYSQL, True, None)


def test_a_machine_that_is_a_container_itself_has_its_own_servers(tmp_path: Path) -> None:
    machine = runs(tmp_path, "mariadbd", group="0::/docker/3f5a/system.slice/mariadb.service\n").write({"/usr/sbin/mariadbd": ""})
    machine.write({"/proc/1/cgroup": "0::/docker/3f5a/init.scope\n"})
    (own,) = installed(machine, (MARIADB, MYSQL), processes(machine))
    assert (own.running, own.unread) == (True, None)


def test_a_packaged_server_and_one_in_a_container_stand_side_by_side(tmp_path: Path) -> None:
    machine = runs(tmp_path, "mariadbd", "mysqld").write({"/usr/sbin/mariadbd": "", "/proc/3/cgroup": DOCKER})
    fact = look(DatabaseConfiguration, database_configuration, machine)
    assert [(one.name, one.running) for one in fact.servers] == [("mariadb", True)]
    assert fact.unseen is not None
    assert fact.unseen.reason is Reason.UNSUPPORTED


def test_what_serves_the_machine_itself_does_not_do_so_from_a_container(tmp_path: Path) -> None:
    machine = runs(tmp_path / "a", "rsyslogd", "chronyd", "clamd", group=DOCKER)
    assert look(LogKeeping, log_keeping, machine).programs == ()
    assert look(TimeSync, time_sync, machine).programs == ()
    assert look(MalwareProtection, malware_protection, machine).products == ()
    by_hand = runs(tmp_path / "b", "rsyslogd", "chronyd", "clamd")
    assert isinstance(look(LogKeeping, log_keeping, by_hand).targets, Unobserved)
    clocks, products = look(TimeSync, time_sync, by_hand).programs, look(MalwareProtection, malware_protection, by_hand).products
    assert not isinstance(clocks, Unobserved)
    assert not isinstance(products, Unobserved)
    (clock,), (product,) = clocks, products
    assert (clock.running, isinstance(clock.sources, Unobserved)) == (True, True)
    assert (product.running, isinstance(product.updates, Unobserved)) == (True, True)

"""Lists of a machine that are longer than what is kept of them: nobody takes the part that was read for the whole."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from scanner.facts.files import FileWalk, SensitiveFiles
from scanner.facts.kernel import Startup
from scanner.facts.services import Services
from scanner.facts.software import PackageSources
from scanner.facts.ssh_server import SshKeyFiles
from scanner.hosts.base import Reader
from scanner.hosts.linux.dns_reading import hints
from scanner.hosts.linux.inet6 import addresses
from scanner.hosts.linux.mounts import NOW, table
from scanner.hosts.linux.package_sources import package_sources
from scanner.hosts.linux.rights import sensitive_files
from scanner.hosts.linux.running import services
from scanner.hosts.linux.ssh_keys import ssh_key_files
from scanner.hosts.linux.sshd_files import normal
from scanner.hosts.linux.startup import startup
from scanner.hosts.linux.walk import WALK, file_walk
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from tests.unit.host_trees import DEBIAN, Machine, look, machine, said


def too_large(part: object) -> bool:
    return isinstance(part, Unobserved) and part.reason is Reason.TOO_LARGE


@pytest.mark.parametrize(
    ("path", "line", "lines", "ask"),
    [
        (NOW, "none /m tmpfs rw 0 0\n", 5_001, lambda read: table(read, NOW)),
        ("/proc/net/if_inet6", "fe80000000000000000000000000000f 02 40 20 80 eth0\n", 65_537, addresses),
        ("/hints", None, 101, lambda read: hints(read, "/hints")),
    ],
)
def test_a_file_with_too_many_lines(tmp_path: Path, path: str, line: str | None, lines: int, ask: Callable[[Reader], object]) -> None:
    text = line * lines if line else "".join(f". 1 A 192.0.2.{number}\n" for number in range(lines))
    with pytest.raises(CannotObserve) as refusal:
        ask(Machine(tmp_path, live=False).write({path: text}))
    assert refusal.value.reason is Reason.TOO_LARGE


def test_too_many_sources_of_packages(tmp_path: Path) -> None:
    lists = {"/etc/apt/sources.list": "".join(f"deb http://a{number}.example/ x main\n" for number in range(501))}
    assert too_large(look(PackageSources, package_sources, machine(tmp_path, {**DEBIAN, **lists})).sources)


def test_too_many_services(tmp_path: Path) -> None:
    links = {f"/etc/systemd/system/multi-user.target.wants/s{number}.service": "" for number in range(2_001)}
    assert too_large(look(Services, services, machine(tmp_path, links, live=False)).services)


def test_too_many_words_of_a_processor_s_flaws(tmp_path: Path) -> None:
    flaws = {f"/sys/devices/system/cpu/vulnerabilities/f{number}": "Not affected\n" for number in range(101)}
    assert too_large(look(Startup, startup, machine(tmp_path, flaws)).flaws)


def test_too_many_values_of_sshd() -> None:
    assert too_large(normal("allowusers", tuple(f"u{number}" for number in range(501))))
    assert normal("allowusers", ("a", "b")) == ("a", "b")


def test_too_many_host_keys(tmp_path: Path) -> None:
    keys = {f"/etc/ssh/ssh_host_{number}_key": "" for number in range(51)}
    assert too_large(
        look(SshKeyFiles, ssh_key_files, machine(tmp_path, {"/usr/sbin/sshd": "", "/etc/ssh/sshd_config": "", **keys})).host_keys
    )


def test_too_many_files_of_a_guarded_folder(tmp_path: Path) -> None:
    tables = {f"/etc/cron.d/t{number}": "" for number in range(203)}
    assert "/etc/cron.d/* (3)" in look(SensitiveFiles, sensitive_files, machine(tmp_path, tables)).unseen


def test_files_of_more_owners_than_can_be_asked_for(tmp_path: Path) -> None:
    for number, (owners, complete) in enumerate(((400, True), (401, False))):
        lines = "".join(f"u|0644|{5_000 + one}|0|/f{one}\n" for one in range(owners))
        made = machine(tmp_path / str(number), {"/etc/passwd": "root:x:0:0::/:/bin/sh\n", "/etc/group": "root:x:0:\n"})
        made.commands[said(WALK.argv)] = f"0\n{lines}= 0\n"
        walk = look(FileWalk, file_walk, made)
        assert (walk.complete, len(walk.unowned)) == (complete, owners if complete else 0)

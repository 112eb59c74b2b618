"""Files and answers of the kernel, software, services and files families that are junk, far too large, pipes or closed: nothing breaks."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from scanner import codec
from scanner.facts.files import SensitiveFiles
from scanner.hosts.base import CommandOutput
from scanner.hosts.linux.barred import kernel_modules
from scanner.hosts.linux.engines import container_host
from scanner.hosts.linux.integrity import file_integrity
from scanner.hosts.linux.kernel import kernel_settings
from scanner.hosts.linux.listening import listening_sockets
from scanner.hosts.linux.mac import mandatory_access_control
from scanner.hosts.linux.mounts import mounts
from scanner.hosts.linux.package_sources import package_sources
from scanner.hosts.linux.restart import restart_need
from scanner.hosts.linux.rights import sensitive_files
from scanner.hosts.linux.running import services
from scanner.hosts.linux.software import installed_software
from scanner.hosts.linux.startup import startup
from scanner.hosts.linux.system import operating_system
from scanner.hosts.linux.unattended import automatic_updates
from scanner.hosts.linux.updates import security_updates
from scanner.hosts.linux.walk import file_walk
from scanner.hosts.machine import AnyCollector
from scanner.model.fact import Fact
from scanner.model.reason import Reason
from tests.unit.host_trees import Spy, running
from tests.unit.test_hosts_hostile import JUNK, directory, huge, junk, look, pipe

COLLECTORS = (
    automatic_updates, container_host, file_integrity, file_walk, installed_software, kernel_modules, kernel_settings, listening_sockets,
    mandatory_access_control, mounts, operating_system, package_sources, restart_need, security_updates, sensitive_files, services, startup,
)  # fmt: skip
MOST_PATHS = 12
"""Paths that are spoilt for each collector; those after them are of the same kinds."""


def plain(room: Path) -> Spy:
    """A machine that denies nothing."""
    return Spy(room)


class Babbler(Spy):
    """Every program answers with junk, whatever it is asked."""

    def command(self, argv: Sequence[str], *, seconds: float = 10.0) -> CommandOutput | None:
        """Answer junk."""
        return CommandOutput(0, JUNK, b"")


def rich(root: Path) -> Spy:
    """A machine on which these collectors find something in most places."""
    machine = Spy(root)
    running(machine)
    machine.write(
        {
            "/usr/lib/systemd/systemd": "",
            "/run/systemd/system/x": "",
            "/proc/uptime": "1000.0 1\n",
            "/proc/cmdline": "ro quiet\n",
            "/proc/net/tcp": "h\n",
            "/proc/self/mounts": "tmpfs /tmp tmpfs rw 0 0\n",
            "/proc/sys/kernel/osrelease": "6.1.0-1-amd64\n",
            "/proc/sys/kernel/sysrq": "1\n",
            "/proc/sys/net/ipv4/conf/eth0/rp_filter": "1\n",
            "/proc/sys/net/ipv4/conf/all/rp_filter": "1\n",
            "/sys/fs/selinux/enforce": "1",
            "/sys/module/apparmor/parameters/enabled": "Y",
            "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c": "\x06\0\0\0\x01",
            "/sys/devices/system/cpu/vulnerabilities/mds": "Vulnerable\n",
            "/boot/grub/grub.cfg": "set superusers=root\npassword root x\nlinux /v ro\n",
            "/boot/grub2/user.cfg": "GRUB2_PASSWORD=x\n",
            "/lib/modules/6.1.0-1-amd64/modules.dep": "kernel/x/sctp.ko:\n",
            "/etc/modprobe.d/a.conf": "blacklist sctp\n",
            "/etc/sysctl.d/a.conf": "kernel.sysrq = 0\n",
            "/etc/ufw/ufw.conf": "ENABLED=yes\n",
            "/etc/selinux/config": "SELINUX=enforcing\n",
            "/etc/apparmor.d/a": "profile a {}\n",
            "/etc/os-release": "ID=debian\nVERSION_ID=12\nVERSION_CODENAME=bookworm\n",
            "/var/lib/ubuntu-advantage/status.json": '{"services": []}',
            "/var/lib/dpkg/status": "Package: a\nStatus: install ok installed\nVersion: 1\n\n",
            "/var/lib/apt/lists/x_dists_bookworm-security_InRelease": "",
            "/var/lib/apt/lists/x_dists_bookworm-security_main_binary-amd64_Packages": "",
            "/etc/apt/sources.list": "deb http://x.example/ s m\n",
            "/etc/apt/sources.list.d/a.sources": "URIs: http://x.example\n",
            "/usr/bin/unattended-upgrade": "",
            "/etc/passwd": "root:x:0:0::/root:/bin/sh\n",
            "/etc/group": "root:x:0:\ndocker:x:9:a\n",
            "/etc/login.defs": "ENV_SUPATH PATH=/usr/bin:.\n",
            "/etc/ssh/ssh_host_rsa_key": "x",
            "/etc/fstab": "/dev/sdb1 /media/x vfat noauto 0 0\n",
            "/etc/inetd.conf": "telnet stream tcp nowait root x y\n",
            "/etc/xinetd.d/a": "service a\n{\n disable = no\n}\n",
            "/usr/bin/aide": "",
            "/var/lib/aide/aide.db": "x",
            "/etc/crontab": "1 1 * * * root aide --check\n",
            "/usr/bin/dockerd": "",
            "/etc/docker/daemon.json": "{}",
            "/usr/sbin/libvirtd": "",
            "/etc/libvirt/libvirtd.conf": "listen_tcp = 1\n",
        }
    )
    return machine


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One machine for all tests of the module; each puts back what it changed."""
    root = tmp_path_factory.mktemp("hostile")
    rich(root)
    return root


def asked_by(room: Path, collector: AnyCollector) -> list[str]:
    """The files for which a collector asks and which are there."""
    spy = Spy(room)
    look(spy, collector)
    return sorted(path for path in spy.asked if (room / path.lstrip("/")).is_file())[:MOST_PATHS]


@pytest.mark.parametrize("collector", COLLECTORS, ids=lambda c: c.name)
@pytest.mark.parametrize("spoil", [pipe, directory, junk, huge], ids=lambda f: f.__name__)
def test_a_hostile_file_never_breaks_a_collector(room: Path, collector: AnyCollector, spoil: Callable[[Path], None]) -> None:
    for path in asked_by(room, collector):
        place = room / path.lstrip("/")
        aside = room.parent / "aside"
        place.rename(aside)
        try:
            spoil(place)
            read = Spy(room)
            assert isinstance(look(read, collector), (Fact, Reason)), path
        finally:
            shutil.rmtree(place) if place.is_dir() else place.unlink()
            aside.rename(place)


@pytest.mark.parametrize("collector", COLLECTORS, ids=lambda c: c.name)
def test_a_file_without_rights_is_never_taken_for_absent(room: Path, collector: AnyCollector) -> None:
    for path in asked_by(room, collector):
        read = Spy(room)
        read.asked, read.deny = set(), path
        whole, seen = look(plain(room), collector), look(read, collector)
        said = seen is Reason.ACCESS_DENIED or (isinstance(seen, Fact) and b'"access-denied"' in codec.canonical(codec.fact_out(seen)))
        listed = isinstance(seen, SensitiveFiles) and path in seen.unseen
        assert seen == whole or said or listed, path


@pytest.mark.parametrize("collector", COLLECTORS, ids=lambda c: c.name)
def test_programs_that_answer_junk_never_break_a_collector(room: Path, collector: AnyCollector) -> None:
    read = Babbler(room)
    read.asked = set()
    assert isinstance(look(read, collector), (Fact, Reason))


@pytest.mark.parametrize("collector", COLLECTORS, ids=lambda c: c.name)
@pytest.mark.parametrize("live", [True, False])
def test_an_empty_root_is_seen_without_trouble(tmp_path: Path, collector: AnyCollector, live: bool) -> None:
    read = Spy(tmp_path, live)
    assert isinstance(look(read, collector), (Fact, Reason))

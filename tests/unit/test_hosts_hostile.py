"""Every file that a collector asks for may be a pipe, a directory, junk, far too large or closed: nothing hangs or breaks."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from scanner import codec
from scanner.hosts.linux.automount import auto_mount
from scanner.hosts.linux.autorun import auto_run
from scanner.hosts.linux.ipv6 import ipv6_native
from scanner.hosts.linux.screen_lock import screen_lock
from scanner.hosts.linux.tunnels import ipv6_tunnels
from scanner.hosts.linux.usb import usb_storage
from scanner.hosts.local import LocalReader
from scanner.hosts.machine import AnyCollector
from scanner.model.fact import Evidence, Fact, Observed
from scanner.model.reason import CannotObserve, Reason
from tests.recorded import replay
from tests.unit.host_trees import GNOME_SESSION, KDE_SESSION, Machine, Spy, gnome
from tests.unit.test_hosts_ipv6 import DEFINED
from tests.unit.test_hosts_removable_media import AUTOFS, GUARD, KERNEL, UDISKS
from tests.unit.test_hosts_screen_lock import KEYS, LOGIND

COLLECTORS = (auto_mount, auto_run, usb_storage, screen_lock, ipv6_native, ipv6_tunnels)
JUNK = bytes(range(256)) * 8


def rich(root: Path) -> Spy:
    """A machine on which every collector finds something everywhere it looks."""
    replay("uml_booted", "running", root)
    machine = gnome(root).schemas().dconf(KEYS)
    machine.person("hanako")
    machine.own_dconf("hanako", KEYS)
    for files in (UDISKS, AUTOFS, GUARD, KERNEL, LOGIND, *(files for files, _ in DEFINED.values())):
        machine.write(files)
    machine.write(
        {
            "/usr/share/xsessions/plasma.desktop": KDE_SESSION,
            "/usr/share/xsessions/gnome.desktop": GNOME_SESSION,
            "/etc/xdg/kscreenlockerrc": "[Daemon]\nTimeout=10\n",
            "/etc/auto.media": "cd :/dev/cdrom\n",
            "/etc/modprobe.d/x.conf": "blacklist uas\n",
            "/etc/udev/rules.d/x.rules": 'KERNEL=="sd*", RUN+="/bin/mount %k"\n',
            "/boot/grub/grub.cfg": "linux /vmlinuz quiet\n",
            "/etc/login.defs": "UID_MIN 1000\n",
            "/etc/profile": "TMOUT=600\n",
            "/run/NetworkManager/devices/5": "[device]\nconnection-uuid=1\n",
        }
    )
    return Spy(root)


def look(read: Machine, collector: AnyCollector) -> Fact | Reason:
    """Run a collector as the engine does; what it gives has to survive being written down."""
    try:
        fact = collector.run(read)
    except CannotObserve as error:
        return error.reason
    plain = codec.observation_out(Observed(fact, "2026-11-22T00:00:00Z", (Evidence("a", "b"),)))
    codec.canonical(plain).decode()  # no surrogate of a file name may reach a fact
    return fact


def pipe(place: Path) -> None:
    """A pipe that nobody writes to."""
    os.mkfifo(place)


def directory(place: Path) -> None:
    """A directory with an odd name in it."""
    place.mkdir()
    Path(os.fsdecode(os.fsencode(place) + b"/\xff.conf")).write_bytes(b"x")


def junk(place: Path) -> None:
    """Every octet there is."""
    place.write_bytes(JUNK)


def huge(place: Path) -> None:
    """Far beyond every limit."""
    with place.open("wb") as file:
        file.truncate(1 << 36)


def round_about(place: Path) -> None:
    """A link to itself."""
    place.symlink_to(place.name)


HOSTILE = (pipe, directory, junk, huge, round_about)


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One rich machine for all tests of the module; each puts back what it changed."""
    root = tmp_path_factory.mktemp("hostile")
    rich(root)
    return root


def asked_by(room: Path, collector: AnyCollector) -> list[str]:
    """The paths below which a collector looks and finds something."""
    spy = Spy(room)
    assert isinstance(look(spy, collector), Fact)
    return sorted(path for path in spy.asked if (room / path.lstrip("/")).exists() and path != "/")


@pytest.mark.parametrize("collector", COLLECTORS, ids=lambda c: c.name)
@pytest.mark.parametrize("spoil", HOSTILE, ids=lambda f: f.__name__)
def test_a_hostile_file_never_breaks_a_collector(room: Path, collector: AnyCollector, spoil: Callable[[Path], None]) -> None:
    for path in asked_by(room, collector):
        place = room / path.lstrip("/")
        aside = room.parent / "aside"
        place.rename(aside)
        try:
            spoil(place)
            read = Spy(room)
            look(read, collector)
        finally:
            shutil.rmtree(place) if place.is_dir() and not place.is_symlink() else place.unlink()
            aside.rename(place)
    assert isinstance(look(Machine(room), collector), Fact)


@pytest.mark.parametrize("collector", COLLECTORS, ids=lambda c: c.name)
def test_a_path_without_rights_never_breaks_a_collector_and_is_never_taken_for_absent(room: Path, collector: AnyCollector) -> None:
    whole = look(Machine(room), collector)
    for path in asked_by(room, collector):
        read = Spy(room)
        read.asked, read.deny = set(), path
        seen = look(read, collector)
        # Either the path made no difference, or what is missing is said: the fact, or a part of it, is unobserved.
        said = seen is Reason.ACCESS_DENIED or (isinstance(seen, Fact) and b'"access-denied"' in codec.canonical(codec.fact_out(seen)))
        assert seen == whole or said, path


def test_this_machine_is_seen_without_trouble() -> None:
    for collector in COLLECTORS:
        read = LocalReader()
        assert isinstance(look(read, collector), Fact)  # type: ignore[arg-type]  # a LocalReader reads as a Machine does
        assert all(len(e.excerpt) <= 2000 for e in read.evidence())


def test_an_empty_root_is_seen_without_trouble(tmp_path: Path) -> None:
    for live in (False, True):
        for see in (partial(look, Machine(tmp_path, live), collector) for collector in COLLECTORS):
            assert isinstance(see(), Fact)

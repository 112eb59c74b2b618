"""The collector for what restricts which programs run on Linux: fapolicyd, and nothing else.

The daemon goes by ``fapolicyd.conf`` and one file of rules, ``fapolicyd.rules`` of old before ``compiled.rules``. ``fagenrules`` makes the
latter from ``rules.d`` before every start. It looks at programs on the types of file systems that its settings name.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Final

from scanner.facts.execution import ExecutionControl, Means, Unnamed
from scanner.facts.readings import Readings
from scanner.hosts.base import Files, Names, Reader, collector
from scanner.hosts.combining import unknown
from scanner.hosts.linux.arguments import command_line, written_words
from scanner.hosts.linux.base import applied, file_needed, needed, parsed, processes, seen, shown
from scanner.hosts.linux.mounts import LATER, NOW, table
from scanner.hosts.linux.services import PROCESSES, UNITS, Found, Program, installed, paths
from scanner.hosts.linux.units import unit_files
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import fapolicyd

UNIT: Final = "fapolicyd.service"
FAPOLICYD: Final = Program("fapolicyd", ("/usr/sbin/fapolicyd", "/usr/bin/fapolicyd"), (UNIT,), ("fapolicyd",))
CONFIG: Final = "/etc/fapolicyd/fapolicyd.conf"
OLD_RULES: Final = "/etc/fapolicyd/fapolicyd.rules"
COMPILED: Final = "/etc/fapolicyd/compiled.rules"
PARTS: Final = "/etc/fapolicyd/rules.d"
MOST_PARTS: Final = 500
PERMISSIVE: Final = "--permissive"
KEEPING: Final = frozenset(
    (
        *("9p", "bcachefs", "btrfs", "ceph", "cifs", "exfat", "ext2", "ext3", "ext4", "f2fs", "fuse.glusterfs", "fuse.sshfs", "fuseblk"),
        *("gfs2", "jfs", "nfs", "nfs4", "ntfs", "ntfs3", "ocfs2", "overlay", "reiserfs", "smb3", "tmpfs", "vfat", "virtiofs", "xfs", "zfs"),
    )
)
"""Types of file systems on which people keep files, programs among them."""
OF_START: Final = ("/boot", "/efi")
"""Where the machine starts from; nobody but root writes there."""
OF_CONTAINERS: Final = ("/var/lib/docker/", "/var/lib/containers/", "/var/lib/containerd/", "/run/containerd/", "/run/containers/")


@collector(
    Platform.LINUX,
    *PROCESSES,
    *UNITS,
    *paths((FAPOLICYD,)),
    *unit_files((UNIT,)),
    *(Files(path, root=True) for path in (CONFIG, OLD_RULES, COMPILED)),
    Names(PARTS, root=True),
    Files(f"{PARTS}/*.rules", root=True),
    Files(NOW),
    Files(LATER),
)
def execution_control(read: Reader) -> ExecutionControl:
    """See whether fapolicyd is there and what it does with a program that no rule names."""
    there = seen(lambda: installed(read, (FAPOLICYD,), processes(read), containers=False))
    if isinstance(there, Unobserved):
        return ExecutionControl(there)
    means = tuple(_fapolicyd(read, found) for found in there)
    for one in means:
        read.keep(one.unnamed.source, f"{one.name}: now {one.unnamed.in_force}, after a restart {one.unnamed.after_restart}")
    return ExecutionControl(means)


def _fapolicyd(read: Reader, found: Found) -> Means:
    if found.unread is not None:
        return Means(FAPOLICYD.name, unknown(found.unread, read.live, FAPOLICYD.name))
    now = None if found.running is None else seen(partial(_now, read, found.running))
    readings = Readings(None, now, seen(partial(_later, read, found.starts)), CONFIG)
    return Means(FAPOLICYD.name, readings, seen(partial(_unwatched, read)))


def _now(read: Reader, running: bool | Unobserved) -> Unnamed:
    if not needed(running):
        return Unnamed.RUNS
    if PERMISSIVE in command_line(read, FAPOLICYD.processes):
        return Unnamed.RECORDED
    if (changed := applied(read, processes(read), FAPOLICYD.processes, (CONFIG, OLD_RULES, COMPILED))) is not None:
        raise changed.error()
    return _unnamed(read, _kept(read))


def _later(read: Reader, starts: bool | Unobserved) -> Unnamed:
    if not needed(starts):
        return Unnamed.RUNS
    if PERMISSIVE in written_words(read, UNIT, (), ()):
        return Unnamed.RECORDED
    parts = read.names(PARTS) or ()
    if parts and read.state(OLD_RULES) is not None:
        raise CannotObserve(Reason.UNSUPPORTED, f"{OLD_RULES} stands beside {PARTS}, with which fagenrules makes no rules")
    return _unnamed(read, _made(read, parts) if parts else _kept(read))


def _kept(read: Reader) -> bytes:
    """Give the rules as the daemon reads them."""
    old = read.file(OLD_RULES)
    return file_needed(read, COMPILED) if old is None else old


def _made(read: Reader, parts: tuple[str, ...]) -> bytes:
    """Give the rules as fagenrules makes them: its files in the order of their numbers."""
    names = sorted((name for name in parts if name.endswith(".rules") and not name.startswith(".")), key=_in_order)
    if len(names) > MOST_PARTS:
        raise CannotObserve(Reason.TOO_LARGE, f"{PARTS}: more than {MOST_PARTS} files")
    return b"\n".join(file_needed(read, f"{PARTS}/{name}") for name in names)


def _in_order(name: str) -> tuple[tuple[str, int], ...]:
    """Sort as ``ls -v`` does."""
    return tuple((text, int(number or 0)) for text, number in re.findall(r"([^0-9]*)([0-9]{0,18})", name))


def _settings(read: Reader) -> fapolicyd.Settings:
    return needed(parsed(CONFIG, read.file(CONFIG) or b"", fapolicyd.settings))


def _unwatched(read: Reader) -> tuple[str, ...]:
    """Give the file systems that can be written to and run programs, and are of a type that it does not look at."""
    watched = frozenset(_settings(read).watched)
    mounted = {line.path: line for line in table(read, NOW if read.live else LATER) if "noauto" not in line.options}
    return tuple(
        f"{shown(line.path)} ({shown(line.type)})"
        for line in mounted.values()
        if line.type in KEEPING - watched
        and not {"ro", "noexec"} & set(line.options)
        and not line.path.startswith((*OF_START, *OF_CONTAINERS))
    )


def _unnamed(read: Reader, rules: bytes) -> Unnamed:
    if _settings(read).permissive:
        return Unnamed.RECORDED
    runs = fapolicyd.unnamed_runs(needed(parsed("the rules of fapolicyd", rules, fapolicyd.rules)))
    if runs is None:
        raise CannotObserve(Reason.UNSUPPORTED, "rules of fapolicyd refuse some kinds of programs, and none decides for all others")
    return Unnamed.RUNS if runs else Unnamed.REFUSED

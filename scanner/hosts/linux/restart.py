"""The collector for whether a Linux machine waits for a restart: what the system says, its kernels, programs on replaced files."""

from __future__ import annotations

import re
from collections.abc import Sequence

from scanner.facts.software import RestartNeed
from scanner.hosts.base import Files, Names, Reader, Run, collector
from scanner.hosts.linux.base import first_line, needed, seen, shown
from scanner.hosts.linux.container import READS as CONTAINER
from scanner.hosts.linux.container import container
from scanner.hosts.linux.software import DPKG_LIST, installed, manager
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import package_versions

MARK = "/run/reboot-required"
ASKED_BY = "/run/reboot-required.pkgs"
"""Written by the maintainer scripts of kernels, libc6, dbus and others where update-notifier or unattended-upgrades is there."""
RPM_TIMES = Run(
    ("rpm", "-q", "--qf", "%{NAME} %{INSTALLTIME}\\n", "kernel-core", "glibc", "linux-firmware", "systemd", "openssl-libs", "dbus-daemon")
)
"""The packages for which needs-restarting(1) asks for a restart, and when they were installed."""
_MAPPED = r" /(usr|lib|lib64|opt|bin|sbin)/[^ ]* \(deleted\)$"
_LOOK = (
    f"for m in $(grep -lsE '{_MAPPED}' /proc/[0-9]*/maps); do cat \"${{m%maps}}comm\" 2>/dev/null; done | sort -u; "
    "if [ -r /proc/1/maps ]; then echo end; fi"
)
STALE = Run(("sh", "-c", _LOOK), root=True)
"""Programs that still use files which were replaced or removed; the last line says that all of them could be looked at."""
MOST_PROGRAMS = 200
_RELEASE = re.compile(r"(\d+(?:\.\d+)*(?:-\d+(?:\.\d+)*)?)(.*)")
_BUILT = re.compile(r"\bDebian ([0-9]\S*)")


@collector(
    Platform.LINUX,
    *CONTAINER,
    Names(MARK),
    Files(ASKED_BY),
    Files("/proc/version"),
    Files("/proc/sys/kernel/osrelease"),
    Names("/lib/modules"),
    Files("/proc/stat"),
    DPKG_LIST,
    RPM_TIMES,
    STALE,
)
def restart_need(read: Reader) -> RestartNeed:
    """See whether what runs is what is installed."""
    by = seen(lambda: _asked_by(read))
    asked: bool | Unobserved | None = None
    if read.live:
        asked = seen(lambda: _asked(read, by))
    running = seen(lambda: first_line(read, "/proc/sys/kernel/osrelease")) if read.live else None
    newest = seen(lambda: _newest(read, running)) if isinstance(running, str) else running
    fact = RestartNeed(
        container(read),
        asked,
        by,
        running if isinstance(running, Unobserved) or running is None else shown(running),
        newest,
        seen(lambda: _stale(read)) if read.live else None,
    )
    read.keep("/run, /lib/modules, /proc", f"asked {fact.asked}, running {fact.running_kernel}, newest {fact.newest_kernel}")
    return fact


def _asked(read: Reader, by: Sequence[str] | Unobserved) -> bool:
    if read.state(MARK) is not None:
        return True
    return bool(needed(by))


def _asked_by(read: Reader) -> tuple[str, ...]:
    names = (read.file(ASKED_BY) or b"").decode("utf-8", "replace").split()
    if read.live and manager(read) == "rpm":
        said = read.command(RPM_TIMES.argv)
        boot = next((line.split()[1] for line in (read.file("/proc/stat") or b"").split(b"\n") if line.startswith(b"btime ")), b"")
        if said is None or not boot.isdigit():
            raise CannotObserve(Reason.UNSUPPORTED, "rpm does not tell when packages were installed")
        for line in said.stdout.decode("utf-8", "replace").split("\n"):
            words = line.split()
            if len(words) == 2 and words[1].isdecimal() and int(words[1]) > int(boot):
                names.append(words[0])
    return tuple(dict.fromkeys(shown(name) for name in names))[:MOST_PROGRAMS]


def _newest(read: Reader, running: str) -> str | None:
    """Give the newest installed kernel of the running one's kind; ``None``: its files are not here. Raises ``CannotObserve``."""
    releases = [name for name in read.names("/lib/modules") or read.names("/usr/lib/modules") or () if _RELEASE.fullmatch(name)]
    if running not in releases:
        return None  # started from outside, as virtual machines with a kernel of their host are
    newest = running
    for release in releases:
        if _kind(release) == _kind(running) and package_versions.debian(_version(newest), _version(release)) < 0:
            newest = release
    if newest == running:  # the same name may have been built anew
        built = _BUILT.search(first_line(read, "/proc/version") or "")
        if built and manager(read) == "dpkg":
            name = f"linux-image-{running}"
            version = next((e.version for e in installed(read) if e.name == name), built[1])
            if package_versions.debian(built[1], version) < 0:
                return shown(f"{running} ({version})")
    return shown(newest)


def _version(release: str) -> str:
    match = _RELEASE.fullmatch(release)
    # the rest of the version is dotted numbers, so that a dash may not be taken for a revision that ends
    return match[1].replace("-", ".") if match else release


def _kind(release: str) -> str:
    """Give a release's flavour: ``-amd64``, ``-generic``, ``.x86_64``."""
    match = _RELEASE.fullmatch(release)
    return re.sub(r"\.(?:el|fc|amzn)\d+(?:_\d+)?(?:\.\d+)*", "", match[2]) if match else release


def _stale(read: Reader) -> tuple[str, ...]:
    said = read.command(STALE.argv)
    lines = [] if said is None else said.stdout.decode("utf-8", "replace").rstrip("\n").split("\n")
    if lines[-1:] != ["end"]:
        raise CannotObserve(Reason.ACCESS_DENIED, "/proc/*/maps: other accounts' programs cannot be looked at")
    return tuple(shown(line) for line in lines[:-1] if line)[:MOST_PROGRAMS]

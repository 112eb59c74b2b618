"""The collector for security updates on Linux: what the lists hold that were fetched last. Nothing is fetched and no cache is written.

Debian family: the lists of security archives (their suites end in ``-security``) are compared with what is installed, whatever pins and
holds say; asking apt itself would cost seconds where it has no cache, and would write one. Red Hat family: the notices that dnf has.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable

from scanner.facts.software import OfferedUpdate, SecurityUpdates
from scanner.hosts.base import Files, Names, Reader, Run, collector
from scanner.hosts.linux.base import seen, shown
from scanner.hosts.linux.clock import READS as CLOCK
from scanner.hosts.linux.clock import now
from scanner.hosts.linux.software import READS as PACKAGES
from scanner.hosts.linux.software import Entry, installed, manager
from scanner.hosts.linux.system import os_release
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import package_versions

LISTS = "/var/lib/apt/lists"
STAMPS = ("/var/lib/apt/periodic/update-success-stamp", "/var/lib/apt/periodic/update-stamp")
"""Touched after lists were fetched with success: by update-notifier's hook and by apt's own daily run."""
DNF_CACHE = "/var/cache/dnf"
DNF5_CACHE = "/var/cache/libdnf5"
"""Of dnf's successor, whose notices are not read yet."""
VERSIONLOCK = ("/etc/dnf/plugins/versionlock.list", "/etc/yum/pluginconf.d/versionlock.list")
MOST_OFFERED = 2_000
DAY = 86_400
_AWK = (
    '/^=/{h[substr($1,2)]=1;next} /^@end/{print "end";exit} /^Package: /{p=$2;v=a=""} /^Version: /{v=$2} /^Architecture: /{a=$2} '
    '/^$/{if(p in h)print p"|"v"|"a;p=""}'
)
_READ = (
    f'cd {LISTS} && set -- *-security_*_Packages* && [ -e "$1" ] || exit 1; '
    "{ dpkg-query -W -f='=${Package}\\n' || exit; "
    f'for f; do /usr/lib/apt/apt-helper cat-file "{LISTS}/$f" || exit; echo; done; echo @end; }} | awk {shlex.quote(_AWK)}'
)
APT_OFFERS = Run(("sh", "-c", _READ), seconds=20.0)
"""The versions that security archives offer of installed packages; the last line says that all was read."""
_ASIDE = (
    "mount -t tmpfs -o size=256m tmpfs /var/log && for d in cache/dnf lib/dnf lib/rpm; do "
    "u=/var/log/$d; mkdir -p $u/up $u/work && "
    "mount -t overlay -o lowerdir=/var/$d,upperdir=$u/up,workdir=$u/work overlay /var/$d || exit 1; "
    "done && exec dnf -q -C updateinfo list --security --updates"
)
DNF_OFFERS = Run(("unshare", "-m", "--propagation", "private", "sh", "-c", _ASIDE), seconds=30.0, root=True, needs="dnf")
"""dnf writes logs, locks and caches for every question. It is asked where these go to memory that only it sees and that ends with it."""


@collector(
    Platform.LINUX,
    *CLOCK,
    *PACKAGES,
    Files("/etc/os-release"),
    Names(LISTS),
    *(Names(path) for path in STAMPS),
    APT_OFFERS,
    DNF_OFFERS,
    Names(DNF_CACHE),
    Names(DNF5_CACHE),
    Names(f"{DNF_CACHE}/*/repodata"),
    *(Files(path) for path in VERSIONLOCK),
)
def security_updates(read: Reader) -> SecurityUpdates:
    """See which security updates are offered and not installed."""
    match manager(read):
        case "dpkg":
            fact = _apt(read)
        case "rpm":
            fact = _dnf(read)
        case _:
            raise CannotObserve(Reason.UNSUPPORTED, "no package manager that is known: neither dpkg nor rpm")
    if not isinstance(fact.offered, Unobserved):
        for update in fact.offered[:20]:
            read.keep(f"{fact.manager} lists", f"{update.name} {update.installed} -> {update.offered} {update.notice}".strip())
    return fact


def _apt(read: Reader) -> SecurityUpdates:
    names = seen(lambda: _security_lists(read))
    packages = seen(lambda: installed(read))
    has = names if isinstance(names, Unobserved) else bool(names)
    offered: tuple[OfferedUpdate, ...] | Unobserved
    if isinstance(packages, Unobserved):
        offered = packages
    elif has is not True:
        offered = has if isinstance(has, Unobserved) else Unobserved(Reason.UNSUPPORTED, f"{LISTS}: no lists of a security archive")
    else:
        offered = seen(lambda: _apt_offered(read, packages))
    held = packages if isinstance(packages, Unobserved) else tuple(e.name for e in packages if e.held)
    return SecurityUpdates("apt", has, seen(lambda: _age(read, _apt_dates(read))), offered, held)


def _security_lists(read: Reader) -> tuple[str, ...]:
    """Give the files of lists that come from a security archive for this release."""
    codename = os_release(read).get("VERSION_CODENAME", "")
    suites = "|".join(re.escape(name) for name in (codename, "stable", "oldstable", "oldoldstable") if name) if codename else "[a-z]+"
    wanted = re.compile(rf"_dists_(?:{suites})(?:-[a-z]+)?-security_.*_Packages")
    return tuple(name for name in read.names(LISTS) or () if wanted.search(name))


def _apt_offered(read: Reader, packages: Iterable[Entry]) -> tuple[OfferedUpdate, ...]:
    if not read.live:
        raise CannotObserve(Reason.UNSUPPORTED, f"{LISTS}: the lists of a mounted root are not read")
    said = read.command(APT_OFFERS.argv, seconds=APT_OFFERS.seconds)
    lines = [] if said is None else said.stdout.decode("utf-8", "replace").rstrip("\n").split("\n")
    if lines[-1:] != ["end"]:
        raise CannotObserve(Reason.UNSUPPORTED, f"{LISTS}: the lists could not be read to their end")
    newest: dict[tuple[str, str], str] = {}
    for line in lines[:-1]:
        fields = line.split("|")
        if len(fields) == 3:
            key = (fields[0], fields[2])
            if key not in newest or package_versions.debian(newest[key], fields[1]) < 0:
                newest[key] = fields[1]
    found = []
    for package in packages:
        # a package may change between one architecture and "all"
        for architecture in dict.fromkeys((package.architecture, "all")):
            version = newest.get((package.name, architecture))
            if version and package_versions.debian(package.version, version) < 0:
                found.append(OfferedUpdate(package.name, package.version, shown(version)))
                break
    return tuple(found[:MOST_OFFERED])


def _apt_dates(read: Reader) -> list[int]:
    """Give the times that prove that lists were fetched not earlier: apt gives a list the time at which its publisher made it."""
    lists = [f"{LISTS}/{name}" for name in read.names(LISTS) or () if "-security_" in name and name.endswith(("_InRelease", "_Release"))]
    states = [read.state(path) for path in (*lists, *STAMPS)]
    return [state.modified for state in states if state]


def _age(read: Reader, dates: list[int]) -> int:
    if not dates:
        raise CannotObserve(Reason.UNSUPPORTED, "no trace of lists that were fetched")
    return max(0, (now(read) - max(dates)) // DAY)


def _dnf(read: Reader) -> SecurityUpdates:
    has = seen(lambda: _has_notices(read))
    packages = seen(lambda: installed(read))
    offered: tuple[OfferedUpdate, ...] | Unobserved
    if isinstance(packages, Unobserved):
        offered = packages
    elif has is not True:
        offered = has if isinstance(has, Unobserved) else Unobserved(Reason.UNSUPPORTED, f"{DNF_CACHE}: no security notices")
    else:
        offered = seen(lambda: _dnf_offered(read, packages))
    return SecurityUpdates("dnf", has, seen(lambda: _age(read, _dnf_dates(read))), offered, seen(lambda: _locked(read)))


def _has_notices(read: Reader) -> bool:
    if not read.names(DNF_CACHE) and read.names(DNF5_CACHE):
        raise CannotObserve(Reason.UNSUPPORTED, f"{DNF5_CACHE}: what dnf5 has fetched is not read")
    folders = [f"{DNF_CACHE}/{name}/repodata" for name in read.names(DNF_CACHE) or ()]
    return any("updateinfo" in name for folder in folders for name in read.names(folder) or ())


def _dnf_offered(read: Reader, packages: Iterable[Entry]) -> tuple[OfferedUpdate, ...]:
    said = read.command(DNF_OFFERS.argv, seconds=DNF_OFFERS.seconds)
    if said is None or said.status:
        raise CannotObserve(Reason.UNSUPPORTED, "dnf does not answer from what it has fetched")
    held = {(p.name, p.architecture): p.version for p in packages}
    found: dict[tuple[str, str], OfferedUpdate] = {}
    for line in said.stdout.decode("utf-8", "replace").split("\n"):
        words = line.split()
        if len(words) != 3 or not (parts := re.fullmatch(r"(.+)-([^-]+-[^-]+)\.([^.]+)", words[2])):
            continue
        name, version, architecture = parts[1], parts[2], parts[3]
        mine = held.get((name, architecture), "")
        known = found.get((name, architecture))
        if known is None or package_versions.rpm(known.offered, version) < 0:
            found[name, architecture] = OfferedUpdate(shown(name), mine.removeprefix("0:"), shown(version), shown(words[0]))
    return tuple(found[key] for key in sorted(found))[:MOST_OFFERED]


def _dnf_dates(read: Reader) -> list[int]:
    paths = [f"{DNF_CACHE}/{name}/repodata/repomd.xml" for name in read.names(DNF_CACHE) or ()]
    states = [read.state(path) for path in paths]
    return [min(state.modified for state in states if state)] if any(states) else []


def _locked(read: Reader) -> tuple[str, ...]:
    lines = [line for path in VERSIONLOCK for line in (read.file(path) or b"").decode("utf-8", "replace").split("\n")]
    return tuple(shown(line.strip()) for line in lines if line.strip() and not line.lstrip().startswith("#"))

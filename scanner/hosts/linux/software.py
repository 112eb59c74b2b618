"""The collector for installed packages on Linux, and the list of them for the other collectors of software."""

from __future__ import annotations

from dataclasses import dataclass

from scanner.facts.software import InstalledSoftware, Package
from scanner.hosts.base import Names, Reader, Run, Source, collector
from scanner.hosts.linux.base import seen, shown
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason

DPKG_STATUS = "/var/lib/dpkg/status"
DPKG_LIST = Run(("dpkg-query", "-W", "-f=${db:Status-Abbrev}|${Package}|${Version}|${Architecture}\\n"), seconds=20.0)
RPM_HOMES = ("/var/lib/rpm", "/usr/lib/sysimage/rpm")
RPM_LIST = Run(("rpm", "-qa", "--qf", "%{NAME}|%{EPOCHNUM}:%{VERSION}-%{RELEASE}|%{ARCH}\\n"), seconds=30.0)
STATUS_LIMIT = 64_000_000
MOST_PACKAGES = 20_000
READS: tuple[Source, ...] = (Names(DPKG_STATUS), *(Names(f"{home}/rpmdb.sqlite") for home in RPM_HOMES), DPKG_LIST, RPM_LIST)
"""What ``installed`` asks for, for the collectors that call it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One installed package. An RPM version carries its epoch."""

    name: str
    version: str
    architecture: str
    held: bool


def manager(read: Reader) -> str:
    """Name the package manager: ``dpkg``, ``rpm``, or nothing. Raises ``CannotObserve``."""
    if read.state(DPKG_STATUS) is not None:
        return "dpkg"
    files = ("rpmdb.sqlite", "Packages", "Packages.db")
    return "rpm" if any(read.state(f"{home}/{file}") is not None for home in RPM_HOMES for file in files) else ""


def installed(read: Reader) -> tuple[Entry, ...]:
    """Give the installed packages, sorted by name. Raises ``CannotObserve``."""
    match manager(read):
        case "dpkg":
            found = _dpkg(read) if read.live else _dpkg_status(read)
        case "rpm":
            found = _rpm(read)
        case _:
            raise CannotObserve(Reason.UNSUPPORTED, "no list of packages that is known: neither dpkg's nor rpm's")
    if len(found) > MOST_PACKAGES:
        raise CannotObserve(Reason.TOO_LARGE, f"more than {MOST_PACKAGES} packages")
    return tuple(sorted(found, key=lambda e: (e.name, e.architecture, e.version)))


def _dpkg(read: Reader) -> list[Entry]:
    said = read.command(DPKG_LIST.argv, seconds=DPKG_LIST.seconds)
    if said is None or said.status:
        raise CannotObserve(Reason.UNSUPPORTED, "dpkg-query does not give the list of packages")
    found = []
    for line in said.stdout.decode("utf-8", "replace").split("\n"):
        fields = line.split("|")
        # dpkg-query(1): desired action, then status; only what is installed counts, not what left its configuration behind
        if len(fields) == 4 and fields[0][1:2] == "i":
            found.append(Entry(shown(fields[1]), shown(fields[2]), shown(fields[3]), fields[0][:1] == "h"))
    return found


def _dpkg_status(read: Reader) -> list[Entry]:
    found = []
    for stanza in (read.file(DPKG_STATUS, limit=STATUS_LIMIT) or b"").decode("utf-8", "replace").split("\n\n"):
        fields = dict(line.split(": ", 1) for line in stanza.split("\n") if ": " in line and not line.startswith(" "))
        words = fields.get("Status", "").split()
        if words[2:] == ["installed"] and "Package" in fields:
            found.append(
                Entry(shown(fields["Package"]), shown(fields.get("Version", "")), shown(fields.get("Architecture", "")), words[0] == "hold")
            )
    return found


def _rpm(read: Reader) -> list[Entry]:
    said = read.command(RPM_LIST.argv, seconds=RPM_LIST.seconds)
    if said is None or said.status:
        raise CannotObserve(Reason.UNSUPPORTED, "rpm does not give the list of packages")
    lines = [line.split("|") for line in said.stdout.decode("utf-8", "replace").split("\n")]
    return [Entry(shown(f[0]), shown(f[1]), shown(f[2]), held=False) for f in lines if len(f) == 3 and f[0] != "gpg-pubkey"]


@collector(Platform.LINUX, *READS)
def installed_software(read: Reader) -> InstalledSoftware:
    """See which packages are installed."""
    name = manager(read)
    found = seen(lambda: installed(read))
    if not isinstance(found, Unobserved):
        read.keep(f"{name} list", f"{len(found)} packages")
    packages = found if isinstance(found, Unobserved) else tuple(Package(e.name, e.version, e.held) for e in found)
    return InstalledSoftware(name, packages)

"""Cases of the checks of updates and of the software of a machine."""

from __future__ import annotations

from dataclasses import replace

from scanner.facts.readings import Readings
from scanner.facts.software import (
    AutomaticUpdates,
    InstalledSoftware,
    OfferedUpdate,
    OperatingSystem,
    Package,
    PackageSource,
    PackageSources,
    RestartNeed,
    SecurityUpdates,
    Updater,
)
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.checks.cases import Case, case
from tests.checks.endpoint import DENIED, always, off, unknown

GOOD = SecurityUpdates("apt", True, 1, (), ())
OPENSSL = OfferedUpdate("openssl", "3.0.11-1", "3.0.15-1")


def updaters(*found: Updater) -> AutomaticUpdates:
    """What installs updates."""
    return AutomaticUpdates(found)


def unattended(installs: Readings[bool], security: bool | Unobserved = True) -> Updater:
    """Debian's own."""
    return Updater("unattended-upgrades", installs, security)


NEED = RestartNeed("", False, (), "6.1.0-25-amd64", "6.1.0-25-amd64", ())
DEBIAN = OperatingSystem("debian", "12", "Debian 12", "", (), "2026-11-22")
RHEL = OperatingSystem("rhel", "9.4", "Red Hat 9.4", "", (), "2026-11-22")


def windows(system: str, release: str, subscriptions: tuple[str, ...] | Unobserved = ()) -> OperatingSystem:
    """A Windows of an edition and a build."""
    return OperatingSystem(system, release, f"Windows {release}", "", subscriptions, "2026-11-22")


def software(*names: str) -> InstalledSoftware:
    """Packages by name."""
    return InstalledSoftware("dpkg", tuple(Package(name, "1") for name in names))


BLIND = InstalledSoftware("dpkg", DENIED)
MIRROR = PackageSource("/etc/apt/sources.list line 1", "https://deb.example.jp/debian", "https", "deb.example.jp", True)


def sources(*found: PackageSource, lax: tuple[str, ...] | Unobserved = ()) -> PackageSources:
    """Where packages come from."""
    return PackageSources("apt", found, lax)


CASES: dict[str, list[Case]] = {
    "host.updates.security": [
        case(GOOD, says="UPDATES_INSTALLED", args={"days": 1}),
        case(replace(GOOD, offered=(OPENSSL,)), says="UPDATES_MISSING", args={"count": 1, "names": ("openssl 3.0.11-1 → 3.0.15-1",)}),
        case(
            replace(GOOD, offered=(replace(OPENSSL, notice="RHSA-2024:1111"),), lists_days=DENIED),
            says="UPDATES_MISSING",
            args={"names": ("openssl 3.0.11-1 → 3.0.15-1 (RHSA-2024:1111)",)},
        ),
        # old lists show what was missing then, not what is missing now
        case(replace(GOOD, lists_days=8), outcome="undetermined", reason=Reason.STALE),
        case(replace(GOOD, lists_days=8), says="UPDATES_INSTALLED", with_={"most_days": 30}),
        case(replace(GOOD, lists_days=99, offered=(OPENSSL,)), says="UPDATES_MISSING"),
        case(replace(GOOD, lists_days=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(replace(GOOD, offered=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(Unobserved(Reason.UNSUPPORTED), outcome="undetermined", reason=Reason.UNSUPPORTED),
    ],
    "host.updates.lists": [
        case(GOOD, says="LISTS_FRESH", args={"days": 1}),
        case(replace(GOOD, lists_days=7), says="LISTS_FRESH"),
        case(replace(GOOD, lists_days=8), says="LISTS_OLD", args={"days": 8, "limit": 7}),
        case(replace(GOOD, has_lists=False, lists_days=DENIED), says="LISTS_NONE"),
        case(replace(GOOD, has_lists=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(replace(GOOD, lists_days=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "host.updates.held": [
        case(GOOD, says="NOTHING_HELD"),
        case(replace(GOOD, held=("nginx",)), says="PACKAGES_HELD", args={"names": ("nginx",)}),
        case(replace(GOOD, held=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "host.updates.automatic": [
        case(updaters(unattended(always(True, True))), says="AUTOMATIC_ON", args={"name": "unattended-upgrades"}),
        case(updaters(unattended(off(True))), says="AUTOMATIC_ON"),
        case(updaters(), says="AUTOMATIC_NONE"),
        case(updaters(unattended(always(False, False))), says="AUTOMATIC_OFF", args={"place": "place"}),
        case(updaters(unattended(off(False))), says="AUTOMATIC_OFF"),
        case(updaters(unattended(always(True, True), security=False)), says="AUTOMATIC_WITHOUT_SECURITY"),
        case(updaters(unattended(Readings(True, False, True, "x"))), says="AUTOMATIC_NOT_RUNNING"),
        case(updaters(unattended(Readings(True, True, False, "x"))), says="AUTOMATIC_UNTIL_RESTART"),
        case(updaters(unattended(always(False, False)), unattended(always(True, True))), says="AUTOMATIC_ON"),
        case(updaters(unattended(unknown())), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(updaters(unattended(always(False, False)), unattended(unknown())), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(updaters(unattended(always(True, True), DENIED)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(AutomaticUpdates(DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "host.updates.restart": [
        case(NEED, says="RESTART_NOT_NEEDED"),
        # a kernel from outside has no files here
        case(replace(NEED, newest_kernel=None), says="RESTART_NOT_NEEDED"),
        case(replace(NEED, asked=True, asked_by=("linux-image-amd64",)), says="RESTART_ASKED", args={"names": ("linux-image-amd64",)}),
        case(replace(NEED, asked=True, asked_by=DENIED), says="RESTART_ASKED"),
        case(replace(NEED, newest_kernel="6.1.0-26-amd64"), says="KERNEL_OLD", args={"newest": "6.1.0-26-amd64"}),
        case(replace(NEED, stale_programs=("sshd",)), says="PROGRAMS_STALE", args={"names": ("sshd",)}),
        # in a container the kernel is another's matter
        case(replace(NEED, container="lxc", newest_kernel="6.1.0-26-amd64"), says="RESTART_NOT_NEEDED"),
        case(replace(NEED, asked=None, stale_programs=None, running_kernel=None, newest_kernel=None), says="RESTART_NOT_RUNNING"),
        case(replace(NEED, stale_programs=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(replace(NEED, newest_kernel=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(replace(NEED, container=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "host.platform.support": [
        case(DEBIAN, says="SUPPORTED", args={"until": "2028-06-30", "kind": "debian-lts"}),
        # without the LTS team regular support counts, which has ended
        case(DEBIAN, says="SUPPORT_ENDED", args={"until": "2026-07-11"}, with_={"extended": ()}),
        case(replace(DEBIAN, release="13"), says="SUPPORTED", args={"until": "2030-06-30"}),
        case(replace(DEBIAN, release="10"), says="SUPPORT_ENDED", args={"until": "2024-06-30"}),
        case(replace(DEBIAN, release="10"), says="SUPPORTED", with_={"extended": ("debian-elts",)}),
        case(DEBIAN, says="SUPPORT_ENDING", args={"least": 1000}, with_={"least_days": 1000}),
        case(replace(DEBIAN, system="ubuntu", release="20.04"), says="SUPPORT_ENDED", args={"until": "2025-05-29"}),
        case(
            replace(DEBIAN, system="ubuntu", release="20.04", subscriptions=("ubuntu-pro",)), says="SUPPORTED", args={"kind": "ubuntu-pro"}
        ),
        case(replace(DEBIAN, system="ubuntu", release="20.04", subscriptions=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(RHEL, says="SUPPORTED", args={"until": "2032-05-31"}),
        # the day was not read again: to be confirmed, no violation
        case(replace(RHEL, release="7.9"), outcome="undetermined", reason=Reason.UNCONFIRMED),
        # the system's own word beats the table
        case(replace(RHEL, release="7.9", support_end="2030-01-01"), says="SUPPORTED", args={"until": "2030-01-01"}),
        case(replace(RHEL, support_end="2026-11-21"), says="SUPPORT_ENDED"),
        case(replace(RHEL, support_end="2026-11-22"), says="SUPPORTED"),
        case(replace(DEBIAN, system="plan9"), outcome="undetermined", reason=Reason.UNSUPPORTED),
        case(replace(DEBIAN, today=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        # Windows by edition and build; the day differs for Pro and Enterprise
        case(windows("windows", "22631.4460"), says="SUPPORT_ENDED", args={"until": "2025-11-11"}),
        case(windows("windows-enterprise", "26100.1"), says="SUPPORTED", args={"until": "2027-10-12"}),
        case(windows("windows-ltsc", "19044.1"), says="SUPPORTED", args={"until": "2027-01-12"}),
        case(windows("windows", "19045.6456"), says="SUPPORT_ENDED", args={"until": "2025-10-14"}),
        case(windows("windows", "19045.6456"), says="SUPPORTED", args={"kind": "windows-esu"}, with_={"extended": ("windows-esu",)}),
        case(windows("windows", "19045.6456", DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(windows("windows", "99999.1"), outcome="undetermined", reason=Reason.UNSUPPORTED),
    ],
    "host.software.forbidden": [
        case(software("nginx"), outcome="undetermined", reason=Reason.VALUE_NOT_SET),
        case(software("nginx"), says="FORBIDDEN_NONE", args={"count": 1}, with_={"forbidden": ("winny", "*-p2p")}),
        case(software("x-p2p", "nginx"), says="FORBIDDEN_FOUND", args={"names": ("x-p2p",)}, with_={"forbidden": ("*-p2p",)}),
        case(BLIND, outcome="undetermined", reason=Reason.ACCESS_DENIED, with_={"forbidden": ("x",)}),
        case(replace(software("x"), unread=DENIED), says="FORBIDDEN_FOUND", with_={"forbidden": ("x",)}),
        case(replace(software("y"), unread=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED, with_={"forbidden": ("x",)}),
    ],
    "host.software.permitted": [
        case(software("nginx"), outcome="undetermined", reason=Reason.VALUE_NOT_SET),
        case(
            replace(software("nginx"), unread=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED, with_={"permitted": ("nginx",)}
        ),
        case(software("nginx", "libc6"), says="PERMITTED_ONLY", args={"count": 2}, with_={"permitted": ("nginx", "lib*")}),
        case(software("nginx", "games"), says="UNPERMITTED_FOUND", args={"count": 1, "names": ("games",)}, with_={"permitted": ("nginx",)}),
        case(BLIND, outcome="undetermined", reason=Reason.ACCESS_DENIED, with_={"permitted": ("x",)}),
    ],
    "host.software.remote-control": [
        case(software("nginx"), says="REMOTE_CONTROL_NONE", args={"count": 1}),
        case(software("TeamViewer 15", "AnyDesk"), says="REMOTE_CONTROL_FOUND", args={"names": ("TeamViewer 15", "AnyDesk")}),
        case(software("TeamViewer"), says="REMOTE_CONTROL_NONE", with_={"unwanted": ("anydesk*",)}),
        # what some account installed for itself was not seen: a finding stays one, a pass needs all
        case(replace(software("TeamViewer"), unread=DENIED), says="REMOTE_CONTROL_FOUND"),
        case(replace(software("nginx"), unread=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(BLIND, outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "host.software.development": [
        case(replace(software("Visual Studio"), manager="windows"), outcome="undetermined", reason=Reason.UNSUPPORTED),
        case(software("nginx", "gcc-12-base"), says="TOOLS_NONE"),
        case(software("nginx", "make-guile"), says="TOOLS_NONE"),
        case(software("gcc-12", "make"), says="TOOLS_FOUND", args={"names": ("gcc-12", "make")}),
        case(BLIND, outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "host.packages.signatures": [
        case(sources(MIRROR), says="SIGNATURES_ASKED", args={"count": 1}),
        case(sources(replace(MIRROR, signed=False)), says="SOURCES_UNSIGNED"),
        case(sources(MIRROR, lax=("APT::Get::AllowUnauthenticated true",)), says="SIGNATURES_LAX"),
        case(sources(replace(MIRROR, signed=False), lax=DENIED), says="SOURCES_UNSIGNED"),
        case(sources(MIRROR, lax=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(sources(replace(MIRROR, signed=DENIED)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(PackageSources("dnf", DENIED, ()), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "host.packages.sources": [
        case(sources(MIRROR), outcome="undetermined", reason=Reason.VALUE_NOT_SET),
        case(sources(MIRROR), says="SOURCES_APPROVED", args={"hosts": ("deb.example.jp",)}, with_={"approved": ("deb.example.jp",)}),
        case(sources(MIRROR), says="SOURCES_APPROVED", with_={"approved": (".example.jp",)}),
        case(sources(MIRROR), says="SOURCES_UNKNOWN", with_={"approved": ("example.jp", ".b.example.jp")}),
        # media of the machine itself come from nowhere
        case(sources(replace(MIRROR, scheme="cdrom", host="")), says="SOURCES_APPROVED", with_={"approved": ("x",)}),
        case(PackageSources("dnf", DENIED, ()), outcome="undetermined", reason=Reason.ACCESS_DENIED, with_={"approved": ("x",)}),
    ],
    "host.packages.transport": [
        case(sources(MIRROR), says="TRANSPORT_ENCRYPTED"),
        case(sources(MIRROR, replace(MIRROR, scheme="http")), says="TRANSPORT_PLAIN"),
        case(PackageSources("dnf", DENIED, ()), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
}

"""Which Windows a machine runs, whether it waits for a restart, and what is installed on it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Final

from scanner.facts.software import InstalledSoftware, OperatingSystem, Package, RestartNeed
from scanner.hosts.base import Key, collector
from scanner.hosts.seeing import seen, shown
from scanner.hosts.windows.answers import CLOCK
from scanner.hosts.windows.base import CONTROL, MICROSOFT, VERSION, Version, WindowsReader, people, text, version
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason

FIRST_11: Final = 22000
SERVERS: Final = {14393: "2016", 17763: "2019", 20348: "2022", 25398: "23H2", 26100: "2025"}
ENTERPRISE: Final = ("enterprise", "education", "iotenterprise", "serverrdsh")
HOME: Final = ("core", "professional", "cloud", "home", "starter", "ultimate")
EXTENDED: Final = {7601: 0, 9200: 0, 9600: 0, 14393: 0, 19045: 6456}
"""Builds for which updates can be subscribed to after the regular end, with the revision of the last regular update (KB5066791 for
19045; zero where it is not known here)."""
MOST_PACKAGES: Final = 5_000
UNINSTALL: Final = r"Microsoft\Windows\CurrentVersion\Uninstall"
UPDATE: Final = MICROSOFT + r"\Windows\CurrentVersion\WindowsUpdate\Auto Update\RebootRequired"
SERVICING: Final = MICROSOFT + r"\Windows\CurrentVersion\Component Based Servicing\RebootPending"


@collector(Platform.WINDOWS, Key(VERSION), Key(CONTROL + r"\ProductOptions"), CLOCK.source)
def operating_system(read: WindowsReader) -> OperatingSystem:
    """Tell a Windows by its build and edition: its name still says 10 on a Windows 11."""
    found = version(read)
    fact = OperatingSystem(
        system=support_channel(found),
        release=f"{found.build}.{found.revision}",
        name=_name(read, found),
        support_end="",
        subscriptions=_subscriptions(found),
        today=seen(lambda: time.strftime("%Y-%m-%d", time.gmtime(now(read)))),
    )
    read.keep(VERSION, f"{fact.name}, edition {found.edition}")
    return fact


def now(read: WindowsReader) -> int:
    """Give the machine's own time in seconds since 1970. Raises ``CannotObserve``: a machine that does not run has none."""
    return read.ask(CLOCK).seconds


def support_channel(found: Version) -> str:
    """Name the kind of support that an edition gets, as the table of the end of support has it; what it has not is named by itself."""
    edition = found.edition.lower()
    if "eval" in edition or not edition:
        return f"windows-{edition or 'unknown'}"
    if found.server:
        if edition.endswith("acor"):
            return "windows-server-ac"
        known = (
            "serverstandard",
            "serverdatacenter",
            "serveressentials",
            "serversolution",
            "serverstorage",
            "serverturbine",
            "serverhyper",
        )
        return "windows-server" if edition.startswith(known) else f"windows-{edition}"
    if edition.startswith("iotenterprises"):
        return "windows-iot-ltsc"
    if edition in {"enterprises", "enterprisesn"}:
        return "windows-ltsc"
    if edition.startswith(ENTERPRISE):
        return "windows-enterprise"
    return "windows" if edition.startswith(HOME) else f"windows-{edition}"


def _name(read: WindowsReader, found: Version) -> str:
    if found.server:
        known = SERVERS.get(found.build)
        name = f"Windows Server {known}" if known else text(read, VERSION, "ProductName") or "Windows Server"
    elif found.build >= FIRST_11:
        name = "Windows 11"
    else:
        name = "Windows 10" if found.build >= 10240 else text(read, VERSION, "ProductName") or "Windows"
    return shown(" ".join(part for part in (name, found.edition, found.release, f"({found.build}.{found.revision})") if part))


def _subscriptions(found: Version) -> tuple[str, ...] | Unobserved:
    """Say whether updates are subscribed to after the regular end: a machine without any later update takes none."""
    last = EXTENDED.get(found.build)
    if last is None or found.revision <= last:
        return ()
    return Unobserved(Reason.UNSUPPORTED, "updates from after the regular end are installed; for which years they are licensed is not read")


@collector(Platform.WINDOWS, Key(UPDATE), Key(SERVICING))
def restart_need(read: WindowsReader) -> RestartNeed:
    """Tell whether installed updates wait for a restart, by the marks that Windows Update and component servicing set."""
    if not read.live:
        return RestartNeed("", None, (), None, None, None)
    marks = tuple(
        name
        for name, key in (("Windows Update", UPDATE), ("Component Based Servicing", SERVICING))
        if read.values(key) is not None or read.subkeys(key) is not None
    )
    return RestartNeed("", bool(marks), marks, None, None, ())


@collector(
    Platform.WINDOWS,
    Key(rf"HKLM\SOFTWARE\{UNINSTALL}\*"),
    Key(rf"HKLM\SOFTWARE\WOW6432Node\{UNINSTALL}\*"),
    Key(rf"HKU\*\SOFTWARE\{UNINSTALL}\*", root=True),
)
def installed_software(read: WindowsReader) -> InstalledSoftware:
    """List what has an entry of how to remove it: for 64-bit and 32-bit programs, and for each account. Store apps have none."""
    packages = seen(lambda: tuple(sorted(set(_packages(read)), key=lambda p: (p.name.lower(), p.version))))
    if not isinstance(packages, Unobserved):
        read.keep("Uninstall", f"{len(packages)} programs")
    unread = seen(lambda: next((person.settings for person in people(read) if isinstance(person.settings, Unobserved)), None))
    return InstalledSoftware("windows", packages, unread)


def _packages(read: WindowsReader) -> Iterator[Package]:
    keys = [rf"HKLM\SOFTWARE\{UNINSTALL}", rf"HKLM\SOFTWARE\WOW6432Node\{UNINSTALL}"]
    for person in people(read):
        if isinstance(person.settings, Unobserved):
            continue  # said beside the list
        keys += [rf"{person.settings}\SOFTWARE\{UNINSTALL}", rf"{person.settings}\SOFTWARE\WOW6432Node\{UNINSTALL}"]
    count = 0
    for key in keys:
        for name in read.subkeys(key) or ():
            count += 1
            if count > MOST_PACKAGES:
                raise CannotObserve(Reason.TOO_LARGE, f"more than {MOST_PACKAGES} installed programs")
            values = {k.lower(): v for k, v in (read.values(rf"{key}\{name}") or {}).items()}
            title = values.get("displayname")
            # updates of another program say whose they are
            if isinstance(title, str) and title.strip() and not values.get("parentkeyname"):
                given = values.get("displayversion")
                yield Package(shown(title.strip()), shown(given.strip()) if isinstance(given, str) else "")

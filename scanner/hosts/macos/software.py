"""The collectors for the software of macOS: the system itself, applications, and how both are updated. Nothing is fetched."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import partial
from itertools import islice
from typing import Final

from scanner.facts.readings import Readings
from scanner.facts.software import AutomaticUpdates, InstalledSoftware, OfferedUpdate, OperatingSystem, Package, SecurityUpdates, Updater
from scanner.hosts.base import Files, Names, Reader, Run, collector
from scanner.hosts.combining import same
from scanner.hosts.macos.base import PEOPLE, VERSION, managed, managed_files, people, read_plist, said, version
from scanner.hosts.seeing import needed, seen, shown
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import Reason
from scanner.wire import plist

DOMAIN: Final = "com.apple.SoftwareUpdate"
UPDATE: Final = f"/Library/Preferences/{DOMAIN}.plist"
DECLARED: Final = "/private/var/db/softwareupdate/SoftwareUpdateDDMStatePersistence.plist"
NOW: Final = Run(("date", "-u", "+%s"))
APPLICATIONS: Final = "/Applications"
OWN: Final = f"/Users/*{APPLICATIONS}"
DEEP: Final = 1
"""Folders of applications in folders, as Utilities and those of makers; below them nothing is looked for."""
CELLARS: Final = ("/opt/homebrew/Cellar", "/usr/local/Cellar")
MOST: Final = 5_000


def today(read: Reader) -> date | Unobserved:
    """Give the machine's date in UTC."""
    answer = said(read, NOW)
    if isinstance(answer, Unobserved):
        return answer
    if not re.fullmatch(r"\d{9,11}", answer.strip()):
        return Unobserved(Reason.PROTOCOL_VIOLATION, f"date: {shown(answer.strip())[:100]}")
    return datetime.fromtimestamp(int(answer.strip()), UTC).date()


@collector(Platform.MACOS, *VERSION, NOW)
def operating_system(read: Reader) -> OperatingSystem:
    """See which macOS it is. Apple supports by major versions, so the release is that: ``14``, and ``10.15`` before."""
    system = version(read)
    release = str(system.major) if system.major > 10 else f"{system.major}.{system.numbers[1]}"
    day = today(read)
    read.keep("SystemVersion.plist", f"{system.text} ({system.build})")
    return OperatingSystem(
        system="macos",
        release=release,
        name=f"macOS {system.text} ({system.build})",
        support_end="",
        subscriptions=(),
        today=day if isinstance(day, Unobserved) else day.isoformat(),
    )


@collector(
    Platform.MACOS,
    *PEOPLE,
    *(Names(f"{APPLICATIONS}{below}") for below in ("", "/*")),
    *(Files(f"{APPLICATIONS}{below}/*.app/Contents/Info.plist") for below in ("", "/*")),
    *(Names(f"{OWN}{below}", root=True) for below in ("", "/*")),
    *(Files(f"{OWN}{below}/*.app/Contents/Info.plist", root=True) for below in ("", "/*")),
    *(Names(place) for place in CELLARS),
    *(Names(f"{place}/*") for place in CELLARS),
)
def installed_software(read: Reader) -> InstalledSoftware:
    """See which applications stand in the machine's and in each account's folder for them, and what Homebrew put there."""
    found = seen(lambda: tuple(islice(_packages(read), MOST + 1)))
    if isinstance(found, Unobserved):
        return InstalledSoftware("macos", found)
    if len(found) > MOST:
        return InstalledSoftware("macos", Unobserved(Reason.TOO_LARGE, f"more than {MOST} applications"))
    unread = next((one for one in found if isinstance(one, Unobserved)), None)
    return InstalledSoftware("macos", tuple(one for one in found if isinstance(one, Package)), unread)


def _packages(read: Reader) -> Iterator[Package | Unobserved]:
    yield from _applications(read, APPLICATIONS, DEEP)
    for person in people(read):
        yield from _applications(read, f"{person.home}{APPLICATIONS}", DEEP)
    for place in CELLARS:
        for name in read.names(place) or ():
            for number in read.names(f"{place}/{name}") or ():
                if not number.startswith("."):
                    yield Package(shown(name), shown(number))


def _applications(read: Reader, place: str, deep: int) -> Iterator[Package | Unobserved]:
    """Give the applications in a folder, and the reason for each folder that cannot be read."""
    names = seen(partial(read.names, place))
    if isinstance(names, Unobserved):
        yield names
        return
    for name in names or ():
        if name.endswith(".app"):
            held = read_plist(read, f"{place}/{name}/Contents/Info.plist")
            info = {} if held is None or isinstance(held, Unobserved) else held
            number = plist.text(info.get("CFBundleShortVersionString")) or plist.text(info.get("CFBundleVersion")) or ""
            yield Package(shown(name.removesuffix(".app")), shown(number))
        elif deep and not name.startswith("."):
            yield from _applications(read, f"{place}/{name}", deep - 1)


@collector(Platform.MACOS, *VERSION, Files(UPDATE), NOW)
def security_updates(read: Reader) -> SecurityUpdates:
    """See what the last look for updates found. macOS looks by itself once a day; what it found stands in its preferences."""
    held = read_plist(read, UPDATE)
    if held is None or isinstance(held, Unobserved):
        why = held or Unobserved(Reason.UNSUPPORTED, f"{UPDATE} is not there")
        return SecurityUpdates("softwareupdate", why if held else False, why, why, ())
    last = plist.day(held.get("LastSuccessfulDate")) or plist.day(held.get("LastBackgroundSuccessfulDate"))
    now = today(read)
    days: int | Unobserved = Unobserved(Reason.UNSUPPORTED, f"{UPDATE}: no LastSuccessfulDate")
    if last is not None:
        days = now if isinstance(now, Unobserved) else max(0, (now - date.fromisoformat(last)).days)
    installed = version(read).text
    offers = held.get("RecommendedUpdates")
    updates: tuple[OfferedUpdate, ...] | Unobserved = Unobserved(Reason.UNSUPPORTED, f"{UPDATE}: no list of RecommendedUpdates")
    if isinstance(offers, list):
        updates = tuple(_offered(offer, installed) for offer in offers[:MOST])
    return SecurityUpdates("softwareupdate", last is not None, days, updates, ())


def _offered(offer: object, installed: str) -> OfferedUpdate:
    name = plist.text(plist.inside(offer, "Display Name")) or plist.text(plist.inside(offer, "Identifier")) or "?"
    return OfferedUpdate(
        shown(name), installed if "macos" in name.lower() else "", shown(plist.text(plist.inside(offer, "Display Version")) or "")
    )


@collector(Platform.MACOS, *managed_files(DOMAIN), Files(UPDATE), Files(DECLARED, root=True))
def automatic_updates(read: Reader) -> AutomaticUpdates:
    """See whether updates of the system and the answers to attacks are installed unattended."""
    system = _switch(read, "AutomaticallyInstallMacOSUpdates", "automaticallyInstallOSUpdates", default=None)
    security = _switch(read, "CriticalUpdateInstall", "automaticallyInstallSystemAndSecurityUpdates", default=True)
    data = _switch(read, "ConfigDataInstall", "automaticallyInstallSystemAndSecurityUpdates", default=True)
    checks = _switch(read, "AutomaticCheckEnabled", "", default=True)
    installs = _all((checks.after_restart, system.after_restart))
    also = _all((checks.after_restart, security.after_restart, data.after_restart))
    readings: Readings[bool] = same(installs, read.live, system.source)
    return AutomaticUpdates((Updater("softwareupdate", readings, also),))


def _all(parts: tuple[bool | Unobserved, ...]) -> bool | Unobserved:
    if False in parts:
        return False
    return next((part for part in parts if isinstance(part, Unobserved)), True)


def _switch(read: Reader, key: str, declared: str, *, default: bool | None) -> Readings[bool]:
    """Give one switch: a declaration of device management, a profile, the machine's own setting, then the default."""
    state = seen(partial(_declared, read, declared)) if declared else None
    if state is not None:
        return same(state, read.live, DECLARED)
    held = managed(read, DOMAIN, key)
    if isinstance(held, Unobserved):
        return same(held, read.live, f"{DOMAIN} {key}")
    value = plist.flag(held.value)
    if value is not None:
        return same(value, read.live, held.source)
    own = read_plist(read, UPDATE)
    if isinstance(own, Unobserved):
        return same(own, read.live, UPDATE)
    value = plist.flag((own or {}).get(key))
    if value is None:
        value = default
    unset = Unobserved(Reason.UNSUPPORTED, f"{UPDATE}: {key} is not set, and what a new macOS does depends on what its user agreed to")
    return same(unset if value is None else value, read.live, f"{UPDATE} {key}")


def _declared(read: Reader, key: str) -> bool | None:
    """Give what a declaration asks for (macOS 14 and later). It wins over all else, so that without a right to read it all is open."""
    held = needed(read_plist(read, DECLARED))
    fields = plist.inside(held, "SUCorePersistedStatePolicyFields", "SUCoreDDMDeclarationGlobalSettings")
    word = plist.inside(fields, key)
    # 1 always on, 2 always off, 0 as the user likes
    return {1: True, 2: False}.get(word) if isinstance(word, int) else None

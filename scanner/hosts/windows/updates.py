"""How a Windows machine gets its updates: what is missing, whether it comes by itself, and from where. Nothing is searched online."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

from scanner.facts.readings import Readings
from scanner.facts.software import AutomaticUpdates, OfferedUpdate, PackageSource, PackageSources, SecurityUpdates, Updater
from scanner.hosts.base import Key, collector
from scanner.hosts.seeing import seen, shown
from scanner.hosts.windows import answers
from scanner.hosts.windows.base import DISABLED, MICROSOFT, POLICIES, SERVICES, WindowsReader, number, service_start, text, version
from scanner.hosts.windows.powershell import Script, ask, flag, row, rows
from scanner.hosts.windows.system import now
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import filetime

WU: Final = POLICIES + r"\Microsoft\Windows\WindowsUpdate"
AU: Final = WU + r"\AU"
CHOSEN: Final = MICROSOFT + r"\WindowsUpdate\UX\Settings"
HELD: Final = MICROSOFT + r"\WindowsUpdate\UpdatePolicy\Settings"
OLD: Final = MICROSOFT + r"\Windows\CurrentVersion\WindowsUpdate\Auto Update"
MICROSOFTS: Final = "https://update.microsoft.com"
OWN: Final = "Windows"
"""What decides where nothing is set."""
FIRST_10: Final = 10240
DAY: Final = 86_400
MOST_UPDATES: Final = 2_000
SECURITY: Final = frozenset({"0fa1201d-4330-4fa8-ae73-b877473b6441", "e6cf1350-c01b-414d-a61f-263d14d133b4"})
"""The classes "Security Updates" and "Critical Updates"; monthly cumulative updates are of the first."""
SEARCH: Final = Script(
    "Microsoft.Update.Session",
    "$r=(New-Object -ComObject Microsoft.Update.AutoUpdate).Results;"
    "$s=(New-Object -ComObject Microsoft.Update.Session).CreateUpdateSearcher();$s.Online=$false;"
    "$u=@($s.Search('IsInstalled=0 and Type=''Software''').Updates|ForEach-Object{@{id=$_.Identity.UpdateID;kb=@($_.KBArticleIDs|"
    "ForEach-Object{$_});hidden=[bool]$_.IsHidden;since=(S $_.LastDeploymentChangeTime);severity=[string]$_.MsrcSeverity;"
    "classes=@($_.Categories|ForEach-Object{$_.CategoryID})}});"
    "$a=@{searched=(S $r.LastSearchSuccessDate);installed=(S $r.LastInstallationSuccessDate);updates=$u}",
    60.0,
)


@collector(Platform.WINDOWS, SEARCH.source, answers.CLOCK.source)
def security_updates(read: WindowsReader) -> SecurityUpdates:
    """Search what Windows Update found last, without going online. A machine that does not run is not asked."""
    answer = row(ask(read, SEARCH), SEARCH.about)
    searched = answer.get("searched")
    found = rows(answer.get("updates"), SEARCH.about)
    if len(found) > MOST_UPDATES:
        raise CannotObserve(Reason.TOO_LARGE, f"more than {MOST_UPDATES} updates")
    wanted = [one for one in found if SECURITY & {str(c).lower() for c in _list(one.get("classes"))}]
    hidden = {id(one) for one in found if flag(one.get("hidden"), "IsHidden")}
    fact = SecurityUpdates(
        manager="windows-update",
        has_lists=isinstance(searched, str),
        lists_days=seen(lambda: _days(read, searched)),
        offered=tuple(_offered(one) for one in wanted if id(one) not in hidden),
        held=tuple(_name(one) for one in found if id(one) in hidden),
    )
    read.keep(
        SEARCH.about,
        f"searched {searched}, installed {answer.get('installed')}, {len(found)} not installed, {len(wanted)} of them security",
    )
    return fact


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _name(update: object) -> str:
    numbers = [str(kb) for kb in _list(row(update, SEARCH.about).get("kb")) if kb]
    return shown(", ".join(f"KB{kb}" for kb in numbers) or str(row(update, SEARCH.about).get("id")))


def _offered(update: object) -> OfferedUpdate:
    fields = row(update, SEARCH.about)
    return OfferedUpdate(_name(update), "-", shown(str(fields.get("since") or "?"))[:10], shown(str(fields.get("severity") or "")))


def _days(read: WindowsReader, when: object) -> int:
    seconds = filetime.written(when) if isinstance(when, str) else None
    if seconds is None:
        raise CannotObserve(Reason.PROTOCOL_VIOLATION, "no search for updates has ever succeeded")
    return max(0, (now(read) - seconds) // DAY)


@collector(Platform.WINDOWS, Key(AU), Key(WU), Key(CHOSEN), Key(HELD), Key(OLD), Key(SERVICES + r"\wuauserv"), answers.CLOCK.source)
def automatic_updates(read: WindowsReader) -> AutomaticUpdates:
    """Tell whether Windows Update installs by itself, and whose server it asks."""
    server = _server(read)
    told = seen(lambda: _installs(read))
    installs, place = (told, "") if isinstance(told, Unobserved) else told
    read.keep(AU, f"installs by itself: {installs} ({place}); server {server or 'of the maker'}")
    security: bool | Unobserved = True
    if server:
        security = Unobserved(Reason.NO_VANTAGE, f"which updates {shown(server)} offers is decided there")
    source = place or AU
    readings = Readings(None if place == OWN else installs, installs if read.live else None, installs, source)
    return AutomaticUpdates((Updater(f"WSUS ({shown(_host(server))})" if server else "Windows Update", readings, security),))


def _installs(read: WindowsReader) -> tuple[bool, str]:
    """Tell whether updates are installed without anybody's doing, and what decides on it."""
    if service_start(read, "wuauserv") in {None, DISABLED}:
        return False, rf"{SERVICES}\wuauserv"
    if number(read, AU, "NoAutoUpdate") == 1:
        return False, rf"{AU}\NoAutoUpdate"
    if (number(read, HELD, "PausedQualityStatus") or 0) == 1:
        return False, rf"{HELD}\PausedQualityStatus"
    if (until := text(read, CHOSEN, "PauseQualityUpdatesEndTime")) and _is_ahead(read, until):
        return False, rf"{CHOSEN}\PauseQualityUpdatesEndTime"
    options = number(read, AU, "AUOptions")
    if options in {2, 3, 7}:  # asks before fetching, before installing, before both on servers
        return False, rf"{AU}\AUOptions"
    if options == 4:
        return True, rf"{AU}\AUOptions"
    if options is not None:  # 5: an administrator of the machine chooses, by means that differ between versions
        raise CannotObserve(Reason.UNSUPPORTED, rf"{AU}\AUOptions: {options}")
    found = version(read)
    if found.build < FIRST_10:
        old = number(read, OLD, "AUOptions")
        if old is None:
            raise CannotObserve(Reason.UNSUPPORTED, rf"{OLD}\AUOptions: nobody has chosen")
        return old == 4, rf"{OLD}\AUOptions"
    if found.server:  # what is set up differs between versions and can be changed by sconfig
        raise CannotObserve(Reason.UNSUPPORTED, rf"{AU}\AUOptions: no policy, and servers differ in what they do without")
    # Windows 10 and 11 without a policy: automatic (Manage additional Windows Update settings)
    return True, OWN


def _is_ahead(read: WindowsReader, until: str) -> bool:
    when = filetime.written(until)
    if when is None:
        raise CannotObserve(Reason.PROTOCOL_VIOLATION, rf"{CHOSEN}\PauseQualityUpdatesEndTime: no time")
    return datetime.fromtimestamp(when, UTC) > datetime.fromtimestamp(now(read), UTC)


def _server(read: WindowsReader) -> str:
    """Give the address of the organisation's own update server; empty where it is not used."""
    if number(read, AU, "UseWUServer") != 1:
        return ""
    return text(read, WU, "WUServer") or ""


def _host(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


@collector(Platform.WINDOWS, Key(AU), Key(WU))
def package_sources(read: WindowsReader) -> PackageSources:
    """Tell from where Windows' own updates come. Their signatures are always checked; over plain HTTP they can be held back."""
    server = _server(read)
    place = rf"{WU}\WUServer" if server else "Windows"
    address = server or MICROSOFTS
    try:
        parts = urlsplit(address)
        scheme, host = parts.scheme.lower(), parts.hostname or ""
    except ValueError as error:
        raise CannotObserve(Reason.PROTOCOL_VIOLATION, rf"{WU}\WUServer: not an address") from error
    read.keep(place, shown(address))
    others = Unobserved(Reason.UNSUPPORTED, "what is not installed by Windows Update, such as downloaded programs, is not covered")
    return PackageSources("windows-update", (PackageSource(place, shown(address), scheme, host, True),), others)

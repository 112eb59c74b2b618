"""How a Windows machine keeps its clock right: the time service by its settings, policy before preference. Its own words are translated."""

from __future__ import annotations

from typing import Final

from scanner.facts.time_sync import TimeProgram, TimeSource, TimeSync
from scanner.hosts.base import Key, collector
from scanner.hosts.seeing import seen, shown
from scanner.hosts.windows import answers
from scanner.hosts.windows.base import AUTOMATIC, POLICIES, SERVICES, WindowsReader, number, service_start, service_works, text
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason

SERVICE: Final = SERVICES + r"\W32Time"
POLICY: Final = POLICIES + r"\Microsoft\W32time"
DOMAIN: Final = "domain hierarchy"
FOREIGN: Final = {"ntp": "ntpd", "chronyd": "chrony", "meinberg ntp": "ntpd"}
"""Services of other programs that set the clock."""
UNTOLD: Final = Unobserved(Reason.UNSUPPORTED, "the time service tells its state in translated text only")


@collector(
    Platform.WINDOWS,
    Key(SERVICE),
    Key(SERVICE + r"\Parameters"),
    Key(SERVICE + r"\TriggerInfo"),
    Key(SERVICE + r"\TimeProviders\*"),
    Key(POLICY + r"\Parameters"),
    Key(POLICY + r"\TimeProviders\*"),
    answers.SERVICE_STATES.source,
    answers.JOINED.source,
)
def time_sync(read: WindowsReader) -> TimeSync:
    """Give Windows' own time service and others that are installed."""
    return TimeSync(host_clock=False, programs=seen(lambda: tuple(_programs(read))))


def _programs(read: WindowsReader) -> list[TimeProgram]:
    start = service_start(read, "W32Time")
    client = _enabled(read, "NtpClient", absent=True)
    found = []
    if start is not None:
        sources, place = seen(lambda: _sources(read)), rf"{SERVICE}\Parameters"
        if read.value(POLICY + r"\Parameters", "Type") is not None:
            place = POLICY + r"\Parameters"
        starts = start in AUTOMATIC or (start == 3 and read.subkeys(SERVICE + r"\TriggerInfo") is not None)
        running = service_works(read, "w32time")
        if start == 3 and starts and running is False:
            running = True  # outside a domain it is started by a task now and then, and ends again when it has set the clock
        read.keep(place, f"start {start}, client {client}, {sources}")
        found.append(
            TimeProgram(
                name="w32time",
                running=client and running if running is not None else None,
                starts=client and starts,
                sources=sources,
                source=place,
                serves=_enabled(read, "NtpServer", absent=False),
                state=UNTOLD if read.live and running else None,
            )
        )
    for service, name in FOREIGN.items():
        if (other := service_start(read, service)) is not None:
            where = rf"{SERVICES}\{service}"
            unread = Unobserved(Reason.UNSUPPORTED, f"{where}: the settings of another time program are not read")
            running = service_works(read, service)
            found.append(TimeProgram(name, running, other in AUTOMATIC, unread, where, unread, UNTOLD if running else None))
    return found


def _enabled(read: WindowsReader, provider: str, *, absent: bool) -> bool:
    """Tell whether a part of the service is on; without a value the client is, the server is not (Windows Time service settings)."""
    for key in (POLICY, SERVICE):
        value = number(read, rf"{key}\TimeProviders\{provider}", "Enabled")
        if value is not None:
            return value != 0
    return absent


def _sources(read: WindowsReader) -> tuple[TimeSource, ...]:
    """Give the sources; a domain's own are proven by the key that the machine shares with its domain (MS-SNTP)."""
    kind, servers = _parameter(read, "Type"), _parameter(read, "NtpServer")
    if kind is None:
        # written by the set-up: NT5DS on members of a domain, NTP elsewhere
        kind = "NT5DS" if read.ask(answers.JOINED).domain else "NTP"
    match kind.strip().lower():
        case "nosync":
            return ()
        case "nt5ds":
            return (TimeSource(DOMAIN, True),)
        case "ntp" | "allsync":
            if servers is None:
                raise CannotObserve(Reason.UNSUPPORTED, f"{SERVICE}\\Parameters\\NtpServer: none is written, and Windows has used several")
            # a name and flags: "time.windows.com,0x9 ntp.nict.jp,0x8"
            named = tuple(TimeSource(shown(one.split(",")[0]), False) for one in servers.split() if one.split(",")[0])
            return (*named, TimeSource(DOMAIN, True)) if kind.strip().lower() == "allsync" else named
        case other:
            raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"W32Time Type: {shown(other)}")


def _parameter(read: WindowsReader, name: str) -> str | None:
    found = text(read, POLICY + r"\Parameters", name)
    return text(read, SERVICE + r"\Parameters", name) if found is None else found

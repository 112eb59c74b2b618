"""The collector for how macOS keeps its clock right: timed, and the server that it is told to ask."""

from __future__ import annotations

import re
from typing import Final

from scanner.facts.time_sync import TimeProgram, TimeSource, TimeSync
from scanner.hosts.base import Files, Reader, Run, collector
from scanner.hosts.macos.base import LAUNCHD, managed, managed_files, said, switched
from scanner.hosts.seeing import seen, shown
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import Reason
from scanner.wire import plist

ON: Final = Run(("systemsetup", "-getusingnetworktime"), root=True)
SERVER: Final = Run(("systemsetup", "-getnetworktimeserver"), root=True)
NTP: Final = "/etc/ntp.conf"
TIMED, MCX = "com.apple.timed", "com.apple.MCX"


@collector(Platform.MACOS, *LAUNCHD, *managed_files(TIMED, MCX), Files(NTP), ON, SERVER)
def time_sync(read: Reader) -> TimeSync:
    """See whether the clock is set from a network, and from where."""
    on = _on(read)
    sources, place = _sources(read)
    read.keep(place, f"{on}, {sources}")
    state = Unobserved(Reason.UNSUPPORTED, "timed does not tell how far the clock is off") if read.live else None
    return TimeSync(False, (TimeProgram("timed", on if read.live else None, on, sources, place, False, state),))


def _on(read: Reader) -> bool | Unobserved:
    held = managed(read, TIMED, "TMAutomaticTimeOnlyEnabled")
    if isinstance(held, Unobserved):
        return held
    if plist.flag(held.value):
        return True
    ordered = switched(read, TIMED)
    if ordered is False:
        return False
    answer = said(read, ON)
    if isinstance(answer, str) and (match := re.search(r"Network Time: (On|Off)", answer)):
        return match[1] == "On"
    if isinstance(answer, Unobserved):
        return answer
    return Unobserved(
        Reason.ACCESS_DENIED if "administrator access" in answer else Reason.UNSUPPORTED, f"systemsetup: {shown(answer)[:100]}"
    )


def _sources(read: Reader) -> tuple[tuple[TimeSource, ...] | Unobserved, str]:
    held = managed(read, MCX, "timeServer")
    if isinstance(held, Unobserved):
        return held, MCX
    named = plist.text(held.value)
    if named:
        return (TimeSource(shown(named), False),), held.source
    answer = said(read, SERVER)
    if isinstance(answer, str) and (match := re.search(r"Network Time Server: (\S+)", answer)):
        return (TimeSource(shown(match[1]), False),), " ".join(SERVER.argv)
    data = seen(lambda: read.file(NTP))
    if isinstance(data, bytes):
        names = re.findall(r"(?m)^[ \t]*server[ \t]+(\S+)", data.decode("utf-8", "replace"))
        if names:
            return tuple(TimeSource(shown(name), False) for name in names), NTP
    if isinstance(data, Unobserved):
        return data, NTP
    return (answer if isinstance(answer, Unobserved) else Unobserved(Reason.UNSUPPORTED, "no server is named")), NTP

"""The collector for the application firewall of macOS. It looks at incoming connections only; the packet filter pf is asked beside it."""

from __future__ import annotations

import re
from typing import Final

from scanner.facts.firewall import Filter, FilterProgram, Firewall
from scanner.facts.readings import Readings
from scanner.hosts.base import Files, Reader, Run, collector
from scanner.hosts.combining import same
from scanner.hosts.macos.base import VERSION, managed, managed_files, read_plist, said
from scanner.hosts.seeing import shown
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import Reason
from scanner.wire import plist

PROGRAM: Final = "/usr/libexec/ApplicationFirewall/socketfilterfw"
STATE: Final = Run((PROGRAM, "--getglobalstate"))
BLOCKS: Final = Run((PROGRAM, "--getblockall"))
LOGS: Final = Run((PROGRAM, "--getloggingmode"))
PF: Final = Run(("pfctl", "-s", "info"), root=True)
OLD: Final = "/Library/Preferences/com.apple.alf.plist"
"""Gone in macOS 15."""
DOMAIN: Final = "com.apple.security.firewall"
OFF, CHOSEN, ALL = 0, 1, 2
NAME: Final = "application-firewall"


@collector(Platform.MACOS, *VERSION, *managed_files(DOMAIN), Files(OLD), STATE, BLOCKS, LOGS, PF)
def firewall(read: Reader) -> Firewall:
    """See whether incoming connections are refused."""
    configured, lasting, source = _configured(read)
    now = _now(read) if read.live else None
    later = configured if configured is not None else lasting if now is None else now
    logs = _logs(read) if read.live else Unobserved(Reason.UNSUPPORTED, "the machine does not run")
    inbound: Readings[Filter] = Readings(
        None if configured is None else _filter(configured, logs),
        None if now is None else _with_pf(read, _filter(now, logs)),
        _filter(later, logs),
        source,
    )
    outbound: Readings[Filter] = same(Filter(False, ("*",), (), False, ()), read.live, "pf")
    if read.live and not isinstance(_pf(read), bool):
        outbound = same(_unsaid(read), read.live, "pf")
    starts = later if isinstance(later, Unobserved) else later != OFF
    running = now if now is None or isinstance(now, Unobserved) else now != OFF
    return Firewall((FilterProgram(NAME, starts, running),), inbound, inbound, outbound, outbound)


def _configured(read: Reader) -> tuple[int | Unobserved | None, int | Unobserved, str]:
    """Give what a profile asks for, what the machine's own list says, and where."""
    on, everything = managed(read, DOMAIN, "EnableFirewall"), managed(read, DOMAIN, "BlockAllIncoming")
    own = read_plist(read, OLD)
    lasting: int | Unobserved = Unobserved(Reason.UNSUPPORTED, f"{OLD} is not there (macOS 15 and later keep it elsewhere)")
    if isinstance(own, Unobserved):
        lasting = own
    elif own is not None:
        state = plist.whole(own.get("globalstate"))
        lasting = state if state in {OFF, CHOSEN, ALL} else OFF  # off is what a new macOS has
    if isinstance(on, Unobserved) or isinstance(everything, Unobserved):
        why = on if isinstance(on, Unobserved) else everything
        return why if isinstance(why, Unobserved) else None, lasting, DOMAIN
    enabled = plist.flag(on.value)
    if enabled is None:
        return None, lasting, f"{PROGRAM} --getglobalstate" if read.live else OLD
    if not enabled:
        return OFF, lasting, on.source
    return ALL if plist.flag(everything.value) else CHOSEN, lasting, on.source


def _now(read: Reader) -> int | Unobserved:
    """Read ``Firewall is enabled. (State = 1)``; the number is the same in every language."""
    answer = said(read, STATE)
    if isinstance(answer, Unobserved):
        return answer
    match = re.search(r"\(State = ([0-2])\)", answer)
    if not match:
        return Unobserved(Reason.UNSUPPORTED, f"socketfilterfw: {shown(answer.strip())[:200]}")
    if int(match[1]) != CHOSEN:
        return int(match[1])
    blocks = said(read, BLOCKS)
    # "Block all DISABLED!" up to macOS 12, "Firewall has block all state set to disabled." later
    return ALL if isinstance(blocks, str) and re.search(r"(?i)block all (ENABLED|state set to enabled)", blocks) else CHOSEN


def _logs(read: Reader) -> bool | Unobserved:
    """Read ``Log mode is on``, or ``Firewall logging is enabled``; newer versions keep it in the unified log and do not say."""
    answer = said(read, LOGS)
    if isinstance(answer, Unobserved):
        return answer
    match = re.search(r"(?i)(?:log mode is|logging is) (on|off|enabled|disabled|throttled)", answer)
    if match:
        return match[1].lower() not in {"off", "disabled"}
    return Unobserved(Reason.UNSUPPORTED, f"socketfilterfw: {shown(answer.strip())[:100]}")


def _filter(state: int | Unobserved, logs: bool | Unobserved) -> Filter | Unobserved:
    if isinstance(state, Unobserved):
        return state
    if state == OFF:
        return Filter(False, ("*",), (), False, ())
    unclear = () if state == ALL else ("programs that are allowed, and signed ones, may take connections",)
    return Filter(True, (), (), logs, unclear)


def _pf(read: Reader) -> bool | Unobserved:
    """Tell whether the packet filter is at work; ``False`` is what macOS does by itself."""
    answer = said(read, PF)
    if isinstance(answer, Unobserved):
        return answer
    if re.search(r"(?m)^Status: Disabled", answer):
        return False
    return Unobserved(Reason.UNSUPPORTED, "the packet filter pf is enabled, and its rules are not read")


def _with_pf(read: Reader, found: Filter | Unobserved) -> Filter | Unobserved:
    """Leave it open where the application firewall is off and pf may refuse in its place, also where nobody may see whether it does."""
    if isinstance(found, Unobserved) or found.filtered:
        return found
    pf = _pf(read)
    return pf if isinstance(pf, Unobserved) else found


def _unsaid(read: Reader) -> Unobserved:
    pf = _pf(read)
    return pf if isinstance(pf, Unobserved) else Unobserved(Reason.UNSUPPORTED, "pf")

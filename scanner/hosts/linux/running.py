"""The collector for what runs and starts on Linux: units of systemd and what a super-server starts for them."""

from __future__ import annotations

import re

from scanner.facts.services import Services, ServiceState
from scanner.hosts.base import Files, Names, Reader, Run, collector
from scanner.hosts.linux.base import enabled, init, masked, needed, one_file, seen, shown
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason

UNITS = Run(("systemctl", "list-units", "--type=service,socket", "--all", "--no-legend", "--no-pager", "--plain", "--full"), seconds=15.0)
DIRECTORIES = ("/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system")
INETD, XINETD = "/etc/inetd.conf", "/etc/xinetd.d"
SUPER_SERVERS = ("openbsd-inetd.service", "inetutils-inetd.service", "inetd.service", "xinetd.service")
GENERATED = ("/run/systemd/generator", "/run/systemd/generator.late")
"""Where systemd puts the units that it makes of sysvinit scripts and fstab."""
ELSEWHEN = (
    "rescue",
    "emergency",
    "suspend",
    "hibernate",
    "hybrid-sleep",
    "sleep",
    "shutdown",
    "reboot",
    "poweroff",
    "halt",
    "final",
    "exit",
)
"""Targets that are no part of a start."""
MOST_SERVICES = 2_000


@collector(
    Platform.LINUX,
    UNITS,
    Files(INETD),
    Names(XINETD),
    Files(f"{XINETD}/*"),
    *(Names(directory) for directory in (*DIRECTORIES, *GENERATED)),
    *(Names(f"{directory}/*.wants") for directory in (*DIRECTORIES, *GENERATED)),
    *(Names(f"{directory}/*.requires") for directory in (*DIRECTORIES, *GENERATED)),
)
def services(read: Reader) -> Services:
    """See which services start with the machine and which run."""
    found = seen(lambda: (*_units(read), *_by_super_server(read)))
    if not isinstance(found, Unobserved):
        read.keep(
            "systemctl", f"{sum(s.starts is True for s in found)} start with the machine, {sum(s.running is True for s in found)} run"
        )
        if len(found) > MOST_SERVICES:
            found = Unobserved(Reason.TOO_LARGE, f"more than {MOST_SERVICES} services")
    return Services(found)


def _units(read: Reader) -> tuple[ServiceState, ...]:
    if init(read) != "systemd":
        raise CannotObserve(Reason.UNSUPPORTED, "services are started by something else than systemd")
    starting = _starting(read)
    running = seen(lambda: _running(read)) if read.live else None
    names = sorted(starting | (set() if running is None or isinstance(running, Unobserved) else running.keys()))
    found = []
    for unit in names:
        state = running if running is None or isinstance(running, Unobserved) else running.get(unit, "inactive")
        now: bool | Unobserved | None = state if state is None or isinstance(state, Unobserved) else state == "active"
        name, _, kind = unit.rpartition(".")
        if unit in starting or now is True or state == "failed":
            found.append(ServiceState(shown(name), kind, unit in starting, now, state == "failed"))
    return tuple(found)


def _starting(read: Reader) -> set[str]:
    """Give the units that start by themselves: those that links in ``*.wants`` and ``*.requires`` ask for (systemd.unit(5)).

    systemd's own list of unit files says the same and costs seconds, because it looks into every unit there is.
    """
    found = set()
    for directory in (*DIRECTORIES, *(GENERATED if read.live else ())):
        for name in read.names(directory) or ():
            if name.endswith((".wants", ".requires")) and not name.startswith(tuple(f"{target}." for target in ELSEWHEN)):
                units = read.names(f"{directory}/{name}") or ()
                found |= {unit for unit in units if unit.endswith((".service", ".socket"))}
    return {unit for unit in found if not masked(read, unit)}


def _running(read: Reader) -> dict[str, str]:
    said = read.command(UNITS.argv, seconds=UNITS.seconds)
    if said is None or said.status:
        raise CannotObserve(Reason.UNSUPPORTED, "systemctl does not list what runs")
    found = {}
    for line in said.stdout.decode("utf-8", "replace").split("\n"):
        words = line.split()
        if words and words[0] in {"●", "×", "*"}:
            words = words[1:]
        if len(words) > 3:
            found[words[0]] = words[2]
    return found


def _by_super_server(read: Reader) -> tuple[ServiceState, ...]:
    """Give the services of inetd.conf(5) and xinetd.conf(5); they start where one of the super-servers does."""
    names = []
    text = one_file(read, INETD)
    if text:
        lines = [line.split() for line in needed(text.data).decode("utf-8", "replace").split("\n")]
        names += [words[0] for words in lines if len(words) > 5 and not words[0].startswith("#")]
    for name in read.names(XINETD) or ():
        content = (read.file(f"{XINETD}/{name}") or b"").decode("utf-8", "replace")
        for block in re.finditer(r"^\s*service\s+(\S+)\s*\{([^}]*)\}", content, re.MULTILINE):
            off = re.findall(r"^\s*disable\s*=\s*(\S+)", block[2], re.MULTILINE)
            if not off or off[-1].lower() != "yes":
                names.append(block[1])
    if not names:
        return ()
    starts = seen(lambda: any(enabled(read, unit) for unit in SUPER_SERVERS))
    running: bool | Unobserved | None = None
    if read.live:
        states = seen(lambda: _running(read))
        running = states if isinstance(states, Unobserved) else any(states.get(unit) == "active" for unit in SUPER_SERVERS)
    return tuple(ServiceState(shown(name), "inetd", starts, running) for name in dict.fromkeys(names))

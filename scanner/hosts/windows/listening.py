"""What a Windows machine offers and runs: sockets that wait for others, and services by the names that are the same everywhere."""

from __future__ import annotations

import ipaddress
from typing import Final

from scanner.facts.services import ListeningSocket, ListeningSockets, Services, ServiceState
from scanner.hosts.base import Key, collector
from scanner.hosts.seeing import seen, shown
from scanner.hosts.windows import answers
from scanner.hosts.windows.base import SERVICES, WindowsReader, number
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason

DYNAMIC: Final = (49152, 65535)
"""Ports for programs that ask for none, from Windows Vista on; another range can be set, which is not read."""
MOST: Final = 5_000
SYSTEM: Final = 4
"""The process of the kernel itself; 0 is nobody's."""
PROCESSES: Final = 0x10 | 0x20
"""Types of services that are programs: SERVICE_WIN32_OWN_PROCESS and SERVICE_WIN32_SHARE_PROCESS; the rest are drivers."""
RUNNING: Final = frozenset({2, 4, 5, 6, 7})
"""Every state but stopped and stopping."""
NEVER_STARTED: Final = 1077
"""ERROR_SERVICE_NEVER_STARTED: no failure."""


@collector(Platform.WINDOWS, answers.SOCKETS.source)
def listening_sockets(read: WindowsReader) -> ListeningSockets:
    """Give every socket that waits, TCP and UDP."""
    told = read.ask(answers.SOCKETS).sockets
    if len(told) > MOST:
        raise CannotObserve(Reason.TOO_LARGE, f"more than {MOST} sockets")
    found = set(map(_socket, told))
    read.keep(answers.SOCKETS.call, ", ".join(sorted({f"{s.port}/{s.protocol}" for s in found if not s.loopback})))
    return ListeningSockets(tuple(sorted(found, key=lambda s: (s.protocol, s.port, s.address, str(s.program)))), DYNAMIC)


def _socket(one: answers.Waiting) -> ListeningSocket:
    try:
        address = ipaddress.ip_address(one.address.split("%")[0])
    except ValueError as error:
        raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"{answers.SOCKETS.call}: not an address: {shown(one.address)}") from error
    program: str | Unobserved = shown(one.program)
    if not program and one.process > SYSTEM:
        program = Unobserved(Reason.ACCESS_DENIED, f"process {one.process}")
    return ListeningSocket(one.protocol, "" if address.is_unspecified else one.address, one.port, address.is_loopback, program)


@collector(Platform.WINDOWS, Key(SERVICES + r"\*"), answers.SERVICE_STATES.source)
def services(read: WindowsReader) -> Services:
    """Give the services that start with the machine, on an event, or run. Those started on demand alone are there while they run only."""
    return Services(seen(lambda: _services(read)))


def _services(read: WindowsReader) -> tuple[ServiceState, ...]:
    names = read.subkeys(SERVICES)
    if names is None:
        raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"{SERVICES}: there are none")
    if len(names) > MOST:
        raise CannotObserve(Reason.TOO_LARGE, f"more than {MOST} services")
    told = seen(lambda: {one.name.lower(): one for one in read.ask(answers.SERVICE_STATES).services}) if read.live else None
    found = []
    for name in names:
        key = rf"{SERVICES}\{name}"
        kind, start = number(read, key, "Type"), number(read, key, "Start")
        if kind is None or start is None or not kind & PROCESSES:
            continue
        running: bool | Unobserved | None = None
        failed = False
        if isinstance(told, Unobserved):
            running = told
        elif told is not None:
            state = told.get(name.lower())
            running = state is not None and state.state in RUNNING
            failed = state is not None and state.state == 1 and start == 2 and state.exit not in {0, NEVER_STARTED}
        triggered = start == 3 and read.subkeys(rf"{key}\TriggerInfo") is not None
        if start == 2 or triggered or running is True or isinstance(running, Unobserved):
            found.append(ServiceState(shown(name), "trigger" if triggered else "service", start == 2 or triggered, running, failed))
    starting = [s.name for s in found if s.starts is True]
    read.keep(SERVICES, f"{len(starting)} start with the machine: {', '.join(starting)}")
    return tuple(found)

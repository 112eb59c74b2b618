"""The collectors for what macOS offers: sharing services of launchd, and listening sockets."""

from __future__ import annotations

import re
from functools import partial
from typing import Final

from scanner.facts.services import ListeningSocket, ListeningSockets, Services, ServiceState
from scanner.hosts.base import Reader, Run, collector
from scanner.hosts.macos.base import LAUNCHD, said, switched
from scanner.hosts.seeing import needed, seen, shown
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason

LOADED: Final = Run(("launchctl", "list"), root=True)
WHO: Final = Run(("id", "-u"))
SOCKETS: Final = Run(("lsof", "-nP", "+c", "0", "-iTCP", "-sTCP:LISTEN", "-iUDP", "-FpcPn"), seconds=20.0, root=True)
PORTS: Final = Run(("sysctl", "-n", "net.inet.ip.portrange.first", "net.inet.ip.portrange.last"))
SHARING: Final = {
    "com.openssh.sshd": "sshd",
    "com.apple.screensharing": "screensharing",
    "com.apple.RemoteDesktop.agent": "ARDAgent",
    "com.apple.smbd": "smbd",
    "com.apple.AEServer": "AEServer",
    "com.apple.tftpd": "tftpd",
    "com.apple.ftpd": "ftpd",
    "com.apple.telnetd": "telnetd",
    "com.apple.nfsd": "nfsd",
    "com.apple.uucp": "uucp",
    "com.apple.InternetSharing": "InternetSharing",
    "com.apple.ODSAgent": "ODSAgent",
    "com.apple.rfbd": "rfbd",
    "org.apache.httpd": "httpd",
    "org.cups.cupsd": "cupsd",
}
"""Services that others reach, by their labels. All but the last are kept from starting where nobody ordered otherwise."""
ON: Final = frozenset({"org.cups.cupsd"})
MOST: Final = 20_000


@collector(Platform.MACOS, *LAUNCHD, LOADED)
def services(read: Reader) -> Services:
    """See which sharing services start with the machine or are loaded now."""
    labels = seen(partial(loaded, read)) if read.live else None
    return Services(tuple(_state(read, label, name, labels) for label, name in SHARING.items()))


def _state(read: Reader, label: str, name: str, labels: frozenset[str] | Unobserved | None) -> ServiceState:
    ordered = switched(read, label)
    starts = label in ON if ordered is None else ordered
    running = labels if labels is None or isinstance(labels, Unobserved) else label in labels
    return ServiceState(name, "service", starts, running)


def loaded(read: Reader) -> frozenset[str]:
    """Give the labels that launchd has loaded: of the system where root asks, else of one session only, which proves nothing."""
    _as_root(read)
    answer = needed(said(read, LOADED))
    return frozenset(line.split("\t")[2].strip() for line in answer.split("\n")[1:] if line.count("\t") >= 2)


def _as_root(read: Reader) -> None:
    who = needed(said(read, WHO))
    if who.strip() != "0":
        raise CannotObserve(Reason.ACCESS_DENIED, "only the administrator sees what belongs to all accounts")


@collector(Platform.MACOS, WHO, SOCKETS, PORTS)
def listening_sockets(read: Reader) -> ListeningSockets:
    """See where something waits for others. An ordinary account sees its own programs only, which proves nothing."""
    _as_root(read)
    answer = needed(said(read, SOCKETS))
    ports = said(read, PORTS)
    numbers = re.findall(r"\d+", ports) if isinstance(ports, str) else []
    first, last = (int(numbers[0]), int(numbers[1])) if len(numbers) == 2 else (49152, 65535)  # IANA's, and macOS's default
    return ListeningSockets(sockets(answer), (first, last))


def sockets(output: str) -> tuple[ListeningSocket, ...]:
    """Read the fields of lsof(8): ``p`` and ``c`` for a process, then ``P`` and ``n`` for each of its sockets. Raises ``CannotObserve``."""
    found: dict[ListeningSocket, None] = {}
    program = protocol = ""
    lines = output.split("\n")
    if len(lines) > MOST:
        raise CannotObserve(Reason.TOO_LARGE, f"lsof: more than {MOST} lines")
    for line in lines:
        kind, value = line[:1], line[1:]
        if kind == "c":
            program = shown(re.sub(r"\\x([0-9a-f]{2})", lambda m: chr(int(m[1], 16)), value))
        elif kind == "P":
            protocol = value.lower()
        elif kind == "n" and protocol in {"tcp", "udp"} and "->" not in value:
            address, _, port = value.rpartition(":")
            if port.isdecimal() and int(port) < 65536:
                plain = address.strip("[]").partition("%")[0]
                plain = "" if plain in {"*", "0.0.0.0", "::"} else plain  # noqa: S104  compared, not bound
                loopback = plain == "::1" or plain.startswith("127.")
                found[ListeningSocket(protocol, plain, int(port), loopback, program)] = None
    return tuple(found)

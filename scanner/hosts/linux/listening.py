"""The collector for listening sockets on Linux: ss(8), or the kernel's own tables where it is missing."""

from __future__ import annotations

import ipaddress

from scanner.facts.services import ListeningSocket, ListeningSockets
from scanner.hosts.base import Files, Reader, Run, collector
from scanner.hosts.linux.base import first_line, needed, parsed, shown
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import sockets

LIST = Run(("ss", "-H", "-tulpn"), root=True)
RANGE = "/proc/sys/net/ipv4/ip_local_port_range"
USUAL = (32768, 60999)
"""The kernel's own range of short-lived ports (ip-sysctl.rst)."""


@collector(Platform.LINUX, LIST, Files(RANGE), *(Files(f"/proc/net/{name}") for name in ("tcp", "tcp6", "udp", "udp6")))
def listening_sockets(read: Reader) -> ListeningSockets:
    """See where the machine listens."""
    if not read.live:
        raise CannotObserve(Reason.UNSUPPORTED, "the machine does not run, so nothing listens")
    said = read.command(LIST.argv)
    if said is not None and not said.status:
        found = needed(parsed("ss", said.stdout, sockets.of_ss))
    else:
        found = tuple(
            waiting
            for name in ("tcp", "tcp6", "udp", "udp6")
            if (data := read.file(f"/proc/net/{name}", limit=16_000_000)) is not None
            for waiting in needed(parsed(f"/proc/net/{name}", data, lambda data, name=name: sockets.of_proc(data, name[:3])))  # type: ignore[misc]  # the default argument binds the loop's name
        )
    # Without root's rights ss names the programs of the account alone; then a missing name says nothing.
    named = any(waiting.program for waiting in found)
    hidden = Unobserved(Reason.ACCESS_DENIED, "which program listens is shown to root only")
    ordered = sorted({(w.protocol, w.port, w.address or "", w.program or "") for w in found})
    for protocol, port, address, program in ordered[:40]:
        read.keep("ss -tulpn", f"{protocol} {address or '*'}:{port} {shown(program)}")
    listed = tuple(
        ListeningSocket(
            protocol, address, port, bool(address) and ipaddress.ip_address(address).is_loopback, shown(program) if named else hidden
        )
        for protocol, port, address, program in ordered
    )
    words = (first_line(read, RANGE) or "").split()
    short = (int(words[0]), int(words[1])) if len(words) == 2 and all(word.isdecimal() for word in words) else USUAL
    return ListeningSockets(listed, short)

"""The time that a running Linux machine has, told from its own files. A mounted root has none."""

from __future__ import annotations

from scanner.hosts.base import Files, Reader, Source
from scanner.model.reason import CannotObserve, Reason

READS: tuple[Source, ...] = (Files("/proc/stat"), Files("/proc/uptime"))
"""What ``now`` asks for, for the collectors that call it."""


def now(read: Reader) -> int:
    """Give the machine's time in seconds since 1970. Raises ``CannotObserve``."""
    if not read.live:
        raise CannotObserve(Reason.UNSUPPORTED, "the machine does not run, so it has no time")
    boot = next((line.split()[1] for line in (read.file("/proc/stat") or b"").split(b"\n") if line.startswith(b"btime ")), b"")
    up = (read.file("/proc/uptime") or b"").split(b".")[0]
    if not boot.isdigit() or not up.isdigit():
        raise CannotObserve(Reason.UNSUPPORTED, "/proc/stat, /proc/uptime: the machine's time cannot be told")
    return int(boot) + int(up)

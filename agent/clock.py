"""What a report says of time: the wall clock, this start of the machine, and how long it has run by a clock that nobody sets."""

from __future__ import annotations

import re
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from scanner.protocol.report import UNKNOWN_BOOT

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def now() -> str:
    """Give the wall clock in UTC, whole seconds."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def boot() -> str:
    """Name this start of the machine; ``unknown`` where the system has no name for it."""
    try:
        text = _BOOT_ID.read_text("ascii").strip()
    except (OSError, ValueError):
        return UNKNOWN_BOOT
    return text if re.fullmatch(r"[0-9a-f-]{36}", text) else UNKNOWN_BOOT


def uptime() -> int:
    """Give the seconds since the start, time asleep included."""
    return int(running())


def running() -> float:
    """Give the seconds by a clock that nobody sets and that goes on in sleep, as ``time.monotonic`` does on Windows only."""
    if sys.platform == "win32":
        return time.monotonic()
    else:  # noqa: RET505  mypy calls what follows a branch for Windows unreachable there
        # clock_gettime(2) of Linux; that of macOS has no CLOCK_BOOTTIME, and its CLOCK_MONOTONIC goes on in sleep
        return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))

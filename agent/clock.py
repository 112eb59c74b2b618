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
    """Give the seconds since the start, time asleep included where the system counts it."""
    if sys.platform != "win32" and hasattr(time, "CLOCK_BOOTTIME"):  # macOS has none
        return int(time.clock_gettime(time.CLOCK_BOOTTIME))
    return int(time.monotonic())

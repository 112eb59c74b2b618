"""The collectors for removable media on macOS: mounting, starting, and what may keep USB storage out."""

from __future__ import annotations

import re
from functools import partial
from typing import Final

from scanner.facts.readings import Hold, Readings
from scanner.facts.removable_media import AutoMount, AutoRun, Barrier, BarrierKind, Mounter, UsbStorage
from scanner.hosts.base import Reader, Run, collector
from scanner.hosts.combining import same
from scanner.hosts.macos.base import VERSION, managed, managed_files, said, version
from scanner.hosts.seeing import seen
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import Reason
from scanner.wire import plist

ENROLLED: Final = Run(("profiles", "status", "-type", "enrollment"), seconds=20.0, root=True)
MODEL: Final = Run(("sysctl", "-n", "hw.optional.arm64"))
ACCESS: Final = "com.apple.applicationaccess"
DECLARED: Final = 15
"""The first macOS whose device management can forbid external storage by a declaration (diskmanagement.settings)."""
ASKS: Final = 13
"""The first macOS that asks before a new accessory is let in, on portables with Apple silicon."""


@collector(Platform.MACOS, *VERSION, ENROLLED)
def auto_mount(read: Reader) -> AutoMount:
    """See whether media are mounted unasked: diskarbitrationd always does, unless device management forbids external storage."""
    barred = _declared(read)
    mounts: Readings[bool] = same(barred if isinstance(barred, Unobserved) else True, read.live, "diskarbitrationd")
    return AutoMount((Mounter("macos", "", mounts, None, fixed=True, through_service=False),), None)


@collector(Platform.MACOS, *VERSION)
def auto_run(read: Reader) -> AutoRun:
    """Say that macOS starts nothing from media: it has no such function."""
    seen(partial(version, read))
    return AutoRun(())


@collector(Platform.MACOS, *VERSION, *managed_files(ACCESS), ENROLLED, MODEL)
def usb_storage(read: Reader) -> UsbStorage:
    """See what may keep USB storage out: a declaration of device management, and the question before a new accessory is let in."""
    return UsbStorage((Barrier(BarrierKind.ACCESS, _access(read)), Barrier(BarrierKind.AUTHORISATION, _asks(read))))


def _declared(read: Reader) -> Unobserved | None:
    """Tell why it cannot be known whether a declaration forbids external storage; ``None``: none does."""
    system = seen(partial(version, read))
    if isinstance(system, Unobserved):
        return system
    if system.major < DECLARED:
        return None
    answer = said(read, ENROLLED)
    if isinstance(answer, Unobserved):
        return answer
    if re.search(r"(?m)^MDM enrollment:\s*No", answer):
        return None
    return Unobserved(Reason.UNSUPPORTED, "declarations of device management about external storage cannot be read")


def _access(read: Reader) -> Readings[Hold]:
    why = _declared(read)
    return same(why or Hold.NONE, read.live, "com.apple.configuration.diskmanagement.settings")


def _asks(read: Reader) -> Readings[Hold]:
    """Tell whether somebody has to agree to a new accessory. It is asked once for each, of whoever sits there: never a full barrier."""
    source = f"{ACCESS} allowUSBRestrictedMode"
    held = managed(read, ACCESS, "allowUSBRestrictedMode")
    if isinstance(held, Unobserved):
        return same(held, read.live, source)
    system = seen(partial(version, read))
    if isinstance(system, Unobserved):
        return same(system, read.live, source)
    if plist.flag(held.value) is False or system.major < ASKS:
        return same(Hold.NONE, read.live, held.source)
    silicon = said(read, MODEL)
    if isinstance(silicon, Unobserved):
        return same(silicon, read.live, source)
    return same(Hold.PARTIAL if silicon.strip() == "1" else Hold.NONE, read.live, held.source)

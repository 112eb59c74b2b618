"""The collectors for how macOS starts and what its kernel enforces: Secure Boot, a locked recovery system, integrity protection."""

from __future__ import annotations

import re
from typing import Final

from scanner.facts.kernel import Confinement, Enforcement, MandatoryAccessControl, Startup
from scanner.hosts.base import Reader, Run, collector
from scanner.hosts.combining import same
from scanner.hosts.macos.base import said
from scanner.hosts.seeing import shown
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import Reason

SECURITY: Final = Run(("/usr/libexec/mdmclient", "QuerySecurityInfo"), seconds=20.0, root=True)
SIP: Final = Run(("csrutil", "status"))
NOT_HERE: Final = Unobserved(Reason.UNSUPPORTED, "there is no such question on macOS")


@collector(Platform.MACOS, SECURITY)
def startup(read: Reader) -> Startup:
    """See how the machine starts, as far as device management itself is told."""
    told = said(read, SECURITY)
    return Startup(
        container="",
        firmware="uefi" if read.live else None,
        secure_boot=_secure_boot(told) if read.live else None,
        loader="",
        loader_password=_locked(told),
        loader_files=(),
        restarts_on_keys=same(False, read.live, "macOS"),
        rescue_asks=_locked(told),
        lockdown=NOT_HERE,
        flaws=NOT_HERE,
        mitigations_off=NOT_HERE,
    )


def _secure_boot(told: str | Unobserved) -> bool | Unobserved:
    """Read ``SecureBootLevel = full``; with ``medium`` older systems start, with ``off`` any; Macs without the chip name none."""
    if isinstance(told, Unobserved):
        return told
    match = re.search(r"SecureBootLevel[ \t]*=[ \t]*\"?([A-Za-z]+)", told)
    if not match:
        return Unobserved(Reason.UNSUPPORTED, "mdmclient names no SecureBootLevel")
    level = match[1].lower()
    if level in {"full", "medium", "off"}:
        return level == "full"
    return Unobserved(Reason.UNSUPPORTED, f"SecureBootLevel {shown(level)}")


def _locked(told: str | Unobserved) -> bool | Unobserved:
    """Tell whether the recovery system asks for a password (Apple silicon), or the firmware does (Intel)."""
    if isinstance(told, Unobserved):
        return told
    match = re.search(r"(?:IsRecoveryLockEnabled|PasswordExists)[ \t]*=[ \t]*([01])\b", told)
    return match[1] == "1" if match else Unobserved(Reason.UNSUPPORTED, "mdmclient does not tell of a lock of the recovery system")


@collector(Platform.MACOS, SIP)
def mandatory_access_control(read: Reader) -> MandatoryAccessControl:
    """See whether System Integrity Protection is enforced; only its own full sentence counts."""
    told = said(read, SIP)
    state: Enforcement | Unobserved = told if isinstance(told, Unobserved) else _state(told)
    profiles = state if isinstance(state, Unobserved) else int(state is Enforcement.ENFORCING)
    return MandatoryAccessControl(
        "", (Confinement("System Integrity Protection", same(state, read.live, "csrutil status"), (), (), profiles),)
    )


def _state(told: str) -> Enforcement | Unobserved:
    match = re.search(r"System Integrity Protection status: (enabled|disabled|unknown)\b(.*)", told)
    if match and match[1] == "enabled" and match[2].strip() in {".", ""}:
        return Enforcement.ENFORCING
    if match and match[1] == "disabled":
        return Enforcement.OFF
    return Unobserved(Reason.UNSUPPORTED, f"csrutil: {shown(told.strip())[:200]}")

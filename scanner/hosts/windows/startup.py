"""How a Windows machine starts: firmware, Secure Boot, the module that keeps keys (TPM), and settings that leave processor flaws open."""

from __future__ import annotations

from typing import Final

from scanner.facts.kernel import Startup
from scanner.facts.readings import Readings
from scanner.facts.tpm import SecurityModule
from scanner.hosts.base import Key, collector
from scanner.hosts.seeing import seen
from scanner.hosts.windows import answers
from scanner.hosts.windows.base import CONTROL, WindowsReader, number
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason

SECURE_BOOT: Final = CONTROL + r"\SecureBoot\State"
MEMORY: Final = CONTROL + r"\Session Manager\Memory Management"
OVERRIDE, OVERRIDE_MASK = "FeatureSettingsOverride", "FeatureSettingsOverrideMask"
OPEN: Final = 3
"""Bits that switch off the mitigations of Spectre variant 2 and of Meltdown (KB4073119, KB4072698)."""
NOT_ASKED: Final = Unobserved(Reason.UNSUPPORTED, "not asked on Windows")


@collector(Platform.WINDOWS, Key(SECURE_BOOT), Key(MEMORY), answers.FIRMWARE.source)
def startup(read: WindowsReader) -> Startup:
    """Give what a Windows machine has of these: its boot loader has no entries to change without BitLocker noticing, and no lockdown."""
    firmware = seen(lambda: _firmware(read)) if read.live else None
    state = seen(lambda: number(read, SECURE_BOOT, "UEFISecureBootEnabled"))
    secure: bool | Unobserved | None
    if firmware is None or firmware == "bios":
        secure = None
    elif isinstance(state, Unobserved):
        secure = state
    elif state is None and isinstance(firmware, Unobserved):
        secure = firmware
    else:
        # absent: the key is made on machines whose firmware has Secure Boot only
        secure = state == 1
    read.keep(SECURE_BOOT, f"firmware {firmware}, UEFISecureBootEnabled {state}")
    return Startup(
        container="",
        firmware=firmware,
        secure_boot=secure,
        loader="",
        loader_password=None,
        loader_files=(),
        restarts_on_keys=_keys(read),
        rescue_asks=NOT_ASKED,
        lockdown=None,
        flaws=NOT_ASKED,
        mitigations_off=seen(lambda: _mitigations(read)),
    )


def _firmware(read: WindowsReader) -> str:
    if number(read, SECURE_BOOT, "UEFISecureBootEnabled") == 1:
        return "uefi"
    uefi = read.ask(answers.FIRMWARE).uefi
    if uefi is None:
        raise CannotObserve(Reason.UNSUPPORTED, f"{answers.FIRMWARE.call}: Windows could not tell")
    return "uefi" if uefi else "bios"


def _keys(read: WindowsReader) -> Readings[bool]:
    """Say that Ctrl-Alt-Del opens the log-on screen, on every Windows."""
    return Readings(None, False if read.live else None, False, "Windows")


def _mitigations(read: WindowsReader) -> Readings[bool]:
    """Tell whether an administrator switched mitigations off; without both values Windows decides, and has them on."""
    value, mask = number(read, MEMORY, OVERRIDE), number(read, MEMORY, OVERRIDE_MASK)
    off = value is not None and mask is not None and bool(value & mask & OPEN)
    # read at the start: what is in force now may be older than what is written
    now: bool | Unobserved | None = None
    if read.live:
        now = False if not off else Unobserved(Reason.UNSUPPORTED, "whether the machine was restarted since it was written is not known")
    return Readings(None if value is None else off, now, off, rf"{MEMORY}\{OVERRIDE}")


@collector(Platform.WINDOWS, answers.FIRMWARE.source)
def security_module(read: WindowsReader) -> SecurityModule:
    """Ask for the TPM that Windows can use."""
    version = read.ask(answers.FIRMWARE).tpm_version
    read.keep(answers.FIRMWARE.call, f"TPM {version}")
    return SecurityModule({None: "", 1: "1.2", 2: "2.0"}.get(version, "unknown"))

"""Secrets of log-ons that a Windows machine keeps: WDigest, protection of the LSA, automatic log-on, cached log-ons, LAPS. None is read."""

from __future__ import annotations

from functools import partial
from typing import Final

from scanner.facts.credentials import KeptCredentials
from scanner.facts.readings import Readings
from scanner.hosts.base import Key, collector
from scanner.hosts.seeing import seen
from scanner.hosts.windows import answers
from scanner.hosts.windows.base import CONTROL, MICROSOFT, POLICIES, VERSION, WINLOGON, WindowsReader, number, text, version
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason

WDIGEST: Final = CONTROL + r"\SecurityProviders\WDigest"
LSA: Final = CONTROL + r"\Lsa"
LSA_POLICY: Final = POLICIES + r"\Microsoft\Windows\System"
LAPS: Final = (
    (MICROSOFT + r"\Policies\LAPS", "BackupDirectory"),
    (MICROSOFT + r"\Windows\CurrentVersion\Policies\LAPS", "BackupDirectory"),
    (POLICIES + r"\Microsoft Services\AdmPwd", "AdmPwdEnabled"),
)
"""Windows LAPS by management and by Group Policy (1: Entra, 2: Active Directory), and the older Microsoft LAPS (1)."""
FIRST_WITHOUT: Final = 9600
"""Build from which WDigest keeps nothing unless it is told to (Windows 8.1)."""
FIRST_PROTECTED: Final = 22621
"""Build from which new installations of clients protect the LSA by themselves, under conditions that the registry does not tell."""
USUAL_CACHE: Final = 10


@collector(
    Platform.WINDOWS,
    Key(WDIGEST),
    Key(LSA),
    Key(LSA_POLICY),
    Key(WINLOGON),
    *(Key(key) for key, _ in LAPS),
    Key(VERSION),
    Key(CONTROL + r"\ProductOptions"),
    answers.JOINED.source,
)
def kept_credentials(read: WindowsReader) -> KeptCredentials:
    """Give what is kept, with Windows' own defaults where nothing is set."""
    rotates, source = _laps(read)
    fact = KeptCredentials(
        clear_text=seen(lambda: _clear_text(read)),
        protected=_protected(read),
        # a text: "1"; the password itself, in the registry or as a secret of the LSA, is not looked at
        logs_on_alone=seen(lambda: number(read, WINLOGON, "AutoAdminLogon") == 1),
        cached=seen(lambda: _cached(read)),
        joined=seen(lambda: read.ask(answers.JOINED).domain),
        rotates=rotates,
        source=source,
    )
    read.keep(
        LSA, f"WDigest {fact.clear_text}, protected {fact.protected.after_restart}, automatic log-on {fact.logs_on_alone}, LAPS {rotates}"
    )
    return fact


def _clear_text(read: WindowsReader) -> bool:
    value = number(read, WDIGEST, "UseLogonCredential")
    return value == 1 if value is not None else version(read).build < FIRST_WITHOUT


def _protected(read: WindowsReader) -> Readings[bool]:
    for key in (LSA_POLICY, LSA):
        value = seen(partial(number, read, key, "RunAsPPL"))
        if isinstance(value, Unobserved):
            return Readings(value, value, value, rf"{key}\RunAsPPL")
        if value is not None:
            on = value in {1, 2}
            later = Unobserved(Reason.UNSUPPORTED, "it changes with a restart only; when the value was written is not known")
            # protection that is on cannot be taken off without a restart either
            return Readings(on, (later if on else on) if read.live else None, on, rf"{key}\RunAsPPL")
    absent = seen(lambda: _by_itself(read))
    return Readings(None, absent if read.live else None, absent, rf"{LSA}\RunAsPPL")


def _by_itself(read: WindowsReader) -> bool:
    found = version(read)
    if not found.server and found.build >= FIRST_PROTECTED:
        raise CannotObserve(
            Reason.UNSUPPORTED, rf"{LSA}\RunAsPPL: not set, and new installations of this version protect the LSA by themselves"
        )
    return False


def _cached(read: WindowsReader) -> int:
    value = number(read, WINLOGON, "CachedLogonsCount") if text(read, WINLOGON, "CachedLogonsCount") is not None else None
    return USUAL_CACHE if value is None else value


def _laps(read: WindowsReader) -> tuple[bool | Unobserved, str]:
    for key, name in LAPS:
        value = seen(partial(number, read, key, name))
        if isinstance(value, Unobserved):
            return value, rf"{key}\{name}"
        if value is not None:
            return value in {1, 2}, rf"{key}\{name}"
    return False, rf"{LAPS[1][0]}\{LAPS[1][1]}"

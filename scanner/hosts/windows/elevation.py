"""How programs come by an administrator's rights on Windows: User Account Control and the policies of Windows Installer.

Where a value is absent, Windows' own default holds.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from scanner.facts.elevation import Elevation, InstallerRights, OwnHalf, Prompt
from scanner.facts.readings import Readings
from scanner.hosts.base import Key, collector
from scanner.hosts.seeing import needed, seen
from scanner.hosts.windows.base import MICROSOFT, POLICIES, Person, WindowsReader, number, people
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason

SYSTEM: Final = MICROSOFT + r"\Windows\CurrentVersion\Policies\System"
PROMPTS: Final = {
    0: Prompt.NOTHING,
    1: Prompt.CREDENTIALS,
    2: Prompt.CONSENT,
    3: Prompt.CREDENTIALS,
    4: Prompt.CONSENT,
    5: Prompt.CONSENT_TO_OTHERS,
}
"""ConsentPromptBehaviorAdmin, [MS-GPSB] 2.2.5."""
DEFAULT_PROMPT: Final = 5
INSTALLER: Final = r"Microsoft\Windows\Installer"
"""Below the policies of the machine, and of each account."""
OWN_POLICIES: Final = r"Software\Policies"
NEVER: Final = 2
"""DisableMSI: the installer is off for everybody; 1 and 0 leave it to some or all (Windows Installer, machine policies)."""
RESTART: Final = Unobserved(Reason.UNSUPPORTED, "it changes with a restart only; when the value was written is not known")


@collector(Platform.WINDOWS, Key(SYSTEM))
def elevation(read: WindowsReader) -> Elevation:
    """Give what is asked before a program gets an administrator's rights. Absent values: on, and a yes for programs not of Windows."""
    enabled = seen(partial(number, read, SYSTEM, "EnableLUA"))
    later = enabled if isinstance(enabled, Unobserved) else enabled != 0
    now: bool | Unobserved | None = None
    if read.live:  # read at the start of the machine
        now = RESTART if later is False else later
    configured = None if enabled is None else later
    read.keep(SYSTEM, f"EnableLUA {enabled}")
    return Elevation(
        Readings(configured, now, later, rf"{SYSTEM}\EnableLUA"),
        seen(lambda: _prompt(read)),
        # absent: 0, the built-in administrator always has all rights (Admin Approval Mode for the Built-in Administrator account)
        seen(lambda: number(read, SYSTEM, "FilterAdministratorToken") == 1),
    )


def _prompt(read: WindowsReader) -> Prompt:
    value = number(read, SYSTEM, "ConsentPromptBehaviorAdmin")
    found = PROMPTS.get(DEFAULT_PROMPT if value is None else value)
    if found is None:
        raise CannotObserve(Reason.PROTOCOL_VIOLATION, rf"{SYSTEM}\ConsentPromptBehaviorAdmin: {value}")
    return found


@collector(Platform.WINDOWS, Key(rf"{POLICIES}\{INSTALLER}"), Key(rf"HKU\*\{OWN_POLICIES}\{INSTALLER}", root=True))
def installer_rights(read: WindowsReader) -> InstallerRights:
    """Give both halves of AlwaysInstallElevated; each counts where it is 1, and is off where it is absent."""
    machine = rf"{POLICIES}\{INSTALLER}"
    fact = InstallerRights(
        seen(lambda: number(read, machine, "DisableMSI") == NEVER),
        seen(partial(_elevated, read, machine)),
        seen(lambda: tuple(_own_half(read, person) for person in people(read))),
    )
    read.keep(machine, f"AlwaysInstallElevated {fact.machine}, installer off {fact.barred}")
    return fact


def _elevated(read: WindowsReader, key: str) -> bool:
    return number(read, key, "AlwaysInstallElevated") == 1


def _own_half(read: WindowsReader, person: Person) -> OwnHalf:
    return OwnHalf(person.name, seen(lambda: _elevated(read, rf"{needed(person.settings)}\{OWN_POLICIES}\{INSTALLER}")))

"""User Account Control of a Windows machine: the values that policy and set-up write, with Windows' own defaults where they are absent."""

from __future__ import annotations

from functools import partial
from typing import Final

from scanner.facts.elevation import Elevation, Prompt
from scanner.facts.readings import Readings
from scanner.hosts.base import Key, collector
from scanner.hosts.seeing import seen
from scanner.hosts.windows.base import MICROSOFT, WindowsReader, number
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

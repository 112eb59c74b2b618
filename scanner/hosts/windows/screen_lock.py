r"""The collector for the screen lock of Windows 10 and later.

Sources of truth: the machine's idle limit ``InactivityTimeoutSecs`` (zero or missing: none), the screen saver's policy of each account,
and below it the account's own preference; a saver starts only where ``SCRNSAVE.EXE`` names one. The limits work side by side: the
session is locked by whichever comes first. The machine's limit asks for a password at once; after the saver the grace period applies.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial

from scanner.facts.readings import Readings, Wait
from scanner.facts.screen_lock import DesktopLock, ScreenLock
from scanner.hosts.base import Key, collector
from scanner.hosts.combining import same, unknown
from scanner.hosts.seeing import needed, seen
from scanner.hosts.windows.base import MICROSOFT, WINLOGON, Person, WindowsReader, number, people, text
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason

MACHINE = MICROSOFT + r"\Windows\CurrentVersion\Policies\System"
POLICY = r"Software\Policies\Microsoft\Windows\Control Panel\Desktop"
PREFERENCE = r"Control Panel\Desktop"
MANAGED = MICROSOFT + r"\PolicyManager\current\device\DeviceLock"
"""What a management service (MDM) asks for; how Windows carries it out is not documented."""
USUAL_GRACE = 5
SYSTEM = r"Software\Microsoft\Windows\CurrentVersion\Policies\System"


@collector(
    Platform.WINDOWS,
    *(Key(key) for key in (MACHINE, MANAGED, WINLOGON)),
    *(Key(rf"HKU\*\{key}", root=True) for key in (POLICY, PREFERENCE, SYSTEM)),
)
def screen_lock(read: WindowsReader) -> ScreenLock:
    """See how soon an idle session is locked, and whether the account can change that."""
    limit = number(read, MACHINE, "InactivityTimeoutSecs") or 0
    source = rf"{MACHINE}\InactivityTimeoutSecs"
    if not limit and number(read, MANAGED, "MaxInactivityTimeDeviceLock"):
        raise CannotObserve(Reason.UNSUPPORTED, rf"{MANAGED}\MaxInactivityTimeDeviceLock: it locks the screen in a way that is not read")
    everybody = people(read)
    barred = (number(read, MACHINE, "DisableLockWorkstation") or 0) != 0
    found: list[DesktopLock] = []
    if barred:
        found.append(_lock(read, "", _Saver(limit or None, False, (True, True), rf"{MACHINE}\DisableLockWorkstation"), 0))
    elif limit > 0:
        found.append(_lock(read, "", _Saver(limit, True, (True, True), source), 0))
        found += [lock for person in everybody if (lock := _without_lock(read, person, limit)) is not None]
    else:
        grace = seen(lambda: _grace(read))
        savers = [(person, seen(partial(_saver, read, person))) for person in everybody]
        if not savers or any(not isinstance(saver, Unobserved) and saver.fixed != (True, True) for _, saver in savers):
            found.append(_lock(read, "", _Saver(None, False, (False, False), source), grace))  # no saver is chosen for a new account
        found += [_lock(read, person.name, saver, grace) for person, saver in savers]
    for lock in found:
        read.keep(lock.idle.source, f"{lock.account or '*'}: idle {lock.idle.after_restart}, password {lock.password.after_restart}")
    return ScreenLock(True, tuple(found), (), ())


@dataclass(frozen=True, slots=True)
class _Saver:
    """What one account's screen saver does. ``fixed``: whether the account cannot change the time, and the password."""

    seconds: int | None
    secure: bool
    fixed: tuple[bool, bool]
    source: str


def _lock(read: WindowsReader, account: str, saver: _Saver | Unobserved, grace: int | Unobserved) -> DesktopLock:
    if isinstance(saver, Unobserved):
        idle: Readings[Wait] = unknown(saver, read.live, "HKU")
        password: Readings[bool] = unknown(saver, read.live, "HKU")
        delay: Readings[Wait] = unknown(saver, read.live, "HKU")
        return DesktopLock("windows", account, idle, saver, password, saver, delay, saver)
    wait = Wait(saver.seconds)
    idle = same(wait, read.live, saver.source, configured=wait)
    delay = unknown(grace, read.live, WINLOGON) if isinstance(grace, Unobserved) else same(Wait(grace), read.live, WINLOGON)
    password = same(saver.secure, read.live, saver.source, configured=saver.secure)
    return DesktopLock("windows", account, idle, saver.fixed[0], password, saver.fixed[1], delay, True)


def _saver(read: WindowsReader, person: Person) -> _Saver:
    settings = needed(person.settings)

    def one(name: str) -> tuple[str | None, bool]:
        """Give a value and whether a policy sets it."""
        policy = text(read, rf"{settings}\{POLICY}", name)
        return (policy, True) if policy is not None else (text(read, rf"{settings}\{PREFERENCE}", name), False)

    active, active_fixed = one("ScreenSaveActive")
    seconds, seconds_fixed = one("ScreenSaveTimeOut")
    secure, secure_fixed = one("ScreenSaverIsSecure")
    program, program_fixed = one("SCRNSAVE.EXE")
    # Without a value the saver is on (SPI_GETSCREENSAVEACTIVE); without a program there is none to start.
    runs = active != "0" and bool(program)
    wait = int(seconds) if seconds and re.fullmatch(r"\d{1,9}", seconds.strip()) else 0
    fixed = active_fixed and seconds_fixed and program_fixed
    source = rf"HKU\{person.sid}\{POLICY if fixed else PREFERENCE}"
    barred = number(read, rf"{settings}\{SYSTEM}", "DisableLockWorkstation")
    return _Saver(wait if runs and wait > 0 else None, secure == "1" and not barred, (fixed, secure_fixed), source)


def _without_lock(read: WindowsReader, person: Person, limit: int) -> DesktopLock | None:
    """Give the lock of an account that is kept from locking at all, or of which that is not known; ``None``: the machine's limit holds."""
    barred = seen(lambda: number(read, rf"{needed(person.settings)}\{SYSTEM}", "DisableLockWorkstation"))
    if isinstance(barred, Unobserved):
        return _lock(read, person.name, barred, 0)
    source = rf"HKU\{person.sid}\{SYSTEM}\DisableLockWorkstation"
    return _lock(read, person.name, _Saver(limit, False, (True, True), source), 0) if barred else None


def _grace(read: WindowsReader) -> int:
    """Give the seconds after the saver's start in which no password is asked for; only an administrator can change them."""
    value = number(read, WINLOGON, "ScreenSaverGracePeriod")
    return USUAL_GRACE if value is None else max(0, value)

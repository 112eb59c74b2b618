"""The collector for the screen lock of macOS: configuration profiles, then each user's own settings."""

from __future__ import annotations

from functools import partial
from typing import Final

from scanner.facts.readings import Readings, Wait
from scanner.facts.screen_lock import DesktopLock, ScreenLock
from scanner.hosts.base import Reader, collector
from scanner.hosts.combining import same
from scanner.hosts.macos.base import PEOPLE, VERSION, Held, Person, managed, managed_files, people, read_plist, version
from scanner.hosts.seeing import needed, seen
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import plist

DOMAIN: Final = "com.apple.screensaver"
IDLE: Final = 1200
"""Seconds until the screen saver starts where nobody set anything: 20 minutes (CIS Apple macOS benchmarks of 10.14 to 13, "Inactivity
Interval … for the Screen Saver": the default for new accounts). What later versions do is told nowhere that we know."""
_TOLD: Final = ((10, 14, 0), (14, 0, 0))
NEVER: Final = 0x7FFFFFFF
"""``askForPasswordDelay`` of a profile that switches the question off (Apple, profile-specific payload keys)."""
UNTOLD: Final = Unobserved(
    Reason.UNSUPPORTED, "without a profile the user's choice is known to that user's session only (from macOS 10.13 on)"
)


@collector(Platform.MACOS, *VERSION, *managed_files(DOMAIN, f"{DOMAIN}.user"), *PEOPLE)
def screen_lock(read: Reader) -> ScreenLock:
    """See how the machine is locked when nobody works at it."""
    general = _lock(read, None)
    found = [general]
    everybody = seen(partial(people, read))
    if isinstance(everybody, Unobserved):
        if not (general.idle_fixed is True and general.password_fixed is True):
            found.append(_unread(read, everybody))
    else:
        for person in everybody:
            own = _lock(read, person)
            if (own.idle, own.password, own.grace) != (general.idle, general.password, general.grace):
                found.append(own)
    for lock in found:
        read.keep(lock.idle.source, f"{lock.account or 'all'}: {lock.idle.after_restart}")
    return ScreenLock(has_display=True, desktops=tuple(found), lockers=(), console=())


def _held(read: Reader, key: str, person: Person | None) -> Held | Unobserved:
    """Give what a profile says; the payload for users (``com.apple.screensaver.user``) is asked after that for machines."""
    found = managed(read, DOMAIN, key, person=person)
    if isinstance(found, Unobserved) or found.value is not None:
        return found
    return managed(read, f"{DOMAIN}.user", key, person=person)


def _lock(read: Reader, person: Person | None) -> DesktopLock:
    idle, idle_fixed = _idle(read, person)
    asks = _held(read, "askForPassword", person)
    password: bool | Unobserved = UNTOLD
    if isinstance(asks, Unobserved):
        password = asks
    elif (told := plist.flag(asks.value)) is not None:
        password = told
    fixed = asks if isinstance(asks, Unobserved) else asks.value is not None
    return DesktopLock(
        desktop="macos",
        account=person.name if person else "",
        idle=idle,
        idle_fixed=idle_fixed,
        password=same(password, read.live, DOMAIN if isinstance(asks, Unobserved) else asks.source),
        password_fixed=fixed,
        grace=same(_grace(read, person), read.live, f"{DOMAIN} askForPasswordDelay"),
        grace_fixed=fixed,
    )


def _grace(read: Reader, person: Person | None) -> Wait | Unobserved:
    delay = _held(read, "askForPasswordDelay", person)
    if isinstance(delay, Unobserved):
        return delay
    seconds = plist.whole(delay.value)
    return UNTOLD if seconds is None else Wait(None if seconds >= NEVER else max(0, seconds))


def _idle(read: Reader, person: Person | None) -> tuple[Readings[Wait], bool | Unobserved]:
    held = _held(read, "idleTime", person)
    if isinstance(held, Unobserved):
        return same(held, read.live, f"{DOMAIN} idleTime"), held
    seconds = plist.whole(held.value)
    if seconds is not None:
        wait = _wait(seconds)
        return same(wait, read.live, held.source, configured=wait), True
    own = None if person is None else seen(partial(_own, read, person))
    if isinstance(own, Unobserved):
        return same(own, read.live, f"{person.name if person else ''}: ByHost {DOMAIN}"), False
    if own is not None:
        wait = _wait(own)
        return same(wait, read.live, f"ByHost/{DOMAIN} idleTime", configured=wait), False
    return same(seen(partial(_unset, read)), read.live, f"{DOMAIN} idleTime"), False


def _unset(read: Reader) -> Wait:
    system = version(read)
    first, beyond = _TOLD
    if not first <= system.numbers < beyond:
        raise CannotObserve(Reason.UNSUPPORTED, f"{DOMAIN}: idleTime is not set, and the default of macOS {system.text} is not documented")
    return Wait(IDLE)


def _wait(seconds: int) -> Wait:
    return Wait(seconds if seconds > 0 else None)  # zero means never


def _own(read: Reader, person: Person) -> int | None:
    """Give the seconds that a user chose; of several machines' files in one home the longest counts, zero (never) first."""
    directory = f"{person.home}/Library/Preferences/ByHost"
    found = []
    for name in read.names(directory) or ():
        if name.startswith(f"{DOMAIN}.") and name.endswith(".plist"):
            held = needed(read_plist(read, f"{directory}/{name}"))
            seconds = plist.whole((held or {}).get("idleTime"))
            if seconds is not None:
                found.append(seconds)
    return None if not found else 0 if 0 in found else max(found)


def _unread(read: Reader, why: Unobserved) -> DesktopLock:
    wait: Readings[Wait] = same(why, read.live, "/Users")
    return DesktopLock("macos", "?", wait, why, same(why, read.live, "/Users"), why, wait, why)

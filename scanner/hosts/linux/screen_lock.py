"""The collector for screen locks of Linux desktops: GNOME and KDE by their settings, others by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from scanner.facts.readings import Readings, Wait
from scanner.facts.screen_lock import DesktopLock, ScreenLock
from scanner.hosts.base import Files, Names, Reader, collector
from scanner.hosts.combining import both, joined, mapped, same, unknown
from scanner.hosts.linux import systemd_conf
from scanner.hosts.linux.base import Account, Process, accounts, applied, processes, seen
from scanner.hosts.linux.console import START_UP, console_limits
from scanner.hosts.linux.desktops import LOCKERS, Session, lockers, sessions_or_reason
from scanner.hosts.linux.gsettings import GSettings, Key, gsettings
from scanner.hosts.linux.kconfig import KConfig, KValue, boolean, kconfig
from scanner.hosts.linux.reads import ACCOUNTS, SESSIONS
from scanner.hosts.linux.services import PROCESSES
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import Reason

IDLE = Key("org.gnome.desktop.session", "idle-delay")
LOCK = Key("org.gnome.desktop.screensaver", "lock-enabled")
DELAY = Key("org.gnome.desktop.screensaver", "lock-delay")
NO_LOCK = Key("org.gnome.desktop.lockdown", "disable-lock-screen")

KDE_TIMEOUT, KDE_GRACE = 5.0, 5.0
"""Minutes and seconds where kscreenlockerrc says nothing: the defaults in kscreenlocker's kscreenlockersettings.kcfg."""
KDE_SESSION = ("ksmserver", "kwin_x11", "kwin_wayland", "plasmashell")
T = TypeVar("T")


@collector(
    Platform.LINUX,
    *SESSIONS,
    *ACCOUNTS,
    *PROCESSES,
    Files("/etc/xdg/kscreenlockerrc"),
    *(Names(f"{where}/{name}") for where in ("/usr/bin", "/usr/local/bin") for name in LOCKERS),
    *(Files(path) for path in START_UP),
    Files("/etc/profile.d/*.sh"),
    *(Files(f"{where}/logind.conf") for where in systemd_conf.PLACES),
    *(Files(f"{where}/logind.conf.d/*.conf") for where in systemd_conf.PLACES),
    *(Names(f"{where}/systemd-logind") for where in systemd_conf.PLACES[3:]),
    Names("/usr/lib/systemd"),
    Names("/usr/lib/*-linux-gnu/systemd"),
)
def screen_lock(read: Reader) -> ScreenLock:
    """See how the machine is locked when nobody works at it."""
    sessions = sessions_or_reason(read)
    running = processes(read)
    return ScreenLock(
        has_display=sessions if isinstance(sessions, Unobserved) else bool(sessions),
        desktops=sessions if isinstance(sessions, Unobserved) else tuple(lock for s in sessions for lock in _locks(read, s, running)),
        lockers=lockers(read),
        console=seen(lambda: console_limits(read, running)),
    )


def _locks(read: Reader, session: Session, running: tuple[Process, ...] | Unobserved | None) -> tuple[DesktopLock, ...]:
    match session.desktop:
        case "gnome":
            return _gnome(read, session)
        case "kde":
            return _kde(read, session, running)
        case other:
            why = Unobserved(Reason.UNSUPPORTED, f"{other}: each user sets up the lock; no settings of the machine can be read")
            wait: Readings[Wait] = unknown(why, read.live, other)
            return (DesktopLock(other, "", wait, why, unknown(why, read.live, other), why, wait, why),)


def _people(read: Reader) -> tuple[Account, ...] | Unobserved:
    return seen(partial(accounts, read))


def _wait(seconds: int) -> Wait:
    return Wait(seconds if seconds > 0 else None)  # zero means never, as on every desktop


def _delay(seconds: int) -> Wait:
    return Wait(max(0, seconds))  # here zero means at once


def _gnome(read: Reader, session: Session) -> tuple[DesktopLock, ...]:
    settings = gsettings(read, session.names)
    idle, idle_fixed = settings.machine(IDLE, int)
    lock, lock_fixed = settings.machine(LOCK, bool)
    off, off_fixed = settings.machine(NO_LOCK, bool)
    grace, grace_fixed = settings.machine(DELAY, int)
    if settings.installed(NO_LOCK) is False:
        off, off_fixed = same(False, read.live, off.source), True
    machine = DesktopLock(
        desktop="gnome",
        account="",
        idle=mapped(idle, _wait),
        idle_fixed=idle_fixed,
        # A user who may write disable-lock-screen can switch locking off altogether, so both keys have to be out of reach.
        password=joined(lock, off, lambda on, never: on and not never, unset=(True, False), source=lock.source),
        password_fixed=both(lock_fixed, off_fixed),
        grace=mapped(grace, _delay),
        grace_fixed=grace_fixed,
    )
    _keep(read, machine)
    people = _people(read)
    if isinstance(people, Unobserved):
        return (machine, _unread(machine, "?", people)) if not _closed(machine) else (machine,)
    return (machine, *(own for person in people if (own := _gnome_own(settings, machine, person))))


def _gnome_own(settings: GSettings, machine: DesktopLock, person: Account) -> DesktopLock | None:
    """Give the locks of an account whose own settings make a difference."""
    idle = settings.own(IDLE, int, person)
    lock, off = settings.own(LOCK, bool, person), settings.own(NO_LOCK, bool, person)
    grace = settings.own(DELAY, int, person)
    if idle is None and lock is None and off is None and grace is None:
        return None
    live, base = settings.read.live, machine
    password = base.password
    if lock is not None or off is not None:
        ours = settings.machine(LOCK, bool)[0] if lock is None else _of_account(lock, live, person, LOCK)
        never = settings.machine(NO_LOCK, bool)[0] if off is None else _of_account(off, live, person, NO_LOCK)
        password = joined(ours, never, lambda on, no: on and not no, unset=(True, False), source=ours.source)
    return DesktopLock(
        desktop="gnome",
        account=person.name,
        idle=base.idle if idle is None else mapped(_of_account(idle, live, person, IDLE), _wait),
        idle_fixed=base.idle_fixed,
        password=password,
        password_fixed=base.password_fixed,
        grace=base.grace if grace is None else mapped(_of_account(grace, live, person, DELAY), _delay),
        grace_fixed=base.grace_fixed,
    )


def _of_account(value: T | Unobserved, live: bool, person: Account, key: Key) -> Readings[T]:
    return same(value, live, f"{key.schema} {key.name} of {person.name}", configured=value)


def _closed(lock: DesktopLock) -> bool:
    """Whether nothing is left that an account could set for itself."""
    return lock.idle_fixed is True and lock.password_fixed is True and lock.grace_fixed is True


def _unread(machine: DesktopLock, account: str, why: Unobserved) -> DesktopLock:
    live = machine.idle.in_force is not None
    return DesktopLock(
        machine.desktop,
        account,
        machine.idle if machine.idle_fixed is True else unknown(why, live, account),
        machine.idle_fixed,
        machine.password if machine.password_fixed is True else unknown(why, live, account),
        machine.password_fixed,
        machine.grace if machine.grace_fixed is True else unknown(why, live, account),
        machine.grace_fixed,
    )


def _kde(read: Reader, session: Session, running: tuple[Process, ...] | Unobserved | None) -> tuple[DesktopLock, ...]:
    kde = _Kde(read, session.version.startswith("5."), kconfig(read, "kdeglobals"), running)
    config = kconfig(read, "kscreenlockerrc")
    machine = kde.lock(config, "")
    _keep(read, machine)
    if _closed(machine):
        return (machine,)
    people = _people(read)
    if isinstance(people, Unobserved):
        return (machine, _unread(machine, "?", people))
    own = [(person, kconfig(read, "kscreenlockerrc", person)) for person in people]
    return (machine, *(kde.lock(theirs, person.name) for person, theirs in own if len(theirs.files) > len(config.files)))


@dataclass(frozen=True, slots=True)
class _Kde:
    """What all accounts' locks under KDE have in common."""

    read: Reader
    always_password: bool
    """Plasma 5 has no RequirePassword: its lock always asks for one."""
    general: KConfig
    running: tuple[Process, ...] | Unobserved | None

    def lock(self, config: KConfig, account: str) -> DesktopLock:
        """Read kscreenlockerrc as one account gets it."""
        stale = applied(self.read, self.running, KDE_SESSION, config.paths)
        group = "Daemon"
        on, minutes = config.get(group, "Autolock"), config.get(group, "Timeout")
        password, grace = config.get(group, "RequirePassword"), config.get(group, "LockGrace")
        allowed = self.general.get("KDE Action Restrictions", "action/lock_screen")
        if self.always_password:
            password = KValue(None, True, f"{password.source} (Plasma 5: always)")
        return DesktopLock(
            desktop="kde",
            account=account,
            idle=joined(
                self._reading(on, boolean, True, stale),
                self._reading(minutes, float, KDE_TIMEOUT, stale),
                lambda yes, wait: _wait(round(wait * 60) if yes else 0),
                unset=(True, KDE_TIMEOUT),
                source=minutes.source,
            ),
            idle_fixed=both(on.fixed, minutes.fixed),
            password=joined(
                self._reading(password, boolean, True, stale),
                self._reading(allowed, boolean, True, stale),
                lambda asked, may: asked and may,
                unset=(True, True),
                source=password.source,
            ),
            password_fixed=password.fixed,
            grace=mapped(self._reading(grace, float, KDE_GRACE, stale), lambda seconds: _delay(round(seconds))),
            grace_fixed=grace.fixed,
        )

    def _reading(self, entry: KValue, convert: Callable[[str], T], default: T, stale: Unobserved | None) -> Readings[T]:
        """Give an entry's readings: KDE reads the file when a session begins, so a later change waits for the next one."""
        if isinstance(entry.value, Unobserved):
            return unknown(entry.value, self.read.live, entry.source)
        try:
            value = default if entry.value is None else convert(entry.value)
        except (ValueError, OverflowError) as error:
            return unknown(Unobserved(Reason.PROTOCOL_VIOLATION, f"{entry.source}: {error}"[:300]), self.read.live, entry.source)
        now: T | Unobserved | None = (stale or value) if self.read.live else None
        return Readings(None if entry.value is None else value, now, value, entry.source)


def _keep(read: Reader, lock: DesktopLock) -> None:
    for name, part in (("idle", lock.idle), ("password", lock.password), ("grace", lock.grace)):
        read.keep(part.source, f"{name}: {part.after_restart}")

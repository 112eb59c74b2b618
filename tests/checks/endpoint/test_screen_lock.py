"""Cases of the checks of screen locks."""

from __future__ import annotations

from scanner.facts.readings import Readings, Wait
from scanner.facts.screen_lock import ConsoleLimit, DesktopLock, ScreenLock
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.checks.cases import Case, case
from tests.checks.endpoint import DENIED, STALE, always, off, unknown


def secs(seconds: int | None, configured: int | None = None) -> Readings[Wait]:
    """A wait, now and later."""
    return always(Wait(seconds), None if configured is None else Wait(configured))


def lock(
    idle: Readings[Wait] = secs(300),  # noqa: B008  frozen
    password: Readings[bool] = always(True),  # noqa: B008  frozen
    grace: Readings[Wait] = secs(0),  # noqa: B008  frozen
    *,
    fixed: bool | Unobserved = True,
    account: str = "",
) -> DesktopLock:
    """How GNOME locks."""
    return DesktopLock("gnome", account, idle, fixed, password, fixed, grace, fixed)


def screen(*locks: DesktopLock, console: tuple[ConsoleLimit, ...] | Unobserved = ()) -> ScreenLock:
    """A machine with a display where there are locks."""
    return ScreenLock(bool(locks), locks, (), console)


def limit(idle: Readings[Wait], fixed: bool | Unobserved = True, means: str = "TMOUT") -> ConsoleLimit:
    """A limit on consoles."""
    return ConsoleLimit(means, idle, fixed)


SERVER = screen()
NO_RIGHT = ScreenLock(DENIED, DENIED, DENIED, DENIED)
CASES: dict[str, list[Case]] = {
    "endpoint.screen-lock.idle": [
        case(screen(lock(secs(600))), says="LOCK_OK", args={"seconds": 600, "where": ("gnome",)}),
        case(screen(lock(secs(900))), says="LOCK_OK"),
        case(screen(lock(secs(901))), says="LOCK_LATE", args={"seconds": 901, "limit": 900}),
        case(screen(lock(secs(600))), says="LOCK_LATE", with_={"limit": 300}),
        case(screen(lock(off(Wait(300)), off(True), off(Wait(0)))), says="LOCK_OK"),
        # zero, written as "never" in the fact, is no short time
        case(screen(lock(secs(None))), says="LOCK_NEVER"),
        case(screen(lock(secs(300)), lock(secs(None), account="hanako")), says="LOCK_NEVER", args={"where": ("gnome:hanako",)}),
        case(screen(lock(secs(300), always(False))), says="LOCK_OFF"),
        case(screen(lock(secs(None, 600))), says="LOCK_NOT_APPLIED", args={"seconds": 600}),
        case(screen(lock(Readings(Wait(60), STALE, Wait(60), "x"))), outcome="undetermined", reason=Reason.STALE),
        case(screen(lock(Readings(Wait(6000), STALE, Wait(6000), "x"))), says="LOCK_LATE"),
        case(screen(lock(), lock(unknown(), account="taro")), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(screen(lock(password=unknown())), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(SERVER, says="NO_DISPLAY"),
        case(NO_RIGHT, outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(Unobserved(Reason.TIMEOUT), outcome="undetermined", reason=Reason.TIMEOUT),
    ],
    "endpoint.screen-lock.password": [
        case(screen(lock(grace=secs(5))), says="PASSWORD_ASKED", args={"seconds": 5}),
        case(screen(lock(password=always(False))), says="PASSWORD_NONE"),
        case(screen(lock(grace=secs(None))), says="PASSWORD_NONE"),
        case(screen(lock(grace=secs(30))), says="PASSWORD_LATE", args={"seconds": 30, "limit": 5}),
        case(screen(lock(grace=secs(30))), says="PASSWORD_ASKED", with_={"limit": 60}),
        case(screen(lock(grace=unknown())), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(SERVER, says="NO_DISPLAY"),
        case(NO_RIGHT, outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "endpoint.screen-lock.enforced": [
        case(screen(lock()), says="LOCK_FIXED", args={"where": ("gnome",)}),
        case(screen(lock(fixed=False)), says="LOCK_CHANGEABLE", args={"settings": ("idle", "password", "grace")}),
        case(screen(lock(fixed=DENIED)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(screen(lock(fixed=DENIED), lock(fixed=False)), says="LOCK_CHANGEABLE"),
        case(SERVER, says="NO_DISPLAY"),
    ],
    "endpoint.screen-lock.console": [
        case(screen(console=(limit(secs(600)),)), says="CONSOLE_LIMITED", args={"seconds": 600, "means": ("TMOUT",)}),
        case(screen(console=(limit(secs(600), False),)), says="CONSOLE_CHANGEABLE", args={"seconds": 600}),
        case(screen(console=(limit(secs(600), False), limit(secs(300), means="StopIdleSessionSec"))), says="CONSOLE_LIMITED"),
        case(screen(console=(limit(secs(3600)),)), says="CONSOLE_LATE", args={"seconds": 3600, "limit": 900}),
        case(screen(console=(limit(secs(None)), limit(secs(None)))), says="CONSOLE_UNLIMITED"),
        # one means is enough, so what could not be read only matters where no other holds
        case(screen(console=(limit(unknown(), DENIED), limit(secs(300)))), says="CONSOLE_LIMITED"),
        case(screen(console=(limit(unknown(), DENIED), limit(secs(None)))), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(screen(console=(limit(secs(300), DENIED),)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(screen(console=()), says="NO_CONSOLE"),
        case(NO_RIGHT, outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
}

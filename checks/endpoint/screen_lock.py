"""Checks of the lock that closes a machine when nobody works at it."""

from __future__ import annotations

from typing import Annotated

from checks.common import also, listed
from checks.endpoint.common import whose
from scanner.facts.readings import Wait
from scanner.facts.screen_lock import ConsoleLimit, DesktopLock, ScreenLock
from scanner.model.check import Judgement, Value, check
from scanner.model.fact import Unobserved
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed

SCREEN_LOCK_GRACE = Value(
    "screen-lock.grace-seconds",
    default=5,
    text=Text(
        ja="画面が消えてから主体認証を求めるまでの猶予の上限",
        en="longest time from the dark screen until authentication is asked for",
    ),
    unit="s",
    least=0,
    most=3600,
)

SCREEN_LOCK_IDLE = Value(
    "screen-lock.idle-seconds",
    default=900,
    text=Text(ja="無操作から画面ロックまでの上限", en="longest time without input until the screen locks"),
    unit="s",
    least=1,
    most=86400,
)


NO_DISPLAY = Text(ja="画面（グラフィカルなセッション）を持たない機器", en="the machine offers no graphical session")
GNOME_JA = (
    "GNOME：/etc/dconf/profile/user を「user-db:user」「system-db:local」とし、/etc/dconf/db/local.d/00-lock に"
    "「[org/gnome/desktop/session]」「idle-delay=uint32 900」「[org/gnome/desktop/screensaver]」「lock-enabled=true」"
    "「lock-delay=uint32 0」、"
    "/etc/dconf/db/local.d/locks/lock に「/org/gnome/desktop/session/idle-delay」「/org/gnome/desktop/screensaver/lock-enabled」"
    "「/org/gnome/desktop/screensaver/lock-delay」「/org/gnome/desktop/lockdown/disable-lock-screen」を書き、dconf update を実行する。"
    "KDE：/etc/xdg/kscreenlockerrc に「[Daemon][$i]」「Autolock=true」「Timeout=15」（分）「LockGrace=0」を書く。"
    "Windows：グループポリシー「コンピューターの構成」→「Windows の設定」→「セキュリティの設定」→「ローカル ポリシー」→「セキュリティ "
    "オプション」の"
    "「対話型ログオン: コンピューターの非アクティブ状態の上限」を 900 秒以下（0 は無制限）とする。"
)
GNOME_EN = (
    "GNOME: let /etc/dconf/profile/user read user-db:user and system-db:local; in /etc/dconf/db/local.d/00-lock write "
    "[org/gnome/desktop/session] idle-delay=uint32 900 and [org/gnome/desktop/screensaver] lock-enabled=true, lock-delay=uint32 0; in "
    "/etc/dconf/db/local.d/locks/lock the lines /org/gnome/desktop/session/idle-delay, /org/gnome/desktop/screensaver/lock-enabled, "
    "/org/gnome/desktop/screensaver/lock-delay and /org/gnome/desktop/lockdown/disable-lock-screen; then run dconf update. "
    "KDE: in /etc/xdg/kscreenlockerrc write [Daemon][$i], Autolock=true, Timeout=15 (minutes), LockGrace=0. "
    "Windows: Group Policy, Computer Configuration > Windows Settings > Security Settings > Local Policies > Security Options: set "
    "Interactive logon: Machine inactivity limit to 900 s or less (0 is no limit)."
)


def _desktops(screen: ScreenLock) -> tuple[DesktopLock, ...] | Unobserved | None:
    """Give the desktops to judge; ``None`` where there is no display."""
    if isinstance(screen.has_display, Unobserved):
        return screen.has_display
    return screen.desktops if screen.has_display else None


def _where(locks: list[DesktopLock]) -> tuple[str, ...]:
    return listed(whose(lock.desktop, lock.account) for lock in locks)


def _too_long(wait: Wait, limit: int) -> bool:
    return wait.seconds is None or wait.seconds > limit


MACOS_SCREEN_LOCK_IDLE = Text(
    ja=(
        "macOS：構成プロファイル com.apple.screensaver に idleTime=900 以下（0 は無制限）、askForPassword=true、"
        "askForPasswordDelay=5 以下を置く。"
    ),
    en=(
        "macOS: in a configuration profile for com.apple.screensaver set idleTime to 900 or less (0 is no limit), "
        "askForPassword true and askForPasswordDelay to 5 or less."
    ),
)


@check(
    "endpoint.screen-lock.idle",
    severity=Severity.MEDIUM,
    title=Text(ja="無操作が続くと画面が自動でロックされる", en="The screen locks when nobody works at it"),
    why=Text(
        ja="離席中にロックされない端末は、居合わせた者に利用者の権限で操作され、画面を見られる。",
        en="A machine that does not lock can be used and read by whoever passes while its user is away.",
    ),
    remedy=also(Text(ja=GNOME_JA, en=GNOME_EN), MACOS_SCREEN_LOCK_IDLE),
    says={
        "LOCK_OK": Text(ja="{seconds} 秒以内にロックされる（{where}）", en="it locks within {seconds} s ({where})"),
        "LOCK_LATE": Text(ja="{seconds} 秒は上限 {limit} 秒を超える（{where}）", en="{seconds} s exceeds the limit of {limit} s ({where})"),
        "LOCK_NEVER": Text(ja="無操作でも画面は切り替わらない（{where}）", en="being idle is never noticed ({where})"),
        "LOCK_OFF": Text(ja="自動ロックが無効（{where}）", en="automatic locking is off ({where})"),
        "LOCK_NOT_APPLIED": Text(
            ja="設定ファイルには {seconds} 秒とあるが反映されていない（{where}。dconf update の実行漏れ等）",
            en="files say {seconds} s, but that is not in force ({where}; dconf update was not run, for example)",
        ),
        "NO_DISPLAY": NO_DISPLAY,
    },
)
def screen_lock_idle(screen: ScreenLock, *, limit: Annotated[int, SCREEN_LOCK_IDLE] = SCREEN_LOCK_IDLE.default) -> Judgement:
    desktops = _desktops(screen)
    if desktops is None or isinstance(desktops, Unobserved):
        return desktops or not_applicable("NO_DISPLAY")
    late = [lock for lock in desktops if any(_too_long(wait, limit) for wait in lock.idle.seen())]
    for lock in late:
        asked = lock.idle.configured
        if isinstance(asked, Wait) and asked.seconds is not None and asked.seconds <= limit:
            return failed("LOCK_NOT_APPLIED", seconds=asked.seconds, where=_where([lock]))
    never = [lock for lock in late if any(wait.seconds is None for wait in lock.idle.seen())]
    if never:
        return failed("LOCK_NEVER", where=_where(never))
    if late:
        longest = max(wait.seconds or 0 for lock in late for wait in lock.idle.seen())
        return failed("LOCK_LATE", seconds=longest, limit=limit, where=_where(late))
    off = [lock for lock in desktops if False in lock.password.seen()]
    if off:
        return failed("LOCK_OFF", where=_where(off))
    for lock in desktops:
        if why := lock.idle.missing() or lock.password.missing():
            return why
    return passed(
        "LOCK_OK", seconds=max((w.seconds or 0 for lock in desktops for w in lock.idle.seen()), default=0), where=_where(list(desktops))
    )


@check(
    "endpoint.screen-lock.password",
    severity=Severity.MEDIUM,
    title=Text(ja="復帰時にパスワード等による主体認証を求める", en="Coming back needs authentication"),
    why=Text(
        ja="画面が消えるだけで認証を求めない設定や、認証を求めるまでの猶予が長い設定は、ロックとして働かない。",
        en="A screen that only goes dark, or that asks for a password much later, locks nobody out.",
    ),
    remedy=also(Text(ja=GNOME_JA, en=GNOME_EN), MACOS_SCREEN_LOCK_IDLE),
    says={
        "PASSWORD_ASKED": Text(
            ja="猶予 {seconds} 秒で認証を求める（{where}）", en="authentication is asked for after {seconds} s ({where})"
        ),
        "PASSWORD_NONE": Text(ja="認証を求めない（{where}）", en="no authentication is asked for ({where})"),
        "PASSWORD_LATE": Text(
            ja="猶予 {seconds} 秒は上限 {limit} 秒を超える（{where}）", en="a delay of {seconds} s exceeds {limit} s ({where})"
        ),
        "NO_DISPLAY": NO_DISPLAY,
    },
)
def screen_lock_password(screen: ScreenLock, *, limit: Annotated[int, SCREEN_LOCK_GRACE] = SCREEN_LOCK_GRACE.default) -> Judgement:
    desktops = _desktops(screen)
    if desktops is None or isinstance(desktops, Unobserved):
        return desktops or not_applicable("NO_DISPLAY")
    without = [lock for lock in desktops if False in lock.password.seen() or any(w.seconds is None for w in lock.grace.seen())]
    if without:
        return failed("PASSWORD_NONE", where=_where(without))
    late = [lock for lock in desktops if any(_too_long(wait, limit) for wait in lock.grace.seen())]
    longest = max((wait.seconds or 0 for lock in desktops for wait in lock.grace.seen()), default=0)
    if late:
        return failed("PASSWORD_LATE", seconds=longest, limit=limit, where=_where(late))
    for lock in desktops:
        if why := lock.password.missing() or lock.grace.missing():
            return why
    return passed("PASSWORD_ASKED", seconds=longest, where=_where(list(desktops)))


@check(
    "endpoint.screen-lock.enforced",
    severity=Severity.LOW,
    title=Text(ja="画面ロックの設定を利用者が変更できない", en="Users cannot change the screen lock"),
    why=Text(
        ja="利用者が設定を緩められると、組織の定めた時間が守られない。",
        en="Where users can loosen the setting, the organisation's time limit is only a suggestion.",
    ),
    remedy=also(Text(ja=GNOME_JA, en=GNOME_EN), MACOS_SCREEN_LOCK_IDLE),
    says={
        "LOCK_FIXED": Text(ja="利用者は変更できない（{where}）", en="users cannot change it ({where})"),
        "LOCK_CHANGEABLE": Text(ja="利用者が変更できる：{settings}（{where}）", en="users can change {settings} ({where})"),
        "NO_DISPLAY": NO_DISPLAY,
    },
)
def screen_lock_enforced(screen: ScreenLock) -> Judgement:
    desktops = _desktops(screen)
    if desktops is None or isinstance(desktops, Unobserved):
        return desktops or not_applicable("NO_DISPLAY")
    # Where each account has a policy of its own there is nothing that others would get.
    general = [lock for lock in desktops if not lock.account] or list(desktops)
    parts = [
        (lock, name, fixed)
        for lock in general
        for name, fixed in (("idle", lock.idle_fixed), ("password", lock.password_fixed), ("grace", lock.grace_fixed))
    ]
    loose = [(lock, name) for lock, name, fixed in parts if fixed is False]
    if loose:
        return failed("LOCK_CHANGEABLE", settings=listed(name for _, name in loose), where=_where([lock for lock, _ in loose]))
    unseen = next((fixed for _, _, fixed in parts if isinstance(fixed, Unobserved)), None)
    return unseen or passed("LOCK_FIXED", where=_where(general))


def _seconds(limit: ConsoleLimit) -> int | None:
    """Give the longest of the waits that were seen; ``None``: for ever."""
    waits = [wait.seconds for wait in limit.idle.seen()]
    return None if None in waits or not waits else max(wait for wait in waits if wait is not None)


@check(
    "endpoint.screen-lock.console",
    severity=Severity.LOW,
    title=Text(ja="放置された文字コンソールとログインシェルが終了する", en="Idle text consoles and login shells are ended"),
    why=Text(
        ja="文字コンソールに残されたログインは画面ロックの対象とならず、居合わせた者が使える。",
        en="A login left on a text console is not covered by any screen lock; whoever passes can use it.",
    ),
    remedy=Text(
        ja=(
            "/etc/profile.d/99-tmout.sh に「TMOUT={limit}」「readonly TMOUT」「export TMOUT」を書く。systemd 252 以降では "
            "/etc/systemd/logind.conf.d/10-idle.conf の「[Login]」に「StopIdleSessionSec={limit}」と書いてもよい。"
        ),
        en=(
            "In /etc/profile.d/99-tmout.sh write TMOUT={limit}, readonly TMOUT and export TMOUT. With systemd 252 or later "
            "StopIdleSessionSec={limit} under [Login] in /etc/systemd/logind.conf.d/10-idle.conf does as well."
        ),
    ),
    says={
        "CONSOLE_LIMITED": Text(ja="{seconds} 秒で終了する（{means}）", en="ended after {seconds} s ({means})"),
        "CONSOLE_LATE": Text(ja="{seconds} 秒は上限 {limit} 秒を超える（{means}）", en="{seconds} s exceeds {limit} s ({means})"),
        "CONSOLE_CHANGEABLE": Text(
            ja="{seconds} 秒で終了する設定だが、利用者が変更できる（{means}）", en="{seconds} s, but users can change it ({means})"
        ),
        "CONSOLE_UNLIMITED": Text(ja="放置されたログインを終える設定がない", en="nothing ends an idle login"),
        "NO_CONSOLE": Text(ja="文字コンソールを持たない機器", en="the machine has no text console"),
    },
)
def screen_lock_console(screen: ScreenLock, *, limit: Annotated[int, SCREEN_LOCK_IDLE] = SCREEN_LOCK_IDLE.default) -> Judgement:
    if isinstance(screen.console, Unobserved):
        return screen.console
    if not screen.console:
        return not_applicable("NO_CONSOLE")
    # One means is enough, so a pass on one counts whatever the others are, and a failure needs all of them.
    timely = [(c, s) for c in screen.console if (s := _seconds(c)) is not None and s <= limit and c.idle.missing() is None]
    firm = [(c, s) for c, s in timely if c.fixed is True]
    if firm:
        return passed("CONSOLE_LIMITED", seconds=min(s for _, s in firm), means=listed(c.means for c, _ in firm))
    for console in screen.console:
        if why := console.idle.missing() or (
            console.fixed if isinstance(console.fixed, Unobserved) and (console, _seconds(console)) in timely else None
        ):
            return why
    if timely:
        return failed("CONSOLE_CHANGEABLE", seconds=min(s for _, s in timely), means=listed(c.means for c, _ in timely))
    late = [(c, s) for c in screen.console if (s := _seconds(c)) is not None]
    if late:
        return failed("CONSOLE_LATE", seconds=min(s for _, s in late), limit=limit, means=listed(c.means for c, _ in late))
    return failed("CONSOLE_UNLIMITED")

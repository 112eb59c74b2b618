"""The screen lock of desktops and consoles, seen on machines whose files were written by the programs that own them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from scanner.facts.readings import Wait
from scanner.facts.screen_lock import ConsoleLimit, DesktopLock, ScreenLock
from scanner.hosts.linux.screen_lock import screen_lock
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.unit.host_trees import Machine, age, gnome, kde, running
from tests.unit.test_hosts_local import without_rights

KEYS = "[org/gnome/desktop/session]\nidle-delay=uint32 600\n[org/gnome/desktop/screensaver]\nlock-enabled=true\nlock-delay=uint32 5\n"
LOCKS = (
    "/org/gnome/desktop/session/idle-delay\n/org/gnome/desktop/screensaver/lock-enabled\n"
    "/org/gnome/desktop/screensaver/lock-delay\n/org/gnome/desktop/lockdown/disable-lock-screen\n"
)


def seen(machine: Machine) -> ScreenLock:
    """Run the collector."""
    fact = screen_lock.run(machine)
    assert isinstance(fact, ScreenLock)
    return fact


def desktops(machine: Machine) -> tuple[DesktopLock, ...]:
    """The desktops seen."""
    found = seen(machine).desktops
    assert not isinstance(found, Unobserved)
    return found


def numbers(lock: DesktopLock) -> tuple[object, object, object]:
    """Idle seconds, password and grace after a restart."""
    parts = (lock.idle.after_restart, lock.password.after_restart, lock.grace.after_restart)
    idle, password, grace = (part.seconds if isinstance(part, Wait) else part for part in parts)
    return idle, password, grace


def console(machine: Machine, means: str) -> ConsoleLimit:
    """One limit of the console."""
    found = seen(machine).console
    assert not isinstance(found, Unobserved)
    return next(limit for limit in found if limit.means == means)


def test_a_machine_without_sessions_has_no_display(tmp_path: Path) -> None:
    fact = seen(Machine(tmp_path, live=False))
    assert fact.has_display is False
    assert fact.desktops == ()


def test_a_session_whose_program_is_not_installed_is_no_display(tmp_path: Path) -> None:
    machine = gnome(tmp_path)
    (tmp_path / "usr/bin/gnome-session").unlink()
    assert seen(machine).has_display is False


def test_gnome_as_it_comes_locks_after_five_minutes_and_users_may_change_it(tmp_path: Path) -> None:
    (lock,) = desktops(gnome(tmp_path).schemas())
    assert numbers(lock) == (300, True, 0)
    assert (lock.idle_fixed, lock.password_fixed, lock.grace_fixed) == (False, False, False)
    assert lock.idle.configured is None
    assert lock.idle.in_force == Wait(300)


def test_gnome_with_locks_is_fixed(tmp_path: Path) -> None:
    (lock,) = desktops(gnome(tmp_path).schemas().dconf(KEYS, LOCKS))
    assert numbers(lock) == (600, True, 5)
    assert (lock.idle_fixed, lock.password_fixed, lock.grace_fixed) == (True, True, True)
    assert lock.idle.configured == Wait(600)


def test_a_user_who_may_disable_the_lock_screen_is_not_kept_from_changing_the_lock(tmp_path: Path) -> None:
    without = LOCKS.replace("/org/gnome/desktop/lockdown/disable-lock-screen\n", "")
    (lock,) = desktops(gnome(tmp_path).schemas().dconf(KEYS, without))
    assert (lock.idle_fixed, lock.password_fixed, lock.grace_fixed) == (True, False, True)


def test_a_disabled_lock_screen_is_no_lock(tmp_path: Path) -> None:
    (lock,) = desktops(gnome(tmp_path).schemas().dconf(KEYS + "[org/gnome/desktop/lockdown]\ndisable-lock-screen=true\n", LOCKS))
    assert numbers(lock) == (600, False, 5)


def test_zero_is_never(tmp_path: Path) -> None:
    (lock,) = desktops(gnome(tmp_path).schemas().dconf("[org/gnome/desktop/session]\nidle-delay=uint32 0\n"))
    assert numbers(lock) == (None, True, 0)


def test_key_files_that_nobody_compiled_are_not_in_force(tmp_path: Path) -> None:
    (lock,) = desktops(gnome(tmp_path).schemas().dconf(KEYS.replace("600", "120"), LOCKS, compiled=False))
    assert lock.idle.configured == Wait(120)
    assert (lock.idle.in_force, lock.idle.after_restart) == (Wait(300), Wait(300))
    assert lock.idle_fixed is False


def test_an_accounts_own_settings_are_a_lock_of_their_own(tmp_path: Path) -> None:
    machine = gnome(tmp_path).schemas().dconf(KEYS)
    machine.person("hanako")
    machine.person("taro", 1001)
    machine.own_dconf("hanako", "[org/gnome/desktop/session]\nidle-delay=uint32 0\n[org/gnome/desktop/screensaver]\nlock-enabled=false\n")
    general, own = desktops(machine)
    assert numbers(general) == (600, True, 5)
    assert (own.account, numbers(own)) == ("hanako", (None, False, 5))


def test_locked_keys_are_not_asked_of_accounts(tmp_path: Path) -> None:
    machine = gnome(tmp_path).schemas().dconf(KEYS, LOCKS)
    machine.person("hanako")
    machine.own_dconf("hanako", "[org/gnome/desktop/session]\nidle-delay=uint32 0\n")
    assert [lock.account for lock in desktops(machine)] == [""]


def test_homes_that_cannot_be_read_are_unknown_where_users_may_change_something(tmp_path: Path) -> None:
    for above in tmp_path.parents:
        if above.name.startswith(("pytest", "popen")):
            above.chmod(0o755)
    tmp_path.chmod(0o755)
    machine = gnome(tmp_path).schemas().dconf(KEYS, "/org/gnome/desktop/session/idle-delay\n")
    machine.person("hanako").chmod(0)
    with without_rights():
        general, own = desktops(machine)
    assert numbers(general) == (600, True, 5)
    assert own.account == "hanako"
    assert own.idle.after_restart == Wait(600)
    assert isinstance(own.password.after_restart, Unobserved)
    assert own.password.after_restart.reason is Reason.ACCESS_DENIED
    assert isinstance(own.grace.after_restart, Unobserved)


def test_an_image_has_nothing_in_force(tmp_path: Path) -> None:
    (lock,) = desktops(gnome(tmp_path, live=False).schemas().dconf(KEYS))
    assert lock.idle.in_force is None
    assert lock.idle.after_restart == Wait(600)


def test_plasma_as_it_comes(tmp_path: Path) -> None:
    (lock,) = desktops(kde(tmp_path))
    assert numbers(lock) == (300, True, 5)
    # Plasma 5 always asks for a password, so nobody can change that
    assert (lock.idle_fixed, lock.password_fixed, lock.grace_fixed) == (False, True, False)


KDE = {
    "minutes": ("[Daemon]\nTimeout=10\nLockGrace=0\n", (600, True, 0), False),
    "an immutable group": ("[Daemon][$i]\nAutolock=true\nTimeout=10\nLockGrace=0\n", (600, True, 0), True),
    "immutable keys": ("[Daemon]\nAutolock[$i]=true\nTimeout[$i]=10\nLockGrace[$i]=0\n", (600, True, 0), True),
    "an immutable file": ("[$i]\n[Daemon]\nTimeout=10\nLockGrace=0\n", (600, True, 0), True),
    "one key is not enough": ("[Daemon]\nTimeout[$i]=10\n", (600, True, 5), False),
    "switched off": ("[Daemon]\nAutolock=false\nTimeout=10\n", (None, True, 5), False),
    "zero minutes": ("[Daemon]\nTimeout=0\n", (None, True, 5), False),
}


@pytest.mark.parametrize("name", KDE)
def test_plasma_by_its_system_file(tmp_path: Path, name: str) -> None:
    text, expected, fixed = KDE[name]
    machine = kde(tmp_path).write({"/etc/xdg/kscreenlockerrc": text})
    age(machine, "/etc/xdg/kscreenlockerrc", 1_700_000_000)
    (lock,) = desktops(machine)
    assert numbers(lock) == expected
    assert lock.idle_fixed is fixed


MERGED = {
    "nothing fixed": ("[Daemon]\nTimeout=3\n", "[Daemon]\nTimeout=50\n"),
    "a fixed group": ("[Daemon][$i]\nTimeout=3\n", "[Daemon]\nTimeout=50\n"),
    "a fixed key": ("[Daemon]\nTimeout[$i]=3\n", "[Daemon]\nTimeout=50\n"),
    "a fixed file": ("[$i]\n[Daemon]\nTimeout=3\n", "[Daemon]\nTimeout=50\n"),
    "a fixed group without the key": ("[Daemon][$i]\nLockGrace=3\n", "[Daemon]\nTimeout=50\n"),
    "a group that is fixed further down": ("[Daemon]\nTimeout=3\n[Other]\nx=1\n[Daemon][$i]\nLockGrace=1\n", "[Daemon]\nTimeout=50\n"),
    "another key is fixed": ("[Daemon]\nLockGrace[$i]=3\nTimeout=4\n", "[Daemon]\nTimeout=50\n"),
    "deleted by the user": ("[Daemon]\nTimeout=3\n", "[Daemon]\nTimeout[$d]\n"),
    "twice": ("[Daemon]\nTimeout=3\nTimeout=4\n", "[Other]\nTimeout=50\n"),
    "fixed, then written again": ("[Daemon]\nTimeout[$i]=3\nTimeout=4\n", "[Daemon]\nTimeout=50\n"),
    "blanks": ("[Daemon]\n  Timeout  =  3  \n", ""),
    "comments": ("# [Daemon]\n[Daemon]\n#Timeout=9\nTimeout=3\n", ""),
}


@pytest.mark.parametrize("name", MERGED)
def test_plasma_merges_files_as_kreadconfig_does(tmp_path: Path, name: str) -> None:
    system, own = MERGED[name]
    machine = kde(tmp_path).write({"/etc/xdg/kscreenlockerrc": system})
    machine.person("hanako")
    machine.write({"/home/hanako/.config/kscreenlockerrc": own})
    environment = {"HOME": str(tmp_path / "home/hanako"), "XDG_CONFIG_DIRS": str(tmp_path / "etc/xdg"), "QT_QPA_PLATFORM": "offscreen"}
    argv = ["/usr/bin/kreadconfig5", "--file", "kscreenlockerrc", "--group", "Daemon", "--key", "Timeout", "--default", "5"]
    said = subprocess.run(argv, env=environment, check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert numbers(desktops(machine)[-1])[0] == int(said.stdout) * 60


def test_a_file_changed_after_the_session_began_may_not_be_in_force(tmp_path: Path) -> None:
    machine = kde(tmp_path).write({"/etc/xdg/kscreenlockerrc": "[Daemon]\nTimeout=10\n"})
    running(machine, plasmashell=1_700_001_000)
    age(machine, "/etc/xdg/kscreenlockerrc", 1_700_002_000)
    (lock,) = desktops(machine)
    assert isinstance(lock.idle.in_force, Unobserved)
    assert lock.idle.in_force.reason is Reason.STALE
    assert lock.idle.after_restart == Wait(600)
    age(machine, "/etc/xdg/kscreenlockerrc", 1_700_000_500)
    assert desktops(machine)[0].idle.in_force == Wait(600)


def test_a_desktop_that_keeps_the_lock_to_its_users_is_unknown(tmp_path: Path) -> None:
    machine = Machine(tmp_path).write(
        {"/usr/share/wayland-sessions/sway.desktop": "[Desktop Entry]\nName=Sway\nExec=sway\n", "/usr/bin/swaylock": ""}
    )
    running(machine)
    fact = seen(machine)
    (lock,) = desktops(machine)
    assert lock.desktop == "sway"
    assert isinstance(lock.idle.after_restart, Unobserved)
    assert lock.idle.after_restart.reason is Reason.UNSUPPORTED
    assert fact.lockers == ("swaylock",)


def test_kde_grace_and_nonsense(tmp_path: Path) -> None:
    machine = kde(tmp_path).write({"/etc/xdg/kscreenlockerrc": "[Daemon]\nTimeout=soon\nLockGrace=-1\n"})
    (lock,) = desktops(machine)
    assert isinstance(lock.idle.after_restart, Unobserved)
    assert lock.idle.after_restart.reason is Reason.PROTOCOL_VIOLATION
    assert lock.grace.after_restart == Wait(0)


SCRIPTS = {
    "plain": ("TMOUT=900\nexport TMOUT\n", 900, False),
    "read-only": ("TMOUT=600; readonly TMOUT; export TMOUT\n", 600, True),
    "declared": ("declare -xr TMOUT=300\n", 300, True),
    "the first read-only one is final": ("readonly TMOUT=300\nTMOUT=9000 2>/dev/null || true\n", 300, True),
    "unset again": ("TMOUT=300\nunset TMOUT\n", None, False),
    "zero is for ever": ("TMOUT=0\n", None, False),
    "quoted": ('export TMOUT="120" # two minutes\n', 120, False),
    "for one command only": ("TMOUT=5 true\n", None, False),
    "spoken of": ('echo "TMOUT=5" >/dev/null\n', None, False),
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_tmout_is_what_a_login_shell_gets(tmp_path: Path, name: str) -> None:
    text, seconds, fixed = SCRIPTS[name]
    machine = Machine(tmp_path).write({"/etc/profile.d/tmout.sh": text})
    running(machine)
    limit = console(machine, "TMOUT")
    assert (limit.idle.after_restart, limit.fixed) == (Wait(seconds), fixed)
    # and that is what the shell itself says
    script = f'. {tmp_path}/etc/profile.d/tmout.sh; echo "${{TMOUT:-0}}"; readonly -p'
    argv = ["bash", "-c", script]
    said = subprocess.run(argv, check=False, env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    lines = said.stdout.split("\n")
    assert int(lines[0]) == (seconds or 0)
    assert any("TMOUT" in line for line in lines[1:]) is fixed


@pytest.mark.parametrize("text", ['if [ -z "$SSH_TTY" ]; then TMOUT=300; fi\n', '[ "$EUID" = 0 ] && TMOUT=300\n', "TMOUT=$((15*60))\n"])
def test_a_conditional_or_computed_tmout_is_unknown(tmp_path: Path, text: str) -> None:
    machine = Machine(tmp_path).write({"/etc/profile.d/tmout.sh": text})
    running(machine)
    value = console(machine, "TMOUT").idle.after_restart
    assert isinstance(value, Unobserved)
    assert value.reason is Reason.UNSUPPORTED


def test_the_files_of_a_login_shell_are_taken_in_order(tmp_path: Path) -> None:
    machine = Machine(tmp_path).write(
        {
            "/etc/profile": "TMOUT=100\n",
            "/etc/bash.bashrc": "TMOUT=200\n",
            "/etc/profile.d/a.sh": "TMOUT=300\n",
            "/etc/profile.d/b.csh": "TMOUT=9\n",
        }
    )
    running(machine)
    limit = console(machine, "TMOUT")
    assert limit.idle.after_restart == Wait(300)
    assert limit.idle.source == "/etc/profile.d/a.sh line 1"


LOGIND = {"/usr/lib/systemd/systemd-logind": "", "/usr/lib/systemd/libsystemd-shared-252.so": ""}


def test_logind_ends_idle_sessions_where_its_files_say_so(tmp_path: Path) -> None:
    machine = Machine(tmp_path).write(
        LOGIND
        | {
            "/etc/systemd/logind.conf": "[Login]\n#StopIdleSessionSec=infinity\nStopIdleSessionSec=1h\n",
            "/etc/systemd/logind.conf.d/50-idle.conf": "[Login]\nStopIdleSessionSec=15min\n",
            "/usr/lib/systemd/logind.conf.d/50-idle.conf": "[Login]\nStopIdleSessionSec=1min\n",
        }
    )
    running(machine)
    limit = console(machine, "StopIdleSessionSec")
    assert (limit.idle.in_force, limit.idle.after_restart, limit.fixed) == (Wait(900), Wait(900), True)
    running(machine, **{"systemd-logind": 1_700_000_001})
    age(machine, "/etc/systemd/logind.conf.d/50-idle.conf", 1_700_000_500)
    stale = console(machine, "StopIdleSessionSec").idle.in_force
    assert isinstance(stale, Unobserved)
    assert stale.reason is Reason.STALE


def test_an_old_logind_does_not_know_the_setting(tmp_path: Path) -> None:
    machine = Machine(tmp_path).write(
        {
            "/lib/systemd/systemd-logind": "",
            "/lib/systemd/libsystemd-shared-247.so": "",
            "/etc/systemd/logind.conf": "[Login]\nStopIdleSessionSec=900\n",
        }
    )
    running(machine)
    assert console(machine, "StopIdleSessionSec").idle.after_restart == Wait(None)


def test_hidden_processes_leave_what_is_in_force_unknown(tmp_path: Path) -> None:
    machine = kde(tmp_path).write({"/etc/xdg/kscreenlockerrc": "[Daemon]\nTimeout=10\n"})
    (tmp_path / "proc/1/stat").unlink()
    (tmp_path / "proc/1").rmdir()
    (lock,) = desktops(machine)
    assert isinstance(lock.idle.in_force, Unobserved)
    assert lock.idle.in_force.reason is Reason.ACCESS_DENIED
    assert lock.idle.after_restart == Wait(600)

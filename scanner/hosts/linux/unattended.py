"""The collector for unattended updates on Linux: unattended-upgrades of the Debian family, dnf-automatic of the Red Hat one."""

from __future__ import annotations

from collections.abc import Sequence

from scanner.facts.readings import Readings
from scanner.facts.software import AutomaticUpdates, Updater
from scanner.hosts.base import Files, Names, Reader, Run, collector
from scanner.hosts.linux.base import drop_ins, enabled, exists, init, needed, one_file, parsed, seen, unit_file
from scanner.hosts.linux.services import UNITS
from scanner.hosts.linux.software import manager
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import apt, keyfile

APT_DUMP = Run(("apt-config", "dump"))
APT_FILES = "/etc/apt/apt.conf.d"
UNATTENDED = "/usr/bin/unattended-upgrade"
APT_TIMERS = ("apt-daily.timer", "apt-daily-upgrade.timer")
DNF_SETTINGS = "/etc/dnf/automatic.conf"
DNF_TIMERS = ("dnf-automatic.timer", "dnf-automatic-install.timer")
DNF5_TIMER = "dnf5-automatic.timer"
"""What ``dnf-automatic.timer`` is another name of where dnf5 is."""
ACTIVE = Run(("systemctl", "show", "-p", "Id", "-p", "ActiveState", *APT_TIMERS, *DNF_TIMERS, DNF5_TIMER))


@collector(
    Platform.LINUX,
    *UNITS,
    APT_DUMP,
    ACTIVE,
    Names(UNATTENDED),
    Names("/etc/cron.daily/apt-compat"),
    Files(DNF_SETTINGS),
    *(Names(f"/etc/systemd/system/{timer}") for timer in (*APT_TIMERS, *DNF_TIMERS, DNF5_TIMER)),
)
def automatic_updates(read: Reader) -> AutomaticUpdates:
    """See whether the machine installs security updates by itself."""
    updaters = seen(lambda: _updaters(read))
    if not isinstance(updaters, Unobserved):
        for updater in updaters:
            now, later = updater.installs.in_force, updater.installs.after_restart
            read.keep(updater.installs.source, f"{updater.name}: now {now}, after a restart {later}, security {updater.security}")
    return AutomaticUpdates(updaters)


def _updaters(read: Reader) -> tuple[Updater, ...]:
    match manager(read):
        case "dpkg":
            return (_apt(read),) if read.state(UNATTENDED) is not None else ()
        case "rpm":
            return (_dnf(read),) if read.state(DNF_SETTINGS) is not None else ()
        case _:
            raise CannotObserve(Reason.UNSUPPORTED, "no package manager that is known: neither dpkg nor rpm")


def apt_configuration(read: Reader) -> tuple[apt.Assignment, ...]:
    """Give apt's settings in their order: what apt itself makes of them, or of a mounted root its files. Raises ``CannotObserve``."""
    if read.live:
        said = read.command(APT_DUMP.argv)
        if said is None or said.status:
            raise CannotObserve(Reason.UNSUPPORTED, "apt-config does not answer")
        return needed(parsed("apt-config dump", said.stdout, apt.configuration))
    texts = [*needed(drop_ins(read, (APT_FILES,), "")), *filter(None, [one_file(read, "/etc/apt/apt.conf")])]
    # apt.conf(5): only names without a suffix or with .conf count
    texts = [t for t in texts if (name := t.path.rpartition("/")[2]) and ("." not in name or name.endswith(".conf"))]
    return tuple(line for text in texts for line in needed(parsed(text.path, needed(text.data), apt.configuration)))


def value_of(settings: Sequence[apt.Assignment], name: str) -> str | None:
    """Give a setting's last value, or ``None`` where nothing sets it."""
    found = None
    for line in settings:
        if line.name == name.lower():
            found = line.value
        elif line.value is None and name.lower().startswith(f"{line.name}::"):
            found = None
    return found


def _apt(read: Reader) -> Updater:
    source = "apt-config: APT::Periodic, Unattended-Upgrade"
    settings = seen(lambda: apt_configuration(read))
    if isinstance(settings, Unobserved):
        return Updater("unattended-upgrades", Readings(settings, settings if read.live else None, settings, source), settings)
    asked = [value_of(settings, f"APT::Periodic::{key}") for key in ("Update-Package-Lists", "Unattended-Upgrade")]
    on = all((value or "0").strip() not in {"", "0", "0d"} for value in asked) and value_of(settings, "APT::Periodic::Enable") != "0"
    # Patterns may be given as strings of a list or as named items; both are what the program goes through.
    patterns = [
        line.value or ""
        for line in settings
        if line.name.startswith(("unattended-upgrade::origins-pattern::", "unattended-upgrade::allowed-origins::"))
    ]
    security = any("security" in pattern.lower() or pattern.strip().lower() in {"origin=*", "o=*", "*:*"} for pattern in patterns)
    return Updater("unattended-upgrades", _works(read, on, APT_TIMERS, source), security)


def _dnf(read: Reader) -> Updater:
    text = one_file(read, DNF_SETTINGS)
    held = seen(lambda: needed(parsed(DNF_SETTINGS, needed(text.data), keyfile.parse)) if text else keyfile.KeyFile((), False, 0))
    if isinstance(held, Unobserved):
        return Updater("dnf-automatic", Readings(held, held if read.live else None, held, DNF_SETTINGS), held)
    on = (held.last("commands", "apply_updates") or "no").lower() in {"yes", "true", "1", "on"}
    kind = (held.last("commands", "upgrade_type") or "default").lower()
    timers = (DNF5_TIMER,) if unit_file(read, DNF5_TIMER) else DNF_TIMERS[:1]
    by_file = _works(read, on, timers, f"{DNF_SETTINGS} [commands] apply_updates")
    # the timer that installs does so whatever the file says
    by_timer = _works(read, True, DNF_TIMERS[1:], DNF_TIMERS[1])
    chosen = by_timer if True in by_timer.effective() and True not in by_file.effective() else by_file
    return Updater("dnf-automatic", chosen, kind in {"default", "security"})


def _works(read: Reader, on: bool, timers: Sequence[str], source: str) -> Readings[bool]:
    """Give the readings of an updater that its timers start, or cron where no systemd is."""
    starts = seen(lambda: all(enabled(read, timer) for timer in timers) or (init(read) != "systemd" and _by_cron(read)))
    later = starts if isinstance(starts, Unobserved) and on else on and starts is True
    now: bool | Unobserved | None = None
    if read.live:
        running = seen(lambda: _active(read, timers))
        now = running if isinstance(running, Unobserved) and on else on and running is True
    return Readings(on, now, later, source)


def _by_cron(read: Reader) -> bool:
    return exists(read, "/etc/cron.daily/apt-compat", "/etc/cron.daily/apt") is not None


def _active(read: Reader, timers: Sequence[str]) -> bool:
    if read.state("/run/systemd/system") is None:
        return _by_cron(read)
    said = read.command(ACTIVE.argv)
    if said is None:
        raise CannotObserve(Reason.UNSUPPORTED, "systemctl is not there")
    blocks = [
        dict(line.split("=", 1) for line in b.split("\n") if "=" in line) for b in said.stdout.decode("utf-8", "replace").split("\n\n")
    ]
    states = {block.get("Id", ""): block.get("ActiveState", "") for block in blocks}
    return all(states.get(timer) == "active" for timer in timers)

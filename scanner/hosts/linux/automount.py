"""The collector for automatic mounting of removable media on Linux."""

from __future__ import annotations

import re
from functools import partial

from scanner.facts.readings import Readings
from scanner.facts.removable_media import AutoMount, Mounter, MountPermission
from scanner.hosts.base import Files, Names, Reader, collector
from scanner.hosts.combining import joined, same, unknown
from scanner.hosts.linux import systemd_conf
from scanner.hosts.linux.autofs import MASTERS, autofs
from scanner.hosts.linux.autofs import PROGRAMS as AUTOMOUNT_PROGRAMS
from scanner.hosts.linux.base import Account, accounts, drop_ins, exists, masked, needed, parsed, seen, shown, unit_file
from scanner.hosts.linux.desktops import Session, sessions_or_reason
from scanner.hosts.linux.gsettings import GSettings, Key, gsettings
from scanner.hosts.linux.kconfig import KConfig, boolean, kconfig
from scanner.hosts.linux.reads import ACCOUNTS, SESSIONS, UDEV
from scanner.hosts.linux.services import PROCESSES, UNITS
from scanner.hosts.linux.udev import Placed, udev_rules
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import polkit

AUTOMOUNT = Key("org.gnome.desktop.media-handling", "automount")
OPEN = Key("org.gnome.desktop.media-handling", "automount-open")
SERVICE = "/usr/share/dbus-1/system-services/org.freedesktop.UDisks2.service"
POLICY = "/usr/share/polkit-1/actions/org.freedesktop.UDisks2.policy"
ACTION = "org.freedesktop.udisks2.filesystem-mount"
RULES = ("/etc/polkit-1/rules.d", "/run/polkit-1/rules.d", "/usr/local/share/polkit-1/rules.d", "/usr/share/polkit-1/rules.d")
LOCAL_AUTHORITY = ("/etc/polkit-1/localauthority", "/var/lib/polkit-1/localauthority")
UNIT_DIRECTORIES = ("/etc/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system")

_MOUNTING = re.compile(r"(?:^|[/\s'\"])(?:mount|usbmount|systemd-mount|pmount|udisksctl|udevil|devmon|udev-media-automount)(?:[\s'\"@.]|$)")
_STORAGE = re.compile(r"block|usb|scsi|mmc")
_REMOVABLE = re.compile(r"/dev/(?:sr[0-9]|cdrom|dvd|fd[0-9]|disk/by-[a-z]+/usb-)")
_FOR_MEDIA = re.compile(r"(?:/run)?/media(?:/|$)|/mnt/(?:usb|cdrom|floppy|removable)", re.IGNORECASE)


@collector(
    Platform.LINUX,
    *SESSIONS,
    *ACCOUNTS,
    *UDEV,
    *UNITS,
    *PROCESSES,
    Files("/etc/xdg/kded_device_automounterrc"),
    Files(SERVICE),
    Files(POLICY),
    *(Names(f"{directory}/udisks2.service") for directory in (*UNIT_DIRECTORIES, "/run/systemd/system")),
    *(Files(f"{directory}/*.rules", root=directory.startswith("/etc")) for directory in RULES),
    *(Files(f"{directory}/*/*.pkla", root=True) for directory in LOCAL_AUTHORITY),
    Names("/usr/bin/udiskie"),
    Names("/usr/local/bin/udiskie"),
    *(Names(path) for path in AUTOMOUNT_PROGRAMS),
    *(Files(path) for path in MASTERS),
    Files("/etc/auto.*"),
    Files("/etc/auto.master.d/*.autofs"),
    Files("/etc/nsswitch.conf"),
    Files("/etc/fstab"),
    *(Files(f"{directory}/*.automount") for directory in UNIT_DIRECTORIES),
)
def auto_mount(read: Reader) -> AutoMount:
    """See who mounts removable media unasked, and what the mount service permits."""
    sessions = sessions_or_reason(read)
    permission = seen(lambda: _permission(read))
    if isinstance(permission, Unobserved):
        permission = unknown(permission, read.live, "udisks2")
    mounters = sessions if isinstance(sessions, Unobserved) else seen(lambda: _mounters(read, sessions))
    return AutoMount(mounters, permission)


def _mounters(read: Reader, sessions: tuple[Session, ...]) -> tuple[Mounter, ...]:
    found: list[Mounter] = []
    for session in sessions:
        match session.desktop:
            case "gnome":
                found.extend(_gnome(read, session))
            case "kde":
                found.extend(_kde(read))
            case other:
                found.append(_own_way(read, other))
    if exists(read, "/usr/bin/udiskie", "/usr/local/bin/udiskie"):
        found.append(_own_way(read, "udiskie"))
    for part in (seen(partial(autofs, read)), seen(partial(_systemd, read))):
        if isinstance(part, Unobserved):
            found.append(Mounter("systemd", "", unknown(part, read.live, "automount units"), None, True, False))
        elif part is not None:
            found.append(part)
    by_rule = _udev(read)
    if by_rule:
        found.append(by_rule)
    for mounter in found:
        read.keep(mounter.mounts.source, f"{mounter.program} mounts: {mounter.mounts.after_restart}")
    return tuple(found)


def _own_way(read: Reader, program: str) -> Mounter:
    why = Unobserved(Reason.UNSUPPORTED, f"{program}: each user sets up mounting; no settings of the machine can be read")
    return Mounter(program, "", unknown(why, read.live, program), None, why, True)


def _gnome(read: Reader, session: Session) -> tuple[Mounter, ...]:
    settings = gsettings(read, session.names)
    mounts, fixed = settings.machine(AUTOMOUNT, bool)
    opens, _ = settings.machine(OPEN, bool)
    machine = Mounter("gnome", "", mounts, opens, fixed, True)
    if fixed is True:
        return (machine,)
    people = seen(partial(accounts, read))
    if isinstance(people, Unobserved):
        return (machine, Mounter("gnome", "?", unknown(people, read.live, "/etc/passwd"), None, fixed, True))
    return (machine, *(own for person in people if (own := _gnome_own(settings, machine, person))))


def _gnome_own(settings: GSettings, machine: Mounter, person: Account) -> Mounter | None:
    value = settings.own(AUTOMOUNT, bool, person)
    if value is None:
        return None
    source = f"{AUTOMOUNT.schema} {AUTOMOUNT.name} of {person.name}"
    return Mounter("gnome", person.name, same(value, settings.read.live, source, configured=value), machine.opens, machine.fixed, True)


def _kde(read: Reader) -> tuple[Mounter, ...]:
    config = kconfig(read, "kded_device_automounterrc")
    machine = _kde_mounter(read, config, "")
    if machine.fixed is True:
        return (machine,)
    people = seen(partial(accounts, read))
    if isinstance(people, Unobserved):
        return (machine, Mounter("kde", "?", unknown(people, read.live, "/etc/passwd"), None, machine.fixed, True))
    own = [(person, kconfig(read, "kded_device_automounterrc", person)) for person in people]
    return (machine, *(_kde_mounter(read, theirs, person.name) for person, theirs in own if len(theirs.files) > len(config.files)))


def _kde_mounter(read: Reader, config: KConfig, account: str) -> Mounter:
    """Read KDE's device automounter. Its module ends at once unless it is enabled, which it is not by default."""
    on = config.get("General", "AutomountEnabled")

    def reading(key: str, default: bool) -> Readings[bool]:
        entry = config.get("General", key)
        if isinstance(entry.value, Unobserved):
            return unknown(entry.value, read.live, entry.source)
        value = default if entry.value is None else boolean(entry.value)
        return same(value, read.live, entry.source, configured=None if entry.value is None else value)

    # The defaults of these two changed between versions from false to true; taken as true unless a file says otherwise.
    when = joined(
        reading("AutomountOnLogin", True), reading("AutomountOnPlugin", True), lambda a, b: a or b, unset=(True, True), source=on.source
    )
    mounts = joined(reading("AutomountEnabled", False), when, lambda a, b: a and b, unset=(False, True), source=on.source)
    return Mounter("kde", account, mounts, None, on.fixed, True)


def _permission(read: Reader) -> Readings[MountPermission] | None:
    """Tell what udisks2 lets the person at the screen do; ``None`` where it is not installed or masked for good."""
    if read.state(SERVICE) is None and unit_file(read, "udisks2.service") is None:
        return None
    if masked(read, "udisks2.service"):
        return None
    undecided = seen(lambda: _rule_about_mounting(read))
    if undecided:
        why = undecided if isinstance(undecided, Unobserved) else Unobserved(Reason.UNSUPPORTED, f"{undecided}: decides about {ACTION}")
        return unknown(why, read.live, f"polkit {ACTION}")
    data = read.file(POLICY)
    if data is None:
        raise CannotObserve(Reason.UNSUPPORTED, f"{POLICY} is missing")
    actions = parsed(POLICY, data, polkit.actions)
    if isinstance(actions, Unobserved):
        return unknown(actions, read.live, POLICY)
    active = actions[ACTION].active if ACTION in actions else "no"
    read.keep(POLICY, f"{ACTION}: allow_active {shown(active)}")
    match active.removesuffix("_keep"):
        case "yes":
            given = MountPermission.FREE
        case "auth_self":
            given = MountPermission.AUTHENTICATED
        case "auth_admin":
            given = MountPermission.ADMINISTRATOR
        case _:
            given = MountPermission.NOBODY
    return same(given, read.live, f"{POLICY} {ACTION} allow_active")


def _rule_about_mounting(read: Reader) -> str | None:
    """Name a polkit rule that speaks of mounting. Rules are programs in JavaScript; what they decide is not worked out."""
    for file in needed(drop_ins(read, RULES, ".rules")):
        lines = [line for line in needed(file.data).split(b"\n") if not line.lstrip().startswith(b"//")]
        if any(b"udisks2" in line for line in lines):
            return file.path
    for top in LOCAL_AUTHORITY:
        for directory in read.names(top) or ():
            for name in read.names(f"{top}/{directory}") or ():
                path = f"{top}/{directory}/{name}"
                if name.endswith(".pkla") and b"udisks2" in (read.file(path) or b""):
                    return path
    return None


def _systemd(read: Reader) -> Mounter | None:
    """Look for automount points of systemd that stand for removable media, in /etc/fstab and in unit files."""
    for line in (read.file("/etc/fstab") or b"").decode("utf-8", "replace").split("\n"):
        fields = line.split()
        if len(fields) < 4 or fields[0].startswith("#") or "x-systemd.automount" not in fields[3].split(","):
            continue
        if _REMOVABLE.match(fields[0]) or _FOR_MEDIA.match(fields[1]):
            source = f"/etc/fstab: {shown(fields[0])} {shown(fields[1])} x-systemd.automount"
            return Mounter("systemd", "", same(True, read.live, source, configured=True), None, True, False)
    for unit in needed(drop_ins(read, UNIT_DIRECTORIES, ".automount")):
        where = needed(parsed(unit.path, needed(unit.data), systemd_conf.parse)).last("Automount", "Where") or ""
        if _FOR_MEDIA.match(where):
            return Mounter("systemd", "", same(True, read.live, f"{unit.path}: Where={shown(where)}", configured=True), None, True, False)
    return None


def _udev(read: Reader) -> Mounter | None:
    """Look for udev rules that mount what is plugged in, themselves or through a service that they start."""
    rules = udev_rules(read)
    if isinstance(rules.lasting, Unobserved):
        return Mounter("udev", "", unknown(rules.lasting, read.live, "udev rules"), None, True, False)
    later = next((placed for placed in rules.lasting if _mounts(placed)), None)
    now = rules.now
    first = None if now is None or isinstance(now, Unobserved) else next((placed for placed in now if _mounts(placed)), None)
    if later is None and first is None and not isinstance(now, Unobserved):
        return None
    in_force = now if now is None or isinstance(now, Unobserved) else first is not None
    place = later or first
    source = place.where if place else "udev rules"
    return Mounter("udev", "", Readings(True if later else None, in_force, later is not None, source), None, True, False)


def _mounts(placed: Placed) -> bool:
    if any(m.key in {"SUBSYSTEM", "SUBSYSTEMS"} and m.operator == "==" and not _STORAGE.search(m.value) for m in placed.rule.matches):
        return False  # systemd mounts its own pseudo file systems when a module appears
    for term in placed.rule.sets:
        if term.key == "RUN" and _MOUNTING.search(term.value):
            return True
        if term.key == "ENV" and term.attribute in {"SYSTEMD_WANTS", "SYSTEMD_USER_WANTS"} and "mount" in term.value:
            return True
    return False

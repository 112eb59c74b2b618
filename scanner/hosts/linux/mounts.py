"""The collector for file systems that a Linux machine keeps apart: mounted now, and after a restart by fstab(5) and systemd's own units."""

from __future__ import annotations

from dataclasses import dataclass

from scanner.facts.files import Mount, Mounts
from scanner.facts.readings import Readings
from scanner.hosts.base import Files, Reader, collector
from scanner.hosts.linux.base import enabled, init, masked, one_file, seen, shown
from scanner.hosts.linux.container import READS as CONTAINER
from scanner.hosts.linux.container import container
from scanner.hosts.linux.services import UNITS
from scanner.hosts.linux.units import PLACES as PLACES_OF_UNITS
from scanner.hosts.linux.units import setting, unit_files
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason

PLACES = ("/tmp", "/var/tmp", "/dev/shm", "/home", "/var", "/var/log", "/var/log/audit", "/boot")  # noqa: S108  mount points, nothing is written there
NOW, LATER = "/proc/self/mounts", "/etc/fstab"
SHM_PLACE, SHM = "/dev/shm", ("nosuid", "nodev")  # noqa: S108  a mount point
"""Where systemd mounts shared memory by itself, and how (src/shared/mount-setup.c); fstab(5) may say otherwise."""
MEDIA = ("/media/", "/mnt/", "/cdrom", "/media", "/mnt")
USER = frozenset({"user", "users", "owner", "group"})
"""Options that imply nosuid and nodev, the first two noexec as well (mount(8))."""
MOST_LINES = 5_000
_ESCAPES = (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\"))


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a table of mounts."""

    device: str
    path: str
    type: str
    options: tuple[str, ...]


@collector(
    Platform.LINUX,
    *CONTAINER,
    Files(NOW),
    Files(LATER),
    *UNITS,
    *unit_files(("tmp.mount",)),
)
def mounts(read: Reader) -> Mounts:
    """See what is a file system of its own, with which options."""
    lasting = seen(lambda: table(read, LATER))
    running = seen(lambda: table(read, NOW)) if read.live else None
    places = tuple(_place(read, path, running, lasting) for path in PLACES)
    media = lasting if isinstance(lasting, Unobserved) else tuple(_medium(line, running) for line in lasting if _is_medium(line))
    for place in places:
        read.keep(place.options.source, f"{place.path}: now {place.options.in_force}, after a restart {place.options.after_restart}")
    return Mounts(container(read), places, media)


def table(read: Reader, path: str) -> tuple[Line, ...]:
    """Read /proc/self/mounts or fstab: the last line of a path is the one that is on top. Raises ``CannotObserve``."""
    found = []
    lines = (read.file(path) or b"").decode("utf-8", "replace").split("\n")
    if len(lines) > MOST_LINES:
        raise CannotObserve(Reason.TOO_LARGE, f"{path}: more than {MOST_LINES} lines")
    for line in lines:
        words = line.split()
        if len(words) >= 3 and not words[0].startswith("#"):
            plain = [_plain(word) for word in words]
            found.append(Line(plain[0], plain[1].rstrip("/") or "/", plain[2], tuple(plain[3].split(",")) if len(plain) > 3 else ()))
    return tuple(found)


def _plain(word: str) -> str:
    for escaped, letter in _ESCAPES:
        word = word.replace(escaped, letter)
    return word


def _place(read: Reader, path: str, running: tuple[Line, ...] | Unobserved | None, lasting: tuple[Line, ...] | Unobserved) -> Mount:
    now: tuple[str, ...] | Unobserved | None
    type_ = ""
    if running is None or isinstance(running, Unobserved):
        now = running
    else:
        line = next((one for one in reversed(running) if one.path == path), None)
        now, type_ = (line.options, line.type) if line else ((), "")
    configured: tuple[str, ...] | Unobserved | None
    source = f"{LATER}: {path}"
    if isinstance(lasting, Unobserved):
        return Mount(path, type_, Readings(lasting, now, lasting, source))
    written = next((one for one in reversed(lasting) if one.path == path), None)
    configured = None if written is None else () if "noauto" in written.options else _meant(written.options)
    later = seen(lambda: _later(read, path, configured))
    return Mount(path, shown(type_ or (written.type if written else "")), Readings(configured, now, later, source))


def _later(read: Reader, path: str, by_fstab: tuple[str, ...] | None) -> tuple[str, ...]:
    """Give the options after a restart, empty where nothing is mounted. Raises ``CannotObserve``.

    systemd makes a unit of a line of fstab. A unit of the same name in /etc outranks it, one of a package does not, and drop-ins change
    whichever it is (systemd.unit(5), systemd-fstab-generator(8)).
    """
    if init(read) != "systemd":
        return by_fstab or ()
    if path == SHM_PLACE:  # mounted before units are read; fstab's options are put on it later (systemd-remount-fs.service(8))
        return SHM if by_fstab is None else by_fstab
    unit = f"{path.strip('/').replace('/', '-')}.mount"
    if by_fstab == () or masked(read, unit) or (by_fstab is None and not enabled(read, unit)):
        return ()
    above_fstab = PLACES_OF_UNITS[:1]
    written = setting(read, (unit,), "Mount", "Options", PLACES_OF_UNITS if by_fstab is None else above_fstab)
    if written is None and by_fstab is not None and one_file(read, f"{above_fstab[0]}/{unit}") is None:
        return by_fstab
    return _meant(tuple(written.split(","))) if written else ("defaults",)


def _meant(options: tuple[str, ...]) -> tuple[str, ...]:
    """Add what options imply, in their order: a later exec, suid or dev takes an implied one back (mount(8))."""
    found: list[str] = []
    for option in options:
        if option in USER:
            found += ["nosuid", "nodev", *(["noexec"] if option in {"user", "users"} else [])]
        elif option == "defaults":
            found = [one for one in found if one not in {"nosuid", "nodev", "noexec"}]
        elif option in {"suid", "dev", "exec"}:
            found = [one for one in found if one != f"no{option}"]
        found.append(option)
    return tuple(dict.fromkeys(shown(option) for option in found)) or ("defaults",)


def _is_medium(line: Line) -> bool:
    if line.type in {"nfs", "nfs4", "cifs", "swap"}:
        return False
    return (
        line.path.startswith(MEDIA)
        or line.type in {"iso9660", "udf"}
        or (line.type in {"vfat", "exfat", "ntfs"} and not line.path.startswith("/boot"))
    )


def _medium(line: Line, running: tuple[Line, ...] | Unobserved | None) -> Mount:
    meant = _meant(line.options)
    now: tuple[str, ...] | Unobserved | None = None
    if isinstance(running, tuple):
        there = next((one for one in reversed(running) if one.path == line.path), None)
        now = there.options if there else meant
    elif running is not None:
        now = running
    return Mount(shown(line.path), shown(line.type), Readings(meant, now, meant, f"{LATER}: {shown(line.path)}"))

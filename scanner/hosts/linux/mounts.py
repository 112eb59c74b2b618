"""The collector for file systems that a Linux machine keeps apart: mounted now, and after a restart by fstab(5) and systemd's own units."""

from __future__ import annotations

from dataclasses import dataclass

from scanner.facts.files import Mount, Mounts
from scanner.facts.readings import Readings
from scanner.hosts.base import Files, Names, Reader, collector
from scanner.hosts.linux.base import exists, init, masked, one_file, seen, shown
from scanner.hosts.linux.container import READS as CONTAINER
from scanner.hosts.linux.container import container
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason

PLACES = ("/tmp", "/var/tmp", "/dev/shm", "/home", "/var", "/var/log", "/var/log/audit", "/boot")  # noqa: S108  mount points, nothing is written there
NOW, LATER = "/proc/self/mounts", "/etc/fstab"
TMP_UNIT = ("/etc/systemd/system/tmp.mount", "/usr/lib/systemd/system/tmp.mount", "/lib/systemd/system/tmp.mount")
SHM = ("tmpfs", ("nosuid", "nodev"))
"""What systemd mounts at /dev/shm by itself (src/shared/mount-setup.c); fstab(5) may say otherwise."""
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
    *(Files(path) for path in TMP_UNIT),
    Names("/etc/systemd/system/local-fs.target.wants"),
    Names("/usr/lib/systemd/system/local-fs.target.wants"),
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
    if written is not None:
        configured = () if "noauto" in written.options else _meant(written.options)
        return Mount(path, shown(type_ or written.type), Readings(configured, now, configured, source))
    later = seen(lambda: _by_itself(read, path))
    return Mount(path, shown(type_), Readings(None, now, later, source))


def _by_itself(read: Reader, path: str) -> tuple[str, ...]:
    """Give the options of what systemd mounts without fstab: /dev/shm always, /tmp where its unit is wanted."""
    if init(read) != "systemd":
        return ()
    if path == "/dev/shm":  # noqa: S108  compared
        return SHM[1]
    if path != "/tmp" or masked(read, "tmp.mount"):  # noqa: S108  compared
        return ()
    wanted = [
        f"{base}/local-fs.target.wants/tmp.mount" for base in ("/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system")
    ]
    if not exists(read, *wanted):
        return ()
    text = next((found for unit in TMP_UNIT if (found := one_file(read, unit))), None)
    if text is None or isinstance(text.data, Unobserved):
        return ()
    lines = [line.strip() for line in text.data.decode("utf-8", "replace").split("\n")]
    return tuple(option for line in lines if line.startswith("Options=") for option in line.removeprefix("Options=").split(","))


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

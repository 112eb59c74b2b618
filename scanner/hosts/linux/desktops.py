"""Which graphical sessions a Linux machine offers. What the desktops are set to is read elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from scanner.hosts.base import Reader
from scanner.hosts.linux.base import exists, seen, shown
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import keyfile

SESSIONS = (
    "/usr/share/wayland-sessions",
    "/usr/share/xsessions",
    "/usr/local/share/wayland-sessions",
    "/usr/local/share/xsessions",
)
PATH = ("/usr/local/bin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/sbin", "/sbin")
LOCKERS = (
    "swaylock",
    "swayidle",
    "xss-lock",
    "light-locker",
    "xscreensaver",
    "xautolock",
    "i3lock",
    "slock",
    "physlock",
    "vlock",
    "hypridle",
    "gtklock",
)
"""Programs that lock, or that start one that locks, as each user has set them up."""


@dataclass(frozen=True, slots=True)
class Session:
    """A kind of graphical session: ``gnome``, ``kde`` or the desktop's own name, and what it puts into XDG_CURRENT_DESKTOP."""

    desktop: str
    names: tuple[str, ...]
    version: str
    """As the session's file says it (KDE does), or empty."""


def sessions(read: Reader) -> tuple[Session, ...]:
    """Give the sessions whose program is installed, one for each desktop. Raises ``CannotObserve``."""
    found: dict[str, Session] = {}
    for directory in SESSIONS:
        for name in read.names(directory) or ():
            if not name.endswith(".desktop"):
                continue
            data = read.file(f"{directory}/{name}")
            if data is None:
                continue
            try:
                entry = keyfile.parse(data)
            except keyfile.NotKeyFile as error:
                raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"{directory}/{name}: {error}") from error
            session = _session(read, entry, name.removesuffix(".desktop"))
            if session:
                found.setdefault(session.desktop, session)
    return tuple(found[desktop] for desktop in sorted(found))


def _session(read: Reader, entry: keyfile.KeyFile, stem: str) -> Session | None:
    group = "Desktop Entry"
    if entry.last(group, "Hidden") == "true":
        return None
    program = entry.last(group, "TryExec")
    if program and not _installed(read, program):
        return None
    names = tuple(shown(name) for name in (entry.last(group, "DesktopNames") or "").replace(":", ";").split(";") if name)
    return Session(_desktop(names or (shown(stem),)), names, shown(entry.last(group, "X-KDE-PluginInfo-Version") or ""))


def _installed(read: Reader, program: str) -> bool:
    return exists(read, *((program,) if program.startswith("/") else (f"{where}/{program}" for where in PATH))) is not None


def _desktop(names: tuple[str, ...]) -> str:
    lower = [name.lower() for name in names]
    if any("gnome" in name for name in lower):
        return "gnome"
    if any(name in {"kde", "plasma"} or name.startswith("plasma") for name in lower):
        return "kde"
    return lower[0]


def lockers(read: Reader) -> tuple[str, ...] | Unobserved:
    """Give the screen locking programs that are installed."""
    paths = seen(
        lambda: [name for name in LOCKERS if any(read.state(f"{where}/{name}") is not None for where in ("/usr/bin", "/usr/local/bin"))]
    )
    return paths if isinstance(paths, Unobserved) else tuple(paths)


def environment(read: Reader, name: str) -> str | None:
    """Give a variable that /etc/environment sets for every session, or ``None``. Raises ``CannotObserve``."""
    value = None
    for line in (read.file("/etc/environment") or b"").decode("utf-8", "replace").split("\n"):
        key, equals, rest = line.strip().removeprefix("export ").partition("=")
        if equals and key.strip() == name:
            value = rest.strip().strip("\"'")
    return value


def sessions_or_reason(read: Reader) -> tuple[Session, ...] | Unobserved:
    """Give the sessions, or why they cannot be told."""
    return seen(partial(sessions, read))

"""Small machines for the tests of collectors: a root directory whose files the test writes, read as a running machine or an image."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from scanner.hosts.base import CommandOutput, FileState
from scanner.hosts.local import RootReader
from scanner.hosts.machine import AnyCollector
from scanner.model.fact import Fact
from scanner.model.reason import CannotObserve, Reason

GNOME_SESSION = "[Desktop Entry]\nName=GNOME\nExec=/usr/bin/gnome-session\nTryExec=/usr/bin/gnome-session\nDesktopNames=GNOME\n"
KDE_SESSION = "[Desktop Entry]\nName=Plasma\nExec=/usr/bin/startplasma-x11\nDesktopNames=KDE\nX-KDE-PluginInfo-Version=5.27.5\n"
SCHEMAS = Path("/usr/share/glib-2.0/schemas")
F = TypeVar("F", bound=Fact)
SYSTEMD = {"/usr/lib/systemd/systemd": "", "/run/systemd/system/x": ""}
DEBIAN = {"/var/lib/dpkg/status": "", "/etc/os-release": 'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\nPRETTY_NAME="Debian 12"\n'}
RED_HAT = {"/var/lib/rpm/rpmdb.sqlite": "x", "/etc/os-release": 'ID="rhel"\nVERSION_ID="9.4"\n'}
NOW = 1_763_800_000


class Machine(RootReader):
    """A tree that counts as running where ``live`` says so; commands are those of the test."""

    def __init__(self, root: Path, live: bool = True, commands: Mapping[str, str] | None = None) -> None:
        super().__init__(root)
        self.root = root
        self.live = live
        self.commands = dict(commands or {})

    def command(self, argv: Sequence[str], *, seconds: float = 10.0) -> CommandOutput | None:
        """Answer what the test wrote, and stat(1) for the ends of links; all other programs are not installed."""
        if not self.live:
            return super().command(argv, seconds=seconds)
        if tuple(argv[:5]) == ("stat", "-L", "-c", "%Y %n", "--"):
            ends = ((path, self._end(path)) for path in argv[5:])
            return CommandOutput(0, "".join(f"{int(end.stat().st_mtime)} {path}\n" for path, end in ends if end.exists()).encode(), b"")
        said = self.commands.get(" ".join(argv))
        return None if said is None else CommandOutput(0, said.encode(), b"")

    def _end(self, path: str) -> Path:
        place = self.root / path.lstrip("/")
        while place.is_symlink():
            place = self.root / os.path.normpath(place.relative_to(self.root).parent / place.readlink()).lstrip("/")
        return place

    def write(self, files: Mapping[str, str | bytes]) -> Machine:
        """Put files into the tree."""
        for path, content in files.items():
            place = self.root / path.lstrip("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content if isinstance(content, bytes) else content.encode())
        return self

    def schemas(self, override: str = "") -> Machine:
        """Install the schemas of this machine's desktop, compiled by the real program."""
        place = self.root / "usr/share/glib-2.0/schemas"
        place.mkdir(parents=True)
        for name in ("session", "screensaver", "media-handling", "lockdown"):
            shutil.copy(SCHEMAS / f"org.gnome.desktop.{name}.gschema.xml", place)
        shutil.copy(SCHEMAS / "org.gnome.desktop.enums.xml", place)
        if override:
            (place / "90_test.gschema.override").write_text(override)
        subprocess.run([schema_compiler(), str(place)], check=True, stdin=subprocess.DEVNULL, capture_output=True)
        return self

    def dconf(self, keys: str, locks: str = "", compiled: bool = True) -> Machine:
        """Write a profile, a key file and locks, and compile them with the real program."""
        self.write({"/etc/dconf/profile/user": "user-db:user\nsystem-db:local\n", "/etc/dconf/db/local.d/00-test": keys})
        if locks:
            self.write({"/etc/dconf/db/local.d/locks/test": locks})
        if compiled:
            self.compile("/etc/dconf/db/local", "/etc/dconf/db/local.d")
        return self

    def compile(self, database: str, directory: str) -> None:
        """Run ``dconf compile``."""
        argv = ["dconf", "compile", str(self.root / database.lstrip("/")), str(self.root / directory.lstrip("/"))]
        subprocess.run(argv, check=True, stdin=subprocess.DEVNULL, capture_output=True)

    def person(self, name: str, number: int = 1000) -> Path:
        """Add an account and give its home directory."""
        passwd = self.root / "etc/passwd"
        passwd.parent.mkdir(parents=True, exist_ok=True)
        with passwd.open("a") as file:
            file.write(f"{name}:x:{number}:{number}:{name}:/home/{name}:/bin/bash\n")
        home = self.root / "home" / name
        home.mkdir(parents=True)
        return home

    def own_dconf(self, name: str, keys: str) -> None:
        """Give an account settings of its own."""
        source = self.root / "tmp" / f"{name}.d"
        source.mkdir(parents=True)
        (source / "keys").write_text(keys)
        (self.root / f"home/{name}/.config/dconf").mkdir(parents=True)
        self.compile(f"/home/{name}/.config/dconf/user", f"/tmp/{name}.d")
        shutil.rmtree(source.parent)


def schema_compiler() -> str:
    """Find glib-compile-schemas; Debian keeps the runtime's copy out of the path."""
    found = shutil.which("glib-compile-schemas") or next(map(str, Path("/usr/lib").glob("*/glib-2.0/glib-compile-schemas")), None)
    assert found, "libglib2.0-0 brings glib-compile-schemas"
    return found


def gnome(root: Path, live: bool = True) -> Machine:
    """A machine with GNOME."""
    machine = Machine(root, live)
    machine.write({"/usr/share/wayland-sessions/gnome.desktop": GNOME_SESSION, "/usr/bin/gnome-session": ""})
    if live:
        running(machine)
    return machine


def kde(root: Path, live: bool = True) -> Machine:
    """A machine with Plasma."""
    machine = Machine(root, live)
    machine.write({"/usr/share/xsessions/plasma.desktop": KDE_SESSION})
    if live:
        running(machine)
    return machine


def running(machine: Machine, **started: int) -> None:
    """Give the machine's process list: names and their starts in seconds since 1970; number 1 is always there."""
    boot = 1_700_000_000
    machine.write({"/proc/stat": f"cpu 1 2 3\nbtime {boot}\n"})
    for number, (name, at) in enumerate({"systemd": boot, **started}.items(), 1):
        fields = " ".join(["0"] * 18)
        machine.write({f"/proc/{number}/stat": f"{number} ({name}) S {fields} {(at - boot) * 100} 0 0\n"})


def age(machine: Machine, path: str, at: int) -> None:
    """Set when a file was changed."""
    os.utime(machine.root / path.lstrip("/"), (at, at))


class Spy(Machine):
    """Notes what is asked for; ``deny`` names a path that there is no right to read."""

    deny = ""

    def __init__(self, root: Path, live: bool = True, commands: Mapping[str, str] | None = None) -> None:
        super().__init__(root, live, commands)
        self.asked: set[str] = set()

    def _note(self, path: str) -> None:
        self.asked.add(path)
        if path == self.deny:
            raise CannotObserve(Reason.ACCESS_DENIED, path)

    def file(self, path: str, *, limit: int = 1_000_000) -> bytes | None:
        self._note(path)
        return super().file(path, limit=limit)

    def names(self, directory: str) -> tuple[str, ...] | None:
        self._note(directory)
        return super().names(directory)

    def state(self, path: str) -> FileState | None:
        self._note(path)
        return super().state(path)


def said(argv: tuple[str, ...]) -> str:
    """The command as the test machine knows it."""
    return " ".join(argv)


def machine(root: Path, files: Mapping[str, str | bytes], commands: Mapping[str, str] | None = None, *, live: bool = True) -> Machine:
    """A machine under systemd whose clock says NOW."""
    made = Machine(root, live, commands).write({**SYSTEMD, **files})
    if live:
        running(made)
        made.write({"/proc/uptime": f"{NOW - 1_700_000_000}.00 1.00\n"})
    return made


def look(kind: type[F], collector: AnyCollector, made: Machine) -> F:
    """Run a collector; give its fact."""
    fact = collector.run(made)
    assert isinstance(fact, kind)
    return fact

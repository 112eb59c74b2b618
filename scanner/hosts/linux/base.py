"""What the collectors for Linux share: reading text, merging drop-in directories, processes, the kernel's command line.

Each function reads through the reader it is given and says ``Unobserved`` where something could not be read, so that a
missing right touches exactly the part that needed it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from scanner.hosts.base import FileKind, Reader
from scanner.hosts.seeing import needed, parsed, seen, shown
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason

__all__ = ["needed", "parsed", "seen", "shown"]  # what the collectors for Linux have from here beside what follows

T = TypeVar("T")
MOST_PROCESSES = 100_000
MOST_ACCOUNTS = 500
FIRST_PERSON, LAST_PERSON = 1000, 59_999
"""Account numbers of people where /etc/login.defs does not say otherwise (shadow-utils)."""
TICKS = 100
"""Clock ticks a second in /proc, the same on every platform that Linux runs on today (USER_HZ)."""


@dataclass(frozen=True, slots=True)
class Text:
    """One configuration file: its path, fit to be shown, and its content, or why it could not be read."""

    path: str
    data: bytes | Unobserved


@dataclass(frozen=True, slots=True)
class Process:
    """A running process: its name as the kernel keeps it (15 octets at most), its start in seconds since 1970, its number."""

    name: str
    started: int
    number: str


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who can log on: name and home directory."""

    name: str
    home: str


def printed(read: Reader, argv: Sequence[str]) -> bytes | None:
    """Give what a program prints of a machine that runs; ``None`` where it is not there, fails or prints nothing.

    Raises ``CannotObserve``.
    """
    said = read.command(argv) if read.live else None
    return said.stdout if said is not None and said.status == 0 and said.stdout else None


def version_said(read: Reader, argv: Sequence[str], pattern: bytes, name: str) -> re.Match[bytes]:
    """Ask a program of the running machine for its version and find the numbers. Raises ``CannotObserve``."""
    said = read.command(argv) if read.live else None
    found = re.search(pattern, said.stdout) if said is not None else None
    if found is None:
        raise CannotObserve(Reason.UNSUPPORTED, f"{name} cannot be asked for its version")
    return found


def file_needed(read: Reader, path: str, *, limit: int = 1_000_000) -> bytes:
    """Give a file without which nothing can be told. Raises ``CannotObserve``, also where it is not there."""
    data = read.file(path, limit=limit)
    if data is None:
        raise CannotObserve(Reason.UNSUPPORTED, f"{shown(path)} is not there")
    return data


def first_line(read: Reader, path: str) -> str | None:
    """Give the first line of a small file, such as those in /proc and /sys. Raises ``CannotObserve``."""
    data = read.file(path, limit=65_536)
    return None if data is None else data.decode("utf-8", "replace").split("\n", 1)[0].strip()


def drop_ins(read: Reader, directories: Sequence[str], suffix: str) -> tuple[Text, ...] | Unobserved:
    """Merge directories as systemd and kmod do: one file for each name, from the first directory that has the name.

    The files come in the order of their names. A name that is masked (a link to /dev/null) reads as an empty file.
    """
    first: dict[str, str] = {}
    for directory in directories:
        names = seen(partial(read.names, directory))
        if isinstance(names, Unobserved):
            return names
        for name in names or ():
            if name.endswith(suffix) and not name.startswith("."):
                first.setdefault(name, f"{directory}/{name}")
    return tuple(text for name in sorted(first) if (text := one_file(read, first[name])))


def one_file(read: Reader, path: str) -> Text | None:
    """Give a file that may be missing."""
    data = seen(lambda: read.file(path))
    return None if data is None else Text(shown(path), data)


def exists(read: Reader, *paths: str) -> str | None:
    """Give the first of the paths at which anything stands. Raises ``CannotObserve``."""
    return next((path for path in paths if read.state(path) is not None), None)


def is_there(read: Reader, path: str) -> bool:
    """Tell whether something stands at the end of all links. Raises ``CannotObserve``."""
    state = read.state(path)
    if state is None or state.kind is not FileKind.LINK:
        return state is not None
    try:
        return read.file(path, limit=0) is not None or read.names(path) is not None
    except CannotObserve as error:
        if error.reason is Reason.ACCESS_DENIED:
            raise
        return True


def init(read: Reader) -> str | None:
    """Name what starts the machine: ``systemd``, ``sysvinit``, ``openrc``; ``None`` where it cannot be told. Raises ``CannotObserve``."""
    if read.live and read.state("/run/systemd/system") is not None:
        return "systemd"
    started = read.state("/sbin/init")
    if exists(read, "/usr/lib/systemd/systemd", "/lib/systemd/systemd") and (started is None or started.kind is FileKind.LINK):
        return "systemd"
    if exists(read, "/sbin/openrc", "/usr/sbin/openrc", "/sbin/openrc-init"):
        return "openrc"
    return "sysvinit" if exists(read, "/etc/inittab") and started is not None else None


def processes(read: Reader) -> tuple[Process, ...] | Unobserved | None:
    """Give the running processes; ``None`` where the machine does not run, ``Unobserved`` where others' are hidden."""
    if not read.live:
        return None
    return seen(lambda: _processes(read))


def _processes(read: Reader) -> tuple[Process, ...]:
    names = read.names("/proc") or ()
    numbers = [name for name in names if name.isdecimal()]
    if len(numbers) > MOST_PROCESSES:
        raise CannotObserve(Reason.TOO_LARGE, f"more than {MOST_PROCESSES} processes")
    if "1" not in numbers:  # hidepid= of proc(5): others' processes are not shown
        raise CannotObserve(Reason.ACCESS_DENIED, "/proc: other accounts' processes are hidden")
    boot = next((line.split()[1] for line in (read.file("/proc/stat") or b"").split(b"\n") if line.startswith(b"btime ")), b"0")
    found = []
    for number in numbers:
        data = read.file(f"/proc/{number}/stat", limit=4096)
        if data is None:
            continue  # it ended meanwhile
        name, _, rest = data.decode("utf-8", "replace").partition("(")[2].rpartition(")")
        fields = rest.split()
        # proc(5): the 22nd field is the start; the state is the third and the first one behind the name
        if len(fields) > 19 and fields[19].isdecimal():
            found.append(Process(shown(name), int(boot) + int(fields[19]) // TICKS, number))
    return tuple(found)


def runs(running: tuple[Process, ...] | Unobserved | None, *names: str) -> bool | Unobserved | None:
    """Tell whether a process of one of the names runs; ``None`` where the machine does not run."""
    if running is None or isinstance(running, Unobserved):
        return running
    wanted = {name[:15] for name in names}
    return any(process.name in wanted for process in running)


def applied(
    read: Reader, running: tuple[Process, ...] | Unobserved | None, names: Iterable[str], files: Iterable[str]
) -> Unobserved | None:
    """Tell why files that a program reads once, at its start, may not be what it goes by now; ``None``: they are.

    Where no such program runs, the files are what the next one will read. Times are compared in whole seconds.
    """
    if running is None:
        return None
    if isinstance(running, Unobserved):
        return running
    wanted = {name[:15] for name in names}
    oldest = min((process.started for process in running if process.name in wanted), default=None)
    if oldest is None:
        return None
    return newer(read, files, oldest, " or ".join(sorted(wanted)))


def newer(read: Reader, files: Iterable[str], started: int, what: str) -> Unobserved | None:
    """Tell why files may not be what a program goes by that read them at a time, in seconds since 1970; ``None``: they are."""
    changed = seen(partial(changes, read, files))
    if isinstance(changed, Unobserved):
        return changed
    late = next((path for path, at in changed.items() if at > started), None)
    return None if late is None else Unobserved(Reason.STALE, f"{late} was changed after {what} had started and may not be in force")


def changes(read: Reader, files: Iterable[str]) -> dict[str, int]:
    """Give when those of some files that are there were last changed, in seconds since 1970: a link, and what stands at its end.

    Raises ``CannotObserve``.
    """
    states = {path: state for path in files if (state := read.state(path)) is not None}
    found = {path: state.modified for path, state in states.items()}
    links = sorted(path for path, state in states.items() if state.kind is FileKind.LINK)
    said = read.command(("stat", "-L", "-c", "%Y %n", "--", *links)) if links else None
    lines = (b"" if said is None else said.stdout).decode("utf-8", "surrogateescape").split("\n")
    ends = {path: int(at) for at, _, path in (line.partition(" ") for line in lines) if re.fullmatch(r"\d{1,12}", at)}
    for path in links:
        if path not in ends:
            raise CannotObserve(Reason.UNSUPPORTED, f"{path} is a link, and when its end was changed is not told")
        found[path] = max(found[path], ends[path])
    return found


def enabled(read: Reader, unit: str) -> bool:
    """Tell whether a service starts with the machine: links in ``*.wants`` of systemd, or start links of sysvinit.

    Raises ``CannotObserve``. A masked unit does not start.
    """
    if masked(read, unit):
        return False
    for directory in ("/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"):
        for name in read.names(directory) or ():
            if name.endswith((".wants", ".requires")) and unit in (read.names(f"{directory}/{name}") or ()):
                return True
    if unit_file(read, unit):
        return False  # a native unit hides the sysvinit script of the same name
    script = unit.removesuffix(".service")
    levels = [read.names(f"/etc/rc{level}.d") or () for level in "2345S"]
    return any(name[:1] == "S" and name[3:] == script for names in levels for name in names) or script in (
        read.names("/etc/runlevels/default") or ()
    )


def unit_file(read: Reader, unit: str) -> str | None:
    """Give the path of a unit's file, or ``None``. Raises ``CannotObserve``."""
    return exists(
        read, *(f"{d}/{unit}" for d in ("/etc/systemd/system", "/run/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"))
    )


def masked(read: Reader, unit: str) -> bool:
    """Tell whether a unit is masked for good (a link to /dev/null, or an empty file). Raises ``CannotObserve``."""
    path = f"/etc/systemd/system/{unit}"
    return read.state(path) is not None and read.file(path) == b""


def accounts(read: Reader) -> tuple[Account, ...]:
    """Give the accounts of people in /etc/passwd that can log on. Raises ``CannotObserve``.

    Accounts of a directory service are not in that file; their homes are not looked for.
    """
    limits = {"UID_MIN": FIRST_PERSON, "UID_MAX": LAST_PERSON}
    for line in (read.file("/etc/login.defs") or b"").decode("utf-8", "replace").split("\n"):
        words = line.split()
        if len(words) >= 2 and words[0] in limits and words[1].isdecimal():
            limits[words[0]] = int(words[1])
    found = []
    for line in (read.file("/etc/passwd", limit=10_000_000) or b"").decode("utf-8", "replace").split("\n"):
        fields = line.split(":")
        if len(fields) != 7 or not fields[2].isdecimal() or not limits["UID_MIN"] <= int(fields[2]) <= limits["UID_MAX"]:
            continue
        if fields[6].rsplit("/", 1)[-1] in {"nologin", "false"} or not fields[5].startswith("/"):
            continue
        found.append(Account(shown(fields[0]), fields[5].rstrip("/")))
    if len(found) > MOST_ACCOUNTS:
        raise CannotObserve(Reason.TOO_LARGE, f"/etc/passwd: more than {MOST_ACCOUNTS} accounts of people")
    return tuple(found)


def boot_options(read: Reader) -> tuple[tuple[str, ...] | Unobserved | None, tuple[tuple[str, ...], ...] | Unobserved]:
    """Give the kernel's options now (``None``: it does not run), and those of every boot entry that lasting files hold.

    Where no boot loader's files are there, as on a machine that is started from outside, today's options are taken to
    come again. Only names that a collector asks for are to reach a fact: command lines may hold secrets.
    """
    now: tuple[str, ...] | Unobserved | None = None
    if read.live:
        line = seen(lambda: first_line(read, "/proc/cmdline"))
        now = line if isinstance(line, Unobserved) else tuple((line or "").split())
    entries = seen(lambda: _boot_entries(read))
    if not isinstance(entries, Unobserved) and not entries:
        return now, Unobserved(Reason.UNSUPPORTED, "no boot loader's files") if now is None else now if isinstance(now, Unobserved) else (
            now,
        )
    return now, entries


def _boot_entries(read: Reader) -> tuple[tuple[str, ...], ...]:
    found: list[tuple[str, ...]] = []
    for path in ("/boot/grub/grub.cfg", "/boot/grub2/grub.cfg"):
        for line in (read.file(path, limit=4_000_000) or b"").decode("utf-8", "replace").split("\n"):
            words = line.split()
            if len(words) > 1 and words[0] in {"linux", "linux16", "linuxefi"}:
                found.append(tuple(words[2:]))
    for directory in ("/boot/loader/entries", "/efi/loader/entries", "/boot/efi/loader/entries"):
        for name in read.names(directory) or ():
            if name.endswith(".conf"):
                lines = (read.file(f"{directory}/{name}") or b"").decode("utf-8", "replace").split("\n")
                options = [word for line in lines if line.split()[:1] == ["options"] for word in line.split()[1:]]
                found.append(tuple(part for word in options for part in (_of_grubenv(read, word[1:]) if word[:1] == "$" else (word,))))
    # "recovery" and "single" entries are left out: nobody starts a machine for work with them
    return tuple(options for options in found if not {"recovery", "single", "emergency", "rescue"} & set(options))


def _of_grubenv(read: Reader, variable: str) -> tuple[str, ...]:
    """Give the words of a variable that boot entries of the Red Hat family refer to; GRUB reads an unset one as empty."""
    for line in (read.file("/boot/grub2/grubenv") or b"").decode("utf-8", "replace").split("\n"):
        name, _, value = line.partition("=")
        if name == variable:
            return tuple(value.split())
    return ()


def option(options: Sequence[str], name: str) -> str | None:
    """Give the value of a kernel option, the last one where it comes twice; dash and underscore are the same."""
    wanted = name.replace("-", "_")
    value = None
    for word in options:
        key, _, given = word.partition("=")
        if key.replace("-", "_") == wanted:
            value = given
    return value


def agreed(answers: Sequence[T], what: str) -> T | Unobserved:
    """Give the one answer that all give, or say that they differ. Needs at least one."""
    if all(answer == answers[0] for answer in answers):
        return answers[0]
    return Unobserved(Reason.UNSUPPORTED, f"{what}: the boot entries or kernels do not agree")

"""The collector for the files of a Linux machine's logs: whose they are, who may read and write them, and the room that is left."""

from __future__ import annotations

from functools import partial

from scanner.facts.log_keeping import LogFile, LogFiles
from scanner.hosts.base import FileKind, Names, Reader, Run, collector
from scanner.hosts.linux.base import seen, shown
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason

PLACE = "/var/log"
BELOW = ("audit", "journal", "apache2", "nginx", "httpd", "mysql", "postgresql", "samba", "exim4", "mail", "sudo-io")
"""Directories below /var/log that are looked into; a mail or web server's own logs are judged with it too."""
DISK = ("df", "-P", "-k", "--", PLACE)
MOST_FILES = 2_000


@collector(
    Platform.LINUX,
    Names("/var"),
    Names(PLACE),
    *(Names(f"{PLACE}/{name}", root=True) for name in BELOW),
    Run(DISK),
)
def log_files(read: Reader) -> LogFiles:
    """See the log files and the room that is left for them."""
    found = seen(partial(_files, read))
    files, left = (found, 0) if isinstance(found, Unobserved) else found
    return LogFiles(files, left, seen(partial(_free_percent, read)) if read.live else None)


def _files(read: Reader) -> tuple[tuple[LogFile, ...], int]:
    """Give files and directories, and how many more there are at least that were not looked at. Raises ``CannotObserve``."""
    if (top := read.state(PLACE)) is None:
        return (), 0
    found, left = [LogFile(PLACE, True, top.mode, top.uid, top.gid)], 0
    for directory in (PLACE, *(f"{PLACE}/{name}" for name in BELOW)):
        names = seen(partial(read.names, directory))
        if isinstance(names, Unobserved):
            state = read.state(directory)
            if directory == PLACE or state is None:
                raise names.error()
            # where nobody else can enter nobody else can reach what is inside, which is what is asked of it
            left += names.reason is not Reason.ACCESS_DENIED or bool(state.mode & 0o001)
            continue
        for name in names or ():
            path = f"{directory}/{name}"
            state = read.state(path)
            if state is not None and state.kind in {FileKind.FILE, FileKind.DIRECTORY}:
                found.append(LogFile(shown(path), state.kind is FileKind.DIRECTORY, state.mode, state.uid, state.gid))
    return tuple(found[:MOST_FILES]), left + max(0, len(found) - MOST_FILES)


def _free_percent(read: Reader) -> float:
    """Read POSIX df: one line of blocks of 1024 octets: device, size, used, available, per cent, mount point."""
    answer = read.command(DISK)
    if answer is None or answer.status != 0:
        raise CannotObserve(Reason.UNSUPPORTED, "df did not answer")
    read.keep(" ".join(DISK), answer.stdout.decode("utf-8", "replace"))
    lines = answer.stdout.decode("utf-8", "replace").strip().split("\n")
    fields = lines[-1].split()
    if len(fields) < 6 or not all(field.isdecimal() and len(field) < 20 for field in fields[-5:-2]):
        raise CannotObserve(Reason.PROTOCOL_VIOLATION, "df: the line is not as POSIX has it")
    used, free = int(fields[-4]), int(fields[-3])
    return round(100 * free / (used + free), 1) if used + free else 0.0

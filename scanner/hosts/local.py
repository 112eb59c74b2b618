"""Readers for what is at hand: this machine, and a mounted root directory. Nothing is ever written.

Paths are walked by hand, one name at a time on directory handles, so that a link inside a mounted root can never lead
out of it, and a FIFO or device standing where a file is expected is told apart before it is opened.
"""

from __future__ import annotations

import errno
import os
import selectors
import shutil
import signal
import stat
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from scanner.hosts.base import CommandOutput, FileKind, FileState
from scanner.hosts.keeping import Keeping
from scanner.hosts.secrets import cut
from scanner.model.reason import CannotObserve, Reason

LINKS = 40  # as the Linux kernel, path_resolution(7)
NAMES = 20_000
"""Entries of one directory; a directory with more is not read in part."""
OUTPUT = 4_000_000
"""Octets of a command's standard output; of its standard error the first ``ERRORS`` are kept."""
ERRORS = 10_000
PROGRAMS = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
ENVIRONMENT = {"LC_ALL": "C", "LANG": "C", "PATH": PROGRAMS, "HOME": "/nonexistent", "TERM": "dumb"}
_PATH = getattr(os, "O_PATH", os.O_RDONLY)  # macOS has none
_LOOK = _PATH | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


class Missing(Exception):
    """Nothing stands at the path."""


class RootReader(Keeping):
    """Reads a directory that holds a machine's root, such as a mounted disk image. Commands are not available."""

    live = False

    def __init__(self, root: Path) -> None:
        super().__init__()
        self._root = root

    def file(self, path: str, *, limit: int = 1_000_000) -> bytes | None:
        """Give a file's bytes; see ``Reader.file``. The null device, which masks configuration files, reads as empty."""
        try:
            with self.opened(path) as handle:
                return b"" if handle is None else cut(path, _all(handle, limit, path))
        except Missing:
            return None

    @contextmanager
    def opened(self, path: str) -> Iterator[int | None]:
        """Open a file for reading; ``None`` for the null device. Raises ``Missing`` and ``CannotObserve``."""
        with self._standing_at(path, follow=True) as (parent, name, handle):
            found = os.fstat(handle)
            if stat.S_ISCHR(found.st_mode) and found.st_rdev == os.makedev(1, 3):
                yield None
                return
            if not stat.S_ISREG(found.st_mode):
                raise CannotObserve(Reason.UNSUPPORTED, f"{path!r}: {_kind(found.st_mode).value} where a file is expected")
            with _translated(path):
                opened = os.open(name, _READ, dir_fd=parent)
            try:
                with _translated(path):
                    if (seen := os.fstat(opened)) and (seen.st_dev, seen.st_ino) != (found.st_dev, found.st_ino):
                        raise CannotObserve(Reason.UNSUPPORTED, f"{path!r}: it was replaced while it was read")
                yield opened
            finally:
                os.close(opened)

    def names(self, directory: str) -> tuple[str, ...] | None:
        """Give the names in a directory, sorted; see ``Reader.names``. Names that are not UTF-8 carry surrogates."""
        try:
            with self._standing_at(directory, follow=True) as (parent, name, handle):
                if not stat.S_ISDIR(os.fstat(handle).st_mode):
                    return None
                with _translated(directory):
                    opened = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent)
                try:
                    with _translated(directory), os.scandir(opened) as entries:
                        found = [entry.name for _, entry in zip(range(NAMES + 1), entries, strict=False)]
                finally:
                    os.close(opened)
        except Missing:
            return None
        if len(found) > NAMES:
            raise CannotObserve(Reason.TOO_LARGE, f"{directory!r}: more than {NAMES} entries")
        return tuple(sorted(found))

    def state(self, path: str) -> FileState | None:
        """Give the state of a path, its last link not followed."""
        try:
            with self._standing_at(path, follow=False) as (_, _, handle):
                found = os.fstat(handle)
        except Missing:
            return None
        return FileState(_kind(found.st_mode), found.st_size, stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid, int(found.st_mtime))

    def command(self, argv: Sequence[str], *, seconds: float = 10.0) -> CommandOutput | None:
        """Raise ``CannotObserve(UNSUPPORTED)``: nothing runs here."""
        raise CannotObserve(Reason.UNSUPPORTED, f"{argv[0]}: the machine does not run, so no command can be asked")

    @contextmanager
    def _standing_at(self, path: str, *, follow: bool) -> Iterator[tuple[int, str, int]]:
        """Walk to ``path``; give its parent's handle, its name there and a handle that only looks.

        Raises ``Missing`` and ``CannotObserve``. ``..`` never leads above the root, links are read as the machine itself
        would read them.
        """
        if "\0" in path:
            raise Missing(path)
        ahead = [part for part in reversed(path.split("/")) if part not in {"", "."}]
        links = 0
        with _translated(str(self._root)):
            trail = [os.open(self._root, _PATH | os.O_DIRECTORY | os.O_CLOEXEC)]
        last: tuple[str, int] | None = None  # the name just reached and its handle
        try:
            while ahead:
                name = ahead.pop()
                if name == "..":
                    if len(trail) > 1:
                        os.close(trail.pop())
                    continue
                with _translated(path):
                    handle = os.open(name, _LOOK, dir_fd=trail[-1])
                if stat.S_ISLNK(os.fstat(handle).st_mode) and (follow or ahead):
                    links += 1
                    with _translated(path):
                        text = os.readlink("", dir_fd=handle)
                    os.close(handle)
                    if links > LINKS:
                        raise CannotObserve(Reason.UNSUPPORTED, f"{path!r}: more than {LINKS} links")
                    if text == "/dev/null" and not ahead:  # an image may lack the device; what the link means is plain
                        text, trail[1:] = "dev/null", _closed(trail[1:])
                        trail[0:1] = _closed(trail[0:1], os.open("/", _PATH | os.O_DIRECTORY | os.O_CLOEXEC))
                    elif text.startswith("/"):
                        trail[1:] = _closed(trail[1:])
                    ahead.extend(part for part in reversed(text.split("/")) if part not in {"", "."})
                elif ahead:
                    trail.append(handle)
                else:
                    last = (name, handle)
            if last is None:  # the path ends in a directory that was walked into already: the root, or "x/.."
                with _translated(path):
                    last = (".", os.open(".", _LOOK, dir_fd=trail[-1]))
            try:
                yield trail[-1], *last
            finally:
                os.close(last[1])
        finally:
            _closed(trail)


class LocalReader(RootReader):
    """Reads the machine that the scanner runs on."""

    live = True

    def __init__(self) -> None:
        super().__init__(Path("/"))

    def command(self, argv: Sequence[str], *, seconds: float = 10.0) -> CommandOutput | None:
        """Run a program that only reads; see ``Reader.command``. Raises TIMEOUT, TOO_LARGE, ACCESS_DENIED, UNSUPPORTED.

        Standard input is closed, the environment holds nothing of the caller's, and the program leads a process group
        of its own that is killed at the end, whatever it started.
        """
        program = shutil.which(argv[0], path=PROGRAMS)
        if program is None:
            return None
        try:
            process = subprocess.Popen(  # noqa: S603  no shell; collectors give fixed words
                [program, *argv[1:]],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd="/",
                env=ENVIRONMENT,
                start_new_session=True,
            )
        except PermissionError as error:
            raise CannotObserve(Reason.ACCESS_DENIED, f"{argv[0]}: {error.strerror}") from error
        except OSError as error:
            raise CannotObserve(Reason.UNSUPPORTED, f"{argv[0]}: {error.strerror}") from error
        with process:
            try:
                out, errors = _listen(process, time.monotonic() + seconds, f"{argv[0]}: no end within {seconds:g} s")
            finally:
                # Not reaped yet, so the number of the group cannot belong to anybody else.
                os.killpg(process.pid, signal.SIGKILL)
        return CommandOutput(process.returncode, out, errors)


def _listen(process: subprocess.Popen[bytes], until: float, late: str) -> tuple[bytes, bytes]:
    """Gather both streams until the program has ended; a child that lives on and keeps them open is not waited for."""
    assert process.stdout
    assert process.stderr
    streams = {process.stdout.fileno(): bytearray(), process.stderr.fileno(): bytearray()}
    out = process.stdout.fileno()
    ended = os.pidfd_open(process.pid)
    try:
        with selectors.DefaultSelector() as selector:
            for handle in streams:
                os.set_blocking(handle, False)
                selector.register(handle, selectors.EVENT_READ)
            selector.register(ended, selectors.EVENT_READ)
            while True:
                ready = selector.select(until - time.monotonic()) if until > time.monotonic() else []
                if not ready:
                    raise CannotObserve(Reason.TIMEOUT, late)
                handles = {key.fd for key, _ in ready}
                for handle in sorted(handles - {ended}):
                    if _take(handle, streams[handle], OUTPUT if handle == out else ERRORS) == 0:
                        selector.unregister(handle)
                if len(streams[out]) > OUTPUT:
                    raise CannotObserve(Reason.TOO_LARGE, f"{process.args!r}: more than {OUTPUT} octets of output")
                if ended in handles:
                    for handle, gathered in streams.items():
                        most = OUTPUT if handle == out else ERRORS
                        while len(gathered) <= most and _take(handle, gathered, most) > 0:
                            pass
                    if len(streams[out]) > OUTPUT:
                        raise CannotObserve(Reason.TOO_LARGE, f"{process.args!r}: more than {OUTPUT} octets of output")
                    return bytes(streams[out]), bytes(streams[process.stderr.fileno()][:ERRORS])
    finally:
        os.close(ended)


def _take(handle: int, into: bytearray, most: int) -> int:
    """Move what is there into ``into``, up to one octet beyond ``most``; give 0 at the end and -1 where nothing is there yet."""
    try:
        chunk = os.read(handle, 65536)
    except BlockingIOError:
        return -1
    into += chunk[: max(0, most + 1 - len(into))]
    return len(chunk)


def _all(handle: int, limit: int, path: str) -> bytes:
    """Read to the end. Sizes are not believed: files of /proc say zero."""
    gathered = bytearray()
    while chunk := os.read(handle, min(65536, limit + 1 - len(gathered))):
        gathered += chunk
        if len(gathered) > limit:
            raise CannotObserve(Reason.TOO_LARGE, f"{path!r}: more than {limit} octets")
    return bytes(gathered)


def _closed(handles: list[int], *instead: int) -> list[int]:
    for handle in handles:
        os.close(handle)
    return list(instead)


def _kind(mode: int) -> FileKind:
    if stat.S_ISREG(mode):
        return FileKind.FILE
    if stat.S_ISDIR(mode):
        return FileKind.DIRECTORY
    return FileKind.LINK if stat.S_ISLNK(mode) else FileKind.OTHER


@contextmanager
def _translated(path: str) -> Iterator[None]:
    """Turn what the system says into "it is not there", or into a reason why it cannot be seen."""
    try:
        yield
    except OSError as error:
        match error.errno:
            case errno.ENOENT | errno.ENOTDIR | errno.ENAMETOOLONG | errno.ENODEV | errno.ENXIO:
                raise Missing(path) from error
            case errno.EACCES | errno.EPERM:
                raise CannotObserve(Reason.ACCESS_DENIED, f"{path!r}: {error.strerror}") from error
            case _:
                raise CannotObserve(Reason.UNSUPPORTED, f"{path!r}: {error.strerror}") from error

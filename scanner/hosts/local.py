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
STEP = 0.02
"""Seconds between two looks at a program where the system does not tell of its end."""
ENVIRONMENT = {"LC_ALL": "C", "LANG": "C", "PATH": PROGRAMS, "HOME": "/nonexistent", "TERM": "dumb"}
_WALK = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC  # macOS has no O_PATH
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
        with self._standing_at(path, follow=True) as (parent, name, found):
            if stat.S_ISCHR(found.st_mode) and found.st_rdev == os.stat(os.devnull).st_rdev:
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
            with self._standing_at(directory, follow=True) as (parent, name, seen):
                if not stat.S_ISDIR(seen.st_mode):
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
            with self._standing_at(path, follow=False) as (_, _, found):
                return FileState(
                    _kind(found.st_mode), found.st_size, stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid, int(found.st_mtime)
                )
        except Missing:
            return None

    def command(self, argv: Sequence[str], *, seconds: float = 10.0) -> CommandOutput | None:
        """Raise ``CannotObserve(UNSUPPORTED)``: nothing runs here."""
        raise CannotObserve(Reason.UNSUPPORTED, f"{argv[0]}: the machine does not run, so no command can be asked")

    @contextmanager
    def _standing_at(self, path: str, *, follow: bool) -> Iterator[tuple[int, str, os.stat_result]]:
        """Walk to ``path``; give its parent's handle, its name there and its state.

        Raises ``Missing`` and ``CannotObserve``. ``..`` never leads above the root, links are read as the machine itself
        would read them. Only directories are opened on the way: what stands at the end is looked at, since opening a pipe or
        a device may wait or do something.
        """
        if "\0" in path:
            raise Missing(path)
        ahead = [part for part in reversed(path.split("/")) if part not in {"", "."}]
        links = 0
        with _translated(str(self._root)):
            trail = [os.open(self._root, _WALK & ~os.O_NOFOLLOW)]
        last: tuple[str, os.stat_result] | None = None  # the name just reached and its state
        try:
            while ahead:
                name = ahead.pop()
                if name == "..":
                    if len(trail) > 1:
                        os.close(trail.pop())
                    continue
                with _translated(path):
                    found = os.stat(name, dir_fd=trail[-1], follow_symlinks=False)
                if stat.S_ISLNK(found.st_mode) and (follow or ahead):
                    links += 1
                    with _translated(path):
                        text = os.readlink(name, dir_fd=trail[-1])
                    if links > LINKS:
                        raise CannotObserve(Reason.UNSUPPORTED, f"{path!r}: more than {LINKS} links")
                    if text == "/dev/null" and not ahead:  # an image may lack the device; what the link means is plain
                        text, trail[1:] = "dev/null", _closed(trail[1:])
                        trail[0:1] = _closed(trail[0:1], os.open("/", _WALK))
                    elif text.startswith("/"):
                        trail[1:] = _closed(trail[1:])
                    ahead.extend(part for part in reversed(text.split("/")) if part not in {"", "."})
                elif ahead:
                    with _translated(path):
                        # replaced by a link since, it is refused; whatever directory it is now, it is one inside the root
                        trail.append(os.open(name, _WALK, dir_fd=trail[-1]))
                else:
                    last = (name, found)
            if last is None:  # the path ends in a directory that was walked into already: the root, or "x/.."
                last = (".", os.fstat(trail[-1]))
            yield trail[-1], *last
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
                if process.returncode is None:  # not reaped yet, so the number of the group cannot belong to anybody else
                    os.killpg(process.pid, signal.SIGKILL)
        return CommandOutput(process.returncode, out, errors)


def _end_of(process: subprocess.Popen[bytes]) -> int:
    """Give a handle that becomes readable when the program ends; -1 where there is none: macOS, and Linux before 5.3 (RHEL 8)."""
    try:
        return os.pidfd_open(process.pid)
    except (AttributeError, OSError):
        return -1


def _listen(process: subprocess.Popen[bytes], until: float, late: str) -> tuple[bytes, bytes]:
    """Gather both streams until the program has ended; a child that lives on and keeps them open is not waited for."""
    assert process.stdout
    assert process.stderr
    streams = {process.stdout.fileno(): bytearray(), process.stderr.fileno(): bytearray()}
    out = process.stdout.fileno()
    ended = _end_of(process)
    told = ended >= 0  # else the end is asked for now and then
    try:
        with selectors.DefaultSelector() as selector:
            for handle in streams:
                os.set_blocking(handle, False)
                selector.register(handle, selectors.EVENT_READ)
            if told:
                selector.register(ended, selectors.EVENT_READ)
            while True:
                left = until - time.monotonic()
                ready = selector.select(left if told else min(left, STEP)) if left > 0 else []
                handles = {key.fd for key, _ in ready}
                if not told and _has_ended(process):
                    handles.add(ended)
                elif left <= 0 or (told and not ready):
                    raise CannotObserve(Reason.TIMEOUT, late)
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
        if told:
            os.close(ended)


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Tell whether a program has ended, if possible without reaping it, so that its number stays its own (macOS: from Python 3.13 on)."""
    waitid = getattr(os, "waitid", None)
    if waitid is None:
        return process.poll() is not None
    return waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


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
    with _translated(path):
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
            # ESRCH: what /proc says of a process that has ended since it was opened
            case errno.ENOENT | errno.ENOTDIR | errno.ENAMETOOLONG | errno.ENODEV | errno.ENXIO | errno.ESRCH:
                raise Missing(path) from error
            case errno.EACCES | errno.EPERM:
                raise CannotObserve(Reason.ACCESS_DENIED, f"{path!r}: {error.strerror}") from error
            case _:
                raise CannotObserve(Reason.UNSUPPORTED, f"{path!r}: {error.strerror}") from error

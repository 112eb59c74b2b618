"""Running a program of Windows that only reads: from the system's own folders, with an environment of our own, bounded in time and size."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from ctypes import wintypes
from functools import partial

from scanner.hosts.base import CommandOutput
from scanner.model.reason import CannotObserve, Reason

assert sys.platform == "win32"

from scanner.hosts.winapi.calls import kernel  # noqa: E402  after the guard

OUTPUT = 4_000_000
"""Octets of standard output. Standard error is not read: what Windows' programs say there is translated."""
_MAY_JOIN = 0x100 | 0x1  # PROCESS_SET_QUOTA and PROCESS_TERMINATE, which AssignProcessToJobObject asks for
_FOLDERS = ("System32", "System32\\Wbem", "System32\\WindowsPowerShell\\v1.0")
_KEPT = ("SYSTEMDRIVE", "SYSTEMROOT", "WINDIR", "TEMP", "TMP", "PROCESSOR_ARCHITECTURE", "NUMBER_OF_PROCESSORS", "PSMODULEPATH")


def run(argv: Sequence[str], seconds: float) -> CommandOutput | None:
    """Run it; see ``Reader.command``. ``None``: this Windows has no such program."""
    system = os.environ.get("SYSTEMROOT", "C:\\Windows")
    name = argv[0] if argv[0].lower().endswith(".exe") else argv[0] + ".exe"
    if "\\" in name or "/" in name or ":" in name:
        raise CannotObserve(Reason.UNSUPPORTED, f"{argv[0]}: only programs of Windows' own folders are run, by their names")
    found = next((path for folder in _FOLDERS if os.path.isfile(path := f"{system}\\{folder}\\{name}")), None)
    if found is None:
        return None
    environment = {key: os.environ[key] for key in _KEPT if key in os.environ}
    environment["PATH"] = ";".join(f"{system}\\{folder}" for folder in _FOLDERS)
    try:
        process = subprocess.Popen(  # noqa: S603  no shell; collectors give fixed words
            [found, *argv[1:]],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=system,
            env=environment,
            creationflags=subprocess.CREATE_NO_WINDOW,
        )
    except PermissionError as error:
        raise CannotObserve(Reason.ACCESS_DENIED, f"{argv[0]}: {error.strerror}") from error
    except OSError as error:
        raise CannotObserve(Reason.UNSUPPORTED, f"{argv[0]}: {error.strerror}") from error
    # what the program started may outlive it and hold the pipe, which cannot be closed then: all of them end together
    with process, _together(process.pid) as end_all:
        gathered = bytearray()
        reader = threading.Thread(target=_gather, args=(process, gathered), daemon=True)
        reader.start()
        reader.join(seconds)
        late = reader.is_alive()
        try:
            if not late:
                process.wait(2.0)
        except subprocess.TimeoutExpired:
            late = True
        finally:
            process.kill()
            end_all()
            process.wait()
    if len(gathered) > OUTPUT:
        raise CannotObserve(Reason.TOO_LARGE, f"{argv[0]}: more than {OUTPUT} octets of output")
    if late:
        raise CannotObserve(Reason.TIMEOUT, f"{argv[0]}: no end within {seconds:g} s")
    return CommandOutput(process.returncode, bytes(gathered), b"")


@contextmanager
def _together(process: int) -> Iterator[Callable[[], object]]:
    """Put a process and all that it starts into one job, and give what ends them all."""
    kernel.CreateJobObjectW.restype = kernel.OpenProcess.restype = wintypes.HANDLE
    job = wintypes.HANDLE(kernel.CreateJobObjectW(None, None))
    handle = wintypes.HANDLE(kernel.OpenProcess(_MAY_JOIN, False, process))
    try:
        kernel.AssignProcessToJobObject(job, handle)
        yield partial(kernel.TerminateJobObject, job, 1)
    finally:
        kernel.CloseHandle(handle)
        kernel.CloseHandle(job)


def _gather(process: subprocess.Popen[bytes], into: bytearray) -> None:
    assert process.stdout
    while len(into) <= OUTPUT and (chunk := os.read(process.stdout.fileno(), 65_536)):
        into += chunk

"""Network namespaces by system call: make one, enter one, leave it again, give it links. No knowledge of what the laboratory contains.

Membership of a network namespace belongs to a thread, so the functions here act on the calling thread only; a socket keeps
the namespace in which it was made. Python 3.12 has ``os.setns``; 3.11 needs ctypes.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

CLONE_NEWNET = 0x40000000  # linux/sched.h
MS_BIND = 4096  # linux/mount.h

T = TypeVar("T")
_libc = ctypes.CDLL(None, use_errno=True)


def _check(status: int, what: str) -> None:
    if status != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def enter(path: Path) -> None:
    """Put the calling thread into the network namespace at ``path``; OSError when that is not allowed."""
    with path.open("rb") as handle:
        _check(_libc.setns(handle.fileno(), CLONE_NEWNET), f"setns {path}")


@contextmanager
def inside(path: Path) -> Iterator[None]:
    """Run the body with the calling thread inside the network namespace at ``path``.

    Threads started in the body begin there too (an event loop's default executor among them). In an asyncio program enter
    before the loop starts, never inside a coroutine: the other tasks of the thread would move along.
    """
    with Path("/proc/thread-self/ns/net").open("rb") as home:
        enter(path)
        try:
            yield
        finally:
            _check(_libc.setns(home.fileno(), CLONE_NEWNET), "setns back home")


def call(path: Path, work: Callable[[], T]) -> T:
    """Run ``work`` in a fresh thread that lives in the namespace at ``path`` and give its result, or raise what it raised."""
    result: list[T] = []
    error: list[BaseException] = []

    def body() -> None:
        try:
            enter(path)
            result.append(work())
        except BaseException as caught:  # noqa: BLE001 - handed to the caller below, KeyboardInterrupt included
            error.append(caught)

    thread = threading.Thread(target=body, name=f"lab {path.name}")
    thread.start()
    thread.join()
    if error:
        raise error[0]
    return result[0]


def command(keeper: int, place: Path, argv: Sequence[str]) -> list[str]:
    """Give ``argv`` with what must stand before it to run in the network namespace at ``place``, with the mounts of its keeper.

    Its /etc/resolv.conf, where it has one of its own, is among them.
    """
    return ["nsenter", f"--net={place}", f"--mount=/proc/{keeper}/ns/mnt", f"--wdns={Path.cwd()}", "--", *argv]


def make(path: Path, settings: dict[str, str]) -> None:
    """Make a network namespace held by a mount on ``path`` and write ``settings`` (sysctl names below ``net/``) in it.

    Needs a thread that may be moved: the calling thread is inside the new namespace for a moment.
    """
    path.touch()
    with Path("/proc/thread-self/ns/net").open("rb") as home:
        _check(_libc.unshare(CLONE_NEWNET), "unshare")
        try:
            _check(_libc.mount(b"/proc/thread-self/ns/net", os.fsencode(path), b"none", MS_BIND, None), f"mount {path}")
            for name, value in settings.items():
                Path("/proc/sys/net", name).write_text(value)
        finally:
            _check(_libc.setns(home.fileno(), CLONE_NEWNET), "setns back home")


def ip(namespace: str, lines: Sequence[str]) -> None:
    """Run lines of ``ip -batch`` in a namespace below /run/netns; OSError with its words when one fails."""
    text = "\n".join(lines) + "\n"
    done = subprocess.run(["ip", "-n", namespace, "-batch", "-"], input=text, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise OSError(f"ip -n {namespace}: {done.stderr.strip()}")


def bind(source: Path, target: Path) -> None:
    """Lay ``source`` over ``target`` in the caller's mount namespace."""
    _check(_libc.mount(os.fsencode(source), os.fsencode(target), b"none", MS_BIND, None), f"mount {target}")


def tmpfs(target: Path) -> None:
    """Lay an empty file system in memory over ``target`` in the caller's mount namespace."""
    target.mkdir(parents=True, exist_ok=True)
    _check(_libc.mount(b"lab", os.fsencode(target), b"tmpfs", 0, None), f"mount {target}")

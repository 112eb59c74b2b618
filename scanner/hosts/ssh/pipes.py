"""A ``sh`` behind the pipes of a program that this machine runs, such as its OpenSSH client."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress

from scanner.model.reason import CannotObserve, Reason

CHUNK = 65536
MOST_SAID = 40_000
"""Octets of the program's own messages that are kept, the last ones."""
LAST_WORDS = 1.0
"""Seconds that a program has to end in once its output has."""


class PipeShell:
    """Runs a program, in a process group of its own and with an environment of its own, and talks to what it leads to."""

    def __init__(self, argv: Sequence[str], env: Mapping[str, str], *, directory: str = "/") -> None:
        self._said = bytearray()
        self._closed = False
        self._lock = threading.Lock()
        self._owner = threading.get_ident()
        try:
            self._process = subprocess.Popen(  # noqa: S603  no shell; the words are made here
                list(argv),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=directory,
                env=dict(env),
                start_new_session=True,
            )
        except OSError as error:
            raise CannotObserve(Reason.UNSUPPORTED, f"{argv[0]}: {error.strerror}") from error
        assert self._process.stdin
        assert self._process.stdout
        assert self._process.stderr
        self._in, self._out, self._errors = (
            stream.fileno() for stream in (self._process.stdin, self._process.stdout, self._process.stderr)
        )
        for handle in (self._in, self._out, self._errors):
            os.set_blocking(handle, False)

    def send(self, data: bytes, until: float) -> None:
        """See ``Shell.send``. What comes back meanwhile waits."""
        rest = memoryview(data)
        if self._closed:
            raise self._broken()
        with selectors.DefaultSelector() as selector:
            selector.register(self._in, selectors.EVENT_WRITE)
            selector.register(self._errors, selectors.EVENT_READ)
            while rest:
                for key in self._ready(selector, until):
                    if key.fd == self._errors:
                        if not self._listen():
                            selector.unregister(self._errors)
                    else:
                        try:
                            rest = rest[os.write(self._in, rest[:CHUNK]) :]
                        except BlockingIOError:
                            pass
                        except OSError as error:
                            raise self._broken() from error

    def receive(self, until: float) -> bytes:
        """See ``Shell.receive``."""
        if self._closed:
            raise self._broken()
        with selectors.DefaultSelector() as selector:
            selector.register(self._out, selectors.EVENT_READ)
            selector.register(self._errors, selectors.EVENT_READ)
            while True:
                for key in self._ready(selector, until):
                    if key.fd == self._errors:
                        if not self._listen():
                            selector.unregister(self._errors)
                        continue
                    try:
                        return os.read(self._out, CHUNK)
                    except BlockingIOError:
                        pass
                    except OSError as error:
                        raise self._broken() from error

    def close(self) -> None:
        """See ``Shell.close``. Killing the program wakes whoever waits for it.

        The handles are given back in the thread that made them: their numbers would come again while another one still waits on them.
        """
        with self._lock:
            if not self._closed:
                self._closed = True
                with suppress(ProcessLookupError):
                    os.killpg(self._process.pid, signal.SIGKILL)  # not reaped yet, so the number belongs to nobody else
                self._process.wait()
            if threading.get_ident() != self._owner:
                return
            for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
                if stream and not stream.closed:
                    with suppress(OSError):
                        stream.close()

    def listen(self, until: float) -> bool:
        """Wait for more of what the program says on standard error; tell whether there was any before that ended."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._errors, selectors.EVENT_READ)
            while True:
                for _ in self._ready(selector, until):
                    return self._listen()

    def status(self) -> int | None:
        """Give the program's status where it has ended, after waiting a moment for that."""
        with self._lock, suppress(subprocess.TimeoutExpired):
            return self._process.wait(LAST_WORDS)
        return None

    def said(self) -> str:
        """Give the end of what the program said on standard error."""
        if not self._closed:
            while self._listen():
                pass
        return bytes(self._said[-MOST_SAID:]).decode("utf-8", "replace")

    def _ready(self, selector: selectors.DefaultSelector, until: float) -> list[selectors.SelectorKey]:
        if self._closed:
            raise self._broken()
        left = until - time.monotonic()
        # In short sleeps, so that close() from another thread ends it soon.
        found = selector.select(min(left, 0.5)) if left > 0 else []
        if not found and left <= 0:
            raise CannotObserve(Reason.TIMEOUT, "no answer from the far shell in time")
        return [key for key, _ in found]

    def _listen(self) -> bool:
        try:
            chunk = os.read(self._errors, CHUNK)
        except BlockingIOError:
            return False
        except OSError:
            return False
        self._said += chunk
        if len(self._said) > 2 * MOST_SAID:
            del self._said[:-MOST_SAID]
        return bool(chunk)

    def _broken(self) -> CannotObserve:
        return CannotObserve(Reason.RESET, "the connection to the far shell ended")

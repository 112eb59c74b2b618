"""A probe's own time: it runs while the probe works or talks, and stands still while all it does is wait for turns."""

from __future__ import annotations

import asyncio
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Protocol


class Timer(Protocol):
    """A deadline that can be moved; ``asyncio.Timeout`` is one."""

    def when(self) -> float | None:
        """The loop's time at which it passes; ``None``: not before it is moved."""
        ...

    def reschedule(self, when: float | None) -> None:
        """Move it. Raises ``RuntimeError`` where it has passed or its block has been left."""
        ...


class Deadlines:
    """The deadlines of all probes of a run, looked through a few times a second.

    A timer of the loop for each, set and taken back for thousands of probes that end in milliseconds, costs more than that.
    """

    TICK = 0.1

    def __init__(self) -> None:
        self._open: set[_Deadline] = set()
        self._ticking: asyncio.TimerHandle | None = None

    def within(self, seconds: float) -> AbstractContextManager[Timer]:
        """Give a block that ends with ``TimeoutError`` when it takes longer than so many seconds, or a tick more."""
        return _Deadline(self, seconds)

    def begin(self, deadline: _Deadline, loop: asyncio.AbstractEventLoop) -> None:
        """Watch a deadline."""
        self._open.add(deadline)
        if self._ticking is None:
            self._ticking = loop.call_later(self.TICK, self._tick, loop)

    def end(self, deadline: _Deadline) -> None:
        """Watch it no longer."""
        self._open.discard(deadline)

    def _tick(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        for deadline in [d for d in self._open if d.moment is not None and d.moment <= now]:
            deadline.passes()
        self._ticking = loop.call_later(self.TICK, self._tick, loop) if self._open else None


class _Deadline:
    """One block under a deadline; ends like ``asyncio.timeout``, so that a cancellation from outside is never taken for its own."""

    __slots__ = ("_all", "_cancelling", "_passed", "_seconds", "_task", "moment")

    def __init__(self, of: Deadlines, seconds: float) -> None:
        self._all = of
        self._seconds = seconds
        self._passed = False
        self._task: asyncio.Task[object] | None = None
        self.moment: float | None = None

    def __enter__(self) -> Timer:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a deadline needs a task")
        loop = asyncio.get_running_loop()
        self._task = task
        self._cancelling = task.cancelling()
        self.moment = loop.time() + self._seconds
        self._all.begin(self, loop)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        task, self._task = self._task, None
        self._all.end(self)
        if self._passed and task is not None and task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from error

    def passes(self) -> None:
        """Cancel the block."""
        self._all.end(self)
        if self._task is not None:
            self._passed = True
            self._task.cancel()

    def when(self) -> float | None:
        """See ``Timer``."""
        return self.moment

    def reschedule(self, when: float | None) -> None:
        """See ``Timer``."""
        if self._passed or self._task is None:
            raise RuntimeError("the deadline has passed or its block has been left")
        self.moment = when


class Stopwatch:
    """Counts who of a probe waits for a turn and who is talking, and moves the probe's deadline accordingly."""

    __slots__ = ("_left", "_queued", "_talking", "_timer")

    def __init__(self) -> None:
        self._timer: Timer | None = None
        self._queued = 0
        self._talking = 0
        self._left: float | None = None  # seconds left while the clock stands still

    def follow(self, timer: Timer) -> None:
        """Take charge of a deadline that has begun."""
        self._timer = timer
        self._left = None

    def change(self, *, queued: int = 0, talking: int = 0) -> None:
        """Say that so many more (or fewer) wait for a turn or are in a conversation."""
        self._queued += queued
        self._talking += talking
        timer = self._timer
        if timer is None:
            return
        still = self._queued > 0 and self._talking == 0
        if still == (self._left is not None):
            return
        try:
            now = asyncio.get_running_loop().time()
            if self._left is None:
                when = timer.when()
                timer.reschedule(None)
                self._left = when - now if when is not None else None
            else:
                timer.reschedule(now + self._left)
                self._left = None
        except RuntimeError:  # the deadline has passed or its block has been left: nothing is there to be moved
            self._timer = None

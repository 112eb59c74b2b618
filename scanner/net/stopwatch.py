"""A probe's own time: it runs while the probe works or talks, and stands still while all it does is wait for turns."""

from __future__ import annotations

import asyncio


class Stopwatch:
    """Counts who of a probe waits for a turn and who is talking, and moves the probe's deadline accordingly."""

    __slots__ = ("_left", "_queued", "_talking", "_timer")

    def __init__(self) -> None:
        self._timer: asyncio.Timeout | None = None
        self._queued = 0
        self._talking = 0
        self._left: float | None = None  # seconds left while the clock stands still

    def follow(self, timer: asyncio.Timeout) -> None:
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

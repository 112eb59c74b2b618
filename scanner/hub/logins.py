"""Lets people log in, no faster than a person types and no more at once than the machine bears: each try of a password costs 64 MiB.

Tries are counted in memory by where they come from; what locks a single user is in ``access``.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable

from scanner.hub import access, audit
from scanner.hub.database import Database
from scanner.hub.place import place_of

TRIES = 10
WINDOW = 60.0
"""Seconds in which so many tries may fail that come from one place."""
MOST_PLACES = 10_000
AT_ONCE = 4
WAIT = 5.0
"""Seconds that a try waits for others to end."""


class TooManyTries(Exception):
    """Nothing was tried. ``seconds``: come again after that time."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"again in {seconds} s")
        self.seconds = seconds


class Logins:
    """The one way in with a password. Safe in several threads; each process counts for itself."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._clock = clock
        self._lock = threading.Lock()
        self._failed: OrderedDict[str, deque[float]] = OrderedDict()
        self._room = threading.BoundedSemaphore(AT_ONCE)

    def log_in(self, name: str, password: str, code: str, address: str) -> str:
        """Give the token of a new session. Raises ``NotAdmitted`` or ``TooManyTries``."""
        place = place_of(address)
        self._count(place)
        if not self._room.acquire(timeout=WAIT):
            raise TooManyTries(int(WAIT))
        try:
            token = access.log_in(self._database, name, password, code, address)
        finally:
            self._room.release()
        with self._lock:
            if tries := self._failed.get(place):
                tries.pop()  # this one did not fail
        return token

    def _count(self, place: str) -> None:
        now = self._clock()
        with self._lock:
            tries = self._failed.setdefault(place, deque())
            self._failed.move_to_end(place)
            if len(self._failed) > MOST_PLACES:
                self._failed.popitem(last=False)
            while tries and tries[0] <= now - WINDOW:
                tries.popleft()
            if len(tries) < TRIES:
                tries.append(now)
                first = len(tries) == TRIES
            else:
                raise TooManyTries(int(tries[0] + WINDOW - now) + 1)
        if first:  # one entry for a flood, not one for each try of it
            with self._database.writing() as db:
                audit.note(db, "hub", "login.limit", "", f"{TRIES} tries within {WINDOW:.0f} s from {place}")

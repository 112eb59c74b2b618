"""Addresses that have never said a word: after a while of asking in vain they are left alone, so that one dead server does
not take the time of every domain that names it. Counting only, no waiting.

A server that has answered anything is never left alone: silence to some questions is a way of refusing them.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from scanner.model.reason import CannotObserve, Reason

QUESTIONS = 6  # in a row and all in vain; fewer would judge a lossy path
SECONDS = 60.0  # of rest, then one more question is let through
MOST_PLACES = 8192

Place = tuple[str, int, str]
"""Address, port, and the way of asking: transport, with EDNS or without."""


class Silence:
    """What is known of the places asked in a run, the most recent ones."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._silent: OrderedDict[Place, tuple[int, float]] = OrderedDict()  # how often, and when it may be asked again
        self._heard: OrderedDict[Place, None] = OrderedDict()

    def check(self, place: Place, where: str) -> None:
        """Raise ``CannotObserve(TIMEOUT)`` while a place rests."""
        count, again = self._silent.get(place, (0, 0.0))
        if count >= QUESTIONS:
            now = self._clock()
            if now < again:
                raise CannotObserve(
                    Reason.TIMEOUT, f"no answer from {where} to any of {count} questions; it is asked again in {again - now:.0f} s"
                )
            self._silent[place] = (count, now + SECONDS)  # this one is let through, the others wait for how it ends

    def heard(self, place: Place) -> None:
        """A place has answered, however wrongly."""
        self._silent.pop(place, None)
        if place not in self._heard:
            self._heard[place] = None
            if len(self._heard) > MOST_PLACES:
                self._heard.popitem(last=False)

    def unheard(self, place: Place) -> None:
        """A question to a place has ended without an answer."""
        if place in self._heard:
            return
        count = self._silent.get(place, (0, 0.0))[0] + 1
        self._silent[place] = (count, self._clock() + SECONDS)
        if len(self._silent) > MOST_PLACES:
            self._silent.popitem(last=False)

"""Asks the run's network for leave to connect: the scope guard, the resolver and the turns live in its loop, logins in threads."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TooLate

from scanner.model.reason import CannotObserve, Reason
from scanner.net.view import View
from scanner.wire.addresses import is_address


class NetworkLeave:
    """A ``Leave`` for one target. ``addresses`` are those that the inventory lists by host name; made in the loop, used in a thread."""

    def __init__(self, view: View, addresses: Mapping[str, tuple[str, ...]]) -> None:
        self._view = view
        self._addresses = addresses
        self._loop = asyncio.get_running_loop()

    def take(self, name: str, port: int, until: float) -> str:
        """See ``Leave.take``."""
        addresses = (name,) if is_address(name) else self._addresses.get(name, ())
        waiting: Future[str] = asyncio.run_coroutine_threadsafe(self._view.passage(name, addresses, port), self._loop)
        try:
            return waiting.result(max(0.01, until - time.monotonic()))
        except TooLate:
            waiting.cancel()
            raise CannotObserve(Reason.BUDGET_SPENT, f"{name}: no turn to connect came in time") from None

"""Asks the run's network for leave to connect: the scope guard, the resolver and the turns live in its loop, logins in threads."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TooLate
from contextlib import AsyncExitStack, suppress

from scanner.model.reason import CannotObserve, Reason
from scanner.net.view import View
from scanner.wire.addresses import is_address


class NetworkLeave:
    """A ``Leave`` for one target. ``addresses`` are those that the inventory lists by host name; made in the loop, used in a thread."""

    def __init__(self, view: View, addresses: Mapping[str, tuple[str, ...]]) -> None:
        self._view = view
        self._addresses = addresses
        self._loop = asyncio.get_running_loop()
        self._held = AsyncExitStack()
        self._lock = threading.Lock()
        self._given = False

    def take(self, name: str, port: int, until: float) -> str:
        """See ``Leave.take``."""
        waiting: Future[str] = asyncio.run_coroutine_threadsafe(self._take(name, port), self._loop)
        try:
            return waiting.result(max(0.01, until - time.monotonic()))
        except TooLate:
            waiting.cancel()
            raise CannotObserve(Reason.BUDGET_SPENT, f"{name}: no turn to connect came in time") from None

    def give(self) -> None:
        """See ``Leave.give``."""
        with self._lock:
            if self._given:
                return
            self._given = True
        with suppress(RuntimeError):  # the loop has ended, and all turns with it
            self._loop.call_soon_threadsafe(self._release)

    async def _take(self, name: str, port: int) -> str:
        addresses = (name,) if is_address(name) else self._addresses.get(name, ())
        return await self._held.enter_async_context(self._view.passage(name, addresses, port))

    def _release(self) -> None:
        """Run in the loop. Handing turns back waits for nothing, so one step of the coroutine is all of it."""
        closing = self._held.aclose()
        with suppress(StopIteration):
            closing.send(None)

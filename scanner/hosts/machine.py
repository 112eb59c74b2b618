"""A machine as the engine sees it: whatever can run collectors and give their observations. The readers stand elsewhere."""

from __future__ import annotations

import logging
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from scanner.hosts.base import Collector
from scanner.hosts.local import LocalReader, RootReader
from scanner.model.fact import Evidence, Fact, Observation, Observed, Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason

log = logging.getLogger(__name__)

AnyCollector = Collector[Any]  # of whichever reader; the platform says which


class Machine(Protocol):
    """One machine that can be read from within."""

    @property
    def platform(self) -> Platform:
        """What it runs, which decides on the collectors."""
        ...

    def see(self, collectors: Sequence[AnyCollector], now: Callable[[], str], seconds: float) -> Mapping[type[Fact], Observation[Fact]]:
        """Run the collectors; called in a thread of its own, and ends within about ``seconds``.

        Every collector has its ending in the answer, those that were not reached among them. Never raises for what the
        machine does.
        """
        ...

    def stop(self) -> None:
        """End ``see`` soon, from another thread."""
        ...


class EvidenceReader(Protocol):
    """A reader that gives back what a collector kept."""

    def evidence(self) -> tuple[Evidence, ...]:
        """Give what was handed over, in order."""
        ...


class LocalMachine:
    """The machine that the scanner runs on, or a root directory of another one."""

    def __init__(self, root: Path | None = None) -> None:
        self._root = root
        self._stopped = False

    @property
    def platform(self) -> Platform:
        """What runs here; a root directory is taken for a Linux machine's."""
        system = "Linux" if self._root else platform.system()
        return {"Darwin": Platform.MACOS, "Windows": Platform.WINDOWS}.get(system, Platform.LINUX)

    def see(self, collectors: Sequence[AnyCollector], now: Callable[[], str], seconds: float) -> Mapping[type[Fact], Observation[Fact]]:
        """Run the collectors one after the other, each with a reader of its own."""
        until = time.monotonic() + seconds
        found: dict[type[Fact], Observation[Fact]] = {}
        for collector in collectors:
            if self._stopped or time.monotonic() > until:
                found[collector.makes] = Unobserved(Reason.BUDGET_SPENT, "the time for this machine was spent", now())
            else:
                found[collector.makes] = observe(collector, RootReader(self._root) if self._root else LocalReader(), now)
        return found

    def stop(self) -> None:
        """Begin no further collector."""
        self._stopped = True


def observe(
    collector: AnyCollector, reader: EvidenceReader, now: Callable[[], str], *, complete: Callable[[], bool] = lambda: True
) -> Observation[Fact]:
    """Run one collector. What it raises becomes the reason why there is no fact; a broken collector is a visible ending.

    Where ``complete`` says afterwards that the reader did not know all that it answered, the outcome is of no use and no defect is told.
    """
    try:
        return Observed(collector.run(reader), now(), reader.evidence())
    except CannotObserve as why:
        return Unobserved(why.reason, why.detail, now())
    except Exception as error:
        if complete():
            log.exception("defect in collector %s", collector.name)
        return Unobserved(Reason.DEFECT, f"{collector.name}: {type(error).__name__}: {error}", now())

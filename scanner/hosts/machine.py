"""A machine as the engine sees it: whatever can run collectors and give their observations. The readers stand elsewhere."""

from __future__ import annotations

import logging
import platform
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Protocol

from scanner.hosts.base import Collector
from scanner.model.fact import Evidence, Fact, Observation, Observed, Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason

log = logging.getLogger(__name__)

AnyCollector = Collector[Any]  # of whichever reader; the platform says which
Chosen = Callable[[], Sequence[AnyCollector]]
"""Gives the collectors to run, and may take the time that they need to load."""


class Machine(Protocol):
    """One machine that can be read from within."""

    @property
    def platform(self) -> Platform:
        """Its platform, by which the collectors are chosen."""
        ...

    def see(self, chosen: Chosen, now: Callable[[], str], seconds: float) -> Mapping[type[Fact], Observation[Fact]]:
        """Run the collectors; called in a thread of its own, and ends within about ``seconds``. They are asked for late, where getting
        to the machine takes time.

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
        """What runs here, or what the root directory belongs to: a Windows by its registry, a macOS by its version, else a Linux."""
        if self._root is None:
            return {"Darwin": Platform.MACOS, "Windows": Platform.WINDOWS}.get(platform.system(), Platform.LINUX)
        return _system_of(self._root)

    def see(self, chosen: Chosen, now: Callable[[], str], seconds: float) -> Mapping[type[Fact], Observation[Fact]]:
        """Run the collectors one after the other, each with a reader of its own."""
        until = time.monotonic() + seconds
        found: dict[type[Fact], Observation[Fact]] = {}
        for collector in chosen():
            if self._stopped or time.monotonic() > until:
                found[collector.makes] = Unobserved(Reason.BUDGET_SPENT, "the time for this machine was spent", now())
            else:
                with _reader(self._root) as reader:
                    found[collector.makes] = observe(collector, reader, now)
        return found

    def stop(self) -> None:
        """Begin no further collector."""
        self._stopped = True


def _system_of(root: Path) -> Platform:
    from scanner.hosts.macos.image import is_macos  # both load on the platforms that can read a root directory
    from scanner.hosts.windows_image import is_windows

    if is_windows(root):
        return Platform.WINDOWS
    return Platform.MACOS if is_macos(root) else Platform.LINUX


def holds_a_system(root: Path) -> bool:
    """Tell whether a directory is the root of a machine: a Windows, a macOS, or a Linux by its /etc beside /usr or /bin."""
    return _system_of(root) is not Platform.LINUX or ((root / "etc").is_dir() and any((root / name).is_dir() for name in ("usr", "bin")))


@contextmanager
def _reader(root: Path | None) -> Iterator[EvidenceReader]:
    """Open the reader for this machine or for a root directory. Each is loaded only where it can work."""
    if root is not None:
        from scanner.hosts.local import RootReader  # readers load where they are used; the same below
        from scanner.hosts.macos.image import MacRootReader
        from scanner.hosts.windows_image import ImageReader

        match _system_of(root):
            case Platform.WINDOWS:
                with closing(ImageReader(root)) as image:
                    yield image
            case Platform.MACOS:
                yield MacRootReader(root)
            case _:
                yield RootReader(root)
    elif sys.platform == "win32":
        from scanner.hosts.winapi.live import LiveReader  # loads on Windows only

        yield LiveReader()
    else:
        from scanner.hosts.local import LocalReader  # loads where files are read as POSIX has them

        yield LocalReader()


def observe(
    collector: AnyCollector, reader: EvidenceReader, now: Callable[[], str], *, complete: Callable[[], bool] = lambda: True
) -> Observation[Fact]:
    """Run one collector. What it raises becomes the reason why there is no fact; a broken collector is a visible ending.

    Where ``complete`` says afterwards that the reader lacked something that was asked, the outcome is of no use and no defect is reported.
    """
    try:
        return Observed(collector.run(reader), now(), reader.evidence())
    except CannotObserve as why:
        return Unobserved(why.reason, why.detail, now())
    except Exception as error:
        if complete():
            log.exception("defect in collector %s", collector.name)
        return Unobserved(Reason.DEFECT, f"{collector.name}: {type(error).__name__}: {error}", now())

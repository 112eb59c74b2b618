"""Which programs of a list run and start with a Linux machine, for the collectors of services. What they do stands with those."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from scanner.hosts.base import Files, Names, Reader, Source
from scanner.hosts.linux.base import Process, enabled, exists, runs, seen
from scanner.model.fact import Unobserved

PROCESSES: tuple[Source, ...] = (Names("/proc"), Files("/proc/stat", limit=65_536), Files("/proc/[0-9]*/stat", limit=4096))
"""What ``base.processes`` reads."""
UNITS: tuple[Source, ...] = (
    Names("/etc/systemd/system"),
    Names("/etc/systemd/system/*.wants"),
    Names("/etc/systemd/system/*.requires"),
    Names("/usr/lib/systemd/system"),
    Names("/usr/lib/systemd/system/*.wants"),
    Names("/lib/systemd/system"),
    Names("/lib/systemd/system/*.wants"),
    Names("/etc/rc[2345S].d"),
    Names("/etc/runlevels/default"),
)
"""What ``base.enabled`` reads."""


@dataclass(frozen=True, slots=True)
class Program:
    """A service as packages install it: the name people know, its executables, its units and the names of its processes."""

    name: str
    files: tuple[str, ...]
    units: tuple[str, ...]
    processes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """An installed program. ``running`` is ``None`` where the machine does not run."""

    program: Program
    running: bool | Unobserved | None
    starts: bool | Unobserved

    @property
    def in_use(self) -> bool | Unobserved:
        """Whether it runs, or on a machine that does not run whether it will start."""
        return self.starts if self.running is None else self.running


def installed(read: Reader, known: Iterable[Program], running: tuple[Process, ...] | Unobserved | None) -> tuple[Found, ...]:
    """Give those of the known programs that are installed. Raises ``CannotObserve``."""
    return tuple(
        Found(program, runs(running, *program.processes), seen(partial(_starts, read, program)))
        for program in known
        if exists(read, *program.files)
    )


def _starts(read: Reader, program: Program) -> bool:
    return any(enabled(read, unit) for unit in program.units)


def paths(known: Iterable[Program]) -> tuple[Source, ...]:
    """Give the sources that ``installed`` asks for beside processes and units."""
    return tuple(Names(path) for program in known for path in program.files)

"""Which programs of a list run and start with a Linux machine, for the collectors of services. What they do stands with those."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from scanner.hosts.base import Files, Names, Reader, Source
from scanner.hosts.linux.base import Process, enabled, exists, runs, seen
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason

_LONGEST = 16_384
PROCESSES: tuple[Source, ...] = (
    Names("/proc"),
    Files("/proc/stat"),
    Files("/proc/[0-9]*/stat", limit=4096),
    Files("/proc/[0-9]*/cgroup", limit=_LONGEST),
)
"""What ``base.processes`` and ``installed`` read of the processes."""
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
_BOXES = re.compile(rb"/(?:docker[-/]|libpod[-_]|cri-containerd-|crio-|kubepods|lxc/|lxc\.payload|machine\.slice/)")
"""Control groups that engines of containers make for theirs: Docker, Podman, containerd, CRI-O, Kubernetes, LXC, systemd-nspawn."""


@dataclass(frozen=True, slots=True)
class Program:
    """A service as packages install it: the name people know, its executables, its units and the names of its processes."""

    name: str
    files: tuple[str, ...]
    units: tuple[str, ...]
    processes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """A program that is installed, or runs from elsewhere. ``running`` is ``None`` where the machine does not run."""

    program: Program
    running: bool | Unobserved | None
    starts: bool | Unobserved
    unread: Unobserved | None = None
    """Why nothing at a package's places tells of it: it runs in a container, or from a place of its own."""

    @property
    def in_use(self) -> bool | Unobserved:
        """Whether it runs, or on a machine that does not run whether it will start."""
        return self.starts if self.running is None else self.running


def installed(
    read: Reader, known: Iterable[Program], running: tuple[Process, ...] | Unobserved | None, *, containers: bool = True
) -> tuple[Found, ...]:
    """Give those of the known programs that packages installed, and behind them those that run from elsewhere. Raises ``CannotObserve``.

    A program can be among both: at its package's place, and once more in a container. ``containers`` is false where what runs in one
    does nothing for the machine.
    """
    every = tuple(known)
    there = [program for program in every if exists(read, *program.files)]
    strangers: dict[str, Unobserved] = {}
    own = running
    if isinstance(running, tuple):
        inside = boxed(read, [process for process in running if process.name in _names(every)])
        own = tuple(process for process in running if process not in inside)
        aside = [process for process in own if process.name in _names(every) - _names(there)]
        strangers = {
            process.name: Unobserved(Reason.UNSUPPORTED, f"{process.name} runs from a place that is not known here") for process in aside
        }
        if containers:
            strangers |= {p.name: Unobserved(Reason.UNSUPPORTED, f"{p.name} runs in a container, which is not looked into") for p in inside}
    found = [Found(program, runs(own, *program.processes), seen(partial(_starts, read, program))) for program in there]
    for program in every:  # one name may be that of two programs: the first has it
        reasons = [strangers.pop(name) for name in sorted(_names([program]) & strangers.keys())]
        found += [Found(program, True, why, why) for why in reasons[:1]]
    return tuple(found)


def _names(programs: Iterable[Program]) -> set[str]:
    return {name[:15] for program in programs for name in program.processes}


def boxed(read: Reader, processes: Iterable[Process]) -> set[Process]:
    """Give those that run in a container of the machine, which may be one itself. Raises ``CannotObserve``."""
    return {process for process in processes if _boxes(read, process.number) > _boxes(read, "1")}


def _boxes(read: Reader, number: str) -> int:
    return len(_BOXES.findall(read.file(f"/proc/{number}/cgroup", limit=_LONGEST) or b""))


def _starts(read: Reader, program: Program) -> bool:
    return any(enabled(read, unit) for unit in program.units)


def paths(known: Iterable[Program]) -> tuple[Source, ...]:
    """Give the sources that ``installed`` asks for beside processes and units."""
    return tuple(Names(path) for program in known for path in program.files)

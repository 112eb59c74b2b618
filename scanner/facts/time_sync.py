"""The fact about how a machine keeps its clock right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from scanner.model.fact import Fact, Unobserved
from scanner.model.target import Kind


@dataclass(frozen=True, slots=True)
class TimeSource:
    """A source of time that is configured: a server's name or address, or a reference clock."""

    name: str
    authenticated: bool
    """Whether answers are proven to come from it: NTS or a symmetric key."""


@dataclass(frozen=True, slots=True)
class ClockState:
    """What the program says about the clock now."""

    synchronised: bool
    selected: str
    """The source that the clock follows; empty where there is none."""
    offset_seconds: float | Unobserved
    """How far the clock is from that source, by the program's own estimate; the sign is lost."""
    distance_seconds: float | Unobserved
    """The largest error there may be against true time: half the root delay and the root dispersion."""


@dataclass(frozen=True, slots=True)
class TimeProgram:
    """A program that sets the clock from elsewhere and is installed."""

    name: str
    """``chrony``, ``ntpd``, ``systemd-timesyncd``, ``openntpd`` (later ``w32time``, ``timed``)."""
    running: bool | Unobserved | None
    """``None``: the machine does not run."""
    starts: bool | Unobserved
    """Whether it starts with the machine."""
    sources: tuple[TimeSource, ...] | Unobserved
    """What it is told to use; servers that only a network names are not among them."""
    source: str
    """Where that stands."""
    serves: bool | Unobserved
    """Whether it gives time to other machines."""
    state: ClockState | Unobserved | None
    """``None``: it does not run."""


@dataclass(frozen=True, slots=True)
class TimeSync(Fact):
    """How the machine's clock is kept right."""

    of: ClassVar[Kind] = Kind.MACHINE

    host_clock: bool | Unobserved
    """Whether the clock is that of another machine which keeps it (a container)."""
    programs: tuple[TimeProgram, ...] | Unobserved

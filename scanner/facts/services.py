"""Facts about what a machine offers and runs: listening sockets and services."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from scanner.model.fact import Fact, Unobserved
from scanner.model.target import Kind


@dataclass(frozen=True, slots=True)
class ListeningSocket:
    """One socket on which something waits for others. ``address`` is empty where it waits at all of them."""

    protocol: str
    """``tcp``, ``udp``."""
    address: str
    port: int
    loopback: bool
    """Whether only programs of the machine itself can reach it."""
    program: str | Unobserved
    """What waits there, as the platform names it; empty: the kernel itself."""


@dataclass(frozen=True, slots=True)
class ListeningSockets(Fact):
    """Where the machine can be reached, seen from within."""

    of: ClassVar[Kind] = Kind.MACHINE

    sockets: tuple[ListeningSocket, ...]
    short_lived: tuple[int, int]
    """The first and the last port that programs get which do not ask for a certain one."""


@dataclass(frozen=True, slots=True)
class ServiceState:
    """One service that starts with the machine or runs."""

    name: str
    """Without what the platform hangs to it: ``cups``, not ``cups.service``."""
    kind: str
    """What starts it: ``service``, ``socket`` (on the first connection), ``inetd``, ``trigger`` (on an event, as Windows has it)."""
    starts: bool | Unobserved
    running: bool | Unobserved | None
    """``None``: the machine does not run."""
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Services(Fact):
    """The services that start with the machine, run, or failed to."""

    of: ClassVar[Kind] = Kind.MACHINE

    services: tuple[ServiceState, ...] | Unobserved

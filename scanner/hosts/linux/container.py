"""Whether a Linux system runs as a container, on a kernel that is another's, and what else the collectors need to know of that."""

from __future__ import annotations

from scanner.hosts.base import Files, Names, Reader, Source
from scanner.hosts.linux.base import exists, first_line, seen, shown
from scanner.model.fact import Unobserved

MANAGER = "/run/systemd/container"
"""Written by systemd at its start inside a container; its interface for containers is documented at systemd.io/CONTAINER_INTERFACE."""
NSPAWN = "/run/host/container-manager"
"""The same interface from outside: there also where no systemd runs inside."""
MARKS = (("/run/.containerenv", "podman"), ("/.dockerenv", "docker"))
READS: tuple[Source, ...] = (Files(MANAGER), Files(NSPAWN), *(Names(path) for path, _ in MARKS), Names("/proc/vz"), Names("/proc/bc"))
"""What ``container`` asks for, for the collectors that call it."""


def container(read: Reader) -> str | Unobserved:
    """Name the program that runs this system as a container; empty where none is seen. A mounted root counts as a machine."""
    return seen(lambda: _container(read))


def in_container(read: Reader) -> bool | Unobserved:
    """Tell whether the machine is a container, which has its kernel and clock from another one."""
    keeper = container(read)
    return keeper if isinstance(keeper, Unobserved) else bool(keeper)


def _container(read: Reader) -> str:
    if not read.live:
        return ""
    if named := first_line(read, MANAGER) or first_line(read, NSPAWN):
        return shown(named)
    for path, manager in MARKS:
        if exists(read, path):
            return manager
    return "openvz" if exists(read, "/proc/vz") and not exists(read, "/proc/bc") else ""

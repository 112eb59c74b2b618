"""The fact about what runs containers and virtual machines on a machine, and who may command it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from scanner.facts.readings import Readings
from scanner.model.fact import Fact, Unobserved
from scanner.model.target import Kind


@dataclass(frozen=True, slots=True)
class ControlSocket:
    """A socket through which a program of this kind takes commands."""

    path: str
    mode: int
    owner: str
    group: str


@dataclass(frozen=True, slots=True)
class Engine:
    """One program that runs containers or virtual machines with the administrator's rights."""

    name: str
    """``docker``, ``podman``, ``libvirt``, ``lxd``, ``containerd``."""
    sockets: tuple[ControlSocket, ...] | Unobserved
    open_addresses: Readings[tuple[str, ...]] | Unobserved
    """Network addresses at which it takes commands without asking for a client certificate."""
    members: tuple[str, ...] | Unobserved
    """Accounts, other than the administrator's, that are in the group which may command it and so own the machine."""
    remaps_users: Readings[bool] | Unobserved | None
    """Whether root inside a container is nobody outside; ``None``: the question does not arise."""
    blocks_new_rights: Readings[bool] | Unobserved | None
    """Whether programs in containers can gain no further rights."""
    isolates: Readings[bool] | Unobserved | None
    """Whether containers on the standard network are kept from each other."""


@dataclass(frozen=True, slots=True)
class ContainerHost(Fact):
    """What runs containers and virtual machines on a machine; empty: nothing that is known."""

    of: ClassVar[Kind] = Kind.MACHINE

    engines: tuple[Engine, ...] | Unobserved

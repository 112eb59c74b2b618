"""The fact about network interfaces that hand a machine what was not sent to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from scanner.model.fact import Fact
from scanner.model.platform import Platform
from scanner.model.target import Kind


@dataclass(frozen=True, slots=True)
class PromiscuousInterface:
    """One interface that takes every frame."""

    name: str
    kind: str
    """The platform's word for what was made in software (``bridge``, ``veth``, ``vlan``); empty: hardware."""
    asked: int
    """How often this was asked for and not taken back."""
    causes: tuple[str, ...]
    """What is known to ask for it once each: the bridge that the interface is a port of, an interface on top of it."""


@dataclass(frozen=True, slots=True)
class PromiscuousInterfaces(Fact):
    """The interfaces that take every frame now, whoever it is for."""

    of: ClassVar[Kind] = Kind.MACHINE
    arises_on: ClassVar[frozenset[Platform]] = frozenset({Platform.LINUX})

    interfaces: tuple[PromiscuousInterface, ...]

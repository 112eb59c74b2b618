"""Facts about polkit: what its rules let people do without a password. What an action's own file grants is not here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from scanner.model.fact import Fact, Unobserved
from scanner.model.platform import Platform
from scanner.model.target import Kind


@dataclass(frozen=True, slots=True)
class PolkitGrant:
    """Something that a rule lets be done without a password.

    ``action`` is an id, one that ends in ``*`` for all that begin so, or ``*`` for all. ``whom`` names users and ``%groups`` all of which
    have to fit; empty: everybody who is logged in.
    """

    action: str
    whom: tuple[str, ...]
    narrowed: bool
    """Whether a detail of the action, such as the name of a unit, has to fit too."""
    people: bool | Unobserved
    """Whether any account of a person is among those."""


@dataclass(frozen=True, slots=True)
class Polkit(Fact):
    """The rules of polkit. ``undecided`` are the files that may grant something and could not be worked out."""

    of: ClassVar[Kind] = Kind.MACHINE
    arises_on: ClassVar[frozenset[Platform]] = frozenset({Platform.LINUX})

    installed: bool | Unobserved
    grants: tuple[PolkitGrant, ...] | Unobserved
    undecided: tuple[str, ...]

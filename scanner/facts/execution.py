"""The fact about which programs a machine lets run: the means of its system that go by rules. What is installed stands in ``software``."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique
from typing import ClassVar

from scanner.facts.readings import Readings
from scanner.model.fact import Fact, Unobserved
from scanner.model.platform import Platform
from scanner.model.target import Kind


@unique
class Unnamed(StrEnum):
    """What becomes of a program that no rule names."""

    REFUSED = "refused"
    RECORDED = "recorded"
    """It runs, and that is written down."""
    RUNS = "runs"


@dataclass(frozen=True, slots=True)
class Means:
    """One program or function of the system that lets programs run by rules. Which programs its rules name is not seen."""

    name: str
    unnamed: Readings[Unnamed]
    unwatched: tuple[str, ...] | Unobserved = ()
    """Parts of the tree where it looks at no program."""


@dataclass(frozen=True, slots=True)
class ExecutionControl(Fact):
    """The means by which the machine restricts which programs run, of those that are known; empty: it has none of them."""

    of: ClassVar[Kind] = Kind.MACHINE
    arises_on: ClassVar[frozenset[Platform]] = frozenset({Platform.LINUX, Platform.WINDOWS})

    means: tuple[Means, ...] | Unobserved

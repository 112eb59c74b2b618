"""The fact about a machine's agent as its hub knows it. No reading of the machine itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from scanner.model.fact import Fact
from scanner.model.target import Kind


@dataclass(frozen=True, slots=True)
class AgentContact(Fact):
    """When a machine's agent was last heard of."""

    of: ClassVar[Kind] = Kind.MACHINE
    collected: ClassVar[bool] = False

    heard: bool
    """Whether a report has ever come."""
    silent_hours: int
    """Whole hours since the last report was made, or since the enrolment."""

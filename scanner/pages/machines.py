"""The list of machines as its page shows it: filtered, the worst first, a page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum, unique
from itertools import chain

from scanner.hub.agent_words import State, state_of
from scanner.hub.book import AgentRow
from scanner.model.verdict import Outcome
from scanner.report.html_words import SEVERITIES

ON_A_PAGE = 100


@unique
class Show(StrEnum):
    """Which machines are wanted."""

    ALL = "all"
    FAILING = "failing"
    SILENT = "silent"
    FLAGGED = "flagged"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Machine:
    """One line of the list."""

    row: AgentRow
    state: State
    systems: Sequence[tuple[str, str]]
    """By id and name."""

    @property
    def fails(self) -> int:
        """How many checks fail."""
        return self.row.outcomes.get(Outcome.FAIL, 0)

    @property
    def open(self) -> int:
        """How many checks are undetermined."""
        return self.row.outcomes.get(Outcome.UNDETERMINED, 0)

    @property
    def worst(self) -> str:
        """The highest severity of what fails, or empty."""
        return next((severity for severity in SEVERITIES if self.row.failures.get(severity)), "")

    @property
    def flagged(self) -> bool:
        """Whether something is odd about its reports."""
        return bool(self.row.flags or self.row.missing)

    def is_(self, show: Show) -> bool:
        """Tell whether it belongs to those wanted; what was revoked only where that is asked for."""
        if show is Show.REVOKED or self.state is State.REVOKED:
            return show is Show.REVOKED and self.state is State.REVOKED
        return {
            Show.ALL: True,
            Show.FAILING: self.fails > 0,
            Show.SILENT: self.state in {State.SILENT, State.NEVER},
            Show.FLAGGED: self.flagged,
        }[show]

    def order(self) -> tuple[object, ...]:
        """Sort the worst first, then those that are silent, then by name."""
        counts = tuple(-self.row.failures.get(severity, 0) for severity in SEVERITIES)
        return (self.state is State.REVOKED, *counts, self.state is State.REPORTING, self.row.note or self.row.name, self.row.agent)


@dataclass(frozen=True, slots=True)
class Part:
    """One page of the list, and how many there are of each sort."""

    machines: Sequence[Machine]
    counts: dict[Show, int]
    found: int
    number: int
    pages: int


def part_of(machines: Sequence[Machine], show: Show, text: str, number: int) -> Part:
    """Give a page of the machines wanted whose name, note, address, id or system holds ``text``."""
    counts = {one: sum(machine.is_(one) for machine in machines) for one in Show}
    wanted = text.casefold()
    found = sorted((m for m in machines if m.is_(show) and _holds(m, wanted)), key=Machine.order)
    pages = max(1, -(-len(found) // ON_A_PAGE))
    number = min(max(1, number), pages)
    return Part(found[(number - 1) * ON_A_PAGE : number * ON_A_PAGE], counts, len(found), number, pages)


def machine_of(row: AgentRow, systems: Sequence[tuple[str, str]]) -> Machine:
    """Give a line of the list."""
    return Machine(row, state_of(row), systems)


def _holds(machine: Machine, wanted: str) -> bool:
    row = machine.row
    return any(wanted in text.casefold() for text in (row.name, row.note, row.agent, row.address, *chain.from_iterable(machine.systems)))

"""Recorded decisions and attestations: what the organisation has decided or proven on paper about a control, and for how long it holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum, unique

from scanner.ledger.known import Known, period, read_control, read_systems
from scanner.model.problem import say
from scanner.model.yamlfields import Fields


@unique
class Choice(StrEnum):
    """What was decided about a control."""

    NEEDED = "needed"
    NOT_NEEDED = "not-needed"
    SUBSTITUTE = "substitute"


_CHOICES = {choice.value: choice for choice in Choice} | {"必要": Choice.NEEDED, "不要": Choice.NOT_NEEDED, "代替": Choice.SUBSTITUTE}


@dataclass(frozen=True, slots=True)
class Decision:
    """A recorded decision on one control. ``systems`` empty: for the whole organisation. ``substitute`` says what is done instead."""

    control: str
    choice: Choice
    by: str
    on: date
    reason: str
    substitute: str = ""
    until: date | None = None
    systems: tuple[str, ...] = ()
    file: str = ""
    line: int = 0

    def holds(self, on: date) -> bool:
        """Tell whether the decision is in force on a day; both ends count."""
        return self.on <= on and (self.until is None or on <= self.until)


@dataclass(frozen=True, slots=True)
class Attestation:
    """A record that a control is met, for clauses that only a document can prove. Beyond ``valid_until`` it is stale."""

    control: str
    statement: str
    document: str
    valid_from: date
    valid_until: date
    by: str
    systems: tuple[str, ...] = ()
    file: str = ""
    line: int = 0

    def holds(self, on: date) -> bool:
        """Tell whether the record is valid on a day; both ends count."""
        return self.valid_from <= on <= self.valid_until


def read_attestations(top: Fields, known: Known) -> tuple[Attestation, ...]:
    """Read the ``attestations:`` section."""
    found = []
    for row in top.tables("attestations"):
        valid_from, valid_until = period(row, "valid_from", "valid_until")
        attestation = Attestation(
            control=read_control(row, known),
            statement=row.text("statement"),
            document=row.text("document"),
            valid_from=valid_from,
            valid_until=valid_until,
            by=row.text("by"),
            systems=read_systems(row, known),
            file=row.problems.file,
            line=row.place.line,
        )
        row.done()
        found.append(attestation)
    return tuple(found)


def read_decisions(top: Fields, known: Known) -> tuple[Decision, ...]:
    """Read the ``decisions:`` section. Two decisions on one control and system that hold at the same time are a contradiction."""
    by_subject: dict[tuple[str, str], list[tuple[Decision, Fields]]] = {}
    found = []
    for row in top.tables("decisions"):
        row.demand("decision")
        choice = row.choice("decision", _CHOICES, None)
        # "decided", not "on": YAML 1.1 reads a bare "on" as true.
        on, until = period(row, "decided", "until") if "until" in row else (row.day("decided"), None)
        row.item("until")
        decision = Decision(
            control=read_control(row, known),
            choice=choice or Choice.NEEDED,
            by=row.text("by"),
            on=on,
            reason=row.text("reason"),
            substitute=row.text("substitute") if choice is Choice.SUBSTITUTE else row.text("substitute", ""),
            until=until,
            systems=read_systems(row, known),
            file=row.problems.file,
            line=row.place.line,
        )
        if decision.substitute and choice in {Choice.NEEDED, Choice.NOT_NEEDED}:
            message = say("代替措置は decision が substitute の時だけ書く", "a substitute goes with the decision substitute only")
            row.note(message, key="substitute")
        row.done()
        found.append(decision)
        if decision.control:
            for system in decision.systems or ("",):
                by_subject.setdefault((decision.control, system), []).append((decision, row))
    for together in by_subject.values():
        _contradictions(together)
    return tuple(found)


def _contradictions(decisions: list[tuple[Decision, Fields]]) -> None:
    decisions.sort(key=lambda pair: (pair[0].on, pair[0].line))
    latest = None
    for decision, row in decisions:
        if latest is not None and (latest.until is None or decision.on <= latest.until):
            row.note(
                say(
                    "{line} 行目の決定と期間が重なる。先の決定に until を書く",
                    "holds at the same time as the decision in line {line}; give that one an until",
                    line=latest.line,
                ),
                key="decided",
            )
        if latest is None or (latest.until is not None and (decision.until is None or decision.until > latest.until)):
            latest = decision

"""What the caller knows of baselines, checks and the inventory, and the reading of names that must be among it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from scanner.ledger.inventory import Inventory
from scanner.ledger.words import A_TARGET, AN_IDENTIFIER, identifier, name_in, target
from scanner.model.problem import say
from scanner.model.target import Domain, Host
from scanner.model.yamlfields import Fields


@dataclass(frozen=True, slots=True)
class Known:
    """Right names, for checking those that people write; ``None`` leaves them unchecked.

    ``controls`` maps a control id to its baseline's id and its ref in that document. An ``inventory`` that was made from targets on the
    command line lists only what is looked at this time, so names are not checked against it.
    """

    controls: Mapping[str, tuple[str, str]] | None = None
    checks: Collection[str] | None = None
    inventory: Inventory | None = None

    @property
    def written(self) -> Inventory | None:
        """The inventory, if it was read from a file."""
        return self.inventory if self.inventory is not None and self.inventory.file else None


NOTHING_KNOWN = Known()


def read_control(row: Fields, known: Known) -> str:
    """Read ``control:``, the id of one row of a baseline; ``""`` where it is wrong."""
    control = row.text("control")
    item = row.item("control")
    if item is None or not control or known.controls is None or control in known.controls:
        return control
    item.unknown(say("「{id}」という項目は基準にない", "no baseline has a control '{id}'", id=control), control, known.controls)
    return ""


def read_systems(row: Fields, known: Known) -> tuple[str, ...]:
    """Read ``systems:``, ids of systems of the inventory."""
    systems = row.several("systems", identifier, AN_IDENTIFIER)
    if known.written is not None:
        for item in row.items("systems"):
            name = item.text()
            if name in systems and name not in known.written.systems:
                message = say("「{id}」というシステムは台帳にない", "the inventory has no system '{id}'", id=name)
                item.unknown(message, name, known.written.systems)
    return systems


def read_targets(row: Fields, known: Known) -> tuple[str, ...]:
    """Read ``targets:`` and give their keys; each must be listed in the inventory, or lie at or below a name that is."""
    found: dict[str, None] = {}
    for item in row.items("targets"):
        named = item.parsed(target, A_TARGET, name_in)
        if named is None:
            continue
        inventory = known.written
        if inventory is not None:
            if isinstance(named, Domain) and named.key not in inventory.entries and Host(named.name).key in inventory.entries:
                named = Host(named.name)
            if not inventory.knows(named):
                item.unknown(
                    say("「{key}」は台帳に載っていない", "'{key}' is not listed in the inventory", key=named.key),
                    named.key,
                    inventory.entries,
                )
        if named.key in found:
            item.note(say("「{key}」が二度ある", "'{key}' is there twice", key=named.key))
        found[named.key] = None
    return tuple(found)


def period(row: Fields, first: str, last: str) -> tuple[date, date]:
    """Read two dates of which the second must not be before the first."""
    start, end = row.day(first), row.day(last)
    if date.min < end < start:  # date.min stands for a date that was wrong
        row.note(say("{last} が {first} より前である", "{last} is before {first}", first=first, last=last), key=last)
    return start, end

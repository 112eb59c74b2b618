"""What an administrator did to a machine, what must be found on it, and how the families' parts of one machine are put together."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass, field

from scanner.model.check import Setting
from scanner.model.fact import Fact
from scanner.model.reason import Reason
from tests.lab.hosts import states


@dataclass(frozen=True)
class State:
    """One family's part of a machine. Parts of the same ``machine`` are merged; they must not contradict each other.

    ``kept`` and ``bad`` are the machines on which everything is well and badly kept; others are for what cannot stand beside that.
    """

    machine: str
    files: Mapping[str, str | bytes | None] = field(default_factory=dict)
    """Path → content as it stands on the machine before it starts; ``None``: removed."""
    before: tuple[str, ...] = ()
    """Shell lines run as root in the tree before the start, files written already."""
    network: tuple[str, ...] = ()
    """Shell lines run outside, in the machine's network namespace, before the start: ``sysctl -w net…``, which a container may not do."""
    after: tuple[str, ...] = ()
    """Shell lines run as root on the running machine."""
    expects: Mapping[str, str] = field(default_factory=dict)
    """Check → the tag that it must give."""
    undetermined: Mapping[str, Reason] = field(default_factory=dict)
    """Check → the reason for which it cannot tell."""
    args: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    """Check → arguments that its sentence must carry, where the tag alone proves too little."""
    values: Mapping[str, Setting] = field(default_factory=dict)
    """The organisation's values (keys of the profile) that hold for the machine."""
    declares: tuple[Fact, ...] = ()
    """What the ledger says of the machine."""
    tree: str = "bookworm"
    boots: bool = True
    """False: no systemd; sshd alone is started, so everything about units must come from files."""


class Contradiction(ValueError):
    """Two families want different things of one machine."""


def machines() -> dict[str, State]:
    """Give every machine of the laboratory by name, the families' parts merged. Raises ``Contradiction``."""
    merged: dict[str, State] = {}
    for family, state in parts():
        known = merged.get(state.machine)
        merged[state.machine] = state if known is None else _both(known, state, family)
    return merged


def parts() -> list[tuple[str, State]]:
    """Give the families' parts with the family's name, in order."""
    found = []
    for module in sorted(pkgutil.iter_modules(states.__path__), key=lambda m: m.name):
        found += [(module.name, state) for state in importlib.import_module(f"{states.__name__}.{module.name}").STATES]
    return found


def _both(one: State, other: State, family: str) -> State:
    for name in ("tree", "boots"):
        if getattr(one, name) != getattr(other, name):
            raise Contradiction(f"{one.machine}: {family} wants {name} {getattr(other, name)!r}, others {getattr(one, name)!r}")

    def joined(name: str) -> dict[str, object]:
        mine, theirs = dict(getattr(one, name)), dict(getattr(other, name))
        for key in mine.keys() & theirs.keys():
            if mine[key] != theirs[key]:
                raise Contradiction(f"{one.machine}: {family} contradicts another family on {name} {key}")
        return {**mine, **theirs}

    fields = {name: joined(name) for name in ("files", "expects", "undetermined", "args", "values")}
    lines = {name: (*getattr(one, name), *getattr(other, name)) for name in ("before", "network", "after", "declares")}
    return State(one.machine, tree=one.tree, boots=one.boots, **fields, **lines)  # type: ignore[arg-type]  # the fields' own values

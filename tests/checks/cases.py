"""How the cases of a check are written: facts in, the expected tag or ending out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from scanner.model.fact import Fact, Unobserved
from scanner.model.reason import Reason
from scanner.model.text import Arg


@dataclass(frozen=True)
class Case:
    """One row of a check's table."""

    facts: tuple[Fact | Unobserved, ...]
    says: str | None
    outcome: str | None
    reason: Reason | None
    args: Mapping[str, Arg] = field(default_factory=dict)
    settings: Mapping[str, object] = field(default_factory=dict)


def case(
    *facts: Fact | Unobserved,
    says: str | None = None,
    outcome: str | None = None,
    reason: Reason | None = None,
    args: Mapping[str, Arg] | None = None,
    with_: Mapping[str, object] | None = None,
) -> Case:
    """Write one case. Give ``says`` (a tag), or ``outcome="undetermined"`` with the ``reason``; ``args`` is a subset that must be there."""
    return Case(facts, says, outcome, reason, args or {}, with_ or {})

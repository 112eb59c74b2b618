"""All servers of the laboratory: the fixed ones of plan.py and one for each misbehaviour of odd.py."""

from __future__ import annotations

from tests.lab import plan


def all_servers() -> dict[str, plan.Server]:
    """Every server by name."""
    return plan.servers()

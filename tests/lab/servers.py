"""All servers of the laboratory: the fixed ones of plan.py and one for each misbehaviour of odd_answers.py."""

from __future__ import annotations

from tests.lab import plan
from tests.lab.odd_answers import BEHAVIOURS
from tests.lab.plan import Kind, Server

FIRST_ODD = 100
ELSEWHERE = plan.SPARE["odd"][0]
"""The address from which answers come that should have come from another."""


def all_servers() -> dict[str, Server]:
    """Every server by name; misbehaving ones are called after their behaviour, ``silent.odd.or.jp``."""
    found = plan.servers()
    for number, (name, behaviour) in enumerate(BEHAVIOURS.items(), FIRST_ODD):
        kind = Kind.RESOLVER if behaviour.domain == "resolvers.test" else Kind.ODD
        server = Server(f"{name}.{behaviour.domain}", kind, f"c.{number}", "odd", behaviour.about, behaviour=name)
        found[server.name] = server
    return found

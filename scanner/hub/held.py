"""The facts that the hub holds of a machine: read back as they were reported, and why one is not there."""

from __future__ import annotations

import json
import zlib

from sqlalchemy import Connection, select

from scanner import codec
from scanner.hub.schema import bodies, spans
from scanner.model.fact import Fact, Observation, Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import Reason


def read(name: str, body: bytes) -> Observation[Fact]:
    """Read an observation as the table keeps it."""
    try:
        return codec.observation_in(name, json.loads(zlib.decompress(body)))
    except codec.NotAFact as error:  # written by another version of the program
        return Unobserved(Reason.UNSUPPORTED, f"{name} as it was reported is not read by this version: {error}")


def not_reported(fact: type[Fact], platform: str, at: str) -> Unobserved:
    """Say why there is no such fact of an agent: its question does not arise there, or it has not come."""
    if platform in set(Platform) and Platform(platform) not in fact.arises_on:
        return Unobserved(Reason.OTHER_PLATFORM, f"{fact.__name__} does not arise on {platform}", at)
    return Unobserved(Reason.UNSUPPORTED, f"the agent has not reported {fact.__name__}", at)


def as_of(db: Connection, agent_id: int, number: int, fact: type[Fact]) -> Observation[Fact] | None:
    """Give a fact as it was with change ``number`` of an agent; ``None`` where it was not reported by then."""
    wanted = select(bodies.c.body).join_from(spans, bodies, spans.c.digest == bodies.c.digest)
    wanted = wanted.where((spans.c.agent_id == agent_id) & (spans.c.fact == fact.__name__) & (spans.c.since <= number))
    body = db.execute(wanted.order_by(spans.c.since.desc()).limit(1)).scalar()
    return None if body is None else read(fact.__name__, body)

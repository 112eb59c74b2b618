"""What the facts of a report change: which observations are new to the hub, which it lacks, and the spans of what holds since when."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection, insert, select, update

from scanner import codec
from scanner.hub.database import insert_missing
from scanner.hub.schema import bodies, spans
from scanner.protocol.report import Report

UNKNOWN_FACT, UNREADABLE, WRONG_DIGEST = "unknown-fact", "unreadable", "wrong-digest"


@dataclass(slots=True)
class Taken:
    """What the receipt says beside number and digest."""

    wanted: list[str] = field(default_factory=list)
    not_taken: dict[str, str] = field(default_factory=dict)

    def written(self) -> str | None:
        """Give what the table keeps; nothing where all is well."""
        if not self.wanted and not self.not_taken:
            return None
        return json.dumps({"wanted": self.wanted, "not_taken": self.not_taken})


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers of a report, read before the database is asked: ``fresh`` bodies by digest, ``bad`` facts with why."""

    fresh: Mapping[str, bytes]
    bad: Mapping[str, str]


def read(report: Report) -> Answers:
    """Read every observation that was sent, with the strictness of the codec, and hold it against its digest."""
    fresh: dict[str, bytes] = {}
    bad: dict[str, str] = {}
    for name, digest in report.answered.items():
        if name not in codec.fact_types():
            bad[name] = UNKNOWN_FACT
            continue
        plain = report.observations.get(digest)
        if plain is None:
            continue
        try:
            seen = codec.observation_in(name, plain)
        except codec.NotAFact:
            bad[name] = UNREADABLE
            continue
        if codec.digest(seen) != digest:
            bad[name] = WRONG_DIGEST
        else:
            fresh[digest] = zlib.compress(codec.canonical(codec.observation_out(seen)), 6)
    return Answers(fresh, bad)


def keep(db: Connection, agent_id: int, report: Report, answers: Answers, *, changed: int, before_at: str | None) -> Taken:
    """Write what changed. ``changed`` is the number of this change. An agent can only refer to what it has sent itself.

    ``before_at`` is when the report before it was made, ``None`` for the first of an enrolment.
    """
    taken = Taken(not_taken=dict(sorted(answers.bad.items())))
    insert_missing(db, bodies, [{"digest": digest, "body": body} for digest, body in sorted(answers.fresh.items())])
    open_spans = select(spans.c.fact, spans.c.digest).where((spans.c.agent_id == agent_id) & spans.c.until_at.is_(None))
    current = {row.fact: row.digest for row in db.execute(open_spans)}
    good = {name: digest for name, digest in report.answered.items() if name not in answers.bad}
    unsent = {name: digest for name, digest in good.items() if current.get(name) != digest and digest not in answers.fresh}
    if unsent:
        own = select(spans.c.digest).where((spans.c.agent_id == agent_id) & spans.c.digest.in_(unsent.values()))
        held = set(db.execute(own).scalars())
        taken.wanted = sorted(name for name, digest in unsent.items() if digest not in held)
        for name in taken.wanted:
            del good[name]
    ended = [name for name, digest in current.items() if good.get(name) != digest]
    if ended:
        db.execute(
            update(spans)
            .where((spans.c.agent_id == agent_id) & spans.c.until_at.is_(None) & spans.c.fact.in_(ended))
            .values(until_at=report.made_at)
        )
    this = {"agent_id": agent_id, "since": changed, "since_at": report.made_at, "until_at": None, "before_at": before_at}
    begun = [{**this, "fact": name, "digest": digest} for name, digest in good.items() if current.get(name) != digest]
    if begun:
        db.execute(insert(spans), begun)
    return taken

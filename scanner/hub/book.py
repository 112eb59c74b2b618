"""What the hub knows, for those who ask: agents and how they stand, gaps and events of their chains, results, refusals."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Column, Connection, Row, func, select

from scanner.codec import Plain
from scanner.hub.database import Database
from scanner.hub.enrolment import NoSuchAgent
from scanner.hub.schema import agents, chains, events, gaps, refusals, reports, results
from scanner.hub.summary import Summary

MOST = 1_000
"""Rows of one answer."""


@dataclass(frozen=True, slots=True)
class AgentRow:
    """One agent as the list shows it."""

    agent: str
    name: str
    note: str
    platform: str
    version: str
    enrolled_at: str
    revoked_at: str | None
    reports: int
    """Number of the last report of its present key."""
    made_at: str | None
    received_at: str | None
    address: str
    stale: bool
    judged_at: str | None
    outcomes: Mapping[str, int]
    """How many results there are of each outcome."""
    failures: Mapping[str, int]
    """How many failures there are of each severity."""
    flags: tuple[str, ...]
    """What is odd about its last report: ``clock-ahead``, ``old``, ``clock-backwards`` …"""
    missing: int
    """Gaps in the chain of its present key."""

    def plain(self) -> Plain:
        """Give the JSON object."""
        return asdict(self)


def agent_row(database: Database, agent: str) -> AgentRow:
    """Give one agent. Raises ``NoSuchAgent``."""
    found = agent_rows(database, agent)
    if not found:
        raise NoSuchAgent(agent)
    return found[0]


def agent_rows(database: Database, agent: str = "") -> list[AgentRow]:
    """Give all agents by name of the machine, or the one that is named."""
    newest = select(func.max(chains.c.id)).group_by(chains.c.agent_id)
    holes = select(func.count()).where(gaps.c.chain_id == chains.c.id).scalar_subquery().label("missing")
    last = (reports.c.chain_id == chains.c.id) & (reports.c.sequence == chains.c.last)
    wanted = select(agents, chains, reports.c.flags, holes).join_from(agents, chains).outerjoin(reports, last)
    wanted = wanted.where(chains.c.id.in_(newest)).order_by(agents.c.name, agents.c.agent)
    if agent:
        wanted = wanted.where(agents.c.agent == agent)
    with database.reading() as db:
        rows = db.execute(wanted).mappings().all()
    summaries = [Summary.read(row[agents.c.summary]) for row in rows]
    return [
        AgentRow(
            agent=row[agents.c.agent],
            name=row[agents.c.name],
            note=row[agents.c.note],
            platform=row[agents.c.platform],
            version=row[chains.c.version],
            enrolled_at=row[chains.c.enrolled_at],
            revoked_at=row[agents.c.revoked_at],
            reports=row[chains.c.last],
            made_at=row[chains.c.made_at],
            received_at=row[chains.c.received_at],
            address=row[chains.c.address],
            stale=row[agents.c.stale],
            judged_at=row[agents.c.judged_at],
            outcomes=summary.outcomes,
            failures=summary.failures,
            flags=tuple(flag for flag in (row[reports.c.flags] or "").split(",") if flag),
            missing=row["missing"],
        )
        for row, summary in zip(rows, summaries, strict=True)
    ]


def chain_book(database: Database, agent: str) -> list[Plain]:
    """Give the chains of an agent, the newest first, each with what is missing and what happened; empty where the agent is unknown.

    Of a chain with very many gaps or events the newest are given, and how many older ones are left out.
    """
    found = []
    with database.reading() as db:
        rows = db.execute(select(chains).join_from(chains, agents).where(agents.c.agent == agent).order_by(chains.c.id.desc())).all()
        for chain in rows:
            holes, older_holes = _newest(db, chain.id, gaps.c.first)
            happened, older_events = _newest(db, chain.id, events.c.sequence, events.c.kind)
            received = db.execute(select(func.count()).select_from(reports).where(reports.c.chain_id == chain.id)).scalar_one()
            found.append(
                {
                    "key": chain.key,
                    "enrolled_at": chain.enrolled_at,
                    "revoked_at": chain.revoked_at,
                    "last": chain.last,
                    "received": received,
                    "repeats": chain.repeats,
                    "made_at": chain.made_at,
                    "received_at": chain.received_at,
                    "address": chain.address,
                    "missing": [{"first": g.first, "last": g.last, "reason": g.reason, "noted_at": g.noted_at} for g in holes],
                    "missing_left_out": older_holes,
                    "events": [{"kind": e.kind, "sequence": e.sequence, "at": e.at, "detail": e.detail} for e in happened],
                    "events_left_out": older_events,
                }
            )
    return found


def _newest(db: Connection, chain: int, *order: Column[Any]) -> tuple[list[Row[Any]], int]:  # a row of whichever table
    """Give the newest rows of a chain in order, and how many older ones are left out."""
    table = order[0].table
    rows = db.execute(select(table).where(table.c.chain_id == chain).order_by(*(column.desc() for column in order)).limit(MOST)).all()
    count = (
        db.execute(select(func.count()).select_from(table).where(table.c.chain_id == chain)).scalar_one()
        if len(rows) == MOST
        else len(rows)
    )
    return list(reversed(rows)), count - len(rows)


def result_lines(database: Database, agent: str) -> Iterator[Plain]:
    """Give the results of an agent by check and subject, each with the time since which it is so."""
    wanted = select(results.c.line, results.c.since).join_from(results, agents).where(agents.c.agent == agent)
    with database.reading() as db:
        rows = db.execute(wanted.order_by(results.c.check_id, results.c.subject, results.c.variant)).all()
    for row in rows:
        yield {**json.loads(zlib.decompress(row.line)), "since": row.since}


def refusal_rows(database: Database) -> list[Plain]:
    """Give what was refused, by day, the newest first."""
    wanted = select(refusals).order_by(refusals.c.day.desc(), refusals.c.reason, refusals.c.agent).limit(MOST)
    with database.reading() as db:
        rows = db.execute(wanted).mappings().all()
    return [dict(row) for row in rows]

"""Takes reports and notes of gaps, many in one transaction: each gets its receipt or its refusal, and is on the disk before either is told.

The same report again gets the same receipt and changes nothing. Whoever reads the envelope has verified its signature already.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from scanner.hub import answers, clock
from scanner.hub.answers import Answers, Taken
from scanner.hub.chains import Around, Hole, Late, Next, Repeat, explain, place
from scanner.hub.database import Database, Row, for_update, insert_all, insert_missing, update_all
from scanner.hub.schema import agents, chains, events, gaps, notes, reports
from scanner.protocol.answer import Receipt
from scanner.protocol.refusal import Refusal, Refused
from scanner.protocol.report import UNKNOWN_BOOT, Gap, Report
from scanner.protocol.texts import fit

log = logging.getLogger(__name__)

DETAIL = 300
"""Characters of a technical note that are kept."""


class Item(NamedTuple):
    """One verified envelope: whose key signed it, what it says, the digest of its content and where it came from."""

    key: str
    said: Report | Gap
    digest: str
    envelope: bytes
    answers: Answers | None
    address: str


Outcome = Receipt | Refused | Exception
"""A receipt, a refusal, or what went wrong here."""


@dataclass(slots=True)
class Chain:
    """A chain while a transaction goes on."""

    id: int
    agent_id: int
    agent: str
    revoked: bool
    changed: int
    genesis: str
    last: int
    digest: str
    state: str
    made_at: str | None
    received_at: str | None
    boot: str
    uptime: int
    address: str
    version: str
    repeats: int
    touched: bool = False


class Ingest:
    """The one way in. ``take`` is called from one thread; several processes may do so on PostgreSQL."""

    def __init__(self, database: Database, now: Callable[[], str] = clock.now) -> None:
        self._database = database
        self._now = now

    def take(self, items: Sequence[Item]) -> list[Outcome]:
        """Give the outcome of each item, in order. Never raises for what one of them holds."""
        try:
            return self._take(items)
        except SQLAlchemyError as error:
            if len(items) == 1:
                log.exception("a report could not be written")
                return [error]
        return [self.take([item])[0] for item in items]  # one bad item does not keep the others out

    def _take(self, items: Sequence[Item]) -> list[Outcome]:
        received_at = self._now()
        with self._database.writing() as db:
            batch = _Batch(db, received_at, {item.key for item in items})
            outcomes: list[Outcome] = [batch.take(item) for item in items]
            batch.write()
        return outcomes


class _Batch:
    def __init__(self, db: Connection, received_at: str, keys: set[str]) -> None:
        self._db = db
        self._at = received_at
        self._new_reports: list[Row] = []
        self._events: list[Row] = []
        wanted = (
            select(chains, agents.c.agent, agents.c.changed, agents.c.revoked_at.label("gone"))
            .join_from(chains, agents)
            .where(chains.c.key.in_(sorted(keys)))
            .order_by(chains.c.id)
        )
        self._chains = {
            row.key: Chain(
                row.id,
                row.agent_id,
                row.agent,
                bool(row.revoked_at or row.gone),
                row.changed,
                row.genesis,
                row.last,
                row.digest,
                row.state,
                row.made_at,
                row.received_at,
                row.boot,
                row.uptime,
                row.address,
                row.version,
                row.repeats,
            )
            for row in db.execute(for_update(db, wanted))
        }

    def take(self, item: Item) -> Receipt | Refused:
        chain = self._chains.get(item.key)
        if chain is None:
            return Refused(Refusal.UNKNOWN_KEY, item.key)
        try:
            if chain.revoked:
                raise Refused(Refusal.REVOKED, f"agent {chain.agent}")
            if chain.agent != item.said.agent:
                raise Refused(Refusal.WRONG_AGENT, f"the key is that of {chain.agent}")
            receipt = self._report(chain, item, item.said) if isinstance(item.said, Report) else self._gap(chain, item, item.said)
        except Refused as refused:
            number = item.said.sequence if isinstance(item.said, Report) else item.said.last
            if refused.reason in {Refusal.FORKED, Refusal.CHAIN_BROKEN, Refusal.REPLAY}:
                self._event(chain, refused.reason.value, number, f"{refused.detail}; from {item.address}")
            return refused
        return receipt

    def _report(self, chain: Chain, item: Item, report: Report) -> Receipt:
        around = self._around(chain, report.sequence) if report.sequence <= chain.last else None
        found = place(chain.last, chain.digest, report, item.digest, around)
        match found:
            case Repeat():
                return self._again(chain, report, item)
            case Late(hole=hole, left=left):
                self._flush()
                self._replace([hole], left, chain)
                self._event(chain, "late", report.sequence, f"it came after report {chain.last}")
                return self._keep(chain, item, report, ("late",), Taken())
            case Next(hole=hole):
                if hole:
                    self._replace([], (hole,), chain)
                    self._event(chain, "missing", hole.first, f"reports {hole.first} to {hole.last} did not come before {report.sequence}")
        odd = clock.flags(report.made_at, self._at, chain.made_at)
        if chain.boot == report.boot != UNKNOWN_BOOT and report.uptime < chain.uptime:
            odd += ("uptime-backwards",)
        for flag in odd:
            if flag != "old":
                self._event(chain, flag, report.sequence, f"made at {report.made_at}, received at {self._at}")
        taken = Taken()
        if report.state != chain.state:
            chain.changed += 1
            read = item.answers or answers.read(report)
            taken = answers.keep(self._db, chain.agent_id, report, read, changed=chain.changed, before_at=chain.made_at)
            chain.state = "" if taken.wanted or taken.not_taken else report.state
            self._db.execute(update(agents).where(agents.c.id == chain.agent_id).values(changed=chain.changed))
        self._whereabouts(chain, item, report)
        chain.last, chain.digest, chain.made_at = report.sequence, item.digest, report.made_at
        chain.boot, chain.uptime, chain.version = report.boot, report.uptime, report.version
        return self._keep(chain, item, report, (*odd, *(("after-hole",) if found.hole else ())), taken)

    def _whereabouts(self, chain: Chain, item: Item, report: Report) -> None:
        """Note that a machine reports from elsewhere, or is back after a while: roaming terminals are looked at closely then."""
        if chain.address not in {item.address, ""} and chain.last:
            self._event(chain, "moved", report.sequence, f"from {chain.address} to {item.address}")
        if chain.received_at and clock.read(self._at) - clock.read(chain.received_at) > clock.OLD:
            self._event(chain, "rejoined", report.sequence, f"silent since {chain.received_at}")

    def _keep(self, chain: Chain, item: Item, report: Report, flags: tuple[str, ...], taken: Taken) -> Receipt:
        chain.received_at, chain.address, chain.touched = self._at, item.address, True
        self._new_reports.append(
            {
                "chain_id": chain.id,
                "sequence": report.sequence,
                "digest": item.digest,
                "made_at": report.made_at,
                "received_at": self._at,
                "flags": ",".join(flags),
                "answer": taken.written(),
                "envelope": item.envelope if report.observations else None,
            }
        )
        return Receipt(chain.agent, report.sequence, item.digest, self._at, tuple(taken.wanted), taken.not_taken)

    def _again(self, chain: Chain, report: Report, item: Item) -> Receipt:
        chain.repeats += 1
        chain.touched = True
        self._event(chain, "repeat", report.sequence, f"from {item.address}")
        wanted = select(reports.c.received_at, reports.c.answer)
        row = self._db.execute(wanted.where((reports.c.chain_id == chain.id) & (reports.c.sequence == report.sequence))).one()
        said = json.loads(row.answer) if row.answer else {"wanted": [], "not_taken": {}}
        return Receipt(chain.agent, report.sequence, item.digest, row.received_at, tuple(said["wanted"]), said["not_taken"])

    def _gap(self, chain: Chain, item: Item, gap: Gap) -> Receipt:
        self._flush()
        known = select(notes.c.received_at).where((notes.c.chain_id == chain.id) & (notes.c.digest == item.digest))
        received_at = self._db.execute(known).scalar()
        if received_at is None:
            rows = self._db.execute(select(gaps).where(gaps.c.chain_id == chain.id))
            holes = tuple(Hole(row.first, row.last, row.digest, row.reason) for row in rows)
            changed = explain(chain.last, chain.digest, gap, holes)
            chain.last, chain.digest = changed.last, changed.digest
            self._replace(changed.gone, changed.now, chain, gap.noted_at)
            for hole in changed.now:
                if hole.reason:
                    self._event(chain, "gap", hole.first, f"reports {hole.first} to {hole.last}: {hole.reason}, noted {gap.noted_at}")
                elif hole not in changed.gone and not hole.digest:
                    self._event(chain, "missing", hole.first, f"reports {hole.first} to {hole.last} did not come before the note of a gap")
            received_at = self._at
            self._db.execute(insert(notes).values(chain_id=chain.id, digest=item.digest, received_at=received_at))
            chain.received_at, chain.address, chain.touched = self._at, item.address, True
        return Receipt(chain.agent, gap.last, item.digest, received_at)

    def _around(self, chain: Chain, number: int) -> Around:
        self._flush()
        here = (gaps.c.chain_id == chain.id) & (gaps.c.first <= number) & (gaps.c.last >= number)
        row = self._db.execute(select(gaps).where(here)).first()
        hole = Hole(row.first, row.last, row.digest, row.reason) if row else None
        return Around(self._received(chain, number), self._before(chain, number), hole)

    def _received(self, chain: Chain, number: int) -> str | None:
        wanted = select(reports.c.digest).where((reports.c.chain_id == chain.id) & (reports.c.sequence == number))
        found: str | None = self._db.execute(wanted).scalar()
        return found

    def _before(self, chain: Chain, number: int) -> str | None:
        """Give the digest of the report before this number, also where only a gap or the enrolment tells it."""
        if number == 1:
            return chain.genesis
        ended = select(gaps.c.digest).where((gaps.c.chain_id == chain.id) & (gaps.c.last == number - 1))
        return self._received(chain, number - 1) or self._db.execute(ended).scalar() or None

    def _replace(self, gone: Sequence[Hole], now: Sequence[Hole], chain: Chain, noted_at: str = "") -> None:
        for hole in gone:
            self._db.execute(delete(gaps).where((gaps.c.chain_id == chain.id) & (gaps.c.first == hole.first)))
        for hole in now:
            self._db.execute(
                insert(gaps).values(
                    chain_id=chain.id, first=hole.first, last=hole.last, digest=hole.digest, reason=hole.reason, noted_at=noted_at
                )
            )

    def _event(self, chain: Chain, kind: str, sequence: int, detail: str) -> None:
        self._events.append({"chain_id": chain.id, "kind": kind, "sequence": sequence, "at": self._at, "detail": fit(detail, DETAIL)})

    def _flush(self) -> None:
        """Write what earlier items of this batch brought, so that it can be asked for."""
        if self._new_reports:
            insert_all(self._db, reports, self._new_reports)
            self._new_reports = []

    def write(self) -> None:
        """Write everything that is left."""
        self._flush()
        insert_missing(self._db, events, self._events)
        touched = [chain for chain in self._chains.values() if chain.touched]
        update_all(self._db, chains, [{name: getattr(chain, name) for name in ("id", *_MOVED)} for chain in touched])


_MOVED = ("last", "digest", "state", "made_at", "received_at", "boot", "uptime", "address", "version", "repeats")

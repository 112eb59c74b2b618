"""Judges what agents have reported with the same engine as a scan: on arrival, and again when time or rules have changed.

The facts of a machine that has been silent for too long are no longer facts: every result of it is then undetermined, stale.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from scanner import codec
from scanner.engine.factset import FactSet
from scanner.engine.judge import Result
from scanner.engine.plan import Plan
from scanner.engine.run import Seen, judged
from scanner.facts.agent import AgentContact
from scanner.facts.rejoining import Rejoinings
from scanner.hub import clock, held, history
from scanner.hub.database import Database
from scanner.hub.schema import agents, bodies, chains, results, spans
from scanner.hub.summary import Summary
from scanner.ledger.entries import EndpointEntry
from scanner.ledger.inventory import Inventory
from scanner.model.fact import Observed, Unobserved
from scanner.model.reason import Reason
from scanner.model.target import LOCAL, Endpoint, Kind

log = logging.getLogger(__name__)

SWEEP_SECONDS = 60.0
"""How often it is looked for machines that have fallen silent."""
AT_A_TIME = 200
USUAL_SILENCE_HOURS = 72
"""Where the check of the agent's contact is left out of a plan."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What facts are judged with. ``digest`` names all of it together; ``silence`` is how long a machine may say nothing."""

    plan: Plan
    inventory: Inventory
    silence: timedelta
    digest: str

    @classmethod
    def of(cls, plan: Plan, inventory: Inventory, *digests: str) -> Rules:
        """Make the rules; ``digests`` are those of catalogue, documents and ledger. Where documents differ, the shortest silence counts."""
        asked = [v.values["silence_hours"] for v in plan.variants if AgentContact in {need.fact for need in v.check.needs}]
        silence = timedelta(hours=min((hours for hours in asked if isinstance(hours, int)), default=USUAL_SILENCE_HOURS))
        parts = "\n".join([*digests, *(variant.key for variant in plan.variants), str(silence)])
        return cls(plan, inventory, silence, "sha256:" + hashlib.sha256(parts.encode()).hexdigest())


@dataclass(frozen=True, slots=True)
class _Machine:
    id: int
    agent: str
    changed: int
    platform: str
    enrolled_at: str
    compared: int
    made_at: str
    """When its last report was made, by its own clock; empty: there is none."""
    heard_at: str | None
    """When the facts were true at the latest: the agent's time, but never later than the hub's."""


class Posture:
    """The results of all agents, kept up to date."""

    def __init__(self, database: Database, rules: Rules) -> None:
        self._database = database
        self.rules = rules

    def bring_up_to_date(self) -> int:
        """Judge every agent whose facts, silence or rules have changed since it was judged. Gives how many.

        One that cannot be judged for a defect of ours keeps no other one waiting; it is tried again the next time.
        """
        count, broken = 0, set[int]()
        while machines := self._due(AT_A_TIME, broken):
            for machine, stale in machines:
                try:
                    self._judge(machine, stale=stale)
                except SQLAlchemyError:
                    raise  # the database is away for all of them
                except Exception:
                    log.exception("defect while judging what %s reported", machine.agent)
                    broken.add(machine.id)
                else:
                    count += 1
        return count

    def seen(self) -> Iterator[Seen]:
        """Give what is known of every agent that is not revoked, and that nothing is of those that the ledger alone names."""
        with self._database.reading() as db:
            machines = [_machine(row) for row in db.execute(_MACHINES.where(agents.c.revoked_at.is_(None)).order_by(agents.c.agent))]
        now = clock.now()
        for machine in machines:
            stale = self._stale(machine, now)
            facts = self._facts(machine, now, stale=stale)
            yield Seen(facts, machine.heard_at or machine.enrolled_at, now)
        for target in sorted(_endpoints(self.rules.inventory) - {Endpoint(machine.agent) for machine in machines}):
            unheard = Unobserved(Reason.STALE, f"the ledger names {target.key}, and no agent of this name is enrolled", now)
            yield Seen(FactSet(target, {target: dict.fromkeys(self.rules.plan.facts[Kind.MACHINE], unheard)}), now, now)

    def _due(self, most: int, broken: Collection[int]) -> list[tuple[_Machine, bool]]:
        now = clock.now()
        limit = clock.written(clock.read(now) - self.rules.silence)
        silent = (chains.c.received_at <= limit) | (chains.c.made_at <= limit)
        changed = (agents.c.judged != agents.c.changed) | (agents.c.judged_by != self.rules.digest) | agents.c.judged_by.is_(None)
        heard = chains.c.received_at.is_not(None) & agents.c.revoked_at.is_(None)
        due = heard & agents.c.id.not_in(broken) & (changed | (agents.c.stale & ~silent) | (~agents.c.stale & silent))
        with self._database.reading() as db:
            machines = [_machine(row) for row in db.execute(_MACHINES.where(due).order_by(agents.c.id).limit(most))]
        return [(machine, self._stale(machine, now)) for machine in machines]

    def _stale(self, machine: _Machine, now: str) -> bool:
        return machine.heard_at is None or clock.read(machine.heard_at) <= clock.read(now) - self.rules.silence

    def _facts(self, machine: _Machine, now: str, *, stale: bool) -> FactSet:
        target = Endpoint(machine.agent)
        facts = FactSet(target)
        since = clock.read(now) - clock.read(machine.heard_at or machine.enrolled_at)
        contact = AgentContact(heard=machine.heard_at is not None, silent_hours=max(0, since // timedelta(hours=1)))
        if stale:
            hours = self.rules.silence / timedelta(hours=1)
            detail = f"the last report of {machine.agent} is of {machine.heard_at or 'never'}; {hours:g} h of silence are allowed"
            for fact in self.rules.plan.facts[Kind.MACHINE]:
                facts.put(target, fact, Unobserved(Reason.STALE, detail, machine.heard_at or now))
            facts.put(target, AgentContact, Observed(contact, now))
            return facts
        wanted = select(spans.c.fact, bodies.c.body).join_from(spans, bodies, spans.c.digest == bodies.c.digest)
        with self._database.reading() as db:
            rows = db.execute(wanted.where((spans.c.agent_id == machine.id) & spans.c.until_at.is_(None))).all()
            returns = history.rejoinings(db, machine.id, machine.platform, machine.made_at)
        for row in rows:
            kind = codec.fact_types().get(row.fact)
            if kind is not None:
                facts.put(target, kind, held.read(row.fact, row.body))
        for fact in self.rules.plan.facts[Kind.MACHINE]:
            if fact not in facts.seen.get(target, {}):
                facts.put(target, fact, held.not_reported(fact, machine.platform, machine.heard_at or now))
        # What the hub knows itself, whatever an agent may have reported by these names.
        facts.put(target, AgentContact, Observed(contact, now))
        facts.put(target, Rejoinings, Observed(returns, machine.heard_at or now))
        return facts

    def _judge(self, machine: _Machine, *, stale: bool) -> None:
        now = clock.now()
        if machine.compared < machine.changed:
            history.bring_forward(self._database, machine.id, machine.platform, machine.changed)
        facts = self._facts(machine, now, stale=stale)
        done = judged(Seen(facts, machine.heard_at or now, now), self.rules.plan, self.rules.inventory)
        with self._database.writing() as db:
            # The number was read before the facts: what came in between is judged in the next round.
            values = {"judged": machine.changed, "judged_at": now, "judged_by": self.rules.digest, "stale": stale}
            summary = Summary.of(done.results).written()
            db.execute(update(agents).where(agents.c.id == machine.id).values(**values, summary=summary))
            _keep(db, machine.id, done.results, now)


def _endpoints(inventory: Inventory) -> set[Endpoint]:
    """Name the machines that the ledger expects reports of; ``local`` is the machine that a scan runs on."""
    return {entry.target for entry in inventory.entries.of(EndpointEntry)} - {LOCAL}


def _keep(db: Connection, agent_id: int, found: tuple[Result, ...], now: str) -> None:
    """Write the results of an agent; ``since`` moves only where outcome or tag did."""
    r = results.c
    before = {
        (row.check_id, row.variant, row.subject): row
        for row in db.execute(select(r.check_id, r.variant, r.subject, r.outcome, r.tag).where(r.agent_id == agent_id))
    }
    new, changed, same = [], [], []
    for result in found:
        line = zlib.compress(codec.canonical(_line(result)), 6)
        key = (result.variant.check.id, str(result.variant.key), result.subject.key)
        row = {
            "of_check": key[0],
            "of_variant": key[1],
            "of_subject": key[2],
            "outcome": result.ending.outcome.value,
            "tag": result.ending.tag,
            "line": line,
        }
        known = before.pop(key, None)
        if known is None:
            new.append(
                {"agent_id": agent_id, "check_id": key[0], "variant": key[1], "subject": key[2], "since": now}
                | {name: row[name] for name in ("outcome", "tag", "line")}
            )
        elif (known.outcome, known.tag) != (row["outcome"], row["tag"]):
            changed.append({**row, "since": now})
        else:
            same.append(row)
    of = (r.agent_id == agent_id) & (r.check_id == bindparam("of_check"))
    one = of & (r.variant == bindparam("of_variant")) & (r.subject == bindparam("of_subject"))
    if new:
        db.execute(insert(results), new)
    if changed:
        db.execute(update(results).where(one).values({n: bindparam(n) for n in ("outcome", "tag", "line", "since")}), changed)
    if same:
        db.execute(update(results).where(one).values({n: bindparam(n) for n in ("outcome", "tag", "line")}), same)
    if before:
        gone = [{"of_check": c, "of_variant": v, "of_subject": s} for c, v, s in before]
        db.execute(delete(results).where(one), gone)


def _line(result: Result) -> codec.Plain:
    ending, check, message = result.ending, result.variant.check, result.message()
    remedy = check.remedy.fill(result.variant.values)
    return {
        "check": check.id,
        "subject": result.subject.key,
        "severity": check.severity.value,
        "outcome": ending.outcome.value,
        "tag": ending.tag,
        "reason": ending.reason.value if ending.reason else None,
        "detail": ending.detail,
        "title": {"ja": check.title.ja, "en": check.title.en},
        "why": {"ja": check.why.ja, "en": check.why.en},
        "message": {"ja": message.ja, "en": message.en},
        "remedy": {"ja": remedy.ja, "en": remedy.en},
        "controls": [{"baseline": baseline, "id": control} for baseline, control in result.variant.controls_for(result.subject)],
        "observed_at": result.observed_at,
    }


class Judge(threading.Thread):
    """Keeps the results up to date beside the server: at once when reports have come, and every minute for those that have not."""

    def __init__(self, posture: Posture) -> None:
        super().__init__(name="hub judge", daemon=True)
        self._posture = posture
        self._wake = threading.Event()
        self._ending = False

    def wake(self) -> None:
        """Something was written."""
        self._wake.set()

    def stop(self) -> None:
        """End after the round that is under way."""
        self._ending = True
        self._wake.set()
        self.join()

    def run(self) -> None:
        """Work until stopped. What breaks is logged and tried again in the next round."""
        while not self._ending:
            self._wake.clear()
            try:
                self._posture.bring_up_to_date()
            except Exception:
                log.exception("defect while judging what agents reported")
            self._wake.wait(SWEEP_SECONDS)


def _machine(row: Any) -> _Machine:  # a row of _MACHINES
    made, received = row.made_at or "", row.received_at
    heard = min(made, received) if made and received else None
    return _Machine(row.id, row.agent, row.changed, row.platform, row.enrolled_at, row.compared, made, heard)


_A, _C = agents.c, chains.c
_MACHINES = (
    select(_A.id, _A.agent, _A.changed, _A.platform, _A.compared, _C.enrolled_at, _C.made_at, _C.received_at)
    .join_from(agents, chains)
    .where(chains.c.revoked_at.is_(None))
)

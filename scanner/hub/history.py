"""What changed on each machine from report to report: compared when reports have come, kept for a while, and told.

What a comparison means is decided in ``changes``; here is only which states are compared, and the table.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import TypeVar

from sqlalchemy import Connection, Row, delete, select, update

from scanner.codec import Plain
from scanner.facts.malware import MalwareProtection
from scanner.facts.network_history import JoinedNetwork, LinkKind, NetworksJoined
from scanner.facts.rejoining import Rejoinings, Return
from scanner.facts.software import SecurityUpdates
from scanner.hub import held
from scanner.hub.changes import SUBJECTS, Change, Sign, State, Step, Why, compare, not_compared
from scanner.hub.database import Database, for_update, insert_missing
from scanner.hub.schema import agents, bodies, changes, spans
from scanner.hub.standing import Standing, standing
from scanner.model.fact import Fact, Observation, Observed, Unobserved
from scanner.model.reason import Reason

KEPT = 2_000
"""Changes that are kept of one machine, the newest."""
LOOK_BACK = 20
"""Former answers of one fact that are gone through for the last one that was seen."""
RETURNS = 10
_FACTS = {fact.__name__: fact for parts in SUBJECTS.values() for fact in parts}
_JOINED = (Sign.NETWORK_NEW, Sign.NETWORK_AGAIN)
_STARTED = frozenset({Why.FIRST, Why.ENROLLED_ANEW})


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One change, and between which reports it came about (their times by the machine's clock; no first one where there is none)."""

    sign: str
    subject: str
    detail: str
    day: str
    before_at: str
    at: str

    def plain(self) -> Plain:
        """Give the JSON object."""
        return asdict(self)


def bring_forward(database: Database, agent_id: int, platform: str, upto: int) -> None:
    """Compare what the reports of a machine brought up to its change number ``upto``, as far as that was not done before."""
    with database.writing() as db:
        compared = db.execute(for_update(db, select(agents.c.compared).where(agents.c.id == agent_id))).scalar_one()
        if compared >= upto:
            return
        wanted = _SPANS.where((spans.c.agent_id == agent_id) & spans.c.fact.in_(_FACTS) & spans.c.since.between(compared + 1, upto))
        fresh = db.execute(wanted.order_by(spans.c.since, spans.c.fact)).all()
        if fresh:
            past = _Past(db, agent_id, platform, compared)
            for number, rows in groupby(fresh, key=lambda row: row.since):
                for step, found in past.go_on(list(rows)):
                    _keep(db, agent_id, number, step, found)
            _forget(db, agent_id)
        db.execute(update(agents).where(agents.c.id == agent_id).values(compared=upto))


class _Past:
    """How a machine stood, and what was last seen of it, while its reports are gone through in their order."""

    def __init__(self, db: Connection, agent_id: int, platform: str, compared: int) -> None:
        self._missing = {fact: held.not_reported(fact, platform, "") for fact in _FACTS.values()}
        self._now: dict[type[Fact], Observation[Fact]] = dict(self._missing)
        self._seen: dict[type[Fact], Observation[Fact]] = dict(self._missing)
        self._lost_at: dict[type[Fact], str] = {}
        for name, fact in _FACTS.items():
            wanted = _SPANS.where((spans.c.agent_id == agent_id) & (spans.c.fact == name) & (spans.c.since <= compared))
            former = db.execute(wanted.order_by(spans.c.since.desc()).limit(LOOK_BACK)).all()
            for row in reversed(former):
                self._take(fact, row)

    def go_on(self, rows: list[Row[tuple[object, ...]]]) -> Iterator[tuple[Step, tuple[Change, ...]]]:
        """Take one report; give for each subject that it tells of what changed, and since when."""
        fresh = {_FACTS[row.fact]: row for row in rows}
        before, lost_at = dict(self._seen), dict(self._lost_at)
        for fact, row in fresh.items():
            self._take(fact, row)
        before_at, at = rows[0].before_at or "", rows[0].since_at
        for subject, parts in SUBJECTS.items():
            if not fresh.keys().isdisjoint(parts):
                # what could not be seen for a while may have changed at any time since it was
                step = Step(before_at and lost_at.get(subject, before_at), at)
                yield step, self._compared(step, subject, before)

    def _compared(self, step: Step, subject: type[Fact], before: State) -> tuple[Change, ...]:
        if isinstance(self._now[subject], Unobserved):
            return (not_compared(subject, Why.UNOBSERVED),)
        if isinstance(before[subject], Unobserved):
            return (not_compared(subject, Why.FIRST),)
        if not step.before_at:
            return (not_compared(subject, Why.ENROLLED_ANEW),)
        return compare(step, subject, before, self._now)

    def _take(self, fact: type[Fact], row: Row[tuple[object, ...]]) -> None:
        seen = self._now[fact] = held.read(row.fact, row.body)
        if isinstance(seen, Observed):
            self._seen[fact] = seen
            self._lost_at.pop(fact, None)
        elif row.before_at:
            self._lost_at.setdefault(fact, row.before_at)
        else:  # enrolled anew: what was seen before may be another installation
            self._seen[fact] = self._missing[fact]
            self._lost_at.pop(fact, None)


def _keep(db: Connection, agent_id: int, number: int, step: Step, found: tuple[Change, ...]) -> None:
    same = {"agent_id": agent_id, "number": number, "before_at": step.before_at, "at": step.at}
    insert_missing(db, changes, [{**same, **asdict(change)} for change in found])


def _forget(db: Connection, agent_id: int) -> None:
    newest = select(changes.c.number).where(changes.c.agent_id == agent_id).order_by(changes.c.number.desc())
    last = db.execute(newest.offset(KEPT).limit(1)).scalar()
    if last is not None:
        db.execute(delete(changes).where((changes.c.agent_id == agent_id) & (changes.c.number <= last)))


def change_rows(database: Database, agent: str) -> list[ChangeRow]:
    """Give what changed on a machine, the newest first."""
    columns = (changes.c.sign, changes.c.subject, changes.c.detail, changes.c.day, changes.c.before_at, changes.c.at)
    wanted = select(*columns).join_from(changes, agents).where(agents.c.agent == agent)
    with database.reading() as db:
        rows = db.execute(wanted.order_by(changes.c.number.desc(), changes.c.sign, changes.c.subject, changes.c.detail)).all()
    return [ChangeRow(*row) for row in rows]


def returns_of(database: Database, agent: str) -> list[Standing]:
    """Give an agent's latest returns from other networks, the newest first."""
    with database.reading() as db:
        row = db.execute(select(agents.c.id, agents.c.platform).where(agents.c.agent == agent)).first()
        return [standing(back) for back in _returns(db, row.id, row.platform)] if row else []


def rejoinings(db: Connection, agent_id: int, platform: str, made_at: str) -> Rejoinings:
    """Give a machine's latest returns from other networks; ``made_at`` is the time of its last report by its own clock."""
    return Rejoinings(_returns(db, agent_id, platform), _untold(db, agent_id, platform, made_at))


def _returns(db: Connection, agent_id: int, platform: str) -> tuple[Return, ...]:
    joined = (changes.c.agent_id == agent_id) & changes.c.sign.in_(_JOINED)
    newest = changes.c.number.desc()
    numbers = db.execute(select(changes.c.number).where(joined).distinct().order_by(newest).limit(RETURNS)).scalars().all()
    rows = db.execute(select(changes).where(joined & changes.c.number.in_(numbers)).order_by(newest, changes.c.subject)).all()
    return tuple(_return(db, agent_id, platform, number, list(group)) for number, group in groupby(rows, key=lambda row: row.number))


def _return(db: Connection, agent_id: int, platform: str, number: int, rows: list[Row[tuple[object, ...]]]) -> Return:
    return Return(
        rows[0].before_at,
        rows[0].at,
        tuple(JoinedNetwork(row.subject, LinkKind(row.detail), row.day or _NO_DAY, "") for row in rows),
        _then(db, agent_id, platform, number, MalwareProtection),
        _then(db, agent_id, platform, number, SecurityUpdates),
    )


def _then(db: Connection, agent_id: int, platform: str, number: int, wanted: type[F]) -> F | Unobserved:
    seen = held.as_of(db, agent_id, number, wanted)
    if isinstance(seen, Observed) and isinstance(seen.fact, wanted):
        return seen.fact
    return seen if isinstance(seen, Unobserved) else held.not_reported(wanted, platform, "")


def _untold(db: Connection, agent_id: int, platform: str, made_at: str) -> Unobserved | None:
    """Say why the last comparison of networks does not tell all; that there was nothing before matters until the next report."""
    here = (spans.c.agent_id == agent_id) & (spans.c.fact == NetworksJoined.__name__)
    last = db.execute(_SPANS.where(here).order_by(spans.c.since.desc()).limit(1)).first()
    if last is None:
        return held.not_reported(NetworksJoined, platform, "")
    seen = held.read(last.fact, last.body)
    if isinstance(seen, Unobserved):
        return seen
    left_open = (changes.c.sign == Sign.NOT_COMPARED) & (changes.c.subject == NetworksJoined.__name__)
    left_out = (changes.c.sign == Sign.MORE) & changes.c.subject.in_(_JOINED)
    then = (changes.c.agent_id == agent_id) & (changes.c.number == last.since)
    why = db.execute(select(changes.c.detail).where(then & (left_open | left_out)).limit(1)).scalar()
    if why is None or (why in _STARTED and made_at != last.since_at):
        return None
    return Unobserved(Reason.UNSUPPORTED, f"networks were not compared whole with the report before: {why}", last.since_at)


F = TypeVar("F", bound=Fact)
_NO_DAY = Unobserved(Reason.UNSUPPORTED, "the machine keeps no day")
_SPANS = select(spans, bodies.c.body).join_from(spans, bodies, spans.c.digest == bodies.c.digest)

"""The run store on SQLite: takes a run as it goes and gives it back as record lines, facts, a list and a difference.

Each target is one transaction, so a run that is killed keeps every finished target; such a run has no ``end`` and shows as
unfinished.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, insert, select, update
from sqlalchemy.exc import DatabaseError, OperationalError

from scanner.model.problem import say, system_says
from scanner.store import schema
from scanner.store.packing import Line, PackedTarget, packed, unpacked, unpacked_facts
from scanner.store.trouble import StoreError, database_says

_TARGET = insert(schema.targets)
_RESULTS = insert(schema.results)


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run in the list. ``end`` is ``None`` for a run that never ended."""

    run: str
    started_at: str
    ended_at: str | None
    zone: str
    begin: Line
    end: Line | None


@dataclass(frozen=True, slots=True)
class Change:
    """One result that differs between two runs; ``None`` where a run has no such result."""

    target: str
    zone: str
    check: str
    subject: str
    before: Line | None
    after: Line | None


@dataclass(frozen=True, slots=True)
class _Place:
    said: tuple[str, str]
    n: int
    m: int


def _alike(earlier: RunRow, later: RunRow) -> bool:
    """Tell whether two runs looked from one zone, by one inventory, the earlier for at least half of what the later did."""
    (a, b) = ((row.zone, (row.begin["inventory"] or {}).get("file")) for row in (earlier, later))
    return a == b and 2 * earlier.begin["planned"]["checks"] >= later.begin["planned"]["checks"]


class Store:
    """One database, made where there is none unless only an ``existing`` one will do. Use as a context manager."""

    def __init__(self, path: Path, *, existing: bool = False) -> None:
        if existing and not path.exists():
            ja = "実行記録の保管先がない。まだ点検していないか、--store が違う"
            en = "there is no such run store: nothing was scanned yet, or --store names another place"
            raise StoreError.because(str(path), say(ja, en))
        self.path = path
        self._engine = self._open(path)

    def close(self) -> None:
        """Let the database go."""
        self._engine.dispose()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @staticmethod
    def _open(path: Path) -> Engine:
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            engine = create_engine(f"sqlite:///{path}")
            event.listen(engine, "connect", _prepare)
            with engine.begin() as db:
                schema.metadata.create_all(db)
                found = db.execute(select(schema.about.c.value).where(schema.about.c.key == "version")).scalar_one_or_none()
                if found is None:
                    db.execute(insert(schema.about).values(key="version", value=str(schema.VERSION)))
        except OSError as error:
            raise StoreError.because(error.filename or str(path), system_says(error)) from error
        except DatabaseError as error:
            raise StoreError.because(str(path), database_says(error)) from error
        if found is not None and found != str(schema.VERSION):
            engine.dispose()
            ja = "実行記録の保管先の版は {found} であり、このプログラムが扱うのは版 {needed} である。新しい Tenken を使う"
            en = "the run store has version {found}, this program needs {needed}: use the newer Tenken"
            raise StoreError.because(str(path), say(ja, en, found=found, needed=schema.VERSION))
        return engine

    def begin(self, line: Line) -> None:
        """Keep the ``run`` line. Raises ``StoreError`` when the run is there already."""
        with self._write() as db:
            if db.execute(select(schema.runs.c.run).where(schema.runs.c.run == line["run"])).first():
                said = say("実行 {run} は既に保管されている", "the run {run} is in the store already", run=line["run"])
                raise StoreError.because(str(self.path), said)
            db.execute(
                insert(schema.runs).values(run=line["run"], started_at=line["started_at"], zone=line["zone"], begin=packed([line])),
            )

    def target(self, n: int, kept: PackedTarget) -> None:
        """Keep target number ``n`` with its results and its facts, in one transaction."""
        place = {"run": kept.run, "n": n}
        with self._write() as db:
            db.execute(_TARGET, {**place, "target": kept.target, "line": kept.line, "results": kept.results, "facts": kept.facts})
            if kept.found:
                db.execute(_RESULTS, [{**place, "m": m, "zone": kept.zone, **one._asdict()} for m, one in enumerate(kept.found)])

    def end(self, assessments: list[Line], line: Line) -> None:
        """Keep the assessments and the ``end`` line."""
        run = line["run"]
        with self._write() as db:
            rows = [
                {
                    "run": run,
                    "n": n,
                    "baseline": a["baseline"],
                    "control": a["control"],
                    "system": a["system"],
                    "outcome": a["outcome"],
                    "line": packed([a]),
                }
                for n, a in enumerate(assessments)
            ]
            if rows:
                db.execute(insert(schema.assessments), rows)
            db.execute(update(schema.runs).where(schema.runs.c.run == run).values(ended_at=line["ended_at"], end=packed([line])))

    def runs(self) -> list[RunRow]:
        """Give all runs, the newest first."""
        with self._engine.connect() as db:
            rows = db.execute(select(schema.runs).order_by(schema.runs.c.started_at.desc(), schema.runs.c.run.desc())).all()
        return [RunRow(r.run, r.started_at, r.ended_at, r.zone, unpacked(r.begin)[0], unpacked(r.end)[0] if r.end else None) for r in rows]

    def find(self, name: str) -> str:
        """Give the id of a run named by its id, an unambiguous beginning of it, or ``latest``. Raises ``StoreError``."""
        ids = [row.run for row in self.runs()]
        if name == "latest" and ids:
            return ids[0]
        matching = [i for i in ids if i == name] or [i for i in ids if i.startswith(name)]
        if len(matching) == 1:
            return matching[0]
        if matching:
            said = say("「{name}」で始まる実行が複数ある", "several runs begin with '{name}'", name=name)
        elif not ids:
            said = say("実行が一つも保管されていない", "no run is in the store yet")
        else:
            said = say(
                "「{name}」という実行はない（tenken runs list で確かめる）", "there is no run '{name}' (see tenken runs list)", name=name
            )
        raise StoreError.because(str(self.path), said)

    def before(self, run: str) -> str:
        """Give the run to compare another one with: the last that ended before it, of its zone and inventory, and that saw about the same.

        About the same is at least half of its checks and of its targets: a second look at one target does not stand in for a night.
        Raises ``StoreError``.
        """
        rows = self.runs()
        here = next(n for n, row in enumerate(rows) if row.run == run)
        targets = self._targets(run)
        for row in rows[here + 1 :]:
            if row.end is not None and _alike(row, rows[here]) and 2 * len(targets & self._targets(row.run)) >= len(targets):
                return row.run
        ja = "実行 {run} より前に、観測点と台帳が同じで、ほぼ同じものを見た完了した実行がない。比べるには二つの実行が要る"
        en = "no run of the same zone and inventory that saw about the same ended before {run}; two are needed to compare"
        raise StoreError.because(str(self.path), say(ja, en, run=run))

    def _targets(self, run: str) -> set[str]:
        with self._engine.connect() as db:
            return set(db.execute(select(schema.targets.c.target).where(schema.targets.c.run == run)).scalars())

    def lines(self, run: str) -> Iterator[Line]:
        """Give the record of a run, line by line, as it was written."""
        with self._engine.connect() as db:
            row = db.execute(select(schema.runs).where(schema.runs.c.run == run)).one()
            yield unpacked(row.begin)[0]
            kept = schema.targets.c
            for target in db.execute(select(kept.line, kept.results).where(kept.run == run).order_by(kept.n)):
                yield unpacked(target.line)[0]
                yield from unpacked(target.results)
            found = select(schema.assessments.c.line).where(schema.assessments.c.run == run).order_by(schema.assessments.c.n)
            for assessment in db.execute(found):
                yield unpacked(assessment.line)[0]
            if row.end:
                yield unpacked(row.end)[0]

    def facts(self, run: str) -> Iterator[bytes]:
        """Give the facts line of each target of a run, in order."""
        with self._engine.connect() as db:
            wanted = select(schema.targets.c.facts).where(schema.targets.c.run == run).order_by(schema.targets.c.n)
            for row in db.execute(wanted):
                yield unpacked_facts(row.facts)

    def diff(self, before: str, after: str) -> Iterator[Change]:
        """Give the results whose outcome or tag differ, by target, check and subject."""
        old, new = self._keyed(before), self._keyed(after)
        for key in sorted(old.keys() | new.keys()):
            a, b = old.get(key), new.get(key)
            if a is None or b is None or a.said != b.said:
                target, zone, check, subject, _ = key
                yield Change(target, zone, check, subject, self._result(before, a), self._result(after, b))

    def _keyed(self, run: str) -> dict[tuple[str, str, str, str, str], _Place]:
        r = schema.results.c
        wanted = select(r.target, r.zone, r.check_id, r.subject, r.variant, r.outcome, r.tag, r.n, r.m).where(r.run == run)
        with self._engine.connect() as db:
            rows = db.execute(wanted).all()
        return {(x.target, x.zone, x.check_id, x.subject, x.variant): _Place((x.outcome, x.tag), x.n, x.m) for x in rows}

    def _result(self, run: str, place: _Place | None) -> Line | None:
        if place is None:
            return None
        kept = schema.targets.c
        with self._engine.connect() as db:
            content = db.execute(select(kept.results).where((kept.run == run) & (kept.n == place.n))).scalar_one()
        return unpacked(content)[place.m]

    def _write(self) -> _Writing:
        return _Writing(self)

    def connection(self) -> Connection:
        """Give a connection, for ``_Writing``."""
        return self._engine.connect()


class _Writing:
    """A transaction whose failures name the store: a full disk is a clear error and nothing half-written stays."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __enter__(self) -> Connection:
        self._db = self._store.connection()
        self._transaction = self._db.begin()
        return self._db

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        try:
            if error is None:
                self._transaction.commit()
            else:
                self._transaction.rollback()
        except OperationalError as failed:
            raise StoreError.because(str(self._store.path), database_says(failed)) from failed
        finally:
            self._db.close()
        if isinstance(error, OperationalError):
            raise StoreError.because(str(self._store.path), database_says(error)) from error


def _prepare(connection: Any, _: object) -> None:  # the driver's own connection, which has no type of ours
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA foreign_keys=ON")

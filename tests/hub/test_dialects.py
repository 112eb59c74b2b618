"""The same hub on SQLite and on PostgreSQL: the same tables, the same answers, and two processes at one database."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, select, text

from scanner import hub
from scanner.engine.catalogue import catalogue
from scanner.engine.plan import make_plan
from scanner.hub import access, audit, book, enrolment
from scanner.hub.access import Role
from scanner.hub.database import Database, DatabaseTrouble
from scanner.hub.door import Door
from scanner.hub.posture import Posture, Rules
from scanner.hub.schema import agents, metadata
from scanner.ledger.inventory import Inventory
from scanner.ledger.profile import EMPTY
from scanner.protocol.answer import Receipt
from scanner.protocol.keys import SigningKey
from scanner.protocol.refusal import Refused
from tests.hub.simulated import Simulated, some_facts
from tests.hub.test_access import PASSWORD, code, guess, secret_of
from tests.hub.test_chain import send, sequences
from tests.hub.test_history import CHECK as REJOINING
from tests.hub.test_history import at, day, facts, judged, told


@pytest.fixture(params=["sqlite", "postgresql"])
def both(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a fresh database of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'hub.sqlite3'}"
        return
    server: str = request.getfixturevalue("postgres")
    engine = create_engine(server.replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT")
    with engine.connect() as db:
        db.execute(text("DROP DATABASE IF EXISTS hub WITH (FORCE)"))
        db.execute(text("CREATE DATABASE hub"))
    engine.dispose()
    yield server.replace("/postgres?", "/hub?")


def test_the_migrations_make_the_tables_that_the_code_knows(both: str) -> None:
    with Database(both) as database, database.reading() as db:
        assert compare_metadata(MigrationContext.configure(db), metadata) == []


def test_a_hub_of_the_first_tables_goes_on_and_is_compared_from_now_on(both: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(hub.__file__).parent / "migrations"))
    engine = create_engine(both.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as db:
        config.attributes["connection"] = db
        command.upgrade(config, "0001")
        columns = "(agent, name, note, platform, enrolled_at, changed, judged, judged_by, stale)"
        db.execute(text(f"INSERT INTO agents {columns} VALUES ('a-1', '', '', '', '', 7, 7, 'sha256:', '0')"))
    engine.dispose()
    with Database(both) as database, database.reading() as db:
        row = db.execute(select(agents)).one()
        assert (row.compared, row.judged_by, row.summary) == (7, None, "{}")


def test_a_chain_comes_to_the_same_end_on_both(both: str) -> None:
    with Database(both) as database:
        door = Door(database, SigningKey.make())
        agent = Simulated.enrol(door)
        chain = [agent.report(some_facts(n // 5)) for n in range(30)]
        note = agent.gap(21, 22, digest="sha256:" + "0" * 64)
        outcomes = send(door, *chain[:10], *chain[12:20], chain[10], chain[10], note)
        assert all(isinstance(o, Receipt) for o in outcomes)
        assert not isinstance(send(door, chain[22])[0], Receipt), "it does not follow what the note says"
        found = book.chain_book(database, agent.agent)[0]
        assert [(g["first"], g["last"], g["reason"]) for g in found["missing"]] == [(12, 12, ""), (21, 22, "spool-full")]
        assert (sequences(found["events"], "late"), sequences(found["events"], "repeat")) == ([11], [11])
        door.refusals.flush()
        assert [r["count"] for r in book.refusal_rows(database)] == [1]
        enrolment.revoke(database, "test", agent.agent, "end")
        assert list(audit.faults(database)) == []


def test_what_changed_is_kept_and_judged_on_both(both: str) -> None:
    with Database(both) as database:
        door = Door(database, SigningKey.make())
        agent, rules = Simulated.enrol(door), Rules.of(make_plan(catalogue(), (), EMPTY, (REJOINING,)), Inventory.of_targets([]))
        send(door, agent.report(facts(office=day(70)), made_at=at(60)))
        send(door, agent.report(facts(office=day(70), cafe=day(30)), made_at=at(2)))
        Posture(database, rules).bring_up_to_date()
        assert ("network-new", "cafe", "wireless") in told(door, agent)
        assert judged(door, agent) == ("undetermined", "VALUE_NOT_SET", "value-not-set")


def test_texts_that_no_database_keeps_do_no_harm(both: str) -> None:
    with Database(both) as database:
        door = Door(database, SigningKey.make())
        hostile, honest = Simulated.enrol(door), Simulated.enrol(door)
        for odd in ("1\0", "1\ud800"):
            refused, taken = send(door, hostile.report(version=odd), honest.report())
            assert isinstance(refused, Refused)
            assert isinstance(taken, Receipt), "who comes with it is not kept out"
            send(door, hostile.report(None, **{odd: odd}))
        door.refusals.flush()
        assert [(r["reason"], r["count"]) for r in book.refusal_rows(database)] == [("not-of-schema", 4)]


def test_people_log_in_and_are_locked_out_on_both(both: str) -> None:
    with Database(both) as database:
        secret = secret_of(access.add_user(database, "test", "aoki", Role.OWNER, password=PASSWORD, systems=["mail"]))
        assert access.by_session(database, access.log_in(database, "aoki", PASSWORD, code(secret, -1), "192.0.2.1")).systems == ("mail",)
        guess(database, "aoki", "198.51.100.9", access.FREE_FAILURES + 1)
        assert audit.entries(database)[-1].detail.startswith("locked until")
        assert access.log_in(database, "aoki", PASSWORD, code(secret), "192.0.2.1")
        assert access.renew_user(database, "test", "aoki", PASSWORD)
        assert list(audit.faults(database)) == []


def test_two_processes_at_one_database_do_not_count_a_report_twice(both: str) -> None:
    key = SigningKey.make()
    with Database(both) as one, Database(both) as two:
        doors = [Door(one, key), Door(two, key)]
        agents = [Simulated.enrol(doors[0]) for _ in range(8)]
        for _ in range(5):
            batch = [agent.report() for agent in agents]
            with ThreadPoolExecutor(2) as threads:
                receipts = list(threads.map(lambda door, batch=batch: send(door, *batch), doors))
            assert all(isinstance(r, Receipt) for r in receipts[0])
            assert receipts[0] == receipts[1]
        rows = book.agent_rows(one)
        assert {row.reports for row in rows} == {5}
        assert {book.chain_book(one, row.agent)[0]["received"] for row in rows} == {5}


def test_what_is_no_database_is_refused_without_its_password(tmp_path: Path) -> None:
    for url in ("mysql://u:geheim@h/x", "nonsense", f"sqlite:///{tmp_path}", "postgresql://u:geheim@127.0.0.1:1/x"):
        with pytest.raises(DatabaseTrouble) as trouble:
            Database(url)
        assert "geheim" not in str(trouble.value)

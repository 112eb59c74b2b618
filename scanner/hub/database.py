"""The hub's database: opened by URL (SQLite or PostgreSQL), its tables brought up to date, and every difference of the two dialects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import (
    Connection,
    Dialect,
    Engine,
    Select,
    Table,
    TextClause,
    bindparam,
    create_engine,
    event,
    insert,
    make_url,
    text,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DBAPIError

Row = dict[str, object]
_LOCK = 0x74656E6B656E  # one process migrates at a time


class DatabaseTrouble(Exception):
    """The database cannot be used; the message names it without its password."""


class Database:
    """One hub's database. Use as a context manager."""

    def __init__(self, url: str) -> None:
        """Open it and bring its tables up to date. Raises ``DatabaseTrouble``."""
        try:
            parsed = make_url(url)
            self.name = parsed.render_as_string(hide_password=True)
            if parsed.get_backend_name() == "postgresql":
                parsed = parsed.set(drivername="postgresql+psycopg")
                self.engine: Engine = create_engine(parsed, pool_size=8, pool_pre_ping=True)
            elif parsed.get_backend_name() == "sqlite" and parsed.database:
                Path(parsed.database).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                self.engine = create_engine(parsed)
                event.listen(self.engine, "connect", _prepare)
                event.listen(self.engine, "begin", _begin)
            else:
                raise DatabaseTrouble(f"{self.name}: sqlite:///FILE or postgresql://… is needed")
            _migrate(self.engine)
        except (ArgumentError, DBAPIError, OSError) as error:
            raise DatabaseTrouble(f"{url.rpartition('@')[2]}: the hub's database cannot be opened: {error}") from error

    @property
    def sqlite(self) -> bool:
        """Whether it is SQLite, which has one writer."""
        return self.engine.dialect.name == "sqlite"

    def __enter__(self) -> Database:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let the database go."""
        self.engine.dispose()

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a transaction that is committed at the end; what it wrote is on the disk then."""
        with self.engine.begin() as db:
            yield db

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection to read from."""
        with self.engine.connect().execution_options(tenken_reading=True) as db:
            yield db


def insert_missing(db: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert rows; those whose key is there already are left as they are."""
    if not rows:
        return
    dialect = postgresql if db.dialect.name == "postgresql" else sqlite
    db.execute(dialect.insert(table).on_conflict_do_nothing(), rows)


def insert_all(db: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert many rows with the same columns. PostgreSQL gets each column as one array: a third of the time of row by row."""
    if not rows:
        return
    if db.dialect.name != "postgresql":
        db.execute(insert(table), rows)
        return
    names = list(rows[0])
    db.execute(_arrays(f"INSERT INTO {table.name} ({', '.join(names)}) SELECT * FROM", table, names), _columns(names, rows))


def update_all(db: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Update many rows by their ``id``, all with the same columns."""
    if not rows:
        return
    names = [name for name in rows[0] if name != "id"]
    if db.dialect.name != "postgresql":
        # A parameter may not bear the name of a column that is set.
        statement = update(table).where(table.c.id == bindparam("of")).values({name: bindparam(f"to_{name}") for name in names})
        db.execute(statement, [{"of": row["id"], **{f"to_{name}": row[name] for name in names}} for row in rows])
        return
    setting = ", ".join(f"{name} = given.{name}" for name in names)
    statement_text = _arrays(f"UPDATE {table.name} SET {setting} FROM", table, ["id", *names], f" WHERE {table.name}.id = given.id")  # noqa: S608  names of our own tables
    db.execute(statement_text, _columns(["id", *names], rows))


def _arrays(begin: str, table: Table, names: Sequence[str], end: str = "") -> TextClause:
    dialect: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]  # it has no types upstream
    types = (table.c[name].type.compile(dialect) for name in names)
    arrays = ", ".join(f"CAST(:{name} AS {kind}[])" for name, kind in zip(names, types, strict=True))
    return text(f"{begin} unnest({arrays}) AS given ({', '.join(names)}){end}")


def _columns(names: Sequence[str], rows: Sequence[Row]) -> Row:
    return {name: [row[name] for row in rows] for name in names}


def add_counts(db: Connection, table: Table, key: Mapping[str, object], count: int, more: Mapping[str, object]) -> None:
    """Add to ``count`` of the row with this key, make it where it is missing, and set the other columns."""
    dialect = postgresql if db.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table).values(**key, **more, count=count)
    db.execute(statement.on_conflict_do_update(index_elements=list(key), set_={**more, "count": table.c.count + count}))


def for_update(db: Connection, wanted: Select[Any]) -> Select[Any]:  # rows of any columns
    """Lock the rows until the transaction ends; on SQLite the transaction itself is the lock."""
    return wanted if db.dialect.name == "sqlite" else wanted.with_for_update()


def only_one(db: Connection, lock: int) -> None:
    """Let one transaction at a time past this point, over all processes."""
    if db.dialect.name == "postgresql":
        db.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": lock})


def _migrate(engine: Engine) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with engine.connect() as db:
        found, newest = MigrationContext.configure(db).get_current_revision(), ScriptDirectory.from_config(config).get_current_head()
    if found == newest:
        return
    with engine.begin() as db:
        only_one(db, _LOCK)
        config.attributes["connection"] = db
        command.upgrade(config, "head")


def _prepare(connection: Any, _: object) -> None:  # the driver's own connection, which has no type of ours
    connection.isolation_level = None  # transactions begin where ``_begin`` says, not where the driver thinks
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")  # a receipt is a promise: what it speaks of survives a loss of power
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA busy_timeout=30000")


def _begin(connection: Connection) -> None:
    reading = connection.get_execution_options().get("tenken_reading")
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

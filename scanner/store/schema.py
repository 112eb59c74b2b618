"""The tables of the run store. Lines and facts are kept as they were written, compressed, beside the columns that are asked for."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKeyConstraint, Integer, LargeBinary, MetaData, PrimaryKeyConstraint, String, Table

VERSION = 1
"""Kept in the database; a store of another version is refused, never guessed at."""

metadata = MetaData()

runs = Table(
    "runs",
    metadata,
    Column("run", String, primary_key=True),
    Column("started_at", String, nullable=False),
    Column("ended_at", String),  # empty while the run goes on, or for ever when it was killed
    Column("zone", String, nullable=False),
    Column("begin", LargeBinary, nullable=False),
    Column("end", LargeBinary),
)

targets = Table(
    "targets",
    metadata,
    Column("run", String, nullable=False),
    Column("n", Integer, nullable=False),
    Column("target", String, nullable=False),
    Column("line", LargeBinary, nullable=False),
    Column("results", LargeBinary, nullable=False),  # all result lines of the target in one piece
    Column("facts", LargeBinary, nullable=False),
    PrimaryKeyConstraint("run", "n"),
    ForeignKeyConstraint(["run"], ["runs.run"]),
)

results = Table(
    "results",
    metadata,
    Column("run", String, nullable=False),
    Column("n", Integer, nullable=False),
    Column("m", Integer, nullable=False),
    Column("target", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("check_id", String, nullable=False),
    Column("variant", String, nullable=False),
    Column("zone", String, nullable=False),
    Column("outcome", String, nullable=False),
    Column("tag", String, nullable=False),
    PrimaryKeyConstraint("run", "n", "m"),
    ForeignKeyConstraint(["run"], ["runs.run"]),
)

assessments = Table(
    "assessments",
    metadata,
    Column("run", String, nullable=False),
    Column("n", Integer, nullable=False),
    Column("baseline", String, nullable=False),
    Column("control", String, nullable=False),
    Column("system", String, nullable=False),
    Column("outcome", String, nullable=False),
    Column("line", LargeBinary, nullable=False),
    PrimaryKeyConstraint("run", "n"),
    ForeignKeyConstraint(["run"], ["runs.run"]),
)

about = Table("about", metadata, Column("key", String, primary_key=True), Column("value", String, nullable=False))

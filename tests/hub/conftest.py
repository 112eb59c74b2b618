"""A hub's database and door, on SQLite, and on a PostgreSQL of the tests' own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from scanner.hub.database import Database
from scanner.hub.door import Door
from scanner.protocol.keys import SigningKey
from tests.hub.postgres import cluster


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a PostgreSQL server's database ``postgres``."""
    with cluster() as url:
        yield url


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """A fresh SQLite database."""
    with Database(f"sqlite:///{tmp_path / 'hub.sqlite3'}") as found:
        yield found


@pytest.fixture
def door(database: Database) -> Door:
    """Its door, with a key of its own."""
    return Door(database, SigningKey.make())

"""A hub's database and door, on SQLite, and on a PostgreSQL of the tests' own."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from scanner.hub.database import Database
from scanner.hub.door import Door
from scanner.protocol.keys import SigningKey


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a PostgreSQL server's database ``postgres``; reached through a socket in its own directory."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    found = versions[-1].parent if versions else Path(shutil.which("initdb") or "/nonexistent/initdb").parent
    home = Path("/tmp") / f"tk-pg-{os.getpid()}"  # a socket's path must be short
    home.mkdir(mode=0o700)
    if os.getuid() == 0:
        owner = pwd.getpwnam("postgres")
        os.chown(home, owner.pw_uid, owner.pw_gid)
    as_owner = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []

    def run(*words: str) -> None:
        subprocess.run([*as_owner, *words], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, cwd="/")

    data = home / "data"
    run(str(found / "initdb"), "-D", str(data), "-A", "trust", "-U", "tenken", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8")
    options = f"-k {home} -c listen_addresses= -c max_connections=50"
    run(str(found / "pg_ctl"), "-D", str(data), "-w", "-l", str(home / "log"), "-o", options, "start")
    try:
        yield f"postgresql://tenken@/postgres?host={home}"
    finally:
        run(str(found / "pg_ctl"), "-D", str(data), "-m", "immediate", "-w", "stop")
        shutil.rmtree(home)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """A fresh SQLite database."""
    with Database(f"sqlite:///{tmp_path / 'hub.sqlite3'}") as found:
        yield found


@pytest.fixture
def door(database: Database) -> Door:
    """Its door, with a key of its own."""
    return Door(database, SigningKey.make())

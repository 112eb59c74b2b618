"""A PostgreSQL of one's own: a cluster of the system's package in a temporary directory, reached by its socket only. Benches use it too."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def cluster() -> Iterator[str]:
    """Give the URL of the database ``postgres`` of a fresh cluster, which is gone afterwards."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    found = versions[-1].parent if versions else Path(shutil.which("initdb") or "/nonexistent/initdb").parent
    home = Path(tempfile.mkdtemp(prefix="tk-pg-", dir="/tmp"))
    as_owner: list[str] = []
    if os.getuid() == 0:  # PostgreSQL refuses to run as root
        owner = pwd.getpwnam("postgres")
        os.chown(home, owner.pw_uid, owner.pw_gid)
        as_owner = ["runuser", "-u", "postgres", "--"]

    def run(*words: str) -> None:
        subprocess.run([*as_owner, *words], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, cwd="/")

    data = home / "data"
    try:
        run(str(found / "initdb"), "-D", str(data), "-A", "trust", "-U", "tenken", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8")
        options = f"-k {home} -c listen_addresses= -c max_connections=50"
        run(str(found / "pg_ctl"), "-D", str(data), "-w", "-l", str(home / "log"), "-o", options, "start")
        try:
            yield f"postgresql://tenken@/postgres?host={home}"
        finally:
            run(str(found / "pg_ctl"), "-D", str(data), "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(home)

"""The owner's side of the web laboratory: raise it, run an event loop beside it, take it down. Nothing leaves the namespaces."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from tests.lab import netns
from tests.lab.lab import HOLD, ROOT
from tests.lab.tls_zoo import world
from tests.lab.web.sites import RESOLVER, addresses

PREFIX = "tenken-weblab-"
NEEDED = ("nginx", "apache2", "unbound", "ip", "unshare", "nsenter")
SCOPE = world.SCOPE

T = TypeVar("T")


def why_not() -> str | None:
    """Why the laboratory cannot be raised here, or ``None``."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "network namespaces and port 80 need Linux and root"
    missing = [program for program in NEEDED if shutil.which(program) is None]
    return f"not installed: {', '.join(missing)}" if missing else None


class WebLab:
    """A running web laboratory."""

    def __init__(self, folder: Path, keeper: int) -> None:
        self.folder = folder
        self._keeper = keeper

    @classmethod
    @contextmanager
    def up(cls) -> Iterator[WebLab]:
        """Raise a laboratory, wait until every server answers, take it away at the end. Raises ``RuntimeError`` with last words."""
        folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
        folder.chmod(0o755)
        process = subprocess.Popen(
            [*HOLD, sys.executable, "-m", "tests.lab.web.keeper", str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            start_new_session=True,
        )
        try:
            assert process.stdout is not None
            answer = json.loads(process.stdout.readline() or '{"error": "the keeper ended without a word"}')
            if "error" in answer:
                raise RuntimeError(f"the web laboratory did not come up: {answer['error']}")
            yield cls(folder, int(answer["pid"]))
        finally:
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            shutil.rmtree(folder, ignore_errors=True)

    @property
    def resolver(self) -> str:
        """IPv4 address of the resolver that knows the sites."""
        return addresses()[RESOLVER][0]

    def run_async(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run the coroutine that ``work`` makes on an event loop of its own in the scanner's namespace. (``Any``: unused)"""
        return netns.call(Path(f"/proc/{self._keeper}/root{world.NETNS}") / world.SCANNER, lambda: asyncio.run(work()))

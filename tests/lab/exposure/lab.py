"""The owner's side of the exposure laboratory: raise it, run an event loop or a command outside it, read its counters, take it down.

Needs root, the Debian packages of ``.ci/packages.apt`` and what ``.ci/exposure-programs`` unpacks. Nothing leaves the namespaces, and no
service of the machine is touched.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from tests.lab import netns
from tests.lab.exposure.keeper import NETNS
from tests.lab.exposure.servers import NEEDED, NTPD, ROOT

PREFIX = "tenken-explab-"
HOLD = ("unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child=KILL")

T = TypeVar("T")


def why_not() -> str | None:
    """Why the laboratory cannot be raised here, or ``None``."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "network namespaces need Linux and root"
    if missing := [program for program in NEEDED if shutil.which(program) is None]:
        return f"not installed: {', '.join(missing)}"
    return None if NTPD.exists() else "not unpacked: ntpd; run .ci/exposure-programs"


class ExposureLab:
    """A running exposure laboratory."""

    def __init__(self, folder: Path, keeper: int) -> None:
        self.folder = folder
        self._keeper = keeper

    @classmethod
    @contextmanager
    def up(cls) -> Iterator[ExposureLab]:
        """Raise a laboratory, wait until every server answers, take it away at the end. ``RuntimeError``: a server's last words."""
        folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
        folder.chmod(0o755)
        process = subprocess.Popen(
            [*HOLD, sys.executable, "-m", "tests.lab.exposure.keeper", str(folder)],
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
                raise RuntimeError(f"the exposure laboratory did not come up: {answer['error']}")
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

    def _place(self, where: str) -> Path:
        return Path(f"/proc/{self._keeper}/root{NETNS}") / where

    def run_async(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run the coroutine that ``work`` makes on an event loop of its own, where the scanner stands. (``Any``: unused)"""
        return netns.call(self._place("outside"), lambda: asyncio.run(work()))

    def run(self, command: Sequence[str], where: str = "outside") -> subprocess.CompletedProcess[str]:
        """Run a command, where the scanner stands or among the ``servers``."""
        return netns.call(self._place(where), lambda: subprocess.run(command, capture_output=True, text=True, check=False))

    def arrived(self) -> dict[str, int]:
        """How many connections were begun with each of the 254 addresses so far, counted where they arrive."""
        listed = self.run(["nft", "list", "set", "inet", "lab", "arrived"], "servers").stdout
        return {address: int(count) for address, count in re.findall(r"(10\.78\.0\.\d+) counter packets (\d+)", listed)}

    def said(self) -> str:
        """What came in at the ports where nothing may be said."""
        place = self.folder / "said"
        return place.read_text() if place.exists() else ""

"""The owner's side of the exposure laboratory: raise it, run an event loop or a command outside it, read its counters, take it down.

Needs root, the Debian packages of ``.ci/packages.apt`` and what ``.ci/setup lab`` unpacks. Nothing leaves the namespaces, and no
service of the machine is touched.
"""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from tests.lab import held, netns
from tests.lab.exposure.keeper import NETNS
from tests.lab.exposure.servers import NEEDED, NTPD
from tests.lab.held import absent

PREFIX = "tenken-explab-"

T = TypeVar("T")


def why_not() -> str | None:
    """Why the laboratory cannot be raised here, or ``None``."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "network namespaces need Linux and root"
    return absent(NEEDED) or (None if NTPD.exists() else "not unpacked: ntpd; run .ci/setup lab")


class ExposureLab:
    """A running exposure laboratory."""

    def __init__(self, folder: Path, keeper: int) -> None:
        self.folder = folder
        self._keeper = keeper

    @classmethod
    @contextmanager
    def up(cls) -> Iterator[ExposureLab]:
        """Raise a laboratory, wait until every server answers, take it away at the end. ``RuntimeError``: a server's last words."""
        with held.raised("tests.lab.exposure.keeper", PREFIX) as (folder, keeper):
            yield cls(folder, keeper)

    def _place(self, where: str) -> Path:
        return Path(f"/proc/{self._keeper}/root{NETNS}") / where

    def run_async(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run the coroutine that ``work`` makes on an event loop of its own, where the scanner stands. (``Any``: unused)"""
        return netns.call(self._place("outside"), lambda: asyncio.run(work()))

    def run(self, command: Sequence[str], where: str = "outside") -> subprocess.CompletedProcess[str]:
        """Run a command, where the scanner stands or among the ``servers``."""
        argv = netns.command(self._keeper, self._place(where), command)
        return subprocess.run(argv, capture_output=True, text=True, check=False)

    def arrived(self) -> dict[str, int]:
        """How many connections were begun with each of the 254 addresses so far, counted where they arrive."""
        listed = self.run(["nft", "list", "set", "inet", "lab", "arrived"], "servers").stdout
        return {address: int(count) for address, count in re.findall(r"(10\.78\.0\.\d+) counter packets (\d+)", listed)}

    def said(self) -> str:
        """What came in at the ports where nothing may be said."""
        place = self.folder / "said"
        return place.read_text() if place.exists() else ""

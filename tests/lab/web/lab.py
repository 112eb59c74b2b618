"""The owner's side of the web laboratory: raise it, run a loop or a command beside it, take it down. Nothing leaves the namespaces."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from tests.lab import held, netns
from tests.lab.held import absent
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
    return absent(NEEDED)


class WebLab:
    """A running web laboratory."""

    def __init__(self, folder: Path, keeper: int) -> None:
        self.folder = folder
        self._keeper = keeper

    @classmethod
    @contextmanager
    def up(cls) -> Iterator[WebLab]:
        """Raise a laboratory, wait until every server answers, take it away at the end. Raises ``RuntimeError`` with last words."""
        with held.raised("tests.lab.web.keeper", PREFIX) as (folder, keeper):
            yield cls(folder, keeper)

    @property
    def resolver(self) -> str:
        """IPv4 address of the resolver that knows the sites."""
        return addresses()[RESOLVER][0]

    def run_async(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run the coroutine that ``work`` makes on an event loop of its own in the scanner's namespace. (``Any``: unused)"""
        return netns.call(self._place, lambda: asyncio.run(work()))

    def run(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """Run a command where the scanner stands; it asks the laboratory's resolver."""
        return subprocess.run(netns.command(self._keeper, self._place, command), capture_output=True, text=True, check=False)

    @property
    def _place(self) -> Path:
        return Path(f"/proc/{self._keeper}/root{world.NETNS}") / world.SCANNER

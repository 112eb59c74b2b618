"""The owner's side of the zoo: raise it, ask what is true of its servers, run a scanner beside it, take it down.

with Zoo.up() as zoo:
    truth = zoo.truth("nginx-modern")
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from tests.lab import netns
from tests.lab.held import HOLD, ROOT, absent
from tests.lab.lab import LabUnavailable, why_not
from tests.lab.tls_zoo import world
from tests.lab.tls_zoo.certificates import Issued
from tests.lab.tls_zoo.entries import BY_NAME, addresses
from tests.lab.tls_zoo.entry import FETCHED, Place, Truth

PREFIX = "tenken-zoo-"
PROGRAMS = ("nginx", "apache2", "haproxy", "stunnel", "gnutls-serv", "gnutls-cli", "java", "openssl", "unbound", "ip", "nft")

T = TypeVar("T")


def why_no_zoo() -> str | None:
    """Why the zoo cannot be raised here, or ``None``."""
    if reason := why_not():
        return reason
    if reason := absent(PROGRAMS):
        return reason
    return None if (FETCHED / "ready").exists() else "the old programs are missing: run `.ci/setup lab`"


class Zoo:
    """A running zoo; a context manager."""

    def __init__(self, folder: Path, keeper: int, process: subprocess.Popen[str], seconds: dict[str, float]) -> None:
        self.folder = folder
        self.seconds = seconds
        """Entry → seconds after which it was seen to be up."""
        self._keeper = keeper
        self._process = process
        self._truths: dict[str, Truth] = {}

    @classmethod
    def up(cls, *wanted: str) -> Self:
        """Raise the entries that are wanted, by default all, and wait until they answer.

        Raises LabUnavailable where the machine cannot do it, RuntimeError with the server's last words where a server fails.
        """
        if reason := why_no_zoo():
            raise LabUnavailable(reason)
        folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
        folder.chmod(0o755)
        process = subprocess.Popen(
            [*HOLD, sys.executable, "-m", "tests.lab.tls_zoo.keeper", str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            start_new_session=True,
        )
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps(wanted) + "\n")
            process.stdin.flush()
            answer = json.loads(process.stdout.readline() or '{"error": "the keeper ended without a word"}')
            if "error" in answer:
                raise RuntimeError(f"the zoo did not come up: {answer['error']}")
            return cls(folder, int(answer["pid"]), process, answer["seconds"])
        except BaseException:
            _end(process, folder)
            raise

    def down(self) -> None:
        """Take everything away."""
        _end(self._process, self.folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.down()

    @property
    def resolver(self) -> str:
        """IPv4 address of the resolver that knows the zoo's names."""
        return addresses()["resolver"][0]

    @property
    def root_file(self) -> Path:
        """The zoo's own root certificate, PEM."""
        return self.folder / "root.pem"

    def place(self, name: str) -> Place:
        """Where an entry lives."""
        entry, where = BY_NAME[name], addresses()
        v4, v6 = where[entry.lives_with or name]
        return Place(entry.host, v4, v6, self.folder / "home" / name, self.folder, where)

    def truth(self, name: str, address: str = "") -> Truth:
        """What is true of an entry, at one of its addresses where they differ. Asked of its library once."""
        entry = BY_NAME[name]
        maker = entry.truth6 if ":" in address and entry.truth6 else entry.truth
        assert maker is not None
        key = f"{name} 6" if maker is entry.truth6 else name
        if key not in self._truths:
            self._truths[key] = maker(self.place(name))
        return self._truths[key]

    def certificates(self, name: str) -> list[Issued]:
        """The certificates of an entry."""
        place = self.place(name)
        return [place.certificate(recipe) for recipe in BY_NAME[name].certificates]

    def namespace(self, where: str = world.SCANNER) -> Path:
        """Path of a network namespace: the scanner's or the zoo's."""
        return Path(f"/proc/{self._keeper}/root{world.NETNS}") / where

    def command(self, command: Sequence[str], where: str = world.SCANNER) -> list[str]:
        """``command`` with what must stand before it to run inside a namespace, where /etc/resolv.conf names the zoo's resolver."""
        mounts = f"--mount=/proc/{self._keeper}/ns/mnt"
        return ["nsenter", f"--net={self.namespace(where)}", mounts, f"--wdns={Path.cwd()}", "--", *command]

    def run_async(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run the coroutine that ``work`` makes on an event loop of its own in the scanner's namespace. (``Any``: unused)"""
        return netns.call(self.namespace(), lambda: asyncio.run(work()))


def _end(process: subprocess.Popen[str], folder: Path) -> None:
    assert process.stdin is not None
    process.stdin.close()
    process.wait()
    if process.stdout is not None:
        process.stdout.close()
    shutil.rmtree(folder, ignore_errors=True)

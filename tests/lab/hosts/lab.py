"""The owner's side of the machines: raise them, read one as if from within, run something in the scanner's namespace, take them down.

Needs root, the Debian packages of ``.ci/packages.apt`` and the trees of ``.ci/host-trees``. There is no route out of the network.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from scanner.hosts.base import CommandOutput
from scanner.hosts.local import ENVIRONMENT, RootReader
from scanner.model.reason import CannotObserve, Reason
from tests.lab import netns
from tests.lab.hosts.keeper import NETNS, NETWORK
from tests.lab.hosts.state import State, machines
from tests.lab.hosts.trees import ROOT, missing

PREFIX = "tenken-hostlab-"
NEEDED = ("systemd-nspawn", "ip", "nsenter", "ssh-keygen", "mmdebstrap")

T = TypeVar("T")


def why_not() -> str | None:
    """Why the machines cannot be raised here, or ``None``."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "machines need Linux and root"
    if absent := [program for program in NEEDED if shutil.which(program) is None]:
        return f"not installed: {', '.join(absent)}"
    return f"no root tree of {', '.join(missing())}: run .ci/host-trees" if missing() else None


class InsideReader(RootReader):
    """Reads a running machine through its first process, with root's rights: files below its root, commands by entering it."""

    live = True

    def __init__(self, init: int) -> None:
        super().__init__(Path(f"/proc/{init}/root"))
        self._init = init

    def command(self, argv: Sequence[str], *, seconds: float = 10.0) -> CommandOutput | None:
        """Run a program on the machine; ``None`` where it has no such program."""
        inside = ["nsenter", "-t", str(self._init), "-a", "/usr/bin/env", "-i", *(f"{k}={v}" for k, v in ENVIRONMENT.items())]
        try:
            done = subprocess.run([*inside, *argv], stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds, check=False)
        except subprocess.TimeoutExpired as error:
            raise CannotObserve(Reason.TIMEOUT, f"{argv[0]}: no end within {seconds:g} s") from error
        return None if done.returncode == 127 else CommandOutput(done.returncode, done.stdout, done.stderr)


@dataclass(frozen=True)
class Machine:
    """A running machine: its name, address and state, and the number of its first process as this machine sees it."""

    name: str
    address: str
    init: int
    state: State

    def reader(self) -> InsideReader:
        """Give a fresh reader from within."""
        return InsideReader(self.init)


class HostsLab:
    """Running machines. ``key`` is the private key of the account ``audit``, which every machine has."""

    def __init__(self, folder: Path, keeper: int, running: dict[str, Machine]) -> None:
        self.folder = folder
        self.key = folder / "key"
        self.machines = running
        self._keeper = keeper

    @classmethod
    @contextmanager
    def up(cls, *names: str) -> Iterator[HostsLab]:
        """Raise the machines named, all of them by default; take them away at the end. ``RuntimeError``: what went wrong."""
        known = machines()
        wanted = list(names or known)
        folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
        folder.chmod(0o755)
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "audit", "-f", str(folder / "key")], check=True)
        process = subprocess.Popen(
            ["unshare", "--mount", "--propagation", "private", sys.executable, "-m", "tests.lab.hosts.keeper", str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            start_new_session=True,
        )
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps({"machines": wanted, "key": (folder / "key.pub").read_text()}) + "\n")
            process.stdin.flush()
            answer = json.loads(process.stdout.readline() or '{"error": "the keeper ended without a word"}')
            if "error" in answer:
                raise RuntimeError(f"the machines did not come up: {answer['error']}")
            order = list(known)
            running = {
                name: Machine(name, f"{NETWORK}.{1 + order.index(name)}", init, known[name]) for name, init in answer["inits"].items()
            }
            yield cls(folder, int(answer["pid"]), running)
        finally:
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                process.kill()  # the machines' processes are told to die with it
                process.wait()
            shutil.rmtree(folder, ignore_errors=True)

    def call(self, work: Callable[[], T]) -> T:
        """Run ``work`` in a thread of the scanner's network namespace."""
        return netns.call(Path(f"/proc/{self._keeper}/root{NETNS}/scan"), work)

    def command(self, argv: Sequence[str]) -> list[str]:
        """Give the command line that runs a program in the scanner's network namespace."""
        return ["nsenter", f"--net=/proc/{self._keeper}/root{NETNS}/scan", *argv]

"""The owner's side of the laboratory: raise it, ask what is in it, run things inside it, take it down.

    with Lab.up() as lab:
        print(lab.run(["dig", "+short", "kakuu.lg.jp", "MX"]).stdout)

Needs root and the Debian packages that README.md names; ``why_not()`` says what is missing.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Self, TypeVar

from tests.lab import bulk as generated
from tests.lab import netns, network, plan, table
from tests.lab.daemons import PROGRAMS
from tests.lab.held import HOLD, ROOT
from tests.lab.servers import all_servers

PREFIX = "tenken-lab-"

T = TypeVar("T")


class LabUnavailable(Exception):
    """The laboratory cannot be raised on this machine; the message says why."""


def why_not() -> str | None:
    """Why the laboratory cannot be raised here, or ``None``."""
    if sys.platform != "linux":
        return "network namespaces need Linux"
    if os.geteuid() != 0:
        return "network namespaces and port 53 need root"
    if missing := [program for program in PROGRAMS if shutil.which(program) is None]:
        return f"not installed: {', '.join(missing)}"
    # Writing the setting shows that IPv6 is there and /proc/sys is not read-only, as it is in most containers.
    writing = "echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad"
    probe = subprocess.run(
        ["unshare", "--net", "--mount", "--pid", "--fork", "sh", "-c", writing], capture_output=True, text=True, check=False
    )
    return None if probe.returncode == 0 else f"no namespaces with IPv6: {probe.stderr.strip()}"


def sweep() -> list[Path]:
    """Remove the folders of laboratories whose owner is gone; their processes and namespaces are gone by themselves."""
    removed = []
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        owner = folder.name.removeprefix(PREFIX).split("-")[0]
        if owner.isdigit() and not Path("/proc", owner).exists():
            shutil.rmtree(folder, ignore_errors=True)
            removed.append(folder)
    return removed


class Lab:
    """A running laboratory. Made by ``Lab.up`` (its owner) or ``Lab.attach`` (a guest); a context manager either way."""

    def __init__(self, folder: Path, keeper_pid: int, process: subprocess.Popen[str] | None) -> None:
        self.folder = folder
        self._keeper_pid = keeper_pid
        self._process = process
        state = json.loads((folder / "lab.json").read_text())
        self.domains: Mapping[str, table.Domain] = MappingProxyType(
            {**table.load(), **{name: table.entry("request", name, value) for name, value in state["domains"].items()}}
        )
        self.servers: Mapping[str, plan.Server] = MappingProxyType(all_servers())
        self.bulk: tuple[str, ...] = tuple(state["bulk"])

    @classmethod
    def up(cls, *, extra_zones: Mapping[str, Mapping[str, object]] | None = None, bulk: int = 0) -> Self:
        """Raise a laboratory and wait until every server answers.

        ``extra_zones``: further entries in the form of the domain table (name → keys). ``bulk``: that many generated
        domains, named in ``lab.bulk``.
        Raises LabUnavailable where the machine cannot do it, RuntimeError with the server's last words where a server fails.
        """
        if reason := why_not():
            raise LabUnavailable(reason)
        sweep()
        folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
        folder.chmod(0o755)
        extra = {name: dict(entry) for name, entry in (extra_zones or {}).items()}
        request = {"domains": {**generated.entries(bulk), **extra}, "bulk": generated.names(bulk)}
        (folder / "lab.json").write_text(json.dumps(request))
        process = subprocess.Popen(
            [*HOLD, sys.executable, "-m", "tests.lab.keeper", str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            start_new_session=True,  # Ctrl+C is the owner's business
        )
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
            answer = json.loads(process.stdout.readline() or '{"error": "the keeper ended without a word"}')
            if "error" in answer:
                raise RuntimeError(f"the laboratory did not come up: {answer['error']}")
            keeper = int(answer["pid"])
            (folder / "keeper.pid").write_text(str(keeper))
            return cls(folder, keeper, process)
        except BaseException:
            _end(process, folder)
            raise

    @classmethod
    def attach(cls, folder: Path) -> Self:
        """A guest's view of the laboratory that another process holds up."""
        return cls(folder, int((folder / "keeper.pid").read_text()), None)

    def down(self) -> None:
        """Take everything away; a guest only lets go."""
        if self._process is not None:
            _end(self._process, self.folder)
            self._process = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.down()

    @property
    def resolver(self) -> str:
        """IPv4 address of the operator's own validating resolver, which the scanner uses."""
        return self.servers["resolver.operator.test"].v4

    @property
    def scope_networks(self) -> tuple[str, ...]:
        """Networks in which everything belongs to the laboratory, the office included."""
        return (*plan.SCOPE, *plan.OFFICE)

    @property
    def vantage(self) -> Mapping[str, tuple[str, str]]:
        """Namespace of a scanner → its IPv4 and IPv6 address."""
        return {name: (plan.ip4(place), plan.ip6(place)) for name, place in plan.VANTAGE.items()}

    @property
    def trust_anchor_file(self) -> Path:
        """The root's key as one DNSKEY record in presentation format."""
        return self.folder / "root.anchor"

    @property
    def ca_file(self) -> Path:
        """Certificate (PEM) of the private CA behind every good certificate of the laboratory."""
        return self.folder / "ca.pem"

    def namespace(self, where: str = "outside") -> Path:
        """Path of a network namespace: ``outside``, ``inside``, ``router`` or a server's host. Good for setns and nsenter --net."""
        path = Path(f"/proc/{self._keeper_pid}/root{network.NETNS}") / where
        if not path.exists():
            raise KeyError(where)
        return path

    def run(
        self, command: Sequence[str], where: str = "outside", *, timeout: float = 60.0, check: bool = False, stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run a command inside a namespace, where /etc/resolv.conf names the operator's resolver; output is captured."""
        return subprocess.run(self.command(command, where), input=stdin, capture_output=True, text=True, timeout=timeout, check=check)

    def command(self, command: Sequence[str], where: str = "outside") -> list[str]:
        """``command`` with what must stand before it to run inside a namespace."""
        return netns.command(self._keeper_pid, self.namespace(where), command)

    @contextmanager
    def inside_namespace(self, where: str = "outside") -> Iterator[None]:
        """The calling thread lives in the namespace for the time of the body. See netns.inside for what that means to asyncio."""
        with netns.inside(self.namespace(where)):
            yield

    def call(self, work: Callable[[], T], where: str = "outside") -> T:
        """Run ``work`` in a thread inside the namespace and give its result; it may start an event loop there."""
        return netns.call(self.namespace(where), work)

    def run_async(self, work: Callable[[], Coroutine[Any, Any, T]], where: str = "outside") -> T:
        """Run the coroutine that ``work`` makes on an event loop of its own inside the namespace. (``Any``: unused)"""
        return self.call(lambda: asyncio.run(work()), where)

    @contextmanager
    def filtered(self, address: str, protocol: str, port: int, verdict: str = "drop") -> Iterator[None]:
        """A firewall before ``address`` for the time of the body.

        ``protocol`` is ``udp`` or ``tcp``; ``verdict`` is nft's: ``drop``, ``reject with icmpx admin-prohibited`` …
        """
        family = "ip6" if ":" in address else "ip"
        table = f"lab{secrets.token_hex(4)}"
        rule = f"{family} daddr {address} {protocol} dport {port} {verdict}"
        ruleset = f"table inet {table} {{ chain forward {{ type filter hook forward priority 0; {rule}; }}; }}\n"
        self.run(["nft", "-f", "-"], network.ROUTER, stdin=ruleset, check=True)
        try:
            yield
        finally:
            self.run(["nft", "delete", "table", "inet", table], network.ROUTER, check=True)

    def log(self, daemon: str) -> str:
        """What a server program has written so far."""
        return (self.folder / "log" / f"{daemon}.log").read_text(errors="replace")


def _end(process: subprocess.Popen[str], folder: Path) -> None:
    """Close the keeper's standard input, which ends it and all it started; insist after a while."""
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()  # --kill-child takes the keeper along, and the keeper its PID namespace
        process.wait()
    shutil.rmtree(folder, ignore_errors=True)

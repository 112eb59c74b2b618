"""The process that holds the zoo up: PID 1 of a PID and mount namespace of its own. Started by ``zoo.Zoo``, never by hand.

As with the laboratory's keeper, whatever it starts dies with it, and it ends when its standard input closes. It reads one line, the
names of the entries that are wanted, answers with one line of JSON, and is silent from then on.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from tests.lab import held, netns
from tests.lab.tls_zoo import world
from tests.lab.tls_zoo.certificates import DOMAIN, OCSP_PORT, Mint
from tests.lab.tls_zoo.entries import ENTRIES, LIMITS, addresses, names
from tests.lab.tls_zoo.entry import READY, Entry, Place, Program
from tests.lab.tls_zoo.resolver import resolver

READY_SECONDS = 60.0
POLL_SECONDS = 0.02
LOG_TAIL = 1500
RESOLVER = "resolver"
AUTHORITY = "crl"


class NotUp(Exception):
    """A server did not come up; the message holds the end of its log."""


def _answers(address: str, port: int) -> bool:
    try:
        with socket.create_connection((address, port), timeout=0.5) as line:
            if port == OCSP_PORT:  # ``openssl ocsp`` reads for ever, at full speed, from a peer that goes away without a request
                line.sendall(b"GET / HTTP/1.0\r\n\r\n")
                return bool(line.recv(1))
            return True
    except OSError:
        return False


class Keeper:
    """Starts the entries of one zoo below ``folder``."""

    def __init__(self, folder: Path, wanted: Mapping[str, Entry]) -> None:
        self.folder = folder
        self.wanted = wanted
        self.where = addresses()
        self.running: dict[str, list[subprocess.Popen[bytes]]] = {}
        self.seconds: dict[str, float] = {}
        (folder / "log").mkdir()
        (folder / "home").mkdir()
        (folder / "openssl.cnf").write_text("")
        self.mint = Mint(folder)

    def place(self, entry: Entry) -> Place:
        """Where an entry lives."""
        home = self.folder / "home" / entry.name
        home.mkdir(exist_ok=True)
        home.chmod(0o755)
        v4, v6 = self.where[entry.lives_with or entry.name]
        return Place(entry.host, v4, v6, home, self.folder, self.where, self.mint)

    def start(self, name: str, program: Program) -> None:
        """Start a program in the zoo's namespace, its words in a log file."""
        # Nothing of the machine's own OpenSSL configuration, which differs between distributions, and no translations.
        environment = os.environ | {"OPENSSL_CONF": str(self.folder / "openssl.cnf"), "LC_ALL": "C.UTF-8"} | dict(program.environment)
        with netns.inside(world.NETNS / world.ZOO), (self.folder / "log" / name).open("ab") as log:
            argv = [str(word) for word in program.argv]
            started = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, env=environment, cwd=self.folder
            )
        self.running.setdefault(name, []).append(started)

    def start_all(self) -> None:
        """Start the resolver and every entry that is wanted: the slow ones first, those of the authority when all is issued."""
        self.start(RESOLVER, Program(resolver(self.folder / "home" / RESOLVER, self.where[RESOLVER], names())))
        makers = [entry for entry in self.wanted.values() if entry.start]
        for entry in sorted(makers, key=lambda entry: (entry.name == AUTHORITY, not entry.ready_file)):
            if entry.name == AUTHORITY:
                self.mint.publish()
            assert entry.start
            for program in entry.start(self.place(entry)):
                self.start(entry.name, program)
        limits = [rule.replace("$4", self.where[name][0]).replace("$6", self.where[name][1]) for name, rule in LIMITS.items()]
        rules = "\n".join(limits)
        world.nft(world.ZOO, f"table inet zoo {{\nchain in {{\ntype filter hook input priority 0; policy accept;\n{rules}\n}}\n}}\n")

    def wait(self) -> None:
        """Poll until every entry is up; NotUp when one ended or stays silent too long."""
        began = time.monotonic()
        with netns.inside(world.NETNS / world.ZOO):
            for entry in self.wanted.values():
                while not self._up(entry):
                    name = entry.name if entry.start else entry.lives_with
                    if any((status := one.poll()) is not None for one in self.running.get(name, ())):
                        raise NotUp(f"{name} ended with status {status}: {self._tail(name)}")
                    if time.monotonic() - began > READY_SECONDS:
                        raise NotUp(f"{entry.name}: not up after {READY_SECONDS:g} s: {self._tail(name)}")
                    time.sleep(POLL_SECONDS)
                self.seconds[entry.name] = round(time.monotonic() - began, 2)
            while not _answers(self.where[RESOLVER][0], 53):
                time.sleep(POLL_SECONDS)

    def _up(self, entry: Entry) -> bool:
        if entry.ready_file:
            return (self.folder / "home" / entry.name / READY).exists()
        if entry.name in LIMITS:  # looking would use up what the rule allows
            return True
        there = self.where[entry.lives_with or entry.name]
        ports = (entry.port, OCSP_PORT) if entry.name == AUTHORITY else (entry.port,)
        return all(_answers(address, port) for address in there for port in ports if ":" not in address or port != OCSP_PORT)

    def _tail(self, name: str) -> str:
        path = self.folder / "log" / name
        return path.read_text(errors="replace")[-LOG_TAIL:] if path.exists() else ""


def _raise(folder: Path, wanted: list[str]) -> dict[str, float]:
    resolv = folder / "resolv.conf"
    resolv.write_text(f"nameserver {addresses()[RESOLVER][0]}\n")
    if Path("/etc/resolv.conf").exists():
        netns.bind(resolv, Path("/etc/resolv.conf"))
    world.raise_world(addresses())
    keeper = Keeper(folder, {entry.name: entry for entry in ENTRIES if not wanted or entry.name in wanted})
    keeper.start_all()
    keeper.wait()
    return keeper.seconds


if __name__ == "__main__":
    held.keep(lambda folder: {"seconds": _raise(folder, json.loads(sys.stdin.readline())), "domain": DOMAIN})

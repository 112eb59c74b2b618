"""The process that holds the laboratory up: PID 1 of a PID and mount namespace of its own. Started by lab.Lab, never by hand.

Whatever it starts dies with it, and it ends when its standard input closes, so nothing outlives the owner, however that one
died: processes by the PID namespace, network namespaces because their names live in a mount namespace that goes away.

Protocol: one JSON request on the first line of standard input, one JSON answer on standard output, then silence.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import certifi
import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode

from tests.lab import netns, network, table, town_ssh, town_web
from tests.lab.build import Builder, dkim_keys, town_keys
from tests.lab.certs import Authority, spki_sha256
from tests.lab.daemons import Daemon, Ready
from tests.lab.servers import all_servers
from tests.lab.zones import Fill

READY_SECONDS = 30.0
POLL_SECONDS = 0.02
LOG_TAIL = 1500


class NotUp(Exception):
    """A server did not come up; the message holds the end of its log."""


def _answers(ready: Ready) -> bool:
    try:
        if ready.zone is None:
            with socket.create_connection((ready.address, ready.port), timeout=0.5):
                return True
        query = dns.message.make_query(ready.zone, "SOA", want_dnssec=True)
        reply = dns.query.udp(query, ready.address, timeout=0.5, port=ready.port, ignore_unexpected=True)
        return reply.rcode() == dns.rcode.NOERROR and bool(reply.answer)
    except (OSError, dns.exception.DNSException):
        return False


class Keeper:
    """Starts the daemons of one laboratory below ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.logs = folder / "log"
        self.logs.mkdir()
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, daemon: Daemon, programs: Path | None) -> None:
        """Start one daemon in its namespace, its words in a log file."""
        argv = (
            [str(programs / daemon.argv[0]), *daemon.argv[1:]] if programs and (programs / daemon.argv[0]).exists() else list(daemon.argv)
        )
        with netns.inside(network.NETNS / daemon.host), (self.logs / f"{daemon.name}.log").open("wb") as log:
            self.running[daemon.name] = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)

    def wait(self, daemons: Sequence[Daemon]) -> None:
        """Poll until each address of each daemon answers; NotUp when one ended or stays silent too long."""
        end = time.monotonic() + READY_SECONDS
        with netns.inside(network.NETNS / "inside"):
            for daemon in daemons:
                for ready in daemon.ready:
                    while not _answers(ready):
                        if (status := self.running[daemon.name].poll()) is not None:
                            raise NotUp(f"{daemon.name} ended with status {status}: {self.tail(daemon.name)}")
                        if time.monotonic() > end:
                            raise NotUp(
                                f"{daemon.name}: no answer from {ready.address} within {READY_SECONDS:g} s: {self.tail(daemon.name)}"
                            )
                        time.sleep(POLL_SECONDS)

    def tail(self, name: str) -> str:
        """The last words of a daemon."""
        return (self.logs / f"{name}.log").read_text(errors="replace")[-LOG_TAIL:]


def _unconfined(folder: Path) -> Path | None:
    """Copies of the server programs where AppArmor would keep them out of our folder: its profiles go by path."""
    switch = Path("/sys/module/apparmor/parameters/enabled")
    if not switch.exists() or switch.read_text().strip() != "Y":
        return None
    programs = folder / "programs"
    programs.mkdir()
    for name in ("named", "nsd", "knotd", "unbound", "nginx"):
        shutil.copy2(shutil.which(name) or name, programs / name)
    return programs


def _entries(raw: dict[str, dict[str, object]]) -> dict[str, table.Domain]:
    return {name: table.entry("request", name, value) for name, value in raw.items()}


def _trust(folder: Path) -> None:
    """Let the laboratory's authority be a public one for programs that run inside: what is for the public can be verified there."""
    public = Path(certifi.where())
    both = folder / "public.pem"
    both.write_bytes(public.read_bytes() + b"\n" + (folder / "web" / "ca.pem").read_bytes())
    netns.bind(both, public)


def _raise(folder: Path, request: dict[str, object]) -> None:
    domains = table.load()
    extra = request["domains"]
    assert isinstance(extra, dict)
    domains.update(_entries(extra))
    servers = all_servers()

    resolv = folder / "resolv.conf"
    resolv.write_text("".join(f"nameserver {address}\n" for address in servers["resolver.operator.test"].addresses))
    if Path("/etc/resolv.conf").exists():
        netns.bind(resolv, Path("/etc/resolv.conf"))
    network.raise_network(servers)

    authority = Authority(crl_url=town_web.CRL_URL)
    keys = town_keys(servers)
    tlsa = {"mx": spki_sha256(authority.leaf_key), **{name: spki_sha256(key) for name, key in keys.items()}}
    builder = Builder(folder, domains, servers, Fill(dkim_keys(), tlsa))
    builder.make_web(authority)
    builder.make_town(authority, keys)
    _trust(folder)
    netns.tmpfs(town_ssh.RUN)
    town_ssh.RUN.chmod(0o755)
    builder.make_zones()
    daemons = builder.daemons()
    keeper = Keeper(folder)
    programs = _unconfined(folder)
    for daemon in daemons:
        keeper.start(daemon, programs)
    keeper.wait(daemons)


def main() -> None:
    """Raise the laboratory in the folder given as argument, say so, and hold it until standard input closes."""
    folder = Path(sys.argv[1])
    request = json.loads(sys.stdin.readline())
    try:
        _raise(folder, request)
    except Exception as error:  # noqa: BLE001 - the owner gets the reason and raises it again
        answer = {"error": f"{type(error).__name__}: {error}"}
    else:
        # /proc is still the outer one, so this is our process id as the owner sees it.
        answer = {"pid": os.readlink("/proc/self")}
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()

    def hold() -> None:
        while sys.stdin.buffer.read(4096):
            pass
        shutil.rmtree(folder, ignore_errors=True)
        os._exit(0)

    waiting = threading.Thread(target=hold)
    waiting.start()
    waiting.join()


if __name__ == "__main__":
    main()

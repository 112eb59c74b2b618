"""Weak algorithms found at OpenSSH servers on loopback, three and sixty, and the time and work it takes, beside ssh-audit."""

from __future__ import annotations

import asyncio
import os
import re
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.installed import as_installed
from bench.services.faults import Compared, Tally
from scanner.engine.catalogue import catalogue
from scanner.engine.collect import Collecting
from scanner.engine.judge import Result, judge
from scanner.engine.plan import make_plan
from scanner.facts.ledger import DeclaredSshService
from scanner.facts.ssh import SshSurvey
from scanner.ledger.profile import EMPTY
from scanner.model.fact import Fact, Observed
from scanner.model.target import Service
from scanner.net.network import Network, Settings
from scanner.net.scope import Entry, Match, Scope

CRYPTREC_KEEPS = {"ecdh-sha2-nistp256", "ecdh-sha2-nistp384", "ecdh-sha2-nistp521", "aes128-cbc"}
"""What ssh-audit fails and the CRYPTREC list recommends; Tenken judges by the list."""
SSH_SERVERS = {
    "default": "",
    "weak": "KexAlgorithms +diffie-hellman-group1-sha1,diffie-hellman-group14-sha1\nCiphers +aes128-cbc,3des-cbc\n"
    "MACs +hmac-md5,hmac-sha1-96\nHostKeyAlgorithms +ssh-rsa\n",
    "strong": "KexAlgorithms sntrup761x25519-sha512@openssh.com,curve25519-sha256\nCiphers aes256-gcm@openssh.com,aes256-ctr\n"
    "MACs hmac-sha2-512-etm@openssh.com\nHostKeyAlgorithms ssh-ed25519,rsa-sha2-512\n",
}
FIRST_SSH_PORT = 22022  # below the range from which the system takes ports for connections of its own
ADDRESSES_OF_EACH = 20  # of 127.0.2.0/24, in the run over many


@dataclass(frozen=True, slots=True)
class _Servers:
    """OpenSSH on loopback: its services by name, and the processes that listen."""

    services: dict[str, Service]
    processes: tuple[int, ...]

    def processor(self) -> float:
        """Give the seconds of the processor that the servers and all their children that have ended took so far (proc(5))."""
        ticks = 0
        for process in self.processes:
            after_name = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
            ticks += sum(map(int, after_name[11:15]))
        return ticks / os.sysconf("SC_CLK_TCK")


@contextmanager
def _sshds() -> Iterator[_Servers]:
    """Run OpenSSH on loopback, as Debian ships it, weakened and hardened."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        keys = ""
        for kind in ("ed25519", "rsa"):
            subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", f"{folder}/{kind}"], check=True)
            keys += f"HostKey {folder}/{kind}\n"
        services, processes = {}, []
        for port, (name, lines) in enumerate(SSH_SERVERS.items(), FIRST_SSH_PORT):
            config = Path(folder, f"{name}.conf")
            config.write_text(f"ListenAddress 0.0.0.0:{port}\nPidFile none\nMaxStartups 1000:30:2000\n{keys}{lines}")
            process = stack.enter_context(subprocess.Popen(["/usr/sbin/sshd", "-D", "-f", str(config)], stderr=subprocess.DEVNULL))
            stack.callback(process.terminate)
            services[name] = Service("127.0.0.1", port, "ssh")
            processes.append(process.pid)
        for service in services.values():
            _await(service.port)
        yield _Servers(services, tuple(processes))


def _await(port: int, seconds: float = 10.0) -> None:
    """Wait until something listens."""
    end = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=seconds).close()
        except ConnectionRefusedError:
            if time.monotonic() > end:
                raise
            time.sleep(0.02)
        else:
            return


async def _look_at_ssh(services: Sequence[Service]) -> list[set[str]]:
    """See and judge; the algorithms named weak, for each service."""
    plan = make_plan(catalogue(), (), EMPTY, ["ssh"])
    declared: Mapping[type[Fact], Fact] = {DeclaredSshService: DeclaredSshService(vantage_outside=True)}
    with ThreadPoolExecutor(4) as threads:
        async with Network(Settings(scope=Scope((Entry(Match.NETWORK, "127.0.0.0/8"),)))) as network:
            collecting = Collecting(plan, catalogue().observers, network, lambda _: declared, lambda _: None, threads)
            facts = await asyncio.gather(*(collecting.collect(service, 110.0) for service in services))
    if unseen := [seen.target.key for seen in facts if not _was_seen(seen.seen[seen.target].get(SshSurvey))]:
        raise RuntimeError(f"not seen: {', '.join(unseen)}")
    return [_named(judge(seen, plan.for_target(seen.target))) for seen in facts]


def _was_seen(survey: object) -> bool:
    return isinstance(survey, Observed) and isinstance(survey.fact, SshSurvey) and isinstance(survey.fact.addresses[0].keys, tuple)


@dataclass(frozen=True, slots=True)
class _Cost:
    """What commands took: seconds, seconds of the processor of their own and of the servers', and connections that the servers took."""

    seconds: float
    own: float
    servers: float
    connections: int


def _accepted() -> int:
    """Give how many connections this machine has taken since it started (RFC 4022, tcpPassiveOpens)."""
    names, values = (line.split() for line in Path("/proc/net/snmp").read_text(encoding="utf-8").splitlines() if line.startswith("Tcp:"))
    return int(values[names.index("PassiveOpens")])


def _timed(commands: Iterable[Sequence[str]], servers: _Servers) -> tuple[_Cost, list[str]]:
    """Run commands one after the other: what they cost, and what they print."""
    before, accepted, theirs, start = resource.getrusage(resource.RUSAGE_CHILDREN), _accepted(), servers.processor(), time.monotonic()
    texts = [subprocess.run(command, capture_output=True, text=True, check=False, env=as_installed()).stdout for command in commands]
    seconds, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    own = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return _Cost(seconds, own, servers.processor() - theirs, _accepted() - accepted), texts


def ssh() -> Compared:
    """Compare the weak algorithms found, and the time: three servers in one process, one server a command, and sixty in one run.

    An algorithm counts as a fault of a server where either program calls it weak. What the CRYPTREC list recommends counts neither as a
    fault nor as a false alarm of ssh-audit.

    On loopback most of the time is the servers' own, 8 ms and more of the processor for each connection, whoever asks: it and the number of
    connections stand beside the time. ``tenken look`` does not judge, ssh-audit does; judging stands in the lines before.
    """
    tenken = [str(Path(sys.executable).with_name("tenken")), "look"]
    audit = ["ssh-audit", "-n", "-l", "fail"]
    with _sshds() as servers, tempfile.TemporaryDirectory() as folder:
        services = servers.services
        start = time.monotonic()
        by_us = dict(zip(services, asyncio.run(_look_at_ssh(list(services.values()))), strict=True))
        ours = time.monotonic() - start
        cost, texts = _timed(([*audit, "-p", str(service.port), service.host] for service in services.values()), servers)
        print(f"three servers, seen and judged in one process: tenken {ours:.2f} s, ssh-audit {cost.seconds:.2f} s")
        there, found = 0, [0, 0]
        for name, text in zip(services, texts, strict=True):
            weak = set(re.findall(r"^\((?:kex|key|enc|mac)\) (\S+).*\[fail\]", text, re.MULTILINE))
            rows = {"both": weak & by_us[name], "tenken more": by_us[name] - weak, "ssh-audit more": weak - by_us[name] - CRYPTREC_KEEPS}
            print(f"  {name:8} " + "; ".join(f"{who}: {', '.join(sorted(named)) or '-'}" for who, named in rows.items()))
            there += len((weak | by_us[name]) - CRYPTREC_KEEPS)
            found = [found[0] + len(by_us[name]), found[1] + len(weak - CRYPTREC_KEEPS)]
        compared = Compared(there, Tally(ours, found[0]), Tally(cost.seconds, found[1]))
        print(compared.line("ssh-audit"))

        many = [Service(f"127.0.2.{n}", s.port, "ssh") for s in services.values() for n in range(1, ADDRESSES_OF_EACH + 1)]
        Path(folder, "hosts").write_text("".join(f"{service.host}:{service.port}\n" for service in many))
        start = time.monotonic()
        asyncio.run(_look_at_ssh(many))
        judged = time.monotonic() - start
        print(f"{len(many)} servers, seen and judged in one process: tenken {judged:.2f} s")
        _beside(
            "one server a command",
            [[*tenken, f"{s.host}:{s.port}/ssh"] for s in services.values()],
            [[*audit, "-p", str(s.port), s.host] for s in services.values()],
            servers,
        )
        _beside(
            f"{len(many)} servers in one command",
            [[*tenken, *(f"{s.host}:{s.port}/ssh" for s in many)]],
            [[*audit, "-T", f"{folder}/hosts", "--threads", "32"]],
            servers,
        )
    return compared


def _beside(what: str, us: Sequence[Sequence[str]], them: Sequence[Sequence[str]], servers: _Servers, runs: int = 5) -> None:
    """Print medians of ``tenken look`` and ssh-audit, run in turn."""
    pairs = [(_timed(us, servers)[0], _timed(them, servers)[0]) for _ in range(runs)]
    ours, theirs = (_median([pair[who] for pair in pairs]) for who in (0, 1))
    print(f"{what}: ssh-audit took {theirs.seconds / ours.seconds:.1f} times as long, {theirs.own / ours.own:.1f} times as much processor")
    for name, cost in (("tenken look", ours), ("ssh-audit", theirs)):
        print(
            f"  {name:11} {cost.seconds:.2f} s; processor {cost.own:.2f} s of its own, {cost.servers:.2f} s of the servers'; "
            f"{cost.connections} connections"
        )


def _median(costs: Sequence[_Cost]) -> _Cost:
    return _Cost(
        statistics.median(cost.seconds for cost in costs),
        statistics.median(cost.own for cost in costs),
        statistics.median(cost.servers for cost in costs),
        statistics.median_low(cost.connections for cost in costs),
    )


def _named(results: Iterable[Result]) -> set[str]:
    """The algorithms that results call weak or kept for compatibility only."""
    weak = {"KEX_WEAK", "KEX_SHA1_KEPT", "SHA1_ONLY", "SHA1_KEPT", "CIPHER_BROKEN", "CIPHER_3DES", "MAC_WEAK"}
    told = [result.ending for result in results if result.ending.tag in weak]
    found: set[str] = set()
    for ending in told:
        names = ending.args.get("names", ())
        found |= set(names) if isinstance(names, tuple) else set()
    return found

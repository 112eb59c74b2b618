"""How quickly ports are looked at and services told: Tenken beside nmap, the same hosts of the exposure laboratory, the same run.

Needs root, the laboratory (``.ci/setup lab``) and ``nmap``. ``python -m bench.services ports`` measures 254 addresses × 60 ports, of which
a fifth are silent, and counts at the receiving side what arrives; ``python -m bench.services findings`` compares faults found and time
with nmap's scripts at the hosts with real servers, one well and one badly kept; ``python -m bench.services ssh`` compares with ssh-audit at
OpenSSH servers on loopback, three and sixty.
"""

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
from scanner.engine.catalogue import catalogue
from scanner.engine.collect import Collecting
from scanner.engine.judge import Result, judge
from scanner.engine.plan import make_plan
from scanner.engine.run import Seen
from scanner.engine.scan import see
from scanner.facts.exposure import HostPorts, OpenPorts
from scanner.facts.ledger import DeclaredHost, DeclaredSshService
from scanner.facts.ssh import SshSurvey
from scanner.ledger.profile import EMPTY
from scanner.model.fact import Fact, Observed
from scanner.model.target import Host, Service, Target
from scanner.net.network import Network, Settings
from scanner.net.pacing import Pace
from scanner.net.scope import Entry, Match, Scope
from tests.lab.exposure.hosts import BULK, HOSTS
from tests.lab.exposure.lab import ExposureLab
from tests.lab.exposure.scan import consents, look

FIRST, LAST = 21, 80
ADDRESSES = tuple(f"{BULK}.{number}" for number in range(1, 255))
SCRIPTS = (
    "redis-info,memcached-info,mysql-info,smb-protocols,smb2-security-mode,rdp-enum-encryption,vnc-info,x11-access,docker-version,"
    "rtsp-methods,ntp-info,ntp-monlist,snmp-sysdescr,socks-open-proxy,http-open-proxy,http-title,telnet-encryption,rsync-list-modules,"
    "ipmi-version,upnp-info,ldap-rootdse,cups-info"
)
TELLS = {
    "Redis without login": (r"redis-info", "DATA_NO_LOGIN"),
    "memcached without login": (r"memcached-info", "DATA_NO_LOGIN"),
    "PostgreSQL without login": (r"pgsql-brute.*trust", "DATA_NO_LOGIN"),
    "MariaDB without TLS": (r"3306/tcp open +mysql(?![\s\S]*SwitchToSSLAfterHandshake)", "DATA_CLEAR"),
    "SMB 1": (r"NT LM 0\.12 \(SMBv1\)", "SMB1_TAKEN"),
    "SMB signing optional": (r"signing enabled but not required|signing disabled", "SIGNING_OPTIONAL"),
    "NTP control": (r"ntp-info:[\s\S]{0,200}version:", "NTP_CONTROL"),
    "SNMP public": (r"snmp-sysdescr", "SNMP_PUBLIC"),
    "telnet": (r"/tcp +open +telnet", "TELNET_SERVED"),
    "FTP without TLS": (r"21/tcp +open +ftp(?![\s\S]*AUTH TLS)", "FTP_CLEAR"),
    "LDAP without StartTLS": (r"ldap-rootdse:(?![\s\S]*1\.3\.6\.1\.4\.1\.1466\.20037)", "LDAP_CLEAR"),
    "TFTP": (r"69/udp +open +tftp", "TFTP_SERVED"),
    "an amplifier": (r"amplif", "UDP_AMPLIFIES"),
}
"""A fault, how nmap shows it, and Tenken's tag."""


class _Taking:
    """Counts open ports as targets end."""

    def __init__(self) -> None:
        self.open = 0
        self.unseen = 0

    def take(self, seen: Seen) -> None:
        for observed in seen.facts.seen.values():
            ports = observed.get(HostPorts)
            fact = ports.fact if isinstance(ports, Observed) else None
            for address in fact.addresses if isinstance(fact, HostPorts) else ():
                if isinstance(address.seen, OpenPorts):
                    self.open += len(address.seen.open)
                else:
                    self.unseen += 1


async def _tenken(pace: Pace) -> _Taking:
    plan = make_plan(catalogue(), (), EMPTY, ["exposure.ports"])
    declared = DeclaredHost((), (), vantage_outside=True, ports=((FIRST, LAST),))

    def declare(subject: Target) -> Mapping[type[Fact], Fact]:
        return {DeclaredHost: declared}

    taking = _Taking()
    settings = Settings(scope=Scope((Entry(Match.NETWORK, f"{BULK}.0/24"),)), pace=pace)
    with ThreadPoolExecutor(1) as threads:
        async with Network(settings) as network:
            collecting = Collecting(plan, catalogue().observers, network, declare, lambda _: None, threads)
            await see(taking, collecting, [Host(address) for address in ADDRESSES], 110.0)
    return taking


def ports(lab: ExposureLab, runs: int = 3) -> None:
    """Measure the run over 254 addresses × 60 ports, the two beside each other in turn."""
    ours, theirs = [], []
    taking = _Taking()
    for _ in range(runs):
        before = lab.arrived()
        start = time.monotonic()
        taking = lab.run_async(lambda: _tenken(Pace()))
        ours.append(time.monotonic() - start)
        arrived = {address: count - before.get(address, 0) for address, count in lab.arrived().items()}
        start = time.monotonic()
        done = lab.run(["nmap", "-T4", "-n", "-Pn", "-p", f"{FIRST}-{LAST}", "--disable-arp-ping", f"{BULK}.1-254"])
        theirs.append(time.monotonic() - start)
        found = len(re.findall(r"^\d+/tcp +open", done.stdout, re.MULTILINE))
        total = sum(arrived.values())
        print(f"tenken {ours[-1]:.1f} s, {taking.open} open, {taking.unseen} unseen; nmap -T4 {theirs[-1]:.1f} s, {found} open")
        print(f"  arrived: {total} connections, {total / ours[-1]:.0f} a second in all, {max(arrived.values())} at most at one address")
        for count, rate in ((max(arrived.values()), Pace().ports), (total, Pace().ports_operator)):
            if count > rate.burst + ours[-1] * rate.per_second:
                raise RuntimeError(f"{count} connections in {ours[-1]:.1f} s where the pace allows {rate.per_second:g} a second")
    print(f"median: tenken {statistics.median(ours):.1f} s, nmap {statistics.median(theirs):.1f} s")


def findings(lab: ExposureLab) -> None:
    """Compare the faults found at the hosts with real servers, and the time."""
    names = ("well", "bad")
    declared = {name: DeclaredHost(HOSTS[name].listed, HOSTS[name].addresses[:1], vantage_outside=True) for name in names}
    start = time.monotonic()
    looked = look(lab, declared, given=consents())
    ours = time.monotonic() - start
    tags = {name: found.tags for name, found in looked.items()}
    start = time.monotonic()
    tcp = "T:21-23,80,102,389,445,502,513,554,631,873,1080,2323,2375,3128,3306,3389,5432,5900,6000,6379,9100,9200,11211,44818"
    udp = "U:7,17,19,53,69,111,123,137,161,389,623,1900,3702,5060,5353,5683,11211"
    command = ["nmap", "-T4", "-n", "-Pn", "-sS", "-sU", "-sV", "--version-light", "-p", f"{tcp},{udp}", "--script", SCRIPTS]
    done = {name: lab.run([*command, HOSTS[name].v4]).stdout for name in names}
    theirs = time.monotonic() - start
    print(f"tenken {ours:.1f} s, nmap {theirs:.1f} s: {theirs / ours:.1f} times")
    for fault, (pattern, tag) in TELLS.items():
        by_nmap = [name for name in names if re.search(pattern, done[name])]
        by_us = [name for name in names if tag in tags[name]]
        print(f"  {fault:26} tenken {', '.join(by_us) or '-':12} nmap {', '.join(by_nmap) or '-'}")
    for name in names:
        if "--verbose" in sys.argv:
            print(done[name])


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


def ssh() -> None:
    """Compare the weak algorithms found at OpenSSH servers, and the time, with ssh-audit: one server a command, and sixty in one run.

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
        for name, text in zip(services, texts, strict=True):
            weak = set(re.findall(r"^\((?:kex|key|enc|mac)\) (\S+).*\[fail\]", text, re.MULTILINE))
            rows = {"both": weak & by_us[name], "tenken more": by_us[name] - weak, "ssh-audit more": weak - by_us[name] - CRYPTREC_KEEPS}
            print(f"  {name:8} " + "; ".join(f"{who}: {', '.join(sorted(named)) or '-'}" for who, named in rows.items()))

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


def main() -> None:
    """Run what is asked for."""
    if "ssh" in sys.argv:
        ssh()
        return
    with ExposureLab.up() as lab:
        if "findings" in sys.argv:
            findings(lab)
        else:
            ports(lab)


if __name__ == "__main__":
    main()

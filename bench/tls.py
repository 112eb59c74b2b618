"""Tenken beside sslyze 6, testssl.sh, nmap and cryptolyzer on the same servers in the same run: ``python -m bench.tls``.

The servers are those of ``tests/lab/tls_zoo``; what a program missed is measured against what the server's own library says. Connections
are counted by a firewall rule in the scanner's namespace, and start-up counts. sslyze and cryptolyzer live in an environment of their own
below ``build/``, pinned by hash; nmap and testssl.sh (Debian's, with bsdextrautils) are left out where they are not installed. Prints
tables and one line of JSON, and writes nothing else.

Tenken is the installed command, ``tenken look``, with the bytecode that an installation has and at the pace that it keeps by itself:
once with all that it looks at, once with 20 connections a server, which are versions, suites and order. The many servers belong to one
operator each, as the pace of one operator is no matter of speed. What a run that is killed has kept is shown at the end.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from bench.installed import as_installed, set_up
from scanner.facts.tls import Version
from scanner.net.budget import Allowance
from scanner.net.net import DnsServer
from scanner.net.network import Network, Settings
from scanner.net.pacing import Pace, Rate
from scanner.net.scope import Entry, Match, Scope
from scanner.wire.tls.hello import ClientHello, client_hello
from scanner.wire.tls.reader import HandshakeReader
from scanner.wire.tls.suites import suite_by_name, suite_name
from tests.lab.tls_zoo import Zoo, world
from tests.lab.tls_zoo.certificates import DOMAIN
from tests.lab.tls_zoo.entries import BY_NAME

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENT = ROOT / "build" / "tls-oracles"
LOCK = Path(__file__).with_name("tls-oracles.lock")
SERVERS = (
    "nginx-modern",
    "nginx-weak",
    "openssl-weak",
    "gnutls-weak",
    "java",
    "node-0.10",
    "node-0.12",
    "node-24",
    "postfix",
    "dovecot-993",
)
ENOUGH = 400
FEW = 20
"""Connections that versions, suites and order of a modern server take."""
COUNTER = """table inet bench {
  chain out {
    type filter hook output priority 0
    tcp flags & (syn | ack) == syn counter
  }
}
"""
# oscrypto 1.3.0 cannot read the version of an OpenSSL like 3.0.19, and cryptolyzer does not start without it.
CRYPTOLYZE = r"""
import re, sys
search = re.search
def patient(pattern, *rest, **named):
    return search(pattern.replace(r"\d\.\d\.\d", r"\d+\.\d+\.\d+") if isinstance(pattern, str) else pattern, *rest, **named)
re.search = patient
from cryptolyzer.__main__ import main
sys.exit(main())
"""

Suites = dict[Version, set[str]]
Many = dict[str, Suites]


@dataclass(frozen=True, slots=True)
class Figures:
    """One run: seconds of wall clock and processor, megabytes at the peak, connections opened, suites found by server."""

    wall: float
    cpu: float
    peak_mb: float
    connections: int
    found: Many


@dataclass(frozen=True, slots=True)
class Target:
    """A server as every program gets it: one name, its IPv4 address alone."""

    name: str
    host: str
    address: str
    port: int
    protocol: str


@dataclass(frozen=True, slots=True)
class Bench:
    """What a run needs."""

    zoo: Zoo
    folder: Path

    def measured(self, command: Sequence[str], read: Callable[[str], Many]) -> Figures:
        """Run a command in the scanner's namespace."""
        before = self._opened()
        out = self.folder / "out"
        began = time.monotonic()
        with out.open("wb") as sink:
            process = subprocess.Popen(
                self.zoo.command(command),
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.DEVNULL,
                cwd=ROOT,
                env=as_installed(),
            )
            _, status, used = os.wait4(process.pid, 0)
        wall = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        found = read(out.read_text(errors="replace"))
        return Figures(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, self._opened() - before, found)

    def count(self) -> None:
        """Begin to count connections."""
        subprocess.run(self.zoo.command(["nft", "-f", "-"]), input=COUNTER, text=True, check=True)

    def _opened(self) -> int:
        listed = subprocess.run(
            self.zoo.command(["nft", "-j", "list", "table", "inet", "bench"]), capture_output=True, text=True, check=True
        )
        for item in json.loads(listed.stdout)["nftables"]:
            for expression in item.get("rule", {}).get("expr", ()):
                if "counter" in expression:
                    return int(expression["counter"]["packets"])
        raise RuntimeError("the counter is not there")


def look(targets: Sequence[Target], connections: int) -> list[str]:
    """The command."""
    services = [f"{target.host}={target.address}:{target.port}/{target.protocol}" for target in targets]
    return [str(Path(sys.executable).with_name("tenken")), "look", f"--connections={connections}", *services]


def looked(out: str, targets: Sequence[Target]) -> Many:
    """Read what the command printed, as far as it goes."""
    names = {f"{target.host}={target.address}:{target.port}": target.name for target in targets}
    found: Many = {}
    suites: Suites = {}
    version = Version.SSL2
    for line in out.splitlines():
        if seen := re.match(r"service:(.*)/\w+$", line):
            suites = found[names[seen[1]]] = {}
        elif seen := re.match(r" {8}version: (\S+)$", line):
            version = Version(seen[1])
        elif seen := re.match(r" {10}((?:TLS|SSL)_\w+)$", line):
            suites.setdefault(version, set()).add(seen[1])
    return found


def tenken(bench: Bench, targets: Sequence[Target]) -> Figures:
    """Everything: suites, order, groups, signatures, certificates, features, sessions."""
    return bench.measured(look(targets, ENOUGH), lambda out: looked(out, targets))


def tenken_few(bench: Bench, targets: Sequence[Target]) -> Figures:
    """Versions, suites and order, and what comes along."""
    return bench.measured(look(targets, FEW), lambda out: looked(out, targets))


_SSLYZE = {
    "ssl_2_0": Version.SSL2,
    "ssl_3_0": Version.SSL3,
    "tls_1_0": Version.TLS10,
    "tls_1_1": Version.TLS11,
    "tls_1_2": Version.TLS12,
    "tls_1_3": Version.TLS13,
}


_SHORT = """
import json, sys
for one in json.load(open(sys.argv[1]))["server_scan_results"]:
    for kind, result in (one["scan_result"] or {}).items():
        if kind.endswith("_cipher_suites") and result["result"]:
            names = [suite["cipher_suite"]["name"] for suite in result["result"]["accepted_cipher_suites"]]
            print(json.dumps([one["server_location"]["hostname"], kind.removesuffix("_cipher_suites"), names]))
"""


def sslyze(bench: Bench, targets: Sequence[Target]) -> Figures:
    """All of its scans, as it does by default."""
    out = bench.folder / "sslyze.json"
    starttls = ["--starttls=smtp"] if targets[0].protocol == "smtp" else []
    names = [f"{target.host}:{target.port}{{{target.address}}}" for target in targets]

    def read(_: str) -> Many:
        # In a process of its own: what this one holds counts for the peak of its later children too.
        said = subprocess.run([sys.executable, "-c", _SHORT, str(out)], capture_output=True, text=True, check=True).stdout
        found: Many = {}
        for host, kind, names in map(json.loads, said.splitlines()):
            found.setdefault(next(t.name for t in targets if t.host == host), {})[_SSLYZE[kind]] = set(names)
        return found

    out.unlink(missing_ok=True)
    program = str(ENVIRONMENT / "bin" / "sslyze")
    return bench.measured([program, f"--json_out={out}", *starttls, *names], read)


def nmap(bench: Bench, targets: Sequence[Target]) -> Figures:
    """ssl-enum-ciphers, and sslv2, which it does not include."""
    by_address = {target.address: target.name for target in targets}

    def read(out: str) -> Many:
        found: Many = {}
        name, version = "", Version.SSL2
        for line in out.splitlines():
            if seen := re.match(r"Nmap scan report for .*?([0-9.]+)\)?$", line):
                name = by_address[seen[1]]
                found[name] = {}
            elif seen := re.match(r"\|   (SSLv3|TLSv1\.[0-3]):", line):
                version = Version(seen[1])
            elif seen := re.match(r"\|\s{7}(TLS_\w+)", line):
                found[name].setdefault(version, set()).add(seen[1].replace("TLS_AKE_WITH_", "TLS_"))
            elif seen := re.match(r"\|_?\s{4}SSL2_(\w+)", line):
                found[name].setdefault(Version.SSL2, set()).add(f"SSL_CK_{seen[1]}")
        return found

    addresses = [target.address for target in targets]
    scripts = "ssl-enum-ciphers,sslv2"
    return bench.measured(["nmap", "-Pn", "-n", "-p", str(targets[0].port), "--script", scripts, *addresses], read)


def testssl(bench: Bench, targets: Sequence[Target]) -> Figures:
    """Protocols and the ciphers of each (``-p -E``); one server a run."""
    (target,) = targets
    out = bench.folder / "testssl.json"
    out.unlink(missing_ok=True)
    versions = dict(zip(("ssl2", "ssl3", "tls1", "tls1_1", "tls1_2", "tls1_3"), Version, strict=True))

    def read(_: str) -> Many:
        found: Suites = {}
        for kind, code in re.findall(r'"id"\s*:\s*"cipher-(\w+?)_x(\w+)"', out.read_text()) if out.exists() else ():
            number = int(code, 16)
            ssl2 = kind == "ssl2"
            found.setdefault(versions[kind], set()).add(suite_name(number, ssl2=ssl2))
        return {target.name: found}

    starttls = ["-t", "smtp"] if target.protocol == "smtp" else []
    options = ["--quiet", "--warnings", "batch", "--color", "0", "-p", "-E", "--ip", target.address, "--jsonfile", str(out)]
    return bench.measured(["testssl", *options, *starttls, f"{target.host}:{target.port}"], read)


def cryptolyzer(bench: Bench, targets: Sequence[Target]) -> Figures:
    """``tls all``; one server a run. It asks all addresses of a name, so that it gets the address."""
    (target,) = targets
    names = {"ssl2": Version.SSL2, "ssl3": Version.SSL3, "tls1": Version.TLS10, "tls1_1": Version.TLS11} | {
        "tls1_2": Version.TLS12,
        "tls1_3": Version.TLS13,
    }

    def read(out: str) -> Many:
        found: Suites = {}
        for one in json.loads(out).get("ciphers", ()) if out.startswith("{") else ():  # with an error of its own it has none
            found[names[one["target"]["proto_version"]]] = set(one["cipher_suites"])
        return {target.name: found}

    scheme = "smtp" if target.protocol == "smtp" else "tls"
    where = f"{scheme}://{target.address}:{target.port}"
    python = str(ENVIRONMENT / "bin" / "python")
    return bench.measured([python, "-c", CRYPTOLYZE, "--output-format", "json", "tls", "all", where], read)


PROGRAMS: Mapping[str, Callable[[Bench, Sequence[Target]], Figures]] = {
    "tenken": tenken,
    "tenken, 20": tenken_few,
    "sslyze": sslyze,
    "nmap": nmap,
    "cryptolyzer": cryptolyzer,
    "testssl.sh": testssl,
}
TOGETHER = ("tenken", "tenken, 20", "sslyze", "nmap")
"""Programs that take many servers in one run."""


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--servers", nargs="*", default=SERVERS, help="entries of the zoo that are looked at one by one")
    parser.add_argument("--without", nargs="*", default=(), choices=PROGRAMS, help="programs to leave out")
    parser.add_argument("--many", type=int, default=200, help="servers of the throughput test")
    parser.add_argument("--rate", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.rate:
        print(json.dumps(asyncio.run(_rates(options.rate[0], int(options.rate[1])))))
        return 0
    set_up(ENVIRONMENT, LOCK)
    installed = {"nmap": "nmap", "testssl.sh": "testssl"}
    programs = [name for name in PROGRAMS if name not in options.without and (name not in installed or shutil.which(installed[name]))]
    with tempfile.TemporaryDirectory() as folder, Zoo.up() as zoo:
        bench = Bench(zoo, Path(folder))
        bench.count()
        tenken(bench, [Target("", "bytecode.example", bench.zoo.place("nginx-modern").v4, 443, "https")])
        figures = {
            "servers": _one_by_one(bench, options.servers, programs),
            "many": _together(bench, options.many, 0, programs),
            "deaf": _together(bench, 47, len(world.DEAF), programs),
            "rate": _rate(bench),
            "killed": _killed(bench, options.many),
        }
    print(json.dumps(figures))
    return 0


def _one_by_one(bench: Bench, servers: Sequence[str], programs: Sequence[str]) -> dict[str, dict[str, object]]:
    heads = ("server", "program", "wall s", "CPU s", "peak MB", "connections", "suites", "missed", "too many")
    print("  ".join(f"{head:>14}" for head in heads))
    found: dict[str, dict[str, object]] = {}
    for name in servers:
        place, entry = bench.zoo.place(name), BY_NAME[name]
        protocol = "https" if entry.protocol == "tls" else entry.protocol
        target = Target(name, entry.host, place.v4, entry.port, protocol)
        truth = {version: set(names) for version, names in bench.zoo.truth(name).suites.items()}
        for program in programs:
            ran = PROGRAMS[program](bench, [target])
            missed, more = _compared(truth, ran.found.get(name, {}))
            row = (name, program, f"{ran.wall:.2f}", f"{ran.cpu:.2f}", f"{ran.peak_mb:.0f}", ran.connections)
            print("  ".join(f"{cell:>14}" for cell in (*row, sum(map(len, truth.values())), len(missed), len(more))), flush=True)
            found.setdefault(name, {})[program] = {**_plain(ran), "missed": missed, "more": more}
    return found


def _compared(truth: Suites, seen: Suites) -> tuple[list[str], list[str]]:
    wanted = {f"{version} {name}" for version, names in truth.items() for name in names}
    got = {f"{version} {name}" for version, names in seen.items() for name in names}
    return sorted(wanted - got), sorted(got - wanted)


def _plain(ran: Figures) -> dict[str, object]:
    return {name: value for name, value in asdict(ran).items() if name != "found"}


def _together(bench: Bench, lively: int, deaf: int, programs: Sequence[str]) -> dict[str, dict[str, object]]:
    targets = _herd(lively, deaf)
    truth = {version: set(names) for version, names in bench.zoo.truth("herd").suites.items()}
    print(f"\n{lively} modern servers" + (f" and {deaf} that accept and never answer" if deaf else ""))
    print("  ".join(f"{head:>14}" for head in ("program", "wall s", "servers/s", "CPU s", "peak MB", "connections", "whole")))
    found: dict[str, dict[str, object]] = {}
    for program in programs:
        if program in TOGETHER:
            own = [replace(target, host=f"www.{target.name}.example") for target in targets] if program.startswith("tenken") else targets
            ran = PROGRAMS[program](bench, own)
            whole = sum(_compared(truth, ran.found.get(f"h{number}", {})) == ([], []) for number in range(1, lively + 1))
            row = (program, f"{ran.wall:.2f}", f"{lively / ran.wall:.1f}", f"{ran.cpu:.2f}", f"{ran.peak_mb:.0f}", ran.connections, whole)
            print("  ".join(f"{cell:>14}" for cell in row), flush=True)
            found[program] = {**_plain(ran), "whole": whole}
    return found


def _herd(lively: int, deaf: int = 0) -> list[Target]:
    numbers = [*range(1, lively + 1), *range(len(world.HERD) + 1, len(world.HERD) + deaf + 1)]
    addresses = dict(enumerate((*world.HERD, *world.DEAF), 1))
    return [Target(f"h{number}", f"h{number}.{DOMAIN}", addresses[number], 443, "https") for number in numbers]


def _killed(bench: Bench, count: int) -> dict[str, int]:
    """Kill a look at many servers after half of the time that it takes; give how many it had printed, and how many of these are whole."""
    targets = [replace(target, host=f"www.{target.name}.example") for target in _herd(count)]
    truth = {version: set(names) for version, names in bench.zoo.truth("herd").suites.items()}
    out = bench.folder / "killed"
    with out.open("wb") as sink:
        command = bench.zoo.command(look(targets, ENOUGH))
        with subprocess.Popen(command, stdout=sink, stderr=subprocess.DEVNULL, cwd=ROOT, env=as_installed()) as process:
            while process.poll() is None and out.read_bytes().count(b"service:") < count // 2:
                time.sleep(0.02)
            process.kill()
    found = looked(out.read_text(errors="replace"), targets)
    whole = sum(_compared(truth, suites) == ([], []) for suites in found.values())
    print(f"\nKilled in the middle: {len(found)} of {count} servers kept, {whole} of them whole")
    return {"kept": len(found), "whole": whole}


def _rate(bench: Bench) -> dict[str, float]:
    address = bench.zoo.place("nginx-modern").v4
    command = bench.zoo.command([sys.executable, "-m", "bench.tls", "--rate", address, "3000"])
    ran = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT, env=as_installed())
    said: dict[str, float] = json.loads(ran.stdout)
    ratio = said["tenken"] / said["minimal"]
    print(f"\nServerHello a second: minimal loop {said['minimal']:.0f}, Tenken {said['tenken']:.0f}, ratio {ratio:.2f}")
    return {**said, "ratio": ratio}


def _unhindered(resolver: str) -> Settings:
    fast = Pace(address=Rate(16), operator=Rate(256))
    return Settings(
        scope=Scope(tuple(Entry(Match.NETWORK, network) for network in world.SCOPE)),
        resolvers=(DnsServer("", resolver),),
        pace=fast,
        allowance=Allowance(connections=1_000_000, tls_connections=ENOUGH, tls_connections_of=()),
    )


async def _rates(address: str, count: int) -> dict[str, float]:
    """The child's part: hellos a second, first by the least that asyncio can do, then by Tenken's own connections and reader."""
    suites = tuple(suite.code for name in ("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",) if (suite := suite_by_name(name)))
    hello = client_hello(ClientHello(version=0x0303, suites=suites, server_name=f"nginx-modern.{DOMAIN}", groups=(29, 23, 24)))
    loop = asyncio.get_running_loop()
    width = 16

    class Least(asyncio.Protocol):
        def __init__(self) -> None:
            self.done = loop.create_future()

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            assert isinstance(transport, asyncio.Transport)
            self.transport = transport
            transport.write(hello)

        def data_received(self, data: bytes) -> None:
            self.transport.abort()
            if not self.done.done():
                self.done.set_result(data[:1] == b"\x16")

    async def minimal() -> bool:
        _, protocol = await loop.create_connection(Least, address, 443)
        return bool(await protocol.done)

    async with Network(_unhindered(address)) as network:

        async def own() -> bool:
            async with network.view("bench").connect("", address, 443) as stream:
                await stream.send(hello)
                reader = HandshakeReader()
                while True:
                    reader.feed(await stream.receive())
                    if reader.next() is not None:
                        return True

        turns = [(await _timed(minimal, count, width), await _timed(own, count, width)) for _ in range(3)]
        return {"minimal": max(least for least, _ in turns), "tenken": max(ours for _, ours in turns)}


async def _timed(work: Callable[[], Awaitable[bool]], count: int, width: int) -> float:
    left = iter(range(count))

    async def worker() -> None:
        for _ in left:
            assert await work()

    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(width):
            group.create_task(worker())
    return count / (time.perf_counter() - began)


if __name__ == "__main__":
    sys.exit(main())

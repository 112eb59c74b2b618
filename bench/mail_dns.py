"""Tenken beside checkdmarc 6 on the same 500 laboratory domains, over the same resolver, in turn: ``python -m bench.mail_dns``.

Once with the resolver as it stands in the laboratory, at no distance and with every name in its memory, where nothing is measured but
the programs' own time; once from 2 ms away (``bench/far_resolver.py``), where waiting counts as well.

Prints tables and one line of JSON, and writes nothing else. Each program is started as people start it; "start-up" is the time of a
run over one domain, "steady" is what remains. checkdmarc runs without its SMTP and TLS tests and without its waiting time, in an
environment of its own below ``build/``, because it needs another version of a library. Tenken is told in the inventory what the
laboratory's servers bear: all policies lie on one web server, and at the usual 50 fetches a second a run would measure that pace, which
checkdmarc does not keep at all. Questions are counted by a firewall rule in the scanner's namespace. The second part shows how memory
grows with the number of domains: the most that all processes of a run held at a time, and that one of them did; the first part has the
largest process.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.far_resolver import far_resolver
from bench.installed import as_installed, set_up
from tests.lab import Lab

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENT = ROOT / "build" / "checkdmarc"
LOCK = Path(__file__).with_name("checkdmarc.lock")
WATCH_SECONDS = 0.1
TENKEN = str(Path(sys.executable).with_name("tenken"))
MTA_STS = tuple(f"mta-sts.{aspect}" for aspect in ("max-age", "mode", "mx", "policy", "record"))  # its "certificate" talks to mail servers
SUBJECTS = ("bimi", "dane", "dkim", "dmarc", *MTA_STS, "mx", "spf", "spoofing", "tls-rpt", "transport")
"""What is said of a mail domain without a word to its mail servers, as checkdmarc does without its SMTP and TLS tests."""
CHECKDMARC_ASKS = ("bimi", "dmarc", *MTA_STS, "mx", "spf", "tls-rpt")
"""What both look at. checkdmarc also says whether there are NS, SOA and DNSKEY records; Tenken's checks of those talk to the servers."""
HEART = ("dmarc", "mx", "spf")
COUNTER = """table inet bench {
  chain out {
    type filter hook output priority 0
    udp dport 53 counter
  }
}
"""

INVENTORY = """scope:
  approved_by: the laboratory
  allow:
    - {domain: lg.jp}
  pace:
    - {network: 0.0.0.0/0, per_second: 10000, at_once: 256}
    - {network: "::/0", per_second: 10000, at_once: 256}
domains:
"""

CHECKDMARC = """
import json, sys, checkdmarc
names = [line.strip() for line in open(sys.argv[2])]
found = checkdmarc.check_domains(names, nameservers=[sys.argv[1]], check_mx_tls=False, wait=0.0)
answers = 0
for one in found if isinstance(found, list) else [found]:
    parts = ("soa", "ns", "mx", "mta_sts", "spf", "dmarc", "smtp_tls_reporting", "bimi")
    answers += sum(isinstance(one.get(part), dict) for part in parts) + isinstance(one.get("dnssec"), bool)
json.dump(found, open(sys.argv[3], "w"), default=str)
print(answers)
"""


@dataclass(frozen=True)
class Figures:
    """One run: seconds of wall clock and processor, megabytes at the peak, questions sent, and answers given (verdicts)."""

    wall: float
    cpu: float
    peak_mb: float
    questions: int
    answers: int


@dataclass(frozen=True)
class Ground:
    """Where the programs run: the laboratory, the address of the resolver that they ask, a folder that is empty at the beginning."""

    lab: Lab
    resolver: str
    folder: Path


Program = Callable[[Ground, Sequence[str]], Figures]
Medians = dict[str, Figures]
Seconds = dict[str, float]


@dataclass(frozen=True)
class Memory:
    """The most megabytes that all processes of a run held at a time, and the most that one of them did."""

    together: float
    largest: float


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--domains", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--away", type=int, nargs="*", default=[0, 2], help="distances of the resolver in milliseconds")
    parser.add_argument("--memory", type=int, nargs="*", default=[1000, 2000, 3000], help="numbers of domains for the growth of memory")
    options = parser.parse_args()
    set_up(ENVIRONMENT, LOCK)
    figures: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as temporary, Lab.up(bulk=max([options.domains, *options.memory])) as lab:
        folder = Path(temporary)
        _nft(lab, COUNTER)
        near = Ground(lab, lab.resolver, folder)
        for run in PROGRAMS.values():  # the resolver has seen every name before anything is measured
            run(near, lab.bulk[: options.domains])
        for away in options.away:
            with far_resolver(lab, away, folder) if away else nullcontext(lab.resolver) as resolver:
                figures[f"{away} ms"] = _compare(Ground(lab, resolver, folder), options.domains, options.rounds, away)
        memory = {n: _held(near, lab.bulk[:n]) for n in options.memory}
    _print_memory(memory)
    print(json.dumps({**figures, "memory_mb": {n: asdict(held) for n, held in memory.items()}}))
    return 0


def _compare(ground: Ground, domains: int, rounds: int, away: int) -> dict[str, object]:
    names = ground.lab.bulk[:domains]
    seen = [{name: run(ground, names) for name, run in PROGRAMS.items()} for _ in range(rounds)]
    start_up = {name: min(run(ground, names[:1]).wall for _ in range(3)) for name, run in PROGRAMS.items()}
    medians = {
        name: Figures(*(statistics.median(values) for values in zip(*(asdict(one[name]).values() for one in seen), strict=True)))
        for name in PROGRAMS
    }
    steady = {name: domains / (m.wall - start_up[name]) for name, m in medians.items()}
    print(f"the resolver {away} ms away" if away else "the resolver at no distance, every name in its memory")
    _print(medians, start_up, steady, domains)
    return {"medians": {n: asdict(m) for n, m in medians.items()}, "steady": steady, "start_up": start_up}


def _print(medians: Medians, start_up: Seconds, steady: Seconds, domains: int) -> None:
    other = medians["checkdmarc"]
    heads = ("program", "domains/s", "ratio", "steady/s", "ratio", "start-up s", "CPU s", "peak MB", "questions/domain", "answers/domain")
    print(_row(heads))
    for name, m in medians.items():
        row = (
            name,
            f"{domains / m.wall:.1f}",
            f"{other.wall / m.wall:.2f}",
            f"{steady[name]:.1f}",
            f"{steady[name] / steady['checkdmarc']:.2f}",
            f"{start_up[name]:.2f}",
            f"{m.cpu:.2f}",
            f"{m.peak_mb:.0f}",
            f"{m.questions / domains:.1f}",
            f"{m.answers / domains:.1f}",
        )
        print(_row(row), flush=True)


def _print_memory(memory: dict[int, Memory]) -> None:
    for n, held in memory.items():
        print(f"memory of tenken at {n} domains: {held.together:.1f} MB in all its processes, {held.largest:.1f} MB in the largest")
    if len(memory) > 1:
        (first, before), *_, (last, after) = sorted(memory.items())
        each = 1000 / (last - first)
        together, largest = (after.together - before.together) * each, (after.largest - before.largest) * each
        print(f"growth from {first} to {last} domains: {together:+.2f} MB per 1,000 in all its processes, {largest:+.2f} MB in the largest")


def _row(cells: Sequence[str]) -> str:
    return "  ".join([f"{cells[0]:>23}", *(f"{cell:>16}" for cell in cells[1:])])


def _checkdmarc(ground: Ground, names: Sequence[str]) -> Figures:
    listed = ground.folder / "names"
    listed.write_text("\n".join(names))
    python = str(ENVIRONMENT / "bin" / "python")
    command = [python, "-c", CHECKDMARC, ground.resolver, str(listed), str(ground.folder / "found.json")]
    return _measured(ground.lab, command, lambda out: int(out.split()[-1]))


def _tenken(subjects: Sequence[str], *, store: bool = False) -> Program:
    def run(ground: Ground, names: Sequence[str]) -> Figures:
        return _scan(ground, names, subjects, [f"--store={ground.folder / 'runs.sqlite3'}" if store else "--no-store"])

    return run


def _scan(ground: Ground, names: Sequence[str], subjects: Sequence[str], more: Sequence[str]) -> Figures:
    def answers(_: str) -> int:
        # The last line alone: what this process holds counts for its children.
        with (ground.folder / "out" / "record.jsonl").open("rb") as record:
            record.seek(-4096, os.SEEK_END)
            end = json.loads(record.read().splitlines()[-1])
        return sum(end["outcomes"][outcome] for outcome in ("pass", "fail", "not-applicable"))

    return _measured(ground.lab, _command(ground, names, subjects, more), answers)


def _command(ground: Ground, names: Sequence[str], subjects: Sequence[str], more: Sequence[str]) -> list[str]:
    inventory = ground.folder / "inventory.yaml"
    inventory.write_text(INVENTORY + "".join(f"  - {name}\n" for name in names))
    command = [TENKEN, "scan", f"--inventory={inventory}", *(f"--only=mail.{subject}" for subject in subjects), "--format=jsonl"]
    return [*command, f"--out={ground.folder / 'out'}", *more, f"--resolver={ground.resolver}", f"--ca-file={ground.lab.ca_file}"]


PROGRAMS: dict[str, Program] = {
    "checkdmarc": _checkdmarc,
    "tenken mail": _tenken(SUBJECTS),
    "what both ask": _tenken(CHECKDMARC_ASKS),
    "DMARC, MX, SPF": _tenken(HEART),
    "tenken mail, with store": _tenken(SUBJECTS, store=True),
}


def _measured(lab: Lab, command: Sequence[str], answers: Callable[[str], int]) -> Figures:
    before = _asked(lab)
    began = time.monotonic()
    process = _started(lab, command)
    assert process.stdout is not None
    out = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    wall = time.monotonic() - began
    _check(process, status)
    return Figures(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, _asked(lab) - before, answers(out))


def _held(ground: Ground, names: Sequence[str]) -> Memory:
    process = _started(ground.lab, _command(ground, names, SUBJECTS, ["--no-store"]))
    together = largest = 0.0
    while os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        each = _memory(process.pid)
        together, largest = max(together, sum(each)), max(largest, *each, 0.0)
        time.sleep(WATCH_SECONDS)
    _check(process, os.waitpid(process.pid, 0)[1])
    return Memory(together, largest)


def _started(lab: Lab, command: Sequence[str]) -> subprocess.Popen[str]:
    environment = as_installed() | {"SSL_CERT_FILE": str(lab.ca_file)}
    inside = lab.command(list(command), "outside")
    return subprocess.Popen(inside, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment, text=True)


def _check(process: subprocess.Popen[str], status: int) -> None:
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in {0, 1, 3}:
        raise RuntimeError(f"{process.args!r} ended with {process.returncode}")


def _memory(process: int) -> list[float]:
    """Give the MB that a process and each below it hold now; pages that forked processes share are divided among them."""
    megabytes = []
    waiting = [process]
    with suppress(OSError, ValueError):  # one that has just ended
        while waiting:
            one = waiting.pop()
            waiting += map(int, Path(f"/proc/{one}/task/{one}/children").read_text().split())
            megabytes.append(int(Path(f"/proc/{one}/smaps_rollup").read_text().partition("\nPss:")[2].split()[0]) / 1024)
    return megabytes


def _asked(lab: Lab) -> int:
    """Count the questions sent from the scanner's namespace so far."""
    listed = lab.run(["nft", "-j", "list", "table", "inet", "bench"], where="outside").stdout
    for item in json.loads(listed)["nftables"]:
        for expression in item.get("rule", {}).get("expr", ()):
            if "counter" in expression:
                return int(expression["counter"]["packets"])
    raise RuntimeError("the counter is not there")


def _nft(lab: Lab, rules: str) -> None:
    subprocess.run(lab.command(["nft", "-f", "-"], "outside"), input=rules, text=True, check=True)


if __name__ == "__main__":
    sys.exit(main())

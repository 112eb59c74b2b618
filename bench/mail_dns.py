"""Tenken beside checkdmarc 6 on the same 500 laboratory domains, over the same resolver, in turn: ``python -m bench.mail_dns``.

Prints a table and one line of JSON, and writes nothing else. Each program is started as people start it; "start-up" is the time of a
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
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

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


Program = Callable[[Lab, Sequence[str], Path], Figures]


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
    parser.add_argument("--memory", type=int, nargs="*", default=[1000, 2000, 3000], help="numbers of domains for the growth of memory")
    options = parser.parse_args()
    set_up(ENVIRONMENT, LOCK)
    with tempfile.TemporaryDirectory() as folder, Lab.up(bulk=max([options.domains, *options.memory])) as lab:
        _nft(lab, COUNTER)
        names = list(lab.bulk)
        programs = {
            "checkdmarc": _checkdmarc,
            "tenken mail": _tenken(SUBJECTS),
            "what both ask": _tenken(CHECKDMARC_ASKS),
            "DMARC, MX, SPF": _tenken(HEART),
            "tenken mail, with store": _tenken(SUBJECTS, store=True),
        }
        for run in programs.values():  # the resolver has seen every name before anything is measured
            run(lab, names[: options.domains], Path(folder))
        rounds = [{name: run(lab, names[: options.domains], Path(folder)) for name, run in programs.items()} for _ in range(options.rounds)]
        start_up = {name: min(run(lab, names[:1], Path(folder)).wall for _ in range(3)) for name, run in programs.items()}
        memory = {n: _held(lab, names[:n], Path(folder)) for n in options.memory}
    _print(rounds, start_up, memory, options.domains)
    return 0


def _print(rounds: Sequence[dict[str, Figures]], start_up: dict[str, float], memory: dict[int, Memory], domains: int) -> None:
    medians = {
        name: Figures(*(statistics.median(values) for values in zip(*(asdict(r[name]).values() for r in rounds), strict=True)))
        for name in rounds[0]
    }
    steady = {name: domains / (m.wall - start_up[name]) for name, m in medians.items()}
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
        print(_row(row))
    for n, held in memory.items():
        print(f"memory of tenken at {n} domains: {held.together:.1f} MB in all its processes, {held.largest:.1f} MB in the largest")
    if len(memory) > 1:
        (first, before), *_, (last, after) = sorted(memory.items())
        each = 1000 / (last - first)
        together, largest = (after.together - before.together) * each, (after.largest - before.largest) * each
        print(f"growth from {first} to {last} domains: {together:+.2f} MB per 1,000 in all its processes, {largest:+.2f} MB in the largest")
    of_memory = {n: asdict(held) for n, held in memory.items()}
    figures = {"medians": {n: asdict(m) for n, m in medians.items()}, "steady": steady, "start_up": start_up, "memory_mb": of_memory}
    print(json.dumps(figures))


def _row(cells: Sequence[str]) -> str:
    return "  ".join([f"{cells[0]:>23}", *(f"{cell:>16}" for cell in cells[1:])])


def _checkdmarc(lab: Lab, names: Sequence[str], folder: Path) -> Figures:
    listed = folder / "names"
    listed.write_text("\n".join(names))
    python = str(ENVIRONMENT / "bin" / "python")
    command = [python, "-c", CHECKDMARC, lab.resolver, str(listed), str(folder / "found.json")]
    return _measured(lab, command, lambda out: int(out.split()[-1]))


def _tenken(subjects: Sequence[str], *, store: bool = False) -> Program:
    def run(lab: Lab, names: Sequence[str], folder: Path) -> Figures:
        return _scan(lab, names, folder, subjects, [f"--store={folder / 'runs.sqlite3'}" if store else "--no-store"])

    return run


def _scan(lab: Lab, names: Sequence[str], folder: Path, subjects: Sequence[str], more: Sequence[str]) -> Figures:
    def answers(_: str) -> int:
        with (folder / "out" / "record.jsonl").open("rb") as record:  # the last line alone: what this process holds counts for its children
            record.seek(-4096, os.SEEK_END)
            end = json.loads(record.read().splitlines()[-1])
        return sum(end["outcomes"][outcome] for outcome in ("pass", "fail", "not-applicable"))

    return _measured(lab, _command(lab, names, folder, subjects, more), answers)


def _command(lab: Lab, names: Sequence[str], folder: Path, subjects: Sequence[str], more: Sequence[str]) -> list[str]:
    inventory = folder / "inventory.yaml"
    inventory.write_text(INVENTORY + "".join(f"  - {name}\n" for name in names))
    command = [TENKEN, "scan", f"--inventory={inventory}", *(f"--only=mail.{subject}" for subject in subjects), "--format=jsonl"]
    return [*command, f"--out={folder / 'out'}", *more, f"--resolver={lab.resolver}", f"--ca-file={lab.ca_file}"]


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


def _held(lab: Lab, names: Sequence[str], folder: Path) -> Memory:
    process = _started(lab, _command(lab, names, folder, SUBJECTS, ["--no-store"]))
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

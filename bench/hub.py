"""Thousands of simulated agents at a hub over TLS on loopback: reports a second, times, CPU and memory; and a restart in between.

``python -m bench.hub [--agents N] [--rounds N] [--postgresql | --database URL] [--processes N] [--connections N]
[--changed] [--restart] [--no-tls]``. The reports are made and signed beforehand, so what is measured is the hub; but client and hub
share the machine's cores.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import ssl
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles

from sqlalchemy import func, insert, select

from scanner.codec import fact_types
from scanner.hub import clock
from scanner.hub.database import Database
from scanner.hub.enrolment import NEW_AGENT
from scanner.hub.keyfile import load_or_make
from scanner.hub.schema import agents, chains, reports
from scanner.model.fact import Fact, Observation, Unobserved
from scanner.model.reason import Reason
from scanner.protocol.envelope import digest
from scanner.protocol.keys import SigningKey
from tests.agent.killing import HOST, free_port, make_certificate, trusting, wait_for
from tests.hub.postgres import cluster
from tests.hub.simulated import Simulated

FACTS = 60
"""Facts in one report, as many as a platform may come to have."""


def many_facts(number: int = 0) -> dict[str, Observation[Fact]]:
    """Answers under the names of facts that this version knows; ``number`` changes one of them."""
    names = sorted(fact_types())[:FACTS]
    return {name: Unobserved(Reason.UNSUPPORTED, f"{name} {number if i == 0 else ''}", "") for i, name in enumerate(names)}


def enrolled(database: Database, count: int) -> list[Simulated]:
    """Enrol agents by the thousand, as the tables have them after an enrolment."""
    made, now = [], clock.now()
    with database.writing() as db:
        for number in range(count):
            one = Simulated(f"a-{number:016x}", SigningKey.make(), digest(str(number).encode()))
            made.append(one)
        fresh = {"note": "", "platform": "linux", "enrolled_at": now, **NEW_AGENT}
        db.execute(insert(agents), [{"id": n + 1, "agent": a.agent, "name": a.agent, **fresh} for n, a in enumerate(made)])
        empty = {"enrolled_at": now, "last": 0, "state": "", "boot": "", "uptime": 0, "address": "", "version": "", "repeats": 0}
        rows = [
            {"agent_id": n + 1, "key": a.key.id, "public_key": a.key.public.text, "genesis": a.digest, "digest": a.digest, **empty}
            for n, a in enumerate(made)
        ]
        db.execute(insert(chains), rows)
    return made


@dataclass
class Load:
    """Sends prepared reports over some connections, each agent's in order."""

    port: int
    context: ssl.SSLContext | None
    taken: int = 0
    statuses: dict[int, int] = field(default_factory=dict)
    waits: list[float] = field(default_factory=list)
    sent_again: int = 0

    async def send(self, queues: list[list[bytes]]) -> float:
        """Send everything and give the seconds that it took. What gets no answer is sent again."""
        began = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for queue in queues:
                group.create_task(self._one(queue))
        return time.monotonic() - began

    async def _one(self, queue: list[bytes]) -> None:
        streams = None
        for body in queue:
            head = f"POST /agent/1/reports HTTP/1.1\r\nHost: hub\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            while True:
                before = time.monotonic()
                try:
                    streams = streams or await asyncio.open_connection(HOST, self.port, ssl=self.context)
                    reader, writer = streams
                    writer.write(head + body)
                    status = await _answer(reader)
                except (OSError, asyncio.IncompleteReadError, ValueError):
                    streams = None
                    self.sent_again += 1
                    await asyncio.sleep(0.05)
                    continue
                break
            self.waits.append(time.monotonic() - before)
            self.statuses[status] = self.statuses.get(status, 0) + 1
        if streams:
            streams[1].close()


async def _answer(reader: asyncio.StreamReader) -> int:
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    await reader.readexactly(length)
    return int(head[9:12])


class Hubs:
    """The processes of one hub."""

    def __init__(self, command: list[str], count: int) -> None:
        self._command, self._count = command, count
        self._start()

    def _start(self) -> None:
        self._running = [subprocess.Popen(self._command, stdout=subprocess.DEVNULL) for _ in range(self._count)]

    def kill(self) -> None:
        """End all of them without asking."""
        for process in self._running:
            process.kill()
            process.wait()

    def restart(self) -> None:
        """Kill them and start them again."""
        self.kill()
        self._start()

    def usage(self) -> tuple[float, float]:
        """Give their CPU seconds and the largest memory in MB of one."""
        seconds, most = 0.0, 0.0
        for process in self._running:
            ticks = Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
            status = dict(line.split(":", 1) for line in Path(f"/proc/{process.pid}/status").read_text().splitlines())
            seconds += (int(ticks[11]) + int(ticks[12])) / 100
            most = max(most, int(status["VmHWM"].split()[0]) / 1024)
        return seconds, most


def main() -> None:
    """Run it and print one line of JSON; fails where a report was lost or refused."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--agents", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3, help="reports of each agent after its first one")
    parser.add_argument("--database", default="", help="SQLite in a temporary directory where none is given")
    parser.add_argument("--postgresql", action="store_true", help="a cluster of its own, gone afterwards")
    parser.add_argument("--changed", action="store_true")
    parser.add_argument("--restart", action="store_true", help="kill the hub twice on the way")
    parser.add_argument("--processes", type=int, default=1, help="processes of the hub; several with PostgreSQL only")
    parser.add_argument("--connections", type=int, default=64, help="reports that are under way at a time")
    parser.add_argument("--no-tls", action="store_true")
    given = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = stack.enter_context(cluster()) if given.postgresql else given.database or f"sqlite:///{folder / 'hub.sqlite3'}"
        load_or_make(folder / "hub.key")
        with Database(url) as database:
            fleet = enrolled(database, given.agents)
        first = [agent.report(many_facts()) for agent in fleet]
        rounds = [[agent.report(many_facts(n + 1 if given.changed else 0)) for agent in fleet] for n in range(given.rounds)]
        certificate, key = make_certificate(folder)
        port = free_port()
        words = [url, str(folder / "hub.key"), str(port), *(["", ""] if given.no_tls else [str(certificate), str(key)])]
        hubs = Hubs([sys.executable, "-m", "tests.hub.run_hub", *words, "share"], given.processes)
        wait_for(port)
        context = None if given.no_tls else trusting(certificate)
        warm = Load(port, context)
        asyncio.run(warm.send([first[n :: given.connections] for n in range(given.connections)]))
        before, _ = hubs.usage()
        load = Load(port, context)
        queues = [[one[n] for n in range(c, given.agents, given.connections) for one in rounds] for c in range(given.connections)]

        async def run() -> float:
            sending = asyncio.create_task(load.send(queues))
            for _ in range(2 if given.restart else 0):
                await asyncio.sleep(2)
                hubs.restart()
            return await sending

        own = time.process_time()
        seconds = asyncio.run(run())
        own = time.process_time() - own
        cpu, memory = hubs.usage()
        hubs.kill()
        sent = given.agents * given.rounds
        with Database(url) as database, database.reading() as db:
            kept = db.execute(select(func.count()).select_from(reports)).scalar_one()
            last = db.execute(select(func.min(chains.c.last))).scalar_one()
        assert kept == sent + given.agents, f"{kept} kept, {sent + given.agents} sent"
        assert last == given.rounds + 1
        assert set(load.statuses) == {200}, load.statuses
        figures = {
            "database": url.partition(":")[0],
            "tls": not given.no_tls,
            "processes": given.processes,
            "connections": given.connections,
            "agents": given.agents,
            "reports": sent,
            "changed": given.changed,
            "octets": len(rounds[0][0]),
            "seconds": round(seconds, 1),
            "per_second": round(sent / seconds),
            "p50_ms": round(quantiles(load.waits, n=100)[49] * 1000),
            "p99_ms": round(quantiles(load.waits, n=100)[98] * 1000),
            "hub_cpu_ms_per_report": None if given.restart else round((cpu - before) * 1000 / sent, 3),
            "client_cpu_ms_per_report": round(own * 1000 / sent, 3),
            "hub_memory_mb": round(memory),
            "restarts": 2 if given.restart else 0,
            "sent_again": load.sent_again,
        }
        print(json.dumps(figures))


if __name__ == "__main__":
    main()

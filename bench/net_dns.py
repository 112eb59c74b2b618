"""How many questions a second: Tenken's ``resolve()`` beside dnspython's asynchronous clients, same resolver, same run.

Needs Debian's ``unbound``; starts one of its own on a loopback port that answers from memory, so that the clients are what is
measured. ``python bench/net_dns.py [QUESTIONS]``. Every question is for a name of its own: Tenken's memory never helps.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import dns.asyncquery
import dns.asyncresolver
import dns.message
import dns.rdatatype

from scanner.net.net import DnsServer, Status
from scanner.net.network import Network, Settings
from scanner.wire.dns import Type, parse, query

PORT = 53953
WIDTH = 200  # questions under way at once
KINDS = (Type.A, Type.TXT, Type.MX, Type.AAAA)
CONFIG = """
server:
  interface: 127.0.0.1@{port}
  do-daemonize: no
  username: ""
  chroot: ""
  directory: "{folder}"
  pidfile: ""
  use-syslog: no
  verbosity: 0
  num-threads: 1
  access-control: 127.0.0.0/8 allow
  local-zone: "bench.test." redirect
  local-data: "bench.test. 300 IN A 192.0.2.1"
  local-data: "bench.test. 300 IN A 192.0.2.2"
  local-data: "bench.test. 300 IN AAAA 2001:db8::1"
  local-data: "bench.test. 300 IN MX 10 mx1.bench.test."
  local-data: "bench.test. 300 IN MX 20 mx2.bench.test."
  local-data: 'bench.test. 300 IN TXT "v=spf1 include:_spf.bench.test ip4:192.0.2.0/24 -all"'
remote-control:
  control-enable: no
"""


@contextmanager
def unbound() -> Iterator[None]:
    """Run a resolver that knows all below bench.test."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder, "unbound.conf")
        config.write_text(CONFIG.format(port=PORT, folder=folder), encoding="utf-8")
        with subprocess.Popen(["/usr/sbin/unbound", "-d", "-c", str(config)]) as process:
            try:
                _await_answer()
                yield
            finally:
                process.terminate()
                process.wait()


def _await_answer() -> None:
    import socket  # only the bench itself waits in this way

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.settimeout(0.1)
        for _ in range(100):
            try:
                probe.sendto(query("bench.test", Type.A, id=1, rd=True), ("127.0.0.1", PORT))
                parse(probe.recv(4096))
            except OSError:
                time.sleep(0.05)
            else:
                return
    raise SystemExit("unbound did not answer")


def names(run: str, count: int) -> Iterator[tuple[str, Type]]:
    """Names that nobody has asked before."""
    for number in range(count):
        yield f"n{number}.{run}.bench.test", KINDS[number % len(KINDS)]


async def timed(work: Iterator[tuple[str, Type]], one: Callable[[str, Type], Awaitable[bool]]) -> float:
    """Ask everything with ``WIDTH`` workers; give the seconds. Every answer must have been good."""

    async def worker() -> None:
        for name, kind in work:
            assert await one(name, kind), name

    start = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(WIDTH):
            group.create_task(worker())
    return time.perf_counter() - start


async def main(count: int) -> None:
    """Measure and print."""
    settings = Settings(resolvers=(DnsServer("", "127.0.0.1", PORT),))

    async def tenken(run: str) -> float:
        async with Network(settings) as network:

            async def one(name: str, kind: Type) -> bool:
                return (await network.view(name).resolve(name, kind)).status is Status.FOUND

            return await timed(names(run, count), one)

    async def dnspython_resolver(run: str) -> float:
        resolver = dns.asyncresolver.Resolver(configure=False)
        resolver.nameservers, resolver.port = ["127.0.0.1"], PORT
        resolver.use_edns(0, dns.flags.DO, 1232)

        async def one(name: str, kind: Type) -> bool:
            return bool(await resolver.resolve(name, dns.rdatatype.RdataType.make(int(kind))))

        return await timed(names(run, count // 5), one) * 5

    async def dnspython_query(run: str) -> float:
        async def one(name: str, kind: Type) -> bool:
            question = dns.message.make_query(name, dns.rdatatype.RdataType.make(int(kind)), want_dnssec=True)
            return bool((await dns.asyncquery.udp(question, "127.0.0.1", port=PORT, timeout=5)).answer)

        return await timed(names(run, count // 5), one) * 5

    for title, work in (
        ("Tenken resolve()", tenken),
        ("dnspython Resolver.resolve", dnspython_resolver),
        ("dnspython asyncquery.udp", dnspython_query),
    ):
        rates = [count / await work(f"{title.split()[-1][:3].lower()}{turn}") for turn in range(3)]
        print(f"{title:28} {max(rates):9.0f} questions/s  (three runs: {', '.join(f'{rate:.0f}' for rate in rates)})")


if __name__ == "__main__":
    with unbound():
        asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 20000))

"""A look at many services in several processes: how they are divided, and how what each has seen comes back. Nothing is seen here.

Python runs on one core at a time, and a look at hundreds of servers is bound by it. Services of one operator stay together, so that its
turns are counted in one process; the turns of one address are divided among all.
"""

from __future__ import annotations

import asyncio
import os
import selectors
import signal
import socket
import sys
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import suppress
from typing import Any

from scanner.model.target import Service
from scanner.net.pacing import Pace, operator_of

MOST = 4
"""Processes; each has at least one of the four places that an address has by default."""
LEAST = 50
"""Services of a share: below, starting a process takes longer than it saves."""
_HEAD = 9

Tell = Callable[[bool, str], None]
"""Takes what one service has shown, written out, and whether it was seen."""
Work = Callable[[Sequence[Service], Pace, Tell], Coroutine[Any, Any, None]]
"""Look at services at a pace, and tell of each as soon as it has been seen."""


class ShareLost(RuntimeError):
    """A process ended before its services did."""


def divided(services: Sequence[Service]) -> list[list[Service]]:
    """Divide services into shares of about the same size, as many as pay: one for few, and for those of one operator."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "fork") and hasattr(os, "sched_getaffinity") else 1
    count = min(MOST, cores, len(services) // LEAST)
    if count < 2:
        return [list(services)]
    together: dict[str, list[Service]] = {}
    for service in services:
        together.setdefault(operator_of(service.host, service.address or service.host), []).append(service)
    shares: list[list[Service]] = [[] for _ in range(count)]
    for group in sorted(together.values(), key=len, reverse=True):
        min(shares, key=len).extend(group)
    return [share for share in shares if share]


def pace_of(shares: Sequence[Sequence[Service]]) -> Pace:
    """Give the pace of each share: where every address is known and in one share only, that of a look in one process."""
    pace = Pace()
    known = [{service.address or service.host for service in share} for share in shares]
    named = all(service.address for share in shares for service in share)
    if len(shares) == 1 or (named and sum(map(len, known)) == len(set().union(*known))):
        return pace
    count = len(shares)
    return Pace(address=pace.address.share(count), operator=pace.operator, resolver=pace.resolver.share(count))


def look_in_shares(shares: Sequence[Sequence[Service]], work: Work, tell: Tell) -> None:
    """Look at every share in a process of its own. When this process goes away, so do they. Raises ``ShareLost``."""
    pace = pace_of(shares)
    sys.stdout.flush()  # what stood in the buffer would be written by each of them
    children: list[int] = []
    lines: list[socket.socket] = []
    try:
        for share in shares:
            here, there = socket.socketpair()
            child = os.fork()
            if not child:
                for line in (*lines, here):
                    line.close()  # else these would stay open here after the first process's end
                _one_share(share, work, pace, there)
            there.close()
            lines.append(here)
            children.append(child)
        for seen, text in _arriving(lines):
            tell(seen, text)
    finally:
        for line in lines:
            line.close()
        for child in children:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGTERM)
            os.waitpid(child, 0)


def _one_share(share: Sequence[Service], work: Work, pace: Pace, line: socket.socket) -> None:
    """See one share, in its own process, which does not come back from here."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process hears of it too, and ends this one
    status = 1

    def tell(seen: bool, text: str) -> None:
        octets = text.encode("utf-8", "surrogateescape")
        line.sendall(bytes((seen,)) + len(octets).to_bytes(_HEAD - 1, "big") + octets)

    async def go() -> None:
        # Nothing is ever sent to us: readable means that the first process is gone.
        asyncio.get_running_loop().add_reader(line.fileno(), os._exit, 1)
        await work(share, pace, tell)
        asyncio.get_running_loop().remove_reader(line.fileno())

    try:
        asyncio.run(go())
        line.sendall(bytes(_HEAD))  # the end: nothing that was seen is empty
        status = 0
    except BrokenPipeError:
        pass
    finally:
        os._exit(status)


def _arriving(lines: Sequence[socket.socket]) -> Iterator[tuple[bool, str]]:
    """Give what the processes tell, as it comes."""
    with selectors.DefaultSelector() as ready:
        for line in lines:
            ready.register(line, selectors.EVENT_READ, bytearray())
        while ready.get_map():
            for key, _ in ready.select():
                line = lines[[each.fileno() for each in lines].index(key.fd)]
                data = line.recv(1 << 16)
                if not data:
                    raise ShareLost("a process ended before its share of the services did")
                key.data.extend(data)
                while len(key.data) >= _HEAD and len(key.data) >= (end := _HEAD + int.from_bytes(key.data[1:_HEAD], "big")):
                    seen, text = bool(key.data[0]), bytes(key.data[_HEAD:end]).decode("utf-8", "surrogateescape")
                    del key.data[:end]
                    if not text:
                        ready.unregister(line)
                        break
                    yield seen, text

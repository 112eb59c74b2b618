"""A large run in several processes: each sees, judges and writes a share of the targets; the first one counts and keeps order.

Python runs on one core of a machine at a time, and a run over many domains is bound by it. The shares know nothing of each other,
so a run is only divided where its targets lead to nothing that they would look at together, and each share gets its part of the pace:
what all of them send to one address or operator stays within it. The processes are forked: what was loaded is there already.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess
from multiprocessing.sharedctypes import Synchronized
from typing import Any

from scanner.engine.factset import FactSet
from scanner.engine.judge import Ending, Result
from scanner.engine.keys import KeyUse
from scanner.engine.plan import Plan
from scanner.engine.run import UNLISTED, Judging, RunEnd, Seen, TargetDone, judged
from scanner.engine.scan import WINDOW, Taker, seldom_collecting
from scanner.model.target import Target

MOST = 4
"""Processes; each has at least one of the four places that an address has by default."""
LEAST_TARGETS = 100
"""Targets of a share: below, starting a process takes longer than it saves."""

Work = Callable[[Taker, Iterator[Target], asyncio.Semaphore, int], Coroutine[Any, Any, None]]
"""See the targets of one of so many shares and hand each on; the semaphore is released from outside."""


class ShareLost(RuntimeError):
    """A process ended before its share of the targets did."""


def shares_of(plan: Plan, targets: Sequence[Target]) -> int:
    """Tell into how many shares a run is best divided: as many as there are cores, 1 for a small run or one that follows leads."""
    if not hasattr(os, "fork") or not hasattr(os, "sched_getaffinity"):
        return 1
    if any(not plan.kinds_below(target) <= set(target.kinds) for target in targets):
        return 1
    return max(1, min(MOST, len(os.sched_getaffinity(0)), len(targets) // LEAST_TARGETS))


@dataclass(frozen=True)
class Sharing:
    """How a run is divided: into how many shares, how one is seen, and what is made there of each target for ``TargetDone.written``."""

    shares: int
    work: Work
    written: Callable[[TargetDone], object]


def scan_in_shares(judging: Judging, targets: Sequence[Target], sharing: Sharing, now: Callable[[], str]) -> RunEnd:
    """See and judge every target. A process takes the next one when it is free for it, so that none runs far ahead of another.

    Raises ``ShareLost``, and what a sink raises.
    """
    with seldom_collecting(), _processes(judging, targets, sharing) as posts:
        judging.begin()  # not before the processes are there: a sink may start threads, and those are not forked along
        for number, (share, parcel) in enumerate(_in_order(posts, len(targets))):
            judging.pass_on(parcel.opened(targets[number], judging))
            with suppress(BrokenPipeError):  # its share was at its end
                os.write(posts[share].fileno(), b".")
    return judging.finish(now())


def _in_order(posts: Sequence[Connection], count: int) -> Iterator[tuple[int, _Parcel]]:
    """Give what comes in the order of the targets, each with the number of its share. No share is ever kept waiting for its turn."""
    arrived: dict[int, tuple[int, _Parcel]] = {}
    open_posts = list(posts)
    for number in range(count):
        while number not in arrived:
            for post in wait(open_posts):
                share = next(s for s, p in enumerate(posts) if p is post)
                try:
                    parcel: _Parcel | None = posts[share].recv()
                except (EOFError, ConnectionResetError):
                    raise ShareLost(
                        f"process {share + 1} of {len(posts)} ended before its work, at target {number + 1} of {count}"
                    ) from None
                if parcel is None:  # its share is done
                    open_posts.remove(posts[share])
                else:
                    arrived[parcel.number] = share, parcel
        yield arrived.pop(number)


@dataclass(frozen=True)
class _Parcel:
    """A judged target on its way: endings in the order of the plan, and what was written. Facts are not sent: they are written already."""

    number: int
    started_at: str
    ended_at: str
    endings: tuple[tuple[Any, ...], ...]  # the fields of ``Ending``: an instance takes longer to pack
    written: object
    keys: tuple[KeyUse, ...]

    @classmethod
    def of(cls, number: int, done: TargetDone, written: object) -> _Parcel:
        """Pack a target whose results are all about itself."""
        endings = []
        for result in done.results:
            assert result.subject == done.seen.facts.target, "a share follows no leads"
            endings.append(tuple(result.ending))
        return cls(number, done.seen.started_at, done.seen.ended_at, tuple(endings), written, done.keys)

    def opened(self, target: Target, judging: Judging) -> TargetDone:
        """Give the target as it was judged, without its facts."""
        variants = judging.plan.for_target(target)
        results = tuple([Result(target, target, v, Ending._make(end), ()) for v, end in zip(variants, self.endings, strict=True)])
        systems = judging.inventory.systems_of(target) or (UNLISTED,)
        return TargetDone(Seen(FactSet(target), self.started_at, self.ended_at), systems, results, self.written, self.keys)


@dataclass(frozen=True)
class _Desk:
    """The desk of one process: draws targets, judges what was seen of them and posts it."""

    judging: Judging
    targets: Sequence[Target]
    drawn: Synchronized[int]
    """How many targets all processes have drawn."""
    written: Callable[[TargetDone], object]
    post: Connection
    numbers: dict[Target, int] = field(default_factory=dict)

    def draw(self) -> Iterator[Target]:
        while True:
            with self.drawn.get_lock():
                number = self.drawn.value
                self.drawn.value += 1
            if number >= len(self.targets):
                return
            self.numbers[self.targets[number]] = number
            yield self.targets[number]

    def take(self, seen: Seen) -> None:
        done = judged(seen, self.judging.plan, self.judging.inventory)
        self.post.send(_Parcel.of(self.numbers.pop(seen.facts.target), done, self.written(done)))


@contextmanager
def _processes(judging: Judging, targets: Sequence[Target], sharing: Sharing) -> Iterator[list[Connection]]:
    forking = multiprocessing.get_context("fork")
    drawn = forking.Value("q", 0)
    posts: list[Connection] = []
    running: list[ForkProcess] = []
    try:
        for _ in range(sharing.shares):
            here, there = forking.Pipe()
            desk = _Desk(judging, targets, drawn, sharing.written, there)
            process = forking.Process(target=_share, args=(desk, sharing, [*posts, here]), daemon=True)
            process.start()
            there.close()
            posts.append(here)
            running.append(process)
        yield posts
    finally:
        for post in posts:
            post.close()
        for process in running:
            process.terminate()
            process.join()


def _share(desk: _Desk, sharing: Sharing, others: Sequence[Connection]) -> None:
    """See one share, in its own process. When the first process goes away, so does this one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process hears of it too, and ends this one
    for other in others:
        other.close()  # else the other pipes would stay open here after the first process's end

    async def go() -> None:
        room = asyncio.Semaphore(max(1, WINDOW // sharing.shares))

        def heard() -> None:
            taken = os.read(desk.post.fileno(), 4096)
            if not taken:
                os._exit(1)
            for _ in taken:
                room.release()

        loop = asyncio.get_running_loop()
        loop.add_reader(desk.post.fileno(), heard)
        try:
            await sharing.work(desk, desk.draw(), room, sharing.shares)
        finally:
            loop.remove_reader(desk.post.fileno())

    asyncio.run(go())
    desk.post.send(None)

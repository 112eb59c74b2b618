"""A large run in several processes: each sees, judges and writes a share of the targets; the first one counts.

Python runs on one core of a machine at a time, and a run over many domains is bound by it. The shares know nothing of each other,
so a run is only divided where its targets lead to nothing that they would look at together, and each share gets its part of the pace:
what all of them send to one address or operator stays within it. The processes are forked: what was loaded is there already.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import selectors
import signal
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.context import ForkProcess
from multiprocessing.sharedctypes import Synchronized
from typing import Any, Protocol

from scanner.engine.factset import FactSet
from scanner.engine.judge import Ending, Result
from scanner.engine.keys import KeyUse
from scanner.engine.plan import Plan
from scanner.engine.run import UNLISTED, Judging, RunEnd, Seen, TargetDone, judged
from scanner.engine.scan import Taker, seldom_collecting
from scanner.model.target import Target

MOST = 4
"""Processes; each has at least one of the four places that an address has by default."""
LEAST_TARGETS = 100
"""Targets of a share: below, starting a process takes longer than it saves."""
AHEAD = 32
"""Judged targets that a share may have sent without having heard that they were taken."""
AT_ONCE = 8
"""Targets that a share sends together, and that it is told of together: whoever gets them is woken each time."""
WAIT_SECONDS = 0.05
"""How long a judged target waits at most for others to be sent with it."""

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


class Writer(Protocol):
    """Writes targets down in the process that saw them."""

    def made(self, done: TargetDone) -> object:
        """Make what is to be written of a target; several processes may at a time."""
        ...

    def write(self, made: object) -> object:
        """Write it, one process at a time, and give ``TargetDone.written``."""
        ...


@dataclass(frozen=True)
class Sharing:
    """How a run is divided: into how many shares, how one is seen, and how its targets are written."""

    shares: int
    work: Work
    writer: Writer


def scan_in_shares(judging: Judging, targets: Sequence[Target], sharing: Sharing, now: Callable[[], str]) -> RunEnd:
    """See and judge every target. A process takes the next one when it is free for it, so that none is done long before another.

    Raises ``ShareLost``, and what a sink raises.
    """
    with seldom_collecting(), _processes(judging, targets, sharing) as posts:
        taken = [0] * len(posts)
        for share, parcel in _in_order(posts, len(targets)):
            judging.pass_on(parcel.opened(targets[parcel.place], judging))
            taken[share] += 1
            if taken[share] == AT_ONCE:
                taken[share] = 0
                with suppress(BrokenPipeError):  # its share was at its end
                    os.write(posts[share].fileno(), bytes(AT_ONCE))
    return judging.finish(now())


def _in_order(posts: Sequence[Connection], count: int) -> Iterator[tuple[int, _Parcel]]:
    """Give what comes in the order in which it was written, each with the number of its share."""
    arrived: dict[int, tuple[int, _Parcel]] = {}  # few: what was written is sent soon
    came = 0
    with selectors.DefaultSelector() as selector:
        for number, post in enumerate(posts):
            selector.register(post, selectors.EVENT_READ, number)
        while came < count:
            if not selector.get_map():
                raise ShareLost(f"all processes say that they are done, after {came} of {count} targets")
            for key, _ in selector.select():
                share: int = key.data
                try:
                    parcels: list[_Parcel] | OSError | None = posts[share].recv()
                except (EOFError, ConnectionResetError):
                    raise ShareLost(f"process {share + 1} of {len(posts)} ended before its work, after {came} of {count} targets") from None
                if isinstance(parcels, OSError):
                    raise parcels
                if parcels is None:  # its share is done
                    selector.unregister(posts[share])
                else:
                    arrived.update((parcel.number, (share, parcel)) for parcel in parcels)
            while came in arrived:
                yield arrived.pop(came)
                came += 1


@dataclass(frozen=True)
class _Parcel:
    """A judged target on its way: endings in the order of the plan, and what its writer gave. Facts are not sent.

    ``place`` is that in the plan, ``number`` that in the order in which targets are written.
    """

    place: int
    number: int
    started_at: str
    ended_at: str
    endings: tuple[tuple[Any, ...], ...]  # the fields of ``Ending``: an instance takes longer to pack
    written: object
    keys: tuple[KeyUse, ...]

    @classmethod
    def of(cls, place: int, number: int, done: TargetDone, written: object) -> _Parcel:
        """Pack a target whose results are all about itself."""
        endings = []
        for result in done.results:
            assert result.subject == done.seen.facts.target, "a share follows no leads"
            endings.append(tuple(result.ending))
        return cls(place, number, done.seen.started_at, done.seen.ended_at, tuple(endings), written, done.keys)

    def opened(self, target: Target, judging: Judging) -> TargetDone:
        """Give the target as it was judged, without its facts."""
        variants = judging.plan.for_target(target)
        results = tuple([Result(target, target, v, Ending._make(end), ()) for v, end in zip(variants, self.endings, strict=True)])
        systems = judging.inventory.systems_of(target) or (UNLISTED,)
        return TargetDone(Seen(FactSet(target), self.started_at, self.ended_at), systems, results, self.written, self.keys)


@dataclass(frozen=True)
class _Desk:
    """The desk of one process: draws targets, judges what was seen of them, has it written and posts it."""

    judging: Judging
    targets: Sequence[Target]
    drawn: Synchronized[int]
    """How many targets all processes have drawn."""
    written: Synchronized[int]
    """How many they have written; who writes holds its lock."""
    writer: Writer
    post: Connection
    places: dict[Target, int] = field(default_factory=dict)
    ready: list[_Parcel] = field(default_factory=list)

    def draw(self) -> Iterator[Target]:
        while True:
            with self.drawn.get_lock():
                place = self.drawn.value
                self.drawn.value += 1
            if place >= len(self.targets):
                return
            self.places[self.targets[place]] = place
            yield self.targets[place]

    def take(self, seen: Seen) -> None:
        done = judged(seen, self.judging.plan, self.judging.inventory)
        made = self.writer.made(done)
        with self.written.get_lock():
            number = self.written.value
            self.written.value += 1
            written = self.writer.write(made)
        self.ready.append(_Parcel.of(self.places.pop(seen.facts.target), number, done, written))
        if len(self.ready) == AT_ONCE:
            self.send()
        elif len(self.ready) == 1:
            asyncio.get_running_loop().call_later(WAIT_SECONDS, self.send)

    def send(self) -> None:
        if self.ready:
            with suppress(ConnectionError):  # the first process is gone: this one ends when it reads that
                self.post.send(self.ready)
            self.ready.clear()


@contextmanager
def _processes(judging: Judging, targets: Sequence[Target], sharing: Sharing) -> Iterator[list[Connection]]:
    """Begin the run and start the processes. None writes before the run has begun, which is after the fork: a sink may start threads."""
    forking = multiprocessing.get_context("fork")
    drawn = forking.Value("q", 0)
    written = forking.Value("q", 0)
    posts: list[Connection] = []
    running: list[ForkProcess] = []
    try:
        with written.get_lock():
            for _ in range(sharing.shares):
                here, there = forking.Pipe()
                desk = _Desk(judging, targets, drawn, written, sharing.writer, there)
                process = forking.Process(target=_share, args=(desk, sharing, [*posts, here]), daemon=True)
                process.start()
                there.close()
                posts.append(here)
                running.append(process)
            judging.begin()
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
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # by this; the first may have taken it for the other
    for other in others:
        other.close()  # else the other pipes would stay open here after the first process's end

    async def go() -> None:
        room = asyncio.Semaphore(AHEAD)

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

    ended: OSError | None = None
    try:
        asyncio.run(go())
    except OSError as error:  # a full disk: the first process says so
        ended = error
    desk.send()
    with suppress(BrokenPipeError):  # the first process waits for targets only, and may have gone on with the last of them
        desk.post.send(ended)

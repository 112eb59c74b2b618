"""Sees all targets of a run: a fixed number of workers, each target judged and told to the sinks as soon as it was seen.

Targets are handed on in the order in which they end, not in that of the plan: one that never answers keeps no finished one waiting, so
that a run that is killed has recorded all that it had seen, and memory is bounded by the workers. Whatever is made of the run later,
from its record or by judging its facts again, has that same order.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from scanner.engine.collect import Collecting
from scanner.engine.run import Judging, RunEnd, Seen
from scanner.model.target import Target

WORKERS = 64
ALLOCATIONS = 20_000
"""New objects after which garbage is looked for among the young; Python's own number is 700."""


class Taker(Protocol):
    """Takes each target once it has been seen."""

    def take(self, seen: Seen) -> None:
        """Take one target."""
        ...


async def scan(judging: Judging, collecting: Collecting, targets: Sequence[Target], budget: float, workers: int = WORKERS) -> RunEnd:
    """See and judge every target. ``budget`` is the time in seconds that one target may take.

    Raises what a sink raises, such as the ``OSError`` of a full disk.
    """
    judging.begin()
    await see(judging, collecting, targets, budget, workers=min(workers, len(targets)))
    return judging.finish(collecting.now())


async def see(
    taker: Taker,
    collecting: Collecting,
    targets: Iterable[Target],
    budget: float,
    *,
    workers: int = WORKERS,
    room: asyncio.Semaphore | None = None,
) -> None:
    """See every target and hand it on when it was seen. Targets are drawn when a worker is free for them.

    ``room`` is taken before a target is handed on, where the taker may be slower than the network; the taker releases it.
    """
    waiting: Iterator[Target] = iter(targets)

    async def work() -> None:
        for target in waiting:
            started = collecting.now()
            facts = await collecting.collect(target, budget)
            collecting.network.forget(target.key)
            if room is not None:
                await room.acquire()
            taker.take(Seen(facts, started, collecting.now()))

    try:
        with seldom_collecting():
            async with asyncio.TaskGroup() as run_group:
                collecting.group = run_group
                async with asyncio.TaskGroup() as group:
                    for n in range(workers):
                        group.create_task(work(), name=f"worker {n}")
                collecting.group = None
    except BaseExceptionGroup as errors:
        raise _first(errors) from errors


@contextmanager
def seldom_collecting() -> Iterator[None]:
    """Look for garbage in cycles less often: facts and results make none, and the catalogue and the documents stay to the end.

    At Python's own thresholds a fifth of a run's time goes into walking through objects that are all still in use.
    """
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(ALLOCATIONS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def _first(error: BaseException) -> BaseException:
    """Give what really went wrong: workers that a sink's error ended all carry the same one."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error

"""Turns, budgets and the probe's own clock, with a clock that the tests move."""

from __future__ import annotations

import asyncio
import heapq
import itertools

import pytest

from scanner.model.reason import CannotObserve, Reason
from scanner.net.budget import Allowance, Budget
from scanner.net.pacing import MOST_LANES, Pace, Pacer, Rate
from scanner.net.stopwatch import Deadlines, Stopwatch


class World:
    """A clock that jumps to the next sleeper when everybody sleeps."""

    def __init__(self) -> None:
        self.now = 100.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = itertools.count()

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.now + seconds, next(self._order), future))
        await future

    async def run(self, *tasks: asyncio.Task[None]) -> None:
        while not all(task.done() for task in tasks):
            for _ in range(20):
                await asyncio.sleep(0)
            if self._sleepers:
                self.now, _, future = heapq.heappop(self._sleepers)
                if not future.done():
                    future.set_result(None)


UNLIMITED = Rate(width=1000)


def paced(pace: Pace, jobs: list[tuple[str, str]], seconds: float = 0.0) -> list[tuple[float, str]]:
    """Let each job (name, address) take its turn and hold it for a while; give when each began."""
    world = World()
    began: list[tuple[float, str]] = []

    async def go() -> None:
        pacer = Pacer(pace, clock=world.clock, sleep=world.sleep)

        async def one(name: str, address: str) -> None:
            async with pacer.turn(name, address):
                began.append((round(world.now - 100, 3), address))
                if seconds:
                    await world.sleep(seconds)

        await world.run(*(asyncio.create_task(one(*job)) for job in jobs))

    asyncio.run(go())
    return began


def test_an_address_gets_its_rate_after_a_burst() -> None:
    pace = Pace(address=Rate(width=100, per_second=10, burst=3), operator=UNLIMITED)
    assert [moment for moment, _ in paced(pace, [("", "192.175.48.1")] * 6)] == [0, 0, 0, 0.1, 0.2, 0.3]


def test_an_address_bears_so_many_at_once_and_the_queue_is_fair() -> None:
    pace = Pace(address=Rate(width=2), operator=UNLIMITED)
    jobs = [("a.test", "192.175.48.1")] * 4 + [("b.test", "192.31.196.1")]
    assert paced(pace, jobs, seconds=1.0) == [
        (0, "192.175.48.1"),
        (0, "192.175.48.1"),
        (0, "192.31.196.1"),
        (1, "192.175.48.1"),
        (1, "192.175.48.1"),
    ]


def test_an_operator_bears_so_much_over_all_its_addresses() -> None:
    pace = Pace(address=UNLIMITED, operator=Rate(width=1))
    jobs = [("ns1.hosting.or.jp", "192.175.48.1"), ("ns2.hosting.or.jp", "192.31.196.1"), ("ns.other.or.jp", "192.52.193.1")]
    assert paced(pace, jobs, seconds=1.0) == [(0, "192.175.48.1"), (0, "192.52.193.1"), (1, "192.31.196.1")]


def test_own_networks_have_their_own_pace_and_no_operator_holds_them_up() -> None:
    usual = Rate(width=1000, per_second=1.0, burst=1)
    own = (("192.0.2.0/24", Rate(width=1000, per_second=4.0, burst=1)), ("192.0.2.128/25", Rate(width=1000, per_second=2.0, burst=1)))
    jobs = [("a.example.jp", address) for address in ("192.0.2.1", "192.0.2.129", "2001:db8::1") for _ in range(3)]
    began = paced(Pace(address=usual, operator=Rate(width=1, per_second=0.1), own=own), jobs, 0.1)
    assert [moment for moment, address in began if address == "192.0.2.1"] == [0.0, 0.25, 0.5]
    assert [moment for moment, address in began if address == "192.0.2.129"] == [0.0, 0.5, 1.0]
    assert [moment for moment, address in began if address == "2001:db8::1"] == [0.0, 10.0, 20.0]


def test_a_queue_at_one_address_does_not_hold_up_its_operators_others() -> None:
    pace = Pace(address=Rate(width=1), operator=Rate(width=2))
    jobs = [("ns1.x.jp", "192.175.48.1")] * 3 + [("ns2.x.jp", "192.31.196.1")]
    assert paced(pace, jobs, seconds=1.0)[:2] == [(0, "192.175.48.1"), (0, "192.31.196.1")]


@pytest.mark.parametrize(
    ("name", "address", "operator"),
    [
        ("ns1.city.example.lg.jp", "192.175.48.1", "example.lg.jp"),
        ("a.b.example.co.jp", "192.175.48.1", "example.co.jp"),
        ("lg.jp", "192.175.48.1", "lg.jp"),
        ("", "192.175.48.200", "192.175.48.0/24"),
        ("192.175.48.9", "192.175.48.9", "192.175.48.0/24"),
        ("", "2600:1:2:3::4", "2600:1:2::/48"),
        ("", "::ffff:192.175.48.1", "192.175.48.0/24"),
    ],
)
def test_operators(name: str, address: str, operator: str) -> None:
    assert Pacer(Pace(), clock=lambda: 0.0).operator(name, address) == operator


def test_a_cancelled_waiter_gives_its_place_away() -> None:
    world = World()

    async def go() -> None:
        pacer = Pacer(Pace(address=Rate(width=1, per_second=1), operator=UNLIMITED), clock=world.clock, sleep=world.sleep)
        done: list[str] = []

        async def one(name: str) -> None:
            async with pacer.turn("", "192.175.48.1"):
                done.append(name)

        tasks = [asyncio.create_task(one(name)) for name in "abcd"]
        for _ in range(5):
            await asyncio.sleep(0)
        tasks[1].cancel()  # it sleeps until its moment, the place in hand
        tasks[2].cancel()  # it waits for the place
        await world.run(tasks[0], tasks[3])
        assert done == ["a", "d"]
        assert all(lane.users == 0 for lane in pacer._lanes.values())

    asyncio.run(go())


def test_idle_lanes_are_swept_out() -> None:
    async def go() -> int:
        pacer = Pacer(Pace(address=Rate(width=1), operator=Rate(width=1)), clock=lambda: 0.0)
        for number in range(MOST_LANES):
            async with pacer.turn("", f"192.{number >> 8}.{number & 255}.1"):
                pass
        return len(pacer._lanes)

    assert asyncio.run(go()) <= MOST_LANES


def spend(budget: Budget) -> str:
    with pytest.raises(CannotObserve) as caught:
        budget.question()
    assert caught.value.reason is Reason.BUDGET_SPENT
    with pytest.raises(CannotObserve):
        budget.connection()
    return caught.value.detail


def test_a_budget_names_what_is_spent() -> None:
    budget = Budget("domain:example.jp", Allowance(questions=2, connections=1))
    budget.question()
    budget.question()
    budget.connection()
    assert spend(budget) == "the budget of domain:example.jp is spent: 2 questions"
    with pytest.raises(CannotObserve, match="spent: 1 connections"):
        budget.connection()


def test_seconds_and_octets_are_limits_too() -> None:
    slow, large = Budget("a", Allowance(seconds=1.5)), Budget("b", Allowance(octets=100))
    slow.spend(1.0, 10)
    slow.question()
    slow.spend(0.6, 10)
    large.spend(0.0, 100)
    assert spend(slow).endswith("1.5 s of conversation")
    assert spend(large).endswith("100 octets")


def deadline_after(*changes: tuple[int, int]) -> float | None:
    """Move a stopwatch (queued, talking) inside a deadline of 10 s; give the deadline's distance from the start."""

    async def go() -> float | None:
        loop, watch = asyncio.get_running_loop(), Stopwatch()
        start = loop.time()
        async with asyncio.timeout(10) as timer:
            watch.follow(timer)
            for queued, talking in changes:
                watch.change(queued=queued, talking=talking)
                await asyncio.sleep(0)
            when = timer.when()
        return None if when is None else round(when - start)

    return asyncio.run(go())


def test_a_probes_clock_stands_still_while_it_only_waits() -> None:
    assert deadline_after() == 10
    assert deadline_after((1, 0)) is None
    assert deadline_after((1, 0), (-1, 1)) == 10
    assert deadline_after((0, 1), (1, 0)) == 10
    assert deadline_after((0, 1), (1, 0), (0, -1)) is None


def test_a_deadline_that_has_passed_is_left_alone() -> None:
    async def go() -> asyncio.Timeout:
        watch = Stopwatch()
        async with asyncio.timeout(0.01) as timer:
            watch.follow(timer)
            try:
                await asyncio.sleep(5)
            except asyncio.CancelledError:
                watch.change(queued=1)
                raise
            finally:
                watch.change(queued=-1)
        return timer

    with pytest.raises(TimeoutError):
        asyncio.run(go())


def test_a_deadline_ends_its_block_and_nothing_else() -> None:
    async def go() -> None:
        deadlines = Deadlines()
        with pytest.raises(TimeoutError), deadlines.within(0.01):
            await asyncio.sleep(10)
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0
        with deadlines.within(0.2):
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.25)  # the time of a block that was left is nobody's
        with pytest.raises(TimeoutError), deadlines.within(10), deadlines.within(0.01):
            await asyncio.sleep(10)

    asyncio.run(go())


def test_a_cancellation_from_outside_is_not_taken_for_a_deadline() -> None:
    async def work(deadlines: Deadlines) -> None:
        with deadlines.within(30):
            await asyncio.sleep(30)

    async def go() -> None:
        task = asyncio.create_task(work(Deadlines()))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(go())


def test_a_deadline_stands_still_while_it_is_told_to() -> None:
    async def go() -> None:
        loop, watch, deadlines = asyncio.get_running_loop(), Stopwatch(), Deadlines()
        with deadlines.within(0.05) as timer:
            watch.follow(timer)
            watch.change(queued=1)
            assert timer.when() is None
            await asyncio.sleep(0.3)
            watch.change(queued=-1)
            when = timer.when()
            assert when is not None
            assert 0 < when - loop.time() <= 0.05
        with pytest.raises(RuntimeError, match="has been left"):
            timer.reschedule(1.0)

    asyncio.run(go())


def test_functions_and_tasks_wait_in_one_queue_and_begin_after_the_turn_before_was_given_back() -> None:
    began: list[str] = []

    async def go() -> None:
        lane = Pacer(Pace(resolver=Rate(width=1)), clock=World().clock).resolver()

        async def take() -> None:
            await lane.take()
            began.append("task")

        lane.enter(lambda: began.append("first"))
        lane.enter(lambda: began.append("second"))
        task = asyncio.create_task(take())
        await asyncio.sleep(0)
        lane.enter(lambda: began.append("last"))
        assert began == ["first"]
        for turn in ("second", "task", "last"):
            lane.give()
            assert turn not in began  # a long queue whose turns end at once must not grow into the stack
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            assert began[-1] == turn
        await task
        lane.give()
        assert lane.idle

    asyncio.run(go())

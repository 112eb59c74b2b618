"""A run in several processes: the same results, nobody too far ahead, and a lost process or a full disk is no quiet end."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from scanner.engine.catalogue import Observers
from scanner.engine.collect import Collecting
from scanner.engine.factset import FactSet
from scanner.engine.plan import Plan, make_plan
from scanner.engine.run import Judging, RunEnd, RunStart, Seen, TargetDone
from scanner.engine.scan import Taker, see
from scanner.engine.shares import AHEAD, LEAST_TARGETS, MOST, ShareLost, Sharing, Writer, scan_in_shares, shares_of
from scanner.ledger.exceptions import Exceptions
from scanner.ledger.inventory import Inventory
from scanner.ledger.profile import EMPTY
from scanner.model.check import Judgement, check
from scanner.model.fact import cannot_tell
from scanner.model.reason import CannotObserve, Reason
from scanner.model.target import Domain, Target
from scanner.model.text import Text
from scanner.model.verdict import Outcome, Severity, passed
from scanner.net.network import Network, Settings
from scanner.net.pacing import Pace, Rate
from scanner.probes.base import Probe
from tests.unit.frame import AT, Lights, absence, doors, lights, start, world

TARGETS: list[Target] = [Domain(f"d{n}.example.jp") for n in range(30)]


@check(
    "test.unsure",
    severity=Severity.INFO,
    title=Text(ja="四つか", en="whether there are four"),
    why=Text(ja="試験", en="test"),
    remedy=Text(ja="なし", en="none"),
    says={"NOT_FOUR": Text(ja="四つでない", en="not four")},
)
def unsure(seen: Lights) -> Judgement:
    return (
        cannot_tell(Reason.NOT_DISCOVERABLE, "{n} 個は数えられない", "{n} cannot be counted", n=seen.on)
        if seen.on == 4
        else passed("NOT_FOUR")
    )


class _Heard:
    """A sink that keeps what it hears."""

    def __init__(self) -> None:
        self.order: list[str] = []
        self.written: list[object] = []
        self.said: list[tuple[str, str, str]] = []

    def begin(self, start: RunStart) -> None:
        self.order.append("begin")

    def target(self, done: TargetDone) -> None:
        self.order.append(done.seen.facts.target.key)
        self.written.append(done.written)
        self.said += [(r.variant.check.id, r.subject.key, r.message().en) for r in done.results]

    def end(self, end: RunEnd) -> None:
        self.order.append("end")


def _plan() -> Plan:
    return make_plan(world(lights, absence, unsure), [], EMPTY)


async def _some_lights(target: Domain, net: object) -> Lights:
    number = int(target.name.partition(".")[0][1:])
    await asyncio.sleep(0.002 * (number % 3))
    if number == 7:
        raise CannotObserve(Reason.REFUSED, "192.0.2.1:53/udp refused")
    return Lights(number % 5)


class _Named:
    """A writer that names who wrote what."""

    def made(self, done: TargetDone) -> object:
        return done.seen.facts.target.key

    def write(self, made: object) -> object:
        return made, os.getpid()


def _run(
    targets: Sequence[Target],
    count: int,
    run: Callable[..., object] = _some_lights,
    writer: Writer | None = None,
    heard: _Heard | None = None,
) -> tuple[RunEnd, _Heard]:
    heard, plan = heard or _Heard(), _plan()
    head = start(targets=len(targets), checks=len(plan.variants))
    judging = Judging(head, plan, Inventory.of_targets(list(targets)), EMPTY, Exceptions(), [heard])
    probe = Probe("lights", Lights, Lights.of, (), False, 5.0, run)  # type: ignore[arg-type]  # any coroutine function will do

    async def work(taker: Taker, own: Iterator[Target], room: asyncio.Semaphore, _: int) -> None:
        with ThreadPoolExecutor(1) as threads:
            async with Network(Settings(resolv_conf="/nonexistent")) as network:
                collecting = Collecting(plan, Observers({Lights: (probe,)}, {}), network, lambda _: {}, lambda _: None, threads)
                await see(taker, collecting, own, 5.0, room=room)

    return scan_in_shares(judging, targets, Sharing(count, work, writer or _Named()), lambda: AT), heard


def test_three_shares_give_what_one_gives() -> None:
    end, heard = _run(TARGETS, 1)
    divided, heard_of_all = _run(TARGETS, 3)
    assert divided == end
    for one in (heard, heard_of_all):
        assert (one.order[0], one.order[-1]) == ("begin", "end")
        assert sorted(one.order[1:-1]) == sorted(t.key for t in TARGETS)
    assert sorted(heard_of_all.said) == sorted(heard.said)
    assert ("test.unsure", "domain:d4.example.jp", "there is no way to discover it from outside: 4 cannot be counted") in heard_of_all.said
    assert end.outcomes == {Outcome.PASS: 69, Outcome.NOT_APPLICABLE: 6, Outcome.FAIL: 6, Outcome.UNDETERMINED: 9}
    assert (end.planned_results, end.ended_results) == (90, 90)


def test_targets_are_written_where_they_were_seen() -> None:
    _, heard = _run(TARGETS, 3)
    pairs = [w for w in heard.written if isinstance(w, tuple)]
    assert sorted(key for key, _ in pairs) == sorted(t.key for t in TARGETS)
    processes = {process for _, process in pairs}
    assert 1 <= len(processes) <= 3
    assert os.getpid() not in processes


def test_a_process_that_ends_early_ends_the_run_with_an_error() -> None:
    async def fall(target: Domain, net: object) -> Lights:
        if target.name.startswith("d17."):
            os._exit(9)
        return Lights(1)

    with pytest.raises(ShareLost, match=r"process \d of 3 ended before its work, after \d+ of 30 targets"):
        _run(TARGETS, 3, fall)


def test_a_target_that_hangs_keeps_none_waiting() -> None:
    others = multiprocessing.get_context("fork").Value("i", 0)  # targets seen while the first one hangs

    async def count(target: Domain, net: object) -> Lights:
        if target.name.startswith("d0."):
            deadline = time.monotonic() + 10.0
            while others.value < 29:
                assert time.monotonic() < deadline
                await asyncio.sleep(0.01)
        else:
            with others.get_lock():
                others.value += 1
        return Lights(1)

    end, heard = _run(TARGETS, 2, count)
    assert end.defects == 0
    assert heard.order.index(TARGETS[0].key) > 1


def test_no_share_runs_ahead_of_the_first_process_without_end() -> None:
    written = multiprocessing.get_context("fork").Value("i", 0)
    most = 0

    class Slow(_Heard):
        def target(self, done: TargetDone) -> None:
            nonlocal most
            super().target(done)
            time.sleep(0.002)
            most = max(most, written.value - len(self.order))

    class Counting(_Named):
        def write(self, made: object) -> object:
            written.value += 1
            return made

    targets: list[Target] = [Domain(f"d{n}.example.jp") for n in range(200)]
    end, _ = _run(targets, 2, writer=Counting(), heard=Slow())
    assert end.ended_targets == 200
    assert 0 < most <= 2 * AHEAD


def test_a_share_that_ends_after_the_run_says_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    judging = Judging(start(targets=2, checks=3), _plan(), Inventory.of_targets(TARGETS[:2]), EMPTY, Exceptions(), [_Heard()])

    async def late(taker: Taker, own: Iterator[Target], room: asyncio.Semaphore, _: int) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        for target in own:
            taker.take(Seen(FactSet(target), AT, AT))
        time.sleep(0.2)  # noqa: ASYNC251  until the first process has closed its end, and without hearing of that

    scan_in_shares(judging, TARGETS[:2], Sharing(1, late, _Named()), lambda: AT)
    assert capfd.readouterr().err == ""


def test_what_a_share_cannot_write_ends_the_run_with_its_own_error() -> None:
    class Full(_Named):
        def write(self, made: object) -> object:
            raise OSError(28, "No space left on device", "record.jsonl")

    with pytest.raises(OSError, match="No space left") as raised:
        _run(TARGETS, 2, writer=Full())
    assert raised.value.errno == 28


def test_nobody_writes_before_the_run_has_begun_nor_while_another_does() -> None:
    here, there = os.pipe()

    class Slow(_Heard):
        def begin(self, start: RunStart) -> None:
            time.sleep(0.05)
            os.write(there, b"b")

    class Scribbling(_Named):
        def write(self, made: object) -> object:
            os.write(there, f"({made}".encode())
            time.sleep(0.001)
            os.write(there, b")")
            return made

    _, heard = _run(TARGETS, 3, writer=Scribbling(), heard=Slow())
    said = os.read(here, 10_000).decode()
    assert said[0] == "b"
    assert said[1:] == "".join(f"({key})" for key in heard.order[:-1])


def test_only_large_runs_that_follow_no_leads_are_divided(monkeypatch: pytest.MonkeyPatch) -> None:
    many: list[Target] = [Domain(f"d{n}.example.jp") for n in range(3 * LEAST_TARGETS)]
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(16)))
    assert shares_of(_plan(), many) == 3
    assert shares_of(_plan(), many * 9) == MOST
    assert shares_of(_plan(), many[: LEAST_TARGETS - 1]) == 1
    assert shares_of(make_plan(world(lights, doors), [], EMPTY), many) == 1
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0})
    assert shares_of(_plan(), many) == 1
    monkeypatch.delattr(os, "fork")
    assert shares_of(_plan(), many) == 1


def test_shares_together_keep_to_the_pace() -> None:
    whole = Pace(address=Rate(4, 50.0, 10), operator=Rate(16, 200.0, 40), resolver=Rate(256))
    for count in range(1, MOST + 1):
        part = whole.share(count)
        for rate, of in ((part.address, whole.address), (part.operator, whole.operator), (part.resolver, whole.resolver)):
            assert rate.width * count <= of.width
            assert rate.per_second * count <= of.per_second + 1e-9
            assert rate.burst * count <= max(of.burst, count)
    assert replace(whole).share(1) == whole

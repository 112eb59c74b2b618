"""Power is lost at every step of every write: the chain goes on, no number is used twice, and nothing is forgotten."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent import files
from agent.chain import Chain, Circumstances
from agent.identity import Identity
from scanner.codec import canonical
from scanner.model.fact import Fact, Observation
from scanner.protocol.answer import Receipt
from scanner.protocol.enrolment import Enrolment
from scanner.protocol.envelope import Sort, digest, open_envelope
from scanner.protocol.keys import SigningKey
from scanner.protocol.report import Gap, Report, gap_in, report_in
from tests.hub.simulated import some_facts

ABOUT = Circumstances("0", "linux", "")
KEY = SigningKey.make()
IDENTITY = Identity(KEY, "", Enrolment("a-1", KEY.id, "2026-11-22T00:00:00Z", (KEY.public.text,)), digest(b"genesis"))


class PowerLost(BaseException):
    """The machine stops here."""


class Power:
    """Counts the steps that touch the disk, and stops the machine at one of them; a write is cut in its middle."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.left = 10**9
        self.steps = 0
        for name in ("fsync", "replace", "unlink", "mkdir"):
            patch.setattr(os, name, self._counted(getattr(os, name)))
        write = os.write

        def torn(handle: int, data: bytes) -> int:
            try:
                self._step()
            except PowerLost:
                write(handle, bytes(data)[: len(data) // 2])
                raise
            return write(handle, data)

        patch.setattr(os, "write", torn)

    def _step(self) -> None:
        self.steps += 1
        self.left -= 1
        if self.left < 0:
            raise PowerLost

    def _counted(self, real: Callable[..., object]) -> Callable[..., object]:
        def counted(*args: object, **named: object) -> object:
            self._step()
            return real(*args, **named)

        return counted


@pytest.fixture
def power(monkeypatch: pytest.MonkeyPatch) -> Power:
    return Power(monkeypatch)


def open_chain(folder: Path, reports: int = 3) -> Chain:
    return taken_over(Chain(folder, IDENTITY, reports, 10_000_000))


def taken_over(chain: Chain) -> Chain:
    """Do what the agent at work does first."""
    chain.take_over()
    return chain


def facts(number: int) -> dict[str, Observation[Fact]]:
    return some_facts(number)


def said(chain: Chain) -> Iterator[Report | Gap]:
    """Give what waits, as it would be sent, each verified."""
    for waiting in chain.spool.waiting():
        opened = open_envelope(waiting.read(), {Sort.REPORT, Sort.GAP}).open(KEY.public)
        value = report_in(opened.plain()) if opened.sort is Sort.REPORT else gap_in(opened.plain())
        if isinstance(value, Report):
            assert opened.digest == waiting.digest
        yield value


def acknowledge_first(chain: Chain) -> int:
    """Do what a receipt does."""
    waiting = chain.spool.waiting()[0]
    chain.acknowledge(waiting, waiting.read(), Receipt("a-1", waiting.last, waiting.digest, "2026-11-22T00:00:00Z"), "")
    return waiting.last


def consistent(chain: Chain) -> None:
    """Whatever happened: from the head to the last report nothing is missing or double, and every link fits."""
    number, before = chain.head.sequence, chain.head.digest
    for value in said(chain):
        if isinstance(value, Gap):
            assert value.first == number + 1
            number, before = value.last, value.digest
        else:
            assert (value.sequence, value.previous) == (number + 1, before)
            number, before = value.sequence, digest_of(value)
    assert chain.last() == (number, before)


def digest_of(report: Report) -> str:
    return digest(canonical(report.plain()))


def a_day(folder: Path, made: dict[int, str], acknowledged: list[int]) -> None:
    """Some reports, more than the spool holds, with receipts in between; notes what was finished before the power went."""
    chain = open_chain(folder)
    for number in range(6):
        report = chain.make(ABOUT, facts(number % 3))
        chain.keep(report)
        made[report.sequence] = digest_of(report)
        if number in {1, 2, 5}:
            acknowledged.append(acknowledge_first(chain))


def test_the_chain_survives_a_loss_of_power_at_every_step(tmp_path: Path, power: Power) -> None:
    a_day(tmp_path, {}, [])
    steps = power.steps
    assert steps > 40
    for cut in range(steps):
        folder = tmp_path / f"cut {cut}"
        power.left = 10**9
        folder.mkdir()
        made: dict[int, str] = {}
        acknowledged: list[int] = []
        power.left = cut
        with pytest.raises(PowerLost):
            a_day(folder, made, acknowledged)
        power.left = 10**9
        chain = open_chain(folder)
        consistent(chain)
        assert chain.head.sequence >= max(acknowledged, default=0), "a receipt that was taken is never forgotten"
        last, last_digest = chain.last()
        assert last >= max(made, default=0), "a report that was finished is never forgotten"
        if last in made:
            assert last_digest == made[last]
        chain.keep(chain.make(ABOUT, facts(9)))
        consistent(chain)
        assert not list(folder.rglob("*" + files.UNFINISHED))


def test_a_full_spool_keeps_the_newest_and_names_the_gap(tmp_path: Path) -> None:
    chain = open_chain(tmp_path)
    for number in range(10):
        chain.keep(chain.make(ABOUT, facts(number)))
    found = list(said(chain))
    assert [(type(v).__name__, v.first if isinstance(v, Gap) else v.sequence) for v in found] == [
        ("Gap", 1),
        ("Report", 8),
        ("Report", 9),
        ("Report", 10),
    ]
    assert isinstance(found[0], Gap)
    assert (found[0].last, found[0].reason) == (7, "spool-full")
    consistent(chain)


def test_a_file_that_the_disk_has_damaged_becomes_a_gap_of_one(tmp_path: Path) -> None:
    chain = open_chain(tmp_path)
    for number in range(3):
        chain.keep(chain.make(ABOUT, facts(number)))
    middle = chain.spool.waiting()[1]
    middle.path.write_bytes(middle.read()[:100])
    chain = open_chain(tmp_path)
    consistent(chain)
    assert [type(v).__name__ for v in said(chain)] == ["Report", "Gap", "Report"]
    assert [v.reason for v in said(chain) if isinstance(v, Gap)] == ["damaged"]
    newest = chain.spool.waiting()[-1]
    newest.path.write_bytes(b"")
    consistent(open_chain(tmp_path))


def test_a_file_in_a_place_of_others_is_not_written_through_their_link(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("kept")
    (tmp_path / f"medium{files.UNFINISHED}").symlink_to(precious)
    files.replace(tmp_path / "medium", b"reports")
    assert (precious.read_text(), (tmp_path / "medium").read_bytes()) == ("kept", b"reports")


def test_what_the_hub_has_acknowledged_is_not_sent_again(tmp_path: Path) -> None:
    chain = open_chain(tmp_path)
    chain.keep(chain.make(ABOUT, facts(1)))
    assert len(chain.make(ABOUT, facts(1)).observations) == 2, "nothing is acknowledged yet"
    acknowledge_first(chain)
    again = chain.make(ABOUT, facts(1))
    assert again.observations == {}
    assert set(again.answered) == set(again.asked) == {"KeysInUse", "ScreenLock"}
    assert set(chain.make(ABOUT, facts(2)).observations) == {chain.make(ABOUT, facts(2)).answered["ScreenLock"]}


def test_facts_that_the_hub_wants_come_in_full(tmp_path: Path) -> None:
    chain = open_chain(tmp_path)
    chain.keep(chain.make(ABOUT, facts(1)))
    waiting = chain.spool.waiting()[0]
    receipt = Receipt("a-1", 1, waiting.digest, "2026-11-22T00:00:00Z", wanted=("KeysInUse",), not_taken={"ScreenLock": "unreadable"})
    chain.acknowledge(waiting, waiting.read(), receipt, "")
    assert len(chain.make(ABOUT, facts(1)).observations) == 2


def test_reports_of_a_former_key_are_not_taken_for_this_ones(tmp_path: Path) -> None:
    chain = open_chain(tmp_path)
    chain.keep(chain.make(ABOUT, facts(1)))
    other = SigningKey.make()
    fresh = Identity(other, "", Enrolment("a-1", other.id, "2026-11-22T00:00:00Z", (KEY.public.text,)), digest(b"another genesis"))
    chain = taken_over(Chain(tmp_path, fresh, 3, 10_000_000))
    assert chain.spool.waiting() == []
    assert chain.last() == (0, fresh.genesis)

"""What becomes of a chain on its way: everything that was dropped, altered, replayed or reordered is named, and exactly that."""

from __future__ import annotations

import json
from datetime import timedelta
from random import Random

import pytest

from scanner.hub import book, clock
from scanner.hub.door import Door
from scanner.hub.ingest import Item, Outcome
from scanner.protocol.answer import Receipt
from scanner.protocol.refusal import Refusal, Refused
from tests.hub.simulated import Simulated, some_facts

LENGTH = 1_000


def send(door: Door, *envelopes: bytes, batch: int = 37) -> list[Outcome]:
    """Send envelopes in order, some at a time in one transaction; what the door refuses counts as refused."""
    outcomes: list[Outcome] = []
    for start in range(0, len(envelopes), batch):
        read: list[Item | Refused] = []
        for envelope in envelopes[start : start + batch]:
            try:
                read.append(door.read(envelope, "test"))
            except Refused as refused:
                read.append(refused)
        taken = iter(door.take([one for one in read if isinstance(one, Item)]))
        outcomes.extend(one if isinstance(one, Refused) else next(taken) for one in read)
    return outcomes


def sequences(found: list[dict[str, object]], kind: str) -> list[int]:
    return [int(str(e["sequence"])) for e in found if e["kind"] == kind]


def altered(envelope: bytes, rng: Random) -> bytes:
    """Change one octet of the compressed content."""
    plain = json.loads(envelope)
    at = rng.randrange(len(plain["payload"]) // 4) * 4
    four = plain["payload"][at : at + 4]
    plain["payload"] = plain["payload"][:at] + ("AAAA" if four != "AAAA" else "BBBB") + plain["payload"][at + 4 :]
    return json.dumps(plain).encode()


def test_of_a_chain_of_a_thousand_everything_that_happened_on_the_way_is_named(door: Door) -> None:
    rng = Random(1)
    agent = Simulated.enrol(door)
    chain = [agent.report(some_facts(n // 50)) for n in range(LENGTH)]
    numbers = rng.sample(range(2, LENGTH - 2, 4), 40)  # apart from each other, so that each is an incident of its own
    dropped, broken, replayed, late = (sorted(numbers[i::4]) for i in range(4))
    arriving: list[bytes] = []
    for number in range(1, LENGTH + 1):
        envelope = chain[number - 1]
        if number in broken:
            arriving.append(altered(envelope, rng))
        elif number not in dropped and number not in late:
            arriving.append(envelope)
        if number in replayed:
            arriving.append(envelope)
        if number - 1 in late:
            arriving.append(chain[number - 2])
    outcomes = send(door, *arriving)
    assert [isinstance(o, Refused) for o in outcomes].count(True) == len(broken)
    found = book.chain_book(door.database, agent.agent)[0]
    assert [g["first"] for g in found["missing"]] == [g["last"] for g in found["missing"]] == sorted([*dropped, *broken])
    assert sequences(found["events"], "missing") == sorted([*dropped, *broken, *late])
    assert sequences(found["events"], "late") == late
    assert sequences(found["events"], "repeat") == replayed
    assert {e["kind"] for e in found["events"]} <= {"missing", "late", "repeat"}
    assert (found["received"], found["last"], found["repeats"]) == (LENGTH - len(dropped) - len(broken), LENGTH, len(replayed))
    door.refusals.flush()
    assert sum(r["count"] for r in book.refusal_rows(door.database)) == len(broken)
    assert {r["agent"] for r in book.refusal_rows(door.database)} <= {agent.agent, ""}


def test_of_very_many_incidents_the_newest_are_told_and_the_others_counted(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(book, "MOST", 3)
    agent = Simulated.enrol(door)
    made = [agent.report() for _ in range(12)]
    send(door, *made[1::2])
    (chain,) = book.chain_book(door.database, agent.agent)
    assert [gap["first"] for gap in chain["missing"]] == [7, 9, 11]
    assert [event["sequence"] for event in chain["events"]] == [7, 9, 11]
    assert (chain["missing_left_out"], chain["events_left_out"]) == (3, 3)


def test_the_same_report_gets_the_same_receipt_also_in_one_batch(door: Door) -> None:
    agent = Simulated.enrol(door)
    first = agent.report()
    item = door.read(first, "test")
    one, two = door.take([item, item])
    three = send(door, first)[0]
    assert isinstance(one, Receipt)
    assert one == two == three
    assert door.sign(one) == door.sign(one)


def test_another_report_with_a_number_that_was_used_is_refused_as_forked(door: Door) -> None:
    agent = Simulated.enrol(door)
    copy = Simulated(agent.agent, agent.key, agent.digest)
    assert isinstance(send(door, agent.report())[0], Receipt)
    refused = send(door, copy.report(some_facts(1)))[0]
    assert isinstance(refused, Refused)
    assert refused.reason is Refusal.FORKED
    broken = send(door, copy.report())[0]
    assert isinstance(broken, Refused)
    assert broken.reason is Refusal.CHAIN_BROKEN
    assert sequences(book.chain_book(door.database, agent.agent)[0]["events"], "forked") == [1]


def test_a_late_report_must_fit_the_hole_it_fills(door: Door) -> None:
    agent = Simulated.enrol(door)
    chain = [agent.report() for _ in range(6)]
    assert all(isinstance(o, Receipt) for o in send(door, chain[0], chain[5]))
    middle = send(door, chain[2])[0]
    assert isinstance(middle, Refused), "nothing yet says that this is the report that belongs here"
    assert middle.reason is Refusal.CHAIN_BROKEN
    assert all(isinstance(o, Receipt) for o in send(door, chain[4], chain[1], chain[3], chain[2]))
    found = book.chain_book(door.database, agent.agent)[0]
    assert found["missing"] == []
    assert found["received"] == 6


def test_a_note_of_a_gap_explains_what_is_missing_and_the_chain_goes_on(door: Door) -> None:
    agent = Simulated.enrol(door)
    send(door, agent.report())
    for _ in range(5):
        agent.report()
    note = agent.gap(2, 6, agent.digest)
    after = agent.report(some_facts(3))
    receipts = send(door, note, after, note)
    assert all(isinstance(r, Receipt) for r in receipts)
    assert receipts[0] == receipts[2]
    found = book.chain_book(door.database, agent.agent)[0]
    assert [(g["first"], g["last"], g["reason"]) for g in found["missing"]] == [(2, 6, "spool-full")]
    assert sequences(found["events"], "missing") == []
    assert (found["last"], found["received"]) == (7, 2)


def test_a_note_of_a_gap_does_not_unsay_what_was_received(door: Door) -> None:
    agent = Simulated.enrol(door)
    first, second, third = (agent.report() for _ in range(3))
    send(door, first, second)
    note = agent.gap(1, 3, agent.digest)  # the receipts of 1 and 2 were lost on their way
    after = agent.report()
    assert all(isinstance(r, Receipt) for r in send(door, note, after))
    found = book.chain_book(door.database, agent.agent)[0]
    assert [(g["first"], g["last"]) for g in found["missing"]] == [(3, 3)]
    assert (found["received"], found["last"]) == (3, 4)
    assert isinstance(send(door, third)[0], Receipt), "it turns up after all"
    assert book.chain_book(door.database, agent.agent)[0]["missing"] == []


def test_a_fact_that_the_hub_does_not_hold_is_asked_for_and_one_that_it_cannot_read_is_named(door: Door) -> None:
    agent = Simulated.enrol(door)
    agent.report(some_facts(1))  # never sent
    agent.sequence, agent.digest = 0, agent.digest
    other = Simulated.enrol(door)
    other.sent = dict(agent.sent)
    outcome = send(door, other.report(some_facts(1)))[0]
    assert isinstance(outcome, Receipt)
    assert outcome.wanted == ("KeysInUse", "ScreenLock")
    other.sent = {}
    outcome = send(door, other.report(some_facts(1)))[0]
    assert isinstance(outcome, Receipt)
    assert outcome.wanted == ()
    lost = {"NoSuchFact": some_facts()["ScreenLock"], **some_facts(2)}
    outcome = send(door, other.report(lost))[0]
    assert isinstance(outcome, Receipt)
    assert outcome.not_taken == {"NoSuchFact": "unknown-fact"}


def test_a_terminal_that_roams_or_comes_back_is_noted(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    agent = Simulated.enrol(door)
    for days, address in ((0, "192.0.2.1"), (0, "198.51.100.7"), (3, "198.51.100.7")):
        at = clock.written(clock.read("2026-11-22T00:00:00Z") + timedelta(days=days))
        monkeypatch.setattr(door.ingest, "_now", lambda at=at: at)
        door.take([door.read(agent.report(made_at=at), address)])
    found = book.chain_book(door.database, agent.agent)[0]
    assert (sequences(found["events"], "moved"), sequences(found["events"], "rejoined")) == ([2], [3])


def test_a_machine_that_counts_its_uptime_backwards_is_flagged_unless_it_cannot_name_its_starts(door: Door) -> None:
    agent, nameless = Simulated.enrol(door), Simulated.enrol(door)
    send(door, agent.report(uptime=100), agent.report(uptime=50))
    send(door, nameless.report(uptime=100, boot="unknown"), nameless.report(uptime=50, boot="unknown"))
    assert sequences(book.chain_book(door.database, agent.agent)[0]["events"], "uptime-backwards") == [2]
    assert sequences(book.chain_book(door.database, nameless.agent)[0]["events"], "uptime-backwards") == []


def test_reports_from_the_future_and_the_past_are_kept_and_flagged(door: Door) -> None:
    agent = Simulated.enrol(door)
    ahead, behind = agent.report(made_at="2099-01-01T00:00:00Z"), agent.report(made_at="2020-01-01T00:00:00Z")
    assert all(isinstance(o, Receipt) for o in send(door, ahead, behind))
    found = book.chain_book(door.database, agent.agent)[0]
    assert {(e["kind"], e["sequence"]) for e in found["events"]} == {("clock-ahead", 1), ("clock-backwards", 2)}
    assert found["received"] == 2

"""Entries and targets held as rows: what was listed comes back, in the order of the keys, and takes little room."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

import pytest

from scanner.ledger.entries import DomainEntry, EndpointEntry, HostEntry, InventoryEntry, ServiceEntry, plain_entry
from scanner.ledger.rows import Entries, Targets
from scanner.model.target import LOCAL, WHOLE_RUN, Domain, Endpoint, Host, Service, Target, parse_target, target_of

LISTED: list[InventoryEntry] = [
    ServiceEntry(Service("ns1.example.jp", 53, "dns", "2001:db8::1"), resolver_for=(), zones=("office",), line=9),
    DomainEntry(Domain("b.example.jp"), sends_mail=False, line=2),
    HostEntry(Host("2001:db8::1"), addresses=("192.0.2.1",), line=5),
    DomainEntry(Domain("a.example.jp"), line=1),
    HostEntry(Host("ns1.example.jp"), line=6),
    DomainEntry(Domain("a.example"), sends_mail=False, line=3),
    EndpointEntry(Endpoint("pc-0001"), line=12),
    ServiceEntry(Service("ns1.example.jp", 53, "dns"), line=8),
]
TARGETS: list[Target] = [entry.target for entry in LISTED]


def test_what_is_listed_comes_back_by_key_in_the_order_of_the_keys() -> None:
    entries = Entries(LISTED)
    assert list(entries) == sorted(target.key for target in TARGETS)
    assert dict(entries) == {entry.target.key: entry for entry in LISTED}


@pytest.mark.parametrize("key", ["", "domain:", "domain:a", "domain:a.example.jpx", "host:a.example.jp", "zone:z", "\U0010ffff"])
def test_what_is_not_listed_is_not_found(key: str) -> None:
    assert key not in Entries(LISTED)
    assert key not in Entries([])
    assert Entries(LISTED).get(key) is None


def test_entries_are_chosen_by_sort_and_by_what_is_said() -> None:
    entries = Entries([*LISTED, plain_entry(LOCAL)])
    assert [e.target.id for e in entries.of(EndpointEntry)] == ["local", "pc-0001"]
    asked: list[DomainEntry] = []

    def silent(entry: DomainEntry) -> bool:
        asked.append(entry)
        return entry.sends_mail is False

    assert [e.target.name for e in entries.of(DomainEntry, silent)] == ["a.example", "b.example.jp"]
    assert len(asked) == 2  # one for the two of which the same is said, one for the one of which nothing is


def test_the_run_itself_is_listed_by_nobody() -> None:
    with pytest.raises(ValueError, match="no entry"):
        plain_entry(WHOLE_RUN)


@pytest.mark.parametrize("target", [*TARGETS, WHOLE_RUN, Service("::1", 25, "smtp"), Service("192.0.2.1", 443, "https", "192.0.2.1")])
def test_a_key_gives_its_target(target: Target) -> None:
    assert target_of(target.key) == parse_target(target.key)
    assert target_of(target.key).key == target.key


def test_targets_are_a_sequence_in_the_order_given() -> None:
    targets = Targets(TARGETS)
    assert (list(targets), len(targets)) == (TARGETS, len(TARGETS))
    assert (targets[0], targets[-1], list(targets[1:-1:2])) == (TARGETS[0], TARGETS[-1], TARGETS[1:-1:2])
    assert LOCAL not in targets
    for place in (len(TARGETS), -len(TARGETS) - 1):
        with pytest.raises(IndexError):
            targets[place]


def test_a_domain_takes_little_more_room_than_its_name() -> None:
    plain = [DomainEntry(Domain(f"d{n:05}.example.lg.jp"), line=n) for n in range(5_000)]
    tracemalloc.start()
    try:
        held = Entries([*plain, *(replace(one, target=Domain(f"www.{one.target.name}"), sends_mail=False) for one in plain)])
        targets = Targets(entry.target for entry in held.of(DomainEntry))
        room, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(targets) == len(held) == 10_000
    assert room < 100 * len(held)

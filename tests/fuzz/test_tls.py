"""The fuzzer run briefly: no octets of a server raise anything but ``NotTls`` and ``CannotCompute``, and guidance finds new ways."""

from __future__ import annotations

import random
import time

import pytest

from tests.fuzz.guided import mutate, run
from tests.fuzz.recorded import names, recorded
from tests.fuzz.targets import ALLOWED, all_targets

TARGETS = all_targets()
ROUNDS = {"reader": 500, "client 1.3": 120}


@pytest.mark.parametrize("name", TARGETS)
def test_nothing_escapes(name: str) -> None:
    target, seeds = TARGETS[name]
    began = time.process_time()
    outcome = run(target, seeds, folder="scanner/wire/tls", rounds=ROUNDS.get(name, 60), allowed=ALLOWED)
    assert outcome.escaped == []
    assert outcome.edges > outcome.seeds, "no mutation reached a line that the seeds do not"
    assert time.process_time() - began < 60


def test_an_escape_is_seen_and_the_run_can_be_repeated() -> None:
    def weak(data: bytes) -> None:
        if data[:1] == b"\x00":
            raise IndexError

    seeds = [bytes.fromhex("0102"), b"x"]
    first, again = (run(weak, seeds, folder="tests/fuzz", rounds=300) for _ in range(2))
    assert first.escaped
    assert [data for data, _ in first.escaped] == [data for data, _ in again.escaped]


def test_mutations_differ_from_what_they_came_from() -> None:
    chance = random.Random(7)
    data = recorded(names()[-1])
    assert len({mutate(chance, data, data) for _ in range(50)}) > 40

"""Every machine of the laboratory gives exactly the tags that its states were written to give, seen from within."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from scanner.engine.judge import Ending
from scanner.model.reason import Reason
from scanner.model.verdict import Outcome
from tests.lab.hosts.judging import checks_of_machines, endings, facts
from tests.lab.hosts.lab import HostsLab
from tests.lab.hosts.state import State, machines, parts

pytestmark = pytest.mark.lab
BOTH_WAYS = 120
"""Checks that have to be seen both ways at least."""
PARTS = [pytest.param(state, id=f"{family}-{state.machine}-{number}") for number, (family, state) in enumerate(parts())]


@pytest.fixture(scope="session")
def judged(hosts_lab: HostsLab) -> Mapping[str, Mapping[str, Sequence[Ending]]]:
    """Machine → check → endings, each machine looked at once."""
    return {name: endings(machine, facts(machine)) for name, machine in hosts_lab.machines.items()}


@pytest.mark.parametrize("state", PARTS)
def test_a_machine_gives_the_tags_that_its_state_was_written_to_give(
    judged: Mapping[str, Mapping[str, Sequence[Ending]]], state: State
) -> None:
    found = judged[state.machine]
    seen = {check: sorted({e.tag or str(e.reason) for e in found[check]}) for check in state.expects}
    assert seen == {check: [tag] for check, tag in state.expects.items()}
    for check, args in state.args.items():
        assert {name: found[check][0].args.get(name) for name in args} == args
    assert {check: [e.reason for e in found[check]] for check in state.undetermined} == {
        check: [reason] for check, reason in state.undetermined.items()
    }


def test_no_collector_breaks_on_any_machine(judged: Mapping[str, Mapping[str, Sequence[Ending]]]) -> None:
    broken = [
        (name, check) for name, found in judged.items() for check, ends in found.items() if any(e.reason is Reason.DEFECT for e in ends)
    ]
    assert broken == []


def test_most_checks_have_passed_and_failed_on_a_machine(judged: Mapping[str, Mapping[str, Sequence[Ending]]]) -> None:
    """What is left is seen in cases and on trees only: containers have no kernel, disk, firmware or audit trail of their own."""
    seen: dict[str, set[Outcome]] = {}
    for name, state in machines().items():
        for check in state.expects:
            seen.setdefault(check, set()).update(e.outcome for e in judged[name][check])
    both = {check for check, outcomes in seen.items() if {Outcome.PASS, Outcome.FAIL} <= outcomes}
    assert len(both) >= BOTH_WAYS, sorted(seen.keys() - both)


def test_states_name_checks_that_exist() -> None:
    named = {check for state in machines().values() for check in (*state.expects, *state.undetermined, *state.args)}
    assert named - checks_of_machines() == set()

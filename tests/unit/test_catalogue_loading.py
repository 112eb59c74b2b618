"""What a plan loads: where machines alone are judged no probe, and never a collector, nor what only SSH or a report needs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from checks import common
from scanner.engine.catalogue import catalogue
from scanner.model.target import Kind

PROGRAM = """
import sys
from scanner.cli.setup import set_up
from scanner.ledger.inventory import Inventory
plan = set_up(["nite"], Inventory.of_targets([]), None, None, sys.argv[1:]).plan
assert plan.variants
print(*sorted(sys.modules))
"""


def loaded(*only: str) -> set[str]:
    """Name the modules that are there once the plan is made."""
    done = subprocess.run([sys.executable, "-c", PROGRAM, *only], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    ("only", "probes"),
    [(["host.", "endpoint."], False), (["mail.", "dns."], True), ([], True)],
)
def test_a_plan_loads_what_it_needs(only: list[str], probes: bool) -> None:
    found = loaded(*only)
    assert ("scanner.probes.dns_dnssec" in found) is probes
    assert not found & {"scanner.hosts.linux.accounts", "paramiko", "dns.dnssec", "invoke", "jsonschema_rs", "sqlalchemy", "jinja2"}


def test_facts_of_machines_are_made_from_within_and_all_others_from_outside() -> None:
    observers = catalogue().observers
    assert {fact.of for fact in observers.collectors} == {Kind.MACHINE}
    assert Kind.MACHINE not in {fact.of for fact in observers.probes}
    assert len(observers) == len(set(observers)) == len(observers.probes) + len(observers.collectors)
    assert all(observers[fact] for fact in observers)


def test_a_change_in_what_checks_share_changes_the_digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = tmp_path / "common.py"
    changed.write_bytes(Path(common.__file__).read_bytes() + b"MORE = 1\n")
    before = catalogue().digest
    monkeypatch.setattr(common, "__file__", str(changed))
    assert catalogue.__wrapped__().digest != before
    monkeypatch.undo()
    assert catalogue.__wrapped__().digest == before

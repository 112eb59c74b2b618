"""What a command loads: an audit of machines no probe, a scan of domains no collector, and neither of them what only SSH needs."""

from __future__ import annotations

import subprocess
import sys

import pytest

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
    ("only", "with_", "without"),
    [
        (["host.", "endpoint."], "scanner.hosts.linux.accounts", {"scanner.probes.dns_dnssec", "scanner.probes.tls_server"}),
        (["mail.", "dns."], "scanner.probes.dns_dnssec", {"scanner.hosts.linux.accounts"}),
        (["ssh."], "scanner.probes.ssh", {"scanner.hosts.linux.accounts"}),
        ([], "scanner.hosts.linux.accounts", set()),
    ],
)
def test_a_plan_loads_what_it_needs(only: list[str], with_: str, without: set[str]) -> None:
    found = loaded(*only)
    assert with_ in found
    assert not found & (without | {"paramiko", "dns.dnssec", "invoke", "jsonschema_rs", "sqlalchemy", "jinja2"})


def test_facts_of_machines_are_made_from_within_and_all_others_from_outside() -> None:
    observers = catalogue().observers
    assert {fact.of for fact in observers.collectors} == {Kind.MACHINE}
    assert Kind.MACHINE not in {fact.of for fact in observers.probes}
    assert len(observers) == len(set(observers)) == len(observers.probes) + len(observers.collectors)
    assert all(observers[fact] for fact in observers)

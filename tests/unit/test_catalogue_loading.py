"""What a plan loads: the families of checks that it asks for; no probe where machines alone are judged; never a collector."""

from __future__ import annotations

import importlib
import pkgutil
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import checks
from scanner.engine.catalogue import catalogue
from scanner.model.check import BadCheck, Check
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


FAMILIES = {found.name for found in pkgutil.iter_modules(checks.__path__) if found.ispkg}


@pytest.mark.parametrize(
    ("only", "asked_for", "not_asked_for"),
    [
        (["host.", "endpoint."], {"checks.host", "checks.endpoint"}, {"checks.mail", "checks.web", "scanner.probes.dns_dnssec"}),
        (["mail.spf"], {"checks.mail", "scanner.probes.mail_sender"}, {"checks.host", "scanner.probes.web_entry", "scanner.probes.tls"}),
        (["mail.", "dns."], {"checks.mail", "checks.dns", "scanner.probes.tls"}, {"checks.host", "checks.exposure"}),
        ([], {"checks.host", "scanner.probes.dns_dnssec"}, set()),
    ],
)
def test_a_plan_loads_what_it_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, only: list[str], asked_for: set[str], not_asked_for: set[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    loaded()  # what was read of the document is kept, so that no check is loaded to read it
    found = loaded(*only)
    assert found >= asked_for
    assert found.isdisjoint(not_asked_for)
    assert not found & {"scanner.hosts.linux.accounts", "paramiko", "dns.dnssec", "invoke", "jsonschema_rs", "sqlalchemy", "jinja2"}


def test_facts_of_machines_are_made_from_within_and_all_others_from_outside() -> None:
    observers = catalogue().observers
    collected = {fact for own in observers.collectors.values() for fact in own}
    assert {fact.of for fact in collected} == {Kind.MACHINE}
    assert Kind.MACHINE not in {fact.of for fact in observers.probes}
    assert len(observers) == len(set(observers)) == len(observers.probes) + len(collected)
    assert all(observers[fact] for fact in observers)


def test_facts_of_machines_that_no_collector_makes_say_so() -> None:
    needed = {need.fact for check in catalogue().checks.values() for need in check.needs if need.fact.of is Kind.MACHINE}
    assert {fact for fact in needed if fact not in catalogue().observers} == {fact for fact in needed if not fact.collected}


def test_a_platform_loads_its_own_collectors_only() -> None:
    program = "import sys; from scanner.engine.catalogue import catalogue; catalogue().collectors_on('linux'); print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    found = {name for name in done.stdout.split() if name.startswith("scanner.hosts.")}
    assert "scanner.hosts.linux.accounts" in found
    assert not [name for name in found if name.startswith(("scanner.hosts.windows.", "scanner.hosts.macos.", "scanner.hosts.devices."))]


def test_every_check_stands_in_the_package_of_its_family() -> None:
    shared = [importlib.import_module(f"checks.{found.name}") for found in pkgutil.iter_modules(checks.__path__) if not found.ispkg]
    assert not [member for module in shared for member in vars(module).values() if isinstance(member, Check)]
    assert {check_id.partition(".")[0] for check_id in catalogue().checks} == FAMILIES


def test_a_check_in_the_package_of_another_family_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    stray = next(iter(catalogue().checks.below("ipv6")))
    monkeypatch.setattr(sys.modules[stray.module], "stray", replace(stray, id="mail.stray"), raising=False)
    with pytest.raises(BadCheck, match="does not belong"):
        catalogue.__wrapped__().checks.below("ipv6")


def test_a_change_in_what_checks_share_changes_the_digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copied = shutil.copytree(Path(str(checks.__file__)).parent, tmp_path / "checks")
    before = catalogue().digest
    monkeypatch.setattr(checks, "__file__", str(copied / "__init__.py"))
    assert catalogue.__wrapped__().digest == before
    with (copied / "common.py").open("a") as common:
        common.write("MORE = 1\n")
    assert catalogue.__wrapped__().digest != before

"""The worked example and every YAML block of the documentation load, and the example speaks of what the laboratory raises."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from baselines.loader import SHIPPED, load_shipped
from scanner.engine.catalogue import catalogue
from scanner.ledger.entries import ServiceEntry
from scanner.ledger.exceptions import Exceptions, load_exceptions, parse_exceptions
from scanner.ledger.grading import Axis, SystemClass
from scanner.ledger.inventory import Inventory, targets
from scanner.ledger.inventory_file import load_inventory, parse_inventory
from scanner.ledger.known import Known
from scanner.ledger.profile import Profile, load_profile, parse_profile
from scanner.model.target import Domain
from tests.lab import plan, table

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "kakuu"
NOVEMBER = date(2026, 11, 22)


@pytest.fixture(scope="module")
def known() -> Known:
    """The real baselines and checks."""
    checks = catalogue().checks
    controls = {c.id: (name, c.ref) for name in SHIPPED for c in load_shipped(name, checks)}
    return Known(controls=controls, checks=checks.keys(), inventory=load_inventory(EXAMPLE / "inventory.yaml"))


@pytest.fixture(scope="module")
def town(known: Known) -> tuple[Inventory, Profile, Exceptions]:
    """The example, read with everything known."""
    assert known.inventory is not None
    profile = load_profile(EXAMPLE / "profile.yaml", catalogue().values, known)
    return known.inventory, profile, load_exceptions(EXAMPLE / "exceptions.yaml", known)


Town = tuple[Inventory, Profile, Exceptions]


def test_the_example_is_the_town_of_the_laboratory(town: Town) -> None:
    inventory, _, _ = town
    raised, servers = table.load(), plan.servers()
    for entry in inventory.entries.values():
        target = entry.target
        if isinstance(target, Domain):
            assert target.name in raised or target.name.partition(".")[2] in raised, target.name
        if isinstance(entry, ServiceEntry) and entry.target.address:
            assert entry.target.address in servers[entry.target.host].addresses
    kakuu = raised["kakuu.lg.jp"]
    assert set(kakuu.servers) == {e.target.host for e in inventory.entries.values() if isinstance(e, ServiceEntry) and e.authoritative_for}
    assert set(inventory.zones["office"].networks) == set(plan.OFFICE)


def test_the_selectors_of_the_example_are_those_in_use(town: Town) -> None:
    raised = table.load()
    for entry in town[0].entries.values():
        selectors = getattr(entry, "dkim_selectors", ())
        if selectors:
            assert isinstance(entry.target, Domain)
            assert selectors == raised[entry.target.name].selectors


def test_the_systems_of_the_example_have_grades_classes_and_owners(town: Town) -> None:
    systems = town[0].systems
    assert [s.name for s in systems.values()][:4] == ["公開Webシステム", "電子メールシステム", "名前解決基盤", "住民情報システム"]
    assert systems["residents"].grade.level(Axis.CONFIDENTIALITY) == 3
    assert systems["mail"].classed is SystemClass.HIGH
    assert systems["outsourced-sites"].classed is None
    assert all(s.owner for s in systems.values())


def test_inner_systems_are_looked_at_from_the_office_only(town: Town) -> None:
    inventory = town[0]
    outside, office = ({t.key for t in targets(inventory, zone)} for zone in ("internet", "office"))
    services = {f"service:juki-db.naibu.kakuu.lg.jp=10.20.0.80:{place}" for place in ("22/ssh", "443/https")}
    assert office - outside == {"host:juki-db.naibu.kakuu.lg.jp", "endpoint:local", *services}
    assert not outside - office


def test_everything_listed_lies_in_the_scope(town: Town) -> None:
    inventory = town[0]
    allowed = {entry.what for entry in inventory.permissions.scope.allowed}
    for entry in inventory.entries.values():
        name = getattr(entry.target, "name", "") or getattr(entry.target, "host", "")
        parts = name.split(".")
        assert not name or {".".join(parts[i:]) for i in range(len(parts))} & allowed, name


def test_the_example_has_values_decisions_records_and_exceptions_of_every_kind(town: Town) -> None:
    _, profile, exceptions = town
    assert {s.source for s in profile.values.values()} == {"profile"}
    assert any(s.stated for s in profile.values.values())
    assert len({d.choice for d in profile.decisions}) == 3
    assert [a.holds(NOVEMBER) for a in profile.attestations] == [True]
    assert [e.id for e in exceptions.active(NOVEMBER)] == ["rei-2026-003", "rei-2026-007"]
    assert [e.id for e in exceptions.expired(NOVEMBER)] == ["rei-2026-001"]
    assert all(e.article.controls for e in exceptions.entries)


def blocks(page: str) -> dict[str, str]:
    """The YAML blocks of a page by the name of the file that they show."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return {found[2] or found[1]: found[3] for found in re.finditer(r"```yaml\n# (\w+)\.yaml(?:: (\w+))?\n(.*?)```", text, re.DOTALL)}


@pytest.mark.parametrize("page", ["inventory.md", "inventory.ja.md"])
def test_what_the_documentation_shows_loads(page: str, known: Known) -> None:
    shown = blocks(page)
    inventory = parse_inventory("inventory.yaml", shown["inventory"])
    here = Known(controls=known.controls, checks=known.checks, inventory=inventory)
    assert parse_profile("profile.yaml", shown["profile"], catalogue().values, here).decisions
    assert parse_exceptions("exceptions.yaml", shown["exceptions"], here).entries
    assert parse_inventory("inventory.yaml", shown["inventory"] + shown["scope"]).permissions.consents


def test_both_languages_show_the_same() -> None:
    assert blocks("inventory.md") == blocks("inventory.ja.md")
    assert len(blocks("inventory.md")) == 4

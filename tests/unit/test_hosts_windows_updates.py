"""Updates of Windows machines: what is missing, and whether they come by themselves.

Hives are made by hivexsh in the real format. What PowerShell prints is written after the documentation of the classes and of
``ConvertTo-Json``; what Windows answers after that of the functions named in ``scanner.hosts.windows.answers``. None of it was recorded.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.facts.software import AutomaticUpdates, PackageSources, SecurityUpdates
from scanner.hosts.base import CommandOutput
from scanner.hosts.windows import (
    updates,
)
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from tests.unit.test_hosts_windows_accounts import CLOCK, windows
from tests.unit.windows_answers import SERVER, SERVICES, error, said
from tests.unit.windows_machines import WINDOWS_11, Keys, fact_of, machine

FOUND = {
    "searched": "2026-09-20T01:02:03Z",
    "installed": "2026-09-10T01:02:03Z",
    "updates": [
        {
            "id": "1",
            "kb": ["5041585"],
            "hidden": False,
            "since": "2026-09-09T00:00:00Z",
            "severity": "Critical",
            "classes": ["0FA1201D-4330-4FA8-AE73-B877473B6441"],
        },
        {"id": "2", "kb": ["2267602"], "hidden": False, "since": None, "severity": "", "classes": ["e0789628-ce08-4437-be74-2495b842f43b"]},
        {"id": "3", "kb": [], "hidden": True, "since": None, "severity": "", "classes": ["0fa1201d-4330-4fa8-ae73-b877473b6441"]},
    ],
}


def test_missing_updates_are_those_of_the_security_class(tmp_path: Path) -> None:
    fact = fact_of(SecurityUpdates, updates.security_updates, machine(tmp_path, commands=said(updates.SEARCH, FOUND), answers=[CLOCK]))
    assert (fact.has_lists, fact.lists_days) == (True, 1)
    assert isinstance(fact.offered, tuple)
    assert [(u.name, u.offered, u.notice) for u in fact.offered] == [("KB5041585", "2026-09-09", "Critical")]
    assert fact.held == ("3",)
    never = fact_of(
        SecurityUpdates,
        updates.security_updates,
        machine(tmp_path / "2", commands=said(updates.SEARCH, {"searched": None, "installed": None, "updates": []}), answers=[CLOCK]),
    )
    assert never.has_lists is False
    assert isinstance(never.lists_days, Unobserved)
    assert never.offered == ()


@pytest.mark.parametrize(
    ("commands", "reason"),
    [
        ({" ".join(updates.SEARCH.argv): b""}, Reason.UNSUPPORTED),  # as Wine's PowerShell, which prints nothing and returns 0
        (error(updates.SEARCH, -2147024891), Reason.ACCESS_DENIED),
        ({" ".join(updates.SEARCH.argv): b"[1]"}, Reason.PROTOCOL_VIOLATION),
        ({}, Reason.UNSUPPORTED),
    ],
)
def test_a_powershell_that_says_nothing_is_no_answer(tmp_path: Path, commands: dict[str, bytes | CommandOutput], reason: Reason) -> None:
    with pytest.raises(CannotObserve) as why:
        fact_of(SecurityUpdates, updates.security_updates, machine(tmp_path, commands=commands, answers=[CLOCK]))
    assert why.value.reason is reason


def automatic(room: Path, *keys: Keys, version: Keys = WINDOWS_11) -> tuple[object, object, str]:
    """Whether updates are installed by themselves, whether security updates are among them, and by what."""
    service: Keys = {SERVICES + r"\wuauserv": {"Start": 3}}
    (one,) = fact_of(AutomaticUpdates, updates.automatic_updates, machine(room, service, *keys, answers=[CLOCK], version=version)).updaters  # type: ignore[misc]  # never unobserved here
    assert one.installs.in_force == one.installs.after_restart
    return one.installs.after_restart, one.security, one.name


@pytest.mark.parametrize(
    ("keys", "version", "expected"),
    [
        ({}, WINDOWS_11, True),  # automatic is what Windows 10 and 11 do without a policy
        ({}, SERVER, None),
        ({}, windows("9600", "Professional"), None),
        ({updates.OLD: {"AUOptions": 4}}, windows("9600", "Professional"), True),
        ({updates.AU: {"NoAutoUpdate": 1}}, WINDOWS_11, False),
        ({updates.AU: {"AUOptions": 2}}, WINDOWS_11, False),
        ({updates.AU: {"AUOptions": 3}}, WINDOWS_11, False),
        ({updates.AU: {"AUOptions": 4}}, SERVER, True),
        ({updates.AU: {"AUOptions": 5}}, WINDOWS_11, None),
        ({updates.HELD: {"PausedQualityStatus": 1}}, WINDOWS_11, False),
        ({updates.HELD: {"PausedQualityStatus": 2}}, WINDOWS_11, True),
        ({updates.CHOSEN: {"PauseQualityUpdatesEndTime": "2026-10-01T00:00:00Z"}}, WINDOWS_11, False),
        ({updates.CHOSEN: {"PauseQualityUpdatesEndTime": "2026-09-01T00:00:00Z"}}, WINDOWS_11, True),
        ({SERVICES + r"\wuauserv": {"Start": 4}}, WINDOWS_11, False),
    ],
)
def test_updates_come_by_themselves_or_not(tmp_path: Path, keys: Keys, version: Keys, expected: bool | None) -> None:
    installs, security, name = automatic(tmp_path, keys, version=version)
    assert isinstance(installs, Unobserved) if expected is None else installs is expected
    assert (security, name) == (True, "Windows Update")


def test_what_an_own_server_offers_is_settled_there(tmp_path: Path) -> None:
    keys: Keys = {updates.AU: {"UseWUServer": 1, "AUOptions": 4}, updates.WU: {"WUServer": "http://wsus.example:8530"}}
    installs, security, name = automatic(tmp_path, keys)
    assert installs is True
    assert isinstance(security, Unobserved)
    assert name == "WSUS (wsus.example)"
    fact = fact_of(PackageSources, updates.package_sources, machine(tmp_path / "2", keys))
    assert isinstance(fact.sources, tuple)
    assert [(s.scheme, s.host, s.signed) for s in fact.sources] == [("http", "wsus.example", True)]
    fact = fact_of(PackageSources, updates.package_sources, machine(tmp_path / "3", {updates.WU: {"WUServer": "http://unused.example"}}))
    assert isinstance(fact.sources, tuple)
    assert fact.sources[0].host == "update.microsoft.com"

"""What restricts which programs run on Windows machines: App Control, AppLocker, Software Restriction Policies.

Rules are AppLocker's default ones and changes of them, in the form of Microsoft's schema; answers of PowerShell follow its documentation.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from scanner.facts.execution import ExecutionControl, Unnamed
from scanner.facts.readings import Readings
from scanner.hosts.windows import execution
from scanner.hosts.windows.execution import APPLOCKER, MANAGED, MORE_POLICIES, POLICY_STATUS, SAFER, SMART, execution_control
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.unit.test_hosts_windows_accounts import windows
from tests.unit.windows_answers import SERVER, SERVICES, error, said, states
from tests.unit.windows_machines import WINDOWS_11, Keys, MadeReader, fact_of, machine

EXE = APPLOCKER + r"\Exe"
SERVED: Keys = {rf"{SERVICES}\{execution.SERVICE}": {"Start": 2}}
STOPPED, RUNS, RECORDS = Unnamed.REFUSED, Unnamed.RUNS, Unnamed.RECORDED


def path_rule(path: str, sid: str = "S-1-1-0", action: str = "Allow", exceptions: str = "") -> str:
    """One rule by path, as Windows keeps it."""
    return (
        f'<FilePathRule Id="921cc481-6e17-4653-8f75-050b80acca20" Name="rule" Description="" UserOrGroupSid="{sid}" Action="{action}">'
        f'<Conditions><FilePathCondition Path="{path}"/></Conditions>{exceptions}</FilePathRule>'
    )


DEFAULT = (path_rule(r"%PROGRAMFILES%\*"), path_rule(r"%WINDIR%\*"), path_rule("*", "S-1-5-32-544"))


def ruled(*rules: str, mode: int | None = 1) -> Keys:
    """AppLocker's rules for programs."""
    return {EXE: {} if mode is None else {"EnforcementMode": mode}, **{rf"{EXE}\{{{n}}}": {"Value": rule} for n, rule in enumerate(rules)}}


def means(read: MadeReader) -> tuple[Readings[Unnamed], ...]:
    """What the three do: App Control, AppLocker, Software Restriction Policies."""
    found = fact_of(ExecutionControl, execution_control, read).means
    assert isinstance(found, tuple)
    return tuple(one.unnamed for one in found)


def applocker(room: Path, *keys: Keys, running: bool = True, version: Keys = WINDOWS_11) -> Readings[Unnamed]:
    """What AppLocker does on a running machine."""
    told = states(execution.SERVICE) if running else states()
    return means(machine(room, *keys, answers=[told], version=version))[1]


def test_applocker_stops_what_no_rule_names(tmp_path: Path) -> None:
    assert applocker(tmp_path / "1", ruled(*DEFAULT), SERVED).effective() == (STOPPED, STOPPED)
    assert applocker(tmp_path / "2", ruled(*DEFAULT, mode=None), SERVED).effective() == (STOPPED, STOPPED)  # not configured: enforced
    assert means(machine(tmp_path / "3", ruled(*DEFAULT), SERVED))[1].effective() == (STOPPED,)
    assert applocker(tmp_path / "4", ruled(*DEFAULT, mode=0), SERVED).effective() == (RECORDS, RECORDS)
    assert applocker(tmp_path / "5", ruled(), SERVED).effective() == (RUNS, RUNS)


@pytest.mark.parametrize(
    ("rule", "runs"),
    [
        (path_rule("*"), True),
        (path_rule("*", "S-1-5-21-1-2-3-513"), True),
        (path_rule(r"%OSDRIVE%\*", "S-1-5-11"), True),
        (path_rule(r"*:\*\*.exe"), True),
        (path_rule("*", exceptions=f'<Exceptions><FilePathCondition Path="{MANAGED}"/></Exceptions>'), True),
        (path_rule("*", "S-1-5-21-1-2-3-1104"), False),  # one group of the organisation's own
        (path_rule("*", action="Deny"), False),
        (path_rule(r"C:\tools\*"), False),
    ],
)
def test_a_rule_that_allows_everybody_everything_restricts_nothing(tmp_path: Path, rule: str, runs: bool) -> None:
    assert applocker(tmp_path, ruled(*DEFAULT, rule), SERVED).after_restart is (RUNS if runs else STOPPED)


def test_applocker_does_nothing_without_its_service(tmp_path: Path) -> None:
    assert applocker(tmp_path / "1", ruled(*DEFAULT), SERVED, running=False).effective() == (RUNS, STOPPED)
    never: Keys = {rf"{SERVICES}\{execution.SERVICE}": {"Start": 4}}
    assert applocker(tmp_path / "2", ruled(*DEFAULT), never).effective() == (STOPPED, RUNS)
    demanded: Keys = {rf"{SERVICES}\{execution.SERVICE}": {"Start": 3}}
    found = applocker(tmp_path / "3", ruled(*DEFAULT), demanded)
    assert found.in_force is STOPPED
    assert isinstance(found.after_restart, Unobserved)


@pytest.mark.parametrize(
    ("version", "stops"),
    [
        (windows("7601", "Professional"), False),
        (windows("7601", "Ultimate"), True),
        (windows("17763", "EnterpriseS"), True),
        (windows("17763", "Professional"), False),
        (windows("19045", "Professional", revision=2000), None),
        (windows("19045", "Professional", revision=4000), True),
        (windows("22631", "Core"), True),
        (SERVER, True),
    ],
)
def test_older_clients_enforce_it_in_some_editions_only(tmp_path: Path, version: Keys, stops: bool | None) -> None:
    later = applocker(tmp_path, ruled(*DEFAULT), SERVED, version=version).after_restart
    assert isinstance(later, Unobserved) if stops is None else later is (STOPPED if stops else RUNS)


def test_rules_that_cannot_be_read_leave_applocker_open(tmp_path: Path) -> None:
    for room, keys in (("1", ruled(*DEFAULT, "<FilePathRule")), ("2", {EXE: {}, rf"{EXE}\{{1}}": {}})):
        found = applocker(tmp_path / room, keys, SERVED)
        assert [part.reason for part in found.effective() if isinstance(part, Unobserved)] == [Reason.PROTOCOL_VIOLATION] * 2
    read = machine(tmp_path / "3", SERVED, files={f"{MANAGED}/x": b""}, answers=[states(execution.SERVICE)])
    assert isinstance(means(read)[1].after_restart, Unobserved)


def app_control(room: Path, status: object, keys: Keys | None = None, files: Mapping[str, bytes] | None = None) -> Readings[Unnamed]:
    """What App Control does on a running machine whose Windows gives this status."""
    return means(machine(room, keys or {}, files=files, commands=said(POLICY_STATUS, {"user": status})))[0]


def test_app_control_is_what_windows_says_it_is(tmp_path: Path) -> None:
    policy = {f"{MORE_POLICIES}/{{1}}.cip": b"x"}
    assert app_control(tmp_path / "0", 0).effective() == (RUNS, RUNS)
    assert app_control(tmp_path / "1", 1, files=policy).effective() == (RECORDS, RECORDS)
    assert app_control(tmp_path / "2", 2, files=policy).effective() == (STOPPED, STOPPED)
    without = app_control(tmp_path / "3", 2)
    assert without.in_force is STOPPED
    assert isinstance(without.after_restart, Unobserved)
    smart = app_control(
        tmp_path / "4", 2, {SMART.replace("CurrentControlSet", "ControlSet001"): {"VerifiedAndReputablePolicyState": 1}}, policy
    )
    assert all(isinstance(part, Unobserved) for part in smart.effective())


@pytest.mark.parametrize("status", [None, 3, "2", True])
def test_a_status_that_is_not_known_is_not_off(tmp_path: Path, status: object) -> None:
    assert isinstance(app_control(tmp_path, status).in_force, Unobserved)


def test_app_control_is_told_by_a_running_windows_with_rights_only(tmp_path: Path) -> None:
    denied = means(machine(tmp_path / "1", commands=error(POLICY_STATUS, 2)))[0]
    assert isinstance(denied.in_force, Unobserved)
    assert denied.in_force.reason is Reason.ACCESS_DENIED
    image = means(machine(tmp_path / "2", files={f"{MORE_POLICIES}/{{1}}.cip": b"x"}))[0]
    assert isinstance(image.after_restart, Unobserved)
    assert means(machine(tmp_path / "3", version=windows("7601", "Enterprise")))[0].effective() == (RUNS,)


@pytest.mark.parametrize(
    ("values", "version", "does"),
    [
        ({"DefaultLevel": 0, "TransparentEnabled": 1}, windows("19045", "Professional"), STOPPED),
        ({"DefaultLevel": 0x40000, "TransparentEnabled": 1}, windows("19045", "Professional"), RUNS),
        ({"DefaultLevel": 0, "TransparentEnabled": 0}, windows("19045", "Professional"), RUNS),
        ({"DefaultLevel": 0}, windows("19045", "Professional"), None),
        ({"DefaultLevel": 0, "TransparentEnabled": 2}, WINDOWS_11, None),
        ({}, WINDOWS_11, RUNS),
    ],
)
def test_software_restriction_policies_refuse_by_their_default_level(
    tmp_path: Path, values: Mapping[str, int], version: Keys, does: Unnamed | None
) -> None:
    (later,) = means(machine(tmp_path, {SAFER: dict(values)}, version=version))[2].effective()
    assert isinstance(later, Unobserved) if does is None else later is does


def test_rules_of_applocker_put_software_restriction_policies_aside(tmp_path: Path) -> None:
    keys: Keys = {SAFER: {"DefaultLevel": 0, "TransparentEnabled": 1}, rf"{APPLOCKER}\Msi\{{1}}": {"Value": path_rule("*")}}
    assert means(machine(tmp_path, keys, version=windows("19045", "Professional")))[2].effective() == (RUNS,)

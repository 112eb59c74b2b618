"""The screen lock of Windows: made hives, expectations after Microsoft's documentation of the policies."""

from __future__ import annotations

from pathlib import Path

import pytest

from checks.endpoint.screen_lock import screen_lock_enforced, screen_lock_idle, screen_lock_password
from scanner.facts.readings import Wait
from scanner.facts.screen_lock import ScreenLock
from scanner.hosts.windows.base import WINLOGON
from scanner.hosts.windows.screen_lock import MACHINE, MANAGED, POLICY, PREFERENCE, SYSTEM, screen_lock
from scanner.model.check import Check
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve
from scanner.model.verdict import Verdict
from tests.unit.windows_machines import HANAKO, TARO, Keys, MadeReader, machine

SAVER: dict[str, str] = {
    "ScreenSaveActive": "1",
    "ScreenSaverIsSecure": "1",
    "ScreenSaveTimeOut": "600",
    "SCRNSAVE.EXE": r"C:\Windows\system32\scrnsave.scr",
}
LIMIT: Keys = {MACHINE: {"InactivityTimeoutSecs": 900}}


def said(check: Check, read: MadeReader) -> str:
    judged = check.judge(screen_lock.run(read))
    return judged.tag if isinstance(judged, Verdict) else "undetermined"


def three(read: MadeReader) -> tuple[str, str, str]:
    return said(screen_lock_idle, read), said(screen_lock_password, read), said(screen_lock_enforced, read)


def test_the_machines_limit_is_enough(tmp_path: Path) -> None:
    assert three(machine(tmp_path, LIMIT, users=[TARO])) == ("LOCK_OK", "PASSWORD_ASKED", "LOCK_FIXED")


@pytest.mark.parametrize("value", [0, None])
def test_zero_and_nothing_are_no_limit(tmp_path: Path, value: int | None) -> None:
    keys: Keys = {MACHINE: {} if value is None else {"InactivityTimeoutSecs": value}}
    assert three(machine(tmp_path, keys, users=[TARO])) == ("LOCK_NEVER", "PASSWORD_NONE", "LOCK_CHANGEABLE")


def test_what_a_management_service_asks_for_is_no_missing_lock(tmp_path: Path) -> None:
    managed: Keys = {MANAGED: {"MaxInactivityTimeDeviceLock": 15}}
    assert three(machine(tmp_path / "2", managed, LIMIT)) == ("LOCK_OK", "PASSWORD_ASKED", "LOCK_FIXED")
    with pytest.raises(CannotObserve, match="in a way that is not read"):
        screen_lock.run(machine(tmp_path / "1", managed))


def test_a_long_limit_is_late(tmp_path: Path) -> None:
    assert three(machine(tmp_path, {MACHINE: {"InactivityTimeoutSecs": 3600}}))[0] == "LOCK_LATE"


def test_the_savers_policy_of_every_account_is_enough(tmp_path: Path) -> None:
    keys: Keys = {rf"HKU\{sid}\{POLICY}": SAVER for sid in (TARO, HANAKO)}
    assert three(machine(tmp_path, keys)) == ("LOCK_OK", "PASSWORD_ASKED", "LOCK_FIXED")


def test_one_account_without_the_policy_spoils_it(tmp_path: Path) -> None:
    read = machine(tmp_path, {rf"HKU\{TARO}\{POLICY}": SAVER}, users=[HANAKO])
    assert three(read) == ("LOCK_NEVER", "PASSWORD_NONE", "LOCK_CHANGEABLE")


def test_the_policy_beats_the_preference(tmp_path: Path) -> None:
    keys: Keys = {rf"HKU\{TARO}\{POLICY}": SAVER, rf"HKU\{TARO}\{PREFERENCE}": {**SAVER, "ScreenSaveTimeOut": "7200"}}
    assert three(machine(tmp_path, keys))[0] == "LOCK_OK"


def test_a_preference_can_be_changed(tmp_path: Path) -> None:
    """The account's own saver works, but any new account gets none: what is the user's choice is not the organisation's."""
    read = machine(tmp_path, {rf"HKU\{TARO}\{PREFERENCE}": SAVER})
    assert three(read) == ("LOCK_NEVER", "PASSWORD_NONE", "LOCK_CHANGEABLE")
    fact = screen_lock.run(read)
    assert isinstance(fact, ScreenLock)
    assert not isinstance(fact.desktops, Unobserved)
    own = next(lock for lock in fact.desktops if lock.account)
    assert (own.idle_fixed, own.password_fixed, own.grace_fixed) == (False, False, True)
    assert own.idle.after_restart == Wait(600)


@pytest.mark.parametrize(
    ("changed", "idle", "password"),
    [
        ({"SCRNSAVE.EXE": ""}, "LOCK_NEVER", "PASSWORD_ASKED"),
        ({"ScreenSaveActive": "0"}, "LOCK_NEVER", "PASSWORD_ASKED"),
        ({"ScreenSaveTimeOut": "0"}, "LOCK_NEVER", "PASSWORD_ASKED"),
        ({"ScreenSaveTimeOut": "soon"}, "LOCK_NEVER", "PASSWORD_ASKED"),
        ({"ScreenSaveTimeOut": "901"}, "LOCK_LATE", "PASSWORD_ASKED"),
        ({"ScreenSaverIsSecure": "0"}, "LOCK_OFF", "PASSWORD_NONE"),
    ],
)
def test_all_parts_of_the_saver_are_needed(tmp_path: Path, changed: dict[str, str], idle: str, password: str) -> None:
    read = machine(tmp_path, {rf"HKU\{TARO}\{POLICY}": {**SAVER, **changed}})
    assert three(read)[:2] == (idle, password)


def test_the_grace_period_counts(tmp_path: Path) -> None:
    saver: Keys = {rf"HKU\{TARO}\{POLICY}": SAVER}
    assert three(machine(tmp_path / "a", saver, {WINLOGON: {"ScreenSaverGracePeriod": "5"}}))[1] == "PASSWORD_ASKED"
    assert three(machine(tmp_path / "b", saver, {WINLOGON: {"ScreenSaverGracePeriod": 600}}))[1] == "PASSWORD_LATE"
    assert three(machine(tmp_path / "c", saver, {WINLOGON: {"ScreenSaverGracePeriod": "x"}}))[1] == "undetermined"


def test_an_account_that_cannot_lock_is_not_locked(tmp_path: Path) -> None:
    read = machine(tmp_path / "a", LIMIT, {rf"HKU\{TARO}\{SYSTEM}": {"DisableLockWorkstation": 1}})
    assert three(read)[:2] == ("LOCK_OFF", "PASSWORD_NONE")
    assert three(machine(tmp_path / "b", {MACHINE: {"InactivityTimeoutSecs": 900, "DisableLockWorkstation": 1}}))[1] == "PASSWORD_NONE"


def test_settings_that_cannot_be_read_leave_it_open(tmp_path: Path) -> None:
    read = machine(tmp_path, {rf"HKU\{TARO}\{POLICY}": SAVER}, users=[HANAKO])
    (tmp_path / "Users/1002/NTUSER.DAT").unlink()
    assert three(read) == ("undetermined", "undetermined", "undetermined")

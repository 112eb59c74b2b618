"""Accounts, groups and the rules for passwords and log-ons of Windows machines, and which Windows they run.

Hives are made by hivexsh in the real format; what is in the accounts database is written field by field (see test_wire_windows).
Answers of Windows are written after the documentation of the functions that are named in ``scanner.hosts.windows.answers``.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import pytest

from scanner.facts.accounts import Account, Accounts, Password
from scanner.facts.login_rules import Lockout, LoginRules, PasswordRules
from scanner.facts.software import InstalledSoftware, OperatingSystem, Package, RestartNeed
from scanner.hosts.windows import answers, base
from scanner.hosts.windows.accounts import ALIASES, DAY, OWN_ALIASES, SAM, USERS, accounts
from scanner.hosts.windows.base import WINLOGON
from scanner.hosts.windows.login_rules import LSA, SYSTEM, login_rules, password_rules
from scanner.hosts.windows.system import SERVICING, UNINSTALL, UPDATE, installed_software, operating_system, restart_need
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.unit.test_wire_windows import EXPORT, NEVER, account, group, named, rules
from tests.unit.windows_machines import TARO, WINDOWS_11, Keys, Made, fact_of, machine

NOW = 1_790_000_000
"""2026-09-21 in seconds since 1970."""
CLOCK = (answers.CLOCK, answers.Clock(NOW))
DOMAIN = "S-1-5-21-7-8-9"
FILTERS: Keys = {LSA: {"Notification Packages": ("scecli",)}}


def ticks(seconds: int) -> int:
    """A time as Windows stores it."""
    return (seconds + 11_644_473_600) * 10_000_000


def database(**people: tuple[int, int, int]) -> dict[str, dict[str, Made]]:
    """An accounts database with these accounts: RID, flags, length of the stored password. All logged on ten days ago."""
    keys: dict[str, dict[str, Made]] = {
        SAM + r"\Account": {"F": rules(42 * DAY, 900), "V": bytes(40) + struct.pack("<3I", 7, 8, 9)},
        USERS + r"\Names": {},
        rf"{ALIASES}\00000220": {"C": group("Administrators", (f"{DOMAIN}-500", f"{DOMAIN}-1001", "S-1-5-21-1-1-1-512"))},
        rf"{OWN_ALIASES}\000003E9": {"C": group("経理", (f"{DOMAIN}-1001",))},
    }
    for name, (rid, flags, password) in people.items():
        then = ticks(NOW - 10 * DAY)
        keys[rf"{USERS}\{rid:08X}"] = {"F": account(rid, flags, then, then), "V": named(name, password)}
    return keys


NORMAL, DISABLED, KEEPS = 0x10, 0x11, 0x210
USUAL = database(
    管理者=(500, KEEPS | DISABLED, 20),
    Guest=(501, 0x215, 4),
    DefaultAccount=(503, 0x215, 0),
    太郎=(1001, NORMAL, 56),
    花子=(1002, NORMAL, 24),
)


def by_number(found: tuple[Account, ...] | Unobserved) -> dict[int, Account]:
    assert isinstance(found, tuple)
    return {int(one.number.rsplit("-", 1)[1]): one for one in found}


def test_accounts_are_told_by_sid_whatever_they_are_called(tmp_path: Path) -> None:
    fact = fact_of(Accounts, accounts, machine(tmp_path, USUAL, answers=[CLOCK, (answers.JOINED, answers.Joined(False, "WORKGROUP"))]))
    found = by_number(fact.accounts)
    assert [(n, a.name, a.password, a.login, a.person) for n, a in found.items()] == [
        (500, "管理者", Password.LOCKED, False, True),
        (501, "Guest", Password.LOCKED, False, True),
        (503, "DefaultAccount", Password.LOCKED, False, False),
        (1001, "太郎", Password.SET, True, True),
        (1002, "花子", Password.EMPTY, True, True),
    ]
    assert (found[1001].age_days, found[1001].idle_days, found[1001].most_days, found[500].most_days) == (10, 10, 42, None)
    assert found[1001].number == f"{DOMAIN}-1001"
    assert found[1001].keys is False
    assert found[1001].expired is False
    assert isinstance(fact.groups, tuple)
    assert {(g.number, g.members) for g in fact.groups} == {
        ("S-1-5-32-544", ("管理者", "太郎", "S-1-5-21-1-1-1-512")),
        (f"{DOMAIN}-1001", ("太郎",)),
    }
    assert fact.directories == ()


def test_on_an_image_days_are_not_counted_and_the_domain_is_its_policys(tmp_path: Path) -> None:
    state: Keys = {
        r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Group Policy\State\Machine": {
            "Distinguished-Name": "CN=PC1,OU=X,DC=city,DC=example"
        }
    }
    fact = fact_of(Accounts, accounts, machine(tmp_path, USUAL, state))
    found = by_number(fact.accounts)
    assert isinstance(found[1001].age_days, Unobserved)
    assert found[1002].password is Password.EMPTY
    assert fact.directories == ("city.example",)
    assert fact_of(Accounts, accounts, machine(tmp_path / "2", USUAL)).directories == ("unknown",)


def test_without_rights_windows_is_asked_and_an_empty_password_is_not_told(tmp_path: Path) -> None:
    told = answers.LocalAccounts(
        (
            answers.LocalAccount("Administrator", f"{DOMAIN}-500", 0x10203, 100 * DAY, None, None),
            answers.LocalAccount("taro", f"{DOMAIN}-1001", 0x201, 5 * DAY, NOW - 3 * DAY, None),
            answers.LocalAccount("jiro", f"{DOMAIN}-1002", 0x221, 5 * DAY, None, NOW - DAY),
        )
    )
    groups = answers.LocalGroups(
        (answers.LocalGroup("S-1-5-32-544", "Administrators", ((f"{DOMAIN}-500", "Administrator"), ("S-1-5-21-1-1-1-512", ""))),)
    )
    given: list[tuple[answers.Api[Any], object]] = [
        CLOCK,
        (answers.ACCOUNTS, told),
        (answers.GROUPS, groups),
        (answers.JOINED, answers.Joined(True, "CITY")),
    ]
    fact = fact_of(Accounts, accounts, machine(tmp_path, answers=given))
    found = by_number(fact.accounts)
    assert (found[500].password, found[1001].password) == (Password.LOCKED, Password.SET_OR_EMPTY)
    assert found[1002].password is Password.SET_OR_EMPTY
    assert found[1002].expired is True
    assert (found[1001].age_days, found[1001].idle_days) == (5, 3)
    assert fact.directories == ("CITY",)
    assert isinstance(fact.groups, tuple)
    assert fact.groups[0].members == ("Administrator", "S-1-5-21-1-1-1-512")


def test_what_nobody_answers_is_unobserved(tmp_path: Path) -> None:
    fact = fact_of(Accounts, accounts, machine(tmp_path, answers=()))
    assert isinstance(fact.accounts, Unobserved)
    assert isinstance(fact.groups, Unobserved)
    broken: Keys = {**USUAL, rf"{USERS}\000003E9": {"F": b"short", "V": b"short"}}
    fact = fact_of(Accounts, accounts, machine(tmp_path / "2", broken, answers=[CLOCK]))
    assert isinstance(fact.accounts, Unobserved)
    assert fact.accounts.reason is Reason.PROTOCOL_VIOLATION
    server: Keys = {base.SERVICES + r"\sshd": {"Start": 2}}
    fact = fact_of(Accounts, accounts, machine(tmp_path / "3", USUAL, server, answers=[CLOCK]))
    assert isinstance(by_number(fact.accounts)[1001].keys, Unobserved)


@pytest.mark.parametrize(
    ("stored", "length", "classes", "days"),
    [
        (rules(42 * DAY, 900, length=14), 14, 3, 42),
        (rules(NEVER, 900, length=0, properties=0), None, None, None),
    ],
)
def test_password_rules_are_those_of_the_accounts_database(
    tmp_path: Path, stored: bytes, length: int | None, classes: int | None, days: int | None
) -> None:
    fact = fact_of(PasswordRules, password_rules, machine(tmp_path, {SAM + r"\Account": {"F": stored}}, FILTERS))
    assert (fact.least_length, fact.least_classes, fact.most_days, fact.history, fact.dictionary) == (length, classes, days, 24, False)
    assert isinstance(fact.hash, Unobserved)  # an NT hash, on every Windows


def test_a_password_filter_of_another_maker_may_refuse_words(tmp_path: Path) -> None:
    stored: Keys = {SAM + r"\Account": {"F": rules(0, 0, properties=0x11)}}
    fact = fact_of(
        PasswordRules, password_rules, machine(tmp_path, stored, {LSA: {"Notification Packages": ("scecli", "AzureADPasswordProtection")}})
    )
    assert isinstance(fact.dictionary, Unobserved)
    assert fact.hash == "reversible"
    fact = fact_of(PasswordRules, password_rules, machine(tmp_path / "2", {SAM + r"\Account": {"F": rules(0, 0)}}, {LSA: {"NoLMHash": 0}}))
    assert isinstance(fact.dictionary, Unobserved)
    assert fact.hash == "lm"


@pytest.mark.parametrize(("policy", "days"), [({}, 5), ({"PasswordExpiryWarning": 14}, 14), ({"PasswordExpiryWarning": 0}, None)])
def test_people_are_told_days_before_their_password_ends(tmp_path: Path, policy: dict[str, int], days: int | None) -> None:
    stored: Keys = {SAM + r"\Account": {"F": rules(0, 0)}}
    read = machine(tmp_path, stored, {**FILTERS, WINLOGON: policy})
    assert fact_of(PasswordRules, password_rules, read).warn_days == days


def test_without_rights_complexity_is_not_told(tmp_path: Path) -> None:
    told = answers.PasswordRules(12, 90 * DAY, 0, 5, 10, None, 600)
    read = machine(tmp_path, FILTERS, answers=[(answers.PASSWORD_RULES, told)])
    fact = fact_of(PasswordRules, password_rules, read)
    assert (fact.least_length, fact.most_days, fact.history) == (12, 90, 5)
    assert isinstance(fact.least_classes, Unobserved)
    assert fact.least_classes.reason is Reason.ACCESS_DENIED
    services = fact_of(LoginRules, login_rules, read).services
    assert isinstance(services, tuple)
    lock = services[0].lockout
    assert isinstance(lock, Lockout)
    assert (lock.tries, lock.seconds) == (10, None)
    assert isinstance(lock.administrators, Unobserved)


def test_log_ons_are_locked_as_the_database_says(tmp_path: Path) -> None:
    stored: Keys = {SAM + r"\Account": {"F": rules(0, 1800, length=8, properties=0x9, attempts=5)}}
    services = fact_of(LoginRules, login_rules, machine(tmp_path, stored)).services
    assert isinstance(services, tuple)
    assert {s.name: s.lockout for s in services} == dict.fromkeys(("console", "network"), Lockout(5, 1800, 900, True))
    assert [s.empty_password for s in services] == [False, False]
    assert all(isinstance(s.second_factor, Unobserved) for s in services)
    loose: Keys = {
        SAM + r"\Account": {"F": rules(0, 0, length=0, attempts=0)},
        LSA: {"LimitBlankPasswordUse": 0},
        SYSTEM: {"scforceoption": 1},
    }
    services = fact_of(LoginRules, login_rules, machine(tmp_path / "2", loose)).services
    assert isinstance(services, tuple)
    assert [(s.lockout, s.empty_password, s.second_factor) for s in services] == [(None, True, True), (None, True, True)]
    # without a value empty passwords open at the console only
    services = fact_of(LoginRules, login_rules, machine(tmp_path / "3", {SAM + r"\Account": {"F": rules(0, 0, length=0)}})).services
    assert isinstance(services, tuple)
    assert [s.empty_password for s in services] == [True, False]


def windows(build: str, edition: str, server: bool = False, revision: int = 1) -> Keys:
    """The values that tell a version."""
    kind: dict[str, Made] = {
        "CurrentBuild": build,
        "UBR": revision,
        "EditionID": edition,
        "InstallationType": "Server" if server else "Client",
        "ProductName": "Windows 10 Pro",
    }
    return {base.VERSION: kind, r"HKLM\SYSTEM\ControlSet001\Control\ProductOptions": {"ProductType": "ServerNT" if server else "WinNT"}}


@pytest.mark.parametrize(
    ("version", "system", "name"),
    [
        (windows("22631", "Professional"), "windows", "Windows 11 Professional (22631.1)"),
        (windows("19045", "Enterprise"), "windows-enterprise", "Windows 10 Enterprise (19045.1)"),
        (windows("19044", "EnterpriseS"), "windows-ltsc", "Windows 10 EnterpriseS (19044.1)"),
        (windows("26100", "IoTEnterpriseSK"), "windows-iot-ltsc", "Windows 11 IoTEnterpriseSK (26100.1)"),
        (windows("22631", "CoreCountrySpecific"), "windows", "Windows 11 CoreCountrySpecific (22631.1)"),
        (windows("19045", "EnterpriseEval"), "windows-enterpriseeval", "Windows 10 EnterpriseEval (19045.1)"),
        (windows("20348", "ServerStandard", server=True), "windows-server", "Windows Server 2022 ServerStandard (20348.1)"),
        (windows("25398", "ServerDatacenterACor", server=True), "windows-server-ac", "Windows Server 23H2 ServerDatacenterACor (25398.1)"),
        (
            windows("20349", "ServerAzureStackHCICor", server=True),
            "windows-serverazurestackhcicor",
            "Windows 10 Pro ServerAzureStackHCICor (20349.1)",
        ),
    ],
)
def test_a_windows_is_told_by_build_and_edition(tmp_path: Path, version: Keys, system: str, name: str) -> None:
    fact = fact_of(OperatingSystem, operating_system, machine(tmp_path, answers=[CLOCK], version=version))
    assert (fact.system, fact.name, fact.today) == (system, name, "2026-09-21")


def test_updates_from_after_the_regular_end_say_that_somebody_pays_for_them(tmp_path: Path) -> None:
    assert (
        fact_of(
            OperatingSystem, operating_system, machine(tmp_path / "1", version=windows("19045", "Professional", revision=6456))
        ).subscriptions
        == ()
    )
    paid = fact_of(OperatingSystem, operating_system, machine(tmp_path / "2", version=windows("19045", "Professional", revision=6575)))
    assert isinstance(paid.subscriptions, Unobserved)
    assert isinstance(paid.today, Unobserved)


def test_a_restart_is_needed_where_windows_marks_it(tmp_path: Path) -> None:
    assert fact_of(RestartNeed, restart_need, machine(tmp_path / "1")).asked is None
    assert fact_of(RestartNeed, restart_need, machine(tmp_path / "2", answers=())).asked is False
    marked = fact_of(RestartNeed, restart_need, machine(tmp_path / "3", {UPDATE: {}, SERVICING: {}}, answers=()))
    assert marked.asked_by == ("Windows Update", "Component Based Servicing")


def test_programs_are_listed_for_both_widths_and_every_account(tmp_path: Path) -> None:
    keys: Keys = {
        rf"HKLM\SOFTWARE\{UNINSTALL}\{{1}}": {"DisplayName": "7-Zip 24.08 (x64)", "DisplayVersion": "24.08"},
        rf"HKLM\SOFTWARE\{UNINSTALL}\KB1": {"DisplayName": "Update for 7-Zip", "ParentKeyName": "7-Zip"},
        rf"HKLM\SOFTWARE\{UNINSTALL}\Nameless": {"SystemComponent": 1},
        rf"HKLM\SOFTWARE\WOW6432Node\{UNINSTALL}\TeamViewer": {"DisplayName": "TeamViewer", "DisplayVersion": "15.1"},
        rf"HKU\{TARO}\SOFTWARE\{UNINSTALL}\ichi": {"DisplayName": "一太郎ビューア", "displayversion": "2"},
    }
    fact = fact_of(InstalledSoftware, installed_software, machine(tmp_path, keys, version=WINDOWS_11))
    assert fact.packages == (Package("7-Zip 24.08 (x64)", "24.08"), Package("TeamViewer", "15.1"), Package("一太郎ビューア", "2"))
    assert fact.manager == "windows"
    # an account whose settings are not there may have programs of its own; one whose folder is gone is nobody's
    unread: Keys = {rf"{base.PROFILES}\{TARO}": {"ProfileImagePath": r"C:\Users\taro"}}
    read = machine(tmp_path / "2", unread)
    assert fact_of(InstalledSoftware, installed_software, read).unread is None
    (tmp_path / "2/Users/taro").mkdir(parents=True)
    fact = fact_of(InstalledSoftware, installed_software, machine(tmp_path / "2", unread))
    assert (fact.packages, isinstance(fact.unread, Unobserved)) == ((), True)


def test_an_administrator_has_complexity_exported(tmp_path: Path) -> None:
    told = answers.PasswordRules(12, 90 * DAY, 0, 5, 10, 900, 600)
    export = EXPORT.replace("ClearTextPassword = 0", "ClearTextPassword = 1").encode("utf-16-le")
    given: list[tuple[answers.Api[Any], object]] = [
        (answers.PASSWORD_RULES, told),
        (answers.SECURITY_EXPORT, answers.Exported(b"\xff\xfe" + export)),
    ]
    read = machine(tmp_path / "1", FILTERS, answers=given)
    fact = fact_of(PasswordRules, password_rules, read)
    assert (fact.least_classes, fact.hash) == (3, "reversible")
    services = fact_of(LoginRules, login_rules, read).services
    assert isinstance(services, tuple)
    lock = services[0].lockout
    assert isinstance(lock, Lockout)
    assert isinstance(lock.administrators, Unobserved)  # this version does not write it
    given[1] = (answers.SECURITY_EXPORT, answers.Exported(b""))
    assert isinstance(fact_of(PasswordRules, password_rules, machine(tmp_path / "2", FILTERS, answers=given)).least_classes, Unobserved)

"""Two made Windows terminals, one well kept and one badly, from hives and answers to verdicts. Expectations are worked out by hand.

Hives are made by hivexsh in the real format; answers of Windows and of PowerShell are written after their documentation.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from scanner.engine.judge import Ending
from scanner.hosts.windows import (
    answers,
    base,
    browsers,
    credentials,
    disk_encryption,
    elevation,
    event_log,
    execution,
    login_rules,
    malware,
    network_history,
    office_macros,
    own_files,
    time_sync,
    updates,
    web_proxies,
    wireless,
)
from scanner.hosts.windows.accounts import ALIASES, DAY, SAM, USERS
from scanner.hosts.windows.base import WINLOGON
from scanner.hosts.windows.startup import SECURE_BOOT
from scanner.hosts.windows.system import UNINSTALL, UPDATE
from scanner.model.check import Setting
from scanner.model.verdict import Outcome
from scanner.wire import auditpolicy
from tests.unit.test_hosts_windows_accounts import CLOCK, DISABLED, DOMAIN, KEEPS, NORMAL, NOW, database, ticks, windows
from tests.unit.test_hosts_windows_execution import DEFAULT, SERVED, ruled
from tests.unit.test_hosts_windows_protection import STATUS, volume
from tests.unit.test_hosts_windows_terminal import connections, profile
from tests.unit.test_wire_windows import account, group, named, rules
from tests.unit.windows_answers import said, states
from tests.unit.windows_judged import endings
from tests.unit.windows_machines import TARO, Keys, Made, machine

SERVICES = base.SERVICES
APPS = rf"HKLM\{own_files.APP_PATHS}"
PROGRAMS: Keys = {
    APPS + r"\msedge.exe": {"": r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe"},
    APPS + r"\WINWORD.EXE": {"": r"C:\Program Files\Microsoft Office\root\Office16\WINWORD.EXE"},
    APPS + r"\OUTLOOK.EXE": {"": r"C:\Program Files\Microsoft Office\root\Office16\OUTLOOK.EXE"},
    office_macros.CLICK_TO_RUN: {"VersionToReport": "16.0.17928.20114", "ProductReleaseIds": "O365ProPlusRetail"},
}
EVERYWHERE: Mapping[str, Mapping[str, Made]] = {
    SERVICES + r"\EventLog": {"Start": 2},
    SERVICES + r"\WinDefend": {"Start": 2},
    SERVICES + r"\wuauserv": {"Start": 3},
    time_sync.SERVICE: {"Start": 2},
    login_rules.LSA: {"Notification Packages": ("scecli",), "RunAsPPL": 0},
    disk_encryption.MEMORY: {"PagingFiles": (r"C:\pagefile.sys 0 0",)},
}
WORD, OUTLOOK = (rf"HKU\{TARO}\Software\Policies\Microsoft\Office\16.0\{name}" for name in (r"word\Security", r"Outlook\Options\Mail"))
KEPT_KEYS: Keys = {
    **EVERYWHERE,
    **SERVED,
    **ruled(*DEFAULT),
    **{rf"{event_log.POLICY}\{name}": {"MaxSize": 196_608} for name in event_log.NAMES},
    event_log.SCRIPTS: {"EnableScriptBlockLogging": 1},
    event_log.COMMAND_LINES: {"ProcessCreationIncludeCmdLine_Enabled": 1},
    SECURE_BOOT: {"UEFISecureBootEnabled": 1},
    updates.AU: {"AUOptions": 4},
    time_sync.POLICY + r"\Parameters": {"Type": "NTP", "NtpServer": "ntp.example,0x8"},
    malware.SENSE: {"OnboardingState": 1},
    malware.POLICY + r"\Scan": {"ScheduleDay": 1, "DisableRemovableDriveScanning": 0},
    disk_encryption.DENIES: {"RDVDenyWriteAccess": 1},
    malware.POLICY + r"\Signature Updates": {"SignatureUpdateInterval": 4},
    disk_encryption.FVE: {"OSRecovery": 1, "OSActiveDirectoryBackup": 1, "OSRequireActiveDirectoryBackup": 1},
    elevation.SYSTEM: {"EnableLUA": 1, "ConsentPromptBehaviorAdmin": 2},
    WINLOGON: {"LegalNoticeText": "許可された者のみ使用できる。", "CachedLogonsCount": "2"},
    credentials.LAPS[1][0]: {"BackupDirectory": 2},
    browsers.ENROLLMENTS + r"\{5F0E}": {"EnrollmentState": 1},  # a management service governs it
    browsers.KINDS[0].policies.join(("HKLM\\", "")): {"SmartScreenEnabled": 1, "PasswordManagerEnabled": 0, "SSLErrorOverrideAllowed": 0},
    WORD: {"VBAWarnings": 3},
    OUTLOOK: {"ReadAsPlain": 1, "BlockExtContent": 1},
    rf"HKU\{TARO}\{web_proxies.SETTINGS}\Connections": {"DefaultConnectionSettings": connections(3, "proxy.example:8080")},
    rf"HKLM\SOFTWARE\{UNINSTALL}\7-Zip": {"DisplayName": "7-Zip", "DisplayVersion": "24.08"},
}
BAD_KEYS: Keys = {
    **EVERYWHERE,
    **{rf"{SERVICES}\EventLog\{name}": {"MaxSize": 1_048_576} for name in event_log.NAMES},
    event_log.POLICY + r"\Security": {"Retention": "1"},
    SERVICES + r"\FTPSVC": {"Start": 2, "Type": 0x20},
    time_sync.SERVICE: {"Start": 4},
    updates.AU: {"NoAutoUpdate": 1, "UseWUServer": 1},
    updates.WU: {"WUServer": "http://wsus.example:8530"},
    UPDATE: {},
    malware.POLICY + r"\Scan": {"ScheduleDay": 8},
    elevation.SYSTEM: {"EnableLUA": 0},
    rf"{base.POLICIES}\{elevation.INSTALLER}": {"AlwaysInstallElevated": 1},
    rf"HKU\{TARO}\{elevation.OWN_POLICIES}\{elevation.INSTALLER}": {"AlwaysInstallElevated": 1},
    credentials.WDIGEST: {"UseLogonCredential": 1},
    WINLOGON: {"AutoAdminLogon": "1"},
    browsers.KINDS[0].policies.join(("HKLM\\", "")): {"SmartScreenEnabled": 0, "SSLVersionMin": "tls1"},
    rf"HKU\{TARO}\Software\Microsoft\Office\16.0\word\Security": {"VBAWarnings": 1},
    rf"HKLM\SOFTWARE\WOW6432Node\{UNINSTALL}\TeamViewer": {"DisplayName": "TeamViewer", "DisplayVersion": "15"},
    network_history.ZONE: {"ActiveTimeBias": 2**32 - 540},
    network_history.LIST + r"\{1}": {
        "ProfileName": "カフェ",
        "NameType": 71,
        "DateLastConnected": struct.pack("<8H", 2026, 9, 0, 1, 12, 0, 0, 0),
    },
}
ALL = answers.AuditPolicy(tuple((auditpolicy.guid(last), 3) for category in auditpolicy.CATEGORIES for last in category))
SILENT = answers.AuditPolicy(tuple((auditpolicy.guid(last), 0) for category in auditpolicy.CATEGORIES for last in category))
NO_LINKS = answers.WirelessLinks(False, ())
VALUES: Mapping[str, Setting] = {
    "accounts.administrators": ("太郎",),
    "accounts.permitted": ("太郎",),
    "time.servers": ("ntp.example",),
    "networks.permitted": ("office",),
    "proxies.permitted": ("proxy.example:8080",),
    "software.permitted": ("7-Zip",),
    "software.execution-restricted": True,
}
KEPT: Mapping[str, str] = {
    "endpoint.media.encrypted": "PLAIN_REFUSED",
    "host.event-log.media": "MEDIA_RECORDED",
    "host.malware.removable": "MEDIA_SCANNED",
    "endpoint.browser.fraud-warnings": "BROWSER_KEPT",
    "endpoint.browser.certificate-errors": "BROWSER_KEPT",
    "endpoint.browser.passwords": "BROWSER_KEPT",
    "endpoint.browser.tls-versions": "BROWSER_SO_FAR",
    "endpoint.mail-client.html": "HTML_NOT_SHOWN",
    "endpoint.office-macros.enforced": "MACROS_FIXED",
    "endpoint.office-macros.foreign": "FOREIGN_BLOCKED",
    "endpoint.office-macros.rule": "MACROS_BARRED",
    "endpoint.proxy.discovery": "PROXY_NOT_DISCOVERED",
    "host.accounts.administrators": "ADMINISTRATORS_KNOWN",
    "host.accounts.built-in-administrator": "BUILT_IN_CLOSED",
    "host.accounts.empty-password": "PASSWORD_NOT_EMPTY",
    "host.accounts.guest": "GUEST_CLOSED",
    "host.accounts.idle": "IDLE_NONE",
    "host.accounts.permitted": "ACCOUNTS_KNOWN",
    "host.boot.secure-boot": "SECURE_BOOT_ON",
    "host.boot.tpm": "TPM_USABLE",
    "host.credentials.automatic-logon": "NO_AUTOMATIC_LOGON",
    "host.credentials.cached": "NO_DOMAIN",
    "host.credentials.clear-text": "CLEAR_TEXT_NONE",
    "host.credentials.local-administrator": "LAPS_ON",
    "host.disk.cipher": "CIPHERS_STRONG",
    "host.disk.encryption": "VOLUMES_ENCRYPTED",
    "host.disk.recovery-keys": "KEYS_HANDED_IN",
    "host.disk.swap": "SWAP_ENCRYPTED",
    "host.elevation.control": "CONTROLLED",
    "host.elevation.installer": "INSTALLER_OWN_RIGHTS",
    "host.software.execution": "EXECUTION_RESTRICTED",
    "host.event-log.full": "LOGS_GO_ON",
    "host.event-log.programs": "PROGRAMS_RECORDED",
    "host.event-log.size": "LOGS_LARGE",
    "host.event-log.subjects": "AUDITED",
    "host.log.authentication": "AUTHENTICATION_KEPT",
    "host.log.program": "PROGRAMS_RUN",
    "host.login.empty-password": "EMPTY_REFUSED",
    "host.login.lockout": "LOCKOUT_WITHIN",
    "host.login.lockout-administrator": "ADMINISTRATOR_LOCKED",
    "host.malware.definitions": "DEFINITIONS_NEW",
    "host.malware.full-scan": "SCANNED",
    "host.malware.managed": "MANAGED",
    "host.malware.product": "PRODUCT_RUNS",
    "host.malware.realtime": "REALTIME_ON",
    "host.malware.scan": "SCANS_SCHEDULED",
    "host.malware.updates": "UPDATES_AUTOMATIC",
    "host.notice.given": "NOTICE_GIVEN",
    "host.packages.transport": "TRANSPORT_ENCRYPTED",
    "host.password.classes": "CLASSES_ENOUGH",
    "host.password.history": "HISTORY_KEPT",
    "host.password.length": "LENGTH_ENOUGH",
    "host.platform.support": "SUPPORTED",
    "host.services.needless": "NEEDLESS_NONE",
    "host.software.permitted": "PERMITTED_ONLY",
    "host.software.remote-control": "REMOTE_CONTROL_NONE",
    "host.ssh.password": "NO_SSHD",
    "host.time.program": "ONE_PROGRAM",
    "host.time.serving": "SERVES_NOBODY",
    "host.time.sources": "SOURCES_OWN",
    "host.updates.automatic": "AUTOMATIC_ON",
    "host.updates.lists": "LISTS_FRESH",
    "host.updates.restart": "RESTART_NOT_NEEDED",
    "host.updates.security": "UPDATES_INSTALLED",
}
BAD: Mapping[str, str] = {
    "endpoint.media.encrypted": "PLAIN_WRITTEN",
    "host.event-log.media": "MEDIA_UNRECORDED",
    "host.malware.removable": "MEDIA_PASSED_OVER",
    "endpoint.browser.fraud-warnings": "BROWSER_POLICY_LOOSE",
    "endpoint.browser.tls-versions": "UNSUPPORTED",
    "endpoint.browser.passwords": "BROWSER_LEFT",
    "endpoint.mail-client.html": "HTML_SHOWN",
    "endpoint.network.permitted": "NETWORKS_OTHER",
    "endpoint.office-macros.rule": "MACROS_OPEN",
    "endpoint.proxy.discovery": "PROXY_DISCOVERED",
    "endpoint.wireless.encryption": "WIRELESS_WEAK_JOINS",
    "host.accounts.administrators": "ADMINISTRATORS_UNKNOWN",
    "host.accounts.built-in-administrator": "BUILT_IN_OPEN",
    "host.accounts.empty-password": "PASSWORD_EMPTY",
    "host.accounts.guest": "GUEST_OPEN",
    "host.accounts.idle": "IDLE_LONG",
    "host.boot.secure-boot": "FIRMWARE_OLD",
    "host.boot.tpm": "TPM_NONE",
    "host.credentials.automatic-logon": "AUTOMATIC_LOGON",
    "host.credentials.cached": "CACHED_MANY",
    "host.credentials.clear-text": "CLEAR_TEXT_KEPT",
    "host.credentials.local-administrator": "LAPS_OFF",
    "host.credentials.protected-process": "LSA_OPEN",
    "host.disk.encryption": "VOLUMES_PLAIN",
    "host.disk.recovery-keys": "KEYS_KEPT_ALONE",
    "host.disk.swap": "SWAP_PLAIN",
    "host.elevation.control": "UNCONTROLLED",
    "host.elevation.installer": "INSTALLER_ELEVATES",
    "host.software.execution": "EXECUTION_FREE",
    "host.event-log.full": "LOGS_STOP",
    "host.event-log.programs": "PROGRAMS_UNRECORDED",
    "host.event-log.size": "LOGS_SMALL",
    "host.event-log.subjects": "NOT_AUDITED",
    "host.log.authentication": "AUTHENTICATION_NOT_KEPT",
    "host.log.forwarding": "NOT_FORWARDED",
    "host.log.program": "STOPPED",
    "host.login.empty-password": "EMPTY_ACCEPTED",
    "host.login.lockout": "LOCKOUT_NONE",
    "host.malware.definitions": "DEFINITIONS_OLD",
    "host.malware.full-scan": "NEVER_SCANNED",
    "host.malware.product": "PRODUCT_STOPPED",
    "host.malware.realtime": "REALTIME_OFF",
    "host.malware.scan": "NO_SCANS",
    "host.notice.given": "NOTICE_MISSING",
    "host.packages.transport": "TRANSPORT_PLAIN",
    "host.password.classes": "CLASSES_FREE",
    "host.password.guessable": "DICTIONARY_UNUSED",
    "host.password.length": "LENGTH_FREE",
    "host.platform.support": "SUPPORT_ENDED",
    "host.services.needless": "NEEDLESS_STARTING",
    "host.software.permitted": "UNPERMITTED_FOUND",
    "host.software.remote-control": "REMOTE_CONTROL_FOUND",
    "host.time.program": "NO_PROGRAM",
    "host.updates.automatic": "AUTOMATIC_OFF",
    "host.updates.restart": "RESTART_ASKED",
    "host.updates.security": "UPDATES_MISSING",
}


def kept(room: Path) -> Mapping[str, Ending]:
    """The verdicts on the well kept one: Windows 11 Enterprise 24H2, no domain."""
    people = database(管理者=(500, KEEPS | DISABLED, 20), Guest=(501, 0x215, 4), 太郎=(1001, NORMAL, 56))
    people[SAM + r"\Account"]["F"] = rules(90 * DAY, 1800, length=14, properties=0x9, attempts=5)
    people[rf"{ALIASES}\00000220"] = {"C": group("Administrators", (f"{DOMAIN}-500", f"{DOMAIN}-1001"))}
    told: list[tuple[answers.Api[Any], object]] = [
        CLOCK,
        (answers.JOINED, answers.Joined(False, "WORKGROUP")),
        (answers.AUDIT_POLICY, ALL),
        (answers.FIRMWARE, answers.FirmwareState(True, 2)),
        (answers.SOCKETS, answers.WaitingSockets(())),
        (answers.WIRELESS, NO_LINKS),
        (answers.ADAPTERS, answers.Adapters(())),
        states("EventLog", "WinDefend", "W32Time", "AppIDSvc"),
    ]
    commands = {
        **said(malware.STATUS, STATUS),
        **said(malware.REGISTERED, []),
        **said(disk_encryption.VOLUMES, [volume("C:", 0, 1, 1)]),
        **said(updates.SEARCH, {"searched": "2026-09-21T00:00:00Z", "installed": "2026-09-21T00:00:00Z", "updates": []}),
    }
    read = machine(room, people, PROGRAMS, KEPT_KEYS, users=[TARO], commands=commands, answers=told, version=windows("26100", "Enterprise"))
    return endings(read, VALUES)


def bad(room: Path) -> Mapping[str, Ending]:
    """The verdicts on the badly kept one: Windows 10 Pro after its end, a member of a domain."""
    people = database(Administrator=(500, KEEPS, 20), 花子=(1002, NORMAL, 24))
    people[SAM + r"\Account"]["F"] = rules(0, 0, length=0, properties=0, attempts=0)
    long_ago = ticks(NOW - 400 * DAY)
    people[rf"{USERS}\{501:08X}"] = {"F": account(501, 0x214, long_ago, long_ago), "V": named("Guest", 4)}
    people[rf"{ALIASES}\00000220"] = {"C": group("Administrators", (f"{DOMAIN}-500", f"{DOMAIN}-1002"))}
    told: list[tuple[answers.Api[Any], object]] = [
        CLOCK,
        (answers.JOINED, answers.Joined(True, "CITY")),
        (answers.AUDIT_POLICY, SILENT),
        (answers.FIRMWARE, answers.FirmwareState(False, None)),
        (answers.WIRELESS, NO_LINKS),
        (answers.ADAPTERS, answers.Adapters(())),
        states("Spooler"),
    ]
    status = {
        **STATUS,
        "service": False,
        "on": False,
        "realtime": False,
        "made": "2026-08-01T00:00:00Z",
        "full": None,
        "fullage": 0xFFFFFFFF,
    }
    update = {
        "id": "1",
        "kb": ["5044273"],
        "hidden": False,
        "since": "2026-08-01T00:00:00Z",
        "severity": "Critical",
        "classes": sorted(updates.SECURITY),
    }
    commands = {
        **said(malware.STATUS, status),
        **said(execution.POLICY_STATUS, {"user": 0}),
        **said(malware.REGISTERED, []),
        **said(disk_encryption.VOLUMES, [volume("C:", 0, 0, 0, 0)]),
        **said(updates.SEARCH, {"searched": "2026-09-21T00:00:00Z", "installed": None, "updates": update}),
    }
    files = {f"{wireless.PROFILES}/{{1}}/a.xml": profile("カフェ", "open", "none")}
    keys = (people, PROGRAMS, BAD_KEYS)
    read = machine(room, *keys, users=[TARO], files=files, commands=commands, answers=told, version=windows("19045", "Professional"))
    return endings(read, VALUES)


@pytest.fixture(scope="module", name="verdicts")
def both(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Mapping[str, Ending]]:
    """Both machines, judged once."""
    room = tmp_path_factory.mktemp("windows")
    return {"kept": kept(room / "kept"), "bad": bad(room / "bad")}


@pytest.mark.parametrize(("name", "expected"), [("kept", KEPT), ("bad", BAD)])
def test_verdicts_are_those_of_the_manuals(verdicts: Mapping[str, Mapping[str, Ending]], name: str, expected: Mapping[str, str]) -> None:
    found = verdicts[name]
    assert {check: found[check].tag for check in expected} == dict(expected)


def test_what_is_well_kept_fails_nowhere_but_where_windows_itself_falls_short(verdicts: Mapping[str, Mapping[str, Ending]]) -> None:
    failing = {check for check, ending in verdicts["kept"].items() if ending.outcome is Outcome.FAIL and check in KEPT}
    assert failing == set()
    passing = {check for check, ending in verdicts["bad"].items() if ending.outcome is Outcome.PASS and check in BAD}
    assert passing == set()


def test_no_collector_or_check_breaks(verdicts: Mapping[str, Mapping[str, Ending]]) -> None:
    assert [check for found in verdicts.values() for check, ending in found.items() if ending.tag == "DEFECT"] == []
    assert json.dumps({name: sorted(found) for name, found in verdicts.items()})

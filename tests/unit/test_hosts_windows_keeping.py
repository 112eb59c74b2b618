"""Updates, malware protection, disks, clock, records, start and services of Windows machines.

Hives are made by hivexsh in the real format. What PowerShell prints is written after the documentation of the classes and of
``ConvertTo-Json``; what Windows answers after that of the functions named in ``scanner.hosts.windows.answers``. None of it was recorded.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from scanner.facts.container_host import ContainerHost
from scanner.facts.credentials import KeptCredentials
from scanner.facts.disk_encryption import DiskEncryption, RecoveryKeys, VolumeUse
from scanner.facts.elevation import Elevation, Prompt
from scanner.facts.event_log import AuditPolicy, AuditSetting, EventLogs, WhenFull
from scanner.facts.kernel import Startup
from scanner.facts.log_keeping import LogKeeping, RecordKind
from scanner.facts.login_notice import LoginNotice
from scanner.facts.malware import MalwareProduct, MalwareProtection
from scanner.facts.services import ListeningSockets, Services
from scanner.facts.software import AutomaticUpdates, PackageSources, SecurityUpdates
from scanner.facts.ssh_server import SshServer
from scanner.facts.time_sync import TimeProgram, TimeSource, TimeSync
from scanner.facts.tpm import SecurityModule
from scanner.hosts.base import CommandOutput
from scanner.hosts.windows import (
    absent,
    answers,
    base,
    credentials,
    disk_encryption,
    elevation,
    event_log,
    listening,
    malware,
    notice,
    startup,
    time_sync,
    updates,
)
from scanner.hosts.windows.powershell import Script
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import auditpolicy
from tests.unit.test_hosts_windows_accounts import CLOCK, NOW, ticks, windows
from tests.unit.test_wire_windows import JAPANESE, WINDOWS_10, stored
from tests.unit.windows_machines import WINDOWS_11, Keys, Made, MadeReader, fact_of, machine

SERVICES = base.SERVICES
SERVER = windows("20348", "ServerStandard", server=True)


def said(script: Script, answer: object) -> dict[str, bytes | CommandOutput]:
    """What PowerShell prints, in UTF-8."""
    return {" ".join(script.argv): json.dumps({"answer": answer}, ensure_ascii=False).encode() + b"\r\n"}


def error(script: Script, code: int) -> dict[str, bytes | CommandOutput]:
    """What PowerShell prints where a class or a right is missing."""
    return {" ".join(script.argv): json.dumps({"error": code}).encode()}


def states(*running: str) -> tuple[answers.Api[answers.RunningServices], answers.RunningServices]:
    """Services that run."""
    return answers.SERVICE_STATES, answers.RunningServices(tuple(answers.RunningService(name, 4, 0) for name in running))


# --- updates

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


# --- malware protection

DEFENDER: Keys = {SERVICES + r"\WinDefend": {"Start": 2}}
STATUS = {
    "service": True,
    "on": True,
    "realtime": True,
    "mode": "Normal",
    "made": "2026-09-21T04:00:00Z",
    "full": "2026-09-11T00:00:00Z",
    "fullage": 10,
}


def protection(
    room: Path,
    *keys: Keys,
    status: object = STATUS,
    registered: object = (),
    version: Keys = WINDOWS_11,
    running: tuple[str, ...] = ("WinDefend",),
) -> tuple[MalwareProduct, ...] | Unobserved:
    """What protects a running machine whose classes answer this."""
    commands = {**(said(malware.STATUS, status) if status else error(malware.STATUS, 3))}
    commands |= error(malware.REGISTERED, 3) if registered is None else said(malware.REGISTERED, registered)
    return fact_of(
        MalwareProtection,
        malware.malware_protection,
        machine(room, *keys, commands=commands, answers=[CLOCK, states(*running)], version=version),
    ).products


def test_defender_is_told_by_its_own_status(tmp_path: Path) -> None:
    (one,) = protection(tmp_path, DEFENDER, {malware.SENSE: {"OnboardingState": 1}, malware.POLICY + r"\Scan": {"ScheduleDay": 1}})  # type: ignore[misc]  # they are known
    assert (one.running, one.starts, one.realtime, one.managed, one.scans) == (True, True, True, True, True)
    assert (one.definitions_hours, one.full_scan_days) == (10, 10)
    assert isinstance(one.updates, Unobserved)


def test_a_defender_that_steps_back_does_not_run_and_the_other_product_does(tmp_path: Path) -> None:
    other = {"name": "ウイルスバスター", "state": 0x41000, "id": "{1}", "path": r"C:\Program Files\Trend\a\x.exe"}
    service: Keys = {SERVICES + r"\Amsp": {"Start": 2, "ImagePath": r'"C:\Program Files\Trend\A\core.exe"'}}
    passive = {**STATUS, "mode": "Passive Mode", "realtime": False, "full": None, "fullage": 0xFFFFFFFF}
    found = protection(tmp_path, DEFENDER, service, status=passive, registered=[other, {**other, "id": malware.DEFENDERS_ID}])
    assert isinstance(found, tuple)
    assert [(p.name, p.running, p.starts, p.realtime) for p in found] == [
        ("Microsoft Defender", False, True, False),
        ("ウイルスバスター", True, True, True),
    ]
    assert found[0].full_scan_days is None
    assert isinstance(found[1].definitions_hours, Unobserved)
    # PowerShell writes a list of one as the object
    found = protection(tmp_path / "2", DEFENDER, status=passive, registered={**other, "state": 0x40000})
    assert isinstance(found, tuple)
    assert (found[1].running, isinstance(found[1].starts, Unobserved)) == (False, True)


def test_on_a_server_only_known_products_can_be_told(tmp_path: Path) -> None:
    agent: Keys = {SERVICES + r"\CSFalconService": {"Start": 2}}
    found = protection(tmp_path / "1", agent, registered=None, version=SERVER, running=("CSFalconService",))
    assert isinstance(found, tuple)
    assert [(p.name, p.running) for p in found] == [("CrowdStrike Falcon", True)]
    assert isinstance(
        protection(tmp_path / "2", registered=None, version=SERVER), Unobserved
    )  # Defender was taken off; who knows what else is there
    found = protection(tmp_path / "3", DEFENDER, registered=None, version=SERVER)
    assert isinstance(found, tuple)
    assert found[0].running is True
    assert protection(tmp_path / "4", registered=[]) == ()  # on a client nothing registered is knowledge


def test_without_its_class_defender_is_told_by_settings_and_service(tmp_path: Path) -> None:
    made: Keys = {malware.DEFENDER + r"\Signature Updates": {"AVSignatureApplied": ticks(NOW - 7200).to_bytes(8, "little")}}
    found = protection(tmp_path, DEFENDER, made, status=None, registered=[])
    assert isinstance(found, tuple)
    assert (found[0].running, found[0].definitions_hours, isinstance(found[0].realtime, Unobserved)) == (True, 2, True)
    off: Keys = {malware.POLICY + r"\Real-Time Protection": {"DisableRealtimeMonitoring": 1}}
    found = protection(tmp_path / "2", DEFENDER, off, status=None, registered=[], running=())
    assert isinstance(found, tuple)
    assert (found[0].running, found[0].definitions_hours, found[0].realtime) == (False, None, False)
    # of a machine that does not run products that registered are not known
    assert isinstance(fact_of(MalwareProtection, malware.malware_protection, machine(tmp_path / "3", DEFENDER)).products, Unobserved)


# --- disks


def volume(letter: str, kind: int, protection: int | None, conversion: int | None, method: int | None = 7) -> dict[str, object]:
    return {"letter": letter, "type": kind, "protection": protection, "conversion": conversion, "method": method, "protectors": [1, 3]}


def test_volumes_are_encrypted_where_all_of_them_is_and_no_key_lies_open(tmp_path: Path) -> None:
    told = [
        volume("C:", 0, 1, 1),
        volume("D:", 1, 0, 1),  # suspended: a key in clear text lies on the disk
        volume("E:", 1, 1, 2),  # under way
        volume("F:", 1, 0, 0, 0),
        volume("G:", 2, 2, None, None),  # locked
        volume("H:", 1, 1, 1, 5),
    ]
    pages: Keys = {
        disk_encryption.MEMORY: {
            "PagingFiles": (r"?:\pagefile.sys",),
            "ExistingPageFiles": (r"\??\C:\pagefile.sys", r"\??\F:\pagefile.sys"),
        }
    }
    fact = fact_of(DiskEncryption, disk_encryption.disk_encryption, machine(tmp_path, pages, commands=said(disk_encryption.VOLUMES, told)))
    assert isinstance(fact.volumes, tuple)
    seen = {v.name: (v.use, v.encrypted if not isinstance(v.encrypted, Unobserved) else None) for v in fact.volumes}
    data, swap = VolumeUse.DATA, VolumeUse.SWAP
    assert seen == {
        "C:": (VolumeUse.SYSTEM, True),
        "D:": (data, False),
        "E:": (data, False),
        "F:": (data, False),
        "G:": (data, None),
        "H:": (data, True),
        r"C:\pagefile.sys": (swap, True),
        r"F:\pagefile.sys": (swap, False),
    }
    assert (fact.volumes[0].cipher, fact.volumes[0].key_bits, fact.volumes[4].removable) == ("aes-xts", 256, True)
    assert isinstance(fact.volumes[5].cipher, Unobserved)


@pytest.mark.parametrize(("code", "reason"), [(2, Reason.ACCESS_DENIED), (3, Reason.UNSUPPORTED), (0, Reason.UNSUPPORTED)])
def test_volumes_that_windows_does_not_tell_are_unobserved(tmp_path: Path, code: int, reason: Reason) -> None:
    fact = fact_of(DiskEncryption, disk_encryption.disk_encryption, machine(tmp_path, commands=error(disk_encryption.VOLUMES, code)))
    assert isinstance(fact.volumes, Unobserved)
    assert fact.volumes.reason is reason
    assert isinstance(fact_of(DiskEncryption, disk_encryption.disk_encryption, machine(tmp_path / "2")).volumes, Unobserved)


def test_policy_hands_recovery_keys_in(tmp_path: Path) -> None:
    keys: Keys = {
        disk_encryption.FVE: {
            "OSRecovery": 1,
            "OSActiveDirectoryBackup": 1,
            "OSRequireActiveDirectoryBackup": 1,
            "FDVRecovery": 1,
            "FDVActiveDirectoryBackup": 1,
        }
    }
    fact = fact_of(RecoveryKeys, disk_encryption.recovery_keys, machine(tmp_path, keys))
    assert (fact.saved, fact.demanded) == ((VolumeUse.SYSTEM, VolumeUse.DATA), (VolumeUse.SYSTEM,))
    assert fact_of(RecoveryKeys, disk_encryption.recovery_keys, machine(tmp_path / "2")).saved == ()
    assert (
        fact_of(
            RecoveryKeys, disk_encryption.recovery_keys, machine(tmp_path / "3", {disk_encryption.FVE: {"OSActiveDirectoryBackup": 1}})
        ).saved
        == ()
    )


# --- the clock

CLIENT: dict[str, dict[str, Made]] = {
    time_sync.SERVICE: {"Start": 3},
    time_sync.SERVICE + r"\TriggerInfo\0": {"Type": 3},
    time_sync.SERVICE + r"\Parameters": {"Type": "NTP", "NtpServer": "time.windows.com,0x9"},
}


def clock(read: MadeReader) -> TimeProgram:
    (program,) = fact_of(TimeSync, time_sync.time_sync, read).programs  # type: ignore[misc]  # never unobserved here
    assert isinstance(program, TimeProgram)
    return program


def test_the_time_service_follows_policy_before_preference(tmp_path: Path) -> None:
    own = clock(machine(tmp_path / "1", CLIENT, answers=[states()]))
    assert (own.running, own.starts, own.serves, own.sources) == (True, True, False, (TimeSource("time.windows.com", False),))
    policy: Keys = {time_sync.POLICY + r"\Parameters": {"Type": "AllSync", "NtpServer": "ntp1.example,0x8 ntp2.example"}}
    told = clock(machine(tmp_path / "2", CLIENT, policy, answers=[states("W32Time")]))
    assert told.sources == (TimeSource("ntp1.example", False), TimeSource("ntp2.example", False), TimeSource("domain hierarchy", True))
    assert told.source.startswith(time_sync.POLICY)
    assert isinstance(told.state, Unobserved)


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({time_sync.SERVICE: {"Start": 4}}, (False, False)),
        ({time_sync.SERVICE: {"Start": 2}}, (False, True)),
        ({time_sync.POLICY + r"\TimeProviders\NtpClient": {"Enabled": 0}}, (False, False)),
    ],
)
def test_a_time_service_that_is_off_does_not_run(tmp_path: Path, keys: Keys, expected: tuple[bool, bool]) -> None:
    found = clock(machine(tmp_path, CLIENT, keys, answers=[states()]))
    assert (found.running, found.starts) == expected


def test_without_a_kind_of_source_the_domain_decides(tmp_path: Path) -> None:
    bare: Keys = {time_sync.SERVICE: {"Start": 2}, time_sync.SERVICE + r"\Parameters": {"NtpServer": "time.windows.com,0x9"}}
    joined = clock(machine(tmp_path / "1", bare, answers=[states("W32Time"), (answers.JOINED, answers.Joined(True, "CITY"))]))
    assert joined.sources == (TimeSource("domain hierarchy", True),)
    alone = clock(machine(tmp_path / "2", bare, answers=[states("W32Time"), (answers.JOINED, answers.Joined(False, "W"))]))
    assert alone.sources == (TimeSource("time.windows.com", False),)
    assert isinstance(clock(machine(tmp_path / "3", bare)).sources, Unobserved)
    none: Keys = {time_sync.SERVICE + r"\Parameters": {"Type": "NoSync"}}
    assert clock(machine(tmp_path / "4", CLIENT, none)).sources == ()


# --- records

LOGS: Mapping[str, Mapping[str, Made]] = {
    SERVICES + r"\EventLog": {"Start": 2},
    **{rf"{SERVICES}\EventLog\{name}": {"MaxSize": 20_971_520} for name in event_log.NAMES},
}
POLICY = (
    answers.AUDIT_POLICY,
    answers.AuditPolicy(((auditpolicy.guid(0x15), 3), (auditpolicy.guid(0x17), 2), (auditpolicy.guid(0x10), 0))),
)


def test_the_audit_policy_is_told_by_guids(tmp_path: Path) -> None:
    fact = fact_of(AuditPolicy, event_log.audit_policy, machine(tmp_path, answers=[POLICY]))
    assert fact.settings == (AuditSetting(0x10, False, False), AuditSetting(0x15, True, True), AuditSetting(0x17, False, True))
    assert fact.command_lines is False


def test_on_an_image_the_stored_audit_policy_counts(tmp_path: Path) -> None:
    values = [0] * 59
    values[5], values[7] = 3, 1  # logon, account lockout
    fact = fact_of(AuditPolicy, event_log.audit_policy, machine(tmp_path, {event_log.STORED: {"": stored(WINDOWS_10, values)}}))
    assert {s.subcategory for s in fact.settings if s.success} == {0x15, 0x17}
    assert len(fact.settings) == 59
    for room, keys in (("2", {event_log.STORED: {"": b"odd"}}), ("3", {})):
        with pytest.raises(CannotObserve):
            fact_of(AuditPolicy, event_log.audit_policy, machine(tmp_path / room, keys))


def test_a_backup_is_asked_for_where_windows_does_not_answer(tmp_path: Path) -> None:
    given = [(answers.AUDIT_BACKUP, answers.Exported(JAPANESE.encode("cp932")))]
    fact = fact_of(AuditPolicy, event_log.audit_policy, machine(tmp_path / "1", answers=given))
    assert fact.settings == (AuditSetting(0x10, False, False), AuditSetting(0x15, True, True), AuditSetting(0x17, False, True))
    assert fact.source == "auditpol /backup"
    with pytest.raises(CannotObserve):
        event_log.audit_policy.run(machine(tmp_path / "2", answers=[(answers.AUDIT_BACKUP, answers.Exported(b""))]))


def test_sizes_are_kib_in_policy_and_octets_elsewhere(tmp_path: Path) -> None:
    policy: Keys = {
        event_log.POLICY + r"\Security": {"MaxSize": 196_608, "Retention": "1", "AutoBackupLogFiles": "1"},
        event_log.POLICY + r"\System": {"Retention": "1"},
    }
    fact = fact_of(EventLogs, event_log.event_logs, machine(tmp_path, LOGS, policy))
    assert [(log.name, log.most_bytes, log.when_full) for log in fact.logs] == [
        ("Application", 20_971_520, WhenFull.OVERWRITES),
        ("Security", 196_608 * 1024, WhenFull.ARCHIVES),
        ("System", 20_971_520, WhenFull.STOPS),
    ]
    own: Keys = {rf"{SERVICES}\EventLog\Security": {"Retention": 0xFFFFFFFF}}
    fact = fact_of(EventLogs, event_log.event_logs, machine(tmp_path / "2", LOGS, own))
    assert fact.logs[1].when_full is WhenFull.STOPS
    assert isinstance(fact_of(EventLogs, event_log.event_logs, machine(tmp_path / "3")).logs[0].most_bytes, Unobserved)


def test_log_ons_are_kept_where_the_audit_policy_records_them(tmp_path: Path) -> None:
    fact = fact_of(LogKeeping, event_log.log_keeping, machine(tmp_path / "1", LOGS, answers=[POLICY, states("EventLog")]))
    assert isinstance(fact.stores, tuple)
    assert isinstance(fact.programs, tuple)
    assert [(s.name, s.kinds, s.lasting) for s in fact.stores] == [
        ("Security", (RecordKind.AUTHENTICATION,), True),
        ("System", (RecordKind.SYSTEM,), True),
    ]
    assert (fact.programs[0].running, fact.programs[0].starts, fact.targets, fact.entrances) == (True, True, (), ())
    silent = (answers.AUDIT_POLICY, answers.AuditPolicy(((auditpolicy.guid(0x15), 0),)))
    fact = fact_of(LogKeeping, event_log.log_keeping, machine(tmp_path / "2", LOGS, answers=[silent, states()]))
    assert isinstance(fact.stores, tuple)
    assert isinstance(fact.programs, tuple)
    assert (fact.stores[0].kinds, fact.programs[0].running) == ((), False)
    assert isinstance(fact_of(LogKeeping, event_log.log_keeping, machine(tmp_path / "3", LOGS)).stores, Unobserved)


@pytest.mark.parametrize(
    ("keys", "reason"),
    [
        ({event_log.FORWARDING: {"1": "Server=http://wec.example:5985/wsman/SubscriptionManager/WEC,Refresh=60"}}, Reason.NO_VANTAGE),
        ({SERVICES + r"\nxlog": {"Start": 2}}, Reason.UNSUPPORTED),
    ],
)
def test_what_is_sent_elsewhere_is_settled_elsewhere(tmp_path: Path, keys: Keys, reason: Reason) -> None:
    fact = fact_of(LogKeeping, event_log.log_keeping, machine(tmp_path, LOGS, keys))
    assert isinstance(fact.targets, Unobserved)
    assert fact.targets.reason is reason


# --- start, sockets, services


@pytest.mark.parametrize(
    ("keys", "uefi", "expected"),
    [
        ({startup.SECURE_BOOT: {"UEFISecureBootEnabled": 1}}, None, ("uefi", True)),
        ({startup.SECURE_BOOT: {"UEFISecureBootEnabled": 0}}, True, ("uefi", False)),
        ({}, True, ("uefi", False)),
        ({}, False, ("bios", None)),
    ],
)
def test_secure_boot_is_on_where_windows_says_so(tmp_path: Path, keys: Keys, uefi: bool | None, expected: tuple[str, bool | None]) -> None:
    read = machine(tmp_path, keys, answers=[(answers.FIRMWARE, answers.FirmwareState(uefi, 2))])
    fact = fact_of(Startup, startup.startup, read)
    assert (fact.firmware, fact.secure_boot) == expected
    assert fact_of(SecurityModule, startup.security_module, read).version == "2.0"


def test_an_unknown_firmware_leaves_secure_boot_unknown(tmp_path: Path) -> None:
    fact = fact_of(Startup, startup.startup, machine(tmp_path, answers=[]))
    assert isinstance(fact.firmware, Unobserved)
    assert isinstance(fact.secure_boot, Unobserved)


def test_mitigations_are_off_where_both_values_say_so(tmp_path: Path) -> None:
    def off(room: str, values: Mapping[str, int]) -> bool | Unobserved:
        found = fact_of(Startup, startup.startup, machine(tmp_path / room, {startup.MEMORY: dict(values)})).mitigations_off
        assert not isinstance(found, Unobserved)
        assert found.in_force is None
        return found.after_restart

    assert off("1", {}) is False
    assert off("2", {startup.OVERRIDE: 3, startup.OVERRIDE_MASK: 3}) is True
    assert off("3", {startup.OVERRIDE: 3}) is False
    assert off("4", {startup.OVERRIDE: 72, startup.OVERRIDE_MASK: 3}) is False
    assert fact_of(Startup, startup.startup, machine(tmp_path / "5")).firmware is None


def test_sockets_are_given_with_their_programs(tmp_path: Path) -> None:
    told = answers.WaitingSockets(
        (
            answers.Waiting("tcp", "0.0.0.0", 445, 4, ""),
            answers.Waiting("tcp", "::", 135, 900, "svchost.exe"),
            answers.Waiting("tcp", "127.0.0.1", 5354, 1000, ""),
            answers.Waiting("udp", "fe80::1%5", 546, 1100, "svchost.exe"),
        )
    )
    found = fact_of(ListeningSockets, listening.listening_sockets, machine(tmp_path, answers=[(answers.SOCKETS, told)])).sockets
    assert [(s.protocol, s.address, s.port, s.loopback) for s in found] == [
        ("tcp", "", 135, False),
        ("tcp", "", 445, False),
        ("tcp", "127.0.0.1", 5354, True),
        ("udp", "fe80::1%5", 546, False),
    ]
    assert (found[0].program, found[1].program, isinstance(found[2].program, Unobserved)) == ("svchost.exe", "", True)


def test_services_start_by_themselves_on_an_event_or_run(tmp_path: Path) -> None:
    keys: Keys = {
        SERVICES + r"\Auto": {"Type": 0x10, "Start": 2},
        SERVICES + r"\Broken": {"Type": 0x20, "Start": 2},
        SERVICES + r"\Event": {"Type": 0x20, "Start": 3},
        SERVICES + r"\Event\TriggerInfo\0": {"Type": 1},
        SERVICES + r"\Demand": {"Type": 0x10, "Start": 3},
        SERVICES + r"\Asked": {"Type": 0x110, "Start": 3},
        SERVICES + r"\Driver": {"Type": 1, "Start": 0},
        SERVICES + r"\Off": {"Type": 0x10, "Start": 4},
    }
    told = answers.RunningServices(
        (answers.RunningService("auto", 4, 0), answers.RunningService("Asked", 4, 0), answers.RunningService("Broken", 1, 1067))
    )
    found = fact_of(Services, listening.services, machine(tmp_path / "1", keys, answers=[(answers.SERVICE_STATES, told)])).services
    assert isinstance(found, tuple)
    assert {s.name: (s.kind, s.starts, s.running, s.failed) for s in found} == {
        "Asked": ("service", False, True, False),
        "Auto": ("service", True, True, False),
        "Broken": ("service", True, False, True),
        "Event": ("trigger", True, False, False),
    }
    still = fact_of(Services, listening.services, machine(tmp_path / "2", keys)).services
    assert isinstance(still, tuple)
    assert [(s.name, s.running) for s in still] == [("Auto", None), ("Broken", None), ("Event", None)]
    unseen = fact_of(Services, listening.services, machine(tmp_path / "3", keys, answers=())).services
    assert isinstance(unseen, tuple)
    assert all(isinstance(s.running, Unobserved) for s in unseen)


@pytest.mark.parametrize(
    ("values", "controlled", "prompt", "built_in"),
    [
        ({}, True, Prompt.CONSENT_TO_OTHERS, False),
        ({"EnableLUA": 1, "ConsentPromptBehaviorAdmin": 2, "FilterAdministratorToken": 1}, True, Prompt.CONSENT, True),
        ({"EnableLUA": 0, "ConsentPromptBehaviorAdmin": 0}, False, Prompt.NOTHING, False),
        ({"ConsentPromptBehaviorAdmin": 9}, True, None, False),
    ],
)
def test_elevation_is_on_where_nothing_says_otherwise(
    tmp_path: Path, values: Mapping[str, int], controlled: bool, prompt: Prompt | None, built_in: bool
) -> None:
    fact = fact_of(Elevation, elevation.elevation, machine(tmp_path, {elevation.SYSTEM: dict(values)}, answers=()))
    assert (fact.controlled.after_restart, fact.built_in) == (controlled, built_in)
    assert isinstance(fact.controlled.in_force, Unobserved) is not controlled  # it changes with a restart
    assert isinstance(fact.prompt, Unobserved) if prompt is None else fact.prompt is prompt


# --- credentials, notices, what is not there

JOINED = (answers.JOINED, answers.Joined(True, "CITY"))


def kept(room: Path, *keys: Keys, version: Keys = WINDOWS_11) -> KeptCredentials:
    """What a running member of a domain keeps."""
    return fact_of(KeptCredentials, credentials.kept_credentials, machine(room, *keys, answers=[JOINED], version=version))


def test_secrets_are_kept_as_windows_does_where_nothing_is_set(tmp_path: Path) -> None:
    new = kept(tmp_path / "1", version=windows("22631", "Professional"))
    assert (new.clear_text, new.logs_on_alone, new.cached, new.joined, new.rotates) == (False, False, 10, True, False)
    assert isinstance(new.protected.after_restart, Unobserved)  # new installations protect it by themselves, older ones do not
    old = kept(tmp_path / "2", version=windows("7601", "Professional"))
    assert (old.clear_text, old.protected.after_restart) == (True, False)
    still = fact_of(KeptCredentials, credentials.kept_credentials, machine(tmp_path / "3"))
    assert isinstance(still.joined, Unobserved)


def test_secrets_are_kept_as_values_say(tmp_path: Path) -> None:
    keys: Keys = {
        credentials.WDIGEST: {"UseLogonCredential": 1},
        credentials.LSA: {"RunAsPPL": 1},
        credentials.WINLOGON: {"AutoAdminLogon": "1", "DefaultPassword": "hunter2", "CachedLogonsCount": "2"},
        credentials.LAPS[1][0]: {"BackupDirectory": 2},
    }
    fact = kept(tmp_path / "1", keys)
    assert (fact.clear_text, fact.logs_on_alone, fact.cached, fact.rotates) == (True, True, 2, True)
    assert (fact.protected.after_restart, isinstance(fact.protected.in_force, Unobserved)) == (True, True)
    assert "hunter2" not in str(fact)
    off: Keys = {credentials.LSA: {"RunAsPPL": 0}, credentials.LAPS[1][0]: {"BackupDirectory": 0}}
    fact = kept(tmp_path / "2", off)
    assert (fact.protected.effective(), fact.rotates) == ((False, False), False)


def test_a_notice_is_what_policy_shows_before_the_log_on(tmp_path: Path) -> None:
    words: Keys = {notice.POLICY: {"LegalNoticeCaption": "注意", "LegalNoticeText": "許可された者のみ使用できる。操作は記録される。"}}
    before = fact_of(LoginNotice, notice.login_notice, machine(tmp_path / "1", words)).before
    assert isinstance(before, tuple)
    assert [(n.warns, n.tells_system) for n in before] == [(True, False)]
    title: Keys = {notice.POLICY: {"LegalNoticeCaption": "許可", "LegalNoticeText": ""}}
    assert fact_of(LoginNotice, notice.login_notice, machine(tmp_path / "2", title)).before == ()


def test_what_is_not_installed_is_knowledge_and_what_is_not_read_is_none(tmp_path: Path) -> None:
    quiet = (answers.SOCKETS, answers.WaitingSockets(()))
    assert fact_of(SshServer, absent.ssh_server, machine(tmp_path / "1", answers=[quiet])).installed is False
    assert fact_of(ContainerHost, absent.container_host, machine(tmp_path / "1")).engines == ()
    other = (answers.SOCKETS, answers.WaitingSockets((answers.Waiting("tcp", "::", 22, 9, "x.exe"),)))
    with pytest.raises(CannotObserve):
        absent.ssh_server.run(machine(tmp_path / "2", answers=[other]))
    with pytest.raises(CannotObserve):
        absent.ssh_key_files.run(machine(tmp_path / "3", {SERVICES + r"\sshd": {"Start": 4}}))
    with pytest.raises(CannotObserve):
        absent.container_host.run(machine(tmp_path / "4", {SERVICES + r"\vmms": {"Start": 2}}))

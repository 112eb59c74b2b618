"""Clock, records, sockets and services of Windows machines, and what they usually have not.

Hives are made by hivexsh in the real format. What PowerShell prints is written after the documentation of the classes and of
``ConvertTo-Json``; what Windows answers after that of the functions named in ``scanner.hosts.windows.answers``. None of it was recorded.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from scanner.facts.container_host import ContainerHost
from scanner.facts.event_log import AuditPolicy, AuditSetting, EventLogs, WhenFull
from scanner.facts.log_keeping import LogKeeping, RecordKind
from scanner.facts.services import ListeningSockets, Services
from scanner.facts.ssh_server import SshServer
from scanner.facts.time_sync import TimeProgram, TimeSource, TimeSync
from scanner.hosts.windows import (
    absent,
    answers,
    event_log,
    listening,
    time_sync,
)
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import auditpolicy
from tests.unit.test_wire_windows import JAPANESE, WINDOWS_10, stored
from tests.unit.windows_answers import SERVICES, states
from tests.unit.windows_machines import Keys, Made, MadeReader, fact_of, machine

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
    collecting = machine(tmp_path / "4", LOGS, answers=[POLICY, states("EventLog", "Wecsvc")])
    assert isinstance(fact_of(LogKeeping, event_log.log_keeping, collecting).entrances, Unobserved)
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

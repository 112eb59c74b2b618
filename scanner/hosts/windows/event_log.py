"""What Windows records and how much of it is kept: the audit policy by GUIDs, the sizes of the logs, whether they are sent elsewhere."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from scanner.facts.event_log import AuditPolicy, AuditSetting, EventLog, EventLogs, WhenFull
from scanner.facts.log_keeping import LogEntrance, LogKeeping, LogProgram, LogStore, LogTarget, RecordKind
from scanner.facts.readings import Readings
from scanner.hosts.base import Key, collector
from scanner.hosts.seeing import needed, parsed, seen, shown
from scanner.hosts.windows import answers
from scanner.hosts.windows.base import (
    AUTOMATIC,
    MICROSOFT,
    POLICIES,
    SERVICES,
    WindowsReader,
    number,
    service_start,
    service_works,
    starts_by_itself,
    text,
)
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import auditpolicy

STORED: Final = r"HKLM\SECURITY\Policy\PolAdtEv"
COMMAND_LINES: Final = MICROSOFT + r"\Windows\CurrentVersion\Policies\System\Audit"
POLICY: Final = POLICIES + r"\Microsoft\Windows\EventLog"
SERVICE: Final = SERVICES + r"\EventLog"
FORWARDING: Final = POLICY + r"\EventForwarding\SubscriptionManager"
SCRIPTS: Final = POLICIES + r"\Microsoft\Windows\PowerShell\ScriptBlockLogging"
SCRIPTS_32: Final = r"HKLM\SOFTWARE\WOW6432Node\Policies\Microsoft\Windows\PowerShell\ScriptBlockLogging"
NAMES: Final = ("Application", "Security", "System")
SENDERS: Final = {
    "splunkforwarder": "Splunk",
    "nxlog": "NXLog",
    "winlogbeat": "Winlogbeat",
    "elastic agent": "Elastic Agent",
    "wazuhsvc": "Wazuh",
    "ossecsvc": "OSSEC",
    "healthservice": "Microsoft Monitoring Agent",
    "azuremonitoragent": "Azure Monitor",
    "fluent-bit": "Fluent Bit",
    "fluentdwinsvc": "Fluentd",
    "lvlogagent": "Logstorage",
}
"""Services that may send records elsewhere; what they send stands in settings of their own."""
LOGON: Final = auditpolicy.guid(0x15)
KEEPS_ALL: Final = 0xFFFFFFFF


@collector(Platform.WINDOWS, answers.AUDIT_POLICY.source, answers.AUDIT_BACKUP.source, Key(STORED, root=True), Key(COMMAND_LINES))
def audit_policy(read: WindowsReader) -> AuditPolicy:
    """Give the policy as Windows answers it, or as the registry of a machine that does not run holds it."""
    found, source = _policy(read)
    settings = tuple(
        AuditSetting(int(name[6:8], 16), bool(value & auditpolicy.SUCCESS), bool(value & auditpolicy.FAILURE))
        for name, value in sorted(found.items())
        if re.fullmatch(r"0cce92[0-9a-f]{2}-69ae-11d9-bed3-505054503030", name)
    )
    if not settings:
        raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"{source}: no subcategory")
    on = ", ".join(f"{s.subcategory:02x}:{'S' if s.success else ''}{'F' if s.failure else ''}" for s in settings if s.success or s.failure)
    read.keep(source, on or "nothing is recorded")
    # absent: not recorded (Include command line in process creation events)
    lines = number(read, COMMAND_LINES, "ProcessCreationIncludeCmdLine_Enabled") == 1
    return AuditPolicy(settings, lines, source)


def _policy(read: WindowsReader) -> tuple[Mapping[str, int], str]:
    try:
        return dict(read.ask(answers.AUDIT_POLICY).subcategories), answers.AUDIT_POLICY.call
    except CannotObserve as why:
        value = seen(lambda: read.value(STORED, ""))
        if isinstance(value, bytes):
            return needed(parsed(STORED, value, auditpolicy.parse_stored)), STORED
        if not read.live:
            raise value.error() if isinstance(value, Unobserved) else why from why
        backup = seen(lambda: read.ask(answers.AUDIT_BACKUP))
        if isinstance(backup, Unobserved):
            raise
        call = answers.AUDIT_BACKUP.call
        return needed(parsed(call, backup.octets, auditpolicy.parse_backup)), call


@collector(Platform.WINDOWS, *(Key(rf"{place}\{name}") for name in NAMES for place in (POLICY, SERVICE)), Key(SCRIPTS), Key(SCRIPTS_32))
def event_logs(read: WindowsReader) -> EventLogs:
    """Give the three logs that every Windows has. Policy writes sizes in KiB, Windows itself in octets."""
    fact = EventLogs(tuple(_log(read, name) for name in NAMES), seen(lambda: _script_blocks(read)))
    read.keep(SERVICE, ", ".join(f"{log.name} {log.most_bytes} {log.when_full}" for log in fact.logs))
    return fact


def _script_blocks(read: WindowsReader) -> bool:
    # absent: only what looks suspicious is recorded (Turn on PowerShell Script Block Logging)
    return number(read, SCRIPTS, "EnableScriptBlockLogging") == 1


def _log(read: WindowsReader, name: str) -> EventLog:
    size, source = seen(lambda: number(read, rf"{POLICY}\{name}", "MaxSize")), rf"{POLICY}\{name}\MaxSize"
    octets: int | Unobserved
    if isinstance(size, int):
        octets = size * 1024
    else:
        own = size if isinstance(size, Unobserved) else seen(lambda: number(read, rf"{SERVICE}\{name}", "MaxSize"))
        source = source if isinstance(size, Unobserved) else rf"{SERVICE}\{name}\MaxSize"
        octets = (
            own if own is not None else Unobserved(Reason.PROTOCOL_VIOLATION, f"{source}: Windows always writes it, and it is not there")
        )
    return EventLog(name, octets, seen(lambda: _when_full(read, name)), source)


def _when_full(read: WindowsReader, name: str) -> WhenFull:
    """Tell what happens at the full size: overwriting where nothing is set."""
    # policy values are the texts "0" and "1"
    keeps, archives = (number(read, rf"{POLICY}\{name}", value) for value in ("Retention", "AutoBackupLogFiles"))
    own = number(read, rf"{SERVICE}\{name}", "Retention")
    if keeps is None:
        keeps = 1 if own == KEEPS_ALL else 0
    if archives is None:
        archives = number(read, rf"{SERVICE}\{name}", "AutoBackupLogFiles") or 0
    if not keeps:
        return WhenFull.OVERWRITES
    return WhenFull.ARCHIVES if archives else WhenFull.STOPS


@collector(
    Platform.WINDOWS,
    Key(SERVICE),
    *(Key(rf"{place}\{name}") for name in NAMES for place in (POLICY, SERVICE)),
    Key(FORWARDING),
    *(Key(rf"{SERVICES}\{name}") for name in SENDERS),
    Key(SERVICES + r"\Wecsvc"),
    answers.AUDIT_POLICY.source,
    Key(STORED, root=True),
    answers.SERVICE_STATES.source,
)
def log_keeping(read: WindowsReader) -> LogKeeping:
    """Give what becomes of the records: the service that takes them, its logs, and where they are sent."""
    start = seen(lambda: service_start(read, "EventLog"))
    starts: bool | Unobserved = start if isinstance(start, Unobserved) else start in AUTOMATIC
    running = seen(lambda: service_works(read, "EventLog"))
    stores = seen(lambda: _stores(read))
    targets = seen(lambda: _targets(read))
    read.keep(SERVICE, f"start {start}, running {running}, sent to {targets}")
    entrances = seen(lambda: _entrances(read))
    rotates = all(_log(read, name).when_full in {WhenFull.OVERWRITES, WhenFull.ARCHIVES} for name in NAMES[1:])
    rotation = Readings(None, rotates if read.live else None, rotates, SERVICE)
    return LogKeeping((LogProgram("windows-event-log", running, starts),), stores, targets, entrances, rotation)


def _stores(read: WindowsReader) -> tuple[LogStore, ...]:
    """Give the logs by what is in them: log-ons are in one only as far as the audit policy has them recorded."""
    logons = _policy(read)[0].get(LOGON, 0)
    return (
        _store(_log(read, "Security"), (RecordKind.AUTHENTICATION,) if logons else ()),
        _store(_log(read, "System"), (RecordKind.SYSTEM,)),
    )


def _entrances(read: WindowsReader) -> tuple[LogEntrance, ...]:
    """Say that the machine takes no records of others: the service that collects them neither starts by itself nor runs."""
    if starts_by_itself(read, "Wecsvc") or service_works(read, "Wecsvc"):
        raise CannotObserve(Reason.UNSUPPORTED, f"{SERVICES}\\Wecsvc starts with the machine or runs; what it collects is not read")
    return ()


def _store(log: EventLog, kinds: tuple[RecordKind, ...]) -> LogStore:
    kept: int | Unobserved | None
    if log.when_full is WhenFull.ARCHIVES:
        kept = None
    elif isinstance(log.when_full, Unobserved):
        kept = log.when_full
    else:
        kept = Unobserved(Reason.UNSUPPORTED, f"{log.name}: its size decides for how long a record is kept")
    return LogStore(log.name, kinds, True, kept, None, log.source)


def _targets(read: WindowsReader) -> tuple[LogTarget, ...]:
    """Say that nothing is sent, or raise ``CannotObserve``: what is sent is settled elsewhere."""
    servers = [
        match[1] for value in (read.values(FORWARDING) or {}).values() if isinstance(value, str) and (match := _SERVER.search(value))
    ]
    if servers:
        raise CannotObserve(Reason.NO_VANTAGE, f"which records {shown(', '.join(servers))} takes is settled there")
    senders = [name for service, name in SENDERS.items() if starts_by_itself(read, service)]
    if senders:
        raise CannotObserve(Reason.UNSUPPORTED, f"what {', '.join(senders)} sends is not read")
    if text(read, FORWARDING, "1") is not None:
        raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"{FORWARDING}: no server can be made out")
    return ()


_SERVER: Final = re.compile(r"Server=https?://([^:/,\s]+)", re.IGNORECASE)

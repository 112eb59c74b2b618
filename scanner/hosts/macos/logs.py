"""The collectors for what macOS records: the audit trail (OpenBSM), the unified log, and what is sent to other machines."""

from __future__ import annotations

import re
from functools import partial
from typing import Final

from scanner.facts.audit_trail import AuditStore, AuditSubject, AuditSwitch, AuditTrail
from scanner.facts.log_keeping import LogKeeping, LogProgram, LogStore, LogTarget, RecordKind
from scanner.facts.readings import Readings
from scanner.hosts.base import Files, Names, Reader, collector
from scanner.hosts.combining import same
from scanner.hosts.macos.base import LAUNCHD, VERSION, switched, version
from scanner.hosts.macos.services import LOADED, WHO, loaded
from scanner.hosts.seeing import seen, shown
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import Reason

CONTROL: Final = "/etc/security/audit_control"
AUDITD: Final = "com.apple.auditd"
PROGRAM: Final = "/usr/sbin/auditd"
SYSLOG: Final = "/etc/syslog.conf"
OFF_FROM: Final = 14
"""The first macOS that does not start auditd by itself."""
SUBJECTS: Final = {
    "lo": (AuditSubject.LOGINS,),
    "aa": (AuditSubject.PRIVILEGE_USE,),
    "ad": (AuditSubject.IDENTITIES, AuditSubject.TIME),
    "fm": (AuditSubject.RIGHTS,),
    "fd": (AuditSubject.DELETION,),
}
"""Classes of audit_class(5). Changes of who may become administrator and of drivers have no class of their own."""


@collector(Platform.MACOS, *VERSION, *LAUNCHD, LOADED, WHO, Files(CONTROL, root=True), Names(PROGRAM))
def audit_trail(read: Reader) -> AuditTrail:
    """See whether the audit trail is kept, and of what."""
    system = seen(partial(version, read))
    running = _running(read) if read.live else None
    ordered = switched(read, AUDITD)
    starts = ordered if ordered is not None else system if isinstance(system, Unobserved) else system.major < OFF_FROM
    data = seen(partial(read.file, CONTROL))
    lines = data if isinstance(data, Unobserved) else _settings(data or b"")
    missing = Unobserved(Reason.UNSUPPORTED, f"{CONTROL} is not there")
    now = running if running is None or isinstance(running, Unobserved) else AuditSwitch.ON if running else AuditSwitch.OFF
    later = starts if isinstance(starts, Unobserved) else AuditSwitch.ON if starts and lines else AuditSwitch.OFF
    subjects = same(lines if isinstance(lines, Unobserved) else _covered(lines), read.live, f"{CONTROL} flags")
    return AuditTrail(
        container=False,
        installed=seen(lambda: read.state(PROGRAM) is not None),
        running=running,
        starts=starts,
        switch=Readings(None, now, later, f"launchd {AUDITD}"),
        subjects=subjects,
        compat=same(False, read.live, "macOS"),
        compat_subjects=subjects,
        store=lines if isinstance(lines, Unobserved) else _store(lines) if lines else missing,
    )


def _running(read: Reader) -> bool | Unobserved:
    labels = seen(partial(loaded, read))
    return labels if isinstance(labels, Unobserved) else AUDITD in labels


def _settings(data: bytes) -> dict[str, str]:
    """Read audit_control(5): ``name:value``, the last one counts."""
    rows = (line.partition(":") for line in data.decode("utf-8", "replace").split("\n") if not line.lstrip().startswith("#"))
    return {name.strip(): value.strip() for name, colon, value in rows if colon}


def _subjects(held: dict[str, str]) -> tuple[AuditSubject, ...]:
    """Give what classes cover when success and failure alike are recorded: no mark before them. ``all`` covers everything."""
    classes = {word.strip() for word in f"{held.get('flags', '')},{held.get('naflags', '')}".split(",")}
    if "all" in classes:
        return tuple(AuditSubject)
    found = {subject for name in classes for subject in SUBJECTS.get(name, ())}
    return tuple(subject for subject in AuditSubject if subject in found)


def _covered(held: dict[str, str]) -> tuple[AuditSubject, ...] | Unobserved:
    """Give what is recorded; where all is that classes are known to cover, the rest may be or not."""
    found = _subjects(held)
    sure = {subject for subjects in SUBJECTS.values() for subject in subjects}
    if sure <= set(found) and len(found) < len(AuditSubject):
        return Unobserved(Reason.UNSUPPORTED, f"{CONTROL}: which class records changes of privileges and of drivers is not known")
    return found


def _store(held: dict[str, str]) -> AuditStore | Unobserved:
    """Read what is kept: ``expire-after:10M`` by default, ``60d OR 1G``; with AND both have to be reached."""
    expire = held.get("expire-after", "")
    free = held.get("minfree", "")
    if expire and not re.search(r"\b\d{1,9}[BKMG]\b", expire):
        return Unobserved(Reason.UNSUPPORTED, f"{CONTROL}: records are kept for a time, {shown(expire)}")
    stop = "halt" if "ahlt" in held.get("policy", "") else "drop"
    return AuditStore("rotate", f"warn at {shown(free)} %" if free else "", stop)


@collector(Platform.MACOS, *VERSION, Files(SYSLOG))
def log_keeping(read: Reader) -> LogKeeping:
    """See where records are kept: the unified log, whose size decides how long, and other machines that syslogd sends them to."""
    kinds = (RecordKind.AUTHENTICATION, RecordKind.SYSTEM)
    size = Unobserved(Reason.UNSUPPORTED, "the unified log is kept as long as there is room")
    store = LogStore("unified log", kinds, True, size, None, "/private/var/db/diagnostics")
    running = None if not read.live else True  # logd cannot be switched off
    targets = seen(partial(_targets, read))
    return LogKeeping((LogProgram("logd", running, True),), (store,), targets, (), same(True, read.live, "logd"))


def _targets(read: Reader) -> tuple[LogTarget, ...]:
    """Read syslog.conf(5): ``selector @host:port``, over UDP and in clear."""
    found = []
    for line in (read.file(SYSLOG) or b"").decode("utf-8", "replace").split("\n"):
        match = re.fullmatch(r"([^#\s]\S*)\s+@([^\s:]+)(?::(\d{1,5}))?", line.strip())
        if match:
            everything = "*." in match[1]
            login = everything or "auth" in match[1]
            kinds = tuple(k for k, on in ((RecordKind.AUTHENTICATION, login), (RecordKind.SYSTEM, everything)) if on)
            found.append(LogTarget(shown(match[2]), int(match[3] or 514), "udp", kinds, False, False, False, SYSLOG))
    return tuple(found)

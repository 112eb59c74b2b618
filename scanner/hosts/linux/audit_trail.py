"""The collector for the Linux audit system: the rules in the kernel, those that come after a restart, and what becomes of the records."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from operator import attrgetter

from scanner.facts.audit_trail import AuditStore, AuditSubject, AuditSwitch, AuditTrail
from scanner.facts.readings import Readings
from scanner.hosts.base import Files, Names, Reader, Run, collector
from scanner.hosts.linux.base import drop_ins, enabled, exists, file_needed, needed, parsed, processes, runs, seen, shown
from scanner.hosts.linux.compat import READS as COMPAT
from scanner.hosts.linux.compat import takes_32_bit_calls
from scanner.hosts.linux.container import READS as CONTAINER
from scanner.hosts.linux.container import in_container
from scanner.hosts.linux.services import PROCESSES, UNITS
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import auditrules

DAEMON = ("/usr/sbin/auditd", "/sbin/auditd")
STATE, LIST = ("auditctl", "-s"), ("auditctl", "-l")
CONF, COMPILED, DIRECTORY = "/etc/audit/auditd.conf", "/etc/audit/audit.rules", "/etc/audit/rules.d"
SWITCHES = {0: AuditSwitch.OFF, 1: AuditSwitch.ON, 2: AuditSwitch.FIXED}
DEFAULTS = {
    "max_log_file_action": "ignore",
    "space_left_action": "ignore",
    "disk_full_action": "ignore",
}
"""What auditd takes where auditd.conf says nothing (auditd 3 and 4, clear_config in auditd-config.c)."""


@collector(
    Platform.LINUX,
    *PROCESSES,
    *UNITS,
    *CONTAINER,
    *(Names(path) for path in DAEMON),
    Run(STATE, root=True),
    Run(LIST, root=True),
    Files(CONF, root=True),
    Files(COMPILED, root=True),
    Names(DIRECTORY, root=True),
    Files(f"{DIRECTORY}/*.rules", root=True),
    *COMPAT,
)
def audit_trail(read: Reader) -> AuditTrail:
    """See what the kernel records, now and after a restart, and where the records go."""
    there = seen(lambda: exists(read, *DAEMON) is not None)
    later = seen(partial(_written, read)) if there is True else there
    starts = seen(lambda: there is True and enabled(read, "auditd.service"))
    loaded = seen(lambda: _loaded(read)) if read.live else None
    return AuditTrail(
        container=in_container(read),
        installed=there,
        running=runs(processes(read), "auditd"),
        starts=starts,
        switch=_switch(read, later, starts),
        subjects=_subjects(loaded, later, starts, attrgetter("subjects")),
        compat=takes_32_bit_calls(read),
        compat_subjects=_subjects(loaded, later, starts, attrgetter("compat_subjects")),
        store=seen(partial(_store, read)) if there is True else Unobserved(Reason.UNSUPPORTED, "auditd is not installed"),
    )


def _asked(read: Reader, argv: tuple[str, ...]) -> bytes | None:
    answer = read.command(argv)
    if answer is None:
        return None
    if answer.status != 0:
        raise CannotObserve(Reason.ACCESS_DENIED, f"{' '.join(argv)}: status {answer.status}")
    read.keep(" ".join(argv), answer.stdout.decode("utf-8", "replace"))
    return answer.stdout


def _written(read: Reader) -> auditrules.Rules:
    """Read what augenrules will load: the directory's files in order, where it has any, else the compiled file.

    Raises ``CannotObserve``.
    """
    files = needed(drop_ins(read, (DIRECTORY,), ".rules"))
    texts = [needed(file.data) for file in files] or [read.file(COMPILED) or b""]
    # augenrules puts -e at the end, and -D at the beginning, wherever they stand
    lines = [line for text in texts for line in text.replace(b"\r\n", b"\n").split(b"\n")]
    last = [line for line in lines if line.strip().startswith(b"-e ")]
    return needed(
        parsed(DIRECTORY, b"\n".join([*(one for one in lines if one not in last and one.strip() != b"-D"), *last]), auditrules.parse)
    )


def _switch(read: Reader, later: auditrules.Rules | Unobserved | bool, starts: bool | Unobserved) -> Readings[AuditSwitch]:
    now: AuditSwitch | Unobserved | None = seen(lambda: _state(read)) if read.live else None
    if isinstance(later, bool):
        return Readings(None, now, AuditSwitch.OFF, "auditctl -s")
    if isinstance(later, Unobserved) or isinstance(starts, Unobserved):
        why = later if isinstance(later, Unobserved) else starts
        assert isinstance(why, Unobserved)
        return Readings(why, now, why, DIRECTORY)
    after = SWITCHES[1 if later.enabled is None else later.enabled] if starts else AuditSwitch.OFF
    return Readings(None if later.enabled is None else SWITCHES[later.enabled], now, after, f"auditctl -s, {DIRECTORY}")


def _state(read: Reader) -> AuditSwitch:
    said = _asked(read, STATE)
    if said is None:
        return AuditSwitch.OFF  # nothing that could have switched it on is installed
    found = re.search(rb"^enabled[ =]([012])\b", said, re.MULTILINE)
    if not found:
        raise CannotObserve(Reason.PROTOCOL_VIOLATION, "auditctl -s: no word of enabled")
    return SWITCHES[int(found[1])]


def _subjects(
    loaded: auditrules.Rules | Unobserved | None,
    later: auditrules.Rules | Unobserved | bool,
    starts: bool | Unobserved,
    of: Callable[[auditrules.Rules], tuple[AuditSubject, ...]],
) -> Readings[tuple[AuditSubject, ...]]:
    now = loaded if loaded is None or isinstance(loaded, Unobserved) else of(loaded)
    if isinstance(later, bool):
        return Readings(None, now, (), "auditctl -l")
    if isinstance(later, Unobserved) or isinstance(starts, Unobserved):
        why = later if isinstance(later, Unobserved) else starts
        assert isinstance(why, Unobserved)
        return Readings(why, now, why, DIRECTORY)
    return Readings(of(later), now, of(later) if starts else (), f"auditctl -l, {DIRECTORY}")


def _loaded(read: Reader) -> auditrules.Rules:
    said = _asked(read, LIST)
    return needed(parsed("auditctl -l", said or b"", auditrules.parse))


def _store(read: Reader) -> AuditStore:
    """Read auditd.conf: ``name = value``, words in any case; the last of a name counts. Raises ``CannotObserve``."""
    values = dict(DEFAULTS)
    data = file_needed(read, CONF)
    for line in data.decode("utf-8", "replace").replace("\r", "").split("\n"):
        name, equals, value = line.partition("=")
        if equals and not line.lstrip().startswith("#"):
            values[name.strip().lower()] = value.strip().lower()
    return AuditStore(shown(values["max_log_file_action"]), shown(values["space_left_action"]), shown(values["disk_full_action"]))

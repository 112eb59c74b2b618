"""The collector for programs on Linux that notice changed files: is there a database, how old is it, when was it last compared."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from scanner.facts.files import FileIntegrity, IntegrityTool
from scanner.facts.readings import Readings
from scanner.hosts.base import FileKind, Names, Reader, Run, collector
from scanner.hosts.linux.base import enabled, exists, processes, runs, seen
from scanner.hosts.linux.clock import READS as CLOCK
from scanner.hosts.linux.clock import now
from scanner.hosts.linux.jobs import READS as JOBS
from scanner.hosts.linux.jobs import jobs
from scanner.hosts.linux.services import PROCESSES, UNITS
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason

DAY = 86_400


@dataclass(frozen=True, slots=True)
class _Known:
    """One program: its files, databases, traces of a comparison, schedules, and the process of one that looks all the time."""

    name: str
    programs: tuple[str, ...]
    databases: tuple[str, ...]
    traces: tuple[str, ...]
    timers: tuple[str, ...]
    crons: tuple[str, ...]
    process: str = ""


KNOWN = (
    _Known(
        "aide",
        ("/usr/bin/aide", "/usr/sbin/aide"),
        ("/var/lib/aide/aide.db", "/var/lib/aide/aide.db.gz"),
        ("/var/log/aide/aide.log", "/var/log/aide/aide.report.log", "/var/log/aide/aide.log.1"),
        ("dailyaidecheck.timer", "aidecheck.timer", "aide-check.timer"),
        ("/etc/cron.daily/dailyaidecheck", "/etc/cron.daily/aide", "/etc/cron.d/aide", "/etc/cron.weekly/aide"),
    ),
    _Known(
        "tripwire",
        ("/usr/sbin/tripwire",),
        ("/var/lib/tripwire",),
        ("/var/lib/tripwire/report",),
        (),
        ("/etc/cron.daily/tripwire", "/etc/cron.daily/tripwire-check", "/etc/cron.d/tripwire"),
    ),
    _Known(
        "samhain",
        ("/usr/sbin/samhain",),
        ("/var/state/samhain/samhain_file", "/var/lib/samhain/samhain_file"),
        ("/var/log/samhain/samhain.log",),
        (),
        (),
        "samhain",
    ),
    _Known(
        "wazuh",
        ("/var/ossec/bin/wazuh-syscheckd", "/var/ossec/bin/ossec-syscheckd"),
        ("/var/ossec/queue/fim/db/fim.db",),
        (),
        (),
        (),
        "wazuh-syscheckd",
    ),
)
ACTIVE = Run(("systemctl", "is-active", *(timer for known in KNOWN for timer in known.timers)))


@collector(
    Platform.LINUX,
    *CLOCK,
    *PROCESSES,
    *UNITS,
    ACTIVE,
    *(Names(path) for known in KNOWN for path in (*known.programs, *known.crons)),
    *(Names(path, root=True) for known in KNOWN for path in (*known.databases, *known.traces)),
    *JOBS,
)
def file_integrity(read: Reader) -> FileIntegrity:
    """See whether changes of files are noticed."""
    tools = seen(lambda: tuple(_tool(read, known) for known in KNOWN if exists(read, *known.programs)))
    if not isinstance(tools, Unobserved):
        for tool in tools:
            read.keep(tool.name, f"database {tool.database_days} days old, compared {tool.checked_days} days ago")
    return FileIntegrity(tools)


def _tool(read: Reader, known: _Known) -> IntegrityTool:
    scheduled: Readings[bool] | Unobserved
    if known.process:
        running = runs(processes(read), known.process)
        starts = seen(lambda: enabled(read, f"{known.name}.service") or enabled(read, f"{known.name}-agent.service"))
        scheduled = Readings(None, running, starts, known.process)
    else:
        scheduled = _scheduled(read, known)
    return IntegrityTool(known.name, _days(read, known.databases), _days(read, known.traces), scheduled, bool(known.process))


def _days(read: Reader, paths: Sequence[str]) -> int | Unobserved | None:
    """Give the days since the newest of the files, or of what stands in a directory, was changed; ``None``: there is none."""
    return seen(lambda: _newest(read, paths))


def _newest(read: Reader, paths: Sequence[str]) -> int | None:
    times = []
    for path in paths:
        state = read.state(path)
        if state is None:
            continue
        if state.kind is FileKind.DIRECTORY:
            held = [read.state(f"{path}/{name}") for name in (read.names(path) or ())[-200:]]
            times += [one.modified for one in held if one and one.kind is FileKind.FILE]
        elif state.size:
            times.append(state.modified)
    return max(0, (now(read) - max(times)) // DAY) if times else None


def _scheduled(read: Reader, known: _Known) -> Readings[bool] | Unobserved:
    """Tell whether the comparison is started at set times: by a timer, by cron's directories or by a line of a table."""
    held, missing = jobs(read)
    mine = [job for job in held if re.search(rf"\b{known.name}\b|{known.name}check", job.text)]
    by_script = seen(lambda: exists(read, *known.crons) is not None)
    by_cron = by_script is True or any(not job.unit for job in mine)
    ours = seen(lambda: [timer for timer in known.timers if enabled(read, timer)])
    timers = list(dict.fromkeys((*(ours if isinstance(ours, list) else ()), *(job.place for job in mine if job.unit))))
    unseen = next((part for part in (by_script, ours, missing) if isinstance(part, Unobserved)), None)
    if unseen is not None and not by_cron and not timers:
        return unseen
    current: bool | Unobserved | None = None
    if read.live:
        current = by_cron or (seen(lambda: _active(read, timers)) if timers else False)
    return Readings(None, current, by_cron or bool(timers), timers[0] if timers else "cron")


def _active(read: Reader, timers: Sequence[str]) -> bool:
    usual = [timer for known in KNOWN for timer in known.timers]
    asked = usual if set(timers) <= set(usual) else list(timers)
    said = read.command(("systemctl", "is-active", *asked))
    if said is None:
        raise CannotObserve(Reason.UNSUPPORTED, "systemctl is not there")
    states = dict(zip(asked, said.stdout.decode("utf-8", "replace").split("\n"), strict=False))
    return any(states.get(timer) == "active" for timer in timers)

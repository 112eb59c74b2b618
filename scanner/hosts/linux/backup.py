"""The collectors for backups that a Linux machine makes by itself: known programs on a schedule with how their last run ended, and the
result files that the ledger names."""

from __future__ import annotations

import re
from functools import partial

from scanner.facts.backup import Backup, BackupJob, BackupResult, BackupResults
from scanner.facts.ledger import DeclaredBackup, DeclaredMachine
from scanner.hosts.base import FileKind, Files, Names, Reader, Source, collector, ledger_collector
from scanner.hosts.linux.base import enabled, processes, runs, seen
from scanner.hosts.linux.clock import READS as CLOCK
from scanner.hosts.linux.clock import now
from scanner.hosts.linux.jobs import READS as JOBS
from scanner.hosts.linux.jobs import Job, jobs
from scanner.hosts.linux.services import PROCESSES, UNITS
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason

TOOLS = re.compile(
    r"(?:^|[\s/;&|(=])(restic|resticprofile|borg|borgmatic|duplicity|duply|rsnapshot|rdiff-backup|backupninja|bup|kopia|rclone|rsync|"
    r"amdump|pg_dump|pg_dumpall|pg_basebackup|pgbackrest|barman|wal-g|mysqldump|mariadb-dump|mariabackup|mariadb-backup|xtrabackup|"
    r"automysqlbackup|autopostgresqlbackup|snapper|zfs-autobackup|sanoid|syncoid|tar)(?=[\s;&|)]|$)",
    re.MULTILINE,
)
ONLY_WITH_WORD = frozenset({"tar", "rsync", "rclone", "snapper"})
"""Programs that do many things: they count where the schedule speaks of a backup."""
AGENTS = (
    "bacula-fd",
    "bareos-fd",
    "veeamservice",
    "veeamdeployment",
    "amandad",
    "dsmc",
    "dsmcad",
    "nbclient",
    "vnetd",
    "cvd",
    "urbackupclientb",
)
SHOWN = "Id,Result,ExecMainStatus,ExecMainExitTimestampMonotonic"
MOST_UNITS = 50


@collector(Platform.LINUX, *PROCESSES, *UNITS, *CLOCK, *JOBS)
def backup(read: Reader) -> Backup:
    """See which backups are scheduled and how the last ones ended."""
    held, missing = jobs(read)
    found = [(tool, job) for job in held if (tool := _tool(job))]
    states = seen(partial(_states, read, [job.unit for _, job in found if job.unit]))
    made = tuple(dict.fromkeys(BackupJob(tool, job.place, *_last(job, states)) for tool, job in found))
    for one in made:
        read.keep(one.place, f"{one.tool}: succeeded {one.succeeded}, hours {one.hours}")
    return Backup(missing if missing and not made else made, _agents(read))


def _tool(job: Job) -> str | None:
    for found in TOOLS.finditer(job.text):
        word = re.search(r"backup|bkup|バックアップ", f"{job.place} {job.unit} {job.text}", re.IGNORECASE)
        if found[1] not in ONLY_WITH_WORD or word:
            return found[1]
    return None


def _agents(read: Reader) -> tuple[str, ...] | Unobserved:
    """Give the agents that run; of a machine that does not, those whose services will start."""
    running = processes(read)
    if isinstance(running, Unobserved):
        return running
    if running is None:
        return seen(lambda: tuple(name for name in AGENTS if enabled(read, f"{name}.service")))
    return tuple(name for name in AGENTS if runs(running, name) is True)


def _states(read: Reader, units: list[str]) -> dict[str, dict[str, str]]:
    """Ask how the units ended last. Raises ``CannotObserve``."""
    if not units or not read.live:
        return {}
    answer = read.command(("systemctl", "show", f"--property={SHOWN}", *sorted(set(units))[:MOST_UNITS]))
    if answer is None or answer.status != 0:
        raise CannotObserve(Reason.UNSUPPORTED, "systemctl does not tell how the units ended")
    found = {}
    for block in answer.stdout.decode("utf-8", "replace").split("\n\n"):
        values = dict(line.split("=", 1) for line in block.split("\n") if "=" in line)
        if "Id" in values:
            found[values["Id"]] = values
    up = (read.file("/proc/uptime") or b"").split(b".")[0]
    for values in found.values():
        values["up"] = up.decode("ascii", "replace")
    return found


def _last(job: Job, states: dict[str, dict[str, str]] | Unobserved) -> tuple[bool | Unobserved | None, int | Unobserved | None]:
    if not job.unit:
        why = Unobserved(Reason.UNSUPPORTED, f"{job.place}: cron keeps no record of how a job ended")
        return why, why
    if isinstance(states, Unobserved):
        return states, states
    values = states.get(job.unit)
    if values is None:
        why = Unobserved(Reason.UNSUPPORTED, f"{job.unit}: nothing is known of its last run")
        return why, why
    ended, up = values.get("ExecMainExitTimestampMonotonic", "0"), values.get("up", "")
    if not (ended.isdecimal() and up.isdecimal()) or ended == "0":
        return None, None
    return values.get("Result") == "success" and values.get("ExecMainStatus") == "0", max(0, int(up) - int(ended) // 1_000_000) // 3600


def _archives(ledger: DeclaredMachine) -> tuple[Source, ...]:
    return tuple(source for one in ledger.backups for source in (Files(one.path), Names(one.path)))


@ledger_collector(Platform.LINUX, DeclaredMachine, _archives, *CLOCK)
def backup_results(read: Reader, ledger: DeclaredMachine) -> BackupResults:
    """See what the result files that the ledger names say, and how old they are."""
    return BackupResults(tuple(_result(read, one) for one in ledger.backups))


def _result(read: Reader, named: DeclaredBackup) -> BackupResult:
    good = seen(partial(_good, read, named))
    hours = None if good is None else seen(partial(_age, read, named.path))
    read.keep(named.path, f"awaited words in the last line: {good}; hours since it was written: {hours}")
    return BackupResult(named.path, good, hours)


def _good(read: Reader, named: DeclaredBackup) -> bool | None:
    state = read.state(named.path)
    if state is None:
        return None
    if state.kind is not FileKind.FILE:  # of a link only its own age would be known
        raise CannotObserve(Reason.UNSUPPORTED, f"{named.path} is no plain file")
    data = read.file(named.path)
    lines = (data or b"").decode("utf-8", "replace").split("\n")
    last = next((line for line in reversed(lines) if line.strip()), "")
    return named.says in last


def _age(read: Reader, path: str) -> int:
    state = read.state(path)
    if state is None:
        raise CannotObserve(Reason.UNSUPPORTED, f"{path} went away meanwhile")
    seconds = now(read) - state.modified
    if seconds < -3600:
        raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"{path} carries a time to come")
    return max(0, seconds) // 3600

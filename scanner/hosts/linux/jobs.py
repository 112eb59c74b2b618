"""What a Linux machine runs on a schedule, by cron and by timers of systemd, for collectors that look for a certain program.

The texts are for looking only: they may hold passwords and never reach a fact.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from scanner.hosts.base import FileKind, Files, Names, Reader, Source
from scanner.hosts.linux.base import masked, seen, shown
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason

T = TypeVar("T")

CRON_FILES = ("/etc/crontab", "/etc/anacrontab")
CRON_TABLES = ("/etc/cron.d", "/var/spool/cron/crontabs", "/var/spool/cron")
"""Tables of the machine, and of its accounts: Debian's place and that of the Red Hat family."""
CRON_SCRIPTS = ("/etc/cron.hourly", "/etc/cron.daily", "/etc/cron.weekly", "/etc/cron.monthly")
OWN, SHIPPED = "/etc/systemd/system", "/usr/lib/systemd/system"
LONGEST = 100_000
MOST_TIMERS = 200
READS: tuple[Source, ...] = (
    *(Files(path, limit=LONGEST) for path in CRON_FILES),
    *(Names(directory, root=directory.startswith("/var")) for directory in CRON_TABLES),
    *(Files(f"{directory}/*", limit=LONGEST, root=directory.startswith("/var")) for directory in CRON_TABLES),
    *(Names(directory) for directory in CRON_SCRIPTS),
    *(Files(f"{directory}/*", limit=LONGEST) for directory in CRON_SCRIPTS),
    *(Names(place) for directory in (OWN, SHIPPED) for place in (directory, f"{directory}/*.wants")),
    Files(f"{OWN}/*.timer", limit=LONGEST),
    Files(f"{OWN}/*.service", limit=20_000),
)
"""What ``jobs`` asks for, for the collectors that call it; services that packages brought cost a second round."""


@dataclass(frozen=True, slots=True)
class Job:
    """Something that is run on a schedule: where that stands, what is run, and the unit of systemd, empty for cron."""

    place: str
    text: str
    unit: str = ""


def jobs(read: Reader) -> tuple[tuple[Job, ...], Unobserved | None]:
    """Give what is scheduled, and the first thing that could not be read."""
    missing: list[Unobserved] = []

    def known(value: T | Unobserved, otherwise: T) -> T:
        if isinstance(value, Unobserved):
            missing.append(value)
            return otherwise
        return value

    found: list[Job] = []
    places = [(path, False) for path in CRON_FILES]
    for directory in (*CRON_TABLES, *CRON_SCRIPTS):
        places += [(path, directory in CRON_SCRIPTS) for path in known(seen(partial(_run_from, read, directory)), [])]
    for path, scripts in places:
        text = known(seen(partial(read.file, path, limit=LONGEST)), None)
        lines = [] if text is None else _lines(text)
        found += [Job(shown(path), line) for line in (["\n".join(lines)] if scripts else lines)]
    timers = known(seen(partial(_timers, read)), [])
    return (*found, *timers), next(iter(missing), None)


def _run_from(read: Reader, directory: str) -> list[str]:
    """Give the files of a directory that cron goes by, tables or programs. Raises ``CannotObserve``."""
    found = []
    for name in read.names(directory) or ():
        state = read.state(f"{directory}/{name}")
        # run-parts passes over what is not executable and over names with a dot
        idle = directory in CRON_SCRIPTS and ("." in name or (state is not None and state.kind is FileKind.FILE and not state.mode & 0o111))
        if state is not None and state.kind in {FileKind.FILE, FileKind.LINK} and not idle:
            found.append(f"{directory}/{name}")
    return found


def _lines(data: bytes) -> list[str]:
    lines = data.decode("utf-8", "replace").replace("\r\n", "\n").split("\n")
    return [line for line in lines if line.strip() and not line.lstrip().startswith("#")]


def _timers(read: Reader) -> list[Job]:
    """Give the timers that something asks for at the start. Raises ``CannotObserve``."""
    wants = [f"{directory}/{name}" for directory in (OWN, SHIPPED) for name in read.names(directory) or () if name.endswith(".wants")]
    names = dict.fromkeys(name for directory in wants for name in read.names(directory) or () if name.endswith(".timer"))
    if len(names) > MOST_TIMERS:
        raise CannotObserve(Reason.TOO_LARGE, f"more than {MOST_TIMERS} timers")
    found = []
    for name in names:
        if masked(read, name):
            continue
        timer = _unit(read, name)
        unit = re.search(r"^\s*Unit\s*=\s*(\S+)", timer, re.MULTILINE)
        service = unit[1] if unit else f"{name.removesuffix('.timer')}.service"
        commands = re.findall(r"^\s*Exec[A-Za-z]*\s*=\s*(.+)$", _unit(read, service), re.MULTILINE)
        found.append(Job(shown(name), "\n".join(commands), shown(service)))
    return found


def _unit(read: Reader, name: str) -> str:
    """Give a unit's text; an instance (``a@b.service``) has that of its template."""
    plain = re.sub(r"@[^.]+\.", "@.", name)
    for directory in (OWN, "/run/systemd/system", SHIPPED, "/lib/systemd/system"):
        for one in dict.fromkeys((name, plain)):
            text = seen(partial(read.file, f"{directory}/{one}", limit=LONGEST))
            if isinstance(text, bytes):
                return text.decode("utf-8", "replace")
    return ""

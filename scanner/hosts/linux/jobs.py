"""What a Linux machine runs on a schedule, by cron and by timers of systemd, for collectors that look for a certain program.

The texts are for looking only: they may hold passwords and never reach a fact.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial

from scanner.hosts.base import FileKind, Files, Names, Reader, Source
from scanner.hosts.linux.base import masked, seen, shown
from scanner.model.fact import Unobserved

CRON_FILES = ("/etc/crontab", "/etc/anacrontab", "/var/spool/cron/crontabs/root", "/var/spool/cron/root")
CRON_TABLES = "/etc/cron.d"
CRON_SCRIPTS = ("/etc/cron.hourly", "/etc/cron.daily", "/etc/cron.weekly", "/etc/cron.monthly")
OWN, SHIPPED = "/etc/systemd/system", "/usr/lib/systemd/system"
LONGEST = 100_000
MOST_TIMERS = 200
READS: tuple[Source, ...] = (
    *(Files(path, limit=LONGEST, root=path.startswith("/var")) for path in CRON_FILES),
    Names(CRON_TABLES),
    Files(f"{CRON_TABLES}/*", limit=LONGEST),
    *(Names(directory) for directory in CRON_SCRIPTS),
    *(Files(f"{directory}/*", limit=LONGEST) for directory in CRON_SCRIPTS),
    Names(f"{OWN}/timers.target.wants"),
    Names(f"{SHIPPED}/timers.target.wants"),
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
    found: list[Job] = []
    missing: Unobserved | None = None
    tables = seen(partial(read.names, CRON_TABLES))
    places = [*CRON_FILES, *(() if tables is None or isinstance(tables, Unobserved) else (f"{CRON_TABLES}/{name}" for name in tables))]
    for path in places:
        text = seen(partial(read.file, path, limit=LONGEST))
        if isinstance(text, Unobserved):
            missing = missing or text
        elif text is not None:
            found += [Job(shown(path), line) for line in _lines(text)]
    for directory in CRON_SCRIPTS:
        for name in seen_names(read, directory):
            path = f"{directory}/{name}"
            state = seen(partial(read.state, path))
            # run-parts passes over what is not executable and over names with a dot
            if isinstance(state, Unobserved) or state is None or "." in name or (state.kind is FileKind.FILE and not state.mode & 0o111):
                continue
            text = seen(partial(read.file, path, limit=LONGEST))
            if isinstance(text, Unobserved):
                missing = missing or text
            elif text is not None:
                found.append(Job(shown(path), "\n".join(_lines(text))))
    return (*found, *_timers(read)), missing


def seen_names(read: Reader, directory: str) -> tuple[str, ...]:
    """Give the names in a directory, nothing where there is none or no right."""
    names = seen(partial(read.names, directory))
    return () if names is None or isinstance(names, Unobserved) else names


def _lines(data: bytes) -> list[str]:
    lines = data.decode("utf-8", "replace").replace("\r\n", "\n").split("\n")
    return [line for line in lines if line.strip() and not line.lstrip().startswith("#")]


def _timers(read: Reader) -> list[Job]:
    found = []
    names = [name for directory in (OWN, SHIPPED) for name in seen_names(read, f"{directory}/timers.target.wants")]
    for name in list(dict.fromkeys(names))[:MOST_TIMERS]:
        if not name.endswith(".timer") or seen(partial(masked, read, name)) is True:
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

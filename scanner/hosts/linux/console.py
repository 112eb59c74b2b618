"""Limits on idle text consoles and login shells of a Linux machine."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.facts.readings import Readings, Wait
from scanner.facts.screen_lock import ConsoleLimit
from scanner.hosts.base import Reader
from scanner.hosts.combining import same, unknown
from scanner.hosts.linux import systemd_conf
from scanner.hosts.linux.base import Process, Text, applied, drop_ins, exists, one_file, parsed
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from scanner.wire import shellvars, timespan

START_UP = ("/etc/environment", "/etc/profile", "/etc/bash.bashrc", "/etc/bashrc")
"""Read by every login shell, in this order, before /etc/profile.d/*.sh (where /etc/profile does not hand over to them)."""
FIRST_WITH_STOP = 252
"""The version of systemd that brought StopIdleSessionSec=, logind.conf(5)."""


def console_limits(read: Reader, running: tuple[Process, ...] | Unobserved | None) -> tuple[ConsoleLimit, ...]:
    """Give the limits that exist on this machine, also those that are not set. Raises ``CannotObserve``."""
    limits = [_tmout(read)]
    if exists(read, *(f"{where}/systemd-logind" for where in systemd_conf.PLACES[3:])):
        limits.append(_stop_idle_session(read, running))
    return tuple(limits)


def _tmout(read: Reader) -> ConsoleLimit:
    """Read TMOUT as a login shell would meet it; the first read-only assignment is final, otherwise the last one counts."""
    value: int | Unobserved | None = None
    fixed: bool | Unobserved = False
    source = "TMOUT in /etc/profile, /etc/profile.d/*.sh"
    for path, change in _changes(read):
        if isinstance(change, Unobserved):
            value = fixed = change
            source = path
            continue
        if fixed is True:
            break
        if change.conditional:
            value = Unobserved(Reason.UNSUPPORTED, f"{path} line {change.line}: TMOUT is set under a condition")
            fixed = value if change.readonly else fixed
            continue
        if change.unset or change.value is not None:
            value = None if change.unset else _number(path, change)
        source = f"{path} line {change.line}"
        fixed = change.readonly or (fixed if isinstance(fixed, Unobserved) else False)
    if isinstance(value, Unobserved):
        return ConsoleLimit("TMOUT", unknown(value, read.live, source), fixed)
    # An unset or zero TMOUT lets an idle shell live for ever.
    wait = Wait(value if value and value > 0 else None)
    read.keep(source, f"TMOUT={value}")
    return ConsoleLimit("TMOUT", same(wait, read.live, source, configured=None if value is None else wait), fixed)


def _number(path: str, change: shellvars.Change) -> int | Unobserved:
    if re.fullmatch(r"[0-9]{1,9}", change.value or ""):
        return int(change.value or "")
    return Unobserved(Reason.UNSUPPORTED, f"{path} line {change.line}: TMOUT is not set to a plain number")


def _changes(read: Reader) -> Iterator[tuple[str, shellvars.Change | Unobserved]]:
    files: list[Text] = [text for path in START_UP if (text := one_file(read, path))]
    scripts = drop_ins(read, ("/etc/profile.d",), ".sh")
    if isinstance(scripts, Unobserved):
        files.append(Text("/etc/profile.d", scripts))
    else:
        files.extend(scripts)
    for text in files:
        found = text.data if isinstance(text.data, Unobserved) else parsed(text.path, text.data, _tmout_changes)
        if isinstance(found, Unobserved):
            yield text.path, found
        else:
            yield from ((text.path, change) for change in found)


def _tmout_changes(data: bytes) -> tuple[shellvars.Change, ...]:
    if b"TMOUT" not in data:
        return ()  # most start-up files; those with here-documents and the like need not be understood
    return shellvars.changes(data.decode("utf-8", "replace"), "TMOUT")


def _stop_idle_session(read: Reader, running: tuple[Process, ...] | Unobserved | None) -> ConsoleLimit:
    """Read StopIdleSessionSec of logind, which ends sessions that were idle for so long."""
    means, default = "StopIdleSessionSec", Wait(None)
    files = systemd_conf.conf_files(read, "logind.conf")
    if isinstance(files, Unobserved):
        return ConsoleLimit(means, unknown(files, read.live, "logind.conf"), files)
    stale = applied(read, running, ("systemd-logind",), [file.path for file in files])
    value: Wait | Unobserved | None = None
    source = "/etc/systemd/logind.conf [Login] StopIdleSessionSec"
    for file in files:
        held = file.data if isinstance(file.data, Unobserved) else parsed(file.path, file.data, systemd_conf.parse)
        if isinstance(held, Unobserved):
            value = held
            continue
        for _, entry in held.entries("Login", "StopIdleSessionSec"):
            value = parsed(file.path, entry.value.encode(), _span) if entry.value else None
            source = f"{file.path} [Login] StopIdleSessionSec"
    if value is not None and not isinstance(value, Unobserved) and (version := _version(read)) and version < FIRST_WITH_STOP:
        source, value = f"{source} (systemd {version} does not know it)", default
    if isinstance(value, Unobserved):
        return ConsoleLimit(means, unknown(value, read.live, source), True)
    later = value or default
    now: Wait | Unobserved | None = (stale or later) if read.live else None
    return ConsoleLimit(means, Readings(value, now, later, source), True)


def _span(data: bytes) -> Wait:
    seconds = timespan.seconds(data.decode())
    return Wait(None if seconds is None or seconds <= 0 else max(1, round(seconds)))


def _version(read: Reader) -> int | None:
    for where in ("/usr/lib/systemd", "/lib/systemd", "/usr/lib/x86_64-linux-gnu/systemd", "/usr/lib/aarch64-linux-gnu/systemd"):
        for name in read.names(where) or ():
            if found := re.match(r"libsystemd-shared-([0-9]{3})", name):
                return int(found[1])
    return None

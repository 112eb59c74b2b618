"""Whether web servers and PHP go by the files that were read: their start, and when systemd last told them to read again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import partial

from scanner.hosts.base import Reader
from scanner.hosts.linux.base import Process, applied, newer, seen, shown
from scanner.hosts.linux.services import Program
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason

UNITS = ("nginx.service", "apache2.service", "httpd.service", "lighttpd.service", "haproxy.service", "tomcat*.service", "php*-fpm.service")
RELOADS = ("systemctl", "show", "-p", "Id,ExecReload,User", "--timestamp=unix", *UNITS)
"""The last reload of each unit, from systemd 248 on, and its account; a reload past systemd (``nginx -s reload``) leaves no trace."""


def in_force(read: Reader, running: tuple[Process, ...] | Unobserved | None, program: Program, files: Sequence[str]) -> Unobserved | None:
    """Tell why the files may not be in force: newer than the start of the program and than its last reload; ``None``: they are."""
    why = applied(read, running, program.processes, files)
    if why is None or why.reason is not Reason.STALE:
        return why
    reload = seen(partial(_reloaded, read, program.units))
    if isinstance(reload, Unobserved) or reload is None:
        return why
    return newer(read, files, reload, program.name)


def unit_account(read: Reader, units: Iterable[str]) -> str:
    """Name the account that systemd starts a service as. Raises ``CannotObserve``."""
    found = re.search(r"(?m)^User=(.+)$", _unit(read, units))
    if found is None:
        raise CannotObserve(Reason.UNSUPPORTED, "the account that it will run as is not written in its unit")
    return shown(found[1])


def _reloaded(read: Reader, units: Iterable[str]) -> int | None:
    """Give the time of the last reload that went well, in seconds since 1970. Raises ``CannotObserve``."""
    found = re.findall(r"(?m)^ExecReload=\{.* start_time=\[@(\d{1,12})\] ; .*; status=0 \}$", _unit(read, units))
    return max(map(int, found), default=None)


def _unit(read: Reader, units: Iterable[str]) -> str:
    """Give what systemd says of the first of some units that it knows. Raises ``CannotObserve``."""
    said = read.command(RELOADS) if read.live else None
    text = said.stdout.decode("utf-8", "replace") if said is not None and said.status == 0 else ""
    blocks = (f"{block}\n" for block in text.split("\n\n"))
    return next((block for block in blocks if any(f"Id={unit}\n" in block for unit in units)), "")

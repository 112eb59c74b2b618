"""Reading the stacks of Linux-PAM: a service's file with everything it includes, in libpam's order of directories."""

from __future__ import annotations

from functools import partial
from typing import Final

from scanner.hosts.base import Files, Names, Reader
from scanner.hosts.linux.base import needed, parsed, seen, shown
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import pam
from scanner.wire.pam import Line, Module, Stack

DIRECTORIES: Final = ("/etc/pam.d", "/usr/lib/pam.d")
SOURCES: Final = (Files("/etc/pam.d/*"), Names("/etc/pam.d"), Files("/usr/lib/pam.d/*"))
DEPTH: Final = 16
MOST_ITEMS: Final = 1_000


def services(read: Reader) -> tuple[str, ...]:
    """Name the services that have a file of their own. Raises ``CannotObserve``."""
    return tuple(sorted({name for directory in DIRECTORIES for name in read.names(directory) or ()}))


def stack(read: Reader, service: str, kind: str) -> Stack | Unobserved | None:
    """Give a service's stack of one type (``auth``, ``account``, ``password``, ``session``); ``None`` where PAM has no file for it.

    A service without a line of the type is judged by libpam by the file ``other``.
    """
    lines = seen(partial(_lines, read, service))
    if lines is None or isinstance(lines, Unobserved):
        return lines
    found = seen(lambda: Stack(tuple(_items(read, service, kind, 0))))
    if isinstance(found, Stack) and not found.items and service != "other":
        return stack(read, "other", kind)
    return found


def _lines(read: Reader, service: str) -> tuple[Line, ...] | None:
    for directory in DIRECTORIES:
        path = service if service.startswith("/") else f"{directory}/{service}"
        data = read.file(path)
        if data is not None:
            return needed(parsed(shown(path), data, pam.parse))
    return None


def _items(read: Reader, service: str, kind: str, depth: int) -> list[Module | Stack]:
    if depth > DEPTH:
        raise CannotObserve(Reason.TOO_LARGE, f"/etc/pam.d/{shown(service)}: includes nest too deep")
    lines = _lines(read, service)
    if lines is None:
        raise CannotObserve(Reason.UNSUPPORTED, f"/etc/pam.d/{shown(service)} is included and not there")
    found: list[Module | Stack] = []
    for line in lines:
        if line.type == "@include":
            found.extend(_items(read, line.module, kind, depth + 1))
        elif line.type != kind:
            continue
        elif line.control.lower() == "include":
            found.extend(_items(read, line.module, kind, depth + 1))
        elif line.control.lower() == "substack":
            found.append(Stack(tuple(_items(read, line.module, kind, depth + 1))))
        else:
            try:
                actions = pam.actions(line.control)
            except pam.NotPam as error:
                raise CannotObserve(Reason.PROTOCOL_VIOLATION, shown(f"/etc/pam.d/{service} line {line.line}: {error}")) from error
            found.append(Module(pam.module_name(line.module), line.arguments, actions, shown(f"/etc/pam.d/{service} line {line.line}")))
        if len(found) > MOST_ITEMS:
            raise CannotObserve(Reason.TOO_LARGE, f"/etc/pam.d/{shown(service)}: more than {MOST_ITEMS} modules")
    return found

"""What the configuration of a syslog program amounts to, whichever language it is written in: where records go and from where they come."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique

FACILITIES = (
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp",
    "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
)  # fmt: skip
_NAMES = {"security": "auth"}
PRIORITIES = ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")
_SAME = {"panic": "emerg", "error": "err", "warn": "warning"}


class NotSyslogConf(ValueError):
    """The text is not such a configuration, or one beyond the caps."""


@unique
class Way(StrEnum):
    """What is done with a record."""

    FILE = "file"
    FORWARD = "forward"
    DISCARD = "discard"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Action:
    """One thing done with records. ``selectors`` must all choose a record; ``conditional``: there is a further condition."""

    way: Way
    target: str
    selectors: tuple[str, ...] = ()
    conditional: bool = False
    protocol: str = ""
    port: int = 0
    encrypted: bool = False
    verified: bool = False
    """Whether the other side must prove who it is."""
    queued: bool = False
    """Whether records wait on disk while the other side cannot be reached."""
    mode: int | None = None
    """Rights that a new file gets."""


@dataclass(frozen=True, slots=True)
class Listener:
    """A port on which records of other machines are taken."""

    protocol: str
    port: int
    encrypted: bool


@dataclass(frozen=True, slots=True)
class SyslogConf:
    """Actions in their order, and where records come from."""

    actions: tuple[Action, ...]
    listeners: tuple[Listener, ...]
    local: bool
    """Whether records of this machine's own programs are taken."""
    odd: int = 0
    """Statements that were not understood."""


def chosen(action: Action, facility: str, priority: str) -> bool | None:
    """Tell whether an action gets a record; ``None`` where that depends on a condition that is not followed."""
    if not all(selects(selector, facility, priority) for selector in action.selectors):
        return False
    return None if action.conditional else True


def selects(selector: str, facility: str, priority: str) -> bool:
    """Tell whether a selector as syslog.conf(5) has it (``auth,authpriv.*;*.info;mail.none``) chooses a record; later parts count more."""
    wanted = PRIORITIES.index(_SAME.get(priority, priority))
    held = False
    for part in selector.lower().split(";"):
        names, dot, level = part.rpartition(".")
        if not dot:
            continue
        facilities = {_NAMES.get(name, name) for name in names.split(",")}
        if facility not in facilities and "*" not in facilities:
            continue
        negated, level = level.startswith("!"), level.removeprefix("!")
        exact, level = level.startswith("="), level.removeprefix("=")
        level = _SAME.get(level, level)
        if level == "none":
            held = negated
        elif level == "*":
            held = not negated
        elif level in PRIORITIES:
            at = PRIORITIES.index(level)
            if (wanted == at) if exact else (wanted <= at):
                held = not negated
    return held

"""The files of fapolicyd: settings, fapolicyd.conf(5), and rules, fapolicyd.rules(5). Which files count is not decided here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

MOST_LINES: Final = 50_000
LONGEST_SETTING: Final = 158
"""Characters of a line of settings; the daemon passes longer ones over."""
DECISIONS: Final = frozenset(f"{decision}{suffix}" for decision in ("allow", "deny") for suffix in ("", "_audit", "_syslog", "_log"))
PERMISSIONS: Final = frozenset({"open", "execute", "any"})
USUAL: Final = frozenset({("trust=1",), ("pattern=normal",)})
"""Subjects that take in the usual programs, by which people start others."""
EVERYTHING: Final = frozenset({("all",), ("trust=0",), ("dir=/",)})
"""Objects that take in every program that nobody trusts."""


class NotFapolicyd(ValueError):
    """The daemon would not take the file, or it goes beyond the caps."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: what it decides, for which permission, and the fields of its subject and object as they are written."""

    allows: bool
    permission: str
    subject: tuple[str, ...]
    object: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings that decide what is stopped; the defaults are those of fapolicyd.conf(5)."""

    permissive: bool = False
    """Whether it records only."""
    watched: tuple[str, ...] = ("ext4", "xfs", "tmpfs")
    """Types of the file systems whose programs it looks at."""


def settings(data: bytes) -> Settings:
    """Read the settings; the last of a name counts. Raises ``NotFapolicyd``."""
    found = Settings()
    for line in _lines(data):
        words = [word for word in line.split(" ") if word]
        if not words or words[0].startswith("#") or len(line) > LONGEST_SETTING:
            continue
        if len(words) < 3 or words[1] != "=" or not words[0].isidentifier():
            raise NotFapolicyd("a line is not of the form NAME = VALUE")
        name, value = words[0].lower(), words[2]
        if name == "permissive":
            if not (value.isascii() and value.isdigit()):
                raise NotFapolicyd("permissive is not a number")
            found = replace(found, permissive=value.strip("0") != "")
        elif name == "watch_fs":
            found = replace(found, watched=tuple(value.split(",")))
    return found


def rules(data: bytes) -> tuple[Rule, ...]:
    """Read rules in their order; definitions of sets are left out. Raises ``NotFapolicyd``."""
    return tuple(_rule(words) for line in _lines(data) if (words := line.split()) and words[0][0] not in "#%")


def unnamed_runs(found: Iterable[Rule]) -> bool | None:
    """Tell whether a program runs that no rule names; ``None``: rules refuse programs by what they are, and none decides for all.

    The first rule that fits decides, and what fits none is allowed.
    """
    some = False
    for rule in found:
        if rule.permission == "open" or not (rule.subject == ("all",) or (rule.allows and rule.subject in USUAL)):
            continue
        if rule.object in EVERYTHING:
            return rule.allows
        some = some or not rule.allows
    return None if some else True


def _lines(data: bytes) -> list[str]:
    lines = data.decode("utf-8", "replace").split("\n")
    if len(lines) > MOST_LINES:
        raise NotFapolicyd(f"more than {MOST_LINES} lines")
    return lines


def _rule(words: list[str]) -> Rule:
    decision, *rest = words
    if decision not in DECISIONS or ":" not in rest:
        raise NotFapolicyd("a line is no rule of the form DECISION PERMISSION SUBJECT : OBJECT")
    permission = "open"
    if rest[0].startswith("perm="):
        permission = rest.pop(0).removeprefix("perm=")
    if permission not in PERMISSIONS:
        raise NotFapolicyd("a permission is not known")
    colon = rest.index(":")
    return Rule(decision.startswith("allow"), permission, tuple(rest[:colon]), tuple(rest[colon + 1 :]))

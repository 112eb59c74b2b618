"""The configuration language of Redis and Valkey, and their rules for users: text to lines of words. Defaults are not known here."""

from __future__ import annotations

import re
from dataclasses import dataclass

MOST_OCTETS = 4_000_000
MOST_LINES = 50_000
_GIVE = frozenset({"+@all", "allcommands", "+@admin", "+@dangerous", "+@slow"})
"""Categories that hold the commands below; ``@slow`` is whatever is not fast, those among it."""
_TAKE = frozenset({"-@all", "nocommands", "-@admin", "-@dangerous"})
_RULING = ("+config", "+acl", "+module", "+debug")
_OTHERS = frozenset({"allkeys", "resetkeys", "allchannels", "resetchannels", "clearselectors", "sanitize-payload", "skip-sanitize-payload"})
"""Rules that say nothing of passwords and of administration."""
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "a": "\a"}
_WORD = re.compile(r"""\s*(?:"(?P<double>(?:[^"\\]|\\.)*)"|'(?P<single>(?:[^'\\]|\\.)*)'|(?P<bare>[^\s"']+))(?=\s|\Z)""", re.DOTALL)
_ESCAPED = re.compile(r"\\(?:x([0-9a-fA-F]{2})|(.))", re.DOTALL)


class NotRedis(ValueError):
    """The text is no such configuration, or goes beyond the caps."""


@dataclass(frozen=True, slots=True)
class User:
    """What rules come to for one user (redis.io, ACL)."""

    name: str
    on: bool
    open: bool
    """Whether any password will do."""
    administers: bool
    """Whether it may change the server and its users: by all commands, by their categories or by those commands."""


def parse(data: bytes) -> tuple[tuple[str, ...], ...]:
    """Give the words of each line that is no comment; the first in small letters. Raises ``NotRedis``."""
    if len(data) > MOST_OCTETS:
        raise NotRedis(f"more than {MOST_OCTETS} octets")
    found = []
    for number, line in enumerate(data.decode("utf-8", "replace").split("\n")):
        if number >= MOST_LINES:
            raise NotRedis(f"more than {MOST_LINES} lines")
        text = line.strip(" \t\r\n")
        if text and not text.startswith("#"):
            first, *rest = _words(text)
            found.append((first.lower(), *rest))
    return tuple(found)


def _words(text: str) -> list[str]:
    """Take a line apart as ``sdssplitargs`` does: a quotation is a whole word."""
    found, at = [], 0
    while at < len(text):
        word = _WORD.match(text, at)
        if word is None:
            raise NotRedis("quotations are not balanced")
        if word["double"] is not None:
            found.append(_ESCAPED.sub(lambda one: chr(int(one[1], 16)) if one[1] else _ESCAPES.get(one[2], one[2]), word["double"]))
        else:
            found.append(word["bare"] if word["single"] is None else word["single"].replace("\\'", "'"))
        at = word.end()
    return found


def user(name: str, rules: tuple[str, ...]) -> User:
    """Follow the rules of a ``user`` line in order; a user begins switched off, without passwords and commands. Raises ``NotRedis``."""
    on = open_ = administers = False
    for rule in map(str.lower, rules):
        if rule in {"on", "off"}:
            on = rule == "on"
        elif rule in {"nopass", "resetpass"} or rule[:1] in {">", "#"}:
            open_ = rule == "nopass"
        elif rule == "reset":
            on = open_ = administers = False
        elif rule in _GIVE or rule.startswith(_RULING) or (rule[:1] == "(" and _GIVE & set(rule.strip("()").split())):
            administers = True
        elif rule in _TAKE:
            administers = False
        elif rule[:1] not in set("<!+-~%&(") and rule not in _OTHERS:
            raise NotRedis("a rule for a user is not known")
    return User(name, on, open_, administers)

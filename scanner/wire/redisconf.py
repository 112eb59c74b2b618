"""The configuration language of Redis and Valkey, and their rules for users: text to lines of words. Defaults are not known here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce

MOST_OCTETS = 4_000_000
MOST_LINES = 50_000
_POWERS = frozenset(
    {"config|set", "config|rewrite", "acl|setuser", "acl|deluser", "acl|load", "acl|save", "module|load", "module|loadex", "module|unload"}
    | {"debug"}
)
"""Commands that change the server and its users, a part of a command behind a bar."""
_HOLDING = frozenset({"@all", "@admin", "@dangerous", "@slow"})
"""Categories that hold all of those; ``@slow`` is whatever is not fast."""
_ALIASES = {"allcommands": "+@all", "nocommands": "-@all"}
_OTHERS = frozenset({"allkeys", "resetkeys", "allchannels", "resetchannels", "sanitize-payload", "skip-sanitize-payload"})
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
    on = open_ = False
    powers, selected = frozenset[str](), frozenset[str]()
    for rule in _whole(rules):
        if rule[:1] == "(":  # a selector: it has rights of its own, which rules outside do not take
            own: frozenset[str] = reduce(_powers, rule.strip("()").split(), frozenset())
            selected |= own
        elif rule in {"on", "off"}:
            on = rule == "on"
        elif rule in {"nopass", "resetpass"} or rule[:1] in {">", "#"}:
            open_ = rule == "nopass"
        elif rule == "reset":
            on = open_ = False
            powers = selected = frozenset()
        elif rule == "clearselectors":
            selected = frozenset()
        elif rule[:1] in set("<!+-~%&") or rule in _OTHERS or rule in _ALIASES:
            powers = _powers(powers, rule)
        else:
            raise NotRedis("a rule for a user is not known")
    return User(name, on, open_, bool(powers | selected))


def _whole(rules: tuple[str, ...]) -> Iterator[str]:
    """Give the rules in small letters; a selector in parentheses is one."""
    held: list[str] = []
    for rule in map(str.lower, rules):
        held.append(rule)
        if held[0][:1] != "(" or rule.endswith(")"):
            yield " ".join(held)
            held = []
    if held:
        raise NotRedis("a selector does not end")


def _powers(before: frozenset[str], rule: str) -> frozenset[str]:
    """Give which of the commands above somebody may use after one more rule."""
    written = _ALIASES.get(rule, rule)
    sign, what = written[:1], written[1:]
    named = _POWERS if what in _HOLDING else frozenset(one for one in _POWERS if one == what or one.startswith(f"{what}|"))
    if sign == "+":
        return before | named | ({"debug"} if what.startswith("debug|") else set())
    return before - named if sign == "-" else before

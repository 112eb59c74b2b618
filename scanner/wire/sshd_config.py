"""The configuration language of OpenSSH's server, sshd_config(5): lines into directives, and whether a Match line fits a connection.

Pure: what ``Include`` names is read by a collector. What ``sshd -T`` prints is read here too. Nothing knows defaults or what is good.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import translate
from typing import Final

MOST_LINES: Final = 20_000
LONGEST_LINE: Final = 20_000
LONGEST_PATTERN: Final = 1_024
_SPACE = " \t\r\n\f"


class NotSshdConfig(ValueError):
    """The text goes beyond the caps, or sshd would refuse a line of it."""


@dataclass(frozen=True, slots=True)
class Directive:
    """One line: its keyword in lower case, its arguments with quotations taken off, the number of the line."""

    keyword: str
    arguments: tuple[str, ...]
    line: int


def parse(data: bytes) -> tuple[Directive, ...]:
    """Give the directives in order. Raises ``NotSshdConfig``.

    A comment is a line that begins with ``#``, or (OpenSSH 8.7) what stands behind ``#`` between arguments; carriage returns at the end
    of a line are white space; one ``=`` may stand between keyword and argument.
    """
    lines = data.decode("utf-8", "surrogateescape").split("\n")
    if len(lines) > MOST_LINES:
        raise NotSshdConfig(f"more than {MOST_LINES} lines")
    found = []
    for number, line in enumerate(lines, 1):
        text = line.strip(_SPACE)
        if not text or text[0] == "#":
            continue
        if len(text) > LONGEST_LINE or "\0" in text:
            raise NotSshdConfig(f"line {number}: too long, or not text")
        keyword = re.match(r"[^\s=\"]+", text)
        if keyword is None:
            raise NotSshdConfig(f"line {number}: no keyword")
        rest = text[keyword.end() :].lstrip(_SPACE)
        rest = rest[1:].lstrip(_SPACE) if rest[:1] == "=" else rest
        found.append(Directive(keyword[0].lower(), _arguments(rest, number), number))
    return tuple(found)


def _arguments(text: str, number: int) -> tuple[str, ...]:
    """Split as sshd does: spaces apart from quotations, backslashes before quotation marks and themselves."""
    out: list[str] = []
    at = 0
    while at < len(text):
        if text[at] in _SPACE:
            at += 1
            continue
        if text[at] == "#":
            break
        word: list[str] = []
        quote = ""
        while at < len(text) and (quote or text[at] not in _SPACE):
            letter = text[at]
            if letter == "\\" and text[at + 1 : at + 2] in {"'", '"', "\\", " "} and text[at + 1 : at + 2] != "":
                word.append(text[at + 1])
                at += 2
                continue
            if quote:
                quote = "" if letter == quote else quote
                if quote:
                    word.append(letter)
            elif letter in "'\"":
                quote = letter
            else:
                word.append(letter)
            at += 1
        if quote:
            raise NotSshdConfig(f"line {number}: a quotation that does not end")
        out.append("".join(word))
    return tuple(out)


def dumped(output: bytes) -> Mapping[str, tuple[str, ...]]:
    """Read what ``sshd -T`` prints, one keyword a line; those that come again gather their values. Raises ``NotSshdConfig``."""
    found: dict[str, tuple[str, ...]] = {}
    lines = output.decode("utf-8", "replace").split("\n")
    if len(lines) > MOST_LINES:
        raise NotSshdConfig(f"more than {MOST_LINES} lines")
    for line in lines:
        keyword, _, value = line.strip().partition(" ")
        if keyword:
            found[keyword.lower()] = (*found.get(keyword.lower(), ()), value.strip())
    if "port" not in found or "permitrootlogin" not in found:
        raise NotSshdConfig("this is not what sshd -T prints")
    return found


@dataclass(frozen=True, slots=True)
class Connection:
    """What sshd's Match lines may ask of a connection. ``groups`` are those of the user."""

    user: str
    groups: tuple[str, ...] = ()
    host: str = ""
    address: str = ""
    local_address: str = ""
    local_port: str = ""


def criteria(arguments: Sequence[str]) -> tuple[tuple[str, str], ...] | None:
    """Give the pairs of a Match line, names in lower case; ``()`` for ``all``, ``None`` where there is one that is not known here."""
    if [a.lower() for a in arguments] == ["all"]:
        return ()
    words: list[str] = []
    for argument in arguments:  # "User=alice" is understood as well
        name, equals, value = argument.partition("=")
        words.extend((name, value) if equals and len(words) % 2 == 0 and name.lower() in _KNOWN else (argument,))
    if len(words) % 2 or not words:
        return None
    pairs = tuple((words[i].lower(), words[i + 1]) for i in range(0, len(words), 2))
    return pairs if all(name in _KNOWN for name, _ in pairs) else None


_KNOWN = frozenset({"user", "group", "host", "address", "localaddress", "localport"})


def fits(pairs: Sequence[tuple[str, str]], connection: Connection) -> bool:
    """Tell whether every pair of a Match line fits the connection (sshd_config(5), PATTERNS in ssh_config(5))."""
    return all(_fits(name, value, connection) for name, value in pairs)


def _fits(name: str, value: str, connection: Connection) -> bool:
    match name:
        case "user":
            return listed(connection.user, value)
        case "group":
            return _any_listed(connection.groups, value)
        case "host":
            return listed(connection.host.lower(), value.lower())
        case "address":
            return _address(connection.address, value)
        case "localaddress":
            return _address(connection.local_address, value)
        case _:
            return connection.local_port == value


def listed(text: str, patterns: str) -> bool:
    """Tell whether a list of patterns holds a text: one negated pattern that fits is final, one plain pattern is needed."""
    found = False
    for pattern in patterns.split(","):
        if pattern.startswith("!"):
            if _like(text, pattern[1:]):
                return False
        elif _like(text, pattern):
            found = True
    return found


def _any_listed(names: Sequence[str], patterns: str) -> bool:
    plain = [p for p in patterns.split(",") if not p.startswith("!")]
    negated = [p[1:] for p in patterns.split(",") if p.startswith("!")]
    return not any(_like(n, p) for n in names for p in negated) and any(_like(n, p) for n in names for p in plain)


def _like(text: str, pattern: str) -> bool:
    if len(pattern) > LONGEST_PATTERN:
        return False
    # "[" has no meaning in OpenSSH's patterns; runs of stars mean one, and would make the expression slow
    wanted = re.sub(r"\*+", "*", pattern).replace("[", "[[]")
    return re.match(translate(wanted), text) is not None


def _address(text: str, patterns: str) -> bool:
    found = False
    for pattern in patterns.split(","):
        negated = pattern.startswith("!")
        plain = pattern.lstrip("!")
        try:
            inside = ipaddress.ip_address(text) in ipaddress.ip_network(plain, strict=False)
        except ValueError:
            inside = _like(text, plain)
        if inside and negated:
            return False
        found = found or inside
    return found


def example(
    pairs: Sequence[tuple[str, str]], members: Mapping[str, Sequence[str]], groups: Mapping[str, Sequence[str]]
) -> Connection | None:
    """Make a connection that the pairs fit, of root where it may be root; ``None`` where none is found.

    ``members`` gives the users of a group, ``groups`` the groups of a user. An address that no line names is one of the documentation's.
    """
    wanted = dict(pairs)
    users = ["root"]
    if "user" in wanted:
        users += [_sample(p) for p in wanted["user"].split(",") if not p.startswith("!")]
    if "group" in wanted:
        users += [user for group, names in members.items() if _any_listed((group,), wanted["group"]) for user in names]
    users.append("somebody")
    for user in users[:100]:
        connection = Connection(
            user,
            tuple(groups.get(user, ())),
            _sample(_first(wanted.get("host", "somewhere.example"))),
            _inside(wanted.get("address", ANYWHERE)),
            _inside(wanted.get("localaddress", "192.0.2.1")),
            wanted.get("localport", "22"),
        )
        if fits(pairs, connection):
            return connection
    return None


ANYWHERE: Final = "203.0.113.9"
"""An address of the documentation (RFC 5737), which no Match line is likely to name: somebody from somewhere."""


def _first(patterns: str) -> str:
    return next((p for p in patterns.split(",") if not p.startswith("!")), "")


def _sample(pattern: str) -> str:
    return pattern.replace("*", "x").replace("?", "x")


def _inside(patterns: str) -> str:
    for pattern in patterns.split(","):
        if pattern.startswith("!"):
            continue
        try:
            network = ipaddress.ip_network(pattern, strict=False)
        except ValueError:
            if (text := re.sub(r"[*?]", "1", pattern)) and re.fullmatch(r"[0-9a-fA-F.:]+", text):
                return text
            continue
        return str(network[min(1, network.num_addresses - 1)])
    return ANYWHERE

"""snmpd.conf of Net-SNMP, snmpd.conf(5) and snmp_config(5): lines to words, and who may do what by them. Included files: the caller's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MOST_LINES = 50_000
LONGEST = 10_000
MOST_STEPS = 100_000
"""From communities by groups to what these may see."""
_INCLUDES = frozenset({"include", "includefile", "includedir", "includesearch"})
_UNREAD = frozenset({"authgroup", "authaccess", "setaccess", "vacmview", "vacmaccess", "vacmgroup"})
"""Directives that grant too and are not worked out here."""
_ALGORITHM = re.compile(r"\.1\.3\.6\.1\.6\.3\.10\.1\.([12])\.(\d{1,3})")
_NAMES = {
    ("1", "1"): "",
    ("1", "2"): "MD5",
    ("1", "3"): "SHA",
    ("1", "4"): "SHA-224",
    ("1", "5"): "SHA-256",
    ("1", "6"): "SHA-384",
    ("1", "7"): "SHA-512",
    ("2", "1"): "",
    ("2", "2"): "DES",
    ("2", "4"): "AES",
}
"""RFC 3414, 3826 and 7860."""


class NotSnmpd(ValueError):
    """The text goes beyond the caps."""


@dataclass(frozen=True, slots=True)
class Line:
    """One directive: the kind of file that it is meant for, its name in lower case, its words."""

    number: int
    kind: str
    name: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Grant:
    """One way in. ``level`` is ``community``, ``noauth``, ``auth`` or ``priv``; ``source`` the machines that a community is for.

    ``community`` is a secret: it is for comparing and never leaves the collector.
    """

    line: Line
    level: str
    writes: bool
    community: str = ""
    source: str = "default"


def parse(data: bytes, kind: str = "snmpd") -> tuple[Line, ...]:
    """Read a file of one kind. ``[kind]`` alone turns what follows into another kind, before words that line only. Raises ``NotSnmpd``."""
    lines = data.decode("utf-8", "replace").replace("\r\n", "\n").split("\n")
    if len(lines) > MOST_LINES:
        raise NotSnmpd(f"more than {MOST_LINES} lines")
    found = []
    current = kind
    for number, text in enumerate(lines, 1):
        line = text.strip()
        if not line or line[0] == "#":
            continue
        if len(line) > LONGEST:
            raise NotSnmpd(f"line {number} has more than {LONGEST} letters")
        here = current
        if line[0] == "[":
            named, _, rest = line[1:].partition("]")
            here = named.strip().lower()
            line = rest.strip()
            if not line:
                current = here
                continue
        words = [plain or quoted for quoted, plain in re.findall(r'"((?:[^"\\]|\\.)*)"?|(\S+)', line)]
        found.append(Line(number, here, words[0].lower(), tuple(words[1:])))
    return tuple(found)


def includes(lines: Iterable[Line]) -> tuple[Line, ...]:
    """Give the directives that name further files."""
    return tuple(line for line in lines if line.name in _INCLUDES)


def unread(lines: Iterable[Line]) -> Line | None:
    """Give the first directive that grants in a way that ``grants`` does not work out, or whose words were cut off."""
    return next((line for line in lines if line.kind == "snmpd" and (line.name in _UNREAD or _is_cut(line))), None)


def _is_cut(line: Line) -> bool:
    return line.name in {"com2sec", "com2sec6"} and len(line.words) < 3


def grants(lines: Sequence[Line]) -> tuple[Grant, ...]:
    """Give every way in that the lines open, in their order. Raises ``NotSnmpd``."""
    own = [line for line in lines if line.kind == "snmpd"]
    found: list[Grant] = []
    for line in own:
        found += _simple(line)
    return (*found, *_by_views(own))


def _simple(line: Line) -> list[Grant]:
    """Read rocommunity, rwcommunity, rouser, rwuser and their auth… forms."""
    words = list(line.words)
    name = line.name.removesuffix("6")
    writes = name.startswith("rw")
    if name in {"authcommunity", "authuser"}:
        writes = "write" in (words[0].lower().split(",") if words else [])
        words = words[1:]
    if name in {"rocommunity", "rwcommunity", "authcommunity"} and words:
        source = words[1] if len(words) > 1 and not words[1].startswith("-V") else "default"
        return [] if source.startswith("!") else [Grant(line, "community", writes, words[0], source.lower())]
    if name in {"rouser", "rwuser", "authuser"} and words:
        if words[0] == "-s":
            words = words[2:]
        level = words[1].lower() if len(words) > 1 else "auth"
        return [Grant(line, _level(level), writes)] if words else []
    return []


def _level(word: str) -> str:
    """Read a level by its short and its long name; a word that is none is a view or an OID, and the default holds."""
    bare = word.lower()
    if bare in {"noauth", "noauthnopriv"}:
        return "noauth"
    return "priv" if bare in {"priv", "authpriv"} else "auth"


def _by_views(lines: Sequence[Line]) -> list[Grant]:
    """Follow com2sec → group → access → view. A view that nobody defines shows nothing."""
    views = {line.words[0] for line in lines if line.name == "view" and len(line.words) > 2 and line.words[1].lower() == "included"}
    views.add("_all_")
    access: dict[str, list[Line]] = {}
    groups: dict[str, list[Line]] = {}
    for line in lines:
        if line.name == "access" and len(line.words) > 6:
            access.setdefault(line.words[0], []).append(line)
        elif line.name == "group" and len(line.words) > 2:
            groups.setdefault(line.words[2], []).append(line)
    found = []
    asked = 0

    def open_to(group: str, model: str, level: str | None) -> list[tuple[str, bool]]:
        """Give level and whether it writes, for each access line of a group that shows anything."""
        nonlocal asked
        given = []
        for line in access.get(group, ()):
            asked += 1
            if asked > MOST_STEPS:
                raise NotSnmpd(f"more than {MOST_STEPS} steps from communities to views")
            _, _, fits, least, _, reads, writes = line.words[:7]
            if fits.lower() in {"any", model} and (level is None or _level(least) == level):
                shows = [view in views for view in (reads, writes)]
                if any(shows):
                    given.append((_level(least), shows[1]))
        return given

    for line in lines:
        if line.name in {"com2sec", "com2sec6"}:
            words = line.words[2:] if line.words[:1] == ("-Cn",) else line.words
            if len(words) < 3 or words[1].startswith("!"):
                continue
            shown = [
                one
                for group in groups.get(words[0], ())
                if group.words[1].lower() in {"v1", "v2c"}
                for one in open_to(group.words[0], group.words[1].lower(), "noauth")
            ]
            if shown:
                found.append(Grant(line, "community", any(writes for _, writes in shown), words[2], words[1].lower()))
        elif line.name == "group" and len(line.words) > 2 and line.words[1].lower() not in {"v1", "v2c"}:
            model = line.words[1].lower()
            found += [Grant(line, level, writes) for level, writes in open_to(line.words[0], model, None)]
    return found


def users(lines: Iterable[Line]) -> tuple[tuple[str, str], ...]:
    """Give the algorithms of each user of version 3: authentication and privacy, empty where there is none, ``?`` for what is unknown."""
    found = []
    for line in lines:
        if line.kind != "snmpd":
            continue
        if line.name == "usmuser":
            kinds = dict(_ALGORITHM.findall(" ".join(line.words)))
            found.append(tuple(_NAMES.get((which, kinds.get(which, "")), "?") for which in "12"))
        elif line.name == "createuser":
            rest = (line.words[2:] if line.words[:1] == ("-e",) else line.words)[1:]
            auth = _algorithm(rest[:1])
            after = rest[1:]
            after = after[2:] if after[:1] in {("-m",), ("-l",)} else after[1:]
            found.append((auth, _algorithm(after[:1])))
    return tuple((auth, privacy) for auth, privacy in found)


def _algorithm(words: Sequence[str]) -> str:
    """Write an algorithm as ``users`` gives it; only a name that is known is taken, since a passphrase may stand in its place."""
    if not words:
        return ""
    bare = words[0].upper()
    return bare if re.fullmatch(r"MD5|SHA(-?(1|224|256|384|512))?|DES|AES(-?(128|192|256)C?)?", bare) else "?"


def is_local(address: str) -> bool:
    """Tell whether a listening address, snmpd(8), can be reached from the machine itself alone."""
    text = address.strip().lower()
    transport, colon, rest = text.partition(":")
    if transport == "unix" or text.startswith("/"):
        return True
    if colon and re.fullmatch(r"(udp|tcp|dtlsudp|tlstcp|ssh)(6|v6|ipv6)?", transport):
        text = rest
    bracketed = re.match(r"\[([^\]]*)\]", text)
    host = bracketed[1] if bracketed else text if text.count(":") > 1 else text.partition(":")[0]
    return host in {"localhost", "::1", "ip6-localhost"} or bool(re.fullmatch(r"127(\.\d{1,3}){3}", host))

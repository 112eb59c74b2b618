"""OpenLDAP's two forms of configuration, LDIF files of cn=config and slapd.conf, to one: settings of the server and its databases.

Names are those of cn=config without ``olc``, in small letters (slapd-config(5), slapd.conf(5)). Values may be secrets.
"""

from __future__ import annotations

import base64
import binascii
import re
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

MOST_OCTETS = 4_000_000
MOST_LINES = 50_000
MOST_DATABASES = 200
_NAME = re.compile(r"([A-Za-z][A-Za-z0-9;.-]*):(:?)[ \t]*(.*)", re.DOTALL)
_ORDER = re.compile(r"\{-?\d{1,6}\}")
_RENAMED = {
    "disallow": "disallows",
    "require": "requires",
    "password-hash": "passwordhash",
    "password-crypt-salt-format": "passwordcryptsaltformat",
    "directory": "dbdirectory",
    "ppolicy_default": "ppolicydefault",
}
"""Words of slapd.conf whose names in cn=config differ by more than ``olc``."""

Settings = dict[str, list[str]]


class NotSlapd(ValueError):
    """The text is no such configuration, or goes beyond the caps."""


@dataclass(slots=True, eq=False)
class Database:
    """One database with its overlays: each is a kind with its settings. The kinds ``frontend`` and ``config`` are special."""

    kind: str
    settings: Settings = field(default_factory=dict)
    overlays: list[tuple[str, Settings]] = field(default_factory=list)


@dataclass(slots=True)
class Slapd:
    """A whole configuration."""

    settings: Settings = field(default_factory=dict)
    databases: list[Database] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of LDIF: its name, and attributes with values in order."""

    name: str
    attributes: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Include:
    """A line of slapd.conf that has another file read in its place."""

    path: str


def ldif(data: bytes) -> tuple[Entry, ...]:
    """Read entries (RFC 2849), without changes and without values that stand elsewhere. Raises ``NotSlapd``."""
    found: list[Entry] = []
    attributes: list[tuple[str, str]] = []
    for line in (*_folded(data, comments=True), ""):
        if line:
            match = _NAME.fullmatch(line)
            if match is None or match[3].startswith("<"):
                raise NotSlapd("a line is no attribute")
            attributes.append((match[1].lower(), _decoded(match[3]) if match[2] else match[3]))
        elif attributes:
            name, value = attributes[0]
            if name == "version":
                attributes.pop(0)
                name, value = attributes[0] if attributes else ("", "")
            if name != "dn":
                raise NotSlapd("an entry has no name")
            found.append(Entry(value, tuple(attributes[1:])))
            attributes = []
    return tuple(found)


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError) as error:
        raise NotSlapd("a value is no base64") from error


def _folded(data: bytes, *, comments: bool) -> list[str]:
    """Put lines together that go on with white space; a comment may go on too (slapd.conf(5), RFC 2849)."""
    if len(data) > MOST_OCTETS or b"\0" in data:
        raise NotSlapd("the text is too long, or holds zero octets")
    found: list[list[str]] = []
    lines = data.decode("utf-8", "replace").split("\n")
    if len(lines) > MOST_LINES:
        raise NotSlapd(f"more than {MOST_LINES} lines")
    for line in lines:
        text = line.rstrip("\r")
        if text[:1] in {" ", "\t"} and found and (comments or text.strip()):
            # LDIF takes the one blank away, slapd.conf keeps it as the space between words.
            found[-1].append(text[1:] if comments else " " + text.strip())
        else:
            found.append([text])
    return [joined for parts in found if not (joined := "".join(parts)).startswith("#")]


def unordered(value: str) -> str:
    """Take the number in braces off a value that keeps its place by it."""
    return _ORDER.sub("", value, count=1) if _ORDER.match(value) else value


def of_directory(entries: Iterable[Entry]) -> Slapd:
    """Put the entries of cn=config together. Values that carry their place come in that order."""
    found = Slapd()
    by_name: dict[str, Database] = {}
    overlays: list[tuple[str, str, Settings]] = []
    for entry in entries:
        settings: Settings = {}
        for name, value in entry.attributes:
            settings.setdefault(name.removeprefix("olc"), []).append(value)
        for values in settings.values():
            if all(_ORDER.match(value) for value in values):
                values.sort(key=lambda value: int(value[1 : value.index("}")]))
        kind, _, above = entry.name.lower().partition(",")
        if kind.startswith("olcdatabase="):
            database = Database(unordered(kind.partition("=")[2]), settings)
            by_name[kind] = database
            found.databases.append(database)
        elif kind.startswith("olcoverlay="):
            overlays.append((above.partition(",")[0], unordered(kind.partition("=")[2]), settings))
        elif kind == "cn=config":
            found.settings = settings
        if len(found.databases) > MOST_DATABASES:
            raise NotSlapd(f"more than {MOST_DATABASES} databases")
    for above, kind, settings in overlays:
        if above not in by_name:
            raise NotSlapd("an overlay without its database")
        by_name[above].overlays.append((kind, settings))
    return found


def directives(data: bytes) -> tuple[tuple[str, str] | Include, ...]:
    """Read slapd.conf: pairs of a word in small letters and the rest of the line, and what is included. Raises ``NotSlapd``."""
    found: list[tuple[str, str] | Include] = []
    for line in _folded(data, comments=False):
        words = line.split(None, 1)
        if not words:
            continue
        rest = words[1].strip() if len(words) > 1 else ""
        found.append(Include(_bare(rest)) if words[0].lower() == "include" else (words[0].lower(), rest))
    return tuple(found)


def _bare(text: str) -> str:
    try:
        return " ".join(shlex.split(text))
    except ValueError as error:
        raise NotSlapd("a quote is not closed") from error


def of_file(lines: Sequence[tuple[str, str]]) -> Slapd:
    """Put the directives of slapd.conf together; those before the first database hold for the server and as those of the frontend.

    Raises ``NotSlapd``.
    """
    frontend = Database("frontend")
    found = Slapd(databases=[frontend])
    here, current = found.settings, frontend
    for name, value in lines:
        if name == "database":
            kind = _bare(value).lower()
            current = next((one for one in found.databases if one.kind == kind and kind in {"frontend", "config"}), Database(kind))
            if current not in found.databases:
                found.databases.append(current)
            here = current.settings
        elif name == "overlay":
            current.overlays.append((_bare(value).lower(), {}))
        else:
            key = _RENAMED.get(name, name)
            # Access rules are read word by word later, with their quotes.
            text = value if key == "access" else _bare(value)
            here.setdefault(key, []).append(text)
            if current.overlays:
                current.overlays[-1][1].setdefault(key, []).append(text)
        if len(found.databases) > MOST_DATABASES:
            raise NotSlapd(f"more than {MOST_DATABASES} databases")
    for name in ("access", "passwordhash", "security", "requires"):
        if name in found.settings:
            frontend.settings[name] = [*found.settings[name], *frontend.settings.get(name, [])]
    return found

"""dconf as its library reads it: compiled databases with their locks, profiles, and the defaults in compiled schemas.

Pure: the files are handed in. Which files a machine uses is found out by the collectors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scanner.wire import gvariant, gvdb
from scanner.wire.gvariant import GValue, NotGVariant
from scanner.wire.gvdb import NotGvdb

MOST_SOURCES = 32


class NotDconf(ValueError):
    """The octets are not a dconf database, profile or compiled schema file."""


@dataclass(frozen=True, slots=True)
class Database:
    """One compiled database. Values stay serialised until somebody asks for them."""

    values: Mapping[str, bytes]
    locks: frozenset[str]

    def value(self, path: str) -> GValue | None:
        """Give the value at ``/org/…/key``, or ``None``. Raises ``NotDconf`` where it does not decode."""
        held = self.values.get(path)
        if held is None:
            return None
        try:
            return gvariant.variant(held)
        except NotGVariant as error:
            raise NotDconf(f"{path}: {error}") from error


def database(data: bytes) -> Database:
    """Read a compiled database. An empty file is one without values, as dconf itself takes it. Raises ``NotDconf``."""
    if not data:
        return Database({}, frozenset())
    try:
        root = gvdb.read(data)
    except NotGvdb as error:
        raise NotDconf(str(error)) from error
    locks = root.tables.get(".locks")
    return Database(root.values, frozenset(locks.values) if locks else frozenset())


@dataclass(frozen=True, slots=True)
class Source:
    """One line of a profile: ``user-db:user``, ``system-db:local``, ``file-db:/path``, ``service-db:keyfile/user``."""

    kind: str
    name: str


BUILT_IN = (Source("user-db", "user"),)
"""What dconf uses where no profile is named and none called ``user`` exists."""


def profile(data: bytes) -> tuple[Source, ...]:
    """Read a profile. Raises ``NotDconf`` for a line that dconf would refuse (it then ignores all settings)."""
    sources = []
    for line in data.decode("utf-8", "replace").split("\n"):
        text = line.split("#", 1)[0].strip()
        if not text:
            continue
        kind, colon, name = text.partition(":")
        if not colon or kind not in {"user-db", "system-db", "file-db", "service-db"}:
            raise NotDconf(f"profile line {text[:80]!r}")
        sources.append(Source(kind, name))
        if len(sources) > MOST_SOURCES:
            raise NotDconf(f"a profile with more than {MOST_SOURCES} sources")
    return tuple(sources)


@dataclass(frozen=True, slots=True)
class Setting:
    """What a stack of databases says of one key: its value (``None``: nothing), and whether the user may write it."""

    value: GValue | None
    writable: bool


def look_up(stack: Sequence[Database | None], writable_first: bool, path: str) -> Setting:
    """Ask a stack of databases for a key as dconf does; ``None`` stands for a database that is not there.

    The lock that stands furthest down wins: values above it do not count. Locks are on single keys; dconf keeps a
    lock on a directory but never asks for it. Raises ``NotDconf``.
    """
    level = next((index for index in range(len(stack) - 1, 0, -1) if (held := stack[index]) and path in held.locks), 0)
    writable = bool(stack) and writable_first and level == 0
    for index in range(level, len(stack)):
        held = stack[index]
        if held is not None and (value := held.value(path)) is not None:
            return Setting(value, writable)
    return Setting(None, writable)


@dataclass(frozen=True, slots=True)
class Schemas:
    """The compiled schemas of a machine (``gschemas.compiled``)."""

    tables: Mapping[str, gvdb.Table]

    def default(self, schema: str, key: str, desktops: Sequence[str] = ()) -> GValue | None:
        """Give the default of a key, ``None`` where the schema or key is not installed. Raises ``NotDconf``.

        ``desktops`` are the names in XDG_CURRENT_DESKTOP, first one first: a distribution may override for one of them.
        """
        table = self.tables.get(schema)
        held = table.values.get(key) if table else None
        if held is None:
            return None
        try:
            described = gvariant.variant(held)
        except NotGVariant as error:
            raise NotDconf(f"{schema} {key}: {error}") from error
        if not isinstance(described, tuple) or not described:
            raise NotDconf(f"{schema} {key}: not a description of a key")
        for extra in described[1:]:
            # Further members are pairs of a letter and its value; "d" holds the overrides for named desktops.
            if isinstance(extra, tuple) and len(extra) == 2 and extra[0] == ord("d") and isinstance(extra[1], tuple):
                named = {pair[0]: pair[1] for pair in extra[1] if isinstance(pair, tuple) and len(pair) == 2}
                for desktop in desktops:
                    if desktop in named:
                        return named[desktop]
        return described[0]


def schemas(data: bytes) -> Schemas:
    """Read ``gschemas.compiled``. Raises ``NotDconf``."""
    try:
        return Schemas(gvdb.read(data).tables)
    except NotGvdb as error:
        raise NotDconf(str(error)) from error

"""GSettings on a machine without asking a session: dconf profile, databases, key files and compiled schemas together.

What is configured are the key files that an administrator edits; what is in force is the compiled database, because
that is all dconf ever reads; the same database is read after a restart. Sessions hear of a change at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from scanner.facts.readings import Readings
from scanner.hosts.base import FileKind, Reader
from scanner.hosts.linux.base import Account, parsed, seen
from scanner.hosts.linux.desktops import environment
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import dconf, gvariant, keyfile

SCHEMAS = ("/usr/local/share/glib-2.0/schemas/gschemas.compiled", "/usr/share/glib-2.0/schemas/gschemas.compiled")
PROFILES = ("/etc/dconf/profile", "/usr/local/share/dconf/profile", "/usr/share/dconf/profile")
DATABASE_LIMIT = 16_000_000
T = TypeVar("T", bool, int, str)


@dataclass(frozen=True, slots=True)
class Key:
    """One GSettings key, such as ``org.gnome.desktop.session`` ``idle-delay``."""

    schema: str
    name: str
    place: str = ""
    """Where its schema lives in dconf, where that is not the path of its name."""

    @property
    def path(self) -> str:
        """Its path in dconf."""
        return f"{self.place or '/' + self.schema.replace('.', '/')}/{self.name}"


@dataclass(frozen=True, slots=True)
class GSettings:
    """The settings of one machine, for accounts without settings of their own and for single accounts."""

    read: Reader
    sources: tuple[dconf.Source, ...] | Unobserved
    databases: tuple[dconf.Database | Unobserved | None, ...]
    """One for each source; ``None`` for a user's database and for one that does not exist."""
    schemas: tuple[dconf.Schemas | Unobserved, ...]
    desktops: tuple[str, ...]

    def installed(self, key: Key) -> bool | Unobserved:
        """Tell whether the machine has the key at all."""
        default = self._default(key)
        return default if isinstance(default, Unobserved) else default is not None

    def machine(self, key: Key, kind: type[T]) -> tuple[Readings[T], bool | Unobserved]:
        """Read a key for accounts without settings of their own, and tell whether users are kept from changing it."""
        effective = self._value(key, kind, None)
        return (
            Readings(self._configured(key, kind), effective if self.read.live else None, effective, self._source(key)),
            self._fixed(key),
        )

    def own(self, key: Key, kind: type[T], account: Account) -> T | Unobserved | None:
        """Give what an account's own settings make of a key, ``None`` where it has none or they do not count."""
        fixed = self._fixed(key)
        if fixed is True or isinstance(self.sources, Unobserved):
            return None
        user = next((source.name for source in self.sources if source.kind == "user-db"), None)
        if user is None:
            return None
        path = f"{account.home}/.config/dconf/{user}"
        data = seen(lambda: self.read.file(path, limit=DATABASE_LIMIT))
        if data is None or isinstance(data, Unobserved):
            return data
        database = parsed(path, data, dconf.database)
        if isinstance(database, Unobserved):
            return database
        return None if key.path not in database.values else self._value(key, kind, database)

    def _value(self, key: Key, kind: type[T], own: dconf.Database | None) -> T | Unobserved:
        if isinstance(self.sources, Unobserved):
            return self.sources
        for database in self.databases:
            if isinstance(database, Unobserved):
                return database
        stack = self._stack(own)
        found = _decoded(lambda: dconf.look_up(stack, self._writable_first(), key.path).value)
        if found is None:
            found = self._default(key)
        if isinstance(found, Unobserved):
            return found
        if found is None:
            return Unobserved(Reason.UNSUPPORTED, f"{key.schema} {key.name}: not in the schemas of this machine")
        return _typed(found, kind, key)

    def _fixed(self, key: Key) -> bool | Unobserved:
        if isinstance(self.sources, Unobserved):
            return self.sources
        stack = self._stack(None)
        # A lock in a database that can be read fixes the key, whatever the others say.
        if any(database is not None and key.path in database.locks for database in stack[1:]):
            return True
        unread = next((database for database in self.databases if isinstance(database, Unobserved)), None)
        return unread or not self._writable_first()

    def _stack(self, own: dconf.Database | None) -> tuple[dconf.Database | None, ...]:
        assert not isinstance(self.sources, Unobserved)
        given = zip(self.sources, self.databases, strict=True)
        return tuple(own if source.kind == "user-db" else None if isinstance(held, Unobserved) else held for source, held in given)

    def _writable_first(self) -> bool:
        return not isinstance(self.sources, Unobserved) and bool(self.sources) and self.sources[0].kind == "user-db"

    def _default(self, key: Key) -> gvariant.GValue | Unobserved:
        for held in self.schemas:
            if isinstance(held, Unobserved):
                return held
            default = _decoded(partial(held.default, key.schema, key.name, self.desktops))
            if default is not None:
                return default
        return None

    def _configured(self, key: Key, kind: type[T]) -> T | Unobserved | None:
        """Give what the key files under /etc/dconf/db/*.d say; the file whose name comes last wins, as in ``dconf update``."""
        if isinstance(self.sources, Unobserved):
            return self.sources
        for source in self.sources:
            if source.kind != "system-db":
                continue
            text = seen(partial(self._written, f"/etc/dconf/db/{source.name}.d", key))
            if isinstance(text, Unobserved):
                return text
            if text is not None:
                try:
                    return _typed(gvariant.scalar(text), kind, key)
                except gvariant.NotGVariant as error:
                    return Unobserved(Reason.PROTOCOL_VIOLATION, f"/etc/dconf/db/{source.name}.d: {key.name}: {error}")
        return None

    def _written(self, directory: str, key: Key) -> str | None:
        found = None
        for name in self.read.names(directory) or ():
            state = None if name.startswith(".") else self.read.state(f"{directory}/{name}")
            if state is None or state.kind not in {FileKind.FILE, FileKind.LINK}:
                continue
            data = self.read.file(f"{directory}/{name}")
            try:
                held = keyfile.parse(data or b"").last(key.schema.replace(".", "/"), key.name)
            except keyfile.NotKeyFile as error:
                raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"{directory}/{name}: {error}") from error
            found = held if held is not None else found
        return found

    def _source(self, key: Key) -> str:
        names = "" if isinstance(self.sources, Unobserved) else ", ".join(f"{s.kind}:{s.name}" for s in self.sources)
        return f"{key.schema} {key.name} (dconf profile: {names})"


def gsettings(read: Reader, desktops: tuple[str, ...]) -> GSettings:
    """Read profile, databases and schemas of a machine; ``desktops`` are the names that a session carries."""
    sources = seen(lambda: _profile(read))
    databases: tuple[dconf.Database | Unobserved | None, ...] = ()
    if not isinstance(sources, Unobserved):
        databases = tuple(_database(read, source) for source in sources)
    schemas = []
    for path in SCHEMAS:
        data = seen(partial(read.file, path, limit=DATABASE_LIMIT))
        if data is not None:
            schemas.append(data if isinstance(data, Unobserved) else parsed(path, data, dconf.schemas))
    return GSettings(read, sources, databases, tuple(schemas), desktops)


def _profile(read: Reader) -> tuple[dconf.Source, ...]:
    named = environment(read, "DCONF_PROFILE")
    paths = [named] if named and named.startswith("/") else [f"{where}/{named or 'user'}" for where in PROFILES]
    for path in paths:
        data = read.file(path)
        if data is not None:
            try:
                return dconf.profile(data)
            except dconf.NotDconf as error:
                raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"{path}: {error}") from error
    if named:
        raise CannotObserve(Reason.UNSUPPORTED, f"/etc/environment: DCONF_PROFILE={named} does not exist")
    return dconf.BUILT_IN


def _database(read: Reader, source: dconf.Source) -> dconf.Database | Unobserved | None:
    match source.kind:
        case "user-db":
            return None
        case "system-db":
            path = f"/etc/dconf/db/{source.name}"
        case "file-db":
            path = source.name
        case _:
            return Unobserved(Reason.UNSUPPORTED, f"dconf profile: {source.kind}:{source.name} is served by a program")
    data = seen(lambda: read.file(path, limit=DATABASE_LIMIT))
    if data is None or isinstance(data, Unobserved):
        return data
    return parsed(path, data, dconf.database)


def _decoded(ask: Callable[[], gvariant.GValue]) -> gvariant.GValue | Unobserved:
    try:
        return ask()
    except dconf.NotDconf as error:
        return Unobserved(Reason.PROTOCOL_VIOLATION, str(error))


def _typed(value: gvariant.GValue, kind: type[T], key: Key) -> T | Unobserved:
    # bool is an int to Python; the settings keep them apart
    if type(value) is kind:
        return value
    return Unobserved(Reason.PROTOCOL_VIOLATION, f"{key.schema} {key.name}: {value!r} is not of type {kind.__name__}"[:300])

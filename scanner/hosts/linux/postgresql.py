"""How PostgreSQL means its files: clusters, includes, what ALTER SYSTEM and the command line add, defaults by version (PostgreSQL manual).

``postgres -C`` prints one setting a run and needs the cluster's directory, so the files are read as the server reads them; a test
holds the two against each other. Settings of single roles and databases stand in the database and are not seen.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

from scanner.facts.database_configuration import DatabaseAccount, DatabaseServer, Entrance
from scanner.facts.readings import Audience, FileRights
from scanner.hosts.base import Files, FileState, Names, Reader, Source
from scanner.hosts.linux.base import Process, enabled, exists, file_needed, needed, newer, parsed, runs, seen, shown
from scanner.hosts.linux.database_accounts import roles
from scanner.hosts.linux.postgresql_access import DEEPEST, MOST_FILES, below, entrances, included, placed_rules
from scanner.hosts.linux.process_account import account_name
from scanner.hosts.linux.services import Program, installed
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import pgconf

DEBIAN, DATA = "/etc/postgresql", "/var/lib/postgresql"
RED_HAT = "/var/lib/pgsql"
PROGRAMS = ("postgres", "postmaster")
PLACES: tuple[Source, ...] = (
    Names(DEBIAN),
    Names(f"{DEBIAN}/*"),
    Files(f"{DEBIAN}/*/*/*.conf", root=True),
    Names(f"{DEBIAN}/*/*/conf.d"),
    Files(f"{DEBIAN}/*/*/conf.d/*.conf"),
    Names(f"{DATA}/*"),
    Files(f"{DATA}/*/*/post*", root=True),
    Names(RED_HAT),
    Files(f"{RED_HAT}/data/[pP][oGg]*", root=True),
    Files(f"{RED_HAT}/*/data/[pP][oGg]*", root=True),
)
MOST_CLUSTERS = 50
KEPT = ("listen_addresses", "ssl", "ssl_min_protocol_version", "password_encryption", "log_connections", "log_statement")
"""Settings that are shown as evidence."""
LOOPBACK = re.compile(r"localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|::1", re.IGNORECASE)
ALL_ADDRESSES = frozenset({"*", "0.0.0.0", "::"})  # noqa: S104 - read, not listened on
DEFAULTS = {
    "listen_addresses": "localhost",
    "log_connections": "off",
    "log_statement": "none",
    "log_destination": "stderr",
    "shared_preload_libraries": "",
    "ssl": "off",
    "unix_socket_permissions": "0777",
}
"""Defaults that all versions from 9.3 to 18 share; what is neither here nor in ``CHANGED`` is empty."""
CHANGED = {
    "password_encryption": (14, "scram-sha-256", "md5"),
    "ssl_min_protocol_version": (13, "TLSv1.2", "TLSv1"),
    "log_line_prefix": (10, "%m [%p] ", ""),
}
"""Defaults that a version changed (release notes of 10, 12, 13, 14): that version, its default, the one before."""


@dataclass(slots=True)
class _Cluster:
    """One cluster: where its configuration is, and what was found of it."""

    name: str
    major: int | None
    config: str
    home: str | None
    """The directory that the server is started with, where the layout tells."""
    units: tuple[str, ...]
    program: tuple[str, ...]
    files: list[str] = field(default_factory=list)


def clusters(read: Reader, running: tuple[Process, ...] | Unobserved | None) -> tuple[DatabaseServer | Unobserved, ...]:
    """Read every cluster at the places of Debian's and Red Hat's packages, and say what else runs. Raises ``CannotObserve``."""
    known = _found(read)
    found = tuple(_server(read, one, running) for one in known if exists(read, *one.program))
    every = Program("postgresql", tuple(path for one in known for path in one.program), (), PROGRAMS)
    others = [one.unread for one in installed(read, (every,), running) if one.unread]
    if found and not others and runs(running, *PROGRAMS) is True and not any(one.running for one in found):
        others = [Unobserved(Reason.UNSUPPORTED, "PostgreSQL runs with a directory that is not at a package's place")]
    return (*found, *others)


def _found(read: Reader) -> list[_Cluster]:
    found = []
    for version in read.names(DEBIAN) or ():
        if not (major := _major(version)):
            continue
        for name in read.names(f"{DEBIAN}/{version}") or ():
            units = ("postgresql.service", f"postgresql@{version}-{name}.service")
            program = (f"/usr/lib/postgresql/{version}/bin/postgres",)
            found.append(
                _Cluster(f"postgresql {version}/{name}", major, f"{DEBIAN}/{version}/{name}/postgresql.conf", None, units, program)
            )
    for version in ("", *(read.names(RED_HAT) or ())):
        home = f"{RED_HAT}/{version}/data".replace("//", "/")
        unit = f"postgresql-{version}.service" if version else "postgresql.service"
        if (version and not _major(version)) or read.state(f"{home}/postgresql.conf") is None:
            continue
        text = read.file(f"{home}/PG_VERSION", limit=100) or b""
        program = (f"/usr/pgsql-{version}/bin/postgres",) if version else ("/usr/bin/postgres",)
        major = _major(text.decode("ascii", "replace").strip())
        found.append(_Cluster(f"postgresql {version}".strip(), major, f"{home}/postgresql.conf", home, (unit,), program))
    if len(found) > MOST_CLUSTERS:
        raise CannotObserve(Reason.TOO_LARGE, f"more than {MOST_CLUSTERS} clusters of PostgreSQL")
    return found


def _major(text: str) -> int | None:
    """Give 15 for ``15`` and 9 for ``9.6``; ``None``: it is no version."""
    return int(text.partition(".")[0]) if re.fullmatch(r"\d{1,2}(\.\d{1,2})?", text) else None


@dataclass(frozen=True, slots=True)
class _Values:
    """The settings in force: those written, those of the running server's command line over them, else the version's default."""

    written: Mapping[str, str] | Unobserved
    by_command: Mapping[str, str]
    major: int | None

    def get(self, name: str) -> str | Unobserved:
        if name in self.by_command:
            return self.by_command[name]
        if isinstance(self.written, Unobserved):
            return self.written
        if name in self.written:
            return self.written[name]
        return DEFAULTS[name] if name in DEFAULTS else _default(name, self.major)

    def on(self, name: str) -> bool | Unobserved:
        value = self.get(name)
        if isinstance(value, Unobserved):
            return value
        switched = pgconf.switched(value)
        return Unobserved(Reason.PROTOCOL_VIOLATION, shown(f"{name}: {value!r} is no boolean")) if switched is None else switched


def _default(name: str, major: int | None) -> str | Unobserved:
    """Give the default of a setting; empty, but for those that a version changed."""
    if name not in CHANGED:
        return ""
    if major is None:
        return Unobserved(Reason.VALUE_NOT_SET, f"{name} is not written, and the version is not known")
    since, new, old = CHANGED[name]
    return new if major >= since else old


@dataclass(frozen=True, slots=True)
class _Process:
    """The running server of a cluster: its account's number and its start in seconds since 1970."""

    uid: int
    started: int


def _server(read: Reader, cluster: _Cluster, running: tuple[Process, ...] | Unobserved | None) -> DatabaseServer:
    written = seen(partial(_written, read, cluster, cluster.config))
    home = seen(partial(_home, cluster, written))
    process = None if running is None else home if isinstance(home, Unobserved) else seen(partial(_process, read, home, running))
    values = seen(partial(_values, read, cluster, written, home, process))
    if isinstance(values, Unobserved):
        values = _Values(values, {}, cluster.major)
    owner = home if isinstance(home, Unobserved) else seen(partial(_owner, read, home))
    ways_in = seen(partial(_entrances, read, cluster, values, home, owner))
    encryption = _form(values)
    told = {name: value for name in KEPT if isinstance(value := values.get(name), str)}
    read.keep(shown(cluster.config), ", ".join(f"{name} = {shown(value)!r}" for name, value in told.items()))
    return DatabaseServer(
        name=shown(cluster.name),
        version=str(cluster.major) if cluster.major else Unobserved(Reason.UNSUPPORTED, "PG_VERSION does not tell"),
        running=None if running is None else process if isinstance(process, Unobserved) else process is not None,
        starts=seen(partial(_starts, read, cluster)),
        # a reload takes most settings from the files and leaves no trace outside the log, so a later change may be in force or not
        applied=newer(read, cluster.files, process.started, "the server") if isinstance(process, _Process) else None,
        source=shown(cluster.config),
        listens=_listens(values.get("listen_addresses")),
        entrances=ways_in,
        accounts=_accounts(read, home, process),
        unguarded=False,
        superuser=owner,
        tls=values.on("ssl"),
        tls_required=None,
        tls_least=_least(values.get("ssl_min_protocol_version")),
        password_form=encryption,
        logs_connections=_connections(values),
        logs_statements=_statements(values),
        names_users=_names_users(values),
        reads_client_files=None,
        file_directory=None,
        account=seen(partial(account_name, read, process.uid))
        if isinstance(process, _Process)
        else process or Unobserved(Reason.UNSUPPORTED, "it does not run, so the account it will run as is not known"),
        data=home if isinstance(home, Unobserved) else seen(partial(_rights, read, home)),
    )


def _written(read: Reader, cluster: _Cluster, path: str, depth: int = 0) -> dict[str, str]:
    """Read a file and what it includes, in place; the last value of a name holds. Raises ``CannotObserve``."""
    if depth > DEEPEST or len(cluster.files) >= MOST_FILES:
        raise CannotObserve(Reason.TOO_LARGE, shown(f"{path}: too many files are included"))
    data = file_needed(read, path, limit=pgconf.MOST_OCTETS)
    cluster.files.append(path)
    found: dict[str, str] = {}
    for setting in needed(parsed(path, data, pgconf.parse)):
        if setting.name in pgconf.INCLUDES:
            for name in included(read, path, setting.name, setting.value):
                found.update(_written(read, cluster, name, depth + 1))
        else:
            found[setting.name] = setting.value
    return found


def _home(cluster: _Cluster, written: Mapping[str, str] | Unobserved) -> str:
    """Give the directory of the data. Raises ``CannotObserve``."""
    if isinstance(written, Unobserved) and cluster.home:
        return cluster.home
    given = needed(written).get("data_directory")
    if given is None and cluster.home is None:
        raise CannotObserve(Reason.VALUE_NOT_SET, f"{cluster.config}: data_directory is not written")
    return below(cluster.config.rpartition("/")[0], given) if given else cluster.home or ""


def _process(read: Reader, home: str, running: tuple[Process, ...] | Unobserved) -> _Process | None:
    """Find the server that the lock file names. Raises ``CannotObserve``."""
    if runs(running, *PROGRAMS) is False:
        return None
    found = re.match(rb"(\d{1,10})\n[^\n]*\n(\d{1,12})\n", read.file(f"{home}/postmaster.pid", limit=10_000) or b"")
    if found is None:
        return None
    number = found[1].decode()
    stat = read.file(f"/proc/{number}/stat", limit=4096)
    state = read.state(f"/proc/{number}")
    if stat is None or state is None:
        needed(running)  # others' processes may be hidden
        return None
    name = stat.decode("utf-8", "replace").partition("(")[2].rpartition(")")[0]
    return _Process(state.uid, int(found[2])) if name in PROGRAMS else None


def _values(
    read: Reader,
    cluster: _Cluster,
    written: Mapping[str, str] | Unobserved,
    home: str | Unobserved,
    process: _Process | Unobserved | None,
) -> _Values:
    """Put ALTER SYSTEM's file over the configuration, and the running server's command line over both. Raises ``CannotObserve``."""
    command: dict[str, str] = {}
    if needed(process) is not None:
        command = _options(read, needed(home))
        if command.get("config_file", cluster.config) != cluster.config:
            raise CannotObserve(Reason.UNSUPPORTED, shown(f"it was started with {command['config_file']}"))
    path = f"{needed(home)}/postgresql.auto.conf"
    data = read.file(path, limit=pgconf.MOST_OCTETS)
    by_system: dict[str, str] = {}
    if data is not None:
        cluster.files.append(path)
        by_system = {setting.name: setting.value for setting in needed(parsed(path, data, pgconf.parse))}
    return _Values({**needed(written), **by_system}, command, cluster.major)


def _options(read: Reader, home: str) -> dict[str, str]:
    path = f"{home}/postmaster.opts"
    text = (read.file(path, limit=100_000) or b"").decode("utf-8", "replace")
    try:
        return pgconf.given(shlex.split(text)[1:])
    except ValueError as error:
        raise CannotObserve(Reason.PROTOCOL_VIOLATION, shown(f"{path}: {error}")) from error


def _starts(read: Reader, cluster: _Cluster) -> bool:
    """Debian's start.conf says ``auto``, ``manual`` or ``disabled``; without a word it is ``auto`` (pg_createcluster(1))."""
    if not any(enabled(read, unit) for unit in cluster.units):
        return False
    text = (read.file(cluster.config.replace("postgresql.conf", "start.conf"), limit=10_000) or b"").decode("utf-8", "replace")
    words = [word for line in text.split("\n") if (word := line.partition("#")[0].strip())]
    return cluster.home is not None or words[:1] in ([], ["auto"])


def _entrances(read: Reader, cluster: _Cluster, values: _Values, home: str | Unobserved, owner: str | Unobserved) -> tuple[Entrance, ...]:
    """By default pg_hba.conf stands in the directory that the server is started with. Raises ``CannotObserve``."""
    path = below(cluster.home or needed(home), needed(values.get("hba_file")) or "pg_hba.conf")
    rules = placed_rules(read, path, cluster.major, cluster.files)
    return entrances(rules, values.on("ssl"), values.get("unix_socket_permissions"), owner)


def _accounts(read: Reader, home: str | Unobserved, process: _Process | Unobserved | None) -> tuple[DatabaseAccount, ...] | Unobserved:
    if isinstance(home, Unobserved):
        return home
    if not isinstance(process, _Process):
        return process or Unobserved(Reason.UNSUPPORTED, "it does not run, so its accounts cannot be asked for")
    return seen(partial(roles, read, home))


def _owner(read: Reader, home: str) -> str:
    return account_name(read, _state(read, home).uid)


def _rights(read: Reader, home: str) -> tuple[FileRights, ...]:
    state = _state(read, home)
    return (FileRights(shown(home), state.mode, state.uid, state.gid),)


def _state(read: Reader, path: str) -> FileState:
    state = read.state(path)
    if state is None:
        raise CannotObserve(Reason.UNSUPPORTED, shown(f"{path} is not there"))
    return state


def _listens(value: str | Unobserved) -> Audience | Unobserved:
    if isinstance(value, Unobserved):
        return value
    addresses = pgconf.words(value)
    if any(address in ALL_ADDRESSES for address in addresses):
        return Audience.EVERYBODY
    if all(LOOPBACK.fullmatch(address) for address in addresses):
        return Audience.ITSELF if addresses else Audience.NOBODY
    return Audience.SOME


def _form(values: _Values) -> str | Unobserved:
    """Up to 9.6 it is a boolean; later versions still take ``on`` for ``md5``."""
    value = values.get("password_encryption")
    if isinstance(value, Unobserved) or value.lower() in {"md5", "scram-sha-256"}:
        return value if isinstance(value, Unobserved) else value.lower()
    switched = pgconf.switched(value)
    if switched is None:
        return Unobserved(Reason.PROTOCOL_VIOLATION, "password_encryption has no known value")
    return "md5" if switched else "plain"


def _least(value: str | Unobserved) -> str | Unobserved:
    if isinstance(value, Unobserved):
        return value
    known = {version.lower(): version for version in ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")}
    found = known.get(value.lower() or "tlsv1")
    return found or Unobserved(Reason.PROTOCOL_VIOLATION, "ssl_min_protocol_version has no known value")


def _connections(values: _Values) -> bool | Unobserved:
    """From 18 it is a list of what is logged of a connection; who it is stands in two of the lines."""
    value = values.get("log_connections")
    if isinstance(value, Unobserved):
        return value
    switched = pgconf.switched(value)
    return (
        bool({"authentication", "authorization", "all"} & {word.lower() for word in pgconf.words(value)}) if switched is None else switched
    )


def _statements(values: _Values) -> bool | Unobserved:
    """``ddl`` leaves changes of data out. What pgaudit logs may also be set for single roles, which is not seen."""
    kind, duration, loaded = (values.get(name) for name in ("log_statement", "log_min_duration_statement", "shared_preload_libraries"))
    if isinstance(kind, Unobserved) or isinstance(duration, Unobserved) or isinstance(loaded, Unobserved):
        return next(value for value in (kind, duration, loaded) if isinstance(value, Unobserved))
    if kind.lower() in {"mod", "all"} or re.fullmatch(r"0\s*[a-z]*", duration.strip()):
        return True
    if "pgaudit" not in {word.rpartition("/")[2] for word in pgconf.words(loaded)}:
        return False
    classes = values.get("pgaudit.log")
    if isinstance(classes, Unobserved):
        return classes
    chosen = {word.lower() for word in pgconf.words(classes)}
    if {"all", "write"} & chosen and not {"-all", "-write"} & chosen:
        return True
    return Unobserved(Reason.UNSUPPORTED, "pgaudit is loaded; what it logs may be set for single roles, in the database")


def _names_users(values: _Values) -> bool | Unobserved:
    to, prefix = values.get("log_destination"), values.get("log_line_prefix")
    if not isinstance(to, Unobserved) and {"csvlog", "jsonlog"} & set(pgconf.words(to.lower())):
        return True
    return prefix if isinstance(prefix, Unobserved) else bool(re.search(r"%-?\d*u", prefix))

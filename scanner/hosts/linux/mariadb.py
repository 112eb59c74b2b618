"""How MariaDB and MySQL mean their option files: order, groups, includes, the running server's own words, defaults by version.

Sources: the manuals' pages on option files and server variables. The server prints all its settings with ``--verbose --help`` too, but
tries its data directory by writing a file there, so it is not asked. Accounts and plugins that were installed by SQL stand in the
database and are not seen.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from scanner.facts.database_configuration import DatabaseAccount, DatabaseServer, Entrance
from scanner.facts.readings import Audience, FileRights
from scanner.hosts.base import FileKind, Files, Names, Reader, Run, Source
from scanner.hosts.linux.arguments import command_line
from scanner.hosts.linux.base import Process, applied, exists, needed, parsed, seen, shown
from scanner.hosts.linux.database_accounts import MYSQL_USERS, USERS, users
from scanner.hosts.linux.named_paths import absolute
from scanner.hosts.linux.process_account import account
from scanner.hosts.linux.services import Found, Program, installed, paths
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import mysqlconf
from scanner.wire.mysqlconf import Include, Option

MARIADB = Program("mariadb", ("/usr/sbin/mariadbd", "/usr/libexec/mariadbd"), ("mariadb.service", "mysql.service"), ("mariadbd", "mysqld"))
MYSQL = Program("mysql", ("/usr/sbin/mysqld", "/usr/libexec/mysqld"), ("mysql.service", "mysqld.service"), ("mysqld",))
MAIN = ("/etc/my.cnf", "/etc/mysql/my.cnf")
"""Files that the packages' builds read, in this order; ``~/.my.cnf`` belongs to people."""
VERSIONS = tuple((program, "--version") for program in (*MARIADB.files, *MYSQL.files))
PLUGINS = ("/usr/lib/mysql/plugin", "/usr/lib64/mysql/plugin")
SOURCES: tuple[Source, ...] = (
    *paths((MARIADB, MYSQL)),
    *(Files(path) for path in MAIN),
    Files("/etc/mysql/mariadb.cnf"),
    Files("/etc/mysql/mysql.cnf"),
    Names("/etc/mysql"),
    *(Names(f"/etc/mysql/{name}") for name in ("conf.d", "mariadb.conf.d", "mysql.conf.d")),
    Files("/etc/mysql/*.d/*.cnf"),
    Names("/etc/my.cnf.d"),
    Files("/etc/my.cnf.d/*.cnf"),
    Names("/usr/bin/mariadb"),
    *(Names(place) for place in PLUGINS),
    Names("/var/lib"),
    *(Run(argv) for argv in VERSIONS),
)
MOST_FILES = 200
DEEPEST = 10
"""The programs' own limit of includes within includes."""
DATA = "/var/lib/mysql"
KEPT = ("bind-address", "skip-networking", "tls-version", "require-secure-transport", "local-infile", "secure-file-priv", "general-log")
"""Settings that are shown as evidence."""
ALL_ADDRESSES = frozenset({"*", "0.0.0.0", "::", ""})  # noqa: S104 - read, not listened on
LOOPBACK = re.compile(r"localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|::1", re.IGNORECASE)
TLS = ("TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3")
IN_DATABASE = "plugins for auditing may be installed in the database, which is not read"


@dataclass(slots=True)
class _Settings:
    """What was written, and for which program and version."""

    maria: bool
    version: tuple[int, int, int] | Unobserved
    options: Sequence[Option] | Unobserved
    files: list[str] = field(default_factory=list)

    def text(self, name: str) -> str | Unobserved | None:
        """Give what is written; ``None``: nothing."""
        if isinstance(self.options, Unobserved):
            return self.options
        try:
            return mysqlconf.last(self.options, name)
        except mysqlconf.NotOptions as error:
            return Unobserved(Reason.UNSUPPORTED, shown(str(error)))

    def on(self, name: str, default: bool | Unobserved) -> bool | Unobserved:
        """Give a boolean, or the default."""
        written = self.text(name)
        if written is None or isinstance(written, Unobserved):
            return default if written is None else written
        return mysqlconf.switched(written)

    def since(self, mysql: tuple[int, int, int]) -> bool | Unobserved:
        """Tell whether the version is at least the given one."""
        return self.version if isinstance(self.version, Unobserved) else self.version >= mysql


def servers(read: Reader, running: tuple[Process, ...] | Unobserved | None) -> tuple[DatabaseServer | Unobserved, ...]:
    """Read MariaDB's or MySQL's configuration, whichever is installed, and say which cannot be read. Raises ``CannotObserve``."""
    found = installed(read, (MARIADB, MYSQL), running)
    # MariaDB brings the name mysqld as a link to itself.
    packaged = [one for one in found if not one.unread][:1]
    return (*(_server(read, one, running) for one in packaged), *(one.unread for one in found if one.unread))


def _server(read: Reader, found: Found, running: tuple[Process, ...] | Unobserved | None) -> DatabaseServer:
    said = seen(partial(_version, read, found.program))
    # Up to 10.4 MariaDB's only name for the server is mysqld; its client is there under its own.
    by_files = seen(lambda: found.program is MARIADB or exists(read, "/usr/bin/mariadb") is not None)
    maria = by_files is True if isinstance(said, Unobserved) else said[0]
    settings = _Settings(maria, said if isinstance(said, Unobserved) else said[1], ())
    settings.options = seen(partial(_options, read, settings, found))
    data = settings.text("datadir") or DATA
    if not maria and not isinstance(settings.options, Unobserved):
        kept = seen(partial(_persisted, read, needed(data), settings.files)) if isinstance(data, str) else data
        settings.options = kept if isinstance(kept, Unobserved) else (*settings.options, *kept)
    listens = _listens(settings)
    source = settings.files[0] if settings.files else MAIN[-1]
    told = {name: value for name in KEPT if isinstance(value := settings.text(name), str)}
    read.keep(
        source, ", ".join(f"{name} = {shown(value)!r}" for name, value in told.items()) or "none of the settings asked for is written"
    )
    general = _general_log(settings)
    told_accounts = seen(partial(_accounts, read, found, settings))
    return DatabaseServer(
        name="mariadb" if maria else "mysql",
        version=".".join(map(str, settings.version)) if isinstance(settings.version, tuple) else settings.version,
        running=found.running,
        starts=found.starts,
        applied=applied(read, running, found.program.processes, settings.files) if found.running is True else None,
        source=source,
        listens=listens,
        entrances=None if isinstance(told_accounts, Unobserved) else told_accounts[1],
        accounts=told_accounts if isinstance(told_accounts, Unobserved) else told_accounts[0],
        unguarded=settings.on("skip-grant-tables", False),
        superuser=None,
        tls=_tls(read, settings, data),
        tls_required=settings.on("require-secure-transport", False),
        tls_least=_least(settings),
        password_form=None,
        logs_connections=general if general is True else _audited(read, settings, "CONNECT"),
        logs_statements=general if general is True else _audited(read, settings, "QUERY", "QUERY_DML", "QUERY_DML_NO_SELECT"),
        names_users=True,
        reads_client_files=settings.on("local-infile", True if maria else _not(settings.since((8, 0, 0)))),
        file_directory=_directory(settings),
        account=seen(partial(account, read, found.program.processes)),
        data=seen(partial(_rights, read, data)) if isinstance(data, str) else data,
    )


def _accounts(read: Reader, found: Found, settings: _Settings) -> tuple[tuple[DatabaseAccount, ...], tuple[Entrance, ...]]:
    """Ask the server for its accounts. Raises ``CannotObserve``."""
    if found.running is not True:
        raise CannotObserve(Reason.UNSUPPORTED, "it does not run, so its accounts cannot be asked for")
    name, first, asked = ("MariaDB", (10, 5, 0), USERS) if settings.maria else ("MySQL", (8, 0, 0), MYSQL_USERS)
    if not needed(settings.since(first)):
        raise CannotObserve(Reason.UNSUPPORTED, f"{name} before {first[0]}.{first[1]} is not asked for its accounts")
    return users(read, asked)


def _not(value: bool | Unobserved) -> bool | Unobserved:
    return value if isinstance(value, Unobserved) else not value


def _version(read: Reader, program: Program) -> tuple[bool, tuple[int, int, int]]:
    """Give whether it is MariaDB, and its version. Raises ``CannotObserve``."""
    place = exists(read, *program.files)
    said = read.command((place, "--version")) if place else None
    text = b"" if said is None else said.stdout
    found = re.search(rb"Ver (\d{1,3})\.(\d{1,3})\.(\d{1,3})", text)
    if found is None:
        raise CannotObserve(Reason.UNSUPPORTED, f"{program.name} does not tell its version")
    return b"MariaDB" in text, (int(found[1]), int(found[2]), int(found[3]))


def _options(read: Reader, settings: _Settings, found: Found) -> tuple[Option, ...]:
    """Give the options that the server goes by, in order: the files', then those of the running process. Raises ``CannotObserve``."""
    own: tuple[Option, ...] = ()
    if read.live and found.running is not False:
        own = mysqlconf.of_command_line(command_line(read, found.program.processes)[1:])
    files: list[str] = list(MAIN)
    missing = True
    for option in own:
        match option.name:
            case "defaults-file":
                files, missing = [option.value or ""], False
            case "no-defaults":
                files = []
            case "defaults-extra-file" | "defaults-group-suffix":
                raise CannotObserve(Reason.UNSUPPORTED, f"it was started with {option.name}")
    found_: list[Option] = []
    for path in files:
        found_ += _file(read, settings, path, missing, 0)
    return (*found_, *own)


def _file(read: Reader, settings: _Settings, path: str, missing: bool, depth: int) -> list[Option]:
    if depth > DEEPEST or len(settings.files) >= MOST_FILES:
        raise CannotObserve(Reason.TOO_LARGE, shown(f"{path}: too many files are included"))
    state = read.state(path)
    if state is not None and state.kind is FileKind.FILE and state.mode & 0o002:
        return []  # a file that everybody may write to is passed over
    data = read.file(path, limit=mysqlconf.MOST_OCTETS)
    if data is None:
        if missing:
            return []
        raise CannotObserve(Reason.UNSUPPORTED, shown(f"{path} is not there"))
    settings.files.append(shown(path))
    found: list[Option] = []
    for item in needed(parsed(path, data, mysqlconf.parse)):
        if isinstance(item, Option):
            if _of_server(item.group, settings):
                found.append(item)
        elif item.directory:
            found += _directory_of(read, settings, item, depth)
        else:
            found += _file(read, settings, absolute(path.rpartition("/")[0], item.path), True, depth + 1)
    return found


def _directory_of(read: Reader, settings: _Settings, item: Include, depth: int) -> list[Option]:
    place = item.path.rstrip("/")
    names = read.names(place)
    if names is None:
        raise CannotObserve(Reason.UNSUPPORTED, shown(f"{place} is no directory, and the server does not start without it"))
    return [o for name in names if name.endswith(".cnf") for o in _file(read, settings, f"{place}/{name}", True, depth + 1)]


def _of_server(group: str, settings: _Settings) -> bool:
    """Tell whether the server reads a group; those with a version are for that release series."""
    names = ("mysqld", "mariadb", "mariadbd") if settings.maria else ("mysqld",)
    if group in {*names, "server", *(("galera", "client-server") if settings.maria else ())}:
        return True
    name, _, series = group.rpartition("-")
    if name not in names:
        return False
    if not isinstance(settings.version, tuple):
        raise CannotObserve(Reason.UNSUPPORTED, shown(f"[{group}] is for one version, and the version is not known"))
    return series == f"{settings.version[0]}.{settings.version[1]}"


def _persisted(read: Reader, data: str, files: list[str]) -> tuple[Option, ...]:
    """Give what SET PERSIST of MySQL has kept; it holds over the option files."""
    path = f"{data.rstrip('/')}/mysqld-auto.cnf"
    text = read.file(path)
    if text is None:
        return ()
    files.append(shown(path))
    try:
        top = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise CannotObserve(Reason.PROTOCOL_VIOLATION, shown(f"{path}: {error}")) from error
    found: list[Option] = []
    waiting: list[object] = [top]
    while waiting:
        one = waiting.pop()
        for name, value in one.items() if isinstance(one, dict) else ():
            if isinstance(value, dict) and isinstance(value.get("Value"), str):
                found.append(Option("", mysqlconf.plain(name), value["Value"]))
            else:
                waiting.append(value)
    return tuple(found)


def _listens(settings: _Settings) -> Audience | Unobserved:
    """Without ``bind-address`` every address of the machine is listened on, in both programs."""
    off = settings.on("skip-networking", False)
    if off is not False:
        return off if isinstance(off, Unobserved) else Audience.NOBODY
    written = settings.text("bind-address")
    if isinstance(written, Unobserved):
        return written
    addresses = [word.strip() for word in (written or "").split(",")]
    if any(address in ALL_ADDRESSES for address in addresses):
        return Audience.EVERYBODY
    return Audience.ITSELF if all(LOOPBACK.fullmatch(address) for address in addresses) else Audience.SOME


def _tls(read: Reader, settings: _Settings, data: str | Unobserved) -> bool | Unobserved:
    """MariaDB needs a certificate before 11.4 and makes itself one from 11.4; MySQL finds one in its data directory from 5.7."""
    on = settings.on("ssl", True)
    if on is not True:
        return on
    certificate, key = settings.text("ssl-cert"), settings.text("ssl-key")
    if isinstance(certificate, Unobserved) or isinstance(key, Unobserved):
        return next(part for part in (certificate, key) if isinstance(part, Unobserved))
    if certificate and key:
        return True
    if settings.maria:
        return settings.since((11, 4, 0))
    if isinstance(data, Unobserved):
        return data
    return seen(lambda: read.state(f"{data.rstrip('/')}/server-cert.pem") is not None)


def _least(settings: _Settings) -> str | Unobserved:
    written = settings.text("tls-version")
    if isinstance(written, Unobserved):
        return written
    if written:
        chosen = {word.strip().lower() for word in written.split(",")}
        spoken = [name for name in TLS if {name.lower(), name.lower().removesuffix(".0")} & chosen]
        return spoken[0] if spoken else Unobserved(Reason.PROTOCOL_VIOLATION, "tls-version names no known version")
    new = settings.since((8, 0, 28))
    if settings.maria or isinstance(new, Unobserved):
        return Unobserved(Reason.VALUE_NOT_SET, "tls-version is not written, and its default differs between releases")
    return "TLSv1.2" if new else "TLSv1.0"


def _general_log(settings: _Settings) -> bool | Unobserved:
    on = settings.on("general-log", False)
    to = settings.text("log-output")
    if on is True and isinstance(to, str):
        return "none" not in {word.strip().lower() for word in to.split(",")}
    return on


def _audited(read: Reader, settings: _Settings, *events: str) -> bool | Unobserved:
    """Tell whether the audit plugin of MariaDB writes one of the events; no list of events means all of them."""
    general = _general_log(settings)
    if isinstance(general, Unobserved):
        return general
    if not settings.maria:
        names = seen(lambda: next((found for place in PLUGINS if (found := read.names(place)) is not None), None))
        if isinstance(names, Unobserved):
            return names
        return Unobserved(Reason.UNSUPPORTED, IN_DATABASE) if names is None or any("audit" in name for name in names) else False
    on = settings.on("server-audit-logging", False)
    if on is not True or settings.text("server-audit") == "OFF":
        return on if on is not True else False
    chosen = settings.text("server-audit-events")
    if isinstance(chosen, Unobserved):
        return chosen
    if chosen and not {word.strip().upper() for word in chosen.split(",")} & set(events):
        return False
    if isinstance(settings.options, Unobserved):
        return settings.options
    loaded = any("server_audit" in (o.value or "") for o in settings.options if o.name in {"plugin-load", "plugin-load-add"})
    return True if loaded else Unobserved(Reason.UNSUPPORTED, IN_DATABASE)


def _directory(settings: _Settings) -> str | Unobserved:
    """Without ``secure-file-priv`` MariaDB sets no bounds; MySQL's packages are built with a directory of their own from 5.7."""
    written = settings.text("secure-file-priv")
    if written is not None:
        return written if isinstance(written, Unobserved) else shown(written)
    new = settings.since((5, 7, 0))
    if settings.maria or new is False:
        return ""
    return Unobserved(Reason.VALUE_NOT_SET, "secure-file-priv is not written, and its default is the build's")


def _rights(read: Reader, data: str) -> tuple[FileRights, ...]:
    """Give the rights of the directory, and of the tables' common file where it is there."""
    found = []
    for path in (data.rstrip("/"), f"{data.rstrip('/')}/ibdata1"):
        state = read.state(path)
        if state is not None:
            found.append(FileRights(shown(path), state.mode, state.uid, state.gid))
    if not found:
        raise CannotObserve(Reason.UNSUPPORTED, shown(f"{data} is not there"))
    return tuple(found)

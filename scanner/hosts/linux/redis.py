"""How Redis and Valkey mean their configuration: addresses, protected mode by version, users, TLS (redis.conf of 3.2 to 8, valkey.conf).

A running server writes its addresses over its arguments, so that these are taken from its unit. What was set at run time and not
written back is not seen. Passwords and their hashes are left where they are.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial

from scanner.facts.database_configuration import DatabaseAccount, DatabaseServer, Entrance
from scanner.facts.readings import Audience, FileRights
from scanner.hosts.base import Files, Names, Reader, Run, Source
from scanner.hosts.linux.arguments import command_lines
from scanner.hosts.linux.audience import of_bound, widest
from scanner.hosts.linux.base import Process, applied, exists, file_needed, needed, parsed, seen, shown, version_said
from scanner.hosts.linux.named_paths import matching
from scanner.hosts.linux.process_account import account
from scanner.hosts.linux.services import Found, Program, installed, paths
from scanner.hosts.linux.units import settings as unit_settings
from scanner.hosts.linux.units import unit_files
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import redisconf
from scanner.wire.redisconf import User

REDIS = Program("redis", ("/usr/bin/redis-server",), ("redis-server.service", "redis.service"), ("redis-server",))
VALKEY = Program("valkey", ("/usr/bin/valkey-server",), ("valkey-server.service", "valkey.service"), ("valkey-server",))
MAIN = {
    REDIS: ("/etc/redis/redis.conf", "/etc/redis.conf"),
    VALKEY: ("/etc/valkey/valkey.conf",),
}
DATA = {REDIS: "/var/lib/redis", VALKEY: "/var/lib/valkey"}
SOURCES: tuple[Source, ...] = (
    *paths(MAIN),
    *(Files(path, root=True) for places in MAIN.values() for path in places),
    *(Names(f"/etc/{program.name}", root=True) for program in MAIN),
    Names("/var/lib"),
    *(source for program in MAIN for source in unit_files(program.units)),
    *(Run((program.processes[0], "--version")) for program in MAIN),
)
MOST_FILES = 50
DEEPEST = 10
TLS = ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")
OPEN = User("default", on=True, open=True, administers=True)
"""The user whom every connection has until it logs in, where nothing is written of it."""


@dataclass(frozen=True, slots=True)
class _Started:
    """How it is started: with which file, if any, and the lines that its options make."""

    main: str | None
    options: tuple[tuple[str, ...], ...]


@dataclass
class _Settings:
    """The lines in order, and the files that they come from."""

    lines: list[tuple[str, ...]] = field(default_factory=list)
    files: list[str] = field(default_factory=list)

    def last(self, name: str) -> tuple[str, ...] | None:
        """Give the words of the last line of a name, which holds."""
        return next((words[1:] for words in reversed(self.lines) if words[0] == name), None)

    def text(self, name: str, default: str) -> str:
        words = self.last(name)
        return words[0] if words else default


def redis(read: Reader, running: tuple[Process, ...] | Unobserved | None) -> tuple[DatabaseServer | Unobserved, ...]:
    """Give the servers at packages' places, and why there may be more. Raises ``CannotObserve``."""
    found = installed(read, MAIN, running)
    servers = [one.unread or _server(read, one, running) for one in found]
    return (*servers, *(why for one in found if (why := seen(partial(_instances, read, one.program, running))) is not None))


def _instances(read: Reader, program: Program, running: tuple[Process, ...] | Unobserved | None) -> Unobserved | None:
    """Say where further servers run or are set up beside the usual one, each with a file of its own (``redis-server@NAME``)."""
    places = _places(read, program)
    if len(places) > 1:
        return Unobserved(
            Reason.UNSUPPORTED, shown(f"{program.name} runs at {' and '.join(sorted(places))}: only the usual server is read")
        )
    files = [name for name in read.names(f"/etc/{program.name}") or () if name.startswith(f"{program.name}-") and name.endswith(".conf")]
    # A server that saves its data is two processes for a moment, so their number alone tells nothing.
    alone = isinstance(running, tuple) and sum(one.name in program.processes for one in running) == 1
    if not files or alone:
        return None
    return Unobserved(Reason.UNSUPPORTED, shown(f"/etc/{program.name}/{files[0]}: only the usual server is read, not further ones"))


def _places(read: Reader, program: Program) -> set[str]:
    """Give the first address of each running server, or its socket, as they write it behind their names. Raises ``CannotObserve``."""
    titles = (words[0] for words in command_lines(read, program.processes))
    return {found[1] for title in titles if (found := re.search(r" (\S*:\S+)", title))}


def _server(read: Reader, found: Found, running: tuple[Process, ...] | Unobserved | None) -> DatabaseServer:
    program = found.program
    usual = seen(partial(exists, read, *MAIN[program]))
    started = seen(partial(_started, read, program, usual if isinstance(usual, str) else MAIN[program][0]))
    settings = started if isinstance(started, Unobserved) else seen(partial(_settings, read, started))
    if found.running is True and isinstance(settings, _Settings):
        settings = seen(partial(_elsewhere, read, program, settings)) or settings
    version = seen(partial(_version, read, program))
    users = settings if isinstance(settings, Unobserved) else seen(partial(_users, read, settings))
    listens = settings if isinstance(settings, Unobserved) else seen(partial(_listens, settings, users, version))
    ways = settings if isinstance(settings, Unobserved) else seen(partial(_ways, settings, users, listens))
    data = DATA[program] if isinstance(settings, Unobserved) else settings.text("dir", DATA[program])
    return DatabaseServer(
        name=program.name,
        version=version if isinstance(version, Unobserved) else ".".join(map(str, version)),
        running=found.running,
        starts=found.starts,
        applied=applied(read, running, program.processes, settings.files)
        if found.running is True and isinstance(settings, _Settings)
        else None,
        source=shown(started.main) if isinstance(started, _Started) and started.main else MAIN[program][0],
        listens=listens,
        entrances=ways,
        accounts=users if isinstance(users, Unobserved) else tuple(map(_account, users)),
        unguarded=False,
        superuser=None,
        tls=settings if isinstance(settings, Unobserved) else settings.text("tls-port", "0") != "0",
        tls_required=None,
        tls_least=settings if isinstance(settings, Unobserved) else _least(settings),
        password_form=None,
        logs_connections=None,
        logs_statements=None,
        names_users=None,
        reads_client_files=None,
        file_directory=None,
        account=seen(partial(account, read, program.processes)),
        data=seen(partial(_rights, read, data)),
    )


def _started(read: Reader, program: Program, usual: str) -> _Started:
    """Take apart the command line of the unit; without a unit it is started with the usual file. Raises ``CannotObserve``."""
    lines = unit_settings(read, program.units, "Service", "ExecStart")
    if not lines:
        return _Started(usual, ())
    try:
        command, *words = shlex.split(lines[-1].lstrip("@-:+!"))
    except ValueError as error:
        raise CannotObserve(Reason.UNSUPPORTED, "the command line of its unit has a quotation that is not ended") from error
    if command.rpartition("/")[2] != program.processes[0]:
        raise CannotObserve(Reason.UNSUPPORTED, shown(f"its unit starts it by {command}, which is not followed"))
    if any(re.search(r"[$%]", word) for word in words):
        raise CannotObserve(Reason.UNSUPPORTED, "its unit starts it with words that systemd replaces, which is not followed")
    main = words.pop(0) if words and not words[0].startswith("-") else None
    options: list[tuple[str, ...]] = []
    for word in words:
        if word.startswith("--"):
            options.append((word.removeprefix("--").lower(),))
        elif word == "-" or not options:
            raise CannotObserve(Reason.UNSUPPORTED, "its unit starts it with a word that is not known")
        else:
            options[-1] = (*options[-1], word)
    return _Started(main, tuple(options))


def _settings(read: Reader, started: _Started) -> _Settings:
    """Read the file and what it includes, in place; options come behind them. Raises ``CannotObserve``."""
    settings = _Settings()
    main = (("include", started.main),) if started.main else ()
    settings.lines += _in_place(read, (*main, *started.options), settings.files, 0)
    return settings


def _elsewhere(read: Reader, program: Program, settings: _Settings) -> Unobserved | None:
    """Tell why a running server does not go by these settings: it listens elsewhere, so that something else has started it.

    Raises ``CannotObserve``.
    """
    first, ports = settings.text("bind", "") or "*", (settings.text("port", "6379"), settings.text("tls-port", "0"))
    own = {f"unixsocket:{settings.text('unixsocket', '')}", *(f"{first}:{port}" for port in ports)}
    places = _places(read, program)
    if not places or places & own:
        return None
    return Unobserved(Reason.UNSUPPORTED, shown(f"{program.name} runs at {min(places)}, which the settings of its unit do not say"))


def _in_place(read: Reader, lines: Iterable[tuple[str, ...]], files: list[str], depth: int) -> Iterator[tuple[str, ...]]:
    for words in lines:
        if words[0] == "include" and len(words) > 1:
            for one in matching(read, words[1]):
                yield from _in_place(read, _lines(read, one, files, depth), files, depth + 1)
        else:
            yield words


def _lines(read: Reader, path: str, files: list[str], depth: int) -> tuple[tuple[str, ...], ...]:
    if depth > DEEPEST or len(files) >= MOST_FILES:
        raise CannotObserve(Reason.TOO_LARGE, f"{shown(path)}: too many files are included")
    data = file_needed(read, path, limit=redisconf.MOST_OCTETS)
    files.append(shown(path))
    return needed(parsed(path, data, redisconf.parse))


def _version(read: Reader, program: Program) -> tuple[int, int]:
    """Ask the program. Raises ``CannotObserve``."""
    found = version_said(read, (program.processes[0], "--version"), rb"\bv=(\d{1,3})\.(\d{1,3})\.", program.name)
    return int(found[1]), int(found[2])


def _users(read: Reader, settings: _Settings) -> tuple[User, ...]:
    """Give the users; a file of users takes the place of those in the configuration and of ``requirepass``. Raises ``CannotObserve``."""
    place = settings.text("aclfile", "")
    lines: tuple[tuple[str, ...], ...] = tuple(settings.lines)
    if place:
        data = file_needed(read, place, limit=redisconf.MOST_OCTETS)
        settings.files.append(shown(place))
        lines = needed(parsed(place, data, redisconf.parse))
    password = "" if place else settings.text("requirepass", "")
    found = {"default": User("default", on=True, open=not password, administers=True)}
    for words in lines:
        if words[0] == "user" and len(words) > 1:
            try:
                found[words[1]] = redisconf.user(shown(words[1]), words[2:])
            except redisconf.NotRedis as error:
                raise CannotObserve(Reason.UNSUPPORTED, shown(f"{words[1]}: {error}")) from error
    return tuple(found.values())


def _account(user: User) -> DatabaseAccount:
    return DatabaseAccount(user.name, "", administers=user.administers, login=user.on, password=None if user.open else "password")


def _listens(settings: _Settings, users: tuple[User, ...] | Unobserved, version: tuple[int, int] | Unobserved) -> Audience | Unobserved:
    """Without ``bind`` every address is listened on; protected mode then lets only the machine itself in. Raises ``CannotObserve``."""
    if settings.text("port", "6379") == "0" and settings.text("tls-port", "0") == "0":
        return Audience.NOBODY
    written = settings.last("bind")
    addresses = [address.removeprefix("-") for address in written or ("*",) if address not in {"", "-"}]
    reach = widest(map(of_bound, addresses))
    if reach in {Audience.NOBODY, Audience.ITSELF} or settings.text("protected-mode", "yes").lower() != "yes":
        return reach
    default = next((user for user in needed(users) if user.name == "default"), OPEN)
    if not default.open or not default.on:
        return reach
    # Since 7.0 whatever is bound; from 3.2 where no address is written; before that there is no such thing.
    protected = needed(version) >= (7, 0) or (needed(version) >= (3, 2) and written is None)
    return Audience.ITSELF if protected else reach


def _ways(settings: _Settings, users: tuple[User, ...] | Unobserved, listens: Audience | Unobserved) -> tuple[Entrance, ...]:
    """Give every user's ways in by the network; no address of a client is refused. Raises ``CannotObserve``."""
    reach = needed(listens)
    clear, encrypted = settings.text("port", "6379") != "0", settings.text("tls-port", "0") != "0"
    found = []
    for user in needed(users):
        method, special_ = "none" if user.open else "password", "named" if user.administers else ""
        if user.on and reach is not Audience.NOBODY:
            certified = encrypted and settings.text("tls-auth-clients", "yes").lower() not in {"no", "optional"}
            if clear or not certified:
                found.append(Entrance(user.name, reach, False, clear, encrypted and not certified, method, special_))
            if certified:  # by TLS only with a certificate of an authority that is named
                found.append(Entrance(user.name, reach, False, False, True, "cert" if user.open else method, special_))
        if user.on and settings.text("unixsocket", ""):
            found.append(Entrance(user.name, _behind(settings), True, False, False, method, special_))
    return tuple(found)


def _behind(settings: _Settings) -> Audience:
    """Tell who may use the socket. Raises ``CannotObserve``."""
    written = settings.text("unixsocketperm", "")
    if not re.fullmatch(r"[0-7]{3,4}", written):
        raise CannotObserve(Reason.UNSUPPORTED, "the rights of the socket are not written and depend on how the server is started")
    return Audience.ITSELF if int(written, 8) & 0o007 else Audience.NOBODY


def _least(settings: _Settings) -> str | Unobserved:
    words = (settings.text("tls-protocols", "") or "TLSv1.2 TLSv1.3").split()
    found = next((version for version in TLS if version in words), None)
    return found or Unobserved(Reason.PROTOCOL_VIOLATION, "tls-protocols names no known version")


def _rights(read: Reader, path: str) -> tuple[FileRights, ...]:
    state = read.state(path)
    if state is None:
        raise CannotObserve(Reason.UNSUPPORTED, shown(f"{path} is not there"))
    return (FileRights(shown(path), state.mode, state.uid, state.gid),)

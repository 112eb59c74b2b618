"""How memcached means its words: those of the running process, else Debian's file of them (memcached(1)). It keeps nothing on disk."""

from __future__ import annotations

import getopt
import re
import shlex
from functools import partial

from scanner.facts.database_configuration import DatabaseServer, Entrance
from scanner.facts.readings import Audience
from scanner.hosts.base import Files, Reader, Run, Source
from scanner.hosts.linux.arguments import command_line
from scanner.hosts.linux.audience import of_bound, widest
from scanner.hosts.linux.base import Process, seen, shown, version_said
from scanner.hosts.linux.process_account import account
from scanner.hosts.linux.services import Found, Program, installed, paths
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason

MEMCACHED = Program("memcached", ("/usr/bin/memcached",), ("memcached.service",), ("memcached",))
FILE = "/etc/memcached.conf"
VERSION = Run(("memcached", "-V"))
SOURCES: tuple[Source, ...] = (*paths((MEMCACHED,)), Files(FILE), VERSION)
SHORT = "a:AZp:s:U:m:Mc:khiVrvdl:u:P:f:n:t:D:LR:Cb:B:I:SFXWY:e:o:N:"
LONG = {
    "listen=": "-l",
    "port=": "-p",
    "udp-port=": "-U",
    "unix-socket=": "-s",
    "auth-file=": "-Y",
    "enable-sasl": "-S",
    "enable-ssl": "-Z",
    "unix-mask=": "-a",
}
"""Long options of interest, and their short form."""
OTHERS = ("user=", "memory-limit=", "conn-limit=", "threads=", "pidfile=", "extended=", "max-item-size=", "verbose", "daemon")
UDP_OFF = (1, 5, 6)
"""The version from which UDP has to be asked for (CVE-2018-1000115)."""
PORT = "11211"

Options = dict[str, list[str]]


def memcached(read: Reader, running: tuple[Process, ...] | Unobserved | None) -> tuple[DatabaseServer | Unobserved, ...]:
    """Give the server, and why there may be more. Raises ``CannotObserve``."""
    return tuple(one.unread or _server(read, one) for one in installed(read, (MEMCACHED,), running))


def _server(read: Reader, found: Found) -> DatabaseServer:
    options = seen(partial(_options, read, found))
    version = seen(partial(_version, read))
    listens = options if isinstance(options, Unobserved) else _listens(options)
    return DatabaseServer(
        name="memcached",
        version=version if isinstance(version, Unobserved) else ".".join(map(str, version)),
        running=found.running,
        starts=found.starts,
        applied=None,  # what a process was started with is what it goes by
        source=FILE,
        listens=listens,
        entrances=options if isinstance(options, Unobserved) else seen(partial(_ways, options, version)),
        accounts=(),
        unguarded=False,
        superuser=None,
        tls=options if isinstance(options, Unobserved) else "-Z" in options,
        tls_required=None,
        tls_least=Unobserved(Reason.UNSUPPORTED, "which versions of TLS memcached speaks is left to OpenSSL"),
        password_form=None,
        logs_connections=None,
        logs_statements=None,
        names_users=None,
        reads_client_files=None,
        file_directory=None,
        account=seen(partial(account, read, MEMCACHED.processes)),
        data=None,
    )


def _options(read: Reader, found: Found) -> Options:
    """Give the options in force, or those of the next start. Raises ``CannotObserve``."""
    try:
        words = list(command_line(read, MEMCACHED.processes)[1:]) if found.running is True else _written(read)
        given, rest = getopt.gnu_getopt(words, SHORT, [*LONG, *OTHERS])
    except (getopt.GetoptError, ValueError) as error:
        raise CannotObserve(Reason.UNSUPPORTED, "memcached has an option that is not known") from error
    if rest:
        raise CannotObserve(Reason.UNSUPPORTED, "memcached has words that are no options")
    short = {f"--{name.removesuffix('=')}": letter for name, letter in LONG.items()}
    options: Options = {}
    for name, value in given:
        options.setdefault(short.get(name, name), []).append(value)
    return options


def _written(read: Reader) -> list[str]:
    """Give the words of Debian's file. Raises ``CannotObserve`` and ``ValueError``."""
    text = read.file(FILE)
    if text is None:
        raise CannotObserve(Reason.UNSUPPORTED, f"it does not run, and {FILE} is not there")
    lines = (re.sub(r"(?<!\\)#.*", "", line).strip() for line in text.decode("utf-8", "replace").split("\n"))
    return [word for line in lines if line.startswith("-") for word in shlex.split(line)]


def _version(read: Reader) -> tuple[int, int, int]:
    """Ask the program. Raises ``CannotObserve``."""
    found = version_said(read, VERSION.argv, rb"(\d{1,3})\.(\d{1,3})\.(\d{1,3})", "memcached")
    return int(found[1]), int(found[2]), int(found[3])


def _addresses(options: Options) -> list[str]:
    """Give the addresses without their ports; without a word all are listened on."""
    written = [one for value in options.get("-l", []) for one in value.split(",") if one]
    return [re.sub(r"\A\[(.*)\](?::\d+)?\Z|\A([^:]*):\d+\Z", lambda m: m[1] or m[2] or "", one) for one in written] or ["*"]


def _listens(options: Options) -> Audience:
    """A socket of the machine switches the network off."""
    return Audience.NOBODY if "-s" in options else widest(map(of_bound, _addresses(options)))


def _behind(options: Options) -> Audience:
    """Tell who may use the socket: its rights are 700 where ``-a`` does not say. Raises ``CannotObserve``."""
    mode = options.get("-a", ["700"])[-1]
    if not re.fullmatch(r"[0-7]{1,4}", mode):
        raise CannotObserve(Reason.UNSUPPORTED, shown(f"-a {mode} is no mask of rights"))
    return Audience.ITSELF if int(mode, 8) & 0o002 else Audience.NOBODY


def _ways(options: Options, version: tuple[int, int, int] | Unobserved) -> tuple[Entrance, ...]:
    """Give the ways in, by the network or by a socket of the machine. Raises ``CannotObserve``."""
    reach = _listens(options)
    method = "sasl" if "-S" in options else "token" if "-Y" in options else "none"
    if "-s" in options:
        return (Entrance(shown(options["-s"][-1]), _behind(options), True, False, False, method, ""),)
    if reach is Audience.NOBODY:
        return ()
    tls = "-Z" in options
    found = [Entrance(shown(f"TCP {options.get('-p', [PORT])[-1]}"), reach, False, not tls, tls, method, "")]
    udp = options.get("-U", [""])[-1]
    if not udp and isinstance(version, Unobserved):
        raise version.error()
    if udp not in {"", "0"} or (not udp and isinstance(version, tuple) and version < UDP_OFF):
        found.append(Entrance(shown(f"UDP {udp or PORT}"), reach, False, True, False, "none", ""))
    return tuple(found)

"""The collector for the configuration of web servers: nginx and Apache httpd by their files, and PHP. How they mean them is beside it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from scanner.facts.web_configuration import Places, WebConfiguration, WebProgram, WebTls
from scanner.hosts.base import FileKind, Files, FileState, Names, Reader, Run, collector
from scanner.hosts.linux.base import Process, needed, processes, seen, shown
from scanner.hosts.linux.services import PROCESSES, UNITS, Found, Program, installed, paths
from scanner.hosts.linux.web_apache import ENVIRONMENT, apache
from scanner.hosts.linux.web_apache import PLACES as APACHE_PLACES
from scanner.hosts.linux.web_nginx import BUILD, nginx
from scanner.hosts.linux.web_nginx import PLACES as NGINX_PLACES
from scanner.hosts.linux.web_php import READS as PHP
from scanner.hosts.linux.web_php import php_programs
from scanner.hosts.linux.web_reading import Found as Finding
from scanner.hosts.linux.web_reading import Look, unsupported
from scanner.hosts.linux.web_reloads import RELOADS, in_force
from scanner.hosts.linux.web_tls import READS as TLS
from scanner.hosts.linux.web_tls import spoken
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason

NGINX = Program("nginx", ("/usr/sbin/nginx", "/usr/local/nginx/sbin/nginx"), ("nginx.service",), ("nginx",))
APACHE = Program("apache2", ("/usr/sbin/apache2",), ("apache2.service",), ("apache2",))
HTTPD = Program("httpd", ("/usr/sbin/httpd",), ("httpd.service",), ("httpd",))
KNOWN = (NGINX, APACHE, HTTPD)
START_PAGES = (
    b"Apache2 Debian Default Page",
    b"Apache2 Ubuntu Default Page",
    b"Welcome to nginx!",
    b"Test Page for the HTTP Server",
    b"Test Page for the Apache HTTP",
)
PAGE = 64_000
MOST_MODULES = 300
MOST_ROOTS = 50
MOST_KEYS = 200
KEY_FOLDERS = ("/etc/ssl/private", "/etc/pki/tls/private", "/etc/letsencrypt/live/*", "/etc/letsencrypt/archive/*")


@collector(
    Platform.LINUX,
    *PROCESSES,
    *UNITS,
    *paths(KNOWN),
    *(Files(path) for path in NGINX_PLACES),
    *(Files(f"/etc/nginx/{folder}/*") for folder in ("conf.d", "sites-enabled", "modules-enabled", "default.d", "snippets")),
    Files("/etc/nginx/mime.types"),
    Files("/etc/nginx/fastcgi_params"),
    *(Files(path) for path in APACHE_PLACES.values()),
    Files(ENVIRONMENT),
    Files("/etc/apache2/ports.conf"),
    *(Files(f"/etc/apache2/{folder}-enabled/*") for folder in ("mods", "conf", "sites")),
    *(Files(f"/etc/httpd/{folder}/*.conf") for folder in ("conf.d", "conf.modules.d")),
    *(Names(folder, root=True) for folder in KEY_FOLDERS),
    Names("/var/www/html"),
    Files("/var/www/html/index.html", limit=PAGE),
    Files("/etc/passwd", limit=10_000_000),
    Files("/etc/group", limit=10_000_000),
    *TLS,
    *PHP,
    Run(BUILD),
    Run(RELOADS),
    *(Run((program, option)) for program in ("apache2", "httpd") for option in ("-v", "-l")),
)
def web_configuration(read: Reader) -> WebConfiguration:
    """See what the configurations say; each program that is installed stands for itself."""
    running = processes(read)
    found = seen(partial(installed, read, KNOWN, running))
    if isinstance(found, Unobserved):
        return WebConfiguration(found, found)
    looks = [(one, seen(partial(_look, read, one))) for one in found]
    programs = tuple(_program(read, one, look, running) for one, look in looks)
    read_ = [(one, look) for one, look in looks if not isinstance(look, Unobserved)]
    return WebConfiguration(programs, seen(lambda: php_programs(read, read_, running)))


@dataclass(frozen=True)
class _Server:
    """One running process of a program: its number, its parent's and whether another process of the program started it."""

    number: str
    parent: str


def _processes(read: Reader, names: Iterable[str]) -> tuple[_Server, ...]:
    found = []
    wanted = {name[:15] for name in names}
    for number in read.names("/proc") or () if read.live else ():
        data = read.file(f"/proc/{number}/stat", limit=4096) if number.isdecimal() else None
        if data is not None:
            name, _, rest = data.decode("utf-8", "replace").partition("(")[2].rpartition(")")
            if name in wanted:
                found.append(_Server(number, rest.split()[1] if len(rest.split()) > 1 else ""))
    return tuple(found)


def _started_with(read: Reader, names: Iterable[str]) -> tuple[str, ...] | None:
    """Give the command line of the running program; ``None``: it does not run. Raises ``CannotObserve``."""
    every = _processes(read, names)
    numbers = {one.number for one in every}
    first = [one for one in every if one.parent not in numbers]
    if not first:
        return None
    if len(first) > 1:
        raise CannotObserve(Reason.UNSUPPORTED, f"{' '.join(names)} runs {len(first)} times, each with settings of its own")
    data = read.file(f"/proc/{first[0].number}/cmdline", limit=65_536) or b""
    text = data.decode("utf-8", "surrogateescape").rstrip("\0 ")
    if text.startswith("nginx: master process"):  # nginx writes its arguments behind this, with spaces between them
        found: list[str] = []
        for option, value in re.findall(r" -([cgp]) (.+?)(?= -[a-zA-Z](?: |\Z)|\Z)", text):
            found += [f"-{option}", value]
        return tuple(found)
    return tuple(text.split("\0")[1:])


def _look(read: Reader, found: Found) -> Look:
    needed(found.unread)
    options = seen(partial(_started_with, read, found.program.processes))
    if found.program is NGINX:
        return nginx(read, options)
    return apache(read, found.program.files[0], options)


def _program(read: Reader, found: Found, look: Look | Unobserved, running: tuple[Process, ...] | Unobserved | None) -> WebProgram:
    if isinstance(look, Unobserved):
        none = Places((), look)
        look_ = Look("", (), look, look, (), doubt=look)
        roots, keys = none, none
        sites: tuple[str, ...] | Unobserved = look
        tls: tuple[WebTls, ...] | Unobserved = look
    else:
        look_, sites = look, look.sites
        account = seen(partial(_account, read, found, look))
        look.account = account
        tls = spoken(read, look.tls)
        roots, keys = _roots(read, look), _keys(read, look)
        _start_pages(read, look)
    read.keep(look_.source or found.program.name, f"{len(look_.sites)} sites, {len(look_.files)} files")
    return WebProgram(
        name=found.program.name,
        version=look_.version,
        running=found.running,
        starts=found.starts,
        applied=in_force(read, running, found.program, look_.files) if found.running is True else None,
        source=look_.source,
        account=look_.account,
        sites=sites,
        unread=look_.doubt,
        modules=Unobserved(Reason.TOO_LARGE, f"more than {MOST_MODULES} modules") if len(look_.modules) > MOST_MODULES else look_.modules,
        listing=look_.listing.places(look_.doubt),
        cgi=look_.cgi.places(look_.doubt),
        trace=look_.trace.places(look_.doubt),
        writing=look_.writing.places(look_.doubt),
        version_told=look_.version_told.places(look_.doubt),
        status_open=look_.status_open.places(look_.doubt),
        samples=look_.samples.places(look_.doubt),
        unlogged=look_.unlogged.places(look_.doubt),
        escaping=look_.escaping.places(look_.doubt),
        slow=look_.slow.places(look_.doubt),
        roots_writable=roots,
        keys_open=keys,
        tls=tls,
    )


def _account(read: Reader, found: Found, look: Look) -> str:
    """Name the account of the processes that answer: those which the first one started. Raises ``CannotObserve``."""
    every = _processes(read, found.program.processes)
    numbers = {one.number for one in every}
    states = [read.state(f"/proc/{one.number}") for one in every if one.parent in numbers]
    users = [state.uid for state in states if state is not None]
    if users:
        names = _numbers(read, "/etc/passwd")
        return next((name for name, number in names.items() if number == users[0]), str(users[0]))
    if isinstance(look.account, Unobserved):
        raise CannotObserve(look.account.reason, look.account.detail)
    return look.account


def _numbers(read: Reader, path: str) -> dict[str, int]:
    """Give the numbers of accounts or groups by name. Raises ``CannotObserve``."""
    lines = [line.split(":") for line in (read.file(path, limit=10_000_000) or b"").decode("utf-8", "replace").split("\n")]
    return {shown(fields[0]): int(fields[2]) for fields in reversed(lines) if len(fields) > 2 and fields[2].isdecimal()}


@dataclass(frozen=True)
class _Who:
    """The server's account: its number and its groups."""

    user: int
    groups: frozenset[int]

    def writes(self, state: FileState) -> bool:
        if state.mode & 0o002:
            return True
        if state.uid == self.user:
            return bool(state.mode & 0o200)
        return state.gid in self.groups and bool(state.mode & 0o020)


def _who(read: Reader, account: str | Unobserved) -> _Who:
    if isinstance(account, Unobserved):
        raise CannotObserve(account.reason, account.detail)
    users = [line.split(":") for line in (read.file("/etc/passwd", limit=10_000_000) or b"").decode("utf-8", "replace").split("\n")]
    groups = [line.split(":") for line in (read.file("/etc/group", limit=10_000_000) or b"").decode("utf-8", "replace").split("\n")]
    for fields in users:
        if len(fields) > 3 and fields[0] == account and fields[2].isdecimal() and fields[3].isdecimal():
            more = {int(g[2]) for g in groups if len(g) > 3 and g[2].isdecimal() and account in g[3].split(",")}
            return _Who(int(fields[2]), frozenset({int(fields[3]), *more}))
    raise CannotObserve(Reason.UNSUPPORTED, f"there is no account {account}")


def _roots(read: Reader, look: Look) -> Places:
    """Judge every root and what lies directly in it; a folder in it that the server alone may write can be one for uploads."""
    found = Finding()
    who = seen(partial(_who, read, look.account))
    if isinstance(who, Unobserved):
        return Places((), who)
    if len(look.roots) > MOST_ROOTS:
        found.doubt(Unobserved(Reason.TOO_LARGE, f"more than {MOST_ROOTS} document roots"))
    for root in look.roots[:MOST_ROOTS]:
        if "*" in root or "$" in root:
            found.doubt(unsupported(f"{root} stands for several folders"))
            continue
        state, names = seen(partial(read.state, root)), seen(partial(read.names, root))
        for part in (state, names):
            if isinstance(part, Unobserved):
                found.doubt(part)
        if isinstance(state, Unobserved) or isinstance(names, Unobserved) or state is None:
            continue
        if state.kind is FileKind.LINK:
            found.doubt(unsupported(f"{root} is a link"))
        elif who.writes(state):
            found.at(root)
        for name in names or ():
            inner = seen(partial(read.state, f"{root}/{name}"))
            if isinstance(inner, Unobserved):
                found.doubt(inner)
            elif inner is None or inner.kind is FileKind.LINK:
                continue
            elif inner.mode & 0o002 or (inner.kind is FileKind.FILE and who.writes(inner)):
                found.at(f"{root}/{name}")
    return found.places(look.roots_doubt, look.doubt)


def _keys(read: Reader, look: Look) -> Places:
    """Judge the files of private keys: nobody else may read or change them, and they are not the server's own account's."""
    found = Finding()
    who = seen(partial(_who, read, look.account))
    if len(look.keys) > MOST_KEYS:
        found.doubt(Unobserved(Reason.TOO_LARGE, f"more than {MOST_KEYS} keys"))
    for path in look.keys[:MOST_KEYS]:
        states = seen(partial(_key_states, read, path))
        if isinstance(states, Unobserved):
            found.doubt(states)
            continue
        for name, state in states:
            if state.mode & 0o027 or (not isinstance(who, Unobserved) and state.uid == who.user != 0):
                found.at(f"{name} ({state.mode:04o})")
            elif isinstance(who, Unobserved) and state.uid != 0:
                found.doubt(who)
    return found.places(look.keys_doubt, look.doubt)


def _key_states(read: Reader, path: str) -> tuple[tuple[str, FileState], ...]:
    """Give a key's state; behind the link that certbot keeps stand all the keys that it made. Raises ``CannotObserve``."""
    state = read.state(path)
    if state is None:
        raise CannotObserve(Reason.UNSUPPORTED, f"{path} is not there")
    if state.kind is not FileKind.LINK:
        return ((path, state),)
    kept = re.fullmatch(r"/etc/letsencrypt/live/([^/]+)/privkey\.pem", path)
    if kept is None:
        raise CannotObserve(Reason.UNSUPPORTED, f"{path} is a link")
    folder = f"/etc/letsencrypt/archive/{kept[1]}"
    names = [name for name in read.names(folder) or () if re.fullmatch(r"privkey\d+\.pem", name)]
    states = [(f"{folder}/{name}", read.state(f"{folder}/{name}")) for name in names]
    found = tuple((name, state) for name, state in states if state is not None)
    if not found:
        raise CannotObserve(Reason.UNSUPPORTED, f"{path} is a link, and {folder} holds no key")
    closed = [read.state(f"/etc/letsencrypt/{part}") for part in ("archive", "live")]
    # certbot leaves its keys readable to all where the folder above them is closed.
    guarded = all(state is not None and not state.mode & 0o077 and state.uid == 0 for state in closed)
    return () if guarded else found


def _start_pages(read: Reader, look: Look) -> None:
    for root in look.roots[:MOST_ROOTS]:
        if "*" in root or "$" in root:
            continue
        names = seen(partial(read.names, root))
        if isinstance(names, Unobserved):
            look.samples.doubt(names)
            continue
        if "index.nginx-debian.html" in (names or ()):
            look.samples.at(f"{root}/index.nginx-debian.html")
        if "index.html" in (names or ()):
            page = seen(partial(read.file, f"{root}/index.html", limit=PAGE))
            if isinstance(page, Unobserved):
                if page.reason is not Reason.TOO_LARGE:  # those that came with the program are small
                    look.samples.doubt(page)
            elif page is not None and any(mark in page for mark in START_PAGES):
                look.samples.at(f"{root}/index.html")

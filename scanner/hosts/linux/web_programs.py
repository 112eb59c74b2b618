"""The collector for the configuration of web servers by their files, and PHP. How each program means them is beside it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from scanner.facts.web_configuration import Places, WebConfiguration, WebProgram, WebTls
from scanner.hosts.base import Files, Names, Reader, Run, collector
from scanner.hosts.linux import openssl
from scanner.hosts.linux.base import Process, needed, processes, seen, shown
from scanner.hosts.linux.services import PROCESSES, UNITS, Found, Program, installed, paths
from scanner.hosts.linux.web_apache import ENVIRONMENT, apache
from scanner.hosts.linux.web_apache import PLACES as APACHE_PLACES
from scanner.hosts.linux.web_haproxy import FOLDER as HAPROXY_FOLDER
from scanner.hosts.linux.web_haproxy import PLACE as HAPROXY_PLACE
from scanner.hosts.linux.web_haproxy import VERSION as HAPROXY_VERSION
from scanner.hosts.linux.web_haproxy import haproxy
from scanner.hosts.linux.web_lighttpd import PLACE as LIGHTTPD_PLACE
from scanner.hosts.linux.web_lighttpd import VERSION as LIGHTTPD_VERSION
from scanner.hosts.linux.web_lighttpd import lighttpd
from scanner.hosts.linux.web_nginx import BUILD, nginx
from scanner.hosts.linux.web_nginx import PLACES as NGINX_PLACES
from scanner.hosts.linux.web_php import READS as PHP
from scanner.hosts.linux.web_php import php_programs
from scanner.hosts.linux.web_reading import Look
from scanner.hosts.linux.web_reloads import RELOADS, in_force
from scanner.hosts.linux.web_rights import PAGE, keys_open, roots_writable, start_pages
from scanner.hosts.linux.web_tls import spoken
from scanner.hosts.linux.web_tomcat import tomcat
from scanner.hosts.linux.web_tomcat_files import SOURCES as TOMCAT
from scanner.hosts.linux.web_tomcat_files import instances
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason

NGINX = Program("nginx", ("/usr/sbin/nginx", "/usr/local/nginx/sbin/nginx"), ("nginx.service",), ("nginx",))
APACHE = Program("apache2", ("/usr/sbin/apache2",), ("apache2.service",), ("apache2",))
HTTPD = Program("httpd", ("/usr/sbin/httpd",), ("httpd.service",), ("httpd",))
HAPROXY = Program("haproxy", ("/usr/sbin/haproxy",), ("haproxy.service",), ("haproxy",))
LIGHTTPD = Program("lighttpd", ("/usr/sbin/lighttpd",), ("lighttpd.service",), ("lighttpd",))
Options = tuple[str, ...] | Unobserved | None
"""The command line of the running program; ``None``: it does not run."""
READERS: dict[Program, Callable[[Reader, Options], Look]] = {
    NGINX: nginx,
    APACHE: partial(apache, APACHE.files[0]),
    HTTPD: partial(apache, HTTPD.files[0]),
    LIGHTTPD: lighttpd,
    HAPROXY: haproxy,
}
MOST_MODULES = 300
KEY_FOLDERS = ("/etc/ssl/private", "/etc/pki/tls/private", "/etc/letsencrypt/live/*", "/etc/letsencrypt/archive/*")


@collector(
    Platform.LINUX,
    *PROCESSES,
    *UNITS,
    *paths(READERS),
    *(Files(path) for path in NGINX_PLACES),
    *(Files(f"/etc/nginx/{folder}/*") for folder in ("conf.d", "sites-enabled", "modules-enabled", "default.d", "snippets")),
    Files("/etc/nginx/mime.types"),
    Files("/etc/nginx/fastcgi_params"),
    *(Files(path) for path in APACHE_PLACES.values()),
    Files(ENVIRONMENT),
    Files("/etc/apache2/ports.conf"),
    *(Files(f"/etc/apache2/{folder}-enabled/*") for folder in ("mods", "conf", "sites")),
    *(Files(f"/etc/httpd/{folder}/*.conf") for folder in ("conf.d", "conf.modules.d")),
    Files(LIGHTTPD_PLACE),
    Files("/etc/lighttpd/conf-enabled/*"),
    *(Files(f"/etc/lighttpd/{folder}/*.conf") for folder in ("conf.d", "vhosts.d")),
    Files("/etc/lighttpd/modules.conf"),
    LIGHTTPD_VERSION,
    Files(HAPROXY_PLACE, root=True),
    Files(f"{HAPROXY_FOLDER}/*.cfg", root=True),
    HAPROXY_VERSION,
    *TOMCAT,
    *(Names(folder, root=True) for folder in KEY_FOLDERS),
    Names("/var/www/html"),
    Files("/var/www/html/index.html", limit=PAGE),
    Files("/etc/passwd", limit=10_000_000),
    Files("/etc/group", limit=10_000_000),
    *openssl.READS,
    *PHP,
    Run(BUILD, needs="nginx"),
    Run(RELOADS),
    *(Run((program, option)) for program in ("apache2", "httpd") for option in ("-v", "-l")),
)
def web_configuration(read: Reader) -> WebConfiguration:
    """See what the configurations say; each program that is installed stands for itself."""
    running = processes(read)
    found = seen(partial(installed, read, READERS, running))
    if isinstance(found, Unobserved):
        return WebConfiguration(found, found)
    tomcats = seen(partial(instances, read, running))
    if isinstance(tomcats, Unobserved):
        return WebConfiguration(tomcats, tomcats)
    looks = [(one, seen(partial(_look, read, one))) for one in found]
    managed = [(one.found, seen(partial(tomcat, read, one))) for one in tomcats]
    programs = tuple(_program(read, one, look, running) for one, look in (*looks, *managed))
    known = [(one, look) for one, look in looks if not isinstance(look, Unobserved)]
    return WebConfiguration(programs, seen(lambda: php_programs(read, known, running)))


@dataclass(frozen=True)
class _Server:
    """One running process of a program: its number and its parent's."""

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
    return READERS[found.program](read, options)


def _program(read: Reader, found: Found, look: Look | Unobserved, running: tuple[Process, ...] | Unobserved | None) -> WebProgram:
    managed = found.program is HAPROXY or found.program not in READERS  # Tomcat: the others cannot be managed over the network
    sites: tuple[str, ...] | Unobserved
    tls: tuple[WebTls, ...] | Unobserved
    if isinstance(look, Unobserved):
        sites = tls = look
        roots = keys = Places((), look)
        look = Look("", (), look, look, (), doubt=look)
    else:
        sites = look.sites
        look.account = seen(partial(_account, read, found, look))
        tls = (*spoken(read, look.tls), *look.spoken)
        roots, keys = roots_writable(read, look), keys_open(read, look)
        start_pages(read, look)
    read.keep(look.source or found.program.name, f"{len(look.sites)} sites, {len(look.files)} files")
    return WebProgram(
        name=found.program.name,
        version=look.version,
        running=found.running,
        starts=found.starts,
        applied=in_force(read, running, found.program, look.files) if found.running is True else None,
        source=look.source,
        account=look.account,
        sites=sites,
        unread=look.doubt,
        modules=Unobserved(Reason.TOO_LARGE, f"more than {MOST_MODULES} modules") if len(look.modules) > MOST_MODULES else look.modules,
        listing=look.listing.places(look.doubt),
        cgi=look.cgi.places(look.doubt),
        trace=look.trace.places(look.doubt),
        writing=look.writing.places(look.doubt),
        version_told=look.version_told.places(look.doubt),
        status_open=look.status_open.places(look.doubt),
        samples=look.samples.places(look.doubt),
        unlogged=look.unlogged.places(look.doubt),
        escaping=look.escaping.places(look.doubt),
        slow=look.slow.places(look.doubt),
        consoles=look.consoles.places(look.doubt) if managed else None,
        console_passwords=look.console_passwords.places(look.doubt) if managed else None,
        orders=look.orders.places(look.doubt) if managed else None,
        roots_writable=roots,
        keys_open=keys,
        tls=tls,
    )


def _account(read: Reader, found: Found, look: Look) -> str:
    """Name the account of the processes that answer: those which the first one started. Raises ``CannotObserve``."""
    if look.one_account:
        return needed(look.account)
    every = _processes(read, found.program.processes)
    numbers = {one.number for one in every}
    states = [read.state(f"/proc/{one.number}") for one in every if one.parent in numbers]
    users = [state.uid for state in states if state is not None]
    if users:
        names = _numbers(read)
        return next((name for name, number in names.items() if number == users[0]), str(users[0]))
    return needed(look.account)


def _numbers(read: Reader) -> dict[str, int]:
    """Give the numbers of accounts by name. Raises ``CannotObserve``."""
    lines = [line.split(":") for line in (read.file("/etc/passwd", limit=10_000_000) or b"").decode("utf-8", "replace").split("\n")]
    return {shown(fields[0]): int(fields[2]) for fields in reversed(lines) if len(fields) > 2 and fields[2].isdecimal()}

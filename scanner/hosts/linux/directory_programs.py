"""The collector for OpenLDAP's slapd: cn=config as it lies in its directory, or slapd.conf, and what their rules come to.

slapd writes every change into cn=config at once, so the files are what it goes by; ``slapcat -n0`` prints the same files. Passwords are
cut down to their form right after reading.
"""

from __future__ import annotations

import getopt
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from scanner.facts.directory_configuration import Directory, DirectoryConfiguration, DirectoryServer, Policy, RootPassword, Shown
from scanner.facts.readings import Audience, FileRights
from scanner.hosts.base import FileKind, Files, Names, Reader, collector
from scanner.hosts.linux.arguments import command_line
from scanner.hosts.linux.base import Process, applied, file_needed, needed, parsed, processes, seen, shown
from scanner.hosts.linux.process_account import account
from scanner.hosts.linux.services import PROCESSES, UNITS, Found, Program, installed, paths
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import shellvars, slapd, slapdaccess
from scanner.wire.slapd import Database, Entry, Include, Settings, Slapd
from scanner.wire.slapdaccess import Person, Rule

T = TypeVar("T")
SLAPD = Program("openldap", ("/usr/sbin/slapd", "/usr/libexec/slapd"), ("slapd.service",), ("slapd",))
PLACES = ("/etc/ldap", "/etc/openldap")
STARTING = {"/etc/default/slapd": "SLAPD_SERVICES", "/etc/sysconfig/slapd": "SLAPD_URLS"}
"""Files of Debian's and Red Hat's start scripts, and their variable for the addresses to listen on."""
OPTIONS = "46T:Vc:d:f:F:g:h:l:n:o:r:s:S:tu:"
SPECIAL = frozenset({"frontend", "config", "monitor"})
MOST_FILES = 300
DEEPEST = 8
MOST_OVERLAYS = 30
MOST_ATTRIBUTES = 50
STATS = 256
SECRET = frozenset({"syncrepl", "dbcryptkey", "dbcryptfile", "credentials", "idassert-bind", "dbidassertbind", "acl-bind", "dbaclbind"})
"""Settings that may hold passwords; nothing is asked of them."""
PSEUDO = frozenset({"entry", "children", "userpassword"})
ALL_ADDRESSES = frozenset({"", "*", "0.0.0.0", "[::]"})  # noqa: S104 - read, not listened on
_ATTRIBUTES = re.compile(r"attrs?=\"?([^\s\"]+)", re.IGNORECASE)
URL = re.compile(r"(?:(p?ldaps?)://(\[[^\]]*\]|[^:/]*)(?::\d+)?|ldapi://[^/]*)(?:/.*)?", re.IGNORECASE)
LOOPBACK = re.compile(r"localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\]", re.IGNORECASE)


@collector(
    Platform.LINUX,
    *PROCESSES,
    *UNITS,
    *paths((SLAPD,)),
    *(Files(path) for path in STARTING),
    *(Names(place) for place in PLACES),
    *(Names(f"{place}/slapd.d/cn=config", root=True) for place in PLACES),
    *(Files(f"{place}/slapd.conf", root=True) for place in PLACES),
    *(Files(f"{place}/slapd.d/cn=config.ldif", root=True) for place in PLACES),
    *(Files(f"{place}/slapd.d/cn=config/olc*.ldif", root=True) for place in PLACES),
    *(Files(f"{place}/slapd.d/cn=config/olc*/olcOverlay*.ldif", root=True) for place in PLACES),
    Names("/var/lib"),
    Names("/var/lib/ldap"),
)
def directory_configuration(read: Reader) -> DirectoryConfiguration:
    """See what the configurations say."""
    running = processes(read)
    return DirectoryConfiguration(seen(lambda: tuple(_server(read, found, running) for found in installed(read, (SLAPD,), running))))


@dataclass(slots=True)
class _Start:
    """What slapd was or will be started with, and the files that were read."""

    urls: tuple[str, ...] | Unobserved
    place: str
    """Its directory or file."""
    files: list[str] = field(default_factory=list)
    edited: list[str] = field(default_factory=list)
    """Files that somebody else than slapd has changed since slapd wrote them, or that it does not write."""


def _server(read: Reader, found: Found, running: tuple[Process, ...] | Unobserved | None) -> DirectoryServer:
    start = seen(partial(_started_with, read, found)) if found.unread is None else found.unread
    read_ = start if isinstance(start, Unobserved) else seen(partial(_configuration, read, start))

    def of(look: Callable[[Slapd], T]) -> T | Unobserved:
        return read_ if isinstance(read_, Unobserved) else seen(partial(look, read_))

    urls = start if isinstance(start, Unobserved) else start.urls
    place = "slapd" if isinstance(start, Unobserved) else shown(start.place)
    edited = [] if isinstance(start, Unobserved) else start.edited
    if isinstance(urls, tuple):
        read.keep(place, f"listens on {' '.join(map(shown, urls))}")
    return DirectoryServer(
        name=found.program.name,
        running=found.running,
        starts=found.starts,
        applied=applied(read, running, found.program.processes, edited) if found.running is True else None,
        source=place,
        listens=urls if isinstance(urls, Unobserved) else _listens(urls),
        tls=of(_tls),
        clear_passwords=of(partial(_clear, urls)),
        directories=of(_directories),
        root_passwords=of(_root_passwords),
        password_forms=of(_password_forms),
        logs=of(_logs),
        account=seen(partial(account, read, found.program.processes)) if found.unread is None else found.unread,
        data=of(partial(_data, read, place)),
    )


def _started_with(read: Reader, found: Found) -> _Start:
    """Take the running server's command line, else what its start script reads. Raises ``CannotObserve``."""
    words = command_line(read, found.program.processes) if found.running is not False else ()
    if words:
        try:
            given = dict(getopt.getopt(list(words[1:]), OPTIONS)[0])
        except getopt.GetoptError as error:
            raise CannotObserve(Reason.UNSUPPORTED, "an option of the running slapd is not known") from error
        if "-r" in given:
            raise CannotObserve(Reason.UNSUPPORTED, "slapd was started with a root directory of its own")
        return _Start(_known(tuple(given.get("-h", "ldap:///").split())), given.get("-F") or given.get("-f") or _usual(read))
    urls: tuple[str, ...] | Unobserved = Unobserved(Reason.VALUE_NOT_SET, f"no start-up file says it: {' or '.join(STARTING)}")
    place = ""
    for path, variable in STARTING.items():
        text = (read.file(path) or b"").decode("utf-8", "replace")
        if (value := _last(path, text, variable)) is not None:
            urls = _known(tuple(value.split()) or ("ldap:///",))
        place = _last(path, text, "SLAPD_CONF") or place
    return _Start(urls, place or _usual(read))


def _known(urls: tuple[str, ...]) -> tuple[str, ...] | Unobserved:
    odd = next((url for url in urls if not URL.fullmatch(url)), None)
    return urls if odd is None else Unobserved(Reason.UNSUPPORTED, f"it listens on {shown(odd)}, which is not understood")


def _last(path: str, text: str, variable: str) -> str | None:
    changes = needed(
        parsed(path, text.encode("utf-8", "replace"), lambda data: shellvars.changes(data.decode("utf-8", "replace"), variable))
    )
    if any(change.conditional or "$" in (change.value or "") for change in changes):
        raise CannotObserve(Reason.UNSUPPORTED, f"{path}: {variable} depends on a condition or another variable")
    return changes[-1].value if changes else None


def _usual(read: Reader) -> str:
    """slapd takes its directory where it is there, else slapd.conf (slapd(8))."""
    for place in PLACES:
        names = read.names(place) or ()
        for name in ("slapd.d", "slapd.conf"):
            if name in names:
                return f"{place}/{name}"
    raise CannotObserve(Reason.UNSUPPORTED, f"no configuration in {' or '.join(PLACES)}")


def _configuration(read: Reader, start: _Start) -> Slapd:
    """Read the whole configuration and cut its secrets. Raises ``CannotObserve``."""
    state = read.state(start.place)
    if state is not None and state.kind is FileKind.LINK:
        directory = read.names(start.place) is not None
    else:
        directory = state is not None and state.kind is FileKind.DIRECTORY
    if directory:
        entries = tuple(_entries(read, start))
        made = needed(parsed(start.place, b"", lambda _: slapd.of_directory(entries)))
    else:
        start.edited = start.files
        made = needed(parsed(start.place, b"", lambda _: slapd.of_file(_lines(read, start, start.place, 0))))
    for settings in (made.settings, *(part for one in made.databases for part in (one.settings, *(o for _, o in one.overlays)))):
        if "rootpw" in settings:
            settings["rootpw"] = [_form(value) for value in settings["rootpw"]]
        for name in SECRET & settings.keys():
            del settings[name]
    return made


def _form(value: str) -> str:
    """Name the form of a kept password: ``CLEARTEXT``, ``SSHA``, ``CRYPT $6$`` …"""
    found = re.match(r"\{([A-Za-z0-9_./-]{1,30})\}(\$[0-9a-z-]{1,12}\$)?", value)
    if found is None:
        return "CLEARTEXT"
    scheme = found[1].upper()
    return f"CRYPT {found[2] or 'DES'}" if scheme == "CRYPT" else scheme


def _lines(read: Reader, start: _Start, path: str, depth: int) -> list[tuple[str, str]]:
    if depth > DEEPEST or len(start.files) >= MOST_FILES:
        raise CannotObserve(Reason.TOO_LARGE, shown(f"{path}: too many files are included"))
    data = file_needed(read, path, limit=slapd.MOST_OCTETS)
    start.files.append(shown(path))
    found: list[tuple[str, str]] = []
    for line in needed(parsed(path, data, slapd.directives)):
        if not isinstance(line, Include):
            found.append(line)
        elif "/schema/" not in line.path:  # schemas have no settings
            found += _lines(read, start, line.path, depth + 1)
    return found


def _entries(read: Reader, start: _Start) -> Iterator[Entry]:
    """Read the files of cn=config that have settings: the server's, databases' and overlays'; each has its name only, not those above."""
    yield from _of(read, start, f"{start.place}/cn=config.ldif", "")
    top = f"{start.place}/cn=config"
    for name in read.names(top) or ():
        if not name.startswith("olcDatabase="):
            continue
        if name.endswith(".ldif"):
            yield from _of(read, start, f"{top}/{name}", ",cn=config")
        else:
            for overlay in _overlays(read, f"{top}/{name}"):
                yield from _of(read, start, f"{top}/{name}/{overlay}", f",{name},cn=config")


def _overlays(read: Reader, directory: str) -> list[str]:
    """Give the files of a database's overlays; only the policy's are asked for where the directory may not be listed, as over SSH."""
    names = seen(lambda: read.names(directory) or ())
    if not isinstance(names, Unobserved):
        return [name for name in names if name.startswith("olcOverlay=") and name.endswith(".ldif")]
    candidates = (f"olcOverlay={{{number}}}ppolicy.ldif" for number in range(MOST_OVERLAYS))
    return [name for name in candidates if read.state(f"{directory}/{name}") is not None]


def _of(read: Reader, start: _Start, path: str, above: str) -> Iterator[Entry]:
    if len(start.files) >= MOST_FILES:
        raise CannotObserve(Reason.TOO_LARGE, shown(f"{start.place}: more than {MOST_FILES} files"))
    data = file_needed(read, path, limit=slapd.MOST_OCTETS)
    start.files.append(shown(path))
    head = re.match(rb"#[^\n]*\n# CRC32 ([0-9a-f]{8})\n", data)
    if head is None or int(head[1], 16) != zlib.crc32(data[head.end() :]):
        start.edited.append(shown(path))
    for entry in needed(parsed(path, data, slapd.ldif)):
        yield Entry(entry.name + above, entry.attributes)


def _of_data(made: Slapd) -> list[Database]:
    return [one for one in made.databases if one.kind not in SPECIAL and one.settings.get("suffix")]


def _frontend(made: Slapd) -> Settings:
    return next((one.settings for one in made.databases if one.kind == "frontend"), {})


def _network(urls: Iterable[str]) -> list[tuple[str, str]]:
    """Give scheme and host of each URL that listens on TCP; ``pldap`` is ``ldap`` behind a proxy that tells whom it speaks for."""
    found = [URL.fullmatch(url) for url in urls]
    return [(one[1].lower().removeprefix("p"), one[2]) for one in found if one and one[1]]


def _listens(urls: Iterable[str]) -> Audience:
    hosts = [host for _, host in _network(urls)]
    if any(host in ALL_ADDRESSES for host in hosts):
        return Audience.EVERYBODY
    if all(LOOPBACK.fullmatch(host) for host in hosts):
        return Audience.ITSELF if hosts else Audience.NOBODY
    return Audience.SOME


def _tls(made: Slapd) -> bool:
    settings = made.settings
    files = "tlscertificatefile" in settings and "tlscertificatekeyfile" in settings
    return files or any(name.startswith("tlscertificate;") for name in settings)


def _clear(urls: tuple[str, ...] | Unobserved, made: Slapd) -> bool | Unobserved:
    """Tell whether a simple bind is taken in clear text; ``security`` of the server, of the frontend or of every database stops it."""
    if not isinstance(urls, Unobserved) and not any(scheme == "ldap" and not LOOPBACK.fullmatch(host) for scheme, host in _network(urls)):
        return False
    if "bind_simple" in _words(made.settings, "disallows"):
        return False
    if _secured(made.settings) or _secured(_frontend(made)):
        return False
    binding = [
        one for one in made.databases if one.kind not in {"frontend", "monitor"} and (one.kind != "config" or "rootpw" in one.settings)
    ]
    if binding and all(_secured(one.settings) for one in binding):
        return False
    return urls if isinstance(urls, Unobserved) else True


def _words(settings: Settings, name: str) -> list[str]:
    return [word.lower() for value in settings.get(name, ()) for word in slapd.unordered(value).split()]


def _secured(settings: Settings) -> bool:
    """Without encryption a connection's strength is nought, so any number above it will do (slapd.conf(5), ``security``)."""
    for word in _words(settings, "security"):
        name, _, number = word.partition("=")
        if name in {"ssf", "transport", "tls", "simple_bind"} and re.fullmatch(r"0*[1-9][0-9]{0,8}", number):
            return True
    return False


def _directories(made: Slapd) -> tuple[Directory, ...]:
    frontend = _frontend(made)
    found = []
    for one in _of_data(made):
        suffix = one.settings["suffix"][0]
        written = [slapd.unordered(text) for text in (*one.settings.get("access", ()), *frontend.get("access", ()))]
        # "none" in a database takes nothing back from the server's own list, whatever slapd.conf(5) says: 2.5 goes by both.
        required = {word for part in (made.settings, frontend, one.settings) for word in _words(part, "requires")}
        logged_on = bool({"authc", "sasl", "strong"} & required)
        rules = seen(partial(_rules, written))
        policies = [settings for kind, settings in one.overlays if kind == "ppolicy"]
        policy = Policy.NONE
        if policies:
            policy = Policy.DEFAULT if any(settings.get("ppolicydefault") for settings in policies) else Policy.BY_ENTRY
        found.append(
            Directory(
                shown(suffix),
                Shown.NOTHING if logged_on else seen(partial(_anonymous, rules, suffix)),
                seen(partial(_passwords, rules, suffix, logged_on)),
                policy,
            )
        )
    return tuple(found)


def _rules(written: Sequence[str]) -> list[Rule]:
    return needed(parsed("access", b"", lambda _: [slapdaccess.parse(text) for text in written]))


def _may_read(rules: list[Rule], person: Person, attribute: str, suffix: str) -> Shown:
    """Without any rule everybody may read everything (slapd.access(5))."""
    if not rules:
        return Shown.ALL
    ends = needed(parsed("access", b"", lambda _: slapdaccess.outcomes(rules, person, attribute, suffix)))
    reading = ["r" in end for end in ends]
    return Shown.ALL if all(reading) else Shown.SOME if any(reading) else Shown.NOTHING


def _anonymous(rules: list[Rule] | Unobserved, suffix: str) -> Shown:
    """An entry is shown where its ``entry`` may be read, with those attributes that may be."""
    known = needed(rules)
    entry = _may_read(known, Person.ANONYMOUS, "entry", suffix)
    named = {name for rule in known for word in rule.what for found in _ATTRIBUTES.findall(word) for name in found.lower().split(",")}
    if len(named) > MOST_ATTRIBUTES:
        raise CannotObserve(Reason.TOO_LARGE, f"access rules name more than {MOST_ATTRIBUTES} attributes")
    others = _may_read(known, Person.ANONYMOUS, "any other", suffix)
    if entry is Shown.NOTHING:
        return entry
    if others is Shown.NOTHING and all(_may_read(known, Person.ANONYMOUS, name, suffix) is Shown.NOTHING for name in named - PSEUDO):
        return others
    return Shown.ALL if entry is others is Shown.ALL else Shown.SOME


def _passwords(rules: list[Rule] | Unobserved, suffix: str, logged_on: bool) -> Shown:
    known = needed(rules)
    found = []
    for person in (Person.USER,) if logged_on else Person:
        parts = {_may_read(known, person, name, suffix) for name in ("entry", "userpassword")}
        found.append(Shown.NOTHING if Shown.NOTHING in parts else Shown.SOME if Shown.SOME in parts else Shown.ALL)
    return next(shown_ for shown_ in (Shown.ALL, Shown.SOME, Shown.NOTHING) if shown_ in found)


def _root_passwords(made: Slapd) -> tuple[RootPassword, ...]:
    return tuple(
        RootPassword(shown((one.settings.get("suffix") or [one.kind])[0]), shown(form))
        for one in made.databases
        for form in one.settings.get("rootpw", ())
    )


def _password_forms(made: Slapd) -> tuple[str, ...]:
    """``{CRYPT}`` is as strong as the pattern of its salt asks for; without one it is the oldest kind."""
    words = _frontend(made).get("passwordhash", ["{SSHA}"])
    salt = (*_frontend(made).get("passwordcryptsaltformat", ()), *made.settings.get("passwordcryptsaltformat", ()), "")[0]
    names = [word.strip("{}").upper() for value in words for word in slapd.unordered(value).split()]
    return tuple(shown(_form("{CRYPT}" + salt) if name == "CRYPT" else name) for name in names)


def _logs(made: Slapd) -> bool | Unobserved:
    """Connections and operations belong to ``stats``, which is on where nothing is written."""
    words = _words(made.settings, "loglevel")
    level = 0
    for word in words:
        if word in {"any", "stats"}:
            return True
        if re.fullmatch(r"-?(?:0x[0-9a-f]{1,8}|0[0-7]{0,10}|[1-9]\d{0,8})", word):
            level |= int(word, 8 if re.match(r"-?0[0-7]", word) else 0)
    return not words or bool(level & STATS)


def _data(read: Reader, place: str, made: Slapd) -> tuple[FileRights, ...]:
    found = []
    for one in _of_data(made):
        for directory in one.settings.get("dbdirectory", ())[:1]:
            state = read.state(directory)
            if state is None:
                raise CannotObserve(Reason.UNSUPPORTED, shown(f"{directory} is not there"))
            found.append(FileRights(shown(directory), state.mode, state.uid, state.gid))
            held = read.state(f"{directory.rstrip('/')}/data.mdb") if state.mode & 0o001 else None
            if held is not None:
                found.append(FileRights(shown(f"{directory.rstrip('/')}/data.mdb"), held.mode, held.uid, held.gid))
    state = read.state(place) if place.endswith(".conf") else None
    if state is not None and state.kind is FileKind.FILE:
        found.append(FileRights(place, state.mode, state.uid, state.gid))
    return tuple(found)

"""What HAProxy's configuration means (its configuration manual, 2.0 to 3.0): what stands before other web servers, not what those serve.

``haproxy -c`` only says whether the files are right, so they are read; a test has the real program check what the tests read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

from scanner.facts.readings import Audience
from scanner.hosts.base import FileKind, Reader, Run
from scanner.hosts.linux.audience import of_bound, widest
from scanner.hosts.linux.base import file_needed, needed, parsed, seen, shown, version_said
from scanner.hosts.linux.named_paths import absolute
from scanner.hosts.linux.web_reading import SLOWEST, USUAL_PASSWORDS, Look, ToldTls, unsupported
from scanner.model.fact import Unobserved
from scanner.wire import haproxy as wire
from scanner.wire.haproxy import Section

PLACE = "/etc/haproxy/haproxy.cfg"
VERSION = Run(("haproxy", "-v"))
VERSIONS = {"sslv3": "SSL 3.0", "tlsv10": "TLS 1.0", "tlsv11": "TLS 1.1", "tlsv12": "TLS 1.2", "tlsv13": "TLS 1.3"}
ORDER = tuple(VERSIONS.values())
FOLDER = "/etc/haproxy/conf.d"
"""Of further files, in the Red Hat family: its unit names it, that of the Debian family does not."""
LEVELS = frozenset({"info", "debug"})
"""Those of log targets that let through what is told of requests."""
UNITS = {"us": 0.000_001, "ms": 0.001, "": 0.001, "s": 1, "m": 60, "h": 3_600, "d": 86_400}

Line = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Proxy:
    """A frontend or listen section, with the defaults that hold for it."""

    name: str
    own: Section
    defaults: Section | None

    def lines(self, *first: str) -> tuple[Line, ...]:
        """Give its own lines that begin so, else those of its defaults."""
        return self.own.all(*first) or (self.defaults.all(*first) if self.defaults else ())

    def every(self, *first: str) -> tuple[Line, ...]:
        """Give the lines of its defaults and its own that begin so, of settings that add up."""
        return (*(self.defaults.all(*first) if self.defaults else ()), *self.own.all(*first))

    def reach(self) -> Audience:
        """Say from where its addresses are reached."""
        return widest(of_bound(_host(address)) for line in self.own.all("bind") for address in line[1].split(",") if len(line) > 1)


def haproxy(read: Reader, options: tuple[str, ...] | Unobserved | None) -> Look:
    """Read HAProxy's configuration; ``options`` is the command line of the running program. Raises ``CannotObserve``."""
    files: list[str] = []
    sections = [one for path in _paths(read, options) for one in _sections(read, path, files)]
    version = seen(partial(_version, read))
    general = Section("global", (), tuple(line for one in sections if one.kind == "global" for line in one.lines))
    user = next((line[1] for line in general.all("user") if len(line) > 1), None)
    proxies = tuple(_proxies(sections, frozenset({"frontend", "listen"})))
    look = Look(
        source=next(iter(files), PLACE),
        files=tuple(files),
        version=version if isinstance(version, Unobserved) else ".".join(map(str, version)),
        account=shown(user) if user else unsupported("no user is written") if general.all("uid") else "root",
        sites=tuple(shown(proxy.name) for proxy in proxies),
        doubt=seen(partial(_more_files, read)) if options is None else options if isinstance(options, Unobserved) else None,
    )
    _sockets(general, look)
    for proxy in proxies:
        _judge(proxy, general, look)
        _statistics(proxy, look, _http(proxy) and proxy.reach() is not Audience.ITSELF)
    for proxy in _proxies(sections, frozenset({"backend"})):
        unknown = unsupported(f"{proxy.name}: from where its statistics are reached is not followed")
        _statistics(proxy, look, _http(proxy) and unknown)
    for one in sections:
        if one.kind == "userlist":
            users = [line for line in one.all("user") if line[2:3] == ("insecure-password",) and len(line) > 3]
            _known(look, ((one.words[0] if one.words else "?", line[1], line[3]) for line in users))
    look.tls = tuple(_told(proxies, general, version))
    _keys(read, proxies, general, look)
    return look


def _paths(read: Reader, options: tuple[str, ...] | Unobserved | None) -> list[str]:
    """Give the files behind ``-f`` and ``--``; a directory stands for its ``.cfg`` files. Raises ``CannotObserve``."""
    words = options if isinstance(options, tuple) else ()
    found: list[str] = []
    behind = words[words.index("--") + 1 :] if "--" in words else ()
    for path in [*(value for option, value in pairwise(words) if option == "-f"), *behind] or [PLACE]:
        names = read.names(path) if path != PLACE else None
        found += [path] if names is None else [f"{path.rstrip('/')}/{name}" for name in names if name.endswith(".cfg")]
    return found


def _more_files(read: Reader) -> Unobserved | None:
    """Say where a program that does not run may be started with further files. Raises ``CannotObserve``."""
    more = [name for name in read.names(FOLDER) or () if name.endswith(".cfg")]
    return unsupported(f"it does not run, and whether it is started with {FOLDER}/{more[0]} is not read") if more else None


def _sections(read: Reader, path: str, files: list[str]) -> tuple[Section, ...]:
    data = file_needed(read, path, limit=wire.MOST_OCTETS)
    files.append(shown(path))
    return needed(parsed(path, data, wire.parse))


def _version(read: Reader) -> tuple[int, int]:
    """Ask the program. Raises ``CannotObserve``."""
    found = version_said(read, VERSION.argv, rb"HA-?Proxy version (\d{1,3})\.(\d{1,3})", "HAProxy")
    return int(found[1]), int(found[2])


def _proxies(sections: list[Section], kinds: frozenset[str]) -> Iterator[_Proxy]:
    """The defaults section before a proxy holds for it, or the one that it names by ``from``."""
    last: Section | None = None
    named: dict[str, Section] = {}
    for one in sections:
        if one.kind == "defaults":
            last = one
            named[one.words[0] if one.words else ""] = one
        elif one.kind in kinds:
            wanted = one.words[2] if one.words[1:2] == ("from",) and len(one.words) > 2 else None
            # Up to 2.0 an address could stand behind the name.
            yield _Proxy(one.words[0] if one.words else "?", one, named.get(wanted, last) if wanted else last)


def _host(address: str) -> str:
    """Take prefix and port off an address: ``ipv4@192.0.2.1:443``, ``:443``, ``/run/x.sock``."""
    text = address.rpartition("@")[2]
    if text.startswith("/") or address.startswith(("unix@", "abns@", "fd@")):
        return "localhost"
    return re.sub(r":[\d-]*\Z", "", text).strip("[]")


def _sockets(general: Section, look: Look) -> None:
    """A socket for orders on the network, or one that every account may write to; ``operator`` is its level where none is written."""
    for line in general.all("stats", "socket"):
        address, words = line[2] if len(line) > 2 else "", line[3:]
        level, mode = (next((value for key, value in pairwise(words) if key == name), "") for name in ("level", "mode"))
        by_network = not address.startswith(("/", "unix@", "abns@", "fd@"))
        open_file = bool(re.fullmatch(r"[0-7]{3,4}", mode)) and bool(int(mode, 8) & 0o002)
        if level != "user" and (by_network or open_file):
            look.orders.at(f"stats socket {address}")


def _judge(proxy: _Proxy, general: Section, look: Look) -> None:
    if not any(map(_takes_requests, _log_targets(proxy, general))) or _switched(proxy, "dontlog-normal"):
        look.unlogged.at(f"{proxy.name} (log)")
    if not _http(proxy):
        return
    waits = proxy.lines("timeout", "http-request")
    seconds = _seconds(waits[-1][2]) if waits and len(waits[-1]) > 2 else None
    if not waits:
        look.slow.at(f"{proxy.name} (timeout http-request)")
    elif seconds is None:
        look.slow.doubt(unsupported(f"{proxy.name}: timeout http-request {waits[-1][2:3]}"))
    elif seconds > SLOWEST or not seconds:  # zero sets no limit
        look.slow.at(f"{proxy.name} ({waits[-1][2]})")


def _log_targets(proxy: _Proxy, general: Section) -> Iterator[Line]:
    """Lines add up, those of the defaults first; ``no log`` takes back what stands before it."""
    found: list[Line] = []
    for line in (*(proxy.defaults.lines if proxy.defaults else ()), *proxy.own.lines):
        if line[:2] == ("no", "log"):
            found = []
        elif line[:1] == ("log",):
            found.append(line)
    for line in found:
        yield from general.all("log") if line[1:2] == ("global",) else (line,)


def _takes_requests(target: Line) -> bool:
    """Tell whether a log target gets what is told of requests, at level ``info``: a level of its own may stand behind the facility."""
    words = target[2:]
    while words[:1] and words[0] in {"len", "format", "sample", "profile"}:
        words = words[2:]
    return len(words) < 2 or words[1] in LEVELS


def _http(proxy: _Proxy) -> bool:
    """Tell whether it reads requests; without a word it passes on octets (``tcp``)."""
    return any(line[1:2] == ("http",) for line in proxy.lines("mode")[-1:])


def _switched(proxy: _Proxy, option: str) -> bool:
    """Tell whether an option is on: its own word counts before that of its defaults."""
    if proxy.own.all("no", "option", option):
        return False
    return bool(proxy.own.all("option", option) or (proxy.defaults and proxy.defaults.all("option", option)))


def _known(look: Look, logins: Iterable[tuple[str, str, str]]) -> None:
    """Note accounts, by place, name and password, whose password everybody knows."""
    for place, name, password in logins:
        if password in {*USUAL_PASSWORDS, name}:
            look.console_passwords.at(f"{place} {name}")


def _statistics(proxy: _Proxy, look: Look, reached: bool | Unobserved) -> None:
    """The page of statistics is there as soon as anything is written of it; ``stats admin`` lets it switch servers off."""
    lines = proxy.lines("stats")  # a single line of its own sets aside all those of its defaults
    exporter = [line for line in proxy.own.all("http-request", "use-service") if "prometheus-exporter" in line]
    of_page = [line for line in lines if line[1:2] == ("http-request",)]
    limited = [*proxy.every("http-request"), *of_page, *proxy.every("tcp-request")]
    refusing = any(word in {"deny", "reject", "auth", "tarpit", "silent-drop"} for line in limited for word in line[1:4])
    if not (lines or exporter) or reached is False:
        return
    place = next((line[2] for line in lines if line[1:2] == ("uri",) and len(line) > 2), "/haproxy?stats" if lines else "/metrics")
    refused = unsupported(f"{proxy.name}: whom its rules refuse {place} is not followed") if refusing else None
    unknown = reached if isinstance(reached, Unobserved) else refused
    logins = [line[2] for line in lines if line[1:2] == ("auth",) and len(line) > 2]
    admin = [line for line in lines if line[1:2] == ("admin",)]
    if (not logins or exporter) and unknown:
        look.status_open.doubt(unknown)
    elif not logins or exporter:
        look.status_open.at(f"{proxy.name} {place}")
    _known(look, ((proxy.name, *login.partition(":")[::2]) for login in logins))
    if admin and not unknown and all(line[2:4] == ("if", "TRUE") for line in admin):
        look.consoles.at(f"{proxy.name} {place}")
    elif admin:
        look.consoles.doubt(unknown or unsupported(f"{proxy.name}: for whom stats admin holds is not followed"))


def _seconds(text: str) -> float | None:
    found = re.fullmatch(r"(\d{1,12})(us|ms|s|m|h|d|)", text)
    return int(found[1]) * UNITS[found[2]] if found else None


def _binds(proxies: tuple[_Proxy, ...]) -> Iterator[tuple[_Proxy, Line]]:
    for proxy in proxies:
        for line in proxy.own.all("bind"):
            if "ssl" in line:
                yield proxy, line


def _told(proxies: tuple[_Proxy, ...], general: Section, version: tuple[int, int] | Unobserved) -> Iterator[ToldTls]:
    """What a bind line does not say is in the general section, else the version's default."""
    usual = tuple(word for line in general.all("ssl-default-bind-options") for word in line[1:])
    strings = general.all("ssl-default-bind-ciphers")
    for proxy, line in _binds(proxies):
        ciphers = _behind(line, "ciphers") or (strings[-1][1] if strings and len(strings[-1]) > 1 else "DEFAULT")
        yield ToldTls(shown(f"{proxy.name} {line[1]}"), _versions((*usual, *line), version), ciphers)


def _behind(line: Line, word: str) -> str | None:
    return next((value for key, value in reversed([*pairwise(line)]) if key == word), None)


def _versions(words: Line, version: tuple[int, int] | Unobserved) -> frozenset[str] | Unobserved:
    """From 2.2 on TLS 1.2 is the least unless another is written; before that it was TLS 1.0."""
    forced = {VERSIONS[word.removeprefix("force-")] for word in words if word.startswith("force-") and word[6:] in VERSIONS}
    if forced:
        return frozenset(forced)
    least, most = _behind(words, "ssl-min-ver"), _behind(words, "ssl-max-ver") or "TLSv1.3"
    if least is None:
        if isinstance(version, Unobserved):
            return version
        least = "TLSv1.2" if version >= (2, 2) else "TLSv1.0"
    bounds = [VERSIONS.get(one.lower().replace(".", "")) for one in (least, most)]
    if None in bounds:
        return unsupported(f"ssl-min-ver {least}, ssl-max-ver {most}")
    first, last = (ORDER.index(bound) for bound in bounds if bound is not None)
    off = {VERSIONS[word.removeprefix("no-")] for word in words if word.startswith("no-") and word[3:] in VERSIONS}
    return frozenset(ORDER[first : last + 1]) - off


def _keys(read: Reader, proxies: tuple[_Proxy, ...], general: Section, look: Look) -> None:
    """Keys stand beside their certificates: ``crt`` names a file or a directory of them."""
    base = next((line[1] for line in general.all("crt-base") if len(line) > 1), "/etc/haproxy")
    found: dict[str, None] = {}
    for proxy, line in _binds(proxies):
        if "crt-list" in line:
            look.keys_doubt = look.keys_doubt or unsupported(f"{proxy.name}: the list of certificates is not followed")
        for path in (absolute(base, value) for key, value in pairwise(line) if key == "crt"):
            files = seen(partial(_files_at, read, path))
            if isinstance(files, Unobserved):
                look.keys_doubt = look.keys_doubt or files
            else:
                found.update(dict.fromkeys(map(shown, files)))
    look.keys = tuple(found)


def _files_at(read: Reader, path: str) -> tuple[str, ...]:
    """Give a file, or the files of a directory. Raises ``CannotObserve``."""
    state = read.state(path)
    if state is None or state.kind is not FileKind.DIRECTORY:
        return (path,)
    return tuple(f"{path.rstrip('/')}/{name}" for name in read.names(path) or ())

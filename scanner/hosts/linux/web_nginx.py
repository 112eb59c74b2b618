"""How nginx means its configuration: includes, inheritance and the defaults of its versions (nginx.org/en/docs).

``nginx -T`` would print the files put together, but opens log files and makes folders while it does, so it is never run; the language is
plain enough for the files to be as good.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

from scanner.facts.readings import Audience
from scanner.hosts.base import Reader
from scanner.hosts.linux.audience import audience_of, narrowest, shuts_out_all, widest
from scanner.hosts.linux.base import parsed, seen, shown, version_said
from scanner.hosts.linux.named_paths import absolute, matching
from scanner.hosts.linux.web_reading import (
    DEEPEST,
    MOST_FILES,
    MOST_SITES,
    SLOWEST,
    Look,
    ToldTls,
    loopback,
    unsupported,
)
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import nginxconf
from scanner.wire.nginxconf import Directive

PLACES = ("/etc/nginx/nginx.conf", "/usr/local/nginx/conf/nginx.conf")
BUILD = ("sh", "-c", "nginx -V 2>&1")
"""Its version and what it was built with; it prints them where they are not read."""
USER, PREFIX = "nobody", "/usr/local/nginx"
"""What holds where it was built without other words (configure --help of nginx)."""
ANSWERING = frozenset(
    {"proxy_pass", "fastcgi_pass", "uwsgi_pass", "scgi_pass", "grpc_pass", "memcached_pass", "return", "stub_status", "empty_gif"}
)
"""Directives of a location that answer every request there, so that no file or folder is served."""
STATUS = frozenset({"stub_status", "status", "api", "vhost_traffic_status_display", "upstream_show", "check_status"})
SINGLE = frozenset(
    {"autoindex", "server_tokens", "root", "alias", "dav_methods", "auth_basic", "satisfy", "client_header_timeout", "ssl_protocols"}
    | {"ssl_ciphers", "user"}
)
"""Directives read here of which nginx refuses a second one in the same block."""
VERSIONS = {"SSLv2": "SSL 2.0", "SSLv3": "SSL 3.0", "TLSv1": "TLS 1.0", "TLSv1.1": "TLS 1.1", "TLSv1.2": "TLS 1.2", "TLSv1.3": "TLS 1.3"}
SAMPLE_ROOTS = ("/usr/share/nginx/html", "/usr/share/doc")

Block = tuple[Directive, ...]


@dataclass(frozen=True)
class _Scope:
    """A server or a location with everything around it, from the outside in."""

    site: str
    reach: Audience
    path: str
    """How the location is written; empty for the server itself."""
    chain: tuple[Block, ...]
    words: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        return f"{self.site} {self.path}".strip()

    @property
    def own(self) -> Block:
        return self.chain[-1]

    def all(self, *names: str) -> tuple[Directive, ...]:
        """Give the directives of the innermost block that has any of them: they replace those further out."""
        for block in reversed(self.chain):
            if found := tuple(d for d in block if d.name in names):
                return found
        return ()

    def value(self, name: str) -> str | None:
        found = self.all(name)
        return found[-1].value if found else None


class _Files:
    """Reads files and what they include, in place."""

    def __init__(self, read: Reader, main: str) -> None:
        self._read = read
        self._base = main.rsplit("/", 1)[0]
        self.names: list[str] = []
        self.doubt: Unobserved | None = None

    def tree(self, path: str, depth: int = 0) -> Block:
        if depth > DEEPEST or len(self.names) >= MOST_FILES:
            return self._doubtful(Unobserved(Reason.TOO_LARGE, f"{shown(path)}: too many files are included"))
        data = seen(lambda: self._read.file(path, limit=nginxconf.MOST_OCTETS))
        if data is None:
            return self._doubtful(unsupported(f"{path} is not there, so nginx does not start with these files"))
        if isinstance(data, Unobserved):
            return self._doubtful(data)
        self.names.append(shown(path))
        block = parsed(path, data, nginxconf.parse)
        return self._doubtful(block) if isinstance(block, Unobserved) else tuple(self._opened(block, depth))

    def _opened(self, block: Block, depth: int) -> Iterator[Directive]:
        known: set[str] = set()
        for directive in block:
            if directive.name == "include" and directive.block is None:
                pattern = absolute(self._base, directive.value)
                paths = seen(partial(matching, self._read, pattern))
                if isinstance(paths, Unobserved):
                    self._doubtful(paths)
                    continue
                for path in paths:
                    yield from self.tree(path, depth + 1)
            elif directive.block is not None and directive.name not in {"types", "map", "geo", "split_clients", "charset_map"}:
                yield Directive(directive.words, tuple(self._opened(directive.block, depth)))
            else:
                if directive.name in SINGLE and directive.name in known:
                    self._doubtful(unsupported(f"{directive.name} stands twice in one block, so nginx does not start with these files"))
                known.add(directive.name)
                yield directive

    def _doubtful(self, why: Unobserved) -> Block:
        self.doubt = self.doubt or why
        return ()


def nginx(read: Reader, options: tuple[str, ...] | Unobserved | None) -> Look:
    """Read nginx' configuration; ``options`` is the command line of the running program. Raises ``CannotObserve``."""
    main, more = _main(read, options)
    files = _Files(read, main)
    top = files.tree(main)
    if isinstance(more, Unobserved):
        files.doubt = files.doubt or more
    else:
        top = (*top, *more)
    build = seen(lambda: _build(read))
    version = build if isinstance(build, Unobserved) else build.version
    http = tuple(d for block in top if block.name == "http" for d in block.block or ())
    servers = [d.block or () for d in http if d.name == "server"]
    if len(servers) > MOST_SITES:
        raise CannotObserve(Reason.TOO_LARGE, f"{main}: more than {MOST_SITES} servers")
    user = next((d for d in top if d.name == "user"), None)
    look = Look(
        source=main,
        files=tuple(files.names),
        version=version if isinstance(version, Unobserved) else ".".join(map(str, version)),
        account=shown(user.value) if user else build if isinstance(build, Unobserved) else build.user,
        sites=tuple(_name(server) for server in servers),
        doubt=files.doubt,
        modules=tuple(shown(d.value.rsplit("/", 1)[-1].removesuffix(".so")) for d in top if d.name == "load_module"),
    )
    upstreams = {d.value: tuple(s.value for s in d.block or () if s.name == "server") for d in http if d.name == "upstream"}
    for server in servers:
        for scope in _scopes(top, http, server):
            _judge(scope, look, upstreams)
    prefix = build if isinstance(build, Unobserved) else build.prefix
    _roots(top, http, servers, look, prefix)
    look.tls, look.keys, look.keys_doubt = _tls(top, http, servers, version, main.rsplit("/", 1)[0])
    return look


def _main(read: Reader, options: tuple[str, ...] | Unobserved | None) -> tuple[str, Block | Unobserved]:
    """Give the main file, and the directives of ``-g``. Raises ``CannotObserve``."""
    main, given = None, ""
    words = options if isinstance(options, tuple) else ()
    for option, value in pairwise(words):
        if option == "-c":
            main = value
        elif option == "-g":
            given = value
    if main is None:
        main = next((path for path in PLACES if read.state(path) is not None), None)
    if main is None:
        raise CannotObserve(Reason.UNSUPPORTED, f"no configuration at {' or '.join(PLACES)}")
    if isinstance(options, Unobserved):
        return main, options
    if "-p" in words:
        return main, unsupported("it runs with another prefix (-p)")
    return main, parsed("nginx -g", f"{given.rstrip().rstrip(';')};".encode() if given.strip() else b"", nginxconf.parse)


@dataclass(frozen=True)
class _Build:
    version: tuple[int, int, int]
    prefix: str
    user: str


def _build(read: Reader) -> _Build:
    """Ask what the program is. Raises ``CannotObserve``."""
    found = version_said(read, BUILD, rb"nginx version: \S+?/(\d{1,3})\.(\d{1,3})\.(\d{1,3})", "nginx")
    text = found.string.decode("utf-8", "replace")
    words = {name: re.search(rf"--{name}=([^\s']+)", text) for name in ("prefix", "user")}
    prefix, user = (word[1] if word else None for word in (words["prefix"], words["user"]))
    return _Build((int(found[1]), int(found[2]), int(found[3])), (prefix or PREFIX).rstrip("/"), user or USER)


def _name(server: Block) -> str:
    """Name a server: its first name, else the address that it listens on."""
    names = [word for d in server if d.name == "server_name" for word in d.words[1:] if word not in {"", "_"}]
    return shown(names[0] if names else _listens(server)[0].value)


def _listens(server: Block) -> tuple[Directive, ...]:
    return tuple(d for d in server if d.name == "listen") or (Directive(("listen", "*:80")),)


def _address(listen: Directive) -> str:
    """Give the address in one form: ``443``, ``*:443`` and ``0.0.0.0:443`` are the same."""
    text = listen.value
    return f"*:{text}" if text.isdecimal() else text.replace("0.0.0.0:", "*:", 1)


def _scopes(top: Block, http: Block, server: Block) -> Iterator[_Scope]:
    """Give what of a server answers requests: the server itself where its locations leave something, and every location."""
    reach = Audience.ITSELF if all(loopback(d.value) for d in _listens(server)) else Audience.EVERYBODY
    if any(d.name == "return" for d in server):  # done before any location is looked for
        yield _Scope(_name(server), Audience.NOBODY, "", (top, http, server))
        return
    yield from _inner(_Scope(_name(server), reach, "", (top, http, server)))


def _inner(scope: _Scope) -> Iterator[_Scope]:
    yield scope
    for directive in scope.own:
        if directive.name == "location":
            words = directive.words[1:]
            yield from _inner(_Scope(scope.site, scope.reach, " ".join(words), (*scope.chain, directive.block or ()), words))


def _covered(scope: _Scope) -> bool:
    """Tell whether locations below take every request of a scope, so that nothing is served with its own settings."""
    wanted = "/" if not scope.path else scope.words[-1]
    return any(d.name == "location" and d.words[1:] in {(wanted,), ("^~", wanted)} for d in scope.own)


def _lets_in(scope: _Scope) -> Audience:
    """Say who gets an answer from a scope: allow and deny in order, a login, ``satisfy``, ``internal``, the addresses listened on."""
    if any(d.name == "internal" for d in scope.own):
        return Audience.NOBODY
    bounds = []
    if rules := scope.all("allow", "deny"):
        bounds.append(_rules(rules))
    logins = [scope.value(name) for name in ("auth_basic", "auth_request", "auth_jwt", "auth_digest")]
    if any(value not in {None, "off"} for value in logins):
        bounds.append(Audience.SOME)
    either = scope.value("satisfy") == "any"
    return narrowest([scope.reach, widest(bounds) if either and bounds else narrowest(bounds)])


def _rules(rules: tuple[Directive, ...]) -> Audience:
    """The first rule that fits decides; whom none fits is let in."""
    allowed, denied = [Audience.NOBODY], []
    for rule in rules:
        if rule.name == "allow":
            allowed.append(Audience.ITSELF if rule.value == "unix:" else audience_of(rule.value))
        else:
            denied.append(rule.value)
        if Audience.EVERYBODY in allowed or shuts_out_all(denied):
            return widest(allowed)
    return Audience.EVERYBODY


def _judge(scope: _Scope, look: Look, upstreams: dict[str, tuple[str, ...]]) -> None:
    tokens = scope.value("server_tokens")
    if tokens is None:
        look.by_default(look.version_told, scope.site)
    elif tokens != "off":
        look.version_told.at(scope.site)
    if not scope.path:
        _judge_server(scope, look)
    who = _lets_in(scope)
    names = {d.name for d in scope.own}
    serves = bool(scope.path or not _covered(scope)) and not (names & ANSWERING if scope.path else False) and not _covered(scope)
    if serves and who not in {Audience.NOBODY, Audience.ITSELF} and "on" in {scope.value("autoindex"), scope.value("fancyindex")}:
        look.listing.at(scope.place)
    if names & STATUS and who is Audience.EVERYBODY:
        look.by_default(look.status_open, scope.place)
    if any(word not in {"off", ""} for d in scope.all("dav_methods") for word in d.words[1:]) and serves:
        limited = [d.block or () for d in scope.own if d.name == "limit_except"]
        bounds = [_rules(tuple(d for d in block if d.name in {"allow", "deny"})) for block in limited]
        logged = any(d.name == "auth_basic" and d.value != "off" for block in limited for d in block)
        if narrowest([who, *bounds]) is Audience.EVERYBODY and not logged:
            look.by_default(look.writing, scope.place)
    for block in (scope.own, *(d.block or () for d in scope.own if d.name == "if")):
        for directive in block:
            if directive.name in {"fastcgi_pass", "scgi_pass", "uwsgi_pass"}:
                _behind(scope, directive.value, look, upstreams)
    _alias(scope, look)


def _judge_server(scope: _Scope, look: Look) -> None:
    for name in ("access_log", "error_log"):
        logs = scope.all(name)
        if logs and all(log.value in {"off", "/dev/null"} for log in logs):
            look.unlogged.at(f"{scope.site} ({name})")
    wait = scope.value("client_header_timeout")
    if wait is not None:
        seconds = _seconds(wait)
        if seconds is None:
            look.slow.doubt(unsupported(f"client_header_timeout {wait}"))
        elif seconds > SLOWEST:
            look.slow.at(f"{scope.site} ({wait})")


def _behind(scope: _Scope, target: str, look: Look, upstreams: dict[str, tuple[str, ...]]) -> None:
    """Say whether what stands behind a location runs CGI programs: fcgiwrap does, PHP and applications do not."""
    for address in upstreams.get(target.rsplit("://", maxsplit=1)[-1], (target,)):
        if "cgiwrap" in address or "spawn-fcgi" in address:
            look.cgi.at(scope.place)
        elif "php" not in address and scope.all("fastcgi_pass"):
            if re.search(r"\.php|php\$", scope.path):
                continue
            look.cgi.doubt(unsupported(f"{scope.place}: what runs behind {address} is not known"))


def _alias(scope: _Scope, look: Look) -> None:
    """A prefix without its final slash whose alias has one is left by ``/prefix../``."""
    folder = next((d.value for d in scope.own if d.name == "alias"), "")
    prefix = scope.words[-1] if scope.words else ""
    if folder.endswith("/") and prefix and not prefix.endswith("/") and (len(scope.words) == 1 or scope.words[0] == "^~"):
        look.escaping.at(scope.place)


def _seconds(text: str) -> int | None:
    """Read a time of nginx: ``90``, ``90s``, ``1m30s``; milliseconds count as nothing."""
    units = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
    parts = re.findall(r"(\d{1,9})(ms|[smhdw]|)\s*", text)
    if not parts or "".join(number + unit for number, unit in parts) != text.replace(" ", ""):
        return None
    return sum(0 if unit == "ms" else int(number) * units[unit] for number, unit in parts)


def _roots(top: Block, http: Block, servers: list[Block], look: Look, prefix: str | Unobserved) -> None:
    found: dict[str, None] = {}
    for server in servers:
        for scope in _scopes(top, http, server):
            if scope.reach is Audience.NOBODY or _covered(scope) or (scope.path and {d.name for d in scope.own} & ANSWERING):
                continue
            alias = next((d.value for d in scope.own if d.name == "alias"), None)
            root = alias or scope.value("root") or "html"
            if not root.startswith(("/", "$")):
                if isinstance(prefix, Unobserved):
                    look.roots_doubt = look.roots_doubt or prefix
                    look.samples.doubt(prefix)
                    continue
                root = f"{prefix}/{root}"
            if "$" in root:
                unknown = unsupported(f"{scope.place}: the folder {root} depends on the request")
                look.roots_doubt = look.roots_doubt or unknown
                look.samples.doubt(unknown)
                continue
            found[shown(root.rstrip("/") or "/")] = None
            if root.startswith(SAMPLE_ROOTS):
                look.samples.at(f"{scope.place} ({root})")
    look.roots = tuple(found)


def _tls(
    top: Block, http: Block, servers: list[Block], version: tuple[int, int, int] | Unobserved, base: str
) -> tuple[tuple[ToldTls, ...], tuple[str, ...], Unobserved | None]:
    """Give TLS of every server that speaks it, and the files of keys.

    On one address the first server (or the one that is called default) decides on versions for all of them, because the library chooses
    the version before it looks at the name.
    """
    deciding: dict[str, _Scope] = {}
    speaking: list[tuple[_Scope, list[str]]] = []
    keys: dict[str, None] = {}
    doubt: Unobserved | None = None
    scopes = [_Scope(_name(server), Audience.EVERYBODY, "", (top, http, server)) for server in servers]
    # The word stands for the address: a server that leaves it out speaks TLS too where another one has it.
    encrypted = {_address(d) for s in scopes for d in _listens(s.own) if {"ssl", "quic"} & set(d.words[2:]) or s.value("ssl") == "on"}
    for scope in scopes:
        on = [d for d in _listens(scope.own) if _address(d) in encrypted]
        for listen in on:
            if _address(listen) not in deciding or {"default_server", "default"} & set(listen.words[2:]):
                deciding[_address(listen)] = scope
        if on:
            speaking.append((scope, [_address(listen) for listen in on]))
        for key in scope.all("ssl_certificate_key") if on else ():
            if "$" in key.value or key.value.startswith(("data:", "engine:", "store:")):
                doubt = doubt or unsupported(f"{scope.site}: the key {key.value.split(':')[0]} is no file of a fixed name")
            else:
                keys[shown(absolute(base, key.value))] = None
    told = []
    for scope, addresses in speaking:
        sets = [_versions(deciding[address], version) for address in addresses]
        unseen = next((one for one in sets if isinstance(one, Unobserved)), None)
        versions = unseen or frozenset().union(*(one for one in sets if not isinstance(one, Unobserved)))
        commands = tuple(" ".join(d.words[1:]) for d in scope.all("ssl_conf_command"))
        written = all(deciding[address].all("ssl_protocols") for address in addresses)
        finite = scope.value("ssl_dhparam") is not None
        told.append(ToldTls(scope.site, versions, scope.value("ssl_ciphers") or "HIGH:!aNULL:!MD5", written, finite, commands))
    return tuple(told), tuple(keys), doubt


def _versions(scope: _Scope, version: tuple[int, int, int] | Unobserved) -> frozenset[str] | Unobserved:
    written = scope.all("ssl_protocols")
    if written:
        words = written[-1].words[1:]
        if unknown := [word for word in words if word not in VERSIONS]:
            return unsupported(f"ssl_protocols {unknown[0]}")
        return frozenset(VERSIONS[word] for word in words)
    # ngx_http_ssl_module: TLS 1.3 is among the defaults from 1.23.4, TLS 1.0 and 1.1 no longer from 1.27.3.
    if isinstance(version, Unobserved):
        return version
    if version >= (1, 27, 3):
        return frozenset({"TLS 1.2", "TLS 1.3"})
    old = {"TLS 1.0", "TLS 1.1", "TLS 1.2"}
    return frozenset(old | {"TLS 1.3"}) if version >= (1, 23, 4) else frozenset(old)

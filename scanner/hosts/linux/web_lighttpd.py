"""What lighttpd's settings mean: defaults of its versions, who gets an answer, TLS (redmine.lighttpd.net wiki, source of 1.4.56 to 1.4.79).

The files are put together in ``web_lighttpd_files``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise

from scanner.facts.readings import Audience
from scanner.hosts.base import Reader, Run
from scanner.hosts.linux.audience import audience_of, narrowest, widest
from scanner.hosts.linux.base import seen, shown, version_said
from scanner.hosts.linux.web_lighttpd_files import Files, Fits, Scope, Value
from scanner.hosts.linux.web_reading import SLOWEST, Found, Look, ToldTls, loopback, unsupported
from scanner.model.fact import Unobserved

PLACE = "/etc/lighttpd/lighttpd.conf"
VERSION = Run(("lighttpd", "-v"))
URL, HOST, CLIENT, SOCKET = "HTTP[url]", "HTTP[host]", ("HTTP[remoteip]", "HTTP[remote-ip]"), "SERVER[socket]"
STATUS = ("status.status-url", "status.config-url", "status.statistics-url")
BY_MODULE = {"url.access-deny": "mod_access", "auth.require": "mod_auth"}
OPENSSL, OTHER_TLS = "mod_openssl", ("mod_gnutls", "mod_mbedtls", "mod_nss", "mod_wolfssl")
TLS_LINES = frozenset({"minprotocol", "maxprotocol", "cipherstring", "options", "curves", "groups", "dhparameters", "protocol"})
"""Commands of ``ssl.openssl.ssl-conf-cmd`` whose meaning is known here; the last five change neither versions nor suites."""
VERSIONS = ("SSL 3.0", "TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3")
_WRITTEN = {"none": 0, "sslv3": 0, "tlsv1": 1, "tlsv1.0": 1, "tlsv1.1": 2, "tlsv1.2": 3, "tlsv1.3": 4}


def lighttpd(read: Reader, options: tuple[str, ...] | Unobserved | None) -> Look:
    """Read lighttpd's configuration; ``options`` is the command line of the running program."""
    words = options if isinstance(options, tuple) else ()
    main = next((value for option, value in pairwise(words) if option == "-f"), PLACE)
    files = Files(read, main)
    doubt = files.doubt or (options if isinstance(options, Unobserved) else None)
    version = seen(lambda: _version(read))
    user = files.all.text("server.username")
    look = Look(
        source=main,
        files=tuple(files.names),
        version=version if isinstance(version, Unobserved) else ".".join(map(str, version)),
        account=doubt or shown(user or "root"),  # it changes to nobody's account by itself
        sites=_sites(files),
        doubt=doubt,
        modules=tuple(shown(str(name)) for _, name in files.all.items("server.modules")),
    )
    for scope in files.scopes.values():
        _judge(scope, files, look, version)
    written = "accesslog.filename" in files.all.values or _on(files.all.value("accesslog.use-syslog"))
    if not written or "mod_accesslog" not in look.modules:
        look.by_default(look.unlogged, f"{_place(files.all)} (accesslog)")
    if "server.tag" not in files.all.values:
        look.by_default(look.version_told, _place(files.all))
    if files.all.text("server.chroot"):
        look.roots_doubt = unsupported("with server.chroot the folders stand below another root")
    look.slow.doubt(unsupported("lighttpd limits how long it waits for the next octets, not for a whole request"))
    look.tls, keys = _tls(files, look.modules, version)
    look.keys = tuple(keys)
    return look


def _version(read: Reader) -> tuple[int, int, int]:
    """Ask the program. Raises ``CannotObserve``."""
    found = version_said(read, VERSION.argv, rb"\Alighttpd/(\d{1,3})\.(\d{1,3})\.(\d{1,3})", "lighttpd")
    return int(found[1]), int(found[2]), int(found[3])


def _sites(files: Files) -> tuple[str, ...]:
    named = [
        fits.value for scope in files.scopes.values() for fits in scope.conditions if fits.field in {HOST, SOCKET} and fits.how == "=="
    ]
    return tuple(dict.fromkeys(map(shown, (_place(files.all), *named))))


def _place(scope: Scope) -> str:
    """Name a scope by what a reader of the file would look for: host, socket and path; the main one by its address."""
    parts = [fits.value if fits.how == "==" else f"{fits.how}{fits.value}" for fits in scope.conditions]
    return shown(" ".join(parts)) or f"{scope.text('server.bind') or '*'}:{scope.text('server.port') or '80'}"


def _on(value: Value | None) -> bool:
    """Read a switch: one of four words in any letters, or a number other than zero (``config_plugin_value_tobool``)."""
    return value.lower() in {"enable", "enabled", "true", "1"} if isinstance(value, str) else bool(value)


def _judge(scope: Scope, files: Files, look: Look, version: tuple[int, int, int] | Unobserved) -> None:
    own, place = scope.values, _place(scope)
    if any(_on(own.get(name)) for name in ("dir-listing.activate", "server.dir-listing")):
        who = _reach(scope, files)
        if isinstance(who, Unobserved):
            look.listing.doubt(who)
        elif who not in {Audience.NOBODY, Audience.ITSELF}:
            look.listing.at(place)
    if (tag := own.get("server.tag")) is not None and re.search(r"\d\.\d", str(tag)):
        look.version_told.at(place)
    for kind, _ in scope.items("cgi.assign") if "cgi.assign" in own and "mod_cgi" in look.modules else ():
        look.cgi.at(f"{place} ({kind or '*'})")
    for kind, _ in scope.items("fastcgi.server") if "fastcgi.server" in own else ():
        if "php" not in str(kind):
            look.cgi.doubt(unsupported(f"{place}: what runs behind fastcgi.server {kind} is not known"))
    if _on(own.get("webdav.activate")) and not _on(scope.value("webdav.is-readonly")) and "mod_webdav" in look.modules:
        _open_to_all(scope, files, next((fits.value for fits in scope.conditions if fits.field == URL), "/"), look, look.writing)
    for name in STATUS if "mod_status" in look.modules else ():
        if url := own.get(name):
            _open_to_all(scope, files, str(url), look, look.status_open)
    if own.get("accesslog.filename") in {"", "/dev/null"}:
        look.unlogged.at(f"{place} (accesslog)")
    if own.get("server.errorlog") == "/dev/null":
        look.unlogged.at(f"{place} (server.errorlog)")
    wait = scope.text("server.max-read-idle") if "server.max-read-idle" in own else None
    if wait is not None and wait.isdecimal() and int(wait) > SLOWEST:
        look.slow.at(f"{place} ({wait} s)")
    _folders(scope, look, version)


def _folders(scope: Scope, look: Look, version: tuple[int, int, int] | Unobserved) -> None:
    """Note the folders that a scope serves."""
    own = scope.values
    if isinstance(root := own.get("server.document-root"), str):
        look.roots = (*look.roots, shown(root.rstrip("/") or "/"))
    for prefix, folder in scope.items("alias.url") if "alias.url" in own else ():
        look.roots = tuple(dict.fromkeys((*look.roots, shown(str(folder).rstrip("/") or "/"))))
        # mod_alias refuses such requests itself since 1.4.50 (CVE-2018-19052)
        if prefix and not prefix.endswith("/") and str(folder).endswith("/"):
            if isinstance(version, Unobserved):
                look.escaping.doubt(version)
            elif version < (1, 4, 50):
                look.escaping.at(f"{_place(scope)} {prefix}")
        if str(folder).startswith("/usr/share/doc") and _clients(scope.conditions) is not Audience.ITSELF:
            look.samples.at(f"{_place(scope)} {prefix} ({folder})")
    for name in ("simple-vhost.server-root", "evhost.path-pattern", "userdir.path", "userdir.basepath", "vhostdb.backend"):
        if own.get(name):
            unknown = unsupported(f"{name}: the folder depends on the request")
            look.roots_doubt = look.roots_doubt or unknown
            look.samples.doubt(unknown)


def _reach(scope: Scope, files: Files) -> Audience | Unobserved:
    """Say from where a scope's conditions let requests come: by the client's address and the socket."""
    clients = _clients(scope.conditions)
    sockets = [fits.value for fits in scope.conditions if fits.field == SOCKET and fits.how == "=="]
    if not sockets:  # the requests of every socket come here
        bind = files.all.text("server.bind") or "*"
        sockets = [bind, *(fits.value for known in files.scopes for fits in known if fits.field == SOCKET)]
    inside = all(socket.startswith("/") or loopback(socket) for socket in sockets)
    return Audience.ITSELF if inside and clients is not Audience.NOBODY else clients


def _clients(conditions: Iterable[Fits]) -> Audience | Unobserved:
    """Say whom the conditions on the client's address leave."""
    bounds = []
    for fits in conditions:
        if fits.field in CLIENT and fits.how in {"==", "=~", "=^", "=$"}:
            who = audience_of(fits.value) if fits.how == "==" else _by_pattern(fits)
            if isinstance(who, Unobserved):
                return who
            bounds.append(who)
    return narrowest(bounds)


def _by_pattern(fits: Fits) -> Audience | Unobserved:
    """Read a pattern that lists whole addresses, ``^127\\.0\\.0\\.1$|^::1$``."""
    words = [re.fullmatch(r"\^((?:[0-9a-fA-F:]|\\?\.)+)\$", word) for word in fits.value.split("|")]
    addresses = [word[1].replace("\\", "") for word in words if word is not None]
    if fits.how not in {"=~", "!~"} or len(addresses) != len(words):
        return unsupported(f"which clients {fits.how} {fits.value} fits is not followed")
    return widest(map(audience_of, addresses))


def _open_to_all(scope: Scope, files: Files, path: str, look: Look, found: Found) -> None:
    """Add a path of a scope where everybody can use it."""
    bounds: list[Audience] = []
    for who in (_reach(scope, files), *(_bound(other, scope, path, look.modules) for other in files.scopes.values())):
        if isinstance(who, Unobserved):
            found.doubt(who)
            return
        bounds.append(who)
    if narrowest(bounds) is Audience.EVERYBODY:
        look.by_default(found, f"{_place(scope)} {path}")


def _bound(other: Scope, scope: Scope, path: str, modules: tuple[str, ...]) -> Audience | Unobserved:
    """Say whom a refusal or a login of a scope leaves at a path of another one. Without its module such a setting is passed over."""
    own = {name: value for name, value in other.values.items() if BY_MODULE.get(name) in modules}
    closes = "url.access-deny" in own and any(key is None and value == "" for key, value in other.items("url.access-deny"))
    login = "auth.require" in own and any(path.startswith(prefix or "") for prefix, _ in other.items("auth.require"))
    rest = [fits for fits in other.conditions if fits not in scope.conditions]
    concerned = [_url_fits(fits, path) for fits in rest if fits.field == URL]
    left = [fits for fits in rest if fits.field != URL]
    if not (closes or login) or False in concerned or any(fits.field not in CLIENT or fits.how not in {"!=", "!~"} for fits in left):
        return Audience.EVERYBODY  # it closes nothing, or for some hosts and sockets only
    if None in concerned:
        return unsupported(f"whether {_place(other)} concerns {path} is not followed")
    # Those whose addresses are excepted come past it.
    excepted = [audience_of(fits.value) if fits.how == "!=" else _by_pattern(fits) for fits in left]
    if unknown := next((who for who in excepted if isinstance(who, Unobserved)), None):
        return unknown
    known = [who for who in excepted if not isinstance(who, Unobserved)]
    return widest((*known, Audience.SOME if login and not closes else Audience.NOBODY))


def _url_fits(fits: Fits, path: str) -> bool | None:
    """Tell whether a condition on the path holds for a path; ``None``: its pattern is not followed."""
    text, how = fits.value, fits.how
    if how == "=~" and re.fullmatch(r"\^[\w/-]*\$?", text):
        how, text = ("==" if text.endswith("$") else "=^"), text.strip("^$")
    match how:
        case "==":
            return path == text
        case "!=":
            return path != text
        case "=^":
            return path.startswith(text)
        case "=$":
            return path.endswith(text)
        case _:
            return None


def _tls(files: Files, modules: tuple[str, ...], version: tuple[int, int, int] | Unobserved) -> tuple[tuple[ToldTls, ...], dict[str, None]]:
    """Give TLS of every socket that speaks it, and the files of keys; a certificate may stand in a file with its key."""
    told: list[ToldTls] = []
    other = next((name for name in modules if name in OTHER_TLS), None)
    for conditions, scope in files.scopes.items():
        if (not conditions or conditions[-1].field == SOCKET) and _on(scope.values.get("ssl.engine")):
            # A socket's own settings beside ssl.engine stand alone; without any those of the main scope hold.
            alone = any(name.startswith("ssl.") and name != "ssl.engine" for name in scope.values)
            holds = Scope(conditions, None, scope.values) if alone else scope
            told.append(_told(holds, _place(scope), unsupported(f"TLS by {other}") if other else version))
    keys: dict[str, None] = {}
    for scope in files.scopes.values() if told else ():
        key = scope.values.get("ssl.privkey") or (None if scope.value("ssl.privkey") else scope.values.get("ssl.pemfile"))
        if isinstance(key, str):
            keys[shown(key)] = None
    return tuple(told), keys


def _told(scope: Scope, site: str, version: tuple[int, int, int] | Unobserved) -> ToldTls:
    commands = {str(name).lower(): str(value) for name, value in scope.items("ssl.openssl.ssl-conf-cmd")}
    ciphers = commands.get("cipherstring") or scope.text("ssl.cipher-list") or _default_suites(version)
    more = tuple(f"{name} {value}" for name, value in commands.items() if name not in TLS_LINES)
    return ToldTls(site, _versions(commands, version), ciphers, written="minprotocol" in commands, commands=more)


def _versions(commands: dict[str, str], version: tuple[int, int, int] | Unobserved) -> frozenset[str] | Unobserved:
    if isinstance(version, Unobserved):
        return version
    if version < (1, 4, 56):
        return unsupported("lighttpd before 1.4.56 leaves versions of TLS to several settings")
    least, most = (commands.get(name, usual).lower() for name, usual in (("minprotocol", "tlsv1.2"), ("maxprotocol", "tlsv1.3")))
    if least not in _WRITTEN or most not in _WRITTEN:
        return unsupported(f"MinProtocol {least}, MaxProtocol {most}")
    return frozenset(VERSIONS[_WRITTEN[least] : (_WRITTEN[most] or len(VERSIONS)) + 1])


def _default_suites(version: tuple[int, int, int] | Unobserved) -> str | Unobserved:
    """Give the string that holds where none is written (mod_openssl.c of each version)."""
    if isinstance(version, Unobserved):
        return version
    if version >= (1, 4, 75):
        return "EECDH+AESGCM:CHACHA20:!PSK:!DHE"
    return "EECDH+AESGCM:AES256+EECDH:CHACHA20:!SHA1:!SHA256:!SHA384" if version >= (1, 4, 68) else "HIGH"

"""How Apache httpd means its configuration: virtual servers, aliases and the defaults of 2.4 (httpd.apache.org/docs/2.4/mod).

``apachectl -S`` and ``-D DUMP_CONFIG`` are not asked: in Debian they make folders first, and none prints what holds for a folder.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scanner.facts.readings import Audience
from scanner.hosts.base import Reader
from scanner.hosts.linux.base import parsed, seen, shown
from scanner.hosts.linux.web_apache_access import Nodes, Point, bodies, conditional, last, lets_in, options, overrides, sections, undecided
from scanner.hosts.linux.web_apache_files import ApacheFiles, Setting
from scanner.hosts.linux.web_reading import MOST_SITES, SLOWEST, Look, ToldTls, absolute, below, loopback, unsupported
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import httpd
from scanner.wire.httpd import Node

PLACES = {"/usr/sbin/apache2": "/etc/apache2/apache2.conf", "/usr/sbin/httpd": "/etc/httpd/conf/httpd.conf"}
ENVIRONMENT = "/etc/apache2/envvars"
BUILT_IN = {
    "apache2": frozenset({"core.c", "mod_so.c", "mod_watchdog.c", "http_core.c", "mod_log_config.c", "mod_logio.c", "mod_version.c"})
    | {"mod_unixd.c"},
    "httpd": frozenset({"core.c", "mod_so.c", "http_core.c"}),
}
"""Modules that packages of the Debian and the Red Hat family have built in; ``-l`` tells on a running machine."""
STATUS = {
    "server-status": "mod_status.c",
    "server-info": "mod_info.c",
    "ldap-status": "mod_ldap.c",
    "balancer-manager": "mod_proxy_balancer.c",
}
SAMPLES = ("/usr/share/doc", "/usr/share/httpd/manual", "/usr/share/httpd/noindex", "/usr/share/apache2/default-site", "/var/www/manual")
PROTOCOLS = {"sslv3": "SSL 3.0", "tlsv1": "TLS 1.0", "tlsv1.1": "TLS 1.1", "tlsv1.2": "TLS 1.2", "tlsv1.3": "TLS 1.3"}
EVERY = frozenset(PROTOCOLS.values())
_WHOLE = frozenset({"^", "^/", "^/?", "^(.*)$", "^/(.*)$", "^/?(.*)$", "(.*)", ".*", "^.*$", "/?(.*)"})
_PHP = frozenset({"php_value", "php_flag", "php_admin_value", "php_admin_flag"})
MOST_POINTS = 2_000


@dataclass(frozen=True)
class _Site:
    name: str
    reach: Audience
    main: Nodes
    own: Nodes

    @property
    def levels(self) -> tuple[Nodes, Nodes]:
        return self.main, self.own

    def word(self, name: str) -> str | None:
        """Give the argument of the directive that holds for the site: its own, else the main server's."""
        found = last(self.own, name) or last(self.main, name)
        return found.words[0] if found and found.words else None

    def all(self, name: str) -> tuple[Node, ...]:
        return tuple(n for level in (self.own, self.main) for n in level if n.name == name and n.body is None)


def apache(read: Reader, program: str, options_: tuple[str, ...] | Unobserved | None) -> Look:
    """Read the configuration of ``/usr/sbin/apache2`` or ``/usr/sbin/httpd``. Raises ``CannotObserve``."""
    main, root, defined, doubt = _started(PLACES[program], options_)
    short = program.rsplit("/", 1)[-1]
    version = _version(read, short)
    built_in = seen(lambda: _built_in(read, short))
    environment = seen(lambda: _environment(read)) if short == "apache2" else {}
    files = ApacheFiles(
        read,
        Setting(
            root=root,
            built_in=built_in if not isinstance(built_in, Unobserved) else BUILT_IN[short],
            defined=defined,
            environment=environment if not isinstance(environment, Unobserved) else {},
            version=version if not isinstance(version, Unobserved) else None,
        ),
    )
    top = files.tree(main)
    doubt = doubt or files.doubt or next((part for part in (built_in, environment) if isinstance(part, Unobserved)), None)
    sites = tuple(_sites(top))
    user = last(top, "user")
    look = Look(
        source=main,
        files=tuple(files.names),
        version=".".join(map(str, version)) if not isinstance(version, Unobserved) else version,
        account=shown(user.words[0]) if user and user.words else Unobserved(Reason.VALUE_NOT_SET, "User is not written"),
        sites=tuple(site.name for site in sites),
        doubt=doubt,
        runs_php=any(name.startswith(("php_module", "php7_module", "php5_module")) for name in files.modules),
        php=tuple(_php(top, "")),
    )
    judge = _Judge(read, look, files)
    for site in sites:
        judge.site(site)
    look.roots = tuple(judge.roots)
    look.tls = tuple(judge.tls)
    look.keys = tuple(judge.keys)
    return look


def _started(main: str, given: tuple[str, ...] | Unobserved | None) -> tuple[str, str, tuple[str, ...], Unobserved | None]:
    """Give the main file, the root, the names that are defined, and why something may be set elsewhere."""
    root = "/etc/httpd" if main.startswith("/etc/httpd") else "/etc/apache2"
    defined, doubt = [], given if isinstance(given, Unobserved) else None
    words = given if isinstance(given, tuple) else ()
    at = 0
    while at < len(words):
        word = words[at]
        option, value = word[:2], word[2:]
        if option in {"-f", "-d", "-D", "-C", "-c"} and not value:
            at += 1
            value = words[at] if at < len(words) else ""
        if option == "-f":
            main = value
        elif option == "-d":
            root = value
        elif option == "-D":
            defined.append(value)
        elif option in {"-C", "-c"}:
            doubt = doubt or unsupported(f"directives on the command line: {option} {value}")
        at += 1
    return absolute(root, main), root, tuple(defined), doubt


def _version(read: Reader, program: str) -> tuple[int, int, int] | Unobserved:
    said = seen(lambda: read.command((program, "-v")) if read.live else None)
    if isinstance(said, Unobserved):
        return said
    found = re.search(rb"Apache/(\d{1,3})\.(\d{1,3})\.(\d{1,3})", said.stdout) if said is not None else None
    return (int(found[1]), int(found[2]), int(found[3])) if found else unsupported(f"{program} cannot be asked for its version")


def _built_in(read: Reader, program: str) -> frozenset[str]:
    said = read.command((program, "-l")) if read.live else None
    found = frozenset(re.findall(r"(?m)^\s+(\w+\.c)\s*$", said.stdout.decode("ascii", "replace"))) if said is not None else frozenset()
    return found or BUILT_IN[program]


def _environment(read: Reader) -> dict[str, str]:
    """Give what Debian's start script exports; its suffix is empty for the one instance that packages make. Raises ``CannotObserve``."""
    text = (read.file(ENVIRONMENT) or b"").decode("utf-8", "replace")
    lines = re.findall(r"(?m)^\s*export\s+(\w+)=(\S*)\s*$", text)
    return {name: value.strip("\"'").replace("$SUFFIX", "") for name, value in lines}


def _sites(top: Nodes) -> Iterator[_Site]:
    """Give the virtual servers, and the main server where an address is left to it. Raises ``CannotObserve``."""
    main = tuple(node for node in top if node.name != "virtualhost")
    hosts = [node for node in top if node.name == "virtualhost"]
    if len(hosts) > MOST_SITES:
        raise CannotObserve(Reason.TOO_LARGE, f"more than {MOST_SITES} virtual servers")
    listens = [node.words[0] for node in main if node.name == "listen" and node.words]
    alone = bool(listens) and all(loopback(address) for address in listens)
    covered = {word.rpartition(":")[2] for node in hosts for word in node.words if re.fullmatch(r"(\*|_default_):(\d+|\*)", word)}
    covered |= {"*" for node in hosts for word in node.words if word in {"*", "_default_"}}
    if not hosts or ("*" not in covered and any(address.rpartition(":")[2] not in covered for address in listens)):
        yield _Site(_name(main, ()), Audience.ITSELF if alone else Audience.EVERYBODY, main, ())
    for node in hosts:
        reach = Audience.ITSELF if alone or (node.words and all(loopback(word) for word in node.words)) else Audience.EVERYBODY
        yield _Site(_name(node.body or (), node.words), reach, main, node.body or ())


def _name(nodes: Nodes, addresses: Sequence[str]) -> str:
    named = last(nodes, "servername")
    host = re.sub(r"\Ahttps?://", "", named.words[0]) if named and named.words else ""
    port = addresses[0].rpartition(":")[2] if addresses and ":" in addresses[0] else ""
    return shown(f"{host}:{port}" if host and port.isdecimal() and ":" not in host else host or " ".join(addresses) or "main")


class _Judge:
    """Looks at one site after the other."""

    def __init__(self, read: Reader, look: Look, files: ApacheFiles) -> None:
        self._read = read
        self._look = look
        self._modules = files.modules
        self._root = files.root
        self._asked = 0
        self.roots: dict[str, None] = {}
        self.keys: dict[str, None] = {}
        self.tls: list[ToldTls] = []

    def site(self, site: _Site) -> None:
        """Add what a site comes to."""
        self._tokens(site)
        self._logs(site)
        self._slow(site)
        self._speaks(site)
        unread = undecided(site.levels)
        if unread is not None:
            for found in (self._look.listing, self._look.cgi, self._look.writing, self._look.status_open):
                found.doubt(unsupported(f"{site.name}: the expression {unread.rest} is not followed"))
        elsewhere = _sent_elsewhere(site)
        if (site.word("traceenable") or "on").lower() != "off" and not elsewhere:
            self._look.trace.at(site.name)
        if not elsewhere:
            for point in self._points(site):
                self._at(site, point)
        for location in (node for level in site.levels for node in sections(level, "location")):
            if location.words and location.words[0] != "~" and not elsewhere:
                url = location.words[0]
                self._at(site, Point(url, self._folder_of(site, url)), listing=_sets(location, "options") and not _covered(site, url))
        for word in ("virtualdocumentroot", "virtualscriptalias", "virtualdocumentrootip"):
            if site.word(word):
                self._look.listing.doubt(unsupported(f"{site.name}: folders are made of names ({word})"))
        for found, names in (
            (self._look.listing, frozenset({"options"})),
            (self._look.status_open, frozenset({"sethandler"})),
            (self._look.writing, frozenset({"dav"})),
        ):
            if node := conditional(site.levels, names):
                found.doubt(unsupported(f"{site.name}: <{node.name} {node.rest}> decides by the request"))

    def _at(self, site: _Site, point: Point, *, listing: bool = True) -> None:
        self._asked += 1
        if self._asked > MOST_POINTS:
            self._look.doubt = self._look.doubt or Unobserved(Reason.TOO_LARGE, f"more than {MOST_POINTS} folders and paths")
            return
        look, place = self._look, f"{site.name} {point.url or point.folder}"
        before = bodies(site.levels, point)
        own, unseen = self._own(site, point, before)
        held = bodies(site.levels, point, own) if own else before
        who = Audience.ITSELF if site.reach is Audience.ITSELF else lets_in(held)
        handlers = [node.words[0].lower() for body in held for node in body if node.name == "sethandler" and node.words]
        handler = handlers[-1] if handlers else ""
        if handler in STATUS and STATUS[handler] in self._modules and listing_of(who) is not False:
            if who is None:
                look.status_open.doubt(unsupported(f"{place}: whom {handler} lets in depends on the request"))
            elif who is Audience.EVERYBODY:
                look.status_open.at(place)
        allowed = options(held)
        if listing and "mod_autoindex.c" in self._modules and handler in {"", "none"} and listing_of(who) is not False:
            if "indexes" in allowed:
                look.listing.at(place)
            else:
                look.listing.doubt(unseen)
        if self._runs_cgi and "execcgi" in allowed and who is not Audience.NOBODY and self._names_cgi(site, held):
            look.cgi.at(place)
        davs = [node.rest.strip().lower() for body in held for node in body if node.name == "dav"]
        if davs and davs[-1] != "off" and "mod_dav.c" in self._modules:
            writers = site.reach if site.reach is Audience.ITSELF else lets_in(held, "PUT")
            if writers is Audience.EVERYBODY:
                look.writing.at(place)
            elif writers is None:
                look.writing.doubt(unsupported(f"{place}: who may write depends on the request"))

    def _own(self, site: _Site, point: Point, held: Sequence[Nodes]) -> tuple[Nodes, Unobserved | None]:
        """Read a folder's own file of settings where the server does; what lies deeper may have others."""
        if not {"all", "options"} & overrides(held) or not point.folder.startswith("/"):
            return (), None
        name = (site.word("accessfilename") or ".htaccess").split()[0]
        path = absolute(point.folder, name)
        data = seen(lambda: self._read.file(path))
        if isinstance(data, Unobserved):
            return (), data
        nodes = parsed(path, data or b"", httpd.parse)
        if isinstance(nodes, Unobserved):
            return (), nodes
        return nodes, unsupported(f"{point.folder}: folders below may have settings of their own ({name})")

    @property
    def _runs_cgi(self) -> bool:
        return bool({"mod_cgi.c", "mod_cgid.c"} & self._modules)

    def _names_cgi(self, site: _Site, held: Sequence[Nodes]) -> bool:
        every = [node for body in (*site.levels, *held) for node in body]
        return any(node.name in {"addhandler", "sethandler"} and node.words[:1] == ("cgi-script",) for node in every)

    def _points(self, site: _Site) -> Iterator[Point]:
        """Give the folders that a site serves, and those below them that have settings of their own."""
        found: dict[Point, None] = {}
        if root := site.word("documentroot"):
            folder = absolute(self._root, root).rstrip("/") or "/"
            found[Point("/", folder)] = None
            self.roots[shown(folder)] = None
        for url, target, runs in self._aliases(site):
            folder = absolute(self._root, target).rstrip("/") or "/"
            if runs:
                self._script(site, url, folder)
                continue
            found[Point(url, folder)] = None
            if folder.startswith(SAMPLES) and not _covered(site, url):
                held = lets_in(bodies(site.levels, Point(url, folder)))
                if site.reach is not Audience.ITSELF and held not in {Audience.NOBODY, Audience.ITSELF}:
                    self._look.samples.at(f"{site.name} {url} ({folder})")
        if "mod_userdir.c" in self._modules:
            found.update(dict.fromkeys(self._homes(site)))
        served = [point.folder for point in found]
        for level in site.levels:
            for node in sections(level, "directory"):
                folder = (node.words[0].rstrip("/") or "/") if node.words and node.words[0] != "~" else ""
                if folder and any(below(folder, top) and folder != top for top in served) and "*" not in folder and "?" not in folder:
                    found[Point("", folder)] = None
                elif folder and ("*" in folder or "?" in folder or "[" in folder):
                    self._wild(site, node, folder, served)
            for node in sections(level, "directory", "directorymatch"):
                if (node.name == "directorymatch" or node.words[:1] == ("~",)) and "indexes" in options([node.body or ()]):
                    self._look.listing.doubt(unsupported(f"{site.name}: folders by expression are listed: {node.rest}"))
        yield from (point for point in found if not point.url or not _covered(site, point.url))

    def _wild(self, site: _Site, node: Node, folder: str, served: Sequence[str]) -> None:
        fixed = re.split(r"[*?\[]", folder)[0].rsplit("/", 1)[0]
        if "indexes" in options([node.body or ()]) and any(below(fixed, top) or below(top, fixed or "/") for top in served):
            self._look.listing.doubt(unsupported(f"{site.name}: folders by pattern are listed: {folder}"))

    def _homes(self, site: _Site) -> Iterator[Point]:
        for node in site.all("userdir"):
            words = node.words
            if words and words[0].lower() not in {"disabled", "enabled"} and "://" not in words[0]:
                folder = f"/home/*/{words[0]}" if not words[0].startswith("/") else words[0]
                yield Point("/~*", folder)

    def _aliases(self, site: _Site) -> Iterator[tuple[str, str, bool]]:
        """Give path, folder, and whether what lies there is run."""
        for level in (site.own, site.main):
            yield from _aliases_in(level, "")
            for location in sections(level, "location"):
                if location.words and location.words[0] != "~":
                    yield from _aliases_in(location.body or (), location.words[0])

    def _script(self, site: _Site, url: str, folder: str) -> None:
        if not self._runs_cgi or _covered(site, url):
            return
        names = seen(lambda: self._read.names(folder)) if "$" not in folder else ("?",)
        if isinstance(names, Unobserved):
            self._look.cgi.doubt(names)
        elif names or "." in folder.rsplit("/", 1)[-1]:
            self._look.cgi.at(f"{site.name} {url} ({folder})")

    def _folder_of(self, site: _Site, url: str) -> str:
        """Give the folder that a path leads to."""
        for prefix, target, _ in self._aliases(site):
            bare = prefix.rstrip("/")
            if url == bare or url.startswith(f"{bare}/"):
                return f"{absolute(self._root, target).rstrip('/')}{url[len(bare) :]}".rstrip("/") or "/"
        root = site.word("documentroot")
        return f"{absolute(self._root, root).rstrip('/')}/{url.strip('/')}".rstrip("/") if root else ""

    def _tokens(self, site: _Site) -> None:
        written = (last(site.main, "servertokens") or Node("", "Full")).rest.strip() or "Full"
        if written.lower() in {"prod", "productonly"}:
            return
        if any(node.name == "secserversignature" for level in site.levels for node in level):
            self._look.version_told.doubt(unsupported("SecServerSignature puts other words in its place"))
        else:
            self._look.version_told.at(f"ServerTokens {written}")

    def _logs(self, site: _Site) -> None:
        logs = [n for n in (*site.own, *site.main) if n.name == "globallog"]
        for level in (site.own, site.main):
            if named := [node for node in level if node.name in {"customlog", "transferlog"}]:
                logs += named
                break
        if all(node.words[:1] == ("/dev/null",) for node in logs):
            self._look.unlogged.at(f"{site.name} (CustomLog)")
        if site.word("errorlog") == "/dev/null":
            self._look.unlogged.at(f"{site.name} (ErrorLog)")

    def _slow(self, site: _Site) -> None:
        if "mod_reqtimeout.c" not in self._modules:
            self._look.slow.at(f"{site.name} (mod_reqtimeout)")
            return
        heads = [word for level in site.levels for n in level if n.name == "requestreadtimeout" for word in n.words]
        waits = [word.partition("=")[2] for word in heads if word.lower().startswith("header=")]
        limit = re.match(r"(\d{1,6})(?:-(\d{1,6}))?", waits[-1]) if waits else None
        if limit and (int(limit[1]) == 0 or int(limit[2] or limit[1]) > SLOWEST):
            self._look.slow.at(f"{site.name} (RequestReadTimeout header={waits[-1]})")

    def _speaks(self, site: _Site) -> None:
        if (site.word("sslengine") or "off").lower() == "off":
            return
        if site.word("sslpolicy"):
            versions: frozenset[str] | Unobserved = unsupported(f"{site.name}: SSLPolicy is not read")
        else:
            written = last(site.own, "sslprotocol") or last(site.main, "sslprotocol")
            versions = _versions(written.words if written else ("all", "-SSLv3"))
        suites = [n.words for n in (*site.main, *site.own) if n.name == "sslciphersuite" and n.words]
        plain = [words[-1] for words in suites if len(words) == 1 or words[0].lower() == "ssl"]
        string = plain[-1] if plain else "DEFAULT"
        commands = tuple(n.rest for n in site.all("sslopensslconfcmd"))
        # mod_ssl adds these whatever is written; the Red Hat family lets PROFILE= stand alone.
        string = string if "PROFILE=" in string else f"{string}:!aNULL:!eNULL:!EXP"
        self.tls.append(ToldTls(site.name, versions, string, bool(site.all("sslprotocol")), commands=commands))
        files = [n.words[0] for n in site.all("sslcertificatekeyfile") if n.words] or [
            n.words[0] for n in site.all("sslcertificatefile") if n.words
        ]
        for path in files:
            self.keys[shown(absolute(self._root, path))] = None
        if not files:
            self._look.keys_doubt = self._look.keys_doubt or unsupported(f"{site.name}: no file of a key is named")


def listing_of(who: Audience | None) -> bool | None:
    """Tell whether anybody but the machine itself is let in; ``None``: only a request would tell."""
    return None if who is None else who not in {Audience.NOBODY, Audience.ITSELF}


def _sets(node: Node, name: str) -> bool:
    return any(inner.name == name for inner in node.body or ())


def _aliases_in(nodes: Nodes, url: str) -> Iterator[tuple[str, str, bool]]:
    for node in nodes:
        if node.name in {"alias", "scriptalias"} and node.words:
            words = node.words if len(node.words) > 1 else (url, node.words[0])
            yield words[0], words[1], node.name == "scriptalias"
        elif node.name in {"aliasmatch", "scriptaliasmatch"} and len(node.words) > 1:
            runs = node.name == "scriptaliasmatch"
            yield node.words[0], node.words[1] if runs else node.words[1].split("$")[0].rsplit("/", 1)[0] or "/", runs


def _covered(site: _Site, url: str) -> bool:
    """Tell whether a proxy answers at a path, so that no folder is served there."""
    for level in site.levels:
        for node in level:
            if node.name == "proxypass" and len(node.words) > 1 and node.words[1] != "!":
                bare = node.words[0].rstrip("/")
                excluded = any(n.name == "proxypass" and n.words[1:2] == ("!",) for n in level)
                if (url.rstrip("/") == bare or url.startswith(f"{bare}/")) and not excluded:
                    return True
    return False


def _sent_elsewhere(site: _Site) -> bool:
    """Tell whether every request is sent to another address, so that the site serves nothing itself."""
    for node in site.own:
        words = node.words
        if node.name in {"redirect", "redirectpermanent"} and len(words) > 1 and words[-2] == "/" and "://" in words[-1]:
            return True
    rules = [node.words for node in site.own if node.name in {"rewriterule", "rewritecond"}]
    if (site.word("rewriteengine") or "off").lower() != "on" or not rules:
        return False
    for at, words in enumerate(rules):
        if len(words) > 1 and words[0] in _WHOLE and words[1].startswith("https://"):
            return all(before[0].upper() in {"%{HTTPS}", "%{SERVER_PORT}"} for before in rules[:at] if before)
    return False


def _versions(words: Sequence[str]) -> frozenset[str] | Unobserved:
    """A word without a sign takes the place of those before it, as ``ssl_cmd_protocol_parse`` does."""
    found: frozenset[str] = frozenset()
    for word in words:
        plain = word.lstrip("+-").lower()
        if plain == "sslv2":
            continue
        if plain != "all" and plain not in PROTOCOLS:
            return unsupported(f"SSLProtocol {word}")
        meant = EVERY if plain == "all" else frozenset({PROTOCOLS[plain]})
        found = found - meant if word[:1] == "-" else found | meant if word[:1] == "+" else meant
    return found


def _php(nodes: Nodes, place: str) -> Iterator[tuple[str, str, str]]:
    for node in nodes:
        if node.body is not None:
            yield from _php(node.body, f"{node.name} {node.rest}")
        elif node.name in _PHP and len(node.words) > 1:
            yield shown(place), node.words[0].lower(), node.words[1]

"""How Apache httpd means its configuration: virtual servers, aliases and the defaults of 2.4 (httpd.apache.org/docs/2.4/mod).

``apachectl -S`` and ``-D DUMP_CONFIG`` are not asked: in Debian they make folders first, and none prints what holds for a folder.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from scanner.facts.readings import Audience
from scanner.hosts.base import Reader
from scanner.hosts.linux.base import parsed, seen, shown, version_said
from scanner.hosts.linux.named_paths import absolute
from scanner.hosts.linux.web_apache_access import Nodes, Point, bodies, conditional, last, lets_in, options, overrides, sections, undecided
from scanner.hosts.linux.web_apache_files import ApacheFiles, Setting
from scanner.hosts.linux.web_apache_sites import Site, aliases_in, covered, sent_elsewhere, sites, within
from scanner.hosts.linux.web_reading import SLOWEST, Look, ToldTls, below, unsupported
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
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
PACKAGED = ("/usr/share/apache2/icons", "/usr/share/httpd/icons", "/usr/share/javascript")
PROTOCOLS = {"sslv3": "SSL 3.0", "tlsv1": "TLS 1.0", "tlsv1.1": "TLS 1.1", "tlsv1.2": "TLS 1.2", "tlsv1.3": "TLS 1.3"}
EVERY = frozenset(PROTOCOLS.values())
_PHP = frozenset({"php_value", "php_flag", "php_admin_value", "php_admin_flag"})
MOST_POINTS = 2_000


def apache(program: str, read: Reader, options_: tuple[str, ...] | Unobserved | None) -> Look:
    """Read the configuration of ``/usr/sbin/apache2`` or ``/usr/sbin/httpd``. Raises ``CannotObserve``."""
    main, root, defined, doubt = _started(PLACES[program], options_)
    short = program.rsplit("/", 1)[-1]
    version = seen(lambda: _version(read, short))
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
    found = tuple(sites(top))
    user = last(top, "user")
    look = Look(
        source=main,
        files=tuple(files.names),
        version=".".join(map(str, version)) if not isinstance(version, Unobserved) else version,
        account=shown(user.words[0]) if user and user.words else Unobserved(Reason.VALUE_NOT_SET, "User is not written"),
        sites=tuple(site.name for site in found),
        doubt=doubt,
        runs_php=any(name.startswith(("php_module", "php7_module", "php5_module")) for name in files.modules),
        php=tuple(_php(top, "")),
        modules=tuple(sorted(shown(name) for name in files.modules if name.endswith("_module"))),
    )
    judge = _Judge(read, look, files)
    for site in found:
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
            doubt = doubt or unsupported(f"directives on the command line ({option})")
        at += 1
    return absolute(root, main), root, tuple(defined), doubt


def _version(read: Reader, program: str) -> tuple[int, int, int]:
    """Ask the program. Raises ``CannotObserve``."""
    found = version_said(read, (program, "-v"), rb"Apache/(\d{1,3})\.(\d{1,3})\.(\d{1,3})", program)
    return int(found[1]), int(found[2]), int(found[3])


def _built_in(read: Reader, program: str) -> frozenset[str]:
    said = read.command((program, "-l")) if read.live else None
    found = frozenset(re.findall(r"(?m)^\s+(\w+\.c)\s*$", said.stdout.decode("ascii", "replace"))) if said is not None else frozenset()
    return found or BUILT_IN[program]


def _environment(read: Reader) -> dict[str, str]:
    """Give what Debian's start script exports; its suffix is empty for the one instance that packages make. Raises ``CannotObserve``."""
    text = (read.file(ENVIRONMENT) or b"").decode("utf-8", "replace")
    lines = re.findall(r"(?m)^\s*export\s+(\w+)=(\S*)\s*$", text)
    return {name: value.strip("\"'").replace("$SUFFIX", "") for name, value in lines}


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

    def site(self, site: Site) -> None:
        """Add what a site comes to."""
        self._tokens(site)
        self._logs(site)
        self._slow(site)
        self._speaks(site)
        unread = undecided(site.levels)
        if unread is not None:
            for found in (self._look.listing, self._look.cgi, self._look.writing, self._look.status_open):
                found.doubt(unsupported(f"{site.name}: the expression {unread.rest} is not followed"))
        serves = not sent_elsewhere(site)
        if serves:
            self._trace(site)
            for point in self._points(site):
                self._at(site, point)
            self._locations(site)
        self._by_name(site)
        self._unknown_folders(site, serves)
        for found, names in (
            (self._look.listing, frozenset({"options"})),
            (self._look.status_open, frozenset({"sethandler"})),
            (self._look.writing, frozenset({"dav"})),
        ):
            if node := conditional(site.levels, names):
                # What it compares with may be a secret, so it is not told.
                found.doubt(unsupported(f"{site.name}: <{node.name}> decides by the request"))

    def _trace(self, site: Site) -> None:
        written = site.word("traceenable")
        if written is None:
            self._look.by_default(self._look.trace, site.name)
        elif written.lower() != "off":
            self._look.trace.at(site.name)

    def _locations(self, site: Site) -> None:
        for location in (node for level in site.levels for node in sections(level, "location", "locationmatch")):
            if not location.words:
                continue
            if location.name == "locationmatch" or location.words[0] == "~":
                # Where it holds is not asked: some path fits, and what the root folder has holds there too.
                point, more = Point("/", self._folder_of(site, "/")), location.body or ()
                self._at(site, point, listing=_sets(location, "options"), more=more, place=f"{site.name} {location.rest}")
            else:
                url = location.words[0]
                self._at(site, Point(url, self._folder_of(site, url)), listing=_sets(location, "options") and not covered(site, url))

    def _unknown_folders(self, site: Site, serves: bool) -> None:
        """Say where it cannot be told which folders a site serves."""
        for word in ("virtualdocumentroot", "virtualscriptalias", "virtualdocumentrootip"):
            if site.word(word):
                unknown = unsupported(f"{site.name}: folders are made of names ({word})")
                self._look.roots_doubt = self._look.roots_doubt or unknown
                for found in (self._look.listing, self._look.cgi, self._look.samples):
                    found.doubt(unknown)
        if serves and not site.word("documentroot"):
            unknown = unsupported(f"{site.name}: DocumentRoot is not written")
            self._look.roots_doubt = self._look.roots_doubt or unknown
            self._look.samples.doubt(unknown)

    def _by_name(self, site: Site) -> None:
        """Look for handlers that are given by the names of files; whether such files are there is not known."""
        for node in within(site.levels, frozenset({"files", "filesmatch"})):
            words = [word.lower() for word in node.words]
            if node.name == "sethandler" and words[:1] and words[0] in STATUS:
                self._look.status_open.doubt(unsupported(f"{site.name}: {words[0]} is set for names of files"))
            if self._runs_cgi and (
                (node.name == "sethandler" and words[:1] == ["cgi-script"]) or (node.name == "options" and "execcgi" in options([(node,)]))
            ):
                self._look.cgi.doubt(unsupported(f"{site.name}: CGI is set for names of files"))

    def _at(self, site: Site, point: Point, *, listing: bool = True, more: Nodes = (), place: str = "") -> None:
        self._asked += 1
        if self._asked > MOST_POINTS:
            self._look.doubt = self._look.doubt or Unobserved(Reason.TOO_LARGE, f"more than {MOST_POINTS} folders and paths")
            return
        look, place = self._look, place or f"{site.name} {point.url or point.folder}"
        before = bodies(site.levels, point)
        own, unseen = self._own(site, point, before)
        held = (*(bodies(site.levels, point, own) if own else before), more)
        who = Audience.ITSELF if site.reach is Audience.ITSELF else lets_in(held)
        handlers = [node.words[0].lower() for body in held for node in body if node.name == "sethandler" and node.words]
        handler = handlers[-1] if handlers else ""
        if handler in STATUS and STATUS[handler] in self._modules and listing_of(who) is not False:
            if who is None:
                look.status_open.doubt(unsupported(f"{place}: whom {handler} lets in depends on the request"))
            elif who is Audience.EVERYBODY:
                look.by_default(look.status_open, place)
        allowed = options(held)
        if listing and "mod_autoindex.c" in self._modules and handler in {"", "none"} and listing_of(who) is not False:
            if "indexes" in allowed:
                look.listing.at(place)
            else:
                look.listing.doubt(unseen)
        if self._runs_cgi and who is not Audience.NOBODY:
            if "execcgi" in allowed and self._names_cgi(site, held):
                look.cgi.at(place)
            else:
                look.cgi.doubt(unseen)
        davs = [node.rest.strip().lower() for body in held for node in body if node.name == "dav"]
        if davs and davs[-1] != "off" and "mod_dav.c" in self._modules:
            writers = site.reach if site.reach is Audience.ITSELF else lets_in(held, "PUT")
            if writers is Audience.EVERYBODY:
                look.by_default(look.writing, place)
            elif writers is None:
                look.writing.doubt(unsupported(f"{place}: who may write depends on the request"))

    def _own(self, site: Site, point: Point, held: Sequence[Nodes]) -> tuple[Nodes, Unobserved | None]:
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

    def _names_cgi(self, site: Site, held: Sequence[Nodes]) -> bool:
        every = [node for body in (*site.levels, *held) for node in body]
        return any(node.name in {"addhandler", "sethandler"} and node.words[:1] == ("cgi-script",) for node in every)

    def _points(self, site: Site) -> Iterator[Point]:
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
                if self._runs_cgi and "$" not in folder:
                    self.roots[shown(folder)] = None
                continue
            found[Point(url, folder)] = None
            if not covered(site, url) and not folder.startswith(PACKAGED):
                self.roots[shown(folder)] = None
            if folder.startswith(SAMPLES) and not covered(site, url):
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
        yield from (point for point in found if not point.url or not covered(site, point.url))

    def _wild(self, site: Site, node: Node, folder: str, served: Sequence[str]) -> None:
        fixed = re.split(r"[*?\[]", folder)[0].rsplit("/", 1)[0]
        if "indexes" in options([node.body or ()]) and any(below(fixed, top) or below(top, fixed or "/") for top in served):
            self._look.listing.doubt(unsupported(f"{site.name}: folders by pattern are listed: {folder}"))

    def _homes(self, site: Site) -> Iterator[Point]:
        for node in site.all("userdir"):
            words = node.words
            if words and words[0].lower() not in {"disabled", "enabled"} and "://" not in words[0]:
                folder = f"/home/*/{words[0]}" if not words[0].startswith("/") else words[0]
                yield Point("/~*", folder)

    def _aliases(self, site: Site) -> Iterator[tuple[str, str, bool]]:
        """Give path, folder, and whether what lies there is run."""
        for level in (site.own, site.main):
            yield from aliases_in(level, "")
            for location in sections(level, "location"):
                if location.words and location.words[0] != "~":
                    yield from aliases_in(location.body or (), location.words[0])

    def _script(self, site: Site, url: str, folder: str) -> None:
        if not self._runs_cgi or covered(site, url):
            return
        names = seen(lambda: self._read.names(folder)) if "$" not in folder else ("?",)
        if isinstance(names, Unobserved):
            self._look.cgi.doubt(names)
        elif names or "." in folder.rsplit("/", 1)[-1]:
            self._look.cgi.at(f"{site.name} {url} ({folder})")

    def _folder_of(self, site: Site, url: str) -> str:
        """Give the folder that a path leads to."""
        for prefix, target, _ in self._aliases(site):
            bare = prefix.rstrip("/")
            if url == bare or url.startswith(f"{bare}/"):
                return f"{absolute(self._root, target).rstrip('/')}{url[len(bare) :]}".rstrip("/") or "/"
        root = site.word("documentroot")
        return f"{absolute(self._root, root).rstrip('/')}/{url.strip('/')}".rstrip("/") if root else ""

    def _tokens(self, site: Site) -> None:
        written = last(site.main, "servertokens")
        words = written.rest.strip() if written else ""
        if words.lower() in {"prod", "productonly"}:
            return
        if any(node.name == "secserversignature" for level in site.levels for node in level):
            self._look.version_told.doubt(unsupported("SecServerSignature puts other words in its place"))
        elif words:
            self._look.version_told.at(f"ServerTokens {words}")
        else:
            self._look.by_default(self._look.version_told, "ServerTokens Full")

    def _logs(self, site: Site) -> None:
        logs = [n for n in (*site.own, *site.main) if n.name == "globallog"]
        for level in (site.own, site.main):
            if named := [node for node in level if node.name in {"customlog", "transferlog"}]:
                logs += named
                break
        if not logs:
            self._look.by_default(self._look.unlogged, f"{site.name} (CustomLog)")
        elif all(node.words[:1] == ("/dev/null",) for node in logs):
            self._look.unlogged.at(f"{site.name} (CustomLog)")
        if site.word("errorlog") == "/dev/null":
            self._look.unlogged.at(f"{site.name} (ErrorLog)")

    def _slow(self, site: Site) -> None:
        if "mod_reqtimeout.c" not in self._modules:
            self._look.by_default(self._look.slow, f"{site.name} (mod_reqtimeout)")
            return
        heads = [word for level in site.levels for n in level if n.name == "requestreadtimeout" for word in n.words]
        waits = [word.partition("=")[2] for word in heads if word.lower().startswith("header=")]
        limit = re.match(r"(\d{1,6})(?:-(\d{1,6}))?", waits[-1]) if waits else None
        if limit and (int(limit[1]) == 0 or int(limit[2] or limit[1]) > SLOWEST):
            self._look.slow.at(f"{site.name} (RequestReadTimeout header={waits[-1]})")

    def _speaks(self, site: Site) -> None:
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

"""What Tomcat's files mean: connectors, hosts, the servlets that come with it, its management applications and their accounts.

Sources: the documentation of Tomcat 9 to 11 (config/*.html, manager-howto, default-servlet). Passwords are compared here and left here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from scanner.facts.readings import Audience
from scanner.facts.web_configuration import WebTls
from scanner.hosts.base import Reader
from scanner.hosts.linux.audience import audience_of, narrowest, widest
from scanner.hosts.linux.base import seen, shown
from scanner.hosts.linux.web_reading import SLOWEST, USUAL_PASSWORDS, Look, loopback, unsupported
from scanner.hosts.linux.web_reloads import unit_account
from scanner.hosts.linux.web_tomcat_files import Application, Instance, Tree, applications, server
from scanner.model.fact import Unobserved
from scanner.wire.tls.suites import suite_by_name
from scanner.wire.xmltree import Element

SERVLETS = "org.apache.catalina.servlets."
MANAGEMENT = "org.apache.catalina.manager."
VALVES = "org.apache.catalina.valves."
DEFAULT_WORD = "SHUTDOWN"
ROLES = ("manager", "admin")
"""How the roles begin that may use the management applications."""
SAMPLES = frozenset({"docs", "examples"})
TLS_VERSIONS = {"SSLv3": "SSL 3.0", "TLSv1": "TLS 1.0", "TLSv1.1": "TLS 1.1", "TLSv1.2": "TLS 1.2", "TLSv1.3": "TLS 1.3"}
NEW = frozenset({"TLS 1.2", "TLS 1.3"})


@dataclass(frozen=True, slots=True)
class _Usual:
    """What holds for every application: conf/web.xml and conf/context.xml."""

    web: Element | None
    context: Element | None


def _true(text: str) -> bool:
    """Read a switch as Java does: whatever is not ``true`` is false."""
    return text.strip().lower() == "true"


def _switch(text: str, usual: bool, doubt: Callable[[Unobserved], None]) -> bool:
    """Read a switch that a property may set: then it is left open, and taken for ``usual``."""
    if "${" in text:
        doubt(unsupported(f"the property {text} sets a switch"))
        return usual
    return _true(text)


def tomcat(read: Reader, instance: Instance) -> Look:
    """Read the configuration of an instance. Raises ``CannotObserve``."""
    tree = Tree(read, instance.home)
    root = server(tree)
    usual = _Usual(tree.document(f"{instance.home.conf}/web.xml"), tree.document(f"{instance.home.conf}/context.xml"))
    look = Look(
        source=tree.files[0],
        files=(),
        version=unsupported("no file tells Tomcat's version"),
        account=seen(lambda: instance.account or unit_account(read, instance.found.program.units)),
        sites=(),
        one_account=True,
    )
    sites: list[str] = []
    tls: list[WebTls] = []
    for service in root.all("Service"):
        for connector in service.all("Connector"):
            _connector(connector, tree, look, tls)
        for engine in service.all("Engine"):
            for host in engine.all("Host"):
                sites.append(shown(host.get("name")))
                _host(host, engine, tree, look, usual)
    _orders(root, look)
    users = Tree(read, instance.home)
    _accounts(root, users, look)
    look.console_passwords.doubt(users.doubt)
    look.doubt, look.files, look.sites, look.spoken = tree.doubt, (*tree.files, *users.files), tuple(sites), tuple(tls)
    return look


def _orders(root: Element, look: Look) -> None:
    """The port at which a word stops the server: -1 is none, the word and the address of the loopback are the defaults."""
    port, word, address = root.get("port", "8005"), root.get("shutdown", DEFAULT_WORD), root.get("address", "localhost")
    if "${" in port + word + address:
        look.orders.doubt(unsupported(f"the port {port} and the word of Server are set by properties"))
    elif port != "-1" and (word == DEFAULT_WORD or not loopback(address)):
        look.orders.at(f"{address}:{port} ({'the usual word' if word == DEFAULT_WORD else 'a word of its own'})")


def _connector(connector: Element, tree: Tree, look: Look, tls: list[WebTls]) -> None:
    address, port = connector.get("address"), connector.get("port")
    place = shown(f"{address or '*'}:{port}")
    if connector.get("protocol").upper().startswith("AJP") or "ajp" in connector.get("protocol"):
        _ajp(connector, place, look)
        return
    if _switch(connector.get("allowTrace"), False, look.trace.doubt):
        look.trace.at(place)
    if re.search(r"\d\.\d", connector.get("server")) or _switch(connector.get("xpoweredBy"), False, look.version_told.doubt):
        look.version_told.at(place)
    wait = connector.get("connectionTimeout", "60000")
    if wait.startswith("-") or (wait.isdecimal() and int(wait[:18]) > SLOWEST * 1000):
        look.slow.at(f"{place} (connectionTimeout {wait})")
    look.slow.doubt(unsupported("Tomcat limits how long it waits for the next octets, not for a whole request"))
    if _switch(connector.get("SSLEnabled"), False, tree.leave):
        for host in connector.all("SSLHostConfig") or (connector,):
            tls.append(_tls(host, place))
            _keys(host, tree, look)


def _ajp(connector: Element, place: str, look: Look) -> None:
    """AJP is for a web server in front: whoever reaches it without its secret may name any user (CVE-2020-1938)."""
    if connector.get("secret") or loopback(connector.get("address")):
        return
    asks = _switch(connector.get("secretRequired", "true"), True, look.orders.doubt)
    if "$" in connector.get("address"):
        look.orders.doubt(unsupported(f"AJP {place}: a property tells where it listens"))
    elif not asks and connector.get("address"):
        look.orders.at(f"AJP {place}")
    elif not asks or connector.get("address"):
        look.orders.doubt(unsupported(f"AJP {place}: where it listens and whether it asks for a secret depends on Tomcat's version"))
    else:
        look.orders.doubt(unsupported(f"AJP {place}: before 9.0.31 and 8.5.51 it listened everywhere and asked for no secret"))


def _tls(host: Element, place: str) -> WebTls:
    """Read one SSLHostConfig, or a connector with the older attributes."""
    name = host.get("hostName")
    words = re.split(r"[,+\s]+", host.get("protocols") or host.get("sslEnabledProtocols"))
    written = {TLS_VERSIONS.get(word, word) for word in words if word and word != "SSLv2Hello"}
    versions: tuple[str, ...] | Unobserved = tuple(version for version in TLS_VERSIONS.values() if version in written)
    if not written or not written <= set(TLS_VERSIONS.values()):
        versions = unsupported(f"{place}: which versions are spoken where none is named is left to Java")
    elif not written <= NEW:
        versions = unsupported(f"{place}: {', '.join(sorted(written - NEW))} are let in, and whether Java speaks them is not known")
    suites = tuple(word for word in re.split(r"[,:\s]+", host.get("ciphers")) if word)
    known = suites and all(suite_by_name(suite) is not None for suite in suites)
    unknown = unsupported(f"{place}: what the suites come to, Java tells")
    return WebTls(f"{place} {name}".strip(), versions, (), suites if known else unknown)


def _keys(host: Element, tree: Tree, look: Look) -> None:
    written = []
    for one in (host, *host.all("Certificate")):
        written += [one.get(name) for name in ("certificateKeyFile", "certificateKeystoreFile", "keystoreFile", "SSLCertificateKeyFile")]
    found = [tree.path(path) for path in written if path]
    if unknown := next((path for path in found if "$" in path or "://" in path), None):
        look.keys_doubt = look.keys_doubt or unsupported(f"the key at {unknown}")
    look.keys = tuple(dict.fromkeys((*look.keys, *(shown(path) for path in found if "$" not in path and "://" not in path))))


def _host(host: Element, engine: Element, tree: Tree, look: Look, usual: _Usual) -> None:
    site = shown(host.get("name"))
    valves = (*engine.all("Valve"), *host.all("Valve"))
    kinds = {valve.get("className") for valve in valves if _switch(valve.get("enabled", "true"), True, look.unlogged.doubt)}
    if not any(kind.endswith("AccessLogValve") for kind in kinds):
        look.unlogged.at(f"{site} (AccessLogValve)")
    _error_pages(site, host, tree, look)
    app_base = tree.path(host.get("appBase", "webapps"))
    roots = dict.fromkeys((*look.roots, shown(app_base)))
    for app in applications(tree, engine.get("name"), host):
        if not app.folder.startswith(f"{app_base}/"):
            roots[shown(app.folder)] = None
        _application(app, site, valves, look, usual)
    look.roots = tuple(roots)


def _error_pages(site: str, host: Element, tree: Tree, look: Look) -> None:
    """Error pages tell the version unless the host's valve is written with showServerInfo="false", or the text they tell was replaced.

    A host without such a valve has one by default, also where its engine has one.
    """
    own = [valve for valve in host.all("Valve") if valve.get("className") == f"{VALVES}ErrorReportValve"]
    if own and not _switch(own[-1].get("showServerInfo", "true"), False, look.version_told.doubt):
        return
    if host.get("errorReportValveClass", f"{VALVES}ErrorReportValve") != f"{VALVES}ErrorReportValve":
        look.version_told.doubt(unsupported(f"{site}: what {host.get('errorReportValveClass')} shows is not known"))
        return
    text = seen(partial(_told_of_server, tree))
    if isinstance(text, Unobserved):
        look.version_told.doubt(text)
    elif text is None or re.search(rb"(?m)^\s*server\.info\s*[=:].*\d\.\d", text):
        look.version_told.at(f"{site} (ErrorReportValve)")


def _told_of_server(tree: Tree) -> bytes | None:
    """Give the text that takes the place of the one in Tomcat's archive: the instance's, else the program's. Raises ``CannotObserve``."""
    places = (f"{home}/lib/org/apache/catalina/util/ServerInfo.properties" for home in (tree.home.base, tree.home.program))
    return next((text for place in places if (text := tree.read.file(place)) is not None), None)


def _application(app: Application, site: str, valves: tuple[Element, ...], look: Look, usual: _Usual) -> None:
    place = shown(f"{site} {app.path}")
    contexts = [context for context in (usual.context, app.context) if context is not None]
    own = [servlet for servlet in app.web.all("servlet") if servlet.say("servlet-class")] if app.web else []
    named = {servlet.say("servlet-name") for servlet in own}
    inherited = [servlet for servlet in usual.web.all("servlet") if servlet.say("servlet-name") not in named] if usual.web else []
    for servlet in (*inherited, *own):
        kind = servlet.say("servlet-class").strip()
        settings = dict(_settings(servlet))
        if kind in {f"{SERVLETS}DefaultServlet", f"{SERVLETS}WebdavServlet"}:
            if _switch(settings.get("listings", "false"), False, look.listing.doubt):
                look.listing.at(place)
            if not _switch(settings.get("readonly", "true"), True, look.writing.doubt):
                _writing(app, place, look)
        if kind == f"{SERVLETS}CGIServlet" and any(_switch(context.get("privileged"), False, look.cgi.doubt) for context in contexts):
            for path in _paths(servlet, app.web, usual.web):
                look.cgi.at(f"{place} {path}")
    if any(servlet.say("servlet-class").startswith(MANAGEMENT) for servlet in own):
        who = _clients((*valves, *(valve for context in contexts for valve in context.all("Valve"))))
        filters = [
            kind for web in (usual.web, app.web) if web for one in web.all("filter") if "Remote" in (kind := one.say("filter-class"))
        ]
        if filters and who is Audience.EVERYBODY:
            who = unsupported(f"{place}: whom the filter {filters[0]} lets in is not followed")
        if isinstance(who, Unobserved):
            look.consoles.doubt(who)
        elif who is Audience.EVERYBODY:
            look.consoles.at(place)
    if app.path.strip("/") in SAMPLES:
        look.samples.at(place)


def _settings(servlet: Element) -> Iterator[tuple[str, str]]:
    for one in servlet.all("init-param"):
        yield one.say("param-name"), one.say("param-value")


def _paths(servlet: Element, *webs: Element | None) -> Iterator[str]:
    for web in webs:
        for mapping in web.all("servlet-mapping") if web is not None else ():
            if mapping.say("servlet-name") == servlet.say("servlet-name"):
                yield from (pattern.text for pattern in mapping.all("url-pattern"))


def _writing(app: Application, place: str, look: Look) -> None:
    """A servlet that takes PUT and DELETE may stand behind constraints of its application, which are not followed."""
    if app.web is not None and app.web.all("security-constraint"):
        look.writing.doubt(unsupported(f"{place}: its security constraints are not followed"))
    else:
        look.writing.at(place)


def _clients(valves: Iterable[Element]) -> Audience | Unobserved:
    """Say whom the valves on the client's address let in."""
    bounds = []
    for valve in valves:
        kind = valve.get("className")
        if kind == f"{VALVES}RemoteCIDRValve" and valve.get("allow"):
            bounds.append(widest(audience_of(word) for word in re.split(r"[,\s]+", valve.get("allow")) if word))
        elif kind == f"{VALVES}RemoteHostValve":
            return unsupported("whom a RemoteHostValve lets in depends on names")
        elif kind == f"{VALVES}RemoteAddrValve" and valve.get("allow"):
            who = _by_pattern(valve.get("allow"))
            if isinstance(who, Unobserved):
                return who
            bounds.append(who)
    return narrowest(bounds)


def _by_pattern(pattern: str) -> Audience | Unobserved:
    """Read a pattern of whole addresses: alternatives that begin with a part of an address let in some."""
    words = pattern.split("|")
    if any(re.fullmatch(r"\^?(\.[*+]|\\d\+\\\.\\d\+\\\.\\d\+\\\.\\d\+)\$?", word.strip()) for word in words):
        return Audience.EVERYBODY
    if all(re.match(r"\s*\^?(\d{1,3}\\?\.|[0-9a-fA-F]{0,4}:)", word) for word in words):
        return Audience.SOME
    return unsupported(f"whom the pattern {pattern} lets in is not followed")


def _accounts(root: Element, tree: Tree, look: Look) -> None:
    """Look for accounts of the management applications with passwords that everybody knows, in the file of users."""
    resources = [one for part in root.all("GlobalNamingResources") for one in part.all("Resource")]
    databases = [one for one in resources if one.get("type") == "org.apache.catalina.UserDatabase"]
    realms = {one.get("className").rpartition(".")[2] for one in root.everything() if one.name == "Realm"}
    if others := realms - {"LockOutRealm", "CombinedRealm", "UserDatabaseRealm"}:
        look.console_passwords.doubt(unsupported(f"accounts of {', '.join(sorted(others))} are not in a file that is read"))
    for database in databases:
        users = tree.document(tree.path(database.get("pathname", "conf/tomcat-users.xml")))
        if users is None:
            continue
        for user in users.all("user"):
            name = user.get("username") or user.get("name")
            administers = any(role.startswith(ROLES) for role in _roles(users, user))
            if administers and user.get("password") in {*USUAL_PASSWORDS, name}:
                look.console_passwords.at(name)


def _roles(users: Element, user: Element) -> set[str]:
    """Give the roles of a user: its own, and those of its groups."""
    groups = [group for group in users.all("group") if (group.get("groupname") or group.get("name")) in _names(user.get("groups"))]
    return {role for one in (user, *groups) for role in _names(one.get("roles"))}


def _names(text: str) -> set[str]:
    return {name.strip() for name in text.split(",")}

"""Where Tomcat stands on a machine and what its files hold: server.xml, the contexts of its hosts, their applications' web.xml.

What they mean is in ``web_tomcat``. Sources: the pages of Tomcat's documentation on Server, Host and Context (10.1).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import partial

from scanner.hosts.base import Files, Names, Reader, Source
from scanner.hosts.linux.arguments import LONGEST
from scanner.hosts.linux.base import Process, file_needed, needed, parsed, seen, shown
from scanner.hosts.linux.named_paths import absolute
from scanner.hosts.linux.process_account import account_name
from scanner.hosts.linux.services import Found, Program, boxed, installed, paths
from scanner.hosts.linux.web_reading import MOST_FILES
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from scanner.wire import xmltree
from scanner.wire.xmltree import Element

BOOTSTRAP = "org.apache.catalina.startup.Bootstrap"
MOST_APPLICATIONS = 200


@dataclass(frozen=True, slots=True)
class Home:
    """An instance: the directory of its data (CATALINA_BASE), that of its configuration, and that of the program (CATALINA_HOME)."""

    base: str
    conf: str
    program: str


HOMES = {
    Program(name, (f"/etc/{name}/server.xml",), (f"{name}.service",), ("java",)): Home(
        f"{base}/{name}", f"/etc/{name}", f"/usr/share/{name}"
    )
    for name, base in (*((f"tomcat{version}", "/var/lib") for version in (9, 10, 11)), ("tomcat", "/usr/share"))
}
"""Places of Debian's and Red Hat's packages."""
SOURCES: tuple[Source, ...] = (
    *paths(HOMES),
    Files("/etc/tomcat*/*.xml", root=True),
    Files("/etc/tomcat*/*/*/*.xml", root=True),
    Names("/etc/tomcat*/*/*", root=True),
    *(Names(f"{home.base}/webapps") for home in HOMES.values()),
    Files("/var/lib/tomcat*/webapps/*/META-INF/context.xml"),
    Files("/var/lib/tomcat*/webapps/*/WEB-INF/web.xml"),
    Files("/usr/share/tomcat*-*/*/WEB-INF/web.xml"),
)


@dataclass(frozen=True, slots=True)
class Instance:
    """An instance that is installed or runs, with its account where it runs."""

    found: Found
    home: Home
    account: str | None


@dataclass(frozen=True, slots=True)
class Application:
    """One application of a host: its path, its folder, its own context and deployment descriptor where it has one."""

    path: str
    folder: str
    context: Element | None
    web: Element | None


@dataclass
class Tree:
    """What was read of an instance: files, and why something may be missing."""

    read: Reader
    home: Home
    files: list[str] = field(default_factory=list)
    doubt: Unobserved | None = None

    def document(self, path: str) -> Element | None:
        """Read a file; ``None``: it is not there, or its content is left open."""
        if len(self.files) >= MOST_FILES:
            self.doubt = self.doubt or Unobserved(Reason.TOO_LARGE, f"more than {MOST_FILES} files")
            return None
        data = seen(partial(self.read.file, path, limit=xmltree.MOST_OCTETS))
        if data is None:
            return None
        self.files.append(shown(path))
        found = data if isinstance(data, Unobserved) else parsed(path, data, xmltree.parse)
        if isinstance(found, Unobserved):
            self.doubt = self.doubt or found
            return None
        return found

    def names(self, directory: str) -> tuple[str, ...]:
        """List a directory; empty where it is not there, or what it holds is left open."""
        found = seen(partial(self.read.names, directory))
        if isinstance(found, Unobserved):
            self.doubt = self.doubt or found
            return ()
        return found or ()

    def leave(self, why: Unobserved) -> None:
        """Leave what was not read open."""
        self.doubt = self.doubt or why

    def path(self, written: str) -> str:
        """Give the place of a path in a file; most are relative to the instance's directory."""
        found = absolute(self.home.base, self.replaced(written))
        inner = found.removeprefix(f"{self.home.base}/conf/")
        return found if inner == found else f"{self.home.conf}/{inner}"

    def replaced(self, written: str) -> str:
        """Put in the two directories that files name as properties."""
        return written.replace("${catalina.base}", self.home.base).replace("${catalina.home}", self.home.program)


def instances(read: Reader, running: tuple[Process, ...] | Unobserved | None) -> tuple[Instance, ...]:
    """Give Tomcat's instances: those at packages' places, and those that run from elsewhere. Raises ``CannotObserve``."""
    live = _running(read, running) if isinstance(running, tuple) else {}
    found = []
    for one in installed(read, HOMES, ()):
        _, account = live.pop(HOMES[one.program].base, ("", None))
        runs = account is not None if isinstance(running, tuple) else running
        found.append(Instance(Found(one.program, runs, one.starts), HOMES[one.program], account))
    for place, (home, account) in live.items():
        unit = Unobserved(Reason.UNSUPPORTED, f"which unit starts Tomcat at {shown(place)} is not known")
        program = Program(shown(f"tomcat at {place}"), (), (), ("java",))
        found.append(Instance(Found(program, True, unit), Home(place, f"{place}/conf", home or place), account))
    return tuple(found)


def _running(read: Reader, running: tuple[Process, ...]) -> dict[str, tuple[str, str]]:
    """Give programs' directories and accounts of the instances that run, by their own; those in containers are not looked into."""
    found: dict[str, tuple[str, str]] = {}
    java = [process for process in running if process.name == "java"]
    for process in sorted(set(java) - boxed(read, java), key=lambda one: one.number):
        words = (read.file(f"/proc/{process.number}/cmdline", limit=LONGEST) or b"").decode("utf-8", "replace").split("\0")
        set_ = dict(word.removeprefix("-D").split("=", 1) for word in words if word.startswith("-Dcatalina.") and "=" in word)
        state = read.state(f"/proc/{process.number}")
        if BOOTSTRAP in words and state is not None:
            found[set_.get("catalina.base", "")] = set_.get("catalina.home", ""), account_name(read, state.uid)
    return found


def applications(tree: Tree, engine: str, host: Element) -> tuple[Application, ...]:
    """Give the applications of a host: those of server.xml, of the files in its folder of contexts, and of its folder of applications.

    A file of contexts takes the place of the application's own META-INF/context.xml.
    """
    app_base = tree.path(host.get("appBase", "webapps"))
    found: dict[str, Application] = {}
    for context in host.all("Context"):
        path = context.get("path").strip("/").replace("/", "#") or "ROOT"
        _add(tree, found, path, absolute(app_base, tree.replaced(context.get("docBase") or path)), context)
    folder = tree.path(host.get("xmlBase") or f"conf/{engine}/{host.get('name')}")
    if "$" in app_base + folder:
        tree.leave(Unobserved(Reason.UNSUPPORTED, shown(f"which applications {app_base} and {folder} are, properties tell")))
    for name in tree.names(folder):
        path = name.removesuffix(".xml")
        if name.endswith(".xml") and path not in found and path != "context":
            own = tree.document(f"{folder}/{name}")
            _add(tree, found, path, absolute(app_base, tree.replaced(own.get("docBase")) or path if own else path), own)
    for name in tree.names(app_base):
        if name not in found and not name.startswith(".") and not name.endswith(".war"):
            _add(tree, found, name, f"{app_base}/{name}", tree.document(f"{app_base}/{name}/META-INF/context.xml"))
        elif name.endswith(".war") and name.removesuffix(".war") not in {*found, *tree.names(app_base)}:
            tree.doubt = tree.doubt or Unobserved(Reason.UNSUPPORTED, shown(f"{app_base}/{name} is packed, and what it holds is not read"))
    return tuple(found.values())


def _add(tree: Tree, found: dict[str, Application], path: str, folder: str, context: Element | None) -> None:
    if len(found) >= MOST_APPLICATIONS:
        tree.doubt = tree.doubt or Unobserved(Reason.TOO_LARGE, f"more than {MOST_APPLICATIONS} applications")
    elif re.search(r"\$\{|\.war$", folder):
        tree.doubt = tree.doubt or Unobserved(Reason.UNSUPPORTED, shown(f"what the application at {folder} holds is not read"))
    else:
        address = "/" + path.partition("##")[0].replace("#", "/").removeprefix("ROOT")  # what stands behind ## is a version
        found[path] = Application(address, folder, context, tree.document(f"{folder}/WEB-INF/web.xml"))


def server(tree: Tree) -> Element:
    """Read server.xml. Raises ``CannotObserve``."""
    path = f"{tree.home.conf}/server.xml"
    data = file_needed(tree.read, path, limit=xmltree.MOST_OCTETS)
    tree.files.append(shown(path))
    return needed(parsed(path, data, xmltree.parse))

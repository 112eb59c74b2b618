"""What the readers of web server programs share: what one look gives. Included files are in ``named_paths``, TLS in ``web_tls``."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field

from scanner.facts.web_configuration import Places, WebTls
from scanner.hosts.linux.base import shown
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason

MOST_FILES = 500
"""Files that one program's configuration may be made of."""
MOST_PLACES = 50
"""Places of one kind that a fact names; the first ones."""
MOST_SITES = 500
DEEPEST = 10
SLOWEST = 120
"""Seconds for which a server may wait for the rest of a request's head. nginx' own default is 60, that of mod_reqtimeout 20 to 40."""

USUAL_PASSWORDS = frozenset(
    {"", "admin", "changeit", "manager", "password", "role1", "root", "s3cret", "secret", "tomcat", "<must-be-changed>", "123456"}
)
"""Passwords of the programs' own examples, and those that are tried first."""


class Found:
    """Collects the places of one kind, and the first reason why there may be more."""

    def __init__(self) -> None:
        self._places: dict[str, None] = {}
        self._unseen: Unobserved | None = None

    def at(self, place: str) -> None:
        """Add a place."""
        if len(self._places) < MOST_PLACES:
            self._places[shown(place)] = None

    def doubt(self, why: Unobserved | None) -> None:
        """Say why not everything was seen; the first reason stays."""
        self._unseen = self._unseen or why

    def places(self, *doubts: Unobserved | None) -> Places:
        """Give what was collected; the doubts are those of everything that was read."""
        return Places(tuple(self._places), self._unseen or next((why for why in doubts if why is not None), None))


@dataclass(frozen=True)
class ToldTls:
    """What a virtual server's own lines say of TLS. ``versions`` in the words of the fact."""

    site: str
    versions: frozenset[str] | Unobserved
    ciphers: str | Unobserved
    """OpenSSL's cipher string."""
    written: bool = True
    """Whether the versions are written; else they are the program's own."""
    finite_fields: bool = True
    """Whether suites with DHE can be chosen: nginx has no parameters for them of its own."""
    commands: tuple[str, ...] = ()
    """Lines handed to the library as they stand (``ssl_conf_command``, ``SSLOpenSSLConfCmd``)."""


@dataclass
class Look:
    """What a program's files say; see ``WebProgram`` for the parts."""

    source: str
    files: tuple[str, ...]
    version: str | Unobserved
    account: str | Unobserved
    sites: tuple[str, ...]
    doubt: Unobserved | None = None
    """Why something may be set elsewhere: it bears on everything."""
    listing: Found = field(default_factory=Found)
    cgi: Found = field(default_factory=Found)
    trace: Found = field(default_factory=Found)
    writing: Found = field(default_factory=Found)
    version_told: Found = field(default_factory=Found)
    status_open: Found = field(default_factory=Found)
    samples: Found = field(default_factory=Found)
    unlogged: Found = field(default_factory=Found)
    escaping: Found = field(default_factory=Found)
    slow: Found = field(default_factory=Found)
    roots: tuple[str, ...] = ()
    """Folders that are served."""
    roots_doubt: Unobserved | None = None
    keys: tuple[str, ...] = ()
    keys_doubt: Unobserved | None = None
    tls: tuple[ToldTls, ...] = ()
    """TLS by the OpenSSL that is installed."""
    spoken: tuple[WebTls, ...] = ()
    """TLS by a library of the program's own."""
    one_account: bool = False
    """Whether it has the same account from its start, never root, which therefore has to read the keys itself."""
    consoles: Found = field(default_factory=Found)
    console_passwords: Found = field(default_factory=Found)
    orders: Found = field(default_factory=Found)
    php: tuple[tuple[str, str, str], ...] = ()
    """Settings of PHP that stand in the server's files: place, name, value."""
    runs_php: bool = False
    """Whether the program runs PHP itself, as a module."""
    modules: tuple[str, ...] = ()
    """Modules that are loaded besides those built in."""

    def by_default(self, found: Found, place: str) -> None:
        """Add a place that follows from nothing being written: it is none where something could be written in what was not read."""
        if self.doubt is None:
            found.at(place)
        else:
            found.doubt(self.doubt)


def unsupported(text: str) -> Unobserved:
    """Say that something is not understood here."""
    return Unobserved(Reason.UNSUPPORTED, shown(text))


def below(path: str, folder: str) -> bool:
    """Tell whether a path is a folder or stands below it."""
    folder = folder.rstrip("/")
    return path.rstrip("/") == folder or path.startswith(f"{folder}/")


def loopback(address: str) -> bool:
    """Tell whether an address that a server listens on is reached from the machine alone."""
    host = re.sub(r":\d+\Z", "", address)
    host = host.strip("[]") if host.startswith("[") else host
    if host.startswith("unix:") or host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

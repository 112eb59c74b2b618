"""What stands on disk for a web server: rights of document roots and of private keys, and first pages that came with the program."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial

from scanner.facts.web_configuration import Places
from scanner.hosts.base import FileKind, FileState, Reader
from scanner.hosts.linux.base import needed, seen
from scanner.hosts.linux.web_reading import Found, Look, unsupported
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason

MOST_ROOTS = 50
MOST_KEYS = 200
START_PAGES = (
    b"Apache2 Debian Default Page",
    b"Apache2 Ubuntu Default Page",
    b"Welcome to nginx!",
    b"Test Page for the HTTP Server",
    b"Test Page for the Apache HTTP",
    b"<title>Apache Tomcat</title>",
)
FIRST_PAGES = frozenset({"index.nginx-debian.html", "index.lighttpd.html"})
"""Files that packages put into the document root under a name of their own."""
PAGE = 64_000


@dataclass(frozen=True)
class _Who:
    """The server's account: its number and its groups."""

    user: int
    groups: frozenset[int]

    def writes(self, state: FileState) -> bool:
        if state.mode & 0o002:
            return True
        if state.uid == self.user:
            return bool(state.mode & 0o200)
        return state.gid in self.groups and bool(state.mode & 0o020)


def _who(read: Reader, account: str | Unobserved) -> _Who:
    name = needed(account)
    users = [line.split(":") for line in (read.file("/etc/passwd", limit=10_000_000) or b"").decode("utf-8", "replace").split("\n")]
    groups = [line.split(":") for line in (read.file("/etc/group", limit=10_000_000) or b"").decode("utf-8", "replace").split("\n")]
    for fields in users:
        if len(fields) > 3 and fields[0] == name and fields[2].isdecimal() and fields[3].isdecimal():
            more = {int(g[2]) for g in groups if len(g) > 3 and g[2].isdecimal() and name in g[3].split(",")}
            return _Who(int(fields[2]), frozenset({int(fields[3]), *more}))
    raise CannotObserve(Reason.UNSUPPORTED, f"there is no account {name}")


def roots_writable(read: Reader, look: Look) -> Places:
    """Judge every root and what lies directly in it; a folder in it that the server alone may write can be one for uploads."""
    found = Found()
    who = seen(partial(_who, read, look.account))
    if isinstance(who, Unobserved):
        return Places((), who)
    if len(look.roots) > MOST_ROOTS:
        found.doubt(Unobserved(Reason.TOO_LARGE, f"more than {MOST_ROOTS} document roots"))
    for root in look.roots[:MOST_ROOTS]:
        if "*" in root or "$" in root:
            found.doubt(unsupported(f"{root} stands for several folders"))
            continue
        state, names = seen(partial(read.state, root)), seen(partial(read.names, root))
        for part in (state, names):
            if isinstance(part, Unobserved):
                found.doubt(part)
        if isinstance(state, Unobserved) or isinstance(names, Unobserved) or state is None:
            continue
        if state.kind is FileKind.LINK:
            found.doubt(unsupported(f"{root} is a link"))
        elif who.writes(state):
            found.at(root)
        for name in names or ():
            inner = seen(partial(read.state, f"{root}/{name}"))
            if isinstance(inner, Unobserved):
                found.doubt(inner)
            elif inner is None or inner.kind is FileKind.LINK:
                continue
            elif inner.mode & 0o002 or (inner.kind is FileKind.FILE and who.writes(inner)):
                found.at(f"{root}/{name}")
    return found.places(look.roots_doubt, look.doubt)


def keys_open(read: Reader, look: Look) -> Places:
    """Judge the files of private keys: nobody else may read or change them, and they are not the server's own account's."""
    found = Found()
    who = seen(partial(_who, read, look.account))
    if len(look.keys) > MOST_KEYS:
        found.doubt(Unobserved(Reason.TOO_LARGE, f"more than {MOST_KEYS} keys"))
    for path in look.keys[:MOST_KEYS]:
        states = seen(partial(_key_states, read, path))
        if isinstance(states, Unobserved):
            found.doubt(states)
            continue
        for name, state in states:
            if state.mode & 0o027 or (not look.one_account and not isinstance(who, Unobserved) and state.uid == who.user != 0):
                found.at(f"{name} ({state.mode:04o})")
            elif not look.one_account and isinstance(who, Unobserved) and state.uid != 0:
                found.doubt(who)
    return found.places(look.keys_doubt, look.doubt)


def _key_states(read: Reader, path: str) -> tuple[tuple[str, FileState], ...]:
    """Give a key's state; behind the link that certbot keeps stand all the keys that it made. Raises ``CannotObserve``."""
    state = read.state(path)
    if state is None:
        raise CannotObserve(Reason.UNSUPPORTED, f"{path} is not there")
    if state.kind is not FileKind.LINK:
        return ((path, state),)
    kept = re.fullmatch(r"/etc/letsencrypt/live/([^/]+)/privkey\.pem", path)
    if kept is None:
        raise CannotObserve(Reason.UNSUPPORTED, f"{path} is a link")
    folder = f"/etc/letsencrypt/archive/{kept[1]}"
    names = [name for name in read.names(folder) or () if re.fullmatch(r"privkey\d+\.pem", name)]
    states = [(f"{folder}/{name}", read.state(f"{folder}/{name}")) for name in names]
    found = tuple((name, state) for name, state in states if state is not None)
    if not found:
        raise CannotObserve(Reason.UNSUPPORTED, f"{path} is a link, and {folder} holds no key")
    closed = [read.state(f"/etc/letsencrypt/{part}") for part in ("archive", "live")]
    # certbot leaves its keys readable to all where the folder above them is closed.
    guarded = all(state is not None and not state.mode & 0o077 and state.uid == 0 for state in closed)
    return () if guarded else found


def start_pages(read: Reader, look: Look) -> None:
    """Add the first pages of packages that lie in document roots to what was seen."""
    for root in look.roots[:MOST_ROOTS]:
        if "*" in root or "$" in root:
            continue
        names = seen(partial(read.names, root))
        if isinstance(names, Unobserved):
            look.samples.doubt(names)
            continue
        for name in FIRST_PAGES & set(names or ()):
            look.samples.at(f"{root}/{name}")
        if "index.html" in (names or ()):
            page = seen(partial(read.file, f"{root}/index.html", limit=PAGE))
            if isinstance(page, Unobserved):
                if page.reason is not Reason.TOO_LARGE:  # those that came with the program are small
                    look.samples.doubt(page)
            elif page is not None and any(mark in page for mark in START_PAGES):
                look.samples.at(f"{root}/index.html")

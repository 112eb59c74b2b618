"""What the programs for mail on Linux share where mail is sent on: whose domain an address has, people's homes, their own files.

Which files and settings a program goes by stands in ``mail_forwarding_*``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from scanner.facts.mail_forwarding import Forwarding
from scanner.hosts.base import Files, Names, Reader, Source
from scanner.hosts.linux.base import MOST_ACCOUNTS, changes, parsed, seen, shown
from scanner.hosts.linux.passwd import LARGEST, PASSWD, passwd
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import aliases
from scanner.wire.aliases import Destination, Entry, What

LIMIT = 4_000_000
"""Octets of one table."""
MOST_DOMAINS = 200
MOST_INCLUDED = 50
ALIASES = "/etc/aliases"
READS: tuple[Source, ...] = (
    Files(PASSWD, limit=LARGEST),
    Names("/home"),
    Files("/home/*/.forward*", root=True),
    Files("/root/.forward*", root=True),
    Files("/var/lib/*/.forward", root=True),
    Files(ALIASES, limit=LIMIT),
)
"""What ``homes`` reads, and the files of programs that have these places by default."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a program delivers on the machine itself."""

    domains: frozenset[str]
    """Lower case; one that begins with ``*`` stands for all names that end in the rest."""
    adds: str
    """The domain that it puts behind an address without one; empty: such an address stays here."""
    unread: Unobserved | None = None
    """Why there may be more domains."""

    def keeps(self, domain: str) -> bool:
        """Tell whether mail for a domain is known to stay here."""
        return not domain or domain in self.domains or any(one[0] == "*" and domain.endswith(one[1:]) for one in self.domains if one)


@dataclass(frozen=True, slots=True)
class Home:
    """A home directory and whose it is. ``uid`` is ``None`` for an account that is kept elsewhere."""

    name: str
    path: str
    uid: int | None = None

    def put_into(self, place: str, name: str) -> str:
        """Write a path that says ``$home``, and by ``name``, a pattern of variables, whose it is."""
        return self.path.join(re.split(r"\$home\b", self.name.join(re.split(rf"\$(?:{name})\b", place))))


def homes(read: Reader) -> tuple[Home, ...]:
    """Give the homes of all accounts of the machine, and those below /home, which may be of accounts kept elsewhere.

    Raises ``CannotObserve``.
    """
    found: dict[str, Home] = {}
    for entry in passwd(read):
        path = entry.home.rstrip("/")
        if path.startswith("/") and path != "/nonexistent":
            found.setdefault(path, Home(entry.name, path, entry.uid))
    for name in read.names("/home") or ():
        found.setdefault(f"/home/{name}", Home(name, f"/home/{name}"))
    if len(found) > MOST_ACCOUNTS:
        raise CannotObserve(Reason.TOO_LARGE, f"more than {MOST_ACCOUNTS} home directories")
    return tuple(found.values())


def own_file(read: Reader, source: str, delivery: Delivery) -> Forwarding | None:
    """Say where a .forward file sends mail on to; ``None`` where there is none."""
    data = seen(partial(read.file, source))
    if data is None:
        return None
    found = data if isinstance(data, Unobserved) else parsed(source, data, aliases.own)
    return unread(source, found) if isinstance(found, Unobserved) else forwarding(read, source, found, delivery)


def unread(source: str, why: Unobserved) -> Forwarding:
    """Say that a place could not be read."""
    return Forwarding(shown(source), (), why)


def indexed(read: Reader, path: str, index: str) -> bytes | None:
    """Give the text of which an index was made that a program asks; ``None`` where there is neither.

    Raises ``CannotObserve``, also where the two may differ.
    """
    at = changes(read, (path, index))
    if path not in at and index in at:
        raise CannotObserve(Reason.UNSUPPORTED, f"{shown(index)} is a database, and the text it was made of is not there")
    if path in at and (index not in at or at[path] > at[index]):
        raise CannotObserve(Reason.STALE, f"{shown(path)} was changed after {shown(index)} was made of it")
    return read.file(path, limit=LIMIT)


def aliased(entries: Iterable[Entry]) -> frozenset[str]:
    """Give the accounts whose mail an alias takes from them, so that their own files are not looked at."""
    names = ((entry.key.lower(), {one.value.lower().partition("@")[0] for one in entry.destinations}) for entry in entries)
    return frozenset(key for key, to in names if key not in to)


def forwarding(read: Reader, source: str, destinations: Iterable[Destination], delivery: Delivery) -> Forwarding:
    """Say where some destinations send mail on to."""
    outside: dict[str, None] = {}
    why: Unobserved | None = None
    for one in _followed(read, destinations):
        answer = one if isinstance(one, Unobserved) else _outside(one, delivery)
        if isinstance(answer, Unobserved):
            why = why or answer
        elif answer:
            outside[shown(answer)] = None
        if len(outside) > MOST_DOMAINS:
            why = why or Unobserved(Reason.TOO_LARGE, f"more than {MOST_DOMAINS} domains")
            break
    domains = tuple(outside)[:MOST_DOMAINS]
    if domains:
        read.keep(shown(source), " ".join(f"…@{domain}" for domain in domains))
    return Forwarding(shown(source), domains, why)


def _followed(read: Reader, destinations: Iterable[Destination]) -> Iterator[Destination | Unobserved]:
    """Give the destinations, those of included files in their place."""
    waiting, seen_paths = list(destinations)[::-1], set[str]()
    while waiting:
        one = waiting.pop()
        if one.what is not What.INCLUDE:
            yield one
        elif one.value not in seen_paths:
            seen_paths.add(one.value)
            if len(seen_paths) > MOST_INCLUDED:
                yield Unobserved(Reason.TOO_LARGE, f"more than {MOST_INCLUDED} files are included")
                return
            data = seen(partial(read.file, one.value, limit=LIMIT)) if one.value.startswith("/") else None
            inside = data if isinstance(data, Unobserved) else parsed(one.value, data or b"", aliases.own)
            if isinstance(inside, Unobserved):
                yield inside
            else:
                waiting += inside[::-1]


def _outside(one: Destination, delivery: Delivery) -> str | Unobserved | None:
    """Give the domain to which a destination sends mail; ``None``: it stays on the machine."""
    if one.what is What.COMMAND:
        program = one.value.split()[0].rpartition("/")[2] if one.value.split() else ""
        return Unobserved(Reason.UNSUPPORTED, shown(f"{program} is handed mail; what it does with it is not known"))
    if one.what is not What.ADDRESS:
        return None
    domain = one.domain or delivery.adds
    if delivery.keeps(domain) and "%" in one.value.rpartition("@")[0]:
        domain = Destination(What.ADDRESS, one.value.rpartition("@")[0]).domain  # user%domain@here is sent on to user@domain
    if delivery.keeps(domain):
        return None
    if "$" in domain:
        return Unobserved(Reason.UNSUPPORTED, "an address is put together when mail comes")
    if delivery.unread:
        return Unobserved(delivery.unread.reason, shown(f"mail goes to {domain}, and it may be delivered here: {delivery.unread.detail}"))
    return domain

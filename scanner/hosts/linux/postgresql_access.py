"""Who gets into a PostgreSQL server: pg_hba.conf with what it includes, to the entrances that a connection can reach."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from typing import Protocol, TypeVar

from scanner.facts.database_configuration import Entrance
from scanner.facts.readings import Audience
from scanner.hosts.base import Reader
from scanner.hosts.linux.base import file_needed, is_there, needed, parsed, shown
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import pghba
from scanner.wire.addresses import wide
from scanner.wire.pghba import Rule

T = TypeVar("T", covariant=True)
MOST_FILES = 200
MOST_RULES = 1_000
MOST_NAMES = 20_000
MOST_ENTRANCES = 200
DEEPEST = 10
"""The server's own limit of includes within includes (CONF_FILE_MAX_DEPTH)."""


def included(read: Reader, path: str, how: str, what: str) -> list[str]:
    """Give the files that a directive has read, by their order; both kinds of files have the same directives."""
    place = below(path.rpartition("/")[0], what)
    if how == "include_dir":
        names = read.names(place)
        if names is None:
            raise CannotObserve(Reason.UNSUPPORTED, shown(f"{path}: {place} is no directory"))
        return [f"{place}/{name}" for name in names if name.endswith(".conf") and not name.startswith(".")]
    return [] if how == "include_if_exists" and not is_there(read, place) else [place]


def below(directory: str, path: str) -> str:
    return path if path.startswith("/") else f"{directory}/{path}"


def placed_rules(read: Reader, path: str, major: int | None, files: list[str]) -> list[tuple[str, Rule]]:
    """Give the records of pg_hba.conf and of what it includes, each with its file; files read are added to ``files``.

    Raises ``CannotObserve``.
    """
    found: list[tuple[str, Rule]] = []

    def one(path: str, depth: int) -> None:
        if depth > DEEPEST or len(files) >= MOST_FILES:
            raise CannotObserve(Reason.TOO_LARGE, shown(f"{path}: too many files are included"))
        for item in _read(read, path, major, pghba.parse, files):
            if isinstance(item, Rule):
                accounts, databases = (_opened(read, path, names, major, files) for names in (item.accounts, item.databases))
                found.append((path, replace(item, accounts=accounts, databases=databases)))
            elif major is None or major < 16:
                raise CannotObserve(Reason.PROTOCOL_VIOLATION, shown(f"{path}: {item.how} is known from PostgreSQL 16 only"))
            else:
                for name in included(read, path, item.how, item.path):
                    one(name, depth + 1)
        if len(found) > MOST_RULES or sum(len(rule.accounts) + len(rule.databases) for _, rule in found) > MOST_NAMES:
            raise CannotObserve(Reason.TOO_LARGE, shown(f"{path}: more than {MOST_RULES} records or {MOST_NAMES} names"))

    one(path, 0)
    return found


class _Parse(Protocol[T]):
    def __call__(self, data: bytes, *, joins: bool) -> tuple[T, ...]: ...


def _read(read: Reader, path: str, major: int | None, parse: _Parse[T], files: list[str]) -> tuple[T, ...]:
    data = file_needed(read, path, limit=pghba.MOST_OCTETS)
    files.append(path)
    if major is None and pghba.has_joined_lines(data):
        raise CannotObserve(Reason.UNSUPPORTED, shown(f"{path}: lines end in a backslash, and the version is not known"))
    return needed(parsed(path, data, partial(parse, joins=major is None or major >= 14)))


def _opened(read: Reader, path: str, names: frozenset[str], major: int | None, files: list[str]) -> frozenset[str]:
    """Put the words of a file in the place of ``@file``; files within such files are left as they are and match nothing known."""
    found: set[str] = set()
    for name in names:
        if not name.startswith("@"):
            found.add(name)
            continue
        found.update(_read(read, below(path.rpartition("/")[0], name[1:]), major, pghba.names, files))
    return frozenset(found)


def entrances(
    placed: list[tuple[str, Rule]], tls: bool | Unobserved, permissions: str | Unobserved, superuser: str | Unobserved
) -> tuple[Entrance, ...]:
    """Give the rules that a connection can reach and that let it in. Raises ``CannotObserve``."""
    rules = [rule for _, rule in placed]
    found = []
    for at, (path, rule) in enumerate(placed):
        ways = pghba.ways(rules, at) if rule.method != "reject" else ""
        if tls is False:
            ways = ways.replace("t", "")
        if not ways:
            continue
        special = ""
        if not isinstance(superuser, Unobserved) and pghba.ways(rules, at, superuser):
            special = "named" if pghba.names_it(rule, superuser) else "all"
        place = shown(f"{path}:{rule.line}")
        audiences = (_behind(permissions),) if rule.kind == "local" else _from(rule.address)
        for who in audiences:
            found.append(Entrance(place, who, rule.kind == "local", "c" in ways, "t" in ways or "g" in ways, rule.method, special))
    if len(found) > MOST_ENTRANCES:
        raise CannotObserve(Reason.TOO_LARGE, f"more than {MOST_ENTRANCES} records of pg_hba.conf can be reached")
    return tuple(found)


def _behind(permissions: str | Unobserved) -> Audience:
    """Tell who may use the socket: with rights for its owner and group alone, nobody else on the machine."""
    if isinstance(permissions, Unobserved):
        return Audience.ITSELF
    try:
        mode = int(permissions, 8 if re.match("0[0-7]", permissions) else 0)
    except ValueError:
        return Audience.ITSELF
    return Audience.ITSELF if mode & 0o007 else Audience.NOBODY


def _from(address: str) -> tuple[Audience, ...]:
    """Tell who comes from an address; the networks that the machine is in have its own loopback among them."""
    if address == "samenet":
        return Audience.ITSELF, Audience.SOME
    if address in {"samehost", "localhost"}:
        return (Audience.ITSELF,)
    network = pghba.network(address)
    if address == "all" or (network is not None and wide(network)):
        return (Audience.EVERYBODY,)
    return (Audience.ITSELF if network is not None and network.is_loopback else Audience.SOME,)

"""What makes Exim send mail on: ``redirect`` routers with files of aliases, people's own files, or addresses of their own (chapter 22)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial

from scanner.facts.mail_forwarding import Forwarding, ForwardingProgram
from scanner.hosts.base import Reader
from scanner.hosts.linux.base import Process, needed, parsed, seen, shown
from scanner.hosts.linux.mail_destinations import LIMIT, Delivery, aliased, forwarding, homes, unread
from scanner.hosts.linux.mail_exim import configuration, in_force
from scanner.hosts.linux.services import Found
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import aliases, exim, exim_filter, sieve
from scanner.wire.aliases import Destination, Entry, What
from scanner.wire.exim import Config

DEEPEST = 8
"""Named lists within named lists."""
_LOOKUP = re.compile(
    r"\$\{lookup\s*\{[^{}]*\}\s*(?:partial\d*\S?-)?n?(?:wild)?lsearch[\w*@,=]*\s*\{(/[^{}$]+)\}\s*(?:\{\$value\}\s*(?:fail\s*|\{\}\s*)?)?\}"
)
_NAME = re.compile(r"\$\{\w+\}|\$\{quote_local_part:\$\w+\}|\$local_part(?:_data)?\b")
"""Expansions that stand for the part before the @, or for other single values."""


def forwarding_of_exim(read: Reader, found: Found, running: tuple[Process, ...] | Unobserved | None) -> ForwardingProgram:
    """See where it sends mail on to."""
    places = seen(lambda: tuple(_forwardings(read))) if found.unread is None else found.unread
    return ForwardingProgram("exim", found.running, found.starts, in_force(read, found, running), places)


def _forwardings(read: Reader) -> Iterator[Forwarding]:
    options, conf = configuration(read)
    delivery = _delivery(options, conf)
    if options.get("system_filter"):
        yield unread("system_filter", Unobserved(Reason.UNSUPPORTED, "the filter for all messages is not read"))
    taken: frozenset[str] = frozenset()
    for name, router in conf.routers.items():
        if router.get("driver") != "redirect":
            continue
        source = f"router {name}"
        if "file" in router:
            yield from _own_files(read, router, delivery, taken)
            continue
        data = router.get("data", "")
        lookup = _LOOKUP.fullmatch(data.strip('"'))
        entries = seen(partial(_looked_up, read, lookup[1])) if lookup else seen(partial(_written, data))
        if isinstance(entries, Unobserved):
            yield unread(source, entries)
            continue
        taken |= aliased(entries) if lookup else frozenset()
        sent = tuple(to for entry in entries for to in entry.destinations if to.what is not What.COMMAND or "forbid_pipe" not in router)
        yield forwarding(read, f"{source} {lookup[1]}" if lookup else source, sent, delivery)


def _looked_up(read: Reader, path: str) -> tuple[Entry, ...]:
    return needed(parsed(shown(path), read.file(path, limit=LIMIT) or b"", aliases.searched))


def _written(data: str) -> tuple[Entry, ...]:
    """Read addresses that stand in the configuration. Raises ``CannotObserve`` where an expansion makes them."""
    plain = _NAME.sub("x", data.strip('"'))
    if "${" in plain:
        raise CannotObserve(Reason.UNSUPPORTED, "an expansion says where mail goes")
    return (Entry("", needed(parsed("exim -bP config", plain.encode(), aliases.own))),)


def _own_files(read: Reader, router: Mapping[str, str], delivery: Delivery, taken: frozenset[str]) -> Iterator[Forwarding]:
    """Look at the files by which people send on their own mail."""
    place = re.sub(r"\$\{(\w+)\}", r"$\1", router["file"].strip('"'))
    if set(re.findall(r"\$(\w*)", place)) - {"home", "local_part", "local_part_data"}:
        yield unread("redirect file", Unobserved(Reason.UNSUPPORTED, shown(f"{place} is not worked out")))
        return
    people = seen(partial(homes, read))
    if isinstance(people, Unobserved):
        yield unread("redirect file", people)
        return
    for home in people:
        if home.name.lower() not in taken:
            path = home.put_into(place, "local_part|local_part_data")
            data = seen(partial(read.file, path))
            if data is not None:
                found = data if isinstance(data, Unobserved) else parsed(shown(path), data, _reading(data, router))
                yield unread(path, found) if isinstance(found, Unobserved) else forwarding(read, path, found, delivery)


def _reading(data: bytes, router: Mapping[str, str]) -> Callable[[bytes], tuple[Destination, ...]]:
    """Choose how a person's file is read: its first line may make it a filter, where that is allowed."""
    first = data.split(b"\n", 1)[0].strip()
    if "allow_filter" in router and exim_filter.MARK.match(first):
        return exim_filter.destinations
    if "allow_filter" in router and re.match(rb"#\s*sieve\s+filter", first, re.IGNORECASE):
        return _of_sieve
    return aliases.own


def _of_sieve(data: bytes) -> tuple[Destination, ...]:
    return tuple(Destination(What.ADDRESS, one) for one in sieve.script(data).redirects)


def _delivery(options: Mapping[str, str], conf: Config) -> Delivery:
    """Work out which domains stay here: those that a router takes in, and those that a router for other servers leaves out."""
    domains: set[str] = set()
    why: Unobserved | None = None
    for router in conf.routers.values():
        takes_in = router.get("driver") == "accept"
        for item in exim.items(router.get("domains", "")) if router.get("driver") != "redirect" else ():
            if item.startswith("!") is not takes_in:
                found = seen(partial(_domains, options, conf, item.lstrip("! "), 0))
                if isinstance(found, Unobserved):
                    why = why or found
                else:
                    domains |= found
    return Delivery(frozenset(domains), options.get("qualify_recipient", "").lower(), why)


def _domains(options: Mapping[str, str], conf: Config, item: str, depth: int) -> set[str]:
    """Give the domains that an item of a list stands for. Raises ``CannotObserve``."""
    if item == "@":
        return {options.get("primary_hostname", "").lower()}
    if item.startswith("+") and depth < DEEPEST:
        listed = exim.items(conf.lists.get(("domain", item[1:]), ""))
        return {domain for one in listed for domain in _domains(options, conf, one, depth + 1)}
    if re.fullmatch(r"\*?[\w.-]*", item):
        return {item.lower()}
    raise CannotObserve(Reason.UNSUPPORTED, shown(f"{item} is a pattern or a look-up"))

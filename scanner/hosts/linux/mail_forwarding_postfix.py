"""What makes Postfix send mail on: tables of aliases and addresses, copies, and .forward files (local(8), virtual(5), canonical(5))."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial

from scanner.facts.mail_forwarding import Forwarding, ForwardingProgram
from scanner.hosts.base import Files, Names, Reader, Source
from scanner.hosts.linux.base import Process, file_needed, first_line, needed, parsed, seen, shown
from scanner.hosts.linux.mail_destinations import ALIASES, LIMIT, Delivery, aliased, forwarding, homes, indexed, own_file, unread
from scanner.hosts.linux.mail_postfix import MASTER, Values, in_force, parameters, value_of
from scanner.hosts.linux.services import Found
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import aliases
from scanner.wire import postfix as wire

MAILNAME = "/etc/mailname"
READS: tuple[Source, ...] = (
    Files(MAILNAME),
    *(Names(f"{ALIASES}{suffix}") for suffix in ("", ".db", ".lmdb", ".cdb")),
    *(Files(f"/etc/postfix/{name}", limit=LIMIT) for name in ("virtual", "canonical", "aliases")),
    *(Names(f"/etc/postfix/{name}.db") for name in ("virtual", "canonical", "aliases")),
)
INDEXED = {"hash": ".db", "btree": ".db", "lmdb": ".lmdb", "cdb": ".cdb", "dbm": ".pag", "sdbm": ".pag", "texthash": ""}
"""Tables that a program makes of a text beside them, and how the name of what it makes ends; texthash reads the text itself."""
PATTERNS = frozenset({"regexp", "pcre"})
PLAIN = frozenset({"cidr"})
"""Tables that are texts themselves, beside those of patterns and texthash."""
ADDRESSES = ("virtual_alias_maps", "canonical_maps", "recipient_canonical_maps", "recipient_bcc_maps", "sender_bcc_maps")
SINGLE = ("always_bcc", "luser_relay")
"""Parameters that are an address themselves: of copies of all mail, of mail for accounts that are not there."""
DOMAINS = ("mydestination", "virtual_alias_domains", "virtual_mailbox_domains")
CHECKS = ("header_checks", "mime_header_checks", "nested_header_checks", "body_checks")
RESTRICTIONS = tuple(f"smtpd_{at}_restrictions" for at in ("client", "helo", "sender", "relay", "recipient", "data", "end_of_data"))
OF_DOVECOT = frozenset({"deliver", "dovecot-lda"})
"""Programs for delivery whose rules are judged as Dovecot's."""

Entries = tuple[aliases.Entry, ...]


@dataclass
class _Tables:
    """The tables that parameters name, each read once."""

    read: Reader
    default: str
    known: dict[tuple[str, bool], Entries | Unobserved] = field(default_factory=dict)

    def of(self, name: str, *, by_colon: bool = False) -> Entries | Unobserved:
        """Give the entries of a table such as ``hash:/etc/aliases``; ``by_colon``: its text is one of aliases(5)."""
        key = (name, by_colon)
        if key not in self.known:
            self.known[key] = seen(partial(self._entries, name, by_colon))
        return self.known[key]

    def _entries(self, name: str, by_colon: bool) -> Entries:
        kind, _, path = name.removeprefix("proxy:").rpartition(":")
        kind = kind or self.default
        if kind not in {*INDEXED, *PATTERNS, *PLAIN}:
            raise CannotObserve(Reason.UNSUPPORTED, f"{shown(kind)} is not asked, only tables made of text files are read")
        ending = INDEXED.get(kind)
        data = indexed(self.read, path, path + ending) if ending else self.read.file(path, limit=LIMIT)
        if data is None:
            return ()
        form = aliases.patterns if kind in PATTERNS else aliases.aliases if by_colon and kind != "texthash" else aliases.table
        return needed(parsed(shown(path), data, form))


def forwarding_of_postfix(read: Reader, found: Found, running: tuple[Process, ...] | Unobserved | None) -> ForwardingProgram:
    """See where it sends mail on to."""
    main = parameters(read)[0] if found.unread is None else found.unread
    places = main if isinstance(main, Unobserved) else seen(lambda: tuple(_forwardings(read, main)))
    return ForwardingProgram("postfix", found.running, found.starts, in_force(read, found, running), places)


def _forwardings(read: Reader, main: Values) -> Iterator[Forwarding]:
    value = partial(value_of, main)
    kind = value("default_database_type")
    tables = _Tables(read, "" if isinstance(kind, Unobserved) else kind)
    delivery = _delivery(read, main, tables)

    def of_table(source: str, entries: Entries | Unobserved) -> Forwarding:
        if isinstance(entries, Unobserved):
            return unread(source, entries)
        return forwarding(read, source, (to for entry in entries for to in entry.destinations), delivery)

    def of_tables(name: str, *, by_colon: bool = False) -> Iterator[Forwarding]:
        listed = value(name)
        if isinstance(listed, Unobserved):
            yield unread(name, listed)
            return
        for one in _words(listed):
            yield of_table(f"{name} {one}", tables.of(one, by_colon=by_colon))

    yield from of_tables("alias_maps", by_colon=True)
    for name in ADDRESSES:
        yield from of_tables(name)
    for name in SINGLE:
        to = value(name)
        found = to if isinstance(to, Unobserved) else parsed(name, to.encode(), aliases.own)
        yield unread(name, found) if isinstance(found, Unobserved) else forwarding(read, name, found, delivery)
    for one in _deciding(main):
        yield of_table(one, _redirected(tables.of(one)))
    yield from _delivering(value)
    yield from _of_single_services(read)
    yield from _own_files(read, main, delivery, aliased(_entries(value("alias_maps"), tables)))


def _words(value: str) -> list[str]:
    """Split a list; a table that is written in place, in braces, is one word."""
    return re.findall(r"[a-z]+:\{[^{}]*\}|[^\s,]+", value)


def _delivery(read: Reader, main: Values, tables: _Tables) -> Delivery:
    """Work out which domains Postfix delivers to itself, and which one it adds."""
    domains: set[str] = set()
    why: Unobserved | None = None
    for name in DOMAINS:
        listed = value_of(main, name)
        for word in [] if isinstance(listed, Unobserved) else _words(listed):
            found = seen(partial(_domains, read, word, tables))
            if isinstance(found, Unobserved):
                why = why or Unobserved(found.reason, f"{name}: {found.detail}")
            else:
                domains |= {domain.lower() for domain in found}
        why = why or (listed if isinstance(listed, Unobserved) else None)
    origin = seen(partial(_origin, read, main))
    if isinstance(origin, Unobserved):
        return Delivery(frozenset(domains), "", why or origin)
    return Delivery(frozenset(domains), origin, why)


def _domains(read: Reader, word: str, tables: _Tables) -> Iterable[str]:
    """Give the domains that a word of such a list stands for: itself, a file's words, a table's keys. Raises ``CannotObserve``."""
    if word.startswith("/"):
        return wire.words((read.file(word) or b"").decode("utf-8", "replace"))
    return [entry.key for entry in needed(tables.of(word))] if ":" in word else [word]


def _origin(read: Reader, main: Values) -> str:
    """Give the domain that is put behind a name. Raises ``CannotObserve``."""
    origin = needed(value_of(main, "myorigin"))
    return ((first_line(read, origin) or "") if origin.startswith("/") else origin).lower()


def _deciding(main: Values) -> Iterable[str]:
    """Give the tables that decide on single messages, and so may have one sent elsewhere (access(5), header_checks(5))."""
    found: dict[str, None] = {}
    for name in (*CHECKS, *RESTRICTIONS):
        value = value_of(main, name)
        if not isinstance(value, Unobserved):
            found |= dict.fromkeys(_words(value) if name in CHECKS else re.findall(r"check_\w+_access[\s,]+([a-z]+:[^\s,}]+)", value))
    return found


def _redirected(entries: Entries | Unobserved) -> Entries | Unobserved:
    """Keep the entries that send a message elsewhere, or a copy of it."""
    if isinstance(entries, Unobserved):
        return entries
    return tuple(one for one in entries if one.destinations and one.destinations[0].value.upper() in {"REDIRECT", "BCC"})


def _of_single_services(read: Reader) -> Iterator[Forwarding]:
    """Name the parameters that master.cf sets for some services only."""
    master = seen(partial(file_needed, read, MASTER))
    if isinstance(master, Unobserved):
        yield unread(MASTER, master)
        return
    lines = (line for line in master.decode("utf-8", "replace").split("\n") if not line.startswith("#"))
    named = re.findall(r"-o\s*\{?\s*(\w+)\s*=\s*[^\s}-]", "\n".join(lines))
    if own := sorted({"alias_maps", "forward_path", "mailbox_command", *ADDRESSES, *SINGLE, *CHECKS} & set(named)):
        yield unread(MASTER, Unobserved(Reason.UNSUPPORTED, f"{', '.join(own)} is set for single services"))


def _delivering(value: partial[str | Unobserved]) -> Iterator[Forwarding]:
    """Name programs that are handed every mail of an account, and go by rules of their own."""
    for name in ("mailbox_command", "mailbox_command_maps"):
        command = value(name)
        if isinstance(command, Unobserved):
            yield unread(name, command)
        elif command and command.split()[0].rpartition("/")[2] not in OF_DOVECOT:
            yield unread(name, Unobserved(Reason.UNSUPPORTED, f"{name} hands mail to a program; what it does with it is not known"))


def _entries(listed: str | Unobserved, tables: _Tables) -> Iterator[aliases.Entry]:
    """Give the entries of all tables of aliases that can be read."""
    for name in [] if isinstance(listed, Unobserved) else _words(listed):
        entries = tables.of(name, by_colon=True)
        yield from () if isinstance(entries, Unobserved) else entries


def _own_files(read: Reader, main: Values, delivery: Delivery, taken: frozenset[str]) -> Iterator[Forwarding]:
    """Look at the files by which people send on their own mail."""
    listed, delimiter = value_of(main, "forward_path"), value_of(main, "recipient_delimiter")
    if isinstance(listed, Unobserved):
        yield unread("forward_path", listed)
        return
    written = re.sub(r"\$[({](\w+)[)}]", r"$\1", main["forward_path"])  # local(8) puts the names in, for each mail
    people = seen(partial(homes, read)) if listed else ()
    if isinstance(people, Unobserved):
        yield unread("forward_path", people)
        return
    marks = "+-" if isinstance(delimiter, Unobserved) else delimiter
    for place in re.findall(r"[^\s,]+", written):
        before, extended, _ = place.partition("$recipient_delimiter")
        if set(re.findall(r"\$(\w+)", before)) - {"home", "user"}:
            yield unread("forward_path", Unobserved(Reason.UNSUPPORTED, shown(f"{place} is not worked out")))
            continue
        for home in people:
            if home.name.lower() not in taken:
                path = home.put_into(before, "user")
                found = seen(partial(_extended, read, path, marks)) if extended else (path,)
                yield from [unread(path, found)] if isinstance(found, Unobserved) else _present(read, found, delivery)


def _present(read: Reader, paths: tuple[str, ...], delivery: Delivery) -> Iterator[Forwarding]:
    for path in paths:
        if known := own_file(read, path, delivery):
            yield known


def _extended(read: Reader, path: str, marks: str) -> tuple[str, ...]:
    """Give the files for addresses such as name+more, of people whose homes stand where such files are looked for.

    Raises ``CannotObserve``.
    """
    directory, _, name = path.rpartition("/")
    if not marks or not re.fullmatch(r"/home/[^/]+|/root", directory):
        return ()
    return tuple(f"{directory}/{one}" for one in read.names(directory) or () if one.startswith(tuple(name + mark for mark in marks)))

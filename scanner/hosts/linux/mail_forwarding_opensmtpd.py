"""What makes OpenSMTPD send mail on: its actions' tables, and people's .forward files (smtpd.conf(5), aliases(5), forward(5))."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from scanner.facts.mail_forwarding import Forwarding, ForwardingProgram
from scanner.hosts.base import Files, Reader, Source
from scanner.hosts.linux.base import Process, first_line, needed, parsed, seen, shown
from scanner.hosts.linux.mail_destinations import LIMIT, Delivery, aliased, forwarding, homes, indexed, own_file, unread
from scanner.hosts.linux.mail_opensmtpd import Configuration, configuration, in_force, place, values_of
from scanner.hosts.linux.services import Found
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import aliases
from scanner.wire.aliases import Destination, Entry, What
from scanner.wire.smtpd_conf import Directive

NAMES = ("/etc/mail/mailname", "/etc/mailname", "/etc/hostname")
"""Where the server's own name may stand."""
READS: tuple[Source, ...] = tuple(Files(path) for path in NAMES)


def forwarding_of_opensmtpd(read: Reader, found: Found, running: tuple[Process, ...] | Unobserved | None) -> ForwardingProgram:
    """See where it sends mail on to."""
    conf = seen(lambda: configuration(read, place(read))) if found.unread is None else found.unread
    if isinstance(conf, Unobserved):
        return ForwardingProgram("opensmtpd", found.running, found.starts, None, conf)
    places = seen(lambda: tuple(_forwardings(read, conf)))
    return ForwardingProgram("opensmtpd", found.running, found.starts, in_force(read, found, running, conf), places)


def _forwardings(read: Reader, conf: Configuration) -> Iterator[Forwarding]:
    delivery = _delivery(read, conf)
    taken: frozenset[str] = frozenset()
    keeping = [one for one in conf.all("action") if len(one.words) > 2 and one.words[2] != "relay"]
    for action in keeping:
        source = shown(f"action {action.words[1]}")
        for option in ("alias", "virtual"):
            name = action.behind(option).strip("<>")
            entries = seen(partial(_entries, read, conf, name)) if name else ()
            if isinstance(entries, Unobserved):
                yield unread(f"{source} {option}", entries)
                continue
            taken |= aliased(entries) if option == "alias" else frozenset()
            yield forwarding(read, f"{source} {option}", (to for entry in entries for to in entry.destinations), delivery)
        if action.words[2] == "mda":
            yield forwarding(read, source, (Destination(What.COMMAND, action.behind("mda")),), delivery)
        if "userbase" in action.words:
            yield unread(source, Unobserved(Reason.UNSUPPORTED, "people and their homes are kept in a table of their own"))
    people = seen(partial(homes, read)) if keeping else ()
    if isinstance(people, Unobserved):
        yield unread(".forward", people)
        return
    for home in people:
        if home.name.lower() not in taken and (known := own_file(read, f"{home.path}/.forward", delivery)):
            yield known


def _entries(read: Reader, conf: Configuration, name: str) -> tuple[Entry, ...]:
    """Give the entries of a table. Raises ``CannotObserve``."""
    words = next((one.words for one in conf.all("table") if one.words[1:2] == (name,)), ())
    if words[2:3] == ("{",):
        held = words[3:-1]
        pairs = ((held[at - 1], held[at + 1]) for at in range(1, len(held) - 1) if held[at] == "=")
        return tuple(Entry(key, needed(parsed(shown(name), text.encode(), aliases.own))) for key, text in pairs)
    kind, _, path = words[2].rpartition(":") if len(words) > 2 else ("", "", "")
    if not path.startswith("/") or kind not in {"", "file", "db"}:
        raise CannotObserve(Reason.UNSUPPORTED, shown(f"the table {name} is not one of those that are read"))
    data = indexed(read, path.removesuffix(".db"), path) if kind == "db" else read.file(path, limit=LIMIT)
    return needed(parsed(shown(path), data or b"", aliases.searched))


def _delivery(read: Reader, conf: Configuration) -> Delivery:
    """Work out which domains are for actions that keep mail here."""
    domains = {"localhost"} | {name.lower() for path in NAMES if (name := seen(partial(first_line, read, path))) and isinstance(name, str)}
    why: Unobserved | None = None
    for rule in conf.all("match"):
        action = conf.action(rule.behind("action"))
        if action is not None and action.words[2] != "relay":
            found = _domains(conf, rule)
            if found is None:
                words = " ".join(rule.words)[:120]
                why = why or Unobserved(Reason.UNSUPPORTED, shown(f"the domains of the rule {words} are not worked out"))
            else:
                domains |= {domain.lower() for domain in found}
    return Delivery(frozenset(domains), "", why)


def _domains(conf: Configuration, rule: Directive) -> tuple[str, ...] | None:
    """Give the domains that a rule is for, beside the server's own name; ``None``: that is not worked out."""
    whom = rule.behind("for") or "local"
    if whom == "domain" and "!" not in rule.words and "regex" not in rule.words:
        return values_of(conf, list(rule.words[rule.words.index("for") + 2 :]), "for domain")
    return () if whom in {"local", "rcpt-to"} else None

"""What Dovecot makes of its configuration, as it prints it itself: its settings, and those of protocols, networks and names apart."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from scanner.facts.mail_configuration import MailboxProgram
from scanner.hosts.base import Reader
from scanner.hosts.linux.arguments import Grammar, leads_elsewhere
from scanner.hosts.linux.base import Process, applied, printed, seen
from scanner.hosts.linux.services import Found, Program
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason

DOVECOT = Program("dovecot", ("/usr/sbin/dovecot",), ("dovecot.service",), ("dovecot",))
ARGUMENTS = Grammar("ac:Fhinp", ("-c",))
SETTINGS = ("doveconf", "-a")
FILES = ("/etc/dovecot/dovecot.conf",)


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting as it is printed, and the heads of the blocks that it stands in, the outermost first."""

    blocks: tuple[str, ...]
    name: str
    value: str


_FILTERS = frozenset({"protocol", "local", "remote", "local_name"})
"""Blocks whose settings hold instead of those at the margin for some connections. Those of listeners only say where they begin."""
_CLEAR = ("auth_allow_cleartext", "disable_plaintext_auth")
"""From 2.4, and before."""


def dovecot(read: Reader, found: Found, running: tuple[Process, ...] | Unobserved | None) -> MailboxProgram:
    """See what its configuration says."""
    said = seen(partial(printed, read, SETTINGS)) if found.unread is None else found.unread
    unread = Unobserved(Reason.UNSUPPORTED, "doveconf cannot be asked, and defaults differ between versions")
    values: dict[str, str] = {}
    others: dict[str, set[str]] = {}
    version: str | Unobserved = unread
    if isinstance(said, Unobserved):
        version = unread = said
    elif said is not None:
        text = said.decode("utf-8", "replace")
        values, others = _settings(text)
        head = re.match(r"# (\d[\d.]*)", text)
        version = head[1] if head else unread
    clear = next((name for name in _CLEAR if name in values), "")
    allowed = _one(values, others, clear, unread)
    return MailboxProgram(
        name="dovecot",
        version=version,
        running=found.running,
        starts=found.starts,
        applied=in_force(read, found, running),
        source=" ".join(SETTINGS),
        tls=_one(values, others, "ssl", unread),
        clear_authentication=allowed if isinstance(allowed, Unobserved) else allowed == ("yes" if clear == _CLEAR[0] else "no"),
        least_version=_one(values, others, "ssl_min_protocol", unread),
    )


def in_force(read: Reader, found: Found, running: tuple[Process, ...] | Unobserved | None) -> Unobserved | None:
    """Tell why a running Dovecot may not go by its files, which it reads at its start."""
    if found.running is not True:
        return None
    return _others(read) or applied(read, running, DOVECOT.processes, (*FILES, *_below(read)))


def _others(read: Reader) -> Unobserved | None:
    """Tell why the usual configuration is not what a running Dovecot goes by."""
    return seen(partial(leads_elsewhere, read, DOVECOT.processes, ARGUMENTS, FILES))


def _settings(text: str) -> tuple[dict[str, str], dict[str, set[str]]]:
    """Read the settings at the margin, and what blocks that hold for some connections say instead."""
    values: dict[str, str] = {}
    others: dict[str, set[str]] = {}
    for one in printed_settings(text):
        if not one.blocks:
            values[one.name] = one.value
        elif one.blocks[0].split()[0] in _FILTERS:
            others.setdefault(one.name, set()).add(one.value)
    return values, others


def printed_settings(text: str) -> Iterator[Setting]:
    """Read what ``doveconf`` prints, setting by setting."""
    open_: list[str] = []
    for line in text.split("\n"):
        bare = line.strip()
        if bare.endswith("{"):
            open_.append(bare[:-1].strip())
        elif bare == "}":
            del open_[-1:]
        elif not bare.startswith("#") and "=" in bare:
            name, _, value = (part.strip() for part in bare.partition("="))
            yield Setting(tuple(open_), name, value)


def _one(values: Mapping[str, str], others: Mapping[str, set[str]], name: str, unread: Unobserved) -> str | Unobserved:
    """Give a setting that holds for every connection."""
    if name not in values:
        return unread
    if others.get(name, set()) - {values[name]}:
        return Unobserved(Reason.UNSUPPORTED, f"{name} differs between protocols, networks or names")
    return values[name]


def _below(read: Reader) -> tuple[str, ...]:
    names = seen(partial(read.names, "/etc/dovecot/conf.d"))
    return () if isinstance(names, Unobserved) else tuple(f"/etc/dovecot/conf.d/{name}" for name in names or () if name.endswith(".conf"))

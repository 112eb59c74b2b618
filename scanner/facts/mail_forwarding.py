"""Facts about mail that a machine's mail servers send on by themselves: aliases, copies, people's own .forward files and Sieve scripts.

Of an address the part before the @ names a person: it never enters a fact, only the domain does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from scanner.model.fact import Fact, Unobserved
from scanner.model.platform import Platform
from scanner.model.target import Kind


@dataclass(frozen=True, slots=True)
class Forwarding:
    """Where one table, file or setting sends mail on to."""

    source: str
    domains: tuple[str, ...]
    """Domains of the addresses that this program does not deliver to itself, lower case, each once."""
    unread: Unobserved | None = None
    """Why there may be more: a database that is not asked, a program that is handed mail, a file that could not be read."""


@dataclass(frozen=True, slots=True)
class ForwardingProgram:
    """One program that can send mail on, with every place that makes it do so or could."""

    name: str
    running: bool | Unobserved | None
    starts: bool | Unobserved
    applied: Unobserved | None
    forwardings: tuple[Forwarding, ...] | Unobserved


@dataclass(frozen=True, slots=True)
class MailForwarding(Fact):
    """Every program on a machine that delivers mail and is known here; empty where there is none."""

    of: ClassVar[Kind] = Kind.MACHINE
    arises_on: ClassVar[frozenset[Platform]] = frozenset({Platform.LINUX})

    programs: tuple[ForwardingProgram, ...] | Unobserved

"""Facts about mail server programs on a machine, read from their own configuration. What the network shows of them is in ``smtp``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from scanner.facts.readings import Audience
from scanner.model.fact import Fact, Unobserved
from scanner.model.platform import Platform
from scanner.model.target import Kind


@dataclass(frozen=True, slots=True)
class MailListener:
    """One place where a mail server takes mail: its name or port, and what holds there."""

    name: str
    relays: Audience | Unobserved
    """Who may have mail sent on to foreign domains without logging in."""
    tls: str | Unobserved
    """``none``, ``may``, ``encrypt`` or ``wrapped`` (TLS from the first octet)."""
    authenticates: bool | Unobserved
    clear_authentication: bool | Unobserved
    """Whether a password is taken without TLS."""


@dataclass(frozen=True, slots=True)
class MailProgram:
    """One program that takes and sends mail."""

    name: str
    version: str | Unobserved
    running: bool | Unobserved | None
    starts: bool | Unobserved
    applied: Unobserved | None
    source: str
    listeners: tuple[MailListener, ...] | Unobserved
    sends_with_tls: str | Unobserved
    """How mail is sent to other servers: ``none``, ``may``, ``encrypt``, ``dane``, ``verify`` …"""
    answers_vrfy: bool | Unobserved
    tells_version: bool | Unobserved
    judges_senders: bool | Unobserved | None
    """Whether a program that evaluates DMARC is attached, and runs, wherever strangers' mail comes in; ``None``: it comes in nowhere."""
    keeps_line_ends: bool | Unobserved
    """Whether lone line feeds are refused or made whole, so that no second message can be smuggled (CVE-2023-51764)."""


@dataclass(frozen=True, slots=True)
class MailboxProgram:
    """One program that gives people their mailboxes over IMAP or POP3."""

    name: str
    version: str | Unobserved
    running: bool | Unobserved | None
    starts: bool | Unobserved
    applied: Unobserved | None
    source: str
    tls: str | Unobserved
    """``no``, ``yes`` or ``required``."""
    clear_authentication: bool | Unobserved
    least_version: str | Unobserved
    """The oldest TLS version that it speaks, as the program writes it: ``TLSv1.2``."""


@dataclass(frozen=True, slots=True)
class MailConfiguration(Fact):
    """Every mail server program on a machine that is known here; empty where there is none."""

    of: ClassVar[Kind] = Kind.MACHINE
    arises_on: ClassVar[frozenset[Platform]] = frozenset({Platform.LINUX})

    programs: tuple[MailProgram, ...] | Unobserved
    mailboxes: tuple[MailboxProgram, ...] | Unobserved

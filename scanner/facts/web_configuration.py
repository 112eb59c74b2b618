"""Facts about web server programs and PHP on a machine, by their own configuration. What the network shows is in ``web_*``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from scanner.model.fact import Fact, Unobserved
from scanner.model.platform import Platform
from scanner.model.target import Kind


@dataclass(frozen=True, slots=True)
class Places:
    """Where something holds: sites and paths that are known, and why there may be others."""

    found: tuple[str, ...] = ()
    unseen: Unobserved | None = None


@dataclass(frozen=True, slots=True)
class WebTls:
    """TLS of one virtual server, as its program would speak it with the library that is installed."""

    site: str
    versions: tuple[str, ...] | Unobserved
    """``SSL 3.0``, ``TLS 1.0`` … that a client can agree on."""
    held_back: tuple[str, ...]
    """Versions that the configuration lets in and the library refuses at its security level."""
    suites: tuple[str, ...] | Unobserved
    """Registered names of the suites that the library makes of the configuration."""


@dataclass(frozen=True, slots=True)
class WebProgram:
    """One web server program."""

    name: str
    version: str | Unobserved
    running: bool | Unobserved | None
    starts: bool | Unobserved
    applied: Unobserved | None
    source: str
    account: str | Unobserved
    """Who the processes that answer run as."""
    sites: tuple[str, ...] | Unobserved
    unread: Unobserved | None
    """Why the configuration may say more than was read; it is in every part below too."""
    modules: tuple[str, ...] | Unobserved
    """Modules that are loaded besides those built in, by their own names."""
    listing: Places
    """Folders whose content is listed where they have no start page."""
    cgi: Places
    """Paths at which CGI programs are run."""
    trace: Places
    """Sites that answer TRACE."""
    writing: Places
    """Paths at which anybody may write by PUT, DELETE or WebDAV."""
    version_told: Places
    """Sites whose Server header or error pages tell the version."""
    status_open: Places
    """Pages with the server's own state that anybody may read."""
    samples: Places
    """Manuals, samples and start pages that came with the program and are served."""
    unlogged: Places
    """Sites without access log or error log."""
    escaping: Places
    """Paths that lead out of their folder by ``..`` (nginx: alias)."""
    slow: Places
    """Sites that wait for a slow request without end, or longer than two minutes."""
    roots_writable: Places
    """Document roots, and what lies directly in them, that the server's own account or everybody can change."""
    consoles: Places | None
    """Pages by which the program is managed that take requests from everywhere, with a login or without; ``None``: it has none such."""
    console_passwords: Places | None
    """Accounts of those pages with a password that everybody knows."""
    orders: Places | None
    """Ports at which the program takes orders without a login, or by a word that everybody knows."""
    keys_open: Places
    """Files of private keys that more accounts than needed can read or change."""
    tls: tuple[WebTls, ...] | Unobserved


@dataclass(frozen=True, slots=True)
class PhpProgram:
    """PHP as a web server runs it: through a process of its own or a module."""

    name: str
    running: bool | Unobserved | None
    starts: bool | Unobserved
    applied: Unobserved | None
    source: str
    version_told: Places
    errors_shown: Places
    addresses_included: Places
    """Where ``include`` takes programs from addresses on the network."""


@dataclass(frozen=True, slots=True)
class WebConfiguration(Fact):
    """Every web server program on a machine that is known here, and PHP behind them; empty where there is none."""

    of: ClassVar[Kind] = Kind.MACHINE
    arises_on: ClassVar[frozenset[Platform]] = frozenset({Platform.LINUX})

    programs: tuple[WebProgram, ...] | Unobserved
    php: tuple[PhpProgram, ...] | Unobserved

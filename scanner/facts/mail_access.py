"""What IMAP, POP3 and ManageSieve services say before anybody logs in: greeting, capabilities, the change to TLS. No login is tried."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from scanner.facts.smtp import Injected, Upgrade
from scanner.model.fact import Fact, Unobserved
from scanner.model.target import Kind


@dataclass(frozen=True, slots=True)
class LoginOffer:
    """How one may log in as the server tells it.

    ``mechanisms`` are those of SASL, in capitals. ``command``: whether a login command in clear words beside them is open (IMAP LOGIN
    without LOGINDISABLED, POP3 USER). ``upgrade``: whether STARTTLS or STLS is offered. ``capabilities`` are the lines as given, cut.
    """

    mechanisms: tuple[str, ...]
    command: bool
    upgrade: bool
    capabilities: tuple[str, ...] = ()

    @property
    def ways(self) -> tuple[str, ...]:
        """Every way to log in, for people: the mechanisms, and LOGIN/USER for the command."""
        return (*self.mechanisms, *(("LOGIN/USER",) if self.command else ()))


@dataclass(frozen=True, slots=True)
class AccessSeen:
    """What one address says.

    ``open`` are the ways to log in as the connection began, ``protected`` those after STARTTLS or STLS; with implicit TLS ``open`` is
    what stands within it. ``logged_in``: the greeting was IMAP's PREAUTH, nobody had to log in. ``implementation`` is what ID-like
    capabilities tell.
    """

    banner: str
    upgrade: Upgrade
    open: LoginOffer | Unobserved
    protected: LoginOffer | Unobserved | None = None
    logged_in: bool = False
    injected: Injected | Unobserved | None = None
    implementation: str = ""
    tls_problem: str = ""


@dataclass(frozen=True, slots=True)
class AccessAt:
    """One address of the service."""

    address: str
    seen: AccessSeen | Unobserved


@dataclass(frozen=True, slots=True)
class MailAccess(Fact):
    """What every address of a mailbox service says before a login. ``left_out`` counts addresses beyond the cap."""

    of: ClassVar[Kind] = Kind.MAIL_ACCESS_SERVICE

    name: str
    port: int
    protocol: str
    addresses: tuple[AccessAt, ...]
    left_out: int = 0

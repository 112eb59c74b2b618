"""What the organisation's ledger declares of a subject, as facts for checks. ``None`` means that it does not say."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique
from typing import ClassVar

from scanner.model.fact import Fact
from scanner.model.target import Kind


@dataclass(frozen=True, slots=True)
class DeclaredDomain(Fact):
    """What the ledger says of a domain name, and whether it is looked at from outside."""

    of: ClassVar[Kind] = Kind.DOMAIN

    sends_mail: bool | None
    receives_mail: bool | None
    dkim_selectors: tuple[str, ...]
    """Selectors in use, without ``._domainkey``."""
    outbound_addresses: tuple[str, ...]
    """Addresses or networks from which the domain's mail is sent, in CIDR or plain form."""
    internal_names: tuple[str, ...]
    """Names or zones meant for inside use only, fully qualified, in A-label form."""
    public_site: bool | None
    """Whether a web site for the public is served under this name."""
    domain_exception: str
    """A recorded reason why the official suffix cannot be used, or empty."""
    vantage_outside: bool | None
    """Whether this scan looks from a zone outside the organisation; ``None`` where the ledger does not know the zone."""


@unique
class Vantage(StrEnum):
    """Where the scanner stands, seen from a service."""

    CLIENT = "client"
    OUTSIDER = "outsider"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class DeclaredDnsService(Fact):
    """What the ledger says of a DNS server, and whether this vantage zone is one of its clients."""

    of: ClassVar[Kind] = Kind.DNS_SERVICE

    authoritative_for: tuple[str, ...] | None
    resolver_for: tuple[str, ...] | None
    """Client networks or zones it resolves for; an empty tuple says that it resolves for nobody."""
    vantage: Vantage


@dataclass(frozen=True, slots=True)
class DeclaredSshService(Fact):
    """From where an SSH service is looked at."""

    of: ClassVar[Kind] = Kind.SSH_SERVICE

    vantage_outside: bool | None
    """Whether this scan looks from a zone outside the organisation; ``None`` where the ledger does not know the zone."""


@dataclass(frozen=True, slots=True)
class DeclaredTlsService(Fact):
    """For whom a service that speaks TLS is meant, and from where it is looked at."""

    of: ClassVar[Kind] = Kind.TLS_SERVICE

    for_insiders: bool | None
    """Whether it is meant for zones inside the organisation only; ``None``: the ledger does not say."""
    vantage_outside: bool | None
    """Whether this scan looks from a zone outside the organisation; ``None`` where the ledger does not know the zone."""


@dataclass(frozen=True, slots=True)
class DeclaredWebService(Fact):
    """From where a web site is looked at, and what the ledger says of it."""

    of: ClassVar[Kind] = Kind.WEB_SERVICE

    vantage_outside: bool | None
    """Whether this scan looks from a zone outside the organisation; ``None`` where the ledger does not know the zone."""
    profiles: tuple[str, ...] | None = None
    """URLs of the profiles in social media that this site is to name; empty: none. ``None``: the ledger does not say."""


@dataclass(frozen=True, slots=True)
class DeclaredPort:
    """A service that the ledger lists for a host. ``address`` empty: at all of them. ``here``: it is meant for this vantage zone too."""

    port: int
    protocol: str
    tcp: bool
    udp: bool
    address: str = ""
    here: bool = True


@dataclass(frozen=True, slots=True)
class DeclaredHost(Fact):
    """What the ledger says of a host, and from where it is looked at."""

    of: ClassVar[Kind] = Kind.HOST

    services: tuple[DeclaredPort, ...] | None
    """Its listed services; ``None`` where the ledger lists none of this host."""
    addresses: tuple[str, ...]
    """Its addresses where the entry names them; empty: those of its name."""
    vantage_outside: bool | None
    """Whether this scan looks from a zone outside the organisation; ``None`` where the ledger does not know the zone."""
    zone: str = ""
    ports: tuple[tuple[int, int], ...] | None = None
    """The TCP ports to be looked at by the scope's word, as spans; ``None``: the maintained list."""


@dataclass(frozen=True, slots=True)
class DeclaredBackup:
    """A file in which a job writes how its last backup ended: its path, what its last line holds then, and how old it may be."""

    path: str
    says: str
    hours: int | None = None
    """``None``: the profile's limit."""


@dataclass(frozen=True, slots=True)
class DeclaredMachine(Fact):
    """What the ledger says of a machine, for what is seen of it from within."""

    of: ClassVar[Kind] = Kind.MACHINE
    collected: ClassVar[bool] = False

    services: tuple[DeclaredPort, ...] | None
    """Its listed services; ``None`` where the ledger lists none of this machine."""
    backups: tuple[DeclaredBackup, ...] = ()


@dataclass(frozen=True, slots=True)
class DeclaredSmtpService(Fact):
    """What the ledger says of a mail server, and whether this vantage zone is one of those that may send through it without a login."""

    of: ClassVar[Kind] = Kind.SMTP_SERVICE

    mail_for: tuple[str, ...] | None
    """Domains whose mail it takes, in A-label form."""
    relays_for: tuple[str, ...] | None
    """Client networks or zones that may relay through it; an empty tuple says that nobody may."""
    vantage: Vantage

"""What the DNS and the policy web server say about the mail of a domain: where it goes, to which hosts, and how the way there is protected.

Who may send in the domain's name (SPF, DKIM, DMARC, BIMI) is in ``mail_sender``. What SMTP servers themselves answer is not here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from scanner.facts.lookup import Status as Status  # noqa: PLC0414  offered here too, to those who read of mail
from scanner.model.fact import Fact, Unobserved
from scanner.model.target import Kind, NotATarget, Service, host_name

NULL_HOST = "."
"""The target of a null MX (RFC 7505 section 3)."""
SMTP_PORT = 25


@dataclass(frozen=True, slots=True)
class TextAnswer:
    """The TXT records at ``name`` that matter to the fact.

    The strings of a record are joined; each character stands for one octet (ISO 8859-1), see ``octets``. ``others`` counts records that
    were left out because they belong to something else. ``aliases`` are the CNAME targets passed on the way, ``authenticated`` is the
    AD bit.
    """

    name: str
    status: Status
    texts: tuple[str, ...] = ()
    others: int = 0
    aliases: tuple[str, ...] = ()
    authenticated: bool = False

    @property
    def denied(self) -> bool:
        """Whether neither the name nor any below it exists (RFC 8020). NXDOMAIN behind an alias speaks of its target, not of the name."""
        return self.status is Status.NXDOMAIN and not self.aliases

    @property
    def octets(self) -> tuple[bytes, ...]:
        """The records as they came."""
        return tuple(text.encode("latin-1") for text in self.texts)


@dataclass(frozen=True, slots=True)
class Exchanger:
    """One MX record; ``host`` is lower case without the final dot, ``.`` in a null MX."""

    preference: int
    host: str


@dataclass(frozen=True, slots=True)
class MailExchangers(Fact):
    """The MX records of a domain in order of preference and name."""

    of: ClassVar[Kind] = Kind.DOMAIN

    name: str
    status: Status
    records: tuple[Exchanger, ...] = ()
    aliases: tuple[str, ...] = ()
    authenticated: bool = False

    @property
    def hosts(self) -> tuple[str, ...]:
        """The exchangers' names, each once, best first; the null MX is no host."""
        return tuple(dict.fromkeys(record.host for record in self.records if record.host != NULL_HOST))

    @property
    def has_null(self) -> bool:
        """Whether one of the records is of the null form, alone or not."""
        return any(record.host == NULL_HOST for record in self.records)

    @property
    def refuses_mail(self) -> bool:
        """Whether the records say that the domain takes no mail: a null MX and nothing else."""
        return self.has_null and not self.hosts


@dataclass(frozen=True, slots=True)
class Addresses:
    """The addresses of one family at a name, in canonical text; ``aliases`` are the CNAME targets passed on the way."""

    status: Status
    addresses: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    authenticated: bool = False


@dataclass(frozen=True, slots=True)
class MailHost:
    """A host that takes mail for the domain, with its addresses of both families."""

    name: str
    v4: Addresses | Unobserved
    v6: Addresses | Unobserved

    @property
    def addresses(self) -> tuple[str, ...]:
        """The addresses that were seen, IPv4 first."""
        return tuple(a for part in (self.v4, self.v6) if isinstance(part, Addresses) for a in part.addresses)

    @property
    def aliases(self) -> tuple[str, ...]:
        """The CNAME targets seen on the way to the addresses."""
        return next((part.aliases for part in (self.v4, self.v6) if isinstance(part, Addresses) and part.aliases), ())

    @property
    def missing(self) -> Unobserved | None:
        """Why one of the families could not be seen, if so."""
        return next((part for part in (self.v4, self.v6) if isinstance(part, Unobserved)), None)

    @property
    def authenticated(self) -> bool:
        """Whether every address that was seen came with the AD bit."""
        seen = [part for part in (self.v4, self.v6) if isinstance(part, Addresses) and part.status is Status.FOUND]
        return bool(seen) and all(part.authenticated for part in seen)


@dataclass(frozen=True, slots=True)
class MailHosts(Fact):
    """The hosts to which mail for the domain goes: its exchangers or, without MX records, itself (RFC 5321 section 5.1).

    ``implicit`` tells the second case; it is a route only if the domain takes mail at all, which ``receives`` repeats from the ledger.
    ``left_out`` counts exchangers beyond the cap that were not looked at.
    """

    of: ClassVar[Kind] = Kind.DOMAIN
    leads_to: ClassVar[tuple[Kind, ...]] = (Kind.SMTP_SERVICE, Kind.TLS_SERVICE)

    hosts: tuple[MailHost, ...]
    implicit: bool = False
    receives: bool | None = None
    left_out: int = 0

    def leads(self) -> tuple[Service, ...]:
        """The SMTP services of these hosts, one for each name that has an address; what each address shows is a part of their facts.

        The addresses of a domain without MX lead there only if the ledger says that it takes mail: else every web host would be called a
        mail server.
        """
        if self.implicit and self.receives is not True:
            return ()
        found: list[Service] = []
        for host in self.hosts:
            try:
                name = host_name(host.name)
            except NotATarget:  # a name that no service can be called by; mail.mx.resolves judges it
                continue
            if host.addresses:
                found.append(Service(name, SMTP_PORT, "smtp"))
        return tuple(found)


@dataclass(frozen=True, slots=True)
class ReverseName:
    """The PTR names of a mail host's address, and which of them lead back to it."""

    host: str
    address: str
    names: tuple[str, ...] | Unobserved
    confirmed: tuple[str, ...] | Unobserved = ()


@dataclass(frozen=True, slots=True)
class MailReverse(Fact):
    """The reverse names of the mail hosts' addresses."""

    of: ClassVar[Kind] = Kind.DOMAIN

    addresses: tuple[ReverseName, ...]
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class TlsaRecord:
    """One TLSA record (RFC 6698 section 2.1); ``data`` in hexadecimal."""

    usage: int
    selector: int
    matching: int
    data: str


@dataclass(frozen=True, slots=True)
class TlsaAnswer:
    """The TLSA records at ``name``; ``authenticated`` is the AD bit."""

    name: str
    status: Status
    records: tuple[TlsaRecord, ...] = ()
    authenticated: bool = False


@dataclass(frozen=True, slots=True)
class HostTlsa:
    """What stands for port 25 of one exchanger."""

    host: str
    answer: TlsaAnswer | Unobserved


@dataclass(frozen=True, slots=True)
class MailTlsa(Fact):
    """The TLSA records for port 25 of every exchanger (RFC 7672).

    ``validating`` tells whether the resolver that was asked checks DNSSEC at all, seen by the AD bit on the root's own records: without it
    a missing AD bit says nothing.
    """

    of: ClassVar[Kind] = Kind.DOMAIN

    hosts: tuple[HostTlsa, ...]
    validating: bool | Unobserved


@dataclass(frozen=True, slots=True)
class MtaStsRecord(Fact):
    """The TXT records at ``_mta-sts.<domain>`` that belong to MTA-STS or were meant to (RFC 8461 section 3.1)."""

    of: ClassVar[Kind] = Kind.DOMAIN

    answer: TextAnswer


@dataclass(frozen=True, slots=True)
class PolicyReply:
    """What the policy web server answered; ``body`` holds one octet a character (ISO 8859-1).

    ``status`` is 0 and ``certificate_problem`` tells why when the certificate did not validate.
    """

    url: str
    status: int
    content_type: str
    location: str
    body: str
    truncated: bool
    certificate_problem: str = ""


@dataclass(frozen=True, slots=True)
class MtaStsPolicy(Fact):
    """The MTA-STS policy as fetched. ``announced``: exactly one valid record tells senders to fetch it, else nobody did.

    ``reply`` is ``None`` where none was announced, and where the DNS says that the policy host has no address.
    """

    of: ClassVar[Kind] = Kind.DOMAIN

    announced: bool
    reply: PolicyReply | None


@dataclass(frozen=True, slots=True)
class TlsReportRecord(Fact):
    """The TXT records at ``_smtp._tls.<domain>`` that belong to TLS-RPT or were meant to (RFC 8460 section 3)."""

    of: ClassVar[Kind] = Kind.DOMAIN

    answer: TextAnswer

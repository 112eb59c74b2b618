"""What is looked at: domains, hosts, services, endpoints and systems, and their canonical keys.

Parsing is pure: it checks and normalises, it never resolves a name.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from enum import StrEnum, unique

LONGEST_NAME = 253  # RFC 1035 section 2.3.4, in presentation form without the final dot
LONGEST_LABEL = 63
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\Z")
_ENDPOINT = re.compile(r"[a-z0-9][a-z0-9._-]{0,127}\Z")


@unique
class Kind(StrEnum):
    """Kinds of subject that facts are made for and checks judge."""

    DOMAIN = "domain"
    DNS_SERVICE = "service/dns"
    SMTP_SERVICE = "service/smtp"
    SUBMISSION_SERVICE = "service/submission"
    MAIL_ACCESS_SERVICE = "service/mail-access"
    SSH_SERVICE = "service/ssh"
    WEB_SERVICE = "service/web"
    TLS_SERVICE = "service/tls"
    HOST = "host"
    MACHINE = "machine"
    RUN = "run"


NAMED = frozenset({Kind.DOMAIN, Kind.HOST, Kind.MACHINE, Kind.RUN})
"""Kinds that are looked at only where somebody names them: no fact leads to one."""


IMPLICIT_TLS = frozenset({"tls", "https", "submissions", "imaps", "pop3s", "ftps", "ldaps", "nntps", "xmpps-client", "xmpps-server"}) | {
    "smtps"  # no registered name, but what many write for SMTP within TLS
}
"""Protocols whose connections begin with TLS; ``tls`` is any other one. Names as registered with IANA where there is one."""
_MAIL_STARTTLS = frozenset({"smtp", "submission", "lmtp", "imap", "pop3", "sieve"})
STARTTLS = _MAIL_STARTTLS | {"ftp", "nntp", "ldap", "xmpp-client", "xmpp-server", "postgresql", "mysql", "rdp", "mssql"}
"""Protocols that change to TLS within a connection that began without."""


_SUBMISSION = (Kind.SMTP_SERVICE, Kind.SUBMISSION_SERVICE)
_MAILBOXES = (Kind.MAIL_ACCESS_SERVICE,)
_OWN_KINDS: dict[str, tuple[Kind, ...]] = {
    "dns": (Kind.DNS_SERVICE,),
    "ssh": (Kind.SSH_SERVICE,),
    "smtp": (Kind.SMTP_SERVICE,),
    "smtps": (Kind.SMTP_SERVICE,),
    "submission": _SUBMISSION,
    "submissions": _SUBMISSION,
    **dict.fromkeys(("imap", "imaps", "pop3", "pop3s", "sieve"), _MAILBOXES),
    **dict.fromkeys(("http", "https"), (Kind.WEB_SERVICE,)),
}


class NotATarget(ValueError):
    """The text names nothing that can be looked at; the message says which rule it breaks."""


@dataclass(frozen=True, slots=True, order=True)
class Domain:
    """A domain name in A-label form, lower case, without the final dot."""

    name: str

    @property
    def key(self) -> str:
        """The canonical key, ``domain:example.jp``."""
        return f"domain:{self.name}"

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """Domains are one kind."""
        return (Kind.DOMAIN,)

    @property
    def unicode(self) -> str:
        """The name as people write it; the A-label form where a label does not decode."""
        return unicode_name(self.name)

    @classmethod
    def parse(cls, text: str) -> Domain:
        """Take a name as people write it (IDN, capitals, final dot). Raises ``NotATarget``."""
        return cls(domain_name(text))


@dataclass(frozen=True, slots=True, order=True)
class Host:
    """A machine named by a host name or an IP address."""

    name: str

    @property
    def key(self) -> str:
        """The canonical key, ``host:mx1.example.jp`` or ``host:192.0.2.1``."""
        return f"host:{self.name}"

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """Hosts are seen from the network, and from within as machines."""
        return (Kind.HOST, Kind.MACHINE)

    @classmethod
    def parse(cls, text: str) -> Host:
        """Take a host name or an IP address. Raises ``NotATarget``."""
        return cls(host_name(text))


@dataclass(frozen=True, slots=True, order=True)
class Service:
    """A service of a host; ``address`` picks one address where the name has several."""

    host: str
    port: int
    protocol: str
    address: str = ""

    @property
    def key(self) -> str:
        """The canonical key, ``service:mx1.example.jp:25/smtp`` or ``service:ns.example.jp=192.0.2.1:53/dns``."""
        where = _bracketed(self.host) + (f"={_bracketed(self.address)}" if self.address else "")
        return f"service:{where}:{self.port}/{self.protocol}"

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """What its protocol makes of it: a mail server that can change to TLS is a TLS service too. Empty while no fact is made for it."""
        own = _OWN_KINDS.get(self.protocol, ())
        return (*own, Kind.TLS_SERVICE) if self.protocol in IMPLICIT_TLS or self.protocol in STARTTLS else own

    @classmethod
    def parse(cls, text: str) -> Service:
        """Take ``host:port/protocol`` or ``host=address:port/protocol``. Raises ``NotATarget``."""
        where, slash, protocol = text.rpartition("/")
        host, colon, port = where.rpartition(":")
        if not slash or not colon or not re.fullmatch(r"[a-z][a-z0-9-]{0,31}", protocol):
            raise NotATarget(f"{text!r} is not a service: write host:port/protocol, as in mx1.example.jp:25/smtp")
        if not re.fullmatch(r"[0-9]{1,5}", port) or not 0 < int(port) < 65536:
            raise NotATarget(f"{text!r}: the port must be a number from 1 to 65535")
        name, equals, address = host.partition("=")
        if equals and not _is_address(_unbracketed(address)):
            raise NotATarget(f"{text!r}: {address!r} is not an IP address")
        return cls(host_name(_unbracketed(name)), int(port), protocol, host_name(_unbracketed(address)) if equals else "")


@dataclass(frozen=True, slots=True, order=True)
class Endpoint:
    """A machine known by its agent's id; ``local`` is the machine the scanner runs on."""

    id: str

    @property
    def key(self) -> str:
        """The canonical key, ``endpoint:local``."""
        return f"endpoint:{self.id}"

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """Endpoints are machines."""
        return (Kind.MACHINE,)

    @classmethod
    def parse(cls, text: str) -> Endpoint:
        """Take an agent id. Raises ``NotATarget``."""
        if not _ENDPOINT.match(text.lower()):
            raise NotATarget(f"{text!r} is not an endpoint id: letters, digits, dot, hyphen and underscore only")
        return cls(text.lower())


@dataclass(frozen=True, slots=True, order=True)
class WholeRun:
    """All targets of one run together: the subject of what no single one can show."""

    @property
    def key(self) -> str:
        """The canonical key, ``run:targets``."""
        return "run:targets"

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The run is one kind."""
        return (Kind.RUN,)


Target = Domain | Host | Service | Endpoint | WholeRun
WHOLE_RUN = WholeRun()
LOCAL = Endpoint("local")


def parse_target(text: str) -> Target:
    """Take a target as written on the command line or as a canonical key. Raises ``NotATarget``.

    ``local`` is this machine, an IP address is a host, ``name:port/protocol`` a service, any other name a domain.
    """
    text = text.strip()
    prefix, colon, rest = text.partition(":")
    if colon:
        match prefix:
            case "domain":
                return Domain.parse(rest)
            case "host":
                return Host.parse(rest)
            case "service":
                return Service.parse(rest)
            case "endpoint":
                return Endpoint.parse(rest)
            case "run" if text == WHOLE_RUN.key:
                return WHOLE_RUN
            case _:
                pass
    if text == "local":
        return LOCAL
    if "/" in text and ":" in text:
        return Service.parse(text)
    if _is_address(_unbracketed(text)):
        return Host.parse(_unbracketed(text))
    return Domain.parse(text)


def target_of(key: str) -> Target:
    """Give the target whose ``key`` this is; a name in it is not checked again."""
    kind, _, name = key.partition(":")
    match kind:
        case "domain":
            return Domain(name)
        case "host":
            return Host(name)
        case "endpoint":
            return Endpoint(name)
        case _:
            return parse_target(key)


def domain_name(text: str) -> str:
    """Normalise a domain name to A-labels in lower case without the final dot. Raises ``NotATarget``."""
    name = text.strip()
    for dot in "。．｡":
        name = name.replace(dot, ".")
    name = name.removesuffix(".")
    if not name:
        raise NotATarget("an empty name is not a domain")
    if not name.isascii():
        import idna  # its tables take as long to load as most of this room: few names need them

        try:
            name = idna.encode(name, uts46=True).decode("ascii")
        except idna.IDNAError as error:
            raise NotATarget(f"{text!r} is not an internationalised domain name: {error}") from error
    name = name.lower()
    if len(name) > LONGEST_NAME:
        raise NotATarget(f"{text[:40]!r}… is {len(name)} characters long; a domain name has at most {LONGEST_NAME}")
    for label in name.split("."):
        if not _LABEL.match(label):
            raise NotATarget(f"{text!r}: {label!r} is not a label of 1 to {LONGEST_LABEL} letters, digits, hyphens or underscores")
    if _is_address(name):
        raise NotATarget(f"{text!r} is an IP address, not a domain name")
    if name.rpartition(".")[2].isdigit():  # no top-level name is a number; most likely an address with a slip in it
        raise NotATarget(f"{text!r} is neither a domain name nor an IP address")
    return name


def host_name(text: str) -> str:
    """Normalise a host name or an IP address (canonical text form). Raises ``NotATarget``."""
    try:
        return str(ipaddress.ip_address(text.strip()))
    except ValueError:
        return domain_name(text)


def unicode_name(name: str) -> str:
    """Write a name as people read it; labels that do not decode stay as they are."""
    if "xn--" not in name:
        return name
    import idna  # see ``domain_name``

    shown = []
    for label in name.split("."):
        try:
            shown.append(idna.decode(label) if label.startswith("xn--") else label)
        except idna.IDNAError:
            shown.append(label)
    return ".".join(shown)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _bracketed(text: str) -> str:
    return f"[{text}]" if ":" in text else text


def _unbracketed(text: str) -> str:
    return text[1:-1] if text.startswith("[") and text.endswith("]") else text

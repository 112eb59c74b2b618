"""What the DNS holds for a domain and how its zone is served: delegation, servers, transfers, signatures, records, targets.

How a single DNS server treats its clients (recursion, version, validation) is in ``dns_server``; what mail makes of records in ``mail``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique
from typing import ClassVar

from scanner.model.fact import Fact, Unobserved
from scanner.model.target import Kind, NotATarget, Service, domain_name

DNS_PORT = 53


@dataclass(frozen=True, slots=True)
class DomainName(Fact):
    """The domain's own name in A-label form, for checks that judge the name and nothing else."""

    of: ClassVar[Kind] = Kind.DOMAIN

    name: str


@dataclass(frozen=True, slots=True)
class Glue:
    """An address record that a parent server hands out beside the delegation."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class ParentView:
    """The delegation as one server of the parent zone tells it. No ``names`` means that it knows no delegation of the zone."""

    server: str
    address: str
    names: tuple[str, ...]
    glue: tuple[Glue, ...]


@dataclass(frozen=True, slots=True)
class NameServer:
    """A name server of the zone and its addresses, IPv4 first. An empty tuple: the name has none.

    A name of which only a part could be seen stands twice: with the addresses, and with the reason why there may be more.
    ``own`` is what its own address records are where ``addresses`` are not these but the glue that the parent hands out.
    """

    name: str
    addresses: tuple[str, ...] | Unobserved
    own: tuple[str, ...] | Unobserved | None = None


@dataclass(frozen=True, slots=True)
class Delegation(Fact):
    """Where the domain stands in the tree, and who serves its zone.

    ``zone`` is the apex that holds the domain (the domain itself or an ancestor), ``parent`` the apex above it; the root is ``.``.
    ``exists`` is false when the DNS says that there is no such name: the servers are then left out.
    ``parents`` holds what servers of the parent zone answered; empty when each one asked serves the zone too and so shows no delegation.
    ``own`` is the NS set that the zone gives of itself, as the operator's resolver sees it.
    """

    of: ClassVar[Kind] = Kind.DOMAIN
    leads_to: ClassVar[tuple[Kind, ...]] = (Kind.DNS_SERVICE,)

    domain: str
    exists: bool
    zone: str
    parent: str
    parents: tuple[ParentView, ...] | Unobserved
    own: tuple[str, ...] | Unobserved
    servers: tuple[NameServer, ...]

    def leads(self) -> tuple[Service, ...]:
        """The DNS service at every address of every name server."""
        found = []
        for server in self.servers:
            try:
                name = domain_name(server.name)
            except NotATarget:  # an NS name that no service can be called by; dns.delegation.lame judges it
                continue
            found += [Service(name, DNS_PORT, "dns", a) for a in _addresses(server)]
        return tuple(found)


def _addresses(server: NameServer) -> tuple[str, ...]:
    return () if isinstance(server.addresses, Unobserved) else server.addresses


@dataclass(frozen=True, slots=True)
class SoaTimers:
    """The SOA record's numbers; times in seconds."""

    serial: int
    refresh: int
    retry: int
    expire: int
    minimum: int


@dataclass(frozen=True, slots=True)
class SoaAnswer:
    """A server's answer to the question for the zone's SOA.

    ``authoritative`` is the AA bit, ``soa`` the record of the zone itself. A ``truncated`` answer (TC) says no more than "ask over TCP".
    """

    rcode: str
    authoritative: bool
    soa: SoaTimers | None
    truncated: bool = False

    @property
    def serves(self) -> bool:
        """Whether the server speaks for the zone: it gave the SOA and set AA."""
        return self.authoritative and self.soa is not None and self.rcode == "NOERROR"


@unique
class EdnsHandling(StrEnum):
    """What became of a question with EDNS: answered with EDNS, without, by an error, or by silence where a plain question is answered."""

    SUPPORTED = "supported"
    IGNORED = "ignored"
    REJECTED = "rejected"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class EdnsSeen:
    """How a server handles EDNS, and the UDP size in octets that it announces; ``None`` without EDNS."""

    handling: EdnsHandling
    size: int | None


@dataclass(frozen=True, slots=True)
class ServerView:
    """One address of one name server, asked for the zone's SOA over both transports."""

    name: str
    address: str
    udp: SoaAnswer | Unobserved
    tcp: SoaAnswer | Unobserved
    edns: EdnsSeen | Unobserved

    @property
    def answer(self) -> SoaAnswer | Unobserved:
        """The answer of either transport: one that serves, else the one that says something, else why there is none."""
        for part in (self.udp, self.tcp):
            if isinstance(part, SoaAnswer) and part.serves:
                return part
        return self.tcp if isinstance(self.udp, Unobserved) or self.udp.truncated else self.udp


@dataclass(frozen=True, slots=True)
class AnswerSeen:
    """A digest over the records of one name and type, order and TTL left out. ``state``: ``found``, ``empty`` or the response code."""

    name: str
    type: str
    state: str
    digest: str


@dataclass(frozen=True, slots=True)
class SizeSeen:
    """How large an answer over UDP became when 4,096 octets were offered; octets of question and answer."""

    type: str
    sent: int
    received: int
    truncated: bool


@dataclass(frozen=True, slots=True)
class ServerContent:
    """What one name server holds, asked at ``address``, its first one that serves the zone.

    ``names`` is its NS set; ``missing`` says why some of the ``answers`` are not there.
    """

    name: str
    address: str
    names: tuple[str, ...] | Unobserved
    answers: tuple[AnswerSeen, ...]
    missing: Unobserved | None
    keys: SizeSeen | Unobserved
    everything: SizeSeen | Unobserved


@dataclass(frozen=True, slots=True)
class ZoneServers(Fact):
    """The zone as each of its name servers serves it.

    ``tcp_elsewhere`` is asked only when no server answered over TCP: whether a server of the parent zone did, from here.
    """

    of: ClassVar[Kind] = Kind.DOMAIN

    zone: str
    exists: bool
    views: tuple[ServerView, ...]
    contents: tuple[ServerContent, ...]
    unresolved: tuple[NameServer, ...] = ()
    """Name servers without an address to ask: the name has none, or its addresses could not be looked up."""
    tcp_elsewhere: bool | None = None


@unique
class TransferEnd(StrEnum):
    """How a request for a whole zone ended."""

    GIVEN = "given"
    REFUSED = "refused"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class TransferTrial:
    """One request for the zone. CLOSED: the port is shut or the connection was cut off instead of an answer."""

    end: TransferEnd
    rcode: str


@dataclass(frozen=True, slots=True)
class ServerTransfers:
    """Full (AXFR) and incremental (IXFR) transfer asked of one server address."""

    name: str
    address: str
    axfr: TransferTrial | Unobserved
    ixfr: TransferTrial | Unobserved


@dataclass(frozen=True, slots=True)
class ZoneTransfers(Fact):
    """What the zone's servers answer to somebody who asks for the whole zone."""

    of: ClassVar[Kind] = Kind.DOMAIN

    zone: str
    exists: bool
    servers: tuple[ServerTransfers, ...]
    unresolved: tuple[NameServer, ...] = ()
    """As in ``ZoneServers``: nobody asked these."""


@dataclass(frozen=True, slots=True)
class DsSeen:
    """A DS record at the parent. ``matches``: a key of the zone has this digest; ``None`` where the digest type cannot be computed."""

    key_tag: int
    algorithm: int
    digest_type: int
    matches: bool | None


@dataclass(frozen=True, slots=True)
class KeySeen:
    """A DNSKEY of the zone. ``bits`` is ``None`` where the key is malformed or its algorithm unknown."""

    key_tag: int
    algorithm: int
    bits: int | None
    sep: bool
    revoked: bool


@unique
class SignatureState(StrEnum):
    """What came of checking one signature."""

    VALID = "valid"
    EXPIRED = "expired"
    EARLY = "early"
    WRONG = "wrong"
    NO_KEY = "no-key"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True)
class SignatureSeen:
    """A signature over the records of ``type`` at ``name``. Seconds count from the moment of looking; negative means past."""

    name: str
    type: str
    algorithm: int
    key_tag: int
    state: SignatureState
    seconds_left: int
    lifetime_seconds: int


@unique
class Chain(StrEnum):
    """How far the zone is secured, seen from the DS set of its parent downwards."""

    UNSIGNED = "unsigned"
    ISLAND = "island"
    VALID = "valid"
    BROKEN = "broken"
    UNSUPPORTED = "unsupported"


@unique
class ChainProblem(StrEnum):
    """Why a chain is broken."""

    NONE = "none"
    NO_DNSKEY = "no-dnskey"
    NO_MATCHING_KEY = "no-matching-key"
    KEYS_NOT_SIGNED = "keys-not-signed"
    DATA_NOT_SIGNED = "data-not-signed"


@unique
class Validation(StrEnum):
    """What the operator's resolver makes of the zone: AD set, no AD, SERVFAIL that goes away with CD, or it does not validate at all."""

    SECURE = "secure"
    INSECURE = "insecure"
    BOGUS = "bogus"
    OFF = "off"


@unique
class DenialKind(StrEnum):
    """How the zone proves that a name does not exist. MINIMAL: NSEC records made up for each question (RFC 4470), nothing to walk."""

    NSEC = "nsec"
    MINIMAL = "minimal"
    NSEC3 = "nsec3"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Denial:
    """The denial seen for a random name; the NSEC3 numbers are zero otherwise. ``salt`` counts octets."""

    kind: DenialKind
    iterations: int = 0
    salt: int = 0
    opt_out: bool = False


@dataclass(frozen=True, slots=True)
class Dnssec(Fact):
    """The zone's signing state. ``denial`` is ``None`` for a zone without keys.

    ``unsigned`` names the types at the apex that have no signature at all, ``missing`` says why some could not be looked up.
    """

    of: ClassVar[Kind] = Kind.DOMAIN

    zone: str
    exists: bool
    chain: Chain
    problem: ChainProblem
    ds: tuple[DsSeen, ...]
    keys: tuple[KeySeen, ...]
    signatures: tuple[SignatureSeen, ...]
    validation: Validation | Unobserved
    denial: Denial | Unobserved | None
    unsigned: tuple[str, ...] = ()
    missing: Unobserved | None = None


@dataclass(frozen=True, slots=True)
class ZoneWalk(Fact):
    """What following the zone's NSEC records shows; walked only when the ledger declares internal names in the zone.

    ``internal`` are those declared names and the names below them that the walk met, ``steps`` counts all names met, ``complete`` tells
    that the walk came round to the apex.
    """

    of: ClassVar[Kind] = Kind.DOMAIN

    zone: str
    denial: DenialKind
    declared: tuple[str, ...]
    internal: tuple[str, ...] = ()
    steps: int = 0
    complete: bool = False


@unique
class Role(StrEnum):
    """Why a name was looked at."""

    SELF = "self"
    COMMON = "common"
    MAIL = "mail"
    NAME_SERVER = "name-server"


@dataclass(frozen=True, slots=True)
class PublicAddress:
    """An address that the DNS gives for a name of the domain."""

    name: str
    role: Role
    address: str


@unique
class TargetState(StrEnum):
    """What the target of a record resolves to. FREE: even the registrable domain above it does not exist, anybody may register it."""

    RESOLVES = "resolves"
    EMPTY = "empty"
    NXDOMAIN = "nxdomain"
    FREE = "free"


@dataclass(frozen=True, slots=True)
class RecordTarget:
    """A name that a CNAME, MX or NS record of the domain points to.

    ``service`` is the hosting service that owns its suffix, or empty; ``alias`` the name that it is itself a CNAME for, or empty.
    """

    owner: str
    type: str
    target: str
    state: TargetState | Unobserved
    service: str = ""
    alias: str = ""


@dataclass(frozen=True, slots=True)
class NameGap:
    """A name and type that could not be looked up."""

    name: str
    type: str
    why: Unobserved


@dataclass(frozen=True, slots=True)
class PublicRecords(Fact):
    """Addresses and targets behind the domain, its usual host names, its mail exchangers and its name servers."""

    of: ClassVar[Kind] = Kind.DOMAIN

    domain: str
    exists: bool
    names: tuple[str, ...]
    addresses: tuple[PublicAddress, ...]
    targets: tuple[RecordTarget, ...]
    gaps: tuple[NameGap, ...]


@unique
class Visibility(StrEnum):
    """Whether a name meant for inside use shows: with records, as a bare name, or not at all."""

    RECORDS = "records"
    NAME = "name"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class InternalName:
    """How a declared internal name looks; ``where`` says who showed it: ``resolver`` or a name server with its address."""

    name: str
    visible: Visibility | Unobserved
    where: str


@dataclass(frozen=True, slots=True)
class InternalNames(Fact):
    """The declared internal names, looked up through the resolver and at the domain's public name servers, from zone ``vantage``."""

    of: ClassVar[Kind] = Kind.DOMAIN

    vantage: str
    names: tuple[InternalName, ...]
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class CaaRecord:
    """One CAA record; the value's octets read as ISO 8859-1."""

    flags: int
    tag: str
    value: str


@dataclass(frozen=True, slots=True)
class CaaPolicy(Fact):
    """The CAA set that governs the domain (RFC 8659 section 3): the first one found when climbing; ``found_at`` is empty without one."""

    of: ClassVar[Kind] = Kind.DOMAIN

    exists: bool
    found_at: str
    records: tuple[CaaRecord, ...]

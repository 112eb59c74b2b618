"""How one DNS server treats those who ask it: recursion, what it tells of itself, validation, and how it asks others.

What a zone holds and how its servers agree is in ``dns``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from scanner.model.fact import Fact, Unobserved
from scanner.model.target import Kind


@dataclass(frozen=True, slots=True)
class DnsTestNames(Fact):
    """The names with which servers are tried; the organisation may put its own in their place.

    ``outside`` stands for "a name outside the server's zones": example.com is reserved (RFC 2606), run by IANA, always there and nobody's
    customer. ``signed`` is asked for its SOA and must validate: jp has been signed since 2011. ``broken`` carries a signature that is wrong
    on purpose; dnssec-failed.org is kept for that. ``probe_zone`` is a zone delegated to this scanner, answered at ``listen`` (addresses of
    this machine): empty where the organisation has none.
    """

    of: ClassVar[Kind] = Kind.DNS_SERVICE

    outside: str = "example.com"
    signed: str = "jp"
    broken: str = "dnssec-failed.org"
    probe_zone: str = ""
    listen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Trial:
    """One question and the answer in its own terms.

    ``records`` counts the answer section; ``referral``: NS records of another zone instead of an answer; ``denied``: the SOA of a zone that
    has no such data. ``sent`` and ``received`` are octets, ``source`` is the address that answered.
    """

    name: str
    type: str
    transport: str
    rcode: str
    ra: bool
    aa: bool
    ad: bool
    records: int
    referral: bool
    denied: bool
    sent: int
    received: int
    source: str

    @property
    def resolved(self) -> bool:
        """Whether the server looked the name up for us: RA set, AA not, and data or a proper denial given."""
        return self.ra and not self.aa and self.rcode in {"NOERROR", "NXDOMAIN"} and (self.records > 0 or self.denied)


@dataclass(frozen=True, slots=True)
class Recursion(Fact):
    """How the server answers questions about names outside its zones.

    ``udp`` and ``tcp`` asked with RD for the outside name; ``cached`` asked without RD for the root's NS set, which every resolver holds;
    ``largest`` asked with RD for everything at the root, 4,096 octets offered. ``alive``: it answered some question in this conversation.
    """

    of: ClassVar[Kind] = Kind.DNS_SERVICE

    address: str
    udp: Trial | Unobserved
    tcp: Trial | Unobserved
    cached: Trial | Unobserved
    largest: Trial | Unobserved
    alive: bool


@dataclass(frozen=True, slots=True)
class IdentityAnswer:
    """The answer to a question of class CHAOS; ``texts`` read as ISO 8859-1, capped."""

    name: str
    rcode: str
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IdentityPart:
    """One of the four names that servers tell about themselves under."""

    name: str
    answer: IdentityAnswer | Unobserved


@dataclass(frozen=True, slots=True)
class ServerIdentity(Fact):
    """What the server tells of its software (version.bind, version.server) and of itself (hostname.bind, id.server)."""

    of: ClassVar[Kind] = Kind.DNS_SERVICE

    host: str
    parts: tuple[IdentityPart, ...]


@dataclass(frozen=True, slots=True)
class ResolverBehaviour(Fact):
    """How a resolver treats signed names: a good one, a broken one, and the broken one with checking disabled (CD)."""

    of: ClassVar[Kind] = Kind.DNS_SERVICE

    signed: Trial | Unobserved
    broken: Trial | Unobserved
    broken_unchecked: Trial | Unobserved


@dataclass(frozen=True, slots=True)
class QuestionSeen:
    """One question of the resolver as it arrived at our own authoritative server."""

    source: str
    port: int
    id: int


@dataclass(frozen=True, slots=True)
class ResolverRandomness(Fact):
    """The questions that a resolver put to our own authoritative server for names nobody asked before, in order of arrival.

    ``mixed_case``: the name came in random capitals (0x20); ``cookies``: with a DNS cookie; ``minimised``: asked label by label (RFC 9156).
    """

    of: ClassVar[Kind] = Kind.DNS_SERVICE

    questions: tuple[QuestionSeen, ...]
    mixed_case: bool
    cookies: bool
    minimised: bool

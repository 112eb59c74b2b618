"""What the DNS says about who may send mail in the name of a domain: SPF, DKIM keys, DMARC and BIMI records.

Records are kept as published; what they mean is read by the parsers of ``scanner.wire`` when a check judges them. SPF alone is kept as
it was walked, because its meaning lies in the records of others.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique
from typing import ClassVar

from scanner.facts.mail import Status, TextAnswer
from scanner.model.fact import Fact, Unobserved
from scanner.model.target import Kind


@unique
class SpfResult(StrEnum):
    """The results of RFC 7208 section 2.6."""

    NONE = "none"
    NEUTRAL = "neutral"
    PASS = "pass"  # noqa: S105 - the RFC's word for a result, not a secret
    FAIL = "fail"
    SOFTFAIL = "softfail"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


@dataclass(frozen=True, slots=True)
class SpfProblem:
    """One thing wrong or odd: its kind (a word of the SPF parser), the term or name meant, and the owner of the record."""

    kind: str
    detail: str
    domain: str


@unique
class SpfState(StrEnum):
    """What stands where an SPF record should: the record, none, several, no answer, or why nobody asked."""

    FOUND = "found"
    ABSENT = "absent"
    SEVERAL = "several"
    UNANSWERED = "unanswered"
    MALFORMED = "malformed"
    LOOP = "loop"
    NOT_VISITED = "not-visited"


@dataclass(frozen=True, slots=True)
class SpfPlace:
    """One place in the tree of SPF records, before its children. ``depth`` is 0 at the domain itself; ``via`` is the term that led here.

    ``status`` is the answer to the TXT question, ``None`` if nobody asked. ``records`` are printable and capped: one where the state is
    found, several where it is several. ``octets`` is the length of the record, ``answer_octets`` the estimated size of the TXT answer,
    ``lookups`` the counted terms of this record and of those below it.
    """

    domain: str
    depth: int
    via: str
    state: SpfState
    status: Status | None
    records: tuple[str, ...]
    octets: int
    answer_octets: int
    lookups: int


@dataclass(frozen=True, slots=True)
class SpfTerm:
    """A term and the domain whose record holds it."""

    domain: str
    term: str


@dataclass(frozen=True, slots=True)
class SpfRange:
    """A range of addresses that the policy lets pass, in CIDR form, and the term that says so."""

    network: str
    domain: str
    term: str


@dataclass(frozen=True, slots=True)
class SpfUnanswered:
    """A question of the walk that nobody answered, and why."""

    question: str
    why: Unobserved


@dataclass(frozen=True, slots=True)
class SpfPolicy(Fact):
    """All records that the SPF policy of a domain is made of, walked without a mail to judge (RFC 7208).

    ``lookups`` and ``void_lookups`` count as section 4.6.4 does; ``void_ipv4`` and ``void_ipv6`` are what clients of one family meet.
    ``ending`` is the qualifier of the ``all`` that is reached through redirects, standing at ``ending_domain``; empty where the policy ends
    without one. ``open_terms`` pass every client. ``ranges`` are the authorised ones, widest first and capped; ``ranges_total`` counts all,
    ``ipv4_addresses`` each IPv4 address of all once. ``dynamic`` terms depend on the mail. ``truncated``: a cap of the walk was met.
    """

    of: ClassVar[Kind] = Kind.DOMAIN

    places: tuple[SpfPlace, ...]
    lookups: int
    void_lookups: int
    void_ipv4: int
    void_ipv6: int
    ending: str
    ending_domain: str
    open_terms: tuple[SpfTerm, ...]
    ranges: tuple[SpfRange, ...]
    ranges_total: int
    ipv4_addresses: int
    ptr_terms: tuple[SpfTerm, ...]
    dynamic: tuple[SpfTerm, ...]
    unanswered: tuple[SpfUnanswered, ...]
    truncated: bool
    problems: tuple[SpfProblem, ...]

    @property
    def root(self) -> SpfPlace:
        """What stands at the domain itself."""
        return self.places[0]

    @property
    def published(self) -> bool:
        """Whether there is exactly one record at the domain."""
        return self.root.state is SpfState.FOUND

    @property
    def lets_pass(self) -> bool:
        """Whether some client passes, as far as was seen; terms that depend on the mail and unanswered questions may let one pass."""
        return bool(self.ranges or self.open_terms or self.ptr_terms or self.dynamic or self.unanswered or self.truncated)


@dataclass(frozen=True, slots=True)
class SenderResult:
    """How the domain's SPF policy judges one address that the ledger declares; ``declared`` is the ledger's own text."""

    declared: str
    address: str
    result: SpfResult
    term: str
    problems: tuple[SpfProblem, ...] = ()
    why: Unobserved | None = None
    """Why a question was not answered, where the result is a temperror."""


@dataclass(frozen=True, slots=True)
class SpfSenders(Fact):
    """How SPF judges samples of the outbound addresses that the ledger declares."""

    of: ClassVar[Kind] = Kind.DOMAIN

    results: tuple[SenderResult, ...]
    unreadable: tuple[str, ...] = ()
    """Declared texts that are no address and no network."""
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class HostText:
    """The SPF records of one mail host's own name."""

    host: str
    answer: TextAnswer | Unobserved


@dataclass(frozen=True, slots=True)
class SpfOfHosts(Fact):
    """The SPF records of mail host names, which are also the names that these hosts give in HELO (RFC 7208 section 2.3).

    ``hosts`` are those at or below the domain, ``left_out`` counts those beyond the cap; ``foreign`` are hosts of others, whose records
    are their own business.
    """

    of: ClassVar[Kind] = Kind.DOMAIN

    hosts: tuple[HostText, ...]
    foreign: tuple[str, ...] = ()
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class DkimSelector:
    """What stands at ``<selector>._domainkey.<domain>``; ``declared`` by the ledger, or tried because many use it."""

    selector: str
    declared: bool
    answer: TextAnswer | Unobserved


@dataclass(frozen=True, slots=True)
class DkimKeys(Fact):
    """What could be found of the domain's DKIM keys. Selectors cannot be listed: what is missing here may exist under another name.

    ``below`` is the answer for ``_domainkey.<domain>`` itself: where it is ``denied`` nothing at all stands below, and that is proven
    when ``below`` is authenticated. ``wildcard`` is the answer for a selector that nobody uses; records in it are those that every
    selector gets. ``None``: not asked, because nothing can be there, or a selector that does not exist shows that there is no wildcard.
    ``selectors`` are the declared ones and those of the others that gave records or no answer; ``tried`` names all that were asked.
    """

    of: ClassVar[Kind] = Kind.DOMAIN

    below: TextAnswer | Unobserved
    wildcard: TextAnswer | Unobserved | None
    selectors: tuple[DkimSelector, ...]
    tried: tuple[str, ...]

    @property
    def catch_all(self) -> frozenset[str]:
        """The texts that every selector gets."""
        return frozenset(self.wildcard.texts) if isinstance(self.wildcard, TextAnswer) else frozenset()

    @property
    def found(self) -> tuple[DkimSelector, ...]:
        """The selectors with records of their own: a declared one counts even where its records are those of the wildcard."""
        return tuple(
            s
            for s in self.selectors
            if isinstance(s.answer, TextAnswer) and s.answer.texts and (s.declared or not self.catch_all.issuperset(s.answer.texts))
        )


@dataclass(frozen=True, slots=True)
class DmarcStep:
    """One name of a tree walk (without ``_dmarc``) and the DMARC records there, or those that were meant to be."""

    domain: str
    answer: TextAnswer | Unobserved


@dataclass(frozen=True, slots=True)
class DmarcRecords(Fact):
    """The records that a tree walk from the domain met, in its order, and whether the domain itself exists (RFC 9989 section 4.10)."""

    of: ClassVar[Kind] = Kind.DOMAIN

    domain: str
    exists: bool | Unobserved
    steps: tuple[DmarcStep, ...]


@unique
class MailRoute(StrEnum):
    """How mail reaches a domain: its exchangers, its own address, not at all, not by its own will (null MX), or it does not exist."""

    EXCHANGERS = "exchangers"
    ADDRESS = "address"
    NONE = "none"
    REFUSED = "refused"
    NXDOMAIN = "nxdomain"


@dataclass(frozen=True, slots=True)
class ReportHost:
    """A host that reports are sent to by mail, how mail reaches it, and its consent.

    ``consent`` is ``None`` where none is needed because the host is the domain's own; else the DMARC records at the name with which the
    host agrees (RFC 9990 section 4).
    """

    host: str
    route: MailRoute | Unobserved
    consent: TextAnswer | Unobserved | None


@dataclass(frozen=True, slots=True)
class DmarcReportHosts(Fact):
    """The hosts among the report addresses of the domain's own DMARC record; ``left_out`` counts those beyond the cap."""

    of: ClassVar[Kind] = Kind.DOMAIN

    domain: str
    hosts: tuple[ReportHost, ...]
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class BimiRecord(Fact):
    """The TXT records at ``default._bimi.<domain>`` that belong to BIMI or were meant to."""

    of: ClassVar[Kind] = Kind.DOMAIN

    answer: TextAnswer

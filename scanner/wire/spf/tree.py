"""What a survey of a domain's SPF policy gives: the tree of records and the sums over it. Values only; survey.py makes them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network
from typing import Final, Literal

from scanner.wire.spf.grammar import Term
from scanner.wire.spf.values import SYNTAX_ERRORS, Problem, ProblemKind, Qualifier, Question, Status

PERMERRORS: Final = SYNTAX_ERRORS | {
    ProblemKind.MALFORMED_DOMAIN,
    ProblemKind.NO_RECORD,
    ProblemKind.SEVERAL_RECORDS,
    ProblemKind.LOOP,
    ProblemKind.TOO_MANY_LOOKUPS,
    ProblemKind.TOO_MANY_VOID_LOOKUPS,
    ProblemKind.TOO_MANY_MX_NAMES,
}


class NodeState(StrEnum):
    """What stands where a record should: the record, none, several (a permerror), no answer, or a reason why nobody asked."""

    FOUND = "found"
    ABSENT = "absent"
    SEVERAL = "several"
    UNANSWERED = "unanswered"
    MALFORMED = "malformed"
    LOOP = "loop"
    NOT_VISITED = "not-visited"


@dataclass(frozen=True, slots=True)
class SpfNode:
    """One place in the tree of records; a record that is named twice stands in it twice.

    ``via`` is the term that led here, empty at the root. ``status`` is how the TXT question was answered, ``None`` if it was not asked.
    ``raw`` is the record, printable and capped; ``candidates`` holds the records when there are several. ``octets`` is the length of the
    record and ``answer_octets`` the estimated size of the whole TXT answer in a DNS message. ``lookups`` counts the terms of this record
    and of those below it. ``problems`` are those of this record alone.
    """

    domain: str
    state: NodeState
    status: Status | None
    via: str
    raw: str
    terms: tuple[Term, ...]
    problems: tuple[Problem, ...]
    children: tuple[SpfNode, ...]
    candidates: tuple[str, ...]
    octets: int
    answer_octets: int
    lookups: int

    def walk(self) -> Iterator[SpfNode]:
        """Give this node and all below it, each before its children."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting.extend(reversed(node.children))


@dataclass(frozen=True, slots=True)
class Place:
    """A term and the domain whose record holds it."""

    domain: str
    term: str


@dataclass(frozen=True, slots=True)
class Authorised:
    """A range of addresses that the policy lets pass, and the term that says so. ``first`` is its lowest address as a number."""

    version: Literal[4, 6]
    first: int
    prefix: int
    domain: str
    term: str

    @property
    def network(self) -> IPv4Network | IPv6Network:
        return IPv4Network((self.first, self.prefix)) if self.version == 4 else IPv6Network((self.first, self.prefix))


@dataclass(frozen=True, slots=True)
class Survey:
    """What the records of a domain say together.

    ``lookups`` is the number of counted terms that a mail meets which nothing matches (section 4.6.4); a lower bound unless
    ``is_complete``, and without meaning where a loop is among the problems. ``void_lookups`` counts terms that are void for clients of
    both address families; ``void_ipv4`` and ``void_ipv6`` for those of one.

    ``all_qualifier`` is that of the ``all`` reached from the root through redirects, at ``all_domain``. ``None`` means that there is
    none, so that the policy ends in neutral, or that the walk did not get there: see the state of the nodes.

    ``open_terms`` pass every client: ``all``, and ``exists`` with a fixed name, where their pass reaches the root. ``networks`` come from
    ``ip4``, ``ip6``, ``a`` and ``mx`` under the same condition, the widest kept when there are more than ``Limits.networks``;
    ``networks_total`` and the numbers of addresses take in all of them, each address once. Terms that take something away again
    (``-ip4:…`` before a wider range) are not subtracted.

    ``dynamic`` terms depend on the mail and were not followed. ``unanswered`` questions leave their part of the policy undetermined.
    ``truncated`` tells that a cap of ``Limits`` was met. ``questions`` counts what was asked.
    """

    root: SpfNode
    lookups: int
    void_lookups: int
    void_ipv4: int
    void_ipv6: int
    all_qualifier: Qualifier | None
    all_domain: str
    open_terms: tuple[Place, ...]
    networks: tuple[Authorised, ...]
    networks_total: int
    ipv4_addresses: int
    ipv6_addresses: int
    ptr_terms: tuple[Place, ...]
    dynamic: tuple[Place, ...]
    unanswered: tuple[Question, ...]
    truncated: bool
    questions: int
    problems: tuple[Problem, ...]

    @property
    def is_complete(self) -> bool:
        """Whether every record and address was seen: nothing unanswered, cut off, or dependent on the mail."""
        return not (self.unanswered or self.truncated or self.dynamic)

    @property
    def permerrors(self) -> tuple[Problem, ...]:
        """What makes an evaluation end in permerror if it gets there; empty when the domain has no policy at all (result none)."""
        if self.root.state in (NodeState.ABSENT, NodeState.MALFORMED):
            return ()
        return tuple(p for p in self.problems if p.kind in PERMERRORS)

    def nodes(self, *states: NodeState) -> tuple[SpfNode, ...]:
        """Give the nodes in any of the states, in the order of the walk; below the root, ``ABSENT`` and ``SEVERAL`` are permerrors."""
        return tuple(node for node in self.root.walk() if node.state in states)

"""A walk over all the records that a domain's SPF policy is made of, without a mail to judge. What one mail would get is in evaluate.py."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address
from typing import Final, Literal

from scanner.wire.spf.evaluate import Address, multi_label_name, mx_hosts
from scanner.wire.spf.grammar import (
    MAX_SHOWN_TERM,
    Kind,
    SpfRecord,
    Term,
    near_misses,
    parse_record,
    printable,
    select_records,
)
from scanner.wire.spf.macros import domain_name, expand_name
from scanner.wire.spf.tree import Authorised, NodeState, Place, SpfNode, Survey
from scanner.wire.spf.values import (
    DEFAULT_LIMITS,
    Answer,
    Limits,
    Problem,
    ProblemKind,
    Qualifier,
    Question,
    RecordType,
    Status,
)

# Known without a mail: d is the record's own domain, and o the one that the evaluation began with, both for MAIL FROM and for HELO.
STATIC_LETTERS: Final = frozenset("do")
MAX_CANDIDATES: Final = 10  # records kept of a name that publishes several


def survey(domain: str, *, limits: Limits = DEFAULT_LIMITS) -> Generator[Question, Answer, Survey]:
    """Walk the whole tree of SPF records under ``domain`` (A-labels); yields DNS questions, is sent their answers, and never raises.

    Follows ``include`` and ``redirect``, asks for the addresses of ``a``, ``mx`` and ``exists`` in both families, asks no question twice,
    and goes on past what would end an evaluation in permerror. Terms after ``all`` and a redirect beside one have no effect: not followed.
    """
    walk = _Walk(domain, limits)
    root = _Draft(domain, "", None, authorises=True)
    stack: list[tuple[_Draft, Iterator[Term]]] = [(root, (yield from walk.open(root)))]
    while stack:
        draft, terms = stack[-1]
        for term in terms:
            if term.kind is Kind.IP4 or term.kind is Kind.IP6:
                walk.take_range(draft, term)
                continue
            child = yield from walk.follow(draft, term)
            if child is not None:
                stack.append((child, (yield from walk.open(child))))
                break
        else:
            stack.pop()
    return walk.finish(root)


@dataclass(slots=True)
class _Draft:
    """A node while its children are still being found."""

    domain: str
    via: str
    parent: _Draft | None
    authorises: bool
    depth: int = 0
    state: NodeState = NodeState.NOT_VISITED
    status: Status | None = None
    record: SpfRecord | None = None
    is_redirect: bool = False
    candidates: tuple[str, ...] = ()
    answer_octets: int = 0
    lookups: int = 0
    problems: list[Problem] = field(default_factory=list)
    children: list[_Draft] = field(default_factory=list)

    def note(self, kind: ProblemKind, detail: str) -> None:
        self.problems.append(Problem(kind, detail, self.domain))


class _Walk:
    """What a survey has gathered so far, and the caps it keeps."""

    def __init__(self, domain: str, limits: Limits) -> None:
        self.limits = limits
        self.values = {"o": multi_label_name(domain) or "", "d": ""}
        self.answers: dict[Question, Answer] = {}
        self.drafts: list[_Draft] = []
        self.unanswered: dict[Question, None] = {}
        self.ranges: dict[tuple[Literal[4, 6], int, int], tuple[str, str]] = {}
        self.open_terms: dict[Place, None] = {}
        self.ptr_terms: dict[Place, None] = {}
        self.dynamic: dict[Place, None] = {}
        self.voids = [0, 0, 0]  # for IPv4 clients, for IPv6 clients, for both
        self.octets = 0
        self.terms = 0
        self.addresses = 0
        self.truncated = False
        self.asked_ptr = False

    def ask(self, name: str, kind: RecordType) -> Generator[Question, Answer, Answer | None]:
        """Ask once; ``None`` when the cap on questions is met. Unanswered questions are written down."""
        question = Question(name, kind)
        known = self.answers.get(question)
        if known is not None:
            return known
        if len(self.answers) >= self.limits.questions:
            self.truncated = True
            return None
        answer = yield question
        self.answers[question] = answer
        if answer.status is Status.FAILED:
            self.unanswered[question] = None
        return answer

    def open(self, draft: _Draft) -> Generator[Question, Answer, Iterator[Term]]:
        """Fetch the record of a draft and give the terms that have an effect."""
        self.drafts.append(draft)
        name = multi_label_name(draft.domain)
        if name is None:
            draft.state = NodeState.MALFORMED
            shown = printable(draft.domain, MAX_SHOWN_TERM)
            draft.domain = shown
            draft.note(ProblemKind.MALFORMED_DOMAIN, shown)
            return iter(())
        draft.domain = name
        if _is_loop(draft):
            draft.state = NodeState.LOOP
            draft.note(ProblemKind.LOOP, draft.via)
            return iter(())
        answer = yield from self.ask(name, "TXT")
        if answer is None:
            return iter(())
        draft.status = answer.status
        if answer.status is Status.FAILED:
            draft.state = NodeState.UNANSWERED
            draft.note(ProblemKind.UNANSWERED, "TXT")
            return iter(())
        return self._read(draft, answer)

    def _read(self, draft: _Draft, answer: Answer) -> Iterator[Term]:
        draft.answer_octets = answer_octets(draft.domain, answer)
        for text in near_misses(answer.records)[:MAX_CANDIDATES]:
            draft.note(ProblemKind.NEAR_MISS, text)
        found = select_records(answer.records)
        if len(found) != 1:
            draft.state = NodeState.SEVERAL if found else NodeState.ABSENT
            draft.candidates = tuple(printable(raw, MAX_SHOWN_TERM) for raw in found[:MAX_CANDIDATES])
            draft.note(ProblemKind.SEVERAL_RECORDS if found else ProblemKind.NO_RECORD, str(len(found)) if found else draft.via)
            return iter(())
        self.octets += len(found[0])
        if self.octets > self.limits.octets:
            self.truncated = True
            return iter(())
        record = parse_record(found[0])
        draft.state = NodeState.FOUND
        draft.record = record
        draft.problems.extend(Problem(p.kind, p.detail, draft.domain) for p in record.problems)
        self.terms += len(record.terms)
        if self.terms > self.limits.terms:
            self.truncated = True
            return iter(())
        return iter(record.directives if record.redirect is None else (*record.directives, record.redirect))

    def take_range(self, draft: _Draft, term: Term) -> None:
        """Take in an ``ip4`` or ``ip6`` term."""
        if draft.authorises and term.qualifier is Qualifier.PASS:
            if term.kind is Kind.IP4:
                self._authorise(draft, term, 4, term.address, term.prefix4)
            else:
                self._authorise(draft, term, 6, term.address, term.prefix6)

    def follow(self, draft: _Draft, term: Term) -> Generator[Question, Answer, _Draft | None]:
        """Take in a term other than a range; gives the draft of the record that it leads to, if any."""
        kind = term.kind
        passes = draft.authorises and term.qualifier is Qualifier.PASS
        place = Place(draft.domain, term.text)
        if kind is Kind.ALL:
            if passes:
                self.open_terms[place] = None
            return None
        draft.lookups += 1
        if kind is Kind.PTR:
            self.ptr_terms[place] = None
            self.asked_ptr = True
        target = self._target(draft, term, place)
        if kind is Kind.INCLUDE or kind is Kind.REDIRECT:
            if target is None and place in self.dynamic:
                return None
            if len(self.drafts) >= self.limits.records or draft.depth >= self.limits.depth:
                self.truncated = True
                return None
            leads = passes if kind is Kind.INCLUDE else draft.authorises
            child = _Draft(target or _written_name(term), term.text, draft, leads, draft.depth + 1, is_redirect=kind is Kind.REDIRECT)
            draft.children.append(child)
            return child
        if target is None or kind is Kind.PTR:
            return None
        if kind is Kind.EXISTS:
            yield from self._exists(target, place, passes=passes)
        elif kind is Kind.MX:
            yield from self._mx(draft, term, target, passes=passes)
        else:
            self._void((yield from self._hosts(draft, term, target, passes=passes)))
        return None

    def _target(self, draft: _Draft, term: Term, place: Place) -> str | None:
        """Give the name that a term asks for; ``None`` when it depends on the mail, which is then written down, or cannot be asked for."""
        if term.spec is None:
            return draft.domain
        letters = term.spec.letters
        if letters - STATIC_LETTERS:
            self.dynamic[place] = None
            if "p" in letters and not self.asked_ptr:  # its PTR question counts once, as in check_host()
                self.asked_ptr = True
                draft.lookups += 1
            return None
        if letters:
            self.values["d"] = draft.domain
        return expand_name(term.spec, self.values)

    def _exists(self, target: str, place: Place, *, passes: bool) -> Generator[Question, Answer, None]:
        answer = yield from self.ask(target, "A")
        if answer is None or answer.status is Status.FAILED:
            return
        if not answer.records:
            self._void((True, True))
        elif passes:
            self.open_terms[place] = None

    def _mx(self, draft: _Draft, term: Term, target: str, *, passes: bool) -> Generator[Question, Answer, None]:
        answer = yield from self.ask(target, "MX")
        if answer is None or answer.status is Status.FAILED:
            return
        hosts = mx_hosts(answer)
        if len(hosts) > self.limits.mx_names:
            draft.note(ProblemKind.TOO_MANY_MX_NAMES, term.text)
        void4 = void6 = not answer.records
        for host in hosts[: self.limits.mx_names]:
            name = domain_name(host)
            if name is not None:
                without4, without6 = yield from self._hosts(draft, term, name, passes=passes)
                void4, void6 = void4 or without4, void6 or without6
        self._void((void4, void6))

    def _hosts(self, draft: _Draft, term: Term, name: str, *, passes: bool) -> Generator[Question, Answer, tuple[bool, bool]]:
        """Take in the addresses of a name; tells whether there are none of IPv4, none of IPv6. Silence is neither."""
        answer4 = yield from self.ask(name, "A")
        answer6 = yield from self.ask(name, "AAAA")
        if passes:
            for answer in (answer4, answer6):
                for address in _addresses(answer):
                    self.addresses += 1
                    if self.addresses > self.limits.addresses:
                        self.truncated = True
                        break
                    prefix = term.prefix4 if address.version == 4 else term.prefix6
                    self._authorise(draft, term, address.version, int(address), prefix)
        return _is_void(answer4), _is_void(answer6)

    def _void(self, families: tuple[bool, bool]) -> None:
        void4, void6 = families
        self.voids[0] += void4
        self.voids[1] += void6
        self.voids[2] += void4 and void6

    def _authorise(self, draft: _Draft, term: Term, version: Literal[4, 6], address: int, prefix: int) -> None:
        shift = (32 if version == 4 else 128) - prefix
        self.ranges.setdefault((version, address >> shift << shift, prefix), (draft.domain, term.text))

    def finish(self, root: _Draft) -> Survey:
        """Freeze the drafts, children first, and sum up."""
        nodes: dict[int, SpfNode] = {}
        problems: list[Problem] = []
        for draft in reversed(self.drafts):
            children = tuple(nodes.pop(id(child)) for child in draft.children)
            draft.lookups += sum(child.lookups for child in children)
            nodes[id(draft)] = _frozen(draft, children)
        for draft in self.drafts:
            problems.extend(draft.problems)
        frozen = nodes[id(root)]
        lookups = frozen.lookups
        if lookups > self.limits.lookups:
            problems.append(Problem(ProblemKind.TOO_MANY_LOOKUPS, str(lookups), frozen.domain))
        if self.voids[2] > self.limits.void_lookups:
            problems.append(Problem(ProblemKind.TOO_MANY_VOID_LOOKUPS, str(self.voids[2]), frozen.domain))
        qualifier, all_domain = _all_reached(root)
        for draft in self.drafts:
            draft.children.clear()  # parent and children hold each other: without this they would wait for the collector of garbage
        return Survey(
            root=frozen,
            lookups=lookups,
            void_lookups=self.voids[2],
            void_ipv4=self.voids[0],
            void_ipv6=self.voids[1],
            all_qualifier=qualifier,
            all_domain=all_domain,
            open_terms=tuple(self.open_terms),
            networks=self._networks(),
            networks_total=len(self.ranges),
            ipv4_addresses=_count((first, 32 - prefix) for version, first, prefix in self.ranges if version == 4),
            ipv6_addresses=_count((first, 128 - prefix) for version, first, prefix in self.ranges if version == 6),
            ptr_terms=tuple(self.ptr_terms),
            dynamic=tuple(self.dynamic),
            unanswered=tuple(self.unanswered),
            truncated=self.truncated,
            questions=len(self.answers),
            problems=tuple(problems),
        )

    def _networks(self) -> tuple[Authorised, ...]:
        ranges = list(self.ranges.items())
        if len(ranges) > self.limits.networks:
            # The widest are what a reader must see; the families are compared by the share of their bits that is fixed.
            ranges.sort(key=lambda entry: entry[0][2] * (4 if entry[0][0] == 4 else 1))
            ranges = ranges[: self.limits.networks]
        return tuple(Authorised(*key, *place) for key, place in ranges)


def _is_loop(draft: _Draft) -> bool:
    above = draft.parent
    while above is not None:
        if above.domain == draft.domain:
            return True
        above = above.parent
    return False


def _written_name(term: Term) -> str:
    return term.spec.text if term.spec is not None else ""


def _addresses(answer: Answer | None) -> Iterator[Address]:
    return (a for a in answer.records if isinstance(a, IPv4Address | IPv6Address)) if answer is not None else iter(())


def _is_void(answer: Answer | None) -> bool:
    return answer is not None and answer.status is not Status.FAILED and not answer.records


def _frozen(draft: _Draft, children: tuple[SpfNode, ...]) -> SpfNode:
    record = draft.record
    return SpfNode(
        domain=draft.domain,
        state=draft.state,
        status=draft.status,
        via=draft.via,
        raw=record.raw if record else "",
        terms=record.terms if record else (),
        problems=tuple(draft.problems),
        children=children,
        candidates=draft.candidates,
        octets=record.octets if record else 0,
        answer_octets=draft.answer_octets,
        lookups=draft.lookups,
    )


def _all_reached(root: _Draft) -> tuple[Qualifier | None, str]:
    draft: _Draft | None = root
    while draft is not None and draft.record is not None:
        directives = draft.record.directives
        if directives and directives[-1].kind is Kind.ALL:
            return directives[-1].qualifier, draft.domain
        draft = next((child for child in draft.children if child.is_redirect), None)
    return None, ""


def _count(ranges: Iterable[tuple[int, int]]) -> int:
    """Count the addresses of ranges given as first address and bits that vary, each address once."""
    total = end = 0
    for first, bits in sorted(ranges):
        last = first + (1 << bits)
        if last > end:
            total += last - (first if first > end else end)
            end = last
    return total


def answer_octets(domain: str, answer: Answer) -> int:
    """Estimate the size of a TXT answer without EDNS: header, question, and each record under a compressed name (RFC 7208 section 3.4)."""
    size = 12 + len(domain) + 2 + 4
    for strings in answer.records:
        if isinstance(strings, tuple):
            size += 12 + sum(len(s) + 1 for s in strings)
    return size

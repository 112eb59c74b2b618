"""``check_host()`` of RFC 7208 section 4: one client, one sender, and what the domain says. The walk without a mail is in survey.py."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Final

from scanner.wire.spf.grammar import (
    COUNTED,
    MAX_SHOWN_TERM,
    Kind,
    SpfRecord,
    Term,
    parse_record,
    printable,
    select_records,
)
from scanner.wire.spf.macros import (
    EXPLANATION_LETTERS,
    MAX_EXPLANATION,
    MacroString,
    NotMacroString,
    address_parts,
    domain_name,
    expand_name,
    expand_text,
    read_macro_string,
    reverse_name,
)
from scanner.wire.spf.values import (
    DEFAULT_LIMITS,
    MAX_IDENTITY,
    SYNTAX_ERRORS,
    Answer,
    Limits,
    MxName,
    Problem,
    ProblemKind,
    Qualifier,
    Question,
    RecordType,
    Result,
    Status,
)

MAX_NESTING: Final = 100  # includes and redirects inside one another; reached only when the caller raised Limits.lookups beyond it

_RESULTS: Final = {
    Qualifier.PASS: Result.PASS,
    Qualifier.FAIL: Result.FAIL,
    Qualifier.SOFTFAIL: Result.SOFTFAIL,
    Qualifier.NEUTRAL: Result.NEUTRAL,
}

Address = IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What ``check_host()`` found.

    ``explanation`` is the expanded text of ``exp=`` on ``fail``, and ``None`` when the domain gives none that can be used. ``term`` and
    ``domain`` name the directive that decided and the owner of its record; both are empty when none did. ``lookups`` and ``void_lookups``
    count terms as section 4.6.4 does. ``problems`` says why there was an error, or why an explanation was passed over.
    """

    result: Result
    explanation: str | None
    lookups: int
    void_lookups: int
    term: str
    domain: str
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class _Verdict:
    result: Result
    term: str
    domain: str
    explanation: MacroString | None


class _EndsInError(Exception):
    """A temperror or permerror anywhere ends the whole evaluation with itself (sections 5.2 and 6.1)."""

    def __init__(self, result: Result, *problems: Problem) -> None:
        super().__init__(result.value)
        self.result = result
        self.problems = problems


def check_host(
    ip: Address,
    domain: str,
    sender: str,
    helo: str,
    *,
    limits: Limits = DEFAULT_LIMITS,
    receiver: str = "unknown",
    now: int = 0,
) -> Generator[Question, Answer, Evaluation]:
    """Evaluate the policy of ``domain`` for a client at ``ip``; yields DNS questions, is sent their answers.

    ``domain`` is that of the sender or the HELO name, as A-labels. An empty ``sender`` means the null reverse-path: it becomes
    ``postmaster@`` and the HELO name (section 2.4). ``receiver`` and ``now`` (seconds since 1970) fill the macros ``r`` and ``t``.
    Never raises on what a mail or a domain says. A term counts once as void when any of its own questions got no record, whether for
    the name itself or for a name that its MX records give; the names in PTR records are the client's and do not count.
    """
    mapped = ip.ipv4_mapped if isinstance(ip, IPv6Address) else None  # section 5: a mapped address is an IPv4 address
    sender = sender or f"postmaster@{helo}"
    local, at, sender_domain = sender.rpartition("@")
    local = local if at and local else "postmaster"  # section 4.3
    run = _Run(mapped or ip, limits)
    run.values |= {"s": f"{local}@{sender_domain}", "l": local, "o": sender_domain, "h": helo, "r": receiver, "t": str(now)}
    try:
        return (yield from run.evaluate(domain, too_long=max(len(sender), len(helo)) > MAX_IDENTITY))
    except _EndsInError as end:
        return run.ended(end.result, end.problems)


class _Run:
    """The state of one evaluation: counters, macro values, and what the PTR records said."""

    def __init__(self, ip: Address, limits: Limits) -> None:
        self.ip = ip
        self.number = int(ip)
        self.address_type: RecordType = "A" if isinstance(ip, IPv4Address) else "AAAA"
        self.limits = limits
        self.lookups = 0
        self.void_lookups = 0
        self.problems: list[Problem] = []
        self.pointers: tuple[str, ...] | None = None
        self.pointers_void = False
        self.validated: dict[str, bool] = {}
        self.values = {
            "i": address_parts(ip),
            "c": str(ip),
            "v": "in-addr" if isinstance(ip, IPv4Address) else "ip6",
            "p": "unknown",
        }

    def ended(
        self, result: Result, problems: tuple[Problem, ...] = (), verdict: _Verdict | None = None, text: str | None = None
    ) -> Evaluation:
        term, domain = (verdict.term, verdict.domain) if verdict else ("", "")
        return Evaluation(result, text, self.lookups, self.void_lookups, term, domain, (*self.problems, *problems))

    def evaluate(self, domain: str, *, too_long: bool) -> Generator[Question, Answer, Evaluation]:
        if too_long:
            return self.ended(Result.NONE, (Problem(ProblemKind.IDENTITY_TOO_LONG),))
        asked = multi_label_name(domain)
        if asked is None:
            return self.ended(Result.NONE, (Problem(ProblemKind.MALFORMED_DOMAIN, printable(domain, MAX_SHOWN_TERM)),))
        record = yield from self._record(asked)
        if record is None:
            return self.ended(Result.NONE, (Problem(ProblemKind.NO_RECORD, domain=asked),))
        verdict = yield from self._host(asked, record, 0)
        text = None
        if verdict.result is Result.FAIL and verdict.explanation is not None:
            text = yield from self._explain(verdict.explanation, verdict.domain)
        return self.ended(verdict.result, verdict=verdict, text=text)

    def _record(self, domain: str) -> Generator[Question, Answer, SpfRecord | None]:
        answer = yield Question(domain, "TXT")
        if answer.status is Status.FAILED:
            raise _EndsInError(Result.TEMPERROR, Problem(ProblemKind.UNANSWERED, "TXT", domain))
        found = select_records(answer.records)
        if not found:
            return None
        if len(found) > 1:
            raise _EndsInError(Result.PERMERROR, Problem(ProblemKind.SEVERAL_RECORDS, str(len(found)), domain))
        record = parse_record(found[0])
        errors = tuple(Problem(p.kind, p.detail, domain) for p in record.problems if p.kind in SYNTAX_ERRORS)
        if errors:  # section 4.6: errors anywhere in the record, before anything is evaluated
            raise _EndsInError(Result.PERMERROR, *errors)
        return record

    def _host(self, domain: str, record: SpfRecord, depth: int) -> Generator[Question, Answer, _Verdict]:
        """Evaluate a record, follow its redirects, and return a verdict that is none of none, temperror and permerror."""
        while True:
            for term in record.directives:
                if (yield from self._matches(term, domain, depth)):
                    assert term.qualifier is not None
                    spec = record.explanation.spec if record.explanation else None
                    return _Verdict(_RESULTS[term.qualifier], term.text, domain, spec)
            if record.redirect is None:
                return _Verdict(Result.NEUTRAL, "", "", None)  # section 4.7
            depth += 1
            domain, record = yield from self._other(record.redirect, domain, depth)

    def _other(self, term: Term, domain: str, depth: int) -> Generator[Question, Answer, tuple[str, SpfRecord]]:
        """Get the record that an include or redirect names; without one the outcome is permerror (sections 5.2 and 6.1)."""
        if depth > MAX_NESTING:
            raise _EndsInError(Result.PERMERROR, Problem(ProblemKind.TOO_DEEP, term.text, domain))
        self._count(term, domain)
        target = yield from self._target(term, domain)
        if target is None or multi_label_name(target) is None:
            raise _EndsInError(Result.PERMERROR, Problem(ProblemKind.MALFORMED_DOMAIN, term.text, domain))
        record = yield from self._record(target)
        if record is None:
            raise _EndsInError(Result.PERMERROR, Problem(ProblemKind.NO_RECORD, term.text, domain))
        return target, record

    def _count(self, term: Term, domain: str) -> None:
        self.lookups += 1
        if self.lookups > self.limits.lookups:
            raise _EndsInError(Result.PERMERROR, Problem(ProblemKind.TOO_MANY_LOOKUPS, term.text, domain))

    def _count_void(self, term: Term, domain: str) -> None:
        self.void_lookups += 1
        if self.void_lookups > self.limits.void_lookups:
            raise _EndsInError(Result.PERMERROR, Problem(ProblemKind.TOO_MANY_VOID_LOOKUPS, term.text, domain))

    def _target(self, term: Term, domain: str) -> Generator[Question, Answer, str | None]:
        if term.spec is None:
            return domain
        if "p" in term.spec.letters:
            if self.pointers is None:  # section 4.6.4: the PTR question of %{p} counts like that of ptr
                self._count(term, domain)
            self.values["p"] = yield from self._validated_name(domain)
        self.values["d"] = domain
        return expand_name(term.spec, self.values)

    def _matches(self, term: Term, domain: str, depth: int) -> Generator[Question, Answer, bool]:
        kind = term.kind
        if kind is Kind.ALL:
            return True
        if kind is Kind.IP4 or kind is Kind.IP6:
            return (kind is Kind.IP4) == (self.address_type == "A") and self._covers(term, term.address)
        if kind is Kind.INCLUDE:
            target, record = yield from self._other(term, domain, depth + 1)
            return (yield from self._host(target, record, depth + 1)).result is Result.PASS
        assert kind in COUNTED
        self._count(term, domain)
        target_name = yield from self._target(term, domain)
        if target_name is None:
            return False  # section 4.8 leaves it open; a name that cannot be asked for is taken as one that does not exist
        if kind is Kind.PTR:
            return (yield from self._pointed_into(target_name, term, domain))
        if kind is Kind.MX:
            return (yield from self._mx(target_name, term, domain))
        answer = yield from self._ask(target_name, "A" if kind is Kind.EXISTS else self.address_type, domain)
        if not answer.records:
            self._count_void(term, domain)
            return False
        return kind is Kind.EXISTS or any(self._covers(term, number) for number in self._numbers(answer))

    def _covers(self, term: Term, address: int) -> bool:
        shift = 32 - term.prefix4 if self.address_type == "A" else 128 - term.prefix6
        return (address ^ self.number) >> shift == 0

    def _ask(self, name: str, kind: RecordType, domain: str) -> Generator[Question, Answer, Answer]:
        """Ask what an unanswered question must make a temperror (section 5)."""
        answer = yield Question(name, kind)
        if answer.status is Status.FAILED:
            raise _EndsInError(Result.TEMPERROR, Problem(ProblemKind.UNANSWERED, f"{kind} {printable(name, MAX_SHOWN_TERM)}", domain))
        return answer

    def _numbers(self, answer: Answer) -> Iterator[int]:
        return (int(a) for a in answer.records if isinstance(a, type(self.ip)))

    def _mx(self, name: str, term: Term, domain: str) -> Generator[Question, Answer, bool]:
        answer = yield from self._ask(name, "MX", domain)
        hosts = mx_hosts(answer)
        if len(hosts) > self.limits.mx_names:
            raise _EndsInError(Result.PERMERROR, Problem(ProblemKind.TOO_MANY_MX_NAMES, term.text, domain))
        is_void = not answer.records
        for host in hosts:
            asked = domain_name(host)
            if asked is None:
                continue  # a null MX (RFC 7505), or a name that cannot be asked for
            addresses = yield from self._ask(asked, self.address_type, domain)
            if any(self._covers(term, number) for number in self._numbers(addresses)):
                return True
            is_void = is_void or not addresses.records
        if is_void:
            self._count_void(term, domain)
        return False

    def _pointed_into(self, name: str, term: Term, domain: str) -> Generator[Question, Answer, bool]:
        is_new = self.pointers is None
        pointers = yield from self._pointers()
        if is_new and self.pointers_void:
            self._count_void(term, domain)
        for pointer in pointers:
            if is_below(pointer, name) and (yield from self._validates(pointer)):
                return True
        return False

    def _pointers(self) -> Generator[Question, Answer, tuple[str, ...]]:
        """Give the first names of the client's address; an unanswered question counts as none (section 5.5)."""
        if self.pointers is None:
            self.pointers = ()
            answer = yield Question(reverse_name(self.ip), "PTR")
            self.pointers_void = not answer.records and answer.status is not Status.FAILED
            names = [domain_name(name) for name in answer.records if isinstance(name, str)]
            self.pointers = tuple(name for name in names[: self.limits.ptr_names] if name)
        return self.pointers

    def _validates(self, pointer: str) -> Generator[Question, Answer, bool]:
        if pointer not in self.validated:
            answer = yield Question(pointer, self.address_type)
            self.validated[pointer] = self.number in self._numbers(answer)
        return self.validated[pointer]

    def _validated_name(self, domain: str) -> Generator[Question, Answer, str]:
        """Give the value of ``p`` (section 7.3): the domain itself before names below it, these before others."""
        pointers = yield from self._pointers()
        for pointer in sorted(pointers, key=lambda name: (name != domain, not is_below(name, domain))):
            if (yield from self._validates(pointer)):
                return pointer
        return "unknown"

    def _explain(self, spec: MacroString, domain: str) -> Generator[Question, Answer, str | None]:
        """Fetch and expand the explanation; whatever goes wrong means that there is none (section 6.2). Counts towards no limit."""
        if "p" in spec.letters:
            self.values["p"] = yield from self._validated_name(domain)
        self.values["d"] = domain
        target = expand_name(spec, self.values)
        if target is not None:
            answer = yield Question(target, "TXT")
            texts = [b"".join(strings) for strings in answer.records if isinstance(strings, tuple)]
            if answer.status is Status.FOUND and len(texts) == 1:
                try:
                    text = read_macro_string(texts[0].decode("latin-1"), EXPLANATION_LETTERS, spaces=True)
                except NotMacroString:
                    pass
                else:
                    if "p" in text.letters:
                        self.values["p"] = yield from self._validated_name(domain)
                    expanded = expand_text(text, self.values)
                    if expanded is not None:
                        return printable(expanded, MAX_EXPLANATION)  # a sender may hold line ends
        self.problems.append(Problem(ProblemKind.EXPLANATION_UNUSABLE, spec.text[:MAX_SHOWN_TERM], domain))
        return None


def mx_hosts(answer: Answer) -> tuple[str, ...]:
    """Give the names of an MX answer by preference, then by name, so that the order of the answer does not matter."""
    ranked = sorted((mx.preference, mx.exchange) for mx in answer.records if isinstance(mx, MxName))
    return tuple(name for _, name in ranked)


def multi_label_name(domain: str) -> str | None:
    """Give the name to ask for if the domain may have a policy: well formed and of more than one label (section 4.3), else ``None``."""
    if len(domain.removesuffix(".")) > 253:
        return None
    name = domain_name(domain)
    return name if name is not None and "." in name else None


def is_below(name: str, domain: str) -> bool:
    """Tell whether a name is the domain or stands below it."""
    return name == domain or name.endswith("." + domain)

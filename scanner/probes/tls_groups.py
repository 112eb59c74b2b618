"""Which groups and signature schemes a server takes, beyond what the search for suites has shown. State machines, no network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from scanner.facts.tls import GroupsSeen, SignaturesSeen, Version
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from scanner.probes.tls_search import Manner, suite_of, violation
from scanner.probes.tls_search13 import Two, lockstep, one_side
from scanner.probes.tls_values import (
    VERSIONS,
    Again,
    Answer,
    Book,
    Chosen,
    Failed,
    Offer,
    Refused,
    Say,
    Search,
    Wants,
    plainly,
    with_session,
)
from scanner.wire.tls.client12 import Session
from scanner.wire.tls.groups import group_by_name, group_name, groups_for
from scanner.wire.tls.names import TLS12, TLS13, Extension
from scanner.wire.tls.schedule import can_decrypt
from scanner.wire.tls.schemes import ALL_SCHEMES, scheme_name
from scanner.wire.tls.shares import can_compute
from scanner.wire.x509 import seen

# RFC 8446 section 4.2.3: beside this list, the other one speaks of the handshake alone and leaves the certificates open.
_ANY_CERTIFICATE = (
    Extension.SIGNATURE_ALGORITHMS_CERT,
    (2 * len(ALL_SCHEMES)).to_bytes(2, "big") + b"".join(c.to_bytes(2, "big") for c in ALL_SCHEMES),
)


@dataclass(slots=True)
class OldExchange:
    """Groups and schemes of one version up to TLS 1.2. ``groups`` or ``signs`` are ``None`` where there was nothing to measure.

    ``session`` is one that was had by the way, with an answer about schemes, and ``again`` what became of it in another.
    """

    version: int
    groups: list[int] = field(default_factory=list)
    schemes: list[int] = field(default_factory=list)
    groups_why: Unobserved | None = None
    schemes_why: Unobserved | None = None
    has_groups: bool = False
    has_schemes: bool = False
    session: Session | None = None
    again: Again | None = None

    def groups_seen(self) -> GroupsSeen | None:
        """As the fact has it."""
        return GroupsSeen(VERSIONS[self.version], tuple(map(group_name, self.groups)), self.groups_why) if self.has_groups else None

    def signatures_seen(self) -> SignaturesSeen | None:
        """As the fact has it."""
        return SignaturesSeen(VERSIONS[self.version], tuple(map(scheme_name, self.schemes)), self.schemes_why) if self.has_schemes else None


def old_exchange(manner: Manner, version: int, suites: Sequence[int], book: Book, say: Say = plainly) -> Search[OldExchange]:
    """Find the groups, and in TLS 1.2 the schemes, that go with ``suites``, which the server accepts in ``version``.

    ``say`` is how hellos that ask for schemes are made.
    """
    out = OldExchange(version)
    kinds: dict[str, list[int]] = {}
    for code in suites:
        suite = suite_of(code)
        if suite and (suite.kx in {"ECDHE", "DHE"} or (suite.kx, suite.auth) == ("ECDH", "anon")):
            kinds.setdefault("DHE" if suite.kx == "DHE" else suite.auth, []).append(code)
    signed = version == TLS12
    ec = {auth: codes for auth, codes in kinds.items() if auth != "DHE"}
    # Suites with an RSA key first: they leave the groups to the exchange, while a key on a curve needs its own among those offered.
    parts = [(auth, ec[auth]) for auth in sorted(ec, key=lambda a: (a != "RSA", a != "ECDSA", a))]
    if not ec and signed and "DHE" in kinds:
        dhe = [code for code in kinds["DHE"] if (suite := suite_of(code)) and suite.auth in {"RSA", "DSA"}]
        parts = [("DHE", dhe)] if dhe else []

    completing = _Completing(out, say)

    for place, (auth, codes) in enumerate(parts):
        has_scheme = signed and auth in {"RSA", "ECDSA", "DHE"}
        two = Two((list(groups_for(version, "ecdhe")), list(ALL_SCHEMES)), ([], []))
        for pair in _shown(book, version, codes):
            two.note(pair)
        keep = _curves(book) if auth == "ECDSA" else ()
        make = _Making(manner, version, codes, keep)
        if place == 0 and auth != "DHE":
            out.has_groups = True
            if has_scheme:
                yield from lockstep(two, make.offer, _picked)
                if not two.done[1]:
                    yield from one_side(two, 1, make.whole, _picked, say=completing.search)
            else:
                two.found[1].append(0)
            if not two.done[0]:
                yield from one_side(two, 0, make.offer, _picked)
            out.groups, out.groups_why = two.found[0], two.unfinished(0)
        elif has_scheme:
            two.found[0][:] = out.groups or list(groups_for(version, "ecdhe"))
            two.left[0].clear()
            yield from one_side(two, 1, make.whole, _picked, say=completing.search)
        if has_scheme:
            out.has_schemes = True
            out.schemes += [code for code in two.found[1] if code not in out.schemes]
            out.schemes_why = out.schemes_why or two.unfinished(1)
    return out


@dataclass(slots=True)
class _Completing:
    """How the first of the hellos that ask for schemes are completed: one for its session, the next one with it, then no more."""

    out: OldExchange
    say: Say
    scheme: int | None = None
    done: bool = False

    def search(self, offer: Offer) -> Search[Answer]:
        """Make an offer that is completed where that is still wanted."""
        if self.out.session is None:
            answer = yield from self.say(offer)
            if isinstance(answer, Chosen) and isinstance(answer.session, Session):
                self.out.session, self.scheme = answer.session, answer.scheme
            return answer
        if not self.done:
            self.done = True
            # The scheme of the session stays in the offer: a server need not take it up for a client that knows this one no longer.
            schemes = (*(offer.hello.schemes or ()), *([self.scheme] if self.scheme is not None else []))
            answer = yield with_session(replace(offer, hello=replace(offer.hello, schemes=schemes)), self.out.session)
            self.out.again = answer.again if isinstance(answer, Chosen) else None
            if isinstance(answer, Chosen) and answer.scheme is not None and answer.scheme != self.scheme:
                return answer
        return (yield from self.say(replace(offer, wants=Wants.FLIGHT)))


@dataclass(frozen=True, slots=True)
class _Making:
    manner: Manner
    version: int
    suites: Sequence[int]
    keep: tuple[int, ...]

    def offer(self, groups: Sequence[int], schemes: Sequence[int]) -> Offer:
        stay = tuple(code for code in self.keep if code not in groups)
        listed = tuple(code for code in schemes if code) or ALL_SCHEMES
        offer = self.manner.offer(
            self.version, self.suites, f"{VERSIONS[self.version].value} groups and signatures", groups=(*groups, *stay), schemes=listed
        )
        return replace(offer, words=f"{len(groups) + len(stay)} groups, {len(listed)} schemes")

    def whole(self, groups: Sequence[int], schemes: Sequence[int]) -> Offer:
        """The same, to be completed, for a session with an id, not a ticket; what this program cannot do is not offered."""
        offer = self.offer(groups, schemes)
        return replace(offer, hello=replace(offer.hello, ticket=None, compression=(0,)), wants=Wants.SESSION)


def _picked(answer: Chosen) -> tuple[int | None, int | None]:
    return answer.group, answer.scheme


def _shown(book: Book, version: int, suites: Sequence[int]) -> list[tuple[int | None, int | None]]:
    """What the server chose, for one of these suites, while its suites were searched."""
    return [(answer.group, answer.scheme) for _, answer in book.old() if answer.version == version and answer.suite in suites]


def _curves(book: Book) -> tuple[int, ...]:
    """The groups of the keys of certificates: a server may use such a key only with clients that offer its group (RFC 8422 section 5.1)."""
    leaves = dict.fromkeys(answer.certificates[0] for _, answer in book.answers if answer.certificates)
    groups = (group_by_name(_CURVES.get(curve, curve)) for curve in (seen(der).key.curve for der in leaves))
    return tuple(dict.fromkeys(group.code for group in groups if group is not None))


_CURVES = {"P-256": "secp256r1", "prime256v1": "secp256r1", "P-384": "secp384r1", "P-521": "secp521r1"}


_OF_ONE_KEY = frozenset((0x0804, 0x0805, 0x0806))
"""An RSA key signs with each of these in TLS 1.3, and nearly every server with such a key does; other keys sign in one way."""


@dataclass(slots=True)
class NewSignatures:
    """Signature schemes of TLS 1.3."""

    schemes: list[int] = field(default_factory=list)
    why: Unobserved | None = None
    whole: Chosen | None = None
    """The answer behind which the handshake was completed."""

    def seen(self) -> SignaturesSeen:
        """As the fact has it."""
        return SignaturesSeen(Version.TLS13, tuple(map(scheme_name, self.schemes)), self.why)


def keyed(
    manner: Manner, suites: Sequence[int], groups: Sequence[int], group: str, words: str = "", **changes: object
) -> Offer | Unobserved:
    """A hello of TLS 1.3 whose answer can be deciphered, or why there is none."""
    readable = [code for code in suites if can_decrypt(code)]
    shared = next((code for code in groups if can_compute(code)), None)
    if not readable or shared is None:
        what = "suites" if not readable else "groups"
        return Unobserved(Reason.UNSUPPORTED, f"the server takes only {what} of TLS 1.3 that this program cannot compute with")
    offer = manner.offer(TLS13, readable, group, "", groups=(shared,), **changes)
    return replace(
        offer, wants=Wants.KEYS, shares=(shared,), words=f"TLSv1.3 hello with a share of {group_name(shared)}{words and f', {words}'}"
    )


def tls13_signatures(manner: Manner, suites: Sequence[int], groups: Sequence[int], book: Book, say: Say = plainly) -> Search[NewSignatures]:
    """Find the schemes of TLS 1.3, and with them the certificate of each kind of key; the first handshake is completed, for its ticket.

    Those that ``book`` shows already are not asked for again. ``say`` is how the hellos are made.
    """
    out = NewSignatures()
    out.schemes += dict.fromkeys(answer.scheme for _, answer in book.answers if answer.version == TLS13 and answer.scheme is not None)
    left = [code for code in ALL_SCHEMES if code not in out.schemes]
    wants = Wants.TICKET
    while left:
        # A refusal would tell nothing of tickets: what is known stays in that hello unless the same key surely signs with more.
        known = out.schemes if wants is Wants.TICKET and _OF_ONE_KEY.isdisjoint(out.schemes) else []
        offer = keyed(manner, suites, groups, "TLSv1.3 signatures", schemes=(*left, *known), extra=(_ANY_CERTIFICATE,))
        if isinstance(offer, Unobserved):
            out.why = offer
            return out
        answer = yield from say(replace(offer, wants=wants, words=f"{offer.words}, {len(left) + len(known)} schemes"))
        wants = offer.wants
        match answer:
            case Chosen(scheme=None, cut=cut):
                out.why = cut or violation("no CertificateVerify came")
                return out
            case Chosen(scheme=int(scheme)):
                out.whole = out.whole or (answer if answer.ticket is not None else None)
                if scheme in known:
                    continue
                if scheme not in left:
                    out.why = violation(f"signed with {scheme_name(scheme)}, which was not offered")
                    return out
                left.remove(scheme)
                out.schemes.append(scheme)
            case Refused():
                return out
            case Failed(why=why):
                out.why = why
                return out
            case _:
                raise AssertionError("an answer is one of these")
    return out

"""How a survey finds out what a TLS server accepts: offer everything, strike what was chosen, repeat. State machines, no network.

Each function is a generator (``tls_values.Search``): it yields offers, is sent what became of them, and returns a result. A refusal is
a fatal alert, another version, or a close that was confirmed; anything else leaves the search unfinished, never "not accepted".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from scanner.facts.tls import Preference, VersionSeen
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from scanner.probes.tls_order import Unusual, WhoseOrder
from scanner.probes.tls_values import VERSIONS, Answer, Chosen, Failed, Offer, Refused, Search, Ssl2Offer, Wants, plainly, untellable
from scanner.wire.tls.groups import groups_for
from scanner.wire.tls.hello import ClientHello
from scanner.wire.tls.names import SSL2, SSL3, TLS10, TLS11, TLS12, TLS13, version_name
from scanner.wire.tls.schemes import ALL_SCHEMES
from scanner.wire.tls.suites import DRAFT_SUITES, SUITES, Suite, suite_name, suites_for

WINDOW = 100
"""Suites in one hello to a server that stumbles over all of them: some read no more than 128."""
PLAIN_WINDOW = 60
"""Suites in one hello of less than 256 octets: some boxes pass over hellos that are longer, and say nothing."""
UNTOLD = "a suite for shared secrets is accepted, and which one is not told (alert unknown_psk_identity)"
PROTOCOL_VERSION = 70
UNRECOGNIZED_NAME = 112
UNKNOWN_PSK_IDENTITY = 115

SRP = (12, b"\x06tenken")  # RFC 5054 section 2.5.1.1: without a user's name the server gives up before it chooses


def suite_of(code: int) -> Suite | None:
    """The suite of a code, registered or draft."""
    return SUITES.get(code) or DRAFT_SUITES.get(code)


def is_chacha(code: int) -> bool:
    """Whether the cipher is ChaCha20."""
    suite = suite_of(code)
    return suite is not None and suite.cipher.startswith("CHACHA20")


@cache
def searched(version: int) -> tuple[int, ...]:
    """The suites of a version in the order of our search: the weakest first, so that a server that heeds our order shows its worst at
    once; those for shared secrets last.
    """
    codes = suites_for(version, drafts=True)[::-1]
    return (*(code for code in codes if not is_secret(code)), *(code for code in codes if is_secret(code)))


def is_secret(code: int) -> bool:
    """Whether the suite takes a secret that both sides share beforehand."""
    return code in _SECRET


_SECRET = frozenset(
    suite.code for suite in SUITES.values() if not {"PSK", "SRP", "KRB5", "ECCPWD", "FORTEZZA"}.isdisjoint((suite.kx, suite.auth))
)
_SRP = frozenset(suite.code for suite in SUITES.values() if suite.kx == "SRP")
_ALL_GROUPS = groups_for(TLS13)
_CURVES = {version: groups_for(version, "ecdhe") for version in (SSL3, TLS10, TLS11, TLS12)}


_SHOWN: dict[str, object] = {"schemes": ALL_SCHEMES, "status_request": True, "sct": True}
_OLD_FIELDS: dict[int, dict[str, object]] = {
    version: _SHOWN | {"groups": curves, "compression": (1, 0), "etm": True, "ticket": b"", "heartbeat": 1}
    for version, curves in _CURVES.items()
}
# RFC 8446 appendix D.4: some middleboxes let nothing through without a session id.
_NEW_FIELDS: dict[str, object] = _SHOWN | {"groups": _ALL_GROUPS, "session_id": bytes(32)}


@dataclass(frozen=True, slots=True)
class Manner:
    """How hellos to one server are dressed. ``plain``: it stumbles over the usual extensions; ``name`` is the SNI, ``None`` for none."""

    name: str | None
    plain: bool = False

    def hello(self, version: int, suites: Sequence[int], **changes: object) -> ClientHello:
        """Make a hello that shows what it can beside its suites. From TLS 1.3 on without key shares: the server then names the group.

        ``changes`` replace fields.
        """
        old = version <= TLS12
        fields: dict[str, object] = {"version": version, "suites": tuple(suites), "server_name": self.name}
        if self.plain and old:
            fields["groups"] = (29, 23, 24, 25)
        else:
            fields |= _OLD_FIELDS[version] if old else _NEW_FIELDS
            if version != SSL3 and not _SRP.isdisjoint(suites):
                fields["extra"] = (SRP,)
        return ClientHello(**(fields | changes))  # type: ignore[arg-type]  # fields by name, which the class checks itself

    def offer(self, version: int, suites: Sequence[int], group: str, words: str = "", **changes: object) -> Offer:
        """Make an offer for the evidence under ``group``, where it says ``words``; ``changes`` replace fields of the hello."""
        hello = self.hello(version, suites, **changes)
        said = f"{version_name(version)} hello of {counted(suites)}{words and f', {words}'}"
        return Offer(hello, group, said, Wants.FLIGHT if version <= TLS12 else Wants.HELLO)


def counted(suites: Sequence[int]) -> str:
    """``180 suites``, or their names where they are few."""
    if len(suites) > 2:
        return f"{len(suites)} suites"
    return " ".join(suite_name(code) for code in suites) or "no suite"


def violation(words: str) -> Unobserved:
    """What the server did cannot be."""
    return Unobserved(Reason.PROTOCOL_VIOLATION, words)


@dataclass(slots=True)
class Found:
    """One version's suites as the search goes on."""

    version: int
    suites: list[int] = field(default_factory=list)
    refusal: str = ""
    unfinished: Unobserved | None = None
    preference: Preference | Unobserved | None = None
    whose: WhoseOrder | None = None

    def seen(self) -> VersionSeen:
        """As the fact has it."""
        return VersionSeen(
            version=VERSIONS[self.version],
            accepted=bool(self.suites),
            suites=tuple(suite_name(code, ssl2=self.version == SSL2) for code in self.suites),
            preference=self.preference,
            refusal=self.refusal,
            unfinished=self.unfinished,
        )


def misfit(answer: Chosen, version: int, suites: Sequence[int]) -> str:
    """Say what is impossible about a choice in ``version``, if anything."""
    if answer.version > version:
        return f"chose {version_name(answer.version)}, which was not offered"
    if answer.version == version and answer.suite not in suites:
        return f"chose {suite_name(answer.suite)}, which was not offered"
    return ""


@dataclass(frozen=True, slots=True)
class Present:
    """A version is spoken: the first choice in it.

    ``parted``: only a part of all suites brought it, the whole was stumbled over. ``newer``: a hello of a newer version brought it, which
    did not offer all suites of this one, so that the choice need not be the server's first. ``plain``: only a hello without the usual
    extensions brought it.
    """

    first: Chosen
    parted: bool = False
    newer: bool = False
    plain: bool = False


def presence_of(manner: Manner, first: Chosen | None) -> Search[dict[int, Present | Found]]:
    """Find out which versions from TLS 1.2 to SSL 3.0 are spoken, or how they were declined.

    ``first`` is a choice that an earlier hello of TLS 1.2 or more has brought. A refusal of TLS 1.1 is one of TLS 1.0 too: the hello names
    the highest version only; so is one of the versions between, when an older one is chosen. SSL 3.0 gets a hello of its own unless the
    version was named as what is wrong: those who still speak it are old enough to stumble over other things in a newer hello.
    """
    out: dict[int, Present | Found] = {}
    lower = first
    declined: Found | None = None
    for version in (TLS12, TLS11, TLS10, SSL3):
        if declined is not None and (version == TLS10 or declined.refusal == "alert protocol_version"):
            out[version] = Found(version, refusal=declined.refusal)
            continue
        if lower is None or lower.version > version:
            found = Found(version)
            present = yield from _first_choice(manner, found)
            if present is None:
                out[version] = found
                declined = found if found.unfinished is None and version == TLS11 else None
                continue
            if present.first.version == version:
                out[version] = present
                continue
            lower = present.first
        if lower.version < version:
            out[version] = Found(version, refusal=f"chose {version_name(lower.version)}")
        else:
            out[version] = Present(lower, newer=version < TLS12)  # the hello that brought TLS 1.2 has all of its suites
            lower = None
    return out


def _first_choice(manner: Manner, found: Found) -> Search[Present | None]:
    """Offer everything up to a version; the usual ones alone where the server stumbles over so many. ``None``: see ``found``."""
    suites = searched(found.version)
    for part in parts(suites, PLAIN_WINDOW) if manner.plain else _whole_and_usual(suites):
        match (yield manner.offer(found.version, part, VERSIONS[found.version].value)):
            case Chosen() as answer:
                if wrong := misfit(answer, found.version, part):
                    found.unfinished = violation(wrong)
                    return None
                return Present(answer, parted=len(part) < len(suites))
            case Refused() as answer:
                found.refusal = answer.words
                if answer.alert == PROTOCOL_VERSION:
                    return None
                if answer.alert == UNKNOWN_PSK_IDENTITY:
                    found.unfinished = violation(UNTOLD)
            case Failed() as answer:
                found.unfinished = answer.why
                return None
    if manner.plain or found.refusal.startswith("alert"):
        return None
    # Closed without a word: perhaps over something else in the hello than its version, such as a signature scheme that it cannot make.
    bare = replace(manner, plain=True)
    usual = parts(suites, PLAIN_WINDOW)[0]
    answer = yield bare.offer(found.version, usual, VERSIONS[found.version].value)
    if isinstance(answer, Chosen) and not misfit(answer, found.version, usual):
        return Present(answer, parted=True, plain=True)
    return None


def _whole_and_usual(suites: Sequence[int]) -> Iterator[Sequence[int]]:
    yield suites
    yield parts(suites, WINDOW)[0]


def parts(suites: Sequence[int], size: int) -> list[list[int]]:
    """Divide suites in our order into several offers, the strongest first, those for shared secrets by themselves at the end."""
    secret = [code for code in suites if is_secret(code)]
    common = [code for code in suites if not is_secret(code)]
    out = [common[max(0, end - size) : end] for end in range(len(common), 0, -size)]
    return out + [secret[at : at + size] for at in range(0, len(secret), size)]


def old_suites(manner: Manner, version: int, present: Present, unusual: Unusual | None = None) -> Search[Found]:
    """Find the suites of SSL 3.0 to TLS 1.2, in which the server has already chosen one. ``unusual`` goes with a hello that is answered."""
    found = Found(version)
    manner = replace(manner, plain=manner.plain or present.plain)
    left = list(searched(version))
    if wrong := misfit(present.first, version, left):
        found.unfinished = violation(wrong)
        return found
    found.whose = WhoseOrder(searched(version))
    last = _Last()
    if present.parted or manner.plain:
        found.whose.muddle()
    if not present.newer:
        found.whose.choice(present.first.suite)
        found.suites.append(present.first.suite)
        left.remove(present.first.suite)
        last.note(present.first)
    if found.whose.worth_turning:
        yield from _turned(manner, found, left, last, unusual)
    if found.unfinished is None:
        yield from _struck(manner, found, left, last, parted=present.parted)
    if present.first.suite not in found.suites:
        found.suites.append(present.first.suite)
    return found


@dataclass(slots=True)
class _Last:
    """Groups and schemes that have been chosen go to the end of the next hello's lists: a server that heeds the client's order shows
    another one then, and no server accepts less.
    """

    groups: list[int] = field(default_factory=list)
    schemes: list[int] = field(default_factory=list)

    def note(self, answer: Chosen) -> None:
        """Take a choice."""
        if answer.group is not None and answer.group not in self.groups:
            self.groups.append(answer.group)
        if answer.scheme is not None and answer.scheme not in self.schemes:
            self.schemes.append(answer.scheme)

    def offer(self, manner: Manner, version: int, suites: Sequence[int], words: str = "") -> Offer:
        """Make an offer under the version's heading."""
        if manner.plain or not (self.groups or self.schemes):
            return manner.offer(version, suites, VERSIONS[version].value, words)
        groups, schemes = _to_the_end(_CURVES[version], self.groups), _to_the_end(ALL_SCHEMES, self.schemes)
        return manner.offer(version, suites, VERSIONS[version].value, words, groups=groups, schemes=schemes)


def _to_the_end(listed: Sequence[int], last: Sequence[int]) -> tuple[int, ...]:
    return (*(code for code in listed if code not in last), *(code for code in listed if code in last))


def _turned(manner: Manner, found: Found, left: list[int], last: _Last, unusual: Unusual | None) -> Search[None]:
    """Offer what is left with the first choice behind it: a server that follows the client's order chooses another one."""
    version, best, whose = found.version, found.suites[0], found.whose
    assert whose is not None
    suites = [*left, best]
    offer = last.offer(manner, version, suites, "the first choice last")
    answer = yield from unusual.search(offer) if unusual is not None else plainly(offer)
    match answer:
        case Chosen() if wrong := misfit(answer, version, suites):
            found.unfinished = violation(wrong)
        case Chosen() if answer.version == version:
            last.note(answer)
            whose.turned(answer.suite)
            if answer.suite != best:
                found.suites.append(answer.suite)
                left.remove(answer.suite)
        case Failed():
            found.unfinished = answer.why
        case _:
            whose.muddle()  # what it took a moment ago it does not take now: the others may still tell


def _struck(manner: Manner, found: Found, left: list[int], last: _Last, *, parted: bool) -> Search[None]:
    """Offer what is left, strike what is chosen, until nothing of it is."""
    version, whose = found.version, found.whose
    assert whose is not None
    windows = parts(left, PLAIN_WINDOW if manner.plain else WINDOW) if parted or manner.plain else [left]
    while windows:
        suites = windows[0]
        answer = yield last.offer(manner, version, suites)
        match answer:
            case Chosen():
                if wrong := misfit(answer, version, suites):
                    found.unfinished = violation(wrong)
                    return
                if answer.version < version:
                    found.refusal = f"chose {version_name(answer.version)}"
                    windows.pop(0)
                    continue
                last.note(answer)
                whose.choice(answer.suite)
                found.suites.append(answer.suite)
                suites.remove(answer.suite)
                if not suites:
                    windows.pop(0)
            case Refused():
                found.refusal = answer.words
                windows.pop(0)
                if answer.alert == UNKNOWN_PSK_IDENTITY:
                    # One for shared secrets would have been chosen, and which one is not said: the others first.
                    whose.muddle()
                    apart = parts(suites, len(suites))
                    if len(apart) < 2:
                        found.unfinished = violation(UNTOLD)
                    else:
                        windows[:0] = apart
            case Failed():
                found.unfinished = answer.why
                return


def ssl2_suites() -> Search[Found]:
    """Find the cipher kinds of SSL 2.0: the server names them all."""
    found = Found(SSL2)
    match (yield Ssl2Offer()):
        case Chosen() as answer:
            found.suites = list(answer.suites)
            if not found.suites:
                found.refusal = "no kind in common"
        case Refused() as answer:
            found.refusal = answer.words
        case Failed() as answer:
            found.unfinished = answer.why
    return found


def order(manner: Manner, found: Found) -> Search[Preference | Unobserved | None]:
    """Find out whose order decides, by offering what is accepted in the opposite order, unless the search for suites has shown it."""
    version, suites = found.version, found.suites
    if len(suites) < 2:
        return None
    best, others = suites[0], list(suites[:0:-1])
    told = found.whose.told if found.whose is not None else None
    if told is None:
        front = [code for code in others if not is_chacha(code)][:1] or [_stranger(version, suites)]
        turned = [*front, *(code for code in others if code not in front), best]
        answer = yield manner.offer(version, turned, VERSIONS[version].value, "turned round")
        if not isinstance(answer, Chosen) or misfit(answer, version, turned) or answer.version != version:
            return _untold(answer)
        told = Preference.SERVER if answer.suite == best else Preference.CLIENT
    if told is Preference.SERVER and not is_chacha(best) and any(map(is_chacha, others)):
        return Preference.SERVER_OR_CHACHA
    return told


def chacha_first(manner: Manner, found: Found) -> Search[Preference | Unobserved | None]:
    """Find out whether the server puts ChaCha20 first for clients that do so (OpenSSL's PrioritizeChaCha).

    The lists that ``order`` was told by never begin with ChaCha20; this one does.
    """
    if found.preference is not Preference.SERVER_OR_CHACHA:
        return found.preference
    version = found.version
    listed = sorted(found.suites, key=lambda code: not is_chacha(code))
    answer = yield manner.offer(version, listed, VERSIONS[version].value, "ChaCha20 first")
    if not isinstance(answer, Chosen) or answer.version != version:
        return found.preference
    return Preference.SERVER_CHACHA if is_chacha(answer.suite) else Preference.SERVER


def _untold(answer: Answer) -> Unobserved:
    """Why the order could not be told: what was accepted is not accepted in another order, or nothing came."""
    return untellable(answer, "the suites accepted, in another order")


def _stranger(version: int, suites: Sequence[int]) -> int:
    """A suite that every library knows and this server has just refused, to stand in front of ChaCha20."""
    known = (0x1301, 0x1302, 0x1303) if version == TLS13 else (0x002F, 0x0035, 0x009C, 0xC013)
    return next((code for code in known if code not in suites and not is_chacha(code)), 0x0A0A)

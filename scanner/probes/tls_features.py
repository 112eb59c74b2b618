"""Extensions and behaviour of a server: what its answers have shown, and searches for what needs a hello of its own. No network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scanner.facts.tls import SniBehaviour
from scanner.model.fact import Unobserved
from scanner.probes.tls_groups import keyed
from scanner.probes.tls_order import LONG, UNKNOWN_EXTENSION, Unusual, newer_version
from scanner.probes.tls_search import Found, Manner, suite_of
from scanner.probes.tls_values import Answer, Book, Chosen, Failed, Offer, Refused, Search, untellable
from scanner.wire.tls.names import SSL3, TLS10, TLS13

FEATURES = "features"
INAPPROPRIATE_FALLBACK = 86


@dataclass(frozen=True, slots=True)
class Shown:
    """What the hellos of a server in SSL 3.0 to TLS 1.2 have shown by the way. ``None``: there was no such hello."""

    compression: bool | None = None
    secure_renegotiation: bool | None = None
    extended_master_secret: bool | None = None
    encrypt_then_mac: bool | None = None
    session_ticket: bool | None = None
    heartbeat: bool | None = None


def shown(book: Book) -> Shown:
    """Read the extensions off the answers. Where versions differ, the newest one counts; compression counts anywhere."""
    hellos = [(offer, answer.hello) for offer, answer in book.old() if answer.hello is not None]
    if not hellos:
        return Shown()
    newest = hellos[0][1].version
    own = [(offer, hello) for offer, hello in hellos if hello.version == newest]
    extended = [(offer, hello) for offer, hello in own if hello.version >= TLS10]
    cbc = [hello for offer, hello in extended if offer.hello.etm and (suite := suite_of(hello.suite)) and suite.mode == "CBC"]
    return Shown(
        compression=_any([hello.compression != 0 for offer, hello in hellos if 1 in offer.hello.compression]),
        secure_renegotiation=_any([hello.secure_renegotiation for _, hello in own]),
        extended_master_secret=_any([hello.extended_master_secret for offer, hello in extended if offer.hello.ems]),
        encrypt_then_mac=_any([hello.encrypt_then_mac for hello in cbc]),
        session_ticket=_any([hello.session_ticket for offer, hello in extended if offer.hello.ticket is not None]),
        heartbeat=_any([hello.heartbeat is not None for offer, hello in extended if offer.hello.heartbeat is not None]),
    )


def _any(seen: list[bool]) -> bool | None:
    return any(seen) if seen else None


def fallback(manner: Manner, accepted: Sequence[Found]) -> Search[bool | Unobserved | None]:
    """Whether a hello that says it fell back is refused (RFC 7507). ``None`` with fewer than two versions, where nothing can fall back."""
    versions = sorted((found for found in accepted if found.suites and found.version >= SSL3), key=lambda found: -found.version)
    if len(versions) < 2:
        return None
    lower = versions[1]
    answer = yield manner.offer(lower.version, lower.suites, FEATURES, "fallen back", scsv_fallback=True)
    match answer:
        case Chosen(version=version) if version <= lower.version:
            return False
        case Refused(alert=alert) if alert == INAPPROPRIATE_FALLBACK:
            return True
        case _:
            return untellable(answer, "a hello that fell back")


def intolerance(manner: Manner, best: Found, unusual: Unusual) -> Search[tuple[str, ...] | Unobserved]:
    """Which unusual offers the server stumbles over. All at once first, unless that was borne already; then each by itself."""
    if unusual.borne:
        return ()
    if not unusual.tried:
        unusual.tried = True
        answer = yield unusual.dressed(manner.offer(best.version, best.suites, FEATURES))
        unusual.borne = isinstance(answer, Chosen)
        if unusual.borne:
            return ()
    each: dict[str, dict[str, object]] = {
        "version": newer_version(best.version),
        "grease": {"grease": True},
        "long": {"padding": LONG},
        "extension": {"extra": (UNKNOWN_EXTENSION,)},
    }
    found: list[str] = []
    for name, changes in each.items():
        answer = yield manner.offer(best.version, best.suites, FEATURES, name, **changes)
        if stumbled := _stumbled(answer):
            found.append(name)
        elif stumbled is None:
            return untellable(answer, f"a hello with {name}")
    return tuple(found)


def _stumbled(answer: Answer) -> bool | None:
    """Whether an offer was stumbled over: refused, or met with the same silence twice while another hello was answered in between."""
    match answer:
        case Chosen():
            return False
        case Refused():
            return True
        case Failed():
            return True if answer.steady else None


def reading(manner: Manner, best: Found, groups: Sequence[int], words: str, **changes: object) -> Offer | Unobserved:
    """A hello in the best version whose answer can be read to the certificate."""
    if best.version == TLS13:
        return keyed(manner, best.suites, groups, FEATURES, words, **changes)
    return manner.offer(best.version, best.suites, FEATURES, words, **changes)


def other_name(
    manner: Manner, best: Found, groups: Sequence[int], usual: Chosen | None, name: str | None
) -> Search[SniBehaviour | Unobserved]:
    """What becomes of a hello with another name, or none (``None``). ``usual`` is an answer in the same version to the right name."""
    what = "without a name" if name is None else "with an unknown name"
    other = Manner(name, manner.plain)
    offer = reading(other, Found(best.version, [usual.suite]) if usual else best, groups, what)
    if isinstance(offer, Unobserved):
        return offer
    answer = yield offer
    match answer:
        case Refused():
            return SniBehaviour.REFUSED
        case Chosen() if answer.certificates and usual and usual.certificates:
            return SniBehaviour.SAME if answer.certificates[0] == usual.certificates[0] else SniBehaviour.OTHER
        case _:
            return untellable(answer, f"a hello {what}")


def usual_answer(book: Book, name: str | None, version: int) -> Chosen | None:
    """An answer to the right name in this version that has certificates."""
    fitting = [
        answer
        for offer, answer in book.answers
        if answer.version == version and answer.certificates and offer.hello.server_name == name and answer.hello is not None
    ]
    return fitting[0] if fitting else None

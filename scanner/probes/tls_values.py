"""What passes between the searches of a TLS survey and the one who talks: offers, and what became of them. No network, no search."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace
from enum import Enum, unique
from typing import TypeVar

from scanner.facts.tls import Version
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from scanner.wire.tls.client12 import Session
from scanner.wire.tls.hello import ClientHello
from scanner.wire.tls.messages import ServerHello, ServerKeyExchange
from scanner.wire.tls.names import SSL2, SSL3, TLS10, TLS11, TLS12, TLS13, version_name

VERSIONS = {
    SSL2: Version.SSL2,
    SSL3: Version.SSL3,
    TLS10: Version.TLS10,
    TLS11: Version.TLS11,
    TLS12: Version.TLS12,
    TLS13: Version.TLS13,
}
NUMBERS = {version: number for number, version in VERSIONS.items()}


@unique
class Wants(Enum):
    """How far an answer is read: the server's hello alone; all that it sends before our turn; the same in TLS 1.3, with keys.

    Beyond that, the handshake is completed where it can be: in TLS 1.3 to see whether a ticket comes, in TLS 1.2 for its session, or with
    the session of the offer, and then negotiated anew.
    """

    HELLO = "hello"
    FLIGHT = "flight"
    KEYS = "keys"
    TICKET = "ticket"
    SESSION = "session"
    AGAIN = "again"


@dataclass(frozen=True, slots=True)
class Offer:
    """One hello and how far to read. ``group`` and ``words`` are for the evidence: under which heading, and what was offered.

    With KEYS and TICKET the shares of ``hello`` are made by the one who talks, for ``shares``; ``session`` is for AGAIN.
    """

    hello: ClientHello
    group: str
    words: str
    wants: Wants = Wants.FLIGHT
    shares: tuple[int, ...] = ()
    session: Session | None = None


@dataclass(frozen=True, slots=True)
class Ssl2Offer:
    """The hello of SSL 2.0, with every cipher kind."""

    group: str = Version.SSL2.value
    words: str = "hello of every kind"


@dataclass(frozen=True, slots=True)
class Unsure:
    """The server closed without a word, or spoke of an error of its own: a refusal only if another hello still works afterwards."""

    words: str
    alert: int | None = None


@dataclass(frozen=True, slots=True)
class Again:
    """What became of a session that was offered again, and how many renegotiations that we began were carried out behind it."""

    taken_up: bool | Unobserved
    renegotiations: int | Unsure | Unobserved


@dataclass(frozen=True, slots=True)
class Chosen:
    """The server went on: its choice. Fields that the answer does not have, or that were not read, are empty.

    ``retry``: it was a HelloRetryRequest, so that ``group`` is the one asked for. ``cut`` says why the rest of the flight is missing,
    ``stopped`` which alert the server ended it with.
    ``suites`` is for SSL 2.0, where the server names all it takes. ``ticket`` tells whether one came where one was awaited, and
    ``early_data`` how many octets it promises to take before the handshake ends; ``session`` is that of a completed handshake, or why it
    could not be completed; ``again`` is what AGAIN has shown.
    """

    version: int
    suite: int
    group: int | None = None
    scheme: int | None = None
    retry: bool = False
    hello: ServerHello | None = None
    exchange: ServerKeyExchange | None = None
    certificates: tuple[bytes, ...] = ()
    staple: bytes = b""
    scts: bytes = b""
    alpn: str | None = None
    suites: tuple[int, ...] = ()
    ticket: bool | Unobserved | None = None
    early_data: int = 0
    session: Session | Unobserved | None = None
    again: Again | None = None
    cut: Unobserved | None = None
    stopped: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """The server would not: by a fatal alert (its number), or by closing, which a later hello that still works has confirmed."""

    words: str
    alert: int | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """Nothing can be said. ``steady``: the same hello failed twice in the same way, and another one worked in between."""

    why: Unobserved
    steady: bool = False


Answer = Chosen | Refused | Failed
Raw = Answer | Unsure


def untellable(answer: Answer, what: str) -> Unobserved:
    """Why an answer that was not foreseen says nothing about ``what``."""
    match answer:
        case Failed():
            return answer.why
        case Refused():
            return Unobserved(Reason.PROTOCOL_VIOLATION, f"{what}: {answer.words}")
        case Chosen():
            return answer.cut or Unobserved(Reason.PROTOCOL_VIOLATION, f"{what}: chose {version_name(answer.version)}")


R = TypeVar("R")
Search = Generator[Offer | Ssl2Offer, Answer, R]
"""A search as a state machine: it yields offers, is sent what became of each, and returns what it found."""
Say = Callable[[Offer], Search[Answer]]
"""How an offer is made: alone, or with something else in it that is given up where it might be what is refused."""


def with_session(offer: Offer, session: Session) -> Offer:
    """Give an offer that is completed with a session, taken up by its id where it has one."""
    again = f"{offer.words}, the same session id" if session.session_id else f"{offer.words}, completed"
    hello = replace(offer.hello, session_id=session.session_id)
    return replace(offer, hello=hello, words=again, wants=Wants.AGAIN, session=session if session.session_id else None)


def plainly(offer: Offer) -> Search[Answer]:
    """Make an offer as it is."""
    return (yield offer)


@dataclass(slots=True)
class Book:
    """What all conversations with one server have shown, for what needs no hello of its own: every answer with its offer, in order."""

    answers: list[tuple[Offer, Chosen]] = field(default_factory=list)
    early: bytes = b""

    def old(self) -> list[tuple[Offer, Chosen]]:
        """The answers of SSL 3.0 to TLS 1.2, the newest version first."""
        seen = [(offer, answer) for offer, answer in self.answers if SSL3 <= answer.version <= TLS12 and answer.hello is not None]
        return sorted(seen, key=lambda pair: -pair[1].version)

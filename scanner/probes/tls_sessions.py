"""What needs a completed handshake: sessions taken up again, tickets, early data, renegotiation that the client begins."""

from __future__ import annotations

from dataclasses import dataclass, replace

from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from scanner.probes.tls_complete import completable
from scanner.probes.tls_groups import NewSignatures, keyed
from scanner.probes.tls_search import Found, Manner, suite_of
from scanner.probes.tls_server import Server
from scanner.probes.tls_values import Again, Answer, Chosen, Failed, Offer, Search, Unsure, Wants, untellable, with_session
from scanner.wire.tls.client12 import Session
from scanner.wire.tls.names import TLS10, TLS12, version_name


@dataclass(frozen=True, slots=True)
class Sessions:
    """What completed handshakes have shown, in the words of ``facts.tls.Features``."""

    session_id: bool | Unobserved | None = None
    client_renegotiation: int | Unobserved | None = None
    tls13_ticket: bool | Unobserved | None = None
    early_data: int | Unobserved | None = None


def old_sessions(manner: Manner, old: Found, session: Session | None) -> Search[Again]:
    """Whether a session is taken up again by its id, and how often the server negotiates anew at our wish.

    ``session`` is one that was had by the way; without it this takes two connections, else one.
    """
    suites = [code for code in old.suites if completable(code)]
    if not suites or not TLS10 <= old.version <= TLS12:
        why = Unobserved(Reason.UNSUPPORTED, f"no handshake is completed in {version_name(old.version)} with the suites accepted")
        return Again(why, why)
    suites.sort(key=lambda code: (suite := suite_of(code)) is None or (not suite.aead, not suite.forward_secret, suite.kx == "DHE"))
    hello = replace(manner.hello(old.version, suites), ticket=None, compression=(0,), status_request=False, sct=False, heartbeat=None)
    offer = Offer(hello, "sessions", f"whole {version_name(old.version)} handshake", Wants.SESSION)
    if session is None:
        answer = yield offer
        if not isinstance(answer, Chosen) or not isinstance(answer.session, Session):
            return _not_again(answer)
        session = answer.session
    answer = yield with_session(offer, session)
    return answer.again if isinstance(answer, Chosen) and answer.again is not None else _not_again(answer)


def _not_again(answer: Answer) -> Again:
    told = answer.session if isinstance(answer, Chosen) else None
    why = told if isinstance(told, Unobserved) else untellable(answer, "a handshake to be completed")
    return Again(why, why)


async def new_tickets(server: Server, manner: Manner, found: Found, groups: list[int], signs: NewSignatures) -> Chosen | Unobserved:
    """The answer after which a server of TLS 1.3 could give a ticket: that of the search for signatures, else that of a further hello."""
    if signs.whole is not None:
        return signs.whole
    offer = keyed(manner, found.suites, groups, "sessions")
    if isinstance(offer, Unobserved):
        return offer
    answer = await server.ask(replace(offer, wants=Wants.TICKET))
    match answer:
        case Chosen():
            return answer
        case Failed(why=why):
            return why
        case _:
            return Unobserved(Reason.RESET if isinstance(answer, Unsure) else Reason.REFUSED, f"{server.talker.peer}: {answer.words}")

"""What needs a completed handshake: sessions taken up again, tickets, early data, renegotiation that the client begins."""

from __future__ import annotations

from dataclasses import dataclass, replace

from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from scanner.probes.tls_groups import NewSignatures, keyed
from scanner.probes.tls_hearing import Hearing, Unsure, until
from scanner.probes.tls_line import Line
from scanner.probes.tls_search import Found, Manner, suite_of
from scanner.probes.tls_server import Server
from scanner.probes.tls_talk import CLOSE_NOTIFY, completable, completed
from scanner.probes.tls_values import Chosen, Failed, Refused, Wants
from scanner.wire.tls import TLS10, TLS12, Finished, RecordType, ServerHelloDone, version_name
from scanner.wire.tls.client12 import Client12, Session

MOST_RENEGOTIATIONS = 3
"""A server that carries out so many sets no limit worth speaking of; more would be a burden on it."""


@dataclass(frozen=True, slots=True)
class Sessions:
    """What completed handshakes have shown, in the words of ``facts.tls.Features``."""

    session_id: bool | Unobserved | None = None
    client_renegotiation: int | Unobserved | None = None
    tls13_ticket: bool | Unobserved | None = None
    early_data: int | Unobserved | None = None


async def old_sessions(
    server: Server, manner: Manner, old: Found, session: Session | None
) -> tuple[bool | Unobserved | None, int | Unobserved | None]:
    """Whether a session is taken up again by its id, and how often the server negotiates anew at our wish.

    ``session`` is one that was had by the way; without it or its id this takes two connections, else one.
    """
    suites = [code for code in old.suites if completable(code)]
    if not suites or not TLS10 <= old.version <= TLS12:
        why = Unobserved(Reason.UNSUPPORTED, f"no handshake is completed in {version_name(old.version)} with the suites accepted")
        return why, why
    suites.sort(key=lambda code: (suite := suite_of(code)) is None or (not suite.aead, not suite.forward_secret, suite.kx == "DHE"))
    hello = replace(manner.hello(old.version, suites), ticket=None, compression=(0,), status_request=False, sct=False, heartbeat=None)
    random = server.talker.net.rng.randbytes

    # One after the other: a conversation that waited for a second turn at the same address could wait for ever.
    async def first(line: Line) -> Session | int | Unsure | Unobserved:
        client, hearing = Client12(replace(hello, random=random(32)), random(64)), Hearing(server.talker.peer)
        await completed(line, client, hearing)
        session = client.session
        assert session is not None
        if not session.session_id:
            return await renegotiated(line, client, hearing)
        # In order: a server may forget a session whose connection was cut off (RFC 2246 section 7.2.1).
        await line.send(client.send(CLOSE_NOTIFY, RecordType.ALERT))
        await until(line, client, hearing, lambda m: False)
        return session

    async def second(line: Line, session: Session) -> tuple[bool, int | Unsure | Unobserved]:
        again = replace(hello, random=random(32), session_id=session.session_id)
        client, hearing = Client12(again, random(64), session), Hearing(server.talker.peer)
        await completed(line, client, hearing)
        return client.resumed, await renegotiated(line, client, hearing)

    async def renegotiated(line: Line, client: Client12, hearing: Hearing) -> int | Unsure | Unobserved:
        for count in range(MOST_RENEGOTIATIONS):
            try:
                await line.send(client.renegotiate(random(32)))
                seen = await until(line, client, hearing, lambda m: isinstance(m, ServerHelloDone))
                if isinstance(seen, ServerHelloDone):
                    await line.send(client.finish())
                    seen = await until(line, client, hearing, lambda m: isinstance(m, Finished))
            except CannotObserve as why:
                if why.reason is not Reason.RESET:
                    return count or Unobserved(why.reason, why.detail)
                seen = Unsure("reset")
            if isinstance(seen, Failed):
                return count or seen.why
            if isinstance(seen, Unsure) and not count:
                return seen
            if isinstance(seen, Refused | Unsure):
                return count
        return MOST_RENEGOTIATIONS

    words = f"whole {version_name(old.version)} handshake"
    seen: Session | int | Unsure | Unobserved
    if session is not None and session.session_id:
        seen = session
    else:
        seen = await server.converse("sessions", words, first, _ended)
    taken_up: bool | Unobserved = False
    if isinstance(seen, Session):
        known = seen
        both = await server.converse(
            "sessions",
            f"{words}, the same session id",
            lambda line: second(line, known),
            lambda seen: f"{'taken up' if seen[0] else 'begun anew'}, {_ended(seen[1])}",
        )
        taken_up, seen = (both, both) if isinstance(both, Unobserved) else both
    elif isinstance(seen, Unobserved):
        taken_up = seen
    if isinstance(seen, Unsure):  # closed at our hello: a refusal if the server is still there
        seen = 0 if await server.control() else Unobserved(Reason.RESET, f"{server.talker.peer}: {seen.words} at a renegotiation")
    return taken_up, seen


def _ended(seen: Session | int | Unsure | Unobserved) -> str:
    """How a handshake and its renegotiation ended, without its secrets."""
    match seen:
        case Session():
            return "a session id"
        case int():
            return f"{seen} renegotiations"
        case Unsure():
            return f"{seen.words} at a renegotiation"
        case Unobserved():
            return f"{seen.reason}: {seen.detail}"


async def new_tickets(server: Server, manner: Manner, found: Found, groups: list[int], signs: NewSignatures) -> Chosen | Unobserved:
    """The answer in which TLS 1.3 had its occasion to give a ticket: that of the search for signatures, else one of a hello of its own."""
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

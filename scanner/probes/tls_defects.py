"""Known defects of TLS implementations that show before any data is exchanged. Each probe is made to do no harm and to learn no secret.

Heartbleed and early ChangeCipherSpec are tests like any other; Ticketbleed and ROBOT need a consent that names them (``tls.ticketbleed``,
``tls.robot``). Where what a defect needs is not there, such as RSA key exchange for ROBOT, it is ``None``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from scanner.facts.tls import AddressSeen, DefectsSeen, TlsDefects, TlsSeen, TlsSurvey
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from scanner.model.target import Service
from scanner.net.net import Net
from scanner.net.scope import Purpose
from scanner.probes.base import probe
from scanner.probes.dns_asking import is_address, together
from scanner.probes.tls_complete import CLOSE_NOTIFY, completable, completed
from scanner.probes.tls_hearing import Hearing, unless, until
from scanner.probes.tls_line import Line
from scanner.probes.tls_search import Manner, suite_of
from scanner.probes.tls_server import Server
from scanner.probes.tls_talk import Talker
from scanner.probes.tls_values import NUMBERS, Failed, Refused, Unsure
from scanner.wire.tls.client12 import Client12, Session
from scanner.wire.tls.hello import ClientHello, HelloTemplate, change_cipher_spec, heartbeat_request, record
from scanner.wire.tls.messages import Certificate, Heartbeat, Message, ServerHello, ServerHelloDone
from scanner.wire.tls.names import TLS10, TLS12, RecordType
from scanner.wire.tls.reader import HandshakeReader
from scanner.wire.tls.rsa import client_key_exchange_record, oracle_blocks, rsa_key
from scanner.wire.tls.suites import suite_by_name

T = TypeVar("T")

CONNECTIONS = 40
"""For one address: three for the harmless ones, two for tickets, and up to twenty-two for the oracle, which compares answers."""
PATIENCE = 3.0
"""Seconds for one answer: the server has just answered the survey."""
SETTLE = 1.5
"""Seconds of silence that are taken for an answer where what is said next tells more."""
CONVERSATION = PATIENCE + 2 * SETTLE
SILENCE = "silence"
PADDING = 16
BAD_RECORD = frozenset({20, 21})
"""bad_record_mac, decryption_failed: what follows was taken for protected, so the early change of keys had been carried out."""
USER_CANCELED = b"\x01\x5a"
"""A warning that a server passes over when it comes in the clear (RFC 5246 section 7.2)."""


@probe(limit=120.0)
async def tls_defects(service: Service, net: Net, survey: TlsSurvey) -> TlsDefects:
    """Try every address that the survey saw TLS at."""
    return TlsDefects(tuple(await together(_address(service, net, seen) for seen in survey.addresses)))


async def _address(service: Service, net: Net, seen: AddressSeen) -> DefectsSeen:
    if isinstance(seen.tls, Unobserved):
        why = replace(seen.tls, at="")
        return DefectsSeen(seen.address, why, why, why, why)
    only = seen.tls.features if seen.tls.only_once else None
    if isinstance(only, Unobserved):
        return DefectsSeen(seen.address, only, only, only, only)
    name = "" if is_address(service.host) else service.host
    talker = Talker(net, name, seen.address, service.port, service.protocol, seconds=CONVERSATION)
    server = Server(talker, CONNECTIONS)
    trial = _Trial(server, seen.tls)
    try:
        return DefectsSeen(
            address=seen.address,
            heartbleed=await trial.heartbleed(),
            early_ccs=await trial.early_ccs(),
            ticketbleed=await trial.ticketbleed(),
            robot=await trial.robot(),
        )
    finally:
        server.keep_evidence()


class _Trial:
    """The probes of one server, with what the survey has seen of it."""

    def __init__(self, server: Server, seen: TlsSeen) -> None:
        self._server = server
        self._seen = seen
        self._manner = Manner(server.talker.sni)
        self._random = server.talker.net.rng.randbytes
        newest = [version for version in seen.versions if version.suites and TLS10 <= NUMBERS[version.version] <= TLS12]
        self._version = NUMBERS[newest[-1].version] if newest else 0
        found = [suite.code for name in (newest[-1].suites if newest else ()) if (suite := suite_by_name(name))]
        self._suites = [code for code in found if (suite := suite_of(code)) and suite.auth in {"RSA", "ECDSA", "DSA"}] or found
        self._unfinished = next((version.unfinished for version in seen.versions if version.unfinished), None)

    def _hello(self, suites: Sequence[int], **changes: object) -> ClientHello:
        hello = replace(
            self._manner.hello(self._version, suites), random=self._random(32), compression=(0,), status_request=False, sct=False
        )
        return replace(hello, **changes)  # type: ignore[arg-type]  # fields by name, which replace checks itself

    async def _converse(self, words: str, talk: Callable[[Line], Awaitable[bool]]) -> bool | Unobserved:
        return await self._server.converse("defects", words, talk, lambda seen: "the defect shows" if seen else "the defect does not show")

    def _cannot_complete(self) -> Unobserved:
        return Unobserved(Reason.UNSUPPORTED, f"{self._server.talker.peer}: no handshake can be completed with the suites accepted")

    async def _greet(self, line: Line, hello: ClientHello) -> tuple[HandshakeReader, Hearing, ServerHello, bytes]:
        """Say hello and read on to ServerHelloDone; give the ServerHello and the first certificate."""
        reader, hearing = HandshakeReader(), Hearing(self._server.talker.peer)
        await line.send(HelloTemplate(hello).write())
        greeting: ServerHello | None = None
        leaf = b""
        while True:
            message = unless(await until(line, reader, hearing, lambda m: True), "answering a hello", hearing)
            if isinstance(message, ServerHello):
                greeting = message
            elif isinstance(message, Certificate) and message.certificates:
                leaf = message.certificates[0]
            elif isinstance(message, ServerHelloDone) and greeting is not None:
                return reader, hearing, greeting, leaf

    async def heartbleed(self) -> bool | Unobserved | None:
        """CVE-2014-0160. The length claimed covers our own padding and not an octet more, so that nothing of the server's comes back.

        RFC 6520 section 4 has such a request dropped in silence, so a well-made one follows: its answer shows that the first was dropped.
        """
        heartbeat = self._seen.features if isinstance(self._seen.features, Unobserved) else self._seen.features.heartbeat
        if not self._version or heartbeat is None or heartbeat is False:
            return None
        if isinstance(heartbeat, Unobserved):
            return heartbeat

        suites = [code for code in self._suites if completable(code)]
        if not suites:
            return self._cannot_complete()

        async def talk(line: Line) -> bool:
            client, hearing = Client12(self._hello(suites, heartbeat=1), self._random(64)), Hearing(self._server.talker.peer)
            await completed(line, client, hearing)
            if client.server_hello is None or client.server_hello.heartbeat is None:
                raise CannotObserve(Reason.UNCONFIRMED, f"{hearing.peer} took up heartbeats in the survey and no longer does")
            payload = b"tenken"
            await line.send(client.send(heartbeat_request(payload, len(payload) + PADDING), RecordType.HEARTBEAT))
            seen = await _within(SETTLE, until(line, client, hearing, _is_heartbeat))
            if seen is None:
                await line.send(client.send(heartbeat_request(payload), RecordType.HEARTBEAT))
                seen = await until(line, client, hearing, _is_heartbeat)
            if isinstance(seen, Refused):
                return False
            answer = unless(seen, "answering heartbeats", hearing)
            return isinstance(answer, Heartbeat) and answer.claimed == len(payload) + PADDING

        return await self._converse("heartbeat that claims its own padding", talk)

    async def early_ccs(self) -> bool | Unobserved | None:
        """CVE-2014-0224: a ChangeCipherSpec before there are keys.

        A sound server ends there. One that reads on is sent a warning in the clear, which it passes over unless it takes it for protected.
        Where it then ends without a word, that shows the defect only if neither time nor the same warning ends a handshake by itself.
        """
        if not self._version:
            return self._unfinished
        warning = record(RecordType.ALERT, self._version, USER_CANCELED)

        async def changed(line: Line) -> bool | None:
            reader, hearing, greeting, _ = await self._greet(line, self._hello(self._suites))
            await line.send(change_cipher_spec(greeting.version))
            seen = await _within(SETTLE, until(line, reader, hearing, _nothing))
            if isinstance(seen, Refused | Unsure):
                return False
            if seen is None:
                await line.send(warning)
                seen = await until(line, reader, hearing, _nothing)
            if isinstance(seen, Refused):
                return seen.alert in BAD_RECORD
            if isinstance(seen, Unsure):
                return None
            unless(seen, "answering an early ChangeCipherSpec", hearing)
            return False

        async def unchanged(line: Line) -> bool:
            reader, hearing, _, _ = await self._greet(line, self._hello(self._suites))
            seen = await _within(SETTLE, until(line, reader, hearing, _nothing))
            if seen is None:
                await line.send(warning)
                seen = await until(line, reader, hearing, _nothing)
            if isinstance(seen, Failed):
                if seen.why.reason is Reason.TIMEOUT:
                    return True
                raise seen.why.error()
            raise CannotObserve(Reason.UNCONFIRMED, f"{hearing.peer} ends the connection without an early ChangeCipherSpec too")

        seen = await self._server.converse("defects", "ChangeCipherSpec before its time", changed, _carried_out)
        return seen if seen is not None else await self._converse("a warning without it", unchanged)

    async def ticketbleed(self) -> bool | Unobserved | None:
        """CVE-2016-9244: a ticket with a session id of 31 octets; an affected server answers with 32, the last one not ours.

        One that takes the ticket up gives the id back (RFC 5077 section 3.4); an answer without it shows nothing.
        """
        ticket = self._seen.features if isinstance(self._seen.features, Unobserved) else self._seen.features.session_ticket
        suites = [code for code in self._suites if completable(code)]
        if not self._version or ticket is None or ticket is False:
            return None
        if isinstance(ticket, Unobserved):
            return ticket
        if not suites:
            return self._cannot_complete()
        talker = self._server.talker
        talker.purpose, talker.test = Purpose.INTRUSIVE, "tls.ticketbleed"
        sessions: list[Session] = []

        async def first(line: Line) -> bool:
            client, hearing = Client12(self._hello(suites, ticket=b""), self._random(64)), Hearing(talker.peer)
            await completed(line, client, hearing)
            if client.session is None or not client.session.ticket:
                raise CannotObserve(Reason.UNCONFIRMED, f"{talker.peer} promised tickets in the survey and gave none")
            sessions.append(client.session)
            await line.send(client.send(CLOSE_NOTIFY, RecordType.ALERT))
            return False

        async def second(line: Line) -> bool:
            session, mark = sessions[0], self._random(31)
            hello = self._hello((session.suite,), ticket=session.ticket, session_id=mark)
            reader, hearing = HandshakeReader(), Hearing(talker.peer)
            await line.send(HelloTemplate(hello).write())
            seen = unless(await until(line, reader, hearing, lambda m: isinstance(m, ServerHello)), "taking a ticket", hearing)
            given = seen.session_id if isinstance(seen, ServerHello) else b""
            if not given.startswith(mark):
                raise CannotObserve(Reason.UNCONFIRMED, f"{talker.peer} does not take up the ticket that it has just given")
            return len(given) > len(mark)

        try:
            got = await self._converse("a ticket", first)
            return got if isinstance(got, Unobserved) else await self._converse("the ticket with a session id of 31 octets", second)
        finally:
            talker.purpose, talker.test = Purpose.TEST, ""

    async def robot(self) -> bool | Unobserved | None:
        """Whether the server tells spoilt RSA paddings apart (RFC 5246 section 7.4.7.1), by alert, close, or silence.

        Each block is sent twice with what ends a handshake behind it, and if all are answered alike, without. A difference that does not
        repeat is the network's.
        """
        suites = [
            code for code in self._suites if (suite := suite_of(code)) and suite.kx == "RSA" and suite.auth == "RSA" and not suite.export
        ]
        if not suites:
            return self._unfinished
        talker = self._server.talker
        talker.purpose, talker.test = Purpose.INTRUSIVE, "tls.robot"
        try:
            for whole in (True, False):
                first = await self._answers(suites, whole=whole)
                if isinstance(first, Unobserved):
                    return first
                if len(set(first.values())) == 1:
                    continue
                second = await self._answers(suites, whole=whole)
                if isinstance(second, Unobserved):
                    return second
                if first == second:
                    return True
                differing = ", ".join(name for name in first if first[name] != second[name])
                return Unobserved(Reason.UNCONFIRMED, f"{talker.peer} answers the same block differently from time to time: {differing}")
            return False
        finally:
            talker.purpose, talker.test = Purpose.TEST, ""

    async def _answers(self, suites: Sequence[int], *, whole: bool) -> dict[str, str] | Unobserved:
        entropy = self._random(64)
        names = ("right", "start", "early-zero", "no-zero", "version")
        out: dict[str, str] = {}
        for name in names:  # one after the other: some servers take one connection at a time, and silence would be read into the others
            seen = await self._answer(name, suites, entropy, whole=whole)
            if isinstance(seen, Unobserved):
                return seen
            out[name] = seen
        return out

    async def _answer(self, name: str, suites: Sequence[int], entropy: bytes, *, whole: bool) -> str | Unobserved:
        async def talk(line: Line) -> str:
            reader, hearing, greeting, leaf = await self._greet(line, self._hello(suites, ems=False))
            key = rsa_key(leaf)
            sent = client_key_exchange_record(greeting.version, key, oracle_blocks(key, self._version, entropy)[name])
            if whole:
                sent += change_cipher_spec(greeting.version) + record(RecordType.HANDSHAKE, greeting.version, bytes(40))
            await line.send(sent)
            heard = await _within(PATIENCE, until(line, reader, hearing, lambda m: True))
            return SILENCE if heard is None else described(heard)

        return await self._server.converse("oracle", f"{name}{', whole' if whole else ''}", talk, str)


def _is_heartbeat(message: Message) -> bool:
    return isinstance(message, Heartbeat)


def _nothing(_: Message) -> bool:
    return False


def _carried_out(seen: bool | None) -> str:
    return "no word" if seen is None else "the defect shows" if seen else "the defect does not show"


async def _within(seconds: float, seen: Awaitable[T]) -> T | None:
    """What is seen, ``None`` where nothing is in that time."""
    try:
        async with asyncio.timeout(seconds):
            return await seen
    except TimeoutError:
        return None


def described(seen: object) -> str:
    """How a server took something, in words that are equal where it took two things alike. Silence is an answer here.

    Raises ``CannotObserve`` for what is no answer at all.
    """
    match seen:
        case Unsure(alert=None):
            return "closed"  # by FIN or RST, as it happens
        case Refused() | Unsure():
            return seen.words
        case Failed():
            if seen.why.reason is Reason.TIMEOUT:
                return SILENCE
            raise seen.why.error()
        case _:
            return type(seen).__name__

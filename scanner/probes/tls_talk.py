"""One conversation with a TLS server: connect, change to TLS where the protocol wants it, say one hello, read what comes. No searching.

Nothing is judged here but how a conversation ended; ``tls_server`` decides what a close or a failure means beside other conversations.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Protocol

from scanner.facts.tls import Upgrade
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from scanner.model.target import STARTTLS
from scanner.net.net import Net
from scanner.net.scope import Purpose
from scanner.net.stream import Stream
from scanner.net.trouble import peer
from scanner.probes.dns_asking import is_address
from scanner.probes.tls_values import Chosen, Failed, Offer, Refused, Ssl2Offer, Wants
from scanner.wire.starttls import NotTheProtocol, TurnedAway
from scanner.wire.starttls_binary import TdsFrames, dialogue
from scanner.wire.tls import (
    SSL2,
    SSL2_SUITES,
    SUITES,
    TLS13,
    Alert,
    Certificate,
    CertificateRequest,
    CertificateStatus,
    CertificateVerify,
    ClientHello,
    EncryptedExtensions,
    EncryptedRecord,
    Finished,
    HandshakeReader,
    HelloRetryRequest,
    HelloTemplate,
    Message,
    NewSessionTicket,
    NotTls,
    RecordType,
    ServerHello,
    ServerHelloDone,
    ServerKeyExchange,
    Ssl2Error,
    Ssl2ServerHello,
    group_name,
    scheme_name,
    ssl2_client_hello,
    suite_name,
    version_name,
)
from scanner.wire.tls.client12 import Client12
from scanner.wire.tls.client13 import Client13
from scanner.wire.tls.protect12 import can_protect
from scanner.wire.tls.shares import CannotCompute, KeyShare, key_share

SLOW_TO_GREET = frozenset({"smtp", "submission", "lmtp"})
"""Servers that let strangers wait before they greet, or between two lines of the greeting, to tell robots from mail servers."""
GREETING = 8.0
GREETING_WHOLE = 20.0
INTERNAL_ERROR = 80
NO_RENEGOTIATION = 100
WARNING = 1
CLOSE_NOTIFY = b"\x01\x00"


@dataclass(frozen=True, slots=True)
class Unsure:
    """The server closed without a word, or spoke of an error of its own: a refusal only if another hello still works afterwards."""

    words: str
    alert: int | None = None


Raw = Chosen | Refused | Failed | Unsure


class NoTls(Exception):
    """The server does not change to TLS."""

    def __init__(self, upgrade: Upgrade, words: str) -> None:
        super().__init__(words)
        self.upgrade = upgrade
        self.words = words


class Line:
    """An open connection on which TLS may be spoken. ``early`` came in clear behind the go-ahead of a protocol that changes to TLS."""

    def __init__(self, stream: Stream, frames: TdsFrames | None = None) -> None:
        self.stream = stream
        self._frames = frames
        self.early = b""
        self.words = ""

    async def send(self, data: bytes) -> None:
        """Send octets of TLS."""
        await self.stream.send(data if self._frames is None else self._frames.put(data))

    async def receive(self) -> bytes:
        """Give octets of TLS; ``b""`` at the end. Raises ``CannotObserve``."""
        while True:
            data = await self.stream.receive()
            if self._frames is None or not data:
                return data
            try:
                inner = self._frames.take(data)
            except NotTheProtocol as error:
                raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"{self.stream.where}: {error}") from error
            if inner:
                return inner


@dataclass(slots=True)
class Talker:
    """Talks with one address of a service. ``seconds`` is the patience with one conversation; ``longest`` the time the slowest one took."""

    net: Net
    name: str
    address: str
    port: int
    protocol: str
    purpose: Purpose = Purpose.TEST
    test: str = ""
    seconds: float = 5.0
    opened: int = 0
    longest: float = 0.0
    upgrade: Upgrade | None = None
    early: bytes = b""
    words: str = ""
    _shares: dict[int, KeyShare] | None = None
    _entropy: bytes = b""
    _written: tuple[ClientHello, HelloTemplate] | None = None

    @property
    def peer(self) -> str:
        """The address and port, for people."""
        return peer(self.address, self.port)

    @property
    def sni(self) -> str | None:
        """The name for hellos; ``None`` where only an address is known (RFC 6066 section 3)."""
        return self.name if self.name and not is_address(self.name) else None

    @asynccontextmanager
    async def line(self, seconds: float = 0.0) -> AsyncIterator[Line]:
        """Open a connection up to the point where TLS may begin. Raises ``CannotObserve`` and ``NoTls``."""
        first = seconds or self.seconds
        whole = first
        if self.protocol in SLOW_TO_GREET:
            first, whole = max(first, GREETING), max(whole, GREETING_WHOLE)
        self.opened += 1
        async with self.net.connect(
            self.name, self.address, self.port, purpose=self.purpose, test=self.test, seconds=first, whole=whole
        ) as stream:
            loop = asyncio.get_running_loop()
            start = loop.time()
            try:
                if self.protocol in STARTTLS:
                    yield await self._changed(stream)
                else:
                    self.upgrade = Upgrade.IMPLICIT
                    yield Line(stream)
            finally:
                self.longest = max(self.longest, loop.time() - start)

    async def _changed(self, stream: Stream) -> Line:
        local = stream.local
        called = self.net.called or (f"[IPv6:{local}]" if ":" in local else f"[{local}]")
        talk = dialogue(self.protocol, name=self.name or self.address, called=called)
        try:
            saying = talk.begin()
            while True:
                if saying:
                    await stream.send(saying)
                if talk.ended is not None:
                    break
                data = await stream.receive()
                if not data:
                    raise CannotObserve(Reason.RESET, f"{stream.where} closed the connection before it changed to TLS")
                saying = talk.take(data)
        except NotTheProtocol as error:
            raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"{stream.where} does not speak {self.protocol}: {error}") from error
        except TurnedAway as error:
            raise CannotObserve(Reason.REFUSED, f"{stream.where} turned us away: {error}") from error
        if talk.ended.upgrade is not Upgrade.OFFERED:
            self.upgrade, self.words = talk.ended.upgrade, talk.ended.words
            raise NoTls(talk.ended.upgrade, talk.ended.words)
        self.upgrade, self.words = Upgrade.OFFERED, talk.ended.words
        self.early = self.early or talk.ended.early
        line = Line(stream, TdsFrames() if self.protocol == "mssql" else None)
        line.early, line.words = talk.ended.early, talk.ended.words
        return line

    def share(self, group: int) -> KeyShare:
        """Our half for a group, made once. Raises ``CannotCompute``."""
        if self._shares is None:
            self._shares, self._entropy = {}, self.net.rng.randbytes(32)
        if group not in self._shares:
            self._shares[group] = key_share(group, self._entropy)
        return self._shares[group]

    async def say(self, offer: Offer | Ssl2Offer, seconds: float = 0.0) -> Raw:
        """Say one hello on a connection of its own and tell what became of it. Raises nothing but for defects of ours."""
        try:
            async with self.line(seconds) as line:
                if isinstance(offer, Ssl2Offer):
                    return await self._ssl2(line)
                return await self._hello(line, offer)
        except NoTls as no:
            return Failed(Unobserved(Reason.REFUSED, f"{self.peer}: {no.upgrade}: {no.words}"))
        except CannotObserve as why:
            return Failed(Unobserved(why.reason, why.detail))

    async def _ssl2(self, line: Line) -> Raw:
        reader = HandshakeReader()
        await line.send(ssl2_client_hello(tuple(SSL2_SUITES), self.net.rng.randbytes(16)))
        hearing = Hearing(self.peer)
        while True:
            message = await next_message(line, reader, hearing)
            match message:
                case Ssl2ServerHello():
                    if message.version != SSL2:
                        return Failed(
                            Unobserved(Reason.PROTOCOL_VIOLATION, f"{self.peer} answered SSL 2.0 with {version_name(message.version)}")
                        )
                    return Chosen(SSL2, 0, suites=message.kinds, certificates=(message.certificate,) if message.certificate else ())
                case Ssl2Error():
                    return Refused(f"error {message.name}")
                case Alert() | Unsure() | Failed() | Refused():
                    ended = hearing.alert(message) if isinstance(message, Alert) else message
                    if ended is not None:
                        return ended
                case _:
                    return Failed(Unobserved(Reason.PROTOCOL_VIOLATION, f"{self.peer} answered SSL 2.0 with {type(message).__name__}"))

    async def _hello(self, line: Line, offer: Offer) -> Raw:
        random = self.net.rng.randbytes(32)
        reader: Reads
        if offer.wants in {Wants.KEYS, Wants.TICKET}:
            client = Client13(replace(offer.hello, random=random), [self.share(group) for group in offer.shares])
            await line.send(client.start())
            raw = await self.hear(line, client, Wants.KEYS)
            if offer.wants is Wants.KEYS or not isinstance(raw, Chosen) or raw.version < TLS13 or raw.cut is not None:
                return raw
            return await self._ticket(line, client, raw)
        if offer.wants is Wants.SESSION:
            return await self._session(line, Client12(replace(offer.hello, random=random), self.net.rng.randbytes(64)))
        if self._written is None or self._written[0] is not offer.hello:
            self._written = offer.hello, HelloTemplate(offer.hello)
        await line.send(self._written[1].write(random=random))
        reader = HandshakeReader()
        return await self.hear(line, reader, offer.wants)

    async def _ticket(self, line: Line, client: Client13, answer: Chosen) -> Chosen:
        """Complete a handshake of TLS 1.3 and wait for a ticket."""
        hearing = Hearing(self.peer)
        try:
            # Our good-bye makes the server end the connection, so that its silence about tickets can be told from slowness.
            await line.send(client.finish() + client.send(CLOSE_NOTIFY, RecordType.ALERT))
            seen = await until(line, client, hearing, lambda m: isinstance(m, NewSessionTicket))
            if isinstance(seen, NewSessionTicket):
                return replace(answer, ticket=True, early_data=seen.early_data or 0)
            if not isinstance(seen, Unsure):
                unless(seen, "completing a handshake", hearing)
        except CannotObserve as why:
            return replace(answer, ticket=Unobserved(why.reason, why.detail))
        except NotTls as error:
            return replace(answer, ticket=Unobserved(Reason.PROTOCOL_VIOLATION, f"{self.peer}: {error}"))
        except CannotCompute as error:
            return replace(answer, ticket=Unobserved(Reason.UNSUPPORTED, f"{self.peer}: {error}"))
        return replace(answer, ticket=False)

    async def _session(self, line: Line, client: Client12) -> Raw:
        """Say hello, read the answer and, where that can be done, complete the handshake of TLS 1.2 and end it in order."""
        await line.send(client.start())
        answer = await self.hear(line, client, Wants.FLIGHT)
        if not isinstance(answer, Chosen) or answer.cut is not None or answer.stopped or not completable(answer.suite):
            return answer
        try:
            await completed(line, client, Hearing(self.peer), greeted=True)
            # In order: a server may forget a session whose connection was cut off (RFC 2246 section 7.2.1).
            await line.send(client.send(CLOSE_NOTIFY, RecordType.ALERT))
            await until(line, client, Hearing(self.peer), lambda m: False)
        except (CannotObserve, NotTls, CannotCompute):
            return answer  # what it was asked for is there
        return replace(answer, session=client.session)

    async def hear(self, line: Line, reader: Reads, wants: Wants) -> Raw:
        """Read the answer to a hello as far as it is wanted."""
        hearing = Hearing(self.peer)
        while True:
            message = await next_message(line, reader, hearing)
            match message:
                case Unsure() | Failed() | Refused():
                    return hearing.ended(message)
                case Alert():
                    if (ended := hearing.alert(message)) is not None:
                        return hearing.ended(ended)
                case HelloRetryRequest():
                    if not isinstance(reader, Client13) or message.group is None:
                        return Chosen(message.version, message.suite, message.group, retry=True)
                    try:
                        await line.send(reader.retry(self.share(message.group)))
                    except CannotCompute as error:
                        return Failed(Unobserved(Reason.UNSUPPORTED, f"{self.peer}: {error}"))
                    except CannotObserve as why:
                        return Failed(Unobserved(why.reason, why.detail))
                case _:
                    if (answer := hearing.take(message, wants)) is not None:
                        return answer


class Reads(Protocol):
    """A reader of messages: with keys or without."""

    def feed(self, data: bytes) -> None:
        """Take octets."""
        ...

    def next(self) -> Message | None:
        """Give a message."""
        ...


async def next_message(line: Line, reader: Reads, hearing: Hearing) -> Message | Unsure | Failed | Refused:
    """Give the next message, or how the connection ended before it."""
    try:
        while (message := reader.next()) is None:
            data = await line.receive()
            if not data:
                return hearing.closed("closed")
            reader.feed(data)
    except NotTls as error:
        return Failed(Unobserved(Reason.PROTOCOL_VIOLATION, f"{hearing.peer}: {error}"))
    except CannotObserve as why:
        if why.reason is Reason.RESET:
            return hearing.closed("reset")
        return Failed(Unobserved(why.reason, why.detail))
    return message


async def until(line: Line, reader: Reads, hearing: Hearing, wanted: Callable[[Message], bool]) -> Message | Refused | Unsure | Failed:
    """Read on up to a message that is wanted; give it, or how the connection ended before it."""
    while True:
        message = await next_message(line, reader, hearing)
        match message:
            case Refused() | Unsure() | Failed():
                return message
            case Alert():
                if (ended := hearing.alert(message)) is not None:
                    return ended
                if message.description == NO_RENEGOTIATION:
                    return Refused(f"alert {message.name}", message.description)
            case _ if wanted(message):
                return message
            case _:
                pass


def unless(seen: Message | Refused | Unsure | Failed, what: str, hearing: Hearing) -> Message:
    """Give the message. Raises ``CannotObserve`` where the connection ended before it."""
    match seen:
        case Failed():
            raise CannotObserve(seen.why.reason, seen.why.detail)
        case Refused() | Unsure():
            raise CannotObserve(Reason.REFUSED if isinstance(seen, Refused) else Reason.RESET, f"{hearing.peer}: {seen.words}, {what}")
        case _:
            return seen


def completable(code: int) -> bool:
    """Whether a handshake of TLS 1.2 or older with this suite can be completed here."""
    suite = SUITES.get(code)
    return suite is not None and can_protect(suite) and suite.auth in {"RSA", "ECDSA", "DSA"}


async def completed(line: Line, client: Client12, hearing: Hearing, *, greeted: bool = False) -> None:
    """Complete a handshake of TLS 1.2 or older; ``greeted``: the server has had its first turn.

    Raises ``CannotObserve``, ``NotTls``, ``CannotCompute``.
    """
    done = greeted
    if not greeted:
        await line.send(client.start())
        seen = unless(await until(line, client, hearing, lambda m: isinstance(m, ServerHelloDone | Finished)), "answering a hello", hearing)
        done = isinstance(seen, ServerHelloDone)
    await line.send(client.finish())
    if done:
        unless(await until(line, client, hearing, lambda m: isinstance(m, Finished)), "completing a handshake", hearing)


class Hearing:
    """What one answer has said so far."""

    def __init__(self, where: str) -> None:
        self.peer = where
        self._warning: Alert | None = None
        self._hello: ServerHello | None = None
        self._certificate: Certificate | None = None
        self._exchange: ServerKeyExchange | None = None
        self._scheme: int | None = None
        self._staple = b""
        self._alpn: str | None = None
        self._asked = False

    def closed(self, how: str) -> Unsure | Refused:
        """The connection has ended. Behind a warning that is a refusal in so many words."""
        if self._warning is not None and self._warning.description:
            return Refused(f"warning {self._warning.name}, then {how}", self._warning.description)
        return Unsure(how)

    def alert(self, alert: Alert) -> Refused | Unsure | None:
        """Take an alert; ``None`` where it leaves the conversation open."""
        if alert.level != WARNING:
            if alert.description == INTERNAL_ERROR or not alert.registered:
                return Unsure(f"alert {alert.name}", alert.description)
            return Refused(f"alert {alert.name}", alert.description)
        if alert.description == 0:
            return Unsure("closed by close_notify")
        self._warning = alert
        return None

    def ended(self, end: Refused | Unsure | Failed) -> Raw:
        """The answer where something has ended it: a choice that was made before stays one."""
        if self._hello is None:
            return end
        why = end.why if isinstance(end, Failed) else Unobserved(Reason.RESET, f"{self.peer}: {end.words} in the middle of the handshake")
        return self.answer(why, end.words if isinstance(end, Refused) else "")

    def answer(self, cut: Unobserved | None = None, stopped: str = "") -> Chosen:
        """The answer at its end."""
        hello, exchange, certificate = self._hello, self._exchange, self._certificate
        assert hello is not None
        share = hello.key_share if hello.version == TLS13 else None
        return Chosen(
            hello.version,
            hello.suite,
            group=share[0] if share else exchange.group if exchange else None,
            scheme=exchange.scheme if exchange else self._scheme,
            hello=hello,
            exchange=exchange,
            certificates=certificate.certificates if certificate else (),
            staple=(certificate.staple if certificate else None) or self._staple,
            scts=(certificate.scts if certificate else None) or hello.scts or b"",
            alpn=self._alpn or hello.alpn,
            wants_certificate=self._asked,
            cut=cut,
            stopped=stopped,
        )

    def take(self, message: Message, wants: Wants) -> Chosen | None:
        """Take a message; the answer at the end of what is wanted."""
        if isinstance(message, ServerHello):
            self._hello = message
            return self.answer() if wants is Wants.HELLO or (message.version >= TLS13 and wants is not Wants.KEYS) else None
        if self._hello is None:
            return None
        match message:
            case EncryptedExtensions():
                self._alpn = message.alpn
            case Certificate():
                self._certificate = message
            case CertificateStatus():
                self._staple = next((answer for answer in message.responses if answer), b"")
            case ServerKeyExchange():
                self._exchange = message
            case CertificateVerify():
                self._scheme = message.scheme
            case CertificateRequest():
                self._asked = True
            case ServerHelloDone() | Finished():
                return self.answer()
            case EncryptedRecord():
                return self.answer(Unobserved(Reason.UNSUPPORTED, f"{self.peer}: records that cannot be deciphered"))
            case _:
                pass
        return None


def told(raw: Raw) -> str:
    """What became of a hello, in one line of evidence."""
    match raw:
        case Chosen():
            if raw.version == SSL2:
                return " ".join(suite_name(kind, ssl2=True) for kind in raw.suites) or "no kind in common"
            words = [version_name(raw.version), suite_name(raw.suite)]
            words += [group_name(raw.group)] if raw.group is not None else []
            words += [scheme_name(raw.scheme)] if raw.scheme is not None else []
            words += [f"{raw.exchange.kind} {raw.exchange.bits} bits"] if raw.exchange and raw.exchange.bits else []
            words += [raw.alpn] if raw.alpn is not None else []
            words += ["asked for again"] if raw.retry else []
            words += [f"then {raw.stopped}"] if raw.stopped else []
            if raw.ticket is not None:
                words.append(f"ticket, early data of {raw.early_data} octets" if raw.ticket is True else "no ticket")
            words += ["completed"] if raw.session is not None else []
            return ", ".join([" ".join(words[:2]), *words[2:]])
        case Refused() | Unsure():
            return raw.words
        case Failed():
            return f"{raw.why.reason}: {raw.why.detail}"

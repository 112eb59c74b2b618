"""One conversation with a TLS server: connect, say one hello, read its answer, complete the handshake where that is wanted. No searching.

How a connection comes to TLS stands in ``tls_line``, what an answer says in ``tls_hearing``.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from scanner.facts.tls import Upgrade
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from scanner.model.target import STARTTLS
from scanner.net.net import Net
from scanner.net.scope import Purpose
from scanner.net.stream import Stream
from scanner.net.trouble import peer
from scanner.probes.dns_asking import is_address
from scanner.probes.tls_complete import CLOSE_NOTIFY, completable, completed, ended, renegotiated
from scanner.probes.tls_hearing import Hearing, Reads, next_message, unless, until
from scanner.probes.tls_line import Line, NoTls, changed
from scanner.probes.tls_values import Again, Chosen, Failed, Offer, Raw, Refused, Ssl2Offer, Unsure, Wants
from scanner.wire.tls.client12 import Client12
from scanner.wire.tls.client13 import Client13
from scanner.wire.tls.hello import ClientHello, HelloTemplate
from scanner.wire.tls.messages import Alert, HelloRetryRequest, NewSessionTicket
from scanner.wire.tls.names import SSL2, TLS13, NotTls, RecordType, version_name
from scanner.wire.tls.reader import HandshakeReader
from scanner.wire.tls.shares import CannotCompute, KeyShare, key_share
from scanner.wire.tls.ssl2 import Ssl2Error, Ssl2ServerHello, ssl2_client_hello
from scanner.wire.tls.suites import SSL2_SUITES

SLOW_TO_GREET = frozenset({"smtp", "submission", "lmtp"})
"""Servers that let strangers wait before they greet, or between two lines of the greeting, to tell robots from mail servers."""
GREETING = 8.0
GREETING_WHOLE = 20.0


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
                yield await self._begun(stream)
            finally:
                self.longest = max(self.longest, loop.time() - start)

    async def _begun(self, stream: Stream) -> Line:
        if self.protocol not in STARTTLS:
            self.upgrade = Upgrade.IMPLICIT
            return Line(stream)
        try:
            line = await changed(stream, self.protocol, name=self.name or self.address, called=self.net.called)
        except NoTls as no:
            self.upgrade, self.words = no.upgrade, no.words
            raise
        self.upgrade, self.words = Upgrade.OFFERED, line.words
        self.early = self.early or line.early
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
        if offer.wants in {Wants.SESSION, Wants.AGAIN}:
            client12 = Client12(replace(offer.hello, random=random), self.net.rng.randbytes(64), offer.session)
            return await self._whole(line, client12, again=offer.wants is Wants.AGAIN)
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

    async def _whole(self, line: Line, client: Client12, *, again: bool) -> Raw:
        """Say hello, read the answer and, where that can be done, complete the handshake of TLS 1.2 for its session, or once ``again``."""
        await line.send(client.start())
        try:
            answer = await self.hear(line, client, Wants.FLIGHT)
        except CannotCompute as error:  # of the session that it takes up
            return Failed(Unobserved(Reason.UNSUPPORTED, f"{self.peer}: {error}"))
        if not isinstance(answer, Chosen) or answer.cut is not None or answer.stopped or not completable(answer.suite):
            return answer
        hearing = Hearing(self.peer)
        try:
            await completed(line, client, hearing, greeted=True)
            if again:
                return replace(answer, again=Again(client.resumed, await renegotiated(line, client, hearing, self.net.rng.randbytes)))
            await ended(line, client, hearing)
        except CannotObserve as error:
            why = Unobserved(error.reason, error.detail)
        except NotTls as error:
            why = Unobserved(Reason.PROTOCOL_VIOLATION, f"{self.peer}: {error}")
        except CannotCompute as error:
            why = Unobserved(Reason.UNSUPPORTED, f"{self.peer}: {error}")
        else:
            return replace(answer, session=client.session)
        return replace(answer, again=Again(why, why)) if again else replace(answer, session=why)

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
                    hearing.again = message
                    if not isinstance(reader, Client13) or message.group is None:
                        return hearing.answer()
                    try:
                        await line.send(reader.retry(self.share(message.group)))
                    except CannotCompute as error:
                        return hearing.answer(Unobserved(Reason.UNSUPPORTED, f"{self.peer}: {error}"))
                    except CannotObserve as why:
                        return hearing.answer(Unobserved(why.reason, why.detail))
                case _:
                    if (answer := hearing.take(message, wants)) is not None:
                        return answer

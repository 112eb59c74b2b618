"""An SMTP session as the probes lead it: greeting, EHLO, STARTTLS, commands, and a polite end. Never a message, never a credential.

``Session.command`` refuses the verbs that could transmit either; the one exception is the consented delivery, which asks for it by name.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from ipaddress import ip_address

from scanner.facts.smtp import Offer, ReplySeen
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from scanner.model.target import IMPLICIT_TLS, Service
from scanner.net.net import Net
from scanner.net.scope import Purpose
from scanner.probes.mail_channel import ANSWER_SECONDS, GREETING_SECONDS, SESSION_SECONDS, Channel, channel
from scanner.wire import smtp
from scanner.wire.smtp import Reply, read_reply

FORBIDDEN = frozenset({"DATA", "BDAT", "AUTH", "BURL", "TURN", "ATRN", "ETRN", "SEND", "SOML", "SAML"})
"""What no probe sends: messages, credentials, and commands that set a queue going."""
MOST_ADDRESSES = 8
_DATE = re.compile(
    r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? )?\d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d(?: [+-]\d{4}| [A-Z]{3,4})?(?: \([A-Z]+\))?"
)
"""The time in a greeting, left out of facts: the same server shall give the same fact."""
QUIT_SECONDS = 3.0
NOTHING = Offer("", ())


class Session:
    """One SMTP session. ``offer`` is the last answer to EHLO, ``NOTHING`` before it and after plain HELO."""

    def __init__(self, talk: Channel, called: str, sending: bool) -> None:
        self.talk = talk
        self.called = called
        self.greeting: Reply | None = None
        self.offer = NOTHING
        self.flaws: dict[str, None] = {}
        self.in_mail = False
        self._sending = sending

    async def reply(self, seconds: float = ANSWER_SECONDS) -> Reply:
        """Read one reply. Raises ``CannotObserve``."""
        reply = await self.talk.take(read_reply, seconds)
        self.talk.note("S", f"{reply.code} {reply.text}")
        self.flaws.update(dict.fromkeys(str(flaw) for flaw in reply.flaws))
        if reply.code == 421:  # RFC 5321 section 3.8: the server closes the session
            self.talk.ended = True
        return reply

    async def command(self, line: str, seconds: float = ANSWER_SECONDS) -> Reply:
        """Send one command and read its reply. Raises ``CannotObserve``, and ``ValueError`` for what must not be sent."""
        await self.raw(line.encode("ascii") + b"\r\n")
        reply = await self.reply(seconds)
        match line[:4].upper():
            case "MAIL":
                self.in_mail = self.in_mail or reply.positive
            case "RSET" | "EHLO" | "HELO":
                self.in_mail = self.in_mail and not reply.positive
            case _:
                pass
        return reply

    async def raw(self, data: bytes) -> None:
        """Send octets as they are. Raises ``ValueError`` where a line of them begins with a verb that must not be sent."""
        for part in data.replace(b"\r", b"\n").split(b"\n"):
            verb = part.strip().partition(b" ")[0].decode("latin-1").upper()
            if verb in FORBIDDEN and not (self._sending and verb == "DATA"):
                raise ValueError(f"{verb} is never sent")
        await self.talk.send(data)

    async def content(self, data: bytes) -> None:
        """Send the content of a message, after DATA was permitted. For the consented delivery alone."""
        if not self._sending:
            raise ValueError("no message is sent")
        await self.talk.send(data)

    async def hello(self, *, extended: bool = True) -> Reply:
        """Say EHLO, or HELO; falls back to HELO where EHLO is not known (RFC 5321 section 3.2)."""
        reply = await self.command(f"{'EHLO' if extended else 'HELO'} {self.called}")
        self.offer = smtp.offer(reply) if extended and reply.positive else NOTHING
        if extended and reply.code in {500, 502, 504, 550} and not self.talk.ended:
            return await self.hello(extended=False)
        return reply

    async def upgrade(self) -> Reply:
        """Ask for STARTTLS and, where that is granted, change to TLS. Raises ``TlsFailed``, ``CannotObserve``."""
        reply = await self.command("STARTTLS")
        if reply.code == 220:
            await self.talk.begin_tls()
            self.offer = NOTHING
        return reply


def refused(reply: Reply, where: str, what: str) -> CannotObserve:
    """Say that the server wants nothing to do with us."""
    reason = Reason.REFUSED if reply.code in {421, 521, 554} or not reply.temporary else Reason.SERVER_FAILURE
    return CannotObserve(reason, f"{where} answered {what} with {reply.code} {reply.text}")


@asynccontextmanager
async def session(
    net: Net,
    service: Service,
    address: str,
    *,
    purpose: Purpose = Purpose.TEST,
    test: str = "",
    whole: float = SESSION_SECONDS,
    sending: bool = False,
) -> AsyncIterator[Session]:
    """Open a session up to the greeting; it ends with QUIT. Raises ``CannotObserve``, REFUSED for a greeting other than 220."""
    async with channel(net, service, address, purpose=purpose, test=test, whole=whole) as talk:
        local = talk.stream.local
        literal = f"[IPv6:{local}]" if ip_address(local).version == 6 else f"[{local}]"  # RFC 5321 section 4.1.4
        one = Session(talk, net.called or literal, sending)
        one.greeting = await one.reply(GREETING_SECONDS)
        if one.greeting.code != 220:
            raise refused(one.greeting, talk.where, "the connection")
        try:
            yield one
        except asyncio.CancelledError:
            talk.ended = True
            raise
        finally:
            if not talk.ended:
                await _quit(one)


async def _quit(one: Session) -> None:
    """Take leave; how that is answered matters to nobody."""
    one.talk.ended = True
    with suppress(CannotObserve):
        if one.in_mail:
            await one.command("RSET", QUIT_SECONDS)
        await one.command("QUIT", QUIT_SECONDS)


def seen(reply: Reply) -> ReplySeen:
    """Write a reply down for a fact."""
    return ReplySeen(reply.code, reply.enhanced, _DATE.sub("(date)", reply.text))


def nobody(service: Service) -> str:
    """Give a local part and label that exist nowhere, the same in every run: the same facts shall give the same bytes."""
    return "tenken-" + hashlib.sha256(service.key.encode()).hexdigest()[:12]


def implicit(service: Service) -> bool:
    """Tell whether the protocol begins within TLS."""
    return service.protocol in IMPLICIT_TLS


def all_missing(parts: Sequence[object]) -> None:
    """Raise ``CannotObserve`` for the first part where no part at all was seen."""
    if parts and all(isinstance(part, Unobserved) for part in parts):
        first = parts[0]
        assert isinstance(first, Unobserved)
        raise first.error()

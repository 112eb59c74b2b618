"""What IMAP, POP3 and ManageSieve services say before a login: greeting, capabilities, the change to TLS and what slips in before it.

No credential is sent, nor a user's name. Connections end with LOGOUT or QUIT.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Protocol

from scanner.facts.mail_access import AccessAt, AccessSeen, LoginOffer, MailAccess
from scanner.facts.smtp import Injected, Upgrade
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from scanner.model.target import Service
from scanner.net.net import Net
from scanner.probes.base import probe
from scanner.probes.dns_asking import part, service_addresses, together
from scanner.probes.mail_channel import GREETING_SECONDS, Channel, TlsFailed, channel
from scanner.probes.smtp_session import MOST_ADDRESSES, all_missing, implicit
from scanner.wire.mail_access import (
    MOST_LINES,
    Login,
    NotMailAccess,
    SieveLine,
    Status,
    imap_capabilities,
    imap_login,
    imap_status,
    pop3_login,
    pop3_status,
    read_line,
    read_sieve,
    sieve_login,
)

MOST_KEPT = 64
LONGEST_KEPT = 120
SHORT_SECONDS = 3.0


class Dialect(Protocol):
    """How one of the three protocols is spoken over a channel."""

    async def greet(self) -> tuple[str, bool]:
        """Read the greeting; gives its text, and whether one is logged in already."""
        ...

    async def capabilities(self) -> LoginOffer:
        """Ask how one may log in."""
        ...

    async def start_tls(self, injected: bytes = b"") -> bool:
        """Ask for the change to TLS, with octets behind it in the same packet; tells whether it was granted."""
        ...

    async def was_injected(self) -> bool:
        """Tell, within TLS, whether the injected command is answered there."""
        ...

    async def leave(self) -> None:
        """End the connection politely."""
        ...


def _kept(login: Login, lines: tuple[str, ...]) -> LoginOffer:
    return LoginOffer(login.mechanisms, bool(login.command), login.upgrade, tuple(line[:LONGEST_KEPT] for line in lines[:MOST_KEPT]))


class _Imap:
    """RFC 9051."""

    injectable = b"T9 NOOP\r\n"

    def __init__(self, talk: Channel) -> None:
        self.talk = talk
        self.known: tuple[str, ...] | None = None
        self.number = 0

    async def _line(self, seconds: float = 12.0) -> bytes:
        line = await self.talk.take(read_line, seconds)
        self.talk.note("S", line)
        return line

    async def greet(self) -> tuple[str, bool]:
        line = await self._line(GREETING_SECONDS)
        status = imap_status(line)
        if status is None or not status.good:
            self.talk.ended = True
            raise CannotObserve(Reason.REFUSED, f"{self.talk.where} greeted with {line[:80]!r}")
        self.known = imap_capabilities(line)
        return status.text, status.word == "PREAUTH"

    async def _command(self, line: str, each: Callable[[bytes], None]) -> Status:
        self.number += 1
        tag = f"T{self.number}"
        await self.talk.send(f"{tag} {line}\r\n".encode("ascii"))
        for _ in range(MOST_LINES):
            got = await self._line()
            status = imap_status(got)
            if status is not None and status.tag == tag:
                each(got)
                return status
            each(got)
        raise NotMailAccess(f"more than {MOST_LINES} lines in answer to {line}")

    async def capabilities(self) -> LoginOffer:
        found: list[tuple[str, ...]] = []

        def look(line: bytes) -> None:
            words = imap_capabilities(line)
            if words is not None:
                found.append(words)

        status = await self._command("CAPABILITY", look)
        if not status.good or not found:
            raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"{self.talk.where} answered CAPABILITY with {status.word} {status.text}")
        return _kept(imap_login(found[0]), found[0])

    async def start_tls(self, injected: bytes = b"") -> bool:
        self.number += 1
        tag = f"T{self.number}"
        await self.talk.send(f"{tag} STARTTLS\r\n".encode("ascii") + injected)
        for _ in range(MOST_LINES):
            status = imap_status(await self._line())
            if status is not None and status.tag == tag:
                if status.good:
                    await self.talk.begin_tls()
                return status.good
        raise NotMailAccess("no answer to STARTTLS")

    async def was_injected(self) -> bool:
        tags: list[bytes] = []
        await self._command("NOOP", lambda line: tags.append(line.split(b" ", 1)[0]))
        return b"T9" in tags

    async def leave(self) -> None:
        await self.talk.send(b"T8 LOGOUT\r\n")
        await self._line(SHORT_SECONDS)


class _Pop3:
    """RFC 1939, CAPA of RFC 2449, STLS of RFC 2595."""

    injectable = b"NOOP\r\n"

    def __init__(self, talk: Channel) -> None:
        self.talk = talk

    async def _line(self, seconds: float = 12.0) -> bytes:
        line = await self.talk.take(read_line, seconds)
        self.talk.note("S", line)
        return line

    async def greet(self) -> tuple[str, bool]:
        status = pop3_status(await self._line(GREETING_SECONDS))
        if not status.good:
            self.talk.ended = True
            raise CannotObserve(Reason.REFUSED, f"{self.talk.where} greeted with {status.word} {status.text}")
        return status.text, False

    async def capabilities(self) -> LoginOffer:
        await self.talk.send(b"CAPA\r\n")
        status = pop3_status(await self._line())
        if not status.good:  # from before RFC 2449: USER and PASS are all there is, and neither can be refused in advance
            return LoginOffer((), True, False)
        lines: list[str] = []
        while (line := await self._line()) != b".":
            if len(lines) >= MOST_LINES:
                raise NotMailAccess(f"more than {MOST_LINES} capabilities")
            lines.append(line.decode("latin-1").encode("ascii", "backslashreplace").decode("ascii").upper().strip())
        return _kept(pop3_login(tuple(lines)), tuple(lines))

    async def start_tls(self, injected: bytes = b"") -> bool:
        await self.talk.send(b"STLS\r\n" + injected)
        status = pop3_status(await self._line())
        if status.good:
            await self.talk.begin_tls()
        return status.good

    async def was_injected(self) -> bool:
        """Ask for CAPA, which is answered in several lines: anything before them was meant for the injected command."""
        await self.talk.send(b"CAPA\r\n")
        if not pop3_status(await self._line()).good:
            return True
        line = await self._line()
        if line.upper().startswith((b"+OK", b"-ERR")):
            return True
        while line != b".":
            line = await self._line()
        return False

    async def leave(self) -> None:
        await self.talk.send(b"QUIT\r\n")
        await self._line(SHORT_SECONDS)


class _Sieve:
    """RFC 5804."""

    injectable = b'NOOP "tenken"\r\n'

    def __init__(self, talk: Channel) -> None:
        self.talk = talk

    async def _until_end(self, seconds: float = 12.0) -> tuple[list[tuple[str, ...]], Status]:
        lines: list[tuple[str, ...]] = []
        while len(lines) < MOST_LINES:
            line: SieveLine = await self.talk.take(read_sieve, seconds)
            if line.status is not None:
                self.talk.note("S", f"{line.status.word} {line.status.code} {line.status.text}")
                return lines, line.status
            self.talk.note("S", " ".join(line.strings))
            lines.append(line.strings)
        raise NotMailAccess(f"more than {MOST_LINES} lines")

    async def greet(self) -> tuple[str, bool]:
        lines, status = await self._until_end(GREETING_SECONDS)
        if not status.good:
            self.talk.ended = True
            raise CannotObserve(Reason.REFUSED, f"{self.talk.where} greeted with {status.word} {status.text}")
        named = next((line[1] for line in lines if len(line) > 1 and line[0].upper() == "IMPLEMENTATION"), "")
        return f"{named} {status.text}".strip(), False

    async def capabilities(self) -> LoginOffer:
        await self.talk.send(b"CAPABILITY\r\n")
        lines, status = await self._until_end()
        if not status.good:
            raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"{self.talk.where} answered CAPABILITY with {status.word} {status.text}")
        return _kept(sieve_login(tuple(lines)), tuple(" ".join(line) for line in lines))

    async def start_tls(self, injected: bytes = b"") -> bool:
        await self.talk.send(b"STARTTLS\r\n" + injected)
        _, status = await self._until_end()
        if status.good:
            await self.talk.begin_tls()
            # Section 2.2: the server sends its capabilities anew.
            await self._until_end()
        return status.good

    async def was_injected(self) -> bool:
        await self.talk.send(b'NOOP "ours"\r\n')
        _, status = await self._until_end()
        return "tenken" in status.code or "tenken" in status.text

    async def leave(self) -> None:
        await self.talk.send(b"LOGOUT\r\n")
        await self._until_end(SHORT_SECONDS)


def _dialect(service: Service, talk: Channel) -> _Imap | _Pop3 | _Sieve:
    match service.protocol:
        case "imap" | "imaps":
            return _Imap(talk)
        case "pop3" | "pop3s":
            return _Pop3(talk)
        case _:
            return _Sieve(talk)


@asynccontextmanager
async def _session(net: Net, service: Service, address: str) -> AsyncIterator[_Imap | _Pop3 | _Sieve]:
    async with channel(net, service, address) as talk:
        speaks = _dialect(service, talk)
        try:
            yield speaks
            if not talk.ended:
                with suppress(CannotObserve):
                    await speaks.leave()
        except NotMailAccess as error:
            raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"{talk.where} sent {error}") from error


@probe(limit=120.0)
async def mail_access(service: Service, net: Net) -> MailAccess:
    """Greet every address and ask how one may log in, before and after the change to TLS."""
    found = await service_addresses(service, net)
    looked = found[:MOST_ADDRESSES]
    parts = await together(part(_look(net, service, address)) for address in looked)
    all_missing(parts)
    seen = tuple(AccessAt(address, one) for address, one in zip(looked, parts, strict=True))
    return MailAccess(service.host, service.port, service.protocol, seen, len(found) - len(looked))


async def _look(net: Net, service: Service, address: str) -> AccessSeen:
    async with _session(net, service, address) as speaks:
        banner, logged_in = await speaks.greet()
        offer = await speaks.capabilities()
        upgrade, after, problem = Upgrade.IMPLICIT, None, ""
        if not implicit(service):
            upgrade, after, problem = await _upgraded(speaks, offer)
    injected: Injected | Unobserved | None = None
    if upgrade is Upgrade.DONE:
        injected = await part(_injected(net, service, address))
    implementation = next((c for c in offer.capabilities if c.upper().startswith("IMPLEMENTATION")), "")
    return AccessSeen(banner, upgrade, offer, after, logged_in, injected, implementation, problem)


async def _upgraded(speaks: Dialect, offer: LoginOffer) -> tuple[Upgrade, LoginOffer | Unobserved | None, str]:
    if not offer.upgrade:
        return Upgrade.NOT_OFFERED, None, ""
    try:
        granted = await speaks.start_tls()
    except TlsFailed as why:
        return Upgrade.FAILED, None, str(why)
    except CannotObserve as why:
        return Upgrade.UNKNOWN, Unobserved.from_error(why), why.detail
    if not granted:
        return Upgrade.REFUSED, None, ""
    return Upgrade.DONE, await part(speaks.capabilities()), ""


async def _injected(net: Net, service: Service, address: str) -> Injected:
    async with _session(net, service, address) as speaks:
        await speaks.greet()
        try:
            if not await speaks.start_tls(speaks.injectable):
                raise CannotObserve(Reason.REFUSED, f"{address} port {service.port} refused the change to TLS")
        except TlsFailed:
            return Injected.CLOSED
        try:
            return Injected.EXECUTED if await speaks.was_injected() else Injected.DISCARDED
        except CannotObserve as why:
            if why.reason is not Reason.RESET:
                raise
            return Injected.CLOSED

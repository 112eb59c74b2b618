"""What a server says on one connection: messages one after the other, how the conversation ended, and both put together as an answer.

Nothing is said here, and nothing judged: ``tls_server`` decides what a close means beside other conversations.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from scanner.probes.tls_line import Line
from scanner.probes.tls_values import Again, Chosen, Failed, Raw, Refused, Unsure, Wants
from scanner.wire.tls.client12 import Session
from scanner.wire.tls.groups import group_name
from scanner.wire.tls.messages import (
    Alert,
    Certificate,
    CertificateStatus,
    CertificateVerify,
    EncryptedExtensions,
    EncryptedRecord,
    Finished,
    HelloRetryRequest,
    Message,
    ServerHello,
    ServerHelloDone,
    ServerKeyExchange,
)
from scanner.wire.tls.names import SSL2, TLS13, NotTls, version_name
from scanner.wire.tls.schemes import scheme_name
from scanner.wire.tls.suites import suite_name

INTERNAL_ERROR = 80
NO_RENEGOTIATION = 100
WARNING = 1


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
            raise seen.why.error()
        case Refused() | Unsure():
            raise CannotObserve(Reason.REFUSED if isinstance(seen, Refused) else Reason.RESET, f"{hearing.peer}: {seen.words}, {what}")
        case _:
            return seen


class Hearing:
    """What one answer has said so far."""

    def __init__(self, where: str) -> None:
        self.peer = where
        self.again: HelloRetryRequest | None = None
        self._warning: Alert | None = None
        self._hello: ServerHello | None = None
        self._certificate: Certificate | None = None
        self._exchange: ServerKeyExchange | None = None
        self._scheme: int | None = None
        self._staple = b""
        self._alpn: str | None = None

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
        if self._hello is None and self.again is None:
            return end
        why = end.why if isinstance(end, Failed) else Unobserved(Reason.RESET, f"{self.peer}: {end.words} in the middle of the handshake")
        return self.answer(why, end.words if isinstance(end, Refused) else "")

    def answer(self, cut: Unobserved | None = None, stopped: str = "") -> Chosen:
        """The answer at its end."""
        hello, exchange, certificate = self._hello, self._exchange, self._certificate
        if hello is None:
            assert self.again is not None
            return Chosen(self.again.version, self.again.suite, self.again.group, retry=True, cut=cut, stopped=stopped)
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
            words += ["completed"] if isinstance(raw.session, Session) else []
            words += _again(raw.again) if raw.again is not None else []
            return ", ".join([" ".join(words[:2]), *words[2:]])
        case Refused() | Unsure():
            return raw.words
        case Failed():
            return f"{raw.why.reason}: {raw.why.detail}"


def _again(again: Again) -> list[str]:
    taken_up, renegotiations = again.taken_up, again.renegotiations
    if isinstance(taken_up, Unobserved):
        return [f"{taken_up.reason}: {taken_up.detail}"]
    match renegotiations:
        case int():
            words = f"{renegotiations} renegotiations"
        case Unsure():
            words = f"{renegotiations.words} at a renegotiation"
        case Unobserved():
            words = f"{renegotiations.reason}: {renegotiations.detail}"
    return ["taken up" if taken_up else "begun anew", words]

"""A connection on which TLS may be spoken: at once, or behind the change that a protocol like SMTP asks for first. No hello here."""

from __future__ import annotations

from scanner.facts.tls import Upgrade
from scanner.model.reason import CannotObserve, Reason
from scanner.net.stream import Stream
from scanner.wire.starttls import NotTheProtocol, TurnedAway
from scanner.wire.starttls_binary import TdsFrames, dialogue


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


async def changed(stream: Stream, protocol: str, *, name: str, called: str) -> Line:
    """Change to TLS as ``protocol`` has it, with the host by its ``name``, ourselves as ``called``, or as our own address.

    Raises ``NoTls`` where the server does not, ``CannotObserve`` where that could not be seen.
    """
    local = stream.local
    talk = dialogue(protocol, name=name, called=called or (f"[IPv6:{local}]" if ":" in local else f"[{local}]"))
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
        raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"{stream.where} does not speak {protocol}: {error}") from error
    except TurnedAway as error:
        raise CannotObserve(Reason.REFUSED, f"{stream.where} turned us away: {error}") from error
    if talk.ended.upgrade is not Upgrade.OFFERED:
        raise NoTls(talk.ended.upgrade, talk.ended.words)
    line = Line(stream, TdsFrames() if protocol == "mssql" else None)
    line.early, line.words = talk.ended.early, talk.ended.words
    return line

"""DNS over TCP: one connection, framed messages, one deadline for everything. No parsing, no retries.

Plain sockets with the loop's ``sock_*`` calls: nothing is left to be closed later, whatever cancels the conversation.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from scanner.model.reason import CannotObserve, Reason
from scanner.net.matching import HEADER, answers, question_of
from scanner.net.trouble import cannot, peer
from scanner.net.udp import sockaddr

_CHUNK = 16384


class Conversation:
    """An open connection. ``received`` counts the octets of all messages read so far, lengths included."""

    def __init__(self, loop: asyncio.AbstractEventLoop, connection: socket.socket, where: str) -> None:
        self._loop = loop
        self._socket = connection
        self._where = where
        self._rest = b""
        self.received = 0

    async def send(self, wire: bytes) -> None:
        """Send one message."""
        await self._loop.sock_sendall(self._socket, len(wire).to_bytes(2, "big") + wire)

    async def receive(self) -> bytes:
        """Read one message. Raises ``CannotObserve(RESET)`` when the peer closes before its end, PROTOCOL_VIOLATION for a silly length."""
        length = int.from_bytes(await self._exactly(2), "big")
        if length < HEADER:
            raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"{self._where} promised a message of {length} octets; a header takes {HEADER}")
        return await self._exactly(length)

    async def _exactly(self, count: int) -> bytes:
        parts = [self._rest]
        have = len(self._rest)
        while have < count:
            part = await self._loop.sock_recv(self._socket, _CHUNK)
            if not part:
                so_far = f"after {self.received + have} octets" if self.received + have else "without an answer"
                raise CannotObserve(Reason.RESET, f"{self._where} closed the connection {so_far}")
            parts.append(part)
            have += len(part)
        octets = b"".join(parts)
        self._rest = octets[count:]
        self.received += count
        return octets[:count]


@asynccontextmanager
async def conversation(address: str, port: int, *, seconds: float) -> AsyncIterator[Conversation]:
    """Connect to a DNS server. ``seconds`` limits everything inside, however slowly the peer drips.

    Raises ``CannotObserve``: TIMEOUT, REFUSED, UNREACHABLE, RESET.
    """
    where = f"{peer(address, port)}/tcp"
    loop = asyncio.get_running_loop()
    step = "no connection to"
    try:
        async with asyncio.timeout(seconds):
            family, target = sockaddr(address, port)
            with socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK) as connection:
                await loop.sock_connect(connection, target)
                step = "no whole answer from"
                yield Conversation(loop, connection, where)
    except TimeoutError as error:
        if error.errno is not None:  # ETIMEDOUT of the system itself
            raise cannot(error, f"a conversation with {where}") from error
        raise CannotObserve(Reason.TIMEOUT, f"{step} {where} within {seconds:g} s") from error
    except OSError as error:
        raise cannot(error, f"a conversation with {where}") from error


async def exchange(address: str, port: int, wire: bytes, *, seconds: float) -> bytes:
    """Put one question and give the answer's octets.

    Raises like ``conversation``, and ``CannotObserve(PROTOCOL_VIOLATION)`` for an answer to something else.
    """
    async with conversation(address, port, seconds=seconds) as talk:
        await talk.send(wire)
        answer = await talk.receive()
    if answer[:2] != wire[:2] or not answers(answer, question_of(wire)):
        what = "id" if answer[:2] != wire[:2] else "question"
        raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"{peer(address, port)}/tcp answered with a wrong {what}")
    return answer

"""One connection to an SSH server: its opening, a key exchange begun or finished, and the question for the ways of authentication.

Which connections are made, and in which order, is for ``ssh`` to say.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from scanner.facts.ssh import SshHostKey, SshOffer
from scanner.model.reason import CannotObserve, Reason
from scanner.net.stream import Stream
from scanner.wire import ssh_login
from scanner.wire.ssh import IDENTIFICATION, KexInit, NotSsh, Opening
from scanner.wire.ssh_exchange import METHODS, Exchange, Spoken, mirrored, our_kexinit, packet
from scanner.wire.ssh_keys import read_key
from scanner.wire.ssh_packets import Protection, Receiver, Sender, chosen, named

USER = "tenken"
"""The name for which the ways of authentication are asked. It is nobody's, and shows in the server's log who asked."""

T = TypeVar("T")
R = TypeVar("R")


class Conversation:
    """A connection that is open. Every method raises ``CannotObserve``."""

    def __init__(self, stream: Stream, random: Callable[[int], bytes], where: str) -> None:
        self._stream = stream
        self._random = random
        self._opening = Opening()
        self._ours = b""
        self._sent = 0
        self._exchange: Exchange | None = None
        self._ways: tuple[Protection, Protection] | None = None
        self.where = where
        """The peer, for people."""

    async def open(self) -> None:
        """Read up to the KEXINIT."""
        await self._stream.send(IDENTIFICATION)
        while not self._read(self._opening.feed, await self._more()):
            pass

    def lists(self) -> KexInit:
        """Give the server's lists."""
        lists = self._opening.kexinit
        if lists is None:
            raise CannotObserve(Reason.REFUSED, f"{self.where}: {self._opening.goodbye or 'no KEXINIT this time'}")
        return lists

    def offer(self) -> SshOffer:
        """Give what the server has named; a server of the old protocol has no lists."""
        named, lists = self._opening.identification, self._opening.kexinit
        assert named is not None
        if lists is None:
            if self._opening.goodbye:
                raise CannotObserve(Reason.REFUSED, f"{self.where} disconnected: {self._opening.goodbye}")
            return SshOffer(named.protocol, named.software, named.comment)
        return SshOffer(
            protocol=named.protocol,
            software=named.software,
            comment=named.comment,
            kex=lists.kex,
            host_keys=lists.host_keys,
            ciphers_in=lists.ciphers_in,
            ciphers_out=lists.ciphers_out,
            macs_in=lists.macs_in,
            macs_out=lists.macs_out,
            compression_in=lists.compression_in,
            compression_out=lists.compression_out,
            strict=lists.strict,
        )

    async def host_key(self, algorithm: str, method: str = "") -> SshHostKey:
        """Have the host key for one algorithm shown, by the best method of key exchange or the one named. ``methods`` may follow."""
        lists = self.lists()
        method = method or next((m for m in METHODS if m in lists.kex), "")
        if not method:
            raise CannotObserve(Reason.UNSUPPORTED, f"none of the key exchange methods of {self.where} is known: {', '.join(lists.kex)}")
        self._ways = chosen(lists)
        self._exchange = exchange = Exchange(method, self._random)
        await self._begin(method, algorithm, named(*self._ways, lists) if self._ways else mirrored(lists), exchange.first)
        while message := self._read(exchange.reply, await self._answer()):
            await self._send(message)
        key = self._read(read_key, exchange.host_key)
        return SshHostKey(algorithm, key.type, key.bits, key.fingerprint)

    @property
    def group_bits(self) -> int | None:
        """The length of the prime that the server gave when asked for a short one; ``None``: not asked, or no answer yet."""
        return self._exchange.group_bits if self._exchange else None

    async def methods(self) -> tuple[str, ...]:
        """Finish the exchange of ``host_key``, ask to be let in without any authentication, and give the ways named instead.

        RFC 4252 section 5.2. The ways are sorted; there are none where the server let an unknown user in. No credential is sent.
        """
        if self._ways is None or self._exchange is None:
            lists = self.lists()
            known = f"{', '.join(lists.ciphers_out)}; {', '.join(lists.macs_out)}; {', '.join(lists.compression_out)}"
            raise CannotObserve(Reason.UNSUPPORTED, f"no cipher, MAC and compression of {self.where} is known: {known}")
        opening = self._opening
        spoken = Spoken(IDENTIFICATION.strip(), opening.line, self._ours, opening.payload)
        secret = self._read(self._exchange.secret, spoken)
        await self._send(ssh_login.NEWKEYS)
        if await self._answer() != ssh_login.NEWKEYS:
            raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"{self.where}: no NEWKEYS after the key exchange")
        there, back = self._ways
        sender = Sender(there, secret, self._sent)
        receiver = Receiver(back, secret, opening.packets)
        receiver.feed(opening.remainder())
        await self._stream.send(sender.packet(ssh_login.SERVICE_REQUEST))
        await self._until(receiver, ssh_login.accepted)
        await self._stream.send(sender.packet(ssh_login.none_request(USER)))
        return await self._until(receiver, ssh_login.methods_left)

    async def _until(self, receiver: Receiver, reader: Callable[[bytes], T | None]) -> T:
        """Read protected messages until one is the answer."""
        while True:
            try:
                payload = receiver.next()
                answer = reader(payload) if payload else None
            except ssh_login.SaidGoodbye as error:
                raise CannotObserve(Reason.REFUSED, f"{self.where}: {error}") from error
            except NotSsh as error:
                raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"{self.where}: {error}") from error
            if answer is not None:
                return answer
            if payload is None:
                receiver.feed(await self._more())

    async def _begin(self, method: str, host_key: str, rest: Sequence[Sequence[str]], message: bytes) -> None:
        self._ours = our_kexinit(method, host_key, rest, self._random(16))
        await self._send(self._ours, message)

    async def _send(self, *payloads: bytes) -> None:
        self._sent += len(payloads)
        await self._stream.send(b"".join(map(packet, payloads)))

    async def _answer(self) -> bytes:
        reply = self._read(self._opening.reply, b"")
        while reply is None:
            reply = self._read(self._opening.reply, await self._more())
        return reply

    async def _more(self) -> bytes:
        data = await self._stream.receive()
        if not data:
            raise CannotObserve(Reason.RESET, f"{self.where} closed the connection after {self._stream.received} octets")
        return data

    def _read(self, reader: Callable[[T], R], what: T) -> R:
        try:
            return reader(what)
        except NotSsh as error:
            raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"{self.where}: {error}") from error

"""Sees an SSH service as one who never logs in: its opening, its host keys, and the ways of authentication that it names.

Connections to one address follow each other: OpenSSH counts those that end without a login and shuts such clients out for a while.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import TypeVar

from scanner.facts.ssh import SshAddress, SshHostKey, SshOffer, SshSurvey
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from scanner.model.target import Service
from scanner.net.net import Net
from scanner.net.stream import Stream
from scanner.probes.base import probe
from scanner.probes.dns_asking import is_address, part, service_addresses, together
from scanner.wire import ssh_keys
from scanner.wire.ssh import IDENTIFICATION, NotSsh, Opening

MOST_ADDRESSES = 8
MOST_KEYS = 8
USER = "tenken"
"""The name for which the ways of authentication are asked. It is nobody's, and shows in the server's log who asked."""
SECONDS = 10.0

T = TypeVar("T")

_KEY_TYPES = {"rsa-sha2-256": "ssh-rsa", "rsa-sha2-512": "ssh-rsa"}


@probe(limit=90.0)
async def ssh_survey(service: Service, net: Net) -> SshSurvey:
    """See every address of the service, at most ``MOST_ADDRESSES`` of them."""
    addresses = await service_addresses(service, net)
    seen = await together(_address(service, address, net) for address in addresses[:MOST_ADDRESSES])
    return SshSurvey(tuple(seen), max(0, len(addresses) - MOST_ADDRESSES))


async def _address(service: Service, address: str, net: Net) -> SshAddress:
    talk = _Talk(service, address, net)
    offer = await part(talk.offer())
    if isinstance(offer, Unobserved) or not offer.kex:
        return SshAddress(address, offer, keys=offer if isinstance(offer, Unobserved) else ())
    keys = await part(talk.host_keys(offer))
    gex = await part(talk.group_exchange(offer))
    methods = await part(talk.methods())
    return SshAddress(address, offer, keys, gex, methods)


class _Talk:
    """Conversations with one address."""

    def __init__(self, service: Service, address: str, net: Net) -> None:
        self._host = "" if is_address(service.host) else service.host
        self._port = service.port
        self._address = address
        self._net = net

    async def offer(self) -> SshOffer:
        """Read what the server names."""
        async with self._opened() as (_, opening):
            named, lists = opening.identification, opening.kexinit
            assert named is not None
            self._net.keep(f"SSH {self._address} port {self._port}", f"SSH-{named.protocol}-{named.software} {named.comment}".rstrip())
            if lists is None:
                if opening.goodbye:
                    raise CannotObserve(Reason.REFUSED, f"{self._address} port {self._port} disconnected: {opening.goodbye}")
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

    async def host_keys(self, offer: SshOffer) -> tuple[SshHostKey, ...]:
        """Have every kind of host key shown once, in the server's order."""
        method = next((m for m in ssh_keys.METHODS if m in offer.kex), None)
        if method is None:
            raise CannotObserve(
                Reason.UNSUPPORTED, f"none of the key exchange methods of {self._address} can be begun: {', '.join(offer.kex)}"
            )
        wanted = {_KEY_TYPES.get(algorithm, algorithm): algorithm for algorithm in reversed(offer.host_keys)}
        found: dict[str, SshHostKey] = {}
        for algorithm in [a for a in offer.host_keys if wanted[_KEY_TYPES.get(a, a)] == a][:MOST_KEYS]:
            reply = await self._exchange(method, algorithm, ssh_keys.first_message(method, self._net.rng.randbytes(32)))
            key = self._read(ssh_keys.host_key_of, reply)
            found.setdefault(key.fingerprint, SshHostKey(algorithm, key.type, key.bits, key.fingerprint))
        return tuple(found.values())

    async def group_exchange(self, offer: SshOffer) -> int | None:
        """Ask for a short prime and tell how long the one is that comes."""
        method = next((m for m in ssh_keys.GROUP_EXCHANGE if m in offer.kex), None)
        if method is None or not offer.host_keys:
            return None
        return self._read(ssh_keys.prime_bits, await self._exchange(method, offer.host_keys[0], ssh_keys.group_request(1024, 1024, 8192)))

    async def methods(self) -> tuple[str, ...]:
        """Ask to be let in without any authentication (RFC 4252 section 5.2) and give the ways that the server names instead."""
        async with self._net.connect(self._host, self._address, self._port, seconds=SECONDS, whole=2 * SECONDS) as stream:
            ours, theirs = socket.socketpair()
            ours.setblocking(False)
            pump = asyncio.create_task(_pump(stream, ours))
            try:
                return await asyncio.get_running_loop().run_in_executor(None, _methods, theirs, f"{self._address} port {self._port}")
            finally:
                pump.cancel()
                with suppress(asyncio.CancelledError):
                    await pump
                ours.close()
                theirs.close()

    async def _exchange(self, method: str, host_key: str, message: bytes) -> bytes:
        """Begin a key exchange and give the first reply."""
        async with self._opened() as (stream, opening):
            if opening.kexinit is None:
                raise CannotObserve(Reason.REFUSED, f"{self._address} port {self._port}: {opening.goodbye or 'no KEXINIT this time'}")
            kexinit = ssh_keys.our_kexinit(opening.kexinit, method, host_key, self._net.rng.randbytes(16))
            await stream.send(ssh_keys.packet(kexinit) + ssh_keys.packet(message))
            reply = self._read(opening.reply, b"")
            while reply is None:
                reply = self._read(opening.reply, await self._more(stream))
            return reply

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[tuple[Stream, Opening]]:
        """Connect and read up to the KEXINIT."""
        async with self._net.connect(self._host, self._address, self._port, seconds=SECONDS) as stream:
            await stream.send(IDENTIFICATION)
            opening = Opening()
            while not self._read(opening.feed, await self._more(stream)):
                pass
            yield stream, opening

    async def _more(self, stream: Stream) -> bytes:
        data = await stream.receive()
        if not data:
            raise CannotObserve(Reason.RESET, f"{self._address} port {self._port} closed the connection after {stream.received} octets")
        return data

    def _read(self, reader: Callable[[bytes], T], what: bytes) -> T:
        try:
            return reader(what)
        except NotSsh as error:
            raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"{self._address} port {self._port}: {error}") from error


async def _pump(stream: Stream, ours: socket.socket) -> None:
    """Carry octets between the connection and the end of a pair of sockets whose other end a library holds."""
    loop = asyncio.get_running_loop()

    async def outwards() -> None:
        while data := await loop.sock_recv(ours, 65536):
            await stream.send(data)

    async def inwards() -> None:
        while data := await stream.receive():
            await loop.sock_sendall(ours, data)

    try:
        async with asyncio.TaskGroup() as group:
            both = [group.create_task(way()) for way in (outwards, inwards)]
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            for way in both:
                way.cancel()
    except* (CannotObserve, OSError):
        pass  # the library at the other end hears of it as a closed connection, and says so
    finally:
        ours.close()


def _methods(connection: socket.socket, where: str) -> tuple[str, ...]:
    """The part that needs a finished key exchange; paramiko does it, in a thread of its own. Sends no credential."""
    import paramiko  # noqa: PLC0415  here, because loading it takes longer than most scans without SSH

    logging.getLogger("paramiko").setLevel(logging.CRITICAL)  # its complaints reach us as exceptions
    transport = paramiko.Transport(connection)
    transport.local_version = IDENTIFICATION.decode("ascii").strip()
    try:
        transport.start_client(timeout=SECONDS)
        transport.auth_timeout = SECONDS
        left = transport.auth_none(USER)
        return tuple(sorted(left))
    except paramiko.BadAuthenticationType as error:
        return tuple(sorted(error.allowed_types))
    except paramiko.ssh_exception.IncompatiblePeer as error:
        raise CannotObserve(Reason.UNSUPPORTED, f"{where}: paramiko shares no algorithm with the server: {error}") from error
    except (paramiko.SSHException, EOFError, OSError) as error:
        raise CannotObserve(Reason.RESET, f"{where}: no answer to the question for ways of authentication: {error}") from error
    finally:
        transport.close()

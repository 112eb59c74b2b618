"""Sees an SSH service as one who never logs in: its opening, its host keys, and the ways of authentication that it names.

Connections to one address follow each other, and as few as can be: OpenSSH counts those that end without a login and shuts such clients
out for a while. The first one gives the lists, one host key and, under keys agreed there, the ways of authentication; each further host
key needs one of its own, and a group exchange comes with the last of them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from scanner.facts.ssh import SshAddress, SshHostKey, SshSurvey
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from scanner.model.target import Service
from scanner.net.net import Net
from scanner.probes.base import probe
from scanner.probes.dns_asking import is_address, part, service_addresses, together
from scanner.probes.ssh_talk import Conversation
from scanner.wire.ssh_exchange import GROUP_EXCHANGE

MOST_ADDRESSES = 8
MOST_KEYS = 8
SECONDS = 10.0

_OF_ONE_KEY = frozenset({Reason.RESET, Reason.PROTOCOL_VIOLATION})
"""How a server ends that has trouble with one kind of key; anything else it would do again with the next."""
_KEY_TYPES = {"rsa-sha2-256": "ssh-rsa", "rsa-sha2-512": "ssh-rsa"}


@probe(limit=90.0)
async def ssh_survey(service: Service, net: Net) -> SshSurvey:
    """See every address of the service, at most ``MOST_ADDRESSES`` of them."""
    addresses = await service_addresses(service, net)
    seen = await together(_Talk(service, address, net).look() for address in addresses[:MOST_ADDRESSES])
    return SshSurvey(tuple(seen), max(0, len(addresses) - MOST_ADDRESSES))


class _Talk:
    """Conversations with one address."""

    def __init__(self, service: Service, address: str, net: Net) -> None:
        self._host = "" if is_address(service.host) else service.host
        self._port = service.port
        self._address = address
        self._net = net
        self._methods: tuple[str, ...] | Unobserved | None = None

    async def look(self) -> SshAddress:
        """See what the address shows; where something stays unseen, the rest is looked for all the same."""
        try:
            async with self._opened() as first:
                offer = first.offer()
                self._net.keep(f"SSH {first.where}", f"SSH-{offer.protocol}-{offer.software} {offer.comment}".rstrip())
                algorithms = _wanted(offer.host_keys)
                if not offer.kex:
                    return SshAddress(self._address, offer)
                if not algorithms:
                    unseen = Unobserved(Reason.PROTOCOL_VIOLATION, f"{first.where} names no algorithm of a host key")
                    return SshAddress(self._address, offer, unseen, unseen, unseen)
                key = await part(self._shown(first, algorithms[0]))
                bits: int | Unobserved | None = first.group_bits
        except CannotObserve as why:
            unseen = Unobserved(why.reason, why.detail)
            return SshAddress(self._address, unseen, keys=unseen)
        shown = {algorithms[0]: key}
        by_group = next((m for m in GROUP_EXCHANGE if m in offer.kex), None)
        if by_group and bits is None:
            last, bits = await self._by_group(algorithms[-1], by_group)
            if isinstance(last, SshHostKey):
                shown[algorithms[-1]] = last
        keys, unseen_keys = await self._keys(algorithms, shown)
        methods = keys if self._methods is None and isinstance(keys, Unobserved) else self._methods
        return SshAddress(self._address, offer, keys, bits, methods, unseen_keys)

    async def _shown(self, conversation: Conversation, algorithm: str, method: str = "") -> SshHostKey:
        """Have a host key shown, and go on to the ways of authentication the first time that it is."""
        key = await conversation.host_key(algorithm, method)
        if self._methods is None:
            self._methods = await part(conversation.methods())
        return key

    async def _by_group(self, algorithm: str, method: str) -> tuple[SshHostKey | Unobserved, int | Unobserved]:
        """Have a host key shown by a group exchange, and give the length of the prime too."""
        try:
            async with self._opened() as conversation:
                key = await part(self._shown(conversation, algorithm, method))
        except CannotObserve as why:
            key = Unobserved(why.reason, why.detail)
            return key, key
        bits = conversation.group_bits
        if isinstance(key, Unobserved):
            return key, key if bits is None else bits
        assert bits is not None  # an exchange that came to its end
        return key, bits

    async def _keys(
        self, algorithms: tuple[str, ...], shown: Mapping[str, SshHostKey | Unobserved]
    ) -> tuple[tuple[SshHostKey, ...] | Unobserved, Unobserved | None]:
        """Have the host keys shown that were not yet, in the server's order, each once; and why one of them was not.

        Dropbear 2022.83 names kinds of key that it does not have, and hangs up on whoever asks for one.
        """
        found: dict[str, SshHostKey] = {}
        unseen: Unobserved | None = None
        for algorithm in algorithms:
            key = shown.get(algorithm)
            if key is None:
                key = await part(self._key(algorithm))
            if isinstance(key, SshHostKey):
                found.setdefault(key.fingerprint, key)
            else:
                unseen = unseen or Unobserved(key.reason, f"{algorithm}: {key.detail}")
                if key.reason not in _OF_ONE_KEY:
                    break
        return (tuple(found.values()), unseen) if found or unseen is None else (unseen, None)

    async def _key(self, algorithm: str) -> SshHostKey:
        async with self._opened() as conversation:
            return await self._shown(conversation, algorithm)

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[Conversation]:
        async with self._net.connect(self._host, self._address, self._port, seconds=SECONDS, whole=2 * SECONDS) as stream:
            conversation = Conversation(stream, self._net.rng.randbytes, f"{self._address} port {self._port}")
            await conversation.open()
            yield conversation


def _wanted(host_keys: tuple[str, ...]) -> tuple[str, ...]:
    """One algorithm for each type of key, the one that the server names first, at most ``MOST_KEYS``."""
    first: dict[str, str] = {}
    for algorithm in host_keys:
        first.setdefault(_KEY_TYPES.get(algorithm, algorithm), algorithm)
    return tuple(first.values())[:MOST_KEYS]

"""What an SSH service shows before anybody logs in: its identification, algorithms, host keys and ways of authentication.

Algorithms stand by their registered names. Nothing here says whether something is good.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from scanner.model.fact import Fact, Unobserved
from scanner.model.target import Kind


@dataclass(frozen=True, slots=True)
class SshHostKey:
    """A host key: the algorithm it was shown for, its type (``ssh-rsa`` whatever the hash), its length in bits (0: not known)."""

    algorithm: str
    type: str
    bits: int
    fingerprint: str


@dataclass(frozen=True, slots=True)
class SshOffer:
    """What one address offers, every list in the server's order of preference; ``_out`` is towards the client.

    ``protocol`` is 2.0, or 1.99 or 1.x for a server that also or only speaks the old one; its lists are then as far as they were given.
    ``strict``: the server can do strict key exchange (CVE-2023-48795).
    """

    protocol: str
    software: str
    comment: str
    kex: tuple[str, ...] = ()
    host_keys: tuple[str, ...] = ()
    ciphers_in: tuple[str, ...] = ()
    ciphers_out: tuple[str, ...] = ()
    macs_in: tuple[str, ...] = ()
    macs_out: tuple[str, ...] = ()
    compression_in: tuple[str, ...] = ()
    compression_out: tuple[str, ...] = ()
    strict: bool = False


@dataclass(frozen=True, slots=True)
class SshAddress:
    """What one address of the service showed.

    ``keys`` are the host keys that were shown, each once; ``keys_unseen`` says why others, whose algorithms the offer names, were not.
    ``gex_bits`` is the length of the prime given when 1,024 bits were asked for; ``None``: there is
    no group exchange. ``methods`` are the ways of authentication named to a user whom nobody knows, empty where that user was let in
    without any; ``None``: not asked, because the server speaks the old protocol only.
    """

    address: str
    offer: SshOffer | Unobserved
    keys: tuple[SshHostKey, ...] | Unobserved = ()
    gex_bits: int | Unobserved | None = None
    methods: tuple[str, ...] | Unobserved | None = None
    keys_unseen: Unobserved | None = None


@dataclass(frozen=True, slots=True)
class SshSurvey(Fact):
    """What every address of an SSH service shows; ``left_out`` counts addresses beyond the cap."""

    of: ClassVar[Kind] = Kind.SSH_SERVICE

    addresses: tuple[SshAddress, ...]
    left_out: int = 0

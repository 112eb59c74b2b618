"""What an SSH service offers before anybody logs in: its identification and its lists of algorithms, by their registered names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from scanner.model.fact import Fact, Unobserved
from scanner.model.target import Kind


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
    """One address of the service."""

    address: str
    offer: SshOffer | Unobserved


@dataclass(frozen=True, slots=True)
class SshAlgorithms(Fact):
    """What every address of an SSH service offers; ``left_out`` counts addresses beyond the cap."""

    of: ClassVar[Kind] = Kind.SSH_SERVICE

    addresses: tuple[SshAddress, ...]
    left_out: int = 0

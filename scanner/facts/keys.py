"""Keys that several servers of one run use: what no look at a single service can show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from scanner.model.fact import Fact
from scanner.model.target import Kind


@dataclass(frozen=True, slots=True)
class SharedKey:
    """One key and the services that use it, by their canonical keys, sorted. ``fingerprint`` is a SHA-256, as its protocol writes it."""

    fingerprint: str
    services: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KeysInUse(Fact):
    """The keys of all TLS and SSH services that a run has seen: how many services there were, and which keys several servers share.

    Two services that have the name of their host or an address in common are one server: a key that they share is shared with nobody.
    ``tls_unseen`` and ``ssh_unseen`` count services of which some address did not show its keys: nothing is known of what they share.
    """

    of: ClassVar[Kind] = Kind.RUN

    tls_services: int
    tls: tuple[SharedKey, ...]
    ssh_services: int
    ssh: tuple[SharedKey, ...]
    tls_unseen: int = 0
    ssh_unseen: int = 0

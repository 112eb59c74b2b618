"""The fact about what a machine's cryptographic libraries do for programs that set nothing of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from scanner.facts.readings import Readings
from scanner.facts.tls import Version
from scanner.model.fact import Fact, Unobserved
from scanner.model.platform import Platform
from scanner.model.target import Kind


@dataclass(frozen=True, slots=True)
class LibraryDefault:
    """The oldest TLS that one library agrees on where a program sets nothing, and the file that decides."""

    library: str
    oldest: Version | Unobserved
    source: str


@dataclass(frozen=True, slots=True)
class CryptoPolicy(Fact):
    """The machine's cryptographic policy."""

    of: ClassVar[Kind] = Kind.MACHINE
    arises_on: ClassVar[frozenset[Platform]] = frozenset({Platform.LINUX})

    container: str | Unobserved
    """What keeps the machine as a container, so that the kernel's FIPS mode is another's; empty: nothing."""
    policy: Readings[str] | None
    """The policy for all libraries by its name (``DEFAULT``, ``LEGACY:AD-SUPPORT``); ``None``: the system has no such mechanism."""
    libraries: tuple[LibraryDefault, ...]
    """Libraries for which the machine has a setting, or whose own default is known."""
    fips: Readings[bool]
    """Whether the kernel demands validated modules, which OpenSSL, GnuTLS and NSS of the Red Hat family and Ubuntu Pro follow."""

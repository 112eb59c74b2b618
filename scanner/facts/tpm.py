"""The fact about the module of a machine that keeps keys and measures its start (TPM)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from scanner.model.fact import Fact
from scanner.model.platform import Platform
from scanner.model.target import Kind


@dataclass(frozen=True, slots=True)
class SecurityModule(Fact):
    """The TPM that Windows can use, which its disk encryption and its sign-in rely on. Not asked of other systems yet."""

    of: ClassVar[Kind] = Kind.MACHINE
    arises_on: ClassVar[frozenset[Platform]] = frozenset({Platform.WINDOWS})

    version: str
    """``2.0``, ``1.2``, ``unknown``; empty: there is none that the system can use."""

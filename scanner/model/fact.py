"""Facts: typed observations without opinion, and the ways an observation can end.

This module has the base class and the endings; the fact types themselves live in ``scanner.facts``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Generic, NamedTuple, TypeVar

from scanner.model.platform import COMPUTERS, Platform
from scanner.model.reason import CannotObserve, Reason
from scanner.model.target import Kind, Target
from scanner.model.text import Arg, Text


class Fact:
    """Base of every fact type: a frozen dataclass that says for which kind of target it is made.

    Fields hold what was seen in the peer's terms (bits, names, sizes), only values that survive JSON:
    ``str int float bool None``, tuples of those, enums and other frozen dataclasses; ``Seen[...]`` for a part that may
    be missing for a reason of its own.
    """

    __slots__ = ()

    of: ClassVar[Kind]
    """The kind of target this fact describes."""

    leads_to: ClassVar[tuple[Kind, ...]] = ()
    """The kinds of subject that ``leads`` may name; a type that overrides ``leads`` must say so."""

    arises_on: ClassVar[frozenset[Platform]] = COMPUTERS
    """For facts of machines: the platforms on which the question arises at all. On another one its checks are not applicable;
    on one of these without a collector they are undetermined."""

    collected: ClassVar[bool] = True
    """For facts of machines: whether a collector makes it. Others come from the ledger or from a hub."""

    def leads(self) -> tuple[Target, ...]:
        """Name the further subjects that this fact leads to, such as the name servers of a domain."""
        return ()


F = TypeVar("F", bound=Fact, covariant=True)
T = TypeVar("T")


class Evidence(NamedTuple):
    """Where something was seen (``TXT _dmarc.example.jp via 192.0.2.53``) and a capped excerpt of it; sorted by both."""

    source: str
    excerpt: str


@dataclass(frozen=True, slots=True)
class Observed(Generic[F]):
    """A fact, when it was seen (UTC, ISO 8601, whole seconds) and what supports it."""

    fact: F
    at: str
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Unobserved:
    """Why there is no fact. ``detail`` is the technical note of a probe: the peer, the thing tried and the limit, in English."""

    reason: Reason
    detail: str = ""
    at: str = ""

    @staticmethod
    def from_error(error: CannotObserve) -> Unobserved:
        """Turn the exception into the value that a fact can hold."""
        return Unobserved(error.reason, error.detail)

    def error(self) -> CannotObserve:
        """Turn the value into the exception, for the caller to raise."""
        return CannotObserve(self.reason, self.detail)


def needed(value: T | Unobserved) -> T:
    """Give the value; where it is ``Unobserved``, raise ``CannotObserve`` with its reason."""
    if isinstance(value, Unobserved):
        raise value.error()
    return value


@dataclass(frozen=True, slots=True)
class Untold(Unobserved):
    """Why a check cannot tell though the facts are there, in a sentence of its own. Never part of a fact."""

    said: Text = field(kw_only=True)


def cannot_tell(reason: Reason, ja: str, en: str, **args: Arg) -> Untold:
    """Say in a check, in both languages, what keeps it from a verdict."""
    return Untold(reason, said=Text(ja=ja, en=en).fill(args))


Observation = Observed[F] | Unobserved

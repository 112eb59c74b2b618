"""What a guideline asks of TLS services and of cryptography, as values: profiles with their items, classes of suites, groups, lists.

The values themselves are data in ``baselines/profiles``; how an item is judged is in ``checks/tls``. Nothing here says what is good.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum, unique

from scanner.model.text import Text


@unique
class Duty(StrEnum):
    """How an item binds: 遵守項目 has to be met before the level may be claimed, 推奨項目 is recorded only."""

    COMPLIANCE = "compliance"
    ADVICE = "advice"


@unique
class Provenance(StrEnum):
    """How an item is known: read in a copy of the source, computed from what was read, or from memory."""

    SOURCED = "sourced"
    DERIVED = "derived"
    REMEMBERED = "remembered"


@unique
class Confidence(StrEnum):
    """How sure an item is that was not read."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@unique
class Ask(StrEnum):
    """What an item asks about. The fields of ``Item`` that go with each are named in brackets."""

    VERSION_ON = "version-on"
    """Every protocol version [names] is spoken."""
    VERSION_OFF = "version-off"
    """No protocol version of [names] is spoken."""
    NEWEST_FIRST = "newest-first"
    """The newest version that both sides speak is chosen."""
    ONLY_CLASSES = "only-classes"
    """Every accepted suite is of a class in [names]."""
    NO_CLASSES = "no-classes"
    """No accepted suite is of a class in [names]."""
    NO_EXCHANGE = "no-exchange"
    """No accepted suite of TLS 1.2 or older exchanges keys by a method in [names]: RSA, DH, ECDH, DHE."""
    NO_BLOCK_MODE = "no-block-mode"
    """CBC is accepted only together with encrypt-then-MAC."""
    FORWARD_SECRET = "forward-secret"  # noqa: S105  a word of profiles, no password
    """Every accepted suite is forward secret."""
    CIPHER_BITS = "cipher-bits"
    """Every accepted suite encrypts with [least] effective bits or more."""
    ONE_OF = "one-of"
    """At least one suite of [names] is accepted wherever TLS 1.2 is spoken."""
    GROUP_ORDER = "group-order"
    """The server's own order follows the order of the profile's suite groups."""
    SERVER_ORDER = "server-order"
    """The server chooses by its own order."""
    ECDHE_BITS = "ecdhe-bits"
    """No elliptic curve below [least] bits is taken."""
    DHE_BITS = "dhe-bits"
    """No finite-field exchange below [least] bits is taken."""
    ONE_GROUP_OF = "one-group-of"
    """At least one group of [names] is taken."""
    KEY_BITS = "key-bits"
    """A certificate's key of a type in [names] has [least] bits or more."""
    SIGNATURE_HASH = "signature-hash"
    """The server certificate is signed with a hash in [names]."""
    NO_HANDSHAKE_HASH = "no-handshake-hash"
    """The server signs no TLS 1.2 handshake with a hash in [names]."""
    FEATURE_ON = "feature-on"
    """A feature in [names] is there: the names are fields of ``scanner.facts.tls.Features``."""
    FEATURE_OFF = "feature-off"
    """No feature of [names] is there."""
    STAPLE = "staple"
    """A certificate that names an OCSP responder comes with a stapled answer."""
    ELSEWHERE = "elsewhere"
    """A handshake does not show it: another check or a record does."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that a profile asks for. ``id`` is unique in its profile and stands in results."""

    id: str
    duty: Duty
    text: Text
    ask: Ask
    names: tuple[str, ...]
    least: int
    provenance: Provenance
    confidence: Confidence
    source: str

    @property
    def firm(self) -> bool:
        """Whether breaking it may be called a violation: it was read or computed, or is remembered without doubt."""
        return self.provenance is not Provenance.REMEMBERED or self.confidence is Confidence.HIGH


@dataclass(frozen=True, slots=True)
class SuiteGroup:
    """A group of suites that a profile names. ``rank`` orders the groups of one class and version; suites stand in the source's order.

    ``order_known`` counts the suites, from the first on, whose relative order was read in the source.
    """

    letter: str
    classed: str
    version: str
    suites: tuple[str, ...]
    rank: int
    order_known: bool
    provenance: Provenance
    confidence: Confidence


@dataclass(frozen=True, slots=True)
class TlsProfile:
    """One level of a guideline. ``id`` is ``guideline/level``; ``default_class`` is what a suite is that no group names."""

    id: str
    title: Text
    use_when: Text
    groups: tuple[SuiteGroup, ...]
    default_class: str
    items: tuple[Item, ...]

    def of_class(self, classed: str) -> tuple[str, ...]:
        """Give the suites of one class in the profile's order."""
        return tuple(suite for group in self.groups if group.classed == classed for suite in group.suites)

    def classes(self) -> dict[str, str]:
        """Give the class of every suite that a group names."""
        return {suite: group.classed for group in self.groups for suite in group.suites}

    def item(self, item_id: str) -> Item:
        """Give one item. Raises ``KeyError``."""
        for item in self.items:
            if item.id == item_id:
                return item
        raise KeyError(item_id)


@dataclass(frozen=True, slots=True)
class NamedGroup:
    """What a guideline says of a key-exchange group. ``standing`` is allowed, weak, unlisted or post-quantum; ``strength`` counts bits."""

    name: str
    standing: str
    strength: int
    classical: str


@dataclass(frozen=True, slots=True)
class TlsGuideline:
    """A guideline: its editions as used here, its levels with the strictest first, and what it says of groups."""

    id: str
    title: Text
    edition: str
    levels: tuple[TlsProfile, ...]
    named_groups: Mapping[str, NamedGroup]

    def level(self, name: str) -> TlsProfile:
        """Give a level by its name. Raises ``KeyError``."""
        for level in self.levels:
            if level.id == f"{self.id}/{name}":
                return level
        raise KeyError(name)

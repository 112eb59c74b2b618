"""The fact about the networks that a machine was joined to, and the links that it has now."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique
from typing import ClassVar

from scanner.model.fact import Fact, Unobserved
from scanner.model.target import Kind


@unique
class LinkKind(StrEnum):
    """Kinds of links."""

    WIRED = "wired"
    WIRELESS = "wireless"
    MOBILE = "mobile"
    """A line of a mobile network: WWAN."""
    BLUETOOTH = "bluetooth"
    VPN = "vpn"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class JoinedNetwork:
    """A network as the machine remembers it."""

    name: str
    """The name on the air of a wireless network; otherwise the name that the platform gives it."""
    kind: LinkKind
    last_day: str | Unobserved | None
    """The day on which it was joined last, or was last seen to be joined, ISO 8601 in UTC; ``None``: never, as far as is recorded."""
    source: str


@dataclass(frozen=True, slots=True)
class ActiveLink:
    """A link that is up now and has an address. Virtual ones of the machine itself (bridges of virtual machines) are not among them."""

    device: str
    kind: LinkKind


@dataclass(frozen=True, slots=True)
class NetworksJoined(Fact):
    """The networks that a machine remembers. What was joined since a report shows by comparing two of them."""

    of: ClassVar[Kind] = Kind.MACHINE

    networks: tuple[JoinedNetwork, ...] | Unobserved
    active: tuple[ActiveLink, ...] | Unobserved | None
    """``None``: the machine does not run."""

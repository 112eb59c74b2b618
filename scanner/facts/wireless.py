"""The fact about the wireless networks that a machine knows. Keys and passwords are never here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique
from typing import ClassVar

from scanner.model.fact import Fact, Unobserved
from scanner.model.target import Kind


@unique
class WirelessSecurity(StrEnum):
    """How the radio path is protected."""

    OPEN = "open"
    OWE = "owe"
    """Encrypted, and anybody may join (Enhanced Open, RFC 8110)."""
    WEP = "wep"
    WPA = "wpa"
    """WPA of 2003, with TKIP."""
    WPA2 = "wpa2"
    WPA3 = "wpa3"


@unique
class WirelessMode(StrEnum):
    """What the machine is in the network."""

    CLIENT = "client"
    ACCESS_POINT = "access-point"
    """Others join it (a hotspot)."""
    AD_HOC = "ad-hoc"
    """Machines among themselves, or a mesh."""


UNREAD = "?"
"""Stands for the name where settings could not be read: whose network they are for is not known either; the mode is then ``Unobserved``."""


@dataclass(frozen=True, slots=True)
class WirelessNetwork:
    """A wireless network that the machine has settings for."""

    name: str
    """Its name on the air (SSID), or ``UNREAD``."""
    account: str
    """Whose own settings these are; empty where they are the machine's."""
    mode: WirelessMode | Unobserved
    accepts: tuple[WirelessSecurity, ...] | Unobserved
    """Every protection with which the machine would join it."""
    uses: WirelessSecurity | Unobserved | None
    """The protection now; ``None``: it is not joined now, or the machine does not run."""
    enterprise: bool | Unobserved
    """Whether a person or machine proves itself (IEEE 802.1X) instead of a key that all share."""
    verifies_server: bool | Unobserved | None
    """Whether the network has to prove itself by a certificate of a named authority; ``None``: it is not an enterprise network."""
    joins: bool | Unobserved
    """Whether the machine joins it by itself."""
    source: str
    """Where its settings stand."""


@dataclass(frozen=True, slots=True)
class WirelessNetworks(Fact):
    """The wireless networks that a machine knows, and its adapters."""

    of: ClassVar[Kind] = Kind.MACHINE

    adapters: tuple[str, ...] | Unobserved | None
    """The wireless adapters that are there now; ``None``: the machine does not run."""
    networks: tuple[WirelessNetwork, ...] | Unobserved

"""Facts about removable media on a machine: who mounts them, what starts from them, whether USB storage works at all."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique
from typing import ClassVar

from scanner.facts.readings import Hold, Readings
from scanner.model.fact import Fact, Unobserved
from scanner.model.platform import Platform
from scanner.model.target import Kind


@unique
class MountPermission(StrEnum):
    """Who may have removable media mounted by the machine's mount service."""

    FREE = "free"
    """The person at the screen, without being asked anything."""
    AUTHENTICATED = "authenticated"
    """The person at the screen, after entering a password."""
    ADMINISTRATOR = "administrator"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Mounter:
    """One program that can mount removable media by itself."""

    program: str
    """``gnome``, ``kde``, ``autofs``, ``systemd``, ``udev`` … (later ``windows``, ``macos``)."""
    account: str
    """Whose own setting this is; empty for what every account without a setting of its own gets."""
    mounts: Readings[bool]
    opens: Readings[bool] | None
    """Whether it also shows the content unasked; ``None``: it has no such function."""
    fixed: bool | Unobserved
    """Whether the setting is out of the ordinary user's reach."""
    through_service: bool
    """Whether it can only do what the mount service permits."""


@dataclass(frozen=True, slots=True)
class AutoMount(Fact):
    """Whether removable media are mounted without anybody asking for it.

    Windows always mounts them: what it does with them then is ``AutoRun``, what keeps them out is ``UsbStorage``.
    """

    of: ClassVar[Kind] = Kind.MACHINE
    arises_on: ClassVar[frozenset[Platform]] = frozenset({Platform.LINUX, Platform.MACOS})

    mounters: tuple[Mounter, ...] | Unobserved
    permission: Readings[MountPermission] | None
    """What the mount service permits to a person at the screen; ``None``: there is no such service."""


@unique
class Behaviour(StrEnum):
    """What happens to a program that a medium brings along."""

    NEVER = "never"
    """Nothing: it is neither started nor offered."""
    ASKS = "asks"
    STARTS = "starts"


@dataclass(frozen=True, slots=True)
class Runner:
    """One program that looks for something to start on media."""

    program: str
    account: str
    media: tuple[str, ...]
    """The kinds of media that the readings speak of: ``removable``, ``optical``, ``network``, ``fixed`` …"""
    behaviour: Readings[Behaviour]
    fixed: bool | Unobserved


@dataclass(frozen=True, slots=True)
class AutoRun(Fact):
    """Whether programs on media are started or offered when the medium is inserted."""

    of: ClassVar[Kind] = Kind.MACHINE

    runners: tuple[Runner, ...] | Unobserved


@unique
class BarrierKind(StrEnum):
    """The places at which USB storage can be stopped."""

    BUS = "bus"
    """The machine has no USB at all, or its kernel does not drive it."""
    DRIVER = "driver"
    """The storage driver cannot be loaded or is not there."""
    AUTHORISATION = "authorisation"
    """The bus does not let new devices in."""
    DEVICE_LIST = "device-list"
    """A program lets in only the devices on its list."""
    ACCESS = "access"
    """A rule hides the storage or denies reading and writing."""


@dataclass(frozen=True, slots=True)
class Barrier:
    """One thing that may stand between a USB stick and its use."""

    kind: BarrierKind
    holds: Readings[Hold]


@dataclass(frozen=True, slots=True)
class UsbStorage(Fact):
    """What stops USB storage. Every barrier that was looked at is there, also those that hold nothing back."""

    of: ClassVar[Kind] = Kind.MACHINE

    barriers: tuple[Barrier, ...]


@dataclass(frozen=True, slots=True)
class RemovableEncryption(Fact):
    """Whether the machine keeps removable media encrypted. Media that were encrypted by hand do not show."""

    of: ClassVar[Kind] = Kind.MACHINE
    arises_on: ClassVar[frozenset[Platform]] = frozenset({Platform.WINDOWS})

    refuses_plain: Readings[bool]
    """Whether nothing is written to media that are not encrypted."""

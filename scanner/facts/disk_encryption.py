"""The fact about the encryption of a machine's own disks."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique
from typing import ClassVar

from scanner.model.fact import Fact, Unobserved
from scanner.model.platform import Platform
from scanner.model.target import Kind


@unique
class VolumeUse(StrEnum):
    """What a volume holds."""

    SYSTEM = "system"
    DATA = "data"
    SWAP = "swap"
    START = "start"
    """What the machine starts from before anything can be decrypted."""


@dataclass(frozen=True, slots=True)
class Volume:
    """A volume in use. Network file systems and those in memory are not among them."""

    name: str
    """Where it is mounted, or the device of swap space."""
    use: VolumeUse
    encrypted: bool | Unobserved
    method: str
    """``LUKS2``, ``LUKS1``, ``plain``, ``zfs``, ``bitlocker`` …; empty where it is not encrypted."""
    cipher: str | Unobserved
    """As the system writes it, ``aes-xts-plain64``; empty where it is not encrypted."""
    key_bits: int | Unobserved
    removable: bool


@dataclass(frozen=True, slots=True)
class KeyFile:
    """A file that opens a volume without anybody's doing. What is in it is not read."""

    path: str
    mode: int
    owner: int
    there: bool


@dataclass(frozen=True, slots=True)
class DiskEncryption(Fact):
    """Which volumes are encrypted, and how they are opened."""

    of: ClassVar[Kind] = Kind.MACHINE

    container: bool | Unobserved
    """Whether the disks are those of another machine."""
    volumes: tuple[Volume, ...] | Unobserved
    key_files: tuple[KeyFile, ...] | Unobserved


@dataclass(frozen=True, slots=True)
class RecoveryKeys(Fact):
    """Whether policy has the keys for an emergency handed to the organisation. Keys handed in by hand do not show."""

    of: ClassVar[Kind] = Kind.MACHINE
    arises_on: ClassVar[frozenset[Platform]] = frozenset({Platform.WINDOWS, Platform.MACOS})

    saved: tuple[VolumeUse, ...]
    """Kinds of volumes whose keys are handed in."""
    demanded: tuple[VolumeUse, ...]
    """Those among them that are not encrypted before their key has been handed in."""
    source: str

"""Facts about the kernel of a machine: settings of the network and of self-protection, barred modules, access control, start-up."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique
from typing import ClassVar

from scanner.facts.readings import Hold, Readings
from scanner.model.fact import Fact, Unobserved
from scanner.model.platform import Platform
from scanner.model.target import Kind


@dataclass(frozen=True, slots=True)
class KernelSetting:
    """One setting by its name on the platform (``net.ipv4.tcp_syncookies``); an empty value: this kernel has no such setting."""

    name: str
    value: Readings[str]


@dataclass(frozen=True, slots=True)
class KernelSettings(Fact):
    """Settings of the running kernel, and what they will be after a restart."""

    of: ClassVar[Kind] = Kind.MACHINE
    arises_on: ClassVar[frozenset[Platform]] = frozenset({Platform.LINUX})

    container: str | Unobserved
    """What keeps the machine as a container (``docker``, ``systemd-nspawn`` …), so that the kernel is another's; empty: nothing."""
    settings: tuple[KernelSetting, ...]
    interfaces: tuple[str, ...] | Unobserved
    """The network interfaces whose own settings are among ``settings``; the loopback is left out."""


@dataclass(frozen=True, slots=True)
class BarredModule:
    """How firmly one driver or protocol is kept out of the kernel."""

    name: str
    holds: Readings[Hold]


@dataclass(frozen=True, slots=True)
class KernelModules(Fact):
    """Uncommon protocols and file systems, and whether the kernel may load them."""

    of: ClassVar[Kind] = Kind.MACHINE
    arises_on: ClassVar[frozenset[Platform]] = frozenset({Platform.LINUX})

    container: str | Unobserved
    protocols: tuple[BarredModule, ...]
    file_systems: tuple[BarredModule, ...]


@unique
class Enforcement(StrEnum):
    """What mandatory access control does with what its policy does not allow."""

    ENFORCING = "enforcing"
    PERMISSIVE = "permissive"
    """It is written down and allowed."""
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Confinement:
    """One system of mandatory access control that the machine has."""

    system: str
    """``apparmor``, ``selinux``."""
    state: Readings[Enforcement]
    permissive: tuple[str, ...] | Unobserved
    """Profiles or domains that are only watched although the system enforces."""
    unconfined: tuple[str, ...] | Unobserved
    """Running programs for which there is a profile and that run without it."""
    profiles: int | Unobserved
    """Profiles that are enforced; for SELinux 1 where a policy is loaded."""


@dataclass(frozen=True, slots=True)
class MandatoryAccessControl(Fact):
    """Mandatory access control of a machine."""

    of: ClassVar[Kind] = Kind.MACHINE
    arises_on: ClassVar[frozenset[Platform]] = frozenset({Platform.LINUX, Platform.MACOS})

    container: str | Unobserved
    systems: tuple[Confinement, ...] | Unobserved


@dataclass(frozen=True, slots=True)
class BootFile:
    """A file of the boot loader that may hold secrets or decides what is started."""

    path: str
    mode: int
    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Flaw:
    """What the kernel says of one known flaw of the processor, in its own words."""

    name: str
    state: str


@dataclass(frozen=True, slots=True)
class Startup(Fact):
    """How a machine starts: firmware, boot loader, keys at the console, and the kernel's own barriers."""

    of: ClassVar[Kind] = Kind.MACHINE

    container: str | Unobserved
    firmware: str | Unobserved | None
    """``uefi`` or ``bios``; ``None`` where the machine does not run."""
    secure_boot: bool | Unobserved | None
    """Whether the firmware checks signatures; ``None``: there is no UEFI firmware, or the machine does not run."""
    loader: str | Unobserved
    """``grub``, ``systemd-boot``; empty: none is installed here."""
    loader_password: bool | Unobserved | None
    """Whether entries can be changed at the boot loader only with a password; ``None``: it has no such function, or there is no loader."""
    loader_files: tuple[BootFile, ...] | Unobserved
    restarts_on_keys: Readings[bool] | Unobserved
    """Whether Ctrl-Alt-Del at the console restarts the machine."""
    rescue_asks: bool | Unobserved | None
    """Whether single-user and rescue mode ask for a password; ``None``: there is no such mode here."""
    lockdown: str | Unobserved | None
    """``none``, ``integrity``, ``confidentiality``; ``None``: the kernel has no lockdown."""
    flaws: tuple[Flaw, ...] | Unobserved | None
    """``None``: the machine does not run."""
    mitigations_off: Readings[bool] | Unobserved
    """Whether the kernel is told to leave known processor flaws open."""

"""Facts about the software of a machine: what is installed, what is offered, how long it is supported, where it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from scanner.facts.readings import Readings
from scanner.model.fact import Fact, Unobserved
from scanner.model.target import Kind


@dataclass(frozen=True, slots=True)
class Package:
    """One installed package; ``held``: it is kept from being updated."""

    name: str
    version: str
    held: bool = False


@dataclass(frozen=True, slots=True)
class InstalledSoftware(Fact):
    """The packages of a machine as its package manager lists them. What was put there by hand is in no such list."""

    of: ClassVar[Kind] = Kind.MACHINE

    manager: str
    """``dpkg``, ``rpm``; empty: none that is known."""
    packages: tuple[Package, ...] | Unobserved
    unread: Unobserved | None = None
    """Why what some accounts installed for themselves alone could not be read; ``None``: all of it was, or accounts have no such thing."""


@dataclass(frozen=True, slots=True)
class OfferedUpdate:
    """A security update that the fetched lists hold and that is not installed."""

    name: str
    installed: str
    offered: str
    notice: str = ""


@dataclass(frozen=True, slots=True)
class SecurityUpdates(Fact):
    """What the lists that were fetched last say of security updates. Nothing is fetched for this."""

    of: ClassVar[Kind] = Kind.MACHINE

    manager: str
    """``apt``, ``dnf``; empty: none that is known."""
    has_lists: bool | Unobserved
    """Whether lists of a source of security updates for this release were ever fetched."""
    lists_days: int | Unobserved
    """Days since the lists were fetched, or since the day on which their publisher made them where that alone is known."""
    offered: tuple[OfferedUpdate, ...] | Unobserved
    held: tuple[str, ...] | Unobserved
    """Packages that an administrator keeps from being updated."""


@dataclass(frozen=True, slots=True)
class OperatingSystem(Fact):
    """Which system in which release the machine runs, and the machine's own date."""

    of: ClassVar[Kind] = Kind.MACHINE

    system: str
    """``debian``, ``ubuntu``, ``rhel`` … as the system names itself (later ``windows``, ``macos``); empty: it does not."""
    release: str
    """``12``, ``24.04``, ``9.4``."""
    name: str
    support_end: str
    """The day on which support ends in the system's own files, ISO 8601; empty: they do not say."""
    subscriptions: tuple[str, ...] | Unobserved
    """Extended support that the machine itself is subscribed to: ``ubuntu-pro``."""
    today: str | Unobserved
    """The machine's date, ISO 8601."""


@dataclass(frozen=True, slots=True)
class RestartNeed(Fact):
    """Whether installed updates wait for a restart."""

    of: ClassVar[Kind] = Kind.MACHINE

    container: str | Unobserved
    asked: bool | Unobserved | None
    """Whether the system itself asks for a restart; ``None``: the machine does not run."""
    asked_by: tuple[str, ...] | Unobserved
    running_kernel: str | Unobserved | None
    newest_kernel: str | Unobserved | None
    """The newest one installed; ``None``: none is installed here."""
    stale_programs: tuple[str, ...] | Unobserved | None
    """Running programs that use files which were replaced or removed since."""


@dataclass(frozen=True, slots=True)
class Updater:
    """One means of installing updates unattended."""

    name: str
    installs: Readings[bool]
    """Whether it installs, and not only fetches, updates on its own."""
    security: bool | Unobserved
    """Whether security updates are among what it installs."""


@dataclass(frozen=True, slots=True)
class AutomaticUpdates(Fact):
    """How a machine updates itself."""

    of: ClassVar[Kind] = Kind.MACHINE

    updaters: tuple[Updater, ...] | Unobserved


@dataclass(frozen=True, slots=True)
class PackageSource:
    """One place from which packages are fetched."""

    place: str
    """Where it is written, in the platform's words (file and line, section)."""
    address: str
    scheme: str
    host: str
    """Empty for media and folders of the machine itself."""
    signed: bool | Unobserved
    """Whether packages or lists from there are taken only with a good signature."""


@dataclass(frozen=True, slots=True)
class PackageSources(Fact):
    """From where software is fetched, and whether signatures are demanded."""

    of: ClassVar[Kind] = Kind.MACHINE

    manager: str
    sources: tuple[PackageSource, ...] | Unobserved
    lax: tuple[str, ...] | Unobserved
    """Settings that let unsigned lists or packages in everywhere, as they are written."""

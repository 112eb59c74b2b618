"""Facts about LDAP directory servers on a machine, read from their own configuration. What is in a directory is not here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique
from typing import ClassVar

from scanner.facts.readings import Audience, FileRights
from scanner.model.fact import Fact, Unobserved
from scanner.model.platform import Platform
from scanner.model.target import Kind


@unique
class Shown(StrEnum):
    """How much of a directory somebody is let see."""

    ALL = "all"
    SOME = "some"
    """Some entries or attributes, or it depends on what the rules do not tell."""
    NOTHING = "nothing"


@unique
class Policy(StrEnum):
    """Whether a directory keeps to rules for passwords."""

    NONE = "none"
    BY_ENTRY = "by-entry"
    """For entries that name a policy."""
    DEFAULT = "default"
    """For every entry."""


@dataclass(frozen=True, slots=True)
class Directory:
    """One database of a server, with what its rules and those of the whole server come to."""

    suffix: str
    anonymous: Shown | Unobserved
    """What somebody may read who did not log in."""
    passwords: Shown | Unobserved
    """Whether somebody without any special right may read the kept passwords of others."""
    policy: Policy


@dataclass(frozen=True, slots=True)
class RootPassword:
    """A password that stands in the configuration itself: of which database, and its form, ``CLEARTEXT`` or a hash, never the value."""

    of: str
    form: str


@dataclass(frozen=True, slots=True)
class DirectoryServer:
    """One server."""

    name: str
    running: bool | Unobserved | None
    starts: bool | Unobserved
    applied: Unobserved | None
    """Why the files may not be what it goes by now."""
    source: str
    listens: Audience | Unobserved
    """``NOBODY``: no TCP; ``ITSELF``: the loopback; ``SOME``: addresses that are named; ``EVERYBODY``: every address of the machine."""
    tls: bool | Unobserved
    """Whether it has a certificate, so that connections can be encrypted."""
    clear_passwords: bool | Unobserved
    """Whether a password is taken on a connection without encryption."""
    directories: tuple[Directory, ...] | Unobserved
    root_passwords: tuple[RootPassword, ...] | Unobserved
    password_forms: tuple[str, ...] | Unobserved
    """Forms in which the server keeps new passwords: ``SSHA``, ``ARGON2``, ``CRYPT $6$`` …"""
    logs: bool | Unobserved
    """Whether connections and operations are logged."""
    account: str | Unobserved
    data: tuple[FileRights, ...] | Unobserved
    """Rights of directories of the data, and of files in those that others may enter."""


@dataclass(frozen=True, slots=True)
class DirectoryConfiguration(Fact):
    """Every directory server on a machine that is known here: OpenLDAP; empty where there is none."""

    of: ClassVar[Kind] = Kind.MACHINE
    arises_on: ClassVar[frozenset[Platform]] = frozenset({Platform.LINUX})

    servers: tuple[DirectoryServer, ...] | Unobserved

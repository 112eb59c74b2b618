"""Facts about programs on a machine that share files over SMB, read from their own configuration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from scanner.facts.readings import Audience
from scanner.model.fact import Fact, Unobserved
from scanner.model.platform import Platform
from scanner.model.target import Kind


@dataclass(frozen=True, slots=True)
class FileShare:
    """One share, with what is its own."""

    name: str
    guests: bool | Unobserved
    """Whether somebody without an account gets in."""
    encrypted: bool | Unobserved
    """Whether nothing but encrypted access is taken."""
    clients: Audience | Unobserved
    """From where it can be used."""


@dataclass(frozen=True, slots=True)
class FileServer:
    """One program that shares files."""

    name: str
    running: bool | Unobserved | None
    starts: bool | Unobserved
    applied: Unobserved | None
    source: str
    least_protocol: str | Unobserved
    """The oldest dialect that it speaks, in Samba's words: ``NT1`` (version 1), ``SMB2_02`` …"""
    takes_old_logins: bool | Unobserved
    """Whether logins by NTLMv1 or LM are taken, whose answers can be turned into passwords."""
    takes_empty_passwords: bool | Unobserved
    signs: bool | Unobserved
    """Whether nothing but signed or encrypted traffic is taken."""
    names_accounts: bool | Unobserved
    """Whether somebody without an account may ask for the names of the accounts."""
    clients: Audience | Unobserved
    """From where it can be used at all."""
    people_share: bool | Unobserved
    """Whether people without administrator's rights can share directories with guests."""
    shares: tuple[FileShare, ...] | Unobserved


@dataclass(frozen=True, slots=True)
class FileSharing(Fact):
    """Every program that shares files over SMB and is known here; empty where there is none."""

    of: ClassVar[Kind] = Kind.MACHINE
    arises_on: ClassVar[frozenset[Platform]] = frozenset({Platform.LINUX})

    programs: tuple[FileServer, ...] | Unobserved

"""The accounts of a machine, whatever system it runs: who they are, how their passwords are kept, when they were last used.

Of passwords only their state, their age and the kind of hash are here, never a hash. Days are counted at the time of the look.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique
from typing import ClassVar

from scanner.facts.readings import FileRights
from scanner.model.fact import Fact, Unobserved
from scanner.model.target import Kind


@unique
class Password(StrEnum):
    """What an account's password is."""

    SET = "set"
    EMPTY = "empty"
    SET_OR_EMPTY = "set-or-empty"
    """One of the two: somebody gets in, but what was asked did not tell by which."""
    LOCKED = "locked"
    """It is switched off, and could be switched on again."""
    NONE = "none"
    """None was ever set: no password opens the account."""


OPENS = frozenset({Password.SET, Password.EMPTY, Password.SET_OR_EMPTY})
"""Where somebody gets in by a password, or by none."""


@dataclass(frozen=True, slots=True)
class Account:
    """One account. ``number`` and ``group`` are the platform's identifiers (user and group number, SID).

    ``person``: it belongs to the range of numbers for people. ``shell`` is the program that a login starts, ``login`` whether one is
    started at all. ``hash`` is the kind of hash, empty where no password is set. ``age_days`` is since the password was changed,
    ``None`` where that was never; ``most_days`` how long it may be used, ``None``: for ever. ``expired``: the account itself has ended.
    ``keys``: files of keys stand in its home. ``idle_days`` is since the last recorded login, ``None`` where none is recorded.
    """

    name: str
    number: str
    group: str
    person: bool
    login: bool
    shell: str
    password: Password | Unobserved
    hash: str | Unobserved
    age_days: int | Unobserved | None
    most_days: int | Unobserved | None
    expired: bool | Unobserved
    keys: bool | Unobserved
    idle_days: int | Unobserved | None
    home: FileRights | Unobserved | None
    trusts: tuple[str, ...] | Unobserved
    """Files in its home that let others in, hold passwords or send its mail away: .rhosts .shosts .netrc .forward."""


@dataclass(frozen=True, slots=True)
class AccountGroup:
    """A group and those of its members that its own entry names."""

    name: str
    number: str
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Accounts(Fact):
    """The accounts that the machine itself keeps, and where others may come from.

    ``recorded_days`` is how far back the record of logins reaches; ``None`` where it has the last one of every account.
    """

    of: ClassVar[Kind] = Kind.MACHINE

    accounts: tuple[Account, ...] | Unobserved
    groups: tuple[AccountGroup, ...] | Unobserved
    directories: tuple[str, ...]
    """Directory services that give the machine further accounts, which are not here."""
    trusted_hosts: tuple[str, ...] | Unobserved
    """Files that let in whoever comes from a named host without a proof (/etc/hosts.equiv)."""
    recorded_days: int | Unobserved | None

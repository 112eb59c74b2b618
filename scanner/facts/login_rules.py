"""The rules of a machine for logging in, whatever system it runs: locking after failures, empty passwords, further proofs, sessions.

What the words of the platform mean has been worked out by its collector: a field says what happens, not which line says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from scanner.model.fact import Fact, Unobserved
from scanner.model.target import Kind


@dataclass(frozen=True, slots=True)
class Lockout:
    """When an account is locked after failures. ``tries`` zero: never; ``seconds`` ``None``: until an administrator unlocks it.

    Failures count that lie within ``interval_seconds`` of each other; zero: however long ago they were.
    """

    tries: int
    seconds: int | None
    interval_seconds: int
    administrators: bool | Unobserved
    """Whether the account of the administrator is locked as well."""


@dataclass(frozen=True, slots=True)
class LoginService:
    """One way in, by the name that the platform gives it, such as ``sshd``, ``login`` or ``sudo``.

    ``lockout`` is ``None`` where failures lock nothing. ``second_factor``: nobody gets in without a proof beside the password.
    ``second_alone``: that proof opens without the password.
    """

    name: str
    lockout: Lockout | Unobserved | None
    empty_password: bool | Unobserved
    second_factor: bool | Unobserved
    second_alone: bool | Unobserved
    source: str


@dataclass(frozen=True, slots=True)
class Mask:
    """Permission bits that new files do not get, as in umask(2). ``own_group``: bits of the group follow the owner's for private groups.

    ``certain`` is false where a condition decides on it that was not worked out.
    """

    bits: int
    own_group: bool
    certain: bool
    source: str


@dataclass(frozen=True, slots=True)
class LoginRules(Fact):
    """The rules for logging in. Each is read anew at every login, so that what is written is what holds."""

    of: ClassVar[Kind] = Kind.MACHINE

    services: tuple[LoginService, ...] | Unobserved
    masks: tuple[Mask, ...] | Unobserved
    become_restricted: bool | Unobserved | None
    """Whether only members of a group may become another account with its password (``su``); ``None``: there is no such program."""
    most_sessions: int | Unobserved | None
    """Sessions that one account may have at once; ``None``: no limit."""
    hours: bool | Unobserved
    """Whether hours of use are set for any account."""


@dataclass(frozen=True, slots=True)
class PasswordRules(Fact):
    """What a new password has to be, and for how long it may be used.

    ``least_length`` and the like are ``None`` where nothing enforces them. ``least_classes`` counts kinds of characters (small, capital,
    digits, others). ``administrators``: the rules also bind the administrator who sets another's password.
    """

    of: ClassVar[Kind] = Kind.MACHINE

    least_length: int | Unobserved | None
    least_classes: int | Unobserved | None
    dictionary: bool | Unobserved
    administrators: bool | Unobserved
    history: int | Unobserved | None
    hash: str | Unobserved
    """How new passwords are hashed, in the platform's word such as ``yescrypt`` or ``sha512``."""
    most_days: int | Unobserved | None
    """Days that a password of a new account may be used; ``None``: for ever."""
    least_days: int | Unobserved | None
    warn_days: int | Unobserved | None
    """Days for which people are told beforehand that the password of a new account will end; ``None``: nobody is told."""
    source: str

"""The fact about accounts that close by themselves when nobody changes their password in time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from scanner.model.fact import Fact, Unobserved
from scanner.model.platform import Platform
from scanner.model.target import Kind


@dataclass(frozen=True, slots=True)
class ClosingRule:
    """When a password ends, in days since it was changed, and how many days after that the account closes; ``None``: never.

    Where the password never ends, the account never closes either. Until it closes, whoever knows the old password sets a new one.
    """

    password_days: int | None
    close_days: int | None


@dataclass(frozen=True, slots=True)
class ClosingAccount:
    """The rule of one account."""

    name: str
    number: str
    rule: ClosingRule


@dataclass(frozen=True, slots=True)
class AccountClosing(Fact):
    """The rules for new accounts, and those of the accounts that can log in by a password."""

    of: ClassVar[Kind] = Kind.MACHINE
    arises_on: ClassVar[frozenset[Platform]] = frozenset({Platform.LINUX})

    default: ClosingRule | Unobserved
    accounts: tuple[ClosingAccount, ...] | Unobserved

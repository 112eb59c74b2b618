"""The fact about how mail programs on a machine show mail. No mail, address or account of a mail service is here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from scanner.model.fact import Fact, Unobserved
from scanner.model.target import Kind


@dataclass(frozen=True, slots=True)
class MailSetting:
    """One setting: what happens, and whether that is out of the user's reach."""

    happens: bool | Unobserved
    fixed: bool | Unobserved


@dataclass(frozen=True, slots=True)
class MailClient:
    """How one mail program is set for one account."""

    program: str
    """``thunderbird``, ``outlook``, ``apple-mail``."""
    account: str
    """Whose own settings these are; empty for what every account without settings of its own gets."""
    preview: MailSetting
    """A message is shown as soon as it is marked in the list."""
    html: MailSetting
    """Messages are shown with their HTML, rather than as plain text."""
    remote_content: MailSetting
    """Pictures and the like are fetched from elsewhere without asking."""
    scripts: MailSetting
    """Scripts in messages are run."""


@dataclass(frozen=True, slots=True)
class MailClients(Fact):
    """The mail programs of a machine."""

    of: ClassVar[Kind] = Kind.MACHINE

    clients: tuple[MailClient, ...] | Unobserved

"""The fact about settings of web browsers that protect their users: by policy, by the product's own default, by a person's choice."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique
from typing import ClassVar

from scanner.model.fact import Fact, Unobserved
from scanner.model.target import Kind


@unique
class BrowserMatter(StrEnum):
    """What a setting is about. Each is a statement that is true or false."""

    WARNS_OF_FRAUD = "warns-of-fraud"
    """Pages and downloads known to be harmful are warned of or blocked (Safe Browsing, SmartScreen)."""
    PASSES_CERTIFICATE_ERRORS = "passes-certificate-errors"
    """A user may go on to a site whose certificate is not valid."""
    OLD_TLS = "old-tls"
    """TLS 1.0 or 1.1 is spoken."""
    FREE_EXTENSIONS = "free-extensions"
    """A user may add any extension."""
    KEEPS_PASSWORDS = "keeps-passwords"
    """Passwords are offered to be stored in the browser."""
    HTTPS_ONLY = "https-only"
    """Sites are not opened over plain HTTP without a warning."""
    SYNCHRONISES = "synchronises"
    """Bookmarks, passwords and the like may go to an account at the maker."""
    BLOCKS_POPUPS = "blocks-popups"


@dataclass(frozen=True, slots=True)
class OwnChoice:
    """What one account chose for itself."""

    account: str
    value: bool


@dataclass(frozen=True, slots=True)
class BrowserSetting:
    """One setting of one browser."""

    matter: BrowserMatter
    policy: bool | Unobserved | None
    """What policy holds, out of the user's reach; ``None``: no policy speaks of it."""
    advised: bool | Unobserved | None
    """What the machine's files set as a first value that users may change; ``None``: they say nothing."""
    preset: bool
    """What the product does where nothing is set."""
    own: tuple[OwnChoice, ...] | Unobserved
    """What accounts chose for themselves; not looked for, and empty, where policy leaves no choice."""
    source: str
    """Where the policy stands; empty where none speaks of it."""


@dataclass(frozen=True, slots=True)
class Browser:
    """One browser that is installed."""

    name: str
    """``firefox``, ``chromium``, ``chromium-browser`` (Ubuntu's), ``chrome``, ``edge``, ``safari``; a Flatpak says so behind its name."""
    settings: tuple[BrowserSetting, ...]


@dataclass(frozen=True, slots=True)
class Browsers(Fact):
    """The web browsers of a machine and how they are set."""

    of: ClassVar[Kind] = Kind.MACHINE

    browsers: tuple[Browser, ...] | Unobserved

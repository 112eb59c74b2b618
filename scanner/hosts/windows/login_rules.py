"""What a Windows machine asks of passwords and log-ons: its accounts database, else what Windows answers, and the values of its policies.

These are the rules for the machine's own accounts. For accounts of a domain the domain's rules hold, which are kept there; as a rule a
domain gives its members the same ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from scanner.facts.login_rules import Lockout, LoginRules, LoginService, PasswordRules
from scanner.hosts.base import Key, collector
from scanner.hosts.seeing import needed, parsed, seen
from scanner.hosts.windows import answers
from scanner.hosts.windows.base import CONTROL, MICROSOFT, WINLOGON, WindowsReader, number, texts
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import sam, secedit

DOMAIN: Final = r"HKLM\SAM\SAM\Domains\Account"
LSA: Final = CONTROL + r"\Lsa"
SYSTEM: Final = MICROSOFT + r"\Windows\CurrentVersion\Policies\System"
DAY: Final = 86_400
WARNING_DEFAULT: Final = 5
OWN_FILTERS: Final = frozenset({"scecli", "rassfm", "kdcsvc", "fpnwclnt"})
"""Notification packages that come with Windows; any other may look at new passwords."""
COMPLEX_CLASSES: Final = 3
"""Of capital and small letters, digits, others and letters without case (Password must meet complexity requirements)."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules, wherever they were read. ``complex`` and the like are unobserved where Windows does not answer them."""

    length: int
    most_age: int | None
    least_age: int
    history: int
    attempts: int
    seconds: int | None
    window: int
    complex: bool | Unobserved
    clear_text: bool | Unobserved
    administrators: bool | Unobserved
    source: str


def rules(read: WindowsReader) -> Rules:
    """Give the rules for the machine's own accounts. Raises ``CannotObserve``."""
    octets = seen(lambda: read.value(DOMAIN, "F"))
    stored = parsed(DOMAIN, octets, sam.parse_rules) if isinstance(octets, bytes) else octets
    if isinstance(stored, sam.StoredRules):
        return Rules(
            stored.length,
            stored.most_age,
            stored.least_age,
            stored.history,
            stored.lockout_attempts,
            stored.lockout_seconds,
            stored.lockout_window,
            bool(stored.properties & sam.COMPLEX),
            bool(stored.properties & sam.CLEAR_TEXT),
            bool(stored.properties & sam.LOCKOUT_ADMINISTRATORS),
            DOMAIN,
        )
    told = read.ask(answers.PASSWORD_RULES)
    export = seen(lambda: needed(parsed(answers.SECURITY_EXPORT.call, read.ask(answers.SECURITY_EXPORT).octets, secedit.parse_export)))
    return Rules(
        told.length,
        told.most_age,
        told.least_age,
        told.history,
        told.lockout_attempts,
        told.lockout_seconds,
        told.lockout_window,
        _exported(export, "PasswordComplexity"),
        _exported(export, "ClearTextPassword"),
        _exported(export, "AllowAdministratorLockout"),
        answers.PASSWORD_RULES.call,
    )


def _exported(export: Mapping[str, Mapping[str, str]] | Unobserved, name: str) -> bool | Unobserved:
    """Give a yes or no of the exported settings. One that is not there is unknown: older versions do not write all."""
    if isinstance(export, Unobserved):
        return Unobserved(
            Reason.ACCESS_DENIED, f"{DOMAIN}: only the system itself may read it; {answers.SECURITY_EXPORT.call}: {export.detail}"
        )
    try:
        value = secedit.number(export, name)
    except secedit.NotExport as error:
        return Unobserved(Reason.PROTOCOL_VIOLATION, str(error))
    return Unobserved(Reason.UNSUPPORTED, f"{answers.SECURITY_EXPORT.call}: no {name}") if value is None else value == 1


SOURCES: Final = (Key(DOMAIN, root=True), answers.PASSWORD_RULES.source, answers.SECURITY_EXPORT.source, Key(LSA))


@collector(Platform.WINDOWS, *SOURCES, Key(WINLOGON))
def password_rules(read: WindowsReader) -> PasswordRules:
    """Give the rules for new passwords. Length and complexity bind administrators like everybody."""
    found = rules(read)
    if isinstance(found.complex, Unobserved):
        classes: int | Unobserved | None = found.complex
    else:
        classes = COMPLEX_CLASSES if found.complex else None
    read.keep(found.source, f"length {found.length}, history {found.history}, complex {found.complex}, most age {found.most_age} s")
    return PasswordRules(
        least_length=found.length or None,
        least_classes=classes,
        dictionary=seen(lambda: _dictionary(read)),
        administrators=True if found.length or found.complex is True else found.complex,
        history=found.history or None,
        hash=seen(lambda: _hash(read, found)),
        most_days=None if found.most_age is None else found.most_age // DAY,
        least_days=found.least_age // DAY or None,
        warn_days=seen(lambda: _warning(read)),
        source=found.source,
    )


def _warning(read: WindowsReader) -> int | None:
    """Give the days of "Interactive logon: Prompt user to change password before expiration"; Microsoft gives 5 as the default."""
    days = number(read, WINLOGON, "PasswordExpiryWarning")
    return (WARNING_DEFAULT if days is None else days) or None


def _dictionary(read: WindowsReader) -> bool:
    """Tell that nothing compares new passwords with a dictionary: Windows itself does not, another password filter may."""
    packages = texts(read, LSA, "Notification Packages")
    if packages is None:
        raise CannotObserve(Reason.PROTOCOL_VIOLATION, rf"{LSA}\Notification Packages: there are none")
    others = [name for name in packages if name.strip() and name.strip().lower() not in OWN_FILTERS]
    if others:
        raise CannotObserve(
            Reason.UNSUPPORTED, f"{', '.join(others)[:200]}: a password filter of another maker; what it refuses is not known"
        )
    return False


def _hash(read: WindowsReader, found: Rules) -> str:
    """Name the way in which passwords are kept where it is worse than what every Windows does."""
    if needed(found.clear_text):
        return "reversible"
    # absent: LM hashes are not stored (Windows Vista and later)
    if number(read, LSA, "NoLMHash") == 0:
        return "lm"
    raise CannotObserve(Reason.UNSUPPORTED, "NT hashes, encrypted with a key of the machine, as on every Windows; no setting changes that")


@collector(Platform.WINDOWS, *SOURCES, Key(SYSTEM))
def login_rules(read: WindowsReader) -> LoginRules:
    """Give the rules for logging on at the console and over the network."""
    return LoginRules(
        services=seen(lambda: _services(read)),
        masks=Unobserved(Reason.UNSUPPORTED, "Windows has access control lists that are inherited, no mask"),
        become_restricted=None,
        most_sessions=Unobserved(Reason.UNSUPPORTED, "Windows has no such limit for all kinds of sessions"),
        hours=Unobserved(Reason.UNSUPPORTED, "hours of single accounts are not read"),
    )


def _services(read: WindowsReader) -> tuple[LoginService, ...]:
    found = rules(read)
    lockout = Lockout(found.attempts, found.seconds, found.window, found.administrators) if found.attempts else None
    factor = seen(lambda: _second_factor(read))
    # absent: 1, empty passwords open at the console only (Accounts: Limit local account use of blank passwords to console logon only)
    remote = number(read, LSA, "LimitBlankPasswordUse") == 0 and not found.length
    read.keep(found.source, f"locked after {found.attempts} failures for {found.seconds} s")
    return (
        LoginService("console", lockout, not found.length, factor, False, found.source),
        LoginService("network", lockout, remote, factor, False, rf"{LSA}\LimitBlankPasswordUse"),
    )


def _second_factor(read: WindowsReader) -> bool:
    r"""Tell that a smart card is asked of everybody (Interactive logon: Require Windows Hello for Business or smart card)."""
    if number(read, SYSTEM, "scforceoption") == 1:
        return True
    raise CannotObserve(Reason.UNSUPPORTED, "what other providers of credentials ask for is not known")

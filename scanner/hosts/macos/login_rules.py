"""The collectors for the rules of logging in to macOS: its account policies, the guest, and the account that is logged in by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Final

from scanner.facts.login_notice import LoginNotice, Notice
from scanner.facts.login_rules import Lockout, LoginRules, LoginService, PasswordRules
from scanner.hosts.base import Files, Reader, Run, collector
from scanner.hosts.macos.accounts import HASH
from scanner.hosts.macos.base import VERSION, managed, managed_files, read_plist, said, version
from scanner.hosts.notice_words import WARNING
from scanner.hosts.seeing import needed, parsed, seen, shown
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import Reason
from scanner.wire import plist

POLICIES: Final = Run(("pwpolicy", "-getaccountpolicies"), seconds=20.0)
LOGIN: Final = "/Library/Preferences/com.apple.loginwindow.plist"
MCX, WINDOW = "com.apple.MCX", "com.apple.loginwindow"
DEFAULT_LENGTH: Final = 4
"""The least length where no policy is set (macOS 10.15 and later; remembered)."""
BANNERS: Final = ("/Library/Security/PolicyBanner.txt", "/Library/Security/PolicyBanner.rtf")
_ATTRIBUTE: Final = re.compile(r"(policyAttribute[A-Za-z]+)\s*(?:[<>=]+|matches)\s*'?([^'\s)]+)")
_LEAST: Final = re.compile(r"\.\{(\d{1,4}),(\d{0,4})\}")


@collector(Platform.MACOS, POLICIES, Files(LOGIN), *managed_files(MCX, WINDOW))
def login_rules(read: Reader) -> LoginRules:
    """See what locks an account, and whether somebody gets in without a password."""
    policies = seen(partial(_policies, read))
    lockout = policies if isinstance(policies, Unobserved) else _lockout(policies)
    guest, auto = seen(partial(_guest, read)), seen(partial(_automatic, read))
    service = LoginService("loginwindow", lockout, _either(guest, auto), _second(read), False, f"pwpolicy, {LOGIN}")
    nothing = Unobserved(Reason.UNSUPPORTED, "not looked at on macOS")
    return LoginRules((service,), nothing, nothing, nothing, nothing)


def _either(*parts: bool | Unobserved) -> bool | Unobserved:
    if True in parts:
        return True
    return next((part for part in parts if isinstance(part, Unobserved)), False)


def _second(read: Reader) -> bool | Unobserved:
    """Tell whether a smart card has to be shown: com.apple.security.smartcard enforceSmartCard, a card with its own secret."""
    held = managed(read, "com.apple.security.smartcard", "enforceSmartCard")
    return held if isinstance(held, Unobserved) else plist.flag(held.value) is True


def _guest(read: Reader) -> bool:
    """Tell whether the guest may log in; off where nothing is set."""
    for key, good in (("DisableGuestAccount", True), ("EnableGuestAccount", False)):
        held = needed(managed(read, MCX, key))
        value = plist.flag(held.value)
        if value is not None:
            return value is not good
    own = needed(read_plist(read, LOGIN))
    return plist.flag((own or {}).get("GuestEnabled")) is True


def _automatic(read: Reader) -> bool:
    """Tell whether an account is logged in by itself when the machine starts."""
    held = needed(managed(read, WINDOW, "com.apple.login.mcx.DisableAutoLoginClient"))
    if plist.flag(held.value):
        return False
    own = needed(read_plist(read, LOGIN))
    return bool(plist.text((own or {}).get("autoLoginUser")))


Policy = tuple[str, str, Mapping[str, object]]
"""Category, condition and parameters of one policy."""


def _policies(read: Reader) -> tuple[Policy, ...]:
    """Read what pwpolicy(8) prints: a line of words, then a property list; nothing more where none is set. Raises ``CannotObserve``."""
    answer = needed(said(read, POLICIES))
    if "<?xml" not in answer:
        return ()
    held = needed(parsed("pwpolicy", answer.encode(), plist.parse))
    found = []
    for category, rules in held.items():
        for rule in rules if isinstance(rules, list) else ():
            content = plist.text(plist.inside(rule, "policyContent")) or ""
            parameters = plist.inside(rule, "policyParameters")
            found.append((category, content, parameters if isinstance(parameters, Mapping) else {}))
    return tuple(found)


def _numbers(policies: tuple[Policy, ...], name: str) -> Iterator[int]:
    """Give the values of one parameter, as they are named beside the condition or written in it."""
    for _, content, parameters in policies:
        value = plist.whole(parameters.get(name))
        if value is not None:
            yield value
            continue
        for attribute, written in _ATTRIBUTE.findall(content):
            if attribute == name and written.isdecimal() and len(written) < 10:
                yield int(written)


def _lockout(policies: tuple[Policy, ...]) -> Lockout | Unobserved | None:
    tries = min(_numbers(policies, "policyAttributeMaximumFailedAuthentications"), default=0)
    if tries == 0:
        return None
    seconds = max(_numbers(policies, "autoEnableInSeconds"), default=0)
    return Lockout(tries, seconds or None, 0, administrators=True)


@collector(Platform.MACOS, *VERSION, POLICIES)
def password_rules(read: Reader) -> PasswordRules:
    """See what a new password has to be."""
    policies = _policies(read)
    version(read)
    lengths = [int(least) for _, content, _ in policies for least, most in _LEAST.findall(content) if "policyAttributePassword " in content]
    days = min(_numbers(policies, "policyAttributeExpiresEveryNDays"), default=0)
    history = max(_numbers(policies, "policyAttributePasswordHistoryDepth"), default=0)
    return PasswordRules(
        least_length=max(lengths, default=DEFAULT_LENGTH),
        least_classes=_classes(policies),
        dictionary=False,
        administrators=True,
        history=history or None,
        hash=HASH,
        most_days=days or None,
        least_days=None,
        warn_days=Unobserved(Reason.UNSUPPORTED, "whether macOS tells people beforehand is not known"),
        source="pwpolicy -getaccountpolicies",
    )


def _classes(policies: tuple[Policy, ...]) -> int | Unobserved | None:
    """Count the kinds of characters that conditions ask for one by one, as Apple's own profiles write them."""
    wanted = (r"\[0-9\]", r"\[a-z\]", r"\[A-Z\]", r"\[\^a-zA-Z0-9\]")
    contents = [content for category, content, _ in policies if "PasswordContent" in category]
    found = {kind for kind in wanted for content in contents if re.search(kind, content)}
    if any(re.search(r"\[a-zA-Z\]|\[A-Za-z\]", content) for content in contents):
        found.add("letters")
    if found:
        return len(found)
    odd = [c for c in contents if "matches" in c and not re.search(r"matches\s*'\^?\.\{\d+,\d*\}\+?\$?'", c)]
    return Unobserved(Reason.UNSUPPORTED, f"pwpolicy: {shown(odd[0])[:100]}") if odd else None


@collector(Platform.MACOS, Files(LOGIN), *(Files(path, limit=65_536) for path in BANNERS), *managed_files(WINDOW))
def login_notice(read: Reader) -> LoginNotice:
    """See what is shown at the window where people log in."""
    return LoginNotice(seen(partial(_before, read)), ())


def _before(read: Reader) -> tuple[Notice, ...]:
    texts: list[tuple[str, str]] = []
    for path in BANNERS:
        data = read.file(path, limit=65_536)
        if data is not None and data.strip():
            texts.append((path, data.decode("utf-8", "replace")))
    held = needed(managed(read, WINDOW, "LoginwindowText"))
    own = needed(read_plist(read, LOGIN))
    text = plist.text(held.value) or plist.text((own or {}).get("LoginwindowText"))
    if text:
        texts.append((held.source if held.value else LOGIN, text))
    return tuple(Notice(place, WARNING.search(text) is not None, False) for place, text in texts)

"""What policies and users' files make of the settings of web browsers, whatever platform they were read on. Pure; reads nothing.

Policies are mappings as policies.json of Firefox, the JSON files and registry keys of Chromium and its kin, and macOS profiles hold them.
A registry's 0 and 1 stand for false and true.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from scanner.facts.browsers import Browser, BrowserMatter, BrowserSetting, OwnChoice
from scanner.hosts.seeing import shown
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from scanner.wire.prefs import Pref

Policies = Mapping[str, object]
Own = Mapping[str, Mapping[str, Pref]] | Unobserved
"""Account → its own preferences: Firefox's by name, Chromium's by the dotted path in its file ``Preferences``."""
Told = bool | Unobserved | None
Answer = tuple[Told, Told]
"""What policy holds, and what it sets as a first value."""

PRESETS: Final = {
    BrowserMatter.WARNS_OF_FRAUD: True,
    BrowserMatter.PASSES_CERTIFICATE_ERRORS: True,
    BrowserMatter.OLD_TLS: False,  # Firefox 78, Chrome and Edge 84 and later
    BrowserMatter.FREE_EXTENSIONS: True,
    BrowserMatter.KEEPS_PASSWORDS: True,
    BrowserMatter.HTTPS_ONLY: False,
    BrowserMatter.SYNCHRONISES: True,
    BrowserMatter.BLOCKS_POPUPS: True,
}
"""What the products do where nothing is set: Firefox's policy templates and all.js, Chromium's policy list."""
_NEW_TLS: Final = frozenset({"tls1.2", "tls1.3"})


Ask = Callable[[BrowserMatter, Policies], Answer]
Chose = Callable[[BrowserMatter, Mapping[str, Pref]], bool | None]


def firefox(policies: Policies | Unobserved, own: Own, source: str) -> Browser:
    """Give Firefox as set by its policies (the mapping under ``policies``) and by users' prefs.js."""
    return _browser("firefox", policies, own, source, (_firefox, _chosen_firefox))


def unread(name: str, why: Unobserved, source: str) -> Browser:
    """Give a browser of which it is only known that it is there."""
    return Browser(name, tuple(BrowserSetting(matter, why, None, preset, why, source) for matter, preset in PRESETS.items()))


def chromium(name: str, managed: Policies | Unobserved, recommended: Policies | Unobserved, own: Own, source: str) -> Browser:
    """Give Chromium, Chrome or Edge as set by binding policies, by recommended ones and by users' Preferences."""
    if isinstance(recommended, Unobserved) and not isinstance(managed, Unobserved):
        managed = recommended

    def ask(matter: BrowserMatter, policies: Policies) -> Answer:
        held = _chromium(matter, policies)
        return held, None if held is not None or isinstance(recommended, Unobserved) else _chromium(matter, recommended)

    return _browser(name, managed, own, source, (ask, _chosen_chromium))


def _browser(name: str, policies: Policies | Unobserved, own: Own, source: str, how: tuple[Ask, Chose]) -> Browser:
    ask, chose = how
    if isinstance(policies, Unobserved):
        return unread(name, policies, source)
    settings = []
    for matter, preset in PRESETS.items():
        held, advised = ask(matter, policies)
        choices: tuple[OwnChoice, ...] | Unobserved = ()
        if held is None:
            choices = own if isinstance(own, Unobserved) else _choices(matter, own, chose)
        settings.append(BrowserSetting(matter, held, advised, preset, choices, source if held is not None else ""))
    return Browser(name, tuple(settings))


def _choices(matter: BrowserMatter, own: Mapping[str, Mapping[str, Pref]], chose: Chose) -> tuple[OwnChoice, ...]:
    told = ((account, chose(matter, prefs)) for account, prefs in sorted(own.items()))
    return tuple(OwnChoice(account, value) for account, value in told if value is not None)


def _flag(value: object) -> bool | None:
    """Read a switch: true and false, and a registry's 1 and 0; anything else is not set."""
    if isinstance(value, bool):
        return value
    return bool(value) if isinstance(value, int) and value in {0, 1} else None


def _inside(value: object, *names: str) -> object:
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _not(value: bool | None) -> bool | None:
    return None if value is None else not value


def _firefox(matter: BrowserMatter, policies: Policies) -> Answer:
    """Read Firefox's policies; https://mozilla.github.io/policy-templates/. The policy ``Preferences`` sets prefs by their names."""
    held: Told = None
    advised: Told = None
    match matter:
        case BrowserMatter.WARNS_OF_FRAUD:
            pass
        case BrowserMatter.PASSES_CERTIFICATE_ERRORS:
            held = _not(_flag(_inside(policies, "DisableSecurityBypass", "InvalidCertificate")))
        case BrowserMatter.OLD_TLS:
            least = policies.get("SSLVersionMin")
            held = least not in _NEW_TLS if isinstance(least, str) else None
        case BrowserMatter.FREE_EXTENSIONS:
            if _inside(policies, "ExtensionSettings", "*", "installation_mode") == "blocked":
                held = False
            else:
                held = _flag(_inside(policies, "InstallAddonsPermission", "Default"))
        case BrowserMatter.KEEPS_PASSWORDS:
            offers = _flag(policies.get("OfferToSaveLogins"))
            held = False if _flag(policies.get("PasswordManagerEnabled")) is False else offers
            advised = _flag(policies.get("OfferToSaveLoginsDefault"))
        case BrowserMatter.HTTPS_ONLY:
            word = policies.get("HttpsOnlyMode")
            held = {"force_enabled": True, "disallowed": False}.get(word) if isinstance(word, str) else None
            advised = True if word == "enabled" else None
        case BrowserMatter.SYNCHRONISES:
            off = _flag(policies.get("DisableFirefoxAccounts")) or _flag(policies.get("DisableAccounts"))
            held = False if off else None
        case BrowserMatter.BLOCKS_POPUPS:
            blocks = _flag(_inside(policies, "PopupBlocking", "Default"))
            held, advised = (blocks, None) if _flag(_inside(policies, "PopupBlocking", "Locked")) else (None, blocks)
    if held is None:
        held, first = _preferences(matter, policies.get("Preferences"))
        advised = advised if first is None else first
    return held, None if held is not None else advised


def _preferences(matter: BrowserMatter, preferences: object) -> Answer:
    if not isinstance(preferences, Mapping):
        return None, None
    locked: dict[str, Pref] = {}
    first: dict[str, Pref] = {}
    for name, entry in preferences.items():
        value = _inside(entry, "Value") if isinstance(entry, Mapping) else entry
        status = _inside(entry, "Status") if isinstance(entry, Mapping) else "locked"
        if isinstance(name, str) and isinstance(value, (bool, int, str)):
            # without a status an entry is a first value, as the policy's documentation says
            (locked if status == "locked" else first)[name] = value
    held, advised = _chosen_firefox(matter, locked), _chosen_firefox(matter, first)
    if matter is BrowserMatter.WARNS_OF_FRAUD and held is True and not locked.keys() >= _FRAUD:
        return None, True  # one of the two is still the user's
    return held, advised


_FRAUD: Final = frozenset({"browser.safebrowsing.malware.enabled", "browser.safebrowsing.phishing.enabled"})
_FIREFOX: Final = {
    BrowserMatter.KEEPS_PASSWORDS: "signon.rememberSignons",
    BrowserMatter.HTTPS_ONLY: "dom.security.https_only_mode",
    BrowserMatter.BLOCKS_POPUPS: "dom.disable_open_during_load",
}
TLS_1_2: Final = 3
"""``security.tls.version.min``: 1 is TLS 1.0."""


def _chosen_firefox(matter: BrowserMatter, prefs: Mapping[str, Pref]) -> bool | None:
    match matter:
        case BrowserMatter.WARNS_OF_FRAUD:
            said = [prefs[name] for name in _FRAUD if isinstance(prefs.get(name), bool)]
            return None if not said else all(value is True for value in said)
        case BrowserMatter.OLD_TLS:
            least, deprecated = prefs.get("security.tls.version.min"), prefs.get("security.tls.version.enable-deprecated")
            old = isinstance(least, int) and not isinstance(least, bool) and least < TLS_1_2
            if deprecated is True or old:
                return True
            return None if least is None else False
        case BrowserMatter.SYNCHRONISES:
            return True if prefs.get("services.sync.username") else None
        case BrowserMatter.KEEPS_PASSWORDS | BrowserMatter.HTTPS_ONLY | BrowserMatter.BLOCKS_POPUPS:
            return _flag(prefs.get(_FIREFOX[matter]))
        case BrowserMatter.PASSES_CERTIFICATE_ERRORS | BrowserMatter.FREE_EXTENSIONS:
            return None  # there is no such preference


def _chromium(matter: BrowserMatter, policies: Policies) -> Told:
    """Read policies of Chromium, Chrome and Edge; https://chromeenterprise.google/policies/ and Edge's list of the same names."""
    match matter:
        case BrowserMatter.WARNS_OF_FRAUD:
            level = policies.get("SafeBrowsingProtectionLevel")
            if isinstance(level, int):
                return level > 0
            older = _flag(policies.get("SafeBrowsingEnabled"))
            return _flag(policies.get("SmartScreenEnabled")) if older is None else older
        case BrowserMatter.PASSES_CERTIFICATE_ERRORS:
            return _flag(policies.get("SSLErrorOverrideAllowed"))
        case BrowserMatter.OLD_TLS:
            least = policies.get("SSLVersionMin")
            if isinstance(least, str) and least not in _NEW_TLS:
                return Unobserved(
                    Reason.UNSUPPORTED, shown(f"SSLVersionMin={least}: whether this version of the browser still heeds it is not known")
                )
            return None if least is None else False
        case BrowserMatter.FREE_EXTENSIONS:
            barred = policies.get("ExtensionInstallBlocklist", policies.get("ExtensionInstallBlacklist"))
            general = _inside(policies, "ExtensionSettings", "*", "installation_mode")
            if (isinstance(barred, (list, tuple)) and "*" in barred) or general in {"blocked", "removed"}:
                return False
            return None
        case BrowserMatter.KEEPS_PASSWORDS:
            return _flag(policies.get("PasswordManagerEnabled"))
        case BrowserMatter.HTTPS_ONLY:
            words = {"force_enabled": True, "force_balanced_enabled": True, "disallowed": False}
            word = policies.get("HttpsOnlyMode")
            return words.get(word) if isinstance(word, str) else None
        case BrowserMatter.SYNCHRONISES:
            return False if _flag(policies.get("SyncDisabled")) or policies.get("BrowserSignin") == 0 else None
        case BrowserMatter.BLOCKS_POPUPS:
            general = policies.get("DefaultPopupsSetting")
            return general == BLOCKED if isinstance(general, int) and general in {1, BLOCKED} else None


BLOCKED: Final = 2
"""Chromium's word for what is not allowed, in policies and in users' settings of content."""
CHROMIUM_OWN: Final = {
    BrowserMatter.WARNS_OF_FRAUD: "safebrowsing.enabled",
    BrowserMatter.KEEPS_PASSWORDS: "credentials_enable_service",
    BrowserMatter.HTTPS_ONLY: "https_only_mode_enabled",
    BrowserMatter.BLOCKS_POPUPS: "profile.default_content_setting_values.popups",
    BrowserMatter.SYNCHRONISES: "google.services.account_id",
}
"""Where users' choices stand in the file ``Preferences``."""


def chosen_in(preferences: object) -> Mapping[str, Pref]:
    """Pick the few values that matter out of the file ``Preferences``; the rest is not read."""
    found: dict[str, Pref] = {}
    for path in CHROMIUM_OWN.values():
        value = _inside(preferences, *path.split("."))
        if isinstance(value, (bool, int)):
            found[path] = value
        elif isinstance(value, str) and value:
            found[path] = True  # the account itself does not matter
    return found


def _chosen_chromium(matter: BrowserMatter, prefs: Mapping[str, Pref]) -> bool | None:
    path = CHROMIUM_OWN.get(matter)
    value = prefs.get(path) if path else None
    if matter is BrowserMatter.BLOCKS_POPUPS:
        return None if value is None else value == BLOCKED
    return _flag(value)

"""The web browsers of a Windows machine: Edge, Chrome, Chromium and Firefox, by Group Policy and by what their users chose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from scanner.facts.browsers import Browser, BrowserMatter, Browsers
from scanner.hosts.base import Files, Key, collector
from scanner.hosts.browser_rules import CHROMIUM_OWN, Own, Policies, chosen_in, chromium, firefox
from scanner.hosts.own_files import merged_profiles, own_files
from scanner.hosts.seeing import needed, parse_json, parsed, seen, shown
from scanner.hosts.windows import answers
from scanner.hosts.windows.base import CONTROL, MICROSOFT, WindowsReader, number, people
from scanner.hosts.windows.own_files import housed, installed, own_sources, program_keys, tree
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import prefs

MOZILLA: Final = r"SOFTWARE\Policies\Mozilla\Firefox"
PROFILES: Final = "AppData/Roaming/Mozilla/Firefox/Profiles"
CLOUD: Final = ("CloudManagementEnrollmentToken", "EdgeManagementEnrollmentToken")
"""Values by which a browser takes further policies from its maker's service, which are not in the registry."""
SENSITIVE: Final = frozenset({"SafeBrowsingEnabled", "SmartScreenEnabled"})
"""Policies that browsers heed only where a domain, Entra or a management service governs the machine, as their makers' lists say."""
PROTECTION: Final = "SafeBrowsingProtectionLevel"
"""What has taken the place of ``SafeBrowsingEnabled``; it is heeded everywhere."""
JOIN_INFO: Final = CONTROL + r"\CloudDomainJoin\JoinInfo"
ENROLLMENTS: Final = MICROSOFT + r"\Enrollments"
SMART_SCREEN: Final = r"Software\Microsoft\Edge\SmartScreenEnabled"
"""Where an account's own choice about Edge's warnings stands, as the unnamed value; Edge does not keep it in its file."""
TEXTS: Final = frozenset({"ExtensionSettings", "Preferences"})
"""Policies that are written as one text of JSON."""


@dataclass(frozen=True, slots=True)
class Kin:
    """A browser of Chromium's kind: its program, the key of its policies, where its users' settings are."""

    name: str
    program: str
    policies: str
    own: str
    alone: str
    """Where one account alone would have it, below its profile."""


KINDS: Final = (
    Kin(
        "edge",
        "msedge.exe",
        r"SOFTWARE\Policies\Microsoft\Edge",
        "AppData/Local/Microsoft/Edge/User Data",
        "AppData/Local/Microsoft/Edge/Application",
    ),
    Kin(
        "chrome",
        "chrome.exe",
        r"SOFTWARE\Policies\Google\Chrome",
        "AppData/Local/Google/Chrome/User Data",
        "AppData/Local/Google/Chrome/Application",
    ),
    Kin(
        "chromium",
        "chromium.exe",
        r"SOFTWARE\Policies\Chromium",
        "AppData/Local/Chromium/User Data",
        "AppData/Local/Chromium/Application",
    ),
)
RULES: Final = (*(kin.policies for kin in KINDS), MOZILLA)
"""Keys of policies, below HKLM and below each account's own."""


@collector(
    Platform.WINDOWS,
    *program_keys("firefox.exe", *(kin.program for kin in KINDS)),
    *(Key(rf"HKLM\{place}") for place in RULES),
    Key(JOIN_INFO),
    Key(rf"{ENROLLMENTS}\*"),
    answers.JOINED.source,
    *(Key(rf"HKU\*\{place}", root=True) for place in (*RULES, SMART_SCREEN)),
    Files("/Program Files*/Mozilla Firefox/distribution/policies.json"),
    Files("/Program Files*/Mozilla Firefox/defaults/pref/*.js"),
    *own_sources(PROFILES, "prefs.js", "user.js"),
    *(source for kin in KINDS for source in own_sources(kin.own, "Preferences")),
)
def browsers(read: WindowsReader) -> Browsers:
    """See which web browsers are installed and how they are set."""
    return Browsers(seen(lambda: tuple(_browsers(read))))


def _browsers(read: WindowsReader) -> list[Browser]:
    found = []
    homes = installed(read, "firefox.exe", "AppData/Local/Mozilla Firefox")
    if homes:
        held = seen(partial(mozilla_policies, read, homes, MOZILLA))
        own = merged_profiles(own_files(read, housed, (PROFILES,), ("prefs.js", "user.js"), prefs.parse))
        found.append(_doubted(read, firefox(held, own, rf"HKLM\{MOZILLA}")))
    for kin in KINDS:
        if installed(read, kin.program, kin.alone):
            found.append(_doubted(read, _of_kin(read, kin)))
    return found


def _of_kin(read: WindowsReader, kin: Kin) -> Browser:
    managed, recommended = (seen(partial(policies_of, read, kin.policies + tail)) for tail in ("", r"\Recommended"))
    own = merged_profiles(own_files(read, housed, (kin.own,), ("Preferences",), lambda data: chosen_in(parse_json(data))))
    if kin.name == "edge" and not isinstance(own, Unobserved):
        own = seen(partial(_with_smart_screen, read, own))
    read.keep(kin.policies, shown(str(managed))[:1000])
    heeded: bool | Unobserved = True
    if not isinstance(managed, Unobserved) and SENSITIVE & managed.keys() and PROTECTION not in managed:
        heeded = seen(partial(_governed, read))
        managed = {name: value for name, value in managed.items() if heeded is not False or name not in SENSITIVE}
    browser = chromium(kin.name, managed, recommended, own, rf"HKLM\{kin.policies}")
    if not isinstance(heeded, Unobserved):
        return browser
    fraud = BrowserMatter.WARNS_OF_FRAUD
    return replace(browser, settings=tuple(replace(s, policy=heeded) if s.matter is fraud else s for s in browser.settings))


def _governed(read: WindowsReader) -> bool:
    """Tell whether Entra, a management service or a domain governs the machine. Raises ``CannotObserve``."""
    enrolled = any(number(read, rf"{ENROLLMENTS}\{name}", "EnrollmentState") == 1 for name in read.subkeys(ENROLLMENTS) or ())
    return enrolled or bool(read.subkeys(JOIN_INFO)) or read.ask(answers.JOINED).domain


def _with_smart_screen(read: WindowsReader, own: Mapping[str, Mapping[str, prefs.Pref]]) -> Own:
    """Add what people chose about SmartScreen. Accounts that nobody is logged on as are left out; see ``unread``."""
    found = dict(own)
    for person in people(read):
        if not isinstance(person.settings, Unobserved):
            choice = number(read, rf"{person.settings}\{SMART_SCREEN}", "")
            if choice is not None:
                found[person.name] = {**found.get(person.name, {}), CHROMIUM_OWN[BrowserMatter.WARNS_OF_FRAUD]: choice}
    return found


def policies_of(read: WindowsReader, key: str) -> Policies:
    """Give the policies below a key: the machine's before those of accounts. Raises ``CannotObserve`` where accounts differ in theirs.

    While the settings of some account cannot be read these are the machine's alone; see ``unread``.
    """
    machine = _texts(tree(read, rf"HKLM\{key}"))
    if any(name in machine for name in CLOUD):
        raise CannotObserve(Reason.NO_VANTAGE, rf"HKLM\{key}: further policies come from the maker's service")
    if unread(read) is not None:
        return machine
    settings = [person.settings for person in people(read) if not isinstance(person.settings, Unobserved)]
    each = [{**_texts(tree(read, rf"{one}\{key}")), **machine} for one in settings]
    if any(one != each[0] for one in each):
        raise CannotObserve(Reason.UNSUPPORTED, rf"HKU\*\{key}: accounts have policies that differ")
    return each[0] if each else machine


def unread(read: WindowsReader) -> Unobserved | None:
    """Say why policies of some account could not be read: nobody is logged on as it."""
    return next((person.settings for person in people(read) if isinstance(person.settings, Unobserved)), None)


def _doubted(read: WindowsReader, browser: Browser) -> Browser:
    """Leave open what the machine's own policies do not hold, where an account may have policies that could not be read."""
    why = unread(read)
    if why is None:
        return browser
    return replace(browser, settings=tuple(replace(s, policy=why) if s.policy is None else s for s in browser.settings))


def _texts(policies: Mapping[str, object]) -> dict[str, object]:
    """Read those policies that are written as JSON, and leave out the key of advice, which is asked for by itself."""
    found = {name: value for name, value in policies.items() if name != "Recommended"}
    for name in TEXTS & found.keys():
        value = found[name]
        if isinstance(value, str):
            found[name] = needed(parsed(name, value.encode(), parse_json))
    return found


def mozilla_policies(read: WindowsReader, homes: tuple[str, ...], key: str) -> Policies:
    """Give Group Policy's, which count before those of the file beside the program, for Firefox and Thunderbird alike."""
    found: dict[str, object] = {}
    for folder in homes:
        path = f"{folder}/distribution/policies.json"
        data = read.file(path)
        held = needed(parsed(shown(path), data, parse_json)) if data is not None else {}
        inside = held.get("policies") if isinstance(held, Mapping) else None
        found.update(inside if isinstance(inside, Mapping) else {})
        for name in read.names(f"{folder}/defaults/pref") or ():
            if name.endswith(".js") and b"general.config.filename" in (read.file(f"{folder}/defaults/pref/{name}") or b""):
                raise CannotObserve(Reason.UNSUPPORTED, f"{shown(folder)}/defaults/pref/{shown(name)}: a script sets preferences")
    return {**found, **policies_of(read, key)}

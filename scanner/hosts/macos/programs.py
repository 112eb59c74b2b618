"""The collectors for browsers, mail programs and office programs on macOS: configuration profiles, then what users chose."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final

from scanner.facts.browsers import Browser, BrowserMatter, Browsers, BrowserSetting, OwnChoice
from scanner.facts.mail_client import MailClient, MailClients, MailSetting
from scanner.facts.office_macros import MacroRule, OfficeMacros, OfficeProgram
from scanner.hosts import libreoffice
from scanner.hosts.base import Files, Names, Reader, collector
from scanner.hosts.browser_rules import Policies, chosen_in, chromium, firefox
from scanner.hosts.macos.base import MANAGED, PEOPLE, Person, managed, managed_files, people, read_plist
from scanner.hosts.own_files import MOST, merged_profiles, own_files
from scanner.hosts.seeing import needed, parse_json, parsed, seen, shown
from scanner.hosts.thunderbird import clients, collapsed
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import plist, prefs, xcu

SUPPORT: Final = "Library/Application Support"
FIREFOX, THUNDERBIRD = "/Applications/Firefox.app", "/Applications/Thunderbird.app"
MOZILLA: Final = {FIREFOX: "org.mozilla.firefox", THUNDERBIRD: "org.mozilla.thunderbird"}
KIN: Final = {
    "chrome": ("/Applications/Google Chrome.app", "com.google.Chrome", f"{SUPPORT}/Google/Chrome"),
    "edge": ("/Applications/Microsoft Edge.app", "com.microsoft.Edge", f"{SUPPORT}/Microsoft Edge"),
    "chromium": ("/Applications/Chromium.app", "org.chromium.Chromium", f"{SUPPORT}/Chromium"),
}
SAFARI: Final = "com.apple.Safari"
MAIL: Final = "com.apple.mail"
CONTAINER: Final = "Library/Containers/{0}/Data/Library/Preferences/{0}.plist"
OFFICE: Final = "com.microsoft.office"
WORDS: Final = {"word": "Microsoft Word", "excel": "Microsoft Excel", "powerpoint": "Microsoft PowerPoint"}
LIBREOFFICE: Final = "/Applications/LibreOffice.app"
REGISTRY: Final = f"{LIBREOFFICE}/Contents/Resources/registry"
XCU: Final = f"{SUPPORT}/LibreOffice/4/user/registrymodifications.xcu"
RULES: Final = {
    "DisabledWithoutWarnings": MacroRule.NEVER,
    "DisabledWithWarnings": MacroRule.ASKS,
    "EnabledWithoutWarnings": MacroRule.ALL,
}


@collector(
    Platform.MACOS,
    *PEOPLE,
    Names(FIREFOX),
    Files(f"{FIREFOX}/Contents/Resources/distribution/policies.json"),
    *(Names(path) for path, _, _ in KIN.values()),
    *managed_files(MOZILLA[FIREFOX], SAFARI, *(domain for _, domain, _ in KIN.values())),
)
def browsers(read: Reader) -> Browsers:
    """See which web browsers are there and how they are set."""
    found = [_safari(read)]
    if read.state(FIREFOX) is not None:
        own = own_files(read, people, (f"{SUPPORT}/Firefox/Profiles",), ("prefs.js", "user.js"), prefs.parse)
        found.append(firefox(_mozilla(read, FIREFOX), merged_profiles(own), f"{MANAGED}/{MOZILLA[FIREFOX]}.plist"))
    for name, (path, domain, place) in KIN.items():
        if read.state(path) is not None:
            chosen = own_files(read, people, (place,), ("Preferences",), lambda data: chosen_in(parse_json(data)))
            policies = seen(partial(_all, read, domain))
            found.append(chromium(name, policies, {}, merged_profiles(chosen), f"{MANAGED}/{domain}.plist"))
    return Browsers(tuple(found))


def _all(read: Reader, domain: str) -> Policies:
    """Give every policy of a domain: what is set for the machine, and for people, of which each has to agree. Raises ``CannotObserve``."""
    machine = needed(read_plist(read, f"{MANAGED}/{domain}.plist"))
    policies = dict(machine or {})
    for person in people(read):
        own = needed(read_plist(read, f"{MANAGED}/{person.name}/{domain}.plist")) or {}
        for key, value in own.items():
            if policies.setdefault(key, value) != value:
                raise CannotObserve(Reason.UNSUPPORTED, f"{domain}: profiles of the machine and of {person.name} differ in {shown(key)}")
    return policies


def _mozilla(read: Reader, path: str) -> Policies | Unobserved:
    """Give the policies of Firefox or Thunderbird: a profile that says ``EnterprisePoliciesEnabled``, else the file in the application."""
    held = seen(partial(_all, read, MOZILLA[path]))
    if isinstance(held, Unobserved):
        return held
    if plist.flag(held.get("EnterprisePoliciesEnabled")):
        return {key: value for key, value in held.items() if key != "EnterprisePoliciesEnabled"}
    file = f"{path}/Contents/Resources/distribution/policies.json"
    data = seen(partial(read.file, file))
    if data is None or isinstance(data, Unobserved):
        return {} if data is None else data
    own = parsed(file, data, parse_json)
    policies = own.get("policies") if isinstance(own, Mapping) else own
    return policies if isinstance(policies, (Mapping, Unobserved)) else {}


def _safari(read: Reader) -> Browser:
    """Give what of Safari can be told: whether it warns of fraud. Its own settings stand in a folder that macOS closes to programs."""
    key = "WarnAboutFraudulentWebsites"
    held = managed(read, SAFARI, key)
    policy = held if isinstance(held, Unobserved) else plist.flag(held.value)
    own = seen(partial(_own_choices, read, SAFARI, key)) if policy is None else ()
    source = held.source if not isinstance(held, Unobserved) and policy is not None else ""
    return Browser("safari", (BrowserSetting(BrowserMatter.WARNS_OF_FRAUD, policy, None, True, own, source),))


def _own_choices(read: Reader, domain: str, key: str) -> tuple[OwnChoice, ...]:
    found = []
    for person in people(read):
        held = needed(read_plist(read, f"{person.home}/{CONTAINER.format(domain)}")) or {}
        value = plist.flag(held.get(key))
        if value is not None:
            found.append(OwnChoice(person.name, value))
    return tuple(found)


@collector(Platform.MACOS, *PEOPLE, Names(THUNDERBIRD), *managed_files(MOZILLA[THUNDERBIRD], MAIL))
def mail_clients(read: Reader) -> MailClients:
    """See which mail programs are there and how they show mail. Apple Mail is part of macOS; it counts where somebody has set it up."""
    found: list[MailClient] = []
    if read.state(THUNDERBIRD) is not None:
        place = (f"{SUPPORT}/Thunderbird/Profiles",)
        own = own_files(read, people, place, ("prefs.js", "user.js"), prefs.parse)
        panes = own_files(read, people, place, ("xulstore.json",), lambda data: collapsed(parse_json(data)))
        found += clients(_mozilla(read, THUNDERBIRD), own, panes)
    everybody = seen(partial(people, read))
    if isinstance(everybody, Unobserved):
        return MailClients(everybody)
    for person in everybody:
        client = _apple_mail(read, person)
        if client is not None:
            found.append(client)
    return MailClients(tuple(found))


def _apple_mail(read: Reader, person: Person) -> MailClient | None:
    held = read_plist(read, f"{person.home}/{CONTAINER.format(MAIL)}")
    if held is None:
        return None
    profile = managed(read, MAIL, "DisableURLLoading", person=person)
    if isinstance(held, Unobserved):
        open_ = MailSetting(held, held)
        return MailClient("apple-mail", person.name, open_, open_, open_, MailSetting(False, fixed=True))
    fixed = profile if isinstance(profile, Unobserved) else plist.flag(profile.value) is not None
    barred = profile if isinstance(profile, Unobserved) else plist.flag(profile.value if fixed else held.get("DisableURLLoading"))
    fetches = barred if isinstance(barred, Unobserved) else barred is not True
    plain = plist.flag(held.get("PreferPlainText")) is True
    untold = MailSetting(Unobserved(Reason.UNSUPPORTED, "whether the preview is shown is kept with each window"), fixed=False)
    # Mail runs no scripts (remembered)
    return MailClient(
        "apple-mail", person.name, untold, MailSetting(not plain, fixed=False), MailSetting(fetches, fixed), MailSetting(False, fixed=True)
    )


@collector(
    Platform.MACOS,
    *PEOPLE,
    *(Names(f"/Applications/{name}.app") for name in WORDS.values()),
    Names(LIBREOFFICE),
    Names(REGISTRY),
    *managed_files(OFFICE, *(f"{OFFICE}.{name}" for name in WORDS)),
)
def office_macros(read: Reader) -> OfficeMacros:
    """See which office programs are there and what they do with macros."""
    found = [_microsoft(read, name) for name, title in WORDS.items() if read.state(f"/Applications/{title}.app") is not None]
    if read.state(LIBREOFFICE) is not None:
        machine = seen(partial(_layers, read))
        found.append(libreoffice.program(machine, None, "", REGISTRY))
        everybody = seen(partial(people, read))
        for person in () if isinstance(everybody, Unobserved) else everybody:
            data = seen(partial(read.file, f"{person.home}/{XCU}", limit=MOST))
            if data is not None:
                own = data if isinstance(data, Unobserved) else parsed(XCU, data, xcu.parse)
                found.append(libreoffice.program(machine, own, person.name, f"{person.home}/{XCU}"))
        if isinstance(everybody, Unobserved):
            found.append(libreoffice.program(machine, everybody, "?", REGISTRY))
    return OfficeMacros(tuple(found))


def _layers(read: Reader) -> tuple[libreoffice.Layer, ...]:
    layers = []
    for name in read.names(REGISTRY) or ():
        if name.endswith((".xcd", ".xcu")) and not libreoffice.is_product(name):
            data = read.file(f"{REGISTRY}/{name}", limit=MOST)
            layers.append(needed(parsed(name, data or b"", xcu.parse)))
    return tuple(layers)


def _microsoft(read: Reader, name: str) -> OfficeProgram:
    """Give a program of Microsoft Office: its own domain, then that of all of them; without a profile it asks (Microsoft Learn)."""
    source = f"{MANAGED}/{OFFICE}.plist VisualBasicMacroExecutionState"
    for domain in (f"{OFFICE}.{name}", OFFICE):
        off, state = managed(read, domain, "VisualBasicEntirelyDisabled"), managed(read, domain, "VisualBasicMacroExecutionState")
        for held in (off, state):
            if isinstance(held, Unobserved):
                return OfficeProgram(name, "", held, held, None, (), source)
        if not isinstance(off, Unobserved) and plist.flag(off.value):
            return OfficeProgram(name, "", MacroRule.NEVER, True, None, (), off.source)
        word = None if isinstance(state, Unobserved) else plist.text(state.value)
        if word is not None and not isinstance(state, Unobserved):
            rule = RULES.get(word) or Unobserved(Reason.UNSUPPORTED, f"VisualBasicMacroExecutionState {shown(word)}")
            return OfficeProgram(name, "", rule, True, None, (), state.source)
    chosen = Unobserved(Reason.UNSUPPORTED, "no profile speaks of it, and users' own choice is kept where macOS closes it to programs")
    return OfficeProgram(name, "", chosen, False, None, (), source)

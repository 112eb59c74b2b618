"""The collector for web browsers on Linux: Firefox, Chromium, Chrome and Edge, by policy and by what their users chose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from scanner.facts.browsers import Browser, Browsers
from scanner.hosts.base import Files, Names, Reader, Source, collector
from scanner.hosts.browser_rules import Policies, chosen_in, chromium, firefox, unread
from scanner.hosts.linux.base import accounts, exists, needed, parsed, seen, shown
from scanner.hosts.linux.reads import ACCOUNTS
from scanner.hosts.own_files import MOST, merged_profiles, own_files
from scanner.hosts.seeing import parse_json
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import Reason
from scanner.wire import prefs

FIREFOX: Final = ("/usr/bin/firefox", "/usr/bin/firefox-esr", "/usr/local/bin/firefox", "/opt/firefox/firefox", "/snap/bin/firefox")
FIREFOX_HOMES: Final = (
    "/usr/lib/firefox-esr",
    "/usr/lib/firefox",
    "/usr/lib64/firefox",
    "/usr/share/firefox",
    "/usr/share/firefox-esr",
    "/opt/firefox",
)
FIREFOX_POLICIES: Final = ("/etc/firefox/policies/policies.json", *(f"{home}/distribution/policies.json" for home in FIREFOX_HOMES))
AUTOCONFIG: Final = tuple(f"{home}/defaults/pref" for home in FIREFOX_HOMES)
FIREFOX_OWN: Final = (".mozilla/firefox", "snap/firefox/common/.mozilla/firefox")


@dataclass(frozen=True, slots=True)
class Kin:
    """A browser of Chromium's kind: what is installed with it, where its policies stand, where its users' settings are."""

    name: str
    programs: tuple[str, ...]
    policies: str
    own: tuple[str, ...]


KINDS: Final = (
    Kin("chromium", ("/usr/bin/chromium", "/usr/lib64/chromium-browser/chromium-browser"), "/etc/chromium/policies", (".config/chromium",)),
    Kin(  # Ubuntu's: its Snap, and its package before that
        "chromium-browser",
        ("/snap/bin/chromium", "/usr/lib/chromium-browser/chromium-browser"),
        "/etc/chromium-browser/policies",
        ("snap/chromium/common/chromium", ".config/chromium"),
    ),
    Kin("chrome", ("/opt/google/chrome/chrome",), "/etc/opt/chrome/policies", (".config/google-chrome",)),
    Kin("edge", ("/opt/microsoft/msedge/msedge",), "/etc/opt/edge/policies", (".config/microsoft-edge",)),
)
FLATPAKS: Final = {
    f"{name} (Flatpak)": f"/var/lib/flatpak/app/{id_}"
    for name, id_ in (
        ("firefox", "org.mozilla.firefox"),
        ("chromium", "org.chromium.Chromium"),
        ("chrome", "com.google.Chrome"),
        ("edge", "com.microsoft.Edge"),
    )
}
"""Browsers that are installed as Flatpaks for the whole machine."""
NO_FLATPAK: Final = Unobserved(
    Reason.UNSUPPORTED, "which policies reach a Flatpak is left to its extensions and permissions, which are not read"
)
READS: Final[tuple[Source, ...]] = (
    *(Names(path) for path in FIREFOX),
    *(Files(path) for path in FIREFOX_POLICIES),
    *(Files(f"{place}/*.js") for place in AUTOCONFIG),
    *(Files(f"/home/*/{place}/*/{file}", limit=MOST, root=True) for place in FIREFOX_OWN for file in ("prefs.js", "user.js")),
    *(Names(path) for kin in KINDS for path in kin.programs),
    *(Names(path) for path in FLATPAKS.values()),
    *(Files(f"{kin.policies}/{kind}/*.json") for kin in KINDS for kind in ("managed", "recommended")),
    *(Files(f"/home/*/{place}/*/Preferences", limit=MOST, root=True) for kin in KINDS for place in kin.own),
)


@collector(Platform.LINUX, *ACCOUNTS, *READS)
def browsers(read: Reader) -> Browsers:
    """See which web browsers are installed and how they are set."""
    found: list[Browser] = []
    if exists(read, *FIREFOX):
        policies, source = firefox_policies(read)
        found.append(
            firefox(policies, merged_profiles(own_files(read, accounts, FIREFOX_OWN, ("prefs.js", "user.js"), prefs.parse)), source)
        )
    for kin in KINDS:
        if exists(read, *kin.programs):
            managed, recommended = (seen(partial(merged, read, kin, kind)) for kind in ("managed", "recommended"))
            own = merged_profiles(own_files(read, accounts, kin.own, ("Preferences",), _preferences))
            found.append(chromium(kin.name, managed, recommended, own, f"{kin.policies}/managed"))
    for name, path in FLATPAKS.items():
        if exists(read, path):
            found.append(unread(name, NO_FLATPAK, path))
    return Browsers(tuple(found))


def firefox_policies(read: Reader) -> tuple[Policies | Unobserved, str]:
    """Give the policies: of the first file that is there. What an autoconfig script does cannot be told."""
    source = next((path for path in FIREFOX_POLICIES if seen(partial(read.state, path)) is not None), FIREFOX_POLICIES[0])
    data = seen(partial(read.file, source))
    if isinstance(data, Unobserved):
        return data, source
    script = seen(partial(_autoconfig, read))
    if script is not None:
        return script if isinstance(script, Unobserved) else Unobserved(Reason.UNSUPPORTED, f"{script}: a script sets preferences"), source
    if data is None:
        return {}, source
    held = parsed(source, data, parse_json)
    if isinstance(held, Unobserved):
        return held, source
    policies = held.get("policies") if isinstance(held, Mapping) else None
    read.keep(source, ", ".join(sorted(map(str, policies)))[:1000] if isinstance(policies, Mapping) else "no policies")
    return policies if isinstance(policies, Mapping) else {}, source


def _autoconfig(read: Reader) -> str | None:
    for place in AUTOCONFIG:
        for name in read.names(place) or ():
            if name.endswith(".js") and b"general.config.filename" in (read.file(f"{place}/{name}") or b""):
                return shown(f"{place}/{name}")
    return None


def merged(read: Reader, kin: Kin, kind: str) -> Policies:
    """Merge the files of a directory as Chromium does: of two that name the same policy the later one counts. Raises ``CannotObserve``."""
    merged: dict[str, object] = {}
    directory = f"{kin.policies}/{kind}"
    for name in read.names(directory) or ():
        if not name.endswith(".json"):
            continue
        path = f"{directory}/{name}"
        data = read.file(path)
        held = needed(parsed(path, data or b"{}", parse_json))
        if isinstance(held, Mapping):
            merged.update(held)
    return merged


def _preferences(data: bytes) -> Mapping[str, prefs.Pref]:
    return chosen_in(parse_json(data))

"""The wireless networks that a Windows machine knows and the ones it uses: profiles of its WLAN service, and what Windows answers."""

from __future__ import annotations

from functools import partial
from typing import Final

from scanner.facts.wireless import WirelessMode, WirelessNetwork, WirelessNetworks, WirelessSecurity
from scanner.hosts.base import Files, collector
from scanner.hosts.seeing import needed, parsed, seen, shown
from scanner.hosts.windows import answers
from scanner.hosts.windows.base import WindowsReader
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import wlanprofile
from scanner.wire.wlanprofile import WlanProfile

PROFILES: Final = "/ProgramData/Microsoft/Wlansvc/Profiles/Interfaces"
MOST: Final = 2_000
WIRELESS: Final = 71
"""IfType IEEE80211."""
WORDS: Final = {
    "wpa": WirelessSecurity.WPA,
    "wpapsk": WirelessSecurity.WPA,
    "wpa2": WirelessSecurity.WPA2,
    "wpa2psk": WirelessSecurity.WPA2,
    "wpa3": WirelessSecurity.WPA3,
    "wpa3ent": WirelessSecurity.WPA3,
    "wpa3ent192": WirelessSecurity.WPA3,
    "wpa3sae": WirelessSecurity.WPA3,
    "owe": WirelessSecurity.OWE,
}
"""``authentication`` of a profile, but for "open" and "shared", where the encryption decides."""
BESIDE: Final = {WirelessSecurity.WPA3: WirelessSecurity.WPA2, WirelessSecurity.OWE: WirelessSecurity.OPEN}
NUMBERS: Final = {
    3: WirelessSecurity.WPA,
    4: WirelessSecurity.WPA,
    6: WirelessSecurity.WPA2,
    7: WirelessSecurity.WPA2,
    8: WirelessSecurity.WPA3,
    9: WirelessSecurity.WPA3,
    10: WirelessSecurity.OWE,
    11: WirelessSecurity.WPA3,
}
"""DOT11_AUTH_ALGORITHM (wlantypes.h); 1 is open and 2 a shared key of WEP."""
NO_CIPHER, TKIP = 0, 2
"""DOT11_CIPHER_ALGORITHM."""
ENTERPRISE: Final = frozenset({"wpa", "wpa2", "wpa3", "wpa3ent", "wpa3ent192"})


@collector(Platform.WINDOWS, Files(f"{PROFILES}/*/*.xml", root=True), answers.WIRELESS.source, answers.ADAPTERS.source)
def wireless_networks(read: WindowsReader) -> WirelessNetworks:
    """Give every profile, and the network in use also where none is kept for it."""
    links: tuple[answers.WirelessLink, ...] | Unobserved | None = seen(lambda: read.ask(answers.WIRELESS).links) if read.live else None
    networks = seen(lambda: _networks(read, links))
    adapters: tuple[str, ...] | Unobserved | None = None
    if read.live:
        adapters = seen(lambda: tuple(shown(a.name) for a in read.ask(answers.ADAPTERS).adapters if a.kind == WIRELESS))
    if not isinstance(networks, Unobserved):
        read.keep(PROFILES, ", ".join(f"{n.name}: {n.accepts}, now {n.uses}" for n in networks)[:2000])
    return WirelessNetworks(adapters, networks)


def _networks(read: WindowsReader, links: tuple[answers.WirelessLink, ...] | Unobserved | None) -> tuple[WirelessNetwork, ...]:
    used = {link.ssid: link for link in links} if isinstance(links, tuple) else {}
    found = []
    for path in _paths(read):
        data = read.file(path)
        profile = None if data is None else needed(parsed(shown(path), data, wlanprofile.parse))
        for ssid in profile.ssids if profile else ():
            now: WirelessSecurity | Unobserved | None = None
            if isinstance(links, Unobserved):
                now = links
            elif ssid in used:
                now = seen(partial(_in_use, used.pop(ssid)))
            assert profile is not None
            found.append(_network(ssid, profile, now, path))
    untold = Unobserved(Reason.UNSUPPORTED, "no profile is kept for it")
    found += [
        WirelessNetwork(
            shown(link.ssid),
            "",
            WirelessMode.CLIENT,
            untold,
            seen(partial(_in_use, link)),
            link.one_x,
            untold,
            untold,
            answers.WIRELESS.call,
        )
        for link in used.values()
    ]
    return tuple(found)


def _paths(read: WindowsReader) -> list[str]:
    found = []
    for adapter in read.names(PROFILES) or ():
        found += [f"{PROFILES}/{adapter}/{name}" for name in read.names(f"{PROFILES}/{adapter}") or () if name.lower().endswith(".xml")]
    if len(found) > MOST:
        raise CannotObserve(Reason.TOO_LARGE, f"more than {MOST} profiles of wireless networks")
    return found


def _network(ssid: str, profile: WlanProfile, now: WirelessSecurity | Unobserved | None, path: str) -> WirelessNetwork:
    enterprise = profile.one_x or profile.authentication.lower() in ENTERPRISE
    unread = Unobserved(Reason.UNSUPPORTED, "how the server proves itself is written in a form that is not read")
    return WirelessNetwork(
        name=shown(ssid),
        account="",
        mode=WirelessMode.AD_HOC if profile.kind.upper() == "IBSS" else WirelessMode.CLIENT,
        accepts=seen(partial(_accepts, profile)),
        uses=now,
        enterprise=enterprise,
        verifies_server=(unread if profile.validates is None else profile.validates) if enterprise else None,
        joins=profile.mode.lower() == "auto",
        source=shown(path),
    )


def _accepts(profile: WlanProfile) -> tuple[WirelessSecurity, ...]:
    word = profile.authentication.lower()
    if word in {"open", "shared"}:
        return (WirelessSecurity.OPEN if profile.encryption.lower() == "none" else WirelessSecurity.WEP,)
    first = WORDS.get(word)
    if first is None:
        raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"authentication {shown(profile.authentication)} is not known")
    if profile.encryption.upper() == "TKIP":
        return (WirelessSecurity.WPA,)  # WPA2 with the cipher of WPA protects no better
    return (first, BESIDE[first]) if profile.transition and first in BESIDE else (first,)


def _in_use(link: answers.WirelessLink) -> WirelessSecurity:
    if link.authentication in {1, 2}:
        return WirelessSecurity.OPEN if link.cipher == NO_CIPHER and link.authentication == 1 else WirelessSecurity.WEP
    found = NUMBERS.get(link.authentication)
    if found is None:
        raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"authentication algorithm {link.authentication} is not known")
    return WirelessSecurity.WPA if link.cipher == TKIP else found

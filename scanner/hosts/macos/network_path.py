"""The collectors for web proxies and virtual private networks on macOS, from the system's own network services."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from typing import Final

from scanner.facts.network_path import ProxyMode, ProxySetting, VpnConnection, VpnConnections, WebProxies
from scanner.hosts.base import Files, Names, Reader, Run, collector
from scanner.hosts.macos.base import managed, managed_files, said
from scanner.hosts.macos.network import SETTINGS, services
from scanner.hosts.proxy_address import script, server
from scanner.hosts.proxy_names import CHROMIUM_MODES, FIREFOX_MODES, chromium_server, firefox_server
from scanner.hosts.seeing import needed, seen, shown
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import plist

CONNECTIONS: Final = Run(("scutil", "--nc", "list"))
FIREFOX: Final = "org.mozilla.firefox"
CHROMIUM: Final = {"chrome": "com.google.Chrome", "edge": "com.microsoft.Edge"}
APPLICATIONS: Final = {
    "firefox": "/Applications/Firefox.app",
    "chrome": "/Applications/Google Chrome.app",
    "edge": "/Applications/Microsoft Edge.app",
}
TECHNIQUES: Final = {"L2TP": "l2tp", "PPTP": "pptp", "IPSec": "ipsec", "IKEv2": "ikev2"}
LONGEST: Final = 500
_ROW: Final = re.compile(r'\*?\s*\((\w+)\)\s+\S+\s+(.+?)\s+"(.*?)"\s+\[(\w+):?([\w.-]*)\]')
GLOBAL: Final = "com.apple.SystemConfiguration"


@collector(
    Platform.MACOS,
    Files(SETTINGS),
    *managed_files(FIREFOX, *CHROMIUM.values(), GLOBAL),
    *(Names(path) for path in APPLICATIONS.values()),
)
def web_proxies(read: Reader) -> WebProxies:
    """See how the system, and browsers that policies speak of, get to the web."""
    found = [*_system(read)]
    for name, path in APPLICATIONS.items():
        if read.state(path) is not None:
            found.append(_firefox(read) if name == "firefox" else _chromium(read, name))
    return WebProxies(tuple(found))


def _system(read: Reader) -> list[ProxySetting]:
    """Give the setting of every network service; any of them may be the one in use. A profile's global proxy comes first."""
    held = managed(read, GLOBAL, "Proxies")
    fixed = isinstance(held, Unobserved) or isinstance(held.value, Mapping)
    if isinstance(held, Unobserved):
        return [ProxySetting("system", "", held, "", held, GLOBAL)]
    if isinstance(held.value, Mapping):
        return [_of(held.value, "system", fixed, held.source)]
    found = seen(partial(services, read))
    if isinstance(found, Unobserved):
        return [ProxySetting("system", "", found, "", False, SETTINGS)]
    settings = [
        _of(plist.inside(s.held, "Proxies"), "system", False, f"{SETTINGS} {s.name}") for s in found if s.kind in {"Ethernet", "IEEE80211"}
    ]
    distinct = {(s.mode if isinstance(s.mode, ProxyMode) else "", s.server): s for s in settings}
    return list(distinct.values())


def _of(proxies: object, program: str, fixed: bool, source: str) -> ProxySetting:
    def text(key: str) -> str:
        return plist.text(plist.inside(proxies, key)) or ""

    def on(key: str) -> bool:
        return plist.flag(plist.inside(proxies, key)) is True

    if on("ProxyAutoConfigEnable"):
        return ProxySetting(program, "", ProxyMode.SCRIPT, script(text("ProxyAutoConfigURLString")), fixed, source)
    for kind in ("HTTPS", "HTTP", "SOCKS"):
        if on(f"{kind}Enable"):
            port = plist.whole(plist.inside(proxies, f"{kind}Port"))
            return ProxySetting(program, "", ProxyMode.FIXED, server(f"{text(f'{kind}Proxy')}:{port or ''}".rstrip(":")), fixed, source)
    mode = ProxyMode.DISCOVERY if on("ProxyAutoDiscoveryEnable") else ProxyMode.NONE
    return ProxySetting(program, "", mode, "", fixed, source)


def _firefox(read: Reader) -> ProxySetting:
    held = managed(read, FIREFOX, "Proxy")
    if isinstance(held, Unobserved):
        return ProxySetting("firefox", "", held, "", held, FIREFOX)
    proxy: Mapping[str, object] = held.value if isinstance(held.value, Mapping) else {}
    mode = FIREFOX_MODES.get(str(proxy.get("Mode")), ProxyMode.SYSTEM)
    return ProxySetting("firefox", "", mode, firefox_server(mode, proxy), proxy.get("Locked") is True, held.source)


def _chromium(read: Reader, name: str) -> ProxySetting:
    domain = CHROMIUM[name]
    policies: dict[str, object] = {}
    for key in ("ProxyMode", "ProxySettings", "ProxyServer", "ProxyPacUrl"):
        held = managed(read, domain, key)
        if isinstance(held, Unobserved):
            return ProxySetting(name, "", held, "", held, domain)
        if held.value is not None:
            policies[key] = held.value
    inner = policies.get("ProxySettings")
    settings: Mapping[str, object] = inner if isinstance(inner, Mapping) else policies
    word = settings.get("ProxyMode")
    mode = CHROMIUM_MODES.get(str(word), ProxyMode.SYSTEM)
    return ProxySetting(name, "", mode, chromium_server(mode, settings), word is not None, domain)


@collector(Platform.MACOS, Files(SETTINGS), CONNECTIONS)
def vpn_connections(read: Reader) -> VpnConnections:
    """See which virtual private networks the machine has settings for. Those of other makers' programs show on a running machine only."""
    return VpnConnections(seen(partial(_connections, read)))


def _connections(read: Reader) -> tuple[VpnConnection, ...]:
    found = []
    told = _vpn_services(read)
    for service in services(read):
        technique = TECHNIQUES.get(service.kind)
        if technique:
            primary = plist.flag(plist.inside(service.held, "IPv4", "OverridePrimary"))
            # IPv6 goes its own way in these; whether there is any depends on the network at hand
            takes = False if not primary else Unobserved(Reason.UNSUPPORTED, f"{service.name}: IPv6 may pass it by")
            up = told.get(service.name, (None, ""))[0] if told is not None else None
            found.append(VpnConnection(service.name, technique, False, up if up is not None or told is None else False, takes, SETTINGS))
    for name, (up, kind) in (told or {}).items():
        if name not in {connection.name for connection in found}:
            why = Unobserved(Reason.UNSUPPORTED, f"{name}: settings of its program are not read")
            found.append(VpnConnection(name, kind, why, up, why, " ".join(CONNECTIONS.argv)))
    return tuple(found)


def _vpn_services(read: Reader) -> dict[str, tuple[bool, str]] | None:
    """Read ``scutil --nc list``: ``* (Disconnected)   UUID VPN (com.example) "name"  [VPN:com.example]``; ``None``: it does not run."""
    if not read.live:
        return None
    answer = needed(said(read, CONNECTIONS))
    lines = [line for line in answer.split("\n") if len(line) < LONGEST]
    rows = [match.groups() for line in lines if (match := _ROW.match(line))]
    found = {shown(name): (state == "Connected", shown(TECHNIQUES.get(sub, sub or kind).lower())) for state, _, name, kind, sub in rows}
    if not found and "Available network connection services" not in answer:
        raise CannotObserve(Reason.UNSUPPORTED, f"scutil: {shown(answer.strip())[:200]}")
    return found

"""The collector for web proxies on Linux: the environment of sessions, GNOME, KDE, and policies of browsers."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final

from scanner.facts.network_path import ProxyMode, ProxySetting, WebProxies
from scanner.facts.readings import Readings
from scanner.hosts.base import Files, Names, Reader, collector
from scanner.hosts.linux.base import Account, accounts, exists, seen, shown
from scanner.hosts.linux.browsers import FIREFOX, FIREFOX_POLICIES, FLATPAKS, KINDS, NO_FLATPAK, firefox_policies, merged
from scanner.hosts.linux.desktops import environment, sessions_or_reason
from scanner.hosts.linux.gsettings import GSettings, Key, gsettings
from scanner.hosts.linux.kconfig import kconfig
from scanner.hosts.linux.reads import ACCOUNTS, SESSIONS
from scanner.hosts.proxy_address import script, server
from scanner.hosts.proxy_names import CHROMIUM_MODES, FIREFOX_MODES, chromium_server, firefox_server
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import Reason

PLACE, SCHEMA = "/system/proxy", "org.gnome.system.proxy"
MODE, SCRIPT = Key(SCHEMA, "mode", PLACE), Key(SCHEMA, "autoconfig-url", PLACE)
HOST, PORT = Key(f"{SCHEMA}.https", "host", f"{PLACE}/https"), Key(f"{SCHEMA}.https", "port", f"{PLACE}/https")
KDE_MODES: Final = {"0": ProxyMode.NONE, "1": ProxyMode.FIXED, "2": ProxyMode.SCRIPT, "3": ProxyMode.DISCOVERY, "4": ProxyMode.SYSTEM}


@collector(
    Platform.LINUX,
    *SESSIONS,
    *ACCOUNTS,
    Files("/etc/xdg/kioslaverc"),
    *(Names(path) for path in FIREFOX),
    *(Files(path) for path in FIREFOX_POLICIES),
    *(Names(path) for kin in KINDS for path in kin.programs),
    *(Files(f"{kin.policies}/managed/*.json") for kin in KINDS),
    *(Names(path) for path in FLATPAKS.values()),
)
def web_proxies(read: Reader) -> WebProxies:
    """See how the machine's programs get to the web."""
    sessions = sessions_or_reason(read)
    found: list[ProxySetting] = []
    if isinstance(sessions, Unobserved):
        found.append(ProxySetting("desktop", "", sessions, "", sessions, ""))
    else:
        for session in sessions:
            if session.desktop == "gnome":
                found += _gnome(read, gsettings(read, session.names))
            elif session.desktop == "kde":
                found.append(_kde(read))
    found += _browsers(read)
    general = _environment(read)
    # an unset environment decides nothing where a desktop or a policy speaks
    return WebProxies((general, *found) if general.mode is not ProxyMode.NONE or not found else tuple(found))


def _environment(read: Reader) -> ProxySetting:
    """Give what /etc/environment sets; shells may set it as well, which is left to their users."""
    source = "/etc/environment"
    for name in ("https_proxy", "HTTPS_PROXY", "http_proxy", "all_proxy"):
        value = seen(partial(environment, read, name))
        if isinstance(value, Unobserved):
            return ProxySetting("environment", "", value, "", value, source)
        if value:
            return ProxySetting("environment", "", ProxyMode.FIXED, server(value), False, f"{source} {name}")
    return ProxySetting("environment", "", ProxyMode.NONE, "", False, source)


def _gnome(read: Reader, settings: GSettings) -> list[ProxySetting]:
    mode, fixed = settings.machine(MODE, str)
    address = _address(settings, None)
    general = _gnome_setting("", mode.after_restart, address, fixed, mode.source)
    found = [general]
    if fixed is True:
        return found
    people = seen(partial(accounts, read))
    if isinstance(people, Unobserved):
        return [general, ProxySetting("gnome", "?", people, "", fixed, mode.source)]
    for person in people:
        own = settings.own(MODE, str, person)
        if own is not None:
            found.append(_gnome_setting(person.name, own, _address(settings, person), fixed, mode.source))
    return found


def _gnome_setting(
    account: str, mode: str | Unobserved, address: dict[ProxyMode, str], fixed: bool | Unobserved, source: str
) -> ProxySetting:
    if isinstance(mode, Unobserved):
        return ProxySetting("gnome", account, mode, "", fixed, source)
    kind = {"none": ProxyMode.NONE, "manual": ProxyMode.FIXED, "auto": ProxyMode.SCRIPT}.get(mode)
    if kind is None:
        return ProxySetting("gnome", account, Unobserved(Reason.PROTOCOL_VIOLATION, f"mode {shown(mode)}"), "", fixed, source)
    if kind is ProxyMode.SCRIPT and not address[ProxyMode.SCRIPT]:
        kind = ProxyMode.DISCOVERY  # GNOME asks by WPAD where no address is given
    return ProxySetting("gnome", account, kind, address.get(kind, ""), fixed, source)


def _address(settings: GSettings, person: Account | None) -> dict[ProxyMode, str]:
    """Give host and port, and the script's address, as an account has them; empty where they are not set or not known."""

    def text(key: Key) -> str:
        own = settings.own(key, str, person) if person else None
        value = own if own is not None else _after(settings.machine(key, str)[0])
        return value if isinstance(value, str) else ""

    own = settings.own(PORT, int, person) if person else None
    port = own if own is not None else _after(settings.machine(PORT, int)[0])
    host = text(HOST)
    return {
        ProxyMode.FIXED: server(f"{host}:{port}") if host and isinstance(port, int) else host,
        ProxyMode.SCRIPT: script(text(SCRIPT)) if text(SCRIPT) else "",
    }


def _after(readings: Readings[str] | Readings[int]) -> str | int | Unobserved:
    return readings.after_restart


def _kde(read: Reader) -> ProxySetting:
    """Give KDE's proxy for accounts without settings of their own."""
    held = kconfig(read, "kioslaverc")
    kind = held.get("Proxy Settings", "ProxyType")
    if isinstance(kind.value, Unobserved):
        return ProxySetting("kde", "", kind.value, "", kind.fixed, kind.source)
    mode = KDE_MODES.get(kind.value or "0", ProxyMode.NONE)
    place = held.get("Proxy Settings", "Proxy Config Script" if mode is ProxyMode.SCRIPT else "httpsProxy").value
    address = place if isinstance(place, str) else ""
    where = script(address) if mode is ProxyMode.SCRIPT else server(address.replace(" ", ":")) if mode is ProxyMode.FIXED else ""
    return ProxySetting("kde", "", mode, where, kind.fixed, kind.source)


def _browsers(read: Reader) -> list[ProxySetting]:
    """Give what policies say of browsers; where they say nothing, browsers do as the system does (the default of all of them)."""
    found = []
    if exists(read, *FIREFOX):
        policies, source = firefox_policies(read)
        if isinstance(policies, Unobserved):
            found.append(ProxySetting("firefox", "", policies, "", policies, source))
        else:
            held = policies.get("Proxy")
            proxy: Mapping[str, object] = held if isinstance(held, Mapping) else {}
            mode = FIREFOX_MODES.get(str(proxy.get("Mode")), ProxyMode.SYSTEM)
            found.append(ProxySetting("firefox", "", mode, firefox_server(mode, proxy), proxy.get("Locked") is True, source))
    for kin in KINDS:
        if exists(read, *kin.programs):
            managed = seen(partial(merged, read, kin, "managed"))
            source = f"{kin.policies}/managed"
            if isinstance(managed, Unobserved):
                found.append(ProxySetting(kin.name, "", managed, "", managed, source))
            else:
                found.append(_chromium(kin.name, managed, source))
    found += [ProxySetting(name, "", NO_FLATPAK, "", NO_FLATPAK, path) for name, path in FLATPAKS.items() if exists(read, path)]
    return found


def _chromium(name: str, managed: Mapping[str, object], source: str) -> ProxySetting:
    held = managed.get("ProxySettings")
    settings: Mapping[str, object] = held if isinstance(held, Mapping) else managed
    word = settings.get("ProxyMode")
    mode = CHROMIUM_MODES.get(str(word), ProxyMode.SYSTEM)
    return ProxySetting(name, "", mode, chromium_server(mode, settings), word is not None, source)

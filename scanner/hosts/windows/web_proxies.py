"""How the programs of a Windows machine get to the web: each account's Internet settings, the machine's where policy says so, and WinHTTP.

The settings are kept twice: in values that are easy to read, and in one of octets that Windows goes by. The second counts here.
"""

from __future__ import annotations

import struct
from functools import partial
from typing import Final

from scanner.facts.network_path import ProxyMode, ProxySetting, WebProxies
from scanner.hosts.base import Key, collector
from scanner.hosts.proxy_address import script, server
from scanner.hosts.seeing import seen
from scanner.hosts.windows.base import POLICIES, WindowsReader, number, people
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason

SETTINGS: Final = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Internet Settings"
PER_USER: Final = POLICIES + r"\Microsoft\Windows\CurrentVersion\Internet Settings"
LOCKED: Final = r"Software\Policies\Microsoft\Internet Explorer\Control Panel"
USES_PROXY, USES_SCRIPT, DISCOVERS = 0x2, 0x4, 0x8
"""PROXY_TYPE_PROXY, PROXY_TYPE_AUTO_PROXY_URL, PROXY_TYPE_AUTO_DETECT (wininet.h)."""
LONGEST: Final = 8_192
MARKS: Final = frozenset({0x18, 0x28, 0x3C, 0x46, 0x5A})
"""First numbers of the value that were seen in different versions."""


@collector(
    Platform.WINDOWS,
    Key(rf"HKLM\{SETTINGS}\Connections"),
    Key(rf"HKU\*\{SETTINGS}\Connections", root=True),
    Key(PER_USER),
    Key(rf"HKU\*\{LOCKED}", root=True),
)
def web_proxies(read: WindowsReader) -> WebProxies:
    """Give what each account uses, and what services use (WinHTTP)."""
    return WebProxies(seen(lambda: tuple(_both(read))))


def _both(read: WindowsReader) -> list[ProxySetting]:
    services = _setting(read, "winhttp", "", "HKLM", "WinHttpSettings", fixed=True)
    # unset, services go by what they are told themselves, which decides nothing
    return _system(read) if services.mode is ProxyMode.NONE else [*_system(read), services]


def _system(read: WindowsReader) -> list[ProxySetting]:
    # 0: settings are the machine's own, and accounts have none (Make proxy settings per-machine)
    if number(read, PER_USER, "ProxySettingsPerUser") == 0:
        return [_setting(read, "system", "", "HKLM", "DefaultConnectionSettings", fixed=True)]
    found = []
    for person in people(read):
        if isinstance(person.settings, Unobserved):
            found.append(ProxySetting("system", person.name, person.settings, "", person.settings, person.sid))
            continue
        keeps = [seen(partial(number, read, rf"{person.settings}\{LOCKED}", name)) for name in ("Proxy", "Autoconfig")]
        unseen = next((one for one in keeps if isinstance(one, Unobserved)), None)
        fixed = unseen or all(one == 1 for one in keeps)
        found.append(_setting(read, "system", person.name, person.settings, "DefaultConnectionSettings", fixed=fixed))
    # an account that never signed in gets what Windows ships: it looks for a script on the network at hand
    return found or [ProxySetting("system", "", ProxyMode.DISCOVERY, "", False, "Windows")]


def _setting(read: WindowsReader, program: str, account: str, root: str, name: str, *, fixed: bool | Unobserved) -> ProxySetting:
    source = rf"{root}\{SETTINGS}\Connections\{name}"
    octets = seen(partial(read.value, rf"{root}\{SETTINGS}\Connections", name))
    if isinstance(octets, Unobserved):
        return ProxySetting(program, account, octets, "", fixed, source)
    if octets is None:
        # WinHTTP goes straight; for people Windows looks for a script ("Automatically detect settings")
        mode = ProxyMode.NONE if program == "winhttp" else ProxyMode.DISCOVERY
        return ProxySetting(program, account, mode, "", fixed, source)
    told = seen(lambda: _parse(octets))
    if isinstance(told, Unobserved):
        return ProxySetting(program, account, told, "", fixed, source)
    mode, place = told
    read.keep(source, f"{account or program}: {mode} {place}")
    return ProxySetting(program, account, mode, place, fixed, source)


def _parse(octets: object) -> tuple[ProxyMode, str]:
    """Read the value of octets: mark, counter, flags, then the server, the exceptions and the script's address, each with its length.

    Microsoft does not document it. Discovery comes first, as Windows tries it first; a script comes before a server.
    """
    if not isinstance(octets, bytes) or not 16 <= len(octets) <= LONGEST:
        raise CannotObserve(Reason.PROTOCOL_VIOLATION, "not of a length that settings of proxies have")
    mark, _, flags = struct.unpack_from("<3I", octets)
    if mark not in MARKS or flags & ~0xF:
        raise CannotObserve(Reason.PROTOCOL_VIOLATION, "not of the form that is known")
    parts = []
    at = 12
    for _ in range(3):
        if at + 4 > len(octets):
            break  # WinHTTP's ends after two
        length = struct.unpack_from("<I", octets, at)[0]
        if at + 4 + length > len(octets):
            raise CannotObserve(Reason.PROTOCOL_VIOLATION, "a part lies outside")
        parts.append(octets[at + 4 : at + 4 + length].decode("utf-8", "replace"))
        at += 4 + length
    named = dict(zip(("server", "but", "script"), parts, strict=False))
    if flags & DISCOVERS:
        return ProxyMode.DISCOVERY, ""
    if flags & USES_SCRIPT and named.get("script"):
        return ProxyMode.SCRIPT, script(named["script"])
    if flags & USES_PROXY and named.get("server"):
        return ProxyMode.FIXED, _of_web(named["server"])
    return ProxyMode.NONE, ""


def _of_web(value: str) -> str:
    """Pick the server for HTTPS out of ``http=a:80;https=b:443``; one without a scheme is for all."""
    each: dict[str, str] = {}
    for part in filter(None, map(str.strip, value.split(";"))):
        scheme, _, address = part.rpartition("=")
        each.setdefault(scheme, address)
    return server(each.get("https") or each.get("") or each.get("http") or next(iter(each.values()), ""))

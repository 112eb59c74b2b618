"""How web proxies are named in policies of browsers. Pure; reads nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from scanner.facts.network_path import ProxyMode
from scanner.hosts.proxy_address import script, server

FIREFOX_MODES: Final = {
    "none": ProxyMode.NONE,
    "manual": ProxyMode.FIXED,
    "autoConfig": ProxyMode.SCRIPT,
    "autoDetect": ProxyMode.DISCOVERY,
    "system": ProxyMode.SYSTEM,
}
CHROMIUM_MODES: Final = {
    "direct": ProxyMode.NONE,
    "fixed_servers": ProxyMode.FIXED,
    "pac_script": ProxyMode.SCRIPT,
    "auto_detect": ProxyMode.DISCOVERY,
    "system": ProxyMode.SYSTEM,
}


def firefox_server(mode: ProxyMode, proxy: Mapping[str, object]) -> str:
    """Give the address in Firefox's policy ``Proxy``."""
    if mode is ProxyMode.SCRIPT:
        return script(str(proxy.get("AutoConfigURL") or ""))
    return server(str(proxy.get("SSLProxy") or proxy.get("HTTPProxy") or "")) if mode is ProxyMode.FIXED else ""


def chromium_server(mode: ProxyMode, settings: Mapping[str, object]) -> str:
    """Give the address in Chromium's policies; of several schemes the first."""
    if mode is ProxyMode.SCRIPT:
        return script(str(settings.get("ProxyPacUrl") or ""))
    return server(str(settings.get("ProxyServer") or "").split(";")[0].rpartition("=")[2]) if mode is ProxyMode.FIXED else ""

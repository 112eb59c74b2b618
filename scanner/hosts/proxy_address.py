"""Addresses of web proxies and of the scripts that choose them, fit for a fact: credentials are cut. Pure; reads nothing."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from scanner.hosts.seeing import shown


def server(address: str) -> str:
    """Give host and port of a proxy, or the whole address of a script. What stands before an ``@`` is taken for credentials and cut."""
    if not re.match(r"[a-z]+://", address):
        address = f"//{address}"
    try:
        parts = urlsplit(address)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "?"
    host = f"[{parts.hostname}]" if parts.hostname and ":" in parts.hostname else parts.hostname or ""
    return shown(f"{host}{port}")


def script(address: str) -> str:
    """Give the address of a script without credentials and question."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return "?"
    return shown(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}")

"""URLs as pages and headers write them: made absolute and taken apart. Only http and https, no user names, bounded."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, urljoin, urlsplit

LONGEST = 2048
_HOST = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?\Z")
_ADDRESS = re.compile(r"[0-9a-f:.]+\Z")
_DROPPED = str.maketrans("", "", "\t\r\n")
_PORTS = {"http": 80, "https": 443}
_FIT = "/%:?#[]@!$&'()*+,;=~-._|"
SHOWN = 300


@dataclass(frozen=True, slots=True)
class Url:
    """A URL in its parts. ``host`` is lower case (an IPv6 address without brackets), ``target`` path and query, at least ``/``."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def text(self) -> str:
        """The URL, without a port that goes without saying and without fragment."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}{self.target}"

    @property
    def path(self) -> str:
        """The path without the query."""
        return self.target.partition("?")[0]


def absolute(reference: str, base: str = "") -> Url | None:
    """Make a reference absolute and take it apart; ``None`` for what is no http or https URL with a host."""
    text = reference.translate(_DROPPED).strip()
    if len(text) > LONGEST:
        return None
    try:
        parts = urlsplit(urljoin(base, text))
        host, port = parts.hostname or "", parts.port
        target = fit((parts.path or "/") + (f"?{parts.query}" if parts.query else ""))
    except ValueError:
        return None
    scheme = parts.scheme.lower()
    if scheme not in _PORTS or parts.username is not None:
        return None
    host = _ascii(host)
    if not host or len(host) > 253 or not (_HOST.match(host) or (":" in host and _ADDRESS.match(host))):
        return None
    if not target.startswith("/") or port == 0:
        return None
    return Url(scheme, host.removesuffix("."), port or _PORTS[scheme], target)


def fit(target: str) -> str:
    """Percent-encode what no request line can hold, such as blanks and controls. Raises ``ValueError`` for half of a surrogate pair."""
    return quote(target, safe=_FIT)


def _ascii(host: str) -> str:
    if host.isascii():
        return host.lower()
    try:
        return host.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return ""


def shown(text: str) -> str:
    """Cut a URL for a fact, without its query and fragment: those may hold what is private to one visitor."""
    head = re.split(r"[?#]", text.translate(_DROPPED), maxsplit=1)[0]
    return "".join(c if c.isprintable() else "%" for c in head)[:SHOWN]

"""Headers that browsers act upon: Strict-Transport-Security, Content-Security-Policy, Set-Cookie … No opinion about values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address

MOST_DIRECTIVES = 64
LONGEST_NAME = 64
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")
_SECONDS = re.compile(r"[0-9]{1,18}\Z")
_BIG_IP = re.compile(r"(\d{1,10})\.(\d{1,5})\.0000\Z")
_BIG_IP_6 = re.compile(r"(?:rd\d+o|vi)(?:00000000000000000000ffff([0-9a-f]{8})|[0-9a-f]{32})(?:o\d+|\.\d+)\Z")


@dataclass(frozen=True, slots=True)
class Hsts:
    """A Strict-Transport-Security policy; ``max_age`` in seconds."""

    max_age: int
    subdomains: bool
    preload: bool


def hsts(value: str) -> Hsts | None:
    """Read the header (RFC 6797 section 6.1). ``None``: browsers drop it, for a missing or wrong max-age or a directive given twice."""
    seen: dict[str, str] = {}
    for piece in value.split(";")[:MOST_DIRECTIVES]:
        name, _, text = piece.strip().partition("=")
        name, text = name.strip().lower(), text.strip()
        if not name:
            continue
        if not _TOKEN.match(name) or name in seen:
            return None
        seen[name] = text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text
    age = seen.get("max-age", "")
    return Hsts(int(age), "includesubdomains" in seen, "preload" in seen) if _SECONDS.match(age) else None


def csp(value: str) -> dict[str, tuple[str, ...]]:
    """Read one Content-Security-Policy into directives and their sources in lower case; of a directive given twice the first counts."""
    found: dict[str, tuple[str, ...]] = {}
    for piece in value.split(";")[:MOST_DIRECTIVES]:
        words = piece.split()
        if words:
            found.setdefault(words[0].lower(), tuple(word.lower() for word in words[1:]))
    return found


@dataclass(frozen=True, slots=True)
class SetCookie:
    """A cookie as it is set, without its value. ``same_site`` is lower case or empty; ``domain`` without its first dot.

    ``kept`` tells that it outlives the browser. ``internal_address`` is an address that the value tells by a known coding
    (F5 BIG-IP persistence), else empty.
    """

    name: str
    secure: bool
    http_only: bool
    same_site: str
    domain: str
    path: str
    kept: bool
    internal_address: str


def set_cookie(value: str) -> SetCookie | None:
    """Read a Set-Cookie header (RFC 6265 section 5.2); the value is looked at and dropped. ``None``: browsers drop the cookie."""
    first, *rest = value.split(";")[:MOST_DIRECTIVES]
    name, equals, text = first.partition("=")
    name = name.strip()
    if not equals or not name:
        return None
    given: dict[str, str] = {}
    for piece in rest:
        key, _, word = piece.partition("=")
        given[key.strip().lower()] = word.strip()  # the last one counts
    return SetCookie(
        name=name[:LONGEST_NAME],
        secure="secure" in given,
        http_only="httponly" in given,
        same_site=given.get("samesite", "").lower()[:LONGEST_NAME],
        domain=given.get("domain", "").lower().lstrip(".")[:253],
        path=given.get("path", "")[:LONGEST_NAME],
        kept="expires" in given or "max-age" in given,
        internal_address=_address_in(text.strip()),
    )


def _address_in(value: str) -> str:
    if (found := _BIG_IP.match(value)) and int(found[1]) < 2**32:
        return str(IPv4Address(int(found[1]).to_bytes(4, "little")))
    if (other := _BIG_IP_6.match(value)) and other[1]:
        return str(IPv4Address(bytes.fromhex(other[1])))
    return ""


def media_type(content_type: str) -> str:
    """Give the media type of a Content-Type header, lower case, without parameters."""
    return content_type.partition(";")[0].strip().lower()[:LONGEST_NAME]


def charset(content_type: str) -> str:
    """Give the charset parameter of a Content-Type header, lower case, or empty."""
    for piece in content_type.split(";")[1:MOST_DIRECTIVES]:
        key, _, word = piece.partition("=")
        if key.strip().lower() == "charset":
            return word.strip().strip("\"'").lower()[:LONGEST_NAME]
    return ""

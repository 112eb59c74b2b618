"""The report addresses of DMARC (``rua``, ``ruf``) and TLS-RPT (``rua``): a comma-separated list of URIs.

Sources: RFC 9989 section 4.8, RFC 8460 section 3, RFC 3986, RFC 6068. Whether a scheme is of use to a format is for that format to say.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum, unique
from urllib.parse import unquote

from scanner.wire.txt import Problem, excerpt

MAX_URIS = 32
"""URIs of one list that are read; receivers stop far earlier, many at two."""
MAX_URI = 2048
"""Characters of one URI."""


@unique
class UriFlaw(StrEnum):
    """What can be odd about a list of report addresses."""

    URI_TOO_MANY = "uri-too-many"
    URI_TOO_LONG = "uri-too-long"
    URI_EMPTY = "uri-empty"  # nothing between two commas
    URI_NO_SCHEME = "uri-no-scheme"  # often a bare mail address
    URI_SYNTAX = "uri-syntax"  # characters or escapes that no URI may hold, or no usable host or address
    URI_UNESCAPED = "uri-unescaped"  # "!" that should be "%21"
    URI_SIZE_SUFFIX = "uri-size-suffix"  # "!10m": obsolete in DMARC, never allowed in TLS-RPT
    URI_REPEATED = "uri-repeated"


UriProblem = Problem[UriFlaw]


@dataclass(frozen=True, slots=True)
class ReportUri:
    """One report address: the URI without a size suffix, its scheme in lower case, the host in lower case without final dot.

    ``address`` is the unescaped mail address of a ``mailto:`` URI, else empty. ``host`` is empty for schemes without a host.
    ``size`` is the obsolete suffix without its ``!``, such as ``10m``.
    """

    uri: str
    scheme: str
    host: str
    address: str = ""
    size: str = ""


_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST = rf"(?:{_LABEL}\.)*{_LABEL}"
_HOST_NAME = re.compile(_HOST + r"\.?\Z")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,31}):")
_URI_TEXT = re.compile(r"(?:[A-Za-z0-9._~:/?#\[\]@!$&'()*+;=-]|%[0-9A-Fa-f]{2})+\Z")
_SIZE = re.compile(r"!([0-9]{1,20}[kmgtKMGT]?)\Z")
# Nearly every address published has this form; the rest takes the long way below.
_PLAIN_MAIL = re.compile(r"mailto:([A-Za-z0-9._+=~-]{1,64}@(" + _HOST + r"))\Z")
_LOCAL_PART = re.compile(r"[\x21-\x7e]{1,64}\Z")
_LONGEST_HOST = 253


def read_uris(text: str, tag: str) -> tuple[tuple[ReportUri, ...], tuple[UriProblem, ...]]:
    """Take the URIs of a list in their order; those that are no URI are left out and told as problems of ``tag``."""
    uris: list[ReportUri] = []
    problems: list[UriProblem] = []
    pieces = text.split(",", MAX_URIS)
    if len(pieces) > MAX_URIS:
        problems.append(Problem(UriFlaw.URI_TOO_MANY, tag, excerpt(pieces.pop())))
    for piece in pieces:
        one = piece.strip(" \t")
        uri, flaw = _read(one)
        if flaw:
            problems.append(Problem(flaw, tag, excerpt(one)))
        if uri is None:
            continue
        if uri in uris:
            problems.append(Problem(UriFlaw.URI_REPEATED, tag, excerpt(one)))
        else:
            uris.append(uri)
    return tuple(uris), tuple(problems)


def _read(text: str) -> tuple[ReportUri | None, UriFlaw | None]:
    if not text:
        return None, UriFlaw.URI_EMPTY
    if len(text) > MAX_URI:
        return None, UriFlaw.URI_TOO_LONG
    if (plain := _PLAIN_MAIL.match(text)) and len(plain[2]) <= _LONGEST_HOST:
        return ReportUri(text, "mailto", plain[2].lower(), plain[1]), None
    flaw = None
    size = ""
    if "!" in text:
        flaw = UriFlaw.URI_UNESCAPED
        if suffix := _SIZE.search(text):
            flaw, size, text = UriFlaw.URI_SIZE_SUFFIX, suffix[1], text[: suffix.start()]
    scheme = _SCHEME.match(text)
    if not scheme:
        return None, UriFlaw.URI_NO_SCHEME
    if not _URI_TEXT.match(text):
        return None, UriFlaw.URI_SYNTAX
    name = scheme[1].lower()
    rest = text[scheme.end() :]
    if name == "mailto":
        address, host = _mailbox(rest)
        good = bool(address)
    elif rest.startswith("//"):
        address, host = "", _authority(rest[2:])
        good = bool(host)
    else:
        address, host, good = "", "", bool(rest) and name not in ("http", "https")
    if not good:
        return None, UriFlaw.URI_SYNTAX
    return ReportUri(text, name, host, address, size), flaw


def _mailbox(rest: str) -> tuple[str, str]:
    """The address and host of what follows ``mailto:``; empty when there is not exactly one address (RFC 6068 section 2)."""
    rest = unquote(rest.partition("?")[0], encoding="latin-1")
    local, at, host = rest.rpartition("@")
    if (
        rest.startswith("//")
        or not at
        or len(host) > _LONGEST_HOST
        or not _HOST_NAME.match(host)
        or not _LOCAL_PART.match(local)
        or "," in local
    ):
        return "", ""
    return rest, host.lower().rstrip(".")


def _authority(rest: str) -> str:
    """The host of what follows ``//``; empty for an address literal or no host."""
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    host, _, port = authority.rpartition("@")[2].partition(":")
    if len(host) > _LONGEST_HOST or not _HOST_NAME.match(host) or (port and not port.isdecimal()):
        return ""
    return host.lower().rstrip(".")

"""What a web site shows to somebody who opens it: the way from http to https, and the page at the end. One part for each address.

Values of cookies are never here. URLs and headers are as the server wrote them, cut; nothing says whether something is good.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique
from typing import ClassVar

from scanner.model.fact import Fact, Unobserved
from scanner.model.target import Kind


@dataclass(frozen=True, slots=True)
class WebCookie:
    """A cookie as it was set. ``same_site`` is lower case or empty, ``kept`` whether it outlives the browser.

    ``internal_address`` is an address inside the network that its value tells by a known coding, else empty.
    """

    name: str
    secure: bool
    http_only: bool
    same_site: str
    domain: str
    path: str
    kept: bool
    internal_address: str = ""


@dataclass(frozen=True, slots=True)
class WebHeader:
    """One header that matters here, its name in lower case."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class WebAnswer:
    """One answer on the way. ``location`` is absolute, empty where there is none; ``octets`` counts the body as far as it was read."""

    url: str
    status: int
    location: str
    headers: tuple[WebHeader, ...] = ()
    cookies: tuple[WebCookie, ...] = ()
    octets: int = 0

    def header(self, name: str) -> str | None:
        """Give the first value of a header, ``None`` where it was not sent."""
        return next((header.value for header in self.headers if header.name == name), None)

    def all(self, name: str) -> tuple[str, ...]:
        """Give every value of a header."""
        return tuple(header.value for header in self.headers if header.name == name)


@dataclass(frozen=True, slots=True)
class WebPart:
    """Something that a browser loads with the page: what (script, style, frame, object, image, media, other) and from where, absolute."""

    load: str
    url: str
    integrity: bool


@dataclass(frozen=True, slots=True)
class WebForm:
    """A form: where it sends (absolute), how, and whether it asks for a password."""

    action: str
    method: str
    password: bool


@dataclass(frozen=True, slots=True)
class WebPage:
    """What the last answer's body is. ``title`` is ``None`` without such an element; ``text`` counts characters that people read.

    ``policy`` and ``referrer`` are a Content-Security-Policy and a Referrer-Policy that stand in meta elements. ``default_page``,
    ``listing`` and ``error`` name a program by whose words the page gives itself away. ``encoded`` tells that the body came in a coding
    that was not asked for and is not read: everything else is then empty. ``cut`` tells that the page goes on beyond what was read.
    """

    media_type: str
    charset: str
    title: str | None
    generator: str
    robots: str
    refresh: str
    policy: str = ""
    referrer: str = ""
    parts: tuple[WebPart, ...] = ()
    forms: tuple[WebForm, ...] = ()
    text: int = 0
    default_page: str = ""
    listing: str = ""
    error: str = ""
    encoded: bool = False
    cut: bool = False


@unique
class WebEnd(StrEnum):
    """How a visit ended: with an answer that is no redirect, in a circle, after too many redirects, or with one that leads nowhere."""

    ANSWER = "answer"
    LOOP = "loop"
    TOO_MANY = "too-many"
    NOWHERE = "nowhere"
    UNFOLLOWED = "unfollowed"


@dataclass(frozen=True, slots=True)
class WebVisit:
    """The answers to one visit in order, at least one. ``page`` belongs to the last one where that has a body of text.

    ``unfollowed`` says why the last redirect was not followed, such as a host outside the approved scope.
    """

    answers: tuple[WebAnswer, ...]
    end: WebEnd
    page: WebPage | None = None
    unfollowed: Unobserved | None = None


@dataclass(frozen=True, slots=True)
class WebAddress:
    """What one address of the site shows over plain HTTP and over HTTPS; ``None``: the subject has no such side.

    Both are visits over HTTP/1.1. ``http2`` is the one over HTTPS by HTTP/2; ``None``: the server does not choose it.
    """

    address: str
    plain: WebVisit | Unobserved | None
    secure: WebVisit | Unobserved | None
    http2: WebVisit | Unobserved | None = None


@dataclass(frozen=True, slots=True)
class WebEntry(Fact):
    """A visit to the start page at every address of a web site; ``left_out`` counts addresses beyond the cap.

    ``host`` is the name of the site, as in its subject.
    """

    of: ClassVar[Kind] = Kind.WEB_SERVICE

    host: str
    addresses: tuple[WebAddress, ...]
    left_out: int = 0

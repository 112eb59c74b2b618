"""What a web site says: its small files for robots and reporters, and what a bounded walk found. One address stands for all."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique
from typing import ClassVar

from scanner.facts.mail import Status
from scanner.facts.web_entry import WebForm
from scanner.model.fact import Fact, Unobserved
from scanner.model.target import Kind


@dataclass(frozen=True, slots=True)
class WebRobots:
    """robots.txt: its status, and the crawlers (``*`` for all that it does not name) to which it closes the start page."""

    status: int
    shut_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WebSecurityTxt:
    """security.txt. ``found`` is false for an answer that is no such file, whatever its status.

    ``flaws`` are the names of RFC 9116's rules that it breaks, ``expires`` is UTC (ISO 8601) or empty, ``at`` the path where it was found.
    """

    status: int
    found: bool
    at: str = ""
    media_type: str = ""
    contacts: tuple[str, ...] = ()
    expires: str = ""
    canonical: tuple[str, ...] = ()
    signed: bool = False
    flaws: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WebFiles(Fact):
    """The small files of a site. ``seen_at`` is the moment of the look (UTC, ISO 8601); ``url`` the origin that was asked."""

    of: ClassVar[Kind] = Kind.WEB_SERVICE

    url: str
    seen_at: str
    robots: WebRobots | Unobserved
    security: WebSecurityTxt | Unobserved


@dataclass(frozen=True, slots=True)
class WebReading:
    """How the start page reads to one kind of visitor: the last status, the count of characters, whether redirects went in a circle."""

    status: int
    text: int
    looped: bool


@dataclass(frozen=True, slots=True)
class WebPageSeen:
    """A page of the walk. ``title`` is ``None`` without such an element; ``robots`` what it tells crawlers (meta element or header)."""

    path: str
    status: int
    title: str | None
    text: int
    robots: str = ""


@dataclass(frozen=True, slots=True)
class WebHost:
    """Another host that pages link to or load from. ``loads`` are the kinds of what is loaded, empty where it is only linked to.

    ``unsealed`` tells that a script or style of it comes without a hash. ``url`` is the first one seen, ``page`` where. ``name`` says
    whether the host's name is there; ``None``: it is an address.
    """

    host: str
    url: str
    page: str
    loads: tuple[str, ...] = ()
    unsealed: bool = False
    name: Status | Unobserved | None = None


@dataclass(frozen=True, slots=True)
class WebFormSeen:
    """A form and the page that has it."""

    page: str
    form: WebForm


@dataclass(frozen=True, slots=True)
class WebFile:
    """A linked file that is no page, by the ending of its name, lower case and without the dot."""

    url: str
    ending: str


@dataclass(frozen=True, slots=True)
class WebProperty:
    """A hidden property of a document and the beginning of its value; marks such as comments have none."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class WebDocument:
    """A published document or picture and its hidden properties. ``problem`` says why it was not read in full.

    ``kind`` is ooxml, ole2, odf or pdf; of pictures jpeg, png or webp.
    """

    url: str
    kind: str
    properties: tuple[WebProperty, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class WebProfile:
    """A profile's page as anybody gets it without logging in: its status, and whether its text holds the name of the site."""

    status: int
    names_site: bool


@dataclass(frozen=True, slots=True)
class WebProfileSeen:
    """A profile in social media that the ledger lists for a site, by its URL."""

    url: str
    seen: WebProfile | Unobserved


@dataclass(frozen=True, slots=True)
class WebProfiles(Fact):
    """The other end of the links to social media; ``left_out`` counts profiles beyond the cap."""

    of: ClassVar[Kind] = Kind.WEB_SERVICE

    profiles: tuple[WebProfileSeen, ...]
    left_out: int = 0


@unique
class Capped(StrEnum):
    """What a walk finds on pages and keeps only so many of."""

    FILES = "files"
    FORMS = "forms"
    HOSTS = "hosts"
    PROFILES = "profiles"


@dataclass(frozen=True, slots=True)
class WebCrawl(Fact):
    """A walk from the start page over pages of the same host, without cookies, within caps of pages, octets and time.

    ``bare`` is the start page without cookies, ``with_cookies`` the same with those that it set (``None``: it set none). ``left`` counts
    links to own pages, ``documents_left`` and ``images_left`` documents and pictures that the caps kept from being looked at. ``start`` is
    the URL at which the walk began; ``elsewhere`` the other host to which the start page leads: nothing is walked then. ``ended`` says why
    the walk ended early, if for a reason other than the caps.
    """

    of: ClassVar[Kind] = Kind.WEB_SERVICE

    start: str
    bare: WebReading
    with_cookies: WebReading | Unobserved | None
    elsewhere: str = ""
    pages: tuple[WebPageSeen, ...] = ()
    hosts: tuple[WebHost, ...] = ()
    forms: tuple[WebFormSeen, ...] = ()
    files: tuple[WebFile, ...] = ()
    documents: tuple[WebDocument, ...] = ()
    profiles: tuple[str, ...] = ()
    """Links to social media, each once."""
    left: int = 0
    documents_left: int = 0
    images: tuple[WebDocument, ...] = ()
    images_left: int = 0
    ended: Unobserved | None = None
    beyond: tuple[Capped, ...] = ()
    """That of which there is more than is kept."""

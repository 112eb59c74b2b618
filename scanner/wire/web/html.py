"""What a page is made of: title, links, forms, and what a browser loads by itself. Linear in the page's length, whatever its author did.

This is no HTML parser: it takes tags out of text as browsers do, and skips comments and the insides of scripts, styles and templates.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum, unique

LONGEST_TAG = 8192
LONGEST_VALUE = 2048
LONGEST_TITLE = 200
MOST_TAGS = 20_000
MOST_LINKS = 1000
MOST_PARTS = 500
MOST_FORMS = 50
MOST_METAS = 100
_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9:-]{0,63}")
_ATTRIBUTE = re.compile(r"""[\s/]*([^\s"'<>/=]{1,128})(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?""")
_SPACE = re.compile(r"\s+")
_RAW = frozenset({"script", "style", "textarea", "xmp", "noembed", "template"})


@unique
class Load(StrEnum):
    """What a browser loads with a page. Images and media are passive, all else can change the page."""

    SCRIPT = "script"
    STYLE = "style"
    FRAME = "frame"
    OBJECT = "object"
    IMAGE = "image"
    MEDIA = "media"
    OTHER = "other"

    @property
    def active(self) -> bool:
        """Whether it can change the page."""
        return self in {Load.SCRIPT, Load.STYLE, Load.FRAME, Load.OBJECT}


@dataclass(frozen=True, slots=True)
class Part:
    """Something loaded with a page: its URL as written, and whether its hash is given with it (Subresource Integrity)."""

    load: Load
    url: str
    integrity: bool


@dataclass(frozen=True, slots=True)
class Form:
    """A form: where it sends, as written (empty: to the page itself), how, and whether it asks for a password."""

    action: str
    method: str
    password: bool


@dataclass(frozen=True, slots=True)
class Link:
    """A link: its URL as written and whether it is marked as a download."""

    url: str
    download: bool


@dataclass(slots=True)
class Page:
    """What was found. ``text`` counts characters outside of tags, scripts and styles; ``cut`` tells that a cap left something out."""

    title: str | None = None
    base: str = ""
    charset: str = ""
    refresh: str = ""
    canonical: str = ""
    metas: list[tuple[str, str]] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    forms: list[Form] = field(default_factory=list)
    text: int = 0
    cut: bool = False

    def meta(self, name: str) -> str:
        """Give the content of the first meta element with this name (or http-equiv), or empty."""
        return next((content for key, content in self.metas if key == name), "")


def read(text: str) -> Page:
    """Read a page. Never raises."""
    page = Page()
    form: list[str | bool] | None = None
    for tag, attributes in _tags(text, page):
        if tag == "form":
            _end_form(page, form)
            form = [attributes.get("action", ""), attributes.get("method", "get").lower()[:8], False]
        elif tag == "/form":
            _end_form(page, form)
            form = None
        elif tag == "input":
            if form is not None and attributes.get("type", "").lower() == "password":
                form[2] = True
            elif form is None and attributes.get("type", "").lower() == "password":
                form = ["", "", True]  # a form that a script sends
        else:
            _element(page, tag, attributes)
    _end_form(page, form)
    return page


def _end_form(page: Page, form: list[str | bool] | None) -> None:
    if form is None:
        return
    if len(page.forms) < MOST_FORMS:
        page.forms.append(Form(str(form[0]), str(form[1]), bool(form[2])))
    else:
        page.cut = True


def _element(page: Page, tag: str, given: dict[str, str]) -> None:
    match tag:
        case "a" | "area":
            if len(page.links) >= MOST_LINKS:
                page.cut = True
            elif given.get("href", ""):
                page.links.append(Link(given["href"], "download" in given))
        case "base":
            page.base = page.base or given.get("href", "")
        case "meta":
            _meta(page, given)
        case "link":
            _link(page, given)
        case "script":
            _part(page, Load.SCRIPT, given.get("src", ""), given)
        case "iframe" | "frame":
            _part(page, Load.FRAME, given.get("src", ""), given)
        case "object":
            _part(page, Load.OBJECT, given.get("data", ""), given)
        case "embed":
            _part(page, Load.OBJECT, given.get("src", ""), given)
        case "applet":
            _part(page, Load.OBJECT, given.get("archive", "") or given.get("code", ""), given)
        case "img" | "image":
            _part(page, Load.IMAGE, given.get("src", ""), given)
        case "audio" | "video" | "source" | "track":
            _part(page, Load.MEDIA, given.get("src", ""), given)
        case _:
            pass


def _meta(page: Page, given: dict[str, str]) -> None:
    if len(page.metas) >= MOST_METAS:
        return
    content = given.get("content", "")
    if "charset" in given:
        page.charset = page.charset or given["charset"].strip().lower()[:64]
    if key := (given.get("name") or given.get("http-equiv") or given.get("property") or "").strip().lower()[:64]:
        page.metas.append((key, content[: LONGEST_VALUE if key == "content-security-policy" else LONGEST_TITLE]))
        if key == "content-type" and "charset=" in content.lower():
            page.charset = page.charset or content.lower().partition("charset=")[2].strip()[:64]
        if key == "refresh" and "url=" in content.lower():
            at = content.lower().index("url=") + 4
            page.refresh = page.refresh or content[at:].strip().strip("\"'")


def _link(page: Page, given: dict[str, str]) -> None:
    kinds = set(given.get("rel", "").lower().split())
    url = given.get("href", "")
    if "canonical" in kinds:
        page.canonical = page.canonical or url
    elif "stylesheet" in kinds:
        _part(page, Load.STYLE, url, given)
    elif kinds & {"icon", "apple-touch-icon", "preload", "modulepreload", "prefetch", "prerender", "manifest"}:
        script = "modulepreload" in kinds or given.get("as", "").lower() == "script"
        _part(page, Load.SCRIPT if script else Load.OTHER, url, given)


def _part(page: Page, load: Load, url: str, given: dict[str, str]) -> None:
    if len(page.parts) >= MOST_PARTS:
        page.cut = True
    elif url.strip():
        page.parts.append(Part(load, url.strip(), bool(given.get("integrity", "").strip())))


def _tags(text: str, page: Page) -> Iterator[tuple[str, dict[str, str]]]:
    """Give tags and their attributes in order; counts text and takes the title on the way."""
    lower = text.lower()
    if len(lower) != len(text):  # some letters grow; positions must agree
        lower = "".join(c.lower() if c.isascii() else c for c in text)
    at, count, missing = 0, 0, set[str]()
    while (start := text.find("<", at)) >= 0:
        page.text += len(_SPACE.sub(" ", text[at:start]).strip())
        if text.startswith("<!--", start):
            end = text.find("-->", start + 2)  # "<!-->" is a whole comment
            if end < 0:
                return
            at = end + 3
            continue
        closing = text.startswith("/", start + 1)
        name = _NAME.match(text, start + 1 + closing)
        if name is None:
            at = start + 1
            continue
        count += 1
        if count > MOST_TAGS:
            page.cut = True
            return
        attributes, at = _attributes(text, name.end())
        tag = name[0].lower()
        if closing:
            yield "/" + tag, {}
            continue
        yield tag, attributes
        if (tag in _RAW or tag == "title") and tag not in missing:
            end = lower.find(f"</{tag}", at)
            if end < 0:
                missing.add(tag)  # searched for once, else a page of open tags would cost its length squared
                if tag != "title":
                    return
            else:
                if tag == "title" and page.title is None:
                    page.title = _SPACE.sub(" ", html.unescape(text[at : min(end, at + LONGEST_VALUE)])).strip()[:LONGEST_TITLE]
                at = end
    page.text += len(_SPACE.sub(" ", text[at:]).strip())


def _attributes(text: str, at: int) -> tuple[dict[str, str], int]:
    """Read attributes up to the end of the tag; one that is longer than ``LONGEST_TAG`` ends there."""
    window = text[at : at + LONGEST_TAG]
    found: dict[str, str] = {}
    position = 0
    while True:
        match = _ATTRIBUTE.match(window, position)
        if match is None:
            end = window.find(">", position)
            return found, at + (end + 1 if end >= 0 else len(window))
        position = match.end()
        value = next((group for group in match.groups()[1:] if group is not None), "")
        found.setdefault(match[1].lower(), html.unescape(value[:LONGEST_VALUE]).strip())
        if position >= len(window):
            return found, at + len(window)

"""A page as tests read it: strictly, and as a tree. Nothing here knows the report."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "input", "br", "hr", "img", "link"}


@dataclass(eq=False)
class Element:
    """One element with its attributes, what is in it and what it is in."""

    tag: str
    attributes: dict[str, str | None]
    parent: Element | None
    children: list[Element | str] = field(default_factory=list)

    def within(self) -> Iterator[Element]:
        """Give the element and all that it is in, inmost first."""
        at: Element | None = self
        while at:
            yield at
            at = at.parent

    @property
    def classes(self) -> list[str]:
        """The classes."""
        return (self.attributes.get("class") or "").split()

    @property
    def text(self) -> str:
        """All text in it."""
        return "".join(c if isinstance(c, str) else c.text for c in self.children)


class Page(HTMLParser):
    """A page read strictly: tags balance, attributes are there once."""

    def __init__(self, page: bytes) -> None:
        super().__init__(convert_charrefs=True)
        self.all: list[Element] = []
        self.texts: list[tuple[str, Element]] = []
        self.at = self.root = Element("", {}, None)
        self.feed(page.decode())
        self.close()
        assert self.at is self.root, f"<{self.at.tag}> is left open"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs), f"<{tag}> has an attribute twice"
        one = Element(tag, dict(attrs), self.at)
        self.at.children.append(one)
        self.all.append(one)
        if tag not in VOID:
            self.at = one

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.at.tag == tag, f"</{tag}> closes <{self.at.tag}>"
        assert self.at.parent
        self.at = self.at.parent

    def handle_data(self, data: str) -> None:
        self.at.children.append(data)
        self.texts.append((data, self.at))

    def by_id(self, name: str) -> Element:
        """Give the element with an id."""
        return next(e for e in self.all if e.attributes.get("id") == name)

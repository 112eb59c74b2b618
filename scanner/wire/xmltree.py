"""XML files as elements with attributes: for configurations that programs read so. No document's own words are known here.

Entities of a document's own and files from outside are never followed: they are refused, since what they hold would be missing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from xml.parsers import expat

MOST_OCTETS = 4_000_000
MOST_ELEMENTS = 100_000
DEEPEST = 60


class NotXml(ValueError):
    """The octets are no such document, declare entities, or go beyond the caps."""


@dataclass(frozen=True, slots=True)
class Element:
    """One element: its name without the namespace, its attributes, the elements in it, and the text directly in it, trimmed."""

    name: str
    attributes: Mapping[str, str]
    children: tuple[Element, ...]
    text: str

    def get(self, name: str, default: str = "") -> str:
        """Give an attribute."""
        return self.attributes.get(name, default)

    def all(self, name: str) -> tuple[Element, ...]:
        """Give the elements of a name that stand directly in it."""
        return tuple(child for child in self.children if child.name == name)

    def say(self, name: str) -> str:
        """Give the text of the first element of a name that stands directly in it; empty where there is none."""
        return next((child.text for child in self.all(name)), "")

    def everything(self) -> Iterator[Element]:
        """Give it and all elements below it, from the outside in."""
        yield self
        for child in self.children:
            yield from child.everything()


@dataclass(slots=True)
class _Open:
    """An element whose end was not yet seen."""

    name: str
    attributes: dict[str, str]
    children: list[Element] = field(default_factory=list)
    text: list[str] = field(default_factory=list)


def parse(data: bytes) -> Element:
    """Read a document. Raises ``NotXml``."""
    if len(data) > MOST_OCTETS:
        raise NotXml(f"more than {MOST_OCTETS} octets")
    open_ = [_Open("", {})]
    count = 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal count
        count += 1
        if count > MOST_ELEMENTS or len(open_) > DEEPEST:
            raise NotXml(f"more than {MOST_ELEMENTS} elements, or nested deeper than {DEEPEST}")
        open_.append(_Open(tag.rpartition(" ")[2], attributes))

    def characters(text: str) -> None:
        open_[-1].text.append(text)

    def end(_: str) -> None:
        done = open_.pop()
        text = "".join(done.text).strip()
        open_[-1].children.append(Element(done.name, MappingProxyType(done.attributes), tuple(done.children), text))

    def refuse(*_: object) -> None:
        raise NotXml("it declares entities")

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = characters
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise NotXml(str(error)) from error
    return open_[0].children[0]

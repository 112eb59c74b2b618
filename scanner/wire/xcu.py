"""LibreOffice's configuration files: ``registrymodifications.xcu`` of a user and ``.xcd``/``.xcu`` of an administrator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from xml.parsers import expat

OOR = "http://openoffice.org/2001/registry"
DEEPEST = 60
MOST = 50_000


class NotXcu(ValueError):
    """The octets are no such file, or one beyond the caps."""


@dataclass(frozen=True, slots=True)
class Property:
    """What a file says of one property: its values (several for a list), and whether it may not be changed any more."""

    values: tuple[str, ...]
    finalized: bool


class _Reading:
    """The state while a file is read: where we are, what was found."""

    def __init__(self) -> None:
        self.path: list[tuple[str, bool]] = []
        self.found: dict[str, Property] = {}
        self.values: list[str] = []
        self.text: list[str] | None = None

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if len(self.path) >= DEEPEST or len(self.found) > MOST:
            raise NotXcu("nested too deeply, or too many properties")
        name, fixed = attributes.get(f"{OOR} name", ""), attributes.get(f"{OOR} finalized") == "true"
        match tag.rpartition(" ")[2]:
            case "item":
                name = attributes.get(f"{OOR} path", "")
            case "component-data":
                name = f"/{attributes.get(f'{OOR} package', '')}.{name}"
            case "prop":
                self.values = []
            case "value" | "it":
                self.text, name = [], ""
            case _:
                pass
        self.path.append((name, fixed))

    def end(self, tag: str) -> None:
        kind = tag.rpartition(" ")[2]
        if kind in {"value", "it"} and self.text is not None:
            if kind == "it" or self.text or not self.values:
                self.values.append("".join(self.text).strip())
            self.text = None
        elif kind == "prop":
            place = "/".join(part for part, _ in self.path if part)
            fixed = any(done for _, done in self.path)
            self.found[place.replace("//", "/")] = Property(tuple(v for v in self.values if v), fixed)
        self.path.pop()

    def characters(self, text: str) -> None:
        if self.text is not None:
            self.text.append(text)


def parse(data: bytes) -> Mapping[str, Property]:
    """Give the properties by their path, ``/org.openoffice.Office.Common/Security/Scripting/MacroSecurityLevel``. Raises ``NotXcu``."""
    reading = _Reading()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = reading.start
    parser.EndElementHandler = reading.end
    parser.CharacterDataHandler = reading.characters

    def refuse(*_: object) -> None:
        raise NotXcu("it declares entities")

    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise NotXcu(str(error)) from error
    return MappingProxyType(reading.found)

"""polkit action files, polkit(8): XML to what an action asks of whom. Rule files are JavaScript and are not read here."""

from __future__ import annotations

from dataclasses import dataclass
from xml.parsers import expat

MOST_ACTIONS = 2_000
LONGEST_TEXT = 200


class NotPolicy(ValueError):
    """The octets are not a polkit action file."""


@dataclass(frozen=True, slots=True)
class Implicit:
    """What an action asks of a client: ``yes``, ``no``, ``auth_self``, ``auth_admin`` and their ``_keep`` forms."""

    anyone: str
    inactive: str
    active: str
    """Of somebody who sits at the machine in the session that is shown."""


def actions(data: bytes) -> dict[str, Implicit]:
    """Give the implicit authorisations by action id. Raises ``NotPolicy``; entity declarations are refused.

    What a file leaves out reads as ``no``, polkit's own default.
    """
    parser = expat.ParserCreate()
    path: list[str] = []
    found: dict[str, dict[str, str]] = {}
    current: dict[str, str] = {}

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal current
        path.append(name)
        if path == ["policyconfig", "action"]:
            current = found.setdefault(attributes.get("id", "")[:LONGEST_TEXT], {})
            if len(found) > MOST_ACTIONS:
                raise NotPolicy(f"more than {MOST_ACTIONS} actions")

    def end(_: str) -> None:
        path.pop()

    def text(piece: str) -> None:
        if len(path) == 4 and path[:3] == ["policyconfig", "action", "defaults"]:
            current[path[3]] = (current.get(path[3], "") + piece)[:LONGEST_TEXT]

    def entity(*_: object) -> None:
        raise NotPolicy("an entity declaration")

    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text
    parser.EntityDeclHandler = entity
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise NotPolicy(str(error)) from error
    said = {name: {key: value.strip() for key, value in held.items()} for name, held in found.items()}
    return {
        name: Implicit(h.get("allow_any", "no"), h.get("allow_inactive", "no"), h.get("allow_active", "no")) for name, h in said.items()
    }

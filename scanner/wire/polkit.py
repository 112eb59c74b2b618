"""polkit action files, polkit(8): XML to what each action asks of which users. Rule files, which are JavaScript: ``polkitrules``."""

from __future__ import annotations

from dataclasses import dataclass

from scanner.wire import xmltree
from scanner.wire.xmltree import Element

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
    try:
        policy = xmltree.parse(data)
    except xmltree.NotXml as error:
        raise NotPolicy(str(error)) from error
    found = policy.all("action") if policy.name == "policyconfig" else ()
    if len(found) > MOST_ACTIONS:
        raise NotPolicy(f"more than {MOST_ACTIONS} actions")
    return {action.get("id")[:LONGEST_TEXT]: _implicit(action) for action in found}


def _implicit(action: Element) -> Implicit:
    said = {one.name: one.text[:LONGEST_TEXT] for defaults in action.all("defaults") for one in defaults.children}
    return Implicit(said.get("allow_any", "no"), said.get("allow_inactive", "no"), said.get("allow_active", "no"))

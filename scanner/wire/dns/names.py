"""Domain names between wire form and text."""

from __future__ import annotations


def name_to_wire(name: str) -> bytes:
    """Give the wire form of a name. Raises ``BadName``."""
    raise NotImplementedError

"""Exim's own language of filters ("Exim's interfaces to mail filtering", part 3), as far as mail leaves by it.

Conditions are not worked out. ``mail``, which sends a new message, is no forwarding.
"""

from __future__ import annotations

import re

from scanner.wire.aliases import MOST_LINES, Destination, NotAliases, What

MARK = re.compile(rb"#\s*exim\s+filter", re.IGNORECASE)
"""How the first line of a .forward file begins that is such a filter."""
_COMMAND = re.compile(r"\b(deliver|pipe)\s+(\"(?:\\.|[^\"\\\n]){0,300}\"|\S+)")


def destinations(data: bytes) -> tuple[Destination, ...]:
    """Give the addresses and programs to which a filter may hand mail. Raises ``NotAliases``."""
    lines = data.decode("utf-8", "replace").split("\n")
    if len(lines) > MOST_LINES:
        raise NotAliases(f"more than {MOST_LINES} lines")
    kinds = {"deliver": What.ADDRESS, "pipe": What.COMMAND}
    text = "\n".join(line for line in lines if not line.lstrip().startswith("#"))
    return tuple(Destination(kinds[found[1]], found[2].strip('"')) for found in _COMMAND.finditer(text))

"""How a look-up in the DNS ended, for the facts of several areas. One enumeration: what was found stands in the facts themselves."""

from __future__ import annotations

from enum import StrEnum, unique


@unique
class Status(StrEnum):
    """What the DNS says of a name and a type: records, a name without such records, or no such name."""

    FOUND = "found"
    EMPTY = "empty"
    NXDOMAIN = "nxdomain"

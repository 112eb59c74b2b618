"""What ``mdatp health`` of Microsoft Defender prints on Linux and macOS: lines ``name : value``, documented by Microsoft. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from scanner.model.fact import Unobserved
from scanner.model.reason import Reason


@dataclass(frozen=True, slots=True)
class Health:
    """What it told, and why the rest is not known."""

    values: Mapping[str, str]
    why: Unobserved

    def flag(self, name: str) -> bool | Unobserved:
        """Give one of its switches."""
        return {"true": True, "false": False}.get(self.values.get(name, ""), self.why)

    @property
    def definitions_hours(self) -> int | Unobserved:
        """How old its definitions are."""
        minutes = self.values.get("definitions_updated_minutes_ago", "")
        return int(minutes) // 60 if re.fullmatch(r"[0-9]{1,9}", minutes) else self.why

    @property
    def managed(self) -> bool | Unobserved:
        """Whether it belongs to an organisation."""
        return bool(self.values["org_id"]) if "org_id" in self.values else self.why


def health(printed: str | Unobserved) -> Health:
    """Read what was printed; a value may be followed by where it was set, as in ``true [managed]``."""
    if isinstance(printed, Unobserved):
        return Health({}, printed)
    lines = (line.partition(":") for line in printed.split("\n"))
    values = {name.strip(): value.strip().strip('"').split(" ")[0] for name, _, value in lines}
    return Health(values, Unobserved(Reason.UNSUPPORTED, "mdatp health did not tell"))

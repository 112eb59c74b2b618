"""robots.txt (RFC 9309): whom a site asks to stay away. Nothing here fetches or obeys."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

MOST_OCTETS = 500 * 1024
"""RFC 9309 section 2.5."""
MOST_RULES = 5000
_PRODUCT = re.compile(r"[a-z_-]+")


@dataclass(slots=True)
class _Group:
    agents: set[str] = field(default_factory=set)
    rules: list[tuple[bool, str]] = field(default_factory=list)  # allowed, path


@dataclass(frozen=True, slots=True)
class Robots:
    """The rules of a file: for each group the product tokens it is for (``*``: all), and its rules as pairs of allowed and path."""

    groups: tuple[tuple[frozenset[str], tuple[tuple[bool, str], ...]], ...]

    def shuts_out(self, agent: str) -> bool:
        """Tell whether the start page is closed to a crawler with this product token (lower case), by the rules for it or for all."""
        own = [rule for agents, rules in self.groups if agent in agents for rule in rules]
        if not any(agent in agents for agents, _ in self.groups):
            own = [rule for agents, rules in self.groups if "*" in agents for rule in rules]
        matching = [(len(path), allowed) for allowed, path in own if path in {"/", "/*", "*", "/$"}]
        longest = max((length for length, _ in matching), default=0)
        return bool(matching) and not any(allowed for length, allowed in matching if length == longest)


def parse(octets: bytes) -> Robots:
    """Read a file; lines that are none are skipped."""
    groups: list[_Group] = []
    count, in_agents = 0, False
    for line in octets[:MOST_OCTETS].decode("utf-8", "replace").removeprefix("\ufeff").splitlines():
        key, colon, value = line.partition("#")[0].partition(":")
        key, value = key.strip().lower(), value.strip()
        if not colon:
            continue
        if key == "user-agent":
            if not in_agents:
                groups.append(_Group())
            in_agents = True
            product = "*" if value == "*" else (found[0] if (found := _PRODUCT.match(value.lower())) else "")
            groups[-1].agents.add(product)
        elif key in {"allow", "disallow"}:
            in_agents = False
            count += 1
            if groups and value and count <= MOST_RULES:
                groups[-1].rules.append((key == "allow", value[:2048]))
    return Robots(tuple((frozenset(group.agents), tuple(group.rules)) for group in groups))
